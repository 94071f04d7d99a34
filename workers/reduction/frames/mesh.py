"""The mesh that a frame's background is kept as, and the pixels between the centres of its cells."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from app.arrays import Singles
from workers.reduction.kernels.compiled import KERNEL


@njit(**KERNEL)
def background_row(mesh: Singles, y: int, ny: int, out: Singles) -> None:
    """Bilinear background of a row of a frame, linear beyond the outer cell centres.

    Between two cell centres the row is a straight line, so it is drawn segment by segment: 0.5 ns a pixel, where a
    floor a pixel takes 12.

    Parameters
    ----------
    mesh : float32 array (cells, cells)
        Background at the cell centres, DN.
    y : int
        Row.
    ny : int
        Rows of the frame.
    out : float32 array (nx,)
        Written: the background, DN.

    Examples
    --------
    >>> row = np.empty(8, np.float32)
    >>> background_row(np.array([[10.0, 14.0], [10.0, 14.0]], np.float32), 3, 8, row)
    >>> row.tolist()
    [8.5, 9.5, 10.5, 11.5, 12.5, 13.5, 14.5, 15.5]
    """
    cells = mesh.shape[0]
    nx = out.size
    fy = (y + 0.5) * cells / ny - 0.5
    j = min(max(math.floor(fy), 0), cells - 2)
    wy = np.float32(fy - j)
    width = nx / cells
    first = 0
    for k in range(cells - 1):
        last = nx if k == cells - 2 else math.ceil((k + 1.5) * width - 0.5)
        left = mesh[j, k] + wy * (mesh[j + 1, k] - mesh[j, k])
        right = mesh[j, k + 1] + wy * (mesh[j + 1, k + 1] - mesh[j, k + 1])
        slope = np.float32((right - left) / width)
        start = np.float32(left + slope * (0.5 - (k + 0.5) * width))
        # Unsigned: an index that may be negative is written pixel by pixel, in twice the time of all the rest.
        for x in range(first, last):
            out[np.uint64(x)] = start + slope * np.float32(x)
        first = last
