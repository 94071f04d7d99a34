"""Tasks of a run or of a hardware block that an operator asks for: queued once, done again when asked for again."""

from __future__ import annotations

from typing import Any

from psycopg import Connection, Rollback
from psycopg.rows import dict_row

from app.db.locks import RELEASES
from app.db.statements import statement
from app.errors import ConflictError
from app.models.production import RunKind, TaskState
from app.production.plan import (
    BLOCK_CALIBRATION,
    BLOCK_LIBRARY,
    FORCED_LIGHT,
    GLOBAL_ASTROMETRY,
    GLOBAL_SOLUTION,
    PLAN,
    SCAN,
    Plan,
)
from app.production.queueing import add_tasks, connect_tasks, declare_kinds
from app.production.recall import queue_again
from app.production.runs import Run, lock_run, refuse_closed, refuse_sky, refuse_unfrozen
from app.production.selection import Selection
from app.production.task_plan import TaskPlan
from app.production.tasks import Rows, TaskFilter, describe_tasks, retry_tasks

OF_BLOCKS = BLOCK_CALIBRATION, BLOCK_LIBRARY
"""Kinds that `request_block_calibration` queues."""
NAMED_TASKS = 5
"""So many of the tasks in the way are named in the error."""


class HinderedError(ConflictError):
    """A task was asked for that waits for tasks which failed, are dead or held: it would wait for ever."""

    code = "HINDERED"


def request_global_solution(
    connection: Connection[Any],
    name: str,
    max_attempts: int,
    *,
    leave_out: bool = False,
    dry_run: bool = False,
    plan: Plan = PLAN,
) -> Rows:
    """Queue the global solution of a run, or make it ready again; one that waits or runs is left alone.

    Of the same scans, sets and parameters as before it will find nothing to do.

    Parameters
    ----------
    connection : Connection
        Operator's, in autocommit mode.
    name : str
        Name of the run.
    max_attempts : int
        Lost or transient attempts after which a task is dead.
    leave_out : bool
        Whether to solve without the scans and nights whose tasks failed, are dead or held.
    dry_run : bool
        Do the same and roll it back.
    plan : Plan
        Kinds of task; those of this version unless a test tries others.

    Returns
    -------
    list of dict
        The task, as `describe_tasks` gives it.

    Raises
    ------
    UnknownNameError
        Raised if there is no such run.
    ConflictError
        Raised if the run is final and not frozen, or closed, or has no scans.
    HinderedError
        Raised if tasks that it waits for failed, are dead or held, unless they are to be left out.
    """
    return _request_of_run(
        connection, name, max_attempts, GLOBAL_SOLUTION.kind, plan, leave_out=leave_out, dry_run=dry_run
    )


def request_global_astrometry(
    connection: Connection[Any],
    name: str,
    max_attempts: int,
    *,
    leave_out: bool = False,
    dry_run: bool = False,
    plan: Plan = PLAN,
) -> Rows:
    """Queue the global astrometry of a run, or make it ready again; one that waits or runs is left alone.

    Parameters
    ----------
    connection : Connection
        Operator's, in autocommit mode.
    name : str
        Name of the run.
    max_attempts : int
        Lost or transient attempts after which a task is dead.
    leave_out : bool
        Whether to solve without the scans whose tasks failed, are dead or held.
    dry_run : bool
        Do the same and roll it back.
    plan : Plan
        Kinds of task; those of this version unless a test tries others.

    Returns
    -------
    list of dict
        The task, as `describe_tasks` gives it.

    Raises
    ------
    UnknownNameError, ConflictError, HinderedError
        Raised as by `request_global_solution`.
    """
    return _request_of_run(
        connection, name, max_attempts, GLOBAL_ASTROMETRY.kind, plan, leave_out=leave_out, dry_run=dry_run
    )


