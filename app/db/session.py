"""What a session really is: settings made, role taken, and both read back from the server.

A pool between mapps and the server may drop what a client asks for at the start, and a database or a role may have
defaults that the statements of mapps were not proved for. Nothing of that is assumed: one message after the login
sets everything and reads the effects.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import class_row

from app.db.statements import statement
from app.errors import DatabaseUnavailableError, OperatorError
from app.settings import get_settings

if TYPE_CHECKING:
    from collections.abc import Callable

# A worker computes outside transactions. One that stops inside its publication (host asleep, network gone) would hold
# its rows, a release and a recall up for as long as TCP waits, which is hours; after this its publication is undone.
WORKER_PATIENCE_MS = 600_000
# A pool that hands sessions over between transactions gives a second client the server's session of a first one that
# idles. Three rounds: another client of a busy pool may take that session first.
POOL_ROUNDS = 3
_sharing: dict[str, bool] = {}


class SessionError(OperatorError):
    """The server, or a pool before it, does not give the session that was asked for."""

    code = "SESSION"


class EncodingError(OperatorError):
    """The database keeps text in another encoding than UTF-8."""

    code = "DATABASE_ENCODING"


class ReadOnlyServerError(DatabaseUnavailableError):
    """The server takes no writes: a standby, or one that an administrator or a full disk has made read-only."""

    code = "DATABASE_READ_ONLY"


@dataclass(frozen=True)
class Session:
    """Effects that the server reports; `backend_pid` is the server process that answered."""

    role: str
    database: str
    server_encoding: str
    client_encoding: str
    isolation: str
    read_only: bool
    standby: bool
    statement_timeout_ms: int
    backend_pid: int


def prepare(
    connection: psycopg.Connection[Any], role: str | None, opened: Callable[[], psycopg.Connection[Any]]
) -> Session:
    """Set what every session needs, take the role, and verify the effects.

    Parameters
    ----------
    connection : Connection
        New, in autocommit mode: what is set inside a transaction would go with its rollback.
    role : str, optional
        Database role such as `mapps_reader`; the login's own when absent.
    opened : callable
        Opens a further connection to the same place in autocommit mode, to find out about a pool.

    Returns
    -------
    Session
        What the server reports.

    Raises
    ------
    SessionError
        Raised if the role cannot be taken, a setting has no effect, or a pool shares sessions between its clients.
    EncodingError
        Raised if the database is not kept in UTF-8.
    """
    session = _set(connection, role, connection.info.backend_pid)
    if session.backend_pid != connection.info.backend_pid:
        # A session may meet another process of the server at its next statement, which knows none of its statements.
        connection.prepare_threshold = None
        if shares_sessions(connection.info.dsn, opened):
            raise SessionError(
                "a pool before the database hands a session to another client after each transaction",
                expected="a session for as long as the connection lasts (LISTEN, SET ROLE and locks need one)",
                remedy="name the server itself in MAPPS_DATABASE_URL, or set the pool to session mode"
                " (PgBouncer: pool_mode = session)",
            )
        session = _set(connection, role, None)
    judge(session, role)
    return session


def session_values(role: str | None, backend_pid: int | None) -> dict[str, Any]:
    """Give the values of the statement db/session for a role, and the server process that must answer it, if any."""
    reader, worker = role == "mapps_reader", role == "mapps_worker"
    return {
        "backend_pid": backend_pid,
        "role": role,
        "read_only": reader,
        "statement_timeout_ms": str(int(get_settings().reader_timeout_seconds * 1000)) if reader else None,
        "idle_in_transaction_ms": str(WORKER_PATIENCE_MS) if reader or worker else None,
    }


def _set(connection: psycopg.Connection[Any], role: str | None, backend_pid: int | None) -> Session:
    values = session_values(role, backend_pid)
    # The client's cursor binds the values itself, so that both statements travel in one message.
    cursor = psycopg.ClientCursor(connection, row_factory=class_row(Session))
    try:
        cursor.execute(statement("db/session"), values)
    except (psycopg.errors.InvalidParameterValue, psycopg.errors.UndefinedObject) as error:
        raise SessionError(_first_line(error), remedy="make the roles: mapps db migrate") from error
    except psycopg.errors.InsufficientPrivilege as error:
        login = connection.info.user
        remedy = f"an administrator runs: GRANT {role} TO {login}"
        raise SessionError(
            f"user {login} may not take the role {role}: {_first_line(error)}", remedy=remedy
        ) from error
    cursor.nextset()
    session = cursor.fetchone()
    if session is None:
        raise SessionError("the server reports nothing about the session")
    return session


def judge(session: Session, role: str | None) -> None:
    """Refuse a session that is not what was asked for.

    Raises
    ------
    SessionError
        Raised if the role, the isolation, the client's encoding or a reader's guards are not as they must be.
    EncodingError
        Raised if the database is not kept in UTF-8.
    """
    if session.server_encoding != "UTF8":
        raise EncodingError(
            f"database {session.database} has encoding {session.server_encoding}",
            expected="UTF8",
            remedy=f"make a new one: CREATE DATABASE {session.database}_utf8 ENCODING 'UTF8' TEMPLATE template0,"
            " and name it in MAPPS_DATABASE_URL",
        )
    wrong = {
        f"role {role} was not taken, the session is {session.role}": role not in {None, session.role},
        f"client_encoding is {session.client_encoding}, not UTF8": session.client_encoding != "UTF8",
        f"isolation is {session.isolation}, not read committed": session.isolation != "read committed",
        "a reader's session is not read-only": role == "mapps_reader" and not session.read_only,
        "a reader's session has no statement_timeout": role == "mapps_reader"
        and session.statement_timeout_ms == 0,
    }
    for fault, is_wrong in wrong.items():
        if is_wrong:
            raise SessionError(
                f"the server ignored a setting: {fault}",
                remedy="connect to the server itself, or by a pool in session mode that passes settings on",
            )


def require_writable(session: Session) -> None:
    """Refuse a server that takes no writes.

    Raises
    ------
    ReadOnlyServerError
        Raised for a standby and where default_transaction_read_only is on.
    """
    if session.standby:
        raise ReadOnlyServerError(
            "the database server is a standby, which takes no writes",
            remedy="name the primary server in MAPPS_DATABASE_URL, or promote this one",
        )
    if session.read_only:
        raise ReadOnlyServerError(
            f"database {session.database} is read-only (default_transaction_read_only is on)",
            remedy="an administrator switches it off when the cause, often a full disk, is mended: "
            f"ALTER DATABASE {session.database} RESET default_transaction_read_only",
        )


def shares_sessions(place: str, opened: Callable[[], psycopg.Connection[Any]]) -> bool:
    """Whether a pool hands one client's session to another between transactions; asked once per process and place.

    Parameters
    ----------
    place : str
        Connection parameters without password, under which the answer is kept.
    opened : callable
        Opens a connection to the place in autocommit mode.
    """
    if place not in _sharing:
        with opened() as first, opened() as second:
            _sharing[place] = any(_swaps(first, second) for _ in range(POOL_ROUNDS))
    return _sharing[place]


def _swaps(first: psycopg.Connection[Any], second: psycopg.Connection[Any]) -> bool:
    before = _backend(first)
    try:
        with second.transaction():
            return _backend(second) == before or _backend(first) != before
    except psycopg.errors.ProtocolViolation:
        # A pool in statement mode takes no transactions at all.
        return True


def _backend(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute(statement("db/backend"), prepare=False).fetchone()
    return int(row[0]) if row is not None else 0


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
