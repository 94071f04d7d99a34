"""Schema calibration: products with their spans of validity."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import (
    CHAR,
    REAL,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint

from app.models.base import METADATA, Json, Moment, one_of, optional, required


class CalibrationKind(StrEnum):
    """What a calibration product holds."""

    NIGHT = "night"
    """Darks of both reads, flat, mask and saturation of one band, in one file."""
    BLOCK = "block"
    """The same, combined over the nights of a hardware block."""
    LIBRARY = "library"
    """What reduced scans of a block say together: point-spread functions by seeing and focus, wells of pixels."""


class ZeroPointSource(StrEnum):
    """Where a zero point comes from."""

    HEADER = "header"
    NOMINAL = "nominal"
    NIGHT = "night"


PRODUCT = Table(
    "product",
    METADATA,
    required("calibration_id", BigInteger, "Key", Identity(always=True), primary_key=True),
    required("run_id", Integer, "Run that made it", ForeignKey("production.run.run_id")),
    required("attempt_id", BigInteger, "Attempt that made it", ForeignKey("production.attempt.attempt_id")),
    optional(
        "night_id", Integer, "Night it was made from; null of a block", ForeignKey("survey.night.night_id")
    ),
    optional("block", Text, "Hardware block whose nights it was combined from; null of a night"),
    required(
        "kind",
        Text,
        "night or block: darks, flat, mask and saturation; library: point-spread functions and wells",
    ),
    required("hemis", CHAR(1), "Observatory", ForeignKey("survey.site.hemis")),
    required("band", CHAR(1), "j, h or k"),
    required("camera", Text, "Detector configuration, CAMERA of the darks; blank where several were mixed"),
    required(
        "valid", TSTZRANGE, "Span of validity, UTC, half open; of a block from its first night to its last"
    ),
    required("url", Text, "Content-named file in the store"),
    required("sha256", CHAR(64), "SHA-256 of the file"),
    required("facts", Json, "Levels, counts and parameters"),
    optional("retired_at", Moment, "When an operator recalled it; null while good"),
    one_of("kind", CalibrationKind),
    one_of("band", ("j", "h", "k")),
    CheckConstraint("(kind = 'night') = (night_id IS NOT NULL)", name="night_by_kind"),
    CheckConstraint("(kind <> 'night') = (block IS NOT NULL)", name="block_by_kind"),
    Index(
        "uq_product_block",
        "run_id",
        "kind",
        "block",
        "hemis",
        "band",
        "camera",
        unique=True,
        postgresql_where=text("kind <> 'night' AND retired_at IS NULL"),
    ),
    ExcludeConstraint(
        ("run_id", "="),
        ("kind", "="),
        ("hemis", "="),
        ("band", "="),
        ("camera", "="),
        ("valid", "&&"),
        where=text("kind = 'night' AND retired_at IS NULL"),
        using="gist",
        name="ex_product_valid",
    ),
    schema="calibration",
    comment="Calibration files; nightly ones of one camera configuration never overlap in a run, blocks have one",
)

ZERO_POINT = Table(
    "zero_point", METADATA,
    required("zero_point_id", BigInteger, "Key", Identity(always=True), primary_key=True),
    required("run_id", Integer, "Run that made it", ForeignKey("production.run.run_id")),
    required("attempt_id", BigInteger, "Attempt that made it", ForeignKey("production.attempt.attempt_id")),
    required("night_id", Integer, "Night", ForeignKey("survey.night.night_id")),
    required("band", CHAR(1), "j, h or k"),
    required("valid", TSTZRANGE, "Span of validity, UTC, half open"),
    required("zero_point_mag", REAL, "Magnitude of 1 DN at airmass 1"),
    optional("zero_point_error_mag", REAL, "Its error; null where nominal"),
    required("extinction_mag", REAL, "Extinction per airmass"),
    required("source", Text, "header, nominal or night"),
    one_of("source", ZeroPointSource),
    one_of("band", ("j", "h", "k")),
    ExcludeConstraint(
        ("run_id", "="), ("night_id", "="), ("band", "="), ("valid", "&&"), using="gist", name="ex_zero_point_valid"
    ),
    schema="calibration", comment="Photometric zero points",
)  # fmt: skip
