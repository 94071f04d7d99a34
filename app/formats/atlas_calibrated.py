"""Atlas image files with zero point and place of a release in their headers: pixels stay, cards are written anew."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from app.formats.atlas_placed import ReleasedPlace, solved_cards
from app.formats.fits_units import Unit, units_of
from app.formats.scaled_plane import card_text, whole_blocks
from app.formats.signed_file import with_checksums

_CARD_BYTES = 80
_END = b"END".ljust(_CARD_BYTES)
_REPLACED = (b"MZPERR", b"MAGZPNOM", b"RELEASE", b"SOLUTION")
_PLACE_NOTES = (b"ASTROSOL", b"CRVAL1RG", b"CRVAL2RG")
_SUMS = (b"CHECKSUM", b"DATASUM")


@dataclass(frozen=True)
class ReleasedZeroPoint:
    """What a release says of an image's zero point.

    Attributes
    ----------
    release : str
        Name of the release.
    zero_point_mag : float
        Magnitude of 1 DN, calibrated. [mag]
    zero_point_error_mag : float or None
        Its error, 1 sigma; None where it is unknown. [mag]
    solution : str or None
        Content hash of the photometric solution; None where the release has none of the image's night: its magnitudes
        are then those that were measured.
    """

    release: str
    zero_point_mag: float
    zero_point_error_mag: float | None
    solution: str | None


def with_released_zero_point(
    content: bytes, zero_point: ReleasedZeroPoint, place: ReleasedPlace | None = None
) -> bytes:
    """Give an Atlas image file whose MAGZP and MZPERR are those of a release, and whose header says so.

    MAGZPNOM keeps the value that the pixels were written with, RELEASE and SOLUTION say where the other comes from.
    Checksums are made anew, pixels are the same bytes. Without a solution MAGZP keeps its value and its comment.

    Parameters
    ----------
    content : bytes
        A whole plain file.
    zero_point : ReleasedZeroPoint
        Of the image.
    place : ReleasedPlace, optional
        Of the image: its projection is shifted, turned and scaled, ASTROSOL names the solution, CRVAL1RG and CRVAL2RG
        keep the reference point as it was registered. Without one the projection stays.

    Returns
    -------
    bytes
        The same inputs give the same bytes.

    Raises
    ------
    UnitError
        Raised if the file is no whole FITS file.

    Examples
    --------
    >>> from app.formats.scaled_plane import empty_primary
    >>> primary = empty_primary().replace(b"END" + b" " * 77, card_text("MAGZP", 20.5) + b"END" + b" " * 77, 1)
    >>> made = with_released_zero_point(primary[:2880], ReleasedZeroPoint("dr1", 20.625, 0.004, "1f" * 32))
    >>> [made[at : at + 30].decode() for at in range(320, 480, 80)]
    ['MAGZP   =               20.625', 'MZPERR  =                0.004']
    """
    return with_released_zero_points(content, {"": zero_point}, place)


def with_released_zero_points(
    content: bytes, zero_points: Mapping[str, ReleasedZeroPoint], place: ReleasedPlace | None = None
) -> bytes:
    """Give a file of images of several bands with the zero points of a release, as `with_released_zero_point`.

    Parameters
    ----------
    content : bytes
        A whole plain file.
    zero_points : mapping of str to ReleasedZeroPoint
        By the band (FILTER) of the unit; what stands under the empty name is of every other band.
    place : ReleasedPlace, optional
        Of all of them, as `with_released_zero_point`.

    Returns
    -------
    bytes
        The same inputs give the same bytes.

    Raises
    ------
    UnitError
        Raised if the file is no whole FITS file.
    KeyError
        Raised if a band of the file has no zero point: a bug.
    """
    parts = []
    for unit in units_of(content):
        header = content[unit.start : unit.data_start]
        cards = [header[at : at + _CARD_BYTES] for at in range(0, len(header), _CARD_BYTES)]
        kept = cards[: cards.index(_END)]
        kept = [card for card in kept if _keyword(card) not in _SUMS]
        if "MAGZP" in unit.values:
            band = unit.text("FILTER")
            kept = _renewed(kept, unit, zero_points[band if band in zero_points else ""])
            kept = kept if place is None else _placed(kept, unit, place)
        parts += [whole_blocks(b"".join(kept) + _END, b" "), content[unit.data_start : unit.end]]
    return with_checksums(b"".join(parts))


def _keyword(card: bytes) -> bytes:
    return card[:8].rstrip()


def _renewed(cards: list[bytes], unit: Unit, zero_point: ReleasedZeroPoint) -> list[bytes]:
    """Cards of the unit that holds MAGZP, with those of the release in its place."""
    out: list[bytes] = []
    for card in cards:
        keyword = _keyword(card)
        if keyword == b"MAGZP" and zero_point.solution is not None:
            out += _calibrated(float(unit.values["MAGZP"]), zero_point, zero_point.solution)
        elif keyword == b"MAGZP":
            out += [card, card_text("RELEASE", zero_point.release, "release; it did not calibrate MAGZP")]
        elif keyword not in _REPLACED or (keyword == b"MZPERR" and zero_point.solution is None):
            out.append(card)
    return out


def _placed(cards: list[bytes], unit: Unit, place: ReleasedPlace) -> list[bytes]:
    """Cards with the projection by an astrometric solution; as they are if their projection is not understood."""
    told = _numbers(unit)
    changed = solved_cards(told, place)
    if not changed:
        return cards
    out: list[bytes] = []
    for card in cards:
        keyword = _keyword(card)
        name = keyword.decode("ascii", "replace")
        if name in changed:
            # What follows the value says what it is: kept, as of a header that is not ours.
            _, _, comment = card[10:].decode("ascii", "replace").partition("/")
            out.append(card_text(name, changed[name], comment.strip()))
        elif keyword not in _PLACE_NOTES:
            out.append(card)
    if b"CROTA2" not in map(_keyword, cards) and "CROTA2" in changed:
        out.append(card_text("CROTA2", changed["CROTA2"], "[deg] image twist, +axis 2 W of N"))
    return [
        *out,
        card_text("CRVAL1RG", told["CRVAL1"], "[deg] CRVAL1 as it was registered"),
        card_text("CRVAL2RG", told["CRVAL2"], "[deg] CRVAL2 as it was registered"),
        card_text("ASTROSOL", place.astrometry[:16], "hash of the astrometric solution of the WCS"),
    ]


def _numbers(unit: Unit) -> dict[str, float]:
    """Cards of a unit that hold numbers; FORTRAN's exponent D is one of FITS."""
    out = {}
    for name, value in unit.values.items():
        with suppress(ValueError):
            out[name] = float(value.replace(b"D", b"E"))
    return out


def _calibrated(measured_mag: float, zero_point: ReleasedZeroPoint, solution: str) -> list[bytes]:
    # The database keeps six digits: of 20.4873 as float64 the header would say 20.487300872802734.
    texts = [
        card_text("MAGZP", _shortest(zero_point.zero_point_mag), "[mag] magnitude of 1 DN, calibrated"),
        card_text("MAGZPNOM", measured_mag, "[mag] MAGZP that the image was made with"),
        card_text("RELEASE", zero_point.release, "release that calibrated MAGZP"),
        card_text("SOLUTION", solution[:16], "hash of its photometric solution"),
    ]
    if zero_point.zero_point_error_mag is not None:
        error = card_text("MZPERR", _shortest(zero_point.zero_point_error_mag), "[mag] uncertainty of MAGZP")
        texts.insert(1, error)
    return texts


def _shortest(value: float) -> float:
    """Fewest digits that give the same value of single precision."""
    return float(str(np.float32(value)))
