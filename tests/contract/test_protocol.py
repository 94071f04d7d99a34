"""Claim, renew, publish, fail, give back, reap, hold, retry, recall: each alone, against a real server."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest

from app.errors import ConflictError, OtherCodeError, TokenLostError
from app.models.production import Family, InputKind, RunKind, RunState, TaskState
from app.production import protocol
from app.production.pipelines import Pipeline
from app.production.protocol import Failure
from app.production.publishing import InputsReplacedError, RunReleasedError, publish
from app.production.queueing import queue_run
from app.production.recall import Recalled, requeue, users_of
from app.production.runs import create_run, freeze_run, set_run_state
from app.production.selection import Night, Selection, SelectionError
from app.production.states import TRANSITIONS, Event, Guard
from app.production.tasks import TaskFilter, hold_tasks, resume_tasks, retry_tasks
from tests.worlds import plans
from tests.worlds.production import (
    IDENTITY,
    ROWS,
    another_run,
    check_invariants,
    end_leases,
    make_world,
    no_waits,
    outcomes,
    publication_of,
    states,
    valid_calibrations,
    value,
)
from workers.process.stopping import Stopping
from workers.process.worker import Assignment, Worker

LEASE = 60.0
TRANSIENT = Failure(Family.TRANSIENT, "STORE", "disk full")
INPUT = Failure(Family.INPUT, "INPUT", "damaged")
BUG = Failure(Family.BUG, "ValueError", "Traceback\nValueError: no")


@pytest.fixture
def connection(protocol_database):
    with protocol_database.connect(autocommit=True) as opened:
        yield opened
        check_invariants(opened)


@pytest.fixture
def worker(protocol_database):
    """What the worker's role may do must be enough."""
    with protocol_database.connect("worker", autocommit=True) as opened:
        yield opened


def claim(connection, world, identity=IDENTITY):
    return protocol.claim(connection, identity, LEASE, world.run)


def publish_all(connection, world):
    done = []
    while (held := claim(connection, world)) is not None:
        publish(connection, held, publication_of(held, None, valid_calibrations(connection, held)))
        done.append(held)
    return done


# -- every line of the state table ----------------------------------------------------------------------------------


def to_ready(c, w):
    return None


def to_running(c, w):
    return claim(c, w)


def to_done(c, w):
    held = claim(c, w)
    publish(c, held, publication_of(held))


def to_failed(c, w):
    protocol.fail(c, claim(c, w), INPUT, 0.0)


def to_dead(c, w):
    for _ in range(3):
        no_waits(c, w)
        protocol.fail(c, claim(c, w), TRANSIENT, 0.0)


def to_held(c, w):
    hold_tasks(c, w.run, TaskFilter(), "test")


REACH = {
    TaskState.READY: to_ready,
    TaskState.RUNNING: to_running,
    TaskState.DONE: to_done,
    TaskState.FAILED: to_failed,
    TaskState.DEAD: to_dead,
    TaskState.HELD: to_held,
}


def recall_all(c, w):
    ids = [row[0] for row in c.execute("SELECT task_id FROM production.task WHERE run_id = %s", (w.run_id,))]
    from app.production.recall import queue_again

    with c.transaction():
        queue_again(c, w.run, ids)


DO = {
    Event.CLAIM: lambda c, w, _held: claim(c, w),
    Event.PUBLISH: lambda c, _w, held: publish(c, held, publication_of(held)),
    Event.GIVE_BACK: lambda c, _w, held: protocol.give_back(c, held),
    Event.FAIL_TRANSIENT: lambda c, _w, held: protocol.fail(c, held, TRANSIENT, 0.0),
    Event.FAIL_INPUT: lambda c, _w, held: protocol.fail(c, held, INPUT, 0.0),
    Event.FAIL_BUG: lambda c, _w, held: protocol.fail(c, held, BUG, 0.0),
    Event.LEASE_END: lambda c, w, _held: (end_leases(c, w), protocol.reap(c, 0.0)),
    Event.HOLD: lambda c, w, _held: hold_tasks(c, w.run, TaskFilter(), "test"),
    Event.RESUME: lambda c, w, _held: resume_tasks(c, w.run, TaskFilter()),
    Event.RETRY: lambda c, w, _held: retry_tasks(c, w.run, TaskFilter()),
    Event.RECALL: lambda c, w, _held: recall_all(c, w),
}
SINGLE = [
    line
    for line in TRANSITIONS
    if line.source is not None and line.event in DO and line.guard is not Guard.UPSTREAM_OPEN
    and line.source is not TaskState.WAITING
]  # fmt: skip


