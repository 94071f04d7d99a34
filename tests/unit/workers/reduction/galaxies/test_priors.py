"""Priors of a galaxy's shape: slopes are those of their terms, and galaxies tell a usual surface brightness."""

from __future__ import annotations

import numpy as np
import pytest

from workers.reduction.galaxies.priors import (
    FAMILY_SIGMA,
    FEWEST_GALAXIES,
    FEWEST_TOLD,
    LEAST_SCATTER,
    MOST_FAMILY_SCATTER,
    MOST_SCATTER,
    TERMS,
    TOLD_SIGMA,
    WEAK,
    families,
    family_scatter,
    prior_terms,
    usual_brightness,
)
from workers.reduction.galaxies.values import Shape

VALUES = np.array([3e4, 0.1, -0.2, np.log(3.0), 0.3, -0.5, np.log(2.0)])


def _terms(priors, values):
    """Differences in sigma (5,), and their derivatives (5, 7)."""
    away, slopes = np.empty(TERMS), np.empty((7, TERMS))
    assert prior_terms(values, priors.numbers(), away, slopes) == pytest.approx((away**2).sum())
    return away, slopes.T


@pytest.mark.parametrize("priors", [WEAK, *families((-1.7, 0.4))])
def test_slopes_of_priors_are_differences_of_their_terms(priors):
    _, slopes = _terms(priors, VALUES)
    for k in range(7):
        step = np.zeros(7)
        step[k] = 1e-5 * max(abs(VALUES[k]), 1.0)
        high, low = _terms(priors, VALUES + step)[0], _terms(priors, VALUES - step)[0]
        assert slopes[:, k] == pytest.approx((high - low) / (2.0 * step[k]), rel=1e-5, abs=1e-9)


def test_brightness_of_a_farther_galaxy_is_the_same():
    disc, bulge = families((-1.7, 0.4))
    farther = VALUES.copy()
    farther[0], farther[3] = VALUES[0] / 9.0, VALUES[3] - np.log(3.0)
    assert _terms(disc, farther)[0][4] == pytest.approx(_terms(disc, VALUES)[0][4])
    assert _terms(disc, VALUES)[0][3] > 0.0 > _terms(bulge, VALUES)[0][3]


def test_weak_priors_know_nothing_of_brightness():
    away, slopes = _terms(WEAK, VALUES)
    assert away[4] == 0.0
    assert not slopes[4].any()


def _models(scatter, count=FEWEST_GALAXIES):
    """Galaxies of many sizes whose half-light radius is a twentieth of the root of their light, but for a scatter."""
    light = np.geomspace(1e3, 1e5, count)
    log_radius = np.log(0.05 * np.sqrt(light)) + np.where(np.arange(count) % 2, scatter, -scatter)
    return [(Shape(0.0, 0.0, r, 0.0, 0.0, 0.0), f) for r, f in zip(log_radius, light, strict=True)]


@pytest.mark.parametrize(
    ("scatter", "expected"), [(0.01, LEAST_SCATTER), (0.3, 0.3 * 1.4826), (3.0, MOST_SCATTER)]
)
def test_galaxies_of_a_scan_tell_its_usual_brightness_and_scatter(scatter, expected):
    middle, sigma = usual_brightness(_models(scatter))
    assert middle == pytest.approx(np.log(0.05), abs=1e-6)
    assert sigma == pytest.approx(expected)


def test_few_galaxies_tell_nothing():
    assert usual_brightness(_models(0.3)[1:]) == (0.0, np.inf)


def test_brightness_is_that_of_the_semi_major_axis():
    """A disc seen from the side keeps its semi-major axis, not the mean of its axes."""
    inclined = [
        (Shape(0.0, 0.0, s.log_radius - 0.5 * np.log(2.0), np.log(2.0), 0.0, 0.0), f) for s, f in _models(0.3)
    ]
    assert usual_brightness(inclined) == pytest.approx(usual_brightness(_models(0.3)))


def _told(scatter, count=400, seed=5):
    """Indices that scatter about their family, known with errors of all sizes."""
    rng = np.random.default_rng(seed)
    sigma = rng.uniform(0.05, 0.25, count)
    away = np.hypot(scatter, sigma) * rng.standard_normal(count)
    return list(zip(away.tolist(), sigma.tolist(), strict=True))


@pytest.mark.parametrize("scatter", [0.08, 0.15, 0.25])
def test_galaxies_tell_how_indices_scatter_about_their_families(scatter):
    assert family_scatter(_told(scatter)) == pytest.approx(scatter, abs=0.03)


def test_indices_that_scatter_by_their_errors_have_no_scatter_of_their_own():
    assert family_scatter(_told(0.0, seed=6)) < 0.05


def test_some_wrong_families_and_unknown_indices_do_not_count():
    told = _told(0.1)
    spoilt = told + [(1.4, 0.1)] * 20 + [(2.0, TOLD_SIGMA)] * 300 + [(0.0, 0.0)] * 300
    assert family_scatter(spoilt) == pytest.approx(family_scatter(told), abs=0.03)


def test_the_scatter_has_an_end_and_needs_ten_galaxies():
    assert family_scatter([(2.0, 0.1)] * 20) == pytest.approx(MOST_FAMILY_SCATTER)
    assert family_scatter([(0.0, 0.1)] * (FEWEST_TOLD - 1)) == FAMILY_SIGMA
