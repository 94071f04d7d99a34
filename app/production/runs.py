"""Runs: create, freeze, hold, resume, seal, list."""

from __future__ import annotations

import getpass
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row, dict_row

from app.db.statements import statement
from app.errors import ConflictError, UnknownNameError, UserError
from app.models.production import RunKind, RunState
from app.production.pipelines import Pipeline, register
from app.quality.night_grading import newest_shipped
from app.quality.rule_sets import ensure_rules
from app.version import UNKNOWN

ZONES = (1, 12, 48, 192)
"""Numbers of src_id ranges a run may have: one HEALPix order each."""

# The name stands in commands, file names and URLs.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


class RunNameError(UserError):
    """The name cannot be used for a run."""

    code = "RUN_NAME"


@dataclass(frozen=True)
class Run:
    """A run with its pipeline, as `lock_run` gives it."""

    run_id: int
    name: str
    kind: str
    state: str
    zones: int
    sealed_at: datetime | None
    pipeline_id: int
    pipeline_hash: str
    code_version: str
    code_commit: str
    frozen_at: datetime | None
    release_id: int | None = None
    """Release whose sky it draws; None for runs that reduce scans."""


def create_run(
    connection: Connection[Any], name: str, kind: RunKind, pipeline: Pipeline, zones: int = 1
) -> Run:
    """Create a run with its source partitions.

    Parameters
    ----------
    connection : Connection
        Operator's, in autocommit mode.
    name : str
        Name of the run: up to 63 letters, digits, dots, dashes and underscores.
    kind : RunKind
        A preliminary run may follow the code; a final one needs code that can be found again.
    pipeline : Pipeline
        Code and parameters of the run.
    zones : int
        Parts of the source table: 1 for a night, 48 for the sky.

    Raises
    ------
    RunNameError, ConflictError
        Raised if the name cannot be used, or is taken.
    """
    if _NAME.fullmatch(name) is None:
        raise RunNameError(
            f"{name!r} is no name for a run",
            expected="up to 63 letters, digits, dots, dashes and underscores",
        )
    if zones not in ZONES:
        raise ConflictError(f"zones = {zones}", expected=f"one of {', '.join(map(str, ZONES))}")
    if kind is RunKind.FINAL:
        _refuse_vague(pipeline)
    with connection.transaction():
        values = {
            "name": name,
            "kind": kind.value,
            "pipeline_id": register(connection, pipeline),
            "zones": zones,
            "created_by": getpass.getuser(),
        }
        row = connection.execute(statement("production/operate/add_run"), values).fetchone()
        if row is None:
            raise ConflictError(f"there is a run {name!r} already", remedy="choose another name")
        connection.execute(
            statement("production/operate/create_partitions"), {"run_id": row[0], "zones": zones}
        )
        # Its nights grade themselves, by workers who may not load rules.
        ensure_rules(connection, newest_shipped())
        return lock_run(connection, name)


def _refuse_vague(pipeline: Pipeline) -> None:
    """Refuse a final run of code that nobody could find again."""
    if pipeline.code_commit == UNKNOWN:
        raise ConflictError(
            "the commit of this code is unknown",
            expected="a commit, for a final run",
            remedy="run from a git checkout, or set MAPPS_COMMIT to the commit that the code was taken from",
        )
    if "+" in pipeline.code_commit:
        raise ConflictError(
            f"the code is at commit {pipeline.code_commit}",
            expected="a commit without changes, for a final run",
            remedy="commit the changes first, or make a preliminary run",
        )


def lock_run(connection: Connection[Any], name: str) -> Run:
    """Lock a run for an operator's change; call it inside a transaction.

    Raises
    ------
    UnknownNameError
        Raised if there is no such run.
    """
    with connection.cursor(row_factory=class_row(Run)) as cursor:
        found = cursor.execute(statement("production/operate/lock_run"), {"name": name}).fetchone()
    if found is None:
        raise unknown_run(connection, name)
    return found


def run_id_of(connection: Connection[Any], name: str) -> int:
    """Key of a run.

    Raises
    ------
    UnknownNameError
        Raised if there is no such run.
    """
    row = connection.execute(statement("production/operate/find_run"), {"name": name}).fetchone()
    if row is None:
        raise unknown_run(connection, name)
    return int(row[0])


