"""VOTable 1.4: answers with TABLEDATA, and every error that a client of the virtual observatory gets."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr

from app.access.answer import Answer
from app.access.formats.rows import TEXT, Cut, unescape
from app.columns.public_table import PublicColumn
from app.version import code_version

MEDIA_TYPE = "application/x-votable+xml"
BINARY2_MEDIA_TYPE = f"{MEDIA_TYPE};serialization=binary2"
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xsi:schemaLocation="http://www.ivoa.net/xml/VOTable/v1.3 http://www.ivoa.net/xml/VOTable/v1.3">\n'
)
# XML 1.0 has no place for them, escaped or not.
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")

_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")

Info = tuple[str, str, str]
"""Name, value and text of an INFO."""


def info(name: str, value: str, text: str = "") -> str:
    """Write an INFO element.

    Parameters
    ----------
    name, value, text : str
        Its attributes and its content, as they are.
    """
    return f"<INFO name={quoteattr(_clean(name))} value={quoteattr(_clean(value))}>{escape(_clean(text))}</INFO>\n"


def _clean(text: str) -> str:
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f]", "?", text)


def error_document(text: str) -> bytes:
    """Give the VOTable that says what went wrong (DALI 1.1, section 4.4)."""
    status = info("QUERY_STATUS", "ERROR", text)
    return f'{_HEAD}<RESOURCE type="results">\n{status}</RESOURCE>\n</VOTABLE>\n'.encode()


def provenance(answer: Answer) -> Iterable[Info]:
    """Say where an answer comes from: releases with their hashes, code, coverage."""
    yield "PROVIDER", "mapps", f"mapps {code_version()}"
    yield "QUERY", answer.query[:2000], ""
    for release in answer.releases:
        yield "RELEASE", release.name, f"published {release.published_at:%Y-%m-%dT%H:%M:%SZ}"
        yield (
            "MANIFEST_SHA256",
            release.manifest_sha256 or "",
            f"hash over the products of release {release.name}",
        )
        yield "CODE_VERSION", release.code_version, f"commit {release.code_commit}"
        yield (
            "COVERAGE",
            f"{release.scans} scans",
            f"what release {release.name} was drawn from: catalogue.scan",
        )


def identifiers(names: Sequence[str]) -> list[str]:
    """Give the ID of each column: its name, which is what astropy and astroquery call it by.

    A name that XML does not take for an ID, or that came before, becomes a number.

    Parameters
    ----------
    names : sequence of str
        Names of the columns.

    Examples
    --------
    >>> identifiers(["ra", "2mass", "ra", "j-k"])
    ['ra', 'col_2', 'col_3', 'j-k']
    """
    found: list[str] = []
    for number, name in enumerate(names, 1):
        usable = _ID.fullmatch(name) is not None and name not in found
        found.append(name if usable else f"col_{number}")
    return found


def field(column: PublicColumn, identifier: str) -> str:
    """Write a FIELD element.

    Parameters
    ----------
    column : PublicColumn
        The column.
    identifier : str
        Its ID in the document.
    """
    attributes = {
        "ID": identifier, "name": column.name, "datatype": column.datatype, "arraysize": column.arraysize,
        "xtype": column.xtype, "unit": column.unit, "ucd": column.ucd, "utype": column.utype,
    }  # fmt: skip
    words = " ".join(f"{key}={quoteattr(_clean(value))}" for key, value in attributes.items() if value)
    described = (
        f"<DESCRIPTION>{escape(_clean(column.description))}</DESCRIPTION>" if column.description else ""
    )
    # Without a null of its own an empty cell of an integer is no value in VOTable 1.2 and older.
    return f"<FIELD {words}>{described}</FIELD>\n"


def head(columns: Sequence[PublicColumn], infos: Iterable[Info]) -> bytes:
    """Everything before the rows."""
    status = info("QUERY_STATUS", "OK")
    names = identifiers([column.name for column in columns])
    table = "".join(field(column, name) for column, name in zip(columns, names, strict=True))
    return (
        f'{_HEAD}<RESOURCE type="results">\n{status}' + "".join(info(*i) for i in infos) + f"<TABLE>\n{table}"
    ).encode()


def overflow_info(most: int) -> str:
    """Say that there are more rows than were sent, and how to get them."""
    return info(
        "QUERY_STATUS", "OVERFLOW", f"more than {most} rows: ask for more by MAXREC, or with a narrower query"
    )


def tail(cut: Cut) -> bytes:
    """Everything after the rows and their DATA: whether rows were left out."""
    return f"</TABLE>\n{overflow_info(cut.most) if cut.overflow else ''}</RESOURCE>\n</VOTABLE>\n".encode()


def failure(text: str) -> bytes:
    """End a document whose rows broke off: a reader must not take it for whole."""
    return f"</TABLEDATA></DATA></TABLE>\n{info('QUERY_STATUS', 'ERROR', text)}</RESOURCE>\n</VOTABLE>\n".encode()


def cells(block: bytes) -> bytes:
    """Rows of COPY as rows of TABLEDATA."""
    block = block.replace(b"&", b"&amp;").replace(b"<", b"&lt;").replace(b">", b"&gt;")
    block = block.replace(b"\t", b"</TD><TD>").replace(b"\n", b"</TD></TR>\n<TR><TD>")
    block = b"<TR><TD>" + unescape(block).removesuffix(b"<TR><TD>")
    if b"Infinity" in block:
        block = block.replace(b"<TD>Infinity</TD>", b"<TD>+Inf</TD>").replace(
            b"<TD>-Infinity</TD>", b"<TD>-Inf</TD>"
        )
    return _CONTROL.sub(b"?", block)


async def write(answer: Answer, cut: Cut) -> AsyncGenerator[bytes, None]:
    """Write an answer as VOTable with TABLEDATA."""
    yield head(answer.columns, provenance(answer)) + b"<DATA><TABLEDATA>\n"
    async for block in cut.blocks(answer.blocks(TEXT)):
        yield cells(block)
    yield b"</TABLEDATA></DATA>\n" + tail(cut)
