"""The inner loops of the coadd: rows of frames spread over sums of output pixels by their areas of overlap."""

from __future__ import annotations

import numpy as np
from numba import njit

from app.arrays import Flags, Integers, Singles
from workers.reduction.atlas.frame_row import empty_row, level_row, place_row, share_row, weigh_row
from workers.reduction.atlas.values import PADDING, FrameLight, FramePlaces, FrameRow, Sums, Window
from workers.reduction.kernels.compiled import KERNEL


@njit(**KERNEL, inline="always")
def _add(place: int, share: float, light: float, variance: float, sums: Sums) -> None:
    """Add one share of a pixel to one output pixel."""
    sums.total[place] += share * light
    sums.weight[place] += share
    sums.variance[place] += share * share * variance


@njit(**KERNEL)
def _spread_run(
    row: FrameRow, share: Singles, run: tuple[int, int], target: tuple[int, int], sums: Sums
) -> None:
    """Add a run of pixels, whose corners step by exactly two columns, to one output row of their squares.

    `share` are the three parts of that row, `run` is the first pixel and their number. Left and right columns of the
    squares are of one parity, contiguous in the sums from `target[0]` on, and fall on each other; middle ones lie from
    `target[1]` on. Indices are unsigned: one that may be negative is tested at every step, and the loop no longer
    vectorises.
    """
    light = row.light
    variance = row.variance
    total = sums.total
    weight = sums.weight
    spread = sums.variance
    n = np.uint64(light.size)
    step = np.uint64(1)
    x0 = np.uint64(run[0])
    count = run[1]
    a0 = np.uint64(target[0])
    b0 = np.uint64(target[1])
    for k in range(count):
        x = x0 + np.uint64(k)
        b = b0 + np.uint64(k)
        s = share[x + n]
        total[b] += s * light[x]
        weight[b] += s
        spread[b] += s * s * variance[x]
    _add(a0, share[x0], light[x0], variance[x0], sums)
    for k in range(1, count):
        x = x0 + np.uint64(k)
        a = a0 + np.uint64(k)
        s = share[x]
        r = share[x + n + n - step]
        total[a] += s * light[x] + r * light[x - step]
        weight[a] += s + r
        spread[a] += s * s * variance[x] + r * r * variance[x - step]
    x = x0 + np.uint64(count - 1)
    _add(a0 + np.uint64(count), share[x + n + n], light[x], variance[x], sums)


@njit(**KERNEL)
def _end_of_run(slips: Flags, words: Integers, first: int, nx: int) -> int:
    """First pixel after `first` whose corner slips; `words` are the slips, eight at a time."""
    last = first + 1
    while last < nx and slips[last] == 0:
        last += 8 if last % 8 == 0 and words[last // 8] == 0 else 1
    return min(last, nx)


@njit(**KERNEL)
def _within_padding(row: FrameRow, first: int, last: int, halves: int) -> tuple[int, int]:
    """Cut the pixels off the ends of a run whose squares leave the padding: first pixel and number of the rest."""
    start = first
    while start < last and row.column[start] < -2 * PADDING:
        start += 1
    end = last
    while end > start and row.column[end - 1] + 2 >= 2 * halves + 2 * PADDING - 1:
        end -= 1
    return start, end - start


@njit(**KERNEL)
def _spread_row(row: FrameRow, window: Window, sums: Sums) -> None:
    """Add a row of a frame to the sums.

    Along a row of a frame corners slip against a step of two columns, or to another row, once or twice: between the
    slips everything is a vector operation.
    """
    nx = row.light.size
    stride = window.halves + 2 * PADDING
    words = row.slips.view(np.uint64)
    first = 0
    while first < nx:
        last = _end_of_run(row.slips, words, first, nx)
        run = _within_padding(row, first, last, window.halves)
        if run[1] > 0:
            k = row.column[run[0]] + 2 * PADDING
            for q in range(3):
                y = row.row[first] + q
                if 0 <= y < window.rows:
                    base = 2 * (y - window.origin) * stride
                    target = base + k % 2 * stride + k // 2, base + (k + 1) % 2 * stride + (k + 1) // 2
                    _spread_run(row, row.shares[3 * q * nx : 3 * (q + 1) * nx], run, target, sums)
        first = last


@njit(**KERNEL)
def drizzle(frames: FrameLight, places: FramePlaces, window: Window, done: Integers, sums: Sums) -> None:
    """Spread the rows of all frames below a window's limit over its sums.

    Parameters
    ----------
    frames : FrameLight
        Frames of a band.
    places : FramePlaces
        Where they lie on the strip.
    window : Window
        Rows of the strip whose sums are in work.
    done : int64 array (n,)
        Rows of each frame that are through, in the order along the strip; goes on from window to window.
    sums : Sums
        Added to.
    """
    n, ny, nx = frames.pixels.shape
    row = empty_row(nx)
    for i in range(n):
        if frames.noise[i] <= 0.0:
            continue
        matrix = places.matrix[i]
        while done[i] < ny:
            y = done[i] if matrix[1, 1] > 0.0 else ny - 1 - done[i]
            from_middle = y - 0.5 * (ny - 1)
            height = places.y[i] + matrix[1, 1] * from_middle - 0.5
            if height >= window.limit:
                break
            done[i] += 1
            if height < -places.spill - 3.0:
                continue
            level_row(frames, i, y, row)
            weigh_row(frames, i, row)
            place_row(places, i, from_middle, row)
            share_row(row, matrix[0, 1] / matrix[1, 1], matrix[1, 0] / matrix[0, 0])
            _spread_row(row, window, sums)
