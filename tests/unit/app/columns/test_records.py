"""Record arrays of the registry: layouts that follow from the columns, and rows in which nothing is known."""

import numpy as np
import pytest

from app.columns import EXTENDED_SOURCE, POINT_SOURCE, Column, Kind
from app.columns.column import MEASURED
from app.columns.records import (
    RecordLayoutError,
    empty_records,
    measured_dtype,
    null_integer,
    record_dtype,
    unknown_rows,
)

TABLES = pytest.mark.parametrize("columns", [POINT_SOURCE, EXTENDED_SOURCE], ids=["point", "extended"])


@TABLES
def test_measured_rows_have_the_measured_columns(columns):
    dtype = measured_dtype(columns)
    assert dtype.names == tuple(c.name for c in columns if c.measured)
    assert all(dtype[c.name] == np.dtype(c.numpy_type) for c in columns if c.measured)


def test_internal_fields_follow_the_columns():
    columns = [Column("a", Kind.REAL, "", producers=MEASURED), Column("b", Kind.REAL, "")]
    assert measured_dtype(columns, [("x", "f8")]) == np.dtype([("a", "f4"), ("x", "f8")])
    with pytest.raises(RecordLayoutError, match="names of columns: b"):
        measured_dtype(columns, [("x", "f8"), ("b", "f4")])


def test_unknown_rows_are_null_in_every_field():
    rows = unknown_rows(np.dtype([("a", "f8"), ("b", "i2"), ("c", "S3"), ("d", "i8")]), 3)
    assert np.isnan(rows["a"]).all()
    assert (rows["b"] == null_integer(Kind.SMALLINT)).all()
    assert (rows["c"] == b"").all()
    assert (rows["d"] == null_integer(Kind.BIGINT)).all()
    assert unknown_rows(record_dtype(POINT_SOURCE), 2).tobytes() == empty_records(POINT_SOURCE, 2).tobytes()
