"""Schema quality: metrics and grades."""

from __future__ import annotations

from sqlalchemy import (
    CHAR,
    BigInteger,
    CheckConstraint,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
)

from app.models.base import METADATA, Json, Moment, required

METRIC = Table(
    "metric",
    METADATA,
    required(
        "attempt_id", BigInteger, "Attempt that measured it", ForeignKey("production.attempt.attempt_id")
    ),
    required("name", Text, "Name, unit included"),
    required("band", CHAR(1), "j, h, k, or - for the scan as a whole"),
    required("value", Double, "Value"),
    PrimaryKeyConstraint("attempt_id", "name", "band"),
    CheckConstraint("band IN ('j', 'h', 'k', '-')", name="band_known"),
    schema="quality",
    comment="What a reduction measured of itself, one number a row",
)

SCAN_DIAGNOSTICS = Table(
    "scan_diagnostics", METADATA,
    required("attempt_id", BigInteger, "Attempt that measured them"),
    required("run_id", Integer, "Run", ForeignKey("production.run.run_id")),
    required("scan_key", Integer, "Scan", ForeignKey("survey.scan.scan_key")),
    required("url", Text, "Content-named file in the store"),
    required("sha256", CHAR(64), "SHA-256 of the file"),
    PrimaryKeyConstraint("attempt_id"),
    ForeignKeyConstraint(
        ["attempt_id", "run_id", "scan_key"],
        ["production.attempt.attempt_id", "production.attempt.run_id", "production.attempt.scan_key"],
    ),
    UniqueConstraint("run_id", "scan_key"),
    schema="quality", comment="Files with frame, star and residual diagnostics of scans of raw frames",
)  # fmt: skip

GRADE = Table(
    "grade", METADATA,
    required("grade_id", BigInteger, "Key", Identity(always=True), primary_key=True),
    required("run_id", Integer, "Run", ForeignKey("production.run.run_id")),
    required("scan_key", Integer, "Scan", ForeignKey("survey.scan.scan_key")),
    required("score", SmallInteger, "0 to 10; 10 certainly meets the requirements, 5 is catalogue quality"),
    required("rule_version", Text, "Version of the rules that gave it"),
    required("reasons", Json, "Score and value of each factor"),
    required("graded_at", Moment, "When", server_default=func.now()),
    required("graded_by", Text, "Rule or person"),
    UniqueConstraint("run_id", "scan_key", "rule_version"),
    CheckConstraint("score BETWEEN 0 AND 10", name="score_range"),
    schema="quality", comment="Quality scores of scans",
)  # fmt: skip
