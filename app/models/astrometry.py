"""Schema calibration: global astrometric solutions of runs, joined to rows as the photometric ones are."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    CHAR,
    BigInteger,
    CheckConstraint,
    Double,
    ForeignKey,
    Identity,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    func,
)

from app.models.base import METADATA, Json, Moment, required

ASTROMETRY = Table(
    "astrometry", METADATA,
    required("astrometry_id", Integer, "Key", Identity(always=True), primary_key=True),
    required("run_id", Integer, "Run whose places it corrects", ForeignKey("production.run.run_id")),
    required("attempt_id", BigInteger, "Attempt that made it; in force while that is accepted",
             ForeignKey("production.attempt.attempt_id")),
    required("parameters", Json, "Parameters of the solution"),
    required("input_hash", CHAR(64), "SHA-256 over rows of scans, reference catalogue and parameters"),
    required("content_hash", CHAR(64), "SHA-256 over the offsets"),
    required("code_version", Text, "Version of mapps"),
    required("code_commit", Text, "Commit of the code"),
    required("facts", Json, "Counts, scatter of overlaps and of reference stars"),
    required("created_at", Moment, "When it was made", server_default=func.now()),
    schema="calibration", comment="Global astrometric solutions: versions of the offsets of scans, never changed",
)  # fmt: skip

SCAN_ASTROMETRY = Table(
    "scan_astrometry", METADATA,
    required("astrometry_id", Integer, "Solution", ForeignKey("calibration.astrometry.astrometry_id")),
    required("scan_key", Integer, "Scan", ForeignKey("survey.scan.scan_key")),
    required("attempt_id", BigInteger, "Attempt whose rows it corrects, and no others",
             ForeignKey("production.attempt.attempt_id")),
    required("south_deg", Double, "Declination at which the first segment begins"),
    required("segment_deg", Double, "Length of a segment in declination"),
    required("east_arcsec", ARRAY(Double), "To be added to the east at the middles of segments, from the south"),
    required("north_arcsec", ARRAY(Double), "To be added to the north"),
    required("error_arcsec", ARRAY(Double), "Error of one coordinate of an offset, 1 sigma"),
    required("reference_stars", Integer, "Reference stars measured on the scan"),
    required("segment_overlaps", Integer, "Overlaps of its segments with other scans"),
    PrimaryKeyConstraint("astrometry_id", "scan_key"),
    CheckConstraint("segment_deg > 0", name="segment_has_length"),
    CheckConstraint("cardinality(east_arcsec) = cardinality(north_arcsec)", name="both_coordinates"),
    schema="calibration", comment="Offsets of the segments of scans by astrometric solution",
)  # fmt: skip

RELEASE_ASTROMETRY = Table(
    "astrometry", METADATA,
    required("release_id", Integer, "Release", ForeignKey("release.release.release_id")),
    required("run_id", Integer, "Run", ForeignKey("production.run.run_id")),
    required("astrometry_id", Integer, "Solution of its places", ForeignKey("calibration.astrometry.astrometry_id")),
    required("content_hash", CHAR(64), "SHA-256 over its offsets"),
    PrimaryKeyConstraint("release_id", "run_id"),
    schema="release", comment="Astrometric solutions of a release's places; runs without one have them as registered",
)  # fmt: skip
