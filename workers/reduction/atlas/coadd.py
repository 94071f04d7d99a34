"""Frames to Atlas images: exact-overlap ("square drizzle") coadds of 1" pixels (PIXPHOT, survey-facts 2.6).

Each 2" pixel is spread over the 1" pixels that it overlaps, by the area of overlap; the small rotation of its square
enters to first order. Against exact polygons (drizzle's `square`) the image of a star is off by 1.2e-4 of its peak at
0.23 degrees, 1e-5 at 0.07; with the square held parallel to the axes it was 8e-4.

Light is conserved: values are DN per 1" pixel, the mean over the looks. The sky stays in the image, levelled by
`frame_levels`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from app.arrays import Doubles, Flags, Singles
from workers.reduction.atlas.drizzle import PADDING, drizzle
from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.frames.grid import (
    WIDTH,
    StripGrid,
    lean_rows,
)
from workers.reduction.frames.values import CalibratedFrames
from workers.reduction.kernels.compiled import KERNEL

BLOCK = 32  # rows whose sums are in work at a time, 0.3 MB: in whole arrays of 144 MB they take half as long again


@njit(**KERNEL)
def _finish_row(
    total: Singles,
    weight: Singles,
    variance: Singles,
    area: float,
    row: int,
    work: Singles,
    pixels: Singles,
    coverage: Singles,
    uncertainty: Singles,
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
    pixels: Singles,
    flags: Flags,
    noise: Singles,
    background: Singles,
    levels: Doubles,
    x0: Doubles,
    y0: Doubles,
    matrix: Doubles,
    cubic: float,
    inverse_gain: float,
    area: float,
    spill: int,
    mean: Singles,
    coverage: Singles,
    uncertainty: Singles,
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
) -> tuple[Singles, Singles, Singles]:
    """Coadd a band on the grid of its scan.

    Returns
    -------
    pixels, coverage, uncertainty : float32 arrays (rows, 512)
        DN per 1" pixel, NaN where there is no data; looks at each pixel; one sigma of `pixels` from the noise of the
        frames and the light's own, without the correlation between neighbours that spreading makes.
    """
    planes = [np.empty((grid.rows, WIDTH), np.float32) for _ in range(3)]
    matrix, cubic = geometry.matrices(), geometry.bend
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
