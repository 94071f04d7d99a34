"""Along what the segments of scans are counted, and what an offset means there.

Mostly segments are counted in declination, and offsets are to the east and north. Beyond 60 degrees east turns within
the width of a scan (by 0.12 degrees at 60, half the sky at a pole), and beside right ascension 0 sums of angles are no
angles: there scans are *directed*, segments are counted along the direction of the scan, and offsets are to the right
of it and ahead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.arrays import Bools, Complexes, Doubles, Integers
from app.sky.directions import spherical, unit_vectors
from workers.reduction.solution.astrometry import Places, Segments

POLAR_DEG = 60.0
"""Declination beyond which a scan is directed: offsets of 0.5 arcsec turn by 1 milliarcsec in half a scan's width."""
BESIDE_ZERO_DEG = 0.1
"""A scan that comes this near to right ascension 0 is directed too; offsets are a thousandth of it."""
FULL_LENGTH_DEG = 6.0
"""Length of a scan of the survey, which has all segments; shorter scans have fewer, two at least."""


@dataclass(frozen=True)
class ScanLines:
    """Middle lines of scans.

    Attributes
    ----------
    directed : bool array (scans,)
        Whether places are counted along the direction of the scan.
    ahead : float64 array (scans, 3)
        That direction, a unit vector.
    right : float64 array (scans, 3)
        The direction to the right of it (east, where it leads north).
    middle_ra_deg : float64 array (scans,)
        Right ascension of the middle.
    start, segment : float64 arrays (scans,)
        Where the first segment begins, and the length of one: degrees of declination, or of directed scans radians.
    count : int64 array (scans,)
        Segments.
    """

    directed: Bools
    ahead: Doubles
    right: Doubles
    middle_ra_deg: Doubles
    start: Doubles
    segment: Doubles
    count: Integers

    @classmethod
    def of_corners(cls, ra_deg: Doubles, decl_deg: Doubles, segments: int) -> ScanLines:
        """Lay lines through scans.

        Parameters
        ----------
        ra_deg, decl_deg : float64 arrays (scans, 4)
            Corners of what all bands cover: south-eastern, south-western, north-eastern and north-western.
        segments : int
            Segments of a scan of full length.
        """
        corners = unit_vectors(ra_deg, decl_deg)
        ahead = corners[:, 2:].sum(axis=1) - corners[:, :2].sum(axis=1)
        ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
        middle = corners.sum(axis=1)
        right = np.cross(ahead, middle)
        right /= np.linalg.norm(right, axis=1, keepdims=True)
        beside_zero = (ra_deg.min(axis=1) < BESIDE_ZERO_DEG) | (ra_deg.max(axis=1) > 360.0 - BESIDE_ZERO_DEG)
        directed = (np.abs(decl_deg).max(axis=1) > POLAR_DEG) | beside_zero
        place = np.where(directed[:, None], np.einsum("skx,sx->sk", corners, ahead), decl_deg)
        start, length = place.min(axis=1), np.ptp(place, axis=1)
        length_deg = np.where(directed, np.degrees(length), length)
        count = np.clip(np.ceil(length_deg * segments / FULL_LENGTH_DEG - 0.01), 2, segments).astype(np.int64)
        return cls(directed, ahead, right, spherical(middle)[0], start, length / count, count)

    @property
    def segments(self) -> Segments:
        """How the scans are cut."""
        return Segments(self.count, np.where(self.directed, np.degrees(self.segment), self.segment))

    def places(self, scan: Integers, direction: Doubles) -> Places:
        """Say where on scans directions lie.

        Parameters
        ----------
        scan : int64 array (n,)
            Index of the scan.
        direction : float64 array (n, 3)
            Unit vectors.
        """
        ra_deg, decl_deg = spherical(direction)
        directed, segment = self.directed[scan], self.segment[scan]
        along = np.where(directed, np.sum(direction * self.ahead[scan], axis=1), decl_deg) - self.start[scan]
        east_deg = ((ra_deg - self.middle_ra_deg[scan] + 540.0) % 360.0 - 180.0) * np.cos(
            np.radians(decl_deg)
        )
        across = np.where(directed, np.sum(direction * self.right[scan], axis=1), east_deg)
        return Places(scan, along / segment, across / segment)

    def seen(self, scan: Integers, direction: Doubles, vector: Doubles) -> Complexes:
        """Give vectors in space on the axes of a scan: east + i north, of directed scans right + i ahead.

        Parameters
        ----------
        scan : int64 array (n,)
            Index of the scan.
        direction : float64 array (n, 3)
            Where, unit vectors.
        vector : float64 array (n, 3)
            Vectors, in any unit.
        """
        upwards = np.where(self.directed[scan, None], self.ahead[scan], [0.0, 0.0, 1.0])
        north = upwards - np.sum(upwards * direction, axis=1, keepdims=True) * direction
        north /= np.linalg.norm(north, axis=1, keepdims=True)
        east = np.cross(north, direction)
        return np.asarray(np.sum(vector * east, axis=1) + 1j * np.sum(vector * north, axis=1))

    def turn(self, first: Integers, second: Integers, direction: Doubles) -> Complexes:
        """Give what turns offsets of second scans to the axes of first ones.

        Parameters
        ----------
        first, second : int64 arrays (n,)
            Indices of scans.
        direction : float64 array (n, 3)
            Where, unit vectors.
        """
        upwards = np.where(self.directed[second, None], self.ahead[second], [0.0, 0.0, 1.0])
        north = upwards - np.sum(upwards * direction, axis=1, keepdims=True) * direction
        north /= np.linalg.norm(north, axis=1, keepdims=True)
        # The second scan's north, i on its own axes, as the first sees it.
        return self.seen(first, direction, north) / 1j
