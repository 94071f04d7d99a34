"""The change within nights, measured on sets drawn from a known process."""

from __future__ import annotations

import numpy as np
import pytest

from workers.reduction.solution.atmosphere import LEAST_MAG, UNKNOWN_HOURS, UNKNOWN_MAG, atmosphere_of
from workers.reduction.solution.ties import Sets

FIELD = 0.006


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
    found = atmosphere_of(_sets(width, hours, 0.004, 1200, 1), 0.004, FIELD)
    assert found.width_mag == pytest.approx(width, rel=0.2)
    assert found.hours == pytest.approx(hours, rel=0.6)


def test_a_steady_air_has_the_least_width() -> None:
    found = atmosphere_of(_sets(0.0, 2.0, 0.004, 1200, 2), 0.004, FIELD)
    assert found.width_mag == LEAST_MAG


def test_too_few_sets_give_a_width_that_is_rather_too_wide() -> None:
    assert atmosphere_of(_sets(0.01, 2.0, 0.004, 1, 3), 0.004, FIELD) == (UNKNOWN_MAG, UNKNOWN_HOURS)
    none = _sets(0.01, 2.0, 0.004, 1, 3).rows(slice(0))
    assert atmosphere_of(none, 0.004, FIELD) == (UNKNOWN_MAG, UNKNOWN_HOURS)


def test_pairs_of_other_airmass_do_not_count() -> None:
    sets = _sets(0.005, 2.0, 0.002, 1200, 4)
    rng = np.random.default_rng(5)
    airmass = 1.0 + 0.5 * (rng.random(sets.airmass.size) < 0.4)
    tilted = sets._replace(
        airmass=np.asarray(airmass, dtype=np.float64), offset_mag=sets.offset_mag - 0.05 * (airmass - 1)
    )
    assert atmosphere_of(tilted, 0.002, FIELD).width_mag == pytest.approx(0.005, rel=0.25)


@pytest.mark.parametrize("strays", [0.0, 0.006, 0.012])
def test_errors_of_fields_are_not_taken_for_a_change_of_the_night(strays: float) -> None:
    sets = _sets(0.008, 2.5, 0.002, 600, 6)
    rng = np.random.default_rng(7)
    error = rng.normal(0, strays, 40)
    field = rng.integers(0, 40, sets.field.size)
    seen = sets._replace(field=field, offset_mag=sets.offset_mag - error[field])
    assert atmosphere_of(seen, 0.002, FIELD).width_mag == pytest.approx(0.008, rel=0.15)


def test_of_fields_seen_once_their_known_error_is_taken_off() -> None:
    sets = _sets(0.008, 2.5, 0.002, 600, 8)
    field = np.arange(sets.field.size)
    error = np.random.default_rng(9).normal(0, FIELD, field.size)
    seen = sets._replace(field=field, offset_mag=sets.offset_mag - error)
    assert atmosphere_of(seen, 0.002, FIELD).width_mag == pytest.approx(0.008, rel=0.2)
