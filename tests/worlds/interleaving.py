"""Runs two scripts against one database in every order of their steps, as PostgreSQL's isolation tests do."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from psycopg import Connection

Pause = Callable[[], None]
Script = Callable[[Connection[Any], Pause], Any]

PATIENCE_SECONDS = 20.0


class Session:
    """A script in a thread of its own, which moves only when told to."""

    def __init__(self, connection: Connection[Any], script: Script) -> None:
        self.connection = connection
        self.pid = connection.info.backend_pid
        self.result: Any = None
        self.error: BaseException | None = None
        self.finished = False
        self._go = threading.Semaphore(0)
        self._paused = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(script,), daemon=True)
        self._thread.start()

    def _run(self, script: Script) -> None:
        self._go.acquire()
        try:
            self.result = script(self.connection, self._pause)
        except Exception as error:  # noqa: BLE001 - the test looks at it
            self.error = error
        self.finished = True
        self._paused.set()

    def _pause(self) -> None:
        self._paused.set()
        self._go.acquire()

    def advance(self, observer: Connection[Any]) -> None:
        """Let it go to its next pause, its end, or a lock that the other session holds."""
        if self.finished or not self.resting:
            return
        self._paused.clear()
        self._started = True
        self._go.release()
        self.settle(observer)

    def settle(self, observer: Connection[Any]) -> None:
        """Wait until it pauses, ends or is blocked."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not self._paused.wait(0.002):
            row = observer.execute("SELECT cardinality(pg_blocking_pids(%s))", (self.pid,)).fetchone()
            if row is not None and row[0] and not self._paused.is_set():
                return
            assert time.monotonic() < end, "a session neither pauses nor ends nor waits for a lock"

    @property
    def resting(self) -> bool:
        """Whether it can be told to move: not started yet, or at a pause."""
        return self._paused.is_set() or not getattr(self, "_started", False)

    def join(self) -> None:
        """Let it run to its end."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not self.finished:
            if self.resting:
                self._paused.clear()
                self._started = True
                self._go.release()
            self._paused.wait(0.01)
            assert time.monotonic() < end, "a session never ended"
        self._thread.join()


def orders(first: int, second: int) -> Iterator[tuple[int, ...]]:
    """Give all orders of `first` steps of session 0 and `second` steps of session 1."""
    for places in itertools.combinations(range(first + second), first):
        yield tuple(0 if at in places else 1 for at in range(first + second))


def play(observer: Connection[Any], sessions: Sequence[Session], order: Sequence[int]) -> None:
    """Advance the sessions in the given order, then let both end."""
    for which in order:
        sessions[which].advance(observer)
        other = sessions[1 - which]
        if not other.finished and not other.resting:
            other.settle(observer)
    for which in dict.fromkeys(order):
        if sessions[which].resting or sessions[which].finished:
            sessions[which].join()
    for session in sessions:
        session.join()
