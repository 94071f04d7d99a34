"""The matched filter of detection: along rows of stacked frames as `detection` lays them out, then along columns.

Ten taps, written out: a loop over them reads and writes the sums ten times, 44 ms a band and pass instead of 15.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from app.arrays import Singles
from workers.reduction.kernels.compiled import KERNEL

FILTER_SIGMA_ARCSEC = 1.25  # a full width of 2.9"
TAPS = 10
BEFORE = TAPS // 2  # rows that the filter looks back
AHEAD = TAPS - 1 - BEFORE
EDGE = 4  # half columns beside the sums, for the filter


@njit(**KERNEL)
def filter_row(sums: Singles, row: int, halves: int, kernel: Singles, out: Singles, line: int) -> None:
    """Filter a row along x: from even and odd columns of `RowSums` to even and odd columns, without the edges.

    Parameters
    ----------
    sums : float32 array
        Flat rows of `RowSums`: even columns, then odd ones, EDGE halves around either.
    row : int
        Row of `sums`.
    halves : int
        Half the columns of the grid.
    kernel : float32 array (10,)
        Taps of the filter; it is symmetric: element k stands for 9 - k too.
    out : float32 array
        Flat rows of columns, even ones, then odd ones.
    line : int
        Row of `out` to fill.
    """
    p0 = kernel[0]
    p1 = kernel[1]
    p2 = kernel[2]
    p3 = kernel[3]
    p4 = kernel[4]
    stride = halves + 2 * EDGE
    e = np.uint64(2 * row * stride + EDGE - 2)
    o = np.uint64((2 * row + 1) * stride + EDGE - 3)
    even = np.uint64(line * 2 * halves)
    odd = np.uint64(line * 2 * halves + halves)
    next_half = np.uint64(1)
    for x in range(halves):
        k = np.uint64(x)
        e0 = sums[e + k]
        e1 = sums[e + k + next_half]
        e2 = sums[e + k + np.uint64(2)]
        e3 = sums[e + k + np.uint64(3)]
        e4 = sums[e + k + np.uint64(4)]
        o0 = sums[o + k]
        o1 = sums[o + k + next_half]
        o2 = sums[o + k + np.uint64(2)]
        o3 = sums[o + k + np.uint64(3)]
        o4 = sums[o + k + np.uint64(4)]
        o5 = sums[o + k + np.uint64(5)]
        out[even + k] = p1 * (e0 + o4) + p3 * (e1 + o3) + p4 * (e2 + o2) + p2 * (e3 + o1) + p0 * (e4 + o0)
        out[odd + k] = p0 * (e0 + o5) + p2 * (e1 + o4) + p4 * (e2 + o3) + p3 * (e3 + o2) + p1 * (e4 + o1)


@njit(**KERNEL)
def column_sums(lines: Singles, first: int, columns: int, kernel: Singles, out: Singles) -> None:
    """Filter along y: a row and the nine that follow it, to one row.

    Parameters
    ----------
    lines : float32 array
        Flat rows as `filter_row` leaves them.
    first : int
        The first row.
    columns : int
        Length of a row.
    kernel : float32 array (10,)
        Taps of the filter.
    out : float32 array (columns,)
        Becomes the filtered row.
    """
    p0 = kernel[0]
    p1 = kernel[1]
    p2 = kernel[2]
    p3 = kernel[3]
    p4 = kernel[4]
    base = np.uint64(first * columns)
    n = np.uint64(columns)
    for x in range(columns):
        k = base + np.uint64(x)
        out[x] = (
            p0 * (lines[k] + lines[k + np.uint64(9) * n]) + p1 * (lines[k + n] + lines[k + np.uint64(8) * n])
            + p2 * (lines[k + np.uint64(2) * n] + lines[k + np.uint64(7) * n])
            + p3 * (lines[k + np.uint64(3) * n] + lines[k + np.uint64(6) * n])
            + p4 * (lines[k + np.uint64(4) * n] + lines[k + np.uint64(5) * n])
        )  # fmt: skip


@njit(**KERNEL)
def ratio_row(top: Singles, low: Singles, line: Singles, precision: Singles) -> None:
    """Star's light and 1 over its error from the two sums of a row.

    Parameters
    ----------
    top, low : float32 arrays (columns,)
        Sums of light times filter and of filter squared, even columns, then odd ones; overwritten.
    line : float32 array (columns,)
        Becomes the light, DN, columns in order; 0 without data.
    precision : float32 array (columns,)
        Becomes 1 over the formal error; 0 without data.
    """
    halves = line.size // 2
    for x in range(top.size):
        good = low[x] > np.float32(1e-12)
        safe = low[x] if good else np.float32(1.0)
        top[x] = top[x] / safe if good else np.float32(0.0)
        low[x] = np.sqrt(safe) if good else np.float32(0.0)
    for m in range(halves):
        line[2 * m] = top[m]
        line[2 * m + 1] = top[halves + m]
        precision[2 * m] = low[m]
        precision[2 * m + 1] = low[halves + m]


def matched_kernel(sigma_arcsec: float = FILTER_SIGMA_ARCSEC) -> Singles:
    """Share along one axis of a Gaussian star in a 2" pixel whose lower 1" half lies -5 to 4 arcsec from the star.

    The pixel's two halves are taken as its whole content: the width of the pixel is in it.
    """
    offset = np.arange(-6, 7)
    profile = np.exp(-0.5 * (offset / sigma_arcsec) ** 2)
    profile /= profile.sum()
    return (profile[1:-2] + profile[2:-1]).astype(np.float32)
