"""Rows of a publication that was made again, compared with those that its attempt loaded.

Source rows are loaded into temporary tables and compared by the server, byte by byte as it stores them. Rows of images,
stamps, products, zero points, metrics and diagnostics are few and compared here, field by field; areas of images are
not, which pgSphere keeps in radians: the hash of the whole publication covers them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import Enum
from typing import Any

import numpy as np
from psycopg import Connection
from psycopg.rows import class_row, dict_row

from app.columns.records import Records
from app.db.copy import SourceTable, copy_rows
from app.db.statements import statement
from app.production.claim import Claim
from app.production.publication import Publication

_STATEMENTS = {
    SourceTable.POINT: ("replay/make_points", "replay/compare_points", "replay/columns_points"),
    SourceTable.EXTENDED: ("replay/make_extended", "replay/compare_extended", "replay/columns_extended"),
}
_FLOAT4 = 700
"""Type of PostgreSQL's REAL: a value is compared as it was rounded to be stored."""


@dataclass(frozen=True)
class Difference:
    """One column, or the presence of rows, in which a table differs.

    Attributes
    ----------
    table, column : str
        Where; the column is empty where whole rows are missing or added.
    rows : int
        Number of rows that differ so.
    example : str
        The first of them.
    """

    table: str
    column: str
    rows: int
    example: str

    def text(self) -> str:
        """Write it for people."""
        column = f".{self.column}" if self.column else ""
        return f"{self.table}{column} {self.rows} rows ({self.example})"


@dataclass(frozen=True)
class _Counts:
    loaded: int
    again: int
    missing: int
    added: int
    different: int
    first_missing: int | None
    first_added: int | None


def compare_rows(
    connection: Connection[Any], claim: Claim, made: Publication
) -> tuple[int, list[Difference]]:
    """Compare what an attempt loaded with what was made again; nothing is left in the database.

    Parameters
    ----------
    connection : Connection
        Of the worker's role, in autocommit mode.
    claim : Claim
        The attempt.
    made : Publication
        What its step makes of its inputs now.

    Returns
    -------
    int
        Number of rows that were compared, source rows and others.
    list of Difference
        Empty where all are equal.
    """
    with connection.transaction(force_rollback=True):
        points, point_faults = _sources(connection, claim, made.point_sources, SourceTable.POINT)
        wide, wide_faults = _sources(connection, claim, made.extended_sources, SourceTable.EXTENDED)
    found = [*point_faults, *wide_faults]
    rows = points + wide
    for table, name, key, again in _small_tables(made):
        loaded, types = _loaded(connection, name, claim)
        rows += len(loaded)
        found += _differences(table, key, _by_key(loaded, key), _by_key(again, key), types)
    return rows, found


def _sources(
    connection: Connection[Any], claim: Claim, records: Records | None, table: SourceTable
) -> tuple[int, list[Difference]]:
    name = table.value[1]
    keys = {"run_id": claim.run_id, "attempt_id": claim.attempt_id}
    make, compare, by_column = _STATEMENTS[table]
    connection.execute(statement(make))
    if records is not None:
        copy_rows(connection, table, table.columns, records, keys, into=f"replayed_{name}")
    with connection.cursor(row_factory=class_row(_Counts)) as cursor:
        [counts] = cursor.execute(statement(compare), keys).fetchall()
    found = []
    if counts.missing:
        found.append(Difference(name, "", counts.missing, f"{counts.first_missing} is not made again"))
    if counts.added:
        found.append(Difference(name, "", counts.added, f"{counts.first_added} is not loaded"))
    if counts.different:
        columns = connection.execute(statement(by_column), keys).fetchall()
        found += [Difference(name, column, rows, example) for column, rows, example in columns]
        if not columns:
            found.append(Difference(name, "", counts.different, "in the sign of a zero"))
    return counts.loaded, found


def _small_tables(made: Publication) -> Iterator[tuple[str, str, tuple[str, ...], list[dict[str, Any]]]]:
    """Tables of few rows: name, statement that reads them, key of a row in its attempt, rows made again."""
    diagnostics = [made.diagnostics] if made.diagnostics is not None else []
    yield "atlas_measurement", "replay/images", ("number", "band"), _plain(made.atlas_images)
    yield "postage_stamp", "replay/stamps", ("ext_id",), _plain(made.postage_stamps)
    yield "scan_diagnostics", "replay/diagnostics", (), _plain(diagnostics)
    yield "product", "replay/products", ("kind", "band", "camera"), _plain(made.calibrations)
    yield "zero_point", "replay/zero_points", ("band",), _plain(made.zero_points)
    yield "metric", "replay/metrics", ("name", "band"), _plain(made.metrics)


def _plain(rows: Iterable[Any]) -> list[dict[str, Any]]:
    """Values of rows as the tables hold them."""
    plain = []
    for row in rows:
        values = asdict(row)
        values.pop("footprint", None)
        if "valid" in values:
            values["valid_from"], values["valid_to"] = values.pop("valid")
        if "band" in values:
            values["band"] = values["band"] or "-"
        plain.append(
            {key: value.value if isinstance(value, Enum) else value for key, value in values.items()}
        )
    return plain


def _loaded(
    connection: Connection[Any], name: str, claim: Claim
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Rows of a small table, and the types of its columns."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(statement(name), {"attempt_id": claim.attempt_id}).fetchall()
        return rows, {column.name: column.type_code for column in cursor.description or ()}


def _by_key(rows: Sequence[Mapping[str, Any]], key: tuple[str, ...]) -> dict[str, Mapping[str, Any]]:
    return {" ".join(str(row[name]) for name in key): row for row in rows}


def _differences(
    table: str,
    key: tuple[str, ...],
    loaded: Mapping[str, Mapping[str, Any]],
    again: Mapping[str, Mapping[str, Any]],
    types: Mapping[str, int],
) -> Iterator[Difference]:
    for absent, verb in (
        (loaded.keys() - again.keys(), "made again"),
        (again.keys() - loaded.keys(), "loaded"),
    ):
        if absent:
            yield Difference(table, "", len(absent), f"{min(absent) or 'the row'} is not {verb}")
    columns: dict[str, list[str]] = {}
    for name in sorted(loaded.keys() & again.keys()):
        for column, value in again[name].items():
            stored = loaded[name][column]
            if column not in key and not _equal(stored, value, types[column]):
                columns.setdefault(column, []).append(f"{name}: {stored} loaded, {value} made again")
    for column, told in sorted(columns.items()):
        yield Difference(table, column, len(told), told[0].removeprefix(": "))


def _equal(stored: Any, value: Any, type_code: int) -> bool:
    if type_code == _FLOAT4 and stored is not None and value is not None:
        return bool(np.float32(stored) == np.float32(value))
    if isinstance(stored, datetime) and isinstance(value, datetime):
        return stored == value
    return bool(stored == value)
