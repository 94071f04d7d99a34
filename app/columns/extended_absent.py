"""Columns of the published Extended Source Catalogue that this version does not measure: null, each with its reason.

They stand in the tables so that queries written for the published catalogue run. Whoever measures one takes its entry
out of here and gives it a producer.
"""

from __future__ import annotations

from collections.abc import Iterable

from app.columns.column import Column, Kind, expand_bands

_AS_PUBLISHED, _NOTE = "As in the published catalogue", "meta.note"
_RIDGE = (
    "the classifier compares models, not lines of the stars' shapes: there are no scores against the ridge"
)
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
    ("sc_mxdn sc_sh sc_wsh sc_r23 sc_1mm sc_2mm sc_vint sc_r1 sc_msh", _RIDGE),
    ("subst2 bndg_per bndg_amp", _BACKGROUND),
    ("seetrack", "the profile follows the seeing of every frame"),
)


def _absent(kind: Kind, names: str, null: str, length: int = 0) -> Iterable[Column]:
    for name in names.split():
        yield Column(name, kind, _AS_PUBLISHED, ucd=_NOTE, null=null, length=length)


EXTENDED_ABSENT: tuple[Column, ...] = (
    *(column for kind, names, null in _ABSENT for column in _absent(kind, names, null)),
    *expand_bands(
        Column(f"{{b}}_{name}", Kind.REAL, _AS_PUBLISHED, ucd=_NOTE, null=null)
        for names, null in _ABSENT_BANDS
        for name in names.split()
    ),
    *(column for name, length, null in _ABSENT_TEXT for column in _absent(Kind.CHAR, name, null, length)),
)
"""Columns that are null in every row."""
