"""A large spiral galaxy among stars on finished images of two bands, for tests of the image entry."""

from __future__ import annotations

import numpy as np

from app.instruments.bands import Band
from app.sky.projection import SinProjection
from tests.worlds.finished_image import draw_stars
from workers.reduction.frames.products import AtlasImage
from workers.reduction.images.psf import moffat

SHAPE, FWHM_PIX = (420, 400), 2.9
GALAXY_X, GALAXY_Y, LENGTH_PIX, RATIO = 190.3, 215.6, 14.0, 0.75
ZERO_POINT_MAG = {Band.J: 20.9, Band.K: 19.9}
LIGHT_DN = {Band.J: 2.6e4, Band.K: 2.6e4}
NOISE_DN, SKY_DN = {Band.J: 0.5, Band.K: 0.9}, {Band.J: 80.0, Band.K: 400.0}
BULGE_SHARE, BULGE_PIX, ARM_SHARE, KNOT_DN, KNOTS = 0.08, 2.0, 0.3, 60.0, 14


def spiral_light() -> np.ndarray:
    """A disc of one DN with two arms along x, and a small bulge; no point-spread function."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(np.float64)
    dx, dy = x - GALAXY_X, (y - GALAXY_Y) / RATIO
    r, angle = np.hypot(dx, dy), np.arctan2(dy, dx)
    # Arms add as much as they take: the light within ellipses stays that of the disc.
    arms = 1.0 + ARM_SHARE * np.clip(r / LENGTH_PIX, 0.0, 1.0) * np.cos(2.0 * angle - 4.0 * np.log(r + 2.0))
    disc = np.exp(-r / LENGTH_PIX) * arms
    bulge = np.exp(-0.5 * (r / BULGE_PIX) ** 2)
    return (1.0 - BULGE_SHARE) * disc / disc.sum() + BULGE_SHARE * bulge / bulge.sum()


def knot_places() -> tuple[np.ndarray, np.ndarray]:
    """Places of knots on the arms."""
    r = np.linspace(10.0, 50.0, KNOTS)
    angle = 2.0 * np.log(r + 2.0) + np.pi * (np.arange(KNOTS) % 2)
    return GALAXY_X + r * np.cos(angle), GALAXY_Y + RATIO * r * np.sin(angle)


def field_stars(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Stars of the field that leave the galaxy alone: places and light."""
    x, y = rng.uniform(8, SHAPE[1] - 9, 110), rng.uniform(8, SHAPE[0] - 9, 110)
    flux = 10.0 ** rng.uniform(2.4, 4.6, x.size)
    away = np.hypot(x - GALAXY_X, (y - GALAXY_Y) / RATIO) > 60.0
    return x[away], y[away], flux[away]


def spiral_images() -> list[AtlasImage]:
    """The images of both bands, number 7."""
    from scipy import ndimage

    psf, images = moffat(FWHM_PIX, SHAPE), []
    stars = field_stars(np.random.default_rng(41))
    smooth = ndimage.convolve(spiral_light(), psf.stamp(12).astype(np.float64), mode="constant")
    for k, band in enumerate((Band.J, Band.K)):
        rng = np.random.default_rng([42, k])
        # Pixels of Atlas images are correlated with their neighbours.
        noise = ndimage.uniform_filter(rng.normal(0.0, 2.0 * NOISE_DN[band], SHAPE), 2)
        image = (SKY_DN[band] + LIGHT_DN[band] * smooth + noise).astype(np.float32)
        draw_stars(image, psf, *stars)
        draw_stars(image, psf, *knot_places(), np.full(KNOTS, KNOT_DN))
        projection = SinProjection.from_rotation(150.0, -8.0, 199.5, 209.5, -1 / 3600, 1 / 3600)
        images.append(AtlasImage(band, 7, image, projection, ZERO_POINT_MAG[band], 1.0))
    return images
