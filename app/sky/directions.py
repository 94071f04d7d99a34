"""Unit vectors of spherical coordinates, and the way back from galactic to ICRS."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from app.arrays import Doubles
from app.sky.galactic import galactic
from app.sky.shapes import Position


def unit_vectors(longitude_deg: ArrayLike, latitude_deg: ArrayLike) -> Doubles:
    """Directions of spherical coordinates as unit vectors.

    Parameters
    ----------
    longitude_deg, latitude_deg : array_like
        Degrees, in any spherical frame (right ascension and declination, or galactic); broadcast together.

    Returns
    -------
    float64 array (..., 3)
        x points to (0, 0), y to longitude 90 on the equator, z to the pole.

    Examples
    --------
    >>> unit_vectors([0.0, 90.0], [0.0, 30.0]).round(3).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.866, 0.5]]
    """
    longitude, latitude = np.broadcast_arrays(
        np.radians(np.asarray(longitude_deg, np.float64)), np.radians(np.asarray(latitude_deg, np.float64))
    )
    cosine = np.cos(latitude)
    return np.stack([cosine * np.cos(longitude), cosine * np.sin(longitude), np.sin(latitude)], axis=-1)


def spherical(vectors: Doubles) -> tuple[Doubles, Doubles]:
    """Longitude and latitude of vectors; inverse of `unit_vectors`.

    Parameters
    ----------
    vectors : float64 array (..., 3)
        Vectors of any length but zero.

    Returns
    -------
    longitude_deg, latitude_deg : float64 arrays (...)
        Longitude in [0, 360), latitude in [-90, 90].

    Examples
    --------
    >>> longitude, latitude = spherical(np.array([[0.0, -2.0, 0.0], [0.0, 0.0, 1.0]]))
    >>> longitude.tolist(), latitude.tolist()
    ([270.0, 0.0], [0.0, 90.0])
    """
    x, y, z = vectors[..., 0], vectors[..., 1], vectors[..., 2]
    return np.degrees(np.arctan2(y, x)) % 360.0, np.degrees(np.arctan2(z, np.hypot(x, y)))


def direction(vector: Doubles) -> Position:
    """Position that a single vector (3,) of any length but zero points to; see `spherical` for many.

    Examples
    --------
    >>> direction(np.array([0.0, 0.5, 0.5]))
    (90.0, 45.0)
    """
    longitude, latitude = spherical(vector)
    return float(longitude), float(latitude)


def separation_deg(first: Position, second: Position) -> float:
    """Angle between two directions, degrees; exact also for angles near 0 and 180.

    Parameters
    ----------
    first, second : (float, float)
        Longitude and latitude, degrees, both in one frame.

    Examples
    --------
    >>> round(separation_deg((359.0, 60.0), (1.0, 60.0)), 6)
    0.999962
    """
    a, b = unit_vectors(*first), unit_vectors(*second)
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b)), a @ b)))


@cache
def _galactic_axes() -> Doubles:
    """Rotation from ICRS to galactic: its columns are the galactic directions of the three ICRS axes."""
    return unit_vectors(*galactic([0.0, 90.0, 0.0], [0.0, 0.0, 90.0])).T


def from_galactic(longitude_deg: ArrayLike, latitude_deg: ArrayLike) -> tuple[Doubles, Doubles]:
    """ICRS position of galactic coordinates; inverse of `app.sky.galactic.galactic`.

    Parameters
    ----------
    longitude_deg, latitude_deg : array_like
        Galactic coordinates, degrees; broadcast together.

    Returns
    -------
    ra_deg, decl_deg : float64 arrays
        Right ascension in [0, 360) and declination, ICRS degrees.

    Examples
    --------
    >>> ra, decl = from_galactic(0.0, 90.0)  # the north galactic pole
    >>> round(float(ra), 2), round(float(decl), 2)
    (192.86, 27.13)
    """
    return spherical(unit_vectors(longitude_deg, latitude_deg) @ _galactic_axes())
