"""Commands as a person types them, each a process of its own, of which the imports were done once.

`python -m app.cli.main` imports for 0.6 to 2 s of a processor before it does a thing. A server that has imported all of
it forks for each command: the process gets arguments, environment, folder and streams of its own, and ends as any
interpreter does. What must hold of a fresh interpreter (streams that are closed, imports that fail, compiled kernels)
is tested by real ones: tests/unit/app/cli, tests/faults, tests/acceptance/test_readme_steps.py.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.worlds.places import ROOT

MODULES = (
    "app.cli.main", "app.cli.db", "app.cli.doctor", "app.cli.simulate", "app.cli.reference", "app.cli.ingest",
    "app.cli.night", "app.cli.run", "app.cli.worker", "app.cli.scan", "app.cli.quality", "app.cli.calibration",
    "app.cli.store", "app.cli.release", "app.observatory.night", "app.ingest.night", "app.ingest.atlas",
    "app.reports.night_report", "app.reports.scan_pictures", "app.releases.build", "app.releases.export",
    "workers.steps.registry",
)  # fmt: skip
"""Modules of commands, and what they import when they are used."""


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


class Commands:
    """A server of commands; `run` asks it."""

    def __init__(self) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.worlds.commands"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def run(self, words: tuple[str, ...], environment: dict[str, str]) -> Done:
        """Run `mapps` with these words to its end.

        Parameters
        ----------
        words : tuple of str
            What is typed after `mapps`.
        environment : dict
            All variables of the process.
        """
        assert self._server.stdin
        assert self._server.stdout
        with tempfile.TemporaryDirectory() as folder:
            asked = {"words": words, "environment": environment, "folder": folder}
            self._server.stdin.write(json.dumps(asked).encode() + b"\n")
            self._server.stdin.flush()
            status = json.loads(self._server.stdout.readline())
            out, err = (Path(folder, name).read_text(encoding="utf-8") for name in ("out", "err"))
        return Done(int(status), out, err)

    def close(self) -> None:
        """End the server."""
        self._server.communicate(timeout=30)


def _next_command() -> dict[str, Any] | None:
    """Fork for each command that is asked for; gives the command in its process, None at the end in the server."""
    for line in sys.stdin.buffer:
        process = os.fork()
        if process == 0:
            return dict(json.loads(line))
        _, status = os.waitpid(process, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()
    return None


def _become(command: dict[str, Any]) -> None:
    """Take the streams, arguments and environment of a command."""
    for name, descriptor in (("out", 1), ("err", 2)):
        file = os.open(Path(command["folder"], name), os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(file, descriptor)
        os.close(file)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.environ.clear()
    os.environ.update(command["environment"])
    sys.argv = ["mapps", *command["words"]]


def serve() -> None:
    """Import, then run what is asked for."""
    for name in MODULES:
        importlib.import_module(name)
    command = _next_command()
    if command is not None:
        _become(command)
        from app.cli.main import main

        main()


if __name__ == "__main__":
    serve()
