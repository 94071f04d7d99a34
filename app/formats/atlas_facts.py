"""The header of an Atlas image: what it says, checked, with None where it says nothing.

Headers of real images differ: none of our nine samples has COADDNO, AIRMASS or MZPERR. So a missing keyword is normal
and becomes None, or its value is taken from the file name. A keyword that is present and cannot be true is an error.
Keywords: background/survey 9.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from app.errors import InputError
from app.formats import raw_names
from app.formats.atlas_cards import AtlasFileError, HeaderCards
from app.formats.atlas_names import AtlasFileName, parse_atlas_name
from app.formats.atlas_projection import read_projection
from app.instruments.bands import Band

if TYPE_CHECKING:
    from astropy.io import fits

    from app.sky.projection import SinProjection

__all__ = ["AtlasFacts", "AtlasFileError", "image_number_of_centre", "read_facts", "read_projection"]

SURVEY_CENTRE_ROW = 512.5  # CRPIX2 of the survey's images, which have 1024 rows
NOMINAL_FRAME_STEP_ARCSEC = 82.3  # DYFS of real headers: 82.298 to 82.301


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


def _read_band(cards: HeaderCards, name: AtlasFileName) -> Band:
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


def _read_date(cards: HeaderCards, name: AtlasFileName) -> date | None:
    text = cards.text("ORDATE")
    if text is not None:
        try:
            return raw_names.parse_ordate(text.zfill(6))
        except InputError as error:
            raise AtlasFileError(cards.file, "ORDATE", repr(text), expected=error.expected) from None
    day = cards.whole("DAYNUM", low=1, high=raw_names.LAST_DAY_NUMBER)
    return raw_names.date_of_day_number(day) if day is not None else name.night_date


def _read_start(cards: HeaderCards) -> datetime | None:
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


def _read_hemisphere(cards: HeaderCards, name: AtlasFileName) -> str | None:
    hemisphere, site = cards.text("HEMIS", "n s"), (cards.text("TELNAME") or "").upper()
    of_site = next(
        (side for side, words in raw_names.SITE_WORDS.items() if any(word in site for word in words)), None
    )
    if hemisphere and of_site and hemisphere != of_site:
        raise AtlasFileError(
            cards.file, "HEMIS", repr(hemisphere), expected=f"{of_site!r}, as TELNAME = {site!r} says"
        )
    return hemisphere or of_site or name.hemisphere


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


def _centre_of_whole_image(
    cards: HeaderCards, projection: SinProjection, shape: tuple[int, int]
) -> float | None:
    """FITS pixel of the centre in y of the image that a file is, or was cut from; None if nobody knows.

    A cut changes NAXIS2 and CRPIX2 but not USYREF, the U-scan position of pixel 0 of the whole image. The reference
    point is the centre of a whole image; the survey's own are all of 1024 rows, so that of a part of one, too, it is
    known where the centre was.
    """
    reference = projection.y_pix + 1.0
    if abs(reference - (shape[0] + 1) / 2.0) <= 1.0:
        return reference
    is_survey = (cards.text("ORIGIN") or "").upper() == "2MASS"
    return SURVEY_CENTRE_ROW if is_survey and abs(projection.scale_arcsec - 1.0) < 0.01 else None


def _read_image_number(
    cards: HeaderCards, name: AtlasFileName, projection: SinProjection, shape: tuple[int, int]
) -> int | None:
    number = cards.whole("COADDNO", low=1, high=9999)
    if number is not None:
        return number
    if name.image is not None:
        return name.image
    edge, centre = cards.real("USYREF"), _centre_of_whole_image(cards, projection, shape)
    if edge is None or centre is None:
        return None
    step = cards.real("DYFS") or NOMINAL_FRAME_STEP_ARCSEC
    return image_number_of_centre(edge + centre, step)


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
    cards, name = HeaderCards(header, file), parse_atlas_name(file)
    projection = read_projection(header, file)
    scan = cards.whole("SCANNO", low=1, high=999)
    return AtlasFacts(
        file=file,
        band=_read_band(cards, name),
        shape=shape,
        projection=projection,
        image_number=_read_image_number(cards, name, projection, shape),
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
