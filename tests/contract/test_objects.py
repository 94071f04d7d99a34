"""Objects: groups over all scans and runs, counts of what saw and what covers, independence of order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import pytest
from psycopg import Connection

from app.cli import output
from app.cli.main import run as mapps
from app.db.statements import statement
from app.errors import ConflictError, UnknownNameError
from app.models.objects import ObjectKind
from app.production.objects import group_objects
from tests.conftest import Database
from tests.worlds.release import Box, World, fresh_world

ARCSEC = 1 / 3600
BOXES = {
    1: Box(359.9, 360.1, 60.0, 61.0),
    2: Box(359.95, 360.15, 60.0, 61.0),
    3: Box(359.9, 360.1, 60.0, 61.0),
}
HOLE = Box(359.99, 360.01, 60.55, 60.65)
COUNTS = "SELECT napp, nscan, spos, count(*) FROM release.object GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"


def fill(world: World, order: tuple[int, ...] = (1, 2, 3)) -> None:
    """Scans 1 and 3 are of one tile; a place that all see, one that a scan misses, a hole, a pair, a chain."""
    run = world.run("night")
    places = {
        1: [
            (0.02, 60.1),
            (0.02, 60.2),
            (0.003, 60.6),
            (0.02, 60.3),
            (0.02, 60.3 + 1.0 * ARCSEC),
            (0.02, 60.4),
        ],
        2: [(0.02, 60.1 + 1.4 * ARCSEC), (0.003, 60.6), (0.02, 60.4 + 1.4 * ARCSEC)],
        3: [(0.02, 60.1), (0.02, 60.2 + 1.6 * ARCSEC), (0.02, 60.4 + 2.8 * ARCSEC)],
    }
    for number in order:
        world.scan(
            run,
            number,
            BOXES[number],
            tile=min(number, 2) if number != 3 else 1,
            hole=HOLE if number == 3 else None,
        )
        ra, decl = zip(*places[number], strict=True)
        world.sources(number, np.array(ra) % 360, decl, j_m=15.0 + number)
    world.extended(1, [0.02], [60.5])
    world.extended(2, [0.02], [60.5 + 4.9 * ARCSEC])
    world.connection.commit()


@pytest.fixture(scope="module")
def world(template_database: Database) -> Iterator[World]:
    with fresh_world(template_database.cluster) as world:
        fill(world)
        group_objects(world.connection, "all", ["night"], ObjectKind.POINT)
        group_objects(world.connection, "all", ["night"], ObjectKind.EXTENDED)
        yield world


def at(world: World, decl: float, kind: str = "point") -> tuple[object, ...]:
    rows = world.rows(
        "SELECT napp, nscan, spos, extent_arcsec, ra, j_mag FROM release.object"
        " JOIN release.object_set USING (object_set_id) WHERE kind = %s AND abs(decl - %s) < 0.01",
        kind, decl,
    )  # fmt: skip
    return rows[0] if len(rows) == 1 else tuple(rows)


def test_one_star_of_three_scans(world: World) -> None:
    napp, nscan, spos, extent, ra, magnitude = at(world, 60.1)
    assert (napp, nscan, spos) == (3, 3, 3)
    assert extent == pytest.approx(1.4 * 2 / 3, abs=0.01)
    assert ra == pytest.approx(0.02, abs=1e-6)
    assert magnitude == pytest.approx(17.0, abs=1e-5)


def test_farther_than_the_radius_are_two_objects_that_scans_missed(world: World) -> None:
    assert [row[:3] for row in at(world, 60.2)] == [(1, 1, 3), (1, 1, 3)]


def test_a_hole_of_a_scan_does_not_count_as_looked(world: World) -> None:
    assert at(world, 60.6)[:3] == (2, 2, 2)


def test_a_pair_within_a_scan_has_more_apparitions_than_scans(world: World) -> None:
    assert at(world, 60.3)[:3] == (2, 1, 3)


def test_a_chain_is_one_object_and_its_extent_tells(world: World) -> None:
    napp, nscan, _, extent, *_ = at(world, 60.4)
    assert (napp, nscan, extent) == (3, 3, pytest.approx(1.4, abs=0.01))


def test_galaxies_have_a_wider_radius(world: World) -> None:
    assert at(world, 60.5, "extended")[:3] == (2, 2, 3)


def test_every_row_is_a_member_once(world: World) -> None:
    assert world.rows(
        "SELECT count(*), count(DISTINCT (m.run_id, m.source_id)), (SELECT count(*) FROM wsdb.point_measurement)"
        " FROM release.object_member AS m JOIN release.object_set USING (object_set_id) WHERE kind = 'point'"
    ) == [(12, 12, 12)]
    assert world.rows(
        "SELECT count(*) FROM release.object AS o WHERE napp <> (SELECT count(*) FROM release.object_member AS m"
        " WHERE (m.object_set_id, m.gcntr, m.seed_run_id) = (o.object_set_id, o.gcntr, o.seed_run_id))"
    ) == [(0,)]
    assert (
        world.rows(
            "SELECT count(*) FROM release.object AS o"
            " JOIN release.object_member AS m USING (object_set_id, gcntr, seed_run_id)"
            " GROUP BY o.object_set_id, gcntr, seed_run_id HAVING min(m.source_id) <> gcntr"
        )
        == []
    )


def test_the_order_of_loading_does_not_matter(world: World, template_database: Database) -> None:
    query = (
        "SELECT gcntr, ra, decl, napp, nscan, spos, extent_arcsec, j_mag FROM release.object"
        " JOIN release.object_set USING (object_set_id) ORDER BY kind, gcntr"
    )
    with fresh_world(template_database.cluster) as other:
        fill(other, (3, 1, 2))
        group_objects(other.connection, "all", ["night"], ObjectKind.EXTENDED)
        group_objects(other.connection, "all", ["night"], ObjectKind.POINT)
        assert other.rows(query) == world.rows(query)


class Explained:
    """A connection that keeps the plan of the statement of the objects, and counts rounds of linking."""

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection
        self.plan: dict[str, Any] = {}
        self.rounds = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, query: str, *values: Any) -> Any:
        self.rounds += query == statement("objects/link")
        if query == statement("objects/add_objects"):
            row = self._connection.execute("EXPLAIN (FORMAT JSON) " + query, *values).fetchone()
            assert row
            self.plan = row[0][0]["Plan"]
        return self._connection.execute(query, *values)


def nodes_of(plan: dict[str, Any], relation: str) -> Iterator[dict[str, Any]]:
    """Nodes below a node that stand to it as told, and all below these."""
    for node in plan.get("Plans", []):
        yield from nodes_of(node, relation)
        if node["Parent Relationship"] == relation:
            yield node
            yield from every_node(node)


def every_node(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for node in plan.get("Plans", []):
        yield node
        yield from every_node(node)


def test_no_object_reads_all_apparitions(database: Database) -> None:
    """Each did, and 100,000 objects had not ended after ten minutes."""
    with database.connect() as connection:
        fill(World(connection))
        explained = Explained(connection)
        group_objects(cast("Connection[Any]", explained), "all", ["night"], ObjectKind.POINT)
    read = [node.get("Relation Name") for node in every_node(explained.plan)]
    assert "apparition" in read
    repeated = [node.get("Relation Name") for node in nodes_of(explained.plan, "SubPlan")]
    assert "scan_coverage" in repeated
    assert "apparition" not in repeated


@pytest.mark.parametrize("seed", range(3))
def test_long_chains_are_one_object_in_few_rounds(database: Database, seed: int) -> None:
    """40 stars of which each is 1.2 arcsec from the next, numbered in any order."""
    order = np.random.default_rng(seed).permutation(40)
    with database.connect() as connection:
        world = World(connection)
        world.scan(world.run("night"), 1, BOXES[1])
        world.sources(1, np.full(40, 0.02), 60.4 + 1.2 * ARCSEC * order)
        connection.commit()
        explained = Explained(connection)
        found = group_objects(cast("Connection[Any]", explained), "all", ["night"], ObjectKind.POINT)
        assert (found.apparitions, found.objects) == (40, 1)
        [(extent,)] = world.rows("SELECT extent_arcsec FROM release.object")
    assert 23.0 < float(str(extent)) < 24.1
    assert explained.rounds <= 7


def test_runs_share_objects_and_keys_do_not_collide(database: Database) -> None:
    """Two runs of one scan: the same star in both, and stars of one key at other places."""
    with database.connect() as connection:
        world = World(connection)
        for name, decl in (("first", 60.4), ("second", 60.4 + 20 * ARCSEC)):
            world.scan(world.run(name), 1, BOXES[1])
            world.sources(1, [0.02], [decl])
            world.sources(1, [0.03], [60.7])
        connection.commit()
        found = group_objects(connection, "both", ["first", "second"], ObjectKind.POINT)
        assert (found.apparitions, found.objects) == (4, 3)
        assert world.rows(COUNTS) == [(1, 1, 2, 2), (2, 2, 2, 1)]


def test_what_is_refused(world: World) -> None:
    with pytest.raises(ConflictError, match="point objects 'all' already"):
        group_objects(world.connection, "all", ["night"], ObjectKind.POINT)
    with pytest.raises(ConflictError, match="no run"):
        group_objects(world.connection, "x", [], ObjectKind.POINT)
    with pytest.raises(UnknownNameError):
        group_objects(world.connection, "x", ["day"], ObjectKind.POINT)
    assert world.rows("SELECT count(*) FROM release.object_set") == [(2,)]


def test_the_command(live_database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    with live_database.connect() as connection:
        fill(World(connection))
    assert mapps(["run", "objects", "night", "--name", "sky"]) == 0
    assert "12 apparitions, 6 objects" in capsys.readouterr().out
    assert mapps(["run", "objects", "night", "--name", "sky", "--kind", "extended", "--json"]) == 0
    output.forget_mode()
    assert mapps(["run", "objects", "night", "--name", "sky"]) == 2
