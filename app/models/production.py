"""Schema production: who does what, exactly once."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import (
    CHAR,
    BigInteger,
    Boolean,
    CheckConstraint,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Sequence,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)

from app.models.base import METADATA, Json, Moment, one_of, optional, required


class RunKind(StrEnum):
    """Preliminary runs may follow the code; final runs are frozen."""

    PRELIMINARY = "preliminary"
    FINAL = "final"


class RunState(StrEnum):
    """Whether workers may claim from a run."""

    OPEN = "open"
    HELD = "held"
    CLOSED = "closed"


class Scope(StrEnum):
    """What a task is of, from the smallest to the largest; which kinds there are says `app/production/plan.py`."""

    SCAN = "scan"
    NIGHT = "night"
    BLOCK = "block"
    """A camera's stable period: nights between two changes of its hardware."""
    CELL = "cell"
    """A part of the sky of a release, in a run that draws it."""
    RUN = "run"


class TaskState(StrEnum):
    """States of a task; `app/production/states.py` holds the transitions."""

    WAITING = "waiting"
    READY = "ready"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    DEAD = "dead"
    HELD = "held"


class Outcome(StrEnum):
    """How an attempt ended."""

    DONE = "done"
    FAILED = "failed"
    LOST = "lost"
    GIVEN_BACK = "given_back"


class InputKind(StrEnum):
    """Kinds of input that an attempt records; the view production.attempt_input has these and no others."""

    RAW_FILE = "raw_file"
    CALIBRATION = "calibration"
    REFERENCE = "reference"
    """Stars of a reference catalogue."""
    ATTEMPT = "attempt"
    """Rows that another attempt published."""
    PIPELINE = "pipeline"
    """Code version and parameters of the run at the time of the claim."""


class Family(StrEnum):
    """Families of failure: whether trying again can help."""

    TRANSIENT = "transient"
    INPUT = "input"
    BUG = "bug"


TOKEN = Sequence("token", schema="production", metadata=METADATA)
"""Only ever grows, so a revived worker can never hold the newest token (fencing)."""

PIPELINE = Table(
    "pipeline",
    METADATA,
    required("pipeline_id", Integer, "Key", Identity(always=True), primary_key=True),
    required("code_version", Text, "Version of the code"),
    required("code_commit", Text, "Commit of the code; 'unknown' outside a checkout"),
    required("parameters", Json, "Parameter set of the reduction"),
    required("parameters_hash", CHAR(64), "SHA-256 of the canonical parameters"),
    required("pipeline_hash", CHAR(64), "SHA-256 of code version, commit and parameters"),
    required("created_at", Moment, "When it was registered", server_default=func.now()),
    optional("frozen_at", Moment, "When it was frozen; null while it may follow the code"),
    UniqueConstraint("pipeline_hash"),
    schema="production",
    comment="Code version and parameter set, hashed",
)

RUN = Table(
    "run",
    METADATA,
    required("run_id", Integer, "Key", Identity(always=True), primary_key=True),
    required("name", Text, "Name given by the operator"),
    required("kind", Text, "preliminary or final"),
    required("state", Text, "open, held or closed", server_default=RunState.OPEN.value),
    optional("reason", Text, "Why it is held; null otherwise"),
    required("pipeline_id", Integer, "Pipeline", ForeignKey("production.pipeline.pipeline_id")),
    required(
        "zones", SmallInteger, "Number of src_id ranges of the run's source partition", server_default="1"
    ),
    required("created_at", Moment, "When", server_default=func.now()),
    required("created_by", Text, "Who"),
    optional("sealed_at", Moment, "When positional indexes were built; null while loading"),
    optional(
        "release_id",
        Integer,
        "Release whose sky it draws as tiles; null of runs that reduce scans",
        ForeignKey("release.release.release_id"),
    ),
    UniqueConstraint("name"),
    UniqueConstraint("release_id"),
    one_of("kind", RunKind),
    one_of("state", RunState),
    CheckConstraint("zones IN (1, 12, 48, 192)", name="zones_are_healpix"),
    schema="production",
    comment="A named processing of a selection of scans with one pipeline",
)

TASK_KIND = Table(
    "task_kind", METADATA,
    required("kind", Text, "Name of the kind", primary_key=True),
    required("scope", Text, "What its tasks are of: scan, night, block, cell or run"),
    required("position", SmallInteger, "Place in the plan: a kind waits for earlier ones only, and locks follow it"),
    UniqueConstraint("kind", "scope"),
    one_of("scope", Scope),
    schema="production",
    comment="Kinds of task, from the plan of the code (app/production/plan.py) that queued them last",
)  # fmt: skip

