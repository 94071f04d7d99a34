"""Formats by the names that clients use."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass

from app.access.adql.errors import QueryError
from app.access.answer import Answer
from app.access.formats import arrow, text, votable
from app.access.formats.rows import Cut


@dataclass(frozen=True)
class Format:
    """A format of answers.

    Attributes
    ----------
    media_type : str
        What the answer's header says.
    names : tuple of str
        Values of RESPONSEFORMAT, lower case; the media type is one of its own.
    suffix : str
        End of the name of a file.
    write : callable
        Writes an answer, cutting it at a limit.
    """

    media_type: str
    names: tuple[str, ...]
    suffix: str
    write: Callable[[Answer, Cut], AsyncGenerator[bytes, None]]


async def _write_binary2(answer: Answer, cut: Cut) -> AsyncGenerator[bytes, None]:
    # The compiler takes 90 MB and a second: only who asks for it pays, and not in the thread of all.
    binary2 = await asyncio.to_thread(importlib.import_module, "app.access.formats.binary2")
    await asyncio.to_thread(binary2.warm)
    async with aclosing(binary2.write(answer, cut)) as written:
        async for chunk in written:
            yield chunk


FORMATS: tuple[Format, ...] = (
    Format(
        votable.MEDIA_TYPE,
        (
            "votable",
            "votable/td",
            "text/xml",
            "application/xml",
            "application/x-votable+xml;serialization=tabledata",
        ),
        "xml",
        votable.write,
    ),
    Format(votable.BINARY2_MEDIA_TYPE, ("votable/b2", "binary2"), "vot", _write_binary2),
    Format(text.CSV_MEDIA_TYPE, ("csv", "text/csv"), "csv", text.write_csv),
    Format(text.TSV_MEDIA_TYPE, ("tsv", "text/tsv"), "tsv", text.write_tsv),
    Format(text.IPAC_MEDIA_TYPE, ("ipac_table", "ipac", "ascii"), "tbl", text.write_ipac),
    Format(arrow.FITS_MEDIA_TYPE, ("fits",), "fits", arrow.write_fits),
    Format(arrow.PARQUET_MEDIA_TYPE, ("parquet", "application/x-parquet"), "parquet", arrow.write_parquet),
)
"""All formats; the first is that of an answer for which none is asked."""


def format_named(wanted: str) -> Format:
    """Find a format.

    Raises
    ------
    QueryError
        Raised if there is none of the name.
    """
    name = wanted.strip().lower().replace(" ", "")
    for candidate in FORMATS:
        if not name or name == candidate.media_type.lower() or name in candidate.names:
            return candidate
    known = ", ".join(candidate.names[0] for candidate in FORMATS)
    raise QueryError(f"RESPONSEFORMAT {wanted!r}", expected=f"one of {known}")
