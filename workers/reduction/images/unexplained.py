"""What an extraction must not leave behind: clear peaks of the residual image without a star.

The last word on every finished image. A star above 15 sigma that no row holds is a fault of the extraction, whatever
the cause: nearly always a third star beside two that were fitted as one. The peaks are counted in the metric
`unexplained_peaks` of the scan, which is 0 normally, and rows that their light biases have cc_flg c. To look for them
once more and fit again saves none: their fits walk onto the neighbour.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from app.arrays import Doubles
from app.parameters.extraction import ExtractionParameters
from workers.reduction.images import aperture, detection, profile_error
from workers.reduction.images.image_model import ImageModel, Peaks, quiet_stars

SIGMAS = 15.0
APART_PIX = 2.0
# Light within 1.5 pixels over that within 3.5, against the profile's: a knot of nebula has less than 0.8 of it.
CORE_PIX, WHOLE_PIX = 1.5, 3.5
WIDTH_MAG = 0.25


def find(model: ImageModel, parameters: ExtractionParameters) -> Peaks:
    """Find peaks that neither noise nor errors of the profile explain, as wide as stars, with no star nearby.

    Parameters
    ----------
    model : ImageModel
        At the end of its extraction.
    parameters : ExtractionParameters
        Mesh of the noise, most stars of the profile.

    Returns
    -------
    Peaks
        Above 15 sigma of noise and errors of the profile together, farther than 2 pixels from any star and from
        pixels without data.
    """
    usable = model.usable
    kernel = detection.matched_filter(model.psf.stamp(int(np.ceil(1.3 * model.psf.fwhm_pix))))
    response = detection.filtered(model.residual, usable, kernel)
    noise = detection.filtered_noise(response, usable, parameters.background_mesh_pix)
    chosen = quiet_stars(model, parameters.psf_error_minimum_snr, parameters.psf_maximum_stars)
    error = profile_error.measure(response, usable, noise, model.stars, chosen, profile_error.USUAL_FILTERED)
    floor = 0.3 * float(np.median(noise[usable])) if usable.any() else 1.0
    total = np.sqrt(noise * noise + profile_error.variance_of(error, model.stars, response.shape, floor))
    x, y, flux = detection.peaks(response, (SIGMAS * total).astype(np.float32), usable)
    free = np.ones(x.size, np.bool_)
    if x.size and model.stars.x.size:
        tree = cKDTree(np.column_stack([model.stars.x, model.stars.y]))
        free = tree.query(np.column_stack([x, y]))[0] > APART_PIX
    if model.saturated.x.size and x.size:
        tree = cKDTree(np.column_stack([model.saturated.x, model.saturated.y]))
        away, core = tree.query(np.column_stack([x, y]))
        free &= away > model.saturated.radius[core] + APART_PIX
    x, y, flux = x[free], y[free], flux[free]
    wide = _width_mag(model, x, y)
    alike = np.abs(wide) < WIDTH_MAG
    return Peaks(x[alike], y[alike], flux[alike])


def _width_mag(model: ImageModel, x: Doubles, y: Doubles) -> Doubles:
    """How much less concentrated than the profile each peak is, magnitudes; NaN without whole circles."""
    radii = np.array([CORE_PIX, WHOLE_PIX])
    sums = aperture.measure(model.residual, model.usable, x, y, radii, (6.0, 10.0))
    own = model.psf.enclosed(CORE_PIX) / model.psf.enclosed(WHOLE_PIX)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.where(sums.missing < 0.001, sums.flux[:, 0] / sums.flux[:, 1], np.nan)
        return np.asarray(-2.5 * np.log10(found / own))
