"""One hash over everything an attempt publishes: replays and other runs can be compared by it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

import numpy as np

from app.columns import POINT_SOURCE, Producer
from app.columns.column import names_by
from app.columns.records import Records
from app.errors import MappsError
from app.production.publication import Publication

# They differ between two attempts, or two runs, at the same work: the publication adds them while it loads the rows.
_KEYS_OF_THE_CLAIM = names_by(POINT_SOURCE, Producer.PUBLICATION)


class KeysInRowsError(MappsError):
    """Rows to be published hold keys of a claim, so their hash would depend on the attempt: a bug of the step."""

    code = "KEYS_IN_ROWS"


def output_hash(publication: Publication) -> str:
    """SHA-256 (hexadecimal) over rows, references to files and metrics, without the keys of the claim.

    Raises
    ------
    KeysInRowsError
        Raised if a source row holds another attempt or run than 0.
    """
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
    # Added only where present: nights have neither.
    if publication.scan_coverage:
        digest.update(json.dumps([asdict(row) for row in publication.scan_coverage], sort_keys=True).encode())
        digest.update(b"\n")
    if publication.diagnostics is not None:
        digest.update(json.dumps(asdict(publication.diagnostics), sort_keys=True).encode() + b"\n")
    return digest.hexdigest()


def _add_records(digest: hashlib._Hash, records: Records | None) -> None:
    if records is None or not records.size:
        digest.update(b"0\n")
        return
    filled = [name for name in _KEYS_OF_THE_CLAIM if records[name].any()]
    if filled:
        raise KeysInRowsError(
            f"{', '.join(filled)} in {records.size} rows", expected="0 until the publication"
        )
    digest.update(f"{records.size}\n".encode())
    digest.update(np.ascontiguousarray(records).view(np.uint8).data)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if hasattr(value, "item"):
        return value.item()
    return str(value)
