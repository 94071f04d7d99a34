"""Scans chosen by what they cover, and what a release leaves open: each case has its own part of the sky."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from app.ingest.tile_plan import PlannedTile, TileChangedError, plan_tiles
from app.models.survey import TileKind
from app.releases.gaps import Gaps, find_gaps
from app.sky.directions import unit_vectors
from app.sky.footprint import edge_poles
from tests.conftest import Database
from tests.contract.test_release_scans import _grade
from tests.worlds.release import Box, World, fresh_world, key_of

WIDTH, HEIGHT = 510 / 3600, 0.3
ARCSEC = 1 / 3600


def tile_box(place: float, x_arcsec: float = 0.0, decl: float = 0.0) -> Box:
    """Area of a scan at the equator, moved to the east."""
    west = place + x_arcsec * ARCSEC
    return Box(west, west + WIDTH, decl, decl + HEIGHT)


def planned(number: int, box: Box) -> PlannedTile:
    return PlannedTile(number, "n", TileKind.SURVEY, box.corners)


def _rivals(world: World, run: int, tile: int, place: float, grades: tuple[int, int]) -> None:
    """Add two scans of a tile: a deep one 120" off, and a shallow one at its place."""
    deep, shallow = 10 * tile + 1, 10 * tile + 2
    shifted = tile_box(place, 120.0).coverage()
    world.scan(run, deep, tile_box(place), tile=tile, noise=0.5, coverage=shifted)
    world.scan(run, shallow, tile_box(place), tile=tile)
    for scan, grade in zip((deep, shallow), grades, strict=True):
        _grade(world, run, scan, grade)


def _fill(world: World) -> None:
    run = world.run("run")
    _rivals(world, run, 1, 10.0, (8, 8))
    _rivals(world, run, 2, 20.0, (9, 8))
    # The scan to the west covers what the deep one leaves open.
    _rivals(world, run, 3, 30.0, (8, 8))
    world.scan(run, 35, tile_box(30.0, -300.0), tile=4)
    # A hole of 2' x 4' across right ascension 0.
    centre = Box(-WIDTH / 2, WIDTH / 2, 5.0, 5.0 + HEIGHT)
    world.scan(run, 51, centre, tile=5, hole=Box(-0.02, 0.02, 5.1, 5.17))
    # Two scans that overlap by 12" and one that overlaps by 51" with the second.
    for number, x_arcsec in ((61, 0.0), (62, 498.0), (63, 957.0)):
        world.scan(run, number, tile_box(60.0, x_arcsec), tile=number)
    # Considered, and good for nothing.
    world.scan(run, 71, tile_box(70.0), tile=7, kind="sci")
    world.insert(
        "quality",
        "metric",
        "attempt_id",
        attempt_id=world.scans[71][1],
        name="reference_stars",
        band="-",
        value=0,
    )
    world.connection.commit()
    plan_tiles(world.connection, [planned(7, tile_box(70.0)), planned(80, tile_box(80.0))])


@pytest.fixture(scope="module")
def world(template_database: Database) -> Iterator[World]:
    with fresh_world(template_database.cluster) as world:
        _fill(world)
        world.build()
        world.build("insensitive", parameters={"coverage_gain_arcmin2": 1000.0})
        yield world


@pytest.fixture(scope="module")
def gaps(world: World) -> Gaps:
    found = find_gaps(world.connection, "first")
    world.connection.commit()
    return found


def chosen(world: World, release: str) -> dict[int, tuple[int, str]]:
    """Tile -> number and reason of its scan."""
    rows = world.rows(
        "SELECT s.tile, s.scan_key & 1023, s.reason FROM release.scan AS s JOIN release.release AS r USING (release_id)"
        " WHERE r.name = %s AND s.selected ORDER BY 1",
        release,
    )
    return {tile: (scan, reason) for tile, scan, reason in rows}


def test_of_scans_graded_alike_the_one_that_covers_more(world: World) -> None:
    scan, reason = chosen(world, "first")[1]
    assert scan == 12
    former = float(reason.rsplit(" ", 1)[1])
    # 120" of 0.3 degrees, whole cells.
    assert former == pytest.approx(120 / 60 * HEIGHT * 60, rel=0.2)
    [(told,)] = world.rows(
        "SELECT reason FROM release.scan AS s JOIN release.release AS r USING (release_id)"
        " WHERE r.name = 'first' AND scan_key = %s",
        key_of(11),
    )
    assert told.startswith(f"leaves {former} square arc minutes of its tile open against ")


