"""Help for a build that somebody else began: a process of any host takes zones that nobody has.

The build itself goes from pass to pass, opens their zones and publishes; who joins works zones and nothing else, and
may come and go at any moment. A zone is claimed as by the build's own processes, by the lock of its row.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.rows import dict_row

from app.db.locks import RELEASES
from app.db.statements import statement
from app.errors import ConflictError, OperatorError, UnknownNameError
from app.models.release import ReleaseState
from app.releases.crew import POLL_SECONDS, StoppedProcessError, work_zone
from app.releases.steps import Report, Segment, StatementRun, segments, take_memory
from app.releases.stopped import texts_signature


class NoBuildError(ConflictError):
    """There is no build under way that others could join."""

    code = "RELEASE_NO_BUILD"


class OtherTextsError(OperatorError):
    """A build was begun with other code or statements than this process has."""

    code = "RELEASE_OTHER_CODE"


def join_build(
    connection: Connection[Any], name: str, report: Report, lead: Callable[[], bool] = lambda: True
) -> int:
    """Work zones of a build under way until it is published.

    Parameters
    ----------
    connection : Connection
        Operator's, without an open transaction.
    name : str
        Name of the release that is being drawn.
    report : callable
        Told of every file that this process executed in a zone.
    lead : callable
        Asked before every zone whether to go on.

    Returns
    -------
    int
        Zones (and indexes) that this process worked.

    Raises
    ------
    UnknownNameError
        Raised if there is no release of this name.
    NoBuildError
        Raised if it is published already, or is drawn in one zone or by hand.
    OtherTextsError
        Raised if the build was begun with other code or statements.
    StoppedProcessError
        Raised if the build was stopped meanwhile, or given up.
    """
    release_id = _find(connection, name)
    take_memory(connection)
    worked = 0
    while lead() and _goes_on(connection, name, release_id):
        zones = [
            zone for segment in _open(connection) if (zone := _work(connection, release_id, segment, report))
        ]
        worked += sum(zones)
        if not any(zones):
            time.sleep(POLL_SECONDS)
    return worked


def join_together(connect: Callable[[], Connection[Any]], name: str, processes: int, report: Report) -> int:
    """Join a build with several processes, of which the caller is one.

    Parameters
    ----------
    connect : callable
        Opens a connection of role operator; processes get it, so it is a function of a module with plain arguments.
    name : str
        Name of the release.
    processes : int
        Their number.
    report : callable
        Told of every file that the caller executed in a zone.

    Returns
    -------
    int
        Zones that the caller worked.
    """
    context = multiprocessing.get_context("spawn")
    with connect() as connection:
        # What is wrong is said once, before others are started.
        _find(connection, name)
        others = [
            context.Process(target=_join_beside, args=(connect, name), daemon=True)
            for _ in range(processes - 1)
        ]
        for other in others:
            other.start()
        try:
            return join_build(connection, name, report)
        finally:
            for other in others:
                other.join()


def _join_beside(connect: Callable[[], Connection[Any]], name: str) -> None:
    """One process more, which ends with the one that started it; what ends the build that one tells."""
    parent = os.getppid()
    with connect() as connection:
        try:
            join_build(connection, name, _nobody, lambda: os.getppid() == parent)
        except (NoBuildError, StoppedProcessError):
            return


def _nobody(_: StatementRun) -> None:
    """Tell nobody."""


def _find(connection: Connection[Any], name: str) -> int:
    """Key of the release that is being drawn in zones, by the same code and statements."""
    with connection.transaction():
        known = connection.execute(statement("release/build/find_release"), {"name": name}).fetchone()
    if known is None:
        raise UnknownNameError(
            f"no release {name!r}, and no build of it in zones is under way", remedy="mapps release list"
        )
    release_id, state = int(known[0]), known[1]
    if state == ReleaseState.PUBLISHED:
        raise NoBuildError(f"release {name!r} is published", expected="a release that is being drawn")
    texts = _texts(connection, release_id)
    if texts is None:
        raise NoBuildError(
            f"release {name!r} has no zones to work",
            expected="a build in several zones that is under way",
            remedy="give the command that began it again; it goes on with the zones that are left",
        )
    if texts != texts_signature():
        raise OtherTextsError(
            f"the build of release {name!r} was begun with other code or statements",
            expected="the same commit on all hosts",
        )
    return release_id


def _texts(connection: Connection[Any], release_id: int) -> str | None:
    try:
        with connection.transaction():
            row = connection.execute(
                statement("release/build/joinable"), {"release_id": release_id}
            ).fetchone()
    except psycopg.errors.UndefinedTable:
        return None
    return None if row is None or row[0] is None else str(row[0])


def _goes_on(connection: Connection[Any], name: str, release_id: int) -> bool:
    """Tell whether the build is under way; False when it is published."""
    with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        known = cursor.execute(statement("release/build/find_release"), {"name": name}).fetchone()
        holders = cursor.execute(statement("release/build/lock_holders"), {"key": RELEASES}).fetchall()
    if known is not None and (known["release_id"], known["state"]) == (release_id, ReleaseState.PUBLISHED):
        return False
    if known is None or known["release_id"] != release_id:
        raise StoppedProcessError(f"the build of release {name!r} was given up")
    if not any(holder["alone"] for holder in holders):
        raise StoppedProcessError(
            f"the build of release {name!r} was stopped",
            remedy="give the command that began it again: it goes on with the zones that are left; then join it again",
        )
    return True


def _open(connection: Connection[Any]) -> list[Segment]:
    """Segments with zones that are left."""
    try:
        with connection.transaction():
            passes = {name for (name,) in connection.execute(statement("release/build/open_passes"))}
    except psycopg.errors.UndefinedTable:
        return []
    return [segment for segment in segments() if segment.name in passes]


def _work(connection: Connection[Any], release_id: int, segment: Segment, report: Report) -> bool:
    """Take a zone, if there is one that nobody has."""
    try:
        return work_zone(connection, release_id, segment, report) is not None
    except psycopg.errors.UndefinedTable as error:
        # Working tables are dropped when a build is published or given up, not while somebody works a zone.
        if "work_task" not in str(error):
            raise
        return False
