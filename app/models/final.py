"""Schema production, what a final run is made of: named inputs with their content, and the scans that were selected."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import (
    CHAR,
    BigInteger,
    Boolean,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    func,
)

from app.models.base import METADATA, Moment, one_of, optional, required


class FinalInputKind(StrEnum):
    """What a final run names before anything is queued."""

    PARENT = "parent"
    """A preliminary run that scans were selected from."""
    PIPELINE = "pipeline"
    RULE_SET = "rule_set"
    SOLUTION = "solution"
    """Global photometric solution that a parent's nights have adopted: by its verdicts scans are photometric."""
    ASTROMETRY = "astrometry"
    """Global astrometric solution that a parent's nights have adopted: by its places overlaps and names were judged."""
    REFERENCE = "reference"
    CALIBRATION = "calibration"
    """Library of a hardware block: point-spread functions and wells that its scans in a parent have shown."""


FINAL_RUN = Table(
    "final_run", METADATA,
    required("run_id", Integer, "Final run", ForeignKey("production.run.run_id"), primary_key=True,
             autoincrement=False),
    required("condition", Text, "Condition that selected its scans, in one spelling"),
    required("selected_at", Moment, "When", server_default=func.now()),
    required("selected_by", Text, "Who"),
    schema="production", comment="Final runs and the condition by which their scans were selected; never changed",
)  # fmt: skip

FINAL_INPUT = Table(
    "final_input", METADATA,
    required("run_id", Integer, "Final run", ForeignKey("production.final_run.run_id")),
    required("kind", Text, "parent, pipeline, rule_set, solution, astrometry, reference or calibration"),
    required("name", Text, "Name among its kind: run, version, catalogue, block"),
    required("input_key", BigInteger, "Key of run, pipeline, solution, astrometry, catalogue or product; 0 of rules"),
    required("content_hash", CHAR(64), "SHA-256 over its content; of a parent that of its pipeline"),
    PrimaryKeyConstraint("run_id", "kind", "name"),
    one_of("kind", FinalInputKind),
    schema="production", comment="Inputs of final runs by name, with their content hashes; never changed",
)  # fmt: skip

FINAL_SCAN = Table(
    "final_scan", METADATA,
    required("run_id", Integer, "Final run", ForeignKey("production.final_run.run_id")),
    required("scan_key", Integer, "Scan that is reduced", ForeignKey("survey.scan.scan_key")),
    required("parent_run_id", Integer, "Preliminary run that it was selected in",
             ForeignKey("production.run.run_id")),
    required("attempt_id", BigInteger, "Attempt that was accepted there",
             ForeignKey("production.attempt.attempt_id")),
    optional("score", SmallInteger, "Grade that it had there; null for none"),
    optional("photometric", Boolean, "Verdict that it had there; null where no solution has it"),
    PrimaryKeyConstraint("run_id", "scan_key"),
    Index("ix_final_scan_scan_key", "scan_key"),
    schema="production", comment="Scans that final runs reduce, with what selected them; never changed",
)  # fmt: skip
