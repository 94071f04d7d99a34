"""Columns of a release's list of minor planets: the row, the body, and how far it was from where it was predicted."""

from __future__ import annotations

from app.columns.column import BY_RELEASE, Column, Kind
from app.columns.point_source import POINT_SOURCE

_OF_ROW = {column.name: column.released for column in POINT_SOURCE}

MATCHED = ("name", "distance_arcsec", "predicted_jdate")
"""Columns that the match tells (release.minor_planet); the others are those of the row."""

PUBLISHED_MATCH: tuple[Column, ...] = (
    _OF_ROW["pts_key"],
    _OF_ROW["src_id"],
    _OF_ROW["hemis"],
    _OF_ROW["date"],
    _OF_ROW["scan"],
    Column("name", Kind.CHAR, "Minor planet or comet", ucd="meta.id;src", producers=BY_RELEASE),
    _OF_ROW["designation"],
    _OF_ROW["jdate"],
    _OF_ROW["ra"],
    _OF_ROW["decl"],
    Column(
        "distance_arcsec", Kind.REAL, "Distance from the place predicted for the time of the row", "arcsec",
        "pos.angDistance", text_format="%6.2f", producers=BY_RELEASE,
    ),
    Column(
        "predicted_jdate", Kind.DOUBLE, "Julian date of the prediction that the place was moved from", "d",
        "time.epoch", text_format="%14.6f", producers=BY_RELEASE,
    ),
    _OF_ROW["j_m"],
    _OF_ROW["h_m"],
    _OF_ROW["k_m"],
    _OF_ROW["ph_qual"],
    _OF_ROW["cc_flg"],
)  # fmt: skip
"""Columns of release.mp_mch, a row an apparition; the name has the length of the longest one at export."""