TASK = Table(
    "task",
    METADATA,
    required("task_id", BigInteger, "Key", Identity(always=True), primary_key=True),
    required("run_id", Integer, "Run", ForeignKey("production.run.run_id")),
    required("kind", Text, "What is done"),
    required("scope", Text, "What the task is of: scan, night, block, cell or run"),
    optional(
        "night_id", Integer, "Night; null for tasks of larger scope", ForeignKey("survey.night.night_id")
    ),
    optional("scan_key", Integer, "Scan; null for tasks of larger scope", ForeignKey("survey.scan.scan_key")),
    optional("block", Text, "Hardware block; null for tasks of another scope"),
    optional("cell", Integer, "HEALPix cell of order 3, nested; null for tasks of another scope"),
    required("state", Text, "waiting, ready, running, done, failed, dead or held"),
    required("priority", SmallInteger, "Higher is claimed earlier", server_default="0"),
    required("not_before", Moment, "Earliest claim (backoff)", server_default=func.now()),
    required("max_attempts", SmallInteger, "Lost or transient attempts before the task is dead"),
    required(
        "attempts_forgiven",
        SmallInteger,
        "Attempts made before the operator's last retry",
        server_default="0",
    ),
    optional("reason", Text, "Why it is held, failed or dead; null otherwise"),
    required("queued_at", Moment, "When it was queued", server_default=func.now()),
    required("changed_at", Moment, "When its state last changed", server_default=func.now()),
    UniqueConstraint(
        "run_id", "kind", "night_id", "scan_key", "block", "cell", postgresql_nulls_not_distinct=True
    ),
    UniqueConstraint("task_id", "run_id"),
    ForeignKeyConstraint(["kind", "scope"], ["production.task_kind.kind", "production.task_kind.scope"]),
    one_of("state", TaskState),
    # The kind has one of the scopes by its foreign key.
    CheckConstraint("(scope = 'scan') = (scan_key IS NOT NULL)", name="scan_by_scope"),
    CheckConstraint("(scope IN ('scan', 'night')) = (night_id IS NOT NULL)", name="night_by_scope"),
    CheckConstraint("(scope = 'block') = (block IS NOT NULL)", name="block_by_scope"),
    CheckConstraint("(scope = 'cell') = (cell IS NOT NULL)", name="cell_by_scope"),
    Index("ix_task_ready", text("priority DESC"), "task_id", postgresql_where=text("state = 'ready'")),
    Index("ix_task_run_state", "run_id", "state"),
    schema="production",
    comment="One unit of work of a run",
    # Claims and closes rewrite rows: room for HOT updates, and vacuum before dead index entries slow the claim
    # (0.15 -> 2.7 ms after 18,000 dead tuples when measured).
    postgresql_with={
        "fillfactor": "70",
        "autovacuum_vacuum_scale_factor": "0",
        "autovacuum_vacuum_threshold": "1000",
    },
)

TASK_DEPENDENCY = Table(
    "task_dependency",
    METADATA,
    required(
        "task_id", BigInteger, "Task that waits", ForeignKey("production.task.task_id", ondelete="CASCADE")
    ),
    required(
        "upstream_task_id",
        BigInteger,
        "Task that must be done first",
        ForeignKey("production.task.task_id", ondelete="CASCADE"),
    ),
    PrimaryKeyConstraint("task_id", "upstream_task_id"),
    Index("ix_task_dependency_upstream_task_id", "upstream_task_id"),
    schema="production",
    comment="What waits for what",
)

