"""Recall: what used an input (`InputKind`) or a version of the code, and doing it again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, Rollback, errors
from psycopg.rows import dict_row

from app.db.locks import RELEASES
from app.db.statements import statement
from app.errors import ConflictError
from app.models.production import InputKind, RunKind, TaskState
from app.production.plan import PLAN, SCAN, Plan
from app.production.queueing import add_tasks, connect_tasks
from app.production.runs import Run, lock_run, refuse_unfrozen
from app.production.selection import Night, Selection
from app.production.task_plan import Renewal
from app.production.tasks import Rows, describe_tasks


@dataclass(frozen=True)
class Recalled:
    """What is recalled: inputs of one kind, or a version of the code.

    Attributes
    ----------
    kind : InputKind or None
        Kind of the inputs; None for a version of the code.
    keys : tuple of int
        Keys of the inputs: `app.production.addresses` finds them.
    code_version : str or None
        Version of the code that ran.
    code_commit : str or None
        Start of a commit; narrows `code_version`.
    """

    kind: InputKind | None = None
    keys: tuple[int, ...] = ()
    code_version: str | None = None
    code_commit: str | None = None


@dataclass(frozen=True)
class Requeued:
    """What a requeue did: the run that has the tasks now, and the tasks."""

    run: str
    tasks: Rows


def users_of(connection: Connection[Any], recalled: Recalled, run: str | None = None) -> Rows:
    """Find the accepted attempts that depend on what is recalled, with their sources and releases.

    Parameters
    ----------
    connection : Connection
        Operator's or reader's.
    recalled : Recalled
        Inputs or code.
    run : str, optional
        Name of the only run to look at.

    Returns
    -------
    list of dict
        An attempt a row: how it depends (`through`), and its sources, counted in the table itself.
    """
    rows = _attempts(connection, recalled, run)
    keys = {
        "run_ids": sorted({row["run_id"] for row in rows}),
        "attempt_ids": [row["attempt_id"] for row in rows],
    }
    counted = connection.execute(statement("production/recall/count_sources"), keys).fetchall()
    sources = {attempt_id: count for attempt_id, _, count in counted}
    return [row | {"sources": sources.get(row["attempt_id"], 0)} for row in rows]


def _attempts(connection: Connection[Any], recalled: Recalled, run: str | None) -> Rows:
    values = {
        "kind": None if recalled.kind is None else recalled.kind.value,
        "keys": list(recalled.keys),
        "code_version": recalled.code_version,
        "code_commit": recalled.code_commit,
        "run": run,
    }
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement("production/recall/recall_attempts"), values).fetchall()


def requeue(
    connection: Connection[Any],
    recalled: Recalled,
    max_attempts: int,
    *,
    run: str | None = None,
    into: str | None = None,
    dry_run: bool = False,
) -> list[Requeued]:
    """Do the tasks of the users again, in place or in another run.

    Parameters
    ----------
    connection : Connection
        Operator's, in autocommit mode.
    recalled : Recalled
        Inputs or code.
    max_attempts : int
        Lost or transient attempts after which a task that is new in the other run is dead.
    run : str, optional
        Only users in this run.
    into : str, optional
        Name of another run; the former results stay as they are.
    dry_run : bool
        Do the same and roll it back.

    Raises
    ------
    ConflictError
        Raised if a published release rests on one of the tasks, in place, or the other run is final and did not select
        one of the scans.
    UnknownNameError
        Raised if there is no such other run.
    """
    done: list[Requeued] = []
    with connection.transaction():
        if into is None:
            _retire(connection, recalled, run)
        users = _attempts(connection, recalled, run)
        if into is not None:
            with _selected_alone():
                done.append(_queue_into(connection, into, [row["task_id"] for row in users], max_attempts))
        else:
            for name in sorted({row["run"] for row in users}):
                tasks = [row["task_id"] for row in users if row["run"] == name]
                done.append(queue_again(connection, name, tasks))
        if dry_run:
            raise Rollback
    return done


@contextmanager
def _selected_alone() -> Iterator[None]:
    """Say in words what the guard of final runs refuses (sql/schema/hand/50_production.sql): it knows their scans."""
    try:
        yield
    except errors.ObjectNotInPrerequisiteState as error:
        raise ConflictError(
            error.diag.message_primary or str(error),
            expected="scans that the final run selected",
            remedy="recall into a preliminary run, or make a new final run",
        ) from error


def _retire(connection: Connection[Any], recalled: Recalled, run: str | None) -> None:
    """Make sure that no attempt publishes with a product that will be made again.

    Waits for publications that use one at this moment, so that they are among the users afterwards; later ones are
    refused.
    """
    connection.execute(statement("production/recall/await_releases"), {"key": RELEASES})
    if recalled.kind is InputKind.CALIBRATION:
        products = {"calibration_ids": list(recalled.keys)}
        connection.execute(statement("production/recall/retire_product"), products)
        return
    for user in _attempts(connection, recalled, run):
        connection.execute(statement("production/recall/retire_products"), {"attempt_id": user["attempt_id"]})


def _refuse_released(connection: Connection[Any], name: str, task_ids: Sequence[int]) -> None:
    """Refuse to take back rows, images and calibrations that published releases rest on; the rest of a run is free."""
    wanted = {"attempt_ids": [], "task_ids": sorted(task_ids)}
    released = connection.execute(statement("production/recall/released_attempts"), wanted).fetchall()
    if released:
        locked = len({attempt_id for attempt_id, _ in released})
        raise ConflictError(
            f"release {', '.join(sorted({release for _, release in released}))} was drawn from {locked} of"
            f" {len(task_ids)} tasks of run {name!r} that would be done again",
            expected="tasks that no published release rests on",
            remedy="recall into another run (--requeue --into RUN), or less of this one",
        )


def followers(
    connection: Connection[Any], task_ids: Sequence[int], plan: Plan = PLAN, *, final: bool
) -> list[int]:
    """Find done tasks of kinds that are renewed by themselves and wait for some tasks that are done again.

    Parameters
    ----------
    connection : Connection
        Operator's.
    task_ids : sequence of int
        Tasks that are done again.
    plan : Plan
        Kinds with their policies.
    final : bool
        Whether their run is final.
    """
    values = {"task_ids": list(task_ids)}
    found = connection.execute(statement("production/recall/done_dependents"), values).fetchall()
    return [
        task_id
        for task_id, kind in found
        if task_id not in task_ids and plan.renewal_of(kind, final=final) is Renewal.BY_ITSELF
    ]


def queue_again(connection: Connection[Any], name: str, task_ids: Sequence[int]) -> Requeued:
    """Done -> waiting or ready; what they published stays accepted until they publish again.

    Parameters
    ----------
    connection : Connection
        Operator's, inside a transaction that holds the shared lock of releases.
    name : str
        Name of the run.
    task_ids : sequence of int
        Tasks; those that are not done stay as they are.

    Raises
    ------
    ConflictError
        Raised if published releases rest on what one of the tasks made.
    """
    run = lock_run(connection, name)
    _refuse_released(connection, name, task_ids)
    wanted = {
        "run_id": run.run_id,
        "states": [TaskState.DONE.value],
        "task_ids": sorted(task_ids),
        "date": None,
        "hemis": None,
        "scans": None,
        "reason": None,
    }
    ids = [row[0] for row in connection.execute(statement("production/operate/lock_tasks"), wanted)]
    keys = {"task_ids": ids}
    connection.execute(statement("production/operate/try_again"), keys)
    connection.execute(statement("production/queue/lock_upstream"), keys)
    connection.execute(statement("production/queue/settle_waiting"), keys)
    connection.execute(statement("production/queue/block_dependents"), keys)
    connection.execute(statement("production/queue/notify"), {"run": name})
    return Requeued(name, describe_tasks(connection, ids))


def _add_calibrations(
    connection: Connection[Any], run: Run, task_ids: Sequence[int], max_attempts: int
) -> list[int]:
    """Queue what scans need in this kind of run: where they were done before they may have needed something else."""
    kinds = PLAN.needed_by(SCAN.kind, RunKind(run.kind))
    rows = [row for row in PLAN.rows_to_queue(RunKind(run.kind)) if row["kind"] in kinds]
    scans = [task for task in describe_tasks(connection, task_ids) if task["kind"] == SCAN.kind]
    added: list[int] = []
    for date, hemis in sorted({(task["date"], task["hemis"]) for task in scans}):
        numbers = [task["scan"] for task in scans if (task["date"], task["hemis"]) == (date, hemis)]
        selection = Selection(Night(date, hemis), tuple(sorted(numbers)))
        added += add_tasks(connection, run, selection, max_attempts, rows)
    return added


def _queue_into(
    connection: Connection[Any], name: str, task_ids: Sequence[int], max_attempts: int
) -> Requeued:
    run = lock_run(connection, name)
    refuse_unfrozen(run)
    values = {
        "run_id": run.run_id,
        "task_ids": sorted(task_ids),
        "max_attempts": max_attempts,
        "left_out": [row.kind for row in PLAN.rows if RunKind(run.kind) not in row.queued_in],
    }
    ids = [row[0] for row in connection.execute(statement("production/recall/copy_tasks"), values)]
    ids += _add_calibrations(connection, run, ids, max_attempts)
    connect_tasks(connection, run, ids)
    connection.execute(statement("production/queue/notify"), {"run": name})
    return Requeued(name, describe_tasks(connection, ids))
