"""The numbered statements of `sql/release/` in their order: which work by zone, and how a file is executed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from time import perf_counter
from typing import Any

import psycopg
from psycopg import Connection

from app.db.statements import SQL_ROOT, scripts, statement
from app.errors import MappsError

FOLDER = "release"
BY_ZONE = frozenset({
    "30_candidates", "35_patches", "40_apparitions", "45_duplicates", "47_artefacts", "50_members",
    "52_verdicts", "68_neighbours", "70_point_sources", "85_hashes",
})  # fmt: skip
"""Files that are executed for each zone; those in a row hand temporary tables to each other."""
HASHES = "85_hashes"
# Sorts of a few hundred thousand rows stay in memory; each process has as much for each sort.
WORK_MEM = "256MB"
# The temporary tables of a zone of 400,000 rows have 200 MB.
TEMP_BUFFERS = "256MB"


@dataclass(frozen=True)
class StatementRun:
    """An executed file of `sql/release/`.

    Attributes
    ----------
    file : str
        Name of the file.
    sha256 : str
        SHA-256 of its text, in hex.
    rows : int
        Rows that it made.
    seconds : float
        Time that it took, of all processes together.
    """

    file: str
    sha256: str
    rows: int
    seconds: float


@dataclass(frozen=True)
class Segment:
    """Files that are executed together: in one transaction, or in one for each zone."""

    by_zone: bool
    paths: tuple[Path, ...]

    @property
    def name(self) -> str:
        """Name of its first file."""
        return self.paths[0].stem

    @property
    def makes_indexes(self) -> bool:
        """Whether the catalogue is complete, so that its indexes can be made besides."""
        return any(path.stem == HASHES for path in self.paths)


Report = Callable[[StatementRun], None]
"""Told of every file that was executed, in a zone or at all."""


class BrokenStatementError(MappsError):
    """A file of `sql/release/` does not end with the number of rows it made: a bug."""

    code = "BROKEN_STATEMENT"


def segments() -> tuple[Segment, ...]:
    """All files, in the order of their names, by what is executed together."""
    return tuple(
        Segment(by_zone, tuple(paths))
        for by_zone, paths in groupby(scripts(FOLDER), lambda p: p.stem in BY_ZONE)
    )


def take_memory(connection: Connection[Any]) -> None:
    """Let temporary tables of the session stay in memory, if it has had none so far.

    Parameters
    ----------
    connection : Connection
        Without an open transaction.
    """
    with suppress(psycopg.errors.InvalidParameterValue), connection.transaction():
        connection.execute(statement("release/build/memory"), {"temp_buffers": TEMP_BUFFERS})


def settle(connection: Connection[Any], release_id: int, zone: int = 0) -> None:
    """Tell the statements of a transaction their release and zone.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    release_id : int
        Release that is being drawn.
    zone : int
        Zone that is worked through.
    """
    values = {"release_id": release_id, "zone": zone, "work_mem": WORK_MEM}
    connection.execute(statement("release/build/settings"), values)


def execute_file(connection: Connection[Any], path: Path) -> StatementRun:
    """Execute a file of `sql/release/`.

    Parameters
    ----------
    connection : Connection
        In a transaction that knows its release and zone.
    path : Path
        The file.

    Raises
    ------
    BrokenStatementError
        Raised if it does not end with a number of rows.
    """
    text = path.read_bytes()
    started = perf_counter()
    cursor = connection.execute(text)
    rows = None
    # The last result of a file is the number of rows it made.
    while True:
        rows = cursor.fetchone() if cursor.description is not None else None
        if not cursor.nextset():
            break
    if rows is None or len(rows) != 1 or rows[0] is None:
        raise BrokenStatementError(f"{path.name} ends without a row count")
    return StatementRun(
        file=str(path.relative_to(SQL_ROOT / FOLDER)),
        sha256=hashlib.sha256(text).hexdigest(),
        rows=int(rows[0]),
        seconds=perf_counter() - started,
    )
