"""The loader's encoding: byte for byte what psycopg itself would send, and nothing where a value is missing."""

import datetime as dt
import struct

import numpy as np
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.adapt import Transformer
from psycopg.pq import Format

from app.columns import EXTENDED_SOURCE, POINT_SOURCE, Column, Kind
from app.columns.records import (
    NullInRequiredColumnError,
    RecordLayoutError,
    empty_records,
    null_integer,
    record_dtype,
)
from app.db import copy
from app.db.copy import HEADER, TRAILER, encode

OIDS = {
    Kind.BIGINT: "int8",
    Kind.INTEGER: "int4",
    Kind.SMALLINT: "int2",
    Kind.DOUBLE: "float8",
    Kind.REAL: "float4",
    Kind.CHAR: "text",
    Kind.DATE: "date",
}
NULLABLE = tuple(Column(f"c{i}", kind, "", null="sometimes", length=3) for i, kind in enumerate(Kind))


def random_records(columns, n, random, null_share=0.0):
    rows = empty_records(columns, n)
    for column in columns:
        kind = np.dtype(column.numpy_type)
        if column.kind is Kind.CHAR:
            letters = random.integers(33, 127, (n, column.length), np.uint8)
            letters[np.arange(column.length) >= random.integers(1, column.length + 1, n)[:, None]] = 0
            values = np.ascontiguousarray(letters).view(kind)[:, 0]
        elif kind.kind == "f":
            values = random.normal(0, 1e6, n)
        else:
            least = -730_000 if column.kind is Kind.DATE else np.iinfo(kind).min + 1
            most = 2_900_000 if column.kind is Kind.DATE else np.iinfo(kind).max
            values = random.integers(least, most, n, endpoint=True)
        present = random.random(n) >= (null_share if column.nullable else 0.0)
        rows[column.name][present] = values[present]
    return rows


def python_value(value, column):
    if column.kind is Kind.CHAR:
        return value.decode("ascii").ljust(column.length) if value else None
    if column.kind in {Kind.DOUBLE, Kind.REAL}:
        return None if np.isnan(value) else float(value)
    if value == null_integer(column.kind):
        return None
    return dt.date(2000, 1, 1) + dt.timedelta(int(value)) if column.kind is Kind.DATE else int(value)


def psycopg_bytes(rows, columns):
    """The same rows through psycopg's binary dumpers, value by value."""
    transformer = Transformer()
    dumpers = {}
    for kind, name in OIDS.items():
        oid = psycopg.adapters.types[name].oid
        sample = {"date": dt.date, "text": str}.get(name, float if "float" in name else int)
        dumpers[kind] = psycopg.adapters.get_dumper_by_oid(oid, Format.BINARY)(sample, transformer)
    out = [HEADER]
    for row in rows:
        out.append(struct.pack("!h", len(columns)))
        for column in columns:
            value = python_value(row[column.name], column)
            data = None if value is None else bytes(dumpers[column.kind].dump(value))
            out.append(struct.pack("!i", -1) if data is None else struct.pack("!i", len(data)) + data)
    return b"".join([*out, TRAILER])


@pytest.mark.parametrize(
    "columns", [POINT_SOURCE, EXTENDED_SOURCE, NULLABLE], ids=["point", "extended", "all"]
)
@pytest.mark.parametrize("null_share", [0.0, 0.3, 1.0])
def test_as_psycopg(columns, null_share):
    rows = random_records(columns, 40, np.random.default_rng(1), null_share)
    assert encode(rows, columns) == psycopg_bytes(rows, columns)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    columns=st.lists(st.sampled_from((*POINT_SOURCE, *NULLABLE)), min_size=1, max_size=30, unique=True),
    n=st.integers(0, 12),
    null_share=st.floats(0, 1),
)
def test_any_columns_in_any_order(seed, columns, n, null_share):
    rows = random_records(columns, n, np.random.default_rng(seed), null_share)
    assert encode(rows, columns) == psycopg_bytes(rows, columns)


def test_chunks_do_not_show(monkeypatch):
    rows = random_records(POINT_SOURCE, 100, np.random.default_rng(2), 0.3)
    whole = encode(rows, POINT_SOURCE)
    monkeypatch.setattr(copy, "CHUNK_ROWS", 7)
    assert encode(rows, POINT_SOURCE) == whole


