"""Releases as a whole: refusals, statements by hand, immutability, verification, explanations, comparison."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from app.columns.hash_versions import NEWEST
from app.db.locks import RELEASES
from app.db.statements import scripts
from app.errors import ConflictError, UnknownNameError
from app.releases.build import ReleaseNameError, build_release
from app.releases.catalogue import list_releases, release_facts
from app.releases.diff import diff_releases
from app.releases.explain import explain
from app.releases.fitness import Allowances, EmptyReleaseError
from app.releases.parameters import DEFAULTS, ReleaseParameterError
from app.releases.products import PRODUCTS
from app.releases.steps import segments
from app.releases.verify import ReleaseAlteredError, require_equal, verify_release
from tests.conftest import Database
from tests.worlds.release import Box, World, fresh_world, key_of

ARCSEC = 1 / 3600
NOMINAL = Allowances(nominal=True)
UNFINISHED = Allowances(unfinished=True, nominal=True)
WEAK = {f"{band}_{name}": value for band in "jhk" for name, value in (("snr", 2.0), ("msig", 0.5))}


def _fill(world: World) -> dict[str, int]:
    """A small run with something of everything; src_id by name."""
    run = world.run()
    world.scan(run, 1, Box(10.0, 10.2, 0.0, 1.0))
    world.scan(run, 2, Box(10.15, 10.35, 0.0, 1.0))
    world.scan(run, 3, Box(10.0, 10.2, 0.0, 1.0), tile=1, noise=5.0)
    keys = {
        "alone": world.sources(1, 10.05, 0.5),
        "winner": world.sources(1, 10.16, 0.5),
        "loser": world.sources(2, 10.16, 0.5),
        "wrong side": world.sources(1, 10.19, 0.4),
        "faint": world.sources(1, 10.06, 0.5, **WEAK),
        "edge": world.sources(1, 10.001, 0.5),
        "worse scan": world.sources(3, 10.05, 0.5),
    }  # fmt: skip
    keys["namesakes"] = world.sources(1, [10.1, 10.1], [0.6, 0.6 + 0.001 * ARCSEC])
    world.extended(1, [10.05, 10.1], [0.5, 0.9], r_3sig=[20.0, 5.0])
    return {name: int(values[0]) for name, values in keys.items()}


@pytest.fixture(scope="module")
def published(template_database: Database) -> Iterator[tuple[World, dict[str, int]]]:
    """A world with the release `first`."""
    with fresh_world(template_database.cluster) as world:
        keys = _fill(world)
        world.build()
        yield world, keys


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    with database.connect() as connection:
        yield World(connection)


def test_names_keys_neighbours_and_galaxies(published: tuple[World, dict[str, int]]) -> None:
    world, keys = published
    rows = {
        row[0]: row[1:]
        for row in world.rows(
            "SELECT src_id, trim(designation), pts_key, pxcntr, prox, pxpa, gal_contam, ext_key FROM release.psc"
        )
    }
    assert len(rows) == 5
    assert rows[keys["alone"]][0] == "00401200+0030000"
    assert rows[keys["alone"]][5:] == (1, 1)
    assert rows[keys["winner"]][3:5] == (pytest.approx(375.85, abs=0.01), 163)
    first, second = sorted(row for row in rows.values() if row[0].startswith("00402400+0036000"))
    assert (first[0][16:], second[0][16:]) == ("A", "B")
    assert (first[2], second[2]) == (second[1], first[1])
    assert sorted(row[1] for row in rows.values()) == [1, 2, 3, 4, 5]
    assert sorted(rows, key=lambda key: rows[key][1]) == sorted(rows)
    xsc = world.rows("SELECT ext_key, trim(designation) FROM release.xsc ORDER BY ext_key")
    assert [name for _, name in xsc] == ["00401200+0030000", "00402400+0054000"]


def test_every_extraction_has_one_verdict(published: tuple[World, dict[str, int]]) -> None:
    world, _ = published
    verdicts = world.rows("SELECT count(*), count(*) FILTER (WHERE released) FROM release.verdict")[0]
    assert verdicts[0] == world.rows("SELECT count(*) FROM wsdb.point_measurement")[0][0]
    assert verdicts[1] == world.rows("SELECT count(*) FROM release.psc")[0][0]


def test_statements_are_recorded(published: tuple[World, dict[str, int]]) -> None:
    world, _ = published
    facts = release_facts(world.connection, "first")
    assert [line["file"] for line in facts.statements] == [path.name for path in scripts("release")]
    assert facts.parameters == DEFAULTS
    assert facts.summary["psc"] == 5
    assert [row["name"] for row in list_releases(world.connection)] == ["first"]
    assert {row["reason"]: row["rows"] for row in facts.reasons} == {
        "released": 5, "duplicate": 1, "snr": 1, "edge": 1, "scan": 1,
    }  # fmt: skip
    assert facts.extended_reasons == [{"reason": "released", "rows": 2}]
    world.connection.commit()


@pytest.mark.parametrize(
    ("case", "reason", "said"),
    [
        ("alone", "released", "passed every rule"),
        ("wrong side", "released", "use_src 0"),
        ("loser", "duplicate", "00403840+0030000"),
        ("faint", "snr", "SNR 2, 2, 2 in J, H, Ks: below 7"),
        ("edge", "edge", 'It lies 3" from the edge'),
        ("worse scan", "scan", "Scan 3 of 1999-04-10 n was not chosen for tile 1: sensitivity"),
    ],
)
def test_explanations(published: tuple[World, dict[str, int]], case: str, reason: str, said: str) -> None:
    world, keys = published
    # The galaxy at the place of the first star has the same key.
    found, *_ = explain(world.connection, "first", src_id=keys[case])
    assert (found.reason, found.released) == (reason, reason == "released")
    assert said in found.sentence
    world.connection.commit()


def test_explain_by_name(published: tuple[World, dict[str, int]]) -> None:
    world, keys = published
    (found,) = explain(world.connection, "first", designation="2MASS J00403840+0030000")
    assert found.facts["src_id"] == keys["winner"]
    for wrong in ({"designation": "00000000+0000000"}, {"src_id": 1}):
        with pytest.raises(UnknownNameError):
            explain(world.connection, "first", **wrong)  # type: ignore[arg-type]
    world.connection.commit()


CHANGES = [
    "UPDATE release.psc SET j_m = 1",
    "DELETE FROM release.psc",
    "INSERT INTO release.verdict (release_id, run_id, src_id, released, reason) VALUES (1, 1, 1, false, 'x')",
    "DELETE FROM release.psc_r1",
    "TRUNCATE release.psc_r1",
    "TRUNCATE release.psc",
    "UPDATE release.xsc SET ra = 1",
    "DELETE FROM release.atlas",
    "DELETE FROM release.manifest",
    "UPDATE release.manifest SET rows = 1",
    "INSERT INTO release.manifest (release_id, product, partition, rows, sha256) VALUES (1, 'psc', 'x', 1, 'x')",
    "TRUNCATE release.manifest",
    "UPDATE release.scan SET rank = 9",
    "DELETE FROM release.statement",
    "DELETE FROM release.parent_run",
    "UPDATE release.release SET state = 'building'",
    "UPDATE release.release SET parameters = '{}'",
    "DELETE FROM release.release",
]


@pytest.mark.parametrize("role", [None, "operator"])
def test_published_rows_never_change(published: tuple[World, dict[str, int]], role: str | None) -> None:
    world, _ = published
    if role is not None:
        world.connection.execute(f"SET ROLE mapps_{role}")
    world.connection.commit()
    for change in CHANGES:
        with pytest.raises(psycopg.Error, match=r"published|permission denied"):
            world.connection.execute(change)
        world.connection.rollback()
    world.connection.execute("RESET ROLE")
    assert all(check.equal for check in verify_release(world.connection, "first"))
    world.connection.commit()


def test_a_row_changed_behind_the_guards_is_found(published: tuple[World, dict[str, int]]) -> None:
    world, keys = published
    connection = world.connection
    connection.execute("ALTER TABLE release.psc_r1 DISABLE TRIGGER ALL")
    connection.execute("UPDATE release.psc SET j_m = j_m + 0.000001 WHERE src_id = %s", (keys["alone"],))
    checks = verify_release(connection, "first")
    wrong = [(check.product, check.partition) for check in checks if not check.equal]
    assert wrong == [("psc", str(keys["alone"] >> 57)), ("psc", "all")]
    with pytest.raises(ReleaseAlteredError, match="psc 17, psc all"):
        require_equal("first", checks)
    connection.rollback()
    require_equal("first", verify_release(connection, "first"))
    connection.commit()


def test_an_empty_release(world: World) -> None:
    world.run()
    summary = world.build()
    assert summary.products == dict.fromkeys(PRODUCTS, 0)
    assert summary.reasons == {}
    require_equal("first", verify_release(world.connection, "first"))


def test_a_single_source_has_no_neighbour(world: World) -> None:
    world.scan(world.run(), 1, Box(10.0, 10.2, 0.0, 1.0))
    world.sources(1, 10.1, 0.5)
    world.build()
    assert world.rows("SELECT prox, pxpa, pxcntr FROM release.psc") == [(None, None, None)]


def test_rows_of_the_tests_are_held_to_the_producers(world: World) -> None:
    """A test that fills a column which no reduction fills would prove a rule that never sees a value."""
    world.scan(world.run(), 1, Box(10.0, 10.2, 0.0, 1.0))
    for name in ("mp_flg", "gal_contam", "attempt_id"):
        with pytest.raises(ValueError, match=f"no reduction and no step fills {name}"):
            world.sources(1, 10.1, 0.5, **{name: 1})
    with pytest.raises(ValueError, match="no reduction and no step fills run_id"):
        world.extended(1, 10.1, 0.5, run_id=1)
    with pytest.raises(KeyError, match="k_r_3sig"):
        world.extended(1, 10.1, 0.5, k_r_3sig=20.0)


def test_refusals(world: World) -> None:
    run = world.run()
    world.scan(run, 1, Box(10.0, 10.2, 0.0, 1.0))
    world.scan(run, 2, Box(11.0, 11.2, 0.0, 1.0), state="dead")
    connection = world.connection
    connection.commit()

    def refused(error: type[Exception], match: str, **options: Any) -> None:
        with pytest.raises(error, match=match):
            build_release(connection, **({"name": "one", "kind": "sampler", "runs": ["run"]} | options))
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE

    refused(ConflictError, "1 dead")
    refused(UnknownNameError, "'other'", runs=["other"])
    refused(ConflictError, "without parent runs", runs=[])
    refused(ReleaseNameError, "release name", name="../x")
    refused(ReleaseParameterError, "unknown release parameter snr", parameters={"snr": 5.0}, allow=UNFINISHED)
    refused(ReleaseParameterError, "match_arcsec", parameters={"match_arcsec": 0.0}, allow=UNFINISHED)
    refused(ReleaseParameterError, "cell_arcsec", parameters={"match_arcsec": 11.0}, allow=UNFINISHED)
    refused(ReleaseNameError, "release name 'x{64}...'", name=65 * "x")
    refused(EmptyReleaseError, "1 of 1 scans are selected", allow=UNFINISHED)
    assert connection.execute("SELECT count(*) FROM release.release").fetchone() == (0,)
    connection.rollback()
    build_release(
        connection, 64 * "x", "sampler", ["run"], allow=Allowances(unfinished=True, empty=True, nominal=True)
    )
    world.sources(1, 10.1, 0.5)
    connection.commit()
    build_release(connection, "one", "sampler", ["run"], allow=UNFINISHED)
    refused(ConflictError, "already", allow=UNFINISHED)
    assert connection.execute("SELECT sealed_at IS NOT NULL FROM production.run").fetchone() == (True,)


def test_a_release_of_scans_without_reference_stars_says_what_to_do(world: World) -> None:
    world.scan(world.run(), 1, Box(10.0, 10.2, 0.0, 1.0))
    [source] = world.sources(1, 10.1, 0.5)
    attempt = world.scans[1][1]
    world.insert(
        "quality", "metric", "attempt_id", attempt_id=attempt, name="reference_stars", band="-", value=0
    )
    with pytest.raises(EmptyReleaseError, match="positions rest on the pointing") as refusal:
        world.build(allow=NOMINAL)
    assert "mapps reference load" in refusal.value.remedy
    assert "--without-reference-stars" in refusal.value.remedy
    assert world.rows("SELECT count(*) FROM release.release") == [(0,)]
    empty = world.build("empty")
    assert (empty.scans, empty.scans_selected, empty.reasons) == (1, 0, {"scan": 1})
    [(reason, count)] = empty.refusals.items()
    assert (reason[:17], count) == ("0 reference stars", 1)
    told = world.build("told", parameters={"reference_stars_minimum": 0})
    assert (told.refusals, world.verdicts()) == ({}, {source: "released"})


def test_a_failing_statement_leaves_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.run()
    world.scan(world.runs["run"], 1, Box(10.0, 10.2, 0.0, 1.0))
    world.sources(1, 10.1, 0.5)
    world.connection.commit()
    monkeypatch.setattr(
        "app.releases.build.release_parameters", lambda _: {"grade_minimum": 0.0, "edge_arcsec": 10.0}
    )
    with pytest.raises(psycopg.Error, match="no parameter"):
        build_release(world.connection, "one", "sampler", ["run"], allow=NOMINAL)
    assert world.rows("SELECT count(*) FROM release.release") == [(0,)]
    assert world.rows("SELECT to_regclass('release.work_member')") == [(None,)]


def test_statements_by_hand_give_the_same_release(world: World, database: Database) -> None:
    _fill(world)
    world.build()
    release_id = world.one(
        "INSERT INTO release.release (name, kind, state, parameters, code_version, code_commit, hash_version)"
        " VALUES ('by-hand', 'sampler', 'building', %s, '1', 'c', %s) RETURNING release_id",
        Jsonb(DEFAULTS),
        NEWEST,
    )
    world.connection.execute(
        "INSERT INTO release.parent_run VALUES (%s, %s, 'run')", (release_id, world.runs["run"])
    )
    world.connection.commit()
    counts: list[int] = []
    for segment in segments():
        # A session for what is executed together: nothing may live in it but the number of the release and what the
        # files of a zone hand to each other.
        files = [word for path in segment.paths for word in ("-f", str(path), "-c", r"\echo made")]
        done = subprocess.run(
            ["psql", database.url, "-X", "-qAt", "-v", "ON_ERROR_STOP=1",
             "-c", f"SET mapps.release_id = {release_id}", *files],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, f"{segment.name}: {done.stderr}"
        counts += [int(part.split()[-1]) for part in done.stdout.split("made")[:-1]]
    world.connection.execute("SELECT release.publish(%s)", (release_id,))
    world.connection.commit()
    assert counts == [row[0] for row in world.rows("SELECT rows FROM release.statement ORDER BY position")]
    hashes = world.rows(
        "SELECT product, partition, count(*), count(DISTINCT sha256) FROM release.manifest GROUP BY 1, 2"
    )
    assert {(total, different) for *_, total, different in hashes} == {(2, 1)}
    same = world.rows(
        "SELECT run_id, src_id, released, reason, winner_src_id, count(*) FROM release.verdict"
        " GROUP BY 1, 2, 3, 4, 5 HAVING count(*) <> 2"
    )
    assert same == []
    found = diff_releases(world.connection, "first", "by-hand").points
    assert (found.only_a, found.only_b, found.changed, found.equal) == (0, 0, 0, 5)


def test_an_operator_can_draw_a_release(world: World, database: Database) -> None:
    _fill(world)
    world.connection.commit()
    with database.connect("operator") as connection:
        build_release(connection, "first", "sampler", ["run"], allow=NOMINAL)
        require_equal("first", verify_release(connection, "first"))
    with database.connect("reader") as connection:
        assert connection.execute("SELECT count(*) FROM release.psc").fetchone() == (5,)


def test_differences(world: World) -> None:
    keys = _fill(world)
    world.build("a")
    connection = world.connection
    connection.execute(
        "UPDATE wsdb.point_measurement SET j_m = 12.5, ndet = '656565' WHERE src_id = %s", (keys["alone"],)
    )
    connection.execute(
        "UPDATE wsdb.point_measurement SET cc_flg = 'PPP' WHERE src_id = %s", (keys["wrong side"],)
    )
    connection.execute("UPDATE wsdb.point_measurement SET j_snr = 20 WHERE src_id = %s", (keys["faint"],))
    world.build("b")
    found = diff_releases(connection, "a", "b").points
    assert (found.only_a, found.only_b) == (1, 1)
    assert {name: found.columns[name] for name in ("j_m", "ndet")} == {"j_m": 1, "ndet": 1}
    listed = {name: (where, columns) for name, where, _, columns in found.examples}
    assert {cause for _, cause, _ in found.causes} == {"rows", "neighbours"}, (
        "nothing but the rows has changed"
    )
    assert listed["00404560+0024000"] == ("only A", "")
    assert listed["00401440+0030000"] == ("only B", "")
    assert listed["00401200+0030000"][0] == "changed"
    assert "j_m" in listed["00401200+0030000"][1]
    assert diff_releases(connection, "a", "b", examples=0).points.examples == ()
    # Equal rows hash alike in both releases.
    assert diff_releases(connection, "a", "a").points.changed == 0


@pytest.mark.parametrize(
    ("held", "said"), [("builds", "another build"), ("shared", "a publication or recall"), ("run", "run run")]
)
def test_a_build_says_what_it_waits_for(world: World, database: Database, held: str, said: str) -> None:
    told: list[str] = []
    _fill(world)
    world.connection.commit()
    with database.connect("operator") as other:
        if held == "run":
            other.execute("SELECT FROM production.run FOR NO KEY UPDATE")
        else:
            lock = "pg_advisory_xact_lock" if held == "builds" else "pg_advisory_xact_lock_shared"
            other.execute(f"SELECT {lock}(%s)", (RELEASES,))

        def tell(words: str) -> None:
            told.append(words)
            other.rollback()

        build_release(world.connection, "one", "sampler", ["run"], allow=UNFINISHED, tell=tell)
    assert len(told) == 1
    assert told[0].startswith("waiting for ")
    assert said in told[0]
    if held != "run":
        assert "account mapps_operator" in told[0]


def test_scans_of_an_unknown_commit_are_told(template_database):
    with fresh_world(template_database.cluster) as world:
        _fill(world)
        # As a worker without a checkout records it; the third scan is of the worse noise and not selected.
        world.connection.execute(
            "UPDATE production.attempt SET code_commit = 'unknown' WHERE scan_key <> %s", (key_of(2),)
        )
        told = []
        world.build("first", tell=told.append)
        [line] = told
        assert "1 of the selected scans were reduced by code of an unknown commit" in line


def test_a_build_that_waits_for_nothing_says_nothing(world: World) -> None:
    told: list[str] = []
    _fill(world)
    world.connection.commit()
    build_release(world.connection, "one", "sampler", ["run"], allow=UNFINISHED, tell=told.append)
    assert told == []
