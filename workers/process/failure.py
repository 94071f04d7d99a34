"""What an exception means for a task: its family, code and text."""

from __future__ import annotations

import errno
import traceback

import psycopg

from app.errors import MappsError, StoredFileError, TransientError, UserError
from app.models.production import Family
from app.production.protocol import Failure

# Errors of the surroundings, which may be gone at the next attempt.
_TRANSIENT_ERRNO = frozenset(
    {
        errno.ENOSPC,
        errno.EROFS,
        errno.EDQUOT,
        errno.EFBIG,
        errno.EIO,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOMEM,
        errno.ESTALE,
    }
)


def failure_of(error: Exception) -> Failure:
    """Classify an exception that ended an attempt.

    Transient: server, store, disk. Input: the files, ingested or stored, told without a traceback. Everything else is a
    bug, told with it.
    """
    if isinstance(error, TransientError):
        return Failure(Family.TRANSIENT, error.code, str(error))
    if isinstance(error, UserError | StoredFileError):
        return Failure(Family.INPUT, error.code, str(error))
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        # One line: the status shows the last one, and the last of the server's says only where it happened.
        return Failure(Family.TRANSIENT, error.sqlstate or "DATABASE", " ".join(str(error).split()))
    if isinstance(error, OSError) and error.errno in _TRANSIENT_ERRNO:
        return Failure(Family.TRANSIENT, errno.errorcode[error.errno], str(error))
    if isinstance(error, MemoryError):
        return Failure(Family.TRANSIENT, "MEMORY", _traceback(error))
    code = error.code if isinstance(error, MappsError) else type(error).__name__
    return Failure(Family.BUG, code, _traceback(error))


def _traceback(error: Exception) -> str:
    return "".join(traceback.format_exception(error))
