"""Pipelines: code version, commit and full parameter set, hashed."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from app.db.statements import statement
from app.errors import MappsError, OperatorError, UserError
from app.version import ROOT, code_version, git_commit

# Reading dataclasses takes a second; a minute allows for a cold disk.
_PATIENCE_SECONDS = 60


class ParametersError(UserError):
    """The parameter file is wrong."""

    code = "PARAMETERS"


class WorkerProgramError(OperatorError):
    """The workers' program does not start."""

    code = "WORKER_PROGRAM"


@dataclass(frozen=True)
class Pipeline:
    """A version of the code with a full parameter set."""

    code_version: str
    code_commit: str
    parameters: dict[str, Any]

    @property
    def parameters_hash(self) -> str:
        """SHA-256 of the parameters in canonical form."""
        return hashlib.sha256(canonical(self.parameters)).hexdigest()

    @property
    def pipeline_hash(self) -> str:
        """SHA-256 of code version, commit and parameters."""
        words = (self.code_version, self.code_commit, self.parameters_hash)
        return hashlib.sha256("\n".join(words).encode()).hexdigest()


def canonical(parameters: dict[str, Any]) -> bytes:
    """JSON with sorted keys and without blanks: equal parameters give equal bytes."""
    return json.dumps(parameters, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def this_pipeline(overrides: Path | None = None) -> Pipeline:
    """Pipeline of the code at hand.

    Parameters
    ----------
    overrides : Path, optional
        TOML or JSON file with the parameters that differ from the defaults.

    Raises
    ------
    ParametersError
        Raised if the file names a parameter that does not exist or gives it an impossible value.
    """
    return Pipeline(code_version(), git_commit(), workers_parameters(overrides))


def workers_parameters(overrides: Path | None = None) -> dict[str, Any]:
    """Full parameter set, asked of the workers' program: the service never imports the workers."""
    command = [sys.executable, "-m", "workers", "parameters"]
    if overrides is not None:
        command += ["--overrides", str(overrides.absolute())]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=_PATIENCE_SECONDS
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise WorkerProgramError(f"python -m workers cannot be run: {error}") from error
    if done.returncode not in {0, UserError.exit_status}:
        raise WorkerProgramError(
            f"python -m workers parameters failed: {done.stderr.strip()}", remedy="see: mapps doctor"
        )
    if done.returncode != 0:
        raise ParametersError(done.stderr.strip().removeprefix("workers: "))
    parameters: dict[str, Any] = json.loads(done.stdout)
    return parameters


def register(connection: Connection[Any], pipeline: Pipeline) -> int:
    """Key of the pipeline, which is recorded if it is new; call it inside a transaction."""
    values = {
        "code_version": pipeline.code_version,
        "code_commit": pipeline.code_commit,
        "parameters": Jsonb(pipeline.parameters),
        "parameters_hash": pipeline.parameters_hash,
        "pipeline_hash": pipeline.pipeline_hash,
    }
    connection.execute(statement("production/operate/add_pipeline"), values)
    row = connection.execute(
        statement("production/operate/pipeline_of_hash"), {"pipeline_hash": pipeline.pipeline_hash}
    ).fetchone()
    if row is None:
        raise MappsError(f"pipeline {pipeline.pipeline_hash} vanished while it was registered")
    return int(row[0])
