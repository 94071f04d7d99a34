"""The primary header of a raw file: its values, its keywords, and the way between the two.

Keywords are the survey's (ORDATE, DAYNUM, FN_PRFX, TYPE, SCANNO, SCANDIR, STRIP_ID, POSITNID). Read times, corners of
the tile and detector configuration, which the survey kept elsewhere, have keywords of ours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from app.errors import InputError
from app.formats import raw_names
from app.instruments.bands import BANDS, Band

if TYPE_CHECKING:
    from collections.abc import Callable

    from astropy.io import fits

Value = TypeVar("Value", str, int, float)

FORMAT_NAME = "mapps-raw"
FORMAT_VERSION = 1

Corners = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]
"""Four corners (ra, decl), ICRS degrees: SE, NE, NW, SW."""


class ScanType(StrEnum):
    """Purpose of a scan, in the survey's letters."""

    SURVEY = "sci"
    CALIBRATION = "cal"
    DARK = "dar"
    FLAT = "flt"

    @property
    def on_sky(self) -> bool:
        """Whether the scan has stars at commanded positions."""
        return self in {ScanType.SURVEY, ScanType.CALIBRATION}


@dataclass(frozen=True)
class Problem:
    """A single fault of a file: its place, what was found, what should have been there."""

    file: str
    keyword: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.file}: {self.keyword}: found {self.found}, expected {self.expected}"


@dataclass(frozen=True)
class RawScanHeader:
    """Facts of one band of one scan besides its pixels.

    Attributes
    ----------
    night_date : date
        Observation reference date: UT date at sunrise (ORDATE).
    hemisphere : str
        Site: `n` Mt. Hopkins, `s` Cerro Tololo.
    band : Band
        Band of the filter.
    scan : int
        Number of the scan, 1 to 999, unique in the night.
    scan_type : ScanType
        What the scan is for.
    start : datetime
        UT of the start of the first exposure, to the millisecond, with time zone UTC.
    frame_count : int
        Frames of the scan, missing ones included.
    camera : str
        Identifier of the detector configuration (which arrays, which electronics).
    direction : str
        `n` or `s` for scans on the sky, `-` for others.
    tile : int
        Tile number (STRIP_ID), 0 for none.
    position_id : str
        The observatory's POSITNID: hemisphere sign, degrees of declination, hours, minutes of RA (`s121722`).
    airmass, ra_deg, decl_deg : float or None
        Airmass and position (ICRS) of the middle of the scan; None if the shutter is closed.
    corners_deg : Corners or None
        Corners of the tile; None if the header has none.
    read1_seconds : float
        Time from reset to Read_1, which is the effective exposure of Read_1.
    integration_seconds : float
        Time from Read_1 to Read_2, which is the effective exposure of Read_2 - Read_1.
    """

    night_date: date
    hemisphere: str
    band: Band
    scan: int
    scan_type: ScanType
    start: datetime
    frame_count: int
    camera: str
    direction: str = "-"
    tile: int = 0
    position_id: str = ""
    airmass: float | None = None
    ra_deg: float | None = None
    decl_deg: float | None = None
    corners_deg: Corners | None = None
    read1_seconds: float = 0.051
    integration_seconds: float = 1.3

    @property
    def day_number(self) -> int:
        """Survey day number of the night."""
        return raw_names.survey_day_number(self.night_date)

    @property
    def file_name(self) -> str:
        """Name of the raw file that holds this band of this scan."""
        return raw_names.file_name(self.band, self.day_number, self.scan)

    @property
    def night_name(self) -> str:
        """Name of the folder that holds the night."""
        return raw_names.night_name(self.night_date, self.hemisphere)


SITES = {"n": ("2MASS-N", "Mt. Hopkins"), "s": ("2MASS-S", "Cerro Tololo")}
_CORNER_NAMES = ("SE", "NE", "NW", "SW")


def _format_start(start: datetime) -> str:
    return start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]


