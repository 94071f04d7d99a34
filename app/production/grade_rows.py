"""Grades of a night that an attempt publishes; no behaviour."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DerivedMetricRow:
    """One row of quality.derived_metric without run and night; `scan_key` is None for the night as a whole."""

    scan_key: int | None
    name: str
    band: str
    value: float
    rows: int


@dataclass(frozen=True)
class GradeRow:
    """One row of quality.grade without run, attempt and rule version."""

    scan_key: int
    score: int
    limiting_factor: str
    rules: list[int]
    factor_scores: list[float]
    factor_values: list[float | None]
    flags: list[str]


@dataclass(frozen=True)
class NightGradeRows:
    """Grades of all scans of a night that have one, and what they were derived from.

    Attributes
    ----------
    rule_version, rules_hash : str
        Rules and their content hash.
    metrics : tuple of DerivedMetricRow
        They take the place of the night's former ones.
    grades : tuple of GradeRow
        Appended where they differ from the last one of a scan.
    """

    rule_version: str
    rules_hash: str
    metrics: tuple[DerivedMetricRow, ...]
    grades: tuple[GradeRow, ...]