@pytest.mark.parametrize("line", SINGLE, ids=lambda line: f"{line.source}-{line.event}-{line.target}")
def test_statements_do_what_the_table_says(connection, line):
    world = make_world(connection, max_attempts=1 if line.guard is Guard.ATTEMPTS_SPENT else 3)
    held = REACH[line.source](connection, world)
    assert states(connection, world) == {line.source: 1}
    DO[line.event](connection, world, held)
    assert states(connection, world) == {line.target: 1}
    if line.outcome is not None:
        assert outcomes(connection, world) == {line.outcome: 1}


@pytest.mark.parametrize("state", REACH)
@pytest.mark.parametrize("event", DO)
def test_what_the_table_does_not_say_changes_nothing(connection, state, event):
    if any(line.source is state and line.event is event for line in TRANSITIONS):
        return
    world = make_world(connection)
    held = REACH[state](connection, world)
    stale = held or first_claim(connection, world)
    before = outcomes(connection, world)
    needs_token = event in {
        Event.PUBLISH, Event.GIVE_BACK, Event.FAIL_TRANSIENT, Event.FAIL_INPUT, Event.FAIL_BUG,
    }  # fmt: skip
    if needs_token and stale is None:
        return
    if needs_token and not (state is TaskState.DONE and event is Event.PUBLISH):
        with pytest.raises(TokenLostError):
            DO[event](connection, world, stale)
    else:
        DO[event](connection, world, stale)
    assert states(connection, world) == {state: 1}
    assert outcomes(connection, world) == before


def first_claim(connection, world):
    """The claim of an attempt that has ended, as a revived worker would hold it."""
    row = connection.execute(
        "SELECT attempt_id, token, task_id, scan_key FROM production.attempt WHERE run_id = %s"
        " ORDER BY attempt_id DESC LIMIT 1",
        (world.run_id,),
    ).fetchone()
    if row is None:
        return None
    attempt_id, token, task_id, scan_key = row
    from app.production.claim import Claim

    return Claim(
        attempt_id, token, task_id, world.run_id, world.run, "scan", world.night_id, scan_key, "", {}
    )


# -- dependencies ---------------------------------------------------------------------------------------------------


def test_scans_of_raw_frames_wait_for_their_night(connection):
    world = make_world(connection, 2, entry="raw")
    assert states(connection, world) == {"ready": 1, "waiting": 2}
    night = claim(connection, world)
    assert night.kind == "night_calibration"
    assert claim(connection, world) is None
    publish(connection, night, publication_of(night))
    assert states(connection, world) == {"done": 1, "ready": 2}
    assert len(publish_all(connection, world)) == 2


def test_lines_of_the_table_for_tasks_that_wait(connection):
    world = make_world(connection, entry="raw")
    held = {"held": 2}
    hold_tasks(connection, world.run, TaskFilter(), "test")
    assert states(connection, world) == held
    resume_tasks(connection, world.run, TaskFilter())
    assert states(connection, world) == {"ready": 1, "waiting": 1}
    scans = TaskFilter(Selection(scans=(1,)))
    hold_tasks(connection, world.run, scans, "test")
    night = claim(connection, world)
    publish(connection, night, publication_of(night))
    assert states(connection, world) == {"done": 1, "held": 1}
    resume_tasks(connection, world.run, scans)
    assert states(connection, world) == {"done": 1, "ready": 1}
    # done -> ready for the night, ready -> waiting for the scan that depends on it
    recall_night(connection, world)
    assert states(connection, world) == {"ready": 1, "waiting": 1}
    again = claim(connection, world)
    publish(connection, again, publication_of(again))
    publish_all(connection, world)
    # both are recalled: the scan waits until its night is done again
    recall_all(connection, world)
    assert states(connection, world) == {"ready": 1, "waiting": 1}
    publish_all(connection, world)
    assert states(connection, world) == {"done": 2}


