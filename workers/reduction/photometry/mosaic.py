"""Pieces of a coadd of residual frames: for looking at, and for measuring sources that are no stars."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from app.arrays import Singles
from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.frames.values import FrameArrays, GeometryArrays
from workers.reduction.kernels.compiled import BORROWING


@njit(**BORROWING)
def _add(frames: FrameArrays, geometry: GeometryArrays, total: Singles, weight: Singles) -> None:
    """Add a quarter of every good pixel's light to each of the 2 x 2 pixels of 1" nearest to it."""
    n, ny, nx = frames.pixels_dn.shape
    rows, columns = total.shape
    quarter = np.float32(0.25)
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
            for x in range(nx):
                if frames.flags[i, y, x] != 0:
                    continue
                px = x - 0.5 * (nx - 1)
                bend = geometry.bend * (px * px + py * py)
                k = math.floor(x0[i] + matrix[i, 0, 1] * py + (matrix[i, 0, 0] + bend) * px)
                j = math.floor(middle + matrix[i, 1, 0] * px + bend * py)
                for b in range(j, j + 2):
                    for a in range(k, k + 2):
                        if 0 <= a < columns and 0 <= b < rows:
                            total[b, a] += quarter * frames.pixels_dn[i, y, x]
                            weight[b, a] += np.float32(1.0)


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
    total, weight = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    _add(residual, geometry.arrays(first_x_arcsec, first_y_arcsec), total, weight)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(weight > 0.0, total / weight, np.nan).astype(np.float32)
