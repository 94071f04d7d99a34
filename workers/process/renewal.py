"""Renewal of a claim while its work goes on: a thread with a connection of its own.

A thread, not a process: when the worker is stopped, swapped out or its machine sleeps, its renewals must stop as
well, and they do. A process of its own would keep the lease of a dead-locked parent alive and costs 44 MB. The thread
cannot be starved: all compiled kernels release the interpreter lock (`nogil` in workers/reduction/kernels/compiled.py,
held by tests/unit/workers/process/test_renewal.py), numpy does so in its loops, and the rest is Python, which hands the
lock over every 5 ms.
Should it be late all the same, the lease runs out, the token is lost and nothing is written: time is wasted, no row.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, Self

import psycopg
from psycopg import Connection

from app.errors import DatabaseUnavailableError
from app.production.claim import Claim
from app.production.protocol import lost_token, renew

LOG = logging.getLogger("mapps.renewal")


class Renewal:
    """Keeps one claim alive inside a `with` block.

    Parameters
    ----------
    connect : callable
        Opens a connection; called in the thread, first when a renewal is due, so that short tasks cost none.
    claim : Claim
        Attempt whose lease is renewed.
    lease_seconds, renew_seconds : float
        The settings hold the second below a third of the first: two renewals may fail in a row. [s]
    """

    def __init__(
        self,
        connect: Callable[[], Connection[Any]],
        claim: Claim,
        lease_seconds: float,
        renew_seconds: float,
    ) -> None:
        self._connect = connect
        self._claim = claim
        self._lease_seconds = lease_seconds
        self._renew_seconds = renew_seconds
        self._over = threading.Event()
        self._lost = threading.Event()
        self._connection: Connection[Any] | None = None
        self._thread = threading.Thread(target=self._run, name=f"renewal-{claim.attempt_id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def require(self) -> None:
        """Stop the work if the token is known to be lost.

        Raises
        ------
        TokenLostError
            Raised if a renewal found the attempt closed.
        """
        if self._lost.is_set():
            raise lost_token(self._claim)

    def _run(self) -> None:
        try:
            while not self._over.wait(self._renew_seconds):
                if not self._renewed():
                    self._lost.set()
                    return
        finally:
            self._drop()

    def _renewed(self) -> bool:
        """Renew once; False only if the server says that the token is lost."""
        try:
            if self._connection is None:
                self._connection = self._connect()
            return renew(self._connection, self._claim, self._lease_seconds)
        except (psycopg.Error, DatabaseUnavailableError) as error:
            # A server that restarts is no reason to stop: the next renewal, or the publication, finds out.
            LOG.warning("attempt %d: renewal failed: %s", self._claim.attempt_id, error)
            self._drop()
            return True

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
