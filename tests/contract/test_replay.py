"""Replay: an attempt done again gives what it loaded, a planted change is found, and what cannot be proved says why."""

from __future__ import annotations

import json
import logging
from dataclasses import replace

import pytest

import workers.__main__ as program
from app.errors import UnknownNameError
from app.production import protocol
from app.production.publishing import publish
from app.production.recall import queue_again
from app.store import Store
from tests.worlds.production import IDENTITY, ROWS, STEPS, check_invariants, make_world, value
from workers.process.replay import Replay, ReplayStore, Result
from workers.steps.context import StepContext


@pytest.fixture
def connection(live_database):
    with live_database.connect(autocommit=True) as opened:
        yield opened
        check_invariants(opened)


@pytest.fixture
def opened(live_database):
    return lambda: live_database.connect("worker", autocommit=True)


def recording(perform):
    """The synthetic step, and the file of the scan as its input; what a replay may choose from is obeyed."""

    def step(claim, context):
        made = perform(claim, context)
        with context.connect() as connection:
            files = connection.execute(
                "SELECT raw_file_id, sha256 FROM survey.raw_file WHERE scan_key = %s", (claim.scan_key,)
            ).fetchall()
        if context.recorded is not None:
            files = [file for file in files if file[0] in context.recorded.raw_file_ids]
            made = replace(made, calibration_ids=tuple(sorted(context.recorded.calibration_ids)))
        digest = "".join(sha256 for _, sha256 in files)[-64:].rjust(64, "0")
        return replace(
            made, input_hash=digest, raw_file_ids=tuple(key for key, _ in files), raw_file_hashes=dict(files)
        )

    return step


RECORDING = {kind: recording(perform) for kind, perform in STEPS.items()}


@pytest.fixture
def reduced(connection, opened, settings):
    """A night calibration and two scans, done by the synthetic step with the store of the settings."""
    world = make_world(connection, 2, entry="raw")
    while (held := protocol.claim(connection, IDENTITY, 60, world.run)) is not None:
        context = StepContext(
            connect=opened,
            store=Store(settings.store),
            settings=settings,
            parameters=held.parameters,
            checkpoint=lambda _: None,
            log=logging.getLogger("test"),
        )
        publish(connection, held, RECORDING[held.kind](held, context))
    return world


@pytest.fixture
def replay(opened, settings, reduced):
    with Replay(opened, settings, RECORDING, IDENTITY) as made:
        yield made


def verdicts(replay, run):
    return [replay.replay(key) for key in replay.attempts(run)]


def test_attempts_done_again_are_equal_and_leave_nothing(connection, replay, reduced, settings):
    before = (
        value(connection, "SELECT count(*) FROM wsdb.point_measurement"),
        sorted(Store(settings.store).names()),
    )
    found = verdicts(replay, reduced.run)
    assert [verdict.result for verdict in found] == [Result.EQUAL] * 3, found
    # Source rows, an image, a stamp, diagnostics and a metric; a product, a zero point and a metric.
    assert sorted(verdict.rows for verdict in found) == [3, ROWS + 4, ROWS + 4]
    assert found[0].text().startswith(f"attempt {found[0].attempt_id} (night_calibration ")
    assert before == (
        value(connection, "SELECT count(*) FROM wsdb.point_measurement"), sorted(Store(settings.store).names())
    )  # fmt: skip
    assert len(read_tasks(connection, "done")) == 3


def read_tasks(connection, state):
    return connection.execute("SELECT task_id FROM production.task WHERE state = %s", (state,)).fetchall()


PLANTED = [
    (
        "UPDATE wsdb.point_measurement SET decl = decl + 1e-12 WHERE decl = 1",
        "point_measurement.decl 1 rows (src_id ",
    ),
    (
        "UPDATE wsdb.point_measurement SET decl = '-0' WHERE decl = 0",
        "point_measurement 1 rows (in the sign of a zero)",
    ),
    ("UPDATE wsdb.point_measurement SET j_m = 12.5 WHERE decl < 2", "point_measurement.j_m 2 rows (src_id "),
    ("DELETE FROM wsdb.point_measurement WHERE decl = 0", "point_measurement 1 rows ("),
    ("UPDATE wsdb.point_measurement SET src_id = src_id + 100 WHERE decl = 0", "is not made again"),
    (
        "UPDATE wsdb.atlas_measurement SET zero_point_mag = 20.001",
        "atlas_measurement.zero_point_mag 1 rows (1 j: 20.001 loaded",
    ),
    ("UPDATE wsdb.atlas_measurement SET sha256 = repeat('0', 64)", "atlas_measurement.sha256 1 rows"),
    ("UPDATE quality.scan_diagnostics SET sha256 = repeat('0', 64)", "scan_diagnostics.sha256 1 rows (0000"),
    ("UPDATE quality.metric SET value = 3.0000000000000004", "metric.value 1 rows"),
    ("DELETE FROM quality.metric", "metric 1 rows ("),
    (
        "INSERT INTO quality.metric SELECT attempt_id, 'trails', 'j', 1 FROM production.attempt",
        "metric 1 rows (trails j is not made",
    ),
    ("UPDATE calibration.product SET sha256 = repeat('0', 64)", "product.sha256 1 rows"),
    (
        "UPDATE calibration.zero_point SET valid = tstzrange(lower(valid), upper(valid) + '1 s')",
        "zero_point.valid_to 1 rows",
    ),
    ("UPDATE calibration.product SET facts = '{}'", "product.facts 1 rows"),
    (
        "UPDATE production.attempt SET output_hash = repeat('0', 64)",
        "output_hash 1 rows (000000000000 recorded",
    ),
]


