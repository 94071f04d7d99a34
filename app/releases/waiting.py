"""What a build waits for, told before it waits: other builds, recalls, and whoever holds a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from app.db.locks import RELEASES
from app.db.statements import statement

Tell = Callable[[str], None]
"""Told in words what is waited for."""


def silent(_words: str) -> None:
    """Tell nobody."""


def lock_builds(connection: Connection[Any], tell: Tell) -> None:
    """Take the lock of all builds, in a transaction of the caller's; tell who holds it if that takes a wait.

    Parameters
    ----------
    connection : Connection
        Operator's; the lock belongs to its session.
    tell : callable
        Told who holds the lock.
    """
    row = connection.execute(statement("release/build/try_lock"), {"key": RELEASES}).fetchone()
    if row == (True,):
        return
    with connection.cursor(row_factory=dict_row) as cursor:
        holders = cursor.execute(statement("release/build/lock_holders"), {"key": RELEASES}).fetchall()
    words = "; ".join(map(_holder, holders)) or "a session that ended meanwhile"
    tell(f"waiting for {words}")
    connection.execute(statement("release/build/lock_builds"), {"key": RELEASES})


def _holder(row: dict[str, Any]) -> str:
    act = "another build" if row["alone"] else "a publication or recall that takes rows back"
    since = f", since {row['xact_start']:%H:%M:%S} UTC" if row["xact_start"] is not None else ""
    return f"{act} (server process {row['pid']}, account {row['account'] or 'unknown'}{since})"


def tell_if_held(connection: Connection[Any], run_id: int, name: str, tell: Tell) -> None:
    """Tell that a run is held by another session, such as a worker that seals it, before it is waited for.

    Parameters
    ----------
    connection : Connection
        Operator's.
    run_id : int
        Key of the run.
    name : str
        Its name.
    tell : callable
        Told that the run is held.
    """
    with connection.transaction():
        free = connection.execute(statement("release/build/lock_run"), {"run_id": run_id}).fetchone()
    if free is None:
        tell(f"waiting for another session that seals, queues or recalls run {name}")
