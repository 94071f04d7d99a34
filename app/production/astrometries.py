"""Astrometric solutions as operators see them: list, compare, adopt."""

from __future__ import annotations

from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from app.db.statements import statement
from app.errors import ConflictError, UnknownNameError
from app.production.runs import lock_run
from app.production.tasks import Rows


def _rows(connection: Connection[Any], name: str, values: dict[str, Any]) -> Rows:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement(name), values).fetchall()


def find_astrometries(
    connection: Connection[Any], run: str | None = None, astrometry_id: int | None = None
) -> Rows:
    """List astrometric solutions, the newest first.

    Parameters
    ----------
    connection : Connection
        Reader's or more.
    run : str, optional
        Only of this run.
    astrometry_id : int, optional
        Only this one.

    Raises
    ------
    UnknownNameError
        Raised if no solution has the key.
    """
    found = _rows(connection, "reports/astrometries", {"run": run, "astrometry_id": astrometry_id})
    if astrometry_id is not None and not found:
        raise UnknownNameError(
            f"no astrometric solution {astrometry_id}",
            expected="a number that mapps calibration astrometry RUN --show lists",
        )
    return found


def adopt_astrometry(connection: Connection[Any], astrometry_id: int, person: str, run: str) -> int:
    """See the places of a run through a solution; those of rows that it was not made for stay as registered.

    Parameters
    ----------
    connection : Connection
        Operator's, in autocommit mode.
    astrometry_id : int
        The solution.
    person : str
        Who adopts it.
    run : str
        The run whose places it corrects: offsets are of the rows of its attempts, and of no other run.

    Returns
    -------
    int
        Number of nights.

    Raises
    ------
    ConflictError
        Raised if the solution is of another run.
    UnknownNameError
        Raised if there is no such solution.
    """
    [found] = find_astrometries(connection, astrometry_id=astrometry_id)
    if found["run"] != run:
        raise ConflictError(
            f"astrometric solution {astrometry_id} is of run {found['run']!r}",
            expected=f"one of run {run!r}: offsets are of the rows of one run",
            remedy=f"list them: mapps calibration astrometry {run} --show",
        )
    with connection.transaction():
        chosen = lock_run(connection, run)
        values = {"astrometry_id": astrometry_id, "run_id": chosen.run_id, "adopted_by": person}
        return len(connection.execute(statement("production/operate/adopt_astrometry"), values).fetchall())


def astrometry_difference(connection: Connection[Any], first: int, second: int) -> Rows:
    """Compare two solutions scan by scan.

    Parameters
    ----------
    connection : Connection
        Reader's or more.
    first, second : int
        Keys of the solutions.

    Returns
    -------
    list of dict
        rms and largest distance over the segments of each scan, arcsec; None where one of them lacks the scan.

    Raises
    ------
    UnknownNameError
        Raised if no solution has a key.
    """
    for astrometry_id in (first, second):
        find_astrometries(connection, astrometry_id=astrometry_id)
    return _rows(connection, "reports/astrometry_difference", {"a": first, "b": second})