@pytest.mark.parametrize(("change", "told"), PLANTED, ids=[change[:60] for change, _ in PLANTED])
def test_a_planted_change_is_found(database, replay, reduced, change, told):
    with database.connect() as connection:
        assert connection.execute(change).rowcount
    found = verdicts(replay, reduced.run)
    assert Result.DIFFERS in {verdict.result for verdict in found}
    assert any(told in verdict.text() for verdict in found), [verdict.text() for verdict in found]
    with database.connect() as connection:
        # What was planted must not disturb the checks of the ledger that follow every test.
        connection.execute("DELETE FROM wsdb.point_measurement")
        connection.execute("UPDATE production.attempt SET point_rows = 0")


def test_recalled_inputs_are_taken_as_recorded(connection, replay, reduced):
    """The rows stand until the tasks are done again, and so does their proof."""
    connection.execute("UPDATE calibration.product SET retired_at = now()")
    connection.execute(
        "INSERT INTO survey.raw_file (night_id, scan_key, kind, band, url, sha256, size_bytes, header)"
        " VALUES (%s, %s, 'scan', 'h', 'file:///late', repeat('e', 64), 1, '{}')",
        (reduced.night_id, reduced.scan_keys[0]),
    )
    assert {verdict.result for verdict in verdicts(replay, reduced.run)} == {Result.EQUAL}


def test_what_cannot_be_done_again_says_why(connection, replay, reduced):
    _, first, second = replay.attempts(reduced.run)
    connection.execute(
        "UPDATE survey.raw_file SET sha256 = repeat('f', 64) WHERE raw_file_id = %s",
        (reduced.raw_file_ids[0],),
    )
    connection.execute("UPDATE production.attempt SET code_commit = 'abc' WHERE attempt_id = %s", (second,))
    told = replay.replay(first)
    assert told.result is Result.CANNOT
    assert f"NO_REPLAY: file:///{reduced.scan_keys[0]} was replaced; expected its content 0000" in told.text()
    assert "made by code 0 abc; expected 0 c0ffee, this code; or: --any-code" in replay.replay(second).reason
    replay.any_code = True
    assert replay.replay(second).result is Result.EQUAL
    connection.execute("UPDATE production.attempt SET input_hash = repeat('9', 64)")
    assert "as recorded" in replay.replay(second).reason
    replay.steps = {}
    assert "a task of kind scan" in replay.replay(second).reason


def test_only_accepted_attempts_of_the_run_are_done_again(connection, replay, reduced):
    keys = replay.attempts(reduced.run)
    assert replay.attempts(reduced.run, sample=2) == [keys[0], keys[1]]
    assert replay.attempts(reduced.run, sample=9) == keys
    assert replay.attempts(reduced.run, [keys[2], keys[2]], sample=9) == [keys[2]]
    with pytest.raises(UnknownNameError, match="rows of superseded ones are gone"):
        replay.attempts(reduced.run, [keys[2], 999])
    with pytest.raises(UnknownNameError, match="there is no run"):
        replay.attempts("nowhere")
    task = value(connection, "SELECT task_id FROM production.attempt WHERE attempt_id = %s", keys[2])
    with connection.transaction():
        queue_again(connection, reduced.run, [task])
    assert replay.attempts(reduced.run) == keys


def test_the_store_of_a_replay_is_for_reading(settings, tmp_path):
    stored = Store(settings.store).put(b"former", "atlas", ".fits")
    store = ReplayStore(settings.store, tmp_path)
    assert store.read(stored.name) == b"former"
    assert store.put(b"former", "atlas", ".fits") == stored
    made = store.put(b"new", "atlas", ".fits")
    assert (store.exists(made.name), list(Store(str(tmp_path)).names())) == (False, [])


def test_the_program_ends_with_what_it_found(connection, reduced, monkeypatch, tmp_path, capsys):
    from app.production.claim import WorkerIdentity

    monkeypatch.setattr(WorkerIdentity, "of_this_process", classmethod(lambda _: IDENTITY))
    report = tmp_path / "replay.json"
    words = ("replay", "--quiet", "--run", reduced.run)
    assert program.main([*words, "--report", str(report)], RECORDING) == 0
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 4
    assert told[-1] == "3 attempts: 3 equal, 0 differs, 0 cannot"
    written = json.loads(report.read_text())
    assert (written["run"], written["counts"]["equal"], len(written["attempts"])) == (reduced.run, 3, 3)
    connection.execute("UPDATE production.attempt SET code_commit = 'x' WHERE scan_key IS NULL")
    assert program.main([*words, "--sample", "1"], RECORDING) == program.CANNOT_STATUS
    connection.execute("UPDATE quality.metric SET value = 7 WHERE name = 'sources'")
    capsys.readouterr()
    assert program.main([*words, "--json"], RECORDING) == program.DIFFERS_STATUS
    document = json.loads(capsys.readouterr().out)
    assert document["counts"] == {"equal": 0, "differs": 2, "cannot": 1}
    assert document["attempts"][1]["differences"][0]["column"] == "value"
    assert program.main(["replay", "--run", "nowhere"], RECORDING) == UnknownNameError.exit_status
