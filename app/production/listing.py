"""Lists of what commands address: nights, scans, ingested files, calibration products, each with its key."""

from __future__ import annotations

from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from app.db.statements import statement
from app.production.selection import Selection

Rows = list[dict[str, Any]]


def list_nights(connection: Connection[Any], limit: int) -> Rows:
    """List nights, the latest first, with their scans and files.

    Parameters
    ----------
    connection : Connection
        Reader's.
    limit : int
        Rows at most.
    """
    return _rows(connection, "reports/nights", {"limit": limit})


def list_scans(connection: Connection[Any], selection: Selection, limit: int) -> Rows:
    """List scans with their files and the runs in which they are done.

    Parameters
    ----------
    connection : Connection
        Reader's.
    selection : Selection
        Scans that are meant.
    limit : int
        Rows at most.
    """
    return _rows(connection, "reports/scans", selection.values() | {"limit": limit})


def list_files(connection: Connection[Any], selection: Selection, limit: int) -> Rows:
    """List ingested files with the number of accepted attempts that read them.

    Parameters
    ----------
    connection : Connection
        Reader's.
    selection : Selection
        Scans whose files are meant.
    limit : int
        Rows at most.
    """
    return _rows(connection, "reports/raw_files", selection.values() | {"limit": limit})


def list_calibrations(
    connection: Connection[Any], selection: Selection, limit: int, run: str | None = None
) -> Rows:
    """List calibration products, the latest first, with the number of accepted attempts that used them.

    Parameters
    ----------
    connection : Connection
        Reader's.
    selection : Selection
        Night that is meant.
    limit : int
        Rows at most.
    run : str, optional
        Name of the only run to look at.
    """
    return _rows(connection, "reports/calibrations", selection.values() | {"limit": limit, "run": run})


def list_block_nights(
    connection: Connection[Any], run: str | None = None, block: str | None = None, night: str | None = None
) -> Rows:
    """List how far nights depart from the canonical calibrations of their blocks.

    Parameters
    ----------
    connection : Connection
        Reader's.
    run, block : str, optional
        Names of the only run and block to look at.
    night : str, optional
        Name of the only night, as in 980427s; without its last letter both sites are meant.
    """
    return _rows(connection, "reports/block_nights", {"run": run, "block": block, "night": night})


def _rows(connection: Connection[Any], name: str, values: dict[str, Any]) -> Rows:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement(name), values).fetchall()
