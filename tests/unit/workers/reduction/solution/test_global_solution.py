"""The global solution against the truth it was measured from."""

from __future__ import annotations

import numpy as np
import pytest

from app.parameters.solution import SolutionParameters
from tests.unit.workers.reduction.solution.small_survey import small_survey
from workers.reduction.solution.global_solution import CONVEX_SIGMA, _convex_root, _root, solve_globally

PARAMETERS = SolutionParameters()


def test_zero_points_are_those_of_the_truth() -> None:
    survey = small_survey(1)
    solution = solve_globally(survey.ties, PARAMETERS)
    error = solution.zero_point_mag - survey.zero_point
    assert np.std(error) < 0.0025
    assert np.abs(error).max() < 0.010
    # Doing nothing is wrong by the nights' offsets.
    assert np.std(survey.zero_point) > 0.02


def test_errors_are_as_large_as_the_truth_says() -> None:
    pulls = []
    for seed in range(4):
        survey = small_survey(seed)
        solution = solve_globally(survey.ties, PARAMETERS)
        pulls.append((solution.zero_point_mag - survey.zero_point) / solution.error_mag)
    # The scans of the small survey overlap three times as often as the parameters' widths expect of them.
    assert 0.5 < np.sqrt(np.mean(np.concatenate(pulls) ** 2)) < 1.3


def test_the_flat_across_scans_is_found() -> None:
    survey = small_survey(2)
    solution = solve_globally(survey.ties, PARAMETERS)
    assert solution.linear_mag == pytest.approx([survey.flat[0]], abs=0.0006)


def test_without_noise_the_solution_closes() -> None:
    survey = small_survey(3, noise=0.0)
    solution = solve_globally(survey.ties, PARAMETERS, errors=False)
    # What is left is the swing of the nights, 6 mmag, that a process of 3 mmag does not follow whole.
    assert np.std(solution.zero_point_mag - survey.zero_point) < 0.001
    assert np.isnan(solution.error_mag).all()


def test_a_dimmed_scan_keeps_its_zero_point_and_shows_its_loss() -> None:
    survey = small_survey(4, loss={100: 0.05, 101: 0.04, 300: 0.03})
    solution = solve_globally(survey.ties, PARAMETERS, errors=False)
    assert solution.loss_mag[[100, 101, 300]] == pytest.approx([0.05, 0.04, 0.03], abs=0.012)
    clear = np.delete(solution.loss_mag, [100, 101, 300])
    assert np.abs(clear).max() < 0.015
    error = solution.zero_point_mag - survey.zero_point
    assert np.abs(error[[100, 101, 300]]).max() < 0.008


def test_a_wrong_overlap_draws_nobody_after_it() -> None:
    survey = small_survey(5)
    overlaps = survey.ties.overlaps
    delta = overlaps.delta_mag.copy()
    delta[200] += 0.2
    stars = overlaps.stars.copy()
    stars[200] = 3000
    wrong = survey.ties._replace(overlaps=overlaps._replace(delta_mag=delta, stars=stars))
    solution = solve_globally(wrong, PARAMETERS, errors=False)
    assert np.abs(solution.zero_point_mag - survey.zero_point).max() < 0.015
    assert solution.overlap_weight[200] < 0.1
    assert abs(solution.overlap_residual_mag[200]) > 0.1


def test_strong_overlaps_that_are_wrong_together_do_not_carry_a_scan_off() -> None:
    """Of six overlaps of a scan the three strong ones are wrong by 40 mmag: the weak ones and the night say so.

    With weights that fall as 1 / u^2 from the first round on, one of the scans went 26 mmag after them.
    """
    survey = small_survey(1, nights=6)
    overlaps = survey.ties.overlaps
    delta, stars, rng = overlaps.delta_mag.copy(), overlaps.stars.copy(), np.random.default_rng(1)
    scans = list(range(60, 190, 43))
    for scan in scans:
        edges = np.flatnonzero((overlaps.scan_a == scan) | (overlaps.scan_b == scan))
        wrong = rng.permutation(edges)[:3]
        stars[np.setdiff1d(edges, wrong)] = 20
        delta[wrong] += np.where(overlaps.scan_a[wrong] == scan, 0.04, -0.04)
    ties = survey.ties._replace(overlaps=overlaps._replace(delta_mag=delta, stars=stars))
    solution = solve_globally(ties, PARAMETERS, errors=False)
    assert np.abs(solution.zero_point_mag - survey.zero_point)[scans].max() < 0.020


def test_weights_of_the_first_rounds_belong_to_a_convex_loss() -> None:
    """Influence, residual times weight, never falls: such a loss has one lowest place, wherever one begins."""
    residual = np.linspace(0.0, 20.0, 201)
    influence = residual * _convex_root(residual) ** 2
    assert (np.diff(influence) >= -1e-12).all()
    assert influence[-1] == pytest.approx(CONVEX_SIGMA)
    later = residual * _root(residual, PARAMETERS.robust_sigma) ** 2
    assert later[-1] < 0.25 * later.max()


def test_a_bad_set_loses_its_weight() -> None:
    survey = small_survey(6)
    offset = survey.ties.sets.offset_mag.copy()
    offset[20] += 0.08
    ties = survey.ties._replace(sets=survey.ties.sets._replace(offset_mag=offset))
    solution = solve_globally(ties, PARAMETERS, errors=False)
    assert solution.set_weight[20] < 0.2
    assert np.median(solution.set_weight) > 0.9
    assert solution.set_residual_mag[20] == pytest.approx(0.08, abs=0.02)


def test_nights_without_overlaps_stand_alone() -> None:
    survey = small_survey(7)
    none = survey.ties.overlaps.rows(slice(0))
    solution = solve_globally(survey.ties._replace(overlaps=none), PARAMETERS)
    error = solution.zero_point_mag - survey.zero_point
    assert np.std(error) < 0.006
    with_overlaps = solve_globally(survey.ties, PARAMETERS)
    assert np.median(solution.error_mag) > np.median(with_overlaps.error_mag)


def test_without_sets_the_steps_are_right_and_the_errors_say_that_the_level_is_unknown() -> None:
    survey = small_survey(8)
    none = survey.ties.sets.rows(slice(0))
    solution = solve_globally(survey.ties._replace(sets=none), PARAMETERS)
    error = solution.zero_point_mag - survey.zero_point
    assert np.std(np.diff(error)) < 0.006
    assert np.median(solution.error_mag) > 0.1


def test_same_ties_same_bytes() -> None:
    survey = small_survey(9)
    first, second = (solve_globally(survey.ties, PARAMETERS) for _ in range(2))
    assert first.zero_point_mag.tobytes() == second.zero_point_mag.tobytes()
    assert first.error_mag.tobytes() == second.error_mag.tobytes()
