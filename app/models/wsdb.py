"""Schema wsdb: the Working Source Database.

`point_measurement` and `extended_measurement` are partitioned by LIST (run_id), each run by RANGE of its key into zones
(`sql/schema/hand/10_partitions.sql` makes them). The leaves carry the primary key, the parents none, which saves 15
bytes a row against a key that repeats the partition column (postgres notes 3.4).
"""

from __future__ import annotations

from sqlalchemy import (
    CHAR,
    REAL,
    BigInteger,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import INT8MULTIRANGE

from app.columns import EXTENDED_SOURCE, POINT_SOURCE
from app.db.pgsphere import SPolygonType
from app.models.base import METADATA, one_of, optional, registered, required


def _attempt_key() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["attempt_id", "run_id", "scan_key"],
        ["production.attempt.attempt_id", "production.attempt.run_id", "production.attempt.scan_key"],
    )


POINT_SOURCE_TABLE = Table(
    "point_measurement",
    METADATA,
    *(registered(column) for column in POINT_SOURCE),
    _attempt_key(),
    schema="wsdb",
    comment="One row per merged point-source extraction of every run",
    postgresql_partition_by="LIST (run_id)",
)

EXTENDED_SOURCE_TABLE = Table(
    "extended_measurement",
    METADATA,
    *(registered(column) for column in EXTENDED_SOURCE),
    _attempt_key(),
    schema="wsdb",
    comment="One row per extended-source extraction of every run (first set of columns)",
    postgresql_partition_by="LIST (run_id)",
)

ATLAS_IMAGE = Table(
    "atlas_measurement", METADATA,
    required("image_id", BigInteger, "Key", Identity(always=True), primary_key=True),
    required("coadd_key", BigInteger, "scan_key * 1024 + number: the same for the three bands"),
    required("run_id", Integer, "Run", ForeignKey("production.run.run_id")),
    required("attempt_id", BigInteger, "Attempt that made or measured it"),
    required("scan_key", Integer, "Scan", ForeignKey("survey.scan.scan_key")),
    required("band", CHAR(1), "j, h or k"),
    required("number", SmallInteger, "Image number in the scan"),
    required("ra", Double, "Right ascension of the centre, ICRS degrees"),
    required("decl", Double, "Declination of the centre, ICRS degrees"),
    required("footprint", SPolygonType(), "Area of the image"),
    required("width_pix", SmallInteger, "Columns"),
    required("height_pix", SmallInteger, "Rows"),
    required("url", Text, "FITS file: name in the store, or path of an ingested image"),
    required("sha256", CHAR(64), "SHA-256 of the file"),
    required("zero_point_mag", REAL, "Magnitude of 1 DN"),
    optional("zero_point_error_mag", REAL, "Its error; null where unknown"),
    optional("seeing_shape", REAL, "Seeing shape; null where not measured"),
    optional("sky_dn", REAL, "Median background; null where the image is empty"),
    optional("sky_sigma_dn", REAL, "Background noise per pixel; null where the image is empty"),
    optional("raw_file_id", BigInteger, "Ingested file, where the image was not made here; else null",
             ForeignKey("survey.raw_file.raw_file_id")),
    _attempt_key(),
    UniqueConstraint("run_id", "scan_key", "number", "band"),
    one_of("band", ("j", "h", "k")),
    Index("ix_atlas_measurement_footprint", "footprint", postgresql_using="gist"),
    Index("ix_atlas_measurement_attempt_id", "attempt_id"),
    schema="wsdb", comment="Atlas images that a run made, or measured where they were its input",
)  # fmt: skip

POSTAGE_STAMP = Table(
    "postage_stamp", METADATA,
    required("stamp_id", BigInteger, "Key", Identity(always=True), primary_key=True),
    required("ext_id", BigInteger, "Extended source of the same run"),
    required("coadd_key", BigInteger, "Atlas image triple that it was cut from"),
    required("run_id", Integer, "Run", ForeignKey("production.run.run_id")),
    required("attempt_id", BigInteger, "Attempt that made it"),
    required("scan_key", Integer, "Scan", ForeignKey("survey.scan.scan_key")),
    required("ra", Double, "Right ascension of its middle, ICRS degrees"),
    required("decl", Double, "Declination of its middle, ICRS degrees"),
    required("side_pix", SmallInteger, "Columns and rows"),
    required("bands", Text, "Bands that it has: jhk, or fewer"),
    required("url", Text, "FITS file with a plane a band: name in the store"),
    required("sha256", CHAR(64), "SHA-256 of the file"),
    _attempt_key(),
    UniqueConstraint("run_id", "ext_id"),
    Index("ix_postage_stamp_attempt_id", "attempt_id"),
    schema="wsdb", comment="Postage stamps of extended sources, cut from the Atlas images of their scan",
)  # fmt: skip

SCAN_COVERAGE = Table(
    "scan_coverage", METADATA,
    required("attempt_id", BigInteger, "Attempt whose images it is of", primary_key=True, autoincrement=False),
    required("run_id", Integer, "Run", ForeignKey("production.run.run_id")),
    required("scan_key", Integer, "Scan", ForeignKey("survey.scan.scan_key")),
    required("band", CHAR(1), "j, h or k; - for what all bands of the scan cover: edges count from there",
             primary_key=True),
    required("footprint", SPolygonType(), "Great circles through the corners; gaps within do not show"),
    *(
        required(f"{axis}_{corner}", Double, f"{axis} of the {place} corner in the registered solution, ICRS degrees")
        for corner, place in ((1, "south-eastern"), (2, "south-western"), (3, "north-eastern"), (4, "north-western"))
        for axis in ("ra", "dec")
    ),
    required("coverage", INT8MULTIRANGE, "HEALPix cells with data, as ranges of nested cells of order 29"),
    required("coverage_order", SmallInteger, "HEALPix order of the cells that were found covered"),
    _attempt_key(),
    UniqueConstraint("run_id", "scan_key", "band"),
    one_of("band", ("j", "h", "k", "-")),
    Index("ix_scan_coverage_footprint", "footprint", postgresql_using="gist", postgresql_where=text("band = '-'")),
    schema="wsdb", comment="Where the scans of a run looked, by their images: a row a band and one for all bands",
)  # fmt: skip
