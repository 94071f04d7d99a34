"""Schema reference: stars of known position."""

from __future__ import annotations

from sqlalchemy import REAL, BigInteger, Double, Index, Table, Text, text

from app.models.base import METADATA, optional, required

STAR = Table(
    "star", METADATA,
    required("star_id", BigInteger, "HEALPix order 12 nested (28 bits) shifted by 20, plus a sequence in the pixel",
             primary_key=True, autoincrement=False),
    required("catalogue", Text, "tycho2 or synthetic"),
    required("ra", Double, "Right ascension at the epoch, ICRS degrees"),
    required("decl", Double, "Declination at the epoch, ICRS degrees"),
    required("epoch_year", REAL, "Julian year of the position"),
    optional("pm_ra_mas_yr", REAL, "Proper motion in right ascension times cos(decl); null where the source has none"),
    optional("pm_decl_mas_yr", REAL, "Proper motion in declination; null where the source has none"),
    optional("bt_mag", REAL, "Tycho B magnitude; null where the source has none"),
    required("vt_mag", REAL, "Tycho V magnitude"),
    Index("ix_star_position", text("spoint(radians(ra), radians(decl))"), postgresql_using="gist"),
    schema="reference", comment="Astrometric reference stars",
)  # fmt: skip
