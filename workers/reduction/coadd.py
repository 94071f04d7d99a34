"""Frames to Atlas images: exact-overlap ("square drizzle") coadds of 1" pixels (PIXPHOT, survey-facts 2.6).

Each 2" pixel is spread over the 1" pixels that it overlaps, by the area of overlap; the small rotation of its square
enters to first order. Against exact polygons (drizzle's `square`) the image of a star is off by 1.2e-4 of its peak at
0.23 degrees, 1e-5 at 0.07; with the square held parallel to the axes it was 8e-4.

Light is conserved: values are DN per 1" pixel, the mean over the looks. The sky stays in the image, levelled by
`frame_levels`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from workers.reduction.compiled import KERNEL
from workers.reduction.drizzle import PADDING, drizzle
from workers.reduction.frames import CalibratedFrames, Doubles, Flags, Floats
from workers.reduction.geometry import CORNER_PIX, FrameGeometry

WIDTH = 512
HEIGHT = 1024
OVERLAP = 54
STEP = HEIGHT - OVERLAP
# 22 images of 1024 rows and one of 698: what a survey scan of 273 frames holds, and never more.
MOST_ROWS = 22 * STEP + 698
LOOKS = 6
BLOCK = 32  # rows whose sums are in work at a time, 0.3 MB: in whole arrays of 144 MB they take half as long again
LEAST_ROWS = 100  # a last image lower than this would be overlap and edge only


@dataclass(frozen=True)
class StripGrid:
    """The 1" grid of a whole scan, common to its bands.

    Attributes
    ----------
    first_x_arcsec, first_y_arcsec : float
        U-scan place of the centre of the first pixel: half-integer in x, integer in y, as the survey's.
    rows : int
    northward : bool
        Images are numbered from the south end if true.
    """

    first_x_arcsec: float
    first_y_arcsec: float
    rows: int
    northward: bool

    def windows(self) -> list[tuple[int, int]]:
        """Rows (first, last + 1) of the images in the order of the scan; neighbours share 54 rows."""
        edges = []
        start = 0
        while start == 0 or self.rows - start >= max(LEAST_ROWS, OVERLAP + 1):
            edges.append((start, min(start + HEIGHT, self.rows)))
            if edges[-1][1] == self.rows:
                break
            start += STEP
        return edges if self.northward else [(self.rows - b, self.rows - a) for a, b in edges]


def strip_grid(geometry: FrameGeometry, size: int = 256) -> StripGrid:
    """Grid that covers what six frames saw (fewer in scans of less than 12 frames), centred across the scan."""
    n = geometry.x_arcsec.size
    half = 0.5 * size * geometry.pixel_arcsec
    y = np.sort(geometry.y_arcsec)
    northward = bool(geometry.y_arcsec[-1] >= geometry.y_arcsec[0])
    looks = min(LOOKS, (n + 1) // 2)
    # Six frames see what lies above the lower edge of the sixth and below the upper edge of the sixth from the end.
    low, high = y[looks - 1] - half, y[n - looks] + half
    rows = max(min(int(np.floor(high) - np.ceil(low)) + 1, MOST_ROWS), 1)
    centre = float(np.round(np.median(geometry.x_arcsec)))
    first_y = float(np.ceil(low)) if northward else float(np.floor(high)) - rows + 1
    return StripGrid(centre - 0.5 * (WIDTH - 1), first_y, rows, northward)


def lean_rows(matrix: Doubles, cubic: float, shape: tuple[int, ...]) -> int:
    """By how many output rows a pixel of a frame may lie off the middle of its row, and one to spare."""
    half_y, half_x = 0.5 * shape[0], 0.5 * shape[1]
    lean = float(np.max(np.abs(matrix[:, 1, 0]), initial=0.0)) * half_x
    return math.ceil(lean + abs(cubic) * (half_x**2 + half_y**2) * half_y) + 1


@njit(**KERNEL)
def _finish_row(
    total: Floats,
    weight: Floats,
    variance: Floats,
    area: float,
    row: int,
    work: Floats,
    pixels: Floats,
    coverage: Floats,
    uncertainty: Floats,
) -> None:
    """Turn the sums of a row into means, NaN without looks: DN per output pixel and its deviation; columns in order."""
    half = pixels.size // 2
    scale = np.float32(1.0 / area)
    least = np.float32(1e-4)
    nothing = np.float32(np.nan)
    stride = half + 2 * PADDING
    n = np.uint64(2 * half)
    for side in range(2):
        source = np.uint64((2 * row + side) * stride + PADDING)
        target = np.uint64(side * half)
        for m in range(half):
            k = source + np.uint64(m)
            w = weight[k]
            factor = scale / max(w, least)
            place = target + np.uint64(m)
            work[place] = w
            work[place + n] = total[k] * factor if w > least else nothing
            work[place + n + n] = np.sqrt(variance[k]) * factor if w > least else nothing
    for m in range(half):
        coverage[2 * m] = work[m]
        coverage[2 * m + 1] = work[half + m]
        pixels[2 * m] = work[2 * half + m]
        pixels[2 * m + 1] = work[3 * half + m]
        uncertainty[2 * m] = work[4 * half + m]
        uncertainty[2 * m + 1] = work[5 * half + m]


@njit(**KERNEL)
def _coadd(
    pixels: Floats,
    flags: Flags,
    noise: Floats,
    background: Floats,
    levels: Doubles,
    x0: Doubles,
    y0: Doubles,
    matrix: Doubles,
    cubic: float,
    inverse_gain: float,
    area: float,
    spill: int,
    mean: Floats,
    coverage: Floats,
    uncertainty: Floats,
) -> None:
    """Coadd block by block of output rows; `spill` is by how many rows a pixel may lie off the middle of its row."""
    rows = mean.shape[0]
    stride = WIDTH + 4 * PADDING
    held = BLOCK + 2 * spill + 4
    total = np.zeros(held * stride, np.float32)
    weight = np.zeros(held * stride, np.float32)
    variance = np.zeros(held * stride, np.float32)
    work = np.empty(3 * WIDTH, np.float32)
    done = np.zeros(noise.size, np.int64)
    for first in range(0, rows, BLOCK):
        drizzle(
            pixels, flags, noise, background, levels, x0, y0, matrix, cubic, inverse_gain,
            done, first + BLOCK + spill, spill, first, rows, WIDTH // 2, total, weight, variance,
        )  # fmt: skip
        for y in range(first, min(first + BLOCK, rows)):
            _finish_row(total, weight, variance, area, y - first, work, mean[y], coverage[y], uncertainty[y])
        for sums in (total, weight, variance):
            sums[: (held - BLOCK) * stride] = sums[BLOCK * stride :]
            sums[(held - BLOCK) * stride :] = np.float32(0.0)


def coadd(
    frames: CalibratedFrames, geometry: FrameGeometry, levels: Doubles, grid: StripGrid
) -> tuple[Floats, Floats, Floats]:
    """Coadd a band on the grid of its scan.

    Returns
    -------
    pixels, coverage, uncertainty : float32 arrays (rows, 512)
        DN per 1" pixel, NaN where there is no data; looks at each pixel; one sigma of `pixels` from the noise of the
        frames and the light's own, without the correlation between neighbours that spreading makes.
    """
    planes = [np.empty((grid.rows, WIDTH), np.float32) for _ in range(3)]
    matrix, cubic = geometry.matrices(), geometry.distortion_arcsec / CORNER_PIX**3
    _coadd(
        frames.pixels_dn,
        frames.flags,
        frames.noise_dn,
        frames.mesh_dn.mean(axis=(1, 2)),
        levels,
        geometry.x_arcsec - grid.first_x_arcsec,
        geometry.y_arcsec - grid.first_y_arcsec,
        matrix,
        cubic,
        1.0 / frames.detector.gain,
        geometry.pixel_arcsec**2,
        lean_rows(matrix, cubic, frames.pixels_dn.shape[1:]),
        *planes,
    )
    return planes[0], planes[1], planes[2]
