"""Connections: the one place that knows how a role reaches the database.

In the private cluster a role is a login of its own. On any other server (`MAPPS_DATABASE_URL`) the URL says
who logs in, and a role is taken with SET ROLE, so that a single account is enough there. `session.py` verifies
that it was taken.
"""

from __future__ import annotations

import getpass
import os
from typing import TYPE_CHECKING, Any

import psycopg

from app.db.cluster import OWNER, private_cluster
from app.db.session import SessionError, prepare, require_writable
from app.db.statements import statement
from app.db.url import hide_secrets, parameters_of, with_options
from app.errors import DatabaseUnavailableError, UnknownNameError
from app.settings import get_settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

ROLES = ("owner", "worker", "operator", "reader")
# A server that does not even refuse within 10 s is as good as gone for an interactive command.
CONNECT_TIMEOUT = 10
# These roles have nothing to do on a server that takes no writes; commands that only look go as reader or owner.
WRITERS = frozenset({"mapps_worker", "mapps_operator"})


def role_name(role: str | None) -> str:
    """Name of the database role: `mapps_reader` for `reader`; the owner when none is given.

    Raises
    ------
    UnknownNameError
        Raised if there is no such role.
    """
    if role is None:
        return OWNER
    short = role.removeprefix("mapps_")
    if short not in ROLES:
        raise UnknownNameError(f"unknown role {role!r}", expected=f"one of {', '.join(ROLES)}")
    return f"mapps_{short}"


def database_url(role: str | None = None) -> str:
    """Give a libpq URL that psql and psycopg accept.

    Parameters
    ----------
    role : str, optional
        owner (default), worker, operator or reader.

    Raises
    ------
    DatabaseUnavailableError
        Raised if the private cluster is not running.
    """
    name = role_name(role)
    configured = get_settings().database_url
    if configured is None:
        return private_cluster().url(name)
    return configured if role is None else with_options(configured, f"-c role={name}")


def verified_url(role: str | None = None) -> str:
    """Give the URL of `database_url` for a foreign program, after looking that its role is really taken.

    A program such as psql knows no more than the URL: a pool that drops the URL's options would make it the owner.

    Raises
    ------
    SessionError
        Raised if the server answers and the role is not taken.
    """
    url = database_url(role)
    if role is None or get_settings().database_url is None:
        return url
    try:
        with _open(url) as connection:
            row = connection.execute(statement("db/current_user"), prepare=False).fetchone()
    except psycopg.OperationalError as error:
        if "options" not in str(error):
            return url
        found = f"the server does not take the options that ask for the role: {_first_line(error, url)}"
    else:
        if row is not None and row[0] == role_name(role):
            return url
        found = f"the server ignored options: role {role_name(role)} was not taken"
    raise SessionError(
        found,
        remedy="name the server itself, not a pool that drops options (PgBouncer: ignore_startup_parameters),"
        f" in MAPPS_DATABASE_URL; or log in, and then: SET ROLE {role_name(role)}",
    )


def connect(role: str | None = None, **kw: Any) -> psycopg.Connection[Any]:
    """Open a connection whose role and session settings are verified.

    Parameters
    ----------
    role : str, optional
        owner (default), worker, operator or reader.
    **kw
        Passed to `psycopg.connect`, for example `autocommit=True`.

    Raises
    ------
    DatabaseUnavailableError
        Raised if the server does not answer or refuses the login; as ReadOnlyServerError if it takes no writes and the
        role is worker or operator.
    SessionError, EncodingError
        Raised if the session is not what was asked for.
    """
    name = role_name(role)
    url = get_settings().database_url or private_cluster().url(name)
    return connect_url(url, role=role, **kw)


def connect_url(
    url: str, *, role: str | None = None, writes: bool = False, **kw: Any
) -> psycopg.Connection[Any]:
    """Open a connection to a given libpq URL, with the session of `connect`.

    Parameters
    ----------
    url : str
        libpq URL or keywords.
    role : str, optional
        owner, worker, operator or reader; the login's own when absent.
    writes : bool
        Whether a server that takes no writes is refused, as it is for a worker and an operator.
    **kw
        Passed to `psycopg.connect`.

    Raises
    ------
    DatabaseUnavailableError, SessionError, EncodingError
        Raised as by `connect`.
    """
    autocommit = bool(kw.pop("autocommit", False))
    try:
        connection = _open(url, **kw)
    except psycopg.OperationalError as error:
        found = _first_line(error, url)
        raise DatabaseUnavailableError(
            f"the database does not answer: {found}", remedy=_remedy(str(error))
        ) from error
    try:
        session = prepare(connection, role and role_name(role), lambda: _open(url))
        if writes or (role and role_name(role) in WRITERS):
            require_writable(session)
        connection.autocommit = autocommit
    except psycopg.OperationalError as error:
        connection.close()
        raise DatabaseUnavailableError(
            f"the database stopped answering: {_first_line(error, url)}", remedy=_remedy(str(error))
        ) from error
    except BaseException:
        connection.close()
        raise
    return connection


def _open(url: str, **kw: Any) -> psycopg.Connection[Any]:
    """Log in, in autocommit mode; options of the URL, of a service file and of PGOPTIONS are left as they are."""
    parameters = parameters_of(url)
    defaults: dict[str, Any] = {"fallback_application_name": "mapps"}
    known = parameters.keys() & {"connect_timeout", "service"} or os.environ.keys() & {
        "PGCONNECT_TIMEOUT",
        "PGSERVICE",
    }
    if not known:
        defaults["connect_timeout"] = CONNECT_TIMEOUT
    return psycopg.connect(url, **(defaults | kw), autocommit=True, client_encoding="utf8")


def engine(role: str | None = None) -> Engine:
    """SQLAlchemy engine over `connect`; it keeps no pool, a connection over the socket costs 2 ms."""
    return engine_url(None, role=role)


def engine_url(url: str | None, *, role: str | None = None) -> Engine:
    """SQLAlchemy engine over a given libpq URL, the configured one when None."""
    from sqlalchemy import NullPool, create_engine

    def creator() -> psycopg.Connection[Any]:
        return connect(role) if url is None else connect_url(url, role=role)

    return create_engine("postgresql+psycopg://", creator=creator, poolclass=NullPool)


def _first_line(error: Exception, url: str) -> str:
    # The second line is libpq's question whether the server is running, which the remedy answers.
    lines = [line for line in hide_secrets(str(error), url).strip().splitlines() if line]
    return lines[0].strip().removeprefix("connection failed: ") if lines else type(error).__name__


def _remedy(text: str) -> str:
    if "role" in text and "does not exist" in text:
        return "make the roles: mapps db migrate"
    if get_settings().database_url is not None:
        return "check MAPPS_DATABASE_URL and the server it names"
    if "Peer authentication failed" in text:
        owner = private_cluster().owner()
        return (
            f"the server is that of {owner}: run mapps as {owner} or root, or set MAPPS_HOME to a folder of yours;"
            f" to read with psql, {owner} lets you in: mapps db allow-reader {getpass.getuser()}"
        )
    if "Permission denied" in text:
        return "open the folders of the server's socket to this user, or run mapps as the user who started the server"
    if "too many clients" in text or "remaining connection slots" in text:
        return "end other commands or workers first (at most 200 connections)"
    return "start it: mapps db start"
