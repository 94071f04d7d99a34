"""The inner loops of the coadd: rows of frames spread over sums of output pixels by their areas of overlap."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from app.arrays import Doubles, Flags, Integers, Singles
from workers.reduction.kernels.compiled import KERNEL

PADDING = 8  # half columns beside the strip, so that squares over its edge need no test


@njit(**KERNEL)
def _place_row(
    pixels: Singles,
    flags: Flags,
    level: Doubles,
    y: int,
    x0: float,
    y0: float,
    matrix: Doubles,
    cubic: float,
    line: Singles,
    good: Singles,
    left: Singles,
    low: Singles,
    column: NDArray[np.int32],
    row: NDArray[np.int32],
    mark: Flags,
) -> None:
    """Levelled values of a row of a frame, and where the lower left corners of its pixels' squares fall.

    Squares are 2 x 2 output pixels; output pixel k spans [k, k + 1]. `column`, `row` are whole parts of the corner,
    `left`, `low` the rest. `mark` is 1 where a corner slips against its left neighbour's: not two columns on, or in
    another row.
    """
    ny, nx = pixels.shape
    py = y - 0.5 * (ny - 1)
    v = 2.0 * (y + 0.5) / ny - 1.0
    level0 = np.float32(level[0] + level[2] * v + level[5] * v * v)
    level1 = np.float32(level[1] + level[4] * v)
    level2 = np.float32(level[3])
    base_x = x0 + matrix[0, 1] * py - 0.5
    base_y = y0 + matrix[1, 1] * py - 0.5
    for x in range(nx):
        px = x - 0.5 * (nx - 1)
        bend = cubic * (px * px + py * py)
        a = base_x + (matrix[0, 0] + bend) * px
        b = base_y + matrix[1, 0] * px + bend * py
        k = np.floor(a)
        j = np.floor(b)
        column[x] = np.int32(k)
        row[x] = np.int32(j)
        left[x] = np.float32(a - k)
        low[x] = np.float32(b - j)
        u = np.float32(2.0 * (x + 0.5) / nx - 1.0)
        good[x] = np.float32(1.0) if flags[y, x] == 0 else np.float32(0.0)
        line[x] = pixels[y, x] - (level0 + u * (level1 + level2 * u))
    for x in range(1, nx):
        mark[x] = np.uint8(column[x] - column[x - 1] != 2) | np.uint8(row[x] != row[x - 1])


@njit(**KERNEL)
def _share_row(
    good: Singles, left: Singles, low: Singles, lean_x: float, lean_y: float, share: Singles
) -> None:
    """Areas of overlap of a row's squares with their 3 x 3 output pixels, 0 for flagged pixels.

    `share` is flat: the row's pixels for lower left, lower middle, lower right, middle left and so on.
    """
    one = np.float32(1.0)
    half = np.float32(0.5)
    zero = np.float32(0.0)
    tilt_x = np.float32(lean_x)
    tilt_y = np.float32(lean_y)
    n = np.uint64(good.size)
    for k in range(good.size):
        x = np.uint64(k)
        fx = left[k]
        fy = low[k]
        g = good[k]
        # Sides tilt: in each row and column they are taken at the middle of the part that lies there.
        right0 = min(max(fx - tilt_x * half * (one + fy), zero), one)
        right1 = min(max(fx + tilt_x * (half - fy), zero), one)
        right2 = min(max(fx + tilt_x * (one - half * fy), zero), one)
        top0 = g * min(max(fy - tilt_y * half * (one + fx), zero), one)
        top1 = g * min(max(fy + tilt_y * (half - fx), zero), one)
        top2 = g * min(max(fy + tilt_y * (one - half * fx), zero), one)
        share[x] = (g - top0) * (one - right0)
        share[x + n] = g - top1
        share[x + np.uint64(2) * n] = (g - top2) * right0
        share[x + np.uint64(3) * n] = g * (one - right1)
        share[x + np.uint64(4) * n] = g
        share[x + np.uint64(5) * n] = g * right1
        share[x + np.uint64(6) * n] = top0 * (one - right2)
        share[x + np.uint64(7) * n] = top1
        share[x + np.uint64(8) * n] = top2 * right2


@njit(**KERNEL, inline="always")
def _add_one(
    share: float, line: float, spread: float, place: int, total: Singles, weight: Singles, variance: Singles
) -> None:
    total[place] += share * line
    weight[place] += share
    variance[place] += share * share * spread


@njit(**KERNEL)
def _spread_run(
    line: Singles,
    spread: Singles,
    share: Singles,
    start: int,
    count: int,
    side: int,
    other: int,
    total: Singles,
    weight: Singles,
    variance: Singles,
) -> None:
    """Add pixels from `start` on, whose corners step by exactly two columns, to one output row of their squares.

    `share` are the three parts of that row. Left and right columns of the squares are of one parity, contiguous from
    `side` on, and fall on each other; middle ones lie from `other` on. Indices are unsigned: one that may be negative
    is tested at every step, and the loop no longer vectorises.
    """
    n = np.uint64(line.size)
    one = np.uint64(1)
    x0 = np.uint64(start)
    a0 = np.uint64(side)
    b0 = np.uint64(other)
    for k in range(count):
        x = x0 + np.uint64(k)
        b = b0 + np.uint64(k)
        s = share[x + n]
        total[b] += s * line[x]
        weight[b] += s
        variance[b] += s * s * spread[x]
    _add_one(share[x0], line[x0], spread[x0], a0, total, weight, variance)
    for k in range(1, count):
        x = x0 + np.uint64(k)
        a = a0 + np.uint64(k)
        s = share[x]
        r = share[x + n + n - one]
        total[a] += s * line[x] + r * line[x - one]
        weight[a] += s + r
        variance[a] += s * s * spread[x] + r * r * spread[x - one]
    x = x0 + np.uint64(count - 1)
    _add_one(share[x + n + n], line[x], spread[x], a0 + np.uint64(count), total, weight, variance)


@njit(**KERNEL)
def drizzle(
    pixels: Singles,
    flags: Flags,
    noise: Singles,
    background: Singles,
    levels: Doubles,
    x0: Doubles,
    y0: Doubles,
    matrix: Doubles,
    cubic: float,
    inverse_gain: float,
    done: Integers,
    limit: float,
    spill: float,
    origin: int,
    rows: int,
    halves: int,
    total: Singles,
    weight: Singles,
    variance: Singles,
) -> None:
    """Spread all rows of frames below `limit` over sums of output rows from `origin` on, of twice `halves` columns.

    x0, y0 are strip pixel coordinates of the arrays' middles, `done` counts the rows of each frame that are through.
    Sums are flat: of each row PADDING, the even columns, PADDING, then the odd ones likewise. Along a row of a frame
    corners slip against a step of two columns, or to another row, once or twice: between the slips everything is a
    vector operation.
    """
    n, ny, nx = pixels.shape
    stride = halves + 2 * PADDING
    line = np.empty(nx, np.float32)
    good = np.empty(nx, np.float32)
    spread = np.empty(nx, np.float32)
    left = np.empty(nx, np.float32)
    low = np.empty(nx, np.float32)
    share = np.empty(9 * nx, np.float32)
    column = np.empty(nx, np.int32)
    row = np.empty(nx, np.int32)
    mark = np.zeros((nx + 7) // 8 * 8, np.uint8)
    words = mark.view(np.uint64)
    ig = np.float32(inverse_gain)
    for i in range(n):
        if noise[i] <= 0.0:
            continue
        sky = np.float32(noise[i] * noise[i])
        lean_x = matrix[i, 0, 1] / matrix[i, 1, 1]
        lean_y = matrix[i, 1, 0] / matrix[i, 0, 0]
        while done[i] < ny:
            y = done[i] if matrix[i, 1, 1] > 0.0 else ny - 1 - done[i]
            height = y0[i] + matrix[i, 1, 1] * (y - 0.5 * (ny - 1)) - 0.5
            if height >= limit:
                break
            done[i] += 1
            if height < -spill - 3.0:
                continue
            _place_row(
                pixels[i], flags[i], levels[i], y, x0[i], y0[i], matrix[i], cubic,
                line, good, left, low, column, row, mark,
            )  # fmt: skip
            _share_row(good, left, low, lean_x, lean_y, share)
            for x in range(nx):
                spread[x] = sky + ig * max(line[x] - background[i], np.float32(0.0))
            first = 0
            while first < nx:
                last = first + 1
                while last < nx and mark[last] == 0:
                    last += 8 if last % 8 == 0 and words[last // 8] == 0 else 1
                last = min(last, nx)
                # Pixels whose squares leave the padding are cut off the run's ends.
                start = first
                while start < last and column[start] < -2 * PADDING:
                    start += 1
                end = last
                while end > start and column[end - 1] + 2 >= 2 * halves + 2 * PADDING - 1:
                    end -= 1
                if end > start:
                    k = column[start] + 2 * PADDING
                    for q in range(3):
                        target = row[first] + q
                        if 0 <= target < rows:
                            base = 2 * (target - origin) * stride
                            _spread_run(
                                line, spread, share[3 * q * nx : 3 * (q + 1) * nx], start, end - start,
                                base + k % 2 * stride + k // 2, base + (k + 1) % 2 * stride + (k + 1) // 2,
                                total, weight, variance,
                            )  # fmt: skip
                first = last