def _request_of_run(
    connection: Connection[Any],
    name: str,
    max_attempts: int,
    kind: str,
    plan: Plan,
    *,
    leave_out: bool,
    dry_run: bool,
) -> Rows:
    """Queue the one task of a kind that a run has, or make it ready again."""
    told: Rows = []
    with connection.transaction():
        run = _prepare(connection, name, plan)
        # All scans of the run are meant, so that one is enough.
        rows = plan.rows_to_queue(RunKind(run.kind), kind)
        connect_tasks(
            connection, run, add_tasks(connection, run, Selection(), max_attempts, rows, plan), plan
        )
        tasks = _find(connection, run, kind)
        if not tasks:
            raise ConflictError(
                f"run {run.name!r} has no scans to calibrate",
                expected="ingested scans",
                remedy="mapps ingest night, mapps run queue",
            )
        told = _ask_again(connection, run, tasks, leave_out=leave_out)
        if dry_run:
            raise Rollback
    return told


def request_forced_light(
    connection: Connection[Any], name: str, max_attempts: int, *, dry_run: bool = False, plan: Plan = PLAN
) -> Rows:
    """Queue the forced measurements of a run, a task a night, or make them ready again.

    They are of the newest set of points that the run is part of (`app.production.objects`).

    Parameters
    ----------
    connection : Connection
        Operator's, in autocommit mode.
    name : str
        Name of the run.
    max_attempts : int
        Lost or transient attempts after which a task is dead.
    dry_run : bool
        Do the same and roll it back.
    plan : Plan
        Kinds of task; those of this version unless a test tries others.

    Returns
    -------
    list of dict
        The tasks, as `describe_tasks` gives them.

    Raises
    ------
    UnknownNameError
        Raised if there is no such run.
    ConflictError
        Raised if the run is in no set of points, is final and not frozen, or closed, or has no scans.
    HinderedError
        Raised if tasks that they wait for failed, are dead or held.
    """
    told: Rows = []
    with connection.transaction():
        run = _prepare(connection, name, plan)
        if connection.execute(statement("steps/forced_set"), {"run_id": run.run_id}).fetchone() is None:
            raise ConflictError(
                f"run {run.name!r} is in no set of points",
                expected="objects whose light is measured",
                remedy=f"mapps run objects {run.name} --name NAME",
            )
        rows = plan.rows_to_queue(RunKind(run.kind), FORCED_LIGHT.kind)
        added = connection.execute(
            statement("production/queue/queue_nights"),
            {"run_id": run.run_id, "kind": FORCED_LIGHT.kind, "upstream": SCAN.kind,
             "priority": rows[0]["priority"], "max_attempts": max_attempts},
        ).fetchall()  # fmt: skip
        connect_tasks(connection, run, [task_id for (task_id,) in added], plan)
        tasks = _find(connection, run, FORCED_LIGHT.kind)
        if not tasks:
            raise ConflictError(
                f"run {run.name!r} has no scans", expected="reduced scans", remedy="mapps run queue"
            )
        told = _ask_again(connection, run, tasks, leave_out=False)
        if dry_run:
            raise Rollback
    return told


