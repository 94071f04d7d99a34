"""From rows of a survey to the ties of a band, and from its solution to rows."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest

from app.instruments.bands import BANDS, Band
from app.parameters.sections import ParameterSet
from workers.reduction.solution.global_solution import solve_globally
from workers.reduction.solution.intervals import Reason
from workers.steps.survey_inputs import MeasuredStandard, SharedStars, SurveyInputs, SurveyScan, SurveySet
from workers.steps.survey_rows import SolvedBand, solution_rows
from workers.steps.survey_ties import names_of, ties_of

PARAMETERS = ParameterSet()
NIGHT = 1000


def scan(number: int, hours: float, kind: str = "sci", night: int = NIGHT, **changes: object) -> SurveyScan:
    row = SurveyScan(
        night << 10 | number, night, kind, "n", 4, "n-1", 10 * night + number, f"{number:064d}", hours, 1.2
    )
    return replace(row, **changes)  # type: ignore[arg-type]


def set_of(number: int, hours: float, night: int = NIGHT, **changes: object) -> list[SurveySet]:
    row = SurveySet(
        7, night, number, "j", f"f{number % 2}", 6, 9, datetime(1999, 4, 10, 3, tzinfo=UTC), 1.1, 0.05, 0.0065, 0.004,
        usable=True, accepted=True, hours=hours,
    )  # fmt: skip
    return [replace(row, band=band.value, **changes) for band in BANDS]  # type: ignore[arg-type]


def shared(
    a: SurveyScan, b: SurveyScan, delta: float = 0.0, held_out: float | None = 0.001
) -> list[SharedStars]:
    return [
        SharedStars(
            a.scan_key,
            b.scan_key,
            band.value,
            40,
            delta,
            0.02,
            0.9,
            0.81,
            -0.9,
            0.81,
            held_out,
            4 if held_out else 0,
        )
        for band in BANDS
    ]


SCANS = tuple(scan(number, 8.5 + 0.25 * number) for number in range(1, 9))
SETS = (*set_of(1, 8.5), *set_of(2, 10.0), *set_of(3, 11.5))
INPUTS = SurveyInputs(SCANS, (), SETS, (MeasuredStandard("a", "j", 5, "5" * 64),), {})
OVERLAPS = [row for a, b in pairwise(SCANS) for row in shared(a, b)]


def solve(inputs: SurveyInputs, overlaps: list[SharedStars]) -> dict[Band, SolvedBand]:
    names, parameters, solved = names_of(inputs), PARAMETERS.solution, {}
    for band in BANDS:
        given = ties_of(inputs, overlaps, names, band, parameters)
        solved[band] = SolvedBand(given, names, solve_globally(given.ties, parameters))
    return solved


def reasons(inputs: SurveyInputs, overlaps: list[SharedStars] = OVERLAPS) -> list[str]:
    rows = solution_rows(inputs, solve(inputs, overlaps), PARAMETERS).zero_points
    assert [row.photometric for row in rows] == [row.reason == Reason.PHOTOMETRIC for row in rows]
    return [row.reason for row in rows if row.band is Band.H]


def test_indices_follow_total_orders() -> None:
    other = scan(3, 9.0, night=NIGHT + 14, hemis="s", month=1, block=None)
    inputs = replace(INPUTS, scans=(*SCANS, other), sets=(*SETS, *set_of(1, 9.0, NIGHT + 14, field="a")))
    names = names_of(inputs)
    assert names.months == [("n", 4), ("s", 1)]
    assert names.periods == [("n", "n-1"), ("s", "")]
    assert names.fields == ["a", "f0", "f1"]
    ties = ties_of(inputs, OVERLAPS, names, Band.J, PARAMETERS.solution).ties
    assert ties.scans.night.tolist() == [0] * 8 + [1]
    assert ties.groups.month.tolist() == ties.groups.period.tolist() == [0, 1]
    assert ties.sets.field.tolist() == [2, 1, 2, 0]
    assert ties.overlaps.scan_a.tolist() == list(range(7))
    assert ties.overlaps.x_b.tolist() == [-0.9] * 7


def test_errors_of_sets_are_without_that_of_the_field() -> None:
    """Those in the database contain it, and the solver adds it as an unknown of its own."""
    ties = ties_of(INPUTS, [], names_of(INPUTS), Band.J, PARAMETERS.solution).ties
    assert ties.sets.error_mag == pytest.approx(np.sqrt(0.0065**2 - 0.006**2))
    small = replace(INPUTS, sets=tuple(replace(row, error_mag=0.003) for row in SETS))
    assert ties_of(
        small, [], names_of(small), Band.J, PARAMETERS.solution
    ).ties.sets.error_mag == pytest.approx(0.0005)


def test_sets_that_were_of_no_use_or_of_other_nights_are_left_out() -> None:
    others = (*set_of(4, 12.0, usable=False), *set_of(1, 9.0, NIGHT + 2))
    inputs = replace(INPUTS, sets=(*SETS, *others))
    assert ties_of(inputs, [], names_of(inputs), Band.K, PARAMETERS.solution).ties.sets.night.size == 3


def test_verdicts_come_from_sets_of_the_night_and_from_clouds() -> None:
    assert set(reasons(INPUTS)) == {Reason.PHOTOMETRIC}
    beyond = replace(INPUTS, scans=(*SCANS[:-1], replace(SCANS[-1], hours=12.5)))
    assert reasons(beyond)[-1] == Reason.NOT_BRACKETED
    rejected = tuple(replace(row, accepted=not (row.number == 2 and row.band == "j")) for row in SETS)
    assert Reason.BAD_SET in reasons(replace(INPUTS, sets=rejected))
    clouds = replace(INPUTS, scans=(replace(SCANS[0], clouds=True), *SCANS[1:]))
    assert reasons(clouds)[:2] == [Reason.TRANSPARENCY, Reason.PHOTOMETRIC]
    by_night = replace(
        INPUTS, verdicts={SCANS[1].scan_key: Reason.CLOUD.value, SCANS[2].scan_key: Reason.TRANSPARENCY.value}
    )
    assert reasons(by_night)[:4] == [
        Reason.PHOTOMETRIC, Reason.CLOUD, Reason.TRANSPARENCY, Reason.PHOTOMETRIC,
    ]  # fmt: skip
    without = replace(INPUTS, scans=(*SCANS, scan(1, 9.0, night=NIGHT + 2)))
    assert reasons(without)[-1] == Reason.NO_SETS


def test_calibration_scans_belong_to_the_first_and_the_last_set() -> None:
    early, late = scan(9, 8.45, "cal"), scan(10, 11.6, "cal")
    inputs = replace(INPUTS, scans=(*SCANS, early, late))
    assert reasons(inputs)[-2:] == [Reason.PHOTOMETRIC] * 2
    survey = replace(INPUTS, scans=(*SCANS, replace(early, kind="sci"), replace(late, kind="sci")))
    assert reasons(survey)[-2:] == [Reason.NOT_BRACKETED] * 2


def test_a_dimmed_scan_is_told_by_its_overlaps_and_one_without_overlaps_by_nothing() -> None:
    dimmed = 4
    overlaps = [
        row
        for number, (a, b) in enumerate(pairwise(SCANS))
        for row in shared(a, b, delta={dimmed: 0.08, dimmed - 1: -0.08}.get(number, 0.0), held_out=None)
    ]
    rows = solution_rows(INPUTS, solve(INPUTS, overlaps), PARAMETERS)
    lost = [row.loss_mag for row in rows.zero_points if row.band is Band.J]
    found = [row.reason for row in rows.zero_points if row.band is Band.J]
    assert found[dimmed] == Reason.CLOUD
    assert lost[dimmed] is not None
    assert lost[dimmed] > 0.04
    assert all(row.held_out_mag is None for row in rows.overlaps)
    assert rows.facts["bands"]["j"]["held_out_scatter_mag"] is None
    alone = solution_rows(INPUTS, solve(INPUTS, []), PARAMETERS)
    assert {row.loss_mag for row in alone.zero_points} == {None}
    assert alone.overlaps == ()
    assert alone.facts["bands"]["j"]["overlap_scatter_mag"] is None


def test_stars_held_out_are_compared_with_the_solution() -> None:
    rows = solution_rows(INPUTS, solve(INPUTS, OVERLAPS), PARAMETERS)
    first = rows.overlaps[0]
    assert (first.band, first.delta_mag, first.weight) == (Band.J, 0.0, 1.0)
    # Overlaps and stars held out differ by 1 mmag, and so do their residuals.
    assert first.held_out_mag is not None
    assert first.held_out_mag - first.residual_mag == pytest.approx(0.001)
    facts = rows.facts["bands"]["j"]
    residual = [abs(row.held_out_mag or math.nan) for row in rows.overlaps if row.band is Band.J]
    assert facts["held_out_scatter_mag"] == pytest.approx(1.4826 * np.median(residual))
    assert facts["held_out_scatter_untouched_mag"] == pytest.approx(1.4826 * 0.001)
    assert [row.night_id for row in rows.sets] == [NIGHT] * 9
    assert [(row.standard, row.band) for row in rows.standards] == [("a", Band.J)]


@pytest.mark.parametrize(
    "changed",
    [
        replace(INPUTS, scans=(replace(SCANS[0], content="1" * 64), *SCANS[1:])),
        replace(INPUTS, scans=(replace(SCANS[0], airmass=1.3), *SCANS[1:])),
        replace(INPUTS, scans=(replace(SCANS[0], clouds=True), *SCANS[1:])),
        replace(INPUTS, sets=(replace(SETS[0], offset_mag=0.051), *SETS[1:])),
        replace(INPUTS, sets=(replace(SETS[0], accepted=False), *SETS[1:])),
        replace(INPUTS, standards=(MeasuredStandard("a", "j", 5, "6" * 64),)),
        replace(INPUTS, verdicts={SCANS[0].scan_key: Reason.CLOUD.value}),
    ],
)
def test_everything_that_counts_is_in_the_contents(changed: SurveyInputs) -> None:
    assert changed.contents() != INPUTS.contents()


def test_keys_of_attempts_do_not_count() -> None:
    other = replace(
        INPUTS,
        scans=tuple(replace(row, attempt_id=row.attempt_id + 1) for row in SCANS),
        sets=tuple(replace(row, attempt_id=8) for row in SETS),
    )
    assert other.contents() == INPUTS.contents()
    assert other.attempts != INPUTS.attempts
    assert len(INPUTS.attempts) == len(SCANS) + 1
