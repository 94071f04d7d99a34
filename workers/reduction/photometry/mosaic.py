"""Pieces of a coadd of residual frames: for looking at, and for measuring sources that are no stars."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from app.arrays import Singles
from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.frames.values import FrameArrays, GeometryArrays
from workers.reduction.kernels.compiled import BORROWING, KERNEL, PLAIN


@njit(**KERNEL, inline="always")
def _columns_within(place: float, step: float, nx: int, columns: int) -> tuple[int, int]:
    """Columns of a frame row that may reach a window, first and one after the last.

    `place` is where the row's middle lies, `step` the arcseconds a pixel; four of the window's pixels are more than the
    distortion moves any.
    """
    if abs(step) < 1e-6:
        return 0, nx
    left = (-4.0 - place) / step + 0.5 * (nx - 1)
    right = (columns + 4.0 - place) / step + 0.5 * (nx - 1)
    first = max(0, math.floor(min(left, right)))
    return first, min(nx, math.ceil(max(left, right)) + 1)


@njit(**BORROWING)
def _add(frames: FrameArrays, geometry: GeometryArrays, light: Singles, count: Singles) -> None:
    """Add every good pixel's light to the lower left of the 2 x 2 pixels of 1" nearest to it.

    Row and column 0 of the sums stand for -1 of the window.
    """
    n, ny, nx = frames.pixels_dn.shape
    rows = light.shape[0] - 1
    columns = light.shape[1] - 1
    x0 = geometry.x_arcsec
    y0 = geometry.y_arcsec
    matrix = geometry.matrix
    for i in range(n):
        if frames.noise_dn[i] <= 0.0 or y0[i] < -1.2 * ny or y0[i] > rows + 1.2 * ny:
            continue
        for y in range(ny):
            py = y - 0.5 * (ny - 1)
            middle = y0[i] + matrix[i, 1, 1] * py
            if middle < -4.0 or middle > rows + 4.0:
                continue
            row = x0[i] + matrix[i, 0, 1] * py
            first, last = _columns_within(row, matrix[i, 0, 0], nx, columns)
            for x in range(first, last):
                px = x - 0.5 * (nx - 1)
                bend = geometry.bend * (px * px + py * py)
                k = math.floor(row + (matrix[i, 0, 0] + bend) * px)
                j = math.floor(middle + matrix[i, 1, 0] * px + bend * py)
                if -1 <= k < columns and -1 <= j < rows:
                    good = np.float32(frames.flags[i, y, x] == 0)
                    a = np.uint64(k + 1)
                    b = np.uint64(j + 1)
                    light[b, a] += good * frames.pixels_dn[i, y, x]
                    count[b, a] += good


@njit(**PLAIN)
def _spread(light: Singles, count: Singles, out: Singles) -> None:
    """Give what the lower left pixels of squares of 2 x 2 hold to all four of each: means, NaN without a look."""
    quarter = np.float32(0.25)
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            weight = (count[y + 1, x + 1] + count[y, x + 1]) + (count[y + 1, x] + count[y, x])
            total = (light[y + 1, x + 1] + light[y, x + 1]) + (light[y + 1, x] + light[y, x])
            out[y, x] = quarter * total / weight if weight > np.float32(0.0) else np.float32(np.nan)


def mosaic(
    residual: FrameArrays,
    geometry: FrameGeometry,
    first_x_arcsec: float,
    first_y_arcsec: float,
    shape: tuple[int, int],
) -> Singles:
    """Mean of residual frames over a window of 1" pixels, DN a pixel; NaN without a look.

    Parameters
    ----------
    residual : FrameArrays
        Residual frames of a band.
    geometry : FrameGeometry
        Where they lie.
    first_x_arcsec, first_y_arcsec : float
        U-scan place of the window's first pixel.
    shape : (int, int)
        Rows and columns of the window.
    """
    rows, columns = shape
    light, count = (np.zeros((rows + 1, columns + 1), np.float32) for _ in range(2))
    _add(residual, geometry.arrays(first_x_arcsec, first_y_arcsec), light, count)
    out = np.empty(shape, np.float32)
    _spread(light, count, out)
    return out
