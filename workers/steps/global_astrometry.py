"""The step of global astrometry: offsets of the segments of all survey scans of a run as one problem."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from psycopg.rows import class_row

from app.arrays import Complexes, Doubles, Integers
from app.db.statements import statement
from app.errors import InputError
from app.parameters.astrometry import AstrometryParameters
from app.parameters.sections import ParameterSet
from app.production.astrometry_rows import AstrometryRows, ScanAstrometryRow
from app.production.publication import Publication
from workers.reduction.solution.astrometry import (
    AstrometricSolution,
    AstrometricTies,
    offsets_at,
    solve_astrometry,
)
from workers.steps.context import Claim, StepContext
from workers.steps.outcome import input_hash
from workers.steps.scan_lines import ScanLines

MICROARCSEC = 6
"""Decimals of an offset in arcsec: what is beyond them is arithmetic."""
LARGEST_ARCSEC = 2.0
"""Largest coordinate of an offset, which a constraint of calibration.scan_astrometry holds too."""


class FarOffsetError(InputError):
    """A solution moves a scan farther than any registration may be wrong."""

    code = "FAR_OFFSET"


class NoReferenceError(InputError):
    """No reference star was measured on any scan: nothing says where the survey lies."""

    code = "NO_REFERENCE_STARS"


@dataclass(frozen=True)
class TiedScan:
    """A row of sql/steps/astrometry_scans.sql."""

    scan_key: int
    attempt_id: int
    content: str
    ra_deg: list[float]
    decl_deg: list[float]


def perform(claim: Claim, context: StepContext) -> Publication:
    """Solve for the offsets of the segments of all survey scans of the claimed run.

    Raises
    ------
    NoReferenceError
        Raised if no reference star is measured on the scans of the run; an input failure, which is not retried.
    FarOffsetError
        Raised if a scan would move by more than 2 arcsec; an input failure too.
    """
    parameters = ParameterSet.stored(context.parameters).astrometry
    with context.connect() as connection, connection.transaction():
        connection.execute(statement("release/build/one_moment"))
        with connection.cursor(row_factory=class_row(TiedScan)) as cursor:
            scans = cursor.execute(statement("steps/astrometry_scans"), {"run_id": claim.run_id}).fetchall()
        lines = ScanLines.of_corners(
            np.array([scan.ra_deg for scan in scans]).reshape(-1, 4),
            np.array([scan.decl_deg for scan in scans]).reshape(-1, 4),
            parameters.segments,
        )
        values = _columns(scans, lines) | {
            "run_id": claim.run_id,
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
    keys = np.array([scan.scan_key for scan in scans], np.int64)
    ties = _ties(keys, lines, overlaps, references, parameters)
    solution = solve_astrometry(ties, parameters)
    facts = _facts(ties, solution)
    context.log.info("global astrometry: %s", facts)
    contents = [f"scan {scan.scan_key} {scan.content}" for scan in scans]
    return Publication(
        input_hash(claim.pipeline_hash, [*contents, f"catalogue {catalogue[0] if catalogue else None}"]),
        upstream_ids=tuple(sorted(scan.attempt_id for scan in scans)),
        astrometry=AstrometryRows(parameters.as_dict(), facts, tuple(_rows(scans, lines, ties, solution))),
    )


def _columns(scans: list[TiedScan], lines: ScanLines) -> dict[str, list[Any]]:
    """Give scans side by side, as the statements of sql/steps take them."""
    return {
        "attempt_ids": [scan.attempt_id for scan in scans],
        "scan_keys": [scan.scan_key for scan in scans],
        "directed": lines.directed.tolist(),
        **{f"ahead_{axis}": lines.ahead[:, k].tolist() for k, axis in enumerate("xyz")},
        "start": lines.start.tolist(),
        "segment": lines.segment.tolist(),
        "count": lines.count.tolist(),
    }


def _ties(
    keys: Integers,
    lines: ScanLines,
    overlaps: list[tuple[float, ...]],
    references: list[tuple[float, ...]],
    parameters: AstrometryParameters,
) -> AstrometricTies:
    """Ties of the rows of sql/steps/astrometry_overlaps.sql and astrometry_references.sql."""
    shared = np.array(overlaps, np.float64).reshape(-1, 9)
    known = np.array(references, np.float64).reshape(-1, 7)

    def number(column: Doubles) -> Integers:
        return np.searchsorted(keys, column.astype(np.int64))

    first, second, reference = number(shared[:, 0]), number(shared[:, 1]), number(known[:, 0])
    direction = shared[:, 3:6] / np.linalg.norm(shared[:, 3:6], axis=1, keepdims=True)
    # Medians have 1.2533 times the error of means; both scans have the error of a place.
    error = 1.2533 * parameters.star_error_arcsec * np.sqrt(2.0 / shared[:, 2])
    reference_error = np.hypot(parameters.reference_error_arcsec, parameters.star_error_arcsec)
    return AstrometricTies(
        lines.segments,
        lines.places(first, direction),
        lines.places(second, direction),
        lines.turn(first, second, direction),
        lines.seen(first, direction, shared[:, 6:]),
        np.hypot(error, parameters.overlap_floor_arcsec),
        lines.places(reference, known[:, 1:4]),
        lines.seen(reference, known[:, 1:4], known[:, 4:]),
        np.full(known.shape[0], reference_error),
    )


def _facts(ties: AstrometricTies, solution: AstrometricSolution) -> dict[str, float]:
    """Count and measure what a solution tells of itself; scatters are robust, of one coordinate."""
    left = ties.reference_arcsec - offsets_at(solution.offset_arcsec, ties.reference, ties.segments)
    return {
        "scans": int(ties.segments.count.size),
        "overlaps": int(ties.first.scan.size),
        "reference_stars": int(ties.reference.scan.size),
        "overlap_rms_arcsec": round(solution.overlap_rms_arcsec, MICROARCSEC),
        "reference_scatter_before_arcsec": _scatter(ties.reference_arcsec),
        "reference_scatter_arcsec": _scatter(left),
        "median_error_arcsec": round(float(np.median(solution.error_arcsec)), MICROARCSEC),
    }


def _scatter(values: Complexes) -> float:
    # Half of the lengths of a pair of normal values are below 1.1774 sigma.
    return round(float(np.median(np.abs(values))) / 1.1774, MICROARCSEC)


def _rows(
    scans: list[TiedScan], lines: ScanLines, ties: AstrometricTies, solution: AstrometricSolution
) -> Iterator[ScanAstrometryRow]:
    stars = np.bincount(ties.reference.scan, minlength=len(scans))
    overlaps = np.bincount(ties.first.scan, minlength=len(scans))
    overlaps = overlaps + np.bincount(ties.second.scan, minlength=len(scans))
    first = ties.segments.first
    offset, error = solution.offset_arcsec, np.round(solution.error_arcsec, MICROARCSEC)
    east, north = np.round(offset.real, MICROARCSEC) + 0.0, np.round(offset.imag, MICROARCSEC) + 0.0
    for n, scan in enumerate(scans):
        part = slice(first[n], first[n + 1])
        largest = float(np.maximum(np.abs(east[part]), np.abs(north[part])).max())
        if not largest <= LARGEST_ARCSEC:
            raise FarOffsetError(
                f"scan {scan.scan_key} would move by {largest:.1f} arcsec",
                expected=f"no more than {LARGEST_ARCSEC:g} arcsec: registrations are wrong by less",
                remedy="look at its registration (mapps scan report), and recall it",
            )
        row = ScanAstrometryRow(
            scan.scan_key,
            scan.attempt_id,
            tuple(east[part].tolist()),
            tuple(north[part].tolist()),
            tuple(error[part].tolist()),
            int(stars[n]),
            int(overlaps[n]),
        )
        start, segment = float(lines.start[n]), float(lines.segment[n])
        if lines.directed[n]:
            ahead, right = tuple(lines.ahead[n].tolist()), tuple(lines.right[n].tolist())
            yield replace(row, ahead=ahead, to_the_right=right, start_rad=start, segment_rad=segment)
        else:
            middle = float(lines.middle_ra_deg[n])
            yield replace(row, middle_ra_deg=middle, south_deg=start, segment_deg=segment)
