"""Answers for people and scripts: comma-separated values, and the table format of IPAC."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import AsyncGenerator, Sequence

from app.access.answer import Answer
from app.access.formats.rows import TEXT, Cut, fields
from app.access.formats.votable import provenance
from app.columns.public_table import PublicColumn

CSV_MEDIA_TYPE = "text/csv;header=present"
TSV_MEDIA_TYPE = "text/tab-separated-values"
IPAC_MEDIA_TYPE = "text/plain"
_IPAC_TYPES = {
    "short": "int",
    "int": "int",
    "long": "long",
    "float": "float",
    "double": "double",
    "char": "char",
}


def _quoted(rows: Sequence[Sequence[str]], delimiter: str) -> bytes:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return stream.getvalue().encode()


def separated(block: bytes, delimiter: str) -> bytes:
    """Rows of COPY with another delimiter; values that need quotes get them."""
    if not any(sign in block for sign in (delimiter.encode() if delimiter != "\t" else b'"', b'"', b"\\")):
        return block.replace(b"\t", delimiter.encode())
    rows = [[value.decode("utf-8") for value in row] for row in fields(block)]
    return _quoted(rows, delimiter)


async def write_csv(answer: Answer, cut: Cut) -> AsyncGenerator[bytes, None]:
    """Write an answer as comma-separated values with a line of names; null is empty."""
    yield _quoted([[column.name for column in answer.columns]], ",")
    async for block in cut.blocks(answer.blocks(TEXT)):
        yield separated(block, ",")


async def write_tsv(answer: Answer, cut: Cut) -> AsyncGenerator[bytes, None]:
    """Write an answer as values separated by tabs, with a line of names; null is empty."""
    yield _quoted([[column.name for column in answer.columns]], "\t")
    async for block in cut.blocks(answer.blocks(TEXT)):
        yield separated(block, "\t")


def _plain(value: bytes) -> bytes:
    # A bar or a line end inside a value would break the columns.
    return value.replace(b"\n", b" ").replace(b"\r", b" ").replace(b"|", b"/") or b"null"


def _ipac_head(columns: Sequence[PublicColumn], widths: Sequence[int], lines: Sequence[str]) -> bytes:
    comments = "".join(f"\\{line}\n" for line in lines)
    rows = (
        [c.name for c in columns], [_IPAC_TYPES.get(c.datatype, "char") for c in columns], [c.unit for c in columns],
        ["null"] * len(columns),
    )  # fmt: skip
    table = "".join(
        "|" + "|".join(word.ljust(width) for word, width in zip(row, widths, strict=True)) + "|\n"
        for row in rows
    )
    return (comments + table).encode()


def ipac_lines(answer: Answer, cut: Cut) -> list[str]:
    """Keywords and comments of an IPAC table: where it comes from, and whether rows were left out."""
    lines = [f"{name}='{' '.join(value.split())[:200]}'" for name, value, _ in provenance(answer)]
    if cut.overflow:
        lines.append(f" OVERFLOW: more than {cut.most} rows, ask for more by MAXREC")
    return lines


async def write_ipac(answer: Answer, cut: Cut) -> AsyncGenerator[bytes, None]:
    """Write an answer as an IPAC table.

    Its columns are as wide as their widest value, which is known only at the end: rows wait in a file meanwhile.
    """
    widths = [max(len(c.name), len(c.unit), 6) for c in answer.columns]
    with tempfile.TemporaryFile() as kept:
        async for block in cut.blocks(answer.blocks(TEXT)):
            kept.write(block)
            for row in fields(block):
                widths = [max(width, len(_plain(value))) for width, value in zip(widths, row, strict=True)]
        kept.seek(0)
        yield _ipac_head(answer.columns, widths, ipac_lines(answer, cut))
        while lines := kept.readlines(256 * 1024):
            rows = fields(b"".join(lines))
            yield b"".join(
                b" " + b" ".join(_plain(v).rjust(w) for v, w in zip(row, widths, strict=True)) + b" \n"
                for row in rows
            )
