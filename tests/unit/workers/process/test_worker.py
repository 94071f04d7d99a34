"""Pieces of the worker without a database: failures, faults, stopping, parameters, resources, supervisor."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time

import psycopg
import pytest

from app.errors import DatabaseUnavailableError, InputError, SettingsError, StoreError, TokenLostError
from app.models.production import Family
from app.production.supervisor import Supervisor
from tests.worlds.places import ROOT
from workers.process.failure import failure_of
from workers.process.faults import FaultPlan, InjectedError
from workers.process.resources import Meter
from workers.process.stopping import GraceOverError, Stopping


@pytest.mark.parametrize(
    ("error", "family", "code"),
    [
        (InputError("bad"), Family.INPUT, "INPUT"),
        (StoreError("full"), Family.TRANSIENT, "STORE"),
        (DatabaseUnavailableError("away"), Family.TRANSIENT, "DATABASE_UNAVAILABLE"),
        (psycopg.OperationalError("cut"), Family.TRANSIENT, "DATABASE"),
        (OSError(errno.ENOSPC, "full"), Family.TRANSIENT, "ENOSPC"),
        (OSError(errno.EINVAL, "what"), Family.BUG, "OSError"),
        (MemoryError(), Family.TRANSIENT, "MEMORY"),
        (psycopg.errors.UniqueViolation("twice"), Family.BUG, "UniqueViolation"),
        (TokenLostError("odd"), Family.BUG, "TOKEN_LOST"),
        (ZeroDivisionError("x / 0"), Family.BUG, "ZeroDivisionError"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_families_of_failure(error, family, code):
    found = failure_of(error)
    assert (found.family, found.code) == (family, code)


def test_bugs_are_told_with_a_traceback_and_inputs_without():
    with pytest.raises(ZeroDivisionError) as caught:
        _ = 1 / 0
    assert "test_worker.py" in failure_of(caught.value).text
    assert failure_of(InputError("file x", expected="y")).text == "file x; expected y"


def test_fault_plan_fires_once_at_the_nth_time():
    plan = FaultPlan.parse("here:2:raise")
    plan.reach("here")
    plan.reach("there")
    with pytest.raises(InjectedError, match="here"):
        plan.reach("here")
    plan.reach("here")
    FaultPlan().reach("anything")
    any_point = FaultPlan.parse("*:2:disk_full")
    any_point.reach("a")
    with pytest.raises(OSError, match="No space"):
        any_point.reach("b")


@pytest.mark.parametrize("text", ["here", "here:x:raise", "here:1:explode"])
def test_fault_plan_that_nobody_understands(text):
    with pytest.raises(SettingsError, match="point:n:action"):
        FaultPlan.parse(text)


@pytest.fixture
def stopping():
    former = {n: signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)}
    yield lambda grace: _listening(Stopping(grace))
    signal.setitimer(signal.ITIMER_REAL, 0)
    for number, handler in former.items():
        signal.signal(number, handler)


def _listening(made):
    made.listen()
    return made


def test_grace_period_interrupts_a_step_only_inside_it(stopping):
    made = stopping(0.01)
    os.kill(os.getpid(), signal.SIGTERM)
    assert made.requested
    signal.pause()
    assert made.over
    with pytest.raises(GraceOverError), made.interrupts():
        pytest.fail("a step began after the grace period")


def test_steps_cannot_swallow_the_end_of_the_grace_period(stopping):
    made = stopping(0.01)

    def step():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()
        except Exception:  # noqa: BLE001 - as a careless step would
            pytest.fail("swallowed")

    with pytest.raises(GraceOverError), made.interrupts():
        step()


def test_second_signal_does_not_wait(stopping):
    made = stopping(600)
    os.kill(os.getpid(), signal.SIGTERM)
    assert not made.over
    os.kill(os.getpid(), signal.SIGINT)
    signal.pause()
    assert made.over


def test_peak_memory_is_that_of_the_attempt():
    """The mark of an earlier, larger attempt must not stand in a later, smaller one's row."""
    before = Meter()
    large = bytearray(os.urandom(1 << 16) * 1600)
    first = before.read()
    del large
    after = Meter().read()
    assert first.peak_memory_bytes > after.peak_memory_bytes + 50_000_000
    assert first.wall_seconds >= 0
    assert first.cpu_seconds > 0


def supervise(script, processes=1, grace=5.0):
    told = []
    return Supervisor(processes, [], grace, told.append, (sys.executable, "-S", "-c", script)), told


@pytest.mark.parametrize("status", [0, 2, 3, 70])
def test_supervisor_gives_back_the_status(status):
    supervisor, told = supervise(f"raise SystemExit({status})", 2)
    assert supervisor.run() == status
    assert told == []


def test_supervisor_restarts_what_was_killed(tmp_path):
    mark = tmp_path / "once"
    script = (
        f"import os, pathlib; mark = pathlib.Path({str(mark)!r})\n"
        "if mark.exists(): raise SystemExit(0)\n"
        "mark.touch(); os.kill(os.getpid(), 9)"
    )
    supervisor, told = supervise(script)
    assert supervisor.run() == 0
    assert len(told) == 1
    assert "SIGKILL" in told[0]


def test_supervisor_passes_signals_on(tmp_path):
    mark = tmp_path / "up"
    script = (
        "import pathlib, signal, sys\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n"
        f"pathlib.Path({str(mark)!r}).touch()\n"
        "while True: signal.pause()"
    )
    supervisor, told = supervise(script)
    pid = os.fork()
    if pid == 0:
        end = time.monotonic() + 20
        while not mark.exists() and time.monotonic() < end:
            time.sleep(0.01)
        os.kill(os.getppid(), signal.SIGTERM)
        os._exit(0)
    assert supervisor.run() == 0
    os.waitpid(pid, 0)
    assert len(told) == 1
    assert "stopping" in told[0]


CHILD = """
import os, signal, sys
from pathlib import Path
from workers.process.parent import SUPERVISOR_VARIABLE, end_with
signal.signal(signal.SIGTERM, lambda *_: (print("told to stop", flush=True), os._exit(0)))
end_with(int(os.environ[SUPERVISOR_VARIABLE]))
print("up", os.getpid(), flush=True)
while True:
    signal.pause()
"""
PARENT = """
import sys
from app.production.supervisor import Supervisor
print("supervisor", flush=True)
Supervisor(1, [], 5.0, print, (sys.executable, "-c", sys.argv[1])).run()
"""


def test_workers_end_with_a_supervisor_that_is_killed():
    """Nobody passes a signal on: the kernel does, and the pipe that both write to closes."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, CHILD], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as supervisor:
        lines = [supervisor.stdout.readline().split()[0] for _ in range(2)]
        supervisor.kill()
        told, _ = supervisor.communicate(timeout=60)
    assert lines == ["supervisor", "up"]
    assert told == "told to stop\n"


def test_a_worker_whose_supervisor_is_gone_already_stops_at_once():
    code = CHILD.replace("os.environ[SUPERVISOR_VARIABLE]", '"1" if os.getppid() != 1 else "2"')
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "told to stop\n")