@pytest.mark.parametrize(
    ("release", "tile", "scan"),
    [
        pytest.param("first", 2, 21, id="a better grade stays"),
        pytest.param("first", 3, 31, id="a neighbour covers the rest"),
        pytest.param("insensitive", 1, 11, id="the gain is too small"),
    ],
)
def test_the_more_sensitive_one_stays(world: World, release: str, tile: int, scan: int) -> None:
    assert chosen(world, release)[tile] == (scan, "the best of 2 scans of its tile")


def test_one_scan_a_tile_all_the_same(world: World) -> None:
    assert (
        world.rows(
            "SELECT release_id, tile FROM release.scan WHERE selected GROUP BY 1, 2 HAVING count(*) > 1"
        )
        == []
    )


def test_open_tiles_have_their_reasons(gaps: Gaps) -> None:
    told = {tile.tile: tile.reason for tile in gaps.tiles}
    assert told == {
        2: "the chosen scan leaves it open",
        5: "the chosen scan leaves it open",
        7: "no scan is good enough: 0 reference stars are below the minimum of 1: positions rest on the pointing",
        80: "never scanned",
    }


def test_open_areas(gaps: Gaps) -> None:
    """The strip that a scan beside its place leaves, the hole, and whole tiles but for their rims."""
    by_tile = {tile.tile: tile for tile in gaps.tiles}
    assert by_tile[2].open_arcmin2 == pytest.approx(105 / 60 * (HEIGHT * 60 - 6), rel=0.15)
    assert by_tile[5].open_arcmin2 == pytest.approx(0.04 * 0.07 * 3600, rel=0.25)
    whole = (510 - 30) / 60 * (HEIGHT * 60 - 6)
    assert by_tile[80].open_arcmin2 == pytest.approx(whole, rel=0.05)
    hole = by_tile[5]
    assert min(hole.ra_deg, 360.0 - hole.ra_deg) < 0.02
    assert 5.1 < hole.decl_deg < 5.17
    assert gaps.open_deg2 == pytest.approx(sum(tile.open_arcmin2 for tile in gaps.tiles) / 3600)


def test_narrow_overlaps(gaps: Gaps) -> None:
    """12" are too few for points and for extended sources, 51" enough for both."""
    pairs = {(line.of, line.scan, line.other): line for line in gaps.overlaps}
    assert set(pairs) == {("points", "990410n 61", "990410n 62"), ("extended", "990410n 61", "990410n 62")}
    assert pairs["points", "990410n 61", "990410n 62"].width_arcsec == pytest.approx(8, abs=1)
    assert pairs["extended", "990410n 61", "990410n 62"].width_arcsec == pytest.approx(18, abs=1)


def test_gap_fill_tiles_hold_what_is_open(gaps: Gaps) -> None:
    """Tiles without a scan need none of them: those are scanned themselves."""
    wanted = [tile for tile in gaps.tiles if tile.reason == "the chosen scan leaves it open"]
    places = [(tile.ra_deg, tile.decl_deg) for tile in wanted] + [
        (line.ra_deg, line.decl_deg) for line in gaps.overlaps
    ]
    for place in places:
        depth = [float((unit_vectors(*place) @ edge_poles(tile.corners).T).min()) for tile in gaps.fill]
        assert np.degrees(max(depth)) * 3600 > 30.0
    assert [tile.tile for tile in gaps.fill] == [200_001, 200_002, 200_003]
    assert {tile.kind for tile in gaps.fill} == {TileKind.GAP_FILL}


def test_a_scanned_gap_fill_tile_closes_the_gap(world: World, gaps: Gaps) -> None:
    """The next release has it; the numbers go on, and nobody plans a tile anew at another place."""
    assert plan_tiles(world.connection, gaps.fill) == (3, 0)
    assert plan_tiles(world.connection, gaps.fill) == (0, 3)
    with pytest.raises(TileChangedError, match="tile 200001 is known as a gap_fill tile"):
        plan_tiles(world.connection, [planned(200_001, tile_box(99.0))])
    tile = max(gaps.fill, key=lambda planned_tile: abs(planned_tile.corners.centre[0] - 180.0))
    (west, south), (east, north) = tile.corners.south_west, tile.corners.north_east
    world.scan(world.runs["run"], 90, Box(west - 360.0, east, south, north), tile=tile.tile)
    world.build("filled")
    found = find_gaps(world.connection, "filled")
    assert 5 not in {tile.tile for tile in found.tiles}
    assert {tile.tile for tile in found.tiles} >= {2, 7, 80}
    assert min(tile.tile for tile in found.fill) == 200_004
