"""Rows of COPY: counted, cut, taken apart, and written as cells."""

from __future__ import annotations

import pytest

from app.access.adql.errors import QueryError
from app.access.formats.arrow import names_of
from app.access.formats.registry import FORMATS, format_named
from app.access.formats.rows import Cut, fields, unescape
from app.access.formats.text import separated
from app.access.formats.votable import cells, error_document, field, info
from app.columns.public_table import PublicColumn


@pytest.mark.parametrize(
    ("most", "blocks", "kept", "overflow"),
    [
        (3, [b"a\nb\n", b"c\n"], b"a\nb\nc\n", False),
        (2, [b"a\nb\n", b"c\n"], b"a\nb\n", True),
        (1, [b"a\nb\n"], b"a\n", True),
        (0, [b"a\n"], b"", True),
        (0, [], b"", False),
    ],
)
def test_a_cut_keeps_what_is_wanted(most, blocks, kept, overflow):
    cut = Cut(most)
    assert b"".join(map(cut.take, blocks)) == kept
    assert (cut.overflow, cut.rows) == (overflow, kept.count(b"\n"))


@pytest.mark.parametrize(
    ("sent", "meant"),
    [(rb"a\\tb", rb"a\tb"), (rb"a\tb", b"a\tb"), (rb"\\\n", b"\\\n"), (b"plain", b"plain"), (rb"\x", b"x")],
)
def test_escapes_are_undone(sent, meant):
    assert unescape(sent) == meant


def test_fields():
    assert list(fields(b"a\t\tb\\tc\nd\te\tf\n")) == [[b"a", b"", b"b\tc"], [b"d", b"e", b"f"]]


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (b"1\t2\n3\t\n", b"1,2\n3,\n"),
        (b"a,b\tc\n", b'"a,b",c\n'),
        (b'say "x"\tc\n', b'"say ""x""",c\n'),
        (b"two\\nlines\tc\n", b'"two\nlines",c\n'),
    ],
)
def test_comma_separated(block, expected):
    assert separated(block, ",") == expected


def test_cells_are_escaped():
    assert cells(b"a<b&c>\tx\n\t2\n") == (
        b"<TR><TD>a&lt;b&amp;c&gt;</TD><TD>x</TD></TR>\n<TR><TD></TD><TD>2</TD></TR>\n"
    )
    assert cells(b"a\\tb\\\\c\n") == b"<TR><TD>a\tb\\c</TD></TR>\n"
    assert cells(b"a\\bb\n") == b"<TR><TD>a?b</TD></TR>\n"
    assert cells(b"Infinity\t-Infinity\n") == b"<TR><TD>+Inf</TD><TD>-Inf</TD></TR>\n"


def test_texts_of_documents_are_escaped():
    assert info("a", 'x"<', "<&\x01") == '<INFO name="a" value=\'x"&lt;\'>&lt;&amp;?</INFO>\n'
    assert b"&lt;script&gt;" in error_document("<script>")
    made = field(PublicColumn("x<y", "char", "d & e", "*", unit="mag"), "col_3")
    assert 'ID="col_3" name="x&lt;y" datatype="char" arraysize="*" unit="mag"' in made
    assert "<DESCRIPTION>d &amp; e</DESCRIPTION>" in made


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("", "votable"), ("votable", "votable"), ("VOTable", "votable"), ("application/x-votable+xml", "votable"),
        ("text/xml", "votable"), ("IPAC_TABLE", "ipac_table"), ("text/csv", "csv"), ("application/fits", "fits"),
        ("parquet", "parquet"), ("application/x-votable+xml; serialization=TABLEDATA", "votable"),
    ],
)  # fmt: skip
def test_formats_by_their_names(wanted, name):
    assert format_named(wanted).names[0] == name


def test_other_formats_are_refused():
    with pytest.raises(QueryError, match="one of votable, votable/b2, csv"):
        format_named("xls")
    assert len({form.suffix for form in FORMATS}) == len(FORMATS)


def test_names_that_come_again_are_numbered():
    assert names_of([PublicColumn(name, "int", "") for name in ("a", "b", "a")]) == ["a", "b", "a_2"]
