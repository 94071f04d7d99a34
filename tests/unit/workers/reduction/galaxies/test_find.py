"""Galaxies among stars and pairs of stars: each found once, no star among them, and modelled as they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.instruments.bands import Band
from tests.unit.workers.reduction.galaxies.conftest import TRUE
from workers.reduction.galaxies.bright_stars import BrightStars
from workers.reduction.galaxies.candidates import DISC_SIGMA, SPARSE_DISC_SIGMA, Seeds, candidates
from workers.reduction.galaxies.coadds import cut_discs
from workers.reduction.galaxies.find import _holds, _is_stripe, _outshines, _spoilt, find_galaxies
from workers.reduction.galaxies.local_profile import COADD_ARCSEC2, WIDTHS_PIX
from workers.reduction.galaxies.modelling import Modelling
from workers.reduction.galaxies.search import crowded, merged_seeds
from workers.reduction.galaxies.values import Galaxy, Shape


def nearest(galaxies, row):
    away = [np.hypot(g.shape.x_arcsec - row[0], g.shape.y_arcsec - row[1]) for g in galaxies]
    return galaxies[int(np.argmin(away))], min(away)


def test_each_galaxy_is_found_once_and_no_star_nor_pair(field):
    *_, galaxies = field
    assert len(galaxies) == len(TRUE)
    assert max(nearest(galaxies, row)[1] for row in TRUE) < 0.3
    assert [g.shape.y_arcsec for g in galaxies] == sorted(g.shape.y_arcsec for g in galaxies)


def test_models_have_the_light_and_the_shape_of_the_truth(field):
    *_, galaxies = field
    for row in TRUE:
        galaxy, _ = nearest(galaxies, row)
        flux, error = galaxy.flux_dn[Band.J], galaxy.flux_error_dn[Band.J]
        assert flux == pytest.approx(row[2], abs=4.0 * error + 0.03 * row[2])
        assert error < 0.2 * flux
        assert galaxy.shape.axis_ratio == pytest.approx(row[4], abs=0.08)
        turn = (galaxy.shape.angle_deg - row[5] + 90.0) % 180.0 - 90.0
        assert abs(turn) < 8.0
        assert galaxy.shape.index == pytest.approx(row[6], abs=3.0 * galaxy.index_error + 0.3)
        assert galaxy.significance > 10.0


def test_saturated_stars_hide_what_is_beside_them(field):
    _, search, _, galaxies = field
    hidden, _ = nearest(galaxies, TRUE[1])
    bright = np.array([[TRUE[1, 0] + 12.0, TRUE[1, 1], 15.0]])
    left = find_galaxies(replace(search, bright=bright))
    assert len(left) == len(galaxies) - 1
    assert hidden.shape not in [g.shape for g in left]


@pytest.mark.parametrize(
    ("beyond", "fitted", "spoilt"), [(6.0, True, True), (8.0, True, False), (8.0, False, True)]
)
def test_a_halo_reaches_less_far_where_its_wing_is_fitted(field, beyond, fitted, spoilt):
    """Wings of stars on finished images are not known."""
    _, search, *_ = field
    nobody = BrightStars(np.zeros((0, 2)), np.zeros(0), np.zeros(0), np.zeros(2)) if fitted else None
    beside = replace(search, bright=np.array([[0.0, 500.0, 5.0]]), stars=nobody)
    assert _spoilt(beside, np.array([5.0 + beyond]), np.array([500.0])).tolist() == [spoilt]


def test_in_a_crowd_nothing_passes_for_a_galaxy():
    """Peaks every 14" are 18 a square arc minute; where they begin to be every 20" a place sees 9 of them."""
    dense, loose = np.arange(0.0, 500.0, 14.0), np.arange(0.0, 500.0, 20.0)
    x, y = (np.concatenate(part) for part in zip(_lattice(dense, 0.0), _lattice(loose, 500.0), strict=True))
    seeds = Seeds(x, y, np.ones(x.size))
    assert crowded(seeds, np.array([0.0, 250.0, 700.0, 980.0])).tolist() == [True, True, False, False]


def _lattice(axis, first):
    x, y = np.meshgrid(axis, axis + first)
    return x.ravel(), y.ravel()


def test_without_peaks_there_is_no_galaxy(field):
    _, search, *_ = field
    empty = merged_seeds({Band.J: (np.zeros(0), np.zeros(0), np.zeros(0))}, {Band.J: 1.0})
    assert find_galaxies(replace(search, seeds=empty)) == []


def test_peaks_of_the_bands_are_joined_and_their_light_weighed():
    places = {
        Band.J: (np.array([0.0, 50.0]), np.array([10.0, 5.0]), np.array([100.0, 40.0])),
        Band.K: (np.array([1.0]), np.array([10.5]), np.array([30.0])),
    }
    seeds = merged_seeds(places, {Band.J: 0.75, Band.K: 0.25})
    assert seeds.y_arcsec.tolist() == [5.0, 10.0]
    assert seeds.light_dn.tolist() == [30.0, 82.5]


def test_each_peak_is_joined_once_to_the_brightest_near_it():
    rng = np.random.default_rng(12)
    places = {
        band: (*rng.uniform(0.0, 40.0, (2, 150)), rng.lognormal(3.0, 1.0, 150)) for band in (Band.J, Band.K)
    }
    weights = {Band.J: 0.6, Band.K: 0.4}
    seeds = merged_seeds(places, weights)
    x, y = (np.concatenate([part[k] for part in places.values()]) for k in range(2))
    light = np.concatenate([weights[band] * part[2] for band, part in places.items()])
    band = np.repeat([0, 1], 150)
    left, found = np.ones(300, np.bool_), []
    for k in np.argsort(-light):
        if left[k]:
            near = left & (np.hypot(x - x[k], y - y[k]) <= 2.0)
            left &= ~near
            best = [light[near & (band == b)].max(initial=0.0) for b in (0, 1)]
            found.append((y[k], x[k], sum(best)))
    assert list(zip(seeds.y_arcsec, seeds.x_arcsec, seeds.light_dn, strict=True)) == sorted(found)


def test_discs_are_cut_where_their_pixels_lie():
    mask = np.zeros((20, 30), np.bool_)
    cut_discs(mask, np.array([10.0, 29.0]), np.array([5.0, 19.0]), np.array([2.1, 1.5]))
    assert mask[5, 8:13].all()
    assert not mask[5, 7]
    assert mask[19, 29]
    assert mask.sum() == 13 + 4


def galaxy_of(radius, *, index=1.0, ratio=1.0, angle_deg=0.0, light=1e4):
    """A galaxy at (0, 500)."""
    stretch = -np.log(ratio) * np.array(
        [np.cos(2 * np.radians(angle_deg)), np.sin(2 * np.radians(angle_deg))]
    )
    log_radius = float(np.log(radius) + 0.5 * np.log(ratio))
    shape = Shape(0.0, 500.0, log_radius, *map(float, stretch), float(np.log(index)))
    flux = {Band.J: light}
    return Galaxy(shape, flux, flux, {Band.J: 0.3}, 0.1, 0.1, 10.0, 0)


@pytest.mark.parametrize(
    ("galaxy", "away", "light", "held"),
    [
        (galaxy_of(4.0), 5.0, 9e9, True),  # within 1.5 half-light ellipses all light is its own
        (galaxy_of(4.0), 7.0, 1.0, False),
        (galaxy_of(1.0), 3.5, 1.0, True),
        (galaxy_of(40.0, light=1e6), 90.0, 9e4, True),  # an arm
        (galaxy_of(40.0, light=1e6), 90.0, 1.1e5, False),  # another galaxy
        (galaxy_of(40.0, light=1e6), 150.0, 100.0, False),
        (galaxy_of(10.0, light=1e6), 35.0, 3e4, True),  # a knot, where 98 % of a disc's light is
        (galaxy_of(10.0, light=1e6), 35.0, 4e4, False),
        (galaxy_of(10.0, light=1e6), 37.0, 3e4, False),
        (galaxy_of(33.0, index=2.6, light=1e6), 150.0, 3e4, True),  # a knot of a spiral larger than its model
        (galaxy_of(33.0, index=2.6, light=1e6), 150.0, 5e4, False),
        (galaxy_of(33.0, index=2.6, light=1e6), 190.0, 3e4, False),
        (galaxy_of(48.0, index=4.3, light=5e3), 91.0, 150.0, False),  # wings that nobody sees have no knots
        (galaxy_of(48.0, index=4.3, light=5e6), 91.0, 1.5e5, True),
        (galaxy_of(40.0, light=1e6), 700.0, 100.0, False),
    ],
)
def test_parts_of_a_galaxy_are_no_others(field, galaxy, away, light, held):
    _, search, *_ = field
    assert _holds(search, galaxy, (0.0, 500.0 + away), light) is held


def test_a_row_of_peaks_is_a_stripe_and_no_galaxy(field):
    _, search, *_ = field
    line = np.array([-30.0, -22.0, -16.0, 0.0, 14.0, 25.0])
    row = replace(search, seeds=Seeds(line, 500.0 + 0.2 * np.arange(6), np.ones(6)))
    column = replace(search, seeds=Seeds(np.zeros(6), 500.0 + line, np.ones(6)))
    flat, turned = galaxy_of(10.0, ratio=0.2, angle_deg=3.0), galaxy_of(10.0, ratio=0.2, angle_deg=40.0)
    assert _is_stripe(row, flat)
    assert _is_stripe(row, galaxy_of(10.0, ratio=0.2, angle_deg=177.0))
    assert not _is_stripe(row, turned)
    assert not _is_stripe(row, galaxy_of(10.0, ratio=0.6))
    assert not _is_stripe(column, flat)


def test_a_bulge_is_no_streak(field):
    _, search, *_ = field
    model = Modelling(search, search.profiles, (0.0, 500.0), [])
    streak = galaxy_of(20.0, index=5.0, ratio=0.18).shape
    assert model._halo(streak, 1e4)
    assert not model._halo(galaxy_of(20.0, index=5.0, ratio=0.4).shape, 1e4)
    assert not model._halo(galaxy_of(20.0, index=1.0, ratio=0.18).shape, 1e4)


def test_less_is_asked_of_peaks_where_stars_are_sparse(field):
    """What passes in crowds passes there too, and peaks of less besides."""
    _, search, *_ = field
    mean = search.profiles.mean(search.sum_weights())
    seeds = search.seeds
    shares = mean.at(Band.J, seeds.x_arcsec, seeds.y_arcsec)
    variance = (WIDTHS_PIX * search.pixel_arcsec) ** 2 + COADD_ARCSEC2
    strict, loose = (
        candidates(search.coadds, seeds, shares, variance, np.full(seeds.x_arcsec.size, rare))
        for rare in (False, True)
    )
    assert set(strict[0]) < set(loose[0])
    assert strict[1].min() > DISC_SIGMA
    assert loose[1].min() > SPARSE_DISC_SIGMA


def test_what_a_model_leaves_of_bright_wings_is_no_faint_galaxy(field):
    _, search, *_ = field
    galaxy = galaxy_of(4.0, light=1e4)
    for away, light, wings in (
        (13.0, 9e9, True),
        (15.0, 9e9, False),
        (19.0, 900.0, True),
        (21.0, 900.0, False),
    ):
        assert _outshines(search, galaxy, (0.0, 500.0 + away), light) is wings
