"""Rows of a photometric solution, from the numbers of a solved night."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np

from app.instruments.bands import BANDS, Band
from app.models.solution import SolutionKind, SolutionState
from app.parameters.sections import ParameterSet
from app.production.solution_rows import ScanZeroPointRow, SetUsedRow, SolutionRows, StandardUsedRow
from workers.reduction.solution.intervals import Reason
from workers.reduction.solution.night_sets import SolvedNight
from workers.reduction.solution.night_solution import ROBUST_SIGMA, NightSolution
from workers.reduction.solution.standards import Measured
from workers.steps.standard_rows import GivenStandards

_MJD_EPOCH = datetime(1858, 11, 17, tzinfo=UTC)
Metrics = dict[str, dict[str, float]]


@dataclass(frozen=True)
class SolvedScans:
    """What the database says of the scans of a solved night, in the order of their numbers.

    Attributes
    ----------
    scan_keys : tuple of int
        Keys.
    mjd : tuple of (float or None)
        Middle of each scan, UTC.
    fields : tuple of str
        Name of the calibration field; of no meaning for survey scans.
    standards : GivenStandards
        Standards of the night.
    measured : Measured
        Which were measured.
    """

    scan_keys: tuple[int, ...]
    mjd: tuple[float | None, ...]
    fields: tuple[str, ...]
    standards: GivenStandards
    measured: Measured


class SolutionPart(NamedTuple):
    """Rows to be published, and metrics of the attempt."""

    solution: SolutionRows
    metrics: Metrics


def solution_part(night: SolvedNight, scans: SolvedScans, parameters: ParameterSet) -> SolutionPart:
    """Make the rows of a solution.

    Parameters
    ----------
    night : SolvedNight
        Zero points and verdicts.
    scans : SolvedScans
        Scans of the night.
    parameters : ParameterSet
        Parameters of the run; those of calibration and solution are kept with the solution.

    Returns
    -------
    SolutionPart
        Accepted where the night has a photometric span, else a draft.
    """
    state = SolutionState.ACCEPTED if night.intervals else SolutionState.DRAFT
    photometric = [reason is Reason.PHOTOMETRIC for reason in night.reasons]
    rows = SolutionRows(
        kind=SolutionKind.NIGHT.value,
        state=state.value,
        parameters={
            "calibration": parameters.calibration.as_dict(),
            "solution": parameters.solution.as_dict(),
        },
        facts=_facts(night),
        zero_points=tuple(_zero_points(night, scans)),
        sets=tuple(_sets(night, scans)),
        standards=tuple(_standards(scans)),
    )
    metrics: Metrics = {
        "calibration_sets": {"-": float(len(night.sets))},
        "photometric_scans": {"-": float(sum(photometric))},
        "photometric_hours": {"-": sum(span.last_hours - span.first_hours for span in night.intervals)},
    }
    for band, solution in zip(BANDS, night.solutions, strict=True):
        if solution is not None:
            metrics.setdefault("night_zero_point_error_mag", {})[band.value] = solution.error_mag
            metrics.setdefault("night_extinction_excess", {})[band.value] = solution.extinction
    return SolutionPart(rows, metrics)


def _facts(night: SolvedNight) -> dict[str, Any]:
    verdicts = {reason.value: night.reasons.count(reason) for reason in Reason if reason in night.reasons}
    return {
        "bands": {
            band.value: _band_facts(solution)
            for band, solution in zip(BANDS, night.solutions, strict=True)
            if solution is not None
        },
        "bands_without_sets": [
            band.value for band, solution in zip(BANDS, night.solutions, strict=True) if solution is None
        ],
        "intervals_hours": [[round(hours, 4) for hours in span] for span in night.intervals],
        "verdicts": verdicts,
    }


def _band_facts(solution: NightSolution) -> dict[str, Any]:
    return {
        "form": solution.form.value,
        "left_out_mag": {form.value: error for form, error in solution.left_out_mag.items()},
        "extinction_excess": solution.extinction,
        "error_mag": solution.error_mag,
        "sets": int(solution.residual_mag.size),
    }


def _zero_points(night: SolvedNight, scans: SolvedScans) -> list[ScanZeroPointRow]:
    rows = []
    for index, key in enumerate(scans.scan_keys):
        loss = float(night.loss_mag[index])
        for number, band in enumerate(BANDS):
            reason = Reason.NO_SETS if night.solutions[number] is None else night.reasons[index]
            rows.append(
                ScanZeroPointRow(
                    scan_key=key,
                    band=band,
                    offset_mag=float(night.offset_mag[number, index]),
                    error_mag=float(night.error_mag[number, index]),
                    loss_mag=loss if math.isfinite(loss) else None,
                    photometric=reason is Reason.PHOTOMETRIC,
                    reason=reason.value,
                )
            )
    return rows


def _sets(night: SolvedNight, scans: SolvedScans) -> list[SetUsedRow]:
    rows = []
    for number, member in enumerate(night.sets):
        known = [mjd for mjd in (scans.mjd[scan] for scan in member.scans) if mjd is not None]
        for position, band in enumerate(BANDS):
            said = member.bands[position]
            if not said.scans:
                continue
            residual = float(night.residual_mag[position, number])
            used = math.isfinite(residual)
            weight = min(1.0, ROBUST_SIGMA * said.error_mag / max(abs(residual), 1e-12)) if used else 0.0
            rows.append(
                SetUsedRow(
                    number=number + 1,
                    band=band,
                    field=scans.fields[member.scans[0]],
                    scans=said.scans,
                    standards=said.stars,
                    observed_at=_MJD_EPOCH + timedelta(days=float(np.mean(known))),
                    airmass=member.airmass,
                    offset_mag=said.offset_mag,
                    error_mag=said.error_mag,
                    scatter_mag=said.scatter_mag if math.isfinite(said.scatter_mag) else None,
                    residual_mag=residual if used else None,
                    weight=weight,
                    accepted=bool(night.accepted[number]),
                )
            )
    return rows


def _standards(scans: SolvedScans) -> list[StandardUsedRow]:
    rows = []
    for position, band in enumerate(BANDS):
        seen = np.isfinite(scans.measured.difference_mag[position])
        stars, counts = np.unique(scans.measured.star[seen], return_counts=True)
        rows += [_standard(scans, band, *pair) for pair in zip(stars.tolist(), counts.tolist(), strict=True)]
    return rows


def _standard(scans: SolvedScans, band: Band, star: int, count: int) -> StandardUsedRow:
    return StandardUsedRow(scans.standards.names[star], band, count, scans.standards.hashes[star])
