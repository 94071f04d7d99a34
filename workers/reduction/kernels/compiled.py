"""Options of the compiled kernels and the small numerical helpers that they share.

`error_model="numpy"` because Python's zero-division checks stand in the loops and stop vectorisation. Of the
fast-math flags `nnan` and `ninf` are left out: with them a test for NaN is folded away and masks vanish silently.
No kernel runs in parallel threads, so the same input gives the same bytes on the same machine. `forceinline` belongs
to that: numba keeps a copy of a called kernel with each caller, optimised once more, under one name, and the copy that
a process happens to load first serves all; the process that compiled gave other last bits than those that load the
cache. Inlined there is one: at 0.98 of the CPU time, for 8 % more of compiling. For the same reason kernels square by
a product: numba makes `x ** 2` a helper function that a process keeps with the fast-math flags of whichever kernel
needed one first. After kernels of other options (`app.observatory`), 22 of 293 Read_1 apertures had another last bit.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from app.arrays import Bools, Flags, Singles

KERNEL: dict[str, Any] = {
    "cache": True,
    "error_model": "numpy",
    "fastmath": {"nsz", "arcp", "contract", "afn", "reassoc"},
    "nogil": True,
    "forceinline": True,
}
PLAIN: dict[str, Any] = {**KERNEL, "fastmath": False}
"""Options of kernels that add and round in the order in which they are written, as numpy and plain Python do."""
BORROWING: dict[str, Any] = {**KERNEL, "_nrt": False}
"""Options of kernels that take named tuples of arrays and allocate nothing.

numba counts the references to an array, by an atomic operation of 5 ns, wherever a name is bound to it: also to each
array of a tuple that is handed on. Fits took 2.2 times as long by that, and 0.85 times without any counting. Arrays are
then merely borrowed from the caller: numba refuses to compile a kernel that allocates.
"""
SATURATED = np.uint8(2)  # PixelFlag.SATURATED, of a type that the compiled loops need no conversion from


@njit(**KERNEL)
def any_flagged(flags: Flags, wanted: np.uint8) -> bool:
    """Whether any pixel of a row has one of the given flags: 32 at a time, where a test a pixel takes 1 ns.

    Parameters
    ----------
    flags : uint8 array (n,)
        `PixelFlag` bits.
    wanted : uint8
        Bits to look for.

    Examples
    --------
    >>> flags = np.array([0, 4, 1], np.uint8)
    >>> any_flagged(flags, np.uint8(5)), any_flagged(flags, np.uint8(2))
    (True, False)
    """
    found = np.uint8(0)
    for x in range(flags.size):
        found |= flags[x]
    return bool((found & wanted) != 0)


@njit(**KERNEL)
def select(values: Singles, count: int, rank: int) -> float:
    """Value of the given rank among the first `count` entries (quickselect); reorders `values`.

    Without branches on the values, which cannot be predicted: 400 numbers take 2 us instead of 5.

    Parameters
    ----------
    values : float32 array
        Finite numbers.
    count : int
        Entries that count.
    rank : int
        0 for the smallest.

    Examples
    --------
    >>> select(np.array([5.0, 1.0, 4.0, 2.0], np.float32), 4, 1)
    2.0
    """
    low = 0
    high = count - 1
    while low < high:
        # Unsigned: of an index that may be negative each step tests the sign.
        first = values[np.uint64(low)]
        middle = values[np.uint64((low + high) >> 1)]
        pivot = max(min(first, middle), min(max(first, middle), values[np.uint64(high)]))
        store = low
        for i in range(low, high + 1):
            v = values[np.uint64(i)]
            values[np.uint64(i)] = values[np.uint64(store)]
            values[np.uint64(store)] = v
            store += 1 if v < pivot else 0
        if rank < store:
            high = store - 1
            continue
        start = store
        for i in range(start, high + 1):
            v = values[np.uint64(i)]
            values[np.uint64(i)] = values[np.uint64(store)]
            values[np.uint64(store)] = v
            store += 1 if v <= pivot else 0
        if rank < store:
            return float(pivot)
        # The pivot itself is through; a NaN would not be.
        low = max(store, low + 1)
    return float(values[rank])


@njit(**KERNEL)
def clipped_statistics(values: Singles, count: int) -> tuple[float, float, float]:
    """Median, mean and scatter of the first `count` values after clipping; reorders `values`.

    The scatter starts from the lower half (median minus the 15.9 % quantile), which stars hardly touch, and five
    rounds of clipping at 2.5 of it follow.

    Parameters
    ----------
    values : float32 array
        Finite numbers.
    count : int
        Entries that count.

    Returns
    -------
    median, mean, scatter : float
        NaN for fewer than 8 values.

    Examples
    --------
    >>> values = np.r_[np.arange(20.0), 1e6].astype(np.float32)
    >>> [round(value, 2) for value in clipped_statistics(values, 21)[:2]]
    [10.0, 9.5]
    """
    if count < 8:
        return np.nan, np.nan, np.nan
    median = select(values, count, count // 2)
    # What lies below the median is in front of it now.
    sigma = median - select(values, count // 2, int(0.1587 * count))
    mean = median
    for _ in range(5):
        total = 0.0
        squares = 0.0
        kept = 0
        for i in range(count):
            v = values[i]
            if abs(v - median) <= 2.5 * sigma:
                values[i] = values[np.uint64(kept)]
                values[np.uint64(kept)] = v
                kept += 1
                total += v - median
                squares += (v - median) * (v - median)
        if kept < 8:
            break
        mean = median + total / kept
        # A normal distribution cut at +-2.5 sigma has a scatter of 0.952 sigma.
        narrower = math.sqrt(max(squares / kept - (mean - median) * (mean - median), 0.0)) / 0.952
        median = select(values, kept, kept // 2)
        done = narrower > 0.98 * sigma
        sigma = min(narrower, sigma)
        if done:
            break
    return median, mean, sigma


@njit(**KERNEL)
def convolve(
    image: Singles,
    usable: Bools,
    kernel: Singles,
    out: Singles,
) -> None:
    """Correlate an image with a small kernel; unusable pixels count as zero.

    Parameters
    ----------
    image : float32 array (ny, nx)
        DN above the sky.
    usable : bool array (ny, nx)
        Pixels with data.
    kernel : float32 array (n, n)
        n is odd.
    out : float32 array (ny, nx)
        Becomes the correlation.
    """
    ny, nx = image.shape
    size = kernel.shape[0]
    half = size // 2
    clean = np.zeros((ny + 2 * half, nx + 2 * half), np.float32)
    for y in range(ny):
        for x in range(nx):
            if usable[y, x]:
                clean[y + half, x + half] = image[y, x]
    for y in range(ny):
        row = out[y]
        for x in range(nx):
            row[x] = np.float32(0.0)
        for j in range(size):
            source = clean[y + j]
            for i in range(size):
                weight = kernel[j, i]
                for x in range(nx):
                    row[x] += weight * source[x + i]
