"""Saturated cores on finished images: pixels of bright stars that do not hold the star's light.

An Atlas image has no mask. Read 2 minus Read 1 of a saturated pixel is too small, down to zero or below, so the
profile of a star brighter than about J 9 is flat-topped, has a dip, or a hole that may be NaN (background/survey 8.2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from app.arrays import Bools, Doubles, Singles
from workers.reduction.kernels.compiled import KERNEL

SAME_PIX = 6.0  # holes and cores nearer than this are one star's
MOST_HOLES = 4096
LEAST_HEIGHT = 0.8  # of a depressed core over that of the faintest saturated star


@dataclass(frozen=True)
class SaturatedStars:
    """Saturated stars of one image.

    Attributes
    ----------
    x, y : float64 arrays (n,)
        Array pixels of the centres.
    radius : float64 array (n,)
        Of the core to be masked, pixels.
    """

    x: Doubles
    y: Doubles
    radius: Doubles

    def join(self, other: SaturatedStars) -> SaturatedStars:
        """Both lists, without the stars of `other` that lie within 6 pixels of a star of this list."""
        new = [
            k
            for k in range(other.x.size)
            if not (np.hypot(self.x - other.x[k], self.y - other.y[k]) < SAME_PIX).any()
        ]
        return SaturatedStars(
            np.append(self.x, other.x[new]),
            np.append(self.y, other.y[new]),
            np.append(self.radius, other.radius[new]),
        )


@njit(**KERNEL)
def _holes(data: Singles, high: float, dip: float, x: Doubles, y: Doubles) -> int:
    """List pixels lower than `dip` of their surroundings at 2-5 pixels, which are bright in all directions."""
    ny, nx = data.shape
    n = 0
    for j in range(6, ny - 6):
        for i in range(6, nx - 6):
            v = data[j, i]
            if not np.isnan(v) and v > 1e30:
                continue
            # Most pixels are dismissed by the four pixels to the right, before all directions are tried.
            if not max(data[j, i + 2], data[j, i + 3], data[j, i + 4], data[j, i + 5]) > high:
                continue
            lowest = 1e30
            for k in range(8):
                angle = 0.25 * math.pi * k
                best = -1e30
                for r in range(2, 6):
                    w = data[j + round(r * math.sin(angle)), i + round(r * math.cos(angle))]
                    best = max(best, w)
                lowest = min(lowest, best)
            # In every direction the profile rises again: a star's own profile never does.
            if lowest > high and (np.isnan(v) or v < dip * lowest) and n < x.size:
                x[n] = i
                y[n] = j
                n += 1
    return n


def find_holes(data: Singles, sigma: float, dip: float) -> SaturatedStars:
    """Stars with a hole in the centre.

    Parameters
    ----------
    data : float32 array (ny, nx)
        Background-subtracted image, DN; NaN allowed.
    sigma : float
        Noise of a pixel, DN; a ring must be 300 times brighter, which confusion of faint stars never is.
    dip : float
        Largest ratio of centre to ring.

    Returns
    -------
    SaturatedStars
        Holes within 6 pixels of each other are one star; a core ends 3 pixels beyond its farthest hole.
    """
    x, y = np.empty(MOST_HOLES), np.empty(MOST_HOLES)
    n = _holes(data, 300.0 * sigma, dip, x, y)
    clusters: list[list[int]] = []
    for k in range(n):
        home = next(
            (g for g in clusters if any(np.hypot(x[k] - x[m], y[k] - y[m]) < SAME_PIX for m in g)), None
        )
        if home is None:
            clusters.append([k])
        else:
            home.append(k)
    rows = [
        (x[g].mean(), y[g].mean(), np.hypot(x[g] - x[g].mean(), y[g] - y[g].mean()).max() + 3.0)
        for g in clusters
    ]
    table = np.array(rows).reshape(-1, 3)
    return SaturatedStars(table[:, 0], table[:, 1], table[:, 2])


def find_depressed(
    data: Singles,
    usable: Bools,
    stamp: Singles,
    x: Doubles,
    y: Doubles,
    flux: Doubles,
    least_dn: float,
    share: float,
) -> SaturatedStars:
    """Stars whose core holds too little light for their wings.

    The profile is scaled to the ring of 3 to 6 pixels by the median of data over profile; a star whose central
    pixels (within 1.5) lie below 1 - `share` of the scaled profile is saturated. The masked core ends where the scaled
    profile falls below 0.6 of the core's highest pixel: saturated pixels are alike, and fainter pixels of the slope
    are sound.

    Parameters
    ----------
    data : float32 array (ny, nx)
        Background-subtracted image, DN.
    usable : bool array (ny, nx)
        Pixels that count.
    stamp : float32 array (2 h + 1, 2 h + 1), h at least 7
        The point-spread function at whole pixels, learnt without such stars.
    x, y, flux : float64 arrays (n,)
        Stars to test, pixels and DN.
    least_dn : float
        Flux of the scaled profile below which a star cannot be saturated, DN: fainter stars that lack light in the core
        are knots, blends, or stars beside one.
    share : float
        Smallest lack of light in the core, a share of the scaled profile.

    Returns
    -------
    SaturatedStars
        Stars nearer to the edge of the image than the stamp reaches are not tested.
    """
    half = stamp.shape[0] // 2
    ny, nx = data.shape
    offset_y, offset_x = np.mgrid[-half : half + 1, -half : half + 1]
    rows = []
    for n in range(x.size):
        i, j = int(np.rint(x[n])), int(np.rint(y[n]))
        if i < half or j < half or i >= nx - half or j >= ny - half:
            continue
        part = data[j - half : j + half + 1, i - half : i + half + 1]
        good = usable[j - half : j + half + 1, i - half : i + half + 1]
        r = np.hypot(offset_x - (x[n] - i), offset_y - (y[n] - j))
        ring, core = good & (r > 3.0) & (r < 6.0), good & (r < 1.5)
        if ring.sum() < 30 or core.sum() < 4:
            continue
        # The median over eight sectors: a neighbour fills one or two of them and does not change it.
        sector = ((np.arctan2(offset_y, offset_x) + np.pi) / (2.0 * np.pi) * 8).astype(int) % 8
        sums = [
            part[ring & (sector == s)].sum() / max(stamp[ring & (sector == s)].sum(), 1e-9) for s in range(8)
        ]
        scale = float(np.median(sums))
        lack = 1.0 - float(part[core].sum() / (scale * stamp[core].sum()))
        # A core saturates at the height that the faintest saturated star has; what stays far below it is a knot or a
        # blend beside a brighter star.
        full = float(part[core].max()) > LEAST_HEIGHT * least_dn * float(stamp.max())
        if scale > max(0.7 * flux[n], least_dn) and share < lack < 0.95 and full:
            low = r[(stamp * scale > 0.6 * part[core].max()) & (r < 6.0)]
            rows.append((x[n], y[n], float(low.max(initial=1.0)) + 0.5))
    table = np.array(rows).reshape(-1, 3)
    return SaturatedStars(table[:, 0], table[:, 1], table[:, 2])


def mask(stars: SaturatedStars, shape: tuple[int, int]) -> Bools:
    """Mark the cores of saturated stars.

    Parameters
    ----------
    stars : SaturatedStars
        Centres and radii.
    shape : tuple of int
        (ny, nx) of the image.

    Returns
    -------
    bool array (ny, nx)
        True within a core.

    Examples
    --------
    >>> star = SaturatedStars(np.array([2.0]), np.array([1.0]), np.array([1.0]))
    >>> mask(star, (3, 4)).astype(int).tolist()
    [[0, 0, 1, 0], [0, 1, 1, 1], [0, 0, 1, 0]]
    """
    marked = np.zeros(shape, np.bool_)
    for x, y, radius in zip(stars.x, stars.y, stars.radius, strict=True):
        y0, y1 = max(0, int(y - radius)), min(shape[0], int(y + radius) + 2)
        x0, x1 = max(0, int(x - radius)), min(shape[1], int(x + radius) + 2)
        yy, xx = np.mgrid[y0:y1, x0:x1]
        marked[y0:y1, x0:x1] |= np.hypot(xx - x, yy - y) <= radius
    return marked
