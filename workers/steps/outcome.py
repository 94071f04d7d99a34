"""Small conversions that every step needs: parameters in, hashes and metrics out."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

from app.errors import InputError
from app.instruments.bands import Band
from app.production.publication import Metric

Parameters = TypeVar("Parameters")


class ParameterError(InputError):
    """The run's parameter set names a parameter that this code does not have."""

    code = "PARAMETER"


def parameters_of(kind: type[Parameters], values: Mapping[str, Any]) -> Parameters:
    """Frozen parameter object from the run's JSON (lists become tuples).

    Raised if a name is unknown to this version of the code: ParameterError.
    """
    known = {item.name for item in fields(kind)}  # type: ignore[arg-type] # bound would need a private protocol
    unknown = sorted(set(values) - known)
    if unknown:
        raise ParameterError(
            f"parameters {', '.join(unknown)} of {kind.__name__}",
            expected=f"names among {', '.join(sorted(known))}",
            remedy="create a run with this version of the code",
        )
    return kind(**{name: _frozen(value) for name, value in values.items()})


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


def input_hash(pipeline_hash: str, contents: Iterable[str]) -> str:
    """SHA-256 over the pipeline and the sorted content hashes of everything that was read."""
    digest = hashlib.sha256(pipeline_hash.encode())
    for content in sorted(contents):
        digest.update(content.encode())
    return digest.hexdigest()


def metric_rows(metrics: Mapping[str, Mapping[str, float]]) -> tuple[Metric, ...]:
    """Rows of quality.metric in a total order; `-` stands for the scan as a whole, NaN values are left out."""
    return tuple(
        Metric(name, None if band == "-" else Band(band), float(value))
        for name, by_band in sorted(metrics.items())
        for band, value in sorted(by_band.items())
        if math.isfinite(value)
    )
