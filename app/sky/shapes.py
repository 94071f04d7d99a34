"""Shapes on the sky: values that geometry and database share; angles are ICRS degrees."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Position = tuple[float, float]
"""Right ascension and declination, ICRS degrees."""


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

    @classmethod
    def through(cls, positions: Iterable[Position]) -> SPolygon:
        """Build the polygon whose corners are these positions, in this order.

        Parameters
        ----------
        positions : iterable of (float, float)
            Right ascension and declination of each corner, ICRS degrees, once around.

        Examples
        --------
        >>> SPolygon.through([(10.0, 0.0), (11.0, 0.0), (10.0, 1.0)]).corners[1]
        SPoint(ra_deg=11.0, decl_deg=0.0)
        """
        return cls(tuple(SPoint(float(ra), float(decl)) for ra, decl in positions))

    @property
    def positions(self) -> tuple[Position, ...]:
        """Corners as pairs of right ascension and declination; inverse of `through`."""
        return tuple((corner.ra_deg, corner.decl_deg) for corner in self.corners)


@dataclass(frozen=True)
class SBox:
    """A box of constant right ascension and declination: south-west and north-east corners, degrees."""

    south_west: SPoint
    north_east: SPoint


Shape = SPoint | SCircle | SPolygon | SBox
