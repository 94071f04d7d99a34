"""Rounds of detect, fit, subtract on a painted scan: every star once, at the bound, also at the edges."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from app.parameters.photometry import PhotometryParameters
from tests.worlds.frame_stack import blank, lent, paint, strip
from workers.reduction.frames.grid import strip_grid
from workers.reduction.photometry.bound import cramer_rao
from workers.reduction.photometry.detection import PeakFinder
from workers.reduction.photometry.first_look import first_look
from workers.reduction.photometry.rounds import measure
from workers.reduction.profile.seeing import guessed_psf
from workers.reduction.profile.stars import Stars
from workers.reduction.registration.sources import FRAME_SOURCE_DTYPE
from workers.reduction.saturated.stars import Saturated

FRAMES = 14
GEOMETRY = strip(FRAMES)


def measured(x, y, flux, *, seed=91, fixed=None):
    """Residual frames after both stages, from nothing but the frames: widths and profile are learnt from a guess."""
    rng = np.random.default_rng(seed)
    frames, finder, parameters = (
        blank(FRAMES, rng=rng),
        PeakFinder(strip_grid(GEOMETRY)),
        PhotometryParameters(),
    )
    paint(frames, GEOMETRY, x, y, flux, rng=rng)
    no_table = np.zeros(0, FRAME_SOURCE_DTYPE)
    guess = guessed_psf(frames, no_table, parameters.field_order)
    residual = lent(frames, GEOMETRY, guess, fixed=fixed or Saturated.none())
    first_look(residual, finder, parameters)
    measure(residual, finder, parameters)
    return residual


def matched(stack, x, y, radius=1.0):
    """Which of some places have a star, and which."""
    tree = cKDTree(np.column_stack([stack.stars.x_arcsec, stack.stars.y_arcsec]))
    away, near = tree.query(np.column_stack([x, y]))
    return away < radius, near


def sky(count, low, high, *, apart=20.0, seed=92):
    """Isolated stars inside the strip, ordered by y."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(-235, 235, 4 * count), rng.uniform(260, 830, 4 * count)
    kept = []
    for k in range(x.size):
        if all(np.hypot(x[k] - x[j], y[k] - y[j]) > apart for j in kept):
            kept.append(k)
    chosen = np.array(kept[:count])
    chosen = chosen[np.argsort(y[chosen])]
    return x[chosen], y[chosen], 10 ** rng.uniform(low, high, chosen.size)


@pytest.fixture(scope="module")
def ordinary():
    # 600 stars: the scatter of one scan over the bound is known to 0.03, its mean over ten scans is 1.09, 1.05, 1.04.
    x, y, flux = sky(600, 2.3, 4.0, apart=13.0)
    return measured(x, y, flux), x, y, flux


def test_isolated_stars_reach_the_bound(ordinary):
    residual, x, y, flux = ordinary
    stack = residual.stack
    found, near = matched(stack, x, y)
    bound = cramer_rao(stack.frames, stack.psf, stack.looks(Stars.at(x, y, flux)), flux)
    assert found.mean() > 0.99
    use = found & stack.stars.converged[near]
    assert use.mean() > 0.98
    for got, true, limit in (
        (stack.stars.flux_dn[near], flux, bound.flux_dn),
        (stack.stars.x_arcsec[near], x, bound.x_arcsec),
        (stack.stars.y_arcsec[near], y, bound.y_arcsec),
    ):
        # The table is learnt from these very stars: hence a little more than the fits alone would have.
        pull = ((got - true) / limit)[use]
        assert 1.4826 * np.median(np.abs(pull - np.median(pull))) <= 1.15
        assert abs(np.median(pull)) < 0.4


def test_false_stars_are_few(ordinary):
    residual, x, y, _ = ordinary
    stack = residual.stack
    away, _ = cKDTree(np.column_stack([x, y])).query(
        np.column_stack([stack.stars.x_arcsec, stack.stars.y_arcsec])
    )
    assert np.count_nonzero((away > 3.0) & (stack.stars.flux_dn > 7.0 * stack.stars.flux_error_dn)) <= 2
    assert residual.pixels_dn.std() == pytest.approx(10.0, rel=0.02)


def test_wide_pairs_are_two_stars_each():
    """Every third star has a partner 6" away; the profile is learnt from the others."""
    x, y, _ = sky(170, 3.0, 3.0, apart=28.0, seed=93)
    first = np.arange(0, x.size, 3)
    turn = np.random.default_rng(94).uniform(0, 2 * np.pi, first.size)
    pair_x = np.concatenate([x[first], x[first] + 6.0 * np.cos(turn)])
    pair_y = np.concatenate([y[first], y[first] + 6.0 * np.sin(turn)])
    rest = np.setdiff1d(np.arange(x.size), first)
    flux = np.concatenate([np.full(first.size, 3000.0), np.full(first.size, 2000.0)])
    stack = measured(
        np.concatenate([pair_x, x[rest]]),
        np.concatenate([pair_y, y[rest]]),
        np.concatenate([flux, np.full(rest.size, 4000.0)]),
    ).stack
    found, near = matched(stack, pair_x, pair_y)
    assert found.mean() > 0.99
    ratio = stack.stars.flux_dn[near][found] / flux[found]
    assert np.median(ratio) == pytest.approx(1.0, abs=0.01)
    assert np.quantile(np.abs(ratio - 1.0), 0.9) < 0.03


def test_stars_over_the_edges_bend_nothing():
    """Light of stars just off the arrays must not become stars of any flux, which would be subtracted there."""
    rng = np.random.default_rng(95)
    y = np.arange(270.0, 830.0, 22.0)
    beside = np.where(np.arange(y.size) % 2 == 0, 1.0, -1.0) * rng.uniform(256.0, 263.0, y.size)
    inner_y = y + 11.0
    inside = np.sign(beside) * 246.0
    mx, my, light = sky(200, 2.5, 4.0, seed=97)
    mx *= 0.9
    x, both_y = np.concatenate([beside, inside, mx]), np.concatenate([y, inner_y, my])
    flux = np.concatenate([np.full(y.size, 1e4), np.full(y.size, 2000.0), light])
    residual = measured(x, both_y, flux)
    stack = residual.stack
    found, near = matched(stack, inside, inner_y)
    assert found.all()
    assert np.median(stack.stars.flux_dn[near]) == pytest.approx(2000.0, rel=0.01)
    assert np.abs(stack.stars.flux_dn[near] / 2000.0 - 1.0).max() < 0.1
    assert (np.diff(stack.looks(stack.stars, -1.0).start) > 0).all()
    assert stack.stars.flux_dn.max() < 3e4
    assert residual.pixels_dn.min() > -400.0  # peaks are 3300: nothing is taken away that was not there


def test_nothing_is_found_within_reach_of_a_saturated_star():
    x, y, flux = sky(60, 3.0, 4.0, apart=40.0, seed=96)
    chosen = np.arange(0, x.size, 3)
    fixed = Saturated(Stars.at(x[chosen], y[chosen], flux[chosen]), np.full(chosen.size, 8.0))
    stack = measured(x, y, flux, fixed=fixed).stack
    away, _ = cKDTree(np.column_stack([x, y])[chosen]).query(
        np.column_stack([stack.stars.x_arcsec, stack.stars.y_arcsec])
    )
    assert (away > 7.0).all()  # fits move a star a little
    others = np.setdiff1d(np.arange(x.size), chosen)
    assert matched(stack, x[others], y[others])[0].all()
