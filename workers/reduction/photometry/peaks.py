"""Peaks of a filtered image above its local noise, a row of cells of 128" at a time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from app.arrays import Doubles, Singles
from workers.reduction.kernels.compiled import KERNEL, select
from workers.reduction.kernels.marks import Marks, marked_columns

CELL = 128  # pixels of 1"
FEWEST_PIXELS = 50  # of a cell, that tell its noise


class CellRow(NamedTuple):
    """A row of cells of the filtered image, two image rows of the row before ahead of it.

    Attributes
    ----------
    image, inverse : float32 arrays (130, columns)
        Light of a star at each pixel, and 1 over its formal error; 0 without data.
    middle, factor : float32 arrays (cells,)
        Median of image times inverse in each cell, and its scatter; -1 where the cell tells nothing.
    limit : float32 array (columns,)
        What image times inverse must reach.
    buffer : float32 array
        Work space for a fifth of a cell's pixels.
    """

    image: Singles
    inverse: Singles
    middle: Singles
    factor: Singles
    limit: Singles
    buffer: Singles

    @classmethod
    def of(cls, columns: int) -> CellRow:
        """Return a row of cells of an image of some columns, without data."""
        cells = (columns + CELL - 1) // CELL
        return cls(
            np.zeros((CELL + 2, columns), np.float32),
            np.zeros((CELL + 2, columns), np.float32),
            np.zeros(cells, np.float32),
            np.full(cells, -1.0, np.float32),
            np.full(columns, np.inf, np.float32),
            np.empty(CELL * CELL // 20 + 4 * CELL, np.float32),
        )


@njit(**KERNEL, inline="always")
def set_limits(cells: CellRow, first: int, rows: int, threshold: float) -> None:
    """Measure the noise of every cell, and set what its pixels must reach.

    Noise is the median of the image in units of its formal error less the 15.9 % quantile.

    Parameters
    ----------
    cells : CellRow
        Its `middle`, `factor` and `limit` are set.
    first : int
        Image row with which the row of cells begins, for the choice of every fifth pixel.
    rows : int
        Rows that the row of cells has.
    threshold : float
        Noise above the median that a peak must reach.
    """
    columns = cells.image.shape[1]
    for b in range(cells.middle.size):
        count = 0
        for y in range(0, rows, 5):
            for x in range(b * CELL + (first + y) % 5, min(columns, b * CELL + CELL), 5):
                if cells.inverse[y + 2, x] > 0.0:
                    cells.buffer[count] = cells.image[y + 2, x] * cells.inverse[y + 2, x]
                    count += 1
        if count < FEWEST_PIXELS:
            cells.middle[b] = np.float32(0.0)
            cells.factor[b] = np.float32(-1.0)
            continue
        half = select(cells.buffer, count, count // 2)
        cells.middle[b] = half
        # The values below the median are in front of it now.
        cells.factor[b] = half - select(cells.buffer, count // 2, int(0.1587 * count))
    for x in range(columns):
        b = x // CELL
        high = cells.middle[b] + np.float32(threshold) * cells.factor[b]
        cells.limit[x] = high if cells.factor[b] > 0.0 else np.float32(np.inf)


@njit(**KERNEL, inline="always")
def keep_last_rows(cells: CellRow) -> None:
    """Move the last two rows of the image ahead of the next row of cells."""
    for y in range(2):
        for x in range(cells.image.shape[1]):
            cells.image[y, x] = cells.image[CELL + y, x]
            cells.inverse[y, x] = cells.inverse[CELL + y, x]


@njit(**KERNEL, inline="always")
def _is_peak(image: Singles, y: int, x: int) -> bool:
    """Whether a pixel is higher than its neighbours; of equal neighbours the first in the order of memory is."""
    v = image[y, x]
    return bool(
        v > image[y, x - 1] and v >= image[y, x + 1]
        and v > image[y - 1, x - 1] and v > image[y - 1, x] and v > image[y - 1, x + 1]
        and v >= image[y + 1, x - 1] and v >= image[y + 1, x] and v >= image[y + 1, x + 1]
    )  # fmt: skip


@njit(**KERNEL, inline="always")
def list_peaks(cells: CellRow, y: int, row: int, marks: Marks, found: int, out: Doubles) -> int:
    """List the peaks in a row of the image, by parabolas through the neighbours; how many there are now.

    Parameters
    ----------
    cells : CellRow
        The row of cells, with its limits.
    y : int
        Row of `cells.image` to search.
    row : int
        Grid row of it.
    marks : Marks
        Work space for a row.
    found : int
        Peaks that are in the list already.
    out : float64 array (most, 4)
        List of (x, y, flux, snr), x and y on the grid; peaks beyond its end are left out.
    """
    image = cells.image
    columns = image.shape[1]
    for x in range(1, columns - 1):
        high = image[y, x] * cells.inverse[y, x] >= cells.limit[x]
        marks.mark[x] = np.uint8(1) if high else np.uint8(0)
    for m in range(marked_columns(marks)):
        x = marks.columns[m]
        if found >= out.shape[0] or not _is_peak(image, y, x):
            continue
        v = image[y, x]
        b = x // CELL
        cx = 2.0 * v - image[y, x - 1] - image[y, x + 1]
        cy = 2.0 * v - image[y - 1, x] - image[y + 1, x]
        out[found, 0] = x + (0.5 * (image[y, x + 1] - image[y, x - 1]) / cx if cx > 0.0 else 0.0)
        out[found, 1] = row + (0.5 * (image[y + 1, x] - image[y - 1, x]) / cy if cy > 0.0 else 0.0)
        out[found, 2] = v - cells.middle[b] / cells.inverse[y, x]
        out[found, 3] = (v * cells.inverse[y, x] - cells.middle[b]) / cells.factor[b]
        found += 1
    return found
