"""Three stars instead of a galaxy: found where they are, and no match for a galaxy's light."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.workers.reduction.galaxies.conftest import TRUE
from workers.reduction.galaxies.fit import light_of, stars_at
from workers.reduction.galaxies.last_fit import settle
from workers.reduction.galaxies.star_groups import fit_group
from workers.reduction.galaxies.values import Pixels, Shape

PROFILE = np.array([0.7, 0.3]), np.array([1.5, 4.0])
SHAPE = Shape(0.0, 0.0, np.log(3.0), np.log(1.5), 0.0, 0.0)
STARS = np.array([[1.2, 0.3], [-1.5, -0.4], [0.5, 3.6]])
NEIGHBOUR = np.array([[5.2, -3.0], [-12.0, 4.0]])
NOISE_DN = 0.5


def _pixels(light):
    """Noisy pixels of a window whose neighbours stand half an arcsecond beside where they are thought to be."""
    x, y = (a.ravel() * 1.0 for a in np.meshgrid(np.arange(-20, 21), np.arange(-20, 21)))
    ones = np.ones_like(x)
    pixels = Pixels(x, y, ones, ones / NOISE_DN**2, ones, ones[None, :])
    true = NEIGHBOUR + np.array([[0.5, 0.0], [0.0, 0.0]])
    value = light(pixels) + 800.0 * stars_at(pixels, PROFILE, true).sum(axis=0)
    value = value + NOISE_DN * np.random.default_rng(7).standard_normal(x.size)
    return pixels._replace(
        value=value, linear=np.concatenate([ones[None, :], stars_at(pixels, PROFILE, NEIGHBOUR)])
    )


def test_three_stars_are_found_and_a_near_neighbour_moves_to_its_place():
    pixels = _pixels(
        lambda p: (np.array([900.0, 700.0, 500.0])[:, None] * stars_at(p, PROFILE, STARS)).sum(axis=0)
    )
    group = fit_group(pixels, PROFILE, SHAPE, np.zeros(2), NEIGHBOUR)
    assert group.chi2 == pytest.approx(pixels.x.size, rel=0.1)
    assert group.places.shape == (4, 2)
    for true in [*STARS, NEIGHBOUR[0] + [0.5, 0.0]]:
        assert np.hypot(*(group.places - true).T).min() < 0.15


def test_a_galaxy_is_no_group_of_three_stars():
    pixels = _pixels(lambda p: 4000.0 * light_of(p, SHAPE, PROFILE, (0.0, 0.0)))
    group = fit_group(pixels, PROFILE, SHAPE, np.zeros(2), NEIGHBOUR)
    assert group.chi2 > pixels.x.size + 100.0


def test_a_star_that_passed_for_a_galaxy_is_given_up_and_galaxies_stay(field):
    _, search, _, galaxies = field
    seeds = search.seeds
    away = np.min([np.hypot(seeds.x_arcsec - row[0], seeds.y_arcsec - row[1]) for row in TRUE], axis=0)
    inside = (np.abs(seeds.x_arcsec) < 180.0) & (away > 40.0) & (seeds.light_dn > 3000.0)
    inside &= (seeds.y_arcsec > 250.0) & (seeds.y_arcsec < 850.0)
    star = int(np.flatnonzero(inside)[0])
    shape = Shape(float(seeds.x_arcsec[star]), float(seeds.y_arcsec[star]), np.log(1.2), 0.3, 0.0, 0.0)
    passed = replace(
        galaxies[0], shape=shape, flux_dn=dict.fromkeys(galaxies[0].flux_dn, seeds.light_dn[star])
    )
    mean = search.profiles.mean(search.sum_weights())
    assert [g.significance for g in settle(search, mean, [passed, *galaxies])] == [
        g.significance for g in galaxies
    ]
