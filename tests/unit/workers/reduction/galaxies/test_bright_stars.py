"""Saturated stars beside galaxies: what is left out for them, and their wings."""

from __future__ import annotations

import numpy as np
import pytest

from app.instruments.bands import Band
from tests.worlds.frame_stack import gaussian_psf
from workers.reduction.galaxies.bright_stars import STEP_ARCSEC, BrightStars, bright_stars, wing_of
from workers.reduction.galaxies.fit import fit_galaxy, light_of
from workers.reduction.galaxies.values import Pixels, Shape
from workers.reduction.profile.stars import Stars
from workers.reduction.profile.table import turbulent_guess
from workers.reduction.saturated.stars import Saturated

NOISE, LIGHT, STAR = 0.5, 3000.0, 3e5
PROFILE = np.array([0.8, 0.2]), np.array([1.6, 4.0])
SHAPE = Shape(0.0, 0.0, np.log(4.0), 0.3, 0.0, 0.0)
AWAY = (14.0, -11.0)
RADIUS = STEP_ARCSEC * np.arange(480)


def stars_of(*places, light=STAR, reach=5.0):
    """Stars with a wing that falls as the cube of the distance."""
    wing = 0.1 / (RADIUS + 2.0) ** 3
    rows = np.array(places, np.float64).reshape(-1, 2)
    return BrightStars(rows, np.full(len(rows), reach), np.full(len(rows), light), wing)


def observed(seed=5):
    """Pixels of a galaxy in the wing of a star."""
    rng = np.random.default_rng(seed)
    y, x = (a.ravel() for a in np.mgrid[-26.0:27.0, -26.0:27.0])
    away = np.hypot(x - AWAY[0], y - AWAY[1])
    keep = away > 5.0
    x, y, away = x[keep], y[keep], away[keep]
    one = np.ones(x.size)
    pixels = Pixels(x, y, one, one / NOISE**2, one, np.stack([one, x / 30.0, y / 30.0]))
    value = LIGHT * light_of(pixels, SHAPE, PROFILE, (0.0, 0.0)) + 1.2 * STAR * 0.1 / (away + 2.0) ** 3
    return pixels._replace(value=value + 7.0 + NOISE * rng.standard_normal(x.size))


def test_a_galaxy_in_a_wing_has_its_own_light():
    pixels, stars = observed(), stars_of(AWAY)
    start = np.array([LIGHT, 0.0, 0.0, np.log(3.0), 0.0, 0.0, np.log(1.5)])
    alone = fit_galaxy(pixels, PROFILE, start).values
    chosen = stars.near((0.0, 0.0), 26.0)
    beside = fit_galaxy(stars.beside(pixels, (0.0, 0.0), chosen, NOISE, 1.0), PROFILE, start).values
    assert beside[0] == pytest.approx(LIGHT, rel=0.06)
    assert np.hypot(*beside[1:3]) < 0.2
    assert abs(alone[0] - LIGHT) > 3.0 * abs(beside[0] - LIGHT)


def test_a_wing_that_nobody_sees_is_no_column():
    pixels = observed()
    faint = stars_of(AWAY, light=1.0)
    chosen = faint.near((0.0, 0.0), 26.0)
    assert faint.beside(pixels, (0.0, 0.0), chosen, NOISE, 1.0) is pixels


def test_wings_make_pixels_less_certain():
    pixels, stars = observed(), stars_of(AWAY)
    chosen = stars.near((0.0, 0.0), 26.0)
    whole, tenth = (stars.beside(pixels, (0.0, 0.0), chosen, NOISE, share) for share in (1.0, 0.1))
    away = np.hypot(pixels.x - AWAY[0], pixels.y - AWAY[1])
    assert (whole.weight < pixels.weight).all()
    assert whole.weight[np.argmin(away)] < tenth.weight[np.argmin(away)]
    assert (tenth.weight[away > 30.0] / pixels.weight[away > 30.0]).min() > 0.95


def test_cores_and_spikes_are_left_out_and_diagonals_are_not():
    mask = np.zeros((81, 81), np.bool_)
    stars = stars_of((40.0, 40.0))
    stars.cut(mask, (0.0, 0.0), stars.near((40.0, 40.0), 40.0), NOISE)
    assert mask[[40, 43, 40, 22], [40, 43, 60, 40]].all()
    assert not mask[[50, 30], [50, 52]].any()
    faint = np.zeros((81, 81), np.bool_)
    weak = stars_of((40.0, 40.0), light=100.0)
    weak.cut(faint, (0.0, 0.0), np.array([0]), NOISE)
    assert faint[40, [44, 46]].tolist() == [True, False]


def test_only_stars_near_a_window_count_and_only_peaks_within_their_reach():
    stars = stars_of((0.0, 0.0), (10.0, 300.0))
    assert stars.near((0.0, 20.0), 26.0).tolist() == [0]
    chosen = np.array([0, 1])
    inside = stars.within(np.array([3.0, 6.0, 11.0]), np.array([0.0, 0.0, 301.0]), chosen)
    assert inside.tolist() == [True, False, True]


def test_a_star_of_several_bands_is_one_and_its_wing_holds_its_light():
    psf = turbulent_guess(1.4, 3)
    places = np.array([5.0, 9.0]), np.array([700.0, 20.0])
    both = Saturated(Stars.at(*places, np.array([4e4, 9e4])), np.array([4.0, 6.0]))
    one = Saturated(Stars.at(places[0][:1] + 0.1, places[1][:1], np.array([3e4])), np.array([4.5]))
    weights = {Band.J: 0.5, Band.H: 0.5}
    stars = bright_stars(
        {Band.J: both, Band.H: one}, dict.fromkeys(weights, psf), 2.0, weights, dict.fromkeys(weights, 1.0)
    )
    assert stars.places[:, 1].tolist() == [20.0, 700.0]
    assert stars.reach_arcsec.tolist() == [6.0, 4.0]
    assert stars.light_dn == pytest.approx([9e4, 4e4])
    whole = np.trapezoid(2.0 * np.pi * RADIUS * stars.wing, RADIUS)
    assert whole == pytest.approx(1.0, abs=0.05)


def test_a_row_that_is_gone_takes_none_with_it():
    """Of three in a line, 0.8" apart, the brightest takes the second, and the third stays."""
    psf, across = turbulent_guess(1.4, 3), np.array([0.8, 1.6, 0.0])
    line = Saturated(Stars.at(across, np.full(3, 50.0), np.array([5e4, 4e4, 9e4])), np.full(3, 4.0))
    stars = bright_stars({Band.J: line}, {Band.J: psf}, 2.0, {Band.J: 1.0}, {Band.J: 1.0})
    assert stars.places[:, 0].tolist() == [0.0, 1.6]


def test_wings_never_end_and_always_fall():
    for psf in (gaussian_psf(3), turbulent_guess(1.4, 3)):
        wing = wing_of(psf, 2.0)
        assert (wing > 0.0).all()
        assert (np.diff(wing[RADIUS > 8.0]) <= 0.0).all()


def test_no_star_saturates():
    psf = turbulent_guess(1.4, 3)
    none = bright_stars({Band.J: Saturated.none()}, {Band.J: psf}, 2.0, {Band.J: 1.0}, {Band.J: 1.0})
    assert none.near((0.0, 0.0), 26.0).size == 0
