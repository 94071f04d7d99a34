"""Area, times and keywords of a scan, from the headers and areas of its Atlas images."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from app.errors import InputError
from app.formats.raw_names import parse_ordate
from app.ingest.header_cards import shared_document
from app.ingest.scan_values import ScanFileRow, ScanValues, covered_area
from app.sky.shapes import Position

# Real images 80 and 92, and 186 and 198, of two scans of 2 May 1999 are 17.82 s apart: 12 frames.
FRAME_PERIOD_SECONDS = 1.485


def measure_atlas_scan(files: Sequence[ScanFileRow]) -> ScanValues:
    """Area, times and keywords of a scan.

    Parameters
    ----------
    files : sequence of ScanFileRow
        All files of the scan, in a fixed order: it decides if headers differ.
    """
    bands: dict[str, list[tuple[Position, ...]]] = {}
    for file in files:
        if file.corners is not None:
            bands.setdefault(file.band, []).append(file.corners)
    corners, remark = covered_area(bands)
    by_number = sorted(files, key=lambda file: (file.image_number or 0, file.band))
    frames = [count for file in files if (count := _whole(file.header.get("NUMFRMS"))) is not None]
    return ScanValues(
        header=shared_document([file.header for file in files]),
        corners=corners,
        started_at=_first(_start_of, by_number),
        airmass=_first(_airmass_of, by_number),
        frames_expected=max(frames, default=None),
        remark=remark,
    )


def _first(take: Any, files: Sequence[ScanFileRow]) -> Any:
    return next((value for file in files if (value := take(file)) is not None), None)


def _start_of(file: ScanFileRow) -> datetime | None:
    """UTC of the first frame: from the start of the scan if the header tells it, else counted back from the image."""
    start = _moment(file.header.get("DATE_SOS"), file.header.get("UT_SOS"))
    if start is not None:
        # UT_OFF1 leads from the start of the scan to the centre of the first frame.
        return start + timedelta(seconds=_number(file.header.get("UT_OFF1")) or 0.0)
    middle = _moment(file.header.get("UT_DATE"), file.header.get("UT"))
    if middle is None or file.image_number is None:
        return None
    return middle - timedelta(seconds=FRAME_PERIOD_SECONDS * (file.image_number - 1))


def _moment(day: Any, clock: Any) -> datetime | None:
    try:
        at = date.fromisoformat(str(day)) if "-" in str(day) else parse_ordate(str(day).strip())
        hours, minutes, seconds = str(clock).split(":")
        milliseconds = round(float(seconds) * 1000.0)
    except (ValueError, InputError):
        return None
    midnight = datetime(at.year, at.month, at.day, tzinfo=UTC)
    return midnight + timedelta(hours=int(hours), minutes=int(minutes), milliseconds=milliseconds)


def _airmass_of(file: ScanFileRow) -> float | None:
    for keyword in ("AM_SOS", "AIRMASS", "AMASS_FC"):
        value = _number(file.header.get(keyword))
        if value is not None and 0.99 <= value <= 40.0:
            return value
    return None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _whole(value: Any) -> int | None:
    number = _number(value)
    # The column is a smallint, and a larger number cannot be a count of frames.
    return int(number) if number is not None and 0 < number < 32768 else None
