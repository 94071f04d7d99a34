"""One flux from the two fits of a finished image: to the image with white noise, and to the image as it is.

The image with white noise gives the better flux of faint and blended stars. In that image the profiles of bright
stars differ by up to 10 % of their peak, because each Atlas star is the mean of six undersampled frames at their
own phases; the smooth image hides the difference.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import median_filter, uniform_filter1d

from app.arrays import Bools, Doubles
from app.parameters.extraction import ExtractionParameters
from workers.reduction.images.image_model import ImageModel
from workers.reduction.images.stars import Stars

WINDOW = 201  # stars of like brightness; of fewer in an image all share one ratio
FAINTEST_SNR = 7.0
# Above 100 few stars make a running ratio, which cost J 11-12.5 0.005 mag; below 50 it holds alone.
RUNNING_SNR, COMMON_SNR = 50.0, 100.0
FEWEST_BRIGHT = 5


def combine(sharp: ImageModel, model: ImageModel, again: Stars, parameters: ExtractionParameters) -> None:
    """Replace the fluxes of `sharp.stars` by the mean of least variance of the two fits.

    Errors are the noise as measured on both images, and an error of the profile as a share of the flux in each.

    Parameters
    ----------
    sharp : ImageModel
        The image with white noise and its stars; their fluxes and total uncertainties are replaced.
    model : ImageModel
        The image as it is, with its correlation measured.
    again : Stars
        The same stars as fitted there.
    parameters : ExtractionParameters
        Errors of the profile in both images, least ratio of their noises.
    """
    found = sharp.stars
    fine_noise = found.flux_error * max(sharp.correlation, 1.0)
    smooth_noise = again.flux_error * max(model.correlation, 1.0)
    both = np.isfinite(smooth_noise) & (again.flux > 0) & np.isfinite(fine_noise)
    ratio = flux_ratio(found, again, fine_noise, both)
    fine, smooth = (ratio * fine_noise) ** 2, np.where(both, smooth_noise, 0.0) ** 2
    fine_profile = (parameters.sharp_flux_error * ratio * found.flux) ** 2
    smooth_profile = (parameters.smooth_flux_error * again.flux) ** 2
    # The fit to white noise is the best there is, so the covariance of both is its variance (Gauss-Markov).
    excess = np.maximum(smooth - fine, (parameters.smooth_noise_ratio**2 - 1.0) * fine)
    share = np.where(both, fine_profile / (fine_profile + excess + smooth_profile), 0.0)
    share[found.saturated & both] = 1.0
    flux = share * np.where(both, again.flux, 0.0) + (1.0 - share) * ratio * found.flux
    variance = fine + share**2 * (excess + smooth_profile) + (1.0 - share) ** 2 * fine_profile
    found.flux_sigma = np.sqrt(variance)
    found.flux = flux


def flux_ratio(sharp: Stars, smooth: Stars, noise_dn: Doubles, both: Bools) -> Doubles:
    """Ratio that brings a flux of the image with white noise to the scale of the image as it is, star by star.

    Wrong profiles and crowding bias the two fits differently, and the more the fainter a star: by 0.005 mag at H 13
    and 0.04 at H 15.5 in the plane. The ratio is a running median over the 201 stars of like mean flux: like in the
    *mean* of both, because a choice by either prefers stars whose noise made that one bright. Bright stars share one
    ratio.

    Parameters
    ----------
    sharp, smooth : Stars
        n stars as fitted to either image.
    noise_dn : float64 array (n,)
        Error of the flux in the image with white noise, DN.
    both : bool array (n,)
        Stars with a flux in either image.

    Returns
    -------
    float64 array (n,)
        1 where too few stars tell.
    """
    sound = both & ~sharp.saturated & (sharp.flux > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        snr = np.where(sound, sharp.flux / noise_dn, 0.0)
    bright = sound & (sharp.group == 1) & (snr > RUNNING_SNR)
    common = 1.0
    if bright.sum() >= FEWEST_BRIGHT:
        common = float(np.median(smooth.flux[bright] / sharp.flux[bright]))
    mean = np.where(both, 0.5 * (smooth.flux + common * sharp.flux), common * sharp.flux)
    with np.errstate(invalid="ignore", divide="ignore"):
        snr = np.where(sound, mean / noise_dn, 0.0)
    chosen = np.flatnonzero(snr > FAINTEST_SNR)
    if chosen.size < WINDOW:
        return np.full(snr.size, common)
    order = chosen[np.argsort(mean[chosen], kind="stable")]
    running = median_filter(smooth.flux[order] / sharp.flux[order], WINDOW, mode="nearest")
    running = uniform_filter1d(running, WINDOW, mode="nearest")
    local = np.interp(mean, mean[order], running)
    with np.errstate(divide="ignore"):
        weight = np.clip(np.log(snr / RUNNING_SNR) / np.log(COMMON_SNR / RUNNING_SNR), 0.0, 1.0)
    return np.asarray(weight * common + (1.0 - weight) * local)
