"""Stars on a galaxy that no peak shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from workers.reduction.galaxies.fit import fit_galaxy, light_of, stars_at
from workers.reduction.galaxies.frame import Frame
from workers.reduction.galaxies.hidden_stars import (
    FARTHEST_ARCSEC,
    NEAREST_ARCSEC,
    hidden_star,
    without_strays,
)
from workers.reduction.galaxies.last_fit import HIDDEN_CHANGE, LastFit
from workers.reduction.galaxies.priors import WEAK, Priors
from workers.reduction.galaxies.sky_noise import SkyNoise
from workers.reduction.galaxies.values import Pixels, Shape

NOISE, LIGHT = 0.5, 4000.0
PROFILE = np.array([0.8, 0.2]), np.array([1.6, 4.0])
SHAPE = Shape(0.2, -0.3, np.log(4.0), 0.4, 0.1, 0.0)


def observed(*stars, index=1.0, seed=7):
    """Pixels of a galaxy with stars (x, y, light) on it, and its fit."""
    rng = np.random.default_rng(seed)
    y, x = (a.ravel() for a in np.mgrid[-30.0:31.0, -30.0:31.0])
    one = np.ones(x.size)
    pixels = Pixels(x, y, one, one / NOISE**2, one, np.stack([one, x / 30.0, y / 30.0]))
    shape = replace(SHAPE, log_index=float(np.log(index)))
    value = LIGHT * light_of(pixels, shape, PROFILE, (0.0, 0.0)) + NOISE * rng.standard_normal(x.size)
    for place_x, place_y, light in stars:
        value += light * stars_at(pixels, PROFILE, np.array([[place_x, place_y]]))[0]
    pixels = pixels._replace(value=value)
    start = np.array([LIGHT, 0.0, 0.0, np.log(3.0), 0.0, 0.0, np.log(1.5)])
    return pixels, fit_galaxy(pixels, PROFILE, start)


@pytest.mark.parametrize("place", [(3.5, 1.0), (-5.0, 4.5), (0.5, -8.0)])
def test_a_star_on_the_slope_is_found_with_its_light(place):
    pixels, fitted = observed((*place, 250.0))
    star = hidden_star(pixels, PROFILE, fitted)
    assert np.hypot(*(star.place - place)) < 0.6
    assert star.light_dn == pytest.approx(250.0, rel=0.3)
    assert star.change > HIDDEN_CHANGE


def test_the_change_that_it_tells_comes_about():
    """All else free, as the fit beside the star has it."""
    pixels, fitted = observed((3.5, 1.0, 250.0))
    star = hidden_star(pixels, PROFILE, fitted)
    beside = np.concatenate([pixels.linear, stars_at(pixels, PROFILE, star.place[None, :])])
    again = fit_galaxy(pixels._replace(linear=beside), PROFILE, fitted.values[:7])
    assert fitted.cost - again.cost == pytest.approx(star.change, rel=0.25)
    assert abs(again.values[0] - LIGHT) < abs(fitted.values[0] - LIGHT)


@pytest.mark.parametrize("index", [1.0, 4.0])
@pytest.mark.parametrize("seed", [7, 8, 9])
def test_a_galaxy_alone_has_none(index, seed):
    pixels, fitted = observed(index=index, seed=seed)
    star = hidden_star(pixels, PROFILE, fitted)
    assert star is None or star.change < 0.5 * HIDDEN_CHANGE


def test_what_stands_in_the_middle_is_the_galaxys_own():
    pixels, fitted = observed((0.3, -0.3, 300.0))
    star = hidden_star(pixels, PROFILE, fitted)
    assert star is None or np.hypot(*(star.place - fitted.values[1:3])) > NEAREST_ARCSEC - 0.8


def test_a_frame_has_its_peaks_in_the_order_of_light():
    frame = Frame(26, {}, (np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([9.0, 2.0])))
    more = frame.with_star(np.array([5.0, 6.0]), 5.0)
    assert more.peaks[1].tolist() == [9.0, 5.0, 2.0]
    assert more.neighbours().tolist() == [[1.0, 2.0], [5.0, 6.0], [3.0, 4.0]]


def test_galaxies_without_stars_stay_where_many_stars_are(field):
    _, search, _, galaxies = field
    mean, noise = search.profiles.mean(search.sum_weights()), SkyNoise(search, galaxies)
    for galaxy in galaxies:
        others = [other for other in galaxies if other is not galaxy]
        models = []
        for density in (2.0, 13.0):
            last = LastFit(search, mean, (galaxy.shape.x_arcsec, galaxy.shape.y_arcsec), others)
            last.density = density
            models.append(last.settled(galaxy, (0.0, np.inf), noise))
            assert not last.extra.size
        # Pixels that are none of the sky's do not count where stars are many.
        for band, light in models[0].flux_dn.items():
            assert models[1].flux_dn[band] == pytest.approx(light, abs=0.5 * models[0].flux_error_dn[band])


def of_family(pixels, index):
    """The fit of a disc or a bulge."""
    start = np.array([LIGHT, 0.0, 0.0, np.log(3.0), 0.0, 0.0, np.log(index)])
    return fit_galaxy(pixels, PROFILE, start, Priors(WEAK.log_radius, (float(np.log(index)), 0.1)))


@pytest.mark.parametrize("index", [1.0, 4.0])
@pytest.mark.parametrize("seed", [5, 6])
def test_faint_stars_far_from_a_galaxy_are_none_of_its_sky(index, seed):
    """Pixels of coadds scatter by half of what their weights say."""
    places = np.random.default_rng(seed).uniform(-30.0, 30.0, (60, 2))
    stars = [(x, y, 25.0) for x, y in places.tolist() if np.hypot(x, y) > 14.0]
    alone, among = (observed(*rows, index=index)[0] for rows in ((), stars))
    alone, among = (pixels._replace(weight=pixels.weight / 4.0) for pixels in (alone, among))
    truth, fitted = of_family(alone, index), of_family(among, index)
    left = without_strays(among, PROFILE, fitted)
    again = of_family(left, index)
    assert abs(again.values[0] - truth.values[0]) < 0.75 * abs(fitted.values[0] - truth.values[0])
    near = np.hypot(among.x - fitted.values[1], among.y - fitted.values[2]) < FARTHEST_ARCSEC
    assert np.count_nonzero(near) < left.x.size < 0.97 * among.x.size
    assert left.linear.shape == (3, left.x.size)
    # Noise alone hardly loses a pixel, and the galaxy none of its light.
    clean = without_strays(alone, PROFILE, truth)
    assert clean.x.size > 0.99 * alone.x.size
    assert of_family(clean, index).values[0] == pytest.approx(truth.values[0], rel=0.002)
