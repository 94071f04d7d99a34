"""Files of the store against the rows that name them: damaged, missing and left-over ones, and who uses them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from app.db.statements import statement
from app.errors import ConflictError, StoredFileError
from app.store import Store

MISSING, CHANGED, UNREADABLE = "missing", "changed", "unreadable"
SHOWN_USERS = 4


@dataclass(frozen=True)
class NamedFile:
    """A file that rows name, and the SHA-256 that they promise of its content, hexadecimal."""

    name: str
    sha256: str


@dataclass(frozen=True)
class FileFault:
    """What is wrong with a file, who uses it, and the command that mends it.

    Attributes
    ----------
    name : str
        Name in the store.
    fault : str
        missing, changed or unreadable.
    found : str
        What was found and expected.
    users : tuple of str
        Runs with night and scan, and releases.
    remedy : str
        Command that makes the file again.
    """

    name: str
    fault: str
    found: str
    users: tuple[str, ...]
    remedy: str


@dataclass(frozen=True)
class Orphans:
    """Files that no row names.

    Attributes
    ----------
    old : tuple of str
        Those that were stored before `before`: no attempt at work can need them.
    young : int
        Number of the others.
    before : datetime
        UTC.
    """

    old: tuple[str, ...]
    young: int
    before: datetime


class OtherStoreError(ConflictError):
    """The store holds files, none of which this database names: it belongs to another one."""

    code = "OTHER_STORE"


def named_files(connection: Connection[Any]) -> list[NamedFile]:
    """Read every file of the store that a row names, in the order of names."""
    return [NamedFile(*row) for row in connection.execute(statement("store/named_files"))]


def sampled_files(connection: Connection[Any], number: int) -> list[NamedFile]:
    """Read some of the files: up to `number` images, as many calibrations and as many diagnostics, by chance."""
    return [NamedFile(*row) for row in connection.execute(statement("store/sample"), {"number": number})]


def fault_of(store: Store, file: NamedFile) -> tuple[str, str] | None:
    """Compare the content of a file with what its rows promise.

    Returns
    -------
    tuple or None
        Kind of fault, and what was found; None for a file that is whole.

    Raises
    ------
    StoreError
        Raised if it is the store that cannot be read.
    """
    try:
        found = store.digest(file.name)
    except StoredFileError as error:
        return MISSING, error.found
    except OSError as error:
        return UNREADABLE, error.strerror or str(error)
    if found != file.sha256:
        return CHANGED, f"SHA-256 {found[:12]}, published was {file.sha256[:12]}"
    return None


def verify(connection: Connection[Any], store: Store, files: Iterable[NamedFile]) -> Iterator[FileFault]:
    """Read files and tell the damaged and missing ones.

    Parameters
    ----------
    connection : Connection
        Reader's.
    store : Store
        Store to read.
    files : iterable of NamedFile
        Files to read.

    Raises
    ------
    StoreError
        Raised if it is the store that cannot be read.
    """
    for file in files:
        fault = fault_of(store, file)
        if fault is not None:
            yield FileFault(file.name, *fault, users_of(connection, file.name), remedy_of(file.name))


def remedy_of(name: str) -> str:
    """Give the command that makes a file of the store again."""
    return f"mapps store repair {name}"


def users_of(connection: Connection[Any], name: str) -> tuple[str, ...]:
    """Say in words who uses a file of the store: run, night and scan, and releases."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(statement("store/users"), {"name": name}).fetchall()
    told = tuple(_user(row) for row in rows[:SHOWN_USERS])
    return told if len(rows) <= SHOWN_USERS else (*told, f"{len(rows) - SHOWN_USERS} more")


def _user(row: dict[str, Any]) -> str:
    night = f"night {row['date']:%Y-%m-%d}{row['hemis']}" if row["date"] is not None else row["kind"]
    words = [f"run {row['run']}", night]
    if row["scan"] is not None:
        words.append(f"scan {row['scan']}")
    if row["calibrated_scans"]:
        words.append(f"calibrates {row['calibrated_scans']} scans")
    if not row["accepted"]:
        words.append("replaced since")
    if row["releases"]:
        words.append(f"released in {' '.join(row['releases'])}")
    return ", ".join(words)


def find_orphans(connection: Connection[Any], store: Store, age: timedelta) -> Orphans:
    """Find files that no row names.

    A file is written before the row that publishes it. So files stay that are younger than `age` or than the oldest
    attempt at work, and the rows are read after the files: what is published meanwhile is known then.

    Parameters
    ----------
    connection : Connection
        Reader's, in autocommit mode, so that each statement sees what was published before it.
    store : Store
        Store to look through.
    age : timedelta
        How long ago a file must have been stored; clocks of hosts may differ by less than that.

    Raises
    ------
    OtherStoreError
        Raised if files are there, and none that this database names.
    """
    row = connection.execute(statement("store/work_since")).fetchone()
    began = row[0] if row is not None else datetime.now(UTC)
    before = min(datetime.now(UTC), began) - age
    present = [*store.names(), *store.unfinished()]
    known = {file.name for file in named_files(connection)}
    left = [name for name in present if name not in known]
    if present and known and len(left) == len(present):
        raise OtherStoreError(
            f"none of the {len(present)} files of the store {store.url} is named by this database",
            expected="the store that this database's runs wrote to",
            remedy="correct MAPPS_STORE_URL or MAPPS_DATABASE_URL",
        )
    moments = {name: store.modified_at(name) for name in left}
    old = tuple(sorted(name for name, moment in moments.items() if moment is not None and moment < before))
    return Orphans(old, len(left) - len(old), before)
