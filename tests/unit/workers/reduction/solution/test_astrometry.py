"""The global astrometric solution against offsets that its ties were made with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.arrays import Doubles
from app.parameters.astrometry import AstrometryParameters
from workers.reduction.solution.astrometry import (
    AstrometricTies,
    Places,
    offsets_at,
    solve_astrometry,
    without_ties,
)

SEGMENTS, SCANS = 6, 12
PARAMETERS = AstrometryParameters(segments=SEGMENTS, error_draws=64)


def _truth(seed: int = 1) -> Doubles:
    """Offsets that wander along each scan by 0.03" a step."""
    random = np.random.default_rng(seed)
    steps = 0.03 * random.standard_normal((SCANS, SEGMENTS, 2))
    steps[:, 0] = 0.15 * random.standard_normal((SCANS, 2))
    return np.cumsum(steps, axis=1)


def _ties(truth: Doubles, *, references: int = 4, noise: float = 1.0, seed: int = 2) -> AstrometricTies:
    """Scans in a row, each tied to the next in every segment; reference stars in the first scan and the last only."""
    random = np.random.default_rng(seed)
    along = np.tile(np.arange(SEGMENTS) + 0.5, SCANS - 1)
    first = Places(np.repeat(np.arange(SCANS - 1), SEGMENTS), along)
    second = Places(first.scan + 1, along)
    difference = offsets_at(truth, second) - offsets_at(truth, first)
    error = np.full(along.size, 0.015)
    reference = Places(
        np.repeat([0, SCANS - 1], references * SEGMENTS),
        random.uniform(0, SEGMENTS, 2 * references * SEGMENTS),
    )
    given = np.full(reference.scan.size, 0.05)
    return AstrometricTies(
        SCANS,
        first,
        second,
        difference + noise * error[:, None] * random.standard_normal(difference.shape),
        error,
        reference,
        offsets_at(truth, reference) + noise * given[:, None] * random.standard_normal((given.size, 2)),
        given,
    )


def test_without_noise_the_truth_comes_back() -> None:
    truth = _truth()
    truth -= truth.mean(axis=1, keepdims=True) - 0.1  # constant along a scan, so that no step is drawn to 0
    truth[:] = truth[:, :1]
    solution = solve_astrometry(_ties(truth, references=40, noise=0.0), PARAMETERS)
    # The width of offsets draws the mean of all of them towards 0, by 1 part in 2,000.
    assert np.abs(solution.offset_arcsec - truth).max() < 0.001


def test_neighbours_carry_reference_stars_to_scans_without_any() -> None:
    truth = _truth()
    ties = _ties(truth)
    solution = solve_astrometry(ties, PARAMETERS)
    alone = solve_astrometry(without_ties(ties), PARAMETERS)
    middle = slice(2, SCANS - 2)
    assert np.sqrt(np.mean((solution.offset_arcsec - truth)[middle] ** 2)) < 0.03
    # What such scans can say for themselves is nothing at all.
    assert np.abs(alone.offset_arcsec[middle]).max() < 1e-9
    assert alone.error_arcsec[middle].min() > 0.4
    assert alone.overlap_weight.size == 0
    assert alone.overlap_rms_arcsec == 0.0


def test_errors_are_honest() -> None:
    pulls = []
    for seed in range(8):
        truth = _truth(seed)
        solution = solve_astrometry(_ties(truth, seed=seed + 50), PARAMETERS)
        pulls.append((solution.offset_arcsec - truth) / solution.error_arcsec[..., None])
    assert 0.75 < float(np.sqrt(np.mean(np.square(pulls)))) < 1.25


def test_wrong_ties_weigh_less() -> None:
    truth = _truth()
    good = _ties(truth, references=10)
    difference = good.difference_arcsec.copy()
    wrong = [7, 30, 44]
    difference[wrong] += 0.5
    solution = solve_astrometry(replace(good, difference_arcsec=difference), PARAMETERS)
    clean = solve_astrometry(good, PARAMETERS)
    assert solution.overlap_weight[wrong].max() < 0.2
    assert np.median(solution.overlap_weight) == pytest.approx(1.0)
    assert np.abs(solution.offset_arcsec - clean.offset_arcsec).max() < 0.03
    untouched = solve_astrometry(
        replace(good, difference_arcsec=difference), replace(PARAMETERS, robust_rounds=1)
    )
    moved = np.abs(untouched.offset_arcsec - clean.offset_arcsec).max()
    assert moved > 3 * np.abs(solution.offset_arcsec - clean.offset_arcsec).max()


def test_a_wrong_reference_star_weighs_less() -> None:
    good = _ties(_truth(), references=10)
    measured = good.reference_arcsec.copy()
    measured[3] += (1.5, 0.0)
    solution = solve_astrometry(replace(good, reference_arcsec=measured), PARAMETERS)
    assert solution.reference_weight[3] < 0.05
    assert solution.reference_weight.mean() > 0.8


def test_the_same_ties_give_the_same_bytes() -> None:
    ties = _ties(_truth())
    first, second = (solve_astrometry(ties, PARAMETERS) for _ in range(2))
    assert first.offset_arcsec.tobytes() == second.offset_arcsec.tobytes()
    assert first.error_arcsec.tobytes() == second.error_arcsec.tobytes()


def test_offsets_go_on_beyond_the_middles_at_the_ends() -> None:
    nodes = np.array([[[0.0, 0.0], [1.0, 2.0], [3.0, 2.0]]])
    places = Places(np.zeros(5, np.int64), np.array([-1.0, 0.5, 1.0, 2.0, 9.0]))
    assert offsets_at(nodes, places)[:, 0].tolist() == [0.0, 0.0, 0.5, 2.0, 3.0]
