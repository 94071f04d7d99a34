"""Mean ratios of light in circles, from looks at bright and faint stars."""

from __future__ import annotations

import numpy as np
import pytest

from workers.reduction.photometry.growth import RATIO_ERROR, _mean_ratio

RADIUS = 3.5
RING_PIX = np.pi * (RADIUS**2 - 4.0)


def looks(seed=1, count=400, level=1.013, slope=0.4, noise=8.0):
    """Looks at stars of 300 to 30,000 DN: standard light, that within the circle, noise of a pixel and s."""
    rng = np.random.default_rng(seed)
    standard = 10 ** rng.uniform(2.5, 4.5, count)
    s = rng.normal(0.0, 0.03, count)
    ratio = level + slope * s + rng.normal(0.0, RATIO_ERROR, count)
    circle = standard * ratio + rng.normal(0.0, noise * np.sqrt(RING_PIX), count)
    return circle, standard, (RADIUS, np.full(count, noise), s)


def test_level_and_slope_are_found_within_their_errors():
    found = [_mean_ratio(*looks(seed)) for seed in range(60)]
    pulls = np.array([(ratio.level - 1.013) / ratio.error for ratio in found])
    assert np.std(pulls) == pytest.approx(1.0, abs=0.25)
    assert abs(np.mean(pulls)) < 0.4
    assert np.mean([ratio.slope for ratio in found]) == pytest.approx(0.4, abs=0.02)


def test_looks_with_another_star_are_left_out():
    circle, standard, rest = looks()
    circle[::40] += 0.5 * standard[::40]
    ratio = _mean_ratio(circle, standard, rest)
    assert ratio.level == pytest.approx(1.013, abs=4 * ratio.error)
    assert ratio.looks <= 390


def test_few_looks_have_no_slope():
    ratio = _mean_ratio(*looks(count=40))
    assert ratio.slope == 0.0
    assert ratio.level == pytest.approx(1.013, abs=0.02)
    assert _mean_ratio(*looks(count=6)).looks <= 6


def test_the_error_falls_with_the_light():
    few, many = _mean_ratio(*looks(count=100)), _mean_ratio(*looks(count=1600))
    assert many.error == pytest.approx(few.error / 4.0, rel=0.2)


def test_a_smaller_circle_is_as_good():
    circle, standard, (_, noise, s) = looks(level=0.97)
    ratio = _mean_ratio(circle, standard, (1.5, noise, s))
    assert ratio.level == pytest.approx(0.97, abs=0.005)
