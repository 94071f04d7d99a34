"""Detection on a quick coadd of residual frames: matched filter, local noise, peaks (background/survey 2.6-2.7).

Every 2" pixel stands for the 2 x 2 pixels of 1" nearest to it, weighted by its frame's noise: the shift of at most half
an arcsecond widens a star by 4 %, for a fifth of the cost of exact overlap. Noise is the distance of two quantiles of
the filtered image in cells of 128", about the cell's own median: structure of the sky wider than a cell (airglow)
neither hides nor makes sources.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit

from app.arrays import Doubles, Singles
from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.frames.grid import WIDTH, StripGrid, lean_rows
from workers.reduction.frames.looks import find_looks
from workers.reduction.frames.values import FlatFrames, FrameArrays, GeometryArrays
from workers.reduction.kernels.compiled import BORROWING, KERNEL
from workers.reduction.kernels.marks import Marks, marks_of
from workers.reduction.photometry.matched_filter import (
    AHEAD,
    EDGE,
    TAPS,
    column_sums,
    filter_row,
    matched_kernel,
    ratio_row,
)
from workers.reduction.photometry.peaks import CELL, CellRow, keep_last_rows, list_peaks, set_limits
from workers.reduction.photometry.row_stack import RowSums, add_rows

MARGIN = 40  # arcsec around the Atlas grid: stars there put light into it
BLOCK = 32  # rows that are stacked and filtered at a time: sums, filtered rows and a cell's image stay in 1 MB of cache
MOST_PEAKS = 1_000_000


@dataclass(frozen=True)
class Peaks:
    """Local maxima; each (n,), ordered by y.

    Attributes
    ----------
    x_arcsec, y_arcsec : float64
        U-scan.
    flux_dn : float64
        Estimate from the filtered peak.
    snr : float64
        Of the filtered peak.
    """

    x_arcsec: Doubles
    y_arcsec: Doubles
    flux_dn: Doubles
    snr: Doubles


class _Filter(NamedTuple):
    """The matched filter: its taps and their squares (10,), and lines of the block filtered along x.

    `lines`, `squares_lines` are flat, nine rows of the block before ahead; `top`, `low` are rows (columns,).
    """

    taps: Singles
    squares: Singles
    lines: Singles
    squares_lines: Singles
    top: Singles
    low: Singles

    @classmethod
    def of(cls, taps: Singles, columns: int) -> _Filter:
        lines, squares_lines = (np.zeros((BLOCK + TAPS - 1) * columns, np.float32) for _ in range(2))
        return cls(
            taps,
            taps * taps,
            lines,
            squares_lines,
            np.empty(columns, np.float32),
            np.empty(columns, np.float32),
        )


@njit(**KERNEL, inline="always")
def _keep_end(values: Singles, kept: int) -> None:
    """Move the last values to the front; the others stay as they are."""
    shift = values.size - kept
    for k in range(kept):
        values[k] = values[shift + k]


@njit(**KERNEL, inline="always")
def _filter_block(sums: RowSums, filters: _Filter, halves: int) -> None:
    """Filter the first rows of the sums along x, behind the last lines of the block before; then let them go."""
    columns = 2 * halves
    stride = 2 * (halves + 2 * EDGE)
    _keep_end(filters.lines, (TAPS - 1) * columns)
    _keep_end(filters.squares_lines, (TAPS - 1) * columns)
    for y in range(BLOCK):
        filter_row(sums.total, y, halves, filters.taps, filters.lines, y + TAPS - 1)
        filter_row(sums.weight, y, halves, filters.squares, filters.squares_lines, y + TAPS - 1)
    kept = sums.total.size - BLOCK * stride
    _keep_end(sums.total, kept)
    _keep_end(sums.weight, kept)
    sums.total[kept:] = np.float32(0.0)
    sums.weight[kept:] = np.float32(0.0)


@njit(**BORROWING)
def _search(
    frames: FlatFrames,
    geometry: GeometryArrays,
    grid: tuple[int, int, int],
    threshold: float,
    filters: _Filter,
    sums: RowSums,
    cells: tuple[CellRow, Marks],
    out: Doubles,
) -> int:
    """Stack, filter and search, block by block of rows, so that images of 54 MB never leave the cache.

    Filter with a star's image, weighted: sum(w v m) / sum(w m^2), where m is a star's share of a frame pixel: `taps`
    times itself, its element k at an offset of k - BEFORE. `grid` is rows, columns, and by how many rows a row of a
    frame may lean.
    """
    rows, columns, spill = grid
    row_of_cells, marks = cells
    image = row_of_cells.image
    inverse = row_of_cells.inverse
    found = 0
    # The first block lies before the grid: it fills the rows that the filter looks ahead.
    for first in range(-BLOCK, rows, BLOCK):
        origin = first + AHEAD
        add_rows(frames, geometry, sums, origin + BLOCK + spill, (rows, columns // 2, origin))
        _filter_block(sums, filters, columns // 2)
        last = min(first + BLOCK, rows)
        for y in range(max(first, 0), last):
            column_sums(filters.lines, y - first, columns, filters.taps, filters.top)
            column_sums(filters.squares_lines, y - first, columns, filters.squares, filters.low)
            ratio_row(filters.top, filters.low, image[y % CELL + 2], inverse[y % CELL + 2])
        if first < 0 or (last % CELL != 0 and last != rows):
            continue
        # A row of cells is complete. The last row of the one before has its upper neighbour now, but its own limits.
        start = (last - 1) // CELL * CELL
        if start > 0:
            found = list_peaks(row_of_cells, 1, start - 1, marks, found, out)
        set_limits(row_of_cells, start, last - start, threshold)
        for y in range(max(start, 1), last - 1):
            found = list_peaks(row_of_cells, y - start + 2, y, marks, found, out)
        keep_last_rows(row_of_cells)
    return found


class PeakFinder:
    """Detection on one grid; keeps the memory for its list of peaks.

    Parameters
    ----------
    grid : StripGrid
        The Atlas grid of the scan; 40" around it are searched too.
    """

    def __init__(self, grid: StripGrid) -> None:
        self.grid = grid
        self._found = np.empty((MOST_PEAKS, 4))

    def find(self, residual: FrameArrays, geometry: FrameGeometry, threshold: float) -> Peaks:
        """Peaks of residual frames above a signal-to-noise ratio that lie on a frame.

        Parameters
        ----------
        residual : FrameArrays
            Frames of a band less background, and less stars already known.
        geometry : FrameGeometry
            Where they lie.
        threshold : float
            In units of the local noise of the filtered image.
        """
        first_x, first_y = self.grid.first_x_arcsec - MARGIN, self.grid.first_y_arcsec - MARGIN
        rows, columns = self.grid.rows + 2 * MARGIN, WIDTH + 2 * MARGIN
        frames, places = residual.flat(), geometry.arrays(first_x, first_y)
        spill = lean_rows(places.matrix, places.bend, (frames.rows, frames.columns))
        held = (BLOCK + 2 * spill + 2) * 2 * (columns // 2 + 2 * EDGE)
        sums = RowSums(
            np.zeros(held, np.float32),
            np.zeros(held, np.float32),
            np.zeros(frames.noise_dn.size, np.int64),
        )
        filters = _Filter.of(matched_kernel(), columns)
        cells = CellRow.of(columns), marks_of(columns)
        count = _search(frames, places, (rows, columns, spill), threshold, filters, sums, cells, self._found)
        x, y, flux, snr = self._found[:count].T
        x, y = x + first_x, y + first_y
        # A peak off all arrays is the skirt of a star at their edge: no fit would ever bound its light.
        seen = np.diff(find_looks(geometry, frames.noise_dn > 0.0, x, y).start) > 0
        return Peaks(x[seen], y[seen], flux[seen], snr[seen])
