"""One finished image: detect, fit, subtract, learn, and again on the residual image.

Crowded fields need the loop (background/reduction 3): the background and the noise of an image are only right
after its stars are out, and blended stars only show beside the models of their neighbours.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.arrays import Doubles, Singles
from app.parameters.extraction import ExtractionParameters
from workers.reduction.frames.products import AtlasImage
from workers.reduction.images import (
    combination,
    decorrelate,
    detection,
    noise,
    profile_error,
    profile_fit,
    pruning,
    residual_light,
    saturation,
    unexplained,
)
from workers.reduction.images import psf as psf_module
from workers.reduction.images.background import background_and_noise
from workers.reduction.images.image_model import ImageModel, quiet_stars
from workers.reduction.images.psf_learning import LearningPixels, LearningRules, LearningStars, learn
from workers.reduction.images.saturation import SaturatedStars
from workers.reduction.images.stars import Stars
from workers.reduction.images.starting import starting_model


def reduce_image(image: AtlasImage, parameters: ExtractionParameters) -> ImageModel:
    """Find and fit all stars of an image.

    Parameters
    ----------
    image : AtlasImage
        NaN pixels, cut-outs and empty sky are normal.
    parameters : ExtractionParameters
        All numbers of the loop.

    Returns
    -------
    ImageModel
        With no stars for an image without usable pixels.
    """
    model = starting_model(image, parameters)
    model.saturated_dn = _saturated_flux(image, parameters)
    if not model.usable.any():
        return model
    _add_saturated(model, model.saturated)
    for number, threshold in enumerate(parameters.first_snr):
        _detect(model, threshold, parameters)
        pruning.fit(model, parameters)
        _learn(model, parameters)
        # The first profile tells gross cores; the last one, learnt on a clean image, the others.
        if number in (0, len(parameters.first_snr) - 1):
            _mask_depressed(model, parameters)
        _refine_background(model, parameters)
    pruning.fit(model, parameters)
    sharp = _sharpened(model)
    for threshold in parameters.final_snr:
        pruning.fit(sharp, parameters)
        _refine_background(sharp, parameters)
        _learn(sharp, parameters)
        _detect(sharp, threshold, parameters)
    pruning.fit(sharp, parameters, sweeps=parameters.sweeps)
    _refine_background(sharp, parameters)
    pruning.fit(sharp, parameters, sweeps=parameters.sweeps)
    _carry_back(sharp, model, parameters)
    model.aperture_noise = noise.aperture_noise(
        model.residual,
        model.usable,
        model.data - model.residual,
        parameters.aperture_arcsec / image.projection.scale_arcsec,
    )
    residual_light.share_residual_light(model, image.projection.scale_arcsec, parameters)
    model.unexplained = unexplained.find(model, parameters)
    return model


def _add_saturated(model: ImageModel, found: SaturatedStars) -> None:
    """Give saturated stars a place in the star list, with a first flux from the light around their cores."""
    flux = np.zeros(found.x.size)
    stamp = model.psf.stamp(8)
    offset_y, offset_x = np.mgrid[-8:9, -8:9]
    for n in range(found.x.size):
        r = np.hypot(offset_x, offset_y)
        ring = (r > found.radius[n]) & (r < 8.0)
        j = np.clip(offset_y[ring] + int(np.rint(found.y[n])), 0, model.data.shape[0] - 1)
        i = np.clip(offset_x[ring] + int(np.rint(found.x[n])), 0, model.data.shape[1] - 1)
        good = model.usable[j, i]
        if good.any():
            flux[n] = max(float(np.median(model.data[j, i][good] / np.maximum(stamp[ring][good], 1e-6))), 0.0)
    bright = Stars.at(found.x[flux > 0], found.y[flux > 0], flux[flux > 0])
    bright.saturated[:] = True
    if bright.x.size and model.stars.x.size:
        away = _distance_to_nearest(model.stars.x, model.stars.y, bright.x, bright.y) > 4.0
        model.stars = model.stars.take(np.flatnonzero(away))
    model.stars = model.stars.join(bright)


def _saturated_flux(image: AtlasImage, parameters: ExtractionParameters) -> float:
    """Least flux of a star that may be saturated, DN."""
    limit_mag = parameters.saturation_faintest_mag[image.band.position]
    return float(10.0 ** (0.4 * (image.zero_point_mag - limit_mag)))


def _mask_depressed(model: ImageModel, parameters: ExtractionParameters) -> None:
    """Find stars with too little light in the core, mask these cores and start them again from their wings."""
    stars = model.stars
    # The fit to a saturated core finds down to a third of the star's light; the wings decide.
    bright = (stars.flux > 0.3 * model.saturated_dn) & ~stars.saturated
    found = saturation.find_depressed(
        model.data, model.usable, model.psf.stamp(8), stars.x[bright], stars.y[bright], stars.flux[bright],
        model.saturated_dn, parameters.saturation_lack,
    )  # fmt: skip
    if not found.x.size:
        return
    model.saturated = model.saturated.join(found)
    model.usable &= ~saturation.mask(found, model.data.shape)
    model.data = np.where(model.usable, model.data, np.float32(0.0))
    model.variance = np.where(model.usable, model.variance, np.float32(0.0))
    _add_saturated(model, found)
    pruning.fit(model, parameters)


def _sharpened(model: ImageModel) -> ImageModel:
    """Make the image with white noise, its profile, and the stars found so far as seeds."""
    kernel = decorrelate.measure_kernel(model.residual, model.usable)
    taps = decorrelate.whitening_filter(kernel)
    # Pixels without data take the value of the models: a hole in a star would ring through the filter.
    whole = np.where(model.usable, model.data, model.data - model.residual)
    data = decorrelate.apply(whole, np.ones_like(model.usable), taps)
    usable = decorrelate.shrink(model.usable, 1)
    data[~usable] = 0.0
    coefficients = decorrelate.filter_profile(model.psf.coefficients, taps, model.psf.oversampling)
    psf = psf_module.build(coefficients, model.psf.order, model.psf.shape, model.psf.learnt_from)
    sharp = ImageModel(usable, model.level, data, model.variance, psf, model.stars, data, model.saturated)
    sharp.saturated_dn = model.saturated_dn
    residual = decorrelate.apply(model.residual, model.usable, taps)
    _, sigma = background_and_noise(residual, usable, 32, crowded=False)
    sharp.variance = np.where(usable, np.maximum(sigma, 1e-6) ** 2, 0.0).astype(np.float32)
    return sharp


def _carry_back(sharp: ImageModel, model: ImageModel, parameters: ExtractionParameters) -> None:
    """Put the final stars into the image as it was and combine the fluxes of both; positions are the sharp image's.

    Chi-squared becomes that of the image as it is, and once more with the errors of the profile as measured there in
    its variance: without these it grows with the flux of a star, and half of the stars brighter than J 11 would pass
    for poor fits.
    """
    found = sharp.stars
    if not found.x.size:
        model.stars, model.residual = found, model.data
        return
    again = Stars.at(found.x, found.y, found.flux)
    again.saturated[:] = found.saturated
    rules = replace(
        pruning.fit_rules(parameters, parameters.sweeps),
        fit_radius_pix=parameters.flux_radius_pix,
        seed_sigma_pix=0.0,
    )
    model.residual = profile_fit.fit_stars(model.data, model.variance, model.psf, again, rules)
    _measure_correlation(model)
    combination.combine(sharp, model, again, parameters)
    found.chi2, found.pixels = again.chi2, again.pixels
    found.profile_chi2 = _profile_chi2(model, again, parameters)
    model.stars = found
    model.residual = profile_fit.subtract(model.data, model.variance, model.psf, model.stars)


def _profile_chi2(model: ImageModel, again: Stars, parameters: ExtractionParameters) -> Doubles:
    """Reduced chi-squared of each star of the last fit, with noise, photons and the measured errors of the profile."""
    noise = np.sqrt(model.variance)
    model.stars = again
    chosen = quiet_stars(model, parameters.psf_error_minimum_snr, parameters.psf_maximum_stars)
    error = profile_error.measure(
        model.residual, model.usable, noise, again, chosen, profile_error.USUAL_PIXEL
    )
    floor = 0.1 * float(np.median(noise[model.usable]))
    variance = model.variance + profile_error.variance_of(error, again, noise.shape, floor)
    drawn = np.maximum(model.data - model.residual, np.float32(0.0))
    variance += drawn / np.float32(parameters.gain_electrons_per_dn)
    chi2, pixels = profile_error.chi_squared(
        model.residual, variance, model.usable, again, parameters.flux_radius_pix
    )
    return np.where(np.isfinite(again.chi2), chi2 / np.maximum(pixels - 3, 1), np.nan)


def _measure_correlation(model: ImageModel) -> None:
    """How much more a fitted flux scatters on blank sky than independent pixels of this variance would make it."""
    kernel = detection.matched_filter(model.psf.stamp(int(np.ceil(1.3 * model.psf.fwhm_pix))))
    response = detection.filtered(model.residual, model.usable, kernel)
    model.correlation = _correlation(model, kernel, detection.filtered_noise(response, model.usable, 32))


def _correlation(model: ImageModel, kernel: Singles, noise_map: Singles) -> float:
    """Median ratio of the noise of a filtered image to that of independent pixels of the model's variance."""
    independent = np.sqrt(np.sum(kernel.astype(np.float64) ** 2)) * np.sqrt(model.variance[model.usable])
    return float(np.median(noise_map[model.usable] / np.maximum(independent, 1e-12)))


