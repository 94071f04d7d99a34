"""Pictures of one reduced scan of raw frames, from its diagnostics alone."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from app.arrays import Doubles
from app.columns.diagnostics import BandDiagnostics, ScanDiagnostics
from app.reports.scan_metrics import LEAST_STARS, SNR_EDGES, clipped_rms, middle, ratio, typical_ratio
from app.reports.scan_planes import draw_chi2, draw_residuals
from app.reports.scan_sources import draw_galaxies, draw_pairs
from app.reports.style import BAND_COLOUR, count_of, picture, say_nothing_there


def write_scan_pictures(diagnostics: ScanDiagnostics, title: str, folder: Path) -> list[Path]:
    """Write the pictures of a scan.

    Parameters
    ----------
    diagnostics : ScanDiagnostics
        What the reduction measured of itself.
    title : str
        Title of the pictures: run, night and scan.
    folder : Path
        Folder of the pictures; made if it is missing.

    Returns
    -------
    list of Path
        The pictures; those that would be empty are left out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drawn = [
        draw_residuals(diagnostics, title, folder / "residual.png"),
        draw_chi2(diagnostics, title, folder / "chi2.png"),
        draw_scatter(diagnostics, title, folder / "scatter.png"),
        draw_references(diagnostics, title, folder / "astrometry.png"),
        draw_frames(diagnostics, title, folder / "frames.png"),
        draw_galaxies(diagnostics, title, folder / "galaxies.png"),
        draw_pairs(diagnostics, title, folder / "pairs.png"),
    ]
    return [path for path in drawn if path is not None]


# -- scatter against the bound --------------------------------------------------------------------------------------


def draw_scatter(diagnostics: ScanDiagnostics, title: str, path: Path) -> Path | None:
    """Draw scatter against magnitude, and scatter over the bound against signal-to-noise.

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
        The picture; None if there are no stars.
    """
    bands = diagnostics.bands
    if not any(ratio(band.stars, "bound_mag")[0].size for band in bands):
        return None
    with picture(path, width_inch=1.0 + 3.9 * len(bands), height_inch=7.6) as figure:
        panels = figure.subplots(2, len(bands), squeeze=False, sharey="row")
        for column, band in enumerate(bands):
            _draw_magnitudes(panels[0][column], band)
            _draw_ratios(panels[1][column], band)
        panels[0][0].set_ylabel("uncertainty of the mean, mag")
        panels[1][0].set_ylabel("scatter / Cramer-Rao bound")
        figure.suptitle(f"{title}\nhow near photometry comes to the best possible")
    return path


def _draw_magnitudes(axes: Any, band: BandDiagnostics) -> None:
    stars = band.stars[np.argsort(band.stars["magnitude"])]
    axes.plot(
        stars["magnitude"],
        stars["scatter_mag"],
        ".",
        markersize=3.5,
        alpha=0.45,
        color=BAND_COLOUR[band.band],
        markeredgewidth=0,
        label="scatter between frames",
    )
    for name, style, label in (("error_mag", "--", "quoted, median"), ("bound_mag", "-", "bound, median")):
        axes.plot(
            *_running(stars["magnitude"], stars[name]), style, color="black", linewidth=1.2, label=label
        )
    axes.set_yscale("log")
    axes.set_ylim(0.001, 1.0)
    axes.set_xlabel(f"{band.band.label}, mag")
    axes.set_title(f"{band.band.label}: {count_of(stars.size, 'star')}", fontsize=10)
    if stars.size:
        axes.legend(loc="upper left", fontsize=8, markerscale=3)
    else:
        say_nothing_there(axes, "no stars")


def _running(magnitudes: Any, values: Any, step_mag: float = 0.25) -> tuple[Doubles, Doubles]:
    """Medians of a quarter of a magnitude each."""
    good = np.isfinite(magnitudes) & np.isfinite(values)
    bins = np.floor(magnitudes[good] / step_mag).astype(np.int64)
    found = np.unique(bins)
    return (found + 0.5) * step_mag, np.array([middle(values[good][bins == number]) for number in found])


