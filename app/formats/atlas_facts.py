"""The header of an Atlas image: what it says, checked, with None where it says nothing.

Headers of real images differ: none of our nine samples has COADDNO, AIRMASS or MZPERR. So a missing keyword is normal
and becomes None, or its value is taken from the file name. A keyword that is present and cannot be true is an error.
Keywords: background/survey 9.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from app.errors import InputError
from app.formats import raw_names
from app.formats.atlas_names import AtlasFileName, parse_atlas_name
from app.instruments.bands import Band
from app.sky.pixels import fits_to_array
from app.sky.projection import SinProjection

if TYPE_CHECKING:
    from astropy.io import fits

NOMINAL_FRAME_STEP_ARCSEC = 82.3  # DYFS of real headers: 82.298 to 82.301


class AtlasFileError(InputError):
    """An Atlas image file cannot be used.

    Parameters
    ----------
    file, keyword : str
        The file, and the keyword of its header (or `data`, `file`).
    found, expected, remedy : str
        As in `MappsError`.
    """

    code: ClassVar[str] = "ATLAS_FILE"

    def __init__(self, file: str, keyword: str, found: object, *, expected: str, remedy: str = "") -> None:
        super().__init__(f"{file}: {keyword}: found {found}", expected=expected, remedy=remedy)
        self.file = file
        self.keyword = keyword


@dataclass(frozen=True)
class AtlasFacts:
    """What the header (and name) of one Atlas image says.

    Attributes
    ----------
    file : str
        Name of the file, for messages.
    band : Band
        FILTER, else FN_PRFX, else the file name.
    shape : (int, int)
        Rows, columns.
    projection : SinProjection
        Array pixels to the sky.
    image_number : int or None
        Number of the image in its scan: COADDNO, else the file name, else the frame nearest the centre.
    night_date : date or None
        Observation reference date (ORDATE, DAYNUM or name).
    hemisphere : str or None
        `n` or `s`.
    scan : int or None
        SCANNO, else the file name: number of the scan in its night.
    direction : str or None
        SCANDIR.
    scan_type : str or None
        TYPE: sci, cal.
    tile : int or None
        STRIP_ID.
    position_id : str or None
        POSITNID.
    start : datetime or None
        UT_DATE and UT, timezone-aware.
    airmass : float or None
        AIRMASS, or AMASS_FC.
    zero_point_mag, zero_point_error_mag : float or None
        MAGZP, MZPERR.
    seeing_shape : float or None
        SEESH.
    sky_dn, sky_sigma_dn : float or None
        SKYVAL, SKYSIG.
    uscan_x_arcsec, uscan_y_arcsec : float or None
        USXREF, USYREF: U-scan coordinates of FITS pixel (0, 0).
    frame_count : int or None
        NUMFRMS.
    code_version : str or None
        PIXNAM, or CODEVERS in files of ours.
    """

    file: str
    band: Band
    shape: tuple[int, int]
    projection: SinProjection
    image_number: int | None
    night_date: date | None
    hemisphere: str | None
    scan: int | None
    direction: str | None
    scan_type: str | None
    tile: int | None
    position_id: str | None
    start: datetime | None
    airmass: float | None
    zero_point_mag: float | None
    zero_point_error_mag: float | None
    seeing_shape: float | None
    sky_dn: float | None
    sky_sigma_dn: float | None
    uscan_x_arcsec: float | None
    uscan_y_arcsec: float | None
    frame_count: int | None
    code_version: str | None

    def require_zero_point(self) -> float:
        """Give MAGZP to a caller that is about to do photometry.

        Raises
        ------
        AtlasFileError
            Raised if the header has none: no default may change magnitudes.
        """
        if self.zero_point_mag is None:
            raise AtlasFileError(
                self.file,
                "MAGZP",
                "nothing",
                expected="the magnitude of 1 DN",
                remedy="write it to the header, or leave the image out of photometry",
            )
        return self.zero_point_mag


@dataclass(frozen=True)
class _Cards:
    """Typed access to a header, with errors that name file and keyword."""

    header: fits.Header
    file: str

    def _first(self, names: tuple[str, ...]) -> tuple[str, Any]:
        for name in names:
            value = self.header.get(name)
            if value is not None and not (isinstance(value, str) and not value.strip()):
                return name, value
        return names[0], None

    def real(self, *names: str, low: float = -math.inf, high: float = math.inf) -> float | None:
        name, value = self._first(names)
        if value is None:
            return None
        if isinstance(value, (bool, str)) or not math.isfinite(value) or not low <= value <= high:
            raise AtlasFileError(self.file, name, repr(value), expected=f"a number from {low:g} to {high:g}")
        return float(value)

    def whole(self, *names: str, low: int, high: int) -> int | None:
        name, value = self._first(names)
        if value is None:
            return None
        if isinstance(value, str) and value.strip().isdigit():
            value = int(value)
        if isinstance(value, (bool, str)) or value != int(value) or not low <= value <= high:
            raise AtlasFileError(
                self.file, name, repr(value), expected=f"a whole number from {low} to {high}"
            )
        return int(value)

    def text(self, name: str, allowed: str = "") -> str | None:
        _, value = self._first((name,))
        if value is None:
            return None
        found = str(value).strip()
        if allowed and found.lower() not in allowed.split():
            raise AtlasFileError(self.file, name, repr(found), expected=f"one of {allowed}")
        return found.lower() if allowed else found


def read_projection(header: fits.Header, file: str) -> SinProjection:
    """Projection of a header: CDELT with CROTA2 (the survey's way), CDELT with PC, or CD.

    Parameters
    ----------
    header : astropy.io.fits.Header
        Header of an image.
    file : str
        Name of the file, for messages.

    Raises
    ------
    AtlasFileError
        Raised if there is no WCS, or it is not RA---SIN / DEC--SIN, not J2000, or singular.
    """
    cards = _Cards(header, file)
    for name, expected in (("CTYPE1", "RA---SIN"), ("CTYPE2", "DEC--SIN")):
        if cards.text(name) != expected:
            raise AtlasFileError(file, name, repr(header.get(name, "nothing")), expected=expected)
    _refuse_other_frames(cards)
    names = ("CRVAL1", "CRVAL2", "CRPIX1", "CRPIX2")
    values = [cards.real(name) for name in names]
    for name, value in zip(names, values, strict=True):
        if value is None:
            raise AtlasFileError(file, name, "nothing", expected="the reference point of the projection")
    ra, decl, fits_x, fits_y = (value for value in values if value is not None)
    if not -90.0 <= decl <= 90.0:
        raise AtlasFileError(file, "CRVAL2", decl, expected="-90 to 90")
    matrix = _matrix(cards)
    scale = math.sqrt(abs(matrix[0][0] * matrix[1][1] - matrix[0][1] * matrix[1][0])) * 3600.0
    if not 0.01 < scale < 60.0:
        raise AtlasFileError(file, "CDELT1", f'pixels of {scale:g}"', expected='pixels of about 1"')
    return SinProjection(ra % 360.0, decl, fits_to_array(fits_x), fits_to_array(fits_y), matrix)


def _refuse_other_frames(cards: _Cards) -> None:
    for name in ("EQUINOX", "EPOCH"):
        equinox = cards.real(name)
        if equinox is not None and equinox != 2000.0:
            raise AtlasFileError(
                cards.file,
                name,
                equinox,
                expected="2000",
                remedy="precess the image's positions to J2000 first",
            )
    cards.text("RADESYS", "icrs fk5")
    for name, usual in (("LONPOLE", 180.0), ("PV2_1", 0.0), ("PV2_2", 0.0)):
        value = cards.real(name)
        if value is not None and value != usual:
            raise AtlasFileError(cards.file, name, value, expected=f"{usual:g}")


def _matrix(cards: _Cards) -> tuple[tuple[float, float], tuple[float, float]]:
    if cards.header.get("CD1_1") is not None:
        return (
            (cards.real("CD1_1") or 0.0, cards.real("CD1_2") or 0.0),
            (cards.real("CD2_1") or 0.0, cards.real("CD2_2") or 0.0),
        )
    scale_x, scale_y = cards.real("CDELT1"), cards.real("CDELT2")
    if scale_x is None or scale_y is None:
        missing = "CDELT1" if scale_x is None else "CDELT2"
        raise AtlasFileError(cards.file, missing, "nothing", expected="the pixel size in degrees")
    if cards.header.get("PC1_1") is not None:
        # An element that a header leaves out is that of the unit matrix.
        unit = {"PC1_1": 1.0, "PC1_2": 0.0, "PC2_1": 0.0, "PC2_2": 1.0}
        a, b, c, d = (usual if (value := cards.real(name)) is None else value for name, usual in unit.items())
        return (scale_x * a, scale_x * b), (scale_y * c, scale_y * d)
    rotated = SinProjection.from_rotation(0.0, 0.0, 0.0, 0.0, scale_x, scale_y, cards.real("CROTA2") or 0.0)
    return rotated.matrix_deg


def _read_band(cards: _Cards, name: AtlasFileName) -> Band:
    filter_name, prefix = cards.text("FILTER"), cards.text("FN_PRFX")
    from_filter = {"j": Band.J, "h": Band.H, "k": Band.K, "ks": Band.K}.get((filter_name or "").lower())
    if filter_name is not None and from_filter is None:
        raise AtlasFileError(cards.file, "FILTER", repr(filter_name), expected="j, h or k")
    from_prefix = Band(prefix[0].lower()) if prefix and prefix[0].lower() in "jhk" else None
    if from_filter and from_prefix and from_filter is not from_prefix:
        raise AtlasFileError(
            cards.file,
            "FILTER",
            repr(filter_name),
            expected=f"the band of FN_PRFX = {prefix!r}, or no FN_PRFX",
        )
    band = from_filter or from_prefix or name.band
    if band is None:
        raise AtlasFileError(
            cards.file, "FILTER", "nothing", expected="j, h or k there, in FN_PRFX or in the file name"
        )
    return band


def _read_date(cards: _Cards, name: AtlasFileName) -> date | None:
    text = cards.text("ORDATE")
    if text is not None:
        try:
            return raw_names.parse_ordate(text.zfill(6))
        except InputError as error:
            raise AtlasFileError(cards.file, "ORDATE", repr(text), expected=error.expected) from None
    day = cards.whole("DAYNUM", low=1, high=raw_names.LAST_DAY_NUMBER)
    return raw_names.date_of_day_number(day) if day is not None else name.night_date


def _read_start(cards: _Cards) -> datetime | None:
    day, clock = cards.text("UT_DATE"), cards.text("UT")
    if day is None or clock is None:
        return None
    try:
        at = date.fromisoformat(day) if "-" in day else raw_names.parse_ordate(day)
        hours, minutes, seconds = clock.split(":")
        midnight = datetime(at.year, at.month, at.day, tzinfo=UTC)
        milliseconds = round(float(seconds) * 1000.0)
        return midnight + timedelta(hours=int(hours), minutes=int(minutes), milliseconds=milliseconds)
    except (InputError, ValueError):
        raise AtlasFileError(
            cards.file, "UT_DATE", f"{day!r}, UT {clock!r}", expected="yymmdd and hh:mm:ss.ss"
        ) from None


def _read_hemisphere(cards: _Cards, name: AtlasFileName) -> str | None:
    hemisphere = cards.text("HEMIS", "n s")
    if hemisphere is not None:
        return hemisphere
    site = (cards.text("TELNAME") or "").upper()
    if any(word in site for word in ("CTIO", "TOLOLO", "2MASS-S")):
        return "s"
    if any(word in site for word in ("FLWO", "HOPKINS", "2MASS-N")):
        return "n"
    return name.hemisphere


def image_number_of_centre(uscan_y_arcsec: float, frame_step_arcsec: float) -> int:
    """Return the number of the frame nearest a U-scan position; frame 1 is centred on y = 0.

    For real images of our samples this gives the numbers in their file names: 80, 92, 186, 198.

    Parameters
    ----------
    uscan_y_arcsec : float
        In-scan coordinate of the image's centre.
    frame_step_arcsec : float
        In-scan step from frame to frame.

    Examples
    --------
    >>> image_number_of_centre(6501.7, 82.3)
    80
    """
    return int(np.floor(abs(uscan_y_arcsec / frame_step_arcsec) + 0.5)) + 1


def _read_image_number(cards: _Cards, name: AtlasFileName, projection: SinProjection) -> int | None:
    number = cards.whole("COADDNO", low=1, high=9999)
    if number is not None:
        return number
    if name.image is not None:
        return name.image
    edge = cards.real("USYREF")
    if edge is None:
        return None
    step = cards.real("DYFS") or NOMINAL_FRAME_STEP_ARCSEC
    return image_number_of_centre(edge + projection.y_pix + 1.0, step)


def read_facts(header: fits.Header, shape: tuple[int, int], file: str) -> AtlasFacts:
    """Check a header and take what it says.

    Parameters
    ----------
    header : astropy.io.fits.Header
        Header of the image.
    shape : (int, int)
        Rows and columns of the image.
    file : str
        Name of the file, for messages; parts of a known name stand in for keywords that are missing.

    Raises
    ------
    AtlasFileError
        Raised if the band is unknown, the WCS is not SIN of J2000, or a keyword that is present cannot be true.
    """
    cards, name = _Cards(header, file), parse_atlas_name(file)
    projection = read_projection(header, file)
    scan = cards.whole("SCANNO", low=1, high=999)
    return AtlasFacts(
        file=file,
        band=_read_band(cards, name),
        shape=shape,
        projection=projection,
        image_number=_read_image_number(cards, name, projection),
        night_date=_read_date(cards, name),
        hemisphere=_read_hemisphere(cards, name),
        scan=name.scan if scan is None else scan,
        direction=cards.text("SCANDIR", "n s -"),
        scan_type=cards.text("TYPE"),
        tile=cards.whole("STRIP_ID", low=0, high=999_999),
        position_id=cards.text("POSITNID"),
        start=_read_start(cards),
        airmass=cards.real("AIRMASS", "AMASS_FC", low=0.99, high=40.0),
        zero_point_mag=cards.real("MAGZP", low=5.0, high=35.0),
        zero_point_error_mag=cards.real("MZPERR", low=0.0, high=10.0),
        seeing_shape=cards.real("SEESH", low=0.0, high=20.0),
        sky_dn=cards.real("SKYVAL"),
        sky_sigma_dn=cards.real("SKYSIG", low=0.0),
        uscan_x_arcsec=cards.real("USXREF"),
        uscan_y_arcsec=cards.real("USYREF"),
        frame_count=cards.whole("NUMFRMS", low=0, high=99_999),
        code_version=cards.text("CODEVERS") or cards.text("PIXNAM"),
    )
