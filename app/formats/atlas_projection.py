"""The world coordinates of an Atlas image: every spelling that is understood, and a refusal of all others.

A header of which one card is passed over gives wrong positions without a word. So the presence of a matrix is judged
by all its elements in all spellings, and cards that bend or turn the projection otherwise are refused by keyword.
FITS standard 4.0, section 8; Calabretta & Greisen 2002 (WCS paper II).
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np

from app.formats.atlas_cards import AtlasFileError, HeaderCards
from app.sky.pixels import fits_to_array
from app.sky.projection import SinProjection

if TYPE_CHECKING:
    from astropy.io import fits

Matrix = tuple[tuple[float, float], tuple[float, float]]
Elements = dict[tuple[int, int], float]

# Two descriptions of one matrix may differ by rounding: this part of a pixel's step is 0.1 pixels over 1024.
_AGREEMENT = 1e-4
# A pixel twice as long as wide is no image's; a step that a header left out beside PC, 1 degree, makes such.
_MOST_ELONGATION = 2.0
# CD1_2 and PC1_2, also with zeros before the digits, and the names of before the standard: CD001002 and PC001002.
_ELEMENT = re.compile(r"(CD|PC)(?:0*(\d)_0*(\d)|00(\d)00(\d))")
_LIKE_ELEMENT = re.compile(r"(CD|PC)[\d_.]*\d[\d_.]*")
# Where no card of the projection tells a rotation, these may: they turn with the camera, or with the image.
_ROTATIONS = re.compile(
    r"CROTA|CROT[12]?|ROT|ROTA|ROT_?ANG(LE)?|ROTAT(ION)?|POS_?ANG(LE)?|PA|ORIENT(AT)?|SKY_?PA|PA_?SKY"
)
_DISTORTIONS = re.compile(
    r"(A|B|AP|BP)_(ORDER|\d+_\d+)"  # SIP
    r"|PV\d+_\d+|PS\d+_\d+|PROJP\d+"  # parameters of a projection; those of TPV and SCAMP
    r"|C[PQ](DIS|ERR)\d*|D[PQ]\d+(\..*)?|D2IM\w*|DVERR\d*"  # lookup tables
    r"|AMD[XY]\d+|PPO\d+|CO[12]_\d+"  # plate solutions
)
# Values that say what SIN does anyway: no slant, native pole at the reference point. Of PV1_2 and PV1_3 0 is not one:
# a native longitude of the pole of 0 turns the image by half a circle. PV1_4 is LATPOLE, without effect on SIN.
_USUAL = {"PV1_2": (90.0,), "PV1_3": (180.0,)}
_FRAMES = ("icrs", "fk5", "j2000", "j2000.0", "fk5/j2000", "fk5/j2000.0")
_OTHER_FRAMES = re.compile(r"fk4|1950|1900|galac|eclip|helio|gappt|apparent|alt-?az", re.IGNORECASE)
_FRAME_CARDS = re.compile(r"RADE?C?_?SY(S?[A-Z]?)")
# Cards that may speak of something else: only a name of another frame counts.
_LIKE_FRAME = re.compile(
    r"(COORD|SKY|REF|WCS|EQU)_?(SYS|TYP|REF|FRAME)\w*|FRAME|SYSTEM|WCSNAME[A-Z]?|REFFRAME"
)
_EQUINOX_CARDS = re.compile(r"EQUINOX[A-Z]?|EPOCH|EQUINO?|EQUINX|EQNX|RADECEQ|RADEQ|RADECEPO")
# The equinox of a pointing or a catalogue is that of the image where the image tells none itself.
_POINTING_EQUINOX = re.compile(r"(OBJ|TEL|CAT|TARG?|TCS|RA|DEC|COORD?|WCS)_?(EQUIN\w*|EQU|EQNX|EQX|EQ|EPOCH)")


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
        Raised if there is no WCS, or it is not RA---SIN / DEC--SIN, not J2000, singular, described in two ways that
        differ, or has cards that are not understood.
    """
    cards = HeaderCards(header, file)
    for name, expected in (("CTYPE1", "RA---SIN"), ("CTYPE2", "DEC--SIN")):
        if cards.text(name) != expected:
            raise AtlasFileError(file, name, repr(header.get(name, "nothing")), expected=expected)
    refuse_other_frames(cards)
    _refuse_other_forms(cards)
    names = ("CRVAL1", "CRVAL2", "CRPIX1", "CRPIX2")
    values = [cards.real(name) for name in names]
    for name, value in zip(names, values, strict=True):
        if value is None:
            raise AtlasFileError(file, name, "nothing", expected="the reference point of the projection")
    ra, decl, fits_x, fits_y = (value for value in values if value is not None)
    if not -90.0 <= decl <= 90.0:
        raise AtlasFileError(file, "CRVAL2", decl, expected="-90 to 90")
    keyword, matrix = _matrix(cards)
    scale = _scale_deg(matrix) * 3600.0
    longest = float(np.linalg.norm(matrix, 2)) * 3600.0
    if not 0.01 < scale < 60.0 or longest > math.sqrt(_MOST_ELONGATION) * scale:
        found = f'pixels of {scale:g}"'
        if scale < 0.99 * longest:
            found = f'pixels of {scale**2 / longest:g}" x {longest:g}"'
        raise AtlasFileError(file, keyword, found, expected='square pixels of about 1"')
    return SinProjection(ra % 360.0, decl, fits_to_array(fits_x), fits_to_array(fits_y), matrix)


