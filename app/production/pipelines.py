"""Pipelines: code version, commit and full parameter set, hashed."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from app.db.statements import statement
from app.errors import MappsError
from app.parameters.section import ParametersError
from app.parameters.sections import ParameterSet
from app.version import code_version, git_commit


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
        Raised if the file cannot be read, names a parameter that does not exist or gives it an impossible value.
    """
    parameters = ParameterSet()
    if overrides is not None:
        parameters = parameters.changed(_read(overrides))
    return Pipeline(code_version(), git_commit(), parameters.as_dict())


def _read(path: Path) -> dict[str, Any]:
    """Sections of a parameter file with plain values, not yet checked."""
    try:
        text = path.read_text(encoding="utf-8")
        content = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise ParametersError(
            f"{path}: {error}", expected="a TOML file of [section] and name = value"
        ) from error
    if not isinstance(content, dict):
        raise ParametersError(f"{path} holds no sections", expected='{"section": {"name": value}}')
    return content


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
