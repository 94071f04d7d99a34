"""Runs that draw the sky of a release as tiles: one a release, a task a part of the sky and one for the whole.

A release is drawn from several runs, some of them closed or of frozen code, so that its tiles are tasks of none of them
(decision 0029).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg import Connection, Rollback
from psycopg.rows import dict_row

from app.db.locks import RELEASES
from app.db.statements import statement
from app.models.production import RunKind, TaskState
from app.production.pipelines import Pipeline
from app.production.plan import PLAN, SKY_OVERVIEW, SKY_TILES
from app.production.queueing import connect_tasks, declare_kinds
from app.production.recall import queue_again
from app.production.runs import Run, create_run, lock_run, refuse_closed
from app.production.tasks import Rows, TaskFilter, describe_tasks, retry_tasks

LONGEST_RELEASE = 59
"""Letters of a release's name that a run's name has room for, behind `sky-`."""


def request_sky(
    connection: Connection[Any],
    release: tuple[int, str],
    cells: Sequence[int],
    pipeline: Pipeline,
    max_attempts: int,
    *,
    dry_run: bool = False,
) -> tuple[str, Rows]:
    """Queue the tiles of a release, or those that are done, failed or dead once more; others are left alone.

    Parameters
    ----------
    connection : Connection
        Operator's, in autocommit mode.
    release : (int, str)
        Key and name of a published release.
    cells : sequence of int
        Parts of the sky that it has images of: HEALPix cells of order 3, nested.
    pipeline : Pipeline
        Code at hand: that of the run, if it is not there yet.
    max_attempts : int
        Lost or transient attempts after which a task is dead.
    dry_run : bool
        Do the same and roll it back.

    Returns
    -------
    run : str
        Name of the run that draws the release.
    tasks : list of dict
        Its tasks, as `describe_tasks` gives them.

    Raises
    ------
    ConflictError
        Raised if another run has the name, or the run is closed.
    """
    told: Rows = []
    with connection.transaction():
        connection.execute(statement("production/recall/await_releases"), {"key": RELEASES})
        run = _run_of(connection, release, pipeline)
        refuse_closed(run)
        declare_kinds(connection, PLAN)
        values = {
            "run_id": run.run_id, "tiles": SKY_TILES.kind, "overview": SKY_OVERVIEW.kind, "cells": list(cells),
            "max_attempts": max_attempts,
        }  # fmt: skip
        added = connection.execute(statement("production/queue/queue_sky"), values).fetchall()
        connect_tasks(connection, run, [task_id for (task_id,) in added])
        told = _again(connection, run)
        if dry_run:
            raise Rollback
        connection.execute(statement("production/queue/notify"), {"run": run.name})
    return run.name, told


def _run_of(connection: Connection[Any], release: tuple[int, str], pipeline: Pipeline) -> Run:
    """Give the run of a release, locked; it is made the first time."""
    release_id, name = release
    found = connection.execute(statement("production/operate/sky_run"), {"release_id": release_id}).fetchone()
    if found is not None:
        return lock_run(connection, found[0])
    run = create_run(connection, f"sky-{name[:LONGEST_RELEASE]}", RunKind.PRELIMINARY, pipeline)
    connection.execute(
        statement("production/operate/draw_release"), {"run_id": run.run_id, "release_id": release_id}
    )
    return lock_run(connection, run.name)


def _again(connection: Connection[Any], run: Run) -> Rows:
    with connection.cursor(row_factory=dict_row) as cursor:
        tasks = cursor.execute(statement("production/queue/run_tasks"), {"run_id": run.run_id}).fetchall()
    done = [task["task_id"] for task in tasks if task["state"] == TaskState.DONE]
    failed = [task["task_id"] for task in tasks if task["state"] in {TaskState.FAILED, TaskState.DEAD}]
    if done:
        queue_again(connection, run.name, done)
    if failed:
        retry_tasks(connection, run.name, TaskFilter(task_ids=tuple(failed)))
    return describe_tasks(connection, [task["task_id"] for task in tasks])


def find_sky(connection: Connection[Any], run_id: int) -> tuple[int, str] | None:
    """Give key and name of the release that a run draws; None of other runs.

    Parameters
    ----------
    connection : Connection
        Reader's or more.
    run_id : int
        Key of the run.
    """
    row = connection.execute(statement("production/operate/release_of_run"), {"run_id": run_id}).fetchone()
    return None if row is None else (int(row[0]), str(row[1]))


def cells_of_run(connection: Connection[Any], run_id: int) -> list[int]:
    """Give the cells that a run has tasks of, ascending.

    Parameters
    ----------
    connection : Connection
        Reader's or more.
    run_id : int
        Key of the run.
    """
    rows = connection.execute(statement("production/queue/run_cells"), {"run_id": run_id}).fetchall()
    return [int(cell) for (cell,) in rows]
