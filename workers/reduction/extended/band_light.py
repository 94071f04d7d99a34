"""What one band tells of one galaxy, kept until all bands are measured: apertures are common to the bands."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from app.arrays import Doubles
from workers.reduction.extended.growth import Growth

MASKED_SHARE, LOST_SHARE = 0.01, 0.15  # of an aperture without data: flag 1, and no magnitude
CLEAN, MASKED, SUBTRACTED, OFF_THE_DATA, NEGATIVE = 0, 1, 3, 6, 9
"""Confusion flags of apertures, those of the published Extended Source Catalogue that are given."""


@dataclass(frozen=True)
class BandLight:
    """One galaxy in one band.

    Attributes
    ----------
    ellipse, circle : Growth
        Light in the ellipses of the model, and in circles.
    star_radii, star_distances : float64 arrays (m,)
        Semi-major axes and distances of the subtracted stars, arcsec.
    noise_dn : float
        Of a square arcsecond, as if pixels were independent.
    level_error_dn : float
        Of the level of the sky, DN a square arcsecond.
    zero_point_mag : float
        Magnitude of 1 DN.
    level_dn : float
        Of the ring that was subtracted, DN a square arcsecond.
    """

    ellipse: Growth
    circle: Growth
    star_radii: Doubles
    star_distances: Doubles
    noise_dn: float
    level_error_dn: float
    zero_point_mag: float
    level_dn: float

    @cached_property
    def _nearest_stars(self) -> tuple[float, float]:
        """Distance, and semi-major axis, of the nearest subtracted star; infinite where there is none."""
        distances, radii = self.star_distances, self.star_radii
        return float(distances.min(initial=np.inf)), float(radii.min(initial=np.inf))

    def surface_dn(self, brightness_mag: float) -> float:
        """Light a square arcsecond of a surface brightness, DN."""
        return float(10.0 ** (0.4 * (self.zero_point_mag - brightness_mag)))

    def brightness_mag(self, surface_dn: float) -> float:
        """Surface brightness of a light a square arcsecond (DN), mag; NaN where there is none."""
        return self.zero_point_mag - 2.5 * float(np.log10(surface_dn)) if surface_dn > 0.0 else float("nan")

    def aperture(self, radius_arcsec: float, *, circular: bool) -> tuple[float, float, int]:
        """Magnitude, uncertainty and confusion flag in an aperture; NaN where there is no magnitude.

        Parameters
        ----------
        radius_arcsec : float
            Semi-major axis of the ellipse, or radius of the circle.
        circular : bool
            Which of both.
        """
        growth = self.circle if circular else self.ellipse
        light, area = growth.within(radius_arcsec), growth.area_within(radius_arcsec)
        missing = growth.missing_within(radius_arcsec)
        unknown = float("nan")
        if not missing < LOST_SHARE:
            return unknown, unknown, OFF_THE_DATA
        if not light > 0.0:
            return unknown, unknown, NEGATIVE
        error = float(np.hypot(self.noise_dn * math.sqrt(area), self.level_error_dn * area))
        nearest = self._nearest_stars[0 if circular else 1]
        flag = MASKED if missing > MASKED_SHARE else SUBTRACTED if nearest < radius_arcsec else CLEAN
        return self.brightness_mag(light), 1.0857 * error / light, flag
