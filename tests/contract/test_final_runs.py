"""Final runs: what is selected, what is refused by name, what never changes, and which releases may be drawn."""

from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg
import pytest

from app.cli import output
from app.cli.main import run as mapps
from app.errors import ConflictError
from app.models.production import InputKind
from app.production import pipelines
from app.production.final_runs import FinalRequest, MissingInputError, create_final_run, wanting_of
from app.production.pipelines import Pipeline
from app.production.queueing import queue_run
from app.production.recall import Recalled, requeue
from app.production.selection import Selection
from app.releases.build import build_release
from app.releases.fitness import Allowances, ReleaseKindError
from tests.conftest import Database
from tests.worlds.astrometries import place_all
from tests.worlds.release import Box, World, key_of
from tests.worlds.solutions import ZeroPoint, adopt, make_solution

PIPELINE = Pipeline("1", "c0ffee", {"final": {}})
UNPLACED_ROW = (
    "UPDATE calibration.adopted_place SET attempt_id = NULL, astrometry_id = NULL, error_arcsec = NULL"
    " WHERE scan_key & 1023 = 4"
)
WANTED = FinalRequest(("early", "late"), "photometric and grade >= 3")
# Scan, run, grade, whether it was photometric.
SCANS = (
    (1, "early", 5, True),
    (2, "early", 2, True),
    (3, "early", 9, False),
    (4, "late", 7, True),
    (1, "late", 8, True),
)


def grade(world: World, run: int, number: int, attempt: int, score: int, version: str = "r1") -> None:
    world.connection.execute(
        "INSERT INTO quality.grade (run_id, scan_key, attempt_id, rule_version, score, limiting_factor, rules,"
        " graded_by, factor_scores, factor_values, flags)"
        " VALUES (%s, %s, %s, %s, %s, 'seeing', '{}', 'test', '{}', '{}', '{}')",
        (run, key_of(number), attempt, version, score),
    )


def fill(world: World) -> None:
    """Two preliminary runs with everything that a final one asks for."""
    world.connection.execute(
        "INSERT INTO quality.rule_set (rule_version, content_hash, note) VALUES ('r1', repeat('a', 64), 'test')"
    )
    world.connection.execute(
        "INSERT INTO reference.catalogue (name, source, content_hash, stars, state)"
        " VALUES ('tycho2', 'test', repeat('b', 64), 0, 'current')"
    )
    for name in ("early", "late"):
        world.run(name)
    seen: dict[str, dict[int, int]] = {"early": {}, "late": {}}
    for number, run, score, _ in SCANS:
        box = Box(10 + number * 0.1, 10.12 + number * 0.1, 0.0, 1.0)
        seen[run][number] = world.scan(world.runs[run], number, box, points=1)
        world.sources(number, 10.05 + number * 0.1, 0.5)
        grade(world, world.runs[run], number, seen[run][number], score)
    for run, attempts in seen.items():
        zero = {key_of(number): ZeroPoint(0.05) for number in attempts}
        solution = make_solution(world.connection, world.runs[run], next(iter(attempts.values())), zero)
        adopt(world.connection, world.runs[run], solution)
        place_all(world.connection, world.runs[run])
    world.connection.execute("UPDATE survey.night SET block = 'n-1'")
    clouded = [key_of(number) for number, _, _, photometric in SCANS if not photometric]
    world.connection.execute(
        "UPDATE calibration.scan_zero_point SET photometric = false WHERE scan_key = ANY (%s)", (clouded,)
    )
    world.connection.execute("UPDATE quality.rule_set SET frozen_at = now(), frozen_by = 'test'")
    world.connection.commit()


@pytest.fixture
def world(live_database: Database) -> Iterator[World]:
    with live_database.connect(autocommit=True) as connection:
        world = World(connection)
        fill(world)
        yield world
    output.forget_mode()


def test_scans_are_selected_and_inputs_named(world: World) -> None:
    made = create_final_run(world.connection, "all-sky", PIPELINE, WANTED)
    assert (made.considered, made.selected) == (4, 2)
    rows = world.rows(
        "SELECT s.scan_key & 1023, r.name, s.score, s.photometric FROM production.final_scan AS s"
        " JOIN production.run AS r ON r.run_id = s.parent_run_id ORDER BY 1"
    )
    assert rows == [(1, "late", 8, True), (4, "late", 7, True)], "of two processings the better one"
    kinds = [(row["kind"], row["name"].split()[0]) for row in made.inputs]
    assert kinds == [
        ("astrometry", "late"), ("parent", "early"), ("parent", "late"), ("pipeline", "1"), ("reference", "tycho2"),
        ("rule_set", "r1"), ("solution", "late"),
    ]  # fmt: skip
    assert all(len(row["content_hash"]) == 64 for row in made.inputs)
    assert made.run.frozen_at is not None


