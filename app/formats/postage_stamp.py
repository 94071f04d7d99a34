"""Postage stamps as FITS files: what the Atlas images of all bands show around an extended source, one file a source.

The primary header says which source and image; then comes an extension a band (J, H, KS) with its own projection and
zero point, compressed like the Atlas image it was cut from: the same steps, so that pixels are those of that file, but
for values midway between two steps. A stamp of the usual 61 pixels has 30 kB, nearly all of it headers.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.arrays import Singles
from app.errors import StoredFileError
from app.formats.atlas import SITES, projection_cards
from app.formats.atlas_projection import read_projection
from app.formats.fits_units import UnitError, read_units
from app.formats.library_warnings import library_warnings
from app.formats.raw_names import format_ordate
from app.formats.scaled_plane import (
    card_text,
    decompression_error,
    empty_primary,
    plane_hdu,
    whole_blocks,
)
from app.formats.signed_file import with_checksums
from app.instruments.bands import BANDS, Band

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from app.sky.projection import SinProjection

LEAST_SIDE_PIX, MOST_SIDE_PIX = 61, 301
"""Of a stamp, 1" pixels: 30" around the smallest galaxy, and the 5' of the survey's largest stamps (background)."""
ISOPHOTES = 1.5
"""Semi-major axes of the 20 mag isophote that a stamp shows on each side."""
_END = b"END".ljust(80)


@dataclass(frozen=True)
class StampPlane:
    """A stamp in one band.

    Attributes
    ----------
    band : Band
        Band of the image.
    pixels_dn : float32 array (side, side)
        As in the Atlas image, sky included; NaN beyond its edges, or without data.
    projection : SinProjection
        Array pixels of the stamp to ICRS degrees.
    zero_point_mag : float
        Magnitude of 1 DN, as the image was made with.
    zero_point_error_mag : float or None
        Its error; None where it is unknown.
    step_dn : float
        Of the stored integers: that of the image's file.
    """

    band: Band
    pixels_dn: Singles
    projection: SinProjection
    zero_point_mag: float
    zero_point_error_mag: float | None
    step_dn: float


@dataclass(frozen=True)
class StampKeywords:
    """What the header of a stamp says of its source; names as in wsdb.postage_stamp and `AtlasKeywords`."""

    night_date: date
    hemisphere: str
    scan: int
    number: int
    ext_id: int
    ra: float
    decl: float
    code_version: str


def stamp_side_pix(isophote_arcsec: ArrayLike) -> NDArray[np.int16]:
    """Side of the stamp of each source: three semi-major axes of its 20 mag isophote, an odd number from 61 to 301.

    Parameters
    ----------
    isophote_arcsec : array_like (n,)
        Semi-major axis of the Ks 20 mag isophote, arcsec; NaN where there is none: the least side.

    Examples
    --------
    >>> stamp_side_pix(np.array([np.nan, 5.0, 40.0, 500.0])).tolist()
    [61, 61, 121, 301]
    """
    least, most = LEAST_SIDE_PIX // 2, MOST_SIDE_PIX // 2
    half = np.ceil(ISOPHOTES * np.nan_to_num(np.asarray(isophote_arcsec, np.float64)))
    return (2 * np.clip(half, least, most) + 1).astype(np.int16)


def write_stamp(planes: Sequence[StampPlane], keywords: StampKeywords) -> bytes:
    """Bytes of a stamp's file; the same content gives the same bytes.

    Parameters
    ----------
    planes : sequence of StampPlane
        A plane a band, in the order of the bands.
    keywords : StampKeywords
        What the primary header says.
    """
    hdus = [_primary(planes, keywords)]
    for plane in planes:
        cards: list[tuple[str, Any, str]] = [
            *projection_cards(plane.projection),
            ("FILTER", plane.band.value, "band: j, h, k"),
            ("BUNIT", "adu", "DN, sky included"),
            ("MAGZP", plane.zero_point_mag, "[mag] magnitude of 1 DN, nominal"),
            ("MZPERR", plane.zero_point_error_mag, "[mag] uncertainty of MAGZP"),
        ]
        texts = b"".join(card_text(*card) for card in cards if card[1] is not None)
        hdus.append(plane_hdu(plane.pixels_dn, plane.band.label.upper(), plane.step_dn, texts))
    return with_checksums(b"".join(hdus))


def _primary(planes: Sequence[StampPlane], keywords: StampKeywords) -> bytes:
    cards: list[tuple[str, Any, str]] = [
        ("ORIGIN", "mapps", "writer"),
        ("CODEVERS", keywords.code_version, "version of mapps"),
        ("ORDATE", format_ordate(keywords.night_date), "observation reference date yymmdd"),
        ("TELNAME", SITES[keywords.hemisphere], "telescope"),
        ("HEMIS", keywords.hemisphere, "hemisphere of the site: n, s"),
        ("SCANNO", keywords.scan, "scan number in the night"),
        ("COADDNO", keywords.number, "number of the Atlas image in its scan"),
        ("EXT_ID", keywords.ext_id, "extended source: ext_id of its row"),
        ("RA_SRC", keywords.ra, "[deg] right ascension of the source, ICRS"),
        ("DEC_SRC", keywords.decl, "[deg] declination of the source, ICRS"),
        ("BANDS", "".join(plane.band.value for plane in planes), "bands of the extensions"),
    ]
    empty = empty_primary()
    kept = empty[: empty.index(_END)]
    return whole_blocks(kept + b"".join(card_text(*card) for card in cards) + _END, b" ")


def read_stamp(path: Path) -> tuple[StampPlane, ...]:
    """Planes of a stamp's file, in the order of the bands.

    Raises
    ------
    StoredFileError
        Raised if the file is gone, damaged, or no stamp.
    """
    from astropy.io import fits

    with library_warnings():
        try:
            content, _ = read_units(path)
            with fits.open(io.BytesIO(content), memmap=False) as hdus:
                bands = [band for band in BANDS if band.value in str(hdus[0].header["BANDS"])]
                return tuple(_plane(hdus[band.label.upper()], band) for band in bands)
        except (
            OSError, EOFError, UnitError, Warning, decompression_error(), ValueError, TypeError, KeyError, IndexError,
        ) as error:  # fmt: skip
            found = " ".join(f"{path}: {type(error).__name__}: {error}".split())[:300]
            raise StoredFileError(found, expected="a whole postage stamp") from error


def _plane(hdu: Any, band: Band) -> StampPlane:
    header = hdu.header
    error, step = header.get("MZPERR"), float(header.get("BSCALE", 1.0))
    return StampPlane(
        band,
        np.array(hdu.data, np.float32),
        read_projection(header, f"stamp {band}"),
        float(header["MAGZP"]),
        None if error is None else float(error),
        step,
    )