def fill_header(header: fits.Header, scan: RawScanHeader) -> None:
    """Write the keywords of a scan to a primary header, always in the same order.

    Parameters
    ----------
    header : astropy.io.fits.Header, extended
        Header of a primary HDU without data.
    scan : RawScanHeader
        Values of the keywords.
    """
    telescope, observatory = SITES[scan.hemisphere]
    start = _format_start(scan.start)
    cards: list[tuple[str, Any, str]] = [
        ("FORMAT", FORMAT_NAME, "raw scan of one band"),
        ("FMTVERS", FORMAT_VERSION, "version of this format"),
        ("ORIGIN", "mapps", "writer"),
        ("TELNAME", telescope, "telescope"),
        ("OBSERVAT", observatory, "site"),
        ("HEMIS", scan.hemisphere, "hemisphere of the site: n, s"),
        ("CAMERA", scan.camera, "detector configuration"),
        ("ORDATE", raw_names.format_ordate(scan.night_date), "observation reference date yymmdd"),
        ("DAYNUM", f"{scan.day_number:04d}", "survey day, 1 = 1997 March 1 UT"),
        ("FN_PRFX", scan.file_name.removesuffix(".fits"), "file name prefix"),
        ("TYPE", scan.scan_type.value, "sci, cal, dar, flt"),
        ("SCANNO", scan.scan, "scan number in the night"),
        ("SCANDIR", scan.direction, "scan direction: n, s, - standing"),
        ("STRIP_ID", scan.tile, "tile number, 0 none"),
        ("POSITNID", scan.position_id, "position identifier"),
        ("FILTER", scan.band.value, "band: j, h, k"),
        ("UT_DATE", start[:10], "UT date of the first exposure"),
        ("UT", start[11:], "UT of the first exposure"),
        ("INT_PER", scan.integration_seconds, "[s] Read_2 - Read_1"),
        ("READ1_T", scan.read1_seconds, "[s] reset to Read_1"),
        ("NUMFRMS", scan.frame_count, "frames, missing ones included"),
    ]
    if scan.airmass is not None:
        cards.append(("AIRMASS", scan.airmass, "middle of the scan"))
    if scan.ra_deg is not None and scan.decl_deg is not None:
        cards += [("RA", scan.ra_deg, "[deg] middle of the scan, ICRS"), ("DEC", scan.decl_deg, "[deg] same")]
    if scan.corners_deg is not None:
        for number, (name, (ra, decl)) in enumerate(
            zip(_CORNER_NAMES, scan.corners_deg, strict=True), start=1
        ):
            cards.append((f"CORN{number}RA", ra, f"[deg] {name} corner of the tile"))
            cards.append((f"CORN{number}DE", decl, f"[deg] {name} corner of the tile"))
    header.extend(cards)


class HeaderReader:
    """Reads keywords one by one and notes every problem instead of stopping at the first.

    Parameters
    ----------
    header : astropy.io.fits.Header
        Header that is read.
    file : str
        Name of the file, for the problems.
    """

    def __init__(self, header: fits.Header, file: str) -> None:
        self.header = header
        self.file = file
        self.problems: list[Problem] = []

    def note(self, keyword: str, found: object, expected: str) -> None:
        """Remember a problem.

        Parameters
        ----------
        keyword : str
            Where the problem is.
        found : object
            What the header has, as text.
        expected : str
            What should have been there.
        """
        self.problems.append(Problem(self.file, keyword, str(found), expected))

    def take(self, keyword: str, kind: type[Value], expected: str, accept: Callable[[Any], bool]) -> Value:
        """Value of a keyword, or the zero of its type with a problem noted.

        Parameters
        ----------
        keyword : str
            Name of the keyword.
        kind : type
            Type of the value: str, int or float; whole numbers serve as floats.
        expected : str
            What the value should be, for the problem.
        accept : callable
            Whether a value of the right type can be true.
        """
        value = self.header.get(keyword)
        if value is None:
            self.note(keyword, "nothing", expected)
            return kind()
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, kind) or isinstance(value, bool) or not accept(value):
            self.note(keyword, repr(value), expected)
            return kind()
        return value

    def take_optional_degrees(self, keyword: str, limit: float) -> float | None:
        """Angle of an optional keyword, within [-limit, limit]; None if the header lacks the keyword.

        Parameters
        ----------
        keyword : str
            Name of the keyword.
        limit : float
            Largest size of the angle, degrees.
        """
        if keyword not in self.header:
            return None
        return self.take(
            keyword, float, f"a number, at most {limit:g} in size", lambda value: abs(value) <= limit
        )


def _take_date(reader: HeaderReader) -> date:
    text = reader.take("ORDATE", str, "yymmdd, as in 980427", bool)
    if text:
        try:
            return raw_names.parse_ordate(text)
        except InputError as error:
            reader.note("ORDATE", error.found, error.expected)
    return raw_names.FIRST_SURVEY_DAY


def _take_band(reader: HeaderReader) -> Band:
    letters = {band.value for band in BANDS}
    return Band(reader.take("FILTER", str, "j, h or k", lambda value: value in letters) or Band.J)


def _take_type(reader: HeaderReader) -> ScanType:
    types = {scan_type.value for scan_type in ScanType}
    text = reader.take("TYPE", str, "sci, cal, dar or flt", lambda value: value in types)
    return ScanType(text or ScanType.SURVEY)


def _take_airmass(reader: HeaderReader) -> float | None:
    if "AIRMASS" not in reader.header:
        return None
    return reader.take("AIRMASS", float, "1 to 40", lambda value: 1.0 <= value <= 40.0)


