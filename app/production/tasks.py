"""Tasks of a run: hold, resume, retry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg import Connection, Rollback
from psycopg.rows import dict_row

from app.db.statements import statement
from app.errors import ConflictError, UnknownNameError
from app.models.production import TaskState
from app.production.runs import Run, lock_run, refuse_closed
from app.production.selection import Selection

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class TaskFilter:
    """Which tasks of a run an operator means; None does not restrict."""

    selection: Selection = field(default_factory=Selection)
    task_ids: tuple[int, ...] | None = None
    reason: str | None = None

    def values(self) -> dict[str, Any]:
        """Values of the parameters of `lock_tasks`."""
        known = self.selection.values()
        del known["tiles"]
        return known | {"task_ids": list(self.task_ids) if self.task_ids else None, "reason": self.reason}


def describe_tasks(connection: Connection[Any], task_ids: Sequence[int]) -> Rows:
    """Tasks by key, with night, scan and tile."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            statement("production/queue/describe_tasks"), {"task_ids": list(task_ids)}
        ).fetchall()


def hold_tasks(connection: Connection[Any], name: str, wanted: TaskFilter, reason: str) -> Rows:
    """Hold waiting and ready tasks; running ones finish.

    Parameters
    ----------
    connection : Connection
        Operator's, in autocommit mode.
    name : str
        Name of the run.
    wanted : TaskFilter
        Tasks that are meant.
    reason : str
        Why, for people; shown with the tasks.
    """
    with connection.transaction():
        run = lock_run(connection, name)
        _refuse_unknown(connection, run, wanted)
        ids = lock_tasks(connection, run, wanted, (TaskState.WAITING, TaskState.READY))
        connection.execute(statement("production/operate/hold_tasks"), {"task_ids": ids, "reason": reason})
        return describe_tasks(connection, ids)


def resume_tasks(connection: Connection[Any], name: str, wanted: TaskFilter) -> Rows:
    """Let held tasks go on: ready, or waiting where something upstream is not done.

    Parameters
    ----------
    connection : Connection
        Operator's, in autocommit mode.
    name : str
        Name of the run.
    wanted : TaskFilter
        Tasks that are meant; those that are not held stay as they are.
    """
    with connection.transaction():
        run = lock_run(connection, name)
        _refuse_unknown(connection, run, wanted)
        ids = lock_tasks(connection, run, wanted, (TaskState.HELD,))
        return _again(connection, run, ids, "production/operate/wait_again")


def retry_tasks(
    connection: Connection[Any],
    name: str,
    wanted: TaskFilter,
    states: Sequence[TaskState] = (TaskState.FAILED, TaskState.DEAD),
    *,
    dry_run: bool = False,
) -> Rows:
    """Try failed and dead tasks again, with all attempts so far forgiven.

    Parameters
    ----------
    connection : Connection
        Operator's, in autocommit mode.
    name : str
        Name of the run.
    wanted : TaskFilter
        Tasks that are meant.
    states : sequence of TaskState
        failed, dead or both.
    dry_run : bool
        Do the same and roll it back.

    Raises
    ------
    ConflictError
        Raised if other states than failed and dead are asked for.
    UnknownNameError
        Raised if a task is asked for by a number that no task of the run has.
    """
    if not set(states) <= {TaskState.FAILED, TaskState.DEAD}:
        raise ConflictError(
            f"retry of {', '.join(states)} tasks",
            expected="failed or dead",
            remedy="mapps run resume for held tasks, mapps run recall for done ones",
        )
    again: Rows = []
    with connection.transaction():
        run = lock_run(connection, name)
        refuse_closed(run)
        _refuse_unknown(connection, run, wanted)
        ids = lock_tasks(connection, run, wanted, states)
        again = _again(connection, run, ids, "production/operate/try_again")
        if dry_run:
            raise Rollback
    return again


def _refuse_unknown(connection: Connection[Any], run: Run, wanted: TaskFilter) -> None:
    """Refuse numbers of tasks that the run does not have: nothing done would look like done."""
    if wanted.task_ids is None:
        return
    values = {"run_id": run.run_id, "task_ids": list(wanted.task_ids)}
    unknown = connection.execute(statement("production/operate/unknown_tasks"), values).fetchall()
    if unknown:
        numbers = ", ".join(str(task_id) for (task_id,) in unknown)
        raise UnknownNameError(
            f"run {run.name!r} has no task {numbers}",
            expected="numbers that mapps run status or mapps run attempts shows",
        )


def lock_tasks(
    connection: Connection[Any], run: Run, wanted: TaskFilter, states: Sequence[TaskState]
) -> list[int]:
    """Lock the wanted tasks that are in one of the states, in the order of the plan and of their keys.

    Parameters
    ----------
    connection : Connection
        Operator's, inside a transaction.
    run : Run
        Run of the tasks, locked.
    wanted : TaskFilter
        Tasks that are meant.
    states : sequence of TaskState
        Tasks in other states are left alone.

    Returns
    -------
    list of int
        Keys of the tasks.
    """
    values = wanted.values() | {"run_id": run.run_id, "states": [state.value for state in states]}
    return [row[0] for row in connection.execute(statement("production/operate/lock_tasks"), values)]


def _again(connection: Connection[Any], run: Run, task_ids: list[int], verb: str) -> Rows:
    connection.execute(statement(verb), {"task_ids": task_ids})
    # What publishes at this moment is waited for: it would not see the tasks that wait for it again.
    connection.execute(statement("production/queue/lock_upstream"), {"task_ids": task_ids})
    connection.execute(statement("production/queue/settle_waiting"), {"task_ids": task_ids})
    if task_ids:
        connection.execute(statement("production/queue/notify"), {"run": run.name})
    return describe_tasks(connection, task_ids)
