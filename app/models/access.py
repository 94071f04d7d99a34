"""Schema access: queries that people sent and that are answered later."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import BigInteger, Boolean, Double, Index, Integer, Table, Text, func, text

from app.models.base import METADATA, Json, Moment, one_of, optional, required


class Phase(StrEnum):
    """Phases of a job (IVOA UWS 1.1, section 2.1.3)."""

    PENDING = "PENDING"
    QUEUED = "QUEUED"
    EXECUTING = "EXECUTING"
    COMPLETED = "COMPLETED"
    ERROR = "ERROR"
    ABORTED = "ABORTED"


JOB = Table(
    "job",
    METADATA,
    required("job_id", Text, "Key, random: who knows it may read and end the job", primary_key=True),
    required("phase", Text, "Phase of UWS"),
    required("parameters", Json, "Parameters as they were sent, names in capitals"),
    optional("label", Text, "RUNID of the client; null without one"),
    required("client", Text, "Address that made it: jobs of a client are limited"),
    required("created_at", Moment, "When it was made", server_default=func.now()),
    optional("started_at", Moment, "When its query began; null before"),
    optional("ended_at", Moment, "When it ended; null before"),
    required("destroyed_at", Moment, "When it and its result are removed"),
    required("limit_seconds", Double, "Longest duration of its query; 0: the service's limit"),
    optional("error_text", Text, "What went wrong; null unless in phase ERROR"),
    optional("result_format", Text, "Media type of the result; null without one"),
    optional("result_bytes", BigInteger, "Size of the result; null without one"),
    optional("result_rows", Integer, "Rows of the result; null without one"),
    required(
        "overflow", Boolean, "Whether rows beyond the limit were left out", server_default=text("false")
    ),
    one_of("phase", Phase),
    Index("ix_job_phase", "phase", "created_at"),
    schema="access",
    comment="Asynchronous queries: they outlive the service's process",
)
