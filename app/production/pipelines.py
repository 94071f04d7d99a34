"""Pipelines: code version and parameter set, hashed.

The parameters belong to the science, which this half of the code may not import: they are asked for across a process
boundary (`python -m workers parameters`).
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from app.db.statements import statement
from app.errors import OperatorError, UserError
from app.version import code_version, git_commit


class ParametersError(UserError):
    """A parameter file names something unknown or is no TOML."""

    code = "PARAMETERS"


class WorkersMissingError(OperatorError):
    """The workers' side of the code did not answer."""

    code = "WORKERS_MISSING"


@dataclass(frozen=True)
class Pipeline:
    """Code and parameters of a run."""

    code_version: str
    code_commit: str
    parameters: dict[str, Any]

    @property
    def parameters_hash(self) -> str:
        """SHA-256 of the canonical JSON of the parameters."""
        return _hash(self.parameters)

    @property
    def pipeline_hash(self) -> str:
        """SHA-256 of code version, commit and parameters."""
        return _hash([self.code_version, self.code_commit, self.parameters])


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def default_parameters() -> dict[str, Any]:
    """Full parameter set of the workers' code, by section.

    Raised if the workers' code cannot be run: WorkersMissingError.
    """
    done = subprocess.run(
        [sys.executable, "-m", "workers", "parameters"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if done.returncode:
        raise WorkersMissingError(f"`python -m workers parameters` failed: {done.stderr.strip()[-300:]}")
    return dict(json.loads(done.stdout))


def current_pipeline(overrides: Path | None = None) -> Pipeline:
    """Pipeline of the code as it stands, with the parameters that a TOML file changes.

    Raised if the file names a section or parameter that does not exist: ParametersError.
    """
    parameters = default_parameters()
    if overrides is not None:
        _apply(parameters, overrides)
    return Pipeline(code_version(), git_commit(), parameters)


def _apply(parameters: dict[str, Any], overrides: Path) -> None:
    try:
        changes = tomllib.loads(overrides.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ParametersError(
            f"{overrides}: {error}", expected="a TOML file of [section] name = value"
        ) from error
    for section, values in changes.items():
        known = parameters.get(section)
        if known is None or not isinstance(values, dict):
            raise ParametersError(
                f"{overrides}: section {section!r}", expected=f"one of {', '.join(parameters)}"
            )
        for name, value in values.items():
            if name not in known:
                raise ParametersError(
                    f"{overrides}: [{section}] {name}", expected=f"one of {', '.join(known)}"
                )
            if not _alike(value, known[name]):
                raise ParametersError(
                    f"{overrides}: [{section}] {name} = {value!r}", expected=f"a value like {known[name]!r}"
                )
            known[name] = value


def _alike(value: Any, default: Any) -> bool:
    numbers = (int, float)
    if default is None or (isinstance(value, numbers) and isinstance(default, numbers)):
        return not isinstance(value, bool) or isinstance(default, bool)
    return isinstance(value, type(default))


def register_pipeline(connection: Connection[Any], pipeline: Pipeline) -> int:
    """Key of the pipeline, inserted when it is new."""
    row = connection.execute(
        statement("production/insert_pipeline"),
        {
            "code_version": pipeline.code_version,
            "code_commit": pipeline.code_commit,
            "parameters": Jsonb(pipeline.parameters),
            "parameters_hash": pipeline.parameters_hash,
            "pipeline_hash": pipeline.pipeline_hash,
        },
    ).fetchone()
    return int(row[0]) if row else 0
