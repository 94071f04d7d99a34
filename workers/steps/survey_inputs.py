"""What a global solution is made of, read from the database: scans, sets of the nights' solutions, overlaps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from psycopg import Connection
from psycopg.rows import class_row

from app.db.statements import statement
from app.parameters.solution import SolutionParameters
from workers.reduction.solution.intervals import Reason

KEPT_REASONS = (Reason.CLOUD.value, Reason.TRANSPARENCY.value)
"""What nights find by standards and frames, which no global solution looks at."""


@dataclass(frozen=True)
class SurveyScan:
    """A row of sql/steps/solution_scans.sql; `content` is the hash of what the scan's attempt published."""

    scan_key: int
    night_id: int
    kind: str
    hemis: str
    month: int
    block: str | None
    attempt_id: int
    content: str
    hours: float | None
    airmass: float | None
    clouds: bool = False


@dataclass(frozen=True)
class SurveySet:
    """A row of sql/steps/solution_sets.sql; `attempt_id` is that of the night's solution."""

    attempt_id: int
    night_id: int
    number: int
    band: str
    field: str
    scans: int
    standards: int
    observed_at: datetime
    airmass: float
    offset_mag: float
    error_mag: float
    scatter_mag: float | None
    usable: bool
    accepted: bool
    hours: float


class SharedStars(NamedTuple):
    """A row of sql/steps/overlaps.sql."""

    scan_a: int
    scan_b: int
    band: str
    stars: int
    delta_mag: float
    scatter_mag: float
    x_a: float
    x2_a: float
    x_b: float
    x2_b: float
    held_out_mag: float | None
    kept_back: int


class MeasuredStandard(NamedTuple):
    """A row of sql/steps/solution_standards.sql."""

    standard: str
    band: str
    measurements: int
    star_hash: str


@dataclass(frozen=True)
class SurveyInputs:
    """Scans and sets of a run as of one moment.

    Attributes
    ----------
    scans : tuple of SurveyScan
        With a time, in the order of their keys.
    without_time : tuple of int
        Keys of the scans that have none: no model of a night holds them.
    sets : tuple of SurveySet
        Of all bands, in the order of night, number and band.
    standards : tuple of MeasuredStandard
        Behind the sets.
    verdicts : dict of int to str
        By scan: cloud that the night's own solution found.
    """

    scans: tuple[SurveyScan, ...]
    without_time: tuple[int, ...]
    sets: tuple[SurveySet, ...]
    standards: tuple[MeasuredStandard, ...]
    verdicts: dict[int, str]

    @property
    def attempts(self) -> tuple[int, ...]:
        """Attempts whose rows are read: those of scans and of the nights' solutions."""
        return tuple(sorted({s.attempt_id for s in self.scans} | {s.attempt_id for s in self.sets}))

    def contents(self) -> list[str]:
        """Everything that the solution depends on, a text a row, without keys that only this database knows."""
        scans = [
            f"scan {s.scan_key} {s.kind} {s.block} {s.hours!r} {s.airmass!r} {s.clouds} {s.content}"
            for s in self.scans
        ]
        sets = [
            f"set {s.night_id} {s.number} {s.band} {s.field} {s.hours!r} {s.airmass!r} {s.offset_mag!r}"
            f" {s.error_mag!r} {s.usable} {s.accepted}"
            for s in self.sets
        ]
        standards = [f"standard {s.standard} {s.band} {s.measurements} {s.star_hash}" for s in self.standards]
        return [*scans, *sets, *standards, *(f"verdict {k} {v}" for k, v in self.verdicts.items())]


def read_survey(connection: Connection[Any], run_id: int) -> SurveyInputs:
    """Read the scans of a run and the sets of its nights.

    Parameters
    ----------
    connection : Connection
        Inside a transaction that sees one moment.
    run_id : int
        Run.
    """
    run = {"run_id": run_id}
    with connection.cursor(row_factory=class_row(SurveyScan)) as cursor:
        scans = cursor.execute(statement("steps/solution_scans"), run).fetchall()
    with connection.cursor(row_factory=class_row(SurveySet)) as cursor:
        sets = cursor.execute(statement("steps/solution_sets"), run).fetchall()
    standards = connection.execute(statement("steps/solution_standards"), run).fetchall()
    reasons = {"reasons": list(KEPT_REASONS)}
    verdicts = connection.execute(statement("steps/solution_verdicts"), run | reasons).fetchall()
    return SurveyInputs(
        tuple(scan for scan in scans if scan.hours is not None and math.isfinite(scan.hours)),
        tuple(scan.scan_key for scan in scans if scan.hours is None or not math.isfinite(scan.hours)),
        tuple(sets),
        tuple(MeasuredStandard(*row) for row in standards),
        dict(verdicts),
    )


def read_overlaps(
    connection: Connection[Any], run_id: int, inputs: SurveyInputs, parameters: SolutionParameters
) -> list[SharedStars]:
    """Draw the overlaps of the survey scans of a run.

    Scans of calibration fields are left out: hundreds of them see one field, each pair would be a row, and the sets
    hold what they say.

    Parameters
    ----------
    connection : Connection
        In the transaction of `read_survey`.
    run_id : int
        Run.
    inputs : SurveyInputs
        Scans.
    parameters : SolutionParameters
        Choice of stars.
    """
    scans = [scan for scan in inputs.scans if scan.kind == "sci"]
    values = {
        "run_id": run_id,
        "attempt_ids": [scan.attempt_id for scan in scans],
        "scan_keys": [scan.scan_key for scan in scans],
        "snr": parameters.overlap_snr,
        "psfchi": parameters.overlap_psfchi,
        "edge_arcsec": parameters.overlap_edge_arcsec,
        "match_arcsec": parameters.overlap_match_arcsec,
        "least_stars": parameters.overlap_least_stars,
    }
    return [SharedStars(*row) for row in connection.execute(statement("steps/overlaps"), values)]