@pytest.mark.parametrize("reach", [to_failed, to_dead])
def test_retry_of_a_scan_whose_night_was_recalled_waits(connection, reach):
    world = make_world(connection, entry="raw")
    night = claim(connection, world)
    publish(connection, night, publication_of(night))
    reach(connection, world)
    recall_night(connection, world)
    retry_tasks(connection, world.run, TaskFilter())
    assert states(connection, world) == {"ready": 1, "waiting": 1}


def recall_night(connection, world):
    from app.production.recall import queue_again

    task_id = value(
        connection,
        "SELECT task_id FROM production.task WHERE run_id = %s AND kind = 'night_calibration'",
        world.run_id,
    )
    with connection.transaction():
        queue_again(connection, world.run, [task_id])


def test_queueing_after_the_night_is_done_is_ready_at_once(connection):
    world = make_world(connection, entry="raw")
    publish_all(connection, world)
    connection.execute(
        "INSERT INTO survey.scan (night_id, scan, kind, entry, header) VALUES (%s, 900, 'cal', 'raw', '{}')",
        (world.night_id,),
    )
    [added] = queue_run(connection, world.run, world.selection, 3, plan=plans.FIRST)
    assert (added["state"], added["scan_kind"]) == ("ready", "cal")


# -- queue ----------------------------------------------------------------------------------------------------------


def test_queue_is_idempotent_and_dry_run_adds_nothing(connection):
    world = make_world(connection, 3, entry="raw", queued=False)
    listed = queue_run(connection, world.run, world.selection, 3, dry_run=True, plan=plans.FIRST)
    assert states(connection, world) == {}
    added = queue_run(connection, world.run, world.selection, 3, plan=plans.FIRST)
    # a dry run rolls back and uses up keys, so everything but the key is compared
    assert [row | {"task_id": 0} for row in listed] == [row | {"task_id": 0} for row in added]
    assert len(added) == 4
    assert queue_run(connection, world.run, world.selection, 3, plan=plans.FIRST) == []
    assert states(connection, world) == {"ready": 1, "waiting": 3}


def test_queue_takes_filters_and_leaves_out_darks(connection):
    world = make_world(connection, 3, queued=False)
    connection.execute(
        "INSERT INTO survey.scan (night_id, scan, kind, entry, header) VALUES (%s, 901, 'dar', 'raw', '{}')",
        (world.night_id,),
    )
    only = Selection(world.selection.night, scans=(2,))
    assert [row["scan"] for row in queue_run(connection, world.run, only, 3, plan=plans.FIRST)] == [2]
    assert len(queue_run(connection, world.run, world.selection, 3, plan=plans.FIRST)) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1997-04-23", "1997-04-23"), ("970423s", "1997-04-23s"), ("010102N", "2001-01-02n")],
)
def test_nights_are_named_as_operators_do(text, expected):
    night = Night.parse(text)
    assert f"{night.date}{night.hemis or ''}" == expected


@pytest.mark.parametrize("text", ["1997-13-01", "yesterday", "970423x", ""])
def test_no_night(text):
    with pytest.raises(SelectionError):
        Night.parse(text)


# -- final runs -----------------------------------------------------------------------------------------------------


def test_final_runs_are_frozen_and_done_by_their_own_code_only(connection):
    world = make_world(connection, queued=False)
    name = f"{world.run}-final"
    create_run(connection, name, RunKind.FINAL, Pipeline("0", "abc", {"final": name}))
    with pytest.raises(ConflictError, match="not frozen"):
        queue_run(connection, name, world.selection, 3, plan=plans.FIRST)
    freeze_run(connection, name)
    queue_run(connection, name, world.selection, 3, plan=plans.FIRST)
    assert protocol.claim(connection, IDENTITY, LEASE, name) is None
    barred = protocol.backlog(connection, IDENTITY, name)
    assert barred.idle
    assert (barred.barred, barred.barred_by) == (1, f"{name} wants code 0 of commit abc")
    own = replace(IDENTITY, code_commit="abc")
    assert protocol.backlog(connection, own, name) == protocol.Backlog(ready=1, running=0)
    held = protocol.claim(connection, own, LEASE, name)
    publish(connection, held, publication_of(held))