def unknown_run(connection: Connection[Any], name: str) -> UnknownNameError:
    """Error that names the runs there are."""
    rows = connection.execute(statement("production/operate/run_names")).fetchmany(10)
    names = ", ".join(repr(known) for (known,) in rows)
    return UnknownNameError(
        f"there is no run {name!r}",
        expected=f"one of {names}" if names else "",
        remedy="" if names else f"create it: mapps run create {name} --kind preliminary",
    )


def freeze_run(connection: Connection[Any], name: str) -> Run:
    """Freeze the pipeline of a run; from then on nobody can change it. Harmless when repeated.

    Raises
    ------
    ConflictError
        Raised if the pipeline was made from changed or unknown code.
    """
    with connection.transaction():
        run = lock_run(connection, name)
        if run.frozen_at is None:
            _refuse_vague(Pipeline(run.code_version, run.code_commit, {}))
            connection.execute(
                statement("production/operate/freeze_pipeline"), {"pipeline_id": run.pipeline_id}
            )
        return lock_run(connection, name)


def refuse_unfrozen(run: Run) -> None:
    """Refuse to queue for a final run whose pipeline may still change.

    Raises
    ------
    ConflictError
        Raised if the run is final and its pipeline not frozen.
    """
    if run.kind == RunKind.FINAL and run.frozen_at is None:
        raise ConflictError(
            f"run {run.name!r} is final and its pipeline is not frozen",
            remedy=f"freeze it: mapps run freeze {run.name}",
        )


def refuse_sky(run: Run) -> None:
    """Refuse to give scans to a run that draws the sky of a release.

    Raises
    ------
    ConflictError
        Raised if the run draws a release.
    """
    if run.release_id is not None:
        raise ConflictError(
            f"run {run.name!r} draws the sky of a release",
            expected="a run that reduces scans",
            remedy="mapps release hips RELEASE --queue, for the sky",
        )


def refuse_closed(run: Run) -> None:
    """Refuse to change the tasks of a closed run.

    Raises
    ------
    ConflictError
        Raised if the run is closed.
    """
    if run.state == RunState.CLOSED:
        raise ConflictError(f"run {run.name!r} is closed", remedy=f"open it: mapps run resume {run.name}")


def set_run_state(connection: Connection[Any], name: str, state: RunState, reason: str | None = None) -> Run:
    """Open or hold a whole run.

    Parameters
    ----------
    connection : Connection
        Operator's, in autocommit mode.
    name : str
        Name of the run.
    state : RunState
        Whether workers may claim from it.
    reason : str, optional
        Why it is held, for people; shown by `mapps run status`.
    """
    with connection.transaction():
        run = lock_run(connection, name)
        values = {"run_id": run.run_id, "state": state.value, "reason": reason}
        connection.execute(statement("production/operate/set_run_state"), values)
        if state is RunState.OPEN:
            connection.execute(statement("production/queue/notify"), {"run": name})
        return lock_run(connection, name)


def seal_run(connection: Connection[Any], name: str) -> Run:
    """Build the positional and scan indexes of a run; harmless when repeated."""
    with connection.transaction():
        run = lock_run(connection, name)
        connection.execute(statement("production/operate/seal_run"), {"run_id": run.run_id})
        return lock_run(connection, name)


def seal_drained(connection: Connection[Any], name: str | None = None) -> list[str]:
    """Seal the runs, or the named one, that have nothing left to do, so that cone searches find their index.

    Returns
    -------
    list of str
        Names of the runs that were sealed now.
    """
    rows = connection.execute(statement("production/operate/drained_runs"), {"run": name}).fetchall()
    for (drained,) in rows:
        seal_run(connection, drained)
    return [str(drained) for (drained,) in rows]


def list_runs(connection: Connection[Any], name: str | None = None) -> list[dict[str, Any]]:
    """All runs, or one, with counts of their tasks.

    Raises
    ------
    UnknownNameError
        Raised if the named run does not exist.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(statement("production/operate/runs"), {"name": name}).fetchall()
    if name is not None and not rows:
        raise unknown_run(connection, name)
    return rows
