"""One hash over everything an attempt publishes: replays and other runs can be compared by it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

import numpy as np

from app.columns.records import Records
from app.production.publication import Publication

# Keys that differ between two attempts, or two runs, at the same work.
_KEYS_OF_THE_ATTEMPT = ("attempt_id", "run_id")


def output_hash(publication: Publication) -> str:
    """SHA-256 over rows, references to files and metrics; attempt and run keys are left out."""
    digest = hashlib.sha256()
    for records in (publication.point_sources, publication.extended_sources):
        _add_records(digest, records)
    for rows in (
        publication.atlas_images,
        publication.calibrations,
        publication.zero_points,
        publication.metrics,
    ):
        digest.update(json.dumps([asdict(row) for row in rows], sort_keys=True, default=_plain).encode())
        digest.update(b"\n")
    # Added only when present, so that hashes of rows published before diagnostics existed stay valid.
    if publication.diagnostics is not None:
        digest.update(json.dumps(asdict(publication.diagnostics), sort_keys=True).encode() + b"\n")
    return digest.hexdigest()


def _add_records(digest: hashlib._Hash, records: Records | None) -> None:
    if records is None or not records.size:
        digest.update(b"0\n")
        return
    bare = np.ascontiguousarray(records).copy()
    for name in _KEYS_OF_THE_ATTEMPT:
        if name in (bare.dtype.names or ()):
            bare[name] = 0
    digest.update(f"{bare.size}\n".encode())
    digest.update(bare.view(np.uint8).data)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if hasattr(value, "item"):
        return value.item()
    return str(value)
