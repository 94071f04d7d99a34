"""Checks of one Atlas image on its way in; faults are raised with file, keyword, found and expected."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import InputError
from app.formats.atlas import AtlasFacts, AtlasFile, AtlasFileError, read_atlas
from app.formats.checksums import file_checksum
from app.formats.fits_units import MOST_SIDE_PIX
from app.formats.raw_names import parse_file_name, survey_day_number
from app.ingest.candidate import Candidate
from app.ingest.file_names import printable
from app.ingest.header_cards import read_header_document
from app.ingest.summary import ScanIdentity
from app.models.survey import FileKind, ScanKind
from app.sky.shapes import Position

MIN_SIDE_PIX = 32  # smaller than the cells of any background estimate: nothing could be measured
PIXEL_ARCSEC = (0.5, 2.0)  # the survey's are 1.0; outside, stars are not sampled as photometry assumes
# Two images of a scan have frame numbers, 274 at most; coadd_key leaves 10 bits for them.
MAX_IMAGE_NUMBER = 1023
_SCAN_KINDS = {kind.value for kind in (ScanKind.SCIENCE, ScanKind.CALIBRATION, ScanKind.TEST)}
# Images whose header and name have no number get one: their declination in the survey's frame steps (82.3 arcsec).
# Images of one scan differ by 970 arcsec or more, and 1000 steps are 23 degrees, longer than any scan.
_STEP_ARCSEC = 82.3
_STEPS = 1000


def identify(facts: AtlasFacts) -> ScanIdentity:
    """Scan that an image belongs to.

    Raises
    ------
    AtlasFileError
        Raised if header and file name together do not tell night, observatory and scan number.
    """
    if facts.night_date is None:
        raise _unknown(facts, "ORDATE", "the night as yymmdd", "ORDATE = '980427'")
    if facts.hemisphere is None:
        raise _unknown(facts, "TELNAME", "the observatory", "TELNAME = 'CTIO' or HEMIS = 's'")
    if facts.scan is None:
        raise _unknown(facts, "SCANNO", "the scan's number in the night, 1 to 999", "SCANNO = 49")
    return ScanIdentity(facts.night_date, facts.hemisphere, facts.scan)


def _unknown(facts: AtlasFacts, keyword: str, expected: str, card: str) -> AtlasFileError:
    remedy = f"write {card} to the header, or name the file like aJ_asky_980427s0490009.fits.gz"
    return AtlasFileError(facts.file, keyword, "nothing", expected=expected, remedy=remedy)


def read_candidate(path: Path, sha256: str | None = None) -> Candidate:
    """Read and check an Atlas image whole.

    Parameters
    ----------
    path : Path
        Absolute path of the file.
    sha256 : str, optional
        SHA-256 of its content, if the caller knows it already.

    Raises
    ------
    InputError
        Raised if the file cannot be read.
    AtlasFileError
        Raised if it holds no Atlas image that can be measured.
    """
    content = read_atlas(path)
    facts, document = content.facts, read_header_document(path)
    identity = identify(facts)
    _check_type(facts)
    _check_shape(facts)
    _check_dates(facts, document)
    _check_prefix(facts, document)
    facts.require_zero_point()
    content.measurable_step()
    return Candidate(
        path=path,
        sha256=sha256 or file_checksum(path),
        size_bytes=path.stat().st_size,
        identity=identity,
        file_kind=FileKind.ATLAS,
        band=facts.band,
        image_number=_image_number(facts),
        document=document,
        corners=valid_corners(content),
        remarks=tuple(
            f"not used: {printable(name)} of {printable(path.name)}, other values than 0 and 1, or another shape"
            for name in content.unused_masks
        ),
    )


def _check_type(facts: AtlasFacts) -> None:
    if facts.scan_type is not None and facts.scan_type.lower() not in _SCAN_KINDS:
        raise AtlasFileError(facts.file, "TYPE", repr(facts.scan_type), expected="sci, cal or tst")


def _image_number(facts: AtlasFacts) -> int:
    if facts.image_number is None:
        steps = round((facts.projection.decl_deg + 90.0) * 3600.0 / _STEP_ARCSEC)
        return steps % _STEPS + 1
    if facts.image_number > MAX_IMAGE_NUMBER:
        raise AtlasFileError(
            facts.file, "COADDNO", facts.image_number, expected=f"1 to {MAX_IMAGE_NUMBER}, a frame's number"
        )
    return facts.image_number


def _check_shape(facts: AtlasFacts) -> None:
    if not MIN_SIDE_PIX <= min(facts.shape) <= max(facts.shape) <= MOST_SIDE_PIX:
        found, limits = f"{facts.shape[1]} x {facts.shape[0]} pixels", f"{MIN_SIDE_PIX} to {MOST_SIDE_PIX}"
        raise AtlasFileError(facts.file, "NAXIS1", found, expected=f"sides of {limits} pixels")
    (a, b), (c, d) = facts.projection.matrix_deg
    scale = math.sqrt(abs(a * d - b * c)) * 3600.0
    if not PIXEL_ARCSEC[0] <= scale <= PIXEL_ARCSEC[1]:
        low, high = PIXEL_ARCSEC
        raise AtlasFileError(
            facts.file,
            "CDELT1",
            f'pixels of {scale:.4g}"',
            expected=f'1" as in Atlas images ({low}" to {high}")',
        )


def _check_dates(facts: AtlasFacts, document: dict[str, Any]) -> None:
    night = facts.night_date
    if night is None:
        return
    # In Chile the UT date rolls over in the night: one day apart is right, two are not (background/survey 1.8).
    if facts.start is not None and abs((facts.start.date() - night).days) > 1:
        raise AtlasFileError(
            facts.file, "UT_DATE", facts.start.date(), expected=f"within a day of the night {night}"
        )
    day, expected = document.get("DAYNUM"), survey_day_number(night)
    if "ORDATE" in document and str(day or "").strip().isdigit() and int(str(day)) != expected:
        raise AtlasFileError(facts.file, "DAYNUM", day, expected=f"{expected:04d}, for ORDATE {night}")


def _check_prefix(facts: AtlasFacts, document: dict[str, Any]) -> None:
    """Refuse a FN_PRFX that contradicts SCANNO or ORDATE: it repeats day number and scan."""
    prefix = str(document.get("FN_PRFX") or "").strip().lower()
    try:
        name = parse_file_name(prefix)
    except InputError:
        return
    if "SCANNO" in document and name.scan != facts.scan:
        raise AtlasFileError(facts.file, "FN_PRFX", prefix, expected=f"scan {facts.scan:03d}, as SCANNO says")
    if "ORDATE" in document and facts.night_date and name.day_number != survey_day_number(facts.night_date):
        day = survey_day_number(facts.night_date)
        raise AtlasFileError(facts.file, "FN_PRFX", prefix, expected=f"day {day:04d}, as ORDATE says")


def valid_corners(content: AtlasFile) -> tuple[Position, ...]:
    """Corners, once around, of the part of an image that holds data: outer edges of its outermost valid pixels.

    Rows and columns count as margin as long as they have less than half as many valid pixels as the fullest: images
    have margins of 2 to 7 columns without data, slanted by the scan's twist.

    Parameters
    ----------
    content : AtlasFile
        The image.

    Returns
    -------
    tuple of (float, float)
        Right ascension and declination, ICRS degrees.

    Raises
    ------
    AtlasFileError
        Raised if less than MIN_SIDE_PIX rows or columns hold data.
    """
    valid = np.isfinite(content.pixels_dn)
    rows, columns = _extent(valid.sum(axis=1)), _extent(valid.sum(axis=0))
    if min(rows[1] - rows[0], columns[1] - columns[0]) < MIN_SIDE_PIX:
        raise AtlasFileError(
            content.facts.file,
            "data",
            f"{int(valid.sum())} of {valid.size} pixels with a value",
            expected=f"at least {MIN_SIDE_PIX} rows and columns with values",
        )
    x = np.array([columns[0], columns[1], columns[1], columns[0]], np.float64) - 0.5
    y = np.array([rows[0], rows[0], rows[1], rows[1]], np.float64) - 0.5
    ra, decl = content.facts.projection.to_sky(x, y)
    return tuple(zip(ra.tolist(), decl.tolist(), strict=True))


def _extent(counts: NDArray[Any]) -> tuple[int, int]:
    """Half-open range between the first and the last line with half of the greatest count."""
    full = np.flatnonzero((counts > 0) & (2 * counts >= counts.max()))
    return (int(full[0]), int(full[-1]) + 1) if full.size else (0, 0)
