"""Detection on a quick coadd of residual frames: matched filter, local noise, peaks (PIXPHOT, survey-facts 2.6-2.7).

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

from workers.reduction.coadd import WIDTH, StripGrid
from workers.reduction.compiled import KERNEL, select
from workers.reduction.frames import CalibratedFrames, Doubles, Flags, Floats
from workers.reduction.geometry import CORNER_PIX, FrameGeometry

FILTER_SIGMA_ARCSEC = 1.25  # a full width of 2.9"
CELL = 128  # pixels of 1"
RUN = 32  # frame pixels
MARGIN = 40  # arcsec around the Atlas grid: stars there put light into it


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
def _add_run(line: Floats, flag: Flags, w: float, total: Floats, weight: Floats) -> None:
    """Add a run of pixels to as many of the grid, weighted."""
    one = np.float32(w)
    for x in range(line.size):
        good = one if flag[x] == 0 else np.float32(0.0)
        total[x] += good * line[x]
        weight[x] += good


@njit(**KERNEL)
def _stack(
    residual: Floats,
    flags: Flags,
    noise: Floats,
    x0: Doubles,
    y0: Doubles,
    matrix: Doubles,
    cubic: float,
    total: Floats,
    weight: Floats,
) -> None:
    """Add every good pixel to the lower left of its 2 x 2 pixels; x0, y0 are grid coordinates of the arrays' middles.

    `total`, `weight` are (rows, 2, columns / 2): even columns, then odd ones, so that a run of frame pixels, which
    step by two columns, is contiguous.
    """
    n, ny, nx = residual.shape
    rows, _, halves = total.shape
    middle = 0.5 * (nx - 1)
    for i in range(n):
        if noise[i] <= 0.0:
            continue
        w = np.float32(1.0 / (noise[i] * noise[i]))
        for y in range(ny):
            py = y - 0.5 * (ny - 1)
            # Lower left of the 2 x 2 block whose centre is nearest, centres of pixels at integers: a floor.
            bx = x0[i] + matrix[i, 0, 1] * py
            by = y0[i] + matrix[i, 1, 1] * py
            first = 0
            while first < nx:
                # Along a row the block moves by two pixels a pixel and slips once or twice: a run shares one floor,
                # which is wrong by 0.1 of a pixel at its ends.
                last = min(first + RUN, nx)
                px = 0.5 * (first + last - 1) - middle
                bend = cubic * (px * px + py * py)
                k = math.floor(bx + (matrix[i, 0, 0] + bend) * px - (last - first - 1))
                j = math.floor(by + matrix[i, 1, 0] * px + bend * py)
                if j >= 0 and j < rows and k >= 0 and k // 2 + last - first <= halves:
                    _add_run(
                        residual[i, y, first:last], flags[i, y, first:last], w,
                        total[j, k % 2, k // 2 : k // 2 + last - first],
                        weight[j, k % 2, k // 2 : k // 2 + last - first],
                    )  # fmt: skip
                first = last


@njit(**KERNEL)
def _filter(total: Floats, weight: Floats, kernel: Floats, out: Floats, inverse: Floats) -> None:
    """Filter with a star's image, weighted: out = sum(w v m) / sum(w m^2); `inverse` is 1 over its error.

    `total` and `weight` come as `_stack` leaves them; `out` and `inverse` are (rows, columns). m is a star's share of a
    frame pixel there: `kernel` times itself, its element k at an offset of k - size / 2. Rows run through a ring of as
    many as the kernel has elements.
    """
    rows, columns = out.shape
    halves = total.shape[2]
    size = kernel.size
    half = size // 2
    square = kernel * kernel
    t = np.zeros(columns + size, np.float32)
    u = np.zeros(columns + size, np.float32)
    ring_t = np.zeros((size, columns), np.float32)
    ring_u = np.zeros((size, columns), np.float32)
    top = np.empty(columns, np.float32)
    low = np.empty(columns, np.float32)
    for y in range(rows + size - 1 - half):
        a = ring_t[y % size]
        b = ring_u[y % size]
        a[:] = np.float32(0.0)
        b[:] = np.float32(0.0)
        if y < rows:
            for side in range(2):
                values = total[y, side]
                weights = weight[y, side]
                for m in range(halves):
                    t[half + 2 * m + side] = values[m]
                    u[half + 2 * m + side] = weights[m]
            for k in range(size):
                p = kernel[k]
                q = square[k]
                for x in range(columns):
                    a[x] += p * t[x + k]
                    b[x] += q * u[x + k]
        target = y - (size - 1 - half)
        if target < 0:
            continue
        top[:] = np.float32(0.0)
        low[:] = np.float32(0.0)
        for k in range(size):
            row = target - half + k
            if row < 0:
                continue
            p = kernel[k]
            q = square[k]
            a = ring_t[row % size]
            b = ring_u[row % size]
            for x in range(columns):
                top[x] += p * a[x]
                low[x] += q * b[x]
        line = out[target]
        precision = inverse[target]
        for x in range(columns):
            good = low[x] > np.float32(1e-12)
            safe = low[x] if good else np.float32(1.0)
            line[x] = top[x] / safe if good else np.float32(0.0)
            precision[x] = np.sqrt(safe) if good else np.float32(0.0)


@njit(**KERNEL)
def _cell_noise(image: Floats, inverse: Floats, cell: int, middle: Floats, factor: Floats) -> None:
    """Median of the filtered image and its scatter, in units of the formal error, a cell."""
    rows, columns = image.shape
    buffer = np.empty(cell * cell // 20 + 4 * cell, np.float32)
    for a in range(middle.shape[0]):
        for b in range(middle.shape[1]):
            count = 0
            for y in range(a * cell, min(rows, a * cell + cell), 5):
                for x in range(b * cell + y % 5, min(columns, b * cell + cell), 5):
                    if inverse[y, x] > 0.0:
                        buffer[count] = image[y, x] * inverse[y, x]
                        count += 1
            if count < 50:
                middle[a, b] = np.float32(0.0)
                factor[a, b] = np.float32(-1.0)
                continue
            half = select(buffer, count, count // 2)
            middle[a, b] = half
            factor[a, b] = half - select(buffer, count, int(0.1587 * count))


@njit(**KERNEL)
def _peaks(
    image: Floats,
    inverse: Floats,
    middle: Floats,
    factor: Floats,
    cell: int,
    threshold: float,
    out: Doubles,
) -> int:
    """Peaks above the threshold: rows of (x, y, flux, snr); x, y by parabolas through the neighbours."""
    rows, columns = image.shape
    n = 0
    for y in range(1, rows - 1):
        a = y // cell
        line = image[y]
        inner = inverse[y]
        for b in range(middle.shape[1]):
            if factor[a, b] <= 0.0:
                continue
            level = middle[a, b]
            limit = level + np.float32(threshold) * factor[a, b]
            first = max(1, b * cell)
            last = min(columns - 1, b * cell + cell)
            # Many stretches hold nothing above the limit: a maximum is a vector operation, a test is not.
            values = line[first:last]
            precisions = inner[first:last]
            highest = np.float32(0.0)
            for x in range(last - first):
                highest = max(highest, values[x] * precisions[x])
            if highest < limit:
                continue
            for x in range(first, last):
                v = line[x]
                if v * inner[x] < limit or v <= line[x - 1] or v < line[x + 1] or n >= out.shape[0]:
                    continue
                if not (
                    v > image[y - 1, x - 1] and v > image[y - 1, x] and v > image[y - 1, x + 1]
                    and v >= image[y + 1, x - 1] and v >= image[y + 1, x] and v >= image[y + 1, x + 1]
                ):  # fmt: skip
                    continue
                cx = 2.0 * v - line[x - 1] - line[x + 1]
                cy = 2.0 * v - image[y - 1, x] - image[y + 1, x]
                out[n, 0] = x + (0.5 * (line[x + 1] - line[x - 1]) / cx if cx > 0.0 else 0.0)
                out[n, 1] = y + (0.5 * (image[y + 1, x] - image[y - 1, x]) / cy if cy > 0.0 else 0.0)
                out[n, 2] = v - level / inner[x]
                out[n, 3] = (v * inner[x] - level) / factor[a, b]
                n += 1
    return n


def matched_kernel(sigma_arcsec: float = FILTER_SIGMA_ARCSEC) -> Floats:
    """Share along one axis of a Gaussian star in a 2" pixel whose lower 1" half lies -5 to 4 arcsec from the star.

    The pixel's two halves are taken as its whole content: the width of the pixel is in it.
    """
    offset = np.arange(-6, 7)
    profile = np.exp(-0.5 * (offset / sigma_arcsec) ** 2)
    profile /= profile.sum()
    return (profile[1:-2] + profile[2:-1]).astype(np.float32)


class Detector:
    """Detection on one grid; keeps its two images of 54 MB between passes and bands.

    Parameters
    ----------
    grid : StripGrid
        The Atlas grid of the scan; 40" around it are searched too.
    """

    def __init__(self, grid: StripGrid) -> None:
        self.grid = grid
        rows, columns = grid.rows + 2 * MARGIN, WIDTH + 2 * MARGIN
        self._sums = [np.empty((rows, 2, columns // 2), np.float32) for _ in range(2)]
        # The filter reads a row some rows ahead of the one that it writes: its output may lie in the same memory.
        self._images = [one.reshape(rows, columns) for one in self._sums]

    def find(
        self, residual: Floats, frames: CalibratedFrames, geometry: FrameGeometry, threshold: float
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
        total, weight = self._sums
        image, inverse = self._images
        total[:] = 0.0
        weight[:] = 0.0
        first_x, first_y = self.grid.first_x_arcsec - MARGIN, self.grid.first_y_arcsec - MARGIN
        _stack(
            residual, frames.flags, frames.noise_dn, geometry.x_arcsec - first_x, geometry.y_arcsec - first_y,
            geometry.matrices(), geometry.distortion_arcsec / CORNER_PIX**3, total, weight,
        )  # fmt: skip
        _filter(total, weight, matched_kernel(), image, inverse)
        cells = [-(-length // CELL) for length in image.shape]
        middle, factor = np.empty(cells, np.float32), np.empty(cells, np.float32)
        _cell_noise(image, inverse, CELL, middle, factor)
        out = np.empty((1_000_000, 4))
        count = _peaks(image, inverse, middle, factor, CELL, threshold, out)
        x, y, flux, snr = out[:count].T
        return Peaks(x + first_x, y + first_y, flux.copy(), snr.copy())
