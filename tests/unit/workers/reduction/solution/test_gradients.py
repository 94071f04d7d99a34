"""Conjugate gradients against the direct solution."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from workers.reduction.solution.gradients import NormalEquations


def _system(seed: int) -> tuple[sparse.csr_array, sparse.csr_array, np.ndarray]:
    rng = np.random.default_rng(seed)
    night = sparse.vstack(
        [sparse.eye_array(60), sparse.random_array((80, 60), density=0.05, rng=rng)], format="csr"
    )
    overlap = sparse.random_array((150, 60), density=0.06, rng=rng, format="csr")
    return sparse.csr_array(night), sparse.csr_array(overlap), rng.normal(size=(290, 3))


def test_solution_is_that_of_least_squares() -> None:
    night, overlap, right = _system(1)
    x, turns = NormalEquations(night, overlap).solve(right, tolerance=1e-9)
    direct = np.linalg.lstsq(np.vstack([night.toarray(), overlap.toarray()]), right, rcond=None)[0]
    np.testing.assert_allclose(x, direct, atol=1e-7)
    assert 0 < turns < 80


def test_a_warm_start_needs_fewer_turns() -> None:
    night, overlap, right = _system(2)
    system = NormalEquations(night, overlap)
    x, cold = system.solve(right)
    again, warm = system.solve(right, x)
    assert warm < cold
    np.testing.assert_allclose(again, x, atol=1e-3)


def test_without_overlaps_the_preconditioner_is_the_solution() -> None:
    night, _, right = _system(3)
    none = sparse.csr_array((0, 60))
    x, turns = NormalEquations(night, none).solve(right[:140])
    direct = np.linalg.lstsq(night.toarray(), right[:140], rcond=None)[0]
    np.testing.assert_allclose(x, direct, atol=1e-9)
    assert turns <= 2


def test_columns_do_not_meddle() -> None:
    night, overlap, right = _system(4)
    system = NormalEquations(night, overlap)
    together, _ = system.solve(right, tolerance=1e-10)
    for column in range(3):
        alone, _ = system.solve(right[:, column : column + 1], tolerance=1e-10)
        np.testing.assert_allclose(together[:, column], alone[:, 0], atol=1e-8)
