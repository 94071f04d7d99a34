"""Patches of large galaxies on blocked images: stars do not count, the sky may bend, a disc is guessed."""

from __future__ import annotations

import numpy as np
import pytest

from app.instruments.bands import Band
from workers.reduction.frames.grid import StripGrid
from workers.reduction.frames.products import AtlasImage
from workers.reduction.galaxies.coadds import BandCoadd, Coadds
from workers.reduction.galaxies.large import BLOCK_PIX, blocked, large_patches

ROWS, COLUMNS, NOISE = 480, 512, 0.6
DISC_X, DISC_Y, LENGTH_PIX, LIGHT = 260.0, 230.0, 14.0, 2.0e4


def sky_image(bend=0.0):
    """Noise on a sky that bends by `bend` DN from the middle to the edge."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:ROWS, :COLUMNS]
    image = 100.0 + bend * ((x - 256.0) / 256.0) ** 2 + rng.normal(0.0, NOISE, (ROWS, COLUMNS))
    return image.astype(np.float32), x, y


def coadds_of_image(image):
    part = AtlasImage(Band.J, 1, image.astype(np.float32), None, 20.0)
    return Coadds(
        {Band.J: BandCoadd(((0, part),), NOISE, 8.0, 20.0)}, StripGrid(-256.0, 50.0, ROWS, northward=True)
    )


def with_disc(image, x, y):
    r = np.hypot(x - DISC_X, (y - DISC_Y) / 0.7)
    return image + LIGHT / (2.0 * np.pi * LENGTH_PIX**2 * 0.7) * np.exp(-r / LENGTH_PIX)


def test_a_star_does_not_raise_a_block_and_holes_are_unknown():
    image = np.full((16, 24), 5.0, np.float32)
    image[3:6, 3:6] = 900.0
    image[8:, :8] = np.nan
    blocks = blocked(image)
    assert blocks.shape == (2, 3)
    assert blocks[0].tolist() == [5.0, 5.0, 5.0]
    assert np.isnan(blocks[1, 0])
    assert blocks[1, 1] == 5.0


@pytest.mark.parametrize("bend", [0.0, 4.0])
def test_a_disc_is_one_patch_under_any_sky(bend):
    (patch,) = large_patches(coadds_of_image(with_disc(*sky_image(bend))))
    assert patch.shape.x_arcsec == pytest.approx(DISC_X - 256.0, abs=BLOCK_PIX / 2)
    assert patch.shape.y_arcsec == pytest.approx(DISC_Y + 50.0, abs=BLOCK_PIX / 2)
    assert 0.4 * LIGHT < patch.light_dn < 1.2 * LIGHT
    assert 0.5 < patch.shape.axis_ratio < 0.95


def test_stars_alone_are_no_patch():
    image, x, y = sky_image()
    rng = np.random.default_rng(8)
    for _ in range(150):
        sx, sy = rng.uniform(10, COLUMNS - 10), rng.uniform(10, ROWS - 10)
        image += (3e3 / 12.0 * np.exp(-0.5 * ((x - sx) ** 2 + (y - sy) ** 2) / 1.9)).astype(np.float32)
    assert large_patches(coadds_of_image(image)) == []


def test_an_image_without_data_has_none():
    assert large_patches(coadds_of_image(np.full((ROWS, COLUMNS), np.nan))) == []
