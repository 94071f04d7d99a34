"""Tiles of a whole survey and the strips of sky that neighbours share: the truth side of `benchmarks.calibration`.

Bands of 6 degrees of Declination, tiles of 8.5' by 6 degrees in them, a tenth of the width shared with the next tile
east and 8.5' with the bands north and south, as docs/background/survey.md describes the survey.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.arrays import Doubles, Integers

BAND_DEG = 6.0
WIDTH_ARCMIN = 8.5
SHARED = 0.1
NORTH_SHARED_ARCMIN = 8.5
EDGE = 0.95
"""Middle of the strip shared with the next tile east, in half widths of a tile."""


@dataclass(frozen=True)
class Tiles:
    """Centres of tiles, degrees, with the band of Declination of each and the number of tiles in its band."""

    ra_deg: Doubles
    decl_deg: Doubles
    band: Integers
    in_band: Integers


@dataclass(frozen=True)
class Strips:
    """Pairs of tiles that share sky.

    `x_a` and `x_b` are the mean places across each tile in half widths, `x2_a` and `x2_b` the means of their squares,
    `area_deg2` the shared sky.
    """

    tile_a: Integers
    tile_b: Integers
    x_a: Doubles
    x2_a: Doubles
    x_b: Doubles
    x2_b: Doubles
    area_deg2: Doubles


def whole_sky() -> Tiles:
    """Cut the sky into tiles, band by band from south to north."""
    ra, decl, bands, counts = [], [], [], []
    for band in range(30):
        south_deg = -90.0 + BAND_DEG * band
        widest = np.cos(np.radians(min(abs(south_deg), abs(south_deg + BAND_DEG))))
        count = int(np.ceil(360.0 * 60.0 * widest / (WIDTH_ARCMIN * (1.0 - SHARED))))
        ra.append((np.arange(count) + 0.5) * 360.0 / count)
        decl.append(np.full(count, south_deg + BAND_DEG / 2))
        bands.append(np.full(count, band))
        counts.append(np.full(count, count))
    return Tiles(
        np.concatenate(ra),
        np.concatenate(decl),
        np.concatenate(bands).astype(np.int64),
        np.concatenate(counts).astype(np.int64),
    )


def strips(tiles: Tiles) -> Strips:
    """Find the pairs of neighbouring tiles: east in the same band, and in the band to the north."""
    east, north = _eastern(tiles), _northern(tiles)
    return Strips(
        np.concatenate([east.tile_a, north.tile_a]),
        np.concatenate([east.tile_b, north.tile_b]),
        np.concatenate([east.x_a, north.x_a]),
        np.concatenate([east.x2_a, north.x2_a]),
        np.concatenate([east.x_b, north.x_b]),
        np.concatenate([east.x2_b, north.x2_b]),
        np.concatenate([east.area_deg2, north.area_deg2]),
    )


def _eastern(tiles: Tiles) -> Strips:
    index = np.arange(tiles.ra_deg.size)
    first = np.searchsorted(tiles.band, tiles.band)
    following = first + (index - first + 1) % tiles.in_band
    full = np.full(index.size, EDGE)
    area = np.full(index.size, SHARED * WIDTH_ARCMIN / 60.0 * BAND_DEG)
    return Strips(index, following, full, full**2, -full, full**2, area)


def _northern(tiles: Tiles) -> Strips:
    lower, upper, left, right = [], [], [], []
    for band in range(29):
        south, north = np.flatnonzero(tiles.band == band), np.flatnonzero(tiles.band == band + 1)
        edges = np.unique(
            np.concatenate([np.linspace(0.0, 360.0, south.size + 1), np.linspace(0.0, 360.0, north.size + 1)])
        )
        middles = (edges[1:] + edges[:-1]) / 2
        lower.append(south[np.minimum((middles / 360.0 * south.size).astype(int), south.size - 1)])
        upper.append(north[np.minimum((middles / 360.0 * north.size).astype(int), north.size - 1)])
        left.append(edges[:-1])
        right.append(edges[1:])
    a, b = np.concatenate(lower), np.concatenate(upper)
    west, east = np.concatenate(left), np.concatenate(right)
    border = np.cos(np.radians(tiles.decl_deg[a] + BAND_DEG / 2))
    width_arcmin = (east - west) * border * 60.0
    keep = width_arcmin > 0.5
    a, b, west, east, width_arcmin = a[keep], b[keep], west[keep], east[keep], width_arcmin[keep]
    x_a, x2_a = _across(tiles, a, west, east)
    x_b, x2_b = _across(tiles, b, west, east)
    area = np.minimum(width_arcmin, WIDTH_ARCMIN) / 60.0 * NORTH_SHARED_ARCMIN / 60.0
    return Strips(a, b, x_a, x2_a, x_b, x2_b, area)


def _across(tiles: Tiles, tile: Integers, west_deg: Doubles, east_deg: Doubles) -> tuple[Doubles, Doubles]:
    half = 180.0 / tiles.in_band[tile]
    low = np.clip((west_deg - tiles.ra_deg[tile]) / half, -1.0, 1.0)
    high = np.clip((east_deg - tiles.ra_deg[tile]) / half, -1.0, 1.0)
    return (low + high) / 2, (low**2 + low * high + high**2) / 3
