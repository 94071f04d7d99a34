"""The queue as operators see it: queue, hold, release, retry, status."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from app.db.statements import statement
from app.models.production import TaskState
from app.production.runs import Run, require_startable

Session = Connection[Any]
Row = dict[str, Any]


@dataclass(frozen=True)
class Selection:
    """Which scans; None everywhere means everything that is ingested."""

    night: date | None = None
    hemis: str | None = None
    scan: int | None = None
    tile: int | None = None


def queue(
    connection: Session, run: Run, selection: Selection, max_attempts: int, *, dry_run: bool = False
) -> list[Row]:
    """Queue what the run can do and has not queued before.

    A dry run does the very same and rolls back, so it cannot tell anything else than the real one.

    Returns
    -------
    list of dict
        The new tasks; empty when there is nothing new.

    Raises
    ------
    ConflictError
        Raised if the run is closed, or final and not frozen.
    """
    require_startable(run)
    values = {
        "run_id": run.run_id, "max_attempts": max_attempts, "night": selection.night, "hemis": selection.hemis,
        "scan": selection.scan, "tile": selection.tile,
    }  # fmt: skip
    with connection.transaction(force_rollback=dry_run):
        made = connection.execute(statement("production/queue_calibrations"), values).fetchall()
        connection.execute(statement("production/lock_calibrations"), values)
        made += connection.execute(statement("production/queue_scans"), values).fetchall()
        connection.execute(statement("production/queue_dependencies"), values)
        tasks = _tasks(connection, [row[0] for row in made])
        if made and not dry_run:
            connection.execute(statement("production/notify"), {"run": run.name})
    return tasks


def _tasks(connection: Session, task_ids: list[int]) -> list[Row]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement("production/tasks"), {"task_ids": task_ids}).fetchall()


def hold_tasks(connection: Session, run: Run, task_ids: list[int], reason: str) -> list[Row]:
    """Hold single tasks that nobody has claimed; those that changed."""
    return _change(connection, "hold_tasks", {"run_id": run.run_id, "task_ids": task_ids, "reason": reason})


def release_tasks(connection: Session, run: Run, task_ids: list[int] | None = None) -> list[Row]:
    """Let held tasks go on, all of them when none is named; those that changed."""
    return _change(connection, "release_tasks", {"run_id": run.run_id, "task_ids": task_ids})


def retry(
    connection: Session,
    run: Run,
    *,
    states: tuple[str, ...] = (TaskState.FAILED.value, TaskState.DEAD.value),
    task_ids: list[int] | None = None,
    night: date | None = None,
    reason: str | None = None,
    dry_run: bool = False,
) -> list[Row]:
    """Try failed and dead tasks again; those that changed, or would."""
    require_startable(run)
    values = {
        "run_id": run.run_id, "states": list(states), "task_ids": task_ids, "night": night, "reason": reason,
    }  # fmt: skip
    return _change(connection, "retry", values, dry_run=dry_run)


def _change(connection: Session, name: str, values: dict[str, Any], *, dry_run: bool = False) -> list[Row]:
    with connection.transaction(force_rollback=dry_run):
        changed = connection.execute(statement(f"production/{name}"), values).fetchall()
        tasks = _tasks(connection, [row[0] for row in changed])
        if changed and not dry_run:
            connection.execute(statement("production/notify"), {"run": str(values["run_id"])})
    return tasks


def status(connection: Session, run: str | None = None) -> list[Row]:
    """List runs with their tasks by state."""
    return _rows(connection, "status", {"run": run})


def failures(connection: Session, run: str) -> list[Row]:
    """Failed and dead tasks grouped by error."""
    return _rows(connection, "failures", {"run": run})


def attempts(connection: Session, run: str, outcome: str | None = None, scan: int | None = None) -> list[Row]:
    """Every try of a run, newest last."""
    return _rows(connection, "attempts", {"run": run, "outcome": outcome, "scan": scan})


def _rows(connection: Session, name: str, values: dict[str, Any]) -> list[Row]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement(f"production/{name}"), values).fetchall()
