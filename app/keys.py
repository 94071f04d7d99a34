"""Natural keys: what nights, scans, Atlas images and extractions are called by number, in every database alike.

A key follows from what it names, never from the order in which anything was taken in:

    night_id     survey day number (14 bits) | hemisphere (1: 0 north, 1 south)
    scan_key     night_id (15) | number of the scan in the night (10)
    coadd_key    scan_key (25) | number of the Atlas image in the scan (10)
    src_id       HEALPix order 12, nested (28) | scan_key (25) | sequence in the scan's pixel (10)

So keys of scans are in the order of date, hemisphere and scan, and `src_id` in that of the sky. The database computes
the first two itself, as generated columns of survey.night and survey.scan, whose expressions are written from the
numbers below (`app.models.survey`); `survey.scan_key` and `wsdb.scan_of` are the same for queries by hand.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from app.errors import InputError

FIRST_SURVEY_DAY: Final = date(1997, 3, 1)
"""Survey day number 1."""
DAY_BITS: Final = 14
"""Day numbers end at 16,383, 2042 January 6; names of raw files, whose four digits end at 9999, refuse earlier."""
HEMISPHERES: Final = "ns"
"""Observatory letters; their places are the lowest bit of a night's key."""
SCAN_BITS: Final = 10
"""Scans of a night are numbered 1 to 999."""
SCAN_KEY_BITS: Final = DAY_BITS + 1 + SCAN_BITS
IMAGE_BITS: Final = 10
"""Atlas images have numbers of frames, at most 274 in a full scan."""
HEALPIX_ORDER: Final = 12
"""Order of the pixel in src_id: 51.5 arcsec pixels, 28 bits."""
SEQUENCE_BITS: Final = 10
"""Extractions of a scan in a pixel: 1024, on 2652 square arcsec, is 5 million a square degree."""

LAST_DAY: Final = (1 << DAY_BITS) - 1
LAST_SCAN: Final = 999


class NightKeyError(InputError):
    """A night cannot have a key: its date, or its observatory, is none of the survey's."""

    code = "NIGHT_KEY"


def night_key(night_date: date, hemisphere: str) -> int:
    """`night_id` of a night.

    Parameters
    ----------
    night_date : date
        Observation reference date: UT date at sunrise.
    hemisphere : str
        Observatory letter, n or s.

    Raises
    ------
    NightKeyError
        Raised if the date is before 1997 March 1 or after 2042 January 6, or the letter is another.

    Examples
    --------
    >>> night_key(date(1998, 4, 27), "s")
    847
    """
    day = (night_date - FIRST_SURVEY_DAY).days + 1
    if not 1 <= day <= LAST_DAY:
        raise NightKeyError(f"night date {night_date.isoformat()}", expected="1997-03-01 to 2042-01-06")
    if hemisphere not in {*HEMISPHERES}:
        raise NightKeyError(f"hemisphere {hemisphere!r}", expected="n or s")
    return day << 1 | HEMISPHERES.index(hemisphere)


def scan_key(night_date: date, hemisphere: str, scan: int) -> int:
    """`scan_key` of a scan.

    Parameters
    ----------
    night_date : date
        Observation reference date of the night.
    hemisphere : str
        Observatory letter, n or s.
    scan : int
        Number of the scan in the night, 1 to 999.

    Raises
    ------
    NightKeyError
        Raised if the night has no key, or the number is none of a scan.

    Examples
    --------
    >>> scan_key(date(1998, 4, 27), "s", 49), scan_key(date(1998, 4, 27), "s", 49) >> 10
    (867377, 847)
    """
    if not 1 <= scan <= LAST_SCAN:
        raise NightKeyError(f"scan number {scan}", expected=f"1 to {LAST_SCAN}")
    return night_key(night_date, hemisphere) << SCAN_BITS | scan


def night_of_key(night_id: int) -> str:
    """Give what people call a night of this key: its date, with the letter of its observatory.

    Examples
    --------
    >>> night_of_key(847)
    '1998-04-27s'
    """
    day = FIRST_SURVEY_DAY + timedelta(days=(night_id >> 1) - 1)
    return f"{day.isoformat()}{HEMISPHERES[night_id & 1]}"


def scan_of_key(key_of_scan: int) -> str:
    """Give what people call a scan of this key: its night, and its number there.

    Examples
    --------
    >>> scan_of_key(867377)
    '1998-04-27s scan 49'
    """
    return f"{night_of_key(key_of_scan >> SCAN_BITS)} scan {key_of_scan & (1 << SCAN_BITS) - 1}"


def coadd_key(key_of_scan: int, number: int) -> int:
    """`coadd_key` of the image triple with a number in a scan; number 0, which no image has, gives the first key.

    Examples
    --------
    >>> coadd_key(867377, 9)
    888194057
    """
    return key_of_scan << IMAGE_BITS | number


def scan_of(src_id: int) -> int:
    """`scan_key` in a `src_id` or `ext_id`.

    Examples
    --------
    >>> scan_of((5 << 35) | (867377 << 10) | 3)
    867377
    """
    return src_id >> SEQUENCE_BITS & (1 << SCAN_KEY_BITS) - 1
