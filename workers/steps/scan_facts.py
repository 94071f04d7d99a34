"""What a step must know of its scan and files, read from the database in one place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from app.db.statements import statement
from app.errors import UnknownNameError
from app.instruments.bands import Band


@dataclass(frozen=True)
class ScanFile:
    """One ingested file of a scan; `camera` is its detector configuration, None for Atlas images."""

    raw_file_id: int
    kind: str
    band: Band
    image_number: int | None
    url: str
    sha256: str
    camera: str | None = None


@dataclass(frozen=True)
class ScanFacts:
    """One scan as ingest left it. Angles are ICRS degrees, corners are SE, SW, NE, NW as (ra, decl)."""

    scan_key: int
    scan: int
    kind: str
    entry: str
    tile: int | None
    night_id: int
    hemis: str
    date: date
    day_number: int
    direction: str | None
    started_at: datetime | None
    jdate: float | None
    airmass: float | None
    frames_expected: int | None
    corners_deg: tuple[tuple[float, float], ...]
    files: tuple[ScanFile, ...]


def read_scan_facts(connection: Connection[Any], scan_key: int) -> ScanFacts:
    """Facts and files of a scan, files in the order of kind, image number and band.

    Raised if there is no such scan: UnknownNameError.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(statement("steps/scan_facts"), {"scan_key": scan_key}).fetchone()
        if row is None:
            raise UnknownNameError(f"scan_key {scan_key}", expected="a key of survey.scan")
        files = read_scan_files(connection, scan_key)
    corners = tuple((row.pop(f"ra_{i}"), row.pop(f"dec_{i}")) for i in (1, 2, 3, 4))
    return ScanFacts(**row, corners_deg=corners, files=files)


def read_scan_files(connection: Connection[Any], scan_key: int) -> tuple[ScanFile, ...]:
    """Files of a scan in a total order."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(statement("steps/scan_files"), {"scan_key": scan_key}).fetchall()
    return tuple(ScanFile(**{**row, "band": Band(row["band"])}) for row in rows)
