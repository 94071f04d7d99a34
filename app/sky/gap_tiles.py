"""Tiles that fill gaps: strips along lines of constant right ascension, over the poles too."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from app.arrays import Bools, Doubles
from app.sky.directions import unit_vectors
from app.sky.footprint import Corners

WIDTH_DEG = 8.5 / 60.0
"""Width of a scan, the side of an array (background/survey 1.4)."""
LENGTH_DEG = 6.0
"""Length of the survey's tiles; gap-fill tiles may be shorter."""
MARGIN_DEG = 45.0 / 3600.0
"""How far a gap stays from the edges of its tile: the widest border of 15", pointing and cells of 13"."""
END_MARGIN_DEG = 225.0 / 3600.0
"""How far a gap stays from the ends: images begin where all six looks do, 160" within the outer frames' centres."""
SHORTEST_DEG = 0.2
"""A tile has some frames at least, or nothing registers them."""
_USABLE_HALF_DEG = WIDTH_DEG / 2.0 - MARGIN_DEG


class GapTile(NamedTuple):
    """A strip along a line of constant right ascension.

    Attributes
    ----------
    ra_deg : float
        Right ascension of the line, ICRS degrees.
    south_deg, north_deg : float
        Ends along the line, degrees of declination; one beyond 90 lies on the other side of the pole.
    """

    ra_deg: float
    south_deg: float
    north_deg: float

    @property
    def corners(self) -> Corners:
        """Corners, ICRS degrees; sides are great circles beside the line."""
        east = np.array([-np.sin(np.radians(self.ra_deg)), np.cos(np.radians(self.ra_deg)), 0.0])
        half = np.tan(np.radians(WIDTH_DEG / 2.0))

        def at(side: float, along: float) -> tuple[float, float]:
            vector = _on_line(self.ra_deg, along) + side * half * east
            ra = float(np.degrees(np.arctan2(vector[1], vector[0]))) % 360.0
            return ra, float(np.degrees(np.arctan2(vector[2], np.hypot(vector[0], vector[1]))))

        return Corners(
            at(1, self.south_deg), at(-1, self.south_deg), at(1, self.north_deg), at(-1, self.north_deg)
        )

    @property
    def centre(self) -> tuple[float, float]:
        """Middle of the strip, ICRS degrees."""
        return self.corners.centre


def gap_tiles(ra_deg: Doubles, decl_deg: Doubles) -> tuple[GapTile, ...]:
    """Lay tiles over open places, greedily: each where it holds most of what is left.

    Parameters
    ----------
    ra_deg, decl_deg : float64 arrays (n,)
        Open places, ICRS degrees, close enough to each other to stand for the gaps (cells of 13").

    Returns
    -------
    tuple of GapTile
        Every place lies in one of them, 45" within its sides and 225" within its ends; no tile is longer than six
        degrees. A pole is a place like any other: a tile that needs to reaches beyond it.

    Notes
    -----
    Lines of right ascension through the places themselves, and 3.5 arc minutes beside each, are tried: whatever strip
    holds a set of places can be moved sideways until one of them lies at its rim.

    Examples
    --------
    >>> [tile] = gap_tiles(np.array([359.99, 0.01]), np.array([10.0, 11.0]))
    >>> min(tile.ra_deg, 360.0 - tile.ra_deg) < 0.02, round(tile.north_deg - tile.south_deg, 2)
    (True, 1.12)
    """
    vectors = unit_vectors(ra_deg, decl_deg)
    left = np.ones(len(vectors), np.bool_)
    tiles = []
    while left.any():
        places = np.flatnonzero(left)
        inside, tile = _best(vectors[places])
        tiles.append(tile)
        left[places[inside]] = False
    return tuple(sorted(tiles))


def _on_line(ra_deg: float, along_deg: float) -> Doubles:
    """Direction on the great circle of a right ascension, counted from the equator over the north pole."""
    ra, along = np.radians(ra_deg), np.radians(along_deg)
    return np.array([np.cos(along) * np.cos(ra), np.cos(along) * np.sin(ra), np.sin(along)])


