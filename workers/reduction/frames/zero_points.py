"""Zero points: magnitude of 1 DN (background/survey 2.13).

M = M0 + c1 - c2 (X - 1) - 2.5 log10(DN). M0 is fixed for an array, c2 long-term, c1 is the night's: a constant for each
band here (the survey's choice for H and Ks; for J it took a piecewise linear function of time).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.arrays import Doubles
from app.instruments.detector import NOMINAL_ERROR_MAG, Detector

FEWEST_STARS = 3


@dataclass(frozen=True)
class ZeroPoint:
    """Zero point of a night at airmass 1.

    Attributes
    ----------
    c1_mag : float
        Night's offset from M0; 0 where nominal.
    error_mag : float
        One sigma of c1.
    rms_mag : float
        Scatter of the standards; NaN where nominal.
    stars : int
        Measurements used.
    nominal : bool
        True where no standards gave it.
    """

    c1_mag: float
    error_mag: float
    rms_mag: float
    stars: int
    nominal: bool


NOMINAL = ZeroPoint(0.0, NOMINAL_ERROR_MAG, float("nan"), 0, nominal=True)


def magnitude_of_one_dn(detector: Detector, airmass: float, night: ZeroPoint = NOMINAL) -> float:
    """MAGZP of an image: the magnitude of a source of 1 DN.

    Parameters
    ----------
    detector : Detector
        Zero point at airmass 1, M0, and extinction, mag per airmass, of the array.
    airmass : float
        Of the image's middle; values below 1 and NaN count as 1.
    night : ZeroPoint
        The night's offset c1.
    """
    excess = airmass - 1.0 if np.isfinite(airmass) else 0.0
    return detector.zero_point_mag + night.c1_mag - detector.extinction_mag * max(excess, 0.0)


def solve_zero_point(measured_mag: Doubles, standard_mag: Doubles, error_mag: Doubles) -> ZeroPoint:
    """c1 of a night and band from standard stars on its calibration scans.

    Parameters
    ----------
    measured_mag : float64 array (n,)
        Magnitudes measured with `NOMINAL`; a star counts as often as it was measured.
    standard_mag : float64 array (n,)
        Catalogue magnitudes of the same stars.
    error_mag : float64 array (n,)
        Of the measurements; 0.015 mag is added in squares for what changes between scans.

    Returns
    -------
    ZeroPoint
        `NOMINAL` for fewer than 3 finite stars. Differences beyond 3 robust sigma are left out.

    Examples
    --------
    >>> measured = np.array([10.0, 11.0, 12.0, 13.0])
    >>> round(solve_zero_point(measured, measured + 0.03, np.full(4, 0.01)).c1_mag, 6)
    0.03
    """
    difference = standard_mag - measured_mag
    good = np.isfinite(difference) & np.isfinite(error_mag)
    difference, weight = difference[good], 1.0 / (error_mag[good] ** 2 + 0.015**2)
    if difference.size < FEWEST_STARS:
        return NOMINAL
    middle = float(np.median(difference))
    sigma = max(1.4826 * float(np.median(np.abs(difference - middle))), 0.005)
    keep = np.abs(difference - middle) <= 3.0 * sigma
    c1 = float(np.average(difference[keep], weights=weight[keep]))
    rms = float(np.sqrt(np.average((difference[keep] - c1) ** 2, weights=weight[keep])))
    count = int(np.count_nonzero(keep))
    return ZeroPoint(c1, max(rms / np.sqrt(count), 0.002), rms, count, nominal=False)
