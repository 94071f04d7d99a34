"""Rows of a photometric solution that an attempt publishes; no behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.instruments.bands import Band


@dataclass(frozen=True)
class ScanZeroPointRow:
    """One row of calibration.scan_zero_point without the key of the solution."""

    scan_key: int
    band: Band
    offset_mag: float
    error_mag: float
    loss_mag: float | None
    photometric: bool
    reason: str
    linear_mag: float = 0.0
    quadratic_mag: float = 0.0


@dataclass(frozen=True)
class SetUsedRow:
    """One row of calibration.set_used without the keys of solution and night."""

    number: int
    band: Band
    field: str
    scans: int
    standards: int
    observed_at: datetime
    airmass: float
    offset_mag: float
    error_mag: float
    scatter_mag: float | None
    residual_mag: float | None
    weight: float
    accepted: bool


@dataclass(frozen=True)
class StandardUsedRow:
    """One row of calibration.standard_used without the key of the solution."""

    standard: str
    band: Band
    measurements: int
    star_hash: str


@dataclass(frozen=True)
class SolutionRows:
    """A solution with its rows.

    Attributes
    ----------
    kind, state : str
        Values of `SolutionKind` and `SolutionState`.
    parameters, facts : dict
        As in calibration.solution.
    zero_points : tuple of ScanZeroPointRow
        A row a scan and band.
    sets : tuple of SetUsedRow
        Sets that were measured.
    standards : tuple of StandardUsedRow
        Standards that were measured.
    """

    kind: str
    state: str
    parameters: dict[str, Any]
    facts: dict[str, Any]
    zero_points: tuple[ScanZeroPointRow, ...]
    sets: tuple[SetUsedRow, ...] = ()
    standards: tuple[StandardUsedRow, ...] = ()
