"""Minor planets: where they were predicted to be, and which rows of releases are theirs."""

from __future__ import annotations

from sqlalchemy import REAL, Double, ForeignKey, Index, Integer, PrimaryKeyConstraint, Table, Text

from app.models.base import METADATA, required

MINOR_PLANET = Table(
    "minor_planet", METADATA,
    required("name", Text, "Name or number of the body"),
    required("jdate", Double, "Julian date of the prediction, UTC"),
    required("ra", Double, "Right ascension at that moment, seen from the observatory, ICRS degrees"),
    required("decl", Double, "Declination at that moment, ICRS degrees"),
    required("rate_ra_arcsec_h", Double, "Motion in right ascension times cos(decl), arcsec an hour"),
    required("rate_decl_arcsec_h", Double, "Motion in declination, arcsec an hour"),
    required("error_arcsec", Double, "Error of the place, 1 sigma"),
    PrimaryKeyConstraint("name", "jdate"),
    Index("ix_minor_planet_jdate", "jdate"),
    schema="reference", comment="Predicted places of minor planets and comets",
)  # fmt: skip

MINOR_PLANET_MATCH = Table(
    "minor_planet", METADATA,
    required("release_id", Integer, "Release", ForeignKey("release.release.release_id")),
    required("pts_key", Integer, "Row of the Point Source Catalogue"),
    required("name", Text, "Body whose predicted place is nearest at the time of the row"),
    required("distance_arcsec", REAL, "Distance from that place"),
    required("predicted_jdate", Double, "Julian date of the prediction that the place was moved from"),
    PrimaryKeyConstraint("release_id", "pts_key"),
    schema="release", comment="Released rows that are minor planets (mp_flg 1)",
)  # fmt: skip