def _strip_places(vectors: Doubles, ra_deg: float) -> tuple[Doubles, Doubles]:
    """Degrees along the line, from -180 to 180, and beside it to the east."""
    ra = np.radians(ra_deg)
    outward = vectors[:, 0] * np.cos(ra) + vectors[:, 1] * np.sin(ra)
    beside = np.degrees(
        np.arcsin(np.clip(-vectors[:, 0] * np.sin(ra) + vectors[:, 1] * np.cos(ra), -1.0, 1.0))
    )
    return np.degrees(np.arctan2(vectors[:, 2], outward)), beside


def _best(vectors: Doubles) -> tuple[Bools, GapTile]:
    """Find the tile that holds the most of the places near the first of them."""
    anchor = vectors[0]
    # Strips that hold the first place reach no farther than this from it.
    near = vectors @ anchor > np.cos(np.radians(LENGTH_DEG + WIDTH_DEG))
    found: tuple[int, float, GapTile] | None = None
    best = np.zeros(len(vectors), np.bool_)
    for ra_deg in _lines(vectors[near][:: max(int(near.sum()) // 60, 1)], anchor):
        inside, tile = _held(vectors, anchor, ra_deg, near)
        rank = (int(inside.sum()), -(tile.north_deg - tile.south_deg), tile)
        if inside[0] and (found is None or rank[:2] > found[:2]):
            found, best = rank, inside
    if found is None:
        raise ValueError("no strip holds its own place")
    return best, _trimmed(vectors[best], found[2])


def _lines(vectors: Doubles, anchor: Doubles) -> list[float]:
    """Right ascensions of lines that may hold the first place."""
    cosine = max(float(np.hypot(anchor[0], anchor[1])), 1e-9)
    ra = np.degrees(np.arctan2(vectors[:, 1], vectors[:, 0]))
    first = float(np.degrees(np.arctan2(anchor[1], anchor[0])))
    sideways = np.degrees(np.arcsin(np.clip(np.sin(np.radians(0.98 * _USABLE_HALF_DEG)) / cosine, 0.0, 1.0)))
    lines = [
        first,
        first + sideways,
        first - sideways,
        *ra.tolist(),
        *(ra + sideways).tolist(),
        *(ra - sideways).tolist(),
    ]
    return sorted({round(line % 360.0, 6) % 360.0 for line in lines})


def _held(vectors: Doubles, anchor: Doubles, ra_deg: float, near: Bools) -> tuple[Bools, GapTile]:
    """Places that a tile along a line holds together with the first one, and the tile."""
    along, beside = _strip_places(vectors, ra_deg)
    middle = float(_strip_places(anchor[None, :], ra_deg)[0][0])
    inside = near & (np.abs(beside) <= _USABLE_HALF_DEG)
    longest = LENGTH_DEG - 2.0 * END_MARGIN_DEG
    inside &= np.abs(along - middle) <= longest
    if not inside.any():
        return inside, GapTile(ra_deg, middle, middle)
    # Of windows of that length that hold the first place the fullest.
    sorted_along = np.sort(along[inside])
    starts = sorted_along[(sorted_along <= middle) & (sorted_along >= middle - longest)]
    counts = np.searchsorted(sorted_along, starts + longest, "right") - np.searchsorted(sorted_along, starts)
    south = float(starts[int(np.argmax(counts))]) if starts.size else middle
    inside &= (along >= south) & (along <= south + longest)
    return inside, GapTile(ra_deg, south, south + longest)


def _trimmed(vectors: Doubles, tile: GapTile) -> GapTile:
    """Cut a tile to what its places need, with margins, and give it the least length of a scan."""
    along, _ = _strip_places(vectors, tile.ra_deg)
    south, north = float(along.min()) - END_MARGIN_DEG, float(along.max()) + END_MARGIN_DEG
    missing = max(SHORTEST_DEG - (north - south), 0.0) / 2.0
    return GapTile(tile.ra_deg, south - missing, north + missing)