def test_libraries_of_the_parents_are_inputs_by_block_and_camera(world: World) -> None:
    """Of two runs that have one the later name counts; recalled ones and those of other blocks do not."""
    for name, block, band, retired in (
        ("early", "n-1", "j", False), ("late", "n-1", "j", False), ("late", "n-1", "h", True),
        ("late", "n-2", "j", False),
    ):  # fmt: skip
        world.connection.execute(
            "INSERT INTO calibration.product (run_id, attempt_id, block, kind, hemis, band, camera, valid, url, sha256,"
            " facts, retired_at) SELECT a.run_id, min(a.attempt_id), %s, 'library', 'n', %s, 'sim-n-1',"
            " tstzrange(now(), now() + interval '1 day'), 'none', repeat(%s, 64), '{}', CASE WHEN %s THEN now() END"
            " FROM production.attempt AS a WHERE a.run_id = %s GROUP BY a.run_id",
            (block, band, name[0], retired, world.runs[name]),
        )
    made = create_final_run(world.connection, "all-sky", PIPELINE, WANTED)
    libraries = [row for row in made.inputs if row["kind"] == "calibration"]
    assert [(row["name"], row["content_hash"][0]) for row in libraries] == [("library n-1 n j sim-n-1", "l")]


def test_only_selected_scans_are_queued_and_nothing_changes_afterwards(world: World) -> None:
    made = create_final_run(world.connection, "all-sky", PIPELINE, WANTED)
    queued = queue_run(world.connection, "all-sky", Selection(), 3)
    assert sorted(task["scan"] for task in queued if task["kind"] == "scan") == [1, 4]
    run_id = made.run.run_id
    for command in (
        f"UPDATE production.final_scan SET score = 9 WHERE run_id = {run_id}",
        f"DELETE FROM production.final_input WHERE run_id = {run_id}",
        f"UPDATE production.final_run SET condition = 'cld' WHERE run_id = {run_id}",
        f"INSERT INTO production.final_scan SELECT {run_id}, {key_of(2)}, 1, min(attempt_id) FROM production.attempt",
    ):
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="never change"):
            world.connection.execute(command)
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="was not selected"):
        world.connection.execute(
            "INSERT INTO production.task (run_id, kind, scope, night_id, scan_key, state, max_attempts)"
            " VALUES (%s, 'scan', 'scan', %s, %s, 'waiting', 3)",
            (run_id, key_of(2) >> 10, key_of(2)),
        )


def test_scans_that_were_not_selected_are_not_recalled_into_a_final_run(world: World) -> None:
    create_final_run(world.connection, "all-sky", PIPELINE, WANTED)
    attempts = dict(
        world.rows(
            "SELECT scan_key, attempt_id FROM production.attempt WHERE run_id = %s", world.runs["early"]
        )
    )
    rejected = Recalled(InputKind.ATTEMPT, (attempts[key_of(2)],))
    with pytest.raises(ConflictError, match="was not selected for final run all-sky"):
        requeue(world.connection, rejected, 3, into="all-sky")
    [done] = requeue(world.connection, Recalled(InputKind.ATTEMPT, (attempts[key_of(1)],)), 3, into="all-sky")
    assert [task["scan"] for task in done.tasks if task["kind"] == "scan"] == [1]


@pytest.mark.parametrize(
    ("change", "request_", "said"),
    [
        ("", FinalRequest((), "photometric"), "without preliminary runs"),
        ("", FinalRequest(("early",), "grade > 9"), "no scan of early meets 'grade > 9'"),
        ("", FinalRequest(("early",), "cld or grade = 9 and not photometric", "r2"), "rule set 'r2' is not frozen"),
        ("UPDATE reference.catalogue SET state = 'replaced', replaced_at = now()", WANTED, "no reference catalogue"),
        ("DELETE FROM calibration.adoption", FinalRequest(("early",), "grade > 1"), "its nights have adopted"),
        (
            "UPDATE calibration.solution SET state = 'retired', retired_because = 'test'", WANTED,
            "run 'late': its nights have adopted no global solution \\(retired global one\\)",
        ),
        (
            "DELETE FROM calibration.astrometry_adoption", WANTED,
            "run 'late': 2 of its selected scans have no place by an adopted global astrometry",
        ),
        (
            UNPLACED_ROW, WANTED,
            "run 'late': 1 of its selected scans have no place by an adopted global astrometry",
        ),
        ("UPDATE production.run SET kind = 'final' WHERE name = 'early'", WANTED, "run 'early' is final"),
        (
            "UPDATE production.task SET state = 'ready' WHERE run_id = 2", WANTED, "run 'late' has 2 tasks",
        ),
    ],
)  # fmt: skip
def test_what_is_missing_is_refused_by_name(
    world: World, change: str, request_: FinalRequest, said: str
) -> None:
    if change:
        world.connection.execute(change)
    with pytest.raises(MissingInputError, match=said):
        create_final_run(world.connection, "all-sky", PIPELINE, request_)
    assert world.rows("SELECT count(*) FROM production.run WHERE name = 'all-sky'") == [(0,)]


