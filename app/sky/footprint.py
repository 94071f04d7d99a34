"""The area of a scan: four corners joined by great circles, and how far a source lies from those edges.

Edges are great circles because the survey's are (background/survey 1.4): the test whether a source is inside, and how
far, is then one product with the pole of each edge, at the equator and at the poles alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.arrays import Bools, Doubles
from app.sky.directions import direction, unit_vectors
from app.sky.shapes import Position

ARCSEC_PER_RADIAN = 180.0 / np.pi * 3600.0
# A source on the edge is inside. The tolerance is far below any meaning (a ten-millionth of an arc second) but above
# the rounding in the poles of the edges.
_ROUNDING_ARCSEC = 1e-7


@dataclass(frozen=True)
class Corners:
    """Corners of a convex area, each (ra, decl) in ICRS degrees; in the order of the database's columns.

    Raises
    ------
    ValueError
        Raised if a coordinate is missing or no number.
    """

    south_east: Position
    south_west: Position
    north_east: Position
    north_west: Position

    def __post_init__(self) -> None:
        for name, corner in zip(
            ("south-east", "south-west", "north-east", "north-west"), self.as_tuple(), strict=True
        ):
            if any(value is None or not np.isfinite(value) for value in corner):
                raise ValueError(f"the {name} corner is {corner}: the scan has no area")

    def as_tuple(self) -> tuple[Position, Position, Position, Position]:
        """South-east, south-west, north-east, north-west."""
        return self.south_east, self.south_west, self.north_east, self.north_west

    def columns(self) -> dict[str, float]:
        """Corners by the names of the database's columns: ra_1, dec_1 (south-east) to ra_4, dec_4 (north-west)."""
        corners = enumerate(self.as_tuple(), start=1)
        return {
            f"{axis}_{number}": value
            for number, corner in corners
            for axis, value in zip(("ra", "dec"), corner, strict=True)
        }

    def around(self) -> tuple[Position, Position, Position, Position]:
        """South-west, south-east, north-east, north-west: once around, counterclockwise on a globe."""
        return self.south_west, self.south_east, self.north_east, self.north_west

    @property
    def centre(self) -> Position:
        """Direction of the mean of the four corners."""
        return direction(unit_vectors(*np.array(self.as_tuple()).T).mean(axis=0))


def edge_poles(corners: Corners) -> Doubles:
    """Poles of the south, east, north and west edge, pointing inside.

    Parameters
    ----------
    corners : Corners
        A convex area.

    Returns
    -------
    float64 array (4, 3)
        Unit vectors: a place is inside of an edge where its product with the pole is positive.

    Examples
    --------
    >>> edge_poles(Corners((0.1, -1.0), (359.9, -1.0), (0.1, 1.0), (359.9, 1.0)))[0].round(3).tolist()
    [0.017, 0.0, 1.0]
    """
    vectors = unit_vectors(*np.array(corners.around()).T)
    poles = np.cross(vectors, np.roll(vectors, -1, axis=0))
    poles /= np.linalg.norm(poles, axis=1, keepdims=True)
    middle = vectors.mean(axis=0)
    return np.asarray(poles * np.sign(poles @ middle)[:, None], np.float64)


def _signed_distances(ra_deg: ArrayLike, decl_deg: ArrayLike, corners: Corners) -> Doubles:
    """Distances (..., 4) to the south, east, north and west edge in arc seconds, positive inside."""
    sines = unit_vectors(ra_deg, decl_deg) @ edge_poles(corners).T
    return np.asarray(np.arcsin(np.clip(sines, -1.0, 1.0)) * ARCSEC_PER_RADIAN, np.float64)


def edge_distances(
    ra_deg: ArrayLike, decl_deg: ArrayLike, corners: Corners
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.bytes_]]:
    """Distance of sources to the nearest edges of their scan.

    Parameters
    ----------
    ra_deg, decl_deg : array_like
        Positions, ICRS degrees, of one shape.
    corners : Corners
        Area of the scan.

    Returns
    -------
    ns_arcsec, ew_arcsec : int32 arrays
        Distance to the nearer of the great circles of the north and south edge, and of the east and west edge:
        whole arc seconds, rounded down, so that a value of n means at least n; negative outside.
    flags : S2 array
        Which edges these are: n or s, then e or w.

    Examples
    --------
    >>> scan = Corners((0.1, -1.0), (359.9, -1.0), (0.1, 1.0), (359.9, 1.0))
    >>> ns, ew, flags = edge_distances([0.0, 0.09], [0.9, 0.0], scan)
    >>> ns.tolist(), ew.tolist(), flags.tolist()
    ([360, 3600], [359, 36], [b'ne', b'se'])
    """
    south, east, north, west = np.moveaxis(_signed_distances(ra_deg, decl_deg, corners), -1, 0)
    # Two letters as one array of bytes: n or s, then e or w.
    letters = np.stack([np.where(north < south, b"n", b"s"), np.where(east < west, b"e", b"w")], axis=-1)
    ns = np.floor(np.minimum(north, south) + _ROUNDING_ARCSEC).astype(np.int32)
    ew = np.floor(np.minimum(east, west) + _ROUNDING_ARCSEC).astype(np.int32)
    return ns, ew, letters.view("S2")[..., 0]


def contains(corners: Corners, ra_deg: ArrayLike, decl_deg: ArrayLike) -> Bools:
    """Which positions lie inside the four edges or on them.

    Parameters
    ----------
    corners : Corners
        The area.
    ra_deg, decl_deg : array_like
        Positions, ICRS degrees, of one shape.

    Examples
    --------
    >>> scan = Corners((0.1, -1.0), (359.9, -1.0), (0.1, 1.0), (359.9, 1.0))
    >>> contains(scan, [0.0, 0.2], [0.5, 0.5]).tolist()
    [True, False]
    """
    distances = _signed_distances(ra_deg, decl_deg, corners)
    return np.asarray((distances >= -_ROUNDING_ARCSEC).all(axis=-1))
