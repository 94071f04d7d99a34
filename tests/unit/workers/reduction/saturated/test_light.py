"""Patches of Read_1: dark, flat, clipping, and bad pixels."""

from __future__ import annotations

import numpy as np
import pytest

from workers.reduction.saturated.light import light_of_patch
from workers.reduction.saturated.values import Read1Calibration

SHAPE = (20, 24)


@pytest.fixture
def frame():
    rng = np.random.default_rng(3)
    dark = rng.normal(1800.0, 10.0, SHAPE).astype(np.float32)
    flat = rng.normal(1.0, 0.05, SHAPE).astype(np.float32)
    read1 = rng.integers(1900, 15000, SHAPE).astype(np.uint16)
    saturation = np.full(SHAPE, 12000.0, np.float32)
    return read1, Read1Calibration(dark, flat, np.zeros(SHAPE, bool), saturation, np.float32(0.0))


def expected(read1, calibration):
    """Light of a whole frame without bad pixels."""
    level = np.minimum(read1.astype(float), calibration.saturation)
    return (level - calibration.dark) / calibration.flat


def patch(read1, calibration, low, left, rows, columns):
    out = np.empty((rows, columns))
    light_of_patch(read1, calibration, low, left, out)
    return out


@pytest.mark.parametrize("box", [(0, 0, 20, 24), (3, 5, 5, 5), (19, 23, 1, 1), (4, 4, 0, 7)])
def test_light_is_level_where_read_1_saturates(frame, box):
    low, left, rows, columns = box
    whole = expected(*frame)
    assert (frame[0] > 12000).any()
    np.testing.assert_allclose(
        patch(*frame, *box), whole[low : low + rows, left : left + columns], rtol=1e-12
    )


def test_bad_pixels_get_the_mean_of_their_good_neighbours(frame):
    read1, calibration = frame
    calibration.mask[7, 9] = calibration.mask[7, 10] = True  # two beside each other
    calibration.mask[0, 0] = True  # a corner has two neighbours
    whole, found = expected(read1, calibration), patch(read1, calibration, 0, 0, *SHAPE)
    assert found[7, 9] == pytest.approx((whole[6, 9] + whole[8, 9] + whole[7, 8]) / 3.0)
    assert found[7, 10] == pytest.approx((whole[6, 10] + whole[8, 10] + whole[7, 11]) / 3.0)
    assert found[0, 0] == pytest.approx((whole[1, 0] + whole[0, 1]) / 2.0)
    good = ~calibration.mask
    np.testing.assert_allclose(found[good], whole[good], rtol=1e-12)


def test_neighbours_outside_of_the_patch_count_too(frame):
    read1, calibration = frame
    calibration.mask[7, 9] = True
    whole = expected(read1, calibration)
    neighbours = whole[6, 9] + whole[8, 9] + whole[7, 8] + whole[7, 10]
    assert patch(read1, calibration, 7, 9, 1, 1)[0, 0] == pytest.approx(neighbours / 4.0)


def test_a_bad_pixel_among_bad_ones_has_no_light(frame):
    read1, calibration = frame
    calibration.mask[5:8, 5:8] = True
    assert patch(read1, calibration, 6, 6, 1, 1)[0, 0] == 0.0