def _detect(model: ImageModel, threshold: float, parameters: ExtractionParameters) -> None:
    """Add peaks of the residual image that neither noise nor errors of the models explain."""
    kernel = detection.matched_filter(model.psf.stamp(int(np.ceil(1.3 * model.psf.fwhm_pix))))
    response = detection.filtered(model.residual, model.usable, kernel)
    noise_map = detection.filtered_noise(response, model.usable, parameters.background_mesh_pix)
    model.correlation = _correlation(model, kernel, noise_map)
    drawn = detection.filtered(np.maximum(model.data - model.residual, 0), model.usable, np.abs(kernel))
    limit = np.hypot(threshold * noise_map, parameters.detection_model_error * threshold * drawn)
    x, y, height = detection.peaks(response, limit.astype(np.float32), model.usable)
    if model.stars.x.size and x.size:
        free = _distance_to_nearest(x, y, model.stars.x, model.stars.y) > parameters.merge_pix
        x, y, height = x[free], y[free], height[free]
    if model.stars.x.size and x.size:
        real = height > _glare(x, y, model, parameters)
        x, y, height = x[real], y[real], height[real]
    model.stars = model.stars.join(Stars.at(x, y, height))


def _glare(x: Doubles, y: Doubles, model: ImageModel, parameters: ExtractionParameters) -> Doubles:
    """Flux that errors of the models of brighter stars may feign at each place (DN).

    Atlas profiles differ from star to star, because each is the mean of six undersampled frames at their own phases.
    The error is a share of the star's light within `glare_pix` of the star, and fades linearly from the centre.
    """
    from scipy.spatial import cKDTree

    stars = model.stars
    near = cKDTree(np.column_stack([x, y])).query_ball_point(
        np.column_stack([stars.x, stars.y]), parameters.glare_pix, return_sorted=True
    )
    result = np.zeros(x.size)
    for n, members in enumerate(near):
        k = np.array(members, np.int64)
        share = parameters.glare_share * (
            1.2 - np.hypot(x[k] - stars.x[n], y[k] - stars.y[n]) / parameters.glare_pix
        )
        result[k] = np.maximum(result[k], share * stars.flux[n])
    return result


