"""A night in all bands: sets from scans, zero points against truth and against doing nothing, and verdicts."""

from __future__ import annotations

import numpy as np
import pytest

from app.parameters.calibration import CalibrationParameters
from app.parameters.solution import SolutionParameters
from workers.reduction.solution.intervals import Reason
from workers.reduction.solution.night_sets import NightScans, group_sets, solve_bands
from workers.reduction.solution.standards import Measured

PARAMETERS = (CalibrationParameters(), SolutionParameters())
SETS, SCANS, STARS = 9, 6, 20


class Night:
    """A night of hourly sets of six scans with six survey scans between, whose zero points drift."""

    def __init__(self, seed=1, sets=SETS, drift=0.02):
        self.random = np.random.default_rng(seed)
        hours, field = [], []
        for visit in range(sets):
            for scan in range(2 * SCANS):
                hours.append(visit + scan / 12)
                field.append(visit % 2 if scan < SCANS else -1)
        self.hours, self.field = np.array(hours), np.array(field)
        self.airmass = 1.2 + 0.2 * np.sin(self.hours)
        self.opaque = np.zeros(self.hours.size, bool)
        level = np.array([0.08, -0.06, 0.12])
        slope = drift * np.array([1.0, 0.0, 0.0])
        self.truth = level[:, None] + slope[:, None] * (self.hours - 4)
        self.cloud = np.zeros(self.hours.size)

    def solve(self, bands=(0, 1, 2)):
        calibration = np.flatnonzero(self.field >= 0)
        scan = np.repeat(calibration, STARS)
        star = np.tile(np.arange(STARS), calibration.size) + STARS * self.field[scan]
        noise = self.random.normal(0, 0.01, (3, scan.size))
        difference = self.truth[:, scan] - self.cloud[scan] + noise
        difference[[band for band in range(3) if band not in bands]] = np.nan
        measured = Measured(scan, star, difference, np.full(difference.shape, 0.01))
        scans = NightScans(self.hours, self.airmass, self.field, self.opaque)
        return solve_bands(scans, measured, np.full((3, 2 * STARS), 0.01), PARAMETERS)


def rms(values):
    return float(np.sqrt(np.mean(np.square(values))))


def test_zero_points_are_found_to_millimagnitudes_where_doing_nothing_is_a_tenth_off():
    night = Night()
    solved = night.solve()
    inside = night.hours <= solved.intervals[-1].last_hours
    nothing = rms(night.truth[:, inside])
    found = rms((solved.offset_mag - night.truth)[:, inside])
    print(f"rms {1000 * found:.1f} mmag, doing nothing {1000 * nothing:.1f} mmag")
    assert found < 0.002
    assert nothing > 0.08
    assert solved.accepted.all()
    assert len(solved.sets) == SETS


def test_errors_are_those_of_many_nights():
    pulls = []
    for seed in range(20):
        night = Night(seed)
        solved = night.solve()
        pulls.append((solved.offset_mag - night.truth)[:, 30] / solved.error_mag[:, 30])
    assert rms(pulls) < 1.3


def test_scans_between_sets_are_photometric_and_those_after_the_last_are_not():
    night = Night()
    solved = night.solve()
    survey = night.field < 0
    last = solved.sets[-1].hours
    for index in np.flatnonzero(survey):
        expected = Reason.PHOTOMETRIC if night.hours[index] < last else Reason.NOT_BRACKETED
        assert solved.reasons[index] is expected
    assert {solved.reasons[index] for index in np.flatnonzero(~survey)} == {Reason.PHOTOMETRIC}
    beyond = night.hours > last
    within = ~beyond & (night.hours >= solved.sets[0].hours)
    assert (solved.error_mag[:, beyond] > solved.error_mag[:, within].max(axis=1)[:, None]).all()


def test_a_clouded_set_breaks_the_night_and_spoils_its_neighbours():
    night = Night()
    clouded = (night.hours >= 4) & (night.hours < 4.5)
    night.cloud[clouded] = 0.15
    solved = night.solve()
    assert solved.accepted.tolist() == [True] * 4 + [False] + [True] * 4
    assert len(solved.intervals) == 2
    between = (night.hours > 3.5) & (night.hours < 5) & ~clouded
    assert {solved.reasons[index] for index in np.flatnonzero(between)} == {Reason.BAD_SET}
    assert (solved.loss_mag[clouded] > 0.1).all()
    clear = ~clouded & (night.field >= 0)
    assert rms((solved.offset_mag - night.truth)[:, clear]) < 0.012


def test_one_dimmed_scan_of_a_set_is_found_and_its_set_stays():
    night = Night()
    night.cloud[25] = 0.04  # the second scan of the third set
    solved = night.solve()
    assert solved.reasons[25] is Reason.CLOUD
    assert solved.reasons[26] is Reason.PHOTOMETRIC
    assert solved.accepted.all()
    assert solved.loss_mag[25] == pytest.approx(0.04, abs=0.012)


def test_frames_that_lost_light_are_told():
    night = Night()
    night.opaque[30] = True
    assert night.solve().reasons[30] is Reason.TRANSPARENCY


def test_a_fully_clouded_night_keeps_nominal_zero_points():
    night = Night()
    night.cloud[:] = 1.5
    solved = night.solve()
    assert solved.solutions == (None, None, None)
    assert set(solved.reasons) == {Reason.NO_SETS}
    assert solved.intervals == ()
    assert (solved.offset_mag == 0).all()
    assert (solved.error_mag == PARAMETERS[0].nominal_error_mag).all()


def test_a_night_of_one_set_has_zero_points_and_no_span():
    night = Night(sets=1)
    solved = night.solve()
    assert solved.intervals == ()
    assert {solved.reasons[index] for index in np.flatnonzero(night.field < 0)} == {Reason.NOT_BRACKETED}
    assert rms(solved.offset_mag[:, :SCANS] - night.truth[:, :SCANS]) < 0.03 < rms(night.truth)


def test_a_missing_band_keeps_its_nominal_zero_point_and_the_others_are_judged_without_it():
    night = Night()
    solved = night.solve(bands=(0, 1))
    assert [solution is None for solution in solved.solutions] == [False, False, True]
    assert (solved.offset_mag[2] == 0).all()
    assert solved.accepted.all()
    assert Reason.PHOTOMETRIC in solved.reasons


def test_an_empty_night_and_scans_without_time():
    empty = Night(sets=0)
    assert empty.solve().reasons == ()
    night = Night()
    night.hours[8] = np.nan
    night.truth[:, 8] = 0
    solved = night.solve()
    assert solved.reasons[8] is Reason.NO_TIME
    assert (solved.offset_mag[:, 8] == 0).all()
    assert (solved.error_mag[:, 8] == PARAMETERS[0].nominal_error_mag).all()


def test_same_input_same_bytes():
    first, second = (Night(3).solve() for _ in range(2))
    assert first.offset_mag.tobytes() == second.offset_mag.tobytes()
    assert first.reasons == second.reasons


def test_sets_end_with_their_field_with_a_survey_scan_and_after_a_gap():
    hours = np.array([0, 0.1, 0.2, 0.3, 0.4, 2.0, 2.1, np.nan, 2.3])
    field = np.array([5, 5, 6, 6, -1, 6, 6, 6, 6])
    scans = NightScans(hours, np.ones(9), field, np.zeros(9, bool))
    assert group_sets(scans, 0.5) == [[0, 1], [2, 3], [5, 6], [8]]
    assert group_sets(scans._replace(field=np.full(9, 5)), 0.5) == [[0, 1, 2, 3, 4], [5, 6], [8]]
