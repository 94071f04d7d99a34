"""One hash over everything an attempt publishes: replays, other runs and other databases can be compared by it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

import numpy as np

from app.columns import POINT_SOURCE, Producer
from app.columns.column import names_by
from app.columns.hash_versions import NEWEST, HashVersionError, hashed_columns
from app.columns.records import Records
from app.errors import MappsError
from app.production.global_rows import GlobalSolutionRows
from app.production.publication import Publication
from app.production.solution_rows import SolutionRows
from app.sky.footprint import Corners

# They differ between two attempts, or two runs, at the same work: the publication adds them while it loads the rows.
_KEYS_OF_THE_CLAIM = names_by(POINT_SOURCE, Producer.PUBLICATION)
_SOURCES = ("point_sources", "extended_sources")
_ROWS = ("atlas_images", "calibrations", "zero_points", "metrics")


class KeysInRowsError(MappsError):
    """Rows to be published hold keys of a claim, so their hash would depend on the attempt: a bug of the step."""

    code = "KEYS_IN_ROWS"


def output_hash(publication: Publication, version: int = NEWEST) -> str:
    """SHA-256 (hexadecimal) over rows, contents of files and metrics: nothing that only this database knows.

    Keys of the claim and of ingested files are left out, and so is the place where a file lies, for which the SHA-256
    of its content stands.

    Parameters
    ----------
    publication : Publication
        What the attempt made.
    version : int, optional
        Version of the lists of columns (`app.columns.hash_versions`); that of an attempt is `hash_version` of its row.

    Raises
    ------
    HashVersionError
        Raised if the version is unknown, or names columns that the publication no longer has.
    KeysInRowsError
        Raised if a source row holds another attempt or run than 0.
    """
    names = hashed_columns(version).output
    digest = hashlib.sha256()
    for part in _SOURCES:
        _add_records(digest, getattr(publication, part), names[part], version)
    for part in _ROWS:
        _add_rows(digest, getattr(publication, part), names[part], version)
    # Added only where present: nights have no coverage or stamps, images that were ingested no diagnostics, scans no
    # solution.
    if publication.postage_stamps:
        _add_rows(digest, publication.postage_stamps, names["postage_stamps"], version)
    if publication.scan_coverage:
        _add_rows(digest, publication.scan_coverage, names["scan_coverage"], version)
    if publication.diagnostics is not None:
        _add_rows(digest, (publication.diagnostics,), names["diagnostics"], version)
    if publication.solution is not None:
        _add_rows(digest, (publication.solution,), names["solution"], version)
        for part, rows in _rows_of(publication.solution).items():
            _add_rows(digest, rows, names[f"solution_{part}"], version)
    if (graded := publication.night_grades) is not None:
        _add_rows(digest, (graded,), names["night_grades"], version)
        _add_rows(digest, graded.metrics, names["derived_metrics"], version)
        _add_rows(digest, graded.grades, names["grades"], version)
    if publication.forced_light:
        _add_rows(digest, publication.forced_light, names["forced_light"], version)
    if publication.astrometry is not None:
        _add_rows(digest, publication.astrometry.scans, names["astrometry"], version)
    return digest.hexdigest()


def _rows_of(solution: SolutionRows) -> dict[str, Sequence[Any]]:
    """Rows of a solution by their part; sets of many nights name their night."""
    if not isinstance(solution, GlobalSolutionRows):
        parts = ("zero_points", "sets", "standards")
        return {part: getattr(solution, part) for part in parts}
    return {
        "zero_points": solution.zero_points,
        "survey_sets": solution.sets,
        "standards": solution.standards,
        "overlaps": solution.overlaps,
    }


def _add_records(
    digest: hashlib._Hash, records: Records | None, names: tuple[str, ...], version: int
) -> None:
    if records is None or not records.size:
        digest.update(b"0\n")
        return
    filled = [name for name in _KEYS_OF_THE_CLAIM if records[name].any()]
    if filled:
        raise KeysInRowsError(
            f"{', '.join(filled)} in {records.size} rows", expected="0 until the publication"
        )
    digest.update(f"{records.size}\n".encode())
    digest.update(np.ascontiguousarray(_columns(records, names, version)).view(np.uint8).data)


def _columns(records: Records, names: tuple[str, ...], version: int) -> Records:
    """Give the columns of a version only; the same array where these are all it has."""
    known = records.dtype.names or ()
    if known == names:
        return records
    _require(names, known, version)
    chosen = np.empty(records.size, np.dtype([(name, records.dtype[name]) for name in names]))
    for name in names:
        chosen[name] = records[name]
    return chosen


def _add_rows(digest: hashlib._Hash, rows: Sequence[Any], names: tuple[str, ...], version: int) -> None:
    for row in rows[:1]:
        _require(names, tuple(field.name for field in fields(row)), version)
    document = [{name: getattr(row, name) for name in names} for row in rows]
    digest.update(json.dumps(document, sort_keys=True, default=_plain).encode())
    digest.update(b"\n")


def _require(names: tuple[str, ...], known: tuple[str, ...], version: int) -> None:
    if gone := [name for name in names if name not in known]:
        raise HashVersionError(
            f"an output hash of version {version}, with {', '.join(gone)}",
            expected="columns that a publication of this version of mapps has",
        )


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Corners):
        return asdict(value)
    if hasattr(value, "item"):
        return value.item()
    return str(value)