def _draw_ratios(axes: Any, band: BandDiagnostics) -> None:
    ratios, snr = ratio(band.stars, "bound_mag")
    colour = BAND_COLOUR[band.band]
    axes.plot(snr, ratios, ".", markersize=3.5, alpha=0.35, color=colour, markeredgewidth=0)
    for low, high in pairwise(SNR_EDGES):
        inside = (snr >= low) & (snr < high)
        if inside.sum() < LEAST_STARS:
            continue
        mean_snr, typical = float(np.exp(np.mean(np.log(snr[inside])))), typical_ratio(ratios[inside])
        error = typical / np.sqrt(2.0 * inside.sum())
        axes.errorbar(mean_snr, typical, error, fmt="o", color="black", markersize=5, capsize=3)
        box = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 1.0}
        axes.annotate(
            f"{typical:.2f}",
            (mean_snr, typical),
            (0, 9),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            bbox=box,
        )
    axes.axhline(1.0, color="black", linewidth=1.0, label="the bound")
    axes.plot([], [], "o", color="black", markersize=5, label="root mean square of a bin")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(3.0, max(2000.0, float(np.percentile(snr, 99.5))) if snr.size else 2000.0)
    axes.set_ylim(0.2, 10.0)
    axes.set_yticks((0.2, 0.5, 1.0, 2.0, 5.0, 10.0), ("0.2", "0.5", "1", "2", "5", "10"))
    axes.set_xlabel("signal-to-noise ratio")
    if ratios.size:
        axes.legend(loc="upper left", fontsize=8)
    else:
        say_nothing_there(axes, "no stars")


# -- reference stars ------------------------------------------------------------------------------------------------


def draw_references(diagnostics: ScanDiagnostics, title: str, path: Path) -> Path | None:
    """Draw measured minus catalogue positions along the scan and against each other.

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
        The picture; None if there are no reference stars.
    """
    table = diagnostics.references
    good = np.isfinite(table["dx_arcsec"]) & np.isfinite(table["dy_arcsec"]) & np.isfinite(table["y_arcsec"])
    if not good.any():
        return None
    table = table[good]
    reach = _reach(table["dx_arcsec"], table["dy_arcsec"])
    with picture(path, width_inch=11.5, height_inch=5.2) as figure:
        grid = figure.add_gridspec(2, 2, width_ratios=(1.55, 1.0))
        for row, (name, label) in enumerate((("dx_arcsec", "cross-scan"), ("dy_arcsec", "in-scan"))):
            axes = figure.add_subplot(grid[row, 0])
            _draw_along(axes, table["y_arcsec"] / 60.0, table[name], reach, label)
            axes.set_xlabel("place along the scan, arcmin" if row else "")
        _draw_plane(figure, figure.add_subplot(grid[:, 1]), table, reach)
        figure.suptitle(f"{title}: {count_of(table.size, 'reference star')}, measured minus catalogue")
    return path


def _reach(*values: Any) -> float:
    """Half width of the panels: all but the wildest stars are inside."""
    widest = max(max(float(np.percentile(np.abs(v), 98.0)), 4.0 * clipped_rms(v)) for v in values)
    return max(1.2 * widest, 0.05)


def _draw_along(axes: Any, places: Any, values: Any, reach: float, label: str) -> None:
    beyond = np.abs(values) > reach
    axes.axhline(0.0, color="black", linewidth=0.8)
    axes.plot(
        places[~beyond], values[~beyond], "o", markersize=3.5, alpha=0.6, color="#2b6cb0", markeredgewidth=0
    )
    for place, value in zip(places[beyond], values[beyond], strict=True):
        axes.plot(
            place, np.sign(value) * 0.96 * reach, "^" if value > 0 else "v", markersize=5, color="#c53030"
        )
    axes.set_ylim(-reach, reach)
    axes.set_ylabel(f"{label}, arcsec")
    told = f"offset {middle(values):+.3f}, {_rms_words(values)}"
    outside = f"; {beyond.sum()} outside the picture (red)" if beyond.any() else ""
    axes.set_title(told + outside, fontsize=10)


