"""Small systems of equations against the library's solution."""

from __future__ import annotations

import numpy as np
import pytest

from workers.reduction.kernels.cholesky import factorise, solve, solve_damped


def positive(n, seed):
    design = np.random.default_rng(seed).standard_normal((2 * n, n))
    return design.T @ design + 0.1 * np.eye(n)


@pytest.mark.parametrize("n", [1, 3, 6, 30])
def test_solutions_are_those_of_the_library(n):
    matrix, right = positive(n, n), np.random.default_rng(7).standard_normal(n)
    factor, found = matrix.copy(), right.copy()
    assert factorise(factor, n)
    solve(factor, found, n)
    np.testing.assert_allclose(found, np.linalg.solve(matrix, right), rtol=1e-9)
    np.testing.assert_allclose(np.tril(factor), np.linalg.cholesky(matrix), rtol=1e-9, atol=1e-12)


def test_only_the_lower_triangle_of_the_first_unknowns_counts():
    """Work arrays are larger than most groups, and hold what the group before left in them."""
    matrix, right = positive(4, 1), np.arange(4.0)
    wide, long = np.full((9, 9), np.nan), np.full(9, np.nan)
    wide[:4, :4] = np.where(np.tri(4, dtype=bool), matrix, np.nan)
    long[:4] = right
    assert factorise(wide, 4)
    solve(wide, long, 4)
    np.testing.assert_allclose(long[:4], np.linalg.solve(matrix, right), rtol=1e-9)
    assert np.isnan(long[4:]).all()
    assert np.isnan(wide[4:]).all()


@pytest.mark.parametrize("matrix", [np.zeros((2, 2)), -np.eye(2), np.ones((2, 2)), np.full((2, 2), np.nan)])
def test_a_matrix_that_is_not_positive_definite_is_told(matrix):
    assert not factorise(matrix.copy(), 2)


@pytest.mark.parametrize("damping", [0.0, 1e-3, 10.0])
def test_a_damped_solution_is_that_of_the_library(damping):
    matrix, right, found = positive(9, 3), np.arange(9.0), np.empty(9)
    assert solve_damped(matrix, right, damping, found)
    wanted = np.linalg.solve(matrix + damping * np.diag(np.diag(matrix)) + 1e-12 * np.eye(9), right)
    np.testing.assert_allclose(found, wanted, rtol=1e-9)
    np.testing.assert_array_equal(right, np.arange(9.0))


def test_an_unknown_of_which_nothing_tells_stays_where_it_is():
    matrix, found = np.diag([2.0, 0.0]), np.empty(2)
    assert solve_damped(matrix, np.array([4.0, 0.0]), 0.0, found)
    np.testing.assert_allclose(found, [2.0, 0.0], rtol=1e-9)
    assert not solve_damped(-matrix, np.ones(2), 0.0, found)