def test_what_is_frozen_stays_frozen(connection):
    import psycopg

    world = make_world(connection, queued=False)
    name = f"{world.run}-final"
    run = create_run(connection, name, RunKind.FINAL, Pipeline("0", "abc", {"frozen": name}))
    freeze_run(connection, name)
    assert freeze_run(connection, name).frozen_at is not None
    for change in (
        "UPDATE production.pipeline SET parameters = '{}' WHERE pipeline_id = %s",
        "UPDATE production.pipeline SET frozen_at = NULL WHERE pipeline_id = %s",
        "UPDATE production.run SET pipeline_id = 1 WHERE pipeline_id = %s",
        "UPDATE production.run SET kind = 'preliminary' WHERE pipeline_id = %s",
    ):
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
            connection.execute(change, (run.pipeline_id,))


@pytest.mark.parametrize("commit", ["unknown", "abc+changes"])
def test_final_runs_need_code_that_can_be_found_again(connection, commit):
    with pytest.raises(ConflictError, match="commit"):
        create_run(connection, "vague", RunKind.FINAL, Pipeline("0", commit, {}))


# -- attempts -------------------------------------------------------------------------------------------------------


def test_worker_role_may_do_all_it_must(connection, worker):
    world = make_world(connection, 5, entry="raw", max_attempts=9)
    night = claim(worker, world)
    assert protocol.renew(worker, night, LEASE)
    publish(worker, night, publication_of(night))
    protocol.fail(worker, claim(worker, world), INPUT, 0.0)
    protocol.give_back(worker, claim(worker, world))
    protocol.fail(worker, claim(worker, world), TRANSIENT, 0.0)
    lost = claim(worker, world)
    end_leases(connection, world)
    assert lost.task_id in protocol.reap(worker, 0.0)
    assert len(publish_all(worker, world)) == 4
    recall_all(connection, world)
    publish_all(worker, world)
    assert states(connection, world) == {"done": 5, "failed": 1}


def test_publishing_twice_with_one_token_is_harmless(connection):
    world = make_world(connection)
    held = claim(connection, world)
    first = publish(connection, held, publication_of(held))
    second = publish(connection, held, publication_of(held))
    assert (first.repeated, second.repeated) == (False, True)
    assert (first.output_hash, first.point_rows) == (second.output_hash, second.point_rows)
    assert first.point_rows == ROWS
    assert (
        value(connection, "SELECT count(*) FROM wsdb.point_measurement WHERE run_id = %s", world.run_id)
        == ROWS
    )


def test_lost_token_writes_nothing_and_cannot_come_back(connection):
    world = make_world(connection)
    zombie = claim(connection, world)
    end_leases(connection, world)
    protocol.reap(connection, 0.0)
    newer = claim(connection, world)
    assert newer.token > zombie.token
    for act in (
        lambda: publish(connection, zombie, publication_of(zombie)),
        lambda: protocol.fail(connection, zombie, BUG, 0.0),
        lambda: protocol.give_back(connection, zombie),
    ):
        with pytest.raises(TokenLostError):
            act()
    assert not protocol.renew(connection, zombie, LEASE)
    publish(connection, newer, publication_of(newer))
    assert states(connection, world) == {"done": 1}


def test_expired_lease_that_nobody_reaped_still_publishes(connection):
    world = make_world(connection)
    held = claim(connection, world)
    end_leases(connection, world)
    publish(connection, held, publication_of(held))
    assert held.task_id not in protocol.reap(connection, 0.0)


