"""Stale tasks: done, but an input changed, came late or was recalled since; and runs that mix inputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from psycopg import Connection, Rollback
from psycopg.rows import class_row

from app.db.locks import RELEASES
from app.db.statements import statement
from app.models.production import RunKind
from app.production.plan import PLAN, Plan
from app.production.queueing import queue_run
from app.production.recall import followers, queue_again
from app.production.runs import list_runs, lock_run, refuse_closed
from app.production.selection import Selection
from app.production.task_plan import Again, Renewal
from app.production.tasks import Rows, describe_tasks


@dataclass(frozen=True)
class StaleTask:
    """A done task with inputs that are no longer those it had.

    Attributes
    ----------
    task : dict
        The task, as `describe_tasks` gives it.
    attempt_id : int
        Its accepted attempt.
    reasons : tuple of str
        What became of the inputs, for people.
    renewal : Renewal
        Who makes it ready again.
    """

    task: dict[str, Any]
    attempt_id: int
    reasons: tuple[str, ...]
    renewal: Renewal


@dataclass(frozen=True)
class Mixture:
    """A value of which a run has more than one.

    Attributes
    ----------
    run, run_kind : str
        Name and kind of the run.
    kind : str
        reference catalogue, parameter set or code.
    value : str
        Name and start of the hash.
    attempts : int
        Accepted attempts that had it.
    """

    run: str
    run_kind: str
    kind: str
    value: str
    attempts: int


@dataclass(frozen=True)
class _Change:
    """One input of one task, as `find_stale` gives it."""

    task_id: int
    attempt_id: int
    input: str
    again: str
    told: str


def stale_tasks(
    connection: Connection[Any], name: str, selection: Selection | None = None, plan: Plan = PLAN
) -> list[StaleTask]:
    """List the done tasks of a run whose inputs changed, for the reasons that the plan has for their kinds.

    Parameters
    ----------
    connection : Connection
        Reader's or operator's.
    name : str
        Name of the run.
    selection : Selection, optional
        Scans that are meant; all when absent.
    plan : Plan
        Kinds with their policies.

    Raises
    ------
    UnknownNameError
        Raised if there is no such run.
    """
    [run] = list_runs(connection, name)
    values = (selection or Selection()).values() | {"name": name}
    with connection.cursor(row_factory=class_row(_Change)) as cursor:
        changes = cursor.execute(statement("production/recall/find_stale"), values).fetchall()
    reasons = {row.kind: {again.name.lower() for again in row.again} for row in plan.rows}
    by_task = {key: list(group) for key, group in groupby(changes, lambda change: change.task_id)}
    found = []
    for task in describe_tasks(connection, list(by_task)):
        kept = [c for c in by_task[task["task_id"]] if c.again in reasons.get(task["kind"], _ALL)]
        if kept:
            renewal = plan.renewal_of(task["kind"], final=run["kind"] == RunKind.FINAL)
            found.append(StaleTask(task, kept[0].attempt_id, tuple(c.told for c in kept), renewal))
    return found


_ALL = frozenset(again.name.lower() for again in Again)


def renew(
    connection: Connection[Any],
    name: str,
    selection: Selection | None = None,
    *,
    policies: tuple[Renewal, ...] = (Renewal.BY_ITSELF, Renewal.ON_REQUEST),
    dry_run: bool = False,
    plan: Plan = PLAN,
) -> Rows:
    """Make the stale tasks of a run ready again whose policy allows it.

    What they published stays accepted until they publish again. Tasks that used what they made are not touched, they
    are stale themselves if it comes out different; but those that are renewed by themselves follow at once, so that a
    night that is solved again is graded again without another queueing.

    Parameters
    ----------
    connection : Connection
        Operator's, in autocommit mode or inside a transaction of its own.
    name : str
        Name of the run.
    selection : Selection, optional
        Scans that are meant; all when absent.
    policies : tuple of Renewal
        Tasks of which policy are meant.
    dry_run : bool
        Do the same and roll it back.
    plan : Plan
        Kinds with their policies.

    Returns
    -------
    list of dict
        The tasks as they are then.

    Raises
    ------
    UnknownNameError
        Raised if there is no such run.
    ConflictError
        Raised if the run is closed, or a published release was drawn from it.
    """
    again: Rows = []
    with connection.transaction():
        connection.execute(statement("production/recall/await_releases"), {"key": RELEASES})
        run = lock_run(connection, name)
        refuse_closed(run)
        stale = [t for t in stale_tasks(connection, name, selection, plan) if t.renewal in policies]
        wanted = [task.task["task_id"] for task in stale]
        if Renewal.BY_ITSELF in policies:
            wanted += followers(connection, wanted, plan, final=run.kind == RunKind.FINAL)
        if wanted:
            again = queue_again(connection, name, wanted).tasks
        if dry_run:
            raise Rollback
    return again


def queue_and_renew(
    connection: Connection[Any],
    name: str,
    selection: Selection,
    max_attempts: int,
    *,
    dry_run: bool = False,
    plan: Plan = PLAN,
) -> tuple[Rows, Rows]:
    """Queue what a run does not have yet, and make stale tasks ready again of kinds that the plan renews by itself.

    Parameters
    ----------
    connection : Connection
        Operator's, in autocommit mode.
    name : str
        Name of the run.
    selection : Selection
        Scans that are meant.
    max_attempts : int
        Lost or transient attempts after which a task is dead.
    dry_run : bool
        Do the same and roll it back.
    plan : Plan
        Kinds with their policies.

    Returns
    -------
    list of dict
        New tasks.
    list of dict
        Tasks made ready again.

    Raises
    ------
    UnknownNameError, ConflictError, PlanError
        Raised as by `queue_run` and `renew`.
    """
    added: Rows = []
    again: Rows = []
    with connection.transaction():
        added = queue_run(connection, name, selection, max_attempts, plan=plan)
        if any(Renewal.BY_ITSELF in {row.renewal, row.renewal_final} for row in plan.rows):
            again = renew(connection, name, selection, policies=(Renewal.BY_ITSELF,), plan=plan)
        if dry_run:
            raise Rollback
    return added, again


def mixtures(connection: Connection[Any], name: str | None = None) -> list[Mixture]:
    """Find runs whose accepted attempts differ in reference catalogue, parameters or code.

    Parameters
    ----------
    connection : Connection
        Reader's or more.
    name : str, optional
        Name of the only run to look at.

    Returns
    -------
    list of Mixture
        One entry a value; two or more of the same run and kind of input.
    """
    with connection.cursor(row_factory=class_row(Mixture)) as cursor:
        return cursor.execute(statement("production/recall/mixtures"), {"name": name}).fetchall()


def told_mixtures(found: list[Mixture]) -> Iterator[str]:
    """Write mixtures for people, one line a run and kind of input.

    Examples
    --------
    >>> pair = [Mixture("a", "final", "code", "1 ab", 2), Mixture("a", "final", "code", "1 cd", 1)]
    >>> list(told_mixtures(pair))
    ['run a mixes 2 values of code: 1 ab in 2 attempts, 1 cd in 1 attempts']
    """
    for (run, kind), group in groupby(found, lambda row: (row.run, row.kind)):
        values = [f"{row.value} in {row.attempts} attempts" for row in group]
        yield f"run {run} mixes {len(values)} values of {kind}: {', '.join(values)}"
