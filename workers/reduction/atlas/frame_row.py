"""One row of a frame made ready for the coadd: levelled, placed on the strip, and cut into areas of overlap."""

from __future__ import annotations

import numpy as np
from numba import njit

from workers.reduction.atlas.values import FrameLight, FramePlaces, FrameRow
from workers.reduction.kernels.compiled import KERNEL


@njit(**KERNEL)
def empty_row(columns: int) -> FrameRow:
    """Make room for a row of a frame.

    Parameters
    ----------
    columns : int
        Pixels of the row.
    """
    light = np.empty(columns, np.float32)
    usable = np.empty(columns, np.float32)
    variance = np.empty(columns, np.float32)
    column = np.empty(columns, np.int32)
    row = np.empty(columns, np.int32)
    left = np.empty(columns, np.float32)
    low = np.empty(columns, np.float32)
    slips = np.zeros((columns + 7) // 8 * 8, np.uint8)
    shares = np.empty(9 * columns, np.float32)
    return FrameRow(light, usable, variance, column, row, left, low, slips, shares)


@njit(**KERNEL)
def level_row(frames: FrameLight, i: int, y: int, out: FrameRow) -> None:
    """Subtract the frame's polynomial from a row; fill `light` and `usable`.

    Parameters
    ----------
    frames : FrameLight
        Frames of a band.
    i, y : int
        Index of the frame, and of its row.
    out : FrameRow
        The row to fill.
    """
    _, ny, nx = frames.pixels.shape
    pixels = frames.pixels[i, y]
    flags = frames.flags[i, y]
    level = frames.levels[i]
    v = 2.0 * (y + 0.5) / ny - 1.0
    level0 = np.float32(level[0] + level[2] * v + level[5] * v * v)
    level1 = np.float32(level[1] + level[4] * v)
    level2 = np.float32(level[3])
    for x in range(nx):
        u = np.float32(2.0 * (x + 0.5) / nx - 1.0)
        out.usable[x] = np.float32(1.0) if flags[x] == 0 else np.float32(0.0)
        out.light[x] = pixels[x] - (level0 + u * (level1 + level2 * u))


@njit(**KERNEL)
def weigh_row(frames: FrameLight, i: int, out: FrameRow) -> None:
    """Fill `variance` of a levelled row: that of the sky and of the light above the background.

    Parameters
    ----------
    frames : FrameLight
        Frames of a band.
    i : int
        Index of the frame.
    out : FrameRow
        The row to fill.
    """
    sky = np.float32(frames.noise[i] * frames.noise[i])
    inverse_gain = np.float32(frames.inverse_gain)
    background = frames.background[i]
    for x in range(out.light.size):
        out.variance[x] = sky + inverse_gain * max(out.light[x] - background, np.float32(0.0))


@njit(**KERNEL)
def place_row(places: FramePlaces, i: int, from_middle: float, out: FrameRow) -> None:
    """Find the corners of a row's squares; fill `column`, `row`, `left`, `low` and `slips`.

    Parameters
    ----------
    places : FramePlaces
        Where the frames lie on the strip.
    i : int
        Index of the frame.
    from_middle : float
        Rows from the array's middle.
    out : FrameRow
        The row to fill.
    """
    nx = out.light.size
    matrix = places.matrix[i]
    base_x = places.x[i] + matrix[0, 1] * from_middle - 0.5
    base_y = places.y[i] + matrix[1, 1] * from_middle - 0.5
    for x in range(nx):
        px = x - 0.5 * (nx - 1)
        bend = places.cubic * (px * px + from_middle * from_middle)
        a = base_x + (matrix[0, 0] + bend) * px
        b = base_y + matrix[1, 0] * px + bend * from_middle
        k = np.floor(a)
        j = np.floor(b)
        out.column[x] = np.int32(k)
        out.row[x] = np.int32(j)
        out.left[x] = np.float32(a - k)
        out.low[x] = np.float32(b - j)
    for x in range(1, nx):
        out.slips[x] = np.uint8(out.column[x] - out.column[x - 1] != 2) | np.uint8(
            out.row[x] != out.row[x - 1]
        )


@njit(**KERNEL)
def share_row(out: FrameRow, lean_x: float, lean_y: float) -> None:
    """Fill `shares` of a placed row: areas of overlap of its squares with 3 x 3 strip pixels, 0 for flagged pixels.

    Parameters
    ----------
    out : FrameRow
        The row to fill.
    lean_x, lean_y : float
        By how much the sides of a square lean: columns a row, and rows a column.
    """
    whole = np.float32(1.0)
    half = np.float32(0.5)
    zero = np.float32(0.0)
    tilt_x = np.float32(lean_x)
    tilt_y = np.float32(lean_y)
    share = out.shares
    n = np.uint64(out.usable.size)
    for k in range(out.usable.size):
        x = np.uint64(k)
        fx = out.left[k]
        fy = out.low[k]
        g = out.usable[k]
        # Sides tilt: in each row and column they are taken at the middle of the part that lies there.
        right0 = min(max(fx - tilt_x * half * (whole + fy), zero), whole)
        right1 = min(max(fx + tilt_x * (half - fy), zero), whole)
        right2 = min(max(fx + tilt_x * (whole - half * fy), zero), whole)
        top0 = g * min(max(fy - tilt_y * half * (whole + fx), zero), whole)
        top1 = g * min(max(fy + tilt_y * (half - fx), zero), whole)
        top2 = g * min(max(fy + tilt_y * (whole - half * fx), zero), whole)
        share[x] = (g - top0) * (whole - right0)
        share[x + n] = g - top1
        share[x + np.uint64(2) * n] = (g - top2) * right0
        share[x + np.uint64(3) * n] = g * (whole - right1)
        share[x + np.uint64(4) * n] = g
        share[x + np.uint64(5) * n] = g * right1
        share[x + np.uint64(6) * n] = top0 * (whole - right2)
        share[x + np.uint64(7) * n] = top1
        share[x + np.uint64(8) * n] = top2 * right2
