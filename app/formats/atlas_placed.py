"""What an astrometric solution makes of the projection of an Atlas image: shifted, turned and scaled."""

from __future__ import annotations

import cmath
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.arrays import Doubles
from app.sky.directions import unit_vectors

_CRVAL = ("CRVAL1", "CRVAL2")
_CDELT = ("CDELT1", "CDELT2")
_ELEMENTS = ("1_1", "1_2", "2_1", "2_2")


@dataclass(frozen=True)
class ReleasedPlace:
    """What the astrometric solution of a release says of an image.

    Attributes
    ----------
    astrometry : str
        Content hash of the solution.
    measured_deg : tuple of float
        Middle of the image as it was registered, right ascension and declination (ICRS degrees).
    solved_deg : tuple of float
        The same place by the solution.
    growth : complex
        Of the offset around there: a small vector from the middle, east + i north, becomes (1 + growth) times as much.
    """

    astrometry: str
    measured_deg: tuple[float, float]
    solved_deg: tuple[float, float]
    growth: complex


def solved_cards(values: Mapping[str, float], place: ReleasedPlace) -> dict[str, float]:
    """Give the cards of a projection that an astrometric solution changes, with their values.

    Over an image the solution is taken as it is at the middle. Its lines have corners half a degree apart: where an
    offset changes by 0.1" from one to the next, the edge of an image beyond a corner is 0.04" off at most.

    Parameters
    ----------
    values : mapping of str to float
        Cards of the header that are numbers: CRVAL with CD, with CDELT and PC, or with CDELT and CROTA2 (0 if there is
        none).
    place : ReleasedPlace
        Of the image.

    Returns
    -------
    dict of str to float
        Empty if the header has no such projection: what is not understood is left as it was registered.

    Examples
    --------
    A shift of 0.36" to the north at the equator:

    >>> header = {"CRVAL1": 10.0, "CRVAL2": 0.0, "CDELT1": -1 / 3600, "CDELT2": 1 / 3600, "CROTA2": 0.0}
    >>> made = solved_cards(header, ReleasedPlace("1f", (10.0, 0.0), (10.0, 0.0001), 0j))
    >>> {name: round(value, 9) + 0.0 for name, value in made.items()}
    {'CRVAL1': 10.0, 'CRVAL2': 0.0001, 'CDELT1': -0.000277778, 'CDELT2': 0.000277778, 'CROTA2': 0.0}
    """
    names = [name + kind for name in ("CD", "PC") for kind in _ELEMENTS]
    told = {name: values[name] for name in (*_CRVAL, *_CDELT, "CROTA2", *names) if name in values}
    if not all(name in told for name in _CRVAL):
        return {}
    (ra, decl), factor = _moved(told["CRVAL1"], told["CRVAL2"], place)
    changed = {"CRVAL1": ra, "CRVAL2": decl}
    if all(f"CD{kind}" in told for kind in _ELEMENTS):
        return changed | _turned(told, "CD", factor)
    if not all(name in told for name in _CDELT) or any(
        name.startswith("CD") and "_" in name for name in told
    ):
        return {}
    if not any(name.startswith("PC") for name in told):
        scaled = {name: told[name] * abs(factor) for name in _CDELT}
        # The y axis points to i exp(i rotation) in east + i north.
        turn = math.degrees(cmath.phase(factor))
        return changed | scaled | {"CROTA2": told.get("CROTA2", 0.0) + turn}
    if not all(f"PC{kind}" in told for kind in _ELEMENTS):
        return {}
    # CD is PC with its rows scaled: the scale goes to CDELT, the turn to PC.
    steps = {f"PC{kind}": told[f"CDELT{kind[0]}"] for kind in _ELEMENTS}
    matrix = {name: told[name] * step for name, step in steps.items()}
    turned = _turned(matrix, "PC", factor / abs(factor))
    elements = {name: turned[name] / step for name, step in steps.items()}
    return changed | {name: told[name] * abs(factor) for name in _CDELT} | elements


def _turned(matrix: Mapping[str, float], name: str, factor: complex) -> dict[str, float]:
    """Multiply the columns of a matrix, east + i north a pixel, by a complex number."""
    out: dict[str, float] = {}
    for axis in (1, 2):
        column = complex(matrix[f"{name}1_{axis}"], matrix[f"{name}2_{axis}"]) * factor
        out |= {f"{name}1_{axis}": column.real, f"{name}2_{axis}": column.imag}
    return out


def _moved(ra: float, decl: float, place: ReleasedPlace) -> tuple[tuple[float, float], complex]:
    """Give the place of a reference pixel by the solution, and what small vectors there are multiplied by.

    The image is carried along the great circle from its middle to the solved one, which keeps its angles, and grows
    around it. East and north at the new place have turned against those that were carried: near a pole by a lot.
    """
    middle, solved = (
        unit_vectors(*(np.array([x]) for x in at))[0] for at in (place.measured_deg, place.solved_deg)
    )
    east, north = _axes(*place.measured_deg)
    reference = unit_vectors(np.array([ra]), np.array([decl]))[0]
    away = complex(reference @ east, reference @ north) * place.growth
    moved = _carried(reference, middle, solved)
    moved = moved + away.real * _carried(east, middle, solved) + away.imag * _carried(north, middle, solved)
    moved /= np.linalg.norm(moved)
    new_ra = math.degrees(math.atan2(moved[1], moved[0])) % 360.0
    new_decl = math.degrees(math.atan2(moved[2], math.hypot(moved[0], moved[1])))
    carried_north = _carried(_axes(ra, decl)[1], middle, solved)
    new_east, new_north = _axes(new_ra, new_decl)
    # North as it was carried, in the axes of the new place, is i times the turn.
    turn = complex(carried_north @ new_east, carried_north @ new_north) / 1j
    return (new_ra, new_decl), (1.0 + place.growth) * turn / abs(turn)


def _axes(ra: float, decl: float) -> tuple[Doubles, Doubles]:
    """Give unit vectors to the east and north."""
    a, d = math.radians(ra), math.radians(decl)
    east = np.array([-math.sin(a), math.cos(a), 0.0])
    return east, np.array([-math.sin(d) * math.cos(a), -math.sin(d) * math.sin(a), math.cos(d)])


def _carried(vector: Doubles, start: Doubles, end: Doubles) -> Doubles:
    """Turn a vector with the sphere as it is turned from one direction to another (Rodrigues)."""
    axis = np.cross(start, end)
    turned: Doubles = (
        vector * (start @ end) + np.cross(axis, vector) + axis * (axis @ vector) / (1.0 + start @ end)
    )
    return turned
