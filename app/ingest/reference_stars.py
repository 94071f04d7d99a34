"""Reference stars, whichever catalogue they came from, and the boxes on the sky in which they are asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.arrays import Bools, Doubles, Table
from app.sky.healpix import pixel_number

REFERENCE_DTYPE = np.dtype(
    [
        ("star_id", "i8"),  # HEALPix order 12 nested, shifted by 20 bits, plus a sequence in the pixel
        ("ra", "f8"),  # ICRS degrees at `epoch_year`
        ("decl", "f8"),
        ("pm_ra_mas_yr", "f4"),  # proper motion, times cos(decl); NaN if unknown
        ("pm_decl_mas_yr", "f4"),
        ("epoch_year", "f4"),  # Julian year of the position
        ("bt_mag", "f4"),  # NaN if unknown
        ("vt_mag", "f4"),
    ]
)

ReferenceStars = Table
"""Rows of REFERENCE_DTYPE."""


@dataclass(frozen=True)
class Region:
    """A box in right ascension and declination, ICRS degrees; a box across 0 h has `ra_min` > `ra_max`.

    Examples
    --------
    >>> Region(359.0, 1.0, -1.0, 1.0).contains([0.5, 2.0], [0.0, 0.0]).tolist()
    [True, False]
    """

    ra_min: float
    ra_max: float
    decl_min: float
    decl_max: float

    def contains(self, ra_deg: ArrayLike, decl_deg: ArrayLike) -> Bools:
        """Which positions (ICRS degrees) lie in the box or on its edge."""
        ra, decl = np.asarray(ra_deg, np.float64), np.asarray(decl_deg, np.float64)
        width = (self.ra_max - self.ra_min) % 360.0 if self.ra_max - self.ra_min < 360.0 else 360.0
        inside = ((ra - self.ra_min) % 360.0 <= width) & (decl >= self.decl_min) & (decl <= self.decl_max)
        return np.asarray(inside, bool)

    def joined(self, other: Region) -> Region:
        """Return the smallest box around two boxes that are less than half the sky apart."""
        start = (other.ra_min - self.ra_min + 180.0) % 360.0 - 180.0
        first = self if start >= 0.0 else other
        width, own = (self.ra_max - self.ra_min) % 360.0, (other.ra_max - other.ra_min) % 360.0
        end = max(width, start + own) if start >= 0.0 else max(own, width - start)
        return Region(
            first.ra_min,
            (first.ra_min + end) % 360.0,
            min(self.decl_min, other.decl_min),
            max(self.decl_max, other.decl_max),
        )

    def grown(self, margin_deg: float) -> Region:
        """Return the box with a margin on every side; near a pole the box is a whole ring.

        Parameters
        ----------
        margin_deg : float
            Width of the margin on the sky: in right ascension it is divided by cos(decl).
        """
        low, high = max(self.decl_min - margin_deg, -90.0), min(self.decl_max + margin_deg, 90.0)
        cosine = np.cos(np.radians(max(abs(low), abs(high))))
        wide = margin_deg / max(float(cosine), 1e-3)
        if (self.ra_max - self.ra_min) % 360.0 + 2.0 * wide >= 360.0:
            return Region(0.0, 360.0, low, high)
        return Region((self.ra_min - wide) % 360.0, (self.ra_max + wide) % 360.0, low, high)


_SEQUENCE_BITS = 20


def with_identifiers(stars: ReferenceStars) -> ReferenceStars:
    """Order stars by pixel, RA and Dec, and number them; the same stars always get the same numbers.

    Parameters
    ----------
    stars : structured array of REFERENCE_DTYPE
        All stars of a catalogue, or of whole HEALPix pixels (order 12) of it.

    Returns
    -------
    structured array of REFERENCE_DTYPE, (n,)
        Ordered by `star_id`.
    """
    pixel = pixel_number(stars["ra"], stars["decl"]) if stars.size else np.zeros(0, np.int64)
    order = np.lexsort((stars["decl"], stars["ra"], pixel))
    ordered, ranked = stars[order], pixel[order]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]]) if ranked.size else np.zeros(0, np.int64)
    sequence = np.arange(ranked.size) - np.repeat(starts, np.diff(np.r_[starts, ranked.size]))
    ordered["star_id"] = (ranked << _SEQUENCE_BITS) | sequence
    return np.asarray(ordered)


def positions_at(stars: ReferenceStars, epoch_year: float) -> tuple[Doubles, Doubles]:
    """Move positions to an epoch by proper motion; unknown motion counts as zero.

    Positions move linearly in right ascension and declination, which is good to 1 mas within 10 years, except within
    1 degree of a pole.

    Parameters
    ----------
    stars : structured array of REFERENCE_DTYPE, (n,)
        Positions with epoch and motion.
    epoch_year : float
        Julian year.

    Returns
    -------
    ra_deg, decl_deg : float64 arrays (n,)
        ICRS degrees, right ascension in [0, 360).

    Examples
    --------
    >>> star = np.zeros(1, REFERENCE_DTYPE)
    >>> star["decl"], star["epoch_year"], star["pm_ra_mas_yr"] = 60.0, 2000.0, 1800.0
    >>> ra, decl = positions_at(star, 2001.0)
    >>> round(float(ra[0]) * 3600.0, 6), float(decl[0])  # 1.8 arcsec on the sky are 3.6 at declination 60
    (3.6, 60.0)
    """
    years = epoch_year - stars["epoch_year"].astype(np.float64)
    motion_ra = np.nan_to_num(stars["pm_ra_mas_yr"]) / 3.6e6
    motion_decl = np.nan_to_num(stars["pm_decl_mas_yr"]) / 3.6e6
    ra = stars["ra"] + years * motion_ra / np.cos(np.radians(stars["decl"]))
    return ra % 360.0, stars["decl"] + years * motion_decl
