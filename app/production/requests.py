"""Tasks of a whole run that an operator asks for: queued once, and done again when they are asked for again."""

from __future__ import annotations

from typing import Any

from psycopg import Connection, Rollback
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from app.db.locks import RELEASES
from app.db.statements import statement
from app.errors import ConflictError
from app.models.production import TaskState
from app.production.plan import GLOBAL_SOLUTION, PLAN, Plan
from app.production.queueing import connect_tasks, declare_kinds
from app.production.recall import queue_again
from app.production.runs import Run, lock_run, refuse_closed, refuse_unfrozen
from app.production.selection import Selection
from app.production.tasks import Rows, TaskFilter, describe_tasks, retry_tasks

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
    told: Rows = []
    with connection.transaction():
        connection.execute(statement("production/recall/await_releases"), {"key": RELEASES})
        run = lock_run(connection, name)
        refuse_unfrozen(run)
        refuse_closed(run)
        declare_kinds(connection, plan)
        _queue(connection, run, max_attempts, plan)
        task = _find(connection, run)
        _clear(connection, task["task_id"], leave_out=leave_out)
        if task["state"] == TaskState.DONE:
            queue_again(connection, name, [task["task_id"]])
        elif task["state"] in {TaskState.FAILED, TaskState.DEAD}:
            retry_tasks(connection, name, TaskFilter(task_ids=(task["task_id"],)))
        told = describe_tasks(connection, [task["task_id"]])
        if dry_run:
            raise Rollback
        connection.execute(statement("production/queue/notify"), {"run": name})
    return told


def _queue(connection: Connection[Any], run: Run, max_attempts: int, plan: Plan) -> None:
    """Queue the task where the run does not have it; all its scans are meant, so that one is enough."""
    values = {
        "run_id": run.run_id,
        "max_attempts": max_attempts,
        "plan": Jsonb(plan.rows_to_queue(GLOBAL_SOLUTION.kind)),
    }
    rows = connection.execute(
        statement("production/queue/queue_tasks"), values | Selection().values()
    ).fetchall()
    connect_tasks(connection, run, [task_id for (task_id,) in rows], plan)


def _find(connection: Connection[Any], run: Run) -> dict[str, Any]:
    wanted = {"run_id": run.run_id, "kind": GLOBAL_SOLUTION.kind}
    with connection.cursor(row_factory=dict_row) as cursor:
        task = cursor.execute(statement("production/queue/task_of_run"), wanted).fetchone()
    if task is None:
        raise ConflictError(
            f"run {run.name!r} has no scans to calibrate",
            expected="ingested scans",
            remedy="mapps ingest night, mapps run queue",
        )
    return task


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
            f"the solution would wait for {names}{more}",
            expected="tasks that are done, or will be",
            remedy="mapps run retry or resume; or solve without them: --leave-out-failed",
        )
    values = wanted | {"upstream_ids": [row["task_id"] for row in rows]}
    connection.execute(statement("production/queue/drop_dependencies"), values)
    connection.execute(statement("production/queue/lock_upstream"), {"task_ids": [task_id]})
    connection.execute(statement("production/queue/settle_waiting"), {"task_ids": [task_id]})
