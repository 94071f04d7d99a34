"""Connections: the one place that knows how a role reaches the database.

In the private cluster a role is a login of its own. On any other server (`MAPPS_DATABASE_URL`) the URL says
who logs in, and a role is taken with SET ROLE, so that a single account is enough there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from app.db.cluster import OWNER, private_cluster
from app.errors import DatabaseUnavailableError, SettingsError, UnknownNameError
from app.settings import get_settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

ROLES = ("owner", "worker", "operator", "reader")
# A server that does not even refuse within 10 s is as good as gone for an interactive command.
CONNECT_TIMEOUT = 10
# A worker computes outside transactions. One that stops inside its publication (host asleep, network gone) would hold
# its rows, a release and a recall up for as long as TCP waits, which is hours; after this its publication is undone.
WORKER_PATIENCE = "10min"


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
    if role is None:
        return configured
    separator = "&" if "?" in configured else "?"
    if "://" not in configured:
        try:
            return make_conninfo(configured, options=f"-c role={name}")
        except psycopg.ProgrammingError as error:
            raise _not_libpq(error) from error
    return f"{configured}{separator}options=-c%20role%3D{name}"


def connect(role: str | None = None, **kw: Any) -> psycopg.Connection[Any]:
    """Open a connection.

    Parameters
    ----------
    role : str, optional
        owner (default), worker, operator or reader.
    **kw
        Passed to `psycopg.connect`, for example `autocommit=True`.

    Raises
    ------
    DatabaseUnavailableError
        Raised if the server does not answer or refuses the login.
    """
    return connect_url(database_url(role), role=role, **kw)


def connect_url(url: str, *, role: str | None = None, **kw: Any) -> psycopg.Connection[Any]:
    """Open a connection to a given libpq URL, with the session settings of `connect`."""
    try:
        parameters = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise _not_libpq(error) from error
    options = [str(parameters.get("options") or ""), "-c TimeZone=UTC"]
    name = role and role_name(role)
    if name == "mapps_worker":
        options.append(f"-c idle_in_transaction_session_timeout={WORKER_PATIENCE}")
    if name == "mapps_reader":
        options.append(f"-c statement_timeout={int(get_settings().reader_timeout_seconds * 1000)}")
    defaults: dict[str, Any] = {
        "connect_timeout": parameters.get("connect_timeout") or CONNECT_TIMEOUT,
        "fallback_application_name": "mapps",
        "options": " ".join(option for option in options if option),
    }
    try:
        return psycopg.connect(url, **(defaults | kw))
    except psycopg.OperationalError as error:
        raise DatabaseUnavailableError(
            f"the database does not answer: {_first_line(error)}", remedy=_remedy(str(error))
        ) from error


def engine(role: str | None = None) -> Engine:
    """SQLAlchemy engine over `connect`; it keeps no pool, a connection over the socket costs 2 ms."""
    return engine_url(None, role=role)


def engine_url(url: str | None, *, role: str | None = None) -> Engine:
    """SQLAlchemy engine over a given libpq URL, the configured one when None."""
    from sqlalchemy import NullPool, create_engine

    def creator() -> psycopg.Connection[Any]:
        return connect(role) if url is None else connect_url(url, role=role)

    return create_engine("postgresql+psycopg://", creator=creator, poolclass=NullPool)


def _not_libpq(error: Exception) -> SettingsError:
    return SettingsError(
        f"MAPPS_DATABASE_URL is not a libpq URL: {str(error).strip()}",
        expected="postgresql://user@host:port/database",
    )


def _first_line(error: Exception) -> str:
    # The second line is libpq's question whether the server is running, which the remedy answers.
    lines = [line for line in str(error).strip().splitlines() if line]
    return lines[0].strip().removeprefix("connection failed: ") if lines else type(error).__name__


def _remedy(text: str) -> str:
    if "role" in text and "does not exist" in text:
        return "make the roles: mapps db migrate"
    if get_settings().database_url is None:
        return "start it: mapps db start"
    return "check MAPPS_DATABASE_URL and the server it names"
