"""Which stars of the bands belong together, and which of them are asked about."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from app.instruments.bands import Band
from tests.unit.workers.reduction.deblending.band_field import BandField, alike
from workers.reduction.deblending.sites import (
    ISOLATED_ARCSEC,
    OF_A_CLASS,
    Pool,
    find_sites,
    linked,
    pool_of,
    steady_choice,
    unusual,
)
from workers.reduction.galaxies.light import GalaxyLight
from workers.reduction.galaxies.values import Shape
from workers.reduction.profile.stars import Stars
from workers.reduction.saturated.stars import Saturated


def pool(x, plane, flux=100.0):
    n = len(x)
    place = np.column_stack([np.asarray(x, float), np.zeros(n)])
    return Pool(
        place,
        np.broadcast_to(np.asarray(flux, float), n).copy(),
        np.full(n, 50.0),
        np.ones(n),
        np.asarray(plane),
        np.arange(n),
    )


def test_stars_of_one_band_are_linked_farther_than_those_of_two():
    groups, label, count = linked(pool([0.0, 4.0, 20.0, 21.0, 40.0, 42.0], [0, 0, 0, 1, 0, 1]))
    assert groups == 4
    assert label.tolist() == [0, 0, 1, 1, 2, 3]
    assert count.tolist() == [[2, 0, 0], [1, 1, 0], [1, 0, 0], [0, 1, 0]]


def test_light_far_below_a_neighbours_is_not_linked():
    groups, *_ = linked(pool([0.0, 3.0], [0, 0], [1e5, 100.0]))
    assert groups == 2


def test_chains_of_more_than_four_are_cut():
    x = np.cumsum([0.0, 1.5, 1.5, 4.2, 1.5, 1.5])
    groups, label, count = linked(pool(x, np.zeros(6, int)))
    assert groups == 2
    assert label.tolist() == [0, 0, 0, 1, 1, 1]
    assert count.max() == 3


def test_lone_stars_are_unusual_beside_stars_alike():
    """Bright stars scatter by ten times as much, so ten times the excess is usual there."""
    rng = np.random.default_rng(3)
    snr = np.sort(rng.uniform(10.0, 1000.0, 2000))
    excess = rng.normal(0.0, np.where(snr > 500.0, 0.3, 0.03))
    assert unusual(excess, snr).mean() < 0.06
    excess[[100, 1900]] = 0.2, 0.2
    assert unusual(excess, snr)[[100, 1900]].tolist() == [True, False]
    assert unusual(np.zeros(0), np.zeros(0)).size == 0


@pytest.fixture(scope="module")
def field():
    """Pairs 2" apart: J shows both, H one, Ks none; their chi-squared is usual."""
    field = BandField(2.0, alike(4000.0, 2000.0))
    field.found_both(Band.J)
    field.found_one(Band.H)
    field.found(Band.K, field.x[:, :1], field.y[:, :1], 5.0, snr=3.0)
    return field


def test_seeds_are_the_stars_of_the_band_that_shows_most(field):
    sites = find_sites(field.stacks)
    assert (sites.size, sites.sample) == (121, 0)
    assert np.diff(sites.start).tolist() == [2] * 121
    light = sites.star[:, 2:].reshape(121, 2, 3)
    # Light of each band in the shares of J.
    np.testing.assert_allclose(light[:, 0, 0], 4000.0)
    np.testing.assert_allclose(light.sum(axis=1)[:, 1], 6000.0)
    np.testing.assert_allclose(light[:, 0, 1] / light[:, 1, 1], 2.0)
    assert (np.diff(sites.origin[:, 1]) > -2.0).all()


def test_own_stars_are_told_by_band(field):
    sites = find_sites(field.stacks)
    start, index = sites.own[Band.J.position]
    assert np.diff(start).tolist() == [2] * 121
    assert sorted(index) == list(range(242))
    places = field.stacks[Band.J].stars.places()[index]
    away = np.hypot(*(places - np.repeat(sites.origin, 2, axis=0)).T)
    assert away.max() < 2.0
    assert np.diff(sites.own[Band.H.position][0]).tolist() == [1] * 121


