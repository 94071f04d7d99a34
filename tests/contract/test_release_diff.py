"""Differences of releases: every gained, lost or changed row has the one cause that was given to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from app.models.release import PatchAction
from app.releases.diff import ReleaseDiff, diff_releases
from app.releases.fitness import Allowances
from app.releases.patches import Patch
from tests.conftest import Database
from tests.worlds.release import Box, World, key_of
from tests.worlds.solutions import ZeroPoint, adopt, make_solution

ARCSEC = 1 / 3600
WEST, EAST = Box(10.0, 10.2, 0.0, 1.0), Box(10.15, 10.35, 0.0, 1.0)
BOTH = {"allow": Allowances(nominal=True)}


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    with database.connect() as connection:
        world = World(connection)
        run = world.run("old")
        world.scan(run, 1, WEST)
        world.scan(run, 2, EAST)
        world.sources(1, [10.05, 10.06, 10.08], [0.5, 0.5, 0.6])
        world.sources(1, 10.09, 0.7, j_psfchi=8, h_psfchi=8, k_psfchi=8)
        world.sources(2, 10.3, 0.5)
        world.sources(1, 10.16, 0.3)
        world.sources(2, 10.16, 0.3)
        world.extended(1, 10.05, 0.8)
        yield world


def causes(found: ReleaseDiff, product: str = "points") -> dict[tuple[str, str], int]:
    return {(kind, cause): n for kind, cause, n in getattr(found, product).causes}


def compare(world: World, **options: Any) -> ReleaseDiff:
    world.build("b", **options)
    return diff_releases(world.connection, "a", "b")


def test_equal_releases(world: World) -> None:
    world.build("a")
    found = compare(world)
    assert found.rules == ()
    for product, number in ((found.points, 6), (found.extended, 1), (found.images, 6)):
        assert (product.only_a, product.only_b, product.changed, product.equal) == (0, 0, 0, number)
        assert product.causes == ()


def test_a_rule(world: World) -> None:
    world.build("a")
    found = compare(world, parameters={"chi_squared": 5.0})
    assert found.rules == ("chi_squared",)
    assert causes(found).pop(("only A", "rule")) == 1
    assert {cause for _, cause, _ in found.points.causes} <= {"rule", "neighbours"}
    back = diff_releases(world.connection, "b", "a")
    assert causes(back)[("only B", "rule")] == 1


def test_a_rule_of_extended_sources(world: World) -> None:
    world.build("a")
    found = compare(world, parameters={"extended_sigma_mag": 0.04})
    assert causes(found, "extended") == {("only A", "rule"): 1}
    assert {cause for _, cause, _ in found.points.causes} <= {"neighbours"}


def test_a_recalibration(world: World) -> None:
    run, attempt = world.runs["old"], world.scans[1][1]
    first = make_solution(world.connection, run, attempt, {key_of(n): ZeroPoint(0.05) for n in (1, 2)})
    adopt(world.connection, run, first)
    world.build("a")
    second = make_solution(
        world.connection, run, attempt, {key_of(1): ZeroPoint(0.08), key_of(2): ZeroPoint(0.05)}
    )
    adopt(world.connection, run, second)
    found = compare(world)
    assert causes(found) == {("changed", "calibration"): 5}, "the rows of one scan"
    assert "j_m" in found.points.columns
    assert causes(found, "images") == {("changed", "calibration"): 3}
    assert causes(found, "extended") == {("changed", "calibration"): 1}


def test_the_choice_of_scans(world: World) -> None:
    """A better scan of the first tile: its rows are the same stars, 0.3 arcsec away, under other names."""
    world.build("a")
    run = world.runs["old"]
    world.scan(run, 3, WEST, tile=1, noise=0.5)
    world.sources(3, [10.05, 10.06, 10.12, 10.16], [0.5 + 0.3 * ARCSEC, 0.5, 0.5, 0.3])
    found = compare(world)
    assert (found.points.only_a, found.points.only_b) == (2, 1)
    assert {cause for kind, cause, _ in found.points.causes if kind != "changed"} == {"scan choice"}
    assert causes(found)[("changed", "scan choice")] == 3
    assert causes(found, "images") == {("only A", "scan choice"): 3, ("only B", "scan choice"): 3}
    assert causes(found, "extended") == {("only A", "scan choice"): 1}


@pytest.mark.parametrize(
    ("change", "cause"), [("code_commit", "code"), ("parameters_hash", "parameters"), ("", "reprocessing")]
)
def test_another_processing(world: World, change: str, cause: str) -> None:
    """The same scans in a later run: one star moved and changed, one is lost, one is new."""
    world.connection.execute("UPDATE production.pipeline SET parameters = %s", (Jsonb({}),))
    world.build("a")
    run = world.run("renewed")
    if change:
        world.connection.execute(
            f"UPDATE production.pipeline SET {change} = 'other' WHERE pipeline_id ="
            " (SELECT pipeline_id FROM production.run WHERE run_id = %s)",
            (run,),
        )
    for number, box in ((1, WEST), (2, EAST)):
        world.scan(run, number, box, points=100)
    world.sources(1, [10.05 + 0.5 * ARCSEC, 10.06, 10.1], [0.5, 0.5, 0.9], j_m=[15.3, 15.2, 15.2])
    world.sources(2, 10.3, 0.5)
    found = compare(world)
    assert {name for _, name, _ in found.points.causes} <= {cause, "neighbours"}
    assert (found.points.only_a, found.points.only_b) == (3, 1)
    assert {name for _, name, _ in found.images.causes} == {cause}


def test_a_patch(world: World) -> None:
    world.build("a")
    [(key,)] = world.rows("SELECT src_id FROM release.psc ORDER BY ra LIMIT 1")
    found = compare(world, patches=[Patch(PatchAction.DELETE, "old", key, None, "ann", "why")])
    assert causes(found)[("only A", "patch")] == 1
    assert {cause for _, cause, _ in found.points.causes} <= {"patch", "neighbours"}


def test_the_reference_catalogue(world: World) -> None:
    world.build("a")
    world.insert(
        "reference", "catalogue", "catalogue_id", name="tycho2", source="x", content_hash="c" * 64, stars=0,
        state="current",
    )  # fmt: skip
    found = compare(world)
    assert causes(found) == {("changed", "reference catalogue"): 6}


def test_an_overlap_that_a_rule_decides_otherwise(world: World) -> None:
    """With a border of 40 arcsec the second scan no longer sees the star that both had."""
    world.build("a")
    found = compare(world, parameters={"edge_arcsec": 40.0})
    changed = [row for row in found.points.examples if row[1] == "changed" and "dup_src" in row[3]]
    assert [row[2] for row in changed] == ["rule"]
