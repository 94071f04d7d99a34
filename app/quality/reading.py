"""Lists of metrics and grades: of a scan, of a night."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from app.db.statements import statement
from app.errors import UnknownNameError


@dataclass(frozen=True)
class ScanName:
    """A scan that was asked for: by key, or by night and number."""

    scan_key: int | None = None
    date: date | None = None
    hemis: str | None = None
    scan: int | None = None


def find_scan(connection: Connection[Any], name: ScanName) -> dict[str, Any]:
    """Key, night and number of a scan.

    Parameters
    ----------
    connection : Connection
        Reader's or more.
    name : ScanName
        Which scan.

    Raises
    ------
    UnknownNameError
        Raised if there is none, or one at each observatory.
    """
    values = {"scan_key": name.scan_key, "date": name.date, "hemis": name.hemis, "scan": name.scan}
    rows = _rows(connection, "quality/find_scan", values)
    if len(rows) != 1:
        found = "no such scan" if not rows else "a scan at each observatory"
        raise UnknownNameError(found, expected="NIGHT/NUMBER with n or s, or a scan_key: mapps scan list")
    return rows[0]


def scan_metrics(connection: Connection[Any], scan_key: int, run: str | None = None) -> list[dict[str, Any]]:
    """Metrics of a scan, measured and derived, with unit, requirement and aim.

    Parameters
    ----------
    connection : Connection
        Reader's or more.
    scan_key : int
        Key of the scan.
    run : str, optional
        Only of this run.
    """
    return _rows(connection, "quality/scan_metrics", {"scan_key": scan_key, "run": run})


def night_quality(
    connection: Connection[Any], night: tuple[date, str | None], run: str | None, version: str | None
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Metrics of a night, and its scans with their grades.

    Parameters
    ----------
    connection : Connection
        Reader's or more.
    night : (date, str or None)
        Date, and hemisphere unless both are meant.
    run, version : str, optional
        Only of this run, only by these rules.
    """
    values = {"date": night[0], "hemis": night[1], "run": run, "rule_version": version}
    return _rows(connection, "quality/night_metrics", values), _rows(
        connection, "quality/night_scans", values
    )


def _rows(connection: Connection[Any], name: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement(name), values).fetchall()
