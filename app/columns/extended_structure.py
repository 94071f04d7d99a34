"""Columns of extended sources that tell how even their light is, and what neighbours add to it."""

from __future__ import annotations

from app.columns.column import MEASURED, Calibrated, Column, Kind, expand_bands

_NO_ELLIPSE = "there is no Ks 20 mag isophote, or no magnitude in it"
_NO_ISOPHOTE = "there is no isophote of 5 sigma"
_UNSCORED = "too few pixels, or a patch of low surface brightness that no peak shows"


def _measure(
    name: str, description: str, null: str, ucd: str, unit: str = "", *, zero_point: bool = False
) -> Column:
    scale = Calibrated.MAGNITUDE if zero_point else None
    return Column(name, Kind.REAL, description, unit, ucd, null, producers=MEASURED, calibrated=scale)


EXTENDED_STRUCTURE: tuple[Column, ...] = (
    *expand_bands((
        _measure("{b}_m_sys", "{B} magnitude in the ellipse of the Ks 20 mag isophote, neighbours' light included",
                 _NO_ELLIPSE, "phot.mag;{ucd}", "mag", zero_point=True),
        _measure("{b}_msig_sys", "{B} uncertainty of m_sys", _NO_ELLIPSE, "stat.error;phot.mag;{ucd}", "mag"),
        _measure("{b}_d_area", "{B} area of the 3-sigma isophote less that of the 5-sigma one", _NO_ISOPHOTE,
                 "phys.angArea;{ucd}", "arcsec**2"),
        _measure("{b}_perc_darea", "{B} d_area in percent of the area of the 3-sigma isophote", _NO_ISOPHOTE,
                 "phys.angArea;{ucd};arith.ratio"),
        _measure("{b}_bisym_rat", "{B} light on the fainter side of the minor axis over that on the brighter one",
                 "a side has no light", "phot.flux;{ucd};arith.ratio"),
        _measure("{b}_bisym_chi", "{B} differences of opposite pixels, root mean square over their noise",
                 "too few pixels have data", "stat.fit.chi2;{ucd}"),
    )),
    Column("sys_flg", Kind.SMALLINT, "1: a neighbouring galaxy adds more than 1 percent to m_sys in a band, else 0", "",
           "meta.code.qual", _NO_ELLIPSE, text_format="%1d", producers=MEASURED),
    Column("e_score", Kind.REAL, "Extended or point: 1, certainly extended, to 2, certainly a point or a blend",
           "", "stat.probability", _UNSCORED, text_format="%7.5f", producers=MEASURED),
    Column("g_score", Kind.REAL, "Galaxy or not, colours included: 1, certainly a galaxy, to 2, certainly none", "",
           "stat.probability", _UNSCORED, text_format="%7.5f", producers=MEASURED),
)  # fmt: skip
