"""The worker's loop: reap, claim, perform, publish, again.

Every step may be repeated by somebody else: the worker may be killed anywhere, and nothing but lost time follows.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from random import Random
from time import monotonic
from typing import Any, TypeVar

import psycopg
from psycopg import Connection

from app.db.session import ReadOnlyServerError
from app.db.statements import statement
from app.errors import DatabaseUnavailableError, OtherCodeError, TokenLostError
from app.production import protocol
from app.production.claim import Claim, WorkerIdentity
from app.production.publication import Publication
from app.production.publishing import PublishResult, publish
from app.settings import Settings
from workers.process.failure import failure_of
from workers.process.faults import FaultPlan
from workers.process.outage import Outage, outage_of, wait_for
from workers.process.renewal import Renewal
from workers.process.resources import Meter
from workers.process.stopping import GraceOverError, Stopping
from workers.process.storing import open_store
from workers.steps.context import StepContext
from workers.steps.registry import STEPS, Step

LOG = logging.getLogger("mapps.worker")

RECONNECT_FIRST_SECONDS = 0.1
RECONNECT_LIMIT_SECONDS = 10.0
# A step that cannot read within a minute fails as transient: a restart after kill -9 took 2 to 3 s.
STEP_PATIENCE_SECONDS = 60.0
# How long a waiting worker may take to notice a signal.
_SLICE_SECONDS = 0.5

# Errors of an open connection after which the same transaction may succeed on a new one.
REPEATABLE = (
    psycopg.errors.ReadOnlySqlTransaction,
    psycopg.errors.SerializationFailure,
    psycopg.errors.DeadlockDetected,
)

Result = TypeVar("Result")


@dataclass(frozen=True)
class Assignment:
    """What a worker is to do: for which run, and when to end.

    Attributes
    ----------
    run : str or None
        Name of the only run to work for; None for all runs.
    until_idle : bool
        Whether the worker ends when no task is left, not even one that waits.
    max_tasks : int or None
        Number of attempts after which it ends; None for no end.
    """

    run: str | None = None
    until_idle: bool = False
    max_tasks: int | None = None


@dataclass
class Tally:
    """How the attempts of this worker ended.

    Attributes
    ----------
    done, failed, lost, given_back : int
        Attempts that were published, that failed, that another worker took over, and that a stop or a full
        store interrupted.
    """

    done: int = 0
    failed: int = 0
    lost: int = 0
    given_back: int = 0

    @property
    def attempts(self) -> int:
        """Number of all attempts."""
        return self.done + self.failed + self.lost + self.given_back


@dataclass
class Worker:
    """One process that works off the queue; everything from outside is handed in.

    Attributes
    ----------
    settings : Settings
        Lease, renewal, polling and grace in seconds, and the file store.
    identity : WorkerIdentity
        Who claims: host, process, code version and commit.
    connect : callable
        Opens a connection of the worker's role in autocommit mode.
    stopping : Stopping
        Whether the process was told to stop.
    assignment : Assignment
        For which run, and when to end.
    steps : mapping of str to Step
        What is done for each kind of task.
    faults : FaultPlan
        Fault that a test wants.
    random : Random
        Spreads the polls of many workers.
    clock : callable
        Seconds that only grow.
    tally : Tally
        How the attempts ended so far.
    """

    settings: Settings
    identity: WorkerIdentity
    connect: Callable[[], Connection[Any]]
    stopping: Stopping
    assignment: Assignment = field(default_factory=Assignment)
    steps: Mapping[str, Step] = field(default_factory=lambda: STEPS)
    faults: FaultPlan = field(default_factory=FaultPlan)
    random: Random = field(default_factory=Random)
    clock: Callable[[], float] = monotonic
    tally: Tally = field(default_factory=Tally)
    _connection: Connection[Any] | None = field(default=None, init=False)
    _told_barred: str = field(default="", init=False)
    _outages: int = field(default=0, init=False)

    def work(self) -> Tally:
        """Work until told to stop, or until the assignment is done.

        Raises
        ------
        DatabaseUnavailableError
            Raised if the server cannot be reached at the start; later the worker waits for it to come back, and always
            for one that takes no writes at the moment.
        OtherCodeError
            Raised at the end of a worker that runs until idle if ready tasks are left that only other code may do.
        """
        with contextlib.suppress(ReadOnlyServerError):
            self._connection = self._listening()
        try:
            while not self.stopping.requested and self.tally.attempts != self.assignment.max_tasks:
                claim = self._persist(self._next)
                if claim is not None:
                    self._attempt(claim)
                    continue
                backlog = self._persist(self._backlog)
                if self.assignment.until_idle and backlog.idle:
                    self._refuse_barred(backlog)
                    break
                self._tell_barred(backlog)
                self._persist(self._wait)
        finally:
            self._drop()
        return self.tally

    def _next(self, connection: Connection[Any]) -> Claim | None:
        self._reach("before_reap")
        for task_id, state in protocol.reap(connection, self.settings.backoff_seconds).items():
            LOG.warning("task %d: its worker was lost, now %s", task_id, state)
        self._reach("before_claim")
        claim = protocol.claim(connection, self.identity, self.settings.lease_seconds, self.assignment.run)
        if claim is not None:
            self._reach("after_claim")
        return claim

    def _backlog(self, connection: Connection[Any]) -> protocol.Backlog:
        return protocol.backlog(connection, self.identity, self.assignment.run)

    def _refuse_barred(self, backlog: protocol.Backlog) -> None:
        if backlog.barred:
            raise OtherCodeError(
                f"{backlog.barred} ready tasks may not be done by this code: run {backlog.barred_by};"
                f" this is {self.identity.code_version} of commit {self.identity.code_commit}",
                remedy="run that code, or create a new run; see mapps --version",
            )

    def _tell_barred(self, backlog: protocol.Backlog) -> None:
        """Say once, and again when it changes, which ready tasks this code may not do."""
        if backlog.barred and backlog.barred_by != self._told_barred:
            LOG.warning(
                "%d ready tasks are not for this code (%s of commit %s): run %s",
                backlog.barred,
                self.identity.code_version,
                self.identity.code_commit,
                backlog.barred_by,
            )
        self._told_barred = backlog.barred_by

    def _wait(self, connection: Connection[Any]) -> None:
        """Wait for the next poll, a notification or a signal, whichever comes first."""
        # Half to the whole of the interval, so that workers started together do not ask together.
        end = self.clock() + self.settings.poll_seconds * self.random.uniform(0.5, 1.0)
        while not self.stopping.requested and (left := end - self.clock()) > 0:
            if list(connection.notifies(timeout=min(left, _SLICE_SECONDS), stop_after=1)):
                return

    def _attempt(self, claim: Claim) -> None:
        """Do one claimed task; the attempt is closed afterwards, by us or by the worker that took it over."""
        meter = Meter()
        LOG.info(
            "task %d (%s %s): attempt %d",
            claim.task_id,
            claim.kind,
            claim.subject,
            claim.attempt_id,
        )
        lease, renewal = self.settings.lease_seconds, self.settings.renew_seconds
        try:
            with Renewal(self._open, claim, lease, renewal) as renewing:
                publication = self._perform(claim, renewing)
                self._checkpoint(renewing, "before_publish")
                result = self._persist(partial(self._publish, claim, publication, meter))
            LOG.info("task %d: done, %d point sources", claim.task_id, result.point_rows)
            self.tally.done += 1
            self._outages = 0
        except TokenLostError as error:
            LOG.warning("task %d: %s", claim.task_id, error)
            self.tally.lost += 1
        except GraceOverError:
            self._close(claim, partial(self._give_back, claim, meter, None))
            self.tally.given_back += 1
        except Exception as error:  # noqa: BLE001 - whatever a step raises ends this attempt, not the worker
            if (outage := outage_of(error, self.settings.store)) is not None:
                self._sit_out(claim, meter, outage)
                return
            self._close(claim, partial(self._fail, claim, error, meter))
            self.tally.failed += 1

    def _sit_out(self, claim: Claim, meter: Meter, outage: Outage) -> None:
        """Give the task back, which costs no attempt, and wait for the store or the folder as for a lost database."""
        self._close(claim, partial(self._give_back, claim, meter, outage))
        self.tally.given_back += 1
        wait_for(
            outage, self.stopping, partial(self._persist, partial(protocol.is_wanted, claim)), self._outages
        )
        self._outages += 1

    def _perform(self, claim: Claim, renewing: Renewal) -> Publication:
        context = StepContext(
            connect=partial(self._open_for_step, renewing),
            store=open_store(self.settings.store, self.faults),
            settings=self.settings,
            parameters=claim.parameters,
            checkpoint=partial(self._checkpoint, renewing),
            log=logging.getLogger(f"mapps.task.{claim.task_id}"),
        )
        with self.stopping.interrupts():
            return self.steps[claim.kind](claim, context)

    def _checkpoint(self, renewing: Renewal, name: str) -> None:
        self._reach(name)
        renewing.require()

    def _publish(
        self, claim: Claim, publication: Publication, meter: Meter, connection: Connection[Any]
    ) -> PublishResult:
        return publish(
            connection, claim, publication, meter.read(), lambda point: self.faults.reach(point, connection)
        )

    def _give_back(
        self, claim: Claim, meter: Meter, outage: Outage | None, connection: Connection[Any]
    ) -> None:
        self._reach("before_give_back")
        protocol.give_back(connection, claim, meter.read(), outage.failure if outage is not None else None)
        LOG.info("task %d: given back", claim.task_id)

    def _fail(self, claim: Claim, error: Exception, meter: Meter, connection: Connection[Any]) -> None:
        failure = failure_of(error)
        self._reach("before_fail")
        state = protocol.fail(connection, claim, failure, self.settings.backoff_seconds, meter.read())
        LOG.error("task %d: %s %s, now %s: %s", claim.task_id, failure.family, failure.code, state, error)

    def _close(self, claim: Claim, act: Callable[[Connection[Any]], None]) -> None:
        """Close an attempt that publishes nothing; somebody may have closed it before us."""
        try:
            self._persist(act)
        except TokenLostError as error:
            LOG.warning("task %d: %s", claim.task_id, error)

    def _reach(self, point: str) -> None:
        self.faults.reach(point, self._connection)

    def _open(self) -> Connection[Any]:
        return self.connect()

    def _open_for_step(self, renewing: Renewal) -> Connection[Any]:
        """Open a connection for a step; a server that restarts is waited for, as long as the task is ours."""
        end = self.clock() + STEP_PATIENCE_SECONDS
        wait = RECONNECT_FIRST_SECONDS
        while True:
            try:
                return self._open()
            except DatabaseUnavailableError:
                renewing.require()
                if self.clock() > end:
                    raise
                self.stopping.pause(wait)
                wait = min(2 * wait, RECONNECT_LIMIT_SECONDS)

    def _listening(self) -> Connection[Any]:
        connection = self._open()
        connection.execute(statement("production/claim/listen"))
        return connection

    def _persist(self, act: Callable[[Connection[Any]], Result]) -> Result:
        """Run a transaction, again on a new connection as often as the connection breaks.

        Every transaction of the protocol may be repeated: a claim nobody heard of is reaped, a publication finds that
        its own token closed the attempt, all others compare the token.
        """
        wait = RECONNECT_FIRST_SECONDS
        while True:
            try:
                if self._connection is None:
                    self._connection = self._listening()
                return act(self._connection)
            except (
                psycopg.OperationalError,
                psycopg.InterfaceError,
                psycopg.errors.ReadOnlySqlTransaction,
                DatabaseUnavailableError,
            ) as error:
                # After a failover, or on a full disk, the server answers and takes no writes; and two transactions that
                # were in each other's way may be repeated as they are.
                again = isinstance(error, REPEATABLE)
                if not again and self._connection is not None and not self._connection.closed:
                    raise
                self._drop()
                if self.stopping.over:
                    raise DatabaseUnavailableError(
                        "the database is away, and this worker was told to stop"
                    ) from error
                away = "another transaction was in the way" if _collided(error) else "the database is away"
                LOG.warning("%s (%s); again in %.1f s", away, _first_line(error), wait)
                self.stopping.pause(wait)
                wait = min(2 * wait, RECONNECT_LIMIT_SECONDS)

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _collided(error: Exception) -> bool:
    """Whether two transactions were in each other's way, which is no fault of the server."""
    return isinstance(error, (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected))


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
