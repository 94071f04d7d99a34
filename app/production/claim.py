"""Who works, and what was claimed."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, field
from typing import Any, Self

from app.errors import MappsError
from app.keys import night_of_key, scan_of_key
from app.version import code_version, git_commit


@dataclass(frozen=True)
class WorkerIdentity:
    """A worker process and the code it runs."""

    worker: str
    host: str
    process_id: int
    code_version: str
    code_commit: str

    @classmethod
    def of_this_process(cls) -> Self:
        """Identity of the running process."""
        host, process_id = socket.gethostname(), os.getpid()
        return cls(f"{host}-{process_id}", host, process_id, code_version(), git_commit())


@dataclass(frozen=True)
class Claim:
    """One attempt at one task, held by a token.

    Attributes
    ----------
    token : int
        Newest token of the task as long as the claim holds; every renewal and the publication compare it.
    kind : str
        As in the plan.
    night_id : int or None
        None for tasks of larger scope.
    scan_key : int or None
        None for tasks of larger scope than a scan.
    block : str or None
        Hardware block of tasks of that scope; None for others.
    cell : int or None
        HEALPix cell of tasks of that scope; None for others.
    parameters : dict
        Parameter set of the run's pipeline.
    """

    attempt_id: int
    token: int
    task_id: int
    run_id: int
    run_name: str
    kind: str
    night_id: int | None
    scan_key: int | None
    pipeline_hash: str
    parameters: dict[str, Any] = field(repr=False)
    block: str | None = None
    cell: int | None = None

    @property
    def night(self) -> int:
        """Key of the night of a task that has one.

        Raises
        ------
        MappsError
            Raised for a task of larger scope: a step for such tasks must not ask.
        """
        if self.night_id is None:
            raise MappsError(f"task {self.task_id} ({self.kind}) has no night")
        return self.night_id

    @property
    def subject(self) -> str:
        """What the task is of, as people call it: a scan, a night, a block, a cell of the sky, or the run."""
        if self.scan_key is not None:
            return scan_of_key(self.scan_key)
        if self.night_id is not None:
            return night_of_key(self.night_id)
        if self.cell is not None:
            return f"cell {self.cell}"
        return f"block {self.block}" if self.block is not None else f"run {self.run_name}"

    @property
    def key(self) -> dict[str, Any]:
        """Attempt and token: what every statement compares before it changes anything."""
        return {"attempt_id": self.attempt_id, "token": self.token}


@dataclass(frozen=True)
class Usage:
    """What an attempt cost; None where it was not measured."""

    cpu_seconds: float | None = None
    wall_seconds: float | None = None
    peak_memory_bytes: int | None = None
