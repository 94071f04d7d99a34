"""Who works, and what was claimed."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, field
from typing import Any, Self

from app.models.production import TaskKind
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
    scan_key : int or None
        None for tasks of a whole night.
    parameters : dict
        Parameter set of the run's pipeline.
    """

    attempt_id: int
    token: int
    task_id: int
    run_id: int
    run_name: str
    kind: TaskKind
    night_id: int
    scan_key: int | None
    pipeline_hash: str
    parameters: dict[str, Any] = field(repr=False)

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