def _keywords(cards: HeaderCards) -> list[str]:
    return list(dict.fromkeys(str(keyword).upper() for keyword in cards.header))


def refuse_other_frames(cards: HeaderCards) -> None:
    """Refuse positions of another frame or equinox than J2000, however the header says so.

    Parameters
    ----------
    cards : HeaderCards
        Header of an image, or of a table of positions.

    Raises
    ------
    AtlasFileError
        Raised if any card tells another frame or equinox.
    """
    names = _keywords(cards)
    told = [name for name in names if _EQUINOX_CARDS.fullmatch(name) and cards.value(name) is not None]
    frames = [name for name in names if _FRAME_CARDS.fullmatch(name) and cards.text(name)]
    pointing = [name for name in names if _POINTING_EQUINOX.fullmatch(name)] if not told + frames else []
    for name in told + pointing:
        value = cards.value(name)
        if value is not None and _year(value) != 2000.0:
            raise AtlasFileError(
                cards.file,
                name,
                repr(value) if isinstance(value, str) else value,
                expected="2000",
                remedy="precess the image's positions to J2000 first",
            )
    for name in frames + [name for name in names if _LIKE_FRAME.fullmatch(name)]:
        frame = cards.text(name) or ""
        if _OTHER_FRAMES.search(frame) or (name in frames and frame.lower() not in _FRAMES):
            raise AtlasFileError(
                cards.file,
                name,
                repr(frame),
                expected="ICRS or FK5",
                remedy="turn the image's positions to J2000 first",
            )


def _year(value: object) -> float:
    """Year of an equinox as a number or as text like J2000.0; NaN of anything else."""
    try:
        return float(str(value).strip().lower().removeprefix("j"))
    except ValueError:
        return math.nan


def _refuse_other_forms(cards: HeaderCards) -> None:
    """Refuse what bends, turns or scales the projection in a way that is not known here."""
    for name in ("LONPOLE", "LONGPOLE"):
        pole = cards.real(name)
        if pole is not None and pole != 180.0:
            raise AtlasFileError(cards.file, name, pole, expected="180")
    for name in ("CUNIT1", "CUNIT2"):
        unit = cards.text(name)
        if unit is not None and unit.lower() not in {"deg", "degree", "degrees"}:
            raise AtlasFileError(cards.file, name, repr(unit), expected="deg")
    for name in _keywords(cards):
        if name.startswith("WAT") and re.search(r"lngcor|latcor|projp", str(cards.value(name))):
            raise AtlasFileError(
                cards.file, name, "a distortion in IRAF's form", expected="SIN without distortion"
            )
        if _DISTORTIONS.fullmatch(name) and name != "PV1_4":
            value = cards.value(name)
            if value is not None and value not in _USUAL.get(name, (0,)):
                raise AtlasFileError(
                    cards.file,
                    name,
                    repr(value),
                    expected="SIN without distortion",
                    remedy="resample the image to the plain projection first",
                )


