"""Pictures of single sources of a scan: its galaxies with their models, its split pairs before and after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from app.columns.diagnostics import Pieces, Plane, ScanDiagnostics
from app.reports.scan_metrics import middle, spread
from app.reports.style import count_of, picture

RESIDUAL_SIGMA = 5.0
SOURCES_A_ROW = 2
TILE_INCH = 1.75
ISOPHOTE_COLOUR, HALF_COLOUR, STAR_COLOUR = "#c53030", "#2b6cb0", "#2f855a"


def draw_galaxies(diagnostics: ScanDiagnostics, title: str, path: Path) -> Path | None:
    """Draw the brightest extended sources: image without stars with both ellipses, model, residual.

    Parameters
    ----------
    diagnostics : ScanDiagnostics
        What the reduction measured of itself.
    title : str
        Title of the picture: run, night and scan.
    path : Path
        Target of the picture.

    Returns
    -------
    Path or None
        The picture; None if there is no extended source.
    """
    shown = diagnostics.galaxies
    if not shown.table.size:
        return None
    said = "20 mag isophote red, half the model's light blue"
    heading = f"{title}: {count_of(shown.table.size, 'extended source')} in {shown.band.label}\n{said}"
    return _draw(shown, ("without stars", "model", "residual"), heading, path, (_mark_galaxy, _name_galaxy))


def draw_pairs(diagnostics: ScanDiagnostics, title: str, path: Path) -> Path | None:
    """Draw split pairs: image with both places, what one star leaves, what two leave.

    Parameters
    ----------
    diagnostics : ScanDiagnostics
        What the reduction measured of itself.
    title : str
        Title of the picture: run, night and scan.
    path : Path
        Target of the picture.

    Returns
    -------
    Path or None
        The picture; None if there is no such pair.
    """
    shown = diagnostics.pairs
    if not shown.table.size:
        return None
    heading = (
        f"{title}: {count_of(shown.table.size, 'split pair')} in {shown.band.label}\n"
        "from the least to the largest fall of chi-squared by the second star"
    )
    return _draw(shown, ("image", "one star taken", "two taken"), heading, path, (_mark_pair, _name_pair))


def _draw(shown: Pieces, names: tuple[str, ...], heading: str, path: Path, source: tuple[Any, Any]) -> Path:
    mark, name_of = source
    rows = -(-shown.table.size // SOURCES_A_ROW)
    columns = min(shown.table.size, SOURCES_A_ROW)
    size = 3 * columns * TILE_INCH + 0.4, rows * (TILE_INCH + 0.45) + 1.0
    with picture(path, width_inch=max(size[0], 7.0), height_inch=size[1]) as figure:
        panels = figure.subplots(rows, 3 * columns, squeeze=False)
        for axes in panels.ravel():
            axes.set_axis_off()
        for n in range(shown.table.size):
            first = 3 * (n % SOURCES_A_ROW)
            three = panels[n // SOURCES_A_ROW][first : first + 3]
            noise = spread(shown.planes[n, 2]) or 1.0
            for k, axes in enumerate(three):
                _draw_plane(axes, shown.planes[n, k], noise, residual=_is_residual(names[k]))
                axes.set_title(names[k] if k else name_of(shown.table[n]), fontsize=7, loc="left")
            mark(three[0], shown.table[n])
        figure.suptitle(heading, fontsize=10)
    return path


def _is_residual(name: str) -> bool:
    return name not in {"without stars", "model", "image"}


def _draw_plane(axes: Any, plane: Plane, noise: float, *, residual: bool) -> None:
    """Light in grey from the sky up, logarithmic where bright; residuals blue (too much taken) to red."""
    axes.set_axis_on()
    axes.grid(visible=False)
    axes.set_xticks(())
    axes.set_yticks(())
    axes.set_facecolor("#bbbbbb")
    level = middle(plane) if residual else 0.0
    if residual:
        drawn, colours, limits = (plane - level) / noise, "RdBu_r", (-RESIDUAL_SIGMA, RESIDUAL_SIGMA)
    else:
        drawn, colours, limits = np.arcsinh(plane / noise / 2.0), "gray_r", (-0.6, 5.0)
    axes.imshow(drawn, origin="lower", cmap=colours, interpolation="nearest", vmin=limits[0], vmax=limits[1])


def _mark_galaxy(axes: Any, row: Any) -> None:
    from matplotlib.patches import Ellipse

    for name, colour in (("isophote_arcsec", ISOPHOTE_COLOUR), ("half_light_arcsec", HALF_COLOUR)):
        if not np.isfinite(row[name]):
            continue
        major = 2.0 * float(row[name] / row["pixel_arcsec"])
        axes.add_patch(
            Ellipse(
                (row["x_pix"], row["y_pix"]), major, major * row["axis_ratio"], angle=row["angle_deg"],
                fill=False, edgecolor=colour, linewidth=0.9,
            )
        )  # fmt: skip


def _name_galaxy(row: Any) -> str:
    return f"{row['ra']:.4f} {row['decl']:+.4f}\n{row['magnitude']:.2f} mag, n {row['sersic_n']:.1f}"


def _mark_pair(axes: Any, row: Any) -> None:
    for star in (1, 2):
        axes.plot(row[f"x_{star}_pix"], row[f"y_{star}_pix"], "+", color=STAR_COLOUR, markersize=6)


def _name_pair(row: Any) -> str:
    magnitudes = f"{row['magnitude_1']:.1f}, {row['magnitude_2']:.1f} mag"
    told = f'{row["separation_arcsec"]:.2f}", {magnitudes}'
    return f"{told}\nchi2 {row['chi2_one']:.2f} to {row['chi2_two']:.2f}"
