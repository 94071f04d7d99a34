"""Pieces of a coadd of residual frames: for looking at, and for measuring what is no star."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from app.arrays import Doubles, Flags, Singles
from workers.reduction.frames.geometry import CORNER_PIX
from workers.reduction.kernels.compiled import KERNEL
from workers.reduction.photometry.rounds import BandStack


@njit(**KERNEL)
def _add(
    residual: Singles,
    flags: Flags,
    noise: Singles,
    x0: Doubles,
    y0: Doubles,
    matrix: Doubles,
    cubic: float,
    total: Singles,
    weight: Singles,
) -> None:
    """Add a quarter of every good pixel's light to each of the 2 x 2 pixels of 1" nearest to it."""
    n, ny, nx = residual.shape
    rows, columns = total.shape
    quarter = np.float32(0.25)
    for i in range(n):
        if noise[i] <= 0.0 or y0[i] < -1.2 * ny or y0[i] > rows + 1.2 * ny:
            continue
        for y in range(ny):
            py = y - 0.5 * (ny - 1)
            middle = y0[i] + matrix[i, 1, 1] * py
            if middle < -4.0 or middle > rows + 4.0:
                continue
            for x in range(nx):
                if flags[i, y, x] != 0:
                    continue
                px = x - 0.5 * (nx - 1)
                bend = cubic * (px * px + py * py)
                k = math.floor(x0[i] + matrix[i, 0, 1] * py + (matrix[i, 0, 0] + bend) * px)
                j = math.floor(middle + matrix[i, 1, 0] * px + bend * py)
                for b in range(j, j + 2):
                    for a in range(k, k + 2):
                        if 0 <= a < columns and 0 <= b < rows:
                            total[b, a] += quarter * residual[i, y, x]
                            weight[b, a] += np.float32(1.0)


def mosaic(
    stack: BandStack, first_x_arcsec: float, first_y_arcsec: float, rows: int, columns: int
) -> Singles:
    """Mean of the residual frames over a window of 1" pixels, DN a pixel; NaN without a look.

    Parameters
    ----------
    stack : BandStack
    first_x_arcsec, first_y_arcsec : float
        U-scan place of the window's first pixel.
    rows, columns : int
    """
    total, weight = np.zeros((rows, columns), np.float32), np.zeros((rows, columns), np.float32)
    geometry = stack.geometry
    _add(
        stack.residual, stack.frames.flags, stack.frames.noise_dn,
        geometry.x_arcsec - first_x_arcsec, geometry.y_arcsec - first_y_arcsec, geometry.matrices(),
        geometry.distortion_arcsec / CORNER_PIX**3, total, weight,
    )  # fmt: skip
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(weight > 0.0, total / weight, np.nan).astype(np.float32)
