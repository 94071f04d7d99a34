"""What a worker is, what it claimed, and what it spent."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class WorkerIdentity:
    """Who claims.

    Attributes
    ----------
    name : str
        Unique among live workers: host, process and a letter.
    """

    name: str
    host: str
    process_id: int
    code_version: str
    code_commit: str

    @classmethod
    def of_this_process(cls) -> WorkerIdentity:
        """Identity of the running process and code."""
        from app.version import code_version, git_commit

        host = socket.gethostname()
        return cls(f"{host}:{os.getpid()}", host, os.getpid(), code_version(), git_commit())


@dataclass(frozen=True)
class Claim:
    """One claimed task with its token; everything a step may know of the queue."""

    task_id: int
    attempt_id: int
    token: int
    run_id: int
    run_name: str
    kind: str
    night_id: int
    scan_key: int | None
    pipeline_hash: str
    parameters: dict[str, Any]


@dataclass(frozen=True)
class Spent:
    """Resources of an attempt."""

    cpu_seconds: float
    wall_seconds: float
    peak_memory_bytes: int


@dataclass(frozen=True)
class PublishResult:
    """What a publication made visible; `repeated` when this token had been published before."""

    output_hash: str
    point_rows: int
    extended_rows: int
    repeated: bool = False
