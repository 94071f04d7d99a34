"""Figures of a scan's quality, computed from its diagnostics; its pictures show the same figures."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from app.arrays import Doubles, Table
from app.columns.diagnostics import CELLS, BandDiagnostics, Plane, ScanDiagnostics

SNR_EDGES = (5.0, 10.0, 20.0, 50.0, 100.0, np.inf)
"""Bins of the signal-to-noise ratio of stars."""
EDGE_CELLS = 2
"""Width of the rim of the focal plane, in cells."""
CLIP_SIGMA = 5.0
"""Values farther from the median are of another kind: variable stars, wrong matches, ghosts."""
METRIC_COLUMNS = ("metric", "j", "h", "k", "scan")


def metric_table(diagnostics: ScanDiagnostics) -> list[dict[str, Any]]:
    """Rows of `METRIC_COLUMNS`: a name with its unit, and values of the bands or of the scan; None if not measured."""
    rows = [
        {"metric": name} | {band.band.value: _known(figure(band)) for band in diagnostics.bands}
        for name, figure in _FIGURES
    ]
    rows += [{"metric": name, "scan": _known(value)} for name, value in _reference_figures(diagnostics)]
    return [dict.fromkeys(METRIC_COLUMNS) | row for row in rows]


def snr_label(low: float, high: float) -> str:
    """Name of a bin: 10_to_20, above_100."""
    return f"above_{low:.0f}" if np.isinf(high) else f"{low:.0f}_to_{high:.0f}"


def middle(values: Any) -> float:
    """Median of the finite values; NaN if there are none.

    Examples
    --------
    >>> middle([1.0, float("nan"), 3.0, 8.0])
    3.0
    """
    good = np.asarray(values, np.float64)
    good = good[np.isfinite(good)]
    return float(np.median(good)) if good.size else np.nan


def spread(values: Any) -> float:
    """Give the standard deviation of a normal distribution with the same quartiles; NaN without finite values.

    Examples
    --------
    >>> spread([-1.0, 0.0, 1.0, 1000.0]) < 2.0  # an outlier counts no more than any other value
    True
    """
    return 1.4826 * middle(np.abs(np.asarray(values, np.float64) - middle(values)))


LEAST_STARS = 5
"""Of fewer stars there is no mean and no root mean square."""


def clipped_rms(values: Any) -> float:
    """Root mean square of the values within `CLIP_SIGMA` spreads of the median; NaN without finite values.

    Examples
    --------
    >>> clipped_rms([-3.0, 3.0, -3.0, 3.0, 900.0])
    3.0
    """
    good = np.asarray(values, np.float64)
    good = good[np.isfinite(good)]
    good = good[np.abs(good - middle(good)) <= CLIP_SIGMA * spread(good)] if good.size else good
    return float(np.sqrt(np.mean(good**2))) if good.size else np.nan


def ratio(stars: Table, over: str) -> tuple[Doubles, Doubles]:
    """Scatter of stars relative to an uncertainty; stars without either are left out.

    Parameters
    ----------
    stars : structured array of STAR_DIAGNOSTIC_DTYPE, (n,)
        Stars of one band.
    over : str
        Field of the uncertainty: error_mag or bound_mag.

    Returns
    -------
    ratios, snr : float64 arrays (m,)
        The ratio, and the signal-to-noise ratio, of each star that is left.
    """
    snr, scatter, other = (stars[name].astype(np.float64) for name in ("snr", "scatter_mag", over))
    good = np.isfinite(snr) & np.isfinite(scatter) & np.isfinite(other) & (scatter > 0.0) & (other > 0.0)
    return scatter[good] / other[good], snr[good]


def typical_ratio(ratios: Doubles) -> float:
    """Root mean square of ratios without the variable stars; NaN if there are no ratios.

    The scatter of few frames is a skew quantity: its square has the right mean, but its median is too low.
    """
    good = ratios[ratios <= CLIP_SIGMA * middle(ratios)] if ratios.size else ratios
    return float(np.sqrt(np.mean(good**2))) if good.size else np.nan


def edge_over_centre(cells: Plane) -> float:
    """Median chi-squared of the rim of the focal plane over that of its middle quarter."""
    rim = np.ones((CELLS, CELLS), np.bool_)
    rim[EDGE_CELLS:-EDGE_CELLS, EDGE_CELLS:-EDGE_CELLS] = False
    inner = slice(CELLS // 4, CELLS - CELLS // 4)
    centre = middle(cells[inner, inner])
    return middle(cells[rim]) / centre if centre > 0.0 else np.nan


def left_over_percent(residual: Plane) -> float:
    """Share of a residual's pixels farther out than `CLIP_SIGMA` spreads, in per cent: 0.00006 of pure noise."""
    good = residual[np.isfinite(residual)].astype(np.float64)
    sigma = spread(good)
    if not good.size or not sigma > 0.0:
        return np.nan
    return 100.0 * float(np.mean(np.abs(good - middle(good)) > CLIP_SIGMA * sigma))


def _known(value: float) -> float | int | None:
    if isinstance(value, int):
        return value
    return float(f"{value:.5g}") if np.isfinite(value) else None


def _range(band: BandDiagnostics, name: str, pick: Callable[[Doubles], Any]) -> float:
    good = band.frames[name][np.isfinite(band.frames[name])].astype(np.float64)
    return float(pick(good)) if good.size else np.nan


def _in_bin(band: BandDiagnostics, low: float, high: float) -> float:
    ratios, snr = ratio(band.stars, "bound_mag")
    return typical_ratio(ratios[(snr >= low) & (snr < high)])


_FIGURES: tuple[tuple[str, Callable[[BandDiagnostics], float]], ...] = (
    ("frames", lambda b: int(b.frames.size)),
    ("stars", lambda b: int(b.stars.size)),
    ("seeing_fwhm_arcsec", lambda b: middle(b.frames["seeing_fwhm_arcsec"])),
    ("background_dn", lambda b: middle(b.frames["background_dn"])),
    ("noise_dn", lambda b: middle(b.frames["noise_dn"])),
    ("transparency_least", lambda b: _range(b, "transparency", np.min)),
    ("transparency_greatest", lambda b: _range(b, "transparency", np.max)),
    ("shift_spread_x_arcsec", lambda b: spread(b.frames["shift_x_arcsec"])),
    ("shift_spread_y_arcsec", lambda b: spread(b.frames["shift_y_arcsec"])),
    ("chi2_median", lambda b: middle(b.chi2_map)),
    ("chi2_edge_over_centre", lambda b: edge_over_centre(b.chi2_map)),
    ("residual_beyond_5_sigma_percent", lambda b: left_over_percent(b.residual)),
    *(
        (f"scatter_over_bound_snr_{snr_label(low, high)}", partial(_in_bin, low=low, high=high))
        for low, high in pairwise(SNR_EDGES)
    ),
    ("scatter_over_quoted_error", lambda b: typical_ratio(ratio(b.stars, "error_mag")[0])),
)
"""Names of the figures of a band, and how they are computed."""


def _rms(values: Any) -> float:
    return clipped_rms(values) if np.size(values) >= LEAST_STARS else np.nan


def _reference_figures(diagnostics: ScanDiagnostics) -> tuple[tuple[str, float], ...]:
    table = diagnostics.references
    return (
        ("reference_stars", int(table.size)),
        ("reference_offset_x_arcsec", middle(table["dx_arcsec"])),
        ("reference_offset_y_arcsec", middle(table["dy_arcsec"])),
        ("reference_rms_x_arcsec", _rms(table["dx_arcsec"])),
        ("reference_rms_y_arcsec", _rms(table["dy_arcsec"])),
    )