def request_block_calibration(
    connection: Connection[Any],
    name: str,
    max_attempts: int,
    *,
    block: str | None = None,
    leave_out: bool = False,
    dry_run: bool = False,
    plan: Plan = PLAN,
    kind: TaskPlan = BLOCK_CALIBRATION,
) -> Rows:
    """Queue the canonical calibrations of a run's hardware blocks, or their libraries, or make them ready again.

    In a final run they are queued with the run, for all nights of a block that are ingested; in a preliminary run,
    which does not use them, they compare the nights that the run has.

    Parameters
    ----------
    connection : Connection
        Operator's, in autocommit mode.
    name : str
        Name of the run.
    max_attempts : int
        Lost or transient attempts after which a task is dead.
    block : str, optional
        Name of the only block that is meant.
    leave_out : bool
        Whether to combine without the nights or scans that failed, are dead or held.
    dry_run : bool
        Do the same and roll it back.
    plan : Plan
        Kinds of task; those of this version unless a test tries others.
    kind : TaskPlan
        One of `OF_BLOCKS`: `BLOCK_CALIBRATION`, or `BLOCK_LIBRARY` for what reduced scans say of their cameras, which
        final runs that are made from the run afterwards use.

    Returns
    -------
    list of dict
        The tasks, as `describe_tasks` gives them.

    Raises
    ------
    UnknownNameError
        Raised if there is no such run.
    ConflictError
        Raised if the run is final and not frozen, or closed, or has no calibration of a night of such a block.
    HinderedError
        Raised if tasks that they wait for failed, are dead or held, unless they are to be left out.
    """
    told: Rows = []
    with connection.transaction():
        run = _prepare(connection, name, plan)
        [row] = plan.rows_to_queue(RunKind(run.kind), kind.kind)
        values = {
            "run_id": run.run_id,
            "kind": row["kind"],
            "upstream": [edge.kind for edge in kind.waits_for],
            "block": block,
            "priority": row["priority"],
            "max_attempts": max_attempts,
        }
        added = connection.execute(statement("production/queue/queue_blocks"), values).fetchall()
        connect_tasks(connection, run, [task_id for (task_id,) in added], plan)
        tasks = _find(connection, run, row["kind"], block)
        if not tasks:
            raise ConflictError(
                f"run {run.name!r} calibrates no night of {'any block' if block is None else f'block {block!r}'}",
                expected="nights with a block that the run has",
                remedy="mapps night list, mapps run queue",
            )
        told = _ask_again(connection, run, tasks, leave_out=leave_out)
        if dry_run:
            raise Rollback
    return told


def _prepare(connection: Connection[Any], name: str, plan: Plan) -> Run:
    """Lock a run that takes requests, and make the kinds of the plan known."""
    connection.execute(statement("production/recall/await_releases"), {"key": RELEASES})
    run = lock_run(connection, name)
    refuse_unfrozen(run)
    refuse_closed(run)
    refuse_sky(run)
    declare_kinds(connection, plan)
    return run


def _find(connection: Connection[Any], run: Run, kind: str, block: str | None = None) -> Rows:
    wanted = {"run_id": run.run_id, "kind": kind, "block": block}
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement("production/queue/requested_tasks"), wanted).fetchall()


def _ask_again(connection: Connection[Any], run: Run, tasks: Rows, *, leave_out: bool) -> Rows:
    """Make tasks that are done, failed or dead ready again; those that wait or run are left alone."""
    for task in tasks:
        _clear(connection, task["task_id"], leave_out=leave_out)
    done = [task["task_id"] for task in tasks if task["state"] == TaskState.DONE]
    failed = [task["task_id"] for task in tasks if task["state"] in {TaskState.FAILED, TaskState.DEAD}]
    if done:
        queue_again(connection, run.name, done)
    if failed:
        retry_tasks(connection, run.name, TaskFilter(task_ids=tuple(failed)))
    connection.execute(statement("production/queue/notify"), {"run": run.name})
    return describe_tasks(connection, [task["task_id"] for task in tasks])


def _clear(connection: Connection[Any], task_id: int, *, leave_out: bool) -> None:
    """Refuse what the task would wait for in vain, or no longer wait for it."""
    wanted = {"task_id": task_id}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(statement("production/queue/hindrances"), wanted).fetchall()
    if not rows:
        return
    if not leave_out:
        names = ", ".join(f"{row['kind']} {row['task_id']} ({row['state']})" for row in rows[:NAMED_TASKS])
        more = f" and {len(rows) - NAMED_TASKS} more" if len(rows) > NAMED_TASKS else ""
        raise HinderedError(
            f"the task would wait for {names}{more}",
            expected="tasks that are done, or will be",
            remedy="mapps run retry or resume; or go on without them: --leave-out-failed",
        )
    values = wanted | {"upstream_ids": [row["task_id"] for row in rows]}
    connection.execute(statement("production/queue/drop_dependencies"), values)
    connection.execute(statement("production/queue/lock_upstream"), {"task_ids": [task_id]})
    connection.execute(statement("production/queue/settle_waiting"), {"task_ids": [task_id]})
