"""Atlas images as FITS files: one reader for the survey's own and for ours, and the writer of ours.

The reader is in `app.formats.atlas_reader`, what it takes of a header in `app.formats.atlas_facts`.

The writer stores pixels as integers of a step of a quarter to an eighth of the pixel noise, RICE-compressed:
0.34 MB instead of 2.10 (plain) or 1.39 (lossless GZIP_2), 20 ms an image. The steps add at most
(1/4)^2 / 12 = 0.5 % to the variance of a pixel. Figures and alternatives: docs/decisions/0002-atlas-compression.md.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

import numpy as np

from app.arrays import Singles
from app.formats.atlas_facts import AtlasFacts, AtlasFileError
from app.formats.atlas_reader import AtlasFile, read_atlas, read_atlas_facts
from app.formats.raw_names import format_ordate, survey_day_number
from app.formats.scaled_plane import card_text, empty_primary, plane_hdu, plane_noise, step_below
from app.formats.signed_file import with_checksums
from app.sky.pixels import array_to_fits

if TYPE_CHECKING:
    from datetime import date, datetime

    from app.instruments.bands import Band
    from app.sky.projection import SinProjection

__all__ = [
    "AtlasCompression",
    "AtlasFacts",
    "AtlasFile",
    "AtlasFileError",
    "AtlasKeywords",
    "AtlasPlanes",
    "read_atlas",
    "read_atlas_facts",
    "write_atlas",
]

Card = tuple[str, Any, str]

SITES = {"n": "2MASS-N", "s": "2MASS-S"}


class AtlasCompression(StrEnum):
    """How pixels are stored."""

    RICE = "rice"  # scaled integers, tile-compressed
    NONE = "none"  # float32 as they are


class AtlasPlanes(Protocol):
    """Values of an image that the writer needs; the reduction's `AtlasImage` has them under the same names."""

    @property
    def band(self) -> Band:
        """Band of the image."""

    @property
    def number(self) -> int:
        """Image number in the scan."""

    @property
    def pixels_dn(self) -> Singles:
        """Pixels (ny, nx), sky included, NaN without data."""

    @property
    def projection(self) -> SinProjection:
        """Array pixels to the sky."""

    @property
    def zero_point_mag(self) -> float:
        """Magnitude of 1 DN."""

    @property
    def seeing_shape(self) -> float | None:
        """Keyword SEESH; None if it is not known."""

    @property
    def coverage(self) -> Singles | None:
        """Frames that contributed to each pixel."""

    @property
    def uncertainty_dn(self) -> Singles | None:
        """One-sigma uncertainty of each pixel."""


@dataclass(frozen=True)
class AtlasKeywords:
    """Header values that an image does not know of itself; names as in `AtlasFacts`, None for unknown values."""

    night_date: date
    hemisphere: str
    scan: int
    direction: str
    code_version: str
    scan_type: str = "sci"
    tile: int = 0
    position_id: str = ""
    start: datetime | None = None
    airmass: float | None = None
    zero_point_error_mag: float | None = None
    sky_dn: float | None = None
    sky_sigma_dn: float | None = None
    uscan_x_arcsec: float | None = None
    uscan_y_arcsec: float | None = None
    frame_step_x_arcsec: float | None = None
    frame_step_y_arcsec: float | None = None
    frame_count: int | None = None


def _cards(image: AtlasPlanes, keywords: AtlasKeywords) -> list[Card]:
    """Header cards, always in the same order and without the time of writing: same content, same bytes."""
    cards = [
        *_origin_cards(image, keywords),
        *projection_cards(image.projection),
        *_facts_cards(image, keywords),
    ]
    return [card for card in cards if card[1] is not None]


def _origin_cards(image: AtlasPlanes, keywords: AtlasKeywords) -> list[Card]:
    """Night, scan and telescope that an image comes from."""
    day = survey_day_number(keywords.night_date)
    return [
        ("ORDATE", format_ordate(keywords.night_date), "observation reference date yymmdd"),
        ("DAYNUM", f"{day:04d}", "survey day, 1 = 1997 March 1 UT"),
        ("FN_PRFX", f"{image.band.value}{day:04d}{keywords.scan:03d}", "raw file name prefix"),
        ("TYPE", keywords.scan_type, "scan type: sci cal"),
        ("SCANNO", keywords.scan, "scan number in the night"),
        ("SCANDIR", keywords.direction, "scan direction: n, s, -"),
        ("STRIP_ID", keywords.tile, "tile number, 0 none"),
        ("POSITNID", keywords.position_id, "position identifier"),
        ("ORIGIN", "mapps", "writer"),
        ("TELNAME", SITES[keywords.hemisphere], "telescope"),
        ("HEMIS", keywords.hemisphere, "hemisphere of the site: n, s"),
    ]


