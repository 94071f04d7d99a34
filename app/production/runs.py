"""Runs: a name, a kind, a pipeline; what an operator creates, freezes, holds and seals."""

from __future__ import annotations

import getpass
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from app.db.statements import statement
from app.errors import ConflictError, UnknownNameError, UserError
from app.models.production import RunKind, RunState
from app.production.pipelines import Pipeline, register_pipeline

Session = Connection[Any]
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}", re.IGNORECASE)


class RunNameError(UserError):
    """A run's name has letters that do not fit file names and URLs."""

    code = "RUN_NAME"


class NotFrozenError(ConflictError):
    """A final run needs a frozen pipeline."""

    code = "NOT_FROZEN"


@dataclass(frozen=True)
class Run:
    """One run and its pipeline."""

    run_id: int
    name: str
    kind: str
    state: str
    zones: int
    sealed_at: datetime | None
    code_version: str
    code_commit: str
    pipeline_hash: str
    parameters: dict[str, Any]
    frozen_at: datetime | None


def find_run(connection: Session, name: str) -> Run:
    """Look a run up by name. Raised if there is none: UnknownNameError."""
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(statement("production/find_run"), {"run": name}).fetchone()
    if row is None:
        raise UnknownNameError(f"run {name!r}", expected="the name of a run", remedy="see: mapps run list")
    return Run(**row)


def create_run(connection: Session, name: str, kind: RunKind, pipeline: Pipeline, zones: int = 1) -> Run:
    """Create a run with its source partitions, in one transaction.

    Raised if the name is taken (ConflictError) or has strange letters (RunNameError).
    """
    if not _NAME.fullmatch(name):
        raise RunNameError(f"run name {name!r}", expected="letters, digits, '.', '_' and '-', at most 63")
    with connection.transaction():
        pipeline_id = register_pipeline(connection, pipeline)
        values = {
            "name": name, "kind": kind.value, "pipeline_id": pipeline_id, "zones": zones, "created_by": _person(),
        }  # fmt: skip
        row = connection.execute(statement("production/insert_run"), values).fetchone()
        if row is None:
            raise ConflictError(
                f"run {name!r} exists", remedy=f"choose another name, or see: mapps run status {name}"
            )
        connection.execute("SELECT wsdb.create_run_partitions(%s, %s)", (row[0], zones))
    return find_run(connection, name)


def _person() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def freeze_run(connection: Session, name: str) -> Run:
    """Freeze the pipeline of a run; harmless when repeated.

    Raised if the code is not a clean commit (NotFrozenError): nobody could come back to it.
    """
    run = find_run(connection, name)
    if run.code_commit == "unknown" or run.code_commit.endswith("+changes"):
        raise NotFrozenError(
            f"run {name!r} was created by commit {run.code_commit}",
            expected="a clean commit",
            remedy="commit the changes and create the run again",
        )
    connection.execute(statement("production/freeze"), {"run": name})
    connection.commit()
    return find_run(connection, name)


def require_startable(run: Run) -> None:
    """Refuse work for a closed run or a final run that is not frozen.

    Raised if the run is closed (ConflictError) or final and not frozen (NotFrozenError).
    """
    if run.state == RunState.CLOSED:
        raise ConflictError(f"run {run.name!r} is closed", remedy="create another run")
    if run.kind == RunKind.FINAL and run.frozen_at is None:
        raise NotFrozenError(
            f"run {run.name!r} is final and its pipeline is not frozen", remedy=f"mapps run freeze {run.name}"
        )


def set_state(connection: Session, name: str, state: RunState) -> Run:
    """Hold a run, open it again or close it for good. Raised if it is closed: ConflictError."""
    run = find_run(connection, name)
    if (
        connection.execute(
            statement("production/set_run_state"), {"run": name, "state": state.value}
        ).fetchone()
        is None
    ):
        raise ConflictError(f"run {name!r} is {run.state}", remedy="create another run")
    connection.commit()
    return find_run(connection, name)


def seal_run(connection: Session, name: str) -> Run:
    """Build the positional indexes of a run; harmless when repeated."""
    run = find_run(connection, name)
    connection.execute("SELECT wsdb.seal_run(%s)", (run.run_id,))
    connection.commit()
    return find_run(connection, name)
