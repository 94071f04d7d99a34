"""Names of raw nights and raw files: the survey's own, so that old and new tapes read alike.

A night is a folder ``<yymmdd><hemis>`` (`980427s`); a raw file is ``<band><day number><scan>.fits``
(`j0423049.fits`), where the day number counts from 1997 March 1 UT = 1 (1998 April 27 = 423).
The date is the observation reference date, the UT date at sunrise, because the UT date of a frame rolls over
in the middle of a scan in Chile.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from app import keys
from app.errors import InputError
from app.instruments.bands import Band

FIRST_SURVEY_DAY = keys.FIRST_SURVEY_DAY
LAST_SCAN = keys.LAST_SCAN
LAST_DAY_NUMBER = 9999
SITE_WORDS = {"s": ("CTIO", "TOLOLO", "2MASS-S"), "n": ("FLWO", "HOPKINS", "2MASS-N")}
"""Words, upper case, that headers name the observatory of a hemisphere by."""

_FILE_NAME = re.compile(r"(?P<band>[jhk])(?P<day>\d{4})(?P<scan>\d{3})(?:\.fits)?")
_NIGHT_NAME = re.compile(r"(?P<date>\d{6})(?P<hemisphere>[ns])")


@dataclass(frozen=True)
class RawFileName:
    """What the name of a raw file says: its band, survey day number and scan."""

    band: Band
    day_number: int
    scan: int


def survey_day_number(night_date: date) -> int:
    """Days since 1997 February 28 UT, so that 1997 March 1 is day 1.

    Examples
    --------
    >>> survey_day_number(date(1998, 4, 27))
    423

    Raises
    ------
    InputError
        Raised if the date lies before day 1 or after day 9999 (2024 July 15), which four digits cannot name.
    """
    number = (night_date - FIRST_SURVEY_DAY).days + 1
    if not 1 <= number <= LAST_DAY_NUMBER:
        raise InputError(f"night date {night_date.isoformat()}", expected="1997-03-01 to 2024-07-15")
    return number


def date_of_day_number(day_number: int) -> date:
    """Observation reference date of a survey day number; inverse of `survey_day_number`."""
    return FIRST_SURVEY_DAY + timedelta(days=day_number - 1)


def file_prefix(band: Band, day_number: int, scan: int) -> str:
    """Name the survey's FN_PRFX, such as `j0423049`.

    Parameters
    ----------
    band : Band
        Band of the file.
    day_number : int
        Survey day number of the night, 1 to 9999.
    scan : int
        Number of the scan in the night, 1 to 999.

    Raises
    ------
    InputError
        Raised if the day number does not fit four digits or the scan is not in 1 to 999.
    """
    if not 1 <= day_number <= LAST_DAY_NUMBER:
        raise InputError(f"survey day number {day_number}", expected=f"1 to {LAST_DAY_NUMBER}")
    if not 1 <= scan <= LAST_SCAN:
        raise InputError(f"scan number {scan}", expected=f"1 to {LAST_SCAN}")
    return f"{band.value}{day_number:04d}{scan:03d}"


def file_name(band: Band, day_number: int, scan: int) -> str:
    """Name of the raw file of one band of one scan, such as `j0423049.fits`.

    Parameters
    ----------
    band : Band
        Band of the file.
    day_number : int
        Survey day number of the night, 1 to 9999.
    scan : int
        Number of the scan in the night, 1 to 999.

    Raises
    ------
    InputError
        Raised as by `file_prefix`.

    Examples
    --------
    >>> file_name(Band.J, 423, 49)
    'j0423049.fits'
    """
    return file_prefix(band, day_number, scan) + ".fits"


def parse_file_name(name: str) -> RawFileName:
    """Read a raw file name (or FN_PRFX); inverse of `file_name`.

    Raises
    ------
    InputError
        Raised if the name is not band letter, four digits, three digits.

    Examples
    --------
    >>> parse_file_name("k0423049.fits")
    RawFileName(band=<Band.K: 'k'>, day_number=423, scan=49)
    """
    match = _FILE_NAME.fullmatch(name)
    if match is None:
        raise InputError(
            f"file name {name!r}",
            expected="band letter j, h or k, day number ####, scan ###, as in j0423049.fits",
        )
    return RawFileName(Band(match["band"]), int(match["day"]), int(match["scan"]))


def night_name(night_date: date, hemisphere: str) -> str:
    """Name of a night's folder, such as `980427s`.

    Raises
    ------
    InputError
        Raised if the hemisphere is neither n nor s, or the date is outside the survey's day numbers.

    Examples
    --------
    >>> night_name(date(1998, 4, 27), "s")
    '980427s'
    """
    if hemisphere not in {"n", "s"}:
        raise InputError(f"hemisphere {hemisphere!r}", expected="n or s")
    survey_day_number(night_date)
    return format_ordate(night_date) + hemisphere


def parse_night_name(name: str) -> tuple[date, str]:
    """Read the name of a night's folder: observation reference date and hemisphere; inverse of `night_name`.

    Raises
    ------
    InputError
        Raised if the name is not six digits of a real date and n or s.
    """
    match = _NIGHT_NAME.fullmatch(name)
    if match is None:
        raise InputError(f"night name {name!r}", expected="yymmdd and n or s, as in 980427s")
    return parse_ordate(match["date"]), match["hemisphere"]


def format_ordate(night_date: date) -> str:
    """Write a date as the survey's ORDATE, `yymmdd`."""
    return night_date.strftime("%y%m%d")


def parse_ordate(text: str) -> date:
    """Read an ORDATE `yymmdd`; years 97 to 99 are 19xx, 00 to 24 are 20xx.

    Raises
    ------
    InputError
        Raised if the text is not a calendar date within the survey's day numbers.

    Examples
    --------
    >>> parse_ordate("980427"), parse_ordate("000102")
    (datetime.date(1998, 4, 27), datetime.date(2000, 1, 2))
    """
    century = "19" if text[:2] >= "97" else "20"
    try:
        # The basic ISO format is yyyymmdd; other lengths are refused by fromisoformat or by the check below.
        night_date = date.fromisoformat(century + text)
    except ValueError:
        raise InputError(f"date {text!r}", expected="yymmdd, as in 980427") from None
    if format_ordate(night_date) != text:
        raise InputError(f"date {text!r}", expected="yymmdd, as in 980427")
    survey_day_number(night_date)
    return night_date
