"""Schema quality: metrics and what they mean, specifications, rule sets, grades and overrides."""

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
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, INT4RANGE

from app.models.base import METADATA, Moment, one_of, optional, required


class Better(StrEnum):
    """Which way a metric gets better."""

    LOWER = "lower"
    HIGHER = "higher"
    INSIDE = "inside"
    """Neither: it has a nominal value, or tells how much there was."""


class MetricScope(StrEnum):
    """What one value of a metric is of."""

    SCAN = "scan"
    NIGHT = "night"
    BLOCK = "block"
    """A hardware block: nights between two changes of a camera."""
    RUN = "run"


class Level(StrEnum):
    """Levels of a specification."""

    MINIMUM = "minimum"
    """The requirement (Level 1)."""
    DESIGN = "design"
    """What the survey of 2003 reached."""
    STRETCH = "stretch"
    """Ours."""


class Shape(StrEnum):
    """How a rule makes a score of a value."""

    TABLE = "table"
    """Interpolated between pairs of value and score; constant beyond the first and the last."""
    PROBABILITY = "probability"
    """Ten times the probability that the true value meets the threshold: 5 is an even chance."""
    HARD = "hard"
    """10 where the value meets the threshold, else the score of the failure."""
    FLAG = "flag"
    """No score: the flag is raised where the value does not meet the threshold in as many bands as the rule asks."""


class Missing(StrEnum):
    """What is done where a scan has no value for a rule."""

    REFUSE = "refuse"
    """The scan gets no grade."""
    IGNORE = "ignore"
    """The rule has no say."""
    SCORE = "score"
    """The rule gives its `missing_score`."""


class Flag(StrEnum):
    """Flags of a scan (background/survey 6.13)."""

    HGL = "hgl"
    """Electronic glitch of single H frames."""
    CLD = "cld"
    """Cloud found by comparing overlaps, or calibration sets, or frames."""
    XPH = "xph"
    """Another photometric problem: one band is off and the others are not."""
    ANOM = "anom"
    """Unusual problem seen in the images; raised by a person."""


BAND = ("j", "h", "k", "-")

METRIC_DEFINITION = Table(
    "metric_definition", METADATA,
    required("name", Text, "Name of the metric, unit included where it has one", primary_key=True),
    required("unit", Text, "Unit; 1 for ratios and counts"),
    required("better", Text, "lower, higher or inside (neither)"),
    required("scope", Text, "What one value is of: scan, night, block or run"),
    required("per_band", Boolean, "Whether each band has a value of its own"),
    required("description", Text, "What it says"),
    required("formula", Text, "How it is computed"),
    required("reference", Text, "Where that is argued, or the source"),
    required("derived", Boolean, "Whether SQL derives it from rows (quality.derived_metric), not an attempt"),
    optional("unused_because", Text, "Why no rule and no specification uses it; null where one does"),
    one_of("better", Better),
    one_of("scope", MetricScope),
    schema="quality", comment="What each metric means; written from app/quality/ at every migration",
)  # fmt: skip

SPECIFICATION = Table(
    "specification", METADATA,
    required("metric", Text, "Metric", ForeignKey("quality.metric_definition.name")),
    required("band", CHAR(1), "j, h or k; - for all bands, or a metric without bands"),
    required("level", Text, "minimum (requirement), design (reached in 2003) or stretch (ours)"),
    required("threshold", Double, "Value to be met; which way says the metric"),
    required("requirement", Text, "Where the figure is from"),
    PrimaryKeyConstraint("metric", "band", "level"),
    one_of("band", BAND),
    one_of("level", Level),
    schema="quality", comment="Thresholds of metrics at three levels; written from app/quality/ at every migration",
)  # fmt: skip

