"""Rows of a COPY as records: whole, in chunks of any size, and given up in the middle."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest
from psycopg import pq, sql

from app.columns import Column, Kind
from app.columns.records import RecordLayoutError
from app.db.copied_rows import copy_chunks
from tests.conftest import Database

COLUMNS = (
    Column("number", Kind.INTEGER, ""),
    Column("half", Kind.REAL, "", null="every third"),
    Column("letters", Kind.CHAR, "", length=4),
    Column("day", Kind.DATE, ""),
)


def numbers(rows: int) -> sql.Composed:
    return sql.SQL(
        "SELECT n, CASE WHEN n % 3 > 0 THEN (n / 2.0)::real END, ('é' || n)::text, date '1999-12-31' + n"
        " FROM generate_series(0, {}) AS s (n) ORDER BY n"
    ).format(sql.Literal(rows - 1))


@pytest.mark.parametrize(
    ("rows", "sizes"), [(0, []), (1, [1]), (10, [10]), (20, [10, 10]), (25, [10, 10, 5])]
)
def test_chunks(database: Database, rows: int, sizes: list[int]) -> None:
    with database.connect() as connection:
        chunks = list(copy_chunks(connection, numbers(rows), COLUMNS, 10))
        assert connection.info.transaction_status == pq.TransactionStatus.IDLE
    assert [chunk.size for chunk in chunks] == sizes
    if rows:
        found = np.concatenate(chunks)
        assert found["number"].tolist() == list(range(rows))
        wanted = [np.nan if n % 3 == 0 else n / 2 for n in range(rows)]
        np.testing.assert_array_equal(found["half"], np.array(wanted, "f4"))
        assert [text.decode() for text in found["letters"].tolist()] == [f"é{n}" for n in range(rows)]
        assert found["day"].tolist() == [n - 1 for n in range(rows)]


def test_what_nobody_takes_is_given_up(database: Database) -> None:
    """The server would send all of them: it is told to stop, and the connection goes on."""
    with database.connect() as connection:
        with closing(copy_chunks(connection, numbers(9_999), COLUMNS, 100)) as chunks:
            assert next(chunks).size == 100
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_text_that_does_not_fit_is_said(database: Database) -> None:
    with database.connect() as connection:
        with pytest.raises(RecordLayoutError, match="letters with another size"):
            list(copy_chunks(connection, numbers(10_001), COLUMNS, 20_000))
        assert connection.execute("SELECT 1").fetchone() == (1,)
