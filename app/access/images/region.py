"""Regions of the sky that are to be cut out: CIRCLE, POLYGON and POS (with RANGE) of SODA 1.0."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from app.access.images.cutout import circle_outline, numbers
from app.access.parameters import ParameterError, Parameters
from app.arrays import Doubles

_WIDEST_DEG = 10.0
"""Sides of a range: as far as a circle may reach."""


@dataclass(frozen=True)
class Region:
    """A region.

    Attributes
    ----------
    name : str
        As it was asked for: CIRCLE 10 0.5 0.01.
    ra, decl : float
        Its middle, ICRS. [deg]
    outline : (float64 array, float64 array)
        Places around it, ICRS. [deg]
    """

    name: str
    ra: float
    decl: float
    outline: tuple[Doubles, Doubles]


def regions_of(parameters: Parameters) -> list[Region]:
    """Read the regions that are asked for.

    Parameters
    ----------
    parameters : Parameters
        With CIRCLE, POLYGON or POS, each as often as wanted.

    Raises
    ------
    ParameterError
        Raised if one of them is impossible.
    """
    given = [(name, text) for name in ("CIRCLE", "POLYGON") for text in parameters.all(name)]
    for text in parameters.all("POS"):
        kind, _, rest = text.strip().partition(" ")
        if kind.upper() not in _READERS:
            raise ParameterError(f"POS={text[:60]}", expected="CIRCLE, RANGE or POLYGON")
        given.append((kind.upper(), rest))
    return [_READERS[name](text) for name, text in given]


def _range(text: str) -> Region:
    """Between two right ascensions and two declinations; the first of the former is the greater one across 0."""
    west, east, south, north = numbers(text, "RANGE", (4,))
    east += 360.0 * (east < west)
    if not (-90 <= south <= north <= 90 and east - west <= _WIDEST_DEG and north - south <= _WIDEST_DEG):
        raise ParameterError(
            f"RANGE {text[:60]}", expected=f"ra ra dec dec, {_WIDEST_DEG:.0f} degrees a side at most"
        )
    share = np.linspace(0.0, 1.0, 33)
    along, across = west + (east - west) * share, south + (north - south) * share
    sides = ((along, 0 * share + south), (0 * share + east, across), (along, 0 * share + north),
             (0 * share + west, across))  # fmt: skip
    ra, decl = (np.concatenate([side[axis] for side in sides]) for axis in (0, 1))
    return Region(f"RANGE {text.strip()}", (west + east) / 2 % 360.0, (south + north) / 2, (ra % 360.0, decl))


def _circle(text: str) -> Region:
    ra, decl, radius = numbers(text, "CIRCLE", (3,))
    if not 0 < radius <= 5 or not -90 <= decl <= 90:
        raise ParameterError(f"CIRCLE={text[:60]}", expected="a radius up to 5 degrees")
    return Region(f"CIRCLE {text.strip()}", ra % 360.0, decl, circle_outline(ra, decl, radius))


def _polygon(text: str) -> Region:
    corners = np.array(numbers(text, "POLYGON", ())).reshape(-1, 2)
    ra, decl = np.radians(corners[:, 0]), np.radians(corners[:, 1])
    middle = np.array([np.cos(decl) * np.cos(ra), np.cos(decl) * np.sin(ra), np.sin(decl)]).sum(axis=1)
    x, y, z = middle
    # A remainder of what is just below 0 is rounded to 360.
    place = (
        float(np.degrees(np.arctan2(y, x)) % 360.0) % 360.0,
        float(np.degrees(np.arctan2(z, np.hypot(x, y)))),
    )
    return Region(f"POLYGON {text.strip()}", *place, (corners[:, 0], corners[:, 1]))


_READERS: Mapping[str, Callable[[str], Region]] = {"CIRCLE": _circle, "RANGE": _range, "POLYGON": _polygon}
