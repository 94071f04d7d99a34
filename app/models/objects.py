"""Schema release, objects: groups of apparitions over all scans of some runs, whether or not a release chose them."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import (
    REAL,
    BigInteger,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    func,
)

from app.models.base import METADATA, Moment, one_of, optional, required


class ObjectKind(StrEnum):
    """What the objects of a set are made of."""

    POINT = "point"
    EXTENDED = "extended"


OBJECT_SET = Table(
    "object_set", METADATA,
    required("object_set_id", Integer, "Key", Identity(always=True), primary_key=True),
    required("name", Text, "Name given by the operator"),
    required("kind", Text, "point or extended"),
    required("radius_arcsec", Double, "Apparitions closer than this are linked"),
    required("code_version", Text, "Version of mapps"),
    required("created_at", Moment, "When", server_default=func.now()),
    UniqueConstraint("name", "kind"),
    one_of("kind", ObjectKind),
    schema="release", comment="Sets of objects: groups of apparitions over all scans of some runs",
)  # fmt: skip

OBJECT_SET_RUN = Table(
    "object_set_run", METADATA,
    required("object_set_id", Integer, "Set", ForeignKey("release.object_set.object_set_id")),
    required("run_id", Integer, "Run whose accepted rows were grouped", ForeignKey("production.run.run_id")),
    PrimaryKeyConstraint("object_set_id", "run_id"),
    schema="release", comment="Runs of object sets",
)  # fmt: skip

OBJECT = Table(
    "object", METADATA,
    required("object_set_id", Integer, "Set", ForeignKey("release.object_set.object_set_id")),
    required("gcntr", BigInteger, "Key of the group with seed_run_id: the smallest src_id or ext_id of its members"),
    required("seed_run_id", Integer, "Run of that member: keys of rows are unique in a run only"),
    required("ra", Double, "Right ascension of the mean place, ICRS degrees"),
    required("decl", Double, "Declination of the mean place, ICRS degrees"),
    required("napp", Integer, "Apparitions; more than nscan where a scan has several"),
    required("nscan", Integer, "Scans, counted by run, that have an apparition"),
    required("spos", Integer, "Scans, counted by run, that cover the mean place in all their bands"),
    required("extent_arcsec", REAL, "Largest distance of a member from the mean place: chains are long"),
    optional("j_mag", REAL, "J: mean of the members' calibrated magnitudes; null where none has one"),
    optional("h_mag", REAL, "H: mean of the members' calibrated magnitudes; null where none has one"),
    optional("k_mag", REAL, "Ks: mean of the members' calibrated magnitudes; null where none has one"),
    PrimaryKeyConstraint("object_set_id", "gcntr", "seed_run_id"),
    schema="release", comment="Objects: groups of apparitions",
)  # fmt: skip

OBJECT_MEMBER = Table(
    "object_member", METADATA,
    required("object_set_id", Integer, "Set"),
    required("gcntr", BigInteger, "Object"),
    required("seed_run_id", Integer, "Object, with gcntr"),
    required("run_id", Integer, "Run of the apparition"),
    required("source_id", BigInteger, "Apparition: src_id or ext_id"),
    required("scan_key", Integer, "Scan of the apparition"),
    PrimaryKeyConstraint("object_set_id", "run_id", "source_id"),
    ForeignKeyConstraint(
        ["object_set_id", "gcntr", "seed_run_id"],
        ["release.object.object_set_id", "release.object.gcntr", "release.object.seed_run_id"],
    ),
    Index("ix_object_member_gcntr", "object_set_id", "gcntr"),
    schema="release", comment="Members of objects",
)  # fmt: skip
