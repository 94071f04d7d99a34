"""Kinds of every scope, queued, done and recalled by the statements there are: a new kind is a row and a module."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest

from app.cli.run_options import night_name
from app.db.statements import statement
from app.models.production import InputKind, RunKind, Scope
from app.production import protocol
from app.production.pipelines import Pipeline
from app.production.plan import PLAN, Plan, PlanError
from app.production.progress import read_attempts, read_problems, read_progress
from app.production.protocol import Failure, Family
from app.production.publishing import publish
from app.production.queueing import UnknownBlockError, queue_run
from app.production.recall import Recalled, requeue, users_of
from app.production.runs import create_run
from app.production.selection import Selection
from app.production.task_plan import REDUCED, WaitsFor
from app.production.tasks import TaskFilter, hold_tasks, resume_tasks, retry_tasks
from tests.worlds import plans
from tests.worlds.production import (
    IDENTITY,
    STEPS,
    check_invariants,
    make_world,
    publication_of,
    valid_calibrations,
    value,
)
from workers.steps.registry import steps_of

LEASE = 60.0
KINDS = [row.kind for row in plans.EXTENDED.rows if row.of_scans == REDUCED]


@pytest.fixture
def connection(database):
    with database.connect(autocommit=True) as opened:
        yield opened
        check_invariants(opened)


@pytest.fixture
def worker(database):
    with database.connect("worker", autocommit=True) as opened:
        yield opened


def a_night(connection, scans=2, entry="raw", block="n-1"):
    world = make_world(connection, scans, entry=entry, queued=False)
    connection.execute("UPDATE survey.night SET block = %s WHERE night_id = %s", (block, world.night_id))
    return world


def queue_all(connection, world, plan=plans.EXTENDED):
    return queue_run(connection, world.run, world.selection, 3, plan=plan)


def another_scan(connection, world, number=900):
    return value(
        connection,
        "INSERT INTO survey.scan (night_id, scan, kind, entry, header) VALUES (%s, %s, 'sci', 'raw', '{}')"
        " RETURNING scan_key",
        world.night_id, number,
    )  # fmt: skip


def do_next(worker, world, steps):
    """Claim, perform and publish one task as a worker does; its kind, None when nothing is ready."""
    held = protocol.claim(worker, IDENTITY, LEASE, world.run)
    if held is None:
        return None
    if held.kind in STEPS:
        made = publication_of(held, None, valid_calibrations(worker, held))
    else:
        made = steps[held.kind](held, [])
    publish(worker, held, made)
    return held.kind


def do_all(worker, world, steps):
    return list(iter(lambda: do_next(worker, world, steps), None))


def kinds_of(tasks, **wanted):
    return sorted(task["kind"] for task in tasks if all(task[key] == value for key, value in wanted.items()))


def state_of(connection, world, kind):
    rows = connection.execute(
        "SELECT DISTINCT state FROM production.task WHERE run_id = %s AND kind = %s", (world.run_id, kind)
    ).fetchall()
    return {state for (state,) in rows}


def test_a_row_and_a_module_are_all_that_a_kind_takes(connection, worker, tmp_path):
    """Queued, claimed, done in the order of the plan and published, whatever the scope; nothing else knows them."""
    world = a_night(connection, 2)
    added = queue_all(connection, world)
    assert kinds_of(added) == sorted([*KINDS, "scan", "scan_grade"])
    assert kinds_of(added, state="ready") == ["night_calibration"]
    with plans.step_modules(tmp_path, *plans.EXTRA):
        done = do_all(worker, world, steps_of(plans.EXTENDED))
    assert sorted(done) == sorted([*KINDS, "scan", "scan_grade"])
    assert done[0] == "night_calibration"
    assert done[-1] == "run_solution"
    assert done.index("scan_grade") > done.index("scan")
    assert done.index("night_summary") > max(n for n, kind in enumerate(done) if kind == "scan")
    made = connection.execute(
        "SELECT attempt_id FROM quality.metric WHERE name = 'place_error_arcsec'"
    ).fetchall()
    assert len(made) == 5
    assert queue_all(connection, world) == []


def test_tasks_hold_the_keys_of_their_scope_and_no_others(connection):
    world = a_night(connection, 1)
    queue_all(connection, world)
    rows = connection.execute(
        "SELECT kind, scope, night_id, scan_key, block FROM production.task WHERE run_id = %s ORDER BY task_id",
        (world.run_id,),
    ).fetchall()
    night, scan = world.night_id, world.scan_keys[0]
    assert rows == [
        ("night_calibration", "night", night, None, None),
        ("scan", "scan", night, scan, None),
        ("scan_grade", "scan", night, scan, None),
        ("night_summary", "night", night, None, None),
        ("block_flat", "block", None, None, "n-1"),
        ("run_solution", "run", None, None, None),
    ]


@pytest.mark.parametrize(
    "keys",
    [
        "'scan', 'scan', {night}, NULL, NULL",
        "'scan', 'scan', NULL, {scan}, NULL",
        "'night_summary', 'night', {night}, {scan}, NULL",
        "'night_summary', 'night', NULL, NULL, NULL",
        "'block_flat', 'block', {night}, NULL, 'n-1'",
        "'block_flat', 'block', NULL, NULL, NULL",
        "'run_solution', 'run', NULL, NULL, 'n-1'",
    ],
)
def test_the_tables_refuse_other_keys(connection, keys):
    world = a_night(connection, 1)
    queue_all(connection, world)
    connection.execute("DELETE FROM production.task")
    keys = keys.format(night=world.night_id, scan=world.scan_keys[0])
    insert = f"""INSERT INTO production.task (kind, scope, night_id, scan_key, block, run_id, state, max_attempts)
                 VALUES ({keys}, {world.run_id}, 'ready', 1)"""
    with pytest.raises(psycopg.errors.CheckViolation, match="by_scope"):
        connection.execute(insert)


def test_the_tables_refuse_a_kind_that_no_plan_named(connection):
    world = a_night(connection, 1)
    queue_all(connection, world, plans.FIRST)
    insert = """INSERT INTO production.task (kind, scope, run_id, state, max_attempts)
                VALUES (%s, 'run', %s, 'ready', 1)"""
    for kind in ("night_summary", "scan"):
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            connection.execute(insert, (kind, world.run_id))


def test_a_plan_grows_between_two_queueings(connection, worker, tmp_path):
    """Newer code on the run of older code: what is there already is waited for, and what is done counts as done."""
    world = a_night(connection, 2)
    queue_all(connection, world, plans.FIRST)
    assert do_next(worker, world, {}) == "night_calibration"
    added = queue_all(connection, world)
    assert kinds_of(added) == ["block_flat", "night_summary", "run_solution", "scan_grade", "scan_grade"]
    assert kinds_of(added, state="ready") == ["block_flat"]
    with plans.step_modules(tmp_path, *plans.EXTRA):
        assert do_all(worker, world, steps_of(plans.EXTENDED))[-1] == "run_solution"


def test_late_scans_are_waited_for_by_what_has_not_begun(connection, worker, tmp_path):
    world = a_night(connection, 1)
    queue_all(connection, world)
    with plans.step_modules(tmp_path, *plans.EXTRA):
        steps = steps_of(plans.EXTENDED)
        while state_of(connection, world, "night_summary") != {"ready"}:
            assert do_next(worker, world, steps)
        another_scan(connection, world)
        added = queue_all(connection, world)
        # The night's calibration is done: the new scan need not wait, and the night's solution must.
        assert kinds_of(added, state="ready") == ["scan"]
        assert kinds_of(added, state="waiting") == ["scan_grade"]
        assert state_of(connection, world, "night_summary") == {"waiting"}
        assert do_all(worker, world, steps)[-1] == "run_solution"
        # What is done does not notice a scan that comes later still: no policy says so.
        another_scan(connection, world, 901)
        queue_all(connection, world)
        assert state_of(connection, world, "night_summary") == {"done"}
        assert state_of(connection, world, "run_solution") == {"done"}
        assert sorted(do_all(worker, world, steps)) == ["scan", "scan_grade"]


def test_what_runs_goes_on_when_scans_come_late(connection, worker):
    world = a_night(connection, 1, entry="atlas")
    plan = Plan((*plans.FIRST.rows, plans.NIGHT_SUMMARY))
    queue_all(connection, world, plan)
    do_next(worker, world, {})
    solution = protocol.claim(worker, IDENTITY, LEASE, world.run)
    assert solution.kind == "night_summary"
    another_scan(connection, world)
    queue_all(connection, world, plan)
    assert state_of(connection, world, "night_summary") == {"running"}
    publish(worker, solution, publication_of(replace(solution, kind="night_calibration")))
    assert state_of(connection, world, "night_summary") == {"done"}


def test_atlas_scans_of_a_mixed_night_wait_for_no_calibration(connection):
    world = a_night(connection, 1)
    atlas = (
        "INSERT INTO survey.scan (night_id, scan, kind, entry, header) VALUES (%s, 800, 'cal', 'atlas', '{}')"
    )
    connection.execute(atlas, (world.night_id,))
    added = queue_all(connection, world, plans.FIRST)
    assert [(task["kind"], task["entry"], task["state"], task["priority"]) for task in added] == [
        ("night_calibration", None, "ready", 20),
        ("scan", "atlas", "ready", 10),
        ("scan", "raw", "waiting", 0),
    ]


def test_nights_of_one_block_share_its_task(connection):
    first, second = a_night(connection, 1), a_night(connection, 1)
    third = a_night(connection, 1, block="n-2")
    run = create_run(connection, "whole-survey", RunKind.PRELIMINARY, Pipeline("0", "c0ffee", {}))
    added = queue_run(connection, run.name, Selection(), 3, plan=plans.EXTENDED)
    assert sorted(task["block"] for task in added if task["kind"] == "block_flat") == ["n-1", "n-2"]
    assert kinds_of(added).count("run_solution") == 1
    waited_for = connection.execute(
        """SELECT t.block, array_agg(u.night_id ORDER BY u.night_id)
           FROM production.task AS t JOIN production.task_dependency AS d USING (task_id)
           JOIN production.task AS u ON u.task_id = d.upstream_task_id
           WHERE t.kind = 'block_flat' AND t.run_id = %s GROUP BY t.block ORDER BY t.block""",
        (run.run_id,),
    ).fetchall()
    assert waited_for == [("n-1", [first.night_id, second.night_id]), ("n-2", [third.night_id])]


def test_blocks_must_be_known_for_kinds_of_block_scope_only(connection):
    world = a_night(connection, 1, block=None)
    with pytest.raises(UnknownBlockError, match=f"{world.selection.night.date}n"):
        queue_all(connection, world)
    assert value(connection, "SELECT count(*) FROM production.task WHERE run_id = %s", world.run_id) == 0
    assert len(queue_all(connection, world, plans.FIRST)) == 2


def test_a_kind_never_changes_its_scope(connection):
    world = a_night(connection, 1)
    queue_all(connection, world)
    other = replace(plans.NIGHT_SUMMARY, scope=Scope.RUN, waits_for=())
    with pytest.raises(PlanError, match=r"of a run by the plan.*of a night"):
        queue_all(connection, world, Plan((*plans.FIRST.rows, other)))


def test_the_place_of_a_kind_follows_the_plan(connection):
    world = a_night(connection, 1)
    queue_all(connection, world, plans.FIRST)
    moved = Plan((replace(plans.RUN_SOLUTION, waits_for=()), *plans.FIRST.rows))
    queue_all(connection, world, moved)
    rows = connection.execute("SELECT kind FROM production.task_kind ORDER BY position").fetchall()
    assert [kind for (kind,) in rows] == ["run_solution", *(row.kind for row in plans.FIRST.rows)]


def test_everybody_locks_in_the_order_of_the_plan(connection, worker):
    """A kind that came later has later keys, but an earlier place: two orders would be a circle of waits."""
    world = a_night(connection, 1, entry="atlas")
    solution = replace(plans.RUN_SOLUTION, waits_for=(WaitsFor("scan", Scope.RUN),))
    queue_all(connection, world, Plan((*plans.FIRST.rows, solution)))
    queue_all(connection, world, Plan((*plans.FIRST.rows, plans.NIGHT_SUMMARY, solution)))
    rows = connection.execute(
        "SELECT t.task_id FROM production.task AS t JOIN production.task_kind USING (kind, scope)"
        " WHERE t.run_id = %s ORDER BY position",
        (world.run_id,),
    ).fetchall()
    scan, night_summary, run_solution = wanted = [task_id for (task_id,) in rows]
    assert night_summary > run_solution > scan

    def locked(name, **values):
        return [row[0] for row in connection.execute(statement(f"production/{name}"), values)]

    assert locked("queue/lock_tasks_in_order", task_ids=sorted(wanted)) == wanted
    assert locked("publish/lock_dependents", task_id=scan) == [night_summary, run_solution]
    everything = TaskFilter().values() | {"run_id": world.run_id, "states": ["waiting", "ready"]}
    assert locked("operate/lock_tasks", **everything) == wanted
    connection.execute(
        "INSERT INTO production.task_dependency VALUES (%s, %s)", (run_solution, night_summary)
    )
    assert locked("queue/lock_upstream", task_ids=[run_solution]) == [scan, night_summary]


def test_operators_see_and_move_tasks_of_every_scope(connection, worker):
    world = a_night(connection, 1)
    queue_all(connection, world)
    held = hold_tasks(connection, world.run, TaskFilter(), "test")
    assert len(held) == len(KINDS)
    assert sorted({night_name(task) for task in held}) == [
        f"{world.selection.night.date}n", "block n-1", "whole run",
    ]  # fmt: skip
    assert len(read_problems(connection, world.run)) == len(KINDS)
    assert {row["kind"]: row["held"] for row in read_progress(connection, world.run).table} == dict.fromkeys(
        KINDS, 1
    )
    # A night's tasks are those that belong to it: a filter by night leaves those of block and run alone.
    resumed = resume_tasks(connection, world.run, TaskFilter(world.selection))
    assert kinds_of(resumed) == ["night_calibration", "night_summary", "scan", "scan_grade"]
    resume_tasks(connection, world.run, TaskFilter())
    night = protocol.claim(worker, IDENTITY, LEASE, world.run)
    publish(worker, night, publication_of(night))
    block = next(iter_claims(worker, world, "block_flat"))
    assert (block.night_id, block.scan_key, block.block) == (None, None, "n-1")
    protocol.fail(worker, block, Failure(Family.INPUT, "TEST", "no"), 0.0)
    [attempt, *_] = [row for row in read_attempts(connection, world.run) if row["outcome"] == "failed"]
    assert (attempt["kind"], attempt["block"], attempt["date"]) == ("block_flat", "n-1", None)
    overview = "SELECT kind, block, date FROM production.task_overview WHERE state = 'failed'"
    assert connection.execute(overview).fetchall() == [("block_flat", "n-1", None)]
    assert kinds_of(retry_tasks(connection, world.run, TaskFilter()), state="ready") == ["block_flat"]


def iter_claims(worker, world, kind):
    """Claims of a kind; those of other kinds that are in the way are left running."""
    while (held := protocol.claim(worker, IDENTITY, LEASE, world.run)) is not None:
        if held.kind == kind:
            yield held


def test_recall_into_another_run_takes_along_all_that_is_waited_for(connection, worker, tmp_path):
    world = a_night(connection, 2)
    queue_all(connection, world)
    with plans.step_modules(tmp_path, *plans.EXTRA):
        do_all(worker, world, steps_of(plans.EXTENDED))
    create_run(connection, "again", RunKind.PRELIMINARY, Pipeline("0", "c0ffee", {}))
    product = value(
        connection, "SELECT calibration_id FROM calibration.product WHERE run_id = %s", world.run_id
    )
    recalled = Recalled(InputKind.CALIBRATION, (product,))
    assert kinds_of(users_of(connection, recalled)) == ["night_calibration", "scan", "scan"]
    [requeued] = requeue(connection, recalled, 3, into="again")
    assert kinds_of(requeued.tasks) == ["night_calibration", "scan", "scan"]
    assert kinds_of(requeued.tasks, state="ready") == ["night_calibration"]
    everything_by_this_code = Recalled(code_version="0")
    [requeued] = requeue(connection, everything_by_this_code, 3, run=world.run, into="again")
    assert kinds_of(requeued.tasks) == [
        "block_flat",
        "night_summary",
        "run_solution",
        "scan_grade",
        "scan_grade",
    ]


def test_recall_in_place_blocks_what_waits_for_it(connection, worker, tmp_path):
    world = a_night(connection, 1)
    queue_all(connection, world)
    with plans.step_modules(tmp_path, *plans.EXTRA):
        steps = steps_of(plans.EXTENDED)
        while state_of(connection, world, "night_summary") != {"ready"}:
            do_next(worker, world, steps)
        product = value(connection, "SELECT max(calibration_id) FROM calibration.product")
        requeue(connection, Recalled(InputKind.CALIBRATION, (product,)), 3)
        assert state_of(connection, world, "night_calibration") == {"ready"}
        assert state_of(connection, world, "scan") == {"waiting"}
        assert state_of(connection, world, "night_summary") == {"waiting"}
        assert do_all(worker, world, steps)[-1] == "run_solution"


def test_a_night_is_solved_after_its_calibration_scans_and_not_its_survey_scans(connection):
    """What waits for the calibration scans only; a night without any has nothing to solve."""
    world = a_night(connection, 2)
    assert kinds_of(queue_all(connection, world, PLAN)) == [
        "night_calibration",
        "night_grades",
        "scan",
        "scan",
    ]
    calibration = (
        "INSERT INTO survey.scan (night_id, scan, kind, entry, header) VALUES (%s, %s, 'cal', 'raw', '{}')"
    )
    for number in (801, 802):
        connection.execute(calibration, (world.night_id, number))
    assert kinds_of(queue_all(connection, world, PLAN)) == ["night_solution", "scan", "scan"]
    awaited = connection.execute(
        """SELECT s.kind, s.scan FROM production.task AS t JOIN production.task_dependency AS d USING (task_id)
           JOIN production.task AS u ON u.task_id = d.upstream_task_id JOIN survey.scan AS s ON s.scan_key = u.scan_key
           WHERE t.run_id = %s AND t.kind = 'night_solution' ORDER BY s.scan""",
        (world.run_id,),
    ).fetchall()
    assert awaited == [("cal", 801), ("cal", 802)]
    # Its grades wait for all of its scans and for the solution, which came after them.
    counted = connection.execute(
        """SELECT u.kind, count(*) FROM production.task AS t JOIN production.task_dependency AS d USING (task_id)
           JOIN production.task AS u ON u.task_id = d.upstream_task_id
           WHERE t.run_id = %s AND t.kind = 'night_grades' GROUP BY u.kind ORDER BY u.kind""",
        (world.run_id,),
    ).fetchall()
    assert counted == [("night_solution", 1), ("scan", 4)]
