"""Default magnitudes: profile fits, drawn towards the aperture as far as the profile is known to be wrong.

A profile that is learnt from few stars is wrong by some per cent, otherwise at each place of the focal plane and of a
pixel, and a bright star's fit inherits that whatever its photons say: on scans of 18 to 32 frames fits of stars of SNR
400 and more scattered by 11 mmag where their apertures scattered by 3 (decision 0016). Both see the same photons: a fit
takes all that they tell, so an aperture differs from it by its additional noise, and by the error of the profile. How
large that is in a scan, its own bright stars say.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from app.arrays import Bools, Doubles

FEWEST = 12
LARGEST_EXTRA_MAG = 0.01  # additional noise of apertures that can tell of an error of some millimagnitudes
TERMS = 5  # of the normalisation, which was fitted to the same differences
MEDIAN_OF_SQUARE = 0.4549  # of a normal variable of unit width
LARGEST_ERROR_MAG = 0.1
# Apertures of bright stars scatter by 3 to 4 mmag where their noise is 2 to 3: response within pixels, neighbours.
APERTURE_FLOOR_MAG = 0.003
OUTLIER_SIGMA = 3.0  # a neighbour that nothing has found, or a galaxy: there the fit is the better one


class DrawnMagnitude(NamedTuple):
    """What is added to normalised profile magnitudes.

    Attributes
    ----------
    added_mag : float64 array (n,)
        0 where the aperture says nothing.
    share : float64 array (n,)
        Share of the profile's error that is taken away, 0 to 1.
    profile_error_mag : float
        Error of profile fits that is not noise, 1 sigma; 0 where too few stars tell it.
    """

    added_mag: Doubles
    share: Doubles
    profile_error_mag: float


def draw_to_apertures(
    difference_mag: Doubles, sigma_mag: tuple[Doubles, Doubles], usable: Bools, telling: Bools
) -> DrawnMagnitude:
    """Measure the profile's error on the bright stars of a scan, and take away what apertures tell of it.

    Parameters
    ----------
    difference_mag : (n,) float64
        Aperture less profile magnitude, all light, on one scale; NaN where there is none.
    sigma_mag : ((n,) float64, (n,) float64)
        Errors of the profile's and of the aperture's magnitude by noise alone.
    usable : (n,) bool
        Single stars, whose apertures hold no other's light.
    telling : (n,) bool
        Those that fit well: galaxies and pairs tell of themselves, not of the profile.

    Returns
    -------
    DrawnMagnitude
        Nothing where fewer than twelve bright stars are at hand.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> noise = np.full(4000, 0.002), np.full(4000, 0.003)
    >>> made = draw_to_apertures(rng.normal(0.0, 0.010, 4000), noise, *np.ones((2, 4000), np.bool_))
    >>> bool(abs(made.profile_error_mag - 0.010) < 0.001), bool(made.share.max() > 0.8)
    (True, True)
    """
    profile, aperture = sigma_mag
    with np.errstate(invalid="ignore"):
        extra = np.maximum(aperture**2 - profile**2, 0.0) + APERTURE_FLOOR_MAG**2
        known = usable & np.isfinite(difference_mag) & np.isfinite(extra)
        bright = known & telling & (extra < LARGEST_EXTRA_MAG**2)
    if np.count_nonzero(bright) < FEWEST:
        return DrawnMagnitude(np.zeros_like(difference_mag), np.zeros_like(difference_mag), 0.0)
    error = _error(difference_mag[bright], extra[bright])
    variance = np.where(known, extra, np.inf) + error**2
    off = np.abs(np.where(known, difference_mag, 0.0)) / np.sqrt(np.maximum(variance, 1e-12))
    trust = np.minimum(1.0, (OUTLIER_SIGMA / np.maximum(off, 1e-12)) ** 4)
    share = np.where(known, trust * error**2 / np.maximum(variance, 1e-12), 0.0)
    return DrawnMagnitude(np.where(known, share * difference_mag, 0.0), share, error)


def _error(difference_mag: Doubles, extra: Doubles) -> float:
    """Width of the profile's error: with it the median square of the differences is what noise and error make."""
    lacking = difference_mag.size / (difference_mag.size - TERMS)
    square = lacking * difference_mag**2
    low, high = 0.0, LARGEST_ERROR_MAG**2
    if float(np.median(square / np.maximum(extra, 1e-12))) < MEDIAN_OF_SQUARE:
        return 0.0
    for _ in range(50):
        middle = 0.5 * (low + high)
        if float(np.median(square / (extra + middle))) > MEDIAN_OF_SQUARE:
            low = middle
        else:
            high = middle
    return float(np.sqrt(0.5 * (low + high)))
