"""Rows of a global solution: zero points, verdicts, what was used, and facts for people."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from app.arrays import Bools, Doubles, Integers
from app.instruments.bands import BANDS, Band
from app.models.solution import SolutionKind, SolutionState
from app.parameters.sections import ParameterSet
from app.production.global_rows import GlobalSolutionRows, OverlapUsedRow, SurveySetRow
from app.production.solution_rows import ScanZeroPointRow, StandardUsedRow
from workers.reduction.solution.clouds import grey_loss
from workers.reduction.solution.global_solution import GlobalSolution
from workers.reduction.solution.intervals import Reason, verdict
from workers.steps.survey_inputs import SurveyInputs, SurveyScan
from workers.steps.survey_ties import BandTies, SurveyNames

ROBUST = 1.4826
ADRIFT_MAG = 0.5
"""Errors beyond it are those of nights that nothing ties to standards."""


class SolvedBand(NamedTuple):
    """A band: what was given, what indices stand for, and the solution."""

    given: BandTies
    names: SurveyNames
    solution: GlobalSolution

    @property
    def held_out_mag(self) -> Doubles:
        """Medians of the stars held out, minus what the solution says of them; NaN where an overlap has none."""
        told = [row.held_out_mag for row in self.given.overlaps]
        held_out = np.array([math.nan if value is None else value for value in told], dtype=np.float64)
        return held_out - predicted_mag(self.solution, self.given)

    @property
    def held_out_scatter_mag(self) -> float:
        """Scatter of these (1.4826 times the median absolute value); NaN where no star is held out."""
        known = self.held_out_mag[np.isfinite(self.held_out_mag)]
        return ROBUST * float(np.median(np.abs(known))) if known.size else math.nan

    @property
    def untouched_scatter_mag(self) -> float:
        """The same of magnitudes as measured: what doing nothing scores."""
        told = [row.held_out_mag for row in self.given.overlaps if row.held_out_mag is not None]
        return ROBUST * float(np.median(np.abs(told))) if told else math.nan


def predicted_mag(solution: GlobalSolution, given: BandTies) -> Doubles:
    """Difference of measured magnitudes that a solution expects of each overlap.

    Parameters
    ----------
    solution : GlobalSolution
        Zero points and flats.
    given : BandTies
        Ties with the overlaps.
    """
    overlaps = given.ties.overlaps
    second = _correction(solution, given, overlaps.scan_b, (overlaps.x_b, overlaps.x2_b))
    return second - _correction(solution, given, overlaps.scan_a, (overlaps.x_a, overlaps.x2_a))


def _correction(
    solution: GlobalSolution, given: BandTies, scan: Integers, place: tuple[Doubles, Doubles]
) -> Doubles:
    """Zero points of scans and flats at places across them, given with their squares."""
    period = given.ties.groups.period[given.ties.scans.night][scan]
    flat = solution.linear_mag[period] * place[0] + solution.quadratic_mag[period] * (place[1] - 1 / 3)
    return np.asarray(solution.zero_point_mag[scan] + flat)


def solution_rows(
    inputs: SurveyInputs, solved: dict[Band, SolvedBand], parameters: ParameterSet
) -> GlobalSolutionRows:
    """Make the rows of a solution, a draft until somebody has looked at it.

    Parameters
    ----------
    inputs : SurveyInputs
        Scans, sets and verdicts of nights.
    solved : dict of Band to SolvedBand
        All bands.
    parameters : ParameterSet
        Parameters of the run.
    """
    loss = _losses(inputs, solved)
    reasons = _reasons(inputs, loss, parameters.solution.cloud_loss_mag)
    return GlobalSolutionRows(
        kind=SolutionKind.GLOBAL.value,
        state=SolutionState.DRAFT.value,
        parameters={"solution": parameters.solution.as_dict()},
        facts=_facts(inputs, solved, reasons),
        zero_points=_zero_points(inputs, solved, loss, reasons),
        sets=tuple(row for band in BANDS for row in _sets(solved[band])),
        standards=tuple(
            StandardUsedRow(row.standard, Band(row.band), row.measurements, row.star_hash)
            for row in inputs.standards
        ),
        overlaps=tuple(row for band in BANDS for row in _overlaps(solved[band], band)),
    )


def _losses(inputs: SurveyInputs, solved: dict[Band, SolvedBand]) -> Doubles:
    """Light lost by each scan; NaN for those without overlaps, of which the model is all that is known."""
    losses = np.full((len(BANDS), len(inputs.scans)), np.nan)
    for number, band in enumerate(BANDS):
        overlaps = solved[band].given.ties.overlaps
        tied = np.unique(np.concatenate([overlaps.scan_a, overlaps.scan_b]))
        losses[number, tied] = solved[band].solution.loss_mag[tied]
    return grey_loss(losses)[0]


def _reasons(inputs: SurveyInputs, loss: Doubles, limit_mag: float) -> list[Reason]:
    """Verdicts: spans between the sets of the night, then light lost here, then what the night found by itself."""
    sets = _sets_of_nights(inputs)
    none = np.zeros(0), np.zeros(0, dtype=bool)
    return [
        _reason(scan, sets.get(scan.night_id, none), (float(lost), limit_mag), inputs.verdicts.get(scan.scan_key))
        for scan, lost in zip(inputs.scans, loss, strict=True)
    ]  # fmt: skip


def _reason(
    scan: SurveyScan, sets: tuple[Doubles, Bools], loss: tuple[float, float], by_night: str | None
) -> Reason:
    hours = float(scan.hours or 0.0)
    if scan.kind == "cal" and sets[0].size:
        # Scans of the first and the last set begin before, or end after, its middle: they belong to it.
        hours = float(np.clip(hours, sets[0][0], sets[0][-1]))
    reason = verdict(hours, sets, loss, opaque=scan.clouds or by_night == Reason.TRANSPARENCY)
    return Reason.CLOUD if reason is Reason.PHOTOMETRIC and by_night == Reason.CLOUD else reason


def _sets_of_nights(inputs: SurveyInputs) -> dict[int, tuple[Doubles, Bools]]:
    """By night: times of its sets, ascending, and whether each is accepted in all bands."""
    found: dict[int, dict[int, tuple[float, bool]]] = {}
    for row in inputs.sets:
        night = found.setdefault(row.night_id, {})
        hours, accepted = night.get(row.number, (row.hours, True))
        night[row.number] = (hours, accepted and row.accepted)
    sets = {}
    for night_id, by_number in found.items():
        rows = sorted(by_number.values())
        sets[night_id] = np.array([hours for hours, _ in rows]), np.array([good for _, good in rows])
    return sets


def _zero_points(
    inputs: SurveyInputs, solved: dict[Band, SolvedBand], loss: Doubles, reasons: list[Reason]
) -> tuple[ScanZeroPointRow, ...]:
    period = {
        band: solved[band].given.ties.groups.period[solved[band].given.ties.scans.night] for band in BANDS
    }
    return tuple(
        ScanZeroPointRow(
            scan_key=scan.scan_key,
            band=band,
            offset_mag=float(solved[band].solution.zero_point_mag[index]),
            error_mag=float(solved[band].solution.error_mag[index]),
            loss_mag=float(loss[index]) if math.isfinite(loss[index]) else None,
            photometric=reasons[index] is Reason.PHOTOMETRIC,
            reason=reasons[index].value,
            linear_mag=float(solved[band].solution.linear_mag[period[band][index]]),
            quadratic_mag=float(solved[band].solution.quadratic_mag[period[band][index]]),
        )
        for index, scan in enumerate(inputs.scans)
        for band in BANDS
    )


def _sets(solved: SolvedBand) -> list[SurveySetRow]:
    residual, weight = solved.solution.set_residual_mag, solved.solution.set_weight
    return [
        SurveySetRow(
            night_id=row.night_id,
            number=row.number,
            band=Band(row.band),
            field=row.field,
            scans=row.scans,
            standards=row.standards,
            observed_at=row.observed_at,
            airmass=row.airmass,
            offset_mag=row.offset_mag,
            error_mag=row.error_mag,
            scatter_mag=row.scatter_mag,
            residual_mag=float(residual[index]),
            weight=float(weight[index]),
            accepted=row.accepted,
        )
        for index, row in enumerate(solved.given.sets)
    ]


def _overlaps(solved: SolvedBand, band: Band) -> list[OverlapUsedRow]:
    solution, held_out = solved.solution, solved.held_out_mag
    return [
        OverlapUsedRow(
            *(row.scan_a, row.scan_b, band, row.stars, row.delta_mag, row.scatter_mag),
            *(row.x_a, row.x2_a, row.x_b, row.x2_b),
            residual_mag=float(solution.overlap_residual_mag[index]),
            weight=float(solution.overlap_weight[index]),
            held_out_mag=float(held_out[index]) if math.isfinite(held_out[index]) else None,
        )
        for index, row in enumerate(solved.given.overlaps)
    ]


def _facts(inputs: SurveyInputs, solved: dict[Band, SolvedBand], reasons: list[Reason]) -> dict[str, Any]:
    names = solved[BANDS[0]].names
    return {
        "scans": len(inputs.scans),
        "scans_without_time": len(inputs.without_time),
        "nights": len(names.night_ids),
        "fields": len(names.fields),
        "verdicts": {reason.value: reasons.count(reason) for reason in Reason if reason in reasons},
        "bands": {band.value: _band_facts(solved[band]) for band in BANDS},
    }


def _band_facts(solved: SolvedBand) -> dict[str, Any]:
    solution, names, month = solved.solution, solved.names, solved.given.ties.groups.month
    adrift = np.unique(solved.given.ties.scans.night[solution.error_mag > ADRIFT_MAG])
    held_out = np.isfinite(solved.held_out_mag)
    return {
        "sets": len(solved.given.sets),
        "overlaps": len(solved.given.overlaps),
        "overlaps_with_stars_held_out": int(np.count_nonzero(held_out)),
        "held_out_scatter_mag": _plain(solved.held_out_scatter_mag),
        "held_out_scatter_untouched_mag": _plain(solved.untouched_scatter_mag),
        "overlap_scatter_mag": _plain(_scatter(solution.overlap_residual_mag)),
        "set_scatter_mag": _plain(_scatter(solution.set_residual_mag)),
        "overlaps_of_less_weight": int(np.count_nonzero(solution.overlap_weight < 1)),
        "atmosphere_mag": solution.atmosphere.width_mag,
        "atmosphere_hours": solution.atmosphere.hours,
        "error_mag": float(np.median(solution.error_mag)),
        "nights_adrift": [names.night_ids[index] for index in adrift.tolist()],
        "turns": solution.turns,
        "extinction_excess": {
            f"{hemis} {number:02d}": float(np.mean(solution.extinction[month == index]))
            for index, (hemis, number) in enumerate(names.months)
        },
        "flats": {
            f"{hemis} {block}".strip(): [float(solution.linear_mag[i]), float(solution.quadratic_mag[i])]
            for i, (hemis, block) in enumerate(names.periods)
        },
        "field_offset_mag": dict(zip(names.fields, solution.field_offset_mag.tolist(), strict=True)),
    }


def _scatter(residual_mag: Doubles) -> float:
    return ROBUST * float(np.median(np.abs(residual_mag))) if residual_mag.size else math.nan


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None