def _take_seconds(reader: HeaderReader, keyword: str) -> float:
    return reader.take(keyword, float, "seconds above 0", lambda value: 0.0 < value < math.inf)


def _take_start(reader: HeaderReader) -> datetime:
    day = reader.take("UT_DATE", str, "yyyy-mm-dd", bool)
    time = reader.take("UT", str, "hh:mm:ss.sss", bool)
    if day and time:
        try:
            return datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=UTC)
        except ValueError:
            reader.note("UT_DATE", f"{day} {time}", "a date yyyy-mm-dd and UT a time hh:mm:ss.sss")
    return datetime(1997, 3, 1, tzinfo=UTC)


def _take_corners(reader: HeaderReader) -> Corners | None:
    pairs: list[tuple[float, float]] = []
    for number in range(1, 5):
        ra = reader.take_optional_degrees(f"CORN{number}RA", 360.0)
        decl = reader.take_optional_degrees(f"CORN{number}DE", 90.0)
        if ra is None or decl is None:
            if pairs:
                reader.note(f"CORN{number}RA", "nothing", "four corners or none")
            return None
        pairs.append((ra, decl))
    return pairs[0], pairs[1], pairs[2], pairs[3]


def _check_consistency(reader: HeaderReader, scan: RawScanHeader) -> None:
    """Note keywords that repeat a fact and contradict it."""
    for keyword, expected in (
        ("DAYNUM", f"{scan.day_number:04d}"),
        ("FN_PRFX", raw_names.file_prefix(scan.band, scan.day_number, scan.scan)),
    ):
        found = reader.take(keyword, str, expected, bool)
        if found and found != expected:
            reader.note(keyword, found, f"{expected} by ORDATE, FILTER and SCANNO")
    # The UT date may lie one day before the reference date (evening in Chile), never farther away.
    if abs((scan.start.date() - scan.night_date).days) > 1:
        reader.note(
            "UT_DATE", scan.start.date().isoformat(), f"within a day of ORDATE {scan.night_date.isoformat()}"
        )
    if scan.scan_type.on_sky:
        for keyword, value in (("RA", scan.ra_deg), ("DEC", scan.decl_deg), ("AIRMASS", scan.airmass)):
            if value is None:
                reader.note(keyword, "nothing", f"a number, for TYPE {scan.scan_type.value}")
        if scan.direction == "-":
            reader.note("SCANDIR", "'-'", f"n or s, for TYPE {scan.scan_type.value}")


def _take_scan(reader: HeaderReader) -> RawScanHeader:
    """Read all keywords, in the order in which problems are told; a keyword with a problem gets some possible value."""
    return RawScanHeader(
        night_date=_take_date(reader),
        hemisphere=reader.take("HEMIS", str, "n or s", lambda value: value in SITES),
        band=_take_band(reader),
        scan_type=_take_type(reader),
        scan=reader.take("SCANNO", int, "1 to 999", lambda value: 1 <= value <= raw_names.LAST_SCAN),
        frame_count=reader.take("NUMFRMS", int, "1 or more", lambda value: value >= 1),
        camera=reader.take("CAMERA", str, "a detector configuration", bool),
        direction=reader.take("SCANDIR", str, "n, s or -", lambda value: value in {"n", "s", "-"}),
        tile=reader.take("STRIP_ID", int, "0 or more", lambda value: value >= 0),
        position_id=reader.take("POSITNID", str, "a position identifier or blank", lambda _value: True),
        integration_seconds=_take_seconds(reader, "INT_PER"),
        read1_seconds=_take_seconds(reader, "READ1_T"),
        airmass=_take_airmass(reader),
        ra_deg=reader.take_optional_degrees("RA", 360.0),
        decl_deg=reader.take_optional_degrees("DEC", 90.0),
        start=_take_start(reader),
        corners_deg=_take_corners(reader),
    )


def parse_header(header: fits.Header, file: str) -> tuple[RawScanHeader | None, list[Problem]]:
    """Read the primary header of a raw file.

    Parameters
    ----------
    header : astropy.io.fits.Header
        Header of the primary HDU.
    file : str
        Name of the file, for the problems.

    Returns
    -------
    RawScanHeader or None
        None if any problem was found.
    list of Problem
        All faults: missing keywords, impossible values, contradictions.
    """
    reader = HeaderReader(header, file)
    name = reader.take("FORMAT", str, FORMAT_NAME, lambda value: value == FORMAT_NAME)
    version = reader.take("FMTVERS", int, str(FORMAT_VERSION), lambda value: value == FORMAT_VERSION)
    if not name or not version:
        return None, reader.problems
    scan = _take_scan(reader)
    if not reader.problems:
        _check_consistency(reader, scan)
    return (None if reader.problems else scan), reader.problems
