"""The parent of worker processes: starts them, restarts those that were killed, passes signals on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType

from app.settings import get_settings
from app.version import ROOT

PROGRAM = (sys.executable, "-m", "workers")

# Libraries that start a thread per core in each of N processes would run N x cores threads.
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
_POLL_SECONDS = 0.1
_RESTART_FIRST_SECONDS = 0.5
_RESTART_LIMIT_SECONDS = 60.0
# A process that lived this long was not killed by starting; its restart is not delayed.
_HEALTHY_SECONDS = 60.0
# After the grace period a worker has this long to give its task back before it is killed; the lease does the rest.
_KILL_AFTER_SECONDS = 30.0


@dataclass
class _Slot:
    """Place of one worker process."""

    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    restart_at: float = 0.0
    delay: float = _RESTART_FIRST_SECONDS
    status: int | None = None


@dataclass
class Supervisor:
    """Keeps a number of worker processes going.

    Attributes
    ----------
    processes : int
        How many.
    words : sequence of str
        Arguments of each process.
    grace_seconds : float
        What the workers need at most after SIGTERM. [s]
    tell : callable
        Told in one line what happens.
    """

    processes: int
    words: Sequence[str]
    grace_seconds: float
    tell: Callable[[str], None]
    program: Sequence[str] = PROGRAM
    _stop_at: float | None = field(default=None, init=False)
    _signals: int = field(default=0, init=False)

    def run(self) -> int:
        """Run until all processes have ended.

        Returns
        -------
        int
            0 if all ended well, else the status of the first that did not.
        """
        former = {n: signal.signal(n, self._on_signal) for n in (signal.SIGTERM, signal.SIGINT)}
        slots = [_Slot() for _ in range(self.processes)]
        try:
            for slot in slots:
                self._start(slot)
            while any(slot.status is None for slot in slots):
                for slot in slots:
                    self._look_after(slot)
                self._pass_on_signals(slots)
                time.sleep(_POLL_SECONDS)
        finally:
            for slot in slots:
                if slot.process is not None and slot.process.poll() is None:
                    slot.process.terminate()
            for number, handler in former.items():
                signal.signal(number, handler)
        return next((slot.status for slot in slots if slot.status), 0)

    def _start(self, slot: _Slot) -> None:
        share = max(1, (os.cpu_count() or 1) // self.processes)
        environment = dict.fromkeys(_THREAD_VARIABLES, str(share)) | dict(os.environ)
        # The processes stand in another folder, where relative paths and mapps.toml would mean something else.
        environment |= get_settings().environment()
        # A supervisor that is killed outright passes no signal on: its processes ask the kernel to tell them.
        environment["MAPPS_SUPERVISOR"] = str(os.getpid())
        # A session of its own: Ctrl-C reaches the workers once, through us, not twice.
        slot.process = subprocess.Popen(
            [*self.program, *self.words], cwd=ROOT, env=environment, start_new_session=True
        )
        slot.started = time.monotonic()

    def _look_after(self, slot: _Slot) -> None:
        if slot.status is not None:
            return
        if slot.process is None:
            if self._signals:
                slot.status = 0
            elif time.monotonic() >= slot.restart_at:
                self._start(slot)
            return
        status = slot.process.poll()
        if status is None:
            return
        if status < 0 and not self._signals:
            self._plan_restart(slot, -status)
        else:
            # Killed after it was told to stop: its task comes back when the lease ends.
            slot.status = max(status, 0)

    def _plan_restart(self, slot: _Slot, number: int) -> None:
        """Restart a process that was killed (memory, a fault in a library); errors it reported itself end it."""
        now = time.monotonic()
        if now - slot.started > _HEALTHY_SECONDS:
            slot.delay = _RESTART_FIRST_SECONDS
        self.tell(f"a worker was ended by {_signal_name(number)}; a new one starts in {slot.delay:g} s")
        slot.process, slot.restart_at = None, now + slot.delay
        slot.delay = min(2 * slot.delay, _RESTART_LIMIT_SECONDS)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._signals += 1

    def _pass_on_signals(self, slots: Sequence[_Slot]) -> None:
        alive = [slot.process for slot in slots if slot.process is not None and slot.process.poll() is None]
        passed = self._signals
        if passed and (self._stop_at is None or passed > 1):
            if self._stop_at is None:
                self.tell(
                    f"stopping: workers finish within {self.grace_seconds:g} s or give their tasks back"
                )
                self._stop_at = time.monotonic() + self.grace_seconds + _KILL_AFTER_SECONDS
            for process in alive:
                process.terminate()
            self._signals = 1
        if self._stop_at is not None and time.monotonic() > self._stop_at:
            for process in alive:
                process.kill()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
