"""Cells of a HATS catalogue: how the sky is cut so that no file has many rows, and which place lies in which cell."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.arrays import Integers
from app.keys import HEALPIX_ORDER, SCAN_KEY_BITS, SEQUENCE_BITS
from app.sky.cell_margins import ring_cells
from app.sky.directions import spherical, unit_vectors
from app.sky.healpix import pixel_centres, pixel_number
from app.sky.moc import FINEST_ORDER, ranges_of_cells

DEEPEST_ORDER = 9
"""Order of the smallest cells: of 6.9', with a margin well below; the fullest one of the plane has 1,500 sources."""
DIRECTORY_CELLS = 10_000
"""Files of so many cells share a folder."""
KEY_BITS = SCAN_KEY_BITS + SEQUENCE_BITS
"""Bits of a source's key below its cell of order 12."""
# Rounding to six decimals moves a place by 2.6 milliarcsec at most.
_ROUNDED_RAD = np.radians(3e-3 / 3600.0)


class Cell(NamedTuple):
    """A cell of a catalogue: HEALPix order and nested number."""

    order: int
    pixel: int

    @property
    def path(self) -> str:
        """Place of its file below the folder `dataset`."""
        folder = self.pixel // DIRECTORY_CELLS * DIRECTORY_CELLS
        return f"Norder={self.order}/Dir={folder}/Npix={self.pixel}.parquet"

    @property
    def keys(self) -> tuple[int, int]:
        """Half-open range of the keys of its sources."""
        shift = 2 * (HEALPIX_ORDER - self.order) + KEY_BITS
        return self.pixel << shift, (self.pixel + 1) << shift

    @property
    def ring(self) -> list[tuple[int, int]]:
        """Ranges of keys of the cells of order 12 around it: 51.5" wide, so that they hold any margin of 10"."""
        cells = ring_cells(self.pixel, self.order, HEALPIX_ORDER)
        shift = 2 * (FINEST_ORDER - HEALPIX_ORDER)
        return [
            (low >> shift << KEY_BITS, beyond >> shift << KEY_BITS)
            for low, beyond in ranges_of_cells(cells, HEALPIX_ORDER)
        ]


def cells_of_counts(counts: Iterable[tuple[int, int]], most_rows: int) -> tuple[Cell, ...]:
    """Choose the cells of a catalogue: as large as they may be, none with more rows than wanted.

    Parameters
    ----------
    counts : iterable of (int, int)
        Cells of order 9 with their rows.
    most_rows : int
        Rows that a cell may have; one of order 9 may have more.

    Returns
    -------
    tuple of Cell
        Along the sky; together they hold all rows, and none is empty.

    Examples
    --------
    >>> cells_of_counts([(0, 3), (4 ** 9, 5)], 6)
    (Cell(order=0, pixel=0), Cell(order=0, pixel=1))
    >>> cells_of_counts([(0, 3), (1, 3), (4 ** 8, 1)], 5)[:2]
    (Cell(order=9, pixel=0), Cell(order=9, pixel=1))
    """
    levels: list[dict[int, int]] = [{} for _ in range(DEEPEST_ORDER + 1)]
    for smallest, rows in counts:
        for order in range(DEEPEST_ORDER + 1):
            pixel = smallest >> 2 * (DEEPEST_ORDER - order)
            levels[order][pixel] = levels[order].get(pixel, 0) + rows
    found: list[Cell] = []
    open_cells: list[Cell] = [Cell(0, number) for number in sorted(levels[0], reverse=True)]
    while open_cells:
        cell = open_cells.pop()
        if cell.order == DEEPEST_ORDER or levels[cell.order][cell.pixel] <= most_rows:
            found.append(cell)
            continue
        daughters = range(4 * cell.pixel + 3, 4 * cell.pixel - 1, -1)
        open_cells += [Cell(cell.order + 1, pixel) for pixel in daughters if pixel in levels[cell.order + 1]]
    return tuple(found)


def finest_cells(ra_deg: NDArray[Any], decl_deg: NDArray[Any], keys: Integers) -> Integers:
    """Cells of order 29 of released places, each within the cell of order 12 that its key begins with.

    Parameters
    ----------
    ra_deg, decl_deg : float64 arrays (n,)
        Places with the six decimals of a release, ICRS degrees.
    keys : int64 array (n,)
        Keys, made of the places before they were rounded.

    Notes
    -----
    Rounding moves some places over the edge of their cell: these are taken 3 milliarcsec nearer to its centre, and
    where that does not do (at a corner) the first cell of order 29 in it stands for them.
    """
    wanted = keys >> KEY_BITS
    shift = 2 * (FINEST_ORDER - HEALPIX_ORDER)
    cells = pixel_number(ra_deg, decl_deg, FINEST_ORDER)
    outside = np.flatnonzero(cells >> shift != wanted)
    if outside.size:
        places = unit_vectors(ra_deg[outside], decl_deg[outside])
        towards = unit_vectors(*pixel_centres(wanted[outside], HEALPIX_ORDER)) - places
        towards /= np.linalg.norm(towards, axis=1, keepdims=True)
        moved = pixel_number(*spherical(places + _ROUNDED_RAD * towards), FINEST_ORDER)
        own = wanted[outside] << shift
        cells[outside] = np.where(moved >> shift == wanted[outside], moved, own)
    return cells