METRIC = Table(
    "metric",
    METADATA,
    required(
        "attempt_id", BigInteger, "Attempt that measured it", ForeignKey("production.attempt.attempt_id")
    ),
    required("name", Text, "Name, unit included", ForeignKey("quality.metric_definition.name")),
    required("band", CHAR(1), "j, h, k, or - for the scan as a whole"),
    required("value", Double, "Value"),
    PrimaryKeyConstraint("attempt_id", "name", "band"),
    CheckConstraint("band IN ('j', 'h', 'k', '-')", name="band_known"),
    schema="quality",
    comment="What a reduction measured of itself, one number a row",
)

DERIVED_METRIC = Table(
    "derived_metric", METADATA,
    required("run_id", Integer, "Run", ForeignKey("production.run.run_id")),
    optional("night_id", Integer, "Night; null for metrics of a run", ForeignKey("survey.night.night_id")),
    optional("scan_key", Integer, "Scan; null for metrics of larger scope", ForeignKey("survey.scan.scan_key")),
    required("name", Text, "Name, unit included", ForeignKey("quality.metric_definition.name")),
    required("band", CHAR(1), "j, h, k, or - for all bands together"),
    required("value", Double, "Value"),
    required("rows", Integer, "How many stars, scans or pairs it rests on"),
    required("derived_at", Moment, "When", server_default=func.now()),
    UniqueConstraint("run_id", "night_id", "scan_key", "name", "band", postgresql_nulls_not_distinct=True),
    one_of("band", BAND),
    schema="quality", comment="What SQL derives from the rows of a run (sql/quality/): replaced at each derivation",
)  # fmt: skip

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

RULE_SET = Table(
    "rule_set", METADATA,
    required("rule_version", Text, "Version", primary_key=True),
    required("content_hash", CHAR(64), "SHA-256 over the canonical rules"),
    required("note", Text, "What this version is for"),
    required("loaded_at", Moment, "When", server_default=func.now()),
    optional("frozen_at", Moment, "When it was frozen; null for a draft, whose grades no release uses"),
    optional("frozen_by", Text, "Who froze it"),
    CheckConstraint("(frozen_at IS NULL) = (frozen_by IS NULL)", name="frozen_by_somebody"),
    schema="quality", comment="Versions of the rules; one that is frozen, or has given grades, never changes",
)  # fmt: skip

RULE = Table(
    "rule", METADATA,
    required("rule_version", Text, "Version", ForeignKey("quality.rule_set.rule_version")),
    required("number", SmallInteger, "Number in the version, from 1, in the order of factor, metric and band"),
    required("factor", Text, "Factor of the grade, or the flag"),
    required("metric", Text, "Metric that is looked at", ForeignKey("quality.metric_definition.name")),
    required("band", CHAR(1), "j, h or k; - for a metric without bands"),
    required("shape", Text, "table, probability, hard or flag"),
    required("x", ARRAY(Double), "Values of a table, ascending; else the threshold alone"),
    required("score", ARRAY(Double), "Scores of a table; {10, failure} of a hard rule; {0, bands needed} of a flag"),
    optional("error", Double, "Error of a value, 1 sigma; for the shape probability"),
    optional("error_metric", Text, "Metric that has the error of this scan, which goes before `error`",
             ForeignKey("quality.metric_definition.name")),
    optional("population_mean", Double, "Mean of the true values over the survey; null: nothing is known of it"),
    optional("population_sigma", Double, "Their spread; null: nothing is known of it"),
    required("missing", Text, "What is done without a value: refuse, ignore or score"),
    optional("missing_score", Double, "Score without a value"),
    required("reference", Text, "Where the numbers are from"),
    PrimaryKeyConstraint("rule_version", "factor", "metric", "band"),
    UniqueConstraint("rule_version", "number"),
    one_of("band", BAND),
    one_of("shape", Shape),
    one_of("missing", Missing),
    CheckConstraint("(missing = 'score') = (missing_score IS NOT NULL)", name="missing_has_score"),
    CheckConstraint("(population_mean IS NULL) = (population_sigma IS NULL)", name="population_complete"),
    CheckConstraint("shape <> 'probability' OR error > 0", name="probability_has_error"),
    schema="quality", comment="Rules of each version: how a value of a metric becomes the score of a factor",
)  # fmt: skip

