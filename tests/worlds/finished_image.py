"""Stars drawn into finished images: one way for all tests of the room that measures them."""

from __future__ import annotations

import numpy as np

from workers.reduction.images.drawing import DrawnStars, add_stars
from workers.reduction.images.image_model import ImageModel
from workers.reduction.images.psf import RADIUS_PIX, Psf
from workers.reduction.images.saturation import SaturatedStars
from workers.reduction.images.stars import Stars


def drawn_stars(psf: Psf, x: np.ndarray, y: np.ndarray, flux: np.ndarray) -> DrawnStars:
    """Stars as kernels draw them, as far as the table reaches."""
    return DrawnStars(psf.cells(x, y), x, y, flux, np.full(x.size, float(RADIUS_PIX)))


def draw_stars(image: np.ndarray, psf: Psf, x: np.ndarray, y: np.ndarray, flux: np.ndarray) -> None:
    """Add stars to a float32 image in place."""
    add_stars(image, psf.profiles, drawn_stars(psf, x, y, flux), np.arange(x.size), 1.0)


def fitted_model(
    psf: Psf, x: np.ndarray, y: np.ndarray, flux: np.ndarray, noise: float = 1.0, seed: int = 4
) -> ImageModel:
    """An image with white noise on a sky of 100 DN whose stars were fitted perfectly."""
    residual = np.random.default_rng(seed).normal(0.0, noise, psf.shape).astype(np.float32)
    data = residual.copy()
    draw_stars(data, psf, x, y, flux)
    stars = Stars.at(x, y, flux)
    stars.flux_error[:] = stars.flux_sigma[:] = 3.0 * noise
    stars.x_error[:] = stars.y_error[:] = 3.0 * noise / flux
    stars.pixels[:], stars.chi2[:] = 37, 34.0
    usable, level = np.ones(psf.shape, np.bool_), np.full(psf.shape, 100.0, np.float32)
    variance = np.full(psf.shape, noise**2, np.float32)
    nobody = SaturatedStars(*(np.zeros(0) for _ in range(3)))
    return ImageModel(usable, level, data, variance, psf, stars, residual, nobody, 1.0, 7.0 * noise)
