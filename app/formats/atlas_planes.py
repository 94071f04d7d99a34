"""Planes of an Atlas image file: which unit holds the image, and pixels with NaN for all that is no data.

No data are NaN, infinite values, those of 1e20 and more, and the stored integer BLANK, also where BZERO makes them
unsigned; borders of one value are told by `app.formats.filled_borders`. Stored integers are scaled here and not by
astropy, which leaves BLANK out for images of BZERO 32768 and passes a BLANK that is no integer over with a warning.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from app.arrays import Singles
from app.formats.atlas_cards import AtlasFileError, HeaderCards

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.formats.fits_units import Unit

# Planes beside an image that archives and programs write, by EXTNAME: masks, weights, exposures, errors, backgrounds.
_COMPANION = re.compile(
    r"(COVERAGE|COV|UNCERT\w*|UNC|ERR\w*|SIGMA|STD\w*|RMS|VAR\w*|IVAR|MASK\w*|.*_?MASK|DQ|BPM|FLAGS?|QUALITY|W(EIGH|H)T\w*"
    r"|CONF\w*|EXP\w*|CONTEXT|CTX|BACKGROUND|BKG|SKY)",
    re.IGNORECASE,
)
# Programs that mean no data write 1e30, 1.6e38 (IRAF's INDEF) and the like.
_NO_DATA_DN = 1e20
# An Atlas image ends below 1e6 DN, where its array saturates. What lies beyond a hundred times that and does not mean
# no data is of a damaged or wrongly scaled file: a pixel of 1e19 DN would become a star of magnitude -27.
_LARGEST_DN = 1e8
OWN_PLANES = ("COVERAGE", "UNCERT")
"""Planes that files of ours have besides."""


def is_companion(unit: Unit) -> bool:
    """Whether a unit calls itself a mask, weight, exposure, error or the like of another image."""
    return _COMPANION.fullmatch(unit.text("EXTNAME")) is not None


def find_image(units: Sequence[Unit], file: str) -> int:
    """Find the unit that holds the image of a file.

    Parameters
    ----------
    units : sequence of Unit
        Of the file, or the first ones.
    file : str
        Name of the file, for messages.

    Raises
    ------
    AtlasFileError
        Raised if there is no image of two axes, or more than one: masks, coverage and the like may stand beside it.
    """
    images = [unit for unit in units if unit.sides]
    if not images:
        raise AtlasFileError(file, "NAXIS", "no image in any HDU", expected="an image of two axes")
    main = next((unit for unit in images if not is_companion(unit)), images[0])
    if len(main.sides) != 2 or min(main.sides) < 1:
        raise AtlasFileError(file, "NAXIS", f"shape {main.sides[::-1]}", expected="two axes, none empty")
    others = [unit for unit in images if unit is not main]
    own = [name for unit in others if (name := unit.text("EXTNAME")) in OWN_PLANES]
    if len(set(own)) < len(own):
        raise AtlasFileError(file, "EXTNAME", f"{', '.join(own)}", expected="each of these planes once")
    further = [unit for unit in others if not _belongs_to(unit, main)]
    if further:
        names = ", ".join(unit.text("EXTNAME") or f"HDU {unit.number}" for unit in (main, *further))
        raise AtlasFileError(
            file,
            "NAXIS",
            f"{len(further) + 1} images in one file ({names})",
            expected="one band and image a file",
            remedy="write each into a file of its own",
        )
    return main.number


def _belongs_to(unit: Unit, main: Unit) -> bool:
    """Whether a further plane is named like a mask or the like, or of bytes as masks are, and of no other band."""
    bands = {band.lower() for band in (unit.text("FILTER"), main.text("FILTER")) if band}
    if len(bands) > 1:
        return False
    bits = unit.values.get("ZBITPIX", unit.values.get("BITPIX", b"")).strip()
    return is_companion(unit) or bits == b"8"


def plane_of(hdu: Any, unit: Unit, file: str) -> Singles:
    """Pixels of an image, NaN without data; borders of one value are left as they are.

    Parameters
    ----------
    hdu : astropy image HDU
        Opened with do_not_scale_image_data.
    unit : Unit
        The same unit as it is stored.
    file : str
        Name of the file, for messages.

    Raises
    ------
    AtlasFileError
        Raised if BSCALE, BZERO or BLANK cannot be true, or a pixel lies beyond 1e8 DN that no array can give.
    """
    cards = HeaderCards(hdu.header, file)
    scale, zero = cards.real("BSCALE"), cards.real("BZERO")
    if scale == 0.0:
        raise AtlasFileError(file, "BSCALE", scale, expected="a number but 0")
    scale, zero = 1.0 if scale is None else scale, zero or 0.0
    stored = np.asarray(hdu.data)
    blank = _blank(cards, unit, stored.dtype)
    # Float64 holds every 32-bit integer, so that scaling rounds once only.
    scaled = stored
    if zero == 2.0**63 and stored.dtype.kind == "i" and stored.dtype.itemsize == 8:
        # Of sums with 2^63 float64 keeps every 1024th only.
        scaled = (stored.astype(np.int64).view(np.uint64) ^ np.uint64(2**63)) * np.float64(scale)
    elif scale != 1.0 or zero != 0.0:
        scaled = stored * np.float64(scale) + zero
    with np.errstate(over="ignore"):
        pixels = np.array(scaled, np.float32)
    pixels[~(np.abs(pixels) < _NO_DATA_DN)] = np.nan
    if blank is not None:
        pixels[stored == blank] = np.nan
    _refuse_impossible(pixels, file)
    return pixels


def _refuse_impossible(pixels: Singles, file: str) -> None:
    """Refuse an image with a pixel that no array gives."""
    beyond = np.argwhere(np.abs(pixels) > _LARGEST_DN)
    if len(beyond):
        y, x = beyond[0]
        raise AtlasFileError(
            file,
            "pixels",
            f"{pixels[y, x]:.6g} DN in row {y + 1}, column {x + 1}"
            + (f" and {len(beyond) - 1} more of the kind" if len(beyond) > 1 else ""),
            expected=f"{_LARGEST_DN:g} DN at most on either side of 0",
            remedy="fetch the file again; where such pixels mean no data, write NaN there",
        )


def _blank(cards: HeaderCards, unit: Unit, kind: np.dtype[Any]) -> int | float | None:
    """Give the stored value of pixels without data; None if the header tells none.

    To images of real numbers BLANK says nothing by the standard; a card that is left from an image of integers is
    taken at its word, because no noise has exactly that value.
    """
    file, told = cards.file, dict[str, Any]()
    if "BLANK" in cards.header:
        told["BLANK"] = cards.value("BLANK")
    if "ZBLANK" in unit.values and kind.kind in "iu":
        told["ZBLANK"] = unit.whole("ZBLANK")
    columns = {unit.text(name) for name in unit.values if name.startswith("TTYPE")}
    if "ZBLANK" in columns and kind.kind in "iu":
        raise AtlasFileError(file, "ZBLANK", "a column of it", expected="one card for all pixels")
    if not told:
        return None
    keyword, value = next(iter(told.items()))
    if len(set(told.values())) > 1:
        raise AtlasFileError(file, "BLANK", repr(value), expected=f"ZBLANK's {told['ZBLANK']}")
    if kind.kind not in "iu":
        return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
    if isinstance(value, bool) or not isinstance(value, int):
        raise AtlasFileError(
            file,
            keyword,
            repr(value),
            expected="the stored integer of pixels without data",
            remedy="write the card as an integer",
        )
    limits = np.iinfo(kind)
    if not limits.min <= value <= limits.max:
        raise AtlasFileError(
            file,
            keyword,
            value,
            expected=f"a stored integer, {limits.min} to {limits.max} before BSCALE and BZERO",
        )
    return value
