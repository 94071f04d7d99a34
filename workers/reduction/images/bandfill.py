"""Upper limits for finished images on which a source was not detected (background/survey 2.10)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.arrays import Doubles
from app.parameters.extraction import ExtractionParameters
from workers.reduction.images import aperture
from workers.reduction.images.image_sources import ImageSources


@dataclass(frozen=True)
class Limits:
    """Upper limits at n places; NaN off the image.

    Attributes
    ----------
    limit_mag : float64 array (n,)
        95 % upper limit, mag.
    aperture_mag, aperture_error_mag : float64 arrays (n,)
        Measured in the standard aperture, mag; NaN also without light.
    sky_dn : float64 array (n,)
        Sky under the place, DN.
    """

    limit_mag: Doubles
    aperture_mag: Doubles
    aperture_error_mag: Doubles
    sky_dn: Doubles


def upper_limits(sources: ImageSources, x: Doubles, y: Doubles, parameters: ExtractionParameters) -> Limits:
    """95 % upper limits at given places of an image.

    Flux in the standard aperture on the image as it is, neighbours included, plus twice the noise; twice the noise
    of sky alone where the flux is negative. The noise of sums of pixels is measured on blank places of the image,
    because Atlas pixels are correlated: 3.5 times that of independent pixels (`noise.aperture_noise`).

    Parameters
    ----------
    sources : ImageSources
        The image, with its noise and its scale.
    x, y : float64 arrays (n,)
        Array pixels; may lie outside of the image.
    parameters : ExtractionParameters
        Radii of aperture and sky ring, gain of the image.

    Returns
    -------
    Limits
        NaN where a tenth of the aperture or more has no data.
    """
    model, growth_mag = sources.model, sources.scale.growth_mag
    zero_point_mag, pixel = sources.image.zero_point_mag, sources.image.projection.scale_arcsec
    radius = np.array([parameters.aperture_arcsec / pixel])
    annulus = (parameters.annulus_arcsec[0] / pixel, parameters.annulus_arcsec[1] / pixel)
    sums = aperture.measure(model.data, model.usable, x, y, radius, annulus)
    flux = sums.flux[:, 0]
    area = np.pi * radius[0] ** 2
    # npix^2 var_sky / nsky: the ring's level is uncertain by the same correlated noise over its larger area.
    ring = 1.0 + area / np.maximum(sums.ring, 1.0)
    sky_noise = model.aperture_noise * np.sqrt(ring)
    noise = np.sqrt(sky_noise**2 + np.maximum(flux, 0.0) / parameters.gain_electrons_per_dn)
    limit = np.where(flux > 0, flux + 2.0 * noise, 2.0 * sky_noise)
    bad = ~(sums.missing < 0.1) | ~np.isfinite(flux)
    with np.errstate(invalid="ignore", divide="ignore"):
        limit_mag = zero_point_mag - 2.5 * np.log10(limit) + growth_mag
        measured = zero_point_mag - 2.5 * np.log10(np.where(flux > 0, flux, np.nan)) + growth_mag
        error = 1.0857 * noise / np.where(flux > 0, flux, np.nan)
    nan = np.where(bad, np.nan, 0.0)
    return Limits(limit_mag + nan, measured + nan, error + nan, model.level_at(x, y) + sums.sky + nan)