def test_an_operators_retry_does_not_make_an_old_token_good(connection):
    """The counterexample of the explorer, on the real statements."""
    world = make_world(connection, max_attempts=1)
    zombie = claim(connection, world)
    end_leases(connection, world)
    assert protocol.reap(connection, 0.0)[zombie.task_id] is TaskState.DEAD
    retry_tasks(connection, world.run, TaskFilter())
    newer = claim(connection, world)
    with pytest.raises(TokenLostError):
        publish(connection, zombie, publication_of(zombie))
    publish(connection, newer, publication_of(newer))


def test_backoff_doubles_and_forgiven_attempts_do_not_count(connection):
    world = make_world(connection, max_attempts=3)
    waits = []
    for _ in range(2):
        protocol.fail(connection, claim(connection, world), TRANSIENT, 10.0)
        waits.append(
            value(
                connection,
                "SELECT round(extract(epoch FROM not_before - changed_at)) FROM production.task WHERE run_id = %s",
                world.run_id,
            )
        )
        assert claim(connection, world) is None
        no_waits(connection, world)
    assert waits == [10, 20]
    protocol.give_back(connection, claim(connection, world))
    assert protocol.fail(connection, claim(connection, world), TRANSIENT, 0.0) is TaskState.DEAD
    retry_tasks(connection, world.run, TaskFilter(reason="disk full"))
    assert protocol.fail(connection, claim(connection, world), TRANSIENT, 0.0) is TaskState.READY


def test_long_error_texts_keep_their_ends(connection):
    world = make_world(connection)
    held = claim(connection, world)
    protocol.fail(connection, held, Failure(Family.BUG, "X", "begin\0" + "." * 50_000 + "\nend"), 0.0)
    text = value(connection, "SELECT error_text FROM production.attempt WHERE run_id = %s", world.run_id)
    assert text.startswith("begin\\0")
    assert text.endswith("end")
    assert len(text) < 10_000
    assert value(connection, "SELECT reason FROM production.task WHERE run_id = %s", world.run_id) == "X: end"


def test_claims_go_by_priority_and_held_runs_give_none(connection):
    world = make_world(connection, 2)
    connection.execute(
        "UPDATE production.task SET priority = 5 WHERE scan_key = %s AND run_id = %s",
        (world.scan_keys[1], world.run_id),
    )
    from app.models.production import RunState

    set_run_state(connection, world.run, RunState.HELD)
    assert claim(connection, world) is None
    assert protocol.backlog(connection, IDENTITY, world.run).idle
    set_run_state(connection, world.run, RunState.OPEN)
    assert claim(connection, world).scan_key == world.scan_keys[1]


# -- recall ---------------------------------------------------------------------------------------------------------


def calibrated_world(connection):
    world = make_world(connection, 2, entry="raw")
    publish_all(connection, world)
    product = value(
        connection, "SELECT calibration_id FROM calibration.product WHERE run_id = %s", world.run_id
    )
    return world, Recalled(InputKind.CALIBRATION, (product,))


def test_recall_finds_exactly_the_users(connection):
    world, product = calibrated_world(connection)
    other, _ = calibrated_world(connection)
    users = users_of(connection, product)
    assert {user["run"] for user in users} == {world.run}
    assert sorted((user["kind"], user["sources"]) for user in users) == [
        ("night_calibration", 0), ("scan", ROWS), ("scan", ROWS),
    ]  # fmt: skip
    code = users_of(connection, Recalled(code_version="0", code_commit="c0f"), other.run)
    assert len(code) == 3
    assert users_of(connection, Recalled(code_version="0", code_commit="fff")) == []


def test_recall_of_a_raw_file_reaches_the_users_of_what_was_made_from_it(connection):
    world, _ = calibrated_world(connection)
    night = value(
        connection,
        "SELECT attempt_id FROM production.attempt WHERE run_id = %s AND scan_key IS NULL",
        world.run_id,
    )
    connection.execute(
        "INSERT INTO production.attempt_raw_file VALUES (%s, %s)", (night, world.raw_file_ids[0])
    )
    users = users_of(connection, Recalled(InputKind.RAW_FILE, (world.raw_file_ids[0],)))
    assert sorted(user["through"] for user in users) == [
        "read the file", "used a product made from it", "used a product made from it",
    ]  # fmt: skip


