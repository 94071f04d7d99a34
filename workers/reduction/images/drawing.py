"""Drawing stars of a finished image: the table's value between its nodes, and models added to pixels."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from app.arrays import Doubles, Integers, Singles
from workers.reduction.kernels.compiled import KERNEL


class ProfileTables(NamedTuple):
    """The point-spread function as kernels take it.

    Attributes
    ----------
    nodes : float32 array (cells, size, size)
        Light a square pixel at the nodes, for each cell of the image; size is odd, the middle node the star's centre.
    oversampling : int
        Nodes a pixel.
    """

    nodes: Singles
    oversampling: int


class DrawnStars(NamedTuple):
    """Stars as kernels draw them; each (n,). Kernels that fit change `x`, `y` and `flux` in place.

    Attributes
    ----------
    cell : int64
        Which table of `ProfileTables.nodes` serves the star.
    x, y : float64
        Array pixels.
    flux : float64
        DN.
    reach : float64
        How far from its centre the model is drawn, pixels.
    """

    cell: Integers
    x: Doubles
    y: Doubles
    flux: Doubles
    reach: Doubles


@njit(**KERNEL, inline="always")
def _cubic_weights(t: np.float32) -> tuple[np.float32, np.float32, np.float32, np.float32]:
    """Weights of the four nodes around a place, `t` of a step past the second (Catmull-Rom: Keys 1981, a = -1/2)."""
    half = np.float32(0.5)
    return (
        half * t * (t * (np.float32(2.0) - t) - np.float32(1.0)),
        half * (t * t * (np.float32(3.0) * t - np.float32(5.0)) + np.float32(2.0)),
        half * t * (t * (np.float32(4.0) - np.float32(3.0) * t) + np.float32(1.0)),
        half * t * t * (t - np.float32(1.0)),
    )


@njit(**KERNEL, inline="always")
def _cubic_slopes(t: np.float32) -> tuple[np.float32, np.float32, np.float32, np.float32]:
    """Differentiate `_cubic_weights` by `t`."""
    half = np.float32(0.5)
    return (
        half * (t * (np.float32(4.0) - np.float32(3.0) * t) - np.float32(1.0)),
        half * t * (np.float32(9.0) * t - np.float32(10.0)),
        half * (t * (np.float32(8.0) - np.float32(9.0) * t) + np.float32(1.0)),
        half * t * (np.float32(3.0) * t - np.float32(2.0)),
    )


@njit(**KERNEL)
def profile_value(table: Singles, oversampling: int, dx: float, dy: float) -> tuple[float, float, float]:
    """Light of a star of flux 1 in a pixel, bicubic between the nodes; 0 outside of the table.

    Parameters
    ----------
    table : float32 array (size, size)
        Nodes of one cell.
    oversampling : int
        Nodes a pixel.
    dx, dy : float
        Offset of the pixel from the star's centre, pixels.

    Returns
    -------
    value, by_x, by_y : float
        The light, and its derivatives by `dx` and `dy`, a pixel.
    """
    size = table.shape[0]
    u = dx * oversampling + size // 2
    v = dy * oversampling + size // 2
    i = int(math.floor(u))
    j = int(math.floor(v))
    if i < 1 or j < 1 or i > size - 3 or j > size - 3:
        return 0.0, 0.0, 0.0
    a = np.float32(u - i)
    b = np.float32(v - j)
    x0, x1, x2, x3 = _cubic_weights(a)
    g0, g1, g2, g3 = _cubic_slopes(a)
    y0, y1, y2, y3 = _cubic_weights(b)
    h0, h1, h2, h3 = _cubic_slopes(b)
    p = table[j - 1, i - 1 : i + 3]
    q = table[j, i - 1 : i + 3]
    r = table[j + 1, i - 1 : i + 3]
    s = table[j + 2, i - 1 : i + 3]
    rp = x0 * p[0] + x1 * p[1] + x2 * p[2] + x3 * p[3]
    rq = x0 * q[0] + x1 * q[1] + x2 * q[2] + x3 * q[3]
    rr = x0 * r[0] + x1 * r[1] + x2 * r[2] + x3 * r[3]
    rs = x0 * s[0] + x1 * s[1] + x2 * s[2] + x3 * s[3]
    dp = g0 * p[0] + g1 * p[1] + g2 * p[2] + g3 * p[3]
    dq = g0 * q[0] + g1 * q[1] + g2 * q[2] + g3 * q[3]
    dr = g0 * r[0] + g1 * r[1] + g2 * r[2] + g3 * r[3]
    ds = g0 * s[0] + g1 * s[1] + g2 * s[2] + g3 * s[3]
    value = y0 * rp + y1 * rq + y2 * rr + y3 * rs
    by_x = (y0 * dp + y1 * dq + y2 * dr + y3 * ds) * oversampling
    by_y = (h0 * rp + h1 * rq + h2 * rr + h3 * rs) * oversampling
    return value, by_x, by_y


@njit(**KERNEL)
def add_stars(
    image: Singles, profiles: ProfileTables, stars: DrawnStars, order: Integers, sign: float
) -> None:
    """Add the models of stars to an image in place, each within its own reach.

    Parameters
    ----------
    image : float32 array (ny, nx)
        DN; pixels of the image that the models reach are changed.
    profiles : ProfileTables
        Point-spread function of the image.
    stars : DrawnStars
        All stars of the image; those of flux 0 are skipped.
    order : int64 array (m,)
        Which of the stars are drawn, and in which order: sums of floats depend on that.
    sign : float
        Factor of the models: 1 adds, -1 takes away.
    """
    ny, nx = image.shape
    for k in range(order.size):
        n = order[k]
        if stars.flux[n] == 0.0:
            continue
        table = profiles.nodes[stars.cell[n]]
        x = stars.x[n]
        y = stars.y[n]
        reach = stars.reach[n]
        for py in range(max(0, int(math.ceil(y - reach))), min(ny - 1, int(math.floor(y + reach))) + 1):
            dy = py - y
            span = math.sqrt(max(reach * reach - dy * dy, 0.0))
            for px in range(max(0, int(math.ceil(x - span))), min(nx - 1, int(math.floor(x + span))) + 1):
                value, _, _ = profile_value(table, profiles.oversampling, px - x, dy)
                image[py, px] += np.float32(sign * stars.flux[n] * value)
