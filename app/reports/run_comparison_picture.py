"""Picture of two runs beside each other: differences of magnitude and place, gained and lost rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from app.instruments.bands import BANDS
from app.reports.run_comparison import RunComparison, separations
from app.reports.style import BAND_COLOUR, count_of, picture, say_nothing_there

BIN_MAG = 0.5
MOST_POINTS = 20_000
"""More points than this cannot be told apart: every n-th is drawn, and the title says so."""


def draw_comparison(found: RunComparison, first: str, second: str, path: Path) -> Path:
    """Draw one picture: a row of differences and a row of numbers, a panel a band.

    Parameters
    ----------
    found : RunComparison
        What was compared.
    first, second : str
        Names of the runs.
    path : Path
        Target; a file there is overwritten.
    """
    step = max(1, found.first.ra_deg.size // MOST_POINTS)
    with picture(path, width_inch=11.0, height_inch=9.0) as figure:
        axes = figure.subplots(3, 3)
        for band in BANDS:
            _draw_differences(axes[0][band.position], found, band.position, step)
            _draw_places(axes[1][band.position], found, band.position, step)
            _draw_numbers(axes[2][band.position], found, band.position)
        drawn = "" if step == 1 else f", every {step}th drawn"
        figure.suptitle(
            f"Run {second} against {first}: {count_of(found.scans, 'scan')},"
            f" {count_of(found.first.ra_deg.size, 'matched row')}{drawn},"
            f" {found.lost.ra_deg.size:,} lost, {found.gained.ra_deg.size:,} gained",
            fontsize=11,
        )
    return path


def _draw_differences(axes: Any, found: RunComparison, band: int, step: int) -> None:
    magnitude = found.first.magnitude[::step, band]
    difference = found.second.magnitude[::step, band] - magnitude
    good = np.isfinite(difference)
    if not good.any():
        say_nothing_there(axes, "no pair has magnitudes")
    reach = max(0.02, 5 * float(np.median(np.abs(difference[good])))) if good.any() else 0.02
    axes.plot(magnitude[good], difference[good], ".", markersize=2, alpha=0.4, color=BAND_COLOUR[BANDS[band]])
    axes.axhline(0.0, color="black", linewidth=0.8)
    axes.set_ylim(-reach, reach)
    beyond = int((np.abs(difference[good]) > reach).sum())
    axes.set_title(f"{BANDS[band].label}: {int(good.sum()):,} differences, {beyond:,} beyond", fontsize=9)
    axes.set_ylabel("second - first, mag" if band == 0 else "")


def _draw_places(axes: Any, found: RunComparison, band: int, step: int) -> None:
    magnitude = found.first.magnitude[::step, band]
    apart = separations(found.first, found.second)[::step]
    good = np.isfinite(magnitude)
    if not good.any():
        say_nothing_there(axes, "no pair has magnitudes")
    # Equal places stand at the lower edge of a logarithmic axis.
    axes.plot(magnitude[good], np.maximum(apart[good], 1e-4), ".", markersize=2, alpha=0.4,
              color=BAND_COLOUR[BANDS[band]])  # fmt: skip
    axes.set_yscale("log")
    axes.set_ylim(8e-5, 1.5)
    axes.set_ylabel("separation, arcsec" if band == 0 else "")


def _draw_numbers(axes: Any, found: RunComparison, band: int) -> None:
    edges = np.arange(3.0, 18.0 + BIN_MAG, BIN_MAG)
    drawn = False
    for rows, colour, name in (
        (found.first, "#666666", "matched"),
        (found.lost, "#c53030", "lost"),
        (found.gained, "#2b6cb0", "gained"),
    ):
        counts, _ = np.histogram(rows.magnitude[:, band][np.isfinite(rows.magnitude[:, band])], edges)
        axes.stairs(
            np.where(counts > 0, counts, np.nan), edges, color=colour, label=f"{name}: {counts.sum():,}"
        )
        drawn |= bool(counts.any())
    if drawn:
        axes.set_yscale("log")
    axes.set_xlabel(f"{BANDS[band].label}, mag")
    axes.set_ylabel(f"rows per {BIN_MAG} mag" if band == 0 else "")
    axes.legend(fontsize=8)