def test_requeue_in_place_replaces_rows(connection):
    world, product = calibrated_world(connection)
    listed = requeue(connection, product, 3, dry_run=True)
    assert states(connection, world) == {"done": 3}
    [done] = requeue(connection, product, 3)
    assert [t["task_id"] for t in listed[0].tasks] == [t["task_id"] for t in done.tasks]
    assert states(connection, world) == {"ready": 1, "waiting": 2}
    check_invariants(connection)
    publish_all(connection, world)
    assert outcomes(connection, world) == {"done": 6}
    assert (
        value(connection, "SELECT count(*) FROM wsdb.point_measurement WHERE run_id = %s", world.run_id)
        == 2 * ROWS
    )
    retired = (
        "SELECT count(*) FILTER (WHERE retired_at IS NOT NULL) FROM calibration.product WHERE run_id = %s"
    )
    assert value(connection, retired, world.run_id) == 1


def test_requeue_into_another_run_leaves_the_first_alone(connection):
    world, product = calibrated_world(connection)
    other = another_run(connection, world)
    connection.execute("DELETE FROM production.task WHERE run_id = %s", (other.run_id,))
    [done] = requeue(connection, product, 3, into=other.run)
    assert (done.run, len(done.tasks)) == (other.run, 3)
    publish_all(connection, other)
    assert states(connection, world) == states(connection, other) == {"done": 3}


def draw(connection, world, state, *scans, unselected=()):
    """Make a release that chose some scans of a world, and considered others."""
    release_id = value(
        connection,
        "INSERT INTO release.release (name, kind, state, parameters, code_version, code_commit, hash_version)"
        " VALUES (%s, 'sampler', 'building', '{}', '0', 'c', 1) RETURNING release_id",
        world.run,
    )
    connection.execute(
        "INSERT INTO release.parent_run VALUES (%s, %s, %s)", (release_id, world.run_id, world.run)
    )
    for key in (*scans, *unselected):
        connection.execute(
            "INSERT INTO release.scan (release_id, run_id, scan_key, attempt_id, selected, rank, reason)"
            " SELECT %s, run_id, scan_key, attempt_id, %s, 1, '' FROM production.attempt"
            " WHERE run_id = %s AND scan_key = %s AND accepted",
            (release_id, key in scans, world.run_id, key),
        )
    publish_release(connection, release_id, state)
    return release_id


def publish_release(connection, release_id, state="published"):
    connection.execute("UPDATE release.release SET state = %s WHERE release_id = %s", (state, release_id))


def linked_world(connection):
    """Two scans that say which file they read and which calibration they used, all done."""
    world = make_world(connection, 2, entry="raw")
    while (held := claim(connection, world)) is not None:
        made = publication_of(held, None, valid_calibrations(connection, held))
        files = dict(zip(world.scan_keys, world.raw_file_ids, strict=True))
        read = (files[held.scan_key],) if held.scan_key else ()
        publish(connection, held, replace(made, raw_file_ids=read))
    return world


def test_a_release_locks_what_it_released_and_not_its_run(connection):
    world = linked_world(connection)
    chosen, other = (Recalled(InputKind.RAW_FILE, (key,)) for key in world.raw_file_ids)
    draw(connection, world, "published", world.scan_keys[0], unselected=world.scan_keys[1:])
    with pytest.raises(ConflictError, match=f"release {world.run} was drawn from 1 of 1 tasks"):
        requeue(connection, chosen, 3)
    assert states(connection, world) == {"done": 3}
    # A scan that the release considered and did not choose is done again, in place.
    [done] = requeue(connection, other, 3)
    assert [task["scan"] for task in done.tasks] == [2]
    before = value(connection, "SELECT max(attempt_id) FROM production.attempt")
    assert [held.scan_key for held in publish_all(connection, world)] == [world.scan_keys[1]]
    rows = (
        "SELECT DISTINCT scan_key, attempt_id > %s FROM wsdb.point_measurement WHERE run_id = %s ORDER BY 1"
    )
    found = connection.execute(rows, (before, world.run_id)).fetchall()
    assert found == [(world.scan_keys[0], False), (world.scan_keys[1], True)]
    check_invariants(connection)