def _rms_words(values: Any) -> str:
    """Root mean square in words; of a few stars there is none."""
    if values.size < LEAST_STARS:
        return f"no rms of {count_of(int(values.size), 'star')}"
    return f"rms {clipped_rms(values):.3f} arcsec"


def _draw_plane(figure: Any, axes: Any, table: Any, reach: float) -> None:
    from matplotlib.patches import Circle

    rms = float(np.hypot(clipped_rms(table["dx_arcsec"]), clipped_rms(table["dy_arcsec"]))) / np.sqrt(2.0)
    shown = axes.scatter(
        table["dx_arcsec"], table["dy_arcsec"], s=14, c=table["magnitude"], cmap="viridis", linewidths=0
    )
    for times, style in ((1.0, "-"), (2.0, "--")) if table.size >= LEAST_STARS else ():
        label = f"{times:.0f} x rms of an axis, {times * rms:.3f} arcsec"
        axes.add_patch(
            Circle((0.0, 0.0), times * rms, fill=False, linestyle=style, color="black", label=label)
        )
    axes.axhline(0.0, color="black", linewidth=0.6)
    axes.axvline(0.0, color="black", linewidth=0.6)
    axes.set_xlim(-reach, reach)
    axes.set_ylim(-reach, reach)
    axes.set_aspect("equal")
    axes.set_xlabel("cross-scan, arcsec")
    axes.set_ylabel("in-scan, arcsec")
    if table.size >= LEAST_STARS:
        axes.legend(loc="upper right", fontsize=8)
    figure.colorbar(shown, ax=axes, shrink=0.8, pad=0.02).set_label("catalogue magnitude")


# -- along the scan -------------------------------------------------------------------------------------------------

STRIPS = (
    ("seeing_fwhm_arcsec", "seeing FWHM,\narcsec", "{:.2f}"),
    ("background_dn", "background /\nits median", "{:.4g} DN"),
    ("noise_dn", "noise /\nits median", "{:.3g} DN"),
    ("transparency", "transparency\n(1: clear)", "{:.3f}"),
    ("stars", "stars measured", "{:.0f}"),
    ("shift_x_arcsec", "shift x,\narcsec", "{:+.2f}"),
    ("shift_y_arcsec", "shift y,\narcsec", "{:+.2f}"),
)
"""Field, label, and how the legend writes its median."""
RELATIVE = ("background_dn", "noise_dn")
"""Fields that differ between bands by factors are drawn over their medians."""


def draw_frames(diagnostics: ScanDiagnostics, title: str, path: Path) -> Path | None:
    """Draw seeing, background, noise, transparency and shifts frame by frame.

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
        The picture; None if there are no frames.
    """
    bands = [band for band in diagnostics.bands if band.frames.size]
    if not bands:
        return None
    with picture(path, width_inch=10.0, height_inch=12.0) as figure:
        panels = figure.subplots(len(STRIPS), 1, sharex=True)
        for axes, (name, label, form) in zip(panels, STRIPS, strict=True):
            for band in bands:
                _draw_strip(axes, band, name, form)
            axes.set_ylabel(label)
            axes.legend(
                loc="upper left", bbox_to_anchor=(1.005, 1.0), fontsize=8, frameon=False, title="median",
                title_fontsize=8, borderaxespad=0.0,
            )  # fmt: skip
        panels[-1].set_xlabel("frame of the scan")
        count = max(band.frames.size for band in bands)
        figure.suptitle(f"{title}: {count_of(count, 'frame')}, one after the other")
    return path


def _draw_strip(axes: Any, band: BandDiagnostics, name: str, form: str) -> None:
    values = band.frames[name].astype(np.float64)
    typical = middle(values)
    shown = values / typical if name in RELATIVE and typical > 0.0 else values
    told = form.format(typical) if np.isfinite(typical) else "-"
    axes.plot(
        band.frames["number"],
        shown,
        "-o",
        color=BAND_COLOUR[band.band],
        linewidth=1.0,
        markersize=2.0,
        label=f"{band.band.label}: {told}",
    )
