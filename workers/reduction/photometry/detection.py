"""Detection on a quick coadd of residual frames: matched filter, local noise, peaks (background/survey 2.6-2.7).

Every 2" pixel stands for the 2 x 2 pixels of 1" nearest to it, weighted by its frame's noise: the shift of at most half
an arcsecond widens a star by 4 %, for a fifth of the cost of exact overlap. Noise is the distance of two quantiles of
the filtered image in cells of 128", about the cell's own median: structure of the sky wider than a cell (airglow)
neither hides nor makes sources.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from app.arrays import Doubles, Flags, Integers, Singles
from workers.reduction.frames.geometry import CORNER_PIX, FrameGeometry
from workers.reduction.frames.grid import WIDTH, StripGrid, lean_rows
from workers.reduction.frames.values import CalibratedFrames
from workers.reduction.kernels.compiled import KERNEL, select
from workers.reduction.photometry.matched_filter import (
    AHEAD,
    EDGE,
    TAPS,
    column_sums,
    filter_row,
    matched_kernel,
    ratio_row,
)

CELL = 128  # pixels of 1"
RUN = 32  # frame pixels
MARGIN = 40  # arcsec around the Atlas grid: stars there put light into it
BLOCK = 32  # rows that are stacked and filtered at a time: sums, filtered rows and a cell's image stay in 1 MB of cache


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


@njit(**KERNEL, inline="always")
def _add_run(
    line: Singles,
    flag: Flags,
    source: int,
    w: float,
    total: Singles,
    weight: Singles,
    target: int,
    count: int,
) -> None:
    """Add a run of pixels to as many of the grid, weighted.

    Arrays are flat and indices unsigned: a view costs 5 ns a run, and signed indices are tested at every step.
    """
    one = np.float32(w)
    s = np.uint64(source)
    t = np.uint64(target)
    for x in range(count):
        k = np.uint64(x)
        good = one if flag[s + k] == 0 else np.float32(0.0)
        total[t + k] += good * line[s + k]
        weight[t + k] += good


@njit(**KERNEL)
def _stack(
    residual: Singles,
    flags: Flags,
    shape: tuple[int, int],
    noise: Singles,
    x0: Doubles,
    y0: Doubles,
    matrix: Doubles,
    cubic: float,
    done: Integers,
    limit: float,
    rows: int,
    halves: int,
    origin: int,
    total: Singles,
    weight: Singles,
) -> None:
    """Add the good pixels of all rows of frames below `limit` to the lower left of their 2 x 2 pixels.

    x0, y0 are grid coordinates of the arrays' middles; `done` counts the rows of each frame that are through.
    `total`, `weight` are flat: of each row from `origin` on the even columns, then the odd ones, EDGE halves around
    either, so that a run of frame pixels, which step by two columns, is contiguous.
    """
    ny, nx = shape
    middle = 0.5 * (nx - 1)
    stride = halves + 2 * EDGE
    for i in range(noise.size):
        if noise[i] <= 0.0:
            continue
        w = np.float32(1.0 / (noise[i] * noise[i]))
        while done[i] < ny:
            y = done[i] if matrix[i, 1, 1] > 0.0 else ny - 1 - done[i]
            py = y - 0.5 * (ny - 1)
            # Lower left of the 2 x 2 block whose centre is nearest, centres of pixels at integers: a floor.
            bx = x0[i] + matrix[i, 0, 1] * py
            by = y0[i] + matrix[i, 1, 1] * py
            if by >= limit:
                break
            done[i] += 1
            for first in range(0, nx, RUN):
                # Along a row the block moves by two pixels a pixel and slips once or twice: a run shares one floor,
                # which is wrong by 0.1 of a pixel at its ends.
                count = min(RUN, nx - first)
                px = first + 0.5 * (count - 1) - middle
                bend = cubic * (px * px + py * py)
                k = math.floor(bx + (matrix[i, 0, 0] + bend) * px - (count - 1))
                j = math.floor(by + matrix[i, 1, 0] * px + bend * py)
                if j >= 0 and j < rows and k >= 0 and k // 2 + count <= halves:
                    target = ((j - origin) * 2 + k % 2) * stride + EDGE + k // 2
                    _add_run(residual, flags, (i * ny + y) * nx + first, w, total, weight, target, count)


@njit(**KERNEL)
def _cell_noise(
    image: Singles, inverse: Singles, first: int, rows: int, middle: Singles, factor: Singles, buffer: Singles
) -> None:
    """Median of the filtered image and its scatter, in units of the formal error, for the cells of some rows.

    `image`, `inverse` hold two rows of before, then `rows` from `first` on.
    """
    columns = image.shape[1]
    for b in range(middle.size):
        count = 0
        for y in range(0, rows, 5):
            line = image[y + 2]
            precision = inverse[y + 2]
            for x in range(b * CELL + (first + y) % 5, min(columns, b * CELL + CELL), 5):
                if precision[x] > 0.0:
                    buffer[count] = line[x] * precision[x]
                    count += 1
        if count < 50:
            middle[b] = np.float32(0.0)
            factor[b] = np.float32(-1.0)
            continue
        half = select(buffer, count, count // 2)
        middle[b] = half
        # What lies below the median is in front of it now.
        factor[b] = half - select(buffer, count // 2, int(0.1587 * count))


@njit(**KERNEL)
def _limits(middle: Singles, factor: Singles, threshold: float, limit: Singles) -> None:
    """Fill in what image times precision must reach in each column."""
    for x in range(limit.size):
        b = x // CELL
        limit[x] = middle[b] + np.float32(threshold) * factor[b] if factor[b] > 0.0 else np.float32(np.inf)


@njit(**KERNEL)
def _peaks(
    image: Singles,
    inverse: Singles,
    y: int,
    row: int,
    middle: Singles,
    factor: Singles,
    limit: Singles,
    mark: Flags,
    words: NDArray[np.uint64],
    n: int,
    out: Doubles,
) -> int:
    """Peaks in row `y` of the window, grid row `row`: rows of (x, y, flux, snr) from the n-th on; how many there are.

    x, y by parabolas through the neighbours.
    """
    line = image[y]
    inner = inverse[y]
    below = image[y - 1]
    above = image[y + 1]
    columns = line.size
    # Marks are set by vector operations and tested by words of eight, of which most hold nothing above the limit.
    for x in range(1, columns - 1):
        mark[x] = np.uint8(1) if line[x] * inner[x] >= limit[x] else np.uint8(0)
    for word in range(words.size):
        if words[word] == 0:
            continue
        for x in range(max(1, 8 * word), min(8 * word + 8, columns - 1)):
            v = line[x]
            if mark[x] == 0 or v <= line[x - 1] or v < line[x + 1] or n >= out.shape[0]:
                continue
            if not (
                v > below[x - 1] and v > below[x] and v > below[x + 1]
                and v >= above[x - 1] and v >= above[x] and v >= above[x + 1]
            ):  # fmt: skip
                continue
            b = x // CELL
            cx = 2.0 * v - line[x - 1] - line[x + 1]
            cy = 2.0 * v - below[x] - above[x]
            out[n, 0] = x + (0.5 * (line[x + 1] - line[x - 1]) / cx if cx > 0.0 else 0.0)
            out[n, 1] = row + (0.5 * (above[x] - below[x]) / cy if cy > 0.0 else 0.0)
            out[n, 2] = v - middle[b] / inner[x]
            out[n, 3] = (v * inner[x] - middle[b]) / factor[b]
            n += 1
    return n


@njit(**KERNEL)
def _search(
    residual: Singles,
    flags: Flags,
    shape: tuple[int, int],
    noise: Singles,
    x0: Doubles,
    y0: Doubles,
    matrix: Doubles,
    cubic: float,
    spill: int,
    rows: int,
    columns: int,
    kernel: Singles,
    threshold: float,
    out: Doubles,
) -> int:
    """Stack, filter and search, block by block of rows, so that images of 54 MB never leave the cache.

    Filter with a star's image, weighted: sum(w v m) / sum(w m^2), where m is a star's share of a frame pixel: `kernel`
    times itself, its element k at an offset of k - BEFORE. `spill` is by how many rows a row of a frame may lean.
    """
    halves = columns // 2
    square = kernel * kernel
    stride = 2 * (halves + 2 * EDGE)
    held = BLOCK + 2 * spill + 2
    total = np.zeros(held * stride, np.float32)
    weight = np.zeros(held * stride, np.float32)
    lines = np.zeros((BLOCK + TAPS - 1) * columns, np.float32)
    squares = np.zeros((BLOCK + TAPS - 1) * columns, np.float32)
    top = np.empty(columns, np.float32)
    low = np.empty(columns, np.float32)
    image = np.zeros((CELL + 2, columns), np.float32)
    inverse = np.zeros((CELL + 2, columns), np.float32)
    cells = (columns + CELL - 1) // CELL
    middle = np.zeros(cells, np.float32)
    factor = np.full(cells, np.float32(-1.0))
    limit = np.full(columns, np.float32(np.inf))
    buffer = np.empty(CELL * CELL // 20 + 4 * CELL, np.float32)
    mark = np.zeros((columns + 7) // 8 * 8, np.uint8)
    words = mark.view(np.uint64)
    done = np.zeros(noise.size, np.int64)
    found = 0
    # The first block lies before the grid: it fills the rows that the filter looks ahead.
    for first in range(-BLOCK, rows, BLOCK):
        origin = first + AHEAD
        _stack(
            residual, flags, shape, noise, x0, y0, matrix, cubic, done, origin + BLOCK + spill,
            rows, halves, origin, total, weight,
        )  # fmt: skip
        lines[: (TAPS - 1) * columns] = lines[BLOCK * columns :]
        squares[: (TAPS - 1) * columns] = squares[BLOCK * columns :]
        for y in range(BLOCK):
            filter_row(total, y, halves, kernel, lines, y + TAPS - 1)
            filter_row(weight, y, halves, square, squares, y + TAPS - 1)
        for sums in (total, weight):
            sums[: (held - BLOCK) * stride] = sums[BLOCK * stride :]
            sums[(held - BLOCK) * stride :] = np.float32(0.0)
        last = min(first + BLOCK, rows)
        for y in range(max(first, 0), last):
            column_sums(lines, y - first, columns, kernel, top)
            column_sums(squares, y - first, columns, square, low)
            ratio_row(top, low, image[y % CELL + 2], inverse[y % CELL + 2])
        if first < 0 or (last % CELL != 0 and last != rows):
            continue
        # A row of cells is complete. The last row of the one before has its upper neighbour now, but its own limits.
        start = (last - 1) // CELL * CELL
        if start > 0:
            found = _peaks(image, inverse, 1, start - 1, middle, factor, limit, mark, words, found, out)
        _cell_noise(image, inverse, start, last - start, middle, factor, buffer)
        _limits(middle, factor, threshold, limit)
        for y in range(max(start, 1), last - 1):
            found = _peaks(image, inverse, y - start + 2, y, middle, factor, limit, mark, words, found, out)
        image[:2] = image[CELL:]
        inverse[:2] = inverse[CELL:]
    return found


class Detector:
    """Detection on one grid; keeps the memory for its list of peaks.

    Parameters
    ----------
    grid : StripGrid
        The Atlas grid of the scan; 40" around it are searched too.
    """

    def __init__(self, grid: StripGrid) -> None:
        self.grid = grid
        self._found = np.empty((1_000_000, 4))

    def find(
        self, residual: Singles, frames: CalibratedFrames, geometry: FrameGeometry, threshold: float
    ) -> Peaks:
        """Peaks of residual frames above a signal-to-noise ratio.

        Parameters
        ----------
        residual : float32 array (n, 256, 256)
            Frames less background, and less stars already known.
        frames : CalibratedFrames
        geometry : FrameGeometry
        threshold : float
            In units of the local noise of the filtered image.
        """
        first_x, first_y = self.grid.first_x_arcsec - MARGIN, self.grid.first_y_arcsec - MARGIN
        shape = residual.shape[1:]
        matrix, cubic = geometry.matrices(), geometry.distortion_arcsec / CORNER_PIX**3
        count = _search(
            residual.reshape(-1), frames.flags.reshape(-1), shape, frames.noise_dn,
            geometry.x_arcsec - first_x, geometry.y_arcsec - first_y, matrix, cubic, lean_rows(matrix, cubic, shape),
            self.grid.rows + 2 * MARGIN, WIDTH + 2 * MARGIN, matched_kernel(), threshold, self._found,
        )  # fmt: skip
        x, y, flux, snr = self._found[:count].T
        return Peaks(x + first_x, y + first_y, flux.copy(), snr.copy())
