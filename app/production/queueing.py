"""Queueing: the tasks that the plan asks for, and what they wait for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg import Connection, Rollback
from psycopg.types.json import Jsonb

from app.db.statements import statement
from app.errors import ConflictError
from app.models.production import RunKind, Scope
from app.production.final_runs import refuse_replaced_reference
from app.production.plan import PLAN, Plan, PlanError
from app.production.runs import Run, lock_run, refuse_closed, refuse_sky, refuse_unfrozen
from app.production.selection import Selection
from app.production.tasks import Rows, describe_tasks


class UnknownBlockError(ConflictError):
    """A kind of task is of a hardware block, and nobody has said which block a night belongs to."""

    code = "UNKNOWN_BLOCK"


def queue_run(
    connection: Connection[Any],
    name: str,
    selection: Selection,
    max_attempts: int,
    *,
    dry_run: bool = False,
    plan: Plan = PLAN,
) -> Rows:
    """Queue everything ingested that the run can do and does not have yet.

    A task that stands already and has not begun waits for new ones of which the plan says so; one that is running or
    done does not notice them.

    Parameters
    ----------
    connection : Connection
        Operator's, in autocommit mode.
    name : str
        Name of the run.
    selection : Selection
        Scans that are meant; tasks of larger scope are queued when one of their scans is.
    max_attempts : int
        Lost or transient attempts after which a task is dead.
    dry_run : bool
        Do the same and roll it back.
    plan : Plan
        Kinds of task; those of this version unless a test tries others.

    Returns
    -------
    list of dict
        The new tasks in the order of their priority.

    Raises
    ------
    UnknownNameError
        Raised if there is no such run.
    ConflictError
        Raised if the run is final and not frozen, or closed, or draws the sky of a release.
    MissingInputError
        Raised if the run is final and its reference catalogue was replaced.
    UnknownBlockError
        Raised if the plan has tasks of blocks and a night belongs to none.
    PlanError
        Raised if the database knows a kind of the plan with another scope.
    """
    added: Rows = []
    with connection.transaction():
        run = lock_run(connection, name)
        refuse_unfrozen(run)
        refuse_closed(run)
        refuse_sky(run)
        refuse_replaced_reference(connection, run)
        declare_kinds(connection, plan)
        rows = plan.rows_to_queue(RunKind(run.kind))
        task_ids = add_tasks(connection, run, selection, max_attempts, rows, plan)
        connect_tasks(connection, run, task_ids, plan)
        added = describe_tasks(connection, task_ids)
        if dry_run:
            raise Rollback
        if task_ids:
            connection.execute(statement("production/queue/notify"), {"run": name})
    return added


def add_tasks(
    connection: Connection[Any],
    run: Run,
    selection: Selection,
    max_attempts: int,
    rows: list[dict[str, Any]],
    plan: Plan = PLAN,
) -> list[int]:
    """Add waiting tasks for a selection of scans; call it in a transaction, and `connect_tasks` afterwards.

    Parameters
    ----------
    connection : Connection
        Operator's, with the run locked.
    run : Run
        Run that gets the tasks.
    selection : Selection
        Scans that are meant.
    max_attempts : int
        Lost or transient attempts after which a task is dead.
    rows : list of dict
        Rows of the plan that are queued.
    plan : Plan
        Kinds of task; it says which of them a block has for every night.

    Raises
    ------
    UnknownBlockError
        Raised if rows are of blocks and a night belongs to none.
    """
    blocks = [row for row in rows if row["scope"] == Scope.BLOCK]
    if blocks:
        entries = sorted({entry for row in blocks for entry in row["entries"]})
        _refuse_unknown_blocks(connection, selection, entries)
    values = {
        "run_id": run.run_id,
        "max_attempts": max_attempts,
        "plan": Jsonb(rows),
        "of_whole_blocks": plan.of_whole_blocks(rows),
    }
    queued = connection.execute(statement("production/queue/queue_tasks"), values | selection.values())
    return [task_id for (task_id,) in queued.fetchall()]


def declare_kinds(connection: Connection[Any], plan: Plan) -> None:
    """Make the kinds of a plan known to the database, so that tasks can refer to them.

    Parameters
    ----------
    connection : Connection
        Operator's.
    plan : Plan
        Kinds in their order.

    Raises
    ------
    PlanError
        Raised if a kind is known with another scope.
    """
    rows = plan.queue_rows()
    known = {
        kind: (scope, position)
        for kind, scope, position in connection.execute(statement("production/queue/kinds"))
    }
    for row in rows:
        scope, _position = known.get(row["kind"], (row["scope"], None))
        if scope != row["scope"]:
            raise PlanError(
                f"tasks of kind {row['kind']} are of a {row['scope']} by the plan",
                expected=f"of a {scope}, as the database has them",
                remedy="give the kind another name",
            )
    # Written only when something is new: tasks of other runs are queued at the same time.
    if any(known.get(row["kind"]) != (row["scope"], row["position"]) for row in rows):
        connection.execute(statement("production/queue/declare_kinds"), {"plan": Jsonb(rows)})


def connect_tasks(connection: Connection[Any], run: Run, task_ids: Sequence[int], plan: Plan = PLAN) -> None:
    """Add what the plan says that new tasks wait for, and what waits for them; call it in their transaction.

    Parameters
    ----------
    connection : Connection
        Operator's, with the run locked.
    run : Run
        Run of the tasks.
    task_ids : sequence of int
        New tasks, all of them waiting.
    plan : Plan
        Kinds of task with their edges.
    """
    if not task_ids:
        return
    new = {
        "run_id": run.run_id,
        "first_new": min(task_ids),
        "edges": Jsonb(plan.edge_rows(RunKind(run.kind))),
    }
    pairs = connection.execute(statement("production/queue/find_edges"), new).fetchall()
    waiting, upstream = [task_id for task_id, _ in pairs], [task_id for _, task_id in pairs]
    ends = sorted({*waiting, *upstream})
    connection.execute(statement("production/queue/lock_tasks_in_order"), {"task_ids": ends})
    edges = {"task_ids": waiting, "upstream_ids": upstream}
    connection.execute(statement("production/queue/add_dependencies"), edges)
    connection.execute(statement("production/queue/settle_waiting"), {"task_ids": list(task_ids)})
    connection.execute(statement("production/queue/block_dependents"), {"task_ids": list(task_ids)})


def _refuse_unknown_blocks(connection: Connection[Any], selection: Selection, entries: Sequence[str]) -> None:
    values = selection.values() | {"entries": list(entries)}
    nights = connection.execute(statement("production/queue/nights_without_block"), values).fetchall()
    if nights:
        names = ", ".join(f"{date}{hemis}" for date, hemis in nights)
        raise UnknownBlockError(
            f"nights {names} belong to no hardware block",
            expected="survey.night.block for every night",
            remedy="ingest the night again, which names it by its cameras, or: mapps night block",
        )