def projection_cards(projection: SinProjection) -> list[Card]:
    """Cards of a projection as the survey's headers write it: CDELT with CROTA2.

    Parameters
    ----------
    projection : SinProjection
        Array pixels to ICRS degrees.
    """
    (cd11, cd12), (cd21, cd22) = projection.matrix_deg
    scale_x, scale_y = -float(np.hypot(cd11, cd21)), float(np.hypot(cd12, cd22))
    return [
        ("CTYPE1", "RA---SIN", "orthographic projection"),
        ("CTYPE2", "DEC--SIN", "orthographic projection"),
        ("CRPIX1", array_to_fits(projection.x_pix), "reference pixel"),
        ("CRPIX2", array_to_fits(projection.y_pix), "reference pixel"),
        ("CRVAL1", projection.ra_deg, "[deg] right ascension of the reference pixel"),
        ("CRVAL2", projection.decl_deg, "[deg] declination of the reference pixel"),
        ("CROTA2", float(np.degrees(np.arctan2(-cd12, cd22))), "[deg] image twist, +axis 2 W of N"),
        ("CDELT1", scale_x, "[deg] pixel size"),
        ("CDELT2", scale_y, "[deg] pixel size"),
        ("RADESYS", "ICRS", "frame of the positions"),
        ("EQUINOX", 2000.0, "equinox of the positions"),
    ]


def _facts_cards(image: AtlasPlanes, keywords: AtlasKeywords) -> list[Card]:
    """Place in the scan, time, sky and zero point of an image; None for facts that are not known."""
    start = keywords.start
    return [
        ("USXREF", keywords.uscan_x_arcsec, "[arcsec] U-scan x at grid (0, 0)"),
        ("USYREF", keywords.uscan_y_arcsec, "[arcsec] U-scan y at grid (0, 0)"),
        ("DXFS", keywords.frame_step_x_arcsec, "[arcsec] cross-scan frame step"),
        ("DYFS", keywords.frame_step_y_arcsec, "[arcsec] in-scan frame step"),
        ("NUMFRMS", keywords.frame_count, "frames of the scan"),
        ("UT_DATE", start and start.strftime("%y%m%d"), "UT date at this image's centre, yymmdd"),
        ("UT", start and start.strftime("%H:%M:%S.%f")[:-4], "UT at this image's centre"),
        ("AIRMASS", keywords.airmass, "at this image's centre"),
        ("FILTER", image.band.value, "band: j, h, k"),
        ("SKYVAL", keywords.sky_dn, "[DN] sky level"),
        ("SKYSIG", keywords.sky_sigma_dn, "[DN] sky noise of a pixel"),
        ("SEESH", image.seeing_shape, "seeing shape"),
        ("MAGZP", image.zero_point_mag, "[mag] magnitude of 1 DN, nominal"),
        ("MZPERR", keywords.zero_point_error_mag, "[mag] uncertainty of MAGZP"),
        ("COADDNO", image.number, "number of the image in its scan"),
        ("CODEVERS", keywords.code_version, "version of mapps"),
    ]


def write_atlas(
    target: str | Path | BinaryIO,
    image: AtlasPlanes,
    keywords: AtlasKeywords,
    compression: AtlasCompression = AtlasCompression.RICE,
) -> None:
    """Write an image with its coverage and uncertainty.

    Parameters
    ----------
    target : path or binary file open for writing
        A path is overwritten.
    image : AtlasPlanes
        Planes of shape (ny, nx), and what the image says of itself.
    keywords : AtlasKeywords
        What the header says besides.
    compression : AtlasCompression
        How pixels are stored: RICE keeps them to within 1/8 of their noise, NONE as they are.
    """
    cards = _cards(image, keywords)
    planes = [("COVERAGE", image.coverage, 1.0 / 64.0)]
    step = step_below(plane_noise(image.pixels_dn))
    planes.append(("UNCERT", image.uncertainty_dn, step / 4.0))
    if compression is AtlasCompression.NONE:
        content = _plain_file(image.pixels_dn, cards, planes)
    else:
        texts = b"".join(card_text(*card) for card in cards)
        hdus = [empty_primary(), plane_hdu(image.pixels_dn, "ATLAS", step, texts)]
        content = b"".join(hdus + [plane_hdu(p, name, s) for name, p, s in planes if p is not None])
    content = with_checksums(content)
    if isinstance(target, (str, Path)):
        Path(target).write_bytes(content)
    else:
        target.write(content)


def _plain_file(pixels: Singles, cards: list[Card], planes: list[tuple[str, Singles | None, float]]) -> bytes:
    """Bytes of a file of float32 planes as they are."""
    from astropy.io import fits

    hdus = [fits.PrimaryHDU(np.asarray(pixels, np.float32), fits.Header(cards))]
    hdus += [fits.ImageHDU(plane, name=name) for name, plane, _ in planes if plane is not None]
    buffer = io.BytesIO()
    fits.HDUList(hdus).writeto(buffer)
    return buffer.getvalue()
