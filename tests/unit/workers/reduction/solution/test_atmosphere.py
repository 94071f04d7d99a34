"""The change within nights, measured on sets drawn from a known process."""

from __future__ import annotations

import numpy as np
import pytest

from workers.reduction.solution.atmosphere import LEAST_MAG, UNKNOWN_HOURS, UNKNOWN_MAG, atmosphere_of
from workers.reduction.solution.ties import Sets


def _sets(width: float, hours: float, noise: float, nights: int, seed: int) -> Sets:
    rng = np.random.default_rng(seed)
    times = np.arange(9.0)
    kept = np.exp(-1 / hours)
    values = np.zeros((nights, 9))
    values[:, 0] = rng.normal(0, width, nights)
    for step in range(1, 9):
        values[:, step] = kept * values[:, step - 1] + rng.normal(0, width * np.sqrt(1 - kept**2), nights)
    values += rng.normal(0, 0.1, nights)[:, None] + rng.normal(0, noise, values.shape)
    size = values.size
    return Sets(
        np.repeat(np.arange(nights), 9),
        np.tile(times, nights),
        1 + 0.05 * rng.random(size),
        np.zeros(size, dtype=np.int64),
        values.ravel(),
        np.full(size, noise),
    )


@pytest.mark.parametrize(("width", "hours"), [(0.008, 2.5), (0.015, 2.0), (0.03, 4.0)])
def test_width_and_time_are_found(width: float, hours: float) -> None:
    found = atmosphere_of(_sets(width, hours, 0.004, 1200, 1), 0.004)
    assert found.width_mag == pytest.approx(width, rel=0.2)
    assert found.hours == pytest.approx(hours, rel=0.6)


def test_a_steady_air_has_the_least_width() -> None:
    found = atmosphere_of(_sets(0.0, 2.0, 0.004, 1200, 2), 0.004)
    assert found.width_mag == LEAST_MAG


def test_too_few_sets_give_a_width_that_is_rather_too_wide() -> None:
    assert atmosphere_of(_sets(0.01, 2.0, 0.004, 1, 3), 0.004) == (UNKNOWN_MAG, UNKNOWN_HOURS)
    none = _sets(0.01, 2.0, 0.004, 1, 3).rows(slice(0))
    assert atmosphere_of(none, 0.004) == (UNKNOWN_MAG, UNKNOWN_HOURS)


def test_pairs_of_other_airmass_do_not_count() -> None:
    sets = _sets(0.005, 2.0, 0.002, 1200, 4)
    rng = np.random.default_rng(5)
    airmass = 1.0 + 0.5 * (rng.random(sets.airmass.size) < 0.4)
    tilted = sets._replace(
        airmass=np.asarray(airmass, dtype=np.float64), offset_mag=sets.offset_mag - 0.05 * (airmass - 1)
    )
    assert atmosphere_of(tilted, 0.002).width_mag == pytest.approx(0.005, rel=0.25)