def test_code_that_nobody_finds_again_and_a_replaced_catalogue(world: World) -> None:
    with pytest.raises(ConflictError, match="commit without changes"):
        create_final_run(world.connection, "x", Pipeline("1", "abc+changes", {}), WANTED)
    create_final_run(world.connection, "all-sky", PIPELINE, WANTED)
    world.connection.execute("UPDATE reference.catalogue SET state = 'replaced', replaced_at = now()")
    with pytest.raises(
        MissingInputError, match="names reference catalogue tycho2 bbbbbbbbbbbb, which was replaced"
    ):
        queue_run(world.connection, "all-sky", Selection(), 3)


def test_stars_of_another_catalogue_are_refused_at_publication(world: World) -> None:
    made = create_final_run(world.connection, "all-sky", PIPELINE, WANTED)
    queue_run(world.connection, "all-sky", Selection(), 3)
    task = world.one(
        "SELECT task_id FROM production.task WHERE run_id = %s AND kind = 'scan' LIMIT 1", made.run.run_id
    )
    attempt = world.insert(
        "production", "attempt", "attempt_id", task_id=task, run_id=made.run.run_id, worker="w", host="h", process_id=1,
        code_version="1", code_commit="c", expires_at="2030-01-01",
    )  # fmt: skip
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="the final run names"):
        world.connection.execute(
            "INSERT INTO production.attempt_reference VALUES (%s, NULL, 0, repeat('c', 64))", (attempt,)
        )


def test_kinds_of_releases_mean_kinds_of_runs(world: World) -> None:
    nominal = Allowances(nominal=True)
    with pytest.raises(ReleaseKindError, match="'early' is preliminary, the release all-sky"):
        build_release(world.connection, "a", "all-sky", ["early"], allow=nominal)
    made = create_final_run(world.connection, "all-sky", PIPELINE, WANTED)
    with pytest.raises(
        ReleaseKindError, match="2 of its 2 scans are not reduced; 1 of its nights have not adopted"
    ):
        build_release(world.connection, "a", "all-sky", ["all-sky"], allow=nominal)
    run_id = made.run.run_id
    attempts = [world.scan(run_id, n, Box(10 + n * 0.1, 10.12 + n * 0.1, 0.0, 1.0), points=1) for n in (1, 4)]
    for number in (1, 4):
        world.sources(number, 10.05 + number * 0.1, 0.5)
    with pytest.raises(ReleaseKindError, match=r"not complete: 1 of its nights"):
        build_release(world.connection, "a", "all-sky", ["all-sky"], allow=nominal)
    zero = {key_of(number): ZeroPoint(0.05) for number in (1, 4)}
    adopt(world.connection, run_id, make_solution(world.connection, run_id, attempts[0], zero))
    with pytest.raises(
        ReleaseKindError, match="2 of its reduced scans have no place by an adopted astrometric solution"
    ):
        build_release(world.connection, "a", "all-sky", ["all-sky"])
    place_all(world.connection, run_id)
    assert wanting_of(world.connection, run_id) == ()
    with pytest.raises(ReleaseKindError, match="is final, the release incremental"):
        build_release(world.connection, "a", "incremental", ["all-sky"])
    assert build_release(world.connection, "a", "all-sky", ["all-sky"]).products["psc"] == 2
    by_hand = world.run("by-hand")
    world.connection.execute("UPDATE production.run SET kind = 'final' WHERE run_id = %s", (by_hand,))
    with pytest.raises(ReleaseKindError, match="no recorded inputs"):
        build_release(world.connection, "b", "all-sky", ["by-hand"])
    assert build_release(world.connection, "c", "incremental", ["early", "late"]).products["psc"] == 4


def test_the_commands(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipelines, "git_commit", lambda: "c0ffee")
    words = ["run", "create", "all-sky", "--kind", "final", "--from", "early", "--from", "late", "--where"]
    assert mapps([*words, "photometric and grade >= 3", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["selected"], told["considered"], len(told["inputs"])) == (2, 4, 7)
    output.forget_mode()
    assert mapps(["run", "create", "b", *words[3:], "grade >="]) == 2
    assert "CONDITION" in capsys.readouterr().err
    assert mapps(["run", "compare", "early", "late", "--output", "pair.png"]) == 0
    said = capsys.readouterr().out
    assert "matched          1" in said
    assert "picture: pair.png" in said
    assert mapps(["run", "compare", "early", "all-sky"]) == 2
    assert "no scan in common" in capsys.readouterr().err
