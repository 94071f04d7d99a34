"""The loader: numpy records -> PostgreSQL's binary COPY, on the connection of the caller's transaction.

A record array holds NULL as a value: NaN in floating-point columns, the smallest integer of the type in integer
and date columns, the empty string in CHAR columns. Columns that follow each other with the same type are encoded
together as one matrix, so that the cost is that of a dozen array operations and not of one a column
(docs/decisions/0001-loader.md has the figures).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection, sql

from app.columns import EXTENDED_SOURCE, POINT_SOURCE, Column, Kind
from app.columns.records import (
    NullInRequiredColumnError,
    RecordLayoutError,
    Records,
    record_dtype,
)

CHUNK_ROWS = 1024
"""Rows encoded and sent at a time.

0.8 MB of point sources stay in the processor's cache, and the server works on the last of a chunk (a socket buffer,
200 kB) while the next one is encoded; larger chunks leave it idle meanwhile.
"""

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
"""Signature, flags and length of the (empty) header extension."""
TRAILER = b"\xff\xff"


class SourceTable(Enum):
    """Tables that take whole record arrays."""

    POINT = ("wsdb", "point_measurement")
    EXTENDED = ("wsdb", "extended_measurement")

    @property
    def columns(self) -> tuple[Column, ...]:
        """Columns of the table."""
        return POINT_SOURCE if self is SourceTable.POINT else EXTENDED_SOURCE


@dataclass(frozen=True)
class _Group:
    """Neighbouring columns of one type: a matrix in the record and a matrix on the wire."""

    members: int
    kind: Kind
    width: int
    record_offset: int
    wire_offset: int

    @property
    def wire_bytes(self) -> int:
        return self.members * (4 + self.width)


@dataclass(frozen=True)
class _Layout:
    """Where everything stands in a record and in a full row on the wire."""

    groups: tuple[_Group, ...]
    wire_bytes: int
    fields: int


def encode(rows: Records, columns: Sequence[Column]) -> bytes:
    """Encode all rows as one binary COPY file.

    Raises
    ------
    RecordLayoutError
        Raised if the array has another dtype than `record_dtype(columns)`, or text with a zero byte inside.
    NullInRequiredColumnError
        Raised if a column that may not be null holds nulls; the message counts the rows.
    """
    checked = check_records(rows, columns)
    return b"".join((HEADER, *_encoded_chunks(checked, columns, {}), TRAILER))


def copy_rows(
    connection: Connection[Any],
    table: SourceTable,
    columns: Sequence[Column],
    rows: Records,
    keys: Mapping[str, int] | None = None,
    into: str | None = None,
) -> int:
    """Load the rows in the caller's transaction; nothing is sent when a required value is missing.

    Parameters
    ----------
    connection : Connection
        The connection whose transaction publishes the attempt.
    table : SourceTable
        Target; partitions are found by the server.
    columns : sequence of Column
        Columns to load, in the order of the records.
    rows : structured array
        Dtype `record_dtype(columns)`.
    keys : mapping of str to int, optional
        Columns that get one value in all rows, whatever the records hold there: the keys of the claim.
    into : str, optional
        Name of a temporary table with the same columns, which takes the rows instead.

    Returns
    -------
    int
        Number of rows.

    Raises
    ------
    RecordLayoutError, NullInRequiredColumnError
        As `encode`.
    """
    checked = check_records(rows, columns)
    if not checked.size:
        return 0
    command = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(
        sql.Identifier(*table.value) if into is None else sql.Identifier(into),
        sql.SQL(", ").join(sql.Identifier(column.name) for column in columns),
    )
    with connection.cursor() as cursor, cursor.copy(command) as copy:
        copy.write(HEADER)
        for chunk in _encoded_chunks(checked, columns, keys or {}):
            copy.write(chunk)
        copy.write(TRAILER)
    return int(checked.size)


def check_records(rows: Records, columns: Sequence[Column]) -> Records:
    """Give the rows back as one contiguous array after looking for nulls where none may be.

    Raises
    ------
    RecordLayoutError, NullInRequiredColumnError
        As `encode`.
    """
    wanted = record_dtype(columns)
    if rows.dtype != wanted or rows.ndim != 1:
        raise RecordLayoutError(
            f"records of {rows.ndim} dimensions with {_difference(rows.dtype, wanted)}",
            expected="one dimension and the dtype of app.columns.records.record_dtype",
        )
    _refuse_zero_bytes(rows, columns)
    missing = {
        column.name: count
        for column in columns
        if not column.nullable and (count := int(np.count_nonzero(_is_null(rows[column.name]))))
    }
    if missing:
        named = ", ".join(f"{name} ({count})" for name, count in missing.items())
        raise NullInRequiredColumnError(
            f"null in {named} of {rows.size} rows", expected="a value in every row of these columns"
        )
    return np.ascontiguousarray(rows)


def _refuse_zero_bytes(rows: Records, columns: Sequence[Column]) -> None:
    # At the end they pad; elsewhere the server would refuse them, and the encoder would turn them into blanks.
    for column in columns:
        if column.kind is Kind.CHAR and column.length > 1:
            text = np.ascontiguousarray(rows[column.name]).view(np.uint8).reshape(rows.size, column.length)
            if np.any((text[:, 1:] != 0) & (text[:, :-1] == 0)):
                raise RecordLayoutError(f"a zero byte inside the text of column {column.name}")


def _difference(found: np.dtype[Any], wanted: np.dtype[np.void]) -> str:
    names, known = found.names or (), wanted.names or ()
    absent, unknown = sorted(set(known) - set(names)), sorted(set(names) - set(known))
    if absent or unknown:
        return f"fields missing: {absent}, unknown: {unknown}"
    return "fields of other types or in another order"


def _is_null(values: NDArray[Any]) -> NDArray[np.bool_]:
    if values.dtype.kind == "f":
        return np.asarray(np.isnan(values), np.bool_)
    if values.dtype.kind == "S":
        return np.asarray(values == b"")
    return np.asarray(values == np.iinfo(values.dtype).min)


@lru_cache(maxsize=16)
def _layout(columns: tuple[Column, ...]) -> _Layout:
    groups: list[_Group] = []
    record_offset, wire_offset = 0, 2
    for (kind, width), members in groupby(columns, key=lambda c: (c.kind, np.dtype(c.numpy_type).itemsize)):
        group = _Group(len(tuple(members)), kind, width, record_offset, wire_offset)
        groups.append(group)
        record_offset += group.members * width
        wire_offset += group.wire_bytes
    return _Layout(tuple(groups), wire_offset, len(columns))


def _encoded_chunks(
    rows: Records, columns: Sequence[Column], keys: Mapping[str, int]
) -> Iterator[memoryview]:
    layout = _layout(tuple(columns))
    for first in range(0, rows.size, CHUNK_ROWS):
        chunk = rows[first : first + CHUNK_ROWS]
        if keys:
            # The caller's rows stay as they are. The copy goes by bytes: field by field takes eighteen times as long.
            chunk = chunk.view(np.uint8).copy().view(rows.dtype)
            for name, value in keys.items():
                chunk[name] = value
        yield _encode_chunk(chunk, layout)


def _encode_chunk(rows: Records, layout: _Layout) -> memoryview:
    """Write full rows with room for every value, then squeeze out the values of nulls."""
    n = rows.size
    wire = np.empty((n, layout.wire_bytes), np.uint8)
    wire[:, :2].view(">i2")[...] = layout.fields
    keep = np.ones(wire.shape, np.uint8)
    source = rows.view(np.uint8).reshape(n, -1)
    for group in layout.groups:
        shape = (n, group.members, 4 + group.width)
        end = group.wire_offset + group.wire_bytes
        null = _encode_group(source, wire[:, group.wire_offset : end].reshape(shape), group)
        if null.any():
            _drop_nulls(keep[:, group.wire_offset : end].reshape(shape), null)
    return wire[keep.view(np.bool_)].data


def _encode_group(source: NDArray[np.uint8], target: NDArray[np.uint8], group: _Group) -> NDArray[np.bool_]:
    """Write the values and lengths of a group; give back where they are null."""
    n, members, _ = target.shape
    end = group.record_offset + members * group.width
    # A contiguous copy: comparisons on the packed records would go through unaligned loops.
    raw = np.ascontiguousarray(source[:, group.record_offset : end])
    if group.kind is Kind.CHAR:
        letters = raw.reshape(n, members, group.width)
        null = np.logical_not(letters.any(axis=2))
        # CHAR(n) is stored padded with blanks: blanks in place of numpy's zero bytes are the same value.
        target[:, :, 4:] = np.where(letters == 0, np.uint8(ord(" ")), letters)
    else:
        values = raw.view(group.kind.numpy)
        null = _is_null(values)
        target[:, :, 4:].view(f">{group.kind.numpy}")[:, :, 0] = values
    target[:, :, :4].view(">i4")[:, :, 0] = np.where(null, np.int32(-1), np.int32(group.width))
    return null


def _drop_nulls(keep: NDArray[np.uint8], null: NDArray[np.bool_]) -> None:
    """Clear the marks of the values that are null."""
    width = keep.shape[2] - 4
    if width in {2, 4, 8}:
        # All marks of a value as one integer: five times as fast as broadcasting over its bytes.
        word = np.dtype(f"u{width}")
        all_kept = word.type(int.from_bytes(b"\1" * width, "little"))
        keep[:, :, 4:].view(word)[:, :, 0] = np.where(null, word.type(0), all_kept)
    else:
        keep[:, :, 4:] = np.logical_not(null)[:, :, None]
