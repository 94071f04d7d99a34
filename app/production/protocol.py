"""Claim, renew, fail, give back, reap: thin typed calls of the statements in `sql/production/`.

Connections are in autocommit mode; each call is one transaction of its own. `app.production.publishing` has publish.
Only the server's clock counts, and nothing here waits or retries: the worker decides that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.rows import dict_row

from app.db.statements import statement
from app.errors import TokenLostError
from app.models.production import Family, Outcome, TaskState
from app.production.claim import Claim, Usage, WorkerIdentity

REAP_LIMIT = 100
"""Attempts closed per pass: a pass after a large outage stays short."""

TEXT_LIMIT = 8000
"""Characters of an error text that are kept: a traceback and its message."""


@dataclass(frozen=True)
class Failure:
    """Why an attempt failed: family, stable code, text for people."""

    family: Family
    code: str
    text: str


@dataclass(frozen=True)
class Backlog:
    """Tasks of open runs that this worker may claim, now or later, and tasks that are running.

    `barred` ready tasks belong to final runs of other code than this worker's; `barred_by` says what one of them wants.
    """

    ready: int
    running: int
    barred: int = 0
    barred_by: str = ""

    @property
    def idle(self) -> bool:
        """Whether nothing can come any more."""
        return self.ready == 0 and self.running == 0


def claim(
    connection: Connection[Any], identity: WorkerIdentity, lease_seconds: float, run: str | None = None
) -> Claim | None:
    """Take the next ready task.

    Parameters
    ----------
    connection : Connection
        Worker's, in autocommit mode.
    identity : WorkerIdentity
        Final runs are given only to the code their pipeline names.
    lease_seconds : float
        How long the claim holds without renewal. [s]
    run : str, optional
        Name of the only run to work for.

    Returns
    -------
    Claim or None
        None if there is nothing to do now.
    """
    wanted = asdict(identity) | {"lease_seconds": float(lease_seconds), "run": run}
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(statement("production/claim/claim"), wanted).fetchone()
    return None if row is None else Claim(**row)


def renew(connection: Connection[Any], claim: Claim, lease_seconds: float) -> bool:
    """Extend the lease of an attempt.

    Parameters
    ----------
    connection : Connection
        Worker's, in autocommit mode.
    claim : Claim
        Attempt and token.
    lease_seconds : float
        How long the claim holds from now on. [s]

    Returns
    -------
    bool
        False if the token is lost for good.
    """
    values = claim.key | {"lease_seconds": float(lease_seconds)}
    return connection.execute(statement("production/claim/renew"), values).fetchone() is not None


def fail(
    connection: Connection[Any],
    claim: Claim,
    failure: Failure,
    backoff_seconds: float,
    usage: Usage | None = None,
) -> TaskState:
    """Close the attempt as failed: transient failures are tried again until the attempts are used up.

    Parameters
    ----------
    connection : Connection
        Worker's, in autocommit mode.
    claim : Claim
        Attempt and token.
    failure : Failure
        Its family decides whether the task is tried again.
    backoff_seconds : float
        Wait before the second attempt; it doubles with every further one. [s]
    usage : Usage, optional
        What the attempt cost.

    Returns
    -------
    TaskState
        What became of the task: ready, dead or failed.

    Raises
    ------
    TokenLostError
        Raised if the attempt was closed by somebody else; nothing is written.
    """
    with one_transaction(connection):
        _end(connection, claim, Outcome.FAILED, failure, usage)
        if failure.family is Family.TRANSIENT:
            return _after_loss(connection, [claim.task_id], backoff_seconds, failure.text)[claim.task_id]
        values = {"task_id": claim.task_id, "reason": f"{failure.code}: {_last_line(failure.text)}"}
        connection.execute(statement("production/claim/task_failed"), values)
        return TaskState.FAILED


def give_back(
    connection: Connection[Any], claim: Claim, usage: Usage | None = None, failure: Failure | None = None
) -> None:
    """Return an unfinished task: it is ready at once, and the attempt does not count.

    Parameters
    ----------
    connection : Connection
        Worker's, in autocommit mode.
    claim : Claim
        Attempt and token.
    usage : Usage, optional
        What the attempt cost.
    failure : Failure, optional
        What the worker waits for, where a store or folder that is away ended the attempt and no stop.

    Raises
    ------
    TokenLostError
        Raised if the attempt was closed by somebody else; nothing is written.
    """
    with one_transaction(connection):
        _end(connection, claim, Outcome.GIVEN_BACK, failure, usage)
        connection.execute(statement("production/claim/task_again"), {"task_id": claim.task_id})


def is_wanted(claim: Claim, connection: Connection[Any]) -> bool:
    """Whether a task that was given back still waits for a worker: nobody has done, taken or held it."""
    row = connection.execute(statement("production/claim/wanted"), {"task_id": claim.task_id}).fetchone()
    return row == (True,)


def reap(
    connection: Connection[Any], backoff_seconds: float, limit: int = REAP_LIMIT
) -> dict[int, TaskState]:
    """Close expired attempts as lost; their tasks are ready again after a wait, or dead.

    Parameters
    ----------
    connection : Connection
        Worker's, in autocommit mode.
    backoff_seconds : float
        Wait before the second attempt; it doubles with every further one. [s]
    limit : int
        Attempts at most.

    Returns
    -------
    dict
        What became of each task.
    """
    with one_transaction(connection):
        rows = connection.execute(statement("production/claim/reap"), {"limit": limit}).fetchall()
        if not rows:
            return {}
        return _after_loss(connection, [row[0] for row in rows], backoff_seconds, "its worker was lost")


def backlog(connection: Connection[Any], identity: WorkerIdentity, run: str | None = None) -> Backlog:
    """Count what keeps a worker busy that runs until idle.

    Parameters
    ----------
    connection : Connection
        Worker's.
    identity : WorkerIdentity
        Tasks of final runs count only for the code their pipeline names.
    run : str, optional
        Name of the only run to work for.
    """
    values = {"run": run, "code_version": identity.code_version, "code_commit": identity.code_commit}
    row = connection.execute(statement("production/claim/idle"), values).fetchone()
    return Backlog(*row) if row is not None else Backlog(0, 0)


def lost_token(claim: Claim) -> TokenLostError:
    """Say that the attempt belongs to nobody any more."""
    return TokenLostError(
        f"attempt {claim.attempt_id} of task {claim.task_id} is closed, token {claim.token} is lost",
        expected="an open attempt",
        remedy="another worker has the task; nothing was written",
    )


@contextmanager
def one_transaction(connection: Connection[Any]) -> Iterator[None]:
    """Commit the block; leaving it normally means that the server said so.

    Raises
    ------
    OperationalError
        Raised if the connection ended before the answer to COMMIT.
    """
    with connection.transaction():
        yield
    # psycopg leaves the block of a connection that was closed inside it without an error, and without a commit.
    if connection.closed:
        raise psycopg.OperationalError("the connection was closed before COMMIT")


def _end(
    connection: Connection[Any],
    claim: Claim,
    outcome: Outcome,
    failure: Failure | None,
    usage: Usage | None,
) -> None:
    connection.execute(statement("production/claim/lock_attempt"), claim.key)
    values = claim.key | asdict(usage or Usage()) | {"outcome": outcome.value}
    values |= {
        "family": failure.family.value if failure else None,
        "error_code": failure.code if failure else None,
        "error_text": bounded(failure.text) if failure else None,
    }
    if connection.execute(statement("production/claim/end_attempt"), values).fetchone() is None:
        raise lost_token(claim)


def _after_loss(
    connection: Connection[Any], task_ids: Sequence[int], backoff_seconds: float, reason: str
) -> dict[int, TaskState]:
    values = {
        "task_ids": list(task_ids),
        "backoff_seconds": float(backoff_seconds),
        "reason": _last_line(reason),
    }
    rows = connection.execute(statement("production/claim/tasks_after_loss"), values).fetchall()
    return {task_id: TaskState(state) for task_id, state in rows}


def _last_line(text: str) -> str:
    lines = bounded(text).strip().splitlines()
    return lines[-1].strip() if lines else ""


def bounded(text: str) -> str:
    """Keep the two ends of an over-long text: the top says where, the end says what."""
    # PostgreSQL text cannot hold the zero character, which a message about a binary file may contain.
    text = text.replace("\0", "\\0")
    if len(text) <= TEXT_LIMIT:
        return text
    half = TEXT_LIMIT // 2
    return f"{text[:half]}\n[{len(text) - 2 * half} characters left out]\n{text[-half:]}"