def test_a_release_locks_the_calibrations_of_its_scans(connection):
    world = linked_world(connection)
    product = value(
        connection, "SELECT calibration_id FROM calibration.product WHERE run_id = %s", world.run_id
    )
    draw(connection, world, "published", world.scan_keys[0])
    with pytest.raises(ConflictError, match="was drawn from 2 of 3 tasks"):
        requeue(connection, Recalled(InputKind.CALIBRATION, (product,)), 3)
    assert (
        value(connection, "SELECT retired_at FROM calibration.product WHERE calibration_id = %s", product)
        is None
    )
    with pytest.raises(ConflictError, match="was drawn from 2 of 3 tasks"):
        requeue(connection, Recalled(code_version="0"), 3, run=world.run)
    # A calibration that no released scan used is not locked by the scan of the same night.
    connection.execute("DELETE FROM production.attempt_calibration")
    requeue(connection, Recalled(InputKind.CALIBRATION, (product,)), 3)
    assert states(connection, world) == {"ready": 1, "done": 2}


def test_a_release_that_is_being_drawn_locks_nothing_until_it_is_published(connection):
    world = linked_world(connection)
    release_id = draw(connection, world, "building", world.scan_keys[0])
    # Requeued before the release is published, so the publication must be refused.
    requeue(connection, Recalled(InputKind.RAW_FILE, (world.raw_file_ids[0],)), 3)
    publish_release(connection, release_id)
    held = claim(connection, world)
    with pytest.raises(RunReleasedError, match=f"release {world.run} rests on what task {held.task_id}"):
        publish(connection, held, publication_of(held))
    protocol.fail(connection, held, INPUT, 0.0)
    with pytest.raises(ConflictError, match="was drawn"):
        recall_all(connection, world)


def test_an_operator_does_not_wait_for_a_release_that_is_being_drawn(connection, protocol_database):
    from app.production.runs import lock_run

    world = make_world(connection)
    with protocol_database.connect() as builder:
        release_id = value(
            builder,
            "INSERT INTO release.release (name, kind, state, parameters, code_version, code_commit, hash_version)"
            " VALUES (%s, 'sampler', 'building', '{}', '0', 'c', 1) RETURNING release_id",
            world.run,
        )
        builder.execute(
            "INSERT INTO release.parent_run VALUES (%s, %s, %s)", (release_id, world.run_id, world.run)
        )
        connection.execute("SET lock_timeout = '2s'")
        assert lock_run(connection, world.run).name == world.run
        builder.rollback()


def test_calibration_recalled_while_a_scan_runs_is_not_published(connection):
    world = make_world(connection, entry="raw")
    night = claim(connection, world)
    publish(connection, night, publication_of(night))
    held = claim(connection, world)
    used = valid_calibrations(connection, held)
    requeue(connection, Recalled(InputKind.CALIBRATION, (used[0],)), 3)
    with pytest.raises(InputsReplacedError):
        publish(connection, held, publication_of(held, None, used))
    protocol.fail(connection, held, Failure(Family.TRANSIENT, "INPUTS_REPLACED", "x"), 0.0)
    # ready by the table, but the claim looks upstream too
    assert [h.kind for h in publish_all(connection, world)] == ["night_calibration", "scan"]


def test_what_a_recalled_dark_made_is_not_published_by_a_scan_that_runs(connection):
    """Not among the users yet, the scan would stay done with a calibration that is made again."""
    world = make_world(connection, entry="raw")
    night = claim(connection, world)
    dark = world.raw_file_ids[0]
    publish(connection, night, replace(publication_of(night), raw_file_ids=(dark,)))
    held = claim(connection, world)
    used = valid_calibrations(connection, held)
    requeue(connection, Recalled(InputKind.RAW_FILE, (dark,)), 3)
    with pytest.raises(InputsReplacedError):
        publish(connection, held, publication_of(held, None, used))
    assert states(connection, world) == {"ready": 1, "running": 1}


