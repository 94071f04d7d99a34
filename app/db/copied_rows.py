"""The way back of the loader: PostgreSQL's binary COPY -> numpy records with the nulls of the registry.

A compiled loop takes the values out of the stream and puts them where they belong in the record; no value becomes an
object of Python. The 60 columns of a point source take 0.6 us.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from psycopg import Connection, sql

from app.arrays import Bools, Flags, Integers
from app.columns import Column, Kind
from app.columns.records import RecordLayoutError, Records, empty_records
from app.db.copy import HEADER
from app.kernel_place import use_kernel_place

use_kernel_place(Path(__file__).parent / "__pycache__")

JOINED_ROWS = 256
"""Rows that are taken out of the stream at a time: 120 kB of point sources stay in the processor's cache."""

_FITS = -1
_OTHER_NUMBER = -2


class _Fields(NamedTuple):
    """Where the values of a record begin, their bytes, and which are text: an array value a column each."""

    places: Integers
    widths: Integers
    is_text: Bools


@lru_cache(maxsize=16)
def _fields(columns: tuple[Column, ...]) -> _Fields:
    widths = np.array([np.dtype(column.numpy_type).itemsize for column in columns], np.int64)
    return _Fields(
        np.cumsum(widths) - widths, widths, np.array([column.kind is Kind.CHAR for column in columns])
    )


@njit(cache=True)
def fill_records(
    given: Flags, places: Integers, widths: Integers, is_text: Bools, records: Flags
) -> tuple[int, int]:  # pragma: no cover - compiled
    """Put the values of rows on the wire into records whose values are all null.

    Parameters
    ----------
    given : uint8 array
        Whole rows, without the header of the stream.
    places, widths : int64 arrays (columns,)
        Where each value begins in its record, and how many bytes it has there.
    is_text : bool array (columns,)
        Which columns are text: their values may be shorter, and stand on the wire as they stand in the record. The
        bytes of numbers are turned around.
    records : uint8 array (rows, bytes of a record)
        Written.

    Returns
    -------
    rows : int
        Rows that were found.
    fault : int
        -1; or the first column with a value that does not fit, or -2 where a row has another number of columns.
    """
    place, row = 0, 0
    while place + 2 <= given.size:
        fields = int(given[place]) << 8 | int(given[place + 1])
        place += 2
        # A number of columns of -1 ends the stream.
        if fields == 0xFFFF:
            break
        if fields != places.size:
            return row, _OTHER_NUMBER
        for column in range(places.size):
            length = 0
            for byte in range(4):
                length = length << 8 | int(given[place + byte])
            place += 4
            if length == 0xFFFFFFFF:
                continue
            first, width = places[column], widths[column]
            if is_text[column]:
                if length > width:
                    return row, column
                for byte in range(length):
                    records[row, first + byte] = given[place + byte]
            else:
                if length != width:
                    return row, column
                for byte in range(length):
                    records[row, first + byte] = given[place + length - 1 - byte]
            place += length
        row += 1
    return row, _FITS


def decode(rows: bytes, most: int, columns: Sequence[Column]) -> Records:
    """Give rows on the wire as records.

    Parameters
    ----------
    rows : bytes
        Whole rows of binary COPY, without the header of the stream; a trailer ends them.
    most : int
        Number of rows that there are at most.
    columns : sequence of Column
        Columns of the rows.

    Returns
    -------
    structured array (n,)
        Records; null where the value is.

    Raises
    ------
    RecordLayoutError
        Raised if the rows have other columns, or a text that is longer than its column.
    """
    records = empty_records(columns, most)
    return records[: _fill(rows, records, columns)]


def _fill(rows: bytes, records: Records, columns: Sequence[Column]) -> int:
    """Put rows into the first of some empty records; their number."""
    layout = _fields(tuple(columns))
    wanted = records.view(np.uint8).reshape(records.size, records.dtype.itemsize)
    found, fault = fill_records(np.frombuffer(rows, np.uint8), *layout, wanted)
    if fault == _OTHER_NUMBER:
        raise RecordLayoutError(f"row {found} of a COPY", expected=f"{len(columns)} columns")
    if fault != _FITS:
        column = columns[fault]
        width = f"{layout.widths[fault]} bytes" + (" at most" if column.kind is Kind.CHAR else "")
        raise RecordLayoutError(
            f"a value of {column.name} with another size in row {found} of a COPY", expected=width
        )
    return found


def copy_chunks(
    connection: Connection[Any], query: sql.Composable, columns: Sequence[Column], chunk_rows: int
) -> Generator[Records, None, None]:
    """Give the rows of a query as records; memory holds a single chunk.

    Parameters
    ----------
    connection : Connection
        Its transaction is open as long as rows are taken.
    query : sql.Composable
        SELECT of the columns, in their order and with the types of the registry; COPY takes no parameters.
    columns : sequence of Column
        Columns of the rows; texts have a length.
    chunk_rows : int
        Rows of a chunk; the last one has fewer.

    Yields
    ------
    structured array (n,)
        Records of the columns; never empty.
    """
    command = sql.SQL("COPY ({}) TO STDOUT (FORMAT binary)").format(query)
    with connection.transaction(), connection.cursor() as cursor, cursor.copy(command) as copy:
        blocks = iter(copy)
        # The server sends a message a row; the header comes with the first one, the trailer by itself.
        first = next(blocks, b"")
        blocks = chain((memoryview(first)[len(HEADER) :],), blocks)
        filled = chunk_rows
        while filled == chunk_rows:
            records, filled = empty_records(columns, chunk_rows), 0
            while filled < chunk_rows:
                rows = tuple(islice(blocks, min(JOINED_ROWS, chunk_rows - filled)))
                if not rows:
                    break
                filled += _fill(b"".join(rows), records[filled:], columns)
            if filled:
                yield records[:filled]
