"""Rows of frames stacked on the grid of detection: every 2" pixel goes to the 2 x 2 pixels of 1" nearest to it."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from app.arrays import Integers, Singles
from workers.reduction.frames.values import FlatFrames, GeometryArrays
from workers.reduction.kernels.compiled import KERNEL
from workers.reduction.photometry.matched_filter import EDGE

RUN = 32  # frame pixels


class RowSums(NamedTuple):
    """Sums over frames for rows of the grid from `origin` on.

    Attributes
    ----------
    total, weight : float32 arrays (held rows * 2 * (halves + 8),)
        Flat: of each row the even columns, then the odd ones, EDGE halves around either, so that a run of frame
        pixels, which step by two columns, is contiguous.
    done : int64 array (frames,)
        Rows of each frame that are through.
    """

    total: Singles
    weight: Singles
    done: Integers


@njit(**KERNEL, inline="always")
def _add_run(frames: FlatFrames, source: int, weight: float, sums: RowSums, target: int, count: int) -> None:
    """Add a run of pixels to as many of the grid, weighted.

    Arrays are flat and indices unsigned: a view costs 5 ns a run, and signed indices are tested at every step.
    """
    unit = np.float32(weight)
    s = np.uint64(source)
    t = np.uint64(target)
    for x in range(count):
        k = np.uint64(x)
        good = unit if frames.flags[s + k] == 0 else np.float32(0.0)
        sums.total[t + k] += good * frames.pixels_dn[s + k]
        sums.weight[t + k] += good


@njit(**KERNEL, inline="always")
def add_rows(
    frames: FlatFrames, geometry: GeometryArrays, sums: RowSums, limit: float, grid: tuple[int, int, int]
) -> None:
    """Add the good pixels of all rows of frames below a limit to the lower left of their 2 x 2 pixels.

    Parameters
    ----------
    frames : FlatFrames
        Residual frames of a band.
    geometry : GeometryArrays
        Where they lie on the grid.
    sums : RowSums
        Gain the pixels.
    limit : float
        Grid row up to which rows of frames are added.
    grid : (int, int, int)
        Rows of the grid, half its columns, and the grid row with which the sums begin.
    """
    ny = frames.rows
    nx = frames.columns
    rows, halves, origin = grid
    matrix = geometry.matrix
    middle = 0.5 * (nx - 1)
    stride = halves + 2 * EDGE
    for i in range(frames.noise_dn.size):
        if frames.noise_dn[i] <= 0.0:
            continue
        w = np.float32(1.0 / (frames.noise_dn[i] * frames.noise_dn[i]))
        while sums.done[i] < ny:
            y = sums.done[i] if matrix[i, 1, 1] > 0.0 else ny - 1 - sums.done[i]
            py = y - 0.5 * (ny - 1)
            # Lower left of the 2 x 2 block whose centre is nearest, centres of pixels at integers: a floor.
            bx = geometry.x_arcsec[i] + matrix[i, 0, 1] * py
            by = geometry.y_arcsec[i] + matrix[i, 1, 1] * py
            if by >= limit:
                break
            sums.done[i] += 1
            for first in range(0, nx, RUN):
                # Along a row the block moves by two pixels a pixel and slips once or twice: a run shares one floor,
                # which is wrong by 0.1 of a pixel at its ends.
                count = min(RUN, nx - first)
                px = first + 0.5 * (count - 1) - middle
                bend = geometry.bend * (px * px + py * py)
                k = math.floor(bx + (matrix[i, 0, 0] + bend) * px - (count - 1))
                j = math.floor(by + matrix[i, 1, 0] * px + bend * py)
                if j >= 0 and j < rows and k >= 0 and k // 2 + count <= halves:
                    target = ((j - origin) * 2 + k % 2) * stride + EDGE + k // 2
                    _add_run(frames, (i * ny + y) * nx + first, w, sums, target, count)
