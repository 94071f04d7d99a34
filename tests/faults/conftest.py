"""A durable server, and worker processes to be killed on it."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.db import migrate
from app.db.cluster import Cluster
from app.db.engine import connect_url
from tests.conftest import make_open_folder
from tests.worlds.production import World, check_invariants

PATIENCE_SECONDS = 60.0

# Set before the fork server starts: numerical libraries would keep a thread per core in every process.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.worlds.synthetic_worker"])


def until(condition: Callable[[], Any], what: str) -> Any:
    """Wait for a condition; the value that made it true."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not (value := condition()):
        assert time.monotonic() < end, f"waited {PATIENCE_SECONDS:.0f} s for: {what}"
        time.sleep(0.01)
    return value


@dataclass
class Plant:
    """A durable server in a home of its own, and the worker processes that run on it."""

    cluster: Cluster
    home: Path
    started: list[BaseProcess] = field(default_factory=list)

    def connect(self) -> psycopg.Connection[Any]:
        return connect_url(self.cluster.url(), autocommit=True)

    def environment(self, **settings: object) -> dict[str, str]:
        """Settings of a worker: leases that a test ends by hand, waits of milliseconds."""
        defaults = {"home": self.home, "lease_seconds": 600, "renew_seconds": 100, "poll_seconds": 0.05}
        defaults |= {"grace_seconds": 30, "backoff_seconds": 0.01, "max_attempts": 9}
        return {f"MAPPS_{name.upper()}": str(value) for name, value in (defaults | settings).items()}

    def start(self, world: World, *words: str, fault: str = "", **settings: object) -> BaseProcess:
        """Start a worker of a run; it ends when the run is idle."""
        from tests.worlds import synthetic_worker

        environment = self.environment(**settings) | ({"MAPPS_FAULT": fault} if fault else {})
        arguments = ["work", "--run", world.run, "--until-idle", *words]
        process = CONTEXT.Process(
            target=synthetic_worker.start, args=(environment, arguments, str(self.log)), daemon=True
        )
        process.start()
        self.started.append(process)
        return process

    def finish(self, process: BaseProcess) -> int:
        """Wait for the end of a worker; its exit status, negative for a signal."""
        process.join(PATIENCE_SECONDS)
        assert process.exitcode is not None, f"a worker does not end:\n{self.tail()}"
        return process.exitcode

    def work(self, world: World, *words: str, **settings: object) -> None:
        """Let a healthy worker do the rest of a run."""
        assert self.finish(self.start(world, *words, **settings)) == 0, self.tail()

    def stopped(self, process: BaseProcess) -> None:
        """Wait until a process has stopped itself."""
        until(lambda: process_state(process) in {"T", ""}, "a worker to stop itself")
        assert process_state(process) == "T", f"it ended instead:\n{self.tail()}"

    @property
    def log(self) -> Path:
        return self.home / "workers.log"

    def tail(self) -> str:
        return self.log.read_text(encoding="utf-8")[-3000:] if self.log.exists() else ""

    def clean_up(self) -> None:
        """End what a failed test left, and look at what must hold."""
        for process in self.started:
            if process.is_alive():
                os.kill(process.pid or 0, signal.SIGKILL)
            process.join()
        self.started.clear()


def process_state(process: BaseProcess) -> str:
    """Letter of the kernel for a process: T is stopped."""
    try:
        text = Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii")
    except FileNotFoundError:
        return ""
    return text.rpartition(")")[2].split()[0]


@pytest.fixture(scope="session")
def durable_server() -> Iterator[Plant]:
    home = make_open_folder("mapps-plant-")
    cluster = Cluster(home)
    cluster.ensure()
    migrate.upgrade(cluster.url())
    yield Plant(cluster, home)
    cluster.stop()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def plant(durable_server: Plant) -> Iterator[Plant]:
    """The server; after the test no worker is left and everything holds that must."""
    durable_server.cluster.ensure()
    durable_server.log.unlink(missing_ok=True)
    yield durable_server
    durable_server.clean_up()
    with durable_server.connect() as connection:
        check_invariants(connection)
        connection.execute("UPDATE production.run SET state = 'closed'")
