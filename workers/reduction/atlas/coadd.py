"""Frames to Atlas images: exact-overlap ("square drizzle") coadds of 1" pixels (PIXPHOT, background/survey 2.6).

Each 2" pixel is spread over the 1" pixels that it overlaps, by the area of overlap; the small rotation of its square
enters to first order. Against exact polygons (drizzle's `square`) the image of a star is off by 1.2e-4 of its peak at
0.23 degrees, 1e-5 at 0.07; with the square held parallel to the axes it was 8e-4.

Light is conserved: values are DN per 1" pixel, the mean over the looks. The sky stays in the image, levelled by
`atlas.levels`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from app.arrays import Doubles, Singles
from workers.reduction.atlas.drizzle import drizzle
from workers.reduction.atlas.values import PADDING, FrameLight, FramePlaces, Planes, Sums, Window
from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.frames.grid import (
    WIDTH,
    StripGrid,
    lean_rows,
)
from workers.reduction.frames.values import CalibratedFrames
from workers.reduction.kernels.compiled import KERNEL

BLOCK = 32  # rows whose sums are in work at a time, 0.3 MB: in whole arrays of 144 MB they take half as long again
LEAST_WEIGHT = 1e-4  # looks: below, a pixel has no data


@njit(**KERNEL)
def _finish_row(sums: Sums, held: int, area: float, work: Singles, planes: Planes, y: int) -> None:
    """Turn row `held` of the sums into means, NaN without looks, and put them into row y of the planes.

    Even and odd columns go through `work` (3 x 512), from which they are taken in order.
    """
    half = planes.pixels.shape[1] // 2
    scale = np.float32(1.0 / area)
    least = np.float32(LEAST_WEIGHT)
    no_data = np.float32(np.nan)
    stride = half + 2 * PADDING
    n = np.uint64(2 * half)
    for side in range(2):
        source = np.uint64((2 * held + side) * stride + PADDING)
        target = np.uint64(side * half)
        for m in range(half):
            k = source + np.uint64(m)
            w = sums.weight[k]
            factor = scale / max(w, least)
            place = target + np.uint64(m)
            work[place] = w
            # Worked out of all pixels: where it is asked first, the loop goes on pixel by pixel.
            light = sums.total[k] * factor
            error = np.sqrt(sums.variance[k]) * factor
            work[place + n] = light if w > least else no_data
            work[place + n + n] = error if w > least else no_data
    coverage = planes.coverage[y]
    pixels = planes.pixels[y]
    uncertainty = planes.uncertainty[y]
    side_by_side = np.uint64(half)
    for m in range(half):
        own = np.uint64(m)
        even = own + own
        odd = even + np.uint64(1)
        coverage[even] = work[own]
        coverage[odd] = work[side_by_side + own]
        pixels[even] = work[n + own]
        pixels[odd] = work[n + side_by_side + own]
        uncertainty[even] = work[n + n + own]
        uncertainty[odd] = work[n + n + side_by_side + own]


@njit(**KERNEL)
def _coadd(frames: FrameLight, places: FramePlaces, planes: Planes) -> None:
    """Coadd block by block of output rows."""
    rows = planes.pixels.shape[0]
    stride = WIDTH + 4 * PADDING
    spill = places.spill
    held = BLOCK + 2 * spill + 4
    sums = Sums(
        np.zeros(held * stride, np.float32),
        np.zeros(held * stride, np.float32),
        np.zeros(held * stride, np.float32),
    )
    work = np.empty(3 * WIDTH, np.float32)
    done = np.zeros(frames.noise.size, np.int64)
    for first in range(0, rows, BLOCK):
        drizzle(frames, places, Window(first, first + BLOCK + spill, rows, WIDTH // 2), done, sums)
        for y in range(first, min(first + BLOCK, rows)):
            _finish_row(sums, y - first, places.area, work, planes, y)
        for plane in (sums.total, sums.weight, sums.variance):
            plane[: (held - BLOCK) * stride] = plane[BLOCK * stride :]
            plane[(held - BLOCK) * stride :] = np.float32(0.0)


def coadd(frames: CalibratedFrames, geometry: FrameGeometry, levels: Doubles, grid: StripGrid) -> Planes:
    """Coadd a band on the grid of its scan.

    Parameters
    ----------
    frames : CalibratedFrames
        Of one band, in the order of time; frames without pixels and flagged pixels do not count.
    geometry : FrameGeometry
        Where they lie on the sky.
    levels : float64 array (n, 6)
        Polynomials to subtract, DN (`solve_levels`); zeros leave the frames as they are.
    grid : StripGrid
        The 1" grid of the scan.

    Returns
    -------
    Planes
        Pixels, coverage and uncertainty on the whole grid.

    Notes
    -----
    The turn of a pixel enters to first order: good to 1e-3 of the peak of a star up to half a degree.
    """
    planes = Planes(*(np.empty((grid.rows, WIDTH), np.float32) for _ in range(3)))
    matrix, cubic = geometry.matrices(), geometry.bend
    light = FrameLight(
        frames.pixels_dn,
        frames.flags,
        frames.noise_dn,
        frames.mesh_dn.mean(axis=(1, 2)),
        levels,
        1.0 / frames.detector.gain,
    )
    places = FramePlaces(
        geometry.x_arcsec - grid.first_x_arcsec,
        geometry.y_arcsec - grid.first_y_arcsec,
        matrix,
        cubic,
        lean_rows(matrix, cubic, frames.pixels_dn.shape[1:]),
        geometry.pixel_arcsec**2,
    )
    _coadd(light, places, planes)
    return planes
