"""What the database knows already: files by their content, and nights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from psycopg import Connection

from app.db.statements import statement
from app.ingest.summary import ScanIdentity


def known_files(connection: Connection[Any], digests: Sequence[str]) -> dict[str, str]:
    """Paths from which files of these contents (SHA-256) were ingested, by content."""
    rows = connection.execute(statement("ingest/known_files"), {"digests": list(digests)}).fetchall()
    return {str(digest): str(url) for digest, url in rows}


def settle_known(connection: Connection[Any], path: Path, sha256: str, url: str) -> None:
    """Follow a file that was moved: its row names the new path if no file is left at the old path.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    path : Path
        Where the file is now.
    sha256 : str
        SHA-256 of its content.
    url : str
        Path in its row.
    """
    if url != str(path) and not Path(url).exists():
        connection.execute(statement("ingest/move_file"), {"sha256": sha256, "url": str(path)})


def is_known_night(connection: Connection[Any], identity: ScanIdentity) -> bool:
    """Whether the night has a row."""
    values = {"hemis": identity.hemisphere, "date": identity.night_date}
    return connection.execute(statement("ingest/find_night"), values).fetchone() is not None
