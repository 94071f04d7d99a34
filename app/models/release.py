"""Schema release: immutable products drawn from the working database by SQL."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CHAR,
    REAL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Identity,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
)

from app.columns import (
    PUBLISHED_IMAGE,
    PUBLISHED_MAP,
    PUBLISHED_PSC,
    PUBLISHED_SCAN,
    PUBLISHED_STAMP,
    PUBLISHED_XSC,
    Kind,
)
from app.db.pgsphere import SPolygonType
from app.instruments.bands import BANDS
from app.models.base import METADATA, Json, Moment, one_of, optional, registered, required


class ReleaseKind(StrEnum):
    """Scope of a release."""

    SAMPLER = "sampler"
    INCREMENTAL = "incremental"
    ALL_SKY = "all-sky"


class ReleaseState(StrEnum):
    """A release is built in one transaction and published with its manifest."""

    BUILDING = "building"
    PUBLISHED = "published"


def _masks() -> tuple[Column[Any], ...]:
    """Columns of the rules that a row was held against, a bit for each (release.rule_bit)."""
    return (
        required(
            "passed", SmallInteger, "Rules that it met: SELECT release.rules(passed)", server_default="0"
        ),
        required("failed", SmallInteger, "Rules that it failed; in neither: not applied", server_default="0"),
    )


RELEASE = Table(
    "release",
    METADATA,
    required("release_id", Integer, "Key", Identity(always=True), primary_key=True),
    required("name", Text, "Name given by the operator"),
    required("kind", Text, "sampler, incremental or all-sky"),
    required("state", Text, "building or published"),
    required("parameters", Json, "Limits that the statements of sql/release/ read"),
    required("code_version", Text, "Code version that built it"),
    required("code_commit", Text, "Commit that built it"),
    required("created_at", Moment, "When the build began", server_default=func.now()),
    required(
        "hash_version", SmallInteger, "Columns that its content hashes are made of: version of their lists"
    ),
    optional("published_at", Moment, "When it became immutable; null while building"),
    optional("optical_catalogue", Text, "Catalogue of its optical associations; null where none was loaded"),
    optional(
        "minor_planet_hash",
        CHAR(64),
        "SHA-256 over the predicted places of minor planets within a day of its scans; null where there were none",
    ),
    optional(
        "bright_star_hash", CHAR(64), "SHA-256 over the list of very bright stars; null where none was loaded"
    ),
    optional(
        "optical_hash", CHAR(64), "SHA-256 over the stars of that catalogue; null where none was loaded"
    ),
    UniqueConstraint("name"),
    one_of("kind", ReleaseKind),
    one_of("state", ReleaseState),
    schema="release",
    comment="Releases",
)

PARENT_RUN = Table(
    "parent_run",
    METADATA,
    required("release_id", Integer, "Release", ForeignKey("release.release.release_id")),
    required("run_id", Integer, "Run it was drawn from", ForeignKey("production.run.run_id")),
    required("name", Text, "Name that the run had then: what hashes and ties know of it"),
    PrimaryKeyConstraint("release_id", "run_id"),
    schema="release",
    comment="Runs that a release was drawn from",
)


class PatchAction(StrEnum):
    """What people do to rows of a release against its rules."""

    DELETE = "delete"
    RESTORE = "restore"
    REPLACE = "replace"


class PatchedProduct(StrEnum):
    """Which catalogue a patch changes."""

    POINTS = "psc"
    EXTENDED = "xsc"


PATCH = Table(
    "patch", METADATA,
    required("release_id", Integer, "Release", ForeignKey("release.release.release_id")),
    required("number", Integer, "Order in the patch file, from 1"),
    required("action", Text, "delete, restore or replace"),
    required("product", Text, "psc or xsc: what the keys are of", server_default="psc"),
    required("run_id", Integer, "Run of the rows", ForeignKey("production.run.run_id")),
    optional("removed_src_id", BigInteger, "src_id, or ext_id of xsc, that is taken out; null for a restoration"),
    optional("restored_src_id", BigInteger, "src_id, or ext_id of xsc, that is put back; null for a deletion"),
    required("reason", Text, "Why"),
    required("person", Text, "Who says so"),
    PrimaryKeyConstraint("release_id", "number"),
    UniqueConstraint("release_id", "run_id", "product", "removed_src_id"),
    UniqueConstraint("release_id", "run_id", "product", "restored_src_id"),
    one_of("action", PatchAction),
    one_of("product", PatchedProduct),
    CheckConstraint("(removed_src_id IS NOT NULL) = (action IN ('delete', 'replace'))", name="removed_by_action"),
    CheckConstraint("(restored_src_id IS NOT NULL) = (action IN ('restore', 'replace'))", name="restored_by_action"),
    CheckConstraint("length(trim(reason)) > 0", name="reason_given"),
    schema="release", comment="What people changed in releases against their rules, row by row",
)  # fmt: skip

STATEMENT = Table(
    "statement",
    METADATA,
    required("release_id", Integer, "Release", ForeignKey("release.release.release_id")),
    required("position", SmallInteger, "Order of execution"),
    required("file", Text, "File below sql/release/"),
    required("sha256", CHAR(64), "SHA-256 of the file"),
    required("rows", BigInteger, "Rows it touched"),
    PrimaryKeyConstraint("release_id", "position"),
    schema="release",
    comment="The SQL that made a release, file by file",
)

SOLUTION = Table(
    "solution",
    METADATA,
    required("release_id", Integer, "Release", ForeignKey("release.release.release_id")),
    required("run_id", Integer, "Run", ForeignKey("production.run.run_id")),
    required("night_id", Integer, "Night with a selected scan", ForeignKey("survey.night.night_id")),
    required(
        "solution_id", Integer, "Solution of its magnitudes", ForeignKey("calibration.solution.solution_id")
    ),
    required("content_hash", CHAR(64), "SHA-256 over the zero points and flats of the solution"),
    PrimaryKeyConstraint("release_id", "run_id", "night_id"),
    schema="release",
    comment="Photometric solutions that a release's magnitudes were made by; nights without one are nominal",
)

SCAN = Table(
    "scan",
    METADATA,
    required("release_id", Integer, "Release", ForeignKey("release.release.release_id")),
    required("run_id", Integer, "Run", ForeignKey("production.run.run_id")),
    required("scan_key", Integer, "Scan", ForeignKey("survey.scan.scan_key")),
    optional("tile", Integer, "Tile; null where the scan belongs to none"),
    required("attempt_id", BigInteger, "Accepted attempt", ForeignKey("production.attempt.attempt_id")),
    required("selected", Boolean, "Whether its sources are candidates"),
    required("rank", SmallInteger, "Rank among the scans of the tile, 1 is best"),
    required("reason", Text, "Why it is in or out"),
    PrimaryKeyConstraint("release_id", "run_id", "scan_key"),
    schema="release",
    comment="Scans considered by a release, one selected a tile",
)

PSC = Table(
    "psc",
    METADATA,
    required("release_id", Integer, "Release"),
    required("run_id", Integer, "Run of the extraction"),
    required("src_id", BigInteger, "Extraction in wsdb.point_measurement"),
    *(registered(column.released) for column in PUBLISHED_PSC),
    PrimaryKeyConstraint("release_id", "pts_key"),
    schema="release",
    comment="Point Source Catalogue: the 60 published columns and the way back to the extraction",
    postgresql_partition_by="LIST (release_id)",
)

XSC = Table(
    "xsc",
    METADATA,
    required("release_id", Integer, "Release"),
    required("run_id", Integer, "Run of the extraction"),
    *(registered(column.released) for column in PUBLISHED_XSC),
    PrimaryKeyConstraint("release_id", "ext_key"),
    schema="release",
    comment="Extended Source Catalogue (first set of columns)",
    postgresql_partition_by="LIST (release_id)",
)

ATLAS = Table(
    "atlas",
    METADATA,
    required("release_id", Integer, "Release"),
    # No foreign key: a later reprocessing may replace the working row, the released one stays.
    required("run_id", Integer, "Run of the image"),
    required("coadd_key", BigInteger, "Key of the triple"),
    required("scan_key", Integer, "Scan"),
    required("band", CHAR(1), "j, h or k"),
    required("number", SmallInteger, "Image number in the scan"),
    required("ra", Double, "Right ascension of the centre, ICRS degrees"),
    required("decl", Double, "Declination of the centre, ICRS degrees"),
    required("footprint", SPolygonType(), "Area of the image"),
    required("url", Text, "FITS file: name in the store, or path of an ingested image"),
    required("sha256", CHAR(64), "SHA-256 of the file"),
    required(
        "zero_point_mag", REAL, "Magnitude of 1 DN, calibrated; the header of the file has the nominal one"
    ),
    optional("zero_point_error_mag", REAL, "Its error; null where unknown"),
    PrimaryKeyConstraint("release_id", "coadd_key", "band"),
    schema="release",
    comment="Atlas images of a release",
    postgresql_partition_by="LIST (release_id)",
)

STAMP = Table(
    "stamp", METADATA,
    required("release_id", Integer, "Release"),
    required("run_id", Integer, "Run of the extended source"),
    *(registered(column) for column in PUBLISHED_STAMP if column.length or column.kind is not Kind.CHAR),
    required("bands", Text, "Bands that it has: jhk, or fewer"),
    required("url", Text, "FITS file with a plane a band: name in the store"),
    PrimaryKeyConstraint("release_id", "ext_key"),
    schema="release", comment="Postage stamps of the extended sources of a release",
    postgresql_partition_by="LIST (release_id)",
)  # fmt: skip

SCAN_INFORMATION = Table(
    "scn", METADATA,
    required("release_id", Integer, "Release"),
    required("run_id", Integer, "Run of the scan"),
    *(registered(column) for column in PUBLISHED_SCAN),
    PrimaryKeyConstraint("release_id", "scan_key"),
    schema="release", comment="Scan Information Table: the scans that a release chose",
    postgresql_partition_by="LIST (release_id)",
)  # fmt: skip

IMAGE_INFORMATION = Table(
    "img", METADATA,
    required("release_id", Integer, "Release"),
    required("run_id", Integer, "Run of the images"),
    *(registered(column) for column in PUBLISHED_IMAGE),
    PrimaryKeyConstraint("release_id", "coadd_key"),
    schema="release", comment="Atlas Image Information Table: the image triples of a release",
    postgresql_partition_by="LIST (release_id)",
)  # fmt: skip

PROPERTY_MAP = Table(
    "property_map", METADATA,
    required("release_id", Integer, "Release"),
    required("run_id", Integer, "Run of the scan whose rows are released at the centre of the cell"),
    *(registered(column) for column in PUBLISHED_MAP),
    PrimaryKeyConstraint("release_id", "pixel"),
    schema="release", comment="Property maps: coverage, depth, seeing and zero point by HEALPix cell",
    postgresql_partition_by="LIST (release_id)",
)  # fmt: skip

MAP_OVERVIEW = Table(
    "map_overview", METADATA,
    required("release_id", Integer, "Release", ForeignKey("release.release.release_id")),
    required("cell", Integer, "HEALPix cell, nested, of order 5"),
    *(
        column
        for band in BANDS
        for column in (
            required(f"{band}_frac", REAL, f"{band.label} share of the cell that is covered"),
            optional(f"{band}_depth", REAL, f"{band.label} mean depth by area [mag]; null where none is known"),
        )
    ),
    PrimaryKeyConstraint("release_id", "cell"),
    schema="release", comment="Property maps of releases in cells of 1.8 degrees, for pictures of the whole sky",
)  # fmt: skip

VERDICT = Table(
    "verdict",
    METADATA,
    required("release_id", Integer, "Release"),
    required("run_id", Integer, "Run"),
    required("src_id", BigInteger, "Extraction in wsdb.point_measurement"),
    required("released", Boolean, "Whether the row is in release.psc"),
    required("reason", Text, "First rule that kept it out, or 'released'"),
    optional("winner_run_id", Integer, "Run of the apparition chosen instead; null unless a duplicate"),
    optional("winner_src_id", BigInteger, "Apparition chosen instead; null unless a duplicate"),
    *_masks(),
    PrimaryKeyConstraint("release_id", "run_id", "src_id"),
    schema="release",
    comment="Why every extraction of the parent runs is in or out",
    postgresql_partition_by="LIST (release_id)",
)

EXTENDED_VERDICT = Table(
    "extended_verdict", METADATA,
    required("release_id", Integer, "Release"),
    required("run_id", Integer, "Run"),
    required("ext_id", BigInteger, "Extraction in wsdb.extended_measurement"),
    required("released", Boolean, "Whether the row is in release.xsc"),
    required("reason", Text, "First rule that kept it out, or 'released'"),
    optional("winner_run_id", Integer, "Run of the apparition chosen instead; null unless a duplicate"),
    optional("winner_ext_id", BigInteger, "Apparition chosen instead; null unless a duplicate"),
    *_masks(),
    PrimaryKeyConstraint("release_id", "run_id", "ext_id"),
    schema="release", comment="Why every extended extraction of the parent runs is in or out",
    postgresql_partition_by="LIST (release_id)",
)  # fmt: skip

MANIFEST = Table(
    "manifest", METADATA,
    required("release_id", Integer, "Release", ForeignKey("release.release.release_id")),
    required("product", Text, "psc, xsc, atlas, stamp, scn, img, mp_mch or property_map"),
    required("partition", Text, "Part of the sky: HEALPix order 1 nested, or all"),
    required("rows", BigInteger, "Row count"),
    required("sha256", CHAR(64), "SHA-256 over the rows in key order"),
    PrimaryKeyConstraint("release_id", "product", "partition"),
    schema="release", comment="Row counts and content hashes",
)  # fmt: skip
