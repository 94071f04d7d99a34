"""Rows that a global solution publishes besides those that every solution has; no behaviour."""

from __future__ import annotations

from dataclasses import dataclass

from app.instruments.bands import Band
from app.production.solution_rows import SetUsedRow, SolutionRows


@dataclass(frozen=True)
class SurveySetRow(SetUsedRow):
    """One row of calibration.set_used of a solution of many nights."""

    night_id: int


@dataclass(frozen=True)
class OverlapUsedRow:
    """One row of calibration.overlap_used without the key of the solution."""

    scan_a: int
    scan_b: int
    band: Band
    stars: int
    delta_mag: float
    scatter_mag: float
    x_a: float
    x2_a: float
    x_b: float
    x2_b: float
    residual_mag: float
    weight: float
    held_out_mag: float | None


@dataclass(frozen=True)
class GlobalSolutionRows(SolutionRows):
    """A solution of a whole run; its sets are `SurveySetRow`.

    Attributes
    ----------
    overlaps : tuple of OverlapUsedRow
        A row a pair of scans and band.
    """

    overlaps: tuple[OverlapUsedRow, ...] = ()
