"""Rows of frames spread over sums: against one pixel after the other, in one window or in many."""

from __future__ import annotations

import numpy as np
import pytest

from workers.reduction.atlas.drizzle import _end_of_run, _spread_row, _within_padding, drizzle
from workers.reduction.atlas.frame_row import empty_row, level_row, place_row, share_row, weigh_row
from workers.reduction.atlas.values import PADDING, FrameLight, FramePlaces, Sums, Window

SIZE, HALVES, STRIP_ROWS = 48, 60, 130
STRIDE = HALVES + 2 * PADDING


def frames_of(count, seed=3):
    rng = np.random.default_rng(seed)
    pixels = rng.uniform(50.0, 150.0, (count, SIZE, SIZE)).astype(np.float32)
    flags = (rng.random(pixels.shape) < 0.05).astype(np.uint8)
    noise = np.full(count, 4.0, np.float32)
    return FrameLight(pixels, flags, noise, np.full(count, 80.0, np.float32), np.zeros((count, 6)), 0.1)


def places_of(count, *, turn_deg=0.4, flip=1.0, x=60.0):
    turn = np.radians(turn_deg)
    matrix = 2.0 * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix[:, 1] *= flip
    y = 20.3 + 30.7 * np.arange(count)
    return FramePlaces(np.full(count, x) + 0.37, y, np.tile(matrix, (count, 1, 1)), 1e-7, 3, 4.0)


def sums_of(rows=STRIP_ROWS):
    return Sums(*(np.zeros(2 * rows * STRIDE, np.float32) for _ in range(3)))


def in_order(plane, rows=STRIP_ROWS):
    """A plane of sums as rows and columns, padding cut off."""
    halves = plane.reshape(rows, 2, STRIDE)[:, :, PADDING:-PADDING]
    return halves.transpose(0, 2, 1).reshape(rows, 2 * HALVES)


def ready_row(frames, places, i, y):
    row = empty_row(SIZE)
    from_middle = y - 0.5 * (SIZE - 1)
    level_row(frames, i, y, row)
    weigh_row(frames, i, row)
    place_row(places, i, from_middle, row)
    matrix = places.matrix[i]
    share_row(row, matrix[0, 1] / matrix[1, 1], matrix[1, 0] / matrix[0, 0])
    return row


def one_by_one(rows):
    """What rows of frames add to the strip, pixel after pixel and share after share."""
    out = np.zeros((3, STRIP_ROWS, 2 * HALVES))
    for row in rows:
        shares = row.shares.reshape(3, 3, SIZE).astype(float)
        for x in range(SIZE):
            for q in range(3):
                for p in range(3):
                    j, i = row.row[x] + q, row.column[x] + p
                    if 0 <= j < STRIP_ROWS and 0 <= i < 2 * HALVES:
                        s = shares[q, p, x]
                        out[:, j, i] += s * row.light[x], s, s * s * row.variance[x]
    return out


# In the middle, over the left and the right edge, and beyond the padding on both sides.
@pytest.mark.parametrize("x", [60.0, 5.0, 118.0, -30.0, 150.0])
def test_a_row_is_spread_as_pixel_after_pixel(x):
    frames, places = frames_of(1), places_of(1, x=x)
    row, sums = ready_row(frames, places, 0, 24), sums_of()
    assert row.slips.any()
    _spread_row(row, Window(0, STRIP_ROWS, STRIP_ROWS, HALVES), sums)
    for plane, expected in zip(sums, one_by_one([row]), strict=True):
        np.testing.assert_allclose(in_order(plane), expected, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("flip", [1.0, -1.0])
def test_all_rows_of_all_frames_are_spread_once(flip):
    """Also those of an array that is read from north to south."""
    frames, places, sums = frames_of(3), places_of(3, flip=flip), sums_of()
    done = np.zeros(3, np.int64)
    drizzle(frames, places, Window(0, 10 * STRIP_ROWS, STRIP_ROWS, HALVES), done, sums)
    assert (done == SIZE).all()
    rows = [ready_row(frames, places, i, y) for i in range(3) for y in range(SIZE)]
    for plane, expected in zip(sums, one_by_one(rows), strict=True):
        np.testing.assert_allclose(in_order(plane), expected, rtol=2e-5, atol=2e-3)


def test_windows_go_on_where_the_last_one_stopped():
    frames, places, whole = frames_of(3), places_of(3), sums_of()
    drizzle(frames, places, Window(0, 10 * STRIP_ROWS, STRIP_ROWS, HALVES), np.zeros(3, np.int64), whole)
    block, parts, done = 16, [], np.zeros(3, np.int64)
    held = block + 2 * places.spill + 4
    sums = sums_of(held)
    for first in range(0, STRIP_ROWS, block):
        drizzle(frames, places, Window(first, first + block + 3, STRIP_ROWS, HALVES), done, sums)
        rows = min(block, STRIP_ROWS - first)
        parts.append([in_order(plane, held)[:rows].copy() for plane in sums])
        for plane in sums:
            plane[: (held - block) * 2 * STRIDE] = plane[block * 2 * STRIDE :].copy()
            plane[(held - block) * 2 * STRIDE :] = 0.0
    for number, plane in enumerate(whole):
        joined = np.concatenate([part[number] for part in parts])
        np.testing.assert_allclose(joined, in_order(plane), rtol=1e-5, atol=1e-3)


def test_frames_without_pixels_add_nothing():
    frames, sums, done = frames_of(2), sums_of(), np.zeros(2, np.int64)
    frames.noise[:] = 0.0
    drizzle(frames, places_of(2), Window(0, 10 * STRIP_ROWS, STRIP_ROWS, HALVES), done, sums)
    assert not any(plane.any() for plane in sums)
    assert not done.any()


def test_runs_end_where_a_corner_slips():
    rng = np.random.default_rng(2)
    for _ in range(50):
        slips = np.zeros(56, np.uint8)
        slips[1 + rng.choice(52, rng.integers(0, 4), replace=False)] = 1
        edges, first = [0], 0
        while first < 53:
            first = _end_of_run(slips, slips.view(np.uint64), first, 53)
            edges.append(first)
        assert edges == [0, *np.flatnonzero(slips), 53]


def test_ends_of_runs_beyond_the_padding_are_cut():
    row = empty_row(SIZE)
    row.column[:] = -40 + 2 * np.arange(SIZE)
    assert _within_padding(row, 0, SIZE, HALVES) == (12, SIZE - 12)  # from column -16 on
    assert _within_padding(row, 0, SIZE, 10) == (12, 25)  # squares must end before column 35
    assert _within_padding(row, 0, 10, HALVES)[1] == 0
