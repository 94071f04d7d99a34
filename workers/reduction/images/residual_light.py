"""The light that the profiles of bright stars leave in a finished image, shared out to these stars.

A profile fit is the best flux of faint and blended stars. Of a bright star alone the fit knows less than a plain
circle: Atlas profiles differ from star to star, because each is the mean of six undersampled frames at their own
phases, and that error is a share of the flux whatever the noise. The light left in a circle of the image without
stars is this error, plus noise and the errors of neighbours. So the flux becomes that of the fit plus the part of the
residual light that is due to the profile rather than to the other two.
"""

from __future__ import annotations

import math

import numpy as np

from app.arrays import Doubles
from app.parameters.extraction import ExtractionParameters
from workers.reduction.images import aperture, profile_fit
from workers.reduction.images.image_model import ImageModel, quiet_stars
from workers.reduction.images.noise import robust_sigma
from workers.reduction.images.stars import Stars

# A star that fits twice as badly as others of its brightness keeps a fifth of the weight.
MISFIT = 4.0
FEWEST_STARS = 5  # that tell what stars have beyond a circle; else the fit's error serves


def usual_value(stars: Stars, value: Doubles) -> Doubles:
    """Median of a value of the 51 stars next to each star in brightness.

    Parameters
    ----------
    stars : Stars
        Fitted stars.
    value : float64 array (n,)
        Of each star.

    Returns
    -------
    float64 array (n,)
        Beyond the brightest star the list goes on as its mirror image: the brightest is not compared with itself.
    """
    from scipy.ndimage import median_filter

    if not value.size:
        return value
    order = np.argsort(-stars.flux, kind="stable")
    usual = np.empty(order.size)
    usual[order] = median_filter(value[order], min(51, order.size), mode="reflect")
    return usual


def misfit(stars: Stars) -> Doubles:
    """Excess of each star's reduced chi-squared over that of the 50 stars next to it in brightness, as a share of it.

    A companion that was not resolved, or a galaxy, leaves light that is not an error of the profile.

    Parameters
    ----------
    stars : Stars
        Fitted stars with chi-squared, at least one.

    Returns
    -------
    float64 array (n,)
        0 for stars that fit as well as others or better.
    """
    reduced = stars.chi2 / np.maximum(stars.pixels - 3, 1)
    return np.asarray(np.maximum(reduced / np.maximum(usual_value(stars, reduced), 1e-9) - 1.0, 0.0))


def _beyond(model: ImageModel, pixel_arcsec: float, parameters: ExtractionParameters) -> float:
    """Scatter of what the brightest quiet stars have just beyond the circle, less its noise, a share of the flux.

    The circle is taken to hold the profile's share of every star; how much that differs from star to star is the error
    of the circle that no noise tells. The ring to the standard aperture holds most of it: rings farther out measure
    neighbours.
    """
    stars = model.stars
    quiet = quiet_stars(model, parameters.psf_error_minimum_snr, parameters.growth_maximum_stars)
    radii = np.array([parameters.residual_radius_arcsec, parameters.aperture_arcsec]) / pixel_arcsec
    annulus = (parameters.annulus_arcsec[0] / pixel_arcsec, parameters.annulus_arcsec[1] / pixel_arcsec)
    left = aperture.measure(model.residual, model.usable, stars.x[quiet], stars.y[quiet], radii, annulus)
    ring = (left.flux[:, 1] - left.flux[:, 0]) / stars.flux[quiet]
    ring = ring[np.isfinite(ring) & (left.missing < 0.001)]
    if ring.size < FEWEST_STARS:
        return parameters.smooth_flux_error
    area = 1.0 - (radii[0] / radii[1]) ** 2
    noise = model.aperture_noise * math.sqrt(area) / float(np.median(stars.flux[quiet]))
    scatter = robust_sigma(ring)
    return math.sqrt(max(scatter * scatter - noise * noise, 0.0))


def share_residual_light(model: ImageModel, pixel_arcsec: float, parameters: ExtractionParameters) -> None:
    """Add to each star's flux its share of the residual light; the residual image follows.

    With f the flux, R the residual light in the circle, e the error of the profile, s the noise of R and N the light of
    neighbours in the circle: the profile's error has the variance (e f)^2 and R knows it to s^2 + (e N)^2, so
    f + w R / E with w = (e f)^2 / ((e f)^2 + s^2 + (e N)^2), E the profile's light within the circle. Stars that fit
    worse than others of their brightness keep nearer to the fit (`misfit`).

    Parameters
    ----------
    model : ImageModel
        With fitted stars, residual image and aperture noise; fluxes, uncertainties and residual image are replaced.
    pixel_arcsec : float
        Side of a pixel, arcsec.
    parameters : ExtractionParameters
        Radii of circle and sky ring, error of the profile.
    """
    stars = model.stars
    sound = ~stars.saturated & (stars.flux > 0)
    good = np.flatnonzero(sound & np.isfinite(stars.flux_sigma) & np.isfinite(stars.chi2))
    if not good.size:
        return
    x, y, flux = stars.x[good], stars.y[good], stars.flux[good]
    radius = np.array([parameters.residual_radius_arcsec / pixel_arcsec])
    inside = model.psf.enclosed(float(radius[0]))
    annulus = (parameters.annulus_arcsec[0] / pixel_arcsec, parameters.annulus_arcsec[1] / pixel_arcsec)
    left = aperture.measure(model.residual, model.usable, x, y, radius, annulus)
    light, area = left.flux[:, 0], np.pi * radius[0] ** 2
    # A narrow ring for the models; the level of that ring is models too, and goes back in.
    near = (float(radius[0]), float(radius[0]) + 2.0)
    drawn = aperture.measure(model.data - model.residual, model.usable, x, y, radius, near)
    noise = model.aperture_noise * radius[0] * pixel_arcsec / parameters.aperture_arcsec
    neighbours = np.maximum(drawn.flux[:, 0] + np.nan_to_num(drawn.sky) * area - inside * flux, 0.0)
    error = parameters.psf_error
    profile = (error * inside * flux) ** 2
    other = noise**2 + (error * neighbours) ** 2 + MISFIT * misfit(stars.take(good)) * profile
    known = np.isfinite(light) & (left.missing < 0.001)
    weight = np.where(known, profile / (profile + other), 0.0)
    new = flux + weight * np.nan_to_num(light) / inside
    # A residual may hold a star that was not found: where circle and fit differ by a half, the flux of the fit stays.
    weight = np.where(np.abs(new - flux) < 0.5 * flux, weight, 0.0)
    stars.flux[good] = flux + weight * np.nan_to_num(light) / inside
    # The noise of the fit is part of that of the circle, so what the fit knew counts with 1 - w^2.
    variance = (1.0 - weight**2) * stars.flux_sigma[good] ** 2 + weight**2 * np.nan_to_num(other) / inside**2
    # Without it bright stars of the plane had errors of 0.001 to 0.005 mag and scattered by 0.003 to 0.010.
    floor = max(_beyond(model, pixel_arcsec, parameters), parameters.growth_star_error / 1.0857)
    variance += (floor * flux) ** 2
    stars.flux_sigma[good] = np.sqrt(variance)
    model.residual = profile_fit.subtract(model.data, model.variance, model.psf, stars)
