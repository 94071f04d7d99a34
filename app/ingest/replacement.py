"""Raw files whose content is replaced, by name and on an operator's word: the row stays, with other content."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from app.db.statements import statement
from app.errors import UserError
from app.ingest.candidate import Candidate
from app.ingest.summary import Replacement


class ReplaceError(UserError):
    """A file that is to replace another is no raw file of the folder."""

    code = "REPLACE"


def named_files(folder: Path, present: Iterable[str], wanted: Sequence[str | Path]) -> frozenset[Path]:
    """Find files of a folder by what an operator calls them.

    Parameters
    ----------
    folder : Path
        The night's folder, absolute.
    present : iterable of str
        Names of its raw files.
    wanted : sequence of str or Path
        Names, or paths into the folder.

    Raises
    ------
    ReplaceError
        Raised if a file is not among them.
    """
    known = {folder / name for name in present}
    found = set()
    for given in wanted:
        plain = Path(given).parent == Path()
        path = folder / given if plain else Path(given).absolute()
        if path not in known:
            raise ReplaceError(
                f"{given} to replace what was ingested",
                expected=f"the name of a raw file in {folder}",
                remedy=f"see: mapps ingest files --night {folder.name}",
            )
        found.add(path)
    return frozenset(found)


def replace_content(connection: Connection[Any], scan_key: int, candidate: Candidate) -> Replacement:
    """Put a raw file in the place of that of its scan and band; call it with the scan locked.

    Attempts keep the hash of what they read, so that those that read the former content are stale from now on.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    scan_key : int
        Scan that has a file of the band.
    candidate : Candidate
        The new file, which passed its checks.
    """
    values = {
        "scan_key": scan_key,
        "band": candidate.band.value,
        "kind": candidate.file_kind.value,
        "url": str(candidate.path),
        "sha256": candidate.sha256,
        "size_bytes": candidate.size_bytes,
        "header": Jsonb(candidate.document),
    }
    row = connection.execute(statement("ingest/replace_file"), values).fetchone()
    if row is None:
        raise AssertionError(f"the file of scan {scan_key} and band {candidate.band} vanished under its lock")
    connection.execute(statement("ingest/drop_frames"), values)
    copy_frames(connection, scan_key, candidate)
    return Replacement(row[0], candidate.path, row[1], candidate.sha256)


def copy_frames(connection: Connection[Any], scan_key: int, candidate: Candidate) -> None:
    """Add the FRAMES table of a raw file; of other files nothing.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    scan_key : int
        Scan of the file.
    candidate : Candidate
        The file.
    """
    frames = candidate.frames
    if frames is None:
        return
    with connection.cursor() as cursor, cursor.copy(statement("ingest/copy_frames")) as copy:
        for number, mjd, ra, decl, airmass, missing in frames.tolist():
            pointing = [None if value != value else value for value in (ra, decl, airmass)]  # noqa: PLR0124 - NaN
            copy.write_row((scan_key, candidate.band.value, number, mjd, *pointing, missing))
