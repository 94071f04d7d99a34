"""Coverage of the sky as sets of HEALPix cells: which cells pixels lie in, kept as ranges of the finest cells.

A coverage (a MOC, multi-order coverage map) is a tuple of half-open ranges of nested cells of order 29, sorted and
disjoint: what an `int8multirange` of PostgreSQL is. Cells of one order are runs of 4^(29 - order) of them, so coverages
of any orders unite, intersect and subtract without a thought of their orders.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from app.arrays import Bools, Integers
from app.sky.healpix import pixel_number
from app.sky.projection import SinProjection

FINEST_ORDER = 29
"""Order whose cells the ranges count: the finest that fits into 64 bits, cells of 0.4 milliarcsec."""
COVERAGE_ORDER = 14
"""Order of the coverage of scans: cells of 12.9". docs/releases.md says what that means for gaps and sizes."""
NARROWEST_CELL_PIX = 2.0
RADIANS_TO_ARCSEC = 180.0 / np.pi * 3600.0

Ranges = tuple[tuple[int, int], ...]
"""Half-open ranges of cells of order 29, sorted and disjoint."""


def cell_arcsec(order: int) -> float:
    """Side of a square as large as a HEALPix cell, arcsec.

    Parameters
    ----------
    order : int
        HEALPix order, 0 to 29.

    Examples
    --------
    >>> round(cell_arcsec(14), 2)
    12.88
    """
    return float(np.sqrt(np.pi / 3.0) / (1 << order) * RADIANS_TO_ARCSEC)


def ranges_of_cells(cells: Integers, order: int = COVERAGE_ORDER) -> Ranges:
    """Unite cells of one order to ranges.

    Parameters
    ----------
    cells : int64 array (n,)
        Nested HEALPix cells, in any order, repeated or not.
    order : int, optional
        Their order, 0 to 29.

    Examples
    --------
    >>> ranges_of_cells(np.array([7, 5, 6, 9]), order=29)
    ((5, 8), (9, 10))
    >>> ranges_of_cells(np.array([1]), order=28)
    ((4, 8),)
    """
    cells = np.unique(np.asarray(cells, np.int64))
    if not cells.size:
        return ()
    ends = np.flatnonzero(np.diff(cells) > 1)
    first, last = cells[np.r_[0, ends + 1]], cells[np.r_[ends, cells.size - 1]]
    shift = 2 * (FINEST_ORDER - order)
    return tuple(zip((first << shift).tolist(), ((last + 1) << shift).tolist(), strict=True))


def common_ranges(first: Ranges, second: Ranges) -> Ranges:
    """Part of the sky that two coverages share.

    Parameters
    ----------
    first, second : tuple of (int, int)
        Ranges of cells of order 29.

    Examples
    --------
    >>> common_ranges(((0, 10), (20, 30)), ((5, 22), (29, 40)))
    ((5, 10), (20, 22), (29, 30))
    """
    shared = []
    i = j = 0
    while i < len(first) and j < len(second):
        low, high = max(first[i][0], second[j][0]), min(first[i][1], second[j][1])
        if low < high:
            shared.append((low, high))
        if first[i][1] < second[j][1]:
            i += 1
        else:
            j += 1
    return tuple(shared)


def area_arcmin2(ranges: Ranges) -> float:
    """Solid angle of a coverage, square arc minutes.

    Parameters
    ----------
    ranges : tuple of (int, int)
        Ranges of cells of order 29.

    Examples
    --------
    The whole sky has 148,510,660 square arc minutes.

    >>> round(area_arcmin2(((0, 12 << 58),)))
    148510660
    """
    cells = sum(beyond - first for first, beyond in ranges)
    return cells / (12 << 2 * FINEST_ORDER) * 4.0 * np.pi * (RADIANS_TO_ARCSEC / 60.0) ** 2


def covered_cells(
    planes: Sequence[Bools], projection: SinProjection, order: int = COVERAGE_ORDER
) -> list[Integers]:
    """Cells in which the centre of a covered pixel lies: the rule of `MOC.from_fits_image` of mocpy.

    Parameters
    ----------
    planes : sequence of bool array (rows, columns)
        Pixels that have data, in images of one shape that lie on the same place, such as those of three bands.
    projection : SinProjection
        Array pixels to ICRS degrees, the same for all.
    order : int, optional
        HEALPix order of the cells.

    Returns
    -------
    list of int64 array
        Nested cells of each plane, sorted, each once.

    Raises
    ------
    ValueError
        Raised if cells of this order are less than two pixels wide: pixels would leave holes between them.

    Notes
    -----
    Not every pixel is asked, which would cost a tenth of a whole reduction: all within 0.8 cells of a pixel without
    data, and a lattice. A cell that has a covered pixel deeper inside has a disc of covered pixels around it, and the
    lattice is so fine that no disc is missed, wherever on the sky and however skewed the cell.
    """
    side = cell_arcsec(order) / projection.scale_arcsec
    if side < NARROWEST_CELL_PIX:
        raise ValueError(f"cells of order {order} are {side:.2f} pixels wide: two at least are wanted")
    step, margin = max(int(side / 3.2), 1), math.ceil(0.8 * side)
    asked = []
    for covered in planes:
        wanted = covered & ~_eroded(covered, margin)
        wanted[::step, ::step] |= covered[::step, ::step]
        asked.append(wanted.ravel())
    places = np.flatnonzero(np.logical_or.reduce(asked))
    y, x = np.divmod(places, planes[0].shape[1])
    cells = pixel_number(*projection.to_sky(x, y), order)
    return [_each_once(cells[wanted[places]]) for wanted in asked]


def _each_once(cells: Integers) -> Integers:
    """Sort cells and leave out repetitions, most of which follow one another and are cheap to find."""
    news = np.ones(cells.size, np.bool_)
    news[1:] = cells[1:] != cells[:-1]
    return np.unique(cells[news])


def _eroded(covered: Bools, margin: int) -> Bools:
    """Pixels around which all within a square of 2 `margin` + 1 are covered; beyond the array nothing is."""
    inner = covered.copy()
    for axis in (0, 1):
        # Runs of covered pixels that begin here, twice as long at every turn, then pushed to their middles.
        length = 1
        while length < 2 * margin + 1:
            reach = min(length, 2 * margin + 1 - length)
            inner = inner & _shifted(inner, reach, axis)
            length += reach
        inner = _shifted(inner, -margin, axis)
    return inner


def _shifted(covered: Bools, by: int, axis: int) -> Bools:
    """Value `by` places further along an axis; False from beyond the array."""
    moved = np.zeros_like(covered)
    to, source = (slice(None, -by), slice(by, None)) if by > 0 else (slice(-by, None), slice(None, by))
    if axis == 0:
        moved[to] = covered[source]
    else:
        moved[:, to] = covered[:, source]
    return moved
