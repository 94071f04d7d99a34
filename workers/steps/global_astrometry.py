"""The step of global astrometry: offsets of the segments of all survey scans of a run as one problem."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from psycopg.rows import class_row

from app.arrays import Doubles, Integers
from app.db.statements import statement
from app.errors import InputError
from app.parameters.astrometry import AstrometryParameters
from app.parameters.sections import ParameterSet
from app.production.astrometry_rows import AstrometryRows, ScanAstrometryRow
from app.production.publication import Publication
from workers.reduction.solution.astrometry import (
    AstrometricSolution,
    AstrometricTies,
    Places,
    offsets_at,
    solve_astrometry,
)
from workers.steps.context import Claim, StepContext
from workers.steps.outcome import input_hash

MICROARCSEC = 6
"""Decimals of an offset in arcsec: what is beyond them is arithmetic."""


class NoReferenceError(InputError):
    """No reference star was measured on any scan: nothing says where the survey lies."""

    code = "NO_REFERENCE_STARS"


@dataclass(frozen=True)
class TiedScan:
    """A row of sql/steps/astrometry_scans.sql."""

    scan_key: int
    attempt_id: int
    content: str
    south_deg: float
    north_deg: float


def perform(claim: Claim, context: StepContext) -> Publication:
    """Solve for the offsets of the segments of all survey scans of the claimed run.

    Raises
    ------
    NoReferenceError
        Raised if no reference star is measured on the scans of the run; an input failure, which is not retried.
    """
    parameters = ParameterSet.stored(context.parameters).astrometry
    with context.connect() as connection, connection.transaction():
        connection.execute(statement("release/build/one_moment"))
        with connection.cursor(row_factory=class_row(TiedScan)) as cursor:
            scans = cursor.execute(statement("steps/astrometry_scans"), {"run_id": claim.run_id}).fetchall()
        values = {
            "run_id": claim.run_id,
            "attempt_ids": [scan.attempt_id for scan in scans],
            "scan_keys": [scan.scan_key for scan in scans],
            "south_deg": [scan.south_deg for scan in scans],
            "segment_deg": [_segment(scan, parameters) for scan in scans],
            "segments": parameters.segments,
            "snr": parameters.snr,
            "match_arcsec": parameters.match_arcsec,
            "least_stars": parameters.least_stars,
        }
        overlaps = connection.execute(statement("steps/astrometry_overlaps"), values).fetchall()
        references = connection.execute(statement("steps/astrometry_references"), values).fetchall()
        catalogue = connection.execute(statement("steps/astrometry_catalogue")).fetchone()
    if not references:
        raise NoReferenceError(
            f"no reference star is measured on the {len(scans)} survey scans of run {claim.run_name!r}",
            expected="reduced survey scans, and a reference catalogue",
            remedy="mapps reference load, mapps run queue",
        )
    context.checkpoint("ties_drawn")
    ties = _ties([scan.scan_key for scan in scans], overlaps, references, parameters)
    solution = solve_astrometry(ties, parameters)
    facts = _facts(ties, solution)
    context.log.info("global astrometry: %s", facts)
    contents = [f"scan {scan.scan_key} {scan.content}" for scan in scans]
    return Publication(
        input_hash(claim.pipeline_hash, [*contents, f"catalogue {catalogue[0] if catalogue else None}"]),
        upstream_ids=tuple(sorted(scan.attempt_id for scan in scans)),
        astrometry=AstrometryRows(
            parameters.as_dict(), facts, tuple(_rows(scans, ties, solution, parameters))
        ),
    )


def _segment(scan: TiedScan, parameters: AstrometryParameters) -> float:
    return (scan.north_deg - scan.south_deg) / parameters.segments


def _ties(
    keys: list[int],
    overlaps: list[tuple[float, ...]],
    references: list[tuple[float, ...]],
    parameters: AstrometryParameters,
) -> AstrometricTies:
    """Ties of the rows of sql/steps/astrometry_overlaps.sql and astrometry_references.sql."""
    shared = np.array(overlaps, np.float64).reshape(-1, 7)
    known = np.array(references, np.float64).reshape(-1, 4)
    index = np.array(keys, np.int64)

    def number(column: Doubles) -> Integers:
        return np.searchsorted(index, column.astype(np.int64))

    # Medians have 1.2533 times the error of means; both scans have the error of a place.
    error = 1.2533 * parameters.star_error_arcsec * np.sqrt(2.0 / shared[:, 4])
    reference_error = np.hypot(parameters.reference_error_arcsec, parameters.star_error_arcsec)
    return AstrometricTies(
        index.size,
        Places(number(shared[:, 0]), shared[:, 2]),
        Places(number(shared[:, 1]), shared[:, 3]),
        shared[:, 5:],
        np.hypot(error, parameters.overlap_floor_arcsec),
        Places(number(known[:, 0]), known[:, 1]),
        known[:, 2:],
        np.full(known.shape[0], reference_error),
    )


def _facts(ties: AstrometricTies, solution: AstrometricSolution) -> dict[str, float]:
    """Count and measure what a solution tells of itself; scatters are robust, of one coordinate."""
    left = ties.reference_arcsec - offsets_at(solution.offset_arcsec, ties.reference)
    return {
        "scans": ties.scans,
        "overlaps": int(ties.first.scan.size),
        "reference_stars": int(ties.reference.scan.size),
        "overlap_rms_arcsec": round(solution.overlap_rms_arcsec, MICROARCSEC),
        "reference_scatter_before_arcsec": _scatter(ties.reference_arcsec),
        "reference_scatter_arcsec": _scatter(left),
        "median_error_arcsec": round(float(np.median(solution.error_arcsec)), MICROARCSEC),
    }


def _scatter(values: Doubles) -> float:
    return round(1.4826 * float(np.median(np.abs(values))), MICROARCSEC)


def _rows(
    scans: list[TiedScan],
    ties: AstrometricTies,
    solution: AstrometricSolution,
    parameters: AstrometryParameters,
) -> list[ScanAstrometryRow]:
    stars = np.bincount(ties.reference.scan, minlength=ties.scans)
    overlaps = np.bincount(ties.first.scan, minlength=ties.scans)
    overlaps = overlaps + np.bincount(ties.second.scan, minlength=ties.scans)
    offset = np.round(solution.offset_arcsec, MICROARCSEC) + 0.0
    error = np.round(solution.error_arcsec, MICROARCSEC)
    return [
        ScanAstrometryRow(
            scan.scan_key,
            scan.attempt_id,
            scan.south_deg,
            _segment(scan, parameters),
            tuple(offset[n, :, 0].tolist()),
            tuple(offset[n, :, 1].tolist()),
            tuple(error[n].tolist()),
            int(stars[n]),
            int(overlaps[n]),
        )
        for n, scan in enumerate(scans)
    ]
