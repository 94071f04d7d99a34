"""Small conversions that every step needs on its way out: the hash of its inputs, the rows of its metrics."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping

from app.instruments.bands import Band
from app.production.publication import Metric


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
