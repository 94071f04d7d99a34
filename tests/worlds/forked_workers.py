"""Worker processes that are forked from a process that has imported everything and loaded the kernels.

`python -m workers` imports and loads kernels for 4 s of a processor before its first task is done, as long as a scan of
16 frames takes. Here each worker is a process of its own all the same: arguments, environment, session, folder and
signals are those that the supervisor asked for. Fresh interpreters are tested by tests/faults and the README's steps.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

from app.settings import get_settings


class ForkedWorker:
    """What the supervisor asks of a process: the part of `subprocess.Popen` that it uses.

    Parameters
    ----------
    words : sequence of str
        Interpreter, `-m workers`, and the arguments.
    cwd : Path
        Folder of the process.
    env : mapping
        All its variables.
    start_new_session : bool
        Always asked for.
    """

    def __init__(
        self, words: Sequence[str], *, cwd: Path, env: Mapping[str, str], start_new_session: bool
    ) -> None:
        assert start_new_session
        assert tuple(words[:3]) == (sys.executable, "-m", "workers")
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        self._status: int | None = None
        if self.pid == 0:
            os._exit(_status_of(words[3:], cwd, env))

    def poll(self) -> int | None:
        """Status of the process, None while it lives."""
        if self._status is None:
            process, status = os.waitpid(self.pid, os.WNOHANG)
            if process:
                self._status = os.waitstatus_to_exitcode(status)
        return self._status

    def terminate(self) -> None:
        """Send SIGTERM."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)


def _status_of(words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> int:
    """Become a worker and work to the end."""
    try:
        os.setsid()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        get_settings.cache_clear()
        sys.argv = ["workers", *words]
        from workers.__main__ import main

        return main(words)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def fork_workers() -> None:
    """Let the supervisor of this process fork its workers, after kernels are loaded once."""
    from app.production import supervisor
    from workers.process.warm import warm

    warm()
    supervisor.subprocess = SimpleNamespace(Popen=ForkedWorker)  # type: ignore[assignment]
