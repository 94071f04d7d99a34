"""How much of one image lies within another of the same band: a cut-out lies within its image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.arrays import Bools, Doubles
from app.sky.directions import unit_vectors
from app.sky.shapes import Position

MOST_SHARE = 0.5
"""Images of a scan follow each other every 970 of 1024 rows (background/survey 9): they share 5 %, never half."""
_STEPS = 16


def shared_part(first: Sequence[Position], second: Sequence[Position]) -> float:
    """Part of the smaller of two images that the other covers, from a grid of points.

    Parameters
    ----------
    first, second : sequence of positions
        Four corners (ra, decl) once around, from any of them and in either direction, ICRS degrees.

    Examples
    --------
    >>> image = [(10.0, 0.0), (10.1, 0.0), (10.1, 0.1), (10.0, 0.1)]
    >>> shared_part(image, [(10.02, 0.02), (10.04, 0.02), (10.04, 0.04), (10.02, 0.04)])
    1.0
    """
    a, b = _vectors(first), _vectors(second)
    return max(float(_inside(_grid(a), b).mean()), float(_inside(_grid(b), a).mean()))


def _vectors(corners: Sequence[Position]) -> Doubles:
    places = np.asarray(corners, np.float64)
    return np.asarray(unit_vectors(places[:, 0], places[:, 1]), np.float64)


def _grid(corners: Doubles) -> Doubles:
    """Points in the middle of 16 x 16 cells of an image, as vectors of any length."""
    u, v = np.meshgrid(*(2 * [(np.arange(_STEPS) + 0.5) / _STEPS]))
    weights = np.stack([(1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v], axis=-1).reshape(-1, 4)
    return np.asarray(weights @ corners, np.float64)


def _inside(points: Doubles, corners: Doubles) -> Bools:
    """Which points lie on the same side of all four great circles through neighbouring corners."""
    sides = points @ np.cross(corners, np.roll(corners, -1, axis=0)).T
    return np.asarray((sides >= 0.0).all(axis=1) | (sides <= 0.0).all(axis=1))
