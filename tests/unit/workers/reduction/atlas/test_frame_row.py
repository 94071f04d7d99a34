"""One row of a frame made ready: level, variance, places and areas of overlap, each against numpy."""

from __future__ import annotations

import numpy as np
import pytest

from workers.reduction.atlas.frame_row import empty_row, level_row, place_row, share_row, weigh_row
from workers.reduction.atlas.values import FrameLight, FramePlaces
from workers.reduction.frames.geometry import FrameGeometry

ROWS, COLUMNS = 40, 53
LEVEL = np.array([3.0, -2.0, 1.5, 0.7, -0.4, 0.9])


@pytest.fixture(scope="module")
def frames():
    rng = np.random.default_rng(5)
    pixels = rng.uniform(90.0, 200.0, (2, ROWS, COLUMNS)).astype(np.float32)
    flags = (rng.random(pixels.shape) < 0.1).astype(np.uint8) * 4
    noise, background = np.array([5.0, 7.0], np.float32), np.array([100.0, 120.0], np.float32)
    return FrameLight(pixels, flags, noise, background, np.stack([0.0 * LEVEL, LEVEL]), 0.125)


def places_of(matrix, x=0.0, y=0.0, cubic=0.0):
    return FramePlaces(np.array([x]), np.array([y]), np.asarray(matrix, float)[None], cubic, 5, 4.0)


def placed(places, from_middle, columns=COLUMNS):
    row = empty_row(columns)
    row.usable[:] = 1.0
    place_row(places, 0, from_middle, row)
    return row


def test_the_polynomial_is_subtracted(frames):
    row = empty_row(COLUMNS)
    level_row(frames, 1, 7, row)
    v = 2.0 * 7.5 / ROWS - 1.0
    u = 2.0 * (np.arange(COLUMNS) + 0.5) / COLUMNS - 1.0
    terms = np.stack([np.ones_like(u), u, v + 0.0 * u, u * u, u * v, v * v + 0.0 * u])
    np.testing.assert_allclose(row.light, frames.pixels[1, 7] - LEVEL @ terms, rtol=1e-6)
    np.testing.assert_array_equal(row.usable, frames.flags[1, 7] == 0)
    level_row(frames, 0, 7, row)
    np.testing.assert_array_equal(row.light, frames.pixels[0, 7])


def test_light_above_the_background_has_its_own_noise(frames):
    row = empty_row(COLUMNS)
    level_row(frames, 1, 0, row)
    weigh_row(frames, 1, row)
    expected = 49.0 + 0.125 * np.maximum(row.light - 120.0, 0.0)
    np.testing.assert_allclose(row.variance, expected, rtol=1e-6)
    assert (row.variance >= 49.0).all()
    assert (row.variance == 49.0).any()


def test_corners_lie_where_the_geometry_says():
    """Against FrameGeometry, of an array of 256: turn, scale, and distortion."""
    turn = np.radians(0.23)
    matrix = 2.001 * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    geometry = FrameGeometry(np.array([250.3]), np.array([310.8]), matrix, np.zeros(1), -0.2, size_pix=256)
    places = places_of(matrix, 250.3, 310.8, geometry.bend)
    columns = np.arange(256)
    for y in (0, 100, 255):
        row = placed(places, y - 127.5, 256)
        u, v = geometry.to_uscan(np.zeros(256, int), columns, np.full(256, y))
        # A square is 2 x 2: its corner lies one pixel off its middle, and pixel k spans [k, k + 1] from k - 0.5.
        np.testing.assert_allclose(row.column + row.left, u - 1.0 + 0.5, atol=2e-5)
        np.testing.assert_allclose(row.row + row.low, v - 1.0 + 0.5, atol=2e-5)
        assert ((row.left >= 0.0) & (row.left <= 1.0) & (row.low >= 0.0) & (row.low <= 1.0)).all()
        slips = (np.diff(row.column) != 2) | (np.diff(row.row) != 0)
        np.testing.assert_array_equal(row.slips[1:256], slips)
        assert 0 < slips.sum() < 5


def test_slips_are_padded_to_whole_words():
    for columns in (1, 8, 53):
        row = empty_row(columns)
        assert row.slips.size % 8 == 0
        assert row.slips.size - columns < 8
        assert not row.slips.any()


def overlap(low, high, edges):
    """Length of [low, high] within each of three unit cells."""
    return [max(min(high, e + 1.0) - max(low, e), 0.0) for e in edges]


@pytest.mark.parametrize(("left", "low"), [(0.0, 0.0), (0.3, 0.8), (0.999, 0.5)])
def test_areas_of_squares_along_the_axes_are_exact(left, low):
    row = empty_row(1)
    row.usable[0], row.left[0], row.low[0] = 1.0, left, low
    share_row(row, 0.0, 0.0)
    across, along = (overlap(corner, corner + 2.0, (0.0, 1.0, 2.0)) for corner in (left, low))
    np.testing.assert_allclose(row.shares.reshape(3, 3), np.outer(along, across), atol=2e-7)


@pytest.mark.parametrize("lean", [0.002, -0.004, 0.01])
def test_areas_of_turned_squares_are_good_to_second_order(lean):
    """Against squares sampled 400 times a strip pixel each way; the corner is that of the untilted square."""
    rng = np.random.default_rng(8)
    row = empty_row(20)
    row.usable[:], row.left[:], row.low[:] = 1.0, rng.uniform(0.05, 0.95, 20), rng.uniform(0.05, 0.95, 20)
    share_row(row, -lean, lean)
    shares = row.shares.reshape(3, 3, 20)
    ticks = (np.arange(1200) + 0.5) / 400.0
    x, y = np.meshgrid(ticks, ticks)
    for k in range(20):
        dx, dy = x - row.left[k] - 1.0, y - row.low[k] - 1.0
        inside = (np.abs(dx + lean * dy) < 1.0) & (np.abs(dy - lean * dx) < 1.0)
        areas = inside.reshape(3, 400, 3, 400).mean(axis=(1, 3))
        np.testing.assert_allclose(shares[:, :, k], areas, atol=lean**2 + 2.5e-3)
    # Middle and sides together: no light is lost or made.
    np.testing.assert_allclose(row.shares.reshape(9, 20).sum(axis=0), 4.0, atol=3 * abs(lean))


def test_flagged_pixels_have_no_area():
    row = empty_row(2)
    row.usable[:], row.left[:], row.low[:] = [0.0, 1.0], 0.4, 0.6
    share_row(row, 0.004, -0.004)
    assert (row.shares.reshape(9, 2)[:, 0] == 0.0).all()
    assert (row.shares.reshape(9, 2)[:, 1] > 0.0).all()
