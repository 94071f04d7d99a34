"""`mapps run` and `mapps worker` as an operator types them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from app.cli.main import run as mapps
from app.cli.output import forget_mode
from app.errors import ConflictError
from app.models.production import Family, RunKind
from app.production import protocol
from app.production.plan import NIGHT_GRADES
from app.production.protocol import Failure
from app.production.publishing import publish
from app.production.runs import create_run
from tests.worlds.places import ROOT
from tests.worlds.production import (
    IDENTITY,
    ROWS,
    check_invariants,
    make_world,
    publication_of,
    valid_calibrations,
    value,
)


@pytest.fixture
def command(live_database, capsys):
    """Run a command; its standard output, or JSON when asked for."""

    def do(*words, status=0):
        capsys.readouterr()
        forget_mode()
        found = mapps(["run", *words])
        told = capsys.readouterr()
        forget_mode()
        assert found == status, told.err
        if status:
            return told.err
        return json.loads(told.out) if "--json" in words else told.out

    return do


@pytest.fixture
def ledger(live_database):
    with live_database.connect(autocommit=True) as connection:
        make_world(connection, 2, entry="raw", queued=False)
        connection.execute("DELETE FROM production.run")
        yield connection
        check_invariants(connection)


def work(ledger, name):
    while (held := protocol.claim(ledger, IDENTITY, 60, name)) is not None:
        made = publication_of(held, None, valid_calibrations(ledger, held))
        if held.kind == NIGHT_GRADES.kind:
            scans = ledger.execute(
                "SELECT attempt_id FROM production.attempt WHERE accepted AND scan_key IS NOT NULL"
            )
            made = replace(made, upstream_ids=tuple(attempt for (attempt,) in scans.fetchall()))
        publish(ledger, held, made)


def test_life_of_a_run(command, ledger):
    made = command("create", "first", "--kind", "preliminary", "--json")
    assert (made["run"], made["kind"], made["tasks"]) == ("first", "preliminary", 0)
    assert "CONFLICT" in command("create", "first", "--kind", "preliminary", status=2)
    assert len(command("queue", "first", "--dry-run", "--json")) == 4
    assert "4 tasks queued" in command("queue", "first")
    assert "0 tasks queued" in command("queue", "first")
    assert "0 of 4 tasks done (3 waiting, 1 ready)" in command("status", "first")

    assert "held" in command("hold", "first")
    assert protocol.claim(ledger, IDENTITY, 60, "first") is None
    command("resume", "first")
    held = protocol.claim(ledger, IDENTITY, 60, "first")
    protocol.fail(ledger, held, Failure(Family.INPUT, "NO_DARKS", "a night without darks"), 0.0)
    told = command("status", "first")
    assert "3 of the waiting blocked" in told
    assert "NO_DARKS: a night without darks" in told
    assert "1 failed" in command("watch", "first")
    assert "a night without darks" in command("attempts", "first", "--attempt", str(held.attempt_id))
    assert command("retry", "first", "--reason", "nothing like it", "--json") == []
    assert len(command("retry", "first", "--dry-run", "--json")) == 1
    assert command("retry", "first", "--state", "failed", "--json")[0]["state"] == "ready"

    work(ledger, "first")
    assert "4 of 4 tasks done (4 done)" in command("watch", "first")
    attempts = command("attempts", "first", "--json")
    assert [a["outcome"] for a in attempts] == ["done", "done", "done", "done", "failed"]
    assert command("list", "--json")[0]["done"] == 4
    assert command("status", "--json")[0]["name"] == "first"
    assert command("status", "first", "--json")["problems"] == []
    command("seal", "first")
    assert command("list", "--json")[0]["sealed"]


def test_recall_by_command(command, ledger):
    command("create", "first", "--kind", "preliminary")
    command("create", "second", "--kind", "preliminary")
    command("queue", "first")
    work(ledger, "first")
    product = value(ledger, "SELECT sha256 FROM calibration.product")
    users = command("recall", "--calibration", product[:20], "--json")
    assert sorted(user["sources"] for user in users) == [0, 0, ROWS, ROWS]
    assert f"4 attempts, {2 * ROWS} point sources, releases: none" in command(
        "recall", "--calibration", product
    )
    words = ("recall", "--calibration", product, "--requeue", "--json")
    assert len(command(*words, "--into", "second")) == 4
    assert len(command(*words, "--dry-run")) == 4
    assert "4 of 4 tasks done" in command("status", "first")
    assert {task["state"] for task in command(*words)} == {"ready", "waiting"}
    work(ledger, "first")
    assert "4 of 4 tasks done" in command("status", "first")
    raw = value(ledger, "SELECT sha256 FROM survey.raw_file ORDER BY 1 LIMIT 1")
    assert command("recall", "--raw-file", raw, "--json") == []
    assert len(command("recall", "first", "--code", "0", "--json")) == 4


def test_single_tasks_are_held_and_resumed(command, ledger):
    command("create", "first", "--kind", "preliminary")
    command("queue", "first")
    held = command("hold", "first", "--scan", "2", "--because", "clouds", "--json")
    assert [(task["scan"], task["state"], task["reason"]) for task in held] == [(2, "held", "clouds")]
    assert "clouds" in command("status", "first")
    work(ledger, "first")
    assert "2 of 4 tasks done" in command("status", "first")
    assert command("resume", "first", "--scan", "2", "--json")[0]["state"] == "ready"
    work(ledger, "first")


@pytest.mark.parametrize("words", [("first",), ("first", "--scan", "2", "--json"), ()])
def test_the_former_word_of_resume_is_refused(command, ledger, words):
    """Nothing is resumed by a word that publishes elsewhere; the message is the command to type."""
    command("create", "first", "--kind", "preliminary")
    command("hold", "first")
    told = command("release", *words, status=2)
    assert "FORMER_WORD" in told
    assert " ".join(("mapps run resume", *words)) in told
    assert value(ledger, "SELECT state FROM production.run") == "held"
    assert "\n  release" not in command("--help")


def test_final_run_by_command(command, ledger, monkeypatch):
    from app.production import pipelines

    for commit, remedy in (("unknown", "set MAPPS_COMMIT"), ("abc+changes", "commit the changes first")):
        monkeypatch.setattr(pipelines, "git_commit", lambda commit=commit: commit)
        with pytest.raises(ConflictError, match=remedy):
            create_run(ledger, "last", RunKind.FINAL, pipelines.this_pipeline())
    monkeypatch.setattr(pipelines, "git_commit", lambda: "abc")
    assert "FINAL_OPTIONS" in command("create", "last", "--kind", "final", status=2)
    assert "without --where" in command("create", "last", "--kind", "final", "--from", "first", status=2)
    assert "FINAL_OPTIONS" in command("create", "x", "--kind", "preliminary", "--where", "cld", status=2)
    create_run(ledger, "last", RunKind.FINAL, pipelines.this_pipeline())
    assert "mapps run freeze last" in command("queue", "last", status=2)
    assert "frozen" in command("freeze", "last")
    assert "UNKNOWN_BLOCK" in command("queue", "last", status=2)
    ledger.execute("UPDATE survey.night SET block = 'n-1'")
    # The night, its block, its grades and two scans.
    assert "5 tasks queued" in command("queue", "last")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("queue", "nowhere"), "there is no run 'nowhere'"),
        (("status", "nowhere"), "mapps run create nowhere"),
        (("create", "bad name", "--kind", "preliminary"), "RUN_NAME"),
        (("recall",), "RECALL_TARGET"),
        (("recall", "--raw-file", "nothing"), "is no ingested file"),
        (("recall", "--scan", "3"), "RECALL_TARGET"),
        (("recall", "--reference", "tycho2"), "is no reference catalogue; expected a reference catalogue"),
        (("recall", "--calibration", "1", "--attempt", "1"), "2 things to recall"),
        (("recall", "--night", "1997-04-23"), "mapps night list"),
        (("stale", "nowhere"), "there is no run 'nowhere'"),
        (("recall", "--raw-file", "x", "--into", "y"), "--requeue"),
        (("create", "x", "--kind", "preliminary", "--zones", "7"), "zones = 7"),
    ],
)
def test_errors_say_what_to_do(command, words, told):
    assert told in command(*words, status=2)


def test_parameters_of_a_file_stand_in_the_pipeline(command, ledger, tmp_path):
    path = tmp_path / "changed.toml"
    path.write_text("[extraction]\npsf_maximum_stars = 17\n", encoding="utf-8")
    command("create", "changed", "--kind", "preliminary", "--parameters", str(path))
    command("create", "plain", "--kind", "preliminary")
    rows = ledger.execute(
        "SELECT r.name, parameters -> 'extraction' ->> 'psf_maximum_stars' FROM production.run r"
        " JOIN production.pipeline USING (pipeline_id) ORDER BY 1"
    ).fetchall()
    assert rows[0] == ("changed", "17")
    assert rows[1][1] != "17"
    path.write_text("[extraction]\nnonsense = 17\n", encoding="utf-8")
    assert "nonsense" in command(
        "create", "wrong", "--kind", "preliminary", "--parameters", str(path), status=2
    )


def fail(ledger, name, count, text):
    """Let the next tasks fail for good."""
    for _ in range(count):
        held = protocol.claim(ledger, IDENTITY, 60, name)
        protocol.fail(ledger, held, Failure(Family.INPUT, "DAMAGED", text), 0.0)


def test_status_groups_tasks_that_failed_alike(command, ledger):
    command("create", "first", "--kind", "preliminary")
    command("queue", "first")
    held = protocol.claim(ledger, IDENTITY, 60, "first")
    publish(ledger, held, publication_of(held))
    fail(ledger, "first", 2, "header is damaged")
    told = command("status", "first")
    assert told.count("header is damaged") == 1
    assert "and 1 more: DAMAGED: header is damaged" in told
    [problem] = command("status", "first", "--json")["problems"]
    assert (problem["tasks"], problem["state"], problem["kind"]) == (2, "failed", "scan")


def test_status_says_why_a_run_is_held(command, ledger):
    command("create", "first", "--kind", "preliminary")
    command("hold", "first", "--because", "the dome leaks")
    assert "held (the dome leaks)" in command("status", "first")
    assert command("status", "first", "--json")["reason"] == "the dome leaks"
    command("resume", "first")
    assert "the dome leaks" not in command("status", "first")


@pytest.mark.parametrize("verb", ["retry", "hold", "resume"])
def test_a_task_that_the_run_does_not_have_is_an_error(command, ledger, verb):
    command("create", "first", "--kind", "preliminary")
    command("create", "second", "--kind", "preliminary")
    command("queue", "first")
    known = value(ledger, "SELECT min(task_id) FROM production.task")
    told = command(verb, "first", "--task", "9999", "--task", str(known), status=2)
    assert "UNKNOWN_NAME: run 'first' has no task 9999;" in told
    assert f"no task {known}" in command(verb, "second", "--task", str(known), status=2)
    assert value(ledger, "SELECT count(*) FROM production.task WHERE state = 'held'") == 0


def test_a_rehearsal_shows_no_numbers_that_nothing_will_have(command, ledger):
    command("create", "first", "--kind", "preliminary")
    rehearsed = command("queue", "first", "--dry-run", "--json")
    assert [row["task"] for row in rehearsed] == [None] * 4
    queued = command("queue", "first", "--json")
    assert all(isinstance(row["task"], int) for row in queued)
    assert [row | {"task": None} for row in queued] == rehearsed


def test_status_counts_scans_without_reference_stars(command, ledger):
    command("create", "first", "--kind", "preliminary")
    command("queue", "first")
    work(ledger, "first")
    assert "without reference stars" not in command("status", "first")
    ledger.execute(
        "INSERT INTO quality.metric (attempt_id, name, band, value)"
        " SELECT attempt_id, 'reference_stars', '-', scan_key % 2"
        " FROM production.attempt WHERE accepted AND scan_key IS NOT NULL"
    )
    assert "1 scans were reduced without reference stars" in command("status", "first")
    assert command("status", "first", "--json")["scans_without_reference_stars"] == 1


def test_worker_command_says_when_idle_is_not_done(command, ledger, capsys):
    command("create", "first", "--kind", "preliminary")
    command("create", "second", "--kind", "preliminary")
    command("queue", "first")
    words = ["worker", "--until-idle", "--quiet"]
    fail(ledger, "first", 1, "no darks")
    capsys.readouterr()
    assert mapps([*words, "--run", "first"]) == 3
    told = capsys.readouterr().err
    assert "TASKS_LEFT" in told
    assert "run first: 1 failed, 3 blocked" in told
    assert "mapps run retry first" in told
    assert mapps([*words, "--run", "second"]) == 0
    # A held run is the operator's own wish; who asks for it by name is told that it is not done.
    command("hold", "first")
    capsys.readouterr()
    assert mapps(words) == 0
    told = capsys.readouterr().err
    assert "run first is held, 4 tasks are left: mapps run resume first" in told
    assert mapps([*words, "--run", "first"]) == 3
    assert "TASKS_LEFT: run first is held" in capsys.readouterr().err
    command("hold", "second")
    assert mapps([*words, "--run", "second"]) == 0


def test_worker_command_refuses_before_it_starts_processes(live_database, capsys):
    assert mapps(["worker", "--run", "nowhere"]) == 2
    assert "nowhere" in capsys.readouterr().err


PROGRAM = """
import sys
from app import version
version.git_commit = lambda: sys.argv[1]
from app.production import claim
claim.git_commit = version.git_commit
from workers.__main__ import main
sys.exit(main(["--until-idle", "--quiet"], {}))
"""


@pytest.mark.parametrize(("commit", "told"), [("unknown", True), ("abc", False)])
def test_a_worker_of_an_unknown_commit_says_so(live_database, commit, told):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, commit],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert ("rows of preliminary runs cannot be traced back to it" in done.stderr) is told
    assert ("set MAPPS_COMMIT" in done.stderr) is told


def test_worker_command_ends_when_idle(live_database):
    assert mapps(["worker", "--processes", "2", "--until-idle", "--quiet"]) == 0


def test_inputs_are_addressed_by_what_is_listed(command, ledger, capsys):
    """Every key that recall takes stands in a list."""

    def listed(*words):
        capsys.readouterr()
        forget_mode()
        assert mapps([*words, "--json"]) == 0
        forget_mode()
        return json.loads(capsys.readouterr().out)

    command("create", "first", "--kind", "preliminary")
    command("queue", "first")
    work(ledger, "first")
    [night] = listed("night", "list")
    scans = listed("scan", "list", "--night", night["night"])
    files = listed("ingest", "files", "--night", night["night"], "--scan", "2")
    [product] = listed("calibration", "list", "--run", "first")
    assert (night["scans"], len(scans), len(files), product["attempts"]) == (2, 2, 1, 2)
    assert scans[0]["runs"] == ["first"]
    assert listed("reference", "list") == []
    for given in (str(product["calibration_id"]), f"sha256:{product['sha256']}"):
        assert len(command("recall", "--calibration", given, "--json")) == 4
    assert command("recall", "--raw-file", str(files[0]["raw_file_id"]), "--json") == []
    night_attempt = str(product["attempt_id"])
    assert len(command("recall", "--attempt", night_attempt, "--json")) == 4
    assert command("recall", "--night", night["night"], "--scan", "2", "--json") == []
    pipeline = command("list", "--json")[0]
    assert pipeline["run"] == "first"
    shown = command("attempts", "first", "--attempt", night_attempt)
    assert "pipeline" in shown
    assert command("attempts", "--outcome", "running", "--json") == []
    assert "lease_s" in command("attempts", "--outcome", "running")


def test_stale_tasks_are_listed_first_and_made_ready_on_request(command, ledger):
    command("create", "first", "--kind", "preliminary")
    command("queue", "first")
    work(ledger, "first")
    assert "0 tasks would be made ready again" in command("stale", "first")
    ledger.execute("UPDATE calibration.product SET retired_at = now()")
    told = command("stale", "first", "--scan", "1")
    assert "was recalled" in told
    assert "1 tasks would be made ready again; add --apply" in told
    assert [task["renewal"] for task in command("stale", "first", "--json")] == ["on request"] * 2
    assert "4 of 4 tasks done" in command("status", "first")
    assert "3 tasks are made ready again" in command("stale", "first", "--apply")
    assert "1 of 4 tasks done (1 waiting, 2 ready, 1 done)" in command("status", "first")
    work(ledger, "first")


def test_status_tells_what_a_run_mixes(command, ledger):
    command("create", "first", "--kind", "preliminary")
    command("queue", "first")
    work(ledger, "first")
    assert "mixes" not in command("status", "first")
    ledger.execute("UPDATE production.attempt SET code_commit = 'other' WHERE scan_key IS NULL")
    assert "run first mixes 2 values of code: 0 c0ffee in 2 attempts, 0 other in 2 attempts" in command(
        "status", "first"
    )
    mixed = command("status", "first", "--json")["mixed"]
    assert [(row["kind"], row["attempts"]) for row in mixed] == [("code", 2), ("code", 2)]
