"""SIGTERM and SIGINT: finish within the grace period, else give the task back."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class GraceOverError(BaseException):
    """The grace period is over while a step works. Not an Exception: no step may swallow it."""


class Stopping:
    """The wish to stop, and how urgent it is.

    Parameters
    ----------
    grace_seconds : float
        How long a step may go on after the first signal; a second signal ends it at once. [s]
    """

    def __init__(self, grace_seconds: float) -> None:
        self.requested = False
        self.over = False
        self._grace_seconds = grace_seconds
        self._interruptible = False

    def listen(self) -> None:
        """Take SIGTERM, SIGINT and SIGALRM of this process; call it in the main thread."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_stop)
        signal.signal(signal.SIGALRM, self._on_alarm)

    @contextmanager
    def interrupts(self) -> Iterator[None]:
        """Let the end of the grace period break into the block, which has no effects outside but stored files.

        Raises
        ------
        GraceOverError
            Raised if the grace period ends inside the block, or was over before.
        """
        try:
            self._interruptible = True
            if self.over:
                raise GraceOverError
            yield
        finally:
            self._interruptible = False

    def pause(self, seconds: float) -> None:
        """Wait."""
        # Not an event that signals set: who was told to stop still has to say how its task ended.
        threading.Event().wait(seconds)

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        grace = 0.0 if self.requested else self._grace_seconds
        self.requested = True
        # A timer of zero would never fire.
        signal.setitimer(signal.ITIMER_REAL, max(grace, 1e-3))

    def _on_alarm(self, _number: int, _frame: FrameType | None) -> None:
        self.over = True
        if self._interruptible:
            raise GraceOverError
