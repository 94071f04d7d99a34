"""Which star falls on which frame, and where: star after star, so that a fit finds its looks in one piece."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from app.arrays import Bools, Doubles, Integers
from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.kernels.compiled import BORROWING, KERNEL

USUAL_LOOKS = 8  # at most, a star: survey scans have six


class Looks(NamedTuple):
    """Looks at stars, as kernels take them; those at star s are rows start[s] to start[s + 1].

    Attributes
    ----------
    start : int64 array (stars + 1,)
        First row of each star, and the number of rows.
    frame : int64 array (n,)
        Index of the frame.
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


class _Sky(NamedTuple):
    """U-scan places to array pixels of all frames, the inverse of `GeometryArrays`; `bend` in 1 / pixel^2."""

    x_arcsec: Doubles
    y_arcsec: Doubles
    inverse: Doubles
    bend: float
    size_pix: int
    usable: Bools


@njit(**KERNEL, inline="always")
def _first_frame(y0: Doubles, y: float, first: int, reach: float, northward: bool) -> int:
    """Return the first frame that may reach a star; stars mostly come ordered along y: start near the last one's."""
    frames = y0.size
    if northward:
        while first > 0 and y0[first - 1] + reach >= y:
            first -= 1
        while first < frames - 1 and y0[first] + reach < y:
            first += 1
    else:
        while first > 0 and y0[first - 1] - reach <= y:
            first -= 1
        while first < frames - 1 and y0[first] - reach > y:
            first += 1
    return first


@njit(**KERNEL, inline="always")
def _bent(a: float, b: float, bend: float) -> tuple[float, float]:
    """Pixel from the middle that the distortion moves to (a, b)."""
    u = a
    v = b
    for _ in range(2):
        factor = bend * (u * u + v * v)
        u = a / (1.0 + factor)
        v = b / (1.0 + factor)
    return u, v


@njit(**BORROWING)
def _visit(sky: _Sky, x: Doubles, y: Doubles, margin: float, out: Looks) -> int:
    """List the looks of every star, those that the arrays have room for; their number. Frames must run along y."""
    frames = sky.x_arcsec.size
    n = 0
    northward = sky.y_arcsec[frames - 1] >= sky.y_arcsec[0]
    middle = 0.5 * (sky.size_pix - 1)
    low = margin - 0.5
    high = sky.size_pix - 0.5 - margin
    reach = 0.75 * sky.size_pix / abs(sky.inverse[0, 1, 1])
    first = 0
    for s in range(x.size):
        first = _first_frame(sky.y_arcsec, y[s], first, reach, northward)
        for i in range(first, frames):
            dy = y[s] - sky.y_arcsec[i]
            if (northward and dy < -reach) or (not northward and dy > reach):
                break
            if not sky.usable[i]:
                continue
            dx = x[s] - sky.x_arcsec[i]
            a = sky.inverse[i, 0, 0] * dx + sky.inverse[i, 0, 1] * dy
            b = sky.inverse[i, 1, 0] * dx + sky.inverse[i, 1, 1] * dy
            u, v = _bent(a, b, sky.bend)
            u += middle
            v += middle
            if u >= low and v >= low and u < high and v < high:
                if n < out.frame.size:
                    out.frame[n] = i
                    out.x_pix[n] = u
                    out.y_pix[n] = v
                n += 1
        out.start[s + 1] = n
    return n


def find_looks(
    geometry: FrameGeometry, usable: Bools, x_arcsec: Doubles, y_arcsec: Doubles, *, margin_pix: float = 0.0
) -> Looks:
    """Every look at every star.

    Parameters
    ----------
    geometry : FrameGeometry
        Of frames that run along y, either way.
    usable : bool array (frames,)
        Frames with pixels.
    x_arcsec, y_arcsec : float64 arrays (stars,)
        U-scan places, best in the order of y.
    margin_pix : float
        Distance from the array's edge that a star must keep; negative to look beyond the edge.

    Examples
    --------
    A star 20" north of the middle of the first of two frames, 83" apart, is on both.

    >>> geometry = FrameGeometry(np.zeros(2), np.array([0.0, 83.0]), 2.0 * np.eye(2), np.zeros(2), size_pix=256)
    >>> looks = find_looks(geometry, np.ones(2, np.bool_), np.array([0.0]), np.array([20.0]))
    >>> looks.start.tolist(), looks.frame.tolist(), looks.y_pix.tolist()
    ([0, 2], [0, 1], [137.5, 96.0])
    """
    # The distortion acts on pixels from the middle: U = M p (1 + c r^2); its pixel form has c in 1 / pixel^2.
    inverse = geometry.inverses()
    bend = geometry.bend / geometry.pixel_arcsec
    sky = _Sky(geometry.x_arcsec, geometry.y_arcsec, inverse, bend, geometry.size_pix, usable)
    start = np.zeros(x_arcsec.size + 1, np.int64)
    room, count = USUAL_LOOKS * x_arcsec.size, -1
    while count < 0 or count > room:
        room = max(room, count)
        looks = Looks(start, np.empty(room, np.int64), np.empty(room), np.empty(room), inverse)
        count = _visit(sky, x_arcsec, y_arcsec, margin_pix, looks)
    return Looks(start, looks.frame[:count], looks.x_pix[:count], looks.y_pix[:count], inverse)
