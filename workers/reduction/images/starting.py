"""What is known of a finished image before its first star is found: sky, noise, saturated cores, a width of stars."""

from __future__ import annotations

import numpy as np

from app.arrays import Bools, Singles
from app.parameters.extraction import ExtractionParameters
from workers.reduction.frames.products import AtlasImage
from workers.reduction.images import detection, saturation
from workers.reduction.images.background import background_and_noise
from workers.reduction.images.image_model import ImageModel
from workers.reduction.images.psf import moffat
from workers.reduction.images.stars import Stars


def starting_fwhm(data: Singles, usable: Bools, sigma: Singles, fallback: float) -> tuple[float, int]:
    """Full width at half maximum of the image's bright peaks.

    The radius at which the mean of four directions falls to half of the peak, for the brightest 200 peaks above
    50 sigma; blended and extended objects are wider, so the 35 % quantile is taken.

    Parameters
    ----------
    data : float32 array (ny, nx)
        Background-subtracted image, DN; 0 where unusable.
    usable : bool array (ny, nx)
        Peaks are only taken on usable pixels.
    sigma : float32 array (ny, nx)
        Noise of a pixel, DN.
    fallback : float
        Returned where fewer than three peaks have a width, pixels.

    Returns
    -------
    fwhm_pix : float
        Pixels.
    count : int
        How many peaks have a width.
    """
    x, y, height = detection.peaks(data, 50.0 * sigma, usable)
    inside = (x > 8) & (y > 8) & (x < data.shape[1] - 9) & (y < data.shape[0] - 9)
    x, y, height = x[inside], y[inside], height[inside]
    best = np.argsort(-height, kind="stable")[:200]
    widths = []
    for k in best:
        i, j = int(np.rint(x[k])), int(np.rint(y[k]))
        arms = np.stack(
            [
                data[j, i : i + 8],
                data[j, i - 7 : i + 1][::-1],
                data[j : j + 8, i],
                data[j - 7 : j + 1, i][::-1],
            ]
        )
        arm = arms.mean(axis=0) / data[j, i]
        below = np.flatnonzero(arm < 0.5)
        if below.size and below[0] > 0:
            k0 = int(below[0])
            widths.append(2.0 * (k0 - 1 + (arm[k0 - 1] - 0.5) / (arm[k0 - 1] - arm[k0])))
    if len(widths) < 3:
        return fallback, len(widths)
    return float(np.percentile(widths, 35)), len(widths)


def starting_model(image: AtlasImage, parameters: ExtractionParameters) -> ImageModel:
    """Background, noise, saturated cores and a model profile of an image, before the first star is found.

    Parameters
    ----------
    image : AtlasImage
        As it comes, sky included.
    parameters : ExtractionParameters
        Mesh of the background, dips of saturated cores, width where no star tells it.
    """
    pixels = np.ascontiguousarray(image.pixels_dn, dtype=np.float32)
    usable = np.isfinite(pixels)
    level, sigma = background_and_noise(pixels, usable, parameters.background_mesh_pix, crowded=True)
    data = np.where(usable, pixels - level, np.float32(np.nan))
    typical = float(np.median(sigma))
    holes = saturation.find_holes(data, typical, parameters.saturation_dip)
    usable &= ~saturation.mask(holes, pixels.shape)
    if image.saturation_dn is not None:
        usable &= ~(data > image.saturation_dn)
    data = np.where(usable, data, np.float32(0.0))
    fallback = parameters.fallback_fwhm_pix
    if image.seeing_shape is not None and image.seeing_shape > 0.3:
        # background/survey 2.8; the Atlas kernel (2.3" as measured from the pixels' correlation) adds in squares.
        fallback = float(np.hypot(3.13 * image.seeing_shape - 0.46, 1.5)) / image.projection.scale_arcsec
    fwhm, _ = starting_fwhm(data, usable, sigma, fallback)
    psf = moffat(fwhm, pixels.shape)
    empty = np.zeros(0)
    variance = np.where(usable, np.maximum(sigma, 1e-6) ** 2, 0.0).astype(np.float32)
    return ImageModel(usable, level, data, variance, psf, Stars.at(empty, empty, empty), data, holes)
