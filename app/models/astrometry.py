"""Schema calibration: global astrometric solutions of runs, and which of them each night of a run has adopted.

Measured places are never updated: a solution corrects them by a join, as the photometric ones do magnitudes. Offsets
are to the east and north along declination. Beyond 60 degrees these turn within a scan by more than a milliarcsecond of
an offset, at a pole they mean nothing, and right ascension 0 is the end of its numbers: there scans are directed, their
offsets are to the right and ahead along the direction of the scan (`workers/steps/scan_lines.py`). What lies beside the
middle line of a scan follows: an offset that changes by d along it is -i d further on as far to the east.
"""

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

from app.models.base import METADATA, Json, Moment, optional, required

ASTROMETRY = Table(
    "astrometry", METADATA,
    required("astrometry_id", Integer, "Key", Identity(always=True), primary_key=True),
    required("run_id", Integer, "Run whose places it corrects", ForeignKey("production.run.run_id")),
    required("attempt_id", BigInteger, "Attempt that made it", ForeignKey("production.attempt.attempt_id")),
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
    optional("middle_ra_deg", Double, "Right ascension of the middle of the scan; null of a directed scan"),
    optional("south_deg", Double, "Declination at which the first segment begins; null of a directed scan"),
    optional("segment_deg", Double, "Length of a segment in declination; null of a directed scan"),
    optional("ahead", ARRAY(Double), "Of a directed scan its direction as a unit vector: "
             "a place along it is the product with the direction of a star; else null"),
    optional("to_the_right", ARRAY(Double), "Of a directed scan the direction to its right, as a unit vector"),
    optional("start_rad", Double, "Place along a directed scan at which the first segment begins"),
    optional("segment_rad", Double, "Length of a segment of a directed scan"),
    required("east_arcsec", ARRAY(Double), "To be added to the east, of a directed scan to the right, by segment"),
    required("north_arcsec", ARRAY(Double), "To be added to the north, of a directed scan ahead"),
    required("error_arcsec", ARRAY(Double), "Error of one coordinate of an offset, 1 sigma"),
    required("reference_stars", Integer, "Reference stars measured on the scan"),
    required("segment_overlaps", Integer, "Overlaps of its segments with other scans"),
    PrimaryKeyConstraint("astrometry_id", "scan_key"),
    CheckConstraint("segment_deg > 0 OR segment_rad > 0", name="segment_has_length"),
    CheckConstraint("num_nulls(middle_ra_deg, south_deg, segment_deg) IN (0, 3)", name="by_declination"),
    CheckConstraint("num_nulls(ahead, to_the_right, start_rad, segment_rad) IN (0, 4)", name="by_direction"),
    CheckConstraint("(south_deg IS NULL) = (ahead IS NOT NULL)", name="one_of_both"),
    CheckConstraint("cardinality(east_arcsec) = cardinality(error_arcsec)", name="east_of_each"),
    CheckConstraint("cardinality(north_arcsec) = cardinality(error_arcsec)", name="north_of_each"),
    CheckConstraint("cardinality(error_arcsec) > 1", name="two_segments"),
    # Searches by registered places look this much farther (sql/schema/hand/16_astrometry.sql).
    CheckConstraint("2 >= ALL (east_arcsec || north_arcsec) AND -2 <= ALL (east_arcsec || north_arcsec)",
                    name="small_offsets"),
    schema="calibration", comment="Offsets of the segments of scans by astrometric solution",
)  # fmt: skip

ASTROMETRY_ADOPTION = Table(
    "astrometry_adoption", METADATA,
    required("run_id", Integer, "Run", ForeignKey("production.run.run_id")),
    required("night_id", Integer, "Night", ForeignKey("survey.night.night_id")),
    required("astrometry_id", Integer, "Solution its places are seen by",
             ForeignKey("calibration.astrometry.astrometry_id")),
    required("adopted_at", Moment, "When", server_default=func.now()),
    required("adopted_by", Text, "Person, or the task that made the solution"),
    PrimaryKeyConstraint("run_id", "night_id"),
    schema="calibration", comment="The astrometric solution through which the places of a night of a run are seen",
)  # fmt: skip

RELEASE_ASTROMETRY = Table(
    "astrometry", METADATA,
    required("release_id", Integer, "Release", ForeignKey("release.release.release_id")),
    required("run_id", Integer, "Run", ForeignKey("production.run.run_id")),
    required("night_id", Integer, "Night", ForeignKey("survey.night.night_id")),
    required("astrometry_id", Integer, "Solution of its places", ForeignKey("calibration.astrometry.astrometry_id")),
    required("content_hash", CHAR(64), "SHA-256 over its offsets"),
    PrimaryKeyConstraint("release_id", "run_id", "night_id"),
    schema="release", comment="Astrometric solutions of a release's places; nights without one have them as registered",
)  # fmt: skip
