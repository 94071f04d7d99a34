"""Tiles over open places: every place well inside of one, at the equator, across 0 h and over the poles."""

from __future__ import annotations

import numpy as np
import pytest

from app.sky.directions import unit_vectors
from app.sky.footprint import ARCSEC_PER_RADIAN, edge_poles
from app.sky.gap_tiles import LENGTH_DEG, MARGIN_DEG, SHORTEST_DEG, GapTile, gap_tiles
from app.sky.projection import SinProjection


def places(ra: float, decl: float, width_arcsec: float, height_arcsec: float, angle: float = 0.0):
    """A lattice of places every 20" around a place, turned by an angle."""
    plane = SinProjection.from_rotation(ra, decl, 0.0, 0.0, -1 / 3600, 1 / 3600, angle)
    x = np.arange(-0.5 * width_arcsec, 0.5 * width_arcsec + 1, 20.0)
    y = np.arange(-0.5 * height_arcsec, 0.5 * height_arcsec + 1, 20.0)
    found = plane.to_sky(*(grid.ravel() for grid in np.meshgrid(x, y)))
    return np.asarray(found[0]), np.asarray(found[1])


def depth_arcsec(tiles: tuple[GapTile, ...], ra, decl) -> np.ndarray:
    """How far each place lies within the best of the tiles."""
    vectors = unit_vectors(ra, decl)
    sines = [(vectors @ edge_poles(tile.corners).T).min(axis=1) for tile in tiles]
    return np.arcsin(np.max(sines, axis=0)) * ARCSEC_PER_RADIAN


@pytest.mark.parametrize(
    ("ra", "decl"), [(120.0, 0.0), (0.0, -30.0), (359.99, 60.0), (77.0, 89.97), (200.0, -90.0), (10.0, 88.0)]
)
def test_every_place_lies_well_inside(ra: float, decl: float) -> None:
    """A gap of 2' x 10' needs one tile, whatever right ascensions it crosses; over a pole as well."""
    open_ra, open_decl = places(ra, decl, 120.0, 600.0)
    tiles = gap_tiles(open_ra, open_decl)
    assert len(tiles) == 1
    assert depth_arcsec(tiles, open_ra, open_decl).min() > 3600 * MARGIN_DEG - 1.0
    [tile] = tiles
    assert SHORTEST_DEG - 1e-9 <= tile.north_deg - tile.south_deg < SHORTEST_DEG + 0.12


@pytest.mark.parametrize("angle", [0.0, 35.0, 90.0])
@pytest.mark.parametrize("decl", [0.0, 89.9])
def test_a_wide_gap_takes_several(decl: float, angle: float) -> None:
    """A strip of 25' x 3' needs 25 / 7 tiles across the lines of right ascension, and one along them."""
    open_ra, open_decl = places(359.9, decl, 180.0, 1500.0, angle)
    tiles = gap_tiles(open_ra, open_decl)
    assert depth_arcsec(tiles, open_ra, open_decl).min() > 3600 * MARGIN_DEG - 1.0
    assert len(tiles) <= (1 if angle == 0.0 and decl == 0.0 else 6)


def test_long_gaps_are_cut() -> None:
    decl = np.arange(-10.0, 10.0, 0.01)
    tiles = gap_tiles(np.full(decl.size, 30.0), decl)
    assert len(tiles) == 4
    assert max(tile.north_deg - tile.south_deg for tile in tiles) <= LENGTH_DEG + 1e-9
    assert depth_arcsec(tiles, np.full(decl.size, 30.0), decl).min() > 40.0


def test_far_places_have_tiles_of_their_own() -> None:
    tiles = gap_tiles(np.array([10.0, 100.0, 10.01]), np.array([5.0, 5.0, 5.0]))
    assert sorted(round(tile.ra_deg) for tile in tiles) == [10, 100]


def test_no_place_no_tile() -> None:
    assert gap_tiles(np.zeros(0), np.zeros(0)) == ()


def test_the_same_whatever_the_seed_of_the_order() -> None:
    """Tiles come sorted; the same places give the same tiles twice."""
    open_ra, open_decl = places(40.0, 12.0, 300.0, 900.0, 20.0)
    assert gap_tiles(open_ra, open_decl) == gap_tiles(open_ra, open_decl)
