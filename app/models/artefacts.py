"""Artefacts across scans: very bright stars from a list, and released scans' rows that are made of their light."""

from __future__ import annotations

from sqlalchemy import (
    CHAR,
    REAL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Double,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from app.models.base import METADATA, optional, required

BRIGHT_STAR = Table(
    "bright_star", METADATA,
    required("name", Text, "Name of the star", primary_key=True),
    required("ra", Double, "Right ascension at the epoch of the survey, ICRS degrees"),
    required("decl", Double, "Declination at the epoch of the survey, ICRS degrees"),
    *(
        optional(f"{band}_mag", REAL, f"{label} magnitude by published photometry; null where there is none")
        for band, label in (("j", "J"), ("h", "H"), ("k", "Ks"))
    ),
    CheckConstraint("coalesce(j_mag, h_mag, k_mag) IS NOT NULL", name="some_magnitude"),
    schema="reference", comment="Very bright stars, whose spikes and halos are known even if no scan extracted them",
)  # fmt: skip

ARTEFACT = Table(
    "artefact", METADATA,
    required("release_id", Integer, "Release", ForeignKey("release.release.release_id")),
    required("run_id", Integer, "Run of the extraction"),
    required("src_id", BigInteger, "Extraction in wsdb.point_measurement"),
    required("removed", Boolean, "Whether it is an artefact in all its bands, and not released"),
    required("cc_flg", CHAR(3), "cc_flg after the second test, J, H, Ks"),
    optional("parent_run_id", Integer, "Run of the bright star; null where the star is listed"),
    optional("parent_src_id", BigInteger, "The bright star, extracted in another scan; null where it is listed"),
    optional("parent_name", Text, "Name of a listed star (reference.bright_star); null where a scan extracted it"),
    required("distance_arcsec", REAL, "Distance from the nearest such star"),
    PrimaryKeyConstraint("release_id", "run_id", "src_id"),
    CheckConstraint("(parent_name IS NULL) = (parent_src_id IS NOT NULL)", name="one_parent"),
    schema="release", comment="Rows that spikes and halos of stars of other scans, or of listed stars, made or touched",
)  # fmt: skip

EXTENDED_ARTEFACT = Table(
    "extended_artefact", METADATA,
    required("release_id", Integer, "Release", ForeignKey("release.release.release_id")),
    required("run_id", Integer, "Run of the extraction"),
    required("ext_id", BigInteger, "Extraction in wsdb.extended_measurement"),
    required("removed", Boolean, "Whether its point source is an artefact in all its bands; it is not released"),
    required("cc_flg", CHAR(1), "C, D: removed, by halo or spike; c, d: touched"),
    optional("parent_run_id", Integer, "Run of the bright star; null where the star is listed"),
    optional("parent_src_id", BigInteger, "The bright star, extracted in another scan; null where it is listed"),
    optional("parent_name", Text, "Name of a listed star (reference.bright_star); null where a scan extracted it"),
    required("distance_arcsec", REAL, "Distance from the nearest such star"),
    PrimaryKeyConstraint("release_id", "run_id", "ext_id"),
    CheckConstraint("(parent_name IS NULL) = (parent_src_id IS NOT NULL)", name="one_parent"),
    schema="release", comment="Extended sources that stars of other scans, or listed ones, made or touched",
)  # fmt: skip
