r"""The survey's bulk text (background/survey 4.4): one row a line, fields between `|`, `\N` for null, no header.

It is PostgreSQL's COPY text: character columns keep their blanks, numbers stand with the decimals of the registry's
print format but without blanks and without trailing zeros, as in the published files (`11.98`, not `11.980`).
The server writes the text; this module says which columns, and has a reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection, sql

from app.columns import Column, Kind
from app.columns.records import EPOCH, empty_records
from app.db.statements import statement
from app.errors import InputError
from app.releases.products import Product

SEPARATOR = "|"
NULL = r"\N"
_FIXED = re.compile(r"%\d*\.(\d+)f")


class BulkTextError(InputError):
    """A line is not a row of the bulk text."""

    code = "BULK_TEXT"


def write_bulk_text(connection: Connection[Any], stream: BinaryIO, product: Product, release_id: int) -> None:
    """Write one product in its order.

    Parameters
    ----------
    connection : Connection
        Role reader or more; dates are ISO whatever its DateStyle is.
    stream : binary file, written
        Target, open for writing.
    product : Product
        Table and columns.
    release_id : int
        Key of the release.
    """
    query = sql.SQL(
        "COPY (SELECT {} FROM {} WHERE release_id = {} ORDER BY {}) TO STDOUT (DELIMITER '|', NULL '\\N')"
    ).format(
        sql.SQL(", ").join(map(_expression, product.columns)),
        sql.Identifier("release", product.name),
        sql.Literal(release_id),
        sql.SQL(", ").join(map(sql.Identifier, product.order)),
    )
    with connection.transaction():
        connection.execute(statement("reports/bulk_text_settings"))
        with connection.cursor() as cursor, cursor.copy(query) as copy:
            stream.writelines(bytes(block) for block in copy)


def _expression(column: Column) -> sql.Composed:
    decimals = _FIXED.fullmatch(column.text_format)
    if decimals is None:
        return sql.SQL("{}").format(sql.Identifier(column.name))
    # A real becomes a decimal number of six digits, a double a number of fifteen: more than the formats ask for.
    return sql.SQL("trim_scale(round({}::numeric, {}))").format(
        sql.Identifier(column.name), sql.Literal(int(decimals[1]))
    )


def read_bulk_text(lines: Iterable[str], columns: Sequence[Column]) -> NDArray[np.void]:
    """Read rows into records with the nulls of `app.columns.records`.

    Parameters
    ----------
    lines : iterable of str
        Lines of the text; empty lines are skipped.
    columns : sequence of Column
        Columns of the product, in its order.

    Returns
    -------
    structured array (n,)
        A record for each line.

    Raises
    ------
    BulkTextError
        Raised if a line has another number of fields or a value that its column cannot hold.
    """
    rows = [
        _parse(line.rstrip("\r\n"), number, columns)
        for number, line in enumerate(lines, start=1)
        if line.strip("\r\n")
    ]
    records = empty_records(columns, len(rows))
    for number, row in enumerate(rows):
        for column, value in zip(columns, row, strict=True):
            if value is not None:
                records[column.name][number] = value
    return records


def _parse(line: str, number: int, columns: Sequence[Column]) -> list[Any]:
    fields = line.split(SEPARATOR)
    if len(fields) != len(columns):
        raise BulkTextError(f"line {number}: {len(fields)} fields", expected=f"{len(columns)} fields")
    return [_value(text, number, column) for text, column in zip(fields, columns, strict=True)]


def _value(text: str, number: int, column: Column) -> Any:
    if text == NULL:
        if not column.nullable:
            raise BulkTextError(f"line {number}: null in {column.name}", expected="a value")
        return None
    try:
        if column.kind is Kind.CHAR:
            return _letters(text, column)
        if column.kind is Kind.DATE:
            return (np.datetime64(date.fromisoformat(text), "D") - EPOCH).astype(int)
        if column.kind in {Kind.DOUBLE, Kind.REAL}:
            return float(text)
        return np.array(int(text), np.dtype(column.numpy_type))
    except (ValueError, OverflowError):
        raise BulkTextError(
            f"line {number}: {column.name} = {text!r}", expected=f"a value of type {column.postgres_type}"
        ) from None


def _letters(text: str, column: Column) -> bytes:
    letters = text.encode("ascii")
    # numpy would cut a longer text without a word.
    if len(letters) > column.length:
        raise ValueError(text)
    return letters
