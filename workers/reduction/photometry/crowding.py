"""What close neighbours do to one another: needless stars between two others, and the reach of a misfit."""

from __future__ import annotations

import numpy as np

from app.arrays import Bools, Doubles
from workers.reduction.kernels.pairs import close_pairs

BETWEEN_ARCSEC = 2.9
ALIKE_SHARE = 0.2


def between(places: Doubles, flux: Doubles) -> Bools:
    """Stars that stand between two others nearer than 2.9" on opposite sides: the first guess at an unresolved pair.

    Left there, it would go on holding a part of the light of both.
    """
    middle = np.zeros(flux.size, np.bool_)
    pairs = close_pairs(places, BETWEEN_ARCSEC)
    if not pairs.size:
        return middle
    owner = np.concatenate([pairs[:, 0], pairs[:, 1]])
    other = np.concatenate([pairs[:, 1], pairs[:, 0]])
    order = np.lexsort((other, owner))
    owner, other = owner[order], other[order]
    for k in np.flatnonzero(np.bincount(owner, minlength=flux.size) >= 2):
        near = other[np.searchsorted(owner, k) : np.searchsorted(owner, k, side="right")]
        sides = places[near] - places[k]
        length = np.hypot(*sides.T)
        opposite = sides @ sides.T < -0.7 * np.outer(length, length)
        light = flux[near]
        alike = np.minimum.outer(light, light) > ALIKE_SHARE * np.maximum.outer(light, light)
        middle[k] = bool((opposite & alike).any())
    return middle


def fall(distance_arcsec: Doubles) -> Doubles:
    """Share of its centre that a profile, and so its misfit, has at a distance; for full widths of 2.5" to 3".

    Examples
    --------
    >>> fall(np.array([0.0, 2.5, 10.0])).round(3).tolist()
    [1.0, 0.354, 0.014]
    """
    return np.asarray(1.0 / (1.0 + (distance_arcsec / 2.5) ** 2) ** 1.5)
