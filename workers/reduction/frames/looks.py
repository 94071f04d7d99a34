"""Which star falls on which frame, and where: star after star, so that a fit finds its looks in one piece."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from app.arrays import Doubles, Integers
from workers.reduction.frames.geometry import CORNER_PIX, FrameGeometry
from workers.reduction.kernels.compiled import KERNEL

USUAL_LOOKS = 8  # at most, a star: survey scans have six


@dataclass(frozen=True)
class Looks:
    """Looks of some stars; those of star s are rows start[s] to start[s + 1].

    Attributes
    ----------
    start : int64 array (stars + 1,)
    frame : int64 array (n,)
    x_pix, y_pix : float64 arrays (n,)
        Array pixels of the star.
    inverse : float64 array (frames, 2, 2)
        Pixels per arcsecond of U-scan of every frame; distortion changes it by 1e-3 at the corners at most.
    """

    start: Integers
    frame: Integers
    x_pix: Doubles
    y_pix: Doubles
    inverse: Doubles


@njit(**KERNEL)
def _visit(
    x0: Doubles,
    y0: Doubles,
    inverse: Doubles,
    cubic: float,
    size: int,
    margin: float,
    usable: NDArray[np.bool_],
    x: Doubles,
    y: Doubles,
    start: Integers,
    frame: Integers,
    px: Doubles,
    py: Doubles,
) -> int:
    """List the looks of every star, those that the arrays have room for; their number. Frames must run along y."""
    frames = x0.size
    room = frame.size
    n = 0
    northward = y0[frames - 1] >= y0[0]
    middle = 0.5 * (size - 1)
    low = margin - 0.5
    high = size - 0.5 - margin
    reach = 0.75 * size / abs(inverse[0, 1, 1])
    first = 0
    for s in range(x.size):
        # Stars mostly come ordered along y: start near the last one's first frame.
        if northward:
            while first > 0 and y0[first - 1] + reach >= y[s]:
                first -= 1
            while first < frames - 1 and y0[first] + reach < y[s]:
                first += 1
        else:
            while first > 0 and y0[first - 1] - reach <= y[s]:
                first -= 1
            while first < frames - 1 and y0[first] - reach > y[s]:
                first += 1
        for i in range(first, frames):
            dy = y[s] - y0[i]
            if (northward and dy < -reach) or (not northward and dy > reach):
                break
            if not usable[i]:
                continue
            dx = x[s] - x0[i]
            a = inverse[i, 0, 0] * dx + inverse[i, 0, 1] * dy
            b = inverse[i, 1, 0] * dx + inverse[i, 1, 1] * dy
            u = a
            v = b
            for _ in range(2):
                bend = cubic * (u * u + v * v)
                u = a / (1.0 + bend)
                v = b / (1.0 + bend)
            u += middle
            v += middle
            if u >= low and v >= low and u < high and v < high:
                if n < room:
                    frame[n] = i
                    px[n] = u
                    py[n] = v
                n += 1
        start[s + 1] = n
    return n


def find_looks(
    geometry: FrameGeometry,
    usable: NDArray[np.bool_],
    x_arcsec: Doubles,
    y_arcsec: Doubles,
    size: int = 256,
    margin_pix: float = 0.0,
) -> Looks:
    """Every look at every star.

    Parameters
    ----------
    geometry : FrameGeometry
    usable : bool array (frames,)
        Frames with pixels.
    x_arcsec, y_arcsec : float64 arrays (stars,)
        U-scan places, best in the order of y.
    size : int
        Pixels a side of the array.
    margin_pix : float
        Distance from the array's edge that a star must keep.
    """
    # The distortion acts on pixels from the middle: U = M p (1 + c r^2); its pixel form has c in 1 / pixel^2.
    scale = geometry.pixel_arcsec
    cubic = geometry.distortion_arcsec / CORNER_PIX**3 / scale
    inverse = np.ascontiguousarray(np.linalg.inv(geometry.matrices()))
    x0, y0 = geometry.x_arcsec, geometry.y_arcsec
    start = np.zeros(x_arcsec.size + 1, np.int64)
    room, count = USUAL_LOOKS * x_arcsec.size, -1
    while count < 0 or count > room:
        room = max(room, count)
        frame, px, py = np.empty(room, np.int64), np.empty(room), np.empty(room)
        count = _visit(
            x0, y0, inverse, cubic, size, margin_pix, usable, x_arcsec, y_arcsec, start, frame, px, py
        )  # fmt: skip
    return Looks(start, frame[:count], px[:count], py[:count], inverse)
