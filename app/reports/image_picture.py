"""The picture of one Atlas image: its sources marked, and its bands in colour where there are three."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection
from psycopg.rows import dict_row

from app.arrays import Doubles
from app.db.statements import statement
from app.formats.atlas import AtlasFile, read_atlas
from app.instruments.bands import BANDS, Band
from app.reports.style import count_of, picture
from app.store import Store

MARKS = (("ABC", "#2f855a", "ph_qual A, B, C"), ("DEF", "#dd6b20", "ph_qual D, E, F"))
"""Letters of ph_qual, colour and label. Sources that the band did not detect (U, X) have no place in its picture."""

COMMON_COLOUR_MAG = {Band.J: 0.0, Band.H: 0.45, Band.K: 0.55}
"""J minus the band for the bulk of field stars at high latitude, late G to K dwarfs."""


def draw_image(connection: Connection[Any], run: str, path: Path) -> Path | None:
    """Draw the image of a run that has the most sources.

    Parameters
    ----------
    connection : Connection
        Role reader or more.
    run : str
        Name of the run.
    path : Path
        Target of the picture.

    Returns
    -------
    Path or None
        The picture; None if the run has no image.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        image = cursor.execute(statement("reports/run_image"), {"run": run}).fetchone()
        if image is None:
            return None
        sources = cursor.execute(statement("reports/image_sources"), image).fetchall()
        bands = cursor.execute(statement("reports/image_bands"), image).fetchall()
    store = Store()
    files = {Band(row["band"]): read_atlas(store.whole_path(row["url"], row["sha256"])) for row in bands}
    shown = Band(image["band"])
    colour = _colour(files)
    rows, columns = files[shown].pixels_dn.shape
    panels = 1 if colour is None else 2
    with picture(path, width_inch=1.2 + panels * (1.0 + 7.0 * columns / rows), height_inch=8.4) as figure:
        if colour is not None:
            axes = figure.add_subplot(1, panels, 1)
            axes.imshow(colour, origin="lower", interpolation="nearest")
            _frame(axes, "Ks, H, J as red, green, blue")
        axes = figure.add_subplot(1, panels, panels)
        _draw_marked(axes, files[shown], sources, shown)
        figure.suptitle(_title(run, image))
    return path


def _title(run: str, image: dict[str, Any]) -> str:
    tile = f", tile {image['tile']}" if image["tile"] is not None else ""
    night = f"{image['date']:%Y-%m-%d}{image['hemis']}"
    return f"Run {run}, night {night}, scan {image['scan']:03d}{tile}, Atlas image {image['number']}"


def _frame(axes: Any, title: str) -> None:
    axes.grid(visible=False)
    axes.set_xlabel("x, pixels of 1 arcsec")
    axes.set_title(title, fontsize=10)


def _draw_marked(axes: Any, content: AtlasFile, sources: list[dict[str, Any]], band: Band) -> None:
    """Grey picture of one band, sources marked by the quality of that band."""
    pixels = _without_sky(content.pixels_dn)
    low, high = np.nanpercentile(pixels, (5.0, 99.5)) if np.isfinite(pixels).any() else (0.0, 1.0)
    stretched = np.arcsinh((pixels - low) / max(high - low, 1e-6) * 6.0)
    axes.imshow(stretched, origin="lower", cmap="gray_r", interpolation="nearest", vmin=-0.3, vmax=2.8)
    detected = 0
    for letters, colour, label in MARKS:
        chosen = [s for s in sources if s["ph_qual"][band.position : band.position + 1] in tuple(letters)]
        detected += len(chosen)
        if chosen:
            x, y = content.facts.projection.to_pixels([s["ra"] for s in chosen], [s["decl"] for s in chosen])
            axes.scatter(
                x,
                y,
                s=_circle_points2(len(sources)),
                facecolors="none",
                edgecolors=colour,
                linewidths=0.6,
                label=f"{label}: {len(chosen):,}",
            )
    rows, columns = pixels.shape
    axes.set_xlim(-0.5, columns - 0.5)
    axes.set_ylim(-0.5, rows - 0.5)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper right", fontsize=7, framealpha=0.9)
    _frame(axes, f"{band.label}: {detected:,} of {count_of(len(sources), 'source')} detected in this band")


def _colour(files: dict[Band, AtlasFile]) -> NDArray[np.uint8] | None:
    """Ks, H, J as red, green, blue (Lupton et al. 2004); None unless all three bands have an image.

    Fluxes are on one scale by their zero points, and a star of common colour (`COMMON_COLOUR_MAG`) is white.
    """
    from astropy.visualization import make_lupton_rgb

    shapes = {file.pixels_dn.shape for file in files.values()}
    if set(files) != set(BANDS) or len(shapes) != 1:
        return None
    planes = []
    for band in reversed(BANDS):
        pixels = np.nan_to_num(_without_sky(files[band].pixels_dn))
        common = files[band].facts.require_zero_point() + COMMON_COLOUR_MAG[band]
        planes.append(pixels * 10.0 ** (-0.4 * (common - 20.0)))
    noise = 1.4826 * float(np.median(np.abs(planes[0])))
    colour: NDArray[np.uint8] = make_lupton_rgb(*planes, minimum=0.5 * noise, stretch=6.0 * noise, Q=6.0)
    return colour


def _circle_points2(sources: int) -> float:
    """Area of a circle, square points: 26 for some hundred sources, down to 4 where they would hide the stars."""
    return float(np.clip(26.0 * 400.0 / max(sources, 1), 4.0, 26.0))


def _without_sky(pixels: NDArray[np.float32], cell_pix: int = 64) -> Doubles:
    """Subtract the medians of cells, smoothly: airglow across an image would hide half its stars on one grey scale."""
    from scipy.ndimage import map_coordinates

    rows, columns = (max(-(-size // cell_pix), 1) for size in pixels.shape)
    overall = float(np.nanmedian(pixels)) if np.isfinite(pixels).any() else 0.0
    medians = np.full((rows, columns), overall)
    for row in range(rows):
        for column in range(columns):
            cell = pixels[row * cell_pix : (row + 1) * cell_pix, column * cell_pix : (column + 1) * cell_pix]
            if np.isfinite(cell).any():
                medians[row, column] = np.nanmedian(cell)
    cells = np.indices(pixels.shape, float) / cell_pix - 0.5
    return np.asarray(pixels - map_coordinates(medians, cells, order=1, mode="nearest"), np.float64)
