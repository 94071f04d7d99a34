"""Pictures of a scan that are planes: a piece of an image with its residual, chi-squared over the focal plane."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from app.columns.diagnostics import CELLS, BandDiagnostics, Plane, ScanDiagnostics
from app.reports.scan_metrics import edge_over_centre, left_over_percent, middle, spread
from app.reports.style import BAND_COLOUR, picture, say_nothing_there

DETECTOR_PIX = 256
RESIDUAL_SIGMA = 5.0
CHI2_RANGE = (0.5, 2.0)


def draw_residuals(diagnostics: ScanDiagnostics, title: str, path: Path) -> Path | None:
    """Draw image, residual and histogram of the residual, a row for each band.

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
        The picture; None if there is no piece of an image.
    """
    bands = [band for band in diagnostics.bands if np.isfinite(band.residual).any()]
    if not bands:
        return None
    rows, columns = bands[0].image.shape
    height = min(max(3.6 * rows / columns, 2.4), 6.0)
    with picture(path, width_inch=12.0, height_inch=0.9 + (height + 0.5) * len(bands)) as figure:
        grid = figure.add_gridspec(len(bands), 4, width_ratios=(1.0, 1.0, 0.04, 0.9))
        for row, band in enumerate(bands):
            noise = spread(band.residual) or 1.0
            _draw_piece(figure.add_subplot(grid[row, 0]), band, noise)
            shown = _draw_residual(figure.add_subplot(grid[row, 1]), band, noise)
            bar = figure.colorbar(shown, cax=figure.add_subplot(grid[row, 2]), extend="both")
            bar.set_label("residual / noise")
            _draw_histogram(figure.add_subplot(grid[row, 3]), band, noise)
        figure.suptitle(f"{title}: a piece of the image, and what the models leave of it")
    return path


def _pixels(axes: Any, title: str) -> None:
    axes.grid(visible=False)
    axes.set_xlabel("x, Atlas pixels")
    axes.set_ylabel("y, Atlas pixels")
    axes.set_title(title, fontsize=10)


def _draw_piece(axes: Any, band: BandDiagnostics, noise: float) -> None:
    """Grey stretch from the sky up, logarithmic for bright stars, linear at the noise."""
    above = (band.image - middle(band.image)) / noise
    stretched = np.arcsinh(above / 3.0)
    axes.imshow(stretched, origin="lower", cmap="gray_r", interpolation="nearest", vmin=-0.8, vmax=5.0)
    _pixels(axes, f"{band.band.label}: image, sky {middle(band.image):.4g} DN")


def _draw_residual(axes: Any, band: BandDiagnostics, noise: float) -> Any:
    """Draw a residual, blue for pixels of which the models took too much, red for too little; gives the image."""
    shown = axes.imshow(
        (band.residual - middle(band.residual)) / noise,
        origin="lower",
        cmap="RdBu_r",
        interpolation="nearest",
        vmin=-RESIDUAL_SIGMA,
        vmax=RESIDUAL_SIGMA,
    )
    axes.set_facecolor("#bbbbbb")
    _pixels(axes, f"{band.band.label}: residual, noise {noise:.3g} DN")
    return shown


def _draw_histogram(axes: Any, band: BandDiagnostics, noise: float) -> None:
    """Draw the residual's histogram and the normal distribution of its spread: wings are light that models miss."""
    values = (band.residual[np.isfinite(band.residual)] - middle(band.residual)) / noise
    edges = np.linspace(-10.0, 10.0, 81)
    counts, _ = np.histogram(np.clip(values, -9.99, 9.99), edges)
    places = 0.5 * (edges[1:] + edges[:-1])
    normal = values.size * (edges[1] - edges[0]) * np.exp(-0.5 * places**2) / np.sqrt(2.0 * np.pi)
    axes.stairs(
        np.maximum(counts, 0.3), edges, color=BAND_COLOUR[band.band], fill=True, alpha=0.5, label="pixels"
    )
    axes.plot(places, normal, color="black", linewidth=1.2, label="noise alone")
    axes.set_yscale("log")
    axes.set_ylim(0.5, max(float(counts.max()), 1.0) * 3.0)
    axes.set_xlim(-10.0, 10.0)
    axes.set_xlabel("residual / noise (ends: and beyond)")
    axes.set_ylabel("pixels")
    axes.legend(fontsize=8, loc="upper right")
    axes.set_title(
        f"{band.band.label}: {left_over_percent(band.residual):.2g} % beyond {RESIDUAL_SIGMA:.0f} sigma",
        fontsize=10,
    )


def draw_chi2(diagnostics: ScanDiagnostics, title: str, path: Path) -> Path | None:
    """Draw the median reduced chi-squared of profile fits over the focal plane, a panel for each band.

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
        The picture; None if there are no fitted stars.
    """
    from matplotlib.colors import LogNorm

    if not any(np.isfinite(band.chi2_map).any() for band in diagnostics.bands):
        return None
    count = len(diagnostics.bands)
    with picture(path, width_inch=1.4 + 3.9 * count, height_inch=5.0) as figure:
        panels = figure.subplots(1, count, squeeze=False)[0]
        shown = None
        panels[0].set_ylabel("y on the detector, pixels of 2 arcsec")
        for axes, band in zip(panels, diagnostics.bands, strict=True):
            axes.set_facecolor("#bbbbbb")
            norm = LogNorm(*CHI2_RANGE)
            shown = axes.imshow(
                band.chi2_map,
                origin="lower",
                cmap="RdBu_r",
                norm=norm,
                extent=(0.0, DETECTOR_PIX, 0.0, DETECTOR_PIX),
            )
            _label_cells(axes, band.chi2_map)
            _name_map(axes, band)
        bar = figure.colorbar(
            shown, ax=list(panels), extend="both", pad=0.01, ticks=(0.5, 0.7, 1.0, 1.4, 2.0)
        )
        bar.ax.set_yticklabels(["0.5", "0.7", "1", "1.4", "2"])
        bar.ax.minorticks_off()
        bar.set_label("median reduced chi-squared (grey: no stars)")
        figure.suptitle(f"{title}\nprofile fits over the focal plane")
    return path


def _label_cells(axes: Any, cells: Plane) -> None:
    """Write the values that lie beyond the scale of colours, because their colours look alike."""
    size = DETECTOR_PIX / CELLS
    for y, x in np.argwhere((cells < CHI2_RANGE[0]) | (cells > CHI2_RANGE[1])):
        place = ((x + 0.5) * size, (y + 0.5) * size)
        axes.annotate(f"{cells[y, x]:.2g}", place, ha="center", va="center", fontsize=5, color="white")


def _name_map(axes: Any, band: BandDiagnostics) -> None:
    axes.grid(visible=False)
    axes.set_xticks(range(0, DETECTOR_PIX + 1, 64))
    axes.set_yticks(range(0, DETECTOR_PIX + 1, 64))
    axes.set_xlabel("x on the detector, pixels of 2 arcsec")
    if not np.isfinite(band.chi2_map).any():
        say_nothing_there(axes, "no fitted stars")
        axes.set_title(band.band.label, fontsize=10)
        return
    edge = edge_over_centre(band.chi2_map)
    told = f", edge/centre {edge:.2f}" if np.isfinite(edge) else ""
    axes.set_title(f"{band.band.label}: median {middle(band.chi2_map):.2f}{told}", fontsize=10)
