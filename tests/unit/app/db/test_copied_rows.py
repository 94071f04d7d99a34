"""Records from the wire: what the loader wrote comes back bit by bit, and what does not fit is said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.columns import EXTENDED_SOURCE, POINT_SOURCE, Column, Kind
from app.columns.records import RecordLayoutError, empty_records
from app.db.copied_rows import decode
from app.db.copy import HEADER, encode
from tests.unit.app.db.test_copy import NULLABLE, random_records


def wire(rows, columns):
    """Rows as the server sends them after the header."""
    return encode(rows, columns)[len(HEADER) :]


def padded(rows, columns):
    """Rows as they come back: text of CHAR(n) has its n letters."""
    out = rows.copy()
    for column in columns if rows.size else ():
        if column.kind is Kind.CHAR:
            texts = np.char.ljust(rows[column.name], column.length)
            out[column.name] = np.where(rows[column.name] == b"", b"", texts)
    return out


@pytest.mark.parametrize("columns", [POINT_SOURCE, EXTENDED_SOURCE, NULLABLE])
@pytest.mark.parametrize("null_share", [0.0, 0.4])
def test_what_was_encoded_comes_back(columns, null_share):
    rows = random_records(columns, 50, np.random.default_rng(4), null_share)
    found = decode(wire(rows, columns), 51, columns)
    assert found.tobytes() == padded(rows, columns).tobytes()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(0, 40), null_share=st.floats(0, 1))
def test_any_rows_come_back(seed, n, null_share):
    rows = random_records(NULLABLE, n, np.random.default_rng(seed), null_share)
    assert decode(wire(rows, NULLABLE), n, NULLABLE).tobytes() == padded(rows, NULLABLE).tobytes()


def test_values_of_the_edge_of_their_types():
    columns = (
        Column("a", Kind.BIGINT, "", null="x"),
        Column("b", Kind.SMALLINT, ""),
        Column("c", Kind.REAL, ""),
    )
    rows = empty_records(columns, 3)
    rows["a"] = [-1, 2**63 - 1, np.iinfo(np.int64).min]
    rows["b"] = [-(2**15) + 1, 2**15 - 1, 0]
    rows["c"] = [-0.0, np.inf, 1e-45]
    found = decode(wire(rows, columns), 3, columns)
    assert found.tobytes() == rows.tobytes()
    assert found["a"][2] == np.iinfo(np.int64).min, "a null"


def test_rows_in_parts_need_no_trailer():
    rows = random_records(NULLABLE, 6, np.random.default_rng(9))
    whole = wire(rows, NULLABLE)[:-2]
    first = wire(rows[:2], NULLABLE)[:-2]
    assert whole.startswith(first)
    assert decode(first, 2, NULLABLE).tobytes() == padded(rows[:2], NULLABLE).tobytes()
    assert decode(whole[len(first) :], 9, NULLABLE).size == 4


def test_other_rows_are_refused():
    columns = (Column("a", Kind.INTEGER, ""), Column("t", Kind.CHAR, "", length=3))
    rows = random_records(columns, 4, np.random.default_rng(3))
    cases = (
        (columns[:1], "row 0 of a COPY"),
        ((Column("a", Kind.BIGINT, ""), columns[1]), "a value of a with another size in row 0"),
        ((columns[0], Column("t", Kind.CHAR, "", length=2)), "a value of t with another size in row 0"),
    )
    for other, told in cases:
        with pytest.raises(RecordLayoutError, match=told):
            decode(wire(rows, columns), 4, other)
