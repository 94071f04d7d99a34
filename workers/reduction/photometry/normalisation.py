"""What brings profile magnitudes to the scale of apertures: an offset, and changes with brightness, place and seeing.

A profile fit weights pixels by their noise. Of a faint star that is the sky's, alike in all pixels, and the flux is
that of the core; of a bright star it is the light's own, and every photon counts alike, as in an aperture. So a profile
that is learnt from few stars, and wrong by some per cent in its core, gives bright and faint stars different scales: on
scans of 12 to 22 frames the faintest stars came out 39 mmag brighter than the brightest (J, H and Ks alike), in
proportion to the share that the light's own noise has in the middle of the image. What is wrong changes over the focal
plane, and a star crosses it at one place: differences from apertures of bright stars scattered by 11.5 mmag, by 8.7
after a parabola across each scan was taken off (decision 0012).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from app.arrays import Bools, Doubles
from workers.reduction.profile.table import FramePsf

LEAST_SNR = 40.0
LARGEST_CHI2 = 2.0
PROFILE_SNR = 150.0  # where the profile's own error doubles the reduced chi-squared
FEWEST = 8
FEWEST_FOR_SLOPE = 120
LEAST_SCATTER_MAG = 0.01  # of an aperture: pixel response, light of faint neighbours
BRIGHTNESS_WIDTH_MAG = 0.05  # of the change from the faintest to the brightest stars, as known beforehand
PLACE_WIDTH_MAG = 0.015  # of the change from the middle of the scan to its edges
ROBUST_SIGMA, TURNS = 2.0, 8


class Conditions(NamedTuple):
    """What the scale of a star's profile fit depends on, (n,) float64 each.

    Attributes
    ----------
    photon_share : float64 array (n,)
        Share of its own light's noise in its brightest pixel, 0 to 1.
    place : float64 array (n,)
        Place across the scan, in half widths from its middle, -1 to 1.
    log_width : float64 array (n,)
        Mean s of its frames, the logarithm of their width over the scan's.
    """

    photon_share: Doubles
    place: Doubles
    log_width: Doubles

    def terms(self) -> Doubles:
        """Columns (n, 5) whose sum of products with `Normalisation.terms_mag` is the change without seeing."""
        share, x = self.photon_share, self.place
        return np.stack([np.ones_like(share), share, share**2, x, x**2 - 1.0 / 3.0], axis=1)


class Normalisation(NamedTuple):
    """To be added to profile magnitudes.

    Attributes
    ----------
    terms_mag : tuple of five floats
        Of faint stars, mean over the scan, on frames of its mean width; linear and quadratic in the share of photon
        noise; linear and quadratic across the scan.
    seeing_mag : float
        Change a unit of s.
    bright_mag : float
        Median of what is added to the stars that it was measured on.
    """

    terms_mag: tuple[float, ...]
    seeing_mag: float
    bright_mag: float

    @property
    def faint_mag(self) -> float:
        """Of stars whose own light makes no noise, mean over the scan."""
        return self.terms_mag[0]

    def at(self, conditions: Conditions) -> Doubles:
        """Sum up the terms."""
        return np.asarray(
            np.einsum("ij,j->i", conditions.terms(), np.array(self.terms_mag))
            + self.seeing_mag * conditions.log_width,
            np.float64,
        )


NOTHING = Normalisation((0.0, 0.0, 0.0, 0.0, 0.0), 0.0, 0.0)
_PRIOR = np.array(
    [0.0, BRIGHTNESS_WIDTH_MAG**-2, BRIGHTNESS_WIDTH_MAG**-2, PLACE_WIDTH_MAG**-2, PLACE_WIDTH_MAG**-2]
)


def photon_share(flux_dn: Doubles, psf: FramePsf, noise_dn: float, inverse_gain: float) -> Doubles:
    """Share of the variance in the brightest pixel of a star that is the noise of its own light.

    Parameters
    ----------
    flux_dn : (n,) float64
        Light of the stars, DN; NaN and negative fluxes count as none.
    psf : FramePsf
        Tells the brightest pixel.
    noise_dn : float
        Noise of a pixel of the sky, DN.
    inverse_gain : float
        Variance of light a DN, DN.

    Returns
    -------
    (n,) float64
        0 to 1.
    """
    light = np.maximum(np.nan_to_num(flux_dn), 0.0) * float(psf.nodes[0].max()) * inverse_gain
    return np.asarray(light / (light + noise_dn**2))


def normalise(
    difference_mag: Doubles, sigma_mag: tuple[Doubles, Doubles], chi2: Doubles, conditions: Conditions
) -> Normalisation:
    """Measure what is added to profile magnitudes on the bright, well fitted stars of a scan.

    Parameters
    ----------
    difference_mag : (n,) float64
        Aperture magnitude, all light, less that of the profile; NaN where there is none.
    sigma_mag : ((n,) float64, (n,) float64)
        Errors of the profile's and of the aperture's magnitude.
    chi2 : (n,) float64
        Reduced chi-squared of the profile fit.
    conditions : Conditions
        Of the stars.

    Returns
    -------
    Normalisation
        Nothing where there are fewer than eight such stars: then profile fluxes count as all light, as they are
        meant to. The change with seeing needs 120 of them.
    """
    chosen = _chosen(difference_mag, sigma_mag, chi2)
    if np.count_nonzero(chosen) < FEWEST:
        return NOTHING
    terms, s = conditions.terms()[chosen], conditions.log_width[chosen]
    error = np.hypot(sigma_mag[1][chosen], LEAST_SCATTER_MAG)
    solved, rest, kept = _fit(difference_mag[chosen], terms, error)
    near, seeing = kept > 0.25, 0.0
    if np.count_nonzero(near) >= FEWEST_FOR_SLOPE and float(np.std(s[near])) > 0.005:
        seeing = float(np.polyfit(s[near], rest[near], 1)[0])
        solved[0] -= seeing * float(np.mean(s[near]))
    added = np.einsum("ij,j->i", terms, solved) + seeing * s
    return Normalisation(tuple(solved.tolist()), seeing, float(np.median(added)))


def well_fitted(sigma_mag: Doubles, chi2: Doubles) -> Bools:
    """Bright stars that the profile describes as well as it describes stars.

    Parameters
    ----------
    sigma_mag : (n,) float64
        Errors of the profile magnitudes.
    chi2 : (n,) float64
        Reduced chi-squared of the profile fits.
    """
    with np.errstate(invalid="ignore"):
        snr = 1.0857 / sigma_mag
        return np.asarray((snr > LEAST_SNR) & (chi2 < LARGEST_CHI2 * (1.0 + (snr / PROFILE_SNR) ** 2)))


def _chosen(difference_mag: Doubles, sigma_mag: tuple[Doubles, Doubles], chi2: Doubles) -> Bools:
    known = np.isfinite(difference_mag) & np.isfinite(sigma_mag[1])
    return known & well_fitted(sigma_mag[0], chi2)


def _fit(d: Doubles, terms: Doubles, error: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """Robust fit of the terms: their values, residuals, and how much of its weight each star kept.

    Stars scatter by more than their errors: neighbours that nothing has found. Residuals count by their own scatter.
    """
    solved = np.zeros(terms.shape[1])
    solved[0] = np.median(d)
    rest, kept = d - solved[0], np.ones(d.size)
    for _ in range(TURNS):
        residual = rest / error
        scale = max(1.4826 * float(np.median(np.abs(residual))), 1.0)
        kept = np.minimum(1.0, (ROBUST_SIGMA * scale / np.maximum(np.abs(residual), 1e-12)) ** 2)
        weight = kept / (error * scale) ** 2
        # Sums by einsum, not by BLAS: the order of adding must not depend on the number of threads.
        normal = np.einsum("i,ij,ik->jk", weight, terms, terms) + np.diag(_PRIOR)
        solved = np.linalg.solve(normal, np.einsum("i,ij->j", weight * d, terms))
        rest = d - np.einsum("ij,j->i", terms, solved)
    return solved, rest, kept
