"""Images of one scan are joined where, and only where, they hold the same pixels."""

import numpy as np
import pytest

from app.instruments.bands import Band
from app.sky.projection import SinProjection
from workers.reduction.frames.products import AtlasImage
from workers.reduction.images.psf import terms
from workers.reduction.images.strips import MOST_IMAGES, join_images

HEIGHT, STEP = 120, 100


def _images(count, levels=None, shift=0.0):
    rng = np.random.default_rng(3)
    whole = rng.normal(100.0, 1.0, (STEP * count + HEIGHT - STEP, 60)).astype(np.float32)
    made = []
    for n in range(count):
        row = STEP * n
        # Every image has its own tangent point, a whole number of pixels from that of the first.
        projection = SinProjection.from_rotation(
            284.0 + shift * n / 3600, 1.4 + row / 3600, 29.5, 59.5, -1 / 3600, 1 / 3600
        )
        pixels = whole[row : row + HEIGHT] + np.float32(levels[n] if levels else 0.0)
        made.append(AtlasImage(Band.J, n + 1, pixels, projection, 20.5))
    return whole, made


def test_neighbours_become_one_strip_at_one_level():
    whole, images = _images(3, levels=(0.0, -0.6, 8.8))
    (strip,) = join_images(images[::-1])
    assert strip.first_rows == (0, 100, 200)
    assert strip.bounds[1:3] == (109.5, 209.5)
    assert np.abs(strip.image.pixels_dn - whole).max() < 1e-3


@pytest.mark.parametrize("shift", [0.3, 1.0])
def test_images_of_another_grid_stay_alone(shift):
    assert [len(strip.parts) for strip in join_images(_images(2, shift=shift)[1])] == [1, 1]


def test_images_with_other_pixels_stay_alone():
    _, (first, second) = _images(2)
    second.pixels_dn[:20] += np.random.default_rng(5).normal(0.0, 1.0, (20, 60)).astype(np.float32)
    assert [len(strip.parts) for strip in join_images([first, second])] == [1, 1]


def test_a_long_scan_is_cut():
    _, images = _images(MOST_IMAGES + 2)
    assert [len(strip.parts) for strip in join_images(images)] == [MOST_IMAGES, 2]


def test_the_profile_of_a_tall_strip_has_a_power_of_y_for_each_image():
    place = np.array([10.0, 500.0])
    assert terms(place, place, 1, (1024, 512)).shape == (2, 3)
    assert terms(place, place, 1, (3934, 512)).shape == (2, 6)