def _elements(cards: HeaderCards) -> dict[str, Elements]:
    """Elements of the matrices CD and PC that are there, in either spelling."""
    found: dict[str, Elements] = {"CD": {}, "PC": {}}
    for name in _keywords(cards):
        if not _LIKE_ELEMENT.fullmatch(name):
            continue
        match, value = _ELEMENT.fullmatch(name), cards.real(name)
        if match is None:
            raise AtlasFileError(cards.file, name, value, expected="elements as in CD1_2 or PC1_2")
        if value is None:
            raise AtlasFileError(cards.file, name, "nothing", expected="a number")
        place = int(match[2] or match[4]), int(match[3] or match[5])
        if max(place) > 2:
            if value and min(place) <= 2:
                raise AtlasFileError(cards.file, name, value, expected="0: an image of two axes")
            continue
        if found[match[1]].setdefault(place, value) != value:
            raise AtlasFileError(
                cards.file, name, value, expected=f"{found[match[1]][place]}, as spelled before"
            )
    return found


def _matrix(cards: HeaderCards) -> tuple[str, Matrix]:
    """Matrix in degrees a pixel, and a keyword to blame for its scale.

    Of several descriptions all must say the same; CDELT without a rotation does not count beside CD.
    """
    found = _elements(cards)
    scales = cards.real("CDELT1"), cards.real("CDELT2")
    rotation = _rotation(cards)
    described: list[tuple[str, Matrix]] = []
    if found["CD"]:
        a, b, c, d = (found["CD"].get(place, 0.0) for place in ((1, 1), (1, 2), (2, 1), (2, 2)))
        described.append(("CD1_1", ((a, b), (c, d))))
    if found["PC"]:
        # An element that a header leaves out is that of the unit matrix, a step that it leaves out is 1 degree.
        a, b, c, d = (found["PC"].get((i, j), float(i == j)) for i in (1, 2) for j in (1, 2))
        x, y = (1.0 if scale is None else scale for scale in scales)
        described.append(("PC1_1", ((x * a, x * b), (y * c, y * d))))
    if (rotation is not None or not described) and None not in scales:
        x, y = (scale or 0.0 for scale in scales)
        turned = SinProjection.from_rotation(0.0, 0.0, 0.0, 0.0, x, y, rotation or 0.0)
        described.append(("CDELT1" if rotation is None else "CROTA2", turned.matrix_deg))
        if rotation is None:
            _refuse_other_rotations(cards)
    if not described:
        missing = "CDELT1" if scales[0] is None else "CDELT2"
        raise AtlasFileError(cards.file, missing, "nothing", expected="the pixel size in degrees")
    keyword, matrix = described[0]
    for other, form in described[1:]:
        if not _agree(matrix, form):
            raise AtlasFileError(
                cards.file,
                other,
                f"another matrix than that of {keyword}",
                expected="one description of scale and rotation",
                remedy=f"remove the cards that are out of date, {keyword} or {other} and its like",
            )
    return keyword if found["CD"] else "CDELT1", matrix


def _rotation(cards: HeaderCards) -> float | None:
    """CROTA2; None if there is no rotation card."""
    first, second = cards.real("CROTA1"), cards.real("CROTA2")
    if first and (second is None or abs(first - second) > math.degrees(_AGREEMENT)):
        found = f"{first:g}, CROTA2 {'nothing' if second is None else f'{second:g}'}"
        raise AtlasFileError(cards.file, "CROTA1", found, expected="the rotation in CROTA2")
    return second


def _refuse_other_rotations(cards: HeaderCards) -> None:
    """Refuse a header without any card of rotation that the standard knows, where another card tells one."""
    for name in _keywords(cards):
        value = cards.value(name) if _ROTATIONS.fullmatch(name) else None
        if isinstance(value, float | int) and not isinstance(value, bool) and value % 360:
            raise AtlasFileError(
                cards.file,
                name,
                value,
                expected="the rotation in CROTA2, CD or PC",
                remedy="write CROTA2, 0 if the image is not turned",
            )


def _scale_deg(matrix: Matrix) -> float:
    (a, b), (c, d) = matrix
    return math.sqrt(abs(a * d - b * c))


def _agree(first: Matrix, second: Matrix) -> bool:
    limit = _AGREEMENT * max(_scale_deg(first), _scale_deg(second))
    pairs = zip((*first[0], *first[1]), (*second[0], *second[1]), strict=True)
    return all(abs(element - counterpart) <= limit for element, counterpart in pairs)
