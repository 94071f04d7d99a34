"""Commands as a person types them, each a process of its own, of which the imports were done once.

`python -m app.cli.main` imports for 0.6 to 2 s of a processor before it does a thing. A server that has imported all of
it forks for each command: the process gets arguments, environment, folder and streams of its own; so do the workers
that it starts (`forked_workers`). What must hold of a fresh interpreter (streams that are closed, its end, imports that
fail, compiled kernels) is tested by real ones: tests/unit/app/cli, tests/faults, tests/acceptance/test_readme_steps.py.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import subprocess
import sys
import tempfile
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.worlds.forked_workers import fork_workers
from tests.worlds.places import ROOT

PACKAGES = (
    "app.cli",
    "app.ingest",
    "app.observatory",
    "app.production",
    "app.quality",
    "app.releases",
    "app.reports",
)
"""Packages of which all modules are imported before the first command."""
LIBRARIES = (
    "astropy.io.fits", "astropy.table", "matplotlib.backends.backend_agg", "matplotlib.figure", "pyarrow.parquet",
    "scipy.ndimage", "scipy.optimize", "scipy.sparse.linalg", "scipy.spatial", "scipy.stats", "workers.__main__",
)  # fmt: skip
"""What these import when they are used."""


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

    def run(self, words: tuple[str, ...], environment: dict[str, str], place: Path = ROOT) -> Done:
        """Run `mapps` with these words to its end.

        Parameters
        ----------
        words : tuple of str
            What is typed after `mapps`.
        environment : dict
            All variables of the process.
        place : Path, optional
            Its folder.
        """
        assert self._server.stdin
        assert self._server.stdout
        with tempfile.TemporaryDirectory() as folder:
            asked = {"words": words, "environment": environment, "folder": folder, "place": str(place)}
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
    forks = False
    for line in sys.stdin.buffer:
        command = dict(json.loads(line))
        if command["words"][:1] == ["worker"] and not forks:
            fork_workers()
            forks = True
        process = os.fork()
        if process == 0:
            return command
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
    os.chdir(command["place"])
    os.environ.clear()
    os.environ.update(command["environment"])
    sys.argv = ["mapps", *command["words"]]


def serve() -> None:
    """Import, then run what is asked for."""
    for package in map(importlib.import_module, PACKAGES):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    for name in LIBRARIES:
        importlib.import_module(name)
    # What is collected no more is not copied for each command.
    gc.freeze()
    command = _next_command()
    if command is not None:
        _become(command)
        os._exit(_status())


def _status() -> int:
    """Run the command to its end, without taking the interpreter apart: that touches each page of what was imported."""
    from app.cli.main import main

    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001
        traceback.print_exc()
        return 1
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


if __name__ == "__main__":
    serve()
