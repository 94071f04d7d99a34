"""Rows of binary COPY as rows of BINARY2, beside astropy's own reader of them."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from astropy.io.votable import parse_single_table

from app.access.formats.binary2 import Rows, first_rows, in_lines, sizes_of
from app.access.formats.rows import Cut
from app.access.formats.votable import head, tail
from app.columns.public_table import PublicColumn

COLUMNS = (
    PublicColumn("s", "short", ""), PublicColumn("i", "int", ""), PublicColumn("l", "long", ""),
    PublicColumn("f", "float", ""),
    PublicColumn("d", "double", ""), PublicColumn("c", "char", "", "3"), PublicColumn("t", "char", "", "*"),
    PublicColumn("u", "char", "", "*"),
    PublicColumn("v", "short", ""),
)  # fmt: skip
ROWS = (
    (1, 2, 2**40, 0.5, 0.1, b"AAA", b"text", b"", 3),
    (None, None, None, None, None, None, None, b"x" * 300, 4),
    (-1, -2, -3, float("inf"), -0.0, b"A", b"", None, None),
)
FORMS = "hiqfd"
HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)


def sent(rows: tuple[tuple[object, ...], ...]) -> bytes:
    """Rows as binary COPY sends them."""
    parts = []
    for row in rows:
        parts.append(struct.pack(">h", len(row)))
        for number, value in enumerate(row):
            form = FORMS[number] if number < 5 else "h" if number == 8 else ""
            content = b"" if value is None else struct.pack(f">{form}", value) if form else value
            parts.append(struct.pack(">i", -1 if value is None else len(content)) + content)
    return b"".join(parts)


def read(content: bytes):
    text = head(COLUMNS, ()) + b'<DATA><BINARY2><STREAM encoding="base64">\n' + in_lines(content)
    return parse_single_table(io.BytesIO(text + b"</STREAM></BINARY2></DATA>\n" + tail(Cut(9)))).to_table()


def test_astropy_reads_what_was_sent():
    made, count = Rows(COLUMNS).of(HEADER + sent(ROWS) + b"\xff\xff")
    assert count == 3
    table = read(made)
    for row, wanted in zip(table, ROWS, strict=True):
        for value, expected in zip(row, wanted, strict=True):
            if expected is None:
                assert value is np.ma.masked or value == "" or np.isnan(value)
            elif isinstance(expected, bytes):
                assert str(value) == expected.decode()
            else:
                assert value == pytest.approx(expected)


def test_blocks_follow_each_other():
    rows = Rows(COLUMNS)
    parts = [rows.of(HEADER + sent(ROWS[:1]))[0], rows.of(sent(ROWS[1:]))[0]]
    assert b"".join(parts) == Rows(COLUMNS).of(HEADER + sent(ROWS))[0]
    assert Rows(COLUMNS).of(HEADER + b"\xff\xff") == (b"", 0)


@pytest.mark.parametrize("wanted", [0, 1, 2, 3])
def test_the_first_rows(wanted):
    whole = Rows(COLUMNS).of(HEADER + sent(ROWS))[0]
    assert first_rows(whole, COLUMNS, wanted) == Rows(COLUMNS).of(HEADER + sent(ROWS[:wanted]))[0]


def test_long_texts_of_many_rows_have_room():
    rows = tuple((1, 2, 3, None, None, b"", b"y" * size, None, None) for size in (0, 1, 5000, 3))
    made, count = Rows(COLUMNS).of(HEADER + sent(rows * 50))
    assert count == 200
    assert len(read(made)) == 200


def test_sizes():
    assert sizes_of(COLUMNS).tolist() == [2, 4, 8, 4, 8, -3, 0, 0, 2]
