"""Extended sources: every rule by itself, duplicates within and between scans, a verdict for every row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.conftest import Database
from tests.worlds.release import Box, World, fresh_world

ARCSEC = 1 / 3600
# As for points: 10.16 is 144 arcsec inside the first scan and 36 inside the second, 10.19 the other way round.
WEST, EAST, WORSE = Box(10.0, 10.2, 0.0, 1.0), Box(10.15, 10.35, 0.0, 1.0), Box(10.0, 10.2, 0.0, 1.0)
WEAK = {"k_msig_7": 0.2}

# name: (scan, ra, decl, reason, use_src, dup_src, other values).
CASES: dict[str, list[tuple[int, float, float, str, int | None, int | None, dict[str, Any]]]] = {
    "in no overlap": [(1, 10.05, 0.1, "released", 1, 0, {})],
    "at the edge": [(1, 10.0 + 14.5 * ARCSEC, 0.1, "edge", None, None, {})],
    "just inside": [(1, 10.0 + 17 * ARCSEC, 0.12, "released", 1, 0, {})],
    "too weak": [(1, 10.05, 0.15, "snr", None, None, WEAK)],
    "bright in another band": [(1, 10.05, 0.2, "released", 1, 0, WEAK | {"j_msig_7": 0.1})],
    "just bright enough": [(1, 10.05, 0.22, "released", 1, 0, {"k_msig_7": 0.1551})],
    "not measured": [(1, 10.05, 0.25, "snr", None, None, {"k_msig_7": float("nan")})],
    "the worse scan of the tile": [(3, 10.05, 0.3, "scan", None, None, {})],
    "twice in a scan": [
        (1, 10.05, 0.35, "in_scan_duplicate", None, None, {}),
        (1, 10.05, 0.35 + 4.9 * ARCSEC, "released", 1, 0, {}),
    ],
    "two galaxies": [
        (1, 10.05, 0.4, "released", 1, 0, {}),
        (1, 10.05, 0.4 + 5.1 * ARCSEC, "released", 1, 0, {}),
    ],
    "the apparition farther from its edges": [
        (1, 10.16, 0.45, "released", 1, 1, {}),
        (2, 10.16, 0.45 + 4.5 * ARCSEC, "duplicate", None, None, {}),
    ],
    "also in the other scan": [
        (1, 10.19, 0.5, "duplicate", None, None, {}),
        (2, 10.19, 0.5, "released", 1, 1, {}),
    ],
    "unseen by the better scan": [(1, 10.19, 0.55, "released", 0, 0, {})],
    "unseen by the worse scan": [(1, 10.16, 0.6, "released", 1, 0, {})],
    # Where no density is known the limit of dense fields holds.
    "a blend by both scores": [(1, 10.05, 0.65, "score", None, None, {"e_score": 1.9, "g_score": 1.8})],
    "a galaxy by its colours alone": [(1, 10.05, 0.7, "released", 1, 0, {"e_score": 1.9, "g_score": 1.001})],
    "extended by its shape alone": [(1, 10.05, 0.75, "released", 1, 0, {"e_score": 1.001, "g_score": 1.9})],
}  # fmt: skip


@pytest.fixture(scope="module")
def world(template_database: Database) -> Iterator[tuple[World, dict[str, list[int]]]]:
    with fresh_world(template_database.cluster) as world:
        run = world.run()
        world.scan(run, 1, WEST)
        world.scan(run, 2, EAST)
        world.scan(run, 3, WORSE, tile=1, noise=5.0)
        world.sources(1, 10.1, 0.9)
        keys = {
            name: [int(world.extended(scan, ra, decl, **values)[0]) for scan, ra, decl, *_, values in rows]
            for name, rows in CASES.items()
        }
        world.build()
        yield world, keys


@pytest.mark.parametrize("case", CASES)
def test_case(world: tuple[World, dict[str, list[int]]], case: str) -> None:
    rows = world[0].rows(
        "SELECT v.ext_id, v.reason, x.use_src, x.dup_src FROM release.extended_verdict AS v"
        " LEFT JOIN release.xsc AS x USING (release_id, run_id, ext_id)"
    )
    found = {row[0]: row[1:] for row in rows}
    assert [found[key] for key in world[1][case]] == [row[3:6] for row in CASES[case]]


def test_losers_name_their_winner(world: tuple[World, dict[str, list[int]]]) -> None:
    rows = world[0].rows("SELECT ext_id, reason, winner_ext_id FROM release.extended_verdict")
    winner = {key: name for key, reason, name in rows if reason.endswith("duplicate")}
    assert sorted(winner.values()) == sorted(
        world[1][case][place]
        for case, place in (
            ("twice in a scan", 1), ("the apparition farther from its edges", 0), ("also in the other scan", 1),
        )
    )  # fmt: skip
    assert all(name is None for _, reason, name in rows if not reason.endswith("duplicate"))


def test_every_row_has_one_verdict_with_all_rules(world: tuple[World, dict[str, list[int]]]) -> None:
    assert world[0].rows(
        "SELECT count(*), count(DISTINCT v.ext_id), (SELECT count(*) FROM wsdb.extended_measurement),"
        " count(*) FILTER (WHERE released) - (SELECT count(*) FROM release.xsc),"
        " count(*) FILTER (WHERE passed & failed <> 0), count(*) FILTER (WHERE released <> (failed = 0)),"
        " count(*) FILTER (WHERE NOT released AND release.first_rule(failed) <> reason)"
        " FROM release.extended_verdict AS v"
    ) == [(sum(map(len, CASES.values())),) * 3 + (0, 0, 0, 0)]


def test_rules_beyond_the_first_failed_one_are_told(database: Database) -> None:
    with database.connect() as connection:
        world = World(connection)
        world.scan(world.run(), 1, WEST)
        world.extended(1, 10.0 + 5 * ARCSEC, 0.5, **WEAK)
        (src_id,) = world.sources(
            1,
            10.001,
            0.5,
            cc_flg=b"PPP",
            rd_flg=b"222",
            ndet=b"161616",
            j_psfchi=30,
            h_psfchi=30,
            k_psfchi=30,
        )
        world.build()
        assert world.rows(
            "SELECT reason, release.rules(failed), release.rules(passed) FROM release.extended_verdict"
        ) == [("edge", ["edge", "snr"], ["attempt", "scan", "artefact"])]
        query = "SELECT src_id, reason, release.rules(failed), release.rules(passed) FROM release.verdict"
        assert world.rows(query) == [
            (
                src_id, "edge", ["edge", "artefact", "chi_squared"],
                ["attempt", "scan", "no_valid_band", "snr", "frames"],
            )
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "passed"),
    [
        ({}, None),
        ({"g_score": 1.3, "density": 3.0}, True),
        ({"g_score": 1.3, "density": 4.0}, False),
        ({"g_score": 1.3}, False),
        ({"g_score": 1.9, "e_score": 1.1, "density": 4.0}, True),
        ({"g_score": None, "e_score": 1.5, "density": 3.0}, False),
    ],
)
def test_scores_by_density(database: Database, source: dict[str, Any], passed: Any) -> None:
    """The columns are the extended catalogue's; where a version has none the rule does not apply."""
    with database.connect() as connection:
        row = connection.execute(
            "SELECT release.extended_score(%s, 1.4, 1.2, 3.6)", (Jsonb(source),)
        ).fetchone()
    assert row == (passed,)


def test_masks_and_names(database: Database) -> None:
    with database.connect() as connection:
        names = connection.execute("SELECT release.rule_names()").fetchone()[0]
        for number, name in enumerate(names):
            row = connection.execute(
                "SELECT release.rule_bit(%s), release.rules(%s), release.first_rule(%s)",
                (name, 1 << number, (1 << number) + (1 << len(names))),
            ).fetchone()
            assert row == (1 << number, [name], name)
        assert len(names) <= 15, "a mask is a smallint"
        sigma = connection.execute(
            'SELECT release.extended_sigma(\'{"h_msig_7": 0.2, "j_msig_k20fe": 0.1}\')'
        )
        assert sigma.fetchone()[0] == pytest.approx(0.1)
