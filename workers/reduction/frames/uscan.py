"""The U-scan system: arcseconds along a great circle (y, northward) and across it (x, to the west).

The scan of 6 degrees is far too long for one tangent plane, so y is an angle along the great circle of the commanded
positions and x the angle from it. Over the 512" width of a scan, the scale of y changes by 8e-7 only, and a SIN
image of 512 x 1024 centred on x = 0 differs from the system by less than 0.001" at its corners: Atlas pixels
*are* U-scan arcseconds, as in the survey (USXREF, USYREF). The origin is frame 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.arrays import Doubles
from app.sky.directions import unit_vectors
from app.sky.projection import SinProjection

ARCSEC = np.pi / 180.0 / 3600.0


@dataclass(frozen=True)
class UScan:
    """Unit vectors of the system, each (3,): its origin, and the directions of +y and +x there."""

    origin: Doubles
    north: Doubles
    west: Doubles

    @classmethod
    def through(cls, ra_deg: Doubles, decl_deg: Doubles) -> UScan:
        """System along the commanded positions: through the first, in the mean direction of all.

        A single position, or a scan that goes nowhere, has the meridian.
        """
        points = unit_vectors(ra_deg, decl_deg)
        origin = points[0]
        east = np.array([-origin[1], origin[0], 0.0])
        length = float(np.hypot(east[0], east[1]))
        east = east / length if length > 1e-12 else np.array([0.0, 1.0, 0.0])
        north = np.cross(origin, east)
        # Gnomonic plane at the origin: great circles are straight lines there.
        along = points @ north / (points @ origin)
        across = points @ east / (points @ origin)
        slope = 0.0
        if np.ptp(along) > 60.0 * ARCSEC:
            slope = float(
                np.sum((along - along.mean()) * (across - across.mean()))
                / np.sum((along - along.mean()) ** 2)
            )
        direction = north + slope * east
        direction /= np.linalg.norm(direction)
        return cls(origin, direction, np.cross(origin, direction))

    def from_sky(self, ra_deg: ArrayLike, decl_deg: ArrayLike) -> tuple[Doubles, Doubles]:
        """ICRS degrees to (x, y), arcseconds."""
        points = unit_vectors(ra_deg, decl_deg)
        x = np.arcsin(np.clip(points @ self.west, -1.0, 1.0)) / ARCSEC
        y = np.arctan2(points @ self.north, points @ self.origin) / ARCSEC
        return x, y

    def to_sky(self, x_arcsec: ArrayLike, y_arcsec: ArrayLike) -> tuple[Doubles, Doubles]:
        """(x, y) in arcseconds to ICRS degrees, right ascension in [0, 360)."""
        x, y = np.asarray(x_arcsec, np.float64) * ARCSEC, np.asarray(y_arcsec, np.float64) * ARCSEC
        point = (
            (np.cos(x) * np.cos(y))[..., None] * self.origin
            + (np.cos(x) * np.sin(y))[..., None] * self.north
            + np.sin(x)[..., None] * self.west
        )
        ra = np.degrees(np.arctan2(point[..., 1], point[..., 0])) % 360.0
        return ra, np.degrees(np.arcsin(np.clip(point[..., 2], -1.0, 1.0)))

    def north_angle(self, x_arcsec: ArrayLike, y_arcsec: ArrayLike) -> tuple[Doubles, Doubles]:
        """Sine and cosine of the angle from north through east to +y at places of the system."""
        x, y = np.asarray(x_arcsec, np.float64) * ARCSEC, np.asarray(y_arcsec, np.float64) * ARCSEC
        ra, _ = self.to_sky(x_arcsec, y_arcsec)
        along = np.cos(y)[..., None] * self.north - np.sin(y)[..., None] * self.origin
        right = np.radians(ra)
        east = -np.sin(right) * along[..., 0] + np.cos(right) * along[..., 1]
        point = (
            (np.cos(x) * np.cos(y))[..., None] * self.origin
            + (np.cos(x) * np.sin(y))[..., None] * self.north
            + np.sin(x)[..., None] * self.west
        )
        # North is the third axis less its part along the point, as long as the cosine of the declination.
        north = along[..., 2] - point[..., 2] * (along * point).sum(axis=-1)
        north = north / np.maximum(np.sqrt(1.0 - np.minimum(point[..., 2] ** 2, 1.0)), 1e-12)
        length = np.hypot(east, north)
        length = np.where(length > 1e-12, length, 1.0)
        return east / length, north / length

    def projection(self, x_arcsec: float, y_arcsec: float, x_pix: float, y_pix: float) -> SinProjection:
        """Return a SIN projection of 1" pixels whose axes are those of the system at a place.

        Parameters
        ----------
        x_arcsec, y_arcsec : float
            Tangent point in the system.
        x_pix, y_pix : float
            Its array pixel coordinates.
        """
        x, y = x_arcsec * ARCSEC, y_arcsec * ARCSEC
        centre = np.cos(x) * (np.cos(y) * self.origin + np.sin(y) * self.north) + np.sin(x) * self.west
        up = np.cos(y) * self.north - np.sin(y) * self.origin
        right = np.cross(centre, up)
        ra, decl = self.to_sky(x_arcsec, y_arcsec)
        ra0, decl0 = np.radians(float(ra)), np.radians(float(decl))
        east = np.array([-np.sin(ra0), np.cos(ra0), 0.0])
        north = np.array([-np.sin(decl0) * np.cos(ra0), -np.sin(decl0) * np.sin(ra0), np.cos(decl0)])
        size = 1.0 / 3600.0
        matrix = (
            (size * float(right @ east), size * float(up @ east)),
            (size * float(right @ north), size * float(up @ north)),
        )
        return SinProjection(float(ra), float(decl), x_pix, y_pix, matrix)
