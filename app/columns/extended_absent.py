"""Columns of the published Extended Source Catalogue that this version does not measure: null, each with its reason.

They stand in the tables so that queries written for the published catalogue run. Whoever measures one takes its entry
out of here and gives it a producer.
"""

from __future__ import annotations

from collections.abc import Iterable

from app.columns.column import Column, Kind

_AS_PUBLISHED, _NOTE = "As in the published catalogue", "meta.note"
_RELEASE = "releases do not give the neighbours of extended sources yet"
_BACKGROUND = "the background of frames is measured otherwise than by the survey's fits to half images"
_ELLIPSE = "shapes come from models and moments, not from fits of ellipses to isophotes"
_CATALOGUE = "no catalogue of galaxies is loaded"

_ABSENT: tuple[tuple[Kind, str, str], ...] = (
    (Kind.REAL, "j_chif_ellf k_chif_ellf sup_chif_ellf", _ELLIPSE),
    (Kind.SMALLINT, "ellfit_flg", _ELLIPSE),
    (Kind.SMALLINT, "bl_sub_flg", "n_blank and n_sub say it; what the published values mean is not known"),
    (Kind.SMALLINT, "id_flg", _CATALOGUE),
    (Kind.SMALLINT, "blk_fac", "faint surfaces are found on images blocked by 4 and measured on whole ones"),
    (Kind.REAL, "prox pxpa", _RELEASE),
    (Kind.INTEGER, "pxcntr", _RELEASE),
    (Kind.INTEGER, "mp_key", "no predictions of minor planets"),
)
_ABSENT_TEXT: tuple[tuple[str, int, str], ...] = (
    ("id_cat", 20, _CATALOGUE),
    ("fg_flg", 6, "growth of light is not tested for convergence"),
)
_ABSENT_BANDS: tuple[tuple[str, str], ...] = (
    ("subst2 bndg_per bndg_amp", _BACKGROUND),
    ("seetrack", "the profile follows the seeing of every frame"),
)


def _absent(kind: Kind, names: str, null: str, length: int = 0) -> Iterable[Column]:
    for name in names.split():
        yield Column(name, kind, _AS_PUBLISHED, ucd=_NOTE, null=null, length=length)


ABSENT_OF_BANDS: tuple[Column, ...] = tuple(
    Column(f"{{b}}_{name}", Kind.REAL, _AS_PUBLISHED, ucd=_NOTE, null=null)
    for names, null in _ABSENT_BANDS
    for name in names.split()
)
"""Patterns of one band."""

EXTENDED_ABSENT: tuple[Column, ...] = (
    *(column for kind, names, null in _ABSENT for column in _absent(kind, names, null)),
    *(column for name, length, null in _ABSENT_TEXT for column in _absent(Kind.CHAR, name, null, length)),
)
"""Columns without a band that are null in every row."""