def test_faint_groups_are_left_to_their_bands():
    field = BandField(2.0, alike(100.0, 100.0))
    field.found_both(Band.J, snr=6.0)
    field.found_one(Band.H, snr=8.0)
    field.found_one(Band.K, snr=8.0)
    assert find_sites(field.stacks).size == 0


def test_the_sample_is_of_isolated_stars_over_all_brightnesses():
    field = BandField(2.0, alike(4000.0, 0.0))
    snr = np.geomspace(16.0, 300.0, 121)
    for band in field.stacks:
        field.found_one(band, snr=snr)
    stars = field.stacks[Band.J].stars
    stars.chi2[60] = 9.0
    sites = find_sites(field.stacks)
    assert sites.size == sites.sample + 1
    # Neither the candidate nor any other.
    assert sites.sample == 120
    assert sites.snr[: sites.sample].min() < 40.0
    assert sites.snr[: sites.sample].max() > 400.0
    close = Stars.at(stars.x_arcsec[:1] + 0.7 * ISOLATED_ARCSEC, stars.y_arcsec[:1], np.array([4000.0]))
    close.chi2[:], close.flux_error_dn[:] = 1.0, 40.0
    field.stacks[Band.J].stars.put(np.array([60]), stars.taken(np.array([60])))
    crowded = stars.beside(close)
    field.stacks[Band.J] = field.stacks[Band.J].__class__(
        field.stacks[Band.J].band, field.stacks[Band.J].psf, stars=crowded
    )
    assert find_sites(field.stacks).sample == 119


def test_one_star_more_or_less_changes_one_of_the_choice():
    """Of thousands of lone stars; by rank in brightness one more took a third of all anew."""
    rng = np.random.default_rng(8)
    n = 5000
    place = rng.uniform(-250.0, 250.0, (n, 2)) * [1.0, 80.0]
    snr = 10 ** rng.uniform(1.2, 3.0, n)
    chosen = set(steady_choice(snr, place).tolist())
    classes = np.floor(10.0 * np.log10(snr[sorted(chosen)]))
    assert set(np.bincount(classes.astype(int))[12:30]) == {OF_A_CLASS}
    for gone in rng.integers(0, n, 20):
        kept = np.delete(np.arange(n), gone)
        found = set(kept[steady_choice(snr[kept], place[kept])].tolist())
        assert len(chosen - found) == len(found - chosen) == (gone in chosen)
    # Rounding of places and brightness, and another order.
    moved = steady_choice(snr * (1.0 + 1e-12), place + 1e-9)
    assert set(moved.tolist()) == chosen
    order = rng.permutation(n)
    assert set(order[steady_choice(snr[order], place[order])].tolist()) == chosen


def test_galaxies_and_saturated_stars_keep_their_surroundings(field):
    stack = field.stacks[Band.J]
    x, y = stack.stars.x_arcsec[0], stack.stars.y_arcsec[0]
    shape = Shape(float(x), float(y), float(np.log(5.0)), 0.0, 0.0, 0.0)
    galaxies = GalaxyLight((shape,), np.array([1e6]))
    assert find_sites(field.stacks).size == 121
    hidden = {
        **field.stacks,
        Band.J: SimpleNamespace(stars=stack.stars, galaxies=galaxies, fixed=stack.fixed),
    }
    assert pool_of(hidden).number.size < pool_of(field.stacks).number.size
    saturated = Saturated(Stars.at(np.array([x]), np.array([y]), np.array([1e6])), np.array([6.0]))
    near = {
        **field.stacks,
        Band.J: SimpleNamespace(stars=stack.stars, galaxies=stack.galaxies, fixed=saturated),
    }
    assert pool_of(near).number.size == pool_of(field.stacks).number.size - 2