GRADE = Table(
    "grade", METADATA,
    required("grade_id", BigInteger, "Key", Identity(always=True), primary_key=True),
    required("run_id", Integer, "Run"),
    required("scan_key", Integer, "Scan"),
    required("attempt_id", BigInteger, "Attempt whose metrics were graded: void where another one is accepted"),
    required("rule_version", Text, "Version of the rules", ForeignKey("quality.rule_set.rule_version")),
    optional("score", SmallInteger, "0 to 10: 10 certainly meets the requirements, 5 is an even chance; null: a value"
             " that the former grade rested on is gone, the scan has no grade"),
    optional("limiting_factor", Text, "Factor of the least score; null without a score"),
    required("rules", ARRAY(SmallInteger), "Numbers of the rules that decided its factors, one each, ascending"),
    required("factor_scores", ARRAY(Double), "Scores of these factors"),
    required("factor_values", ARRAY(Double), "Values that gave them; null where a missing one has a score"),
    required("flags", ARRAY(Text), "Flags that are raised: hgl, cld, xph, anom", server_default=text("'{}'")),
    required("graded_at", Moment, "When", server_default=func.now()),
    required("graded_by", Text, "Who asked for it"),
    ForeignKeyConstraint(
        ["attempt_id", "run_id", "scan_key"],
        ["production.attempt.attempt_id", "production.attempt.run_id", "production.attempt.scan_key"],
    ),
    CheckConstraint("score BETWEEN 0 AND 10", name="score_range"),
    CheckConstraint("(score IS NULL) = (limiting_factor IS NULL)", name="limited_by_factor"),
    CheckConstraint("flags <@ ARRAY['hgl', 'cld', 'xph', 'anom']", name="flags_known"),
    Index("ix_grade_run_id_scan_key", "run_id", "scan_key"),
    schema="quality", comment="Grades of scans: only ever appended to; the last one of a rule version counts",
)  # fmt: skip

OVERRIDE = Table(
    "override", METADATA,
    required("override_id", Integer, "Key", Identity(always=True), primary_key=True),
    required("run_id", Integer, "Run", ForeignKey("production.run.run_id")),
    required("night_id", Integer, "Night", ForeignKey("survey.night.night_id")),
    required("scans", INT4RANGE, "Span of scan numbers of the night, half-open"),
    optional("score", SmallInteger, "Score that takes the place of the grade's; null to leave it"),
    optional("flag", Text, "Flag that is set or cleared; null for none"),
    optional("raised", Boolean, "Whether the flag is raised; null without a flag"),
    required("reason", Text, "Why"),
    required("person", Text, "Who"),
    required("made_at", Moment, "When", server_default=func.now()),
    optional("undone_at", Moment, "When it was undone; null while it holds"),
    optional("undone_by", Text, "Who undid it"),
    optional("undone_because", Text, "Why it was undone"),
    one_of("flag", Flag),
    CheckConstraint("score BETWEEN 0 AND 10", name="score_range"),
    CheckConstraint("score IS NOT NULL OR flag IS NOT NULL", name="says_something"),
    CheckConstraint("(flag IS NULL) = (raised IS NULL)", name="flag_complete"),
    CheckConstraint("length(trim(reason)) > 0", name="reason_given"),
    CheckConstraint("NOT isempty(scans) AND NOT lower_inf(scans) AND NOT upper_inf(scans)", name="span_finite"),
    CheckConstraint("num_nulls(undone_at, undone_by, undone_because) IN (0, 3)", name="undone_complete"),
    schema="quality", comment="What a person says against grades and flags of a span of scans; undone, never deleted",
)  # fmt: skip
