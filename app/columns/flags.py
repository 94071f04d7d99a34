"""The one-character flags of the point-source tables, each value defined once.

Documentation and the decoders in SQL (`wsdb.j_ph_qual`, `wsdb.ph_qual_meaning`, ...) are generated from here; the
decoder in Python is `decode`. Meanings and the order of conditions follow background/survey 6.1 to 6.4;
three-character columns hold one value per band in the order J, H, Ks.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from app.errors import UserError
from app.instruments.bands import BANDS, Band


class UnknownFlagError(UserError):
    """A column holds no flags, or a character is none of its values."""

    code = "UNKNOWN_FLAG"


class Flag(StrEnum):
    """A flag value with its meaning."""

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Self:
        """Make a member whose string is `value` and that carries `meaning`."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member


class PhotometricQuality(Flag):
    """`ph_qual`, listed in order of precedence: the first condition that holds decides."""

    INVALID = "X", "detected, but no algorithm gave a valid brightness; the default magnitude is null"
    UPPER_LIMIT = "U", "95 % upper limit: not detected, or not resolved consistently with another band"
    NO_ERROR = "F", "rd_flg 1 or 3 without a reliable uncertainty: fewer than three Read_1 frames"
    POOR_FIT = "E", "profile fit with reduced chi-squared above 10, aperture fallback, or too few frames"
    A = "A", "snr > 10 and cmsig < 0.10857"
    B = "B", "snr > 7 and cmsig < 0.15510"
    C = "C", "snr > 5 and cmsig < 0.21714"
    D = "D", "valid measurement without a condition on snr or cmsig"
    BLANK = " ", "the band was not observed here"


class ReadFlag(Flag):
    """`rd_flg`: where the default magnitude of a band comes from."""

    NOT_DETECTED = (
        "0",
        '95 % upper limit from a 4" aperture, or from the joint fit of a blend; or the band was not observed here',
    )
    READ1_APERTURE = "1", '4" aperture on Read 1 frames'
    PROFILE = (
        "2",
        "profile fit on the scale of the curve-of-growth aperture, drawn towards it where it knows more",
    )
    READ1_PROFILE = "3", "one-dimensional profile fit to the unsaturated wings of a saturated star"
    APERTURE = "4", '4" aperture with curve-of-growth correction, because the profile fit did not converge'
    INCONSISTENT = "6", "95 % upper limit: not resolved consistently with a band in which the pair is split"
    UNUSABLE = "9", "detected, but no useful brightness; the magnitude is null"


class BlendFlag(Flag):
    """`bl_flg`: how many components were fitted together."""

    NONE = "0", "no profile fit counts: not detected, or resolved inconsistently"
    SINGLE = "1", "one component fitted, or an aperture magnitude"
    BLENDED = "2", "more than one component fitted together"


class ConfusionFlag(Flag):
    """`cc_flg`, listed in the order in which conditions are tested; capital letters mark artefacts."""

    PERSISTENCE = "p", "flux may hold the latent image of a bright star"
    PERSISTENCE_ARTEFACT = "P", "probably the latent image of a bright star"
    CONFUSION = "c", "flux or background biased by a nearby star"
    CONFUSION_ARTEFACT = "C", "probably part of the halo of a bright star"
    DIFFRACTION = "d", "flux may hold a diffraction spike"
    DIFFRACTION_ARTEFACT = "D", "probably a diffraction spike"
    STRIPE = "s", "flux may hold an electronic stripe"
    STRIPE_ARTEFACT = "S", "probably an electronic stripe"
    GLINT_ARTEFACT = "G", "probably a reflection in filter or dichroic"
    MERGE = "b", "more than one possible match between bands"
    NONE = "0", "no contamination or confusion found"


FLAGS: dict[str, type[Flag]] = {
    "ph_qual": PhotometricQuality,
    "rd_flg": ReadFlag,
    "bl_flg": BlendFlag,
    "cc_flg": ConfusionFlag,
}
"""Columns that hold one flag a band, with their values."""


def decode(column: str, flags: str | bytes) -> dict[Band, Flag]:
    """Give the flag of each band.

    Parameters
    ----------
    column : str
        `ph_qual`, `rd_flg`, `bl_flg` or `cc_flg`.
    flags : str or bytes
        Its characters in the order J, H, Ks, as in the tables; blanks at the end may be missing, as PostgreSQL and
        FITS leave them out.

    Returns
    -------
    dict
        Band -> flag, in the order J, H, Ks. A flag equals its character, and `meaning` says what it stands for.

    Raises
    ------
    UnknownFlagError
        Raised if the column holds no flags, there are more than three characters, or one is none of its values.

    Examples
    --------
    >>> quality = decode("ph_qual", "AU")
    >>> [str(flag) for flag in quality.values()]
    ['A', 'U', ' ']
    >>> quality[Band.K].meaning
    'the band was not observed here'
    """
    if column not in FLAGS:
        raise UnknownFlagError(f"column {column!r}", expected=f"one of {', '.join(FLAGS)}")
    known = {flag.value: flag for flag in FLAGS[column]}
    text = (flags.decode("ascii", "replace") if isinstance(flags, bytes) else flags).ljust(len(BANDS))
    if len(text) != len(BANDS) or not known.keys() >= set(text):
        raise UnknownFlagError(f"{column} = {text!r}", expected=f"three characters of {''.join(known)!r}")
    return {band: known[character] for band, character in zip(BANDS, text, strict=True)}