# -- workers that may not do what is ready --------------------------------------------------------------------------


def final_task(connection, commit="abc"):
    """A final run of another commit with one ready task."""
    world = make_world(connection, queued=False)
    name = f"{world.run}-final"
    create_run(connection, name, RunKind.FINAL, Pipeline("0", commit, {"final": name}))
    freeze_run(connection, name)
    queue_run(connection, name, world.selection, 3, plan=plans.FIRST)
    return name


@pytest.mark.parametrize("commit", ["unknown", "def", "abc+changes", "abc+unchecked"])
def test_a_worker_of_other_code_says_so_and_does_not_end_well(
    connection, protocol_database, settings, commit
):
    name = final_task(connection)
    worker = Worker(
        settings=settings,
        identity=replace(IDENTITY, code_commit=commit),
        connect=lambda: protocol_database.connect("worker", autocommit=True),
        stopping=Stopping(1.0),
        assignment=Assignment(run=name, until_idle=True),
        steps={},
    )
    with pytest.raises(
        OtherCodeError, match=f"1 ready tasks .* run {name} wants code 0 of commit abc.*{commit[:3]}"
    ):
        worker.work()
    # A held run asks nobody.
    set_run_state(connection, name, RunState.HELD)
    assert worker.work().attempts == 0


@pytest.mark.parametrize("kind", [psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure])
def test_a_worker_repeats_what_another_transaction_ended(protocol_database, settings, caplog, kind):
    opened = []

    def connect():
        opened.append(protocol_database.connect("worker", autocommit=True))
        return opened[-1]

    worker = Worker(settings, IDENTITY, connect, Stopping(1.0), Assignment(until_idle=True), steps={})

    def act(connection):
        # The server answered and its connection is sound: only the transaction is to be given again.
        if len(opened) == 1:
            raise kind("deadlock detected")
        return connection.execute("SELECT 7").fetchone()

    assert worker._persist(act) == (7,)
    assert [connection.closed for connection in opened] == [True, False]
    opened[-1].close()
    assert "another transaction was in the way (deadlock detected)" in caplog.text
    assert "away" not in caplog.text


def test_a_worker_that_goes_on_says_once_what_it_may_not_do(connection, protocol_database, settings, caplog):
    name = final_task(connection)
    stopping = Stopping(1.0)
    worker = Worker(
        settings=settings.model_copy(update={"poll_seconds": 0.01}),
        identity=IDENTITY,
        connect=lambda: protocol_database.connect("worker", autocommit=True),
        stopping=stopping,
        assignment=Assignment(run=name),
        steps={},
    )
    rounds = iter(range(4))
    wait = worker._wait

    def counted(connection):
        wait(connection)
        if next(rounds, None) == 3:
            stopping.requested = True

    worker._wait = counted
    worker.work()
    told = (
        f"1 ready tasks are not for this code ({IDENTITY.code_version} of commit {IDENTITY.code_commit}):"
        f" run {name} wants code 0 of commit abc"
    )
    assert [record.getMessage() for record in caplog.records if "not for" in record.getMessage()] == [told]


# -- two seals of one run -------------------------------------------------------------------------------------------


def test_a_second_seal_waits_for_the_whole_of_the_first(connection, protocol_database):
    """With locks on the partition alone each would hold what the other's ANALYZE needs."""
    world = make_world(connection)
    seal = "SELECT wsdb.seal_run(run_id) FROM production.run WHERE name = %s"
    with protocol_database.connect("operator") as first, protocol_database.connect("operator") as second:
        first.execute(seal, (world.run,))
        second.execute("SET lock_timeout = '200ms'")
        second.commit()
        with pytest.raises(psycopg.errors.LockNotAvailable, match="lock timeout") as caught:
            second.execute(seal, (world.run,))
        # It waited for the row of the run, before it had any lock on the partition.
        assert "FOR NO KEY UPDATE" in str(caught.value)
        second.rollback()
        first.commit()
        second.execute(seal, (world.run,))
