"""Zones of a release: parts of the sky with about equally many rows, each with a margin around it.

A zone is a range of HEALPix pixels of order 8 along the sky, and so a range of src_id. Its margin is all pixels of
order 10 (206" wide, nowhere narrower than 103") that touch it: whatever lies within 100" of a row of the zone is in one
of the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from app.arrays import Integers
from app.errors import UserError
from app.keys import HEALPIX_ORDER, SCAN_KEY_BITS, SEQUENCE_BITS
from app.sky.cell_margins import ring_cells
from app.sky.healpix import pixel_centres
from app.sky.moc import FINEST_ORDER, ranges_of_cells

EDGE_ORDER = 8
"""Order of the pixels that zones are made of: 13.7' wide."""
MARGIN_ORDER = 10
ROWS_A_ZONE = 400_000
"""Sorts and hashes of so many rows stay in memory, and margins are a few percent."""
_KEY_BITS = SCAN_KEY_BITS + SEQUENCE_BITS
_EDGE_BITS = 2 * (HEALPIX_ORDER - EDGE_ORDER) + _KEY_BITS
_PIXELS = 12 << 2 * EDGE_ORDER


class ZonesError(UserError):
    """A release cannot be drawn in so many zones, or by so many processes."""

    code = "RELEASE_ZONES"


@dataclass(frozen=True)
class Zone:
    """A part of the sky that is worked through at a time.

    Attributes
    ----------
    number : int
        Counts along the sky, from 0.
    first, beyond : int
        Half-open range of nested HEALPix pixels of order 8.
    rows : int
        Extractions in it.
    middle : int
        Pixel that has half of the rows before it.
    """

    number: int
    first: int
    beyond: int
    rows: int
    middle: int

    @property
    def keys(self) -> tuple[int, int]:
        """Half-open range of src_id."""
        return self.first << _EDGE_BITS, self.beyond << _EDGE_BITS

    @property
    def margin(self) -> list[tuple[int, int]]:
        """Half-open ranges of src_id around it; none for the whole sky."""
        levels = 2 * (MARGIN_ORDER - EDGE_ORDER)
        rings = [
            ring_cells(pixel, order, MARGIN_ORDER) for order, pixel in _largest_cells(self.first, self.beyond)
        ]
        cells: Integers = np.unique(np.concatenate(rings))
        outside = cells[(cells < self.first << levels) | (cells >= self.beyond << levels)]
        shift = 2 * (FINEST_ORDER - HEALPIX_ORDER)
        return [
            (low >> shift << _KEY_BITS, beyond >> shift << _KEY_BITS)
            for low, beyond in ranges_of_cells(outside, MARGIN_ORDER)
        ]

    @property
    def axes(self) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
        """Unit vectors to the east and north at its middle."""
        ra, decl = (
            np.radians(float(angle[0])) for angle in pixel_centres(np.array([self.middle]), EDGE_ORDER)
        )
        east = (-np.sin(ra), np.cos(ra), 0.0)
        north = (-np.sin(decl) * np.cos(ra), -np.sin(decl) * np.sin(ra), np.cos(decl))
        return (float(east[0]), float(east[1]), 0.0), (float(north[0]), float(north[1]), float(north[2]))


def _largest_cells(first: int, beyond: int) -> Iterator[tuple[int, int]]:
    """Order and number of the largest HEALPix cells that make a range of pixels of order 8."""
    while first < beyond:
        order = EDGE_ORDER
        width = 1
        while order > 0 and first % (4 * width) == 0 and first + 4 * width <= beyond:
            order, width = order - 1, 4 * width
        yield order, first >> 2 * (EDGE_ORDER - order)
        first += width


def cut_zones(counts: Sequence[tuple[int, int]], wanted: int | None = None) -> tuple[Zone, ...]:
    """Cut the sky into zones with about equally many rows.

    Parameters
    ----------
    counts : sequence of (int, int)
        Nested HEALPix pixels of order 8 with their rows, ascending.
    wanted : int, optional
        Number of zones; as many as have some 400,000 rows each when absent. Fewer where there are fewer pixels.

    Returns
    -------
    tuple of Zone
        Together the whole sky; a single one for what is small.

    Raises
    ------
    ZonesError
        Raised if the number is below 1.

    Examples
    --------
    >>> [(zone.first, zone.beyond, zone.rows) for zone in cut_zones([(3, 10), (4, 5), (9, 5)], 2)]
    [(0, 4, 10), (4, 786432, 10)]
    """
    if wanted is not None and wanted < 1:
        raise ZonesError(f"{wanted} zones", expected="1 zone at least")
    pixels = np.array([pixel for pixel, _ in counts], np.int64)
    summed = np.cumsum([rows for _, rows in counts], dtype=np.int64)
    total = int(summed[-1]) if summed.size else 0
    number = wanted if wanted is not None else max(1, round(total / ROWS_A_ZONE))
    shares = total * np.arange(1, number) / number
    # The pixel that reaches a share is the last one of its zone.
    edges = np.unique(pixels[np.searchsorted(summed, shares)] + 1) if total else np.zeros(0, np.int64)
    edges = edges[edges < (pixels[-1] + 1 if total else 0)]
    bounds = [0, *edges.tolist(), _PIXELS]
    zones = []
    for place, (first, beyond) in enumerate(pairwise(bounds)):
        low, high = np.searchsorted(pixels, (first, beyond))
        before = int(summed[low - 1]) if low else 0
        rows = (int(summed[high - 1]) if high else 0) - before
        middle = int(pixels[np.searchsorted(summed, before + rows / 2)]) if rows else first
        zones.append(Zone(place, int(first), int(beyond), rows, middle))
    return tuple(zones)
