"""Jobs as rows: asynchronous queries that outlive the process that took them (IVOA UWS 1.1)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from app.access.limits import Limits
from app.access.parameters import Parameters
from app.db.statements import statement
from app.errors import ConflictError, UnknownNameError
from app.models.access import Phase


class UnknownJobError(UnknownNameError):
    """There is no such job: it was removed, or never was."""

    code = "UNKNOWN_JOB"


@dataclass(frozen=True)
class Job:
    """A row of access.job; its columns are described there."""

    job_id: str
    phase: str
    parameters: dict[str, list[str]]
    label: str | None
    client: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    destroyed_at: datetime
    limit_seconds: float
    error_text: str | None
    result_format: str | None
    result_bytes: int | None
    result_rows: int | None
    overflow: bool

    @property
    def given(self) -> Parameters:
        """Parameters as they were sent, without uploaded tables."""
        return Parameters(self.parameters)


@dataclass(frozen=True)
class Outcome:
    """How a job ended.

    Attributes
    ----------
    error_text : str or None
        What went wrong; None where nothing did.
    result_format : str or None
        Media type of the result.
    result_bytes, result_rows : int or None
        Size of the result.
    overflow : bool
        Whether rows were left out.
    """

    error_text: str | None = None
    result_format: str | None = None
    result_bytes: int | None = None
    result_rows: int | None = None
    overflow: bool = False


def add_job(connection: Connection[Any], parameters: Parameters, client: str, limits: Limits) -> str:
    """Add a job and give its key, which nobody can guess.

    Parameters
    ----------
    connection : Connection
        Operator's.
    parameters : Parameters
        What was sent; PHASE=RUN queues it at once.
    client : str
        Address of the client.
    limits : Limits
        How many jobs a client may keep, for how long, and how long they may run.

    Raises
    ------
    ConflictError
        Raised if the client has as many jobs as it may keep.
    """
    run = parameters.text("PHASE").upper() == "RUN"
    values = {
        "job_id": secrets.token_hex(12), "phase": Phase.QUEUED if run else Phase.PENDING,
        "parameters": Jsonb({name: given for name, given in parameters.values.items() if name != "PHASE"}),
        "label": parameters.text("RUNID") or None, "client": client, "kept_seconds": limits.job_days * 86400,
        "limit_seconds": limits.job_seconds, "most": limits.jobs_of_client,
    }  # fmt: skip
    row = connection.execute(statement("access/add_job"), values).fetchone()
    if row is None:
        raise ConflictError(
            f"this client has {limits.jobs_of_client} jobs already",
            remedy="delete older ones: DELETE /tap/async/JOB",
        )
    return str(row[0])


def find_job(connection: Connection[Any], job_id: str) -> Job:
    """Find a job.

    Raises
    ------
    UnknownJobError
        Raised if there is none of the key.
    """
    cursor = connection.cursor(row_factory=class_row(Job))
    found = cursor.execute(statement("access/find_job"), {"job_id": job_id}).fetchone()
    if found is None:
        raise UnknownJobError(f"there is no job {job_id[:40]!r}", expected="a job that was not removed")
    return found


def list_jobs(
    connection: Connection[Any],
    client: str | None,
    phases: Sequence[str] = (),
    after: datetime | None = None,
    last: int | None = None,
) -> list[Job]:
    """List jobs, newest first.

    Parameters
    ----------
    connection : Connection
        Operator's.
    client : str or None
        Address of the client; None for those of all.
    phases : sequence of str
        Phases that are wanted; all when empty.
    after : datetime, optional
        When they were made at the earliest.
    last : int, optional
        How many.
    """
    cursor = connection.cursor(row_factory=class_row(Job))
    values = {"client": client, "phases": list(phases) or None, "after": after, "last": last}
    return cursor.execute(statement("access/list_jobs"), values).fetchall()


def change_phase(connection: Connection[Any], job_id: str, phase: Phase, origins: Sequence[Phase]) -> bool:
    """Put a job that is in one of some phases into another.

    Parameters
    ----------
    connection : Connection
        Operator's.
    job_id : str
        The job.
    phase : Phase
        Where it goes.
    origins : sequence of Phase
        Where it may come from.

    Returns
    -------
    bool
        Whether it was in one of them.
    """
    values = {"job_id": job_id, "phase": phase, "from": list(origins)}
    return connection.execute(statement("access/change_job"), values).fetchone() is not None


def set_job(
    connection: Connection[Any],
    job_id: str,
    limits: Limits,
    parameters: Parameters | None = None,
    destroyed_at: datetime | None = None,
    limit_seconds: float | None = None,
) -> bool:
    """Change what a client may change of a job.

    Parameters
    ----------
    connection : Connection
        Operator's.
    job_id : str
        The job.
    limits : Limits
        Beyond which nothing is set.
    parameters : Parameters, optional
        All parameters anew; only while it is pending.
    destroyed_at : datetime, optional
        When it is removed.
    limit_seconds : float, optional
        Longest duration of its query. [s]

    Returns
    -------
    bool
        Whether it was changed.
    """
    values = {
        "job_id": job_id, "parameters": None if parameters is None else Jsonb(parameters.values),
        "destroyed_at": destroyed_at, "kept_seconds": limits.job_days * 86400,
        "limit_seconds": None if limit_seconds is None else min(limit_seconds or limits.job_seconds,
        limits.job_seconds),
    }  # fmt: skip
    return connection.execute(statement("access/set_job"), values).fetchone() is not None


def begin_job(connection: Connection[Any]) -> Job | None:
    """Take the oldest queued job; None if there is none."""
    cursor = connection.cursor(row_factory=class_row(Job))
    return cursor.execute(statement("access/begin_job")).fetchone()


def end_job(connection: Connection[Any], job_id: str, outcome: Outcome) -> bool:
    """Close a job that runs.

    Parameters
    ----------
    connection : Connection
        Operator's.
    job_id : str
        The job.
    outcome : Outcome
        How it ended.

    Returns
    -------
    bool
        False where it was aborted or removed meanwhile.
    """
    values = vars(outcome) | {
        "job_id": job_id,
        "phase": Phase.COMPLETED if outcome.error_text is None else Phase.ERROR,
    }
    return connection.execute(statement("access/end_job"), values).fetchone() is not None


def delete_job(connection: Connection[Any], job_id: str) -> bool:
    """Remove a job's row; its files are removed by who has them."""
    return connection.execute(statement("access/delete_job"), {"job_id": job_id}).fetchone() is not None


def keys(connection: Connection[Any], name: str, **values: Any) -> list[str]:
    """Give the keys of jobs that a statement of sql/access/ is about."""
    return [str(row[0]) for row in connection.execute(statement(name), values).fetchall()]
