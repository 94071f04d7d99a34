"""Schema calibration: photometric solutions as versions, and which of them each night of a run has adopted.

Rows of the working database are never updated: magnitudes stand on the camera's nominal scale, and a solution turns
them into calibrated ones by a join (`sql/schema/generated/13_calibrated.sql`).
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import (
    CHAR,
    BigInteger,
    Boolean,
    CheckConstraint,
    Double,
    ForeignKey,
    Identity,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    func,
    text,
)

from app.models.base import METADATA, Json, Moment, one_of, optional, required


class SolutionKind(StrEnum):
    """What a solution spans."""

    NIGHT = "night"
    """One night by its own calibration sets."""
    GLOBAL = "global"
    """All nights of a run together, with overlaps."""


class SolutionState(StrEnum):
    """Whether a solution may be adopted."""

    DRAFT = "draft"
    ACCEPTED = "accepted"
    RETIRED = "retired"
    """Something it was made of was recalled; releases that used it keep their link."""


SOLUTION = Table(
    "solution", METADATA,
    required("solution_id", Integer, "Key", Identity(always=True), primary_key=True),
    required("kind", Text, "night or global"),
    required("run_id", Integer, "Run whose rows it calibrates", ForeignKey("production.run.run_id")),
    optional("night_id", Integer, "Night; null for a global solution", ForeignKey("survey.night.night_id")),
    required("attempt_id", BigInteger, "Attempt that made it", ForeignKey("production.attempt.attempt_id")),
    required("parameters", Json, "Parameters of the solution"),
    required("input_hash", CHAR(64), "SHA-256 over standards, measurements and parameters"),
    required("content_hash", CHAR(64), "SHA-256 over the zero points and flats"),
    required("code_version", Text, "Version of mapps"),
    required("code_commit", Text, "Commit of the code"),
    required("facts", Json, "Forms compared, widths measured, held-out scatter, counts"),
    required("state", Text, "draft, accepted or retired"),
    optional("retired_because", Text, "What was recalled; null unless retired"),
    required("created_at", Moment, "When it was made", server_default=func.now()),
    one_of("kind", SolutionKind),
    one_of("state", SolutionState),
    CheckConstraint("(kind = 'night') = (night_id IS NOT NULL)", name="night_of_night"),
    CheckConstraint("(state = 'retired') = (retired_because IS NOT NULL)", name="retired_has_reason"),
    schema="calibration", comment="Photometric solutions: versions of the zero points, never changed, only retired",
)  # fmt: skip

SCAN_ZERO_POINT = Table(
    "scan_zero_point", METADATA,
    required("solution_id", Integer, "Solution", ForeignKey("calibration.solution.solution_id")),
    required("scan_key", Integer, "Scan", ForeignKey("survey.scan.scan_key")),
    required("band", CHAR(1), "j, h or k"),
    required("offset_mag", Double, "To be added to magnitudes on the nominal scale"),
    required("linear_mag", Double, "Times x_scan / 256, to be added: flat across the scan", server_default=text("0")),
    required("quadratic_mag", Double, "Times (x_scan / 256)^2 - 1/3, to be added too", server_default=text("0")),
    required("error_mag", Double, "Error of the offset, 1 sigma"),
    optional("loss_mag", Double, "Light lost against the model of the night; null where no model says it"),
    required("photometric", Boolean, "Whether the scan lies in a photometric span and is clear, in all bands"),
    required("reason", Text, "Why it is photometric, or is not"),
    PrimaryKeyConstraint("solution_id", "scan_key", "band"),
    one_of("band", ("j", "h", "k")),
    schema="calibration", comment="Zero points of scans by solution, with the verdict of each scan",
)  # fmt: skip

SET_USED = Table(
    "set_used", METADATA,
    required("solution_id", Integer, "Solution", ForeignKey("calibration.solution.solution_id")),
    required("night_id", Integer, "Night", ForeignKey("survey.night.night_id")),
    required("number", SmallInteger, "Number of the set in its night, in the order of time, from 1"),
    required("band", CHAR(1), "j, h or k"),
    required("field", Text, "Calibration field"),
    required("scans", SmallInteger, "Scans of the set that were used"),
    required("standards", SmallInteger, "Standard stars measured"),
    required("observed_at", Moment, "Middle of the set, UTC"),
    required("airmass", Double, "Mean airmass"),
    required("offset_mag", Double, "Mean of standard minus measured magnitude"),
    required("error_mag", Double, "Error of the mean, 1 sigma"),
    optional("scatter_mag", Double, "Scatter of the scans of the set; null for a set of one scan"),
    optional("residual_mag", Double, "Offset minus solution; null where the set was of no use"),
    required("weight", Double, "Weight that it kept, 0 to 1"),
    required("accepted", Boolean, "Whether it bounds photometric spans"),
    PrimaryKeyConstraint("solution_id", "night_id", "number", "band"),
    one_of("band", ("j", "h", "k")),
    schema="calibration", comment="Calibration sets that solutions were made of",
)  # fmt: skip

STANDARD_USED = Table(
    "standard_used", METADATA,
    required("solution_id", Integer, "Solution", ForeignKey("calibration.solution.solution_id")),
    required("standard", Text, "Name of the standard star (reference.standard_star)"),
    required("band", CHAR(1), "j, h or k"),
    required("measurements", Integer, "How often it was measured"),
    required("star_hash", CHAR(64), "SHA-256 over the values that it had (reference.standard_star)"),
    PrimaryKeyConstraint("solution_id", "standard", "band"),
    one_of("band", ("j", "h", "k")),
    schema="calibration", comment="Standard stars that solutions were made of",
)  # fmt: skip

ATTEMPT_USED = Table(
    "attempt_used", METADATA,
    required("solution_id", Integer, "Solution", ForeignKey("calibration.solution.solution_id")),
    required("attempt_id", BigInteger, "Attempt whose rows it read", ForeignKey("production.attempt.attempt_id")),
    PrimaryKeyConstraint("solution_id", "attempt_id"),
    schema="calibration", comment="Attempts whose rows solutions were made of",
)  # fmt: skip

OVERLAP_USED = Table(
    "overlap_used", METADATA,
    required("solution_id", Integer, "Solution", ForeignKey("calibration.solution.solution_id")),
    required("scan_a", Integer, "Scan", ForeignKey("survey.scan.scan_key")),
    required("scan_b", Integer, "Scan of a larger key", ForeignKey("survey.scan.scan_key")),
    required("band", CHAR(1), "j, h or k"),
    required("stars", Integer, "Stars measured on both"),
    required("delta_mag", Double, "Median of magnitudes of a minus b, on the nominal scale"),
    required("scatter_mag", Double, "1.4826 times the median absolute deviation"),
    required("x_a", Double, "Mean of x_scan / 256 of the stars on a"),
    required("x2_a", Double, "Mean of its square"),
    required("x_b", Double, "Mean of x_scan / 256 of the stars on b"),
    required("x2_b", Double, "Mean of its square"),
    required("residual_mag", Double, "Delta minus solution"),
    required("weight", Double, "Weight that it kept, 0 to 1"),
    optional("held_out_mag", Double, "Residual of the stars held out; null where there are none"),
    PrimaryKeyConstraint("solution_id", "band", "scan_a", "scan_b"),
    one_of("band", ("j", "h", "k")),
    schema="calibration", comment="Overlaps of scans that global solutions were made of",
)  # fmt: skip

ADOPTION = Table(
    "adoption", METADATA,
    required("run_id", Integer, "Run", ForeignKey("production.run.run_id")),
    required("night_id", Integer, "Night", ForeignKey("survey.night.night_id")),
    required("solution_id", Integer, "Solution its rows are seen by", ForeignKey("calibration.solution.solution_id")),
    required("adopted_at", Moment, "When", server_default=func.now()),
    required("adopted_by", Text, "Person, or the task that made the solution"),
    PrimaryKeyConstraint("run_id", "night_id"),
    schema="calibration", comment="The solution through which the rows of a night of a run are seen",
)  # fmt: skip