ATTEMPT = Table(
    "attempt",
    METADATA,
    required("attempt_id", BigInteger, "Key", Identity(always=True), primary_key=True),
    required("task_id", BigInteger, "Task"),
    required("run_id", Integer, "Run of the task"),
    optional(
        "scan_key",
        Integer,
        "Scan of the task; null for tasks of larger scope",
        ForeignKey("survey.scan.scan_key"),
    ),
    required(
        "token",
        BigInteger,
        "Fencing token: compared by every renewal and by the publication",
        server_default=TOKEN.next_value(),
    ),
    optional(
        "pipeline_id",
        Integer,
        "Pipeline whose parameters it works with; null of rows made by hand",
        ForeignKey("production.pipeline.pipeline_id"),
    ),
    required("worker", Text, "Name of the worker"),
    required("host", Text, "Host of the worker"),
    required("process_id", Integer, "Process of the worker"),
    required("code_version", Text, "Code version that ran"),
    required("code_commit", Text, "Commit that ran"),
    required("started_at", Moment, "When it was claimed", server_default=func.now()),
    required("renewed_at", Moment, "Last sign of life", server_default=func.now()),
    required("expires_at", Moment, "End of the lease"),
    optional("ended_at", Moment, "When it ended; null while running"),
    optional("outcome", Text, "done, failed, lost or given_back; null while running"),
    required("accepted", Boolean, "Whether its rows are the ones of the task", server_default=text("false")),
    optional("family", Text, "transient, input or bug; null unless failed or given back"),
    optional(
        "error_code", Text, "Stable error code; null unless failed, lost or given back for want of a store"
    ),
    optional("error_text", Text, "What went wrong; null where there is no error code"),
    optional(
        "input_hash", CHAR(64), "SHA-256 over files, calibrations, stars and pipeline; null until known"
    ),
    optional("output_hash", CHAR(64), "SHA-256 over the rows and files written; null unless done"),
    optional("hash_version", SmallInteger, "Columns that output_hash is made of: version; null unless done"),
    optional("point_rows", Integer, "Point-source rows written; null unless done"),
    optional("extended_rows", Integer, "Extended-source rows written; null unless done"),
    optional("cpu_seconds", Double, "CPU time; null where the worker died"),
    optional("wall_seconds", Double, "Wall time; null where the worker died"),
    optional("peak_memory_bytes", BigInteger, "Peak resident memory; null where the worker died"),
    ForeignKeyConstraint(["task_id", "run_id"], ["production.task.task_id", "production.task.run_id"]),
    UniqueConstraint("token"),
    # The source tables refer to this triple, so one check per row ties it to attempt, run and scan.
    UniqueConstraint("attempt_id", "run_id", "scan_key"),
    one_of("outcome", Outcome),
    one_of("family", Family),
    CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name="ended_has_outcome"),
    CheckConstraint("NOT accepted OR outcome = 'done'", name="accepted_is_done"),
    Index("uq_attempt_open", "task_id", unique=True, postgresql_where=text("ended_at IS NULL")),
    Index("uq_attempt_accepted", "task_id", unique=True, postgresql_where=text("accepted")),
    Index("ix_attempt_task_id", "task_id"),
    Index("ix_attempt_pipeline_id", "pipeline_id"),
    Index("ix_attempt_expires_at", "expires_at", postgresql_where=text("ended_at IS NULL")),
    schema="production",
    comment="One try at a task by one worker; never updated after it ended but for acceptance",
    postgresql_with={"fillfactor": "80"},
)

ATTEMPT_RAW_FILE = Table(
    "attempt_raw_file",
    METADATA,
    required("attempt_id", BigInteger, "Attempt", ForeignKey("production.attempt.attempt_id")),
    required("raw_file_id", BigInteger, "File it read", ForeignKey("survey.raw_file.raw_file_id")),
    optional("sha256", CHAR(64), "SHA-256 of what it read; the file's row may get another content later"),
    PrimaryKeyConstraint("attempt_id", "raw_file_id"),
    Index("ix_attempt_raw_file_raw_file_id", "raw_file_id"),
    schema="production",
    comment="Raw files that a published attempt used",
)

ATTEMPT_CALIBRATION = Table(
    "attempt_calibration", METADATA,
    required("attempt_id", BigInteger, "Attempt", ForeignKey("production.attempt.attempt_id")),
    required("calibration_id", BigInteger, "Product it used", ForeignKey("calibration.product.calibration_id")),
    PrimaryKeyConstraint("attempt_id", "calibration_id"),
    Index("ix_attempt_calibration_calibration_id", "calibration_id"),
    schema="production", comment="Calibration products that a published attempt used",
)  # fmt: skip

ATTEMPT_REFERENCE = Table(
    "attempt_reference", METADATA,
    required("attempt_id", BigInteger, "Attempt", ForeignKey("production.attempt.attempt_id"), primary_key=True,
             autoincrement=False),
    optional("catalogue_id", Integer, "Catalogue of the stars; null where none was loaded",
             ForeignKey("reference.catalogue.catalogue_id")),
    required("stars", Integer, "Number of stars it was given"),
    required("stars_hash", CHAR(64), "SHA-256 over the very stars it was given"),
    Index("ix_attempt_reference_catalogue_id", "catalogue_id"),
    schema="production", comment="Reference stars that a published attempt was given",
)  # fmt: skip

ATTEMPT_UPSTREAM = Table(
    "attempt_upstream", METADATA,
    required("attempt_id", BigInteger, "Attempt", ForeignKey("production.attempt.attempt_id")),
    required("upstream_attempt_id", BigInteger, "Attempt whose rows or products it read",
             ForeignKey("production.attempt.attempt_id")),
    PrimaryKeyConstraint("attempt_id", "upstream_attempt_id"),
    Index("ix_attempt_upstream_upstream_attempt_id", "upstream_attempt_id"),
    schema="production", comment="Attempts whose rows a published attempt read",
)  # fmt: skip
