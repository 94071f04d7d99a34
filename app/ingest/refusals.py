"""What ingest refuses: file, keyword, found, expected; kept in survey.refusal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from app.db.statements import statement
from app.errors import MappsError
from app.formats.atlas_facts import AtlasFileError
from app.formats.raw_header import Problem
from app.ingest.file_names import printable

# Found values are read by people, but a header card of a damaged file may be of any length.
_LONGEST = 400


@dataclass(frozen=True)
class Refusal:
    """One reason why a file was not taken in.

    Attributes
    ----------
    path : str
        Path of the file.
    code : str
        Stable code of the reason: ATLAS_FILE, RAW_FILE, CHECKSUM, MISSING, UNLISTED, CONFLICT, SCAN_REDUCED, INPUT.
    keyword : str or None
        Keyword or part of the file; None if the whole file is meant.
    found, expected : str
        What the file has, and what it should have.
    """

    path: str
    code: str
    keyword: str | None
    found: str
    expected: str

    @classmethod
    def of_error(cls, path: Path, error: MappsError) -> Refusal:
        """Turn an error of a reader into a refusal."""
        expected = "; ".join(part for part in (error.expected, error.remedy) if part)
        if isinstance(error, AtlasFileError):
            found = error.found.removeprefix(f"{error.file}: {error.keyword}: found ")
            return cls.of(path, error.code, error.keyword, found, expected)
        return cls.of(path, error.code, None, error.found, expected or "a file that can be read")

    @classmethod
    def of_problem(cls, path: Path, problem: Problem, code: str = "RAW_FILE") -> Refusal:
        """Turn a problem of a raw file into a refusal.

        Parameters
        ----------
        path : Path
            The file.
        problem : Problem
            Its fault.
        code : str, optional
            Stable code of the reason.
        """
        return cls.of(path, code, problem.keyword, problem.found, problem.expected)

    @classmethod
    def of(cls, path: Path | str, code: str, keyword: str | None, found: object, expected: object) -> Refusal:
        """Make a refusal whose texts the database and a terminal can hold.

        Parameters
        ----------
        path : Path or str
            The file.
        code : str
            Stable code of the reason.
        keyword : str or None
            Keyword or part of the file; None if the whole file is meant.
        found, expected : object
            What the file has, and what it should have; cut to 400 letters.
        """
        return cls(_clean(path), code, keyword and _clean(keyword), _clean(found), _clean(expected))


@dataclass(frozen=True)
class RecordedRefusal:
    """A row of survey.refusal; `taken_in` says whether the file went in later."""

    path: str
    code: str
    keyword: str | None
    found: str
    expected: str
    refused_at: datetime
    taken_in: bool


def _clean(value: object) -> str:
    # PostgreSQL's text holds no NUL, file names may hold bytes that are no UTF-8, and nothing may steer a terminal.
    text = printable(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def record_refusals(connection: Connection[Any], refusals: Sequence[Refusal]) -> None:
    """Store refusals in the caller's transaction; one that is stored already is not stored again."""
    for refusal in refusals:
        connection.execute(statement("ingest/record_refusal"), vars(refusal))


def forget_settled(connection: Connection[Any], folder: Path, refusals: Sequence[Refusal]) -> None:
    """Delete what was refused below a folder before and is not refused any more, after an ingest of that folder.

    Files that were repaired, unpacked, taken away, or are unchanged content of a file that is in, leave no complaint
    behind. Refusals of files that went in later from the same place are kept, for `mapps ingest refusals --all`.

    Parameters
    ----------
    connection : Connection
        Role operator, not inside a transaction.
    folder : Path
        The folder that was looked through, or a single file.
    refusals : sequence of Refusal
        All refusals of this ingest.
    """
    values = {
        name: [getattr(refusal, name) for refusal in refusals]
        for name in ("path", "code", "keyword", "found")
    }
    with connection.transaction():
        connection.execute(statement("ingest/forget_settled"), values | {"folder": _clean(folder)})


def read_refusals(
    connection: Connection[Any], *, settled: bool = False, limit: int = 1000
) -> list[RecordedRefusal]:
    """Refusals, newest first.

    Parameters
    ----------
    connection : Connection
        Role operator.
    settled : bool
        Whether refusals of files that went in later, from the same path, are listed too.
    limit : int
        Largest number of refusals.
    """
    with connection.cursor(row_factory=class_row(RecordedRefusal)) as cursor:
        return cursor.execute(statement("ingest/refusals"), {"settled": settled, "limit": limit}).fetchall()