def _distance_to_nearest(x: Doubles, y: Doubles, other_x: Doubles, other_y: Doubles) -> Doubles:
    from scipy.spatial import cKDTree

    distance, _ = cKDTree(np.column_stack([other_x, other_y])).query(np.column_stack([x, y]))
    return np.asarray(distance)


def _refine_background(model: ImageModel, parameters: ExtractionParameters) -> None:
    """Sky and noise again, from the image without its stars."""
    level, sigma = background_and_noise(
        model.residual, model.usable, parameters.residual_mesh_pix, crowded=False
    )
    step = np.where(model.usable, level, np.float32(0.0))
    model.level = model.level + level
    model.data = model.data - step
    model.residual = model.residual - step
    floor = np.maximum(sigma, 0.2 * np.median(sigma))
    model.variance = np.where(model.usable, floor**2, 0.0).astype(np.float32)


def _learn(model: ImageModel, parameters: ExtractionParameters) -> None:
    """Improve the PSF with the bright stars that no comparable neighbour disturbs; fit again with the new PSF."""
    for _ in range(2):
        chosen = quiet_stars(model, parameters.psf_minimum_snr, parameters.psf_maximum_stars)
        sound = chosen[model.stars.flux[chosen] < model.saturated_dn]
        # Flat cores that are not known yet would teach a flat profile, in which they are never found.
        chosen = sound if sound.size >= parameters.psf_stars_per_term else chosen
        if chosen.size < 3:
            return
        order = min(chosen.size // (3 * parameters.psf_stars_per_term), 1)
        if chosen.size >= 6 * parameters.psf_stars_per_term:
            order = parameters.psf_maximum_order
        stars = model.stars
        model.psf = learn(
            model.psf,
            LearningPixels(model.residual, model.usable, model.variance),
            LearningStars(stars.x[chosen], stars.y[chosen], stars.flux[chosen]),
            LearningRules(order, parameters.psf_core_pix, parameters.psf_model_error),
        )
        pruning.fit(model, parameters, sweeps=1)
