"""Shapes on the sky: values that geometry and database share; angles are ICRS degrees."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SPoint:
    """A direction on the sky, ICRS degrees."""

    ra_deg: float
    decl_deg: float


@dataclass(frozen=True)
class SCircle:
    """A circle on the sky: centre and radius, degrees."""

    centre: SPoint
    radius_deg: float


@dataclass(frozen=True)
class SPolygon:
    """A polygon of great-circle edges; at least three corners, none repeated."""

    corners: tuple[SPoint, ...]


@dataclass(frozen=True)
class SBox:
    """A box of constant right ascension and declination: south-west and north-east corners, degrees."""

    south_west: SPoint
    north_east: SPoint


Shape = SPoint | SCircle | SPolygon | SBox