def sent(rows, columns, keys=None):
    """What would go over the connection."""
    checked = copy.check_records(rows, columns)
    return b"".join((HEADER, *copy._encoded_chunks(checked, columns, keys or {}), TRAILER))


@pytest.mark.parametrize("rows", [1, 1023, 1024, 1025])
def test_keys_stand_in_every_row_that_is_sent(rows):
    given = random_records(POINT_SOURCE, rows, np.random.default_rng(5), 0.3)
    given["run_id"] = given["attempt_id"] = 0
    before = given.tobytes()
    stamped = given.copy()
    stamped["run_id"], stamped["attempt_id"] = 7, 2**40
    assert sent(given, POINT_SOURCE, {"run_id": 7, "attempt_id": 2**40}) == encode(stamped, POINT_SOURCE)
    assert given.tobytes() == before, "the caller's rows stay as they are"


def test_keys_of_a_part_of_the_rows():
    given = random_records(POINT_SOURCE, 40, np.random.default_rng(6))
    stamped = given[::-3].copy()
    stamped["run_id"] = 7
    assert sent(given[::-3], POINT_SOURCE, {"run_id": 7}) == encode(stamped, POINT_SOURCE)
    assert sent(given, POINT_SOURCE) == encode(given, POINT_SOURCE)


def test_views_of_an_array():
    rows = random_records(POINT_SOURCE, 30, np.random.default_rng(3), 0.3)
    assert encode(rows[::-3], POINT_SOURCE) == encode(rows[::-3].copy(), POINT_SOURCE)


def test_no_rows():
    assert encode(empty_records(POINT_SOURCE, 0), POINT_SOURCE) == HEADER + TRAILER


def test_specials():
    columns = (
        Column("x", Kind.REAL, "", null="never known"),
        Column("t", Kind.CHAR, "", null="blank", length=4),
    )
    rows = empty_records(columns, 4)
    rows["x"] = [np.inf, -0.0, np.nan, 1e-45]
    rows["t"] = [b"ab", b"", b"    ", b"abcd"]
    assert encode(rows, columns) == psycopg_bytes(rows, columns)


def test_empty_records_are_all_null():
    columns = tuple(Column(c.name, c.kind, "", null="x", length=c.length) for c in POINT_SOURCE)
    data = encode(empty_records(columns, 3), columns)
    assert data == HEADER + 3 * (struct.pack("!h", len(columns)) + b"\xff" * 4 * len(columns)) + TRAILER


def test_dtype_is_the_registry():
    dtype = record_dtype(POINT_SOURCE)
    assert dtype.names == tuple(c.name for c in POINT_SOURCE)
    assert dtype["ph_qual"] == np.dtype("S3")
    assert dtype["date"] == np.dtype("i4")
    assert dtype.itemsize == sum(np.dtype(c.numpy_type).itemsize for c in POINT_SOURCE)


class NoConnection:
    """Anything sent would fail."""


@pytest.mark.parametrize("kind", list(Kind))
def test_missing_value_is_refused_before_anything_is_sent(kind):
    columns = (Column("fine", Kind.REAL, "", null="x"), Column("forgotten", kind, "", length=2))
    rows = random_records(columns, 5, np.random.default_rng(4))
    rows["forgotten"][1:3] = empty_records(columns, 2)["forgotten"]
    with pytest.raises(NullInRequiredColumnError, match=r"forgotten \(2\) of 5 rows"):
        copy.copy_rows(NoConnection(), copy.SourceTable.POINT, columns, rows)


def test_zero_byte_inside_text_is_refused():
    columns = (Column("t", Kind.CHAR, "", length=3),)
    rows = empty_records(columns, 2)
    rows["t"] = [b"a\0b", b"abc"]
    with pytest.raises(RecordLayoutError, match="zero byte"):
        encode(rows, columns)


def test_other_layouts_are_refused():
    rows = empty_records(POINT_SOURCE, 2)
    with pytest.raises(RecordLayoutError, match="fields missing: \\['j_m'\\]"):
        encode(np.zeros(2, record_dtype([c for c in POINT_SOURCE if c.name != "j_m"])), POINT_SOURCE)
    with pytest.raises(RecordLayoutError, match="other types"):
        encode(rows.astype(rows.dtype.newbyteorder()), POINT_SOURCE)
    with pytest.raises(RecordLayoutError, match="2 dimensions"):
        encode(rows.reshape(1, 2), POINT_SOURCE)
