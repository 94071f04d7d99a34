"""Values of a scan, as computed from all its files together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from app.sky.coverage import Quadrilateral, bounding_corners, common_corners
from app.sky.footprint import Corners
from app.sky.shapes import Position, SPolygon

# Julian date of 1970 January 1, 0h, the zero of POSIX time.
_JULIAN_DATE_OF_POSIX_ZERO = 2440587.5


@dataclass(frozen=True)
class ScanFileRow:
    """A file of a scan as the database has it."""

    band: str
    image_number: int | None
    url: str
    sha256: str
    header: dict[str, Any]
    corners: tuple[Position, ...] | None


@dataclass(frozen=True)
class ScanValues:
    """Columns of survey.scan that follow from the files; None if the files do not tell.

    `corners` are those of the planned area; `remark` is for the operator.
    """

    header: dict[str, Any]
    corners: Corners | None
    started_at: datetime | None = None
    airmass: float | None = None
    frames_expected: int | None = None
    frames_present: int | None = None
    remark: str = ""

    def row(self) -> dict[str, Any]:
        """Parameters of sql/ingest/refresh_scan.sql, without key and names."""
        corners = self.corners
        positions = corners.as_tuple() if corners else ((None, None),) * 4
        ra, decl = corners.centre if corners else (None, None)
        row: dict[str, Any] = {
            "started_at": self.started_at,
            "jdate": julian_date(self.started_at),
            "airmass": self.airmass,
            "frames_expected": self.frames_expected,
            "frames_present": self.frames_present,
            "ra": ra,
            "decl": decl,
            "footprint": SPolygon.through(corners.around()) if corners else None,
            "header": Jsonb(self.header),
        }
        for number, (corner_ra, corner_decl) in enumerate(positions, start=1):
            row |= {f"ra_{number}": corner_ra, f"dec_{number}": corner_decl}
        return row


def julian_date(moment: datetime | None) -> float | None:
    """Julian date (UTC) of a timezone-aware moment; None for None.

    Examples
    --------
    >>> from datetime import UTC
    >>> julian_date(datetime(2000, 1, 1, 12, tzinfo=UTC))
    2451545.0
    """
    return None if moment is None else moment.timestamp() / 86400.0 + _JULIAN_DATE_OF_POSIX_ZERO


def covered_area(bands: Mapping[str, Sequence[Quadrilateral]]) -> tuple[Corners, str]:
    """Area that a scan covers in all its bands.

    Without a common area the corners bound all images: a release by edge distance must not lose a scan because only
    parts of it were at hand.

    Parameters
    ----------
    bands : mapping of str to sequence of Quadrilateral
        Images of each band that the scan has, as corners (ra, decl) in ICRS degrees; not empty.

    Returns
    -------
    Corners
        The area.
    str
        Remark for the operator if the bands have no area in common, else empty.
    """
    common = common_corners(bands)
    if common is not None:
        return common, ""
    names = ", ".join(sorted(bands))
    bounds = bounding_corners([image for name in sorted(bands) for image in bands[name]])
    return bounds, f"bands {names} have no area in common: the scan's area bounds them all"
