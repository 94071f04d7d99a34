"""Saturated cores: pixels of bright stars that do not hold the star's light.

An Atlas image has no mask. Read 2 minus Read 1 of a saturated pixel is too small, down to zero or below, so the
profile of a star brighter than about J 9 has a dip or a hole in its centre, sometimes NaN (survey-facts 8.2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from workers.reduction.compiled import KERNEL

Doubles = NDArray[np.float64]
Singles = NDArray[np.float32]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class SaturatedStars:
    """Saturated stars of one image: centres and the radius of the spoilt core (pixels), each (n,)."""

    x: Doubles
    y: Doubles
    radius: Doubles


@njit(**KERNEL)
def _holes(data: Singles, high: float, dip: float, x: Doubles, y: Doubles, radius: Doubles) -> int:
    """Centres whose surroundings at 2-5 pixels are all bright while the centre is lower than `dip` of them."""
    ny, nx = data.shape
    n = 0
    for j in range(6, ny - 6):
        for i in range(6, nx - 6):
            v = data[j, i]
            lowest = 1e30
            for k in range(8):
                angle = 0.25 * math.pi * k
                best = -1e30
                for r in range(2, 6):
                    w = data[j + int(round(r * math.sin(angle))), i + int(round(r * math.cos(angle)))]
                    best = max(best, w)
                lowest = min(lowest, best)
            # In every direction the profile rises again: a star's own profile never does.
            if lowest > high and (v != v or v < dip * lowest) and n < x.size:
                x[n] = i
                y[n] = j
                radius[n] = 1.0
                n += 1
    return n


def find(data: Singles, sigma: float, dip: float) -> SaturatedStars:
    """Stars with a hole in the centre.

    Parameters
    ----------
    data : float32 array (ny, nx)
        Background-subtracted image; NaN allowed.
    sigma : float
        Noise of a pixel; a ring must be 300 times brighter, which confusion of faint stars never is.
    dip : float
        Largest ratio of centre to ring.
    """
    limit = 4096
    x, y, radius = np.empty(limit), np.empty(limit), np.empty(limit)
    n = _holes(data, 300.0 * sigma, dip, x, y, radius)
    groups: list[list[int]] = []
    for k in range(n):
        home = next((g for g in groups if any(np.hypot(x[k] - x[m], y[k] - y[m]) < 6.0 for m in g)), None)
        if home is None:
            groups.append([k])
        else:
            home.append(k)
    centres = [
        (x[g].mean(), y[g].mean(), np.hypot(x[g] - x[g].mean(), y[g] - y[g].mean()).max() + 3.0)
        for g in groups
    ]
    table = np.array(centres).reshape(-1, 3)
    return SaturatedStars(table[:, 0], table[:, 1], table[:, 2])


def mask(stars: SaturatedStars, shape: tuple[int, int]) -> Bools:
    """True on the spoilt cores."""
    spoilt = np.zeros(shape, np.bool_)
    for x, y, radius in zip(stars.x, stars.y, stars.radius, strict=True):
        y0, y1 = max(0, int(y - radius)), min(shape[0], int(y + radius) + 2)
        x0, x1 = max(0, int(x - radius)), min(shape[1], int(x + radius) + 2)
        yy, xx = np.mgrid[y0:y1, x0:x1]
        spoilt[y0:y1, x0:x1] |= np.hypot(xx - x, yy - y) <= radius
    return spoilt
