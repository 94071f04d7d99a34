"""Unit vectors of spherical coordinates, and the way back from galactic to ICRS."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from app.arrays import Doubles
from app.sky.galactic import galactic


def unit_vectors(longitude_deg: ArrayLike, latitude_deg: ArrayLike) -> Doubles:
    """Directions of spherical coordinates (degrees) as unit vectors, shape (..., 3)."""
    longitude, latitude = np.broadcast_arrays(
        np.radians(np.asarray(longitude_deg, np.float64)), np.radians(np.asarray(latitude_deg, np.float64))
    )
    cosine = np.cos(latitude)
    return np.stack([cosine * np.cos(longitude), cosine * np.sin(longitude), np.sin(latitude)], axis=-1)


def spherical(vectors: Doubles) -> tuple[Doubles, Doubles]:
    """Longitude in [0, 360) and latitude in degrees of vectors (..., 3); inverse of `unit_vectors`."""
    x, y, z = vectors[..., 0], vectors[..., 1], vectors[..., 2]
    return np.degrees(np.arctan2(y, x)) % 360.0, np.degrees(np.arctan2(z, np.hypot(x, y)))


@cache
def _galactic_axes() -> Doubles:
    """Rotation from ICRS to galactic: its columns are the galactic directions of the three ICRS axes."""
    return unit_vectors(*galactic([0.0, 90.0, 0.0], [0.0, 0.0, 90.0])).T


def from_galactic(longitude_deg: ArrayLike, latitude_deg: ArrayLike) -> tuple[Doubles, Doubles]:
    """Galactic longitude and latitude to ICRS, degrees; inverse of `app.sky.galactic.galactic`."""
    return spherical(unit_vectors(longitude_deg, latitude_deg) @ _galactic_axes())
