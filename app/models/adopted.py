"""Schema calibration: what each scan of a run has by the two solutions, of light and of places, that its night adopted.

One row a scan, so that a calibrated view joins once (decision 0034). It says nothing that adoptions and solutions do
not say: triggers write it (`sql/schema/hand/16_astrometry.sql`). `calibration.adopted_zero_point` and
`calibration.adopted_place` are views of it, for those who ask for one of both.
"""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Double,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
)

from app.models.base import METADATA, optional, required

_ZERO_POINTS = tuple(
    optional(f"{band}_{name}", Double, f"{label}: {meaning}; null where the solution has none of the band")
    for band, label in (("j", "J"), ("h", "H"), ("k", "Ks"))
    for name, meaning in (
        ("centre_mag", "added to magnitudes at x_scan = 0"),
        ("slope_mag", "times x_scan in arcsec, to be added"),
        ("curvature_mag", "times the square of x_scan in arcsec, to be added too"),
        ("error_mag", "error of the offset"),
    )
)

ADOPTED_SCAN = Table(
    "adopted_scan", METADATA,
    required("run_id", Integer, "Run", ForeignKey("production.run.run_id")),
    required("scan_key", Integer, "Scan", ForeignKey("survey.scan.scan_key")),
    optional("solution_id", Integer, "Photometric solution adopted; null: none has the scan",
             ForeignKey("calibration.solution.solution_id")),
    *_ZERO_POINTS,
    optional("attempt_id", BigInteger, "Attempt whose places the astrometric solution corrects; null: there is none",
             ForeignKey("production.attempt.attempt_id")),
    optional("astrometry_id", Integer, "Astrometric solution adopted",
             ForeignKey("calibration.astrometry.astrometry_id")),
    optional("middle_ra_deg", Double, "As in scan_astrometry"),
    optional("first_deg", Double, "Declination at which the stretch of number 0 has its middle; null if directed. "
             "The first three stretches and the last ones repeat those within the scan"),
    optional("segment_deg", Double, "As in scan_astrometry"),
    *(
        optional(f"{axis}_{part}", ARRAY(Double), f"Offset to the {axis} by stretch: {meaning}; null if directed")
        for axis in ("east", "north")
        for part, meaning in (("deg", "at declination 0, degrees"), ("slope", "by degree of declination, degrees"))
    ),
    optional("ahead", ARRAY(Double), "As in scan_astrometry"),
    optional("to_the_right", ARRAY(Double), "As in scan_astrometry"),
    optional("start_rad", Double, "As in scan_astrometry"),
    optional("segment_rad", Double, "As in scan_astrometry"),
    optional("east_arcsec", ARRAY(Double), "As in scan_astrometry, of a directed scan; else null"),
    optional("north_arcsec", ARRAY(Double), "As in scan_astrometry, of a directed scan; else null"),
    optional("error_arcsec", ARRAY(Double), "Error of one coordinate by stretch; of a directed scan one"),
    PrimaryKeyConstraint("run_id", "scan_key"),
    Index("ix_adopted_scan_attempt_id", "attempt_id", unique=True),
    CheckConstraint("num_nulls(attempt_id, astrometry_id, error_arcsec) IN (0, 3)", name="places_of_an_attempt"),
    CheckConstraint("num_nonnulls(solution_id, astrometry_id) > 0", name="adopted_something"),
    schema="calibration",
    comment="Zero points and offsets of adopted solutions, a row a scan: what the calibrated views join, kept by "
    "triggers. A stretch lies between the middles of two segments, the first and the last go on beyond",
)  # fmt: skip
