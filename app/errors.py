"""Exceptions by audience, each with a stable code.

Three families decide who is told and what happens next:

* `UserError`: the input or the command is wrong; the message says what was found, what was expected and what
  to do. Commands exit with 2 and show no traceback.
* `OperatorError`: the surroundings are wrong (server, disk, network). Commands exit with 3. Tasks that meet a
  `TransientError` are retried.
* any other exception is a bug: commands show the traceback and exit with 70, tasks are not retried.

Codes are part of the interface: scripts may match them, so they never change meaning.
"""

from __future__ import annotations

from typing import ClassVar


class MappsError(Exception):
    """Base of all errors that mapps raises on purpose.

    Parameters
    ----------
    found : str
        What was met, with the file, keyword or name.
    expected : str, optional
        What should have been met instead.
    remedy : str, optional
        What the reader can do: a command if there is one.

    Examples
    --------
    >>> str(UnknownNameError("run 'plane'", expected="the name of a run", remedy="see: mapps run list"))
    "run 'plane'; expected the name of a run; see: mapps run list"
    """

    code: ClassVar[str] = "MAPPS"
    exit_status: ClassVar[int] = 70

    def __init__(self, found: str, *, expected: str = "", remedy: str = "") -> None:
        self.found = found
        self.expected = expected
        self.remedy = remedy
        parts = [found]
        if expected:
            parts.append(f"expected {expected}")
        if remedy:
            parts.append(remedy)
        super().__init__("; ".join(parts))


class UserError(MappsError):
    """The request cannot be carried out as it was put."""

    code = "USER"
    exit_status = 2


class UnknownNameError(UserError):
    """A run, release, scan or tile of this name does not exist."""

    code = "UNKNOWN_NAME"


class ConflictError(UserError):
    """The request contradicts the state of the database or of the files."""

    code = "CONFLICT"


class SettingsError(UserError):
    """A setting is unknown or has an impossible value."""

    code = "SETTINGS"


class InputError(UserError):
    """An input file is wrong; never retried, never an alarm."""

    code = "INPUT"


class OperatorError(MappsError):
    """The surroundings of the program need attention."""

    code = "OPERATOR"
    exit_status = 3


class TransientError(OperatorError):
    """A server, disk or network failed and may work again; tasks that meet the error are retried."""

    code = "TRANSIENT"


class StoreError(TransientError):
    """The file store refuses reads or writes (disk full, read-only, not mounted); workers wait for it.

    Attributes
    ----------
    needed_bytes : int
        Size of the file that was refused, 0 where none was to be written.
    absent_kind : str
        Kind of files of which the store holds none at all; empty where that is not what is wrong.
    """

    code = "STORE"
    needed_bytes: int = 0
    absent_kind: str = ""


class StoredFileError(OperatorError):
    """One file of the store is gone or has other content than was published; trying again does not mend it."""

    code = "STORED_FILE"


class RawFolderError(TransientError):
    """The folder of ingested files is not there (not mounted, moved); workers wait for it.

    Attributes
    ----------
    folder : str
        Path of the folder.
    """

    code = "RAW_FOLDER"
    folder: str = ""


class FileSystemError(OperatorError):
    """A file or folder cannot be made, read or written: permission, disk full, a file in a folder's place."""

    code = "FILE_SYSTEM"


class DatabaseUnavailableError(TransientError):
    """The database server does not answer."""

    code = "DATABASE_UNAVAILABLE"


class ClusterError(OperatorError):
    """The private PostgreSQL server cannot be made, started or stopped."""

    code = "CLUSTER"


class SchemaError(OperatorError):
    """The database has not the tables this code works with."""

    code = "SCHEMA"


class OtherCodeError(OperatorError):
    """Ready tasks are left that only other code than this may do."""

    code = "OTHER_CODE"


class TokenLostError(MappsError):
    """The attempt was taken over by another worker: the worker that lost it must write nothing more."""

    code = "TOKEN_LOST"
