"""The magnitude scale of a finished image: profile fits are shifted onto the corrected aperture scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.arrays import Doubles
from app.parameters.extraction import ExtractionParameters
from workers.reduction.images import aperture
from workers.reduction.images.image_model import ImageModel, quiet_stars


@dataclass(frozen=True)
class Scale:
    """The aperture scale of one image.

    Attributes
    ----------
    growth_mag : float
        Correction of a 4" aperture to a star's whole light, mag (negative).
    offset_mag : float
        Added to profile-fit magnitudes, mag.
    stars : int
        Number of stars both were measured from; 0 where the model profile had to serve.
    curve_mag : tuple of float
        Aperture magnitude at each radius minus that of whole light, mag.
    """

    growth_mag: float
    offset_mag: float
    stars: int
    curve_mag: tuple[float, ...]


def _clipped_mean(values: Doubles, weights: Doubles) -> float:
    """Weighted mean after clipping at three robust deviations from the median."""
    middle = float(np.median(values))
    spread = 1.4826 * float(np.median(np.abs(values - middle)))
    kept = np.abs(values - middle) <= 3.0 * max(spread, 1e-4)
    return float(np.average(values[kept], weights=weights[kept]))


def aperture_scale(model: ImageModel, pixel_arcsec: float, parameters: ExtractionParameters) -> Scale:
    """Measure curve of growth and profile normalisation from bright isolated stars.

    All other stars are taken away first (residual image plus the star's own model), so that the curve of growth
    holds in crowded fields too. Each star weighs by its signal-to-noise ratio in the aperture of whole light, with
    a floor. With fewer than three stars the model profile's own curve is used and the offset follows from it.

    Parameters
    ----------
    model : ImageModel
        With its stars fitted.
    pixel_arcsec : float
        Side of a pixel, arcsec.
    parameters : ExtractionParameters
        Radii of the curve, of the standard aperture and of whole light (both among the radii of the curve), and the
        stars that may serve.

    Returns
    -------
    Scale
        From stars, or from the model profile where fewer than three serve.
    """
    radii = np.array(parameters.growth_radii_arcsec) / pixel_arcsec
    whole = int(np.argmin(np.abs(np.array(parameters.growth_radii_arcsec) - parameters.growth_total_arcsec)))
    standard = int(np.argmin(np.abs(np.array(parameters.growth_radii_arcsec) - parameters.aperture_arcsec)))
    annulus = (parameters.annulus_arcsec[0] / pixel_arcsec, parameters.annulus_arcsec[1] / pixel_arcsec)
    chosen = quiet_stars(model, parameters.growth_minimum_snr, parameters.growth_maximum_stars)
    if chosen.size >= 3:
        stars = model.stars
        sums = aperture.measure(
            model.residual, model.usable, stars.x[chosen], stars.y[chosen], radii, annulus,
            (model.psf, stars.flux[chosen]),
        )  # fmt: skip
        flux = sums.flux
        good = (sums.missing < 0.001) & (flux > 0).all(axis=1)
        if good.sum() >= 3:
            flux, fitted = flux[good], stars.flux[chosen][good]
            noise = model.aperture_noise * (radii[whole] / radii[standard]) / flux[:, whole]
            weights = 1.0 / (noise**2 + parameters.growth_star_error**2)
            curve = -2.5 * np.log10(flux / flux[:, whole, None])
            steps = [_clipped_mean(curve[:, k], weights) for k in range(radii.size)]
            difference = -2.5 * np.log10(flux[:, standard] / fitted)
            noise = model.aperture_noise / flux[:, standard]
            offset = _clipped_mean(difference, 1.0 / (noise**2 + parameters.growth_star_error**2))
            return Scale(-steps[standard], offset - steps[standard], int(good.sum()), tuple(steps))
    step, height = model.psf.radial()
    # The sum up to a node's ring holds the light up to half a node beyond it.
    light, reach = (
        np.cumsum(2.0 * np.pi * step * height) * (step[1] - step[0]),
        step + 0.5 * (step[1] - step[0]),
    )
    enclosed = np.interp(radii, reach, light)
    curve = -2.5 * np.log10(enclosed / enclosed[whole])
    # Profiles sum to 1 over all their table; the scale ends at the radius of whole light.
    offset = -2.5 * np.log10(enclosed[whole] / light[-1])
    return Scale(-float(curve[standard]), float(offset), 0, tuple(float(c) for c in curve))
