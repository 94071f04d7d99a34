"""The global astrometric solution against offsets that its ties were made with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.arrays import Complexes
from app.parameters.astrometry import AstrometryParameters
from workers.reduction.solution.astrometry import (
    AstrometricTies,
    Places,
    Segments,
    offsets_at,
    solve_astrometry,
    without_ties,
)

SEGMENTS, SCANS = 6, 12
PARAMETERS = AstrometryParameters(segments=SEGMENTS, error_draws=64)
CUT = Segments(np.full(SCANS, SEGMENTS), np.full(SCANS, 0.5))
EDGE = 0.13
"""Half the width of a scan, in segments."""


def _normal(random: np.random.Generator, *shape: int) -> Complexes:
    return random.standard_normal(shape) + 1j * random.standard_normal(shape)


def _truth(seed: int = 1) -> Complexes:
    """Offsets that wander along each scan by 0.03" a step."""
    random = np.random.default_rng(seed)
    steps = 0.03 * _normal(random, SCANS, SEGMENTS)
    steps[:, 0] = 0.15 * _normal(random, SCANS)
    return np.cumsum(steps, axis=1).ravel()


def _ties(
    truth: Complexes, *, references: int = 4, noise: float = 1.0, seed: int = 2, turned: bool = False
) -> AstrometricTies:
    """Scans in a row, each tied to the next in every segment; reference stars in the first scan and the last only.

    Where they are turned every second scan has other axes, as directed scans have.
    """
    random = np.random.default_rng(seed)
    along = np.tile(np.arange(SEGMENTS) + 0.5, SCANS - 1)
    first = Places(np.repeat(np.arange(SCANS - 1), SEGMENTS), along, np.full(along.size, EDGE))
    second = Places(first.scan + 1, along, np.full(along.size, -EDGE))
    turn = np.exp(1j * np.where(first.scan % 2 == 0, 1.0, -1.0) * (0.7 if turned else 0.0))
    difference = turn * offsets_at(truth, second, CUT) - offsets_at(truth, first, CUT)
    error = np.full(along.size, 0.015)
    count = 2 * references * SEGMENTS
    reference = Places(
        np.repeat([0, SCANS - 1], references * SEGMENTS),
        random.uniform(0, SEGMENTS, count),
        random.uniform(-EDGE, EDGE, count),
    )
    given = np.full(count, 0.05)
    return AstrometricTies(
        CUT,
        first,
        second,
        turn,
        difference + noise * error * _normal(random, error.size),
        error,
        reference,
        offsets_at(truth, reference, CUT) + noise * given * _normal(random, count),
        given,
    )


@pytest.mark.parametrize("turned", [False, True])
def test_without_noise_the_truth_comes_back(*, turned: bool) -> None:
    truth = np.repeat(_truth().reshape(SCANS, SEGMENTS)[:, 0], SEGMENTS)  # constant: no step is drawn to 0
    solution = solve_astrometry(_ties(truth, references=40, noise=0.0, turned=turned), PARAMETERS)
    # The width of offsets draws the mean of all of them towards 0, by 1 part in 2,000.
    assert np.abs(solution.offset_arcsec - truth).max() < 0.001


def test_a_turn_and_a_scale_of_scans_come_back() -> None:
    """Offsets that change along a scan mean a turn and a scale, which neighbours tell across it."""
    random = np.random.default_rng(4)
    middles = np.arange(SEGMENTS) + 0.5
    truth = (0.1 * _normal(random, SCANS, 1) + 0.05 * _normal(random, SCANS, 1) * middles).ravel()
    beside = Places(np.array([3]), np.array([2.5]), np.array([EDGE]))
    middle = replace(beside, across=np.zeros(1))
    change = truth[3 * SEGMENTS + 1] - truth[3 * SEGMENTS]
    assert offsets_at(truth, beside, CUT)[0] == pytest.approx(
        offsets_at(truth, middle, CUT)[0] - 1j * EDGE * change
    )
    wide = replace(PARAMETERS, step_width_arcsec=1.0)
    ties = _ties(truth, references=40, noise=0.0)
    assert np.abs(solve_astrometry(ties, wide).offset_arcsec - truth).max() < 0.002
    flat = replace(ties, first=replace(ties.first, across=np.zeros(ties.first.across.size)),
                   second=replace(ties.second, across=np.zeros(ties.second.across.size)))  # fmt: skip
    assert np.abs(solve_astrometry(flat, wide).offset_arcsec - truth).max() > 0.01, "without it they do not"


def test_short_segments_may_change_less() -> None:
    truth = _truth()
    ties = without_ties(_ties(truth))
    short = replace(ties, segments=replace(CUT, length_deg=np.full(SCANS, 0.005)))
    spread = [np.std(solve_astrometry(some, PARAMETERS).offset_arcsec[:SEGMENTS]) for some in (ties, short)]
    assert spread[1] < 0.5 * spread[0]


def test_neighbours_carry_reference_stars_to_scans_without_any() -> None:
    truth = _truth()
    ties = _ties(truth)
    solution = solve_astrometry(ties, PARAMETERS)
    alone = solve_astrometry(without_ties(ties), PARAMETERS)
    middle = slice(2 * SEGMENTS, (SCANS - 2) * SEGMENTS)
    assert np.sqrt(np.mean(np.abs(solution.offset_arcsec - truth)[middle] ** 2) / 2) < 0.03
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
        pulls.append(np.abs(solution.offset_arcsec - truth) / solution.error_arcsec)
    assert 0.75 < float(np.sqrt(np.mean(np.square(pulls)) / 2)) < 1.25


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
    # A segment that lost its tie hangs on its neighbours, and knows it.
    pulls = np.abs(solution.offset_arcsec - truth) / solution.error_arcsec
    assert float(np.sqrt(np.mean(pulls**2) / 2)) < 1.25
    untouched = solve_astrometry(
        replace(good, difference_arcsec=difference), replace(PARAMETERS, robust_rounds=1)
    )
    moved = np.abs(untouched.offset_arcsec - clean.offset_arcsec).max()
    assert moved > 3 * np.abs(solution.offset_arcsec - clean.offset_arcsec).max()


def test_a_wrong_reference_star_weighs_less() -> None:
    good = _ties(_truth(), references=10)
    measured = good.reference_arcsec.copy()
    measured[3] += 1.5
    solution = solve_astrometry(replace(good, reference_arcsec=measured), PARAMETERS)
    assert solution.reference_weight[3] < 0.05
    assert solution.reference_weight.mean() > 0.8


def test_the_same_ties_give_the_same_bytes() -> None:
    ties = _ties(_truth())
    first, second = (solve_astrometry(ties, PARAMETERS) for _ in range(2))
    assert first.offset_arcsec.tobytes() == second.offset_arcsec.tobytes()
    assert first.error_arcsec.tobytes() == second.error_arcsec.tobytes()


def test_lines_go_on_beyond_the_middles_at_the_ends() -> None:
    nodes = np.array([0.0, 1.0 + 2.0j, 3.0 + 2.0j])
    places = Places(np.zeros(4, np.int64), np.array([0.0, 1.0, 2.0, 3.0]), np.zeros(4))
    assert offsets_at(nodes, places, Segments(np.array([3]), np.array([0.5]))).tolist() == [
        -0.5 - 1.0j, 0.5 + 1.0j, 2.0 + 2.0j, 4.0 + 2.0j,
    ]  # fmt: skip
