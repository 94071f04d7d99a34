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
from app.instruments.camera import Camera
from app.instruments.cameras import camera_of


@dataclass(frozen=True)
class ScanFile:
    """One ingested file of a scan.

    Attributes
    ----------
    raw_file_id : int
        Key of survey.raw_file.
    kind : str
        scan, dark, flat or atlas.
    band : Band
        Band of the file's pixels.
    image_number : int or None
        Number of an Atlas image in its scan; None for raw files.
    url : str
        Where the file was when it was ingested.
    sha256 : str
        Hash of its content then, hexadecimal.
    camera : str or None
        Identifier of the camera, CAMERA of the header; None for Atlas images.
    """

    raw_file_id: int
    kind: str
    band: Band
    image_number: int | None
    url: str
    sha256: str
    camera: str | None = None

    def known_camera(self) -> Camera:
        """Give the camera of a raw file.

        Raises
        ------
        UnknownCameraError
            Raised if the file names no camera, or one that is not known.
        """
        return camera_of(self.camera or "")


@dataclass(frozen=True)
class ScanFacts:
    """One scan as ingest left it.

    Attributes
    ----------
    scan_key, night_id : int
        Keys of survey.scan and survey.night.
    scan : int
        Number in the night, 1 to 999.
    kind : str
        sci, cal, dar or flt.
    entry : str
        raw (frames) or atlas (finished images).
    tile : int or None
        Number of the survey tile.
    hemis : str
        n or s, the site.
    date : date
        UT date at sunrise, which names the night.
    day_number : int
        Survey day number of the night.
    direction : str or None
        n or s for scans on the sky.
    started_at : datetime or None
        UTC of the start of the first exposure.
    jdate : float or None
        The same as a Julian date, days.
    airmass : float or None
        At the start of the scan.
    frames_expected : int or None
        Frames of the band that has most, missing ones included.
    files : tuple of ScanFile
        In the order of kind, image number and band.
    """

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
    files: tuple[ScanFile, ...]


def read_scan_facts(connection: Connection[Any], scan_key: int) -> ScanFacts:
    """Facts and files of a scan, files in the order of kind, image number and band.

    Raises
    ------
    UnknownNameError
        Raised if there is no such scan.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(statement("steps/scan_facts"), {"scan_key": scan_key}).fetchone()
        if row is None:
            raise UnknownNameError(f"scan_key {scan_key}", expected="a key of survey.scan")
        files = read_scan_files(connection, scan_key)
    return ScanFacts(**row, files=files)


def read_scan_files(connection: Connection[Any], scan_key: int) -> tuple[ScanFile, ...]:
    """Files of a scan in a total order."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(statement("steps/scan_files"), {"scan_key": scan_key}).fetchall()
    return tuple(ScanFile(**{**row, "band": Band(row["band"])}) for row in rows)
