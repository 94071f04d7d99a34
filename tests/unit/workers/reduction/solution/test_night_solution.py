"""A night alone against the truth of its zero point."""

from __future__ import annotations

import numpy as np
import pytest

from workers.reduction.solution.night_solution import Extinction, Form, NightSets, solve_night

NOTHING_KNOWN = Extinction(0.0, 0.02)


def _night(shape: np.ndarray, seed: int, noise: float = 0.003, extinction: float = 0.0) -> NightSets:
    rng = np.random.default_rng(seed)
    hours = np.arange(float(shape.size))
    airmass = 1.0 + rng.random(shape.size)
    offset = shape - extinction * (airmass - 1) + rng.normal(0, noise, shape.size)
    return NightSets(hours, airmass, np.arange(shape.size), offset, np.full(shape.size, 0.003))


def test_a_steady_night_is_constant() -> None:
    solution = solve_night(_night(np.full(9, 0.05), 1), NOTHING_KNOWN)
    assert solution is not None
    assert solution.form is Form.CONSTANT
    assert solution.coefficients == pytest.approx([0.05], abs=0.004)
    assert solution.accepted.all()
    assert solution.error_mag < 0.008


def test_a_drifting_night_is_linear_or_better() -> None:
    drift = 0.01 * np.arange(9.0)
    solution = solve_night(_night(drift, 2), NOTHING_KNOWN)
    assert solution is not None
    assert solution.form in (Form.LINEAR, Form.QUADRATIC)
    found = solution.zero_point_mag(np.array([0.0, 4.0, 8.0]), np.ones(3))
    assert found == pytest.approx([0.0, 0.04, 0.08], abs=0.008)
    assert solution.left_out_mag[Form.CONSTANT] > 3 * solution.left_out_mag[Form.LINEAR]


def test_a_night_with_a_step_is_piecewise() -> None:
    step = np.where(np.arange(12) < 6, 0.0, 0.15) + 0.03 * np.sin(np.arange(12) * 0.9)
    solution = solve_night(_night(step, 3, noise=0.001), NOTHING_KNOWN)
    assert solution is not None
    assert solution.form is Form.PIECEWISE
    assert solution.zero_point_mag(np.array([2.0, 9.0]), np.ones(2)) == pytest.approx(step[[2, 9]], abs=0.012)


def test_the_extinction_follows_the_sets_within_what_is_known() -> None:
    sets = _night(np.zeros(9), 4, noise=0.001, extinction=0.04)
    free, held = solve_night(sets, Extinction(0.0, 0.1)), solve_night(sets, Extinction(0.0, 0.0001))
    assert free is not None
    assert held is not None
    assert free.extinction == pytest.approx(0.04, abs=0.008)
    assert held.extinction == pytest.approx(0.0, abs=0.001)


def test_a_clouded_set_is_rejected_and_draws_nothing() -> None:
    shape = np.zeros(9)
    shape[4] = -0.2
    solution = solve_night(_night(shape, 5), NOTHING_KNOWN)
    assert solution is not None
    assert np.flatnonzero(~solution.accepted).tolist() == [4]
    assert solution.zero_point_mag(np.array([1.0, 7.0]), np.ones(2)) == pytest.approx([0.0, 0.0], abs=0.01)


def test_a_lone_set_gives_a_constant_with_an_honest_error() -> None:
    solution = solve_night(_night(np.array([0.03]), 6), NOTHING_KNOWN)
    assert solution is not None
    assert solution.form is Form.CONSTANT
    assert solution.error_mag >= 0.005
    assert set(solution.left_out_mag) == {Form.CONSTANT}


def test_a_night_without_sets_has_no_solution() -> None:
    none = _night(np.zeros(3), 7).rows(slice(0))
    assert solve_night(none, NOTHING_KNOWN) is None


def test_error_is_that_of_the_prediction() -> None:
    errors, claimed = [], []
    for seed in range(60):
        solution = solve_night(_night(np.full(9, 0.02), 100 + seed, noise=0.006), NOTHING_KNOWN)
        assert solution is not None
        errors.append(solution.zero_point_mag(np.array([4.0]), np.array([1.3]))[0] - 0.02)
        claimed.append(solution.error_mag)
    # The error claimed is that of one set predicted: an upper bound for the level of nine.
    assert np.std(errors) < np.median(claimed) < 0.010
