"""Schema reference: stars of known position, and of known magnitudes."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import (
    CHAR,
    REAL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)

from app.models.base import METADATA, Moment, one_of, optional, required


class CatalogueState(StrEnum):
    """Whether the stars of a catalogue are those that attempts are given."""

    CURRENT = "current"
    REPLACED = "replaced"
    """Its stars are gone, its name and hash stay for the attempts that were given them."""


CATALOGUE = Table(
    "catalogue", METADATA,
    required("catalogue_id", Integer, "Key", Identity(always=True), primary_key=True),
    required("name", Text, "tycho2 or synthetic"),
    required("source", Text, "Where the stars came from: files, or seed and area"),
    required("content_hash", CHAR(64), "SHA-256 over the stars as loaded, in the order of star_id"),
    required("stars", Integer, "Number of stars"),
    required("state", Text, "current, or replaced: its stars are gone then"),
    required("loaded_at", Moment, "When it was loaded last", server_default=func.now()),
    optional("replaced_at", Moment, "When another took its place; null while current"),
    UniqueConstraint("content_hash"),
    one_of("state", CatalogueState),
    CheckConstraint("(state = 'current') = (replaced_at IS NULL)", name="replaced_has_time"),
    Index("uq_catalogue_current", "state", unique=True, postgresql_where=text("state = 'current'")),
    schema="reference", comment="Reference catalogues, by the content of their stars; one is current",
)  # fmt: skip

STAR = Table(
    "star", METADATA,
    required("star_id", BigInteger, "HEALPix order 12 nested (28 bits) shifted by 20, plus a sequence in the pixel",
             primary_key=True, autoincrement=False),
    required("catalogue_id", Integer, "Catalogue", ForeignKey("reference.catalogue.catalogue_id")),
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

STANDARD_CATALOGUE = Table(
    "standard_catalogue", METADATA,
    required("catalogue_id", Integer, "Key", Identity(always=True), primary_key=True),
    required("name", Text, "Name, by default that of the file"),
    required("source", Text, "Files that it came from"),
    required("content_hash", CHAR(64), "SHA-256 over the stars as loaded, in the order of their names"),
    required("stars", Integer, "Number of stars"),
    required("state", Text, "current, or replaced: its stars are gone then"),
    required("loaded_at", Moment, "When it was loaded", server_default=func.now()),
    optional("replaced_at", Moment, "When another took its place; null while current"),
    one_of("state", CatalogueState),
    CheckConstraint("(state = 'current') = (replaced_at IS NULL)", name="replaced_has_time"),
    Index("uq_standard_catalogue_current", "name", unique=True, postgresql_where=text("state = 'current'")),
    schema="reference", comment="Catalogues of photometric standards; several may be current, each under its name",
)  # fmt: skip

STANDARD_STAR = Table(
    "standard_star", METADATA,
    required("catalogue_id", Integer, "Catalogue", ForeignKey("reference.standard_catalogue.catalogue_id")),
    required("name", Text, "Name of the star; the same star may stand in several catalogues, with the same values"),
    optional("field", Text, "Calibration field; null where the catalogue names none"),
    required("ra", Double, "Right ascension at the epoch, ICRS degrees"),
    required("decl", Double, "Declination at the epoch, ICRS degrees"),
    required("epoch_year", Double, "Julian year of the position"),
    optional("pm_ra_mas_yr", Double, "Proper motion in right ascension times cos(decl); null where unknown"),
    optional("pm_decl_mas_yr", Double, "Proper motion in declination; null where unknown"),
    *(
        column
        for letter, band in (("j", "J"), ("h", "H"), ("k", "Ks"))
        for column in (
            optional(f"{letter}_mag", Double, f"{band} magnitude in the natural system; null where unknown"),
            optional(f"{letter}_error_mag", Double, "Its error, 1 sigma; null where the magnitude is"),
        )
    ),
    required("primary_standard", Boolean, "Whether it is a primary standard", server_default=text("false")),
    required("star_hash", CHAR(64), "SHA-256 over the values of the star"),
    optional("retired_at", Moment, "When it was retired: no solution uses it since; null while in use"),
    optional("retired_because", Text, "Why it was retired; null while in use"),
    PrimaryKeyConstraint("catalogue_id", "name"),
    CheckConstraint("(retired_at IS NULL) = (retired_because IS NULL)", name="retired_has_reason"),
    Index("ix_standard_star_name", "name"),
    schema="reference", comment="Photometric standard stars",
)  # fmt: skip
