"""Uploaded tables: VOTable files whose columns become arrays of the statement, because readers make no tables."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from psycopg import sql

from app.access.adql.errors import QueryError
from app.access.adql.tables import Relation, upload
from app.access.readers import Connection
from app.columns.public_table import PublicColumn

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,40}")
_INTEGERS = {1: ("short", "smallint"), 2: ("short", "smallint"), 4: ("int", "integer"), 8: ("long", "bigint")}
_FLOATS = {4: ("float", "real"), 8: ("double", "double precision")}


class UploadError(QueryError):
    """An uploaded table cannot be read."""

    code = "UPLOAD"


@dataclass(frozen=True)
class Upload:
    """A table that came with a request.

    Attributes
    ----------
    name : str
        Its name after ``TAP_UPLOAD.``, lower case.
    columns : tuple of PublicColumn
        Its columns, names in lower case.
    arrays : tuple of str
        Values of each column as an array of PostgreSQL.
    types : tuple of str
        Types of the values in PostgreSQL.
    rows : int
        Number of rows.
    """

    name: str
    columns: tuple[PublicColumn, ...]
    arrays: tuple[str, ...]
    types: tuple[str, ...]
    rows: int

    @property
    def relation(self) -> Relation:
        """The table as a query names it."""
        return upload(self.name, self.columns)


def read_upload(name: str, content: bytes, most_rows: int) -> Upload:
    """Read a VOTable.

    Parameters
    ----------
    name : str
        Name after ``TAP_UPLOAD.``.
    content : bytes
        The file, in any serialisation of VOTable.
    most_rows : int
        Rows that it may have.

    Raises
    ------
    UploadError
        Raised if the name is none, the file is no VOTable, or it has too many rows or columns of other types.
    """
    import warnings

    from astropy.io import votable

    if not _NAME.fullmatch(name):
        raise UploadError(
            f"an uploaded table named {name!r}", expected="a letter, then letters, digits, underscores"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = votable.parse_single_table(io.BytesIO(content), verify="ignore")
    except Exception as error:
        raise UploadError(f"the uploaded table {name} is no VOTable: {_line(error)}") from error
    if len(table.array) > most_rows:
        raise UploadError(
            f"{len(table.array)} rows in the uploaded table {name}", expected=f"at most {most_rows}"
        )
    made = [_column(f, table.array[f.ID or f.name], name) for f in table.fields]
    names = [column.name for column, _, _ in made]
    if len(set(names)) != len(names) or not names:
        raise UploadError(
            f"columns {', '.join(names) or 'none'} of the uploaded table {name}", expected="names that differ"
        )
    columns, types, arrays = zip(*made, strict=True)
    return Upload(name.lower(), columns, arrays, types, len(table.array))


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _column(field: Any, values: Any, table: str) -> tuple[PublicColumn, str, str]:
    plain = np.ma.asarray(values)
    unit, ucd = str(field.unit or ""), str(field.ucd or "")
    kind = plain.dtype.kind
    if plain.ndim != 1 or kind not in "iufbOSU":
        raise UploadError(f"column {field.name} of the uploaded table {table}", expected="numbers or texts")
    if kind in "iub" and plain.dtype.itemsize in _INTEGERS:
        datatype, postgres = _INTEGERS[
            min(8, plain.dtype.itemsize * 2) if kind == "u" else plain.dtype.itemsize
        ]
    elif kind == "f":
        datatype, postgres = _FLOATS[plain.dtype.itemsize]
    else:
        datatype, postgres = "char", "text"
    described = PublicColumn(
        str(field.name).lower(), datatype, str(field.description or ""), "*" if datatype == "char" else "",
        str(field.xtype or ""), unit, ucd,
    )  # fmt: skip
    return described, postgres, _array(plain, postgres)


def _array(values: Any, postgres: str) -> str:
    """Write values as an array of PostgreSQL; masked ones, and numbers that are none, are null."""
    known = ~np.ma.getmaskarray(values)
    data = values.data
    if postgres == "text":
        words = [_quoted(value) if seen else "NULL" for value, seen in zip(data, known, strict=True)]
        return "{" + ",".join(words) + "}"
    if postgres in {"real", "double precision"}:
        known &= ~np.isnan(data)
    words = [
        repr(value) if seen else "NULL" for value, seen in zip(data.tolist(), known.tolist(), strict=True)
    ]
    return "{" + ",".join(words).replace("True", "1").replace("False", "0") + "}"


def _quoted(value: Any) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\0", "") + '"'


def uploads_clause(uploads: Sequence[Upload], connection: Connection) -> str:
    """Give the WITH list that makes tables of uploads, empty without any.

    The planner knows how many rows a constant array has, so that a join with a catalogue uses its index.

    Parameters
    ----------
    uploads : sequence of Upload
        Tables that came along.
    connection : Connection
        Where it will run: literals are quoted as the session wants.
    """
    if not uploads:
        return ""
    parts = []
    for table in uploads:
        arrays = sql.SQL(", ").join(
            sql.SQL("{}::{}[]").format(sql.Literal(values), sql.SQL(kind))
            for values, kind in zip(table.arrays, table.types, strict=True)
        )
        names = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)
        parts.append(
            sql.SQL("{} AS MATERIALIZED (SELECT * FROM unnest({}) AS given ({}))").format(
                sql.Identifier(f"tap_upload_{table.name}"), arrays, names
            )
        )
    return (sql.SQL("WITH ") + sql.SQL(", ").join(parts)).as_string(connection) + " "
