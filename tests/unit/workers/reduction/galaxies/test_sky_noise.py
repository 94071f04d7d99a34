"""Errors of totals beyond the noise of pixels: waves of the sky, stars that are not fitted, and how totals respond."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from app.instruments.bands import Band
from tests.worlds.faint_disc import COLUMNS, FIRST_X, FIRST_Y, ROWS, faint_coadds, faint_search, sky
from workers.reduction.galaxies.candidates import Seeds
from workers.reduction.galaxies.fit import beside_stars, fit_galaxy, light_of, linear_fit
from workers.reduction.galaxies.responses import linear_response, responses
from workers.reduction.galaxies.sky_noise import SkyNoise, wave_variance
from workers.reduction.galaxies.values import Galaxy, Pixels, Shape, beside

PROFILE = np.array([1.0]), np.array([3.0])
NO_STARS = np.empty((0, 2)), np.empty(0)
RADIUS_ARCSEC, HALF = 9.0, 50
WAVE_SIGMA_ARCSEC = 14.0


def waving(seed, height_dn):
    """A sky of noise with waves, and a bend across all of it."""
    random = np.random.default_rng(seed)
    waves = gaussian_filter(random.standard_normal((ROWS, COLUMNS)), WAVE_SIGMA_ARCSEC, mode="wrap")
    y, x = np.mgrid[-1.0 : 1.0 : ROWS * 1j, -1.0 : 1.0 : COLUMNS * 1j]
    return sky(seed) + height_dn * waves / waves.std() + 30.0 * x - 20.0 * y * y


def disc_at(x, y):
    return Shape(float(x), float(y), float(np.log(RADIUS_ARCSEC)), 0.0, 0.0, 0.0)


def fitted_discs(coadds):
    """Light of discs that are not there, the error by noise of pixels, and pixels with the response of each."""
    out = []
    for x in np.arange(FIRST_X + 60.0, FIRST_X + COLUMNS - 60.0, 48.0):
        for y in np.arange(FIRST_Y + 60.0, FIRST_Y + ROWS - 60.0, 48.0):
            window = coadds.windows(x, y, HALF)[Band.J]
            pixels = window.pixels((x, y), float(HALF), np.zeros(window.light.shape, np.bool_))
            pixels = beside_stars(pixels, PROFILE, NO_STARS, pixels.linear[:0], HALF)
            light = light_of(pixels, disc_at(x, y), PROFILE, (x, y))
            flux, error, _ = linear_fit(pixels, light)
            out.append((flux, error, pixels, linear_response(pixels, light)))
    return out


@pytest.mark.parametrize(("height_dn", "least_alone"), [(0.0, 0.8), (0.4, 1.8)])
def test_errors_with_waves_are_those_of_the_truth(height_dn, least_alone):
    """Totals where there is no galaxy scatter by their errors; without waves in these by twice as much."""
    alone, together = [], []
    for seed in (11, 12, 13):
        coadds = faint_coadds(images={Band.J: waving(seed, height_dn)})
        waves = SkyNoise(faint_search(coadds), []).waves(HALF).bands[Band.J]
        for flux, error, pixels, response in fitted_discs(coadds):
            alone.append(flux / error)
            together.append(flux / np.hypot(error, np.sqrt(wave_variance(response, pixels, waves))))
    assert np.std(alone) > least_alone
    assert 0.8 < np.std(together) < 1.25


def test_a_sky_that_is_seen_nowhere_has_no_waves():
    coadds = faint_coadds(images={Band.J: np.full((ROWS, COLUMNS), np.nan)})
    noise = SkyNoise(faint_search(coadds), [])
    assert not noise.waves(HALF).together.any()
    assert not noise.waves(HALF).bands[Band.J].any()


def test_stars_that_are_not_fitted_scatter_a_total_by_their_squares():
    """Stars of 40 and 300 DN, of which the brighter ones are fitted: the sum over an area has that of a Poisson law."""
    random = np.random.default_rng(7)
    faint, bright, area = 4000, 500, 900
    count = faint + bright
    light = np.r_[np.full(faint, 40.0), np.full(bright, 300.0)]
    places = random.uniform(0.0, 1.0, (count, 2)) * (COLUMNS, ROWS) + (FIRST_X, FIRST_Y)
    seeds = Seeds(*places.T, light)
    noise = SkyNoise(faint_search(faint_coadds(), seeds), [])
    ones = np.ones(area // 4)
    # Squares of 2": the sum over them is four times that of their values.
    pixels = Pixels(ones, ones, ones, ones, 2.0 * ones, ones[None, :])
    told = np.sqrt(noise.stars_variance(4.0 * ones, pixels, np.full(ones.size, 100.0)))
    side = int(np.sqrt(area))
    edges = [np.arange(first, first + size, side) for first, size in ((FIRST_X, COLUMNS), (FIRST_Y, ROWS))]
    drawn, _, _ = np.histogram2d(*places[:faint].T, bins=edges)
    assert told == pytest.approx(40.0 * drawn.std(), rel=0.1)
    assert noise.stars_variance(4.0 * ones, pixels, np.zeros(ones.size)) == 0.0


def test_peaks_within_galaxies_are_no_stars():
    seeds = Seeds(np.array([0.0, 100.0]), np.array([300.0, 300.0]), np.array([900.0, 50.0]))
    galaxy = Galaxy(disc_at(0.0, 300.0), {Band.J: 1e4}, {Band.J: 1.0}, {Band.J: 0.3}, 0.1, 0.1, 9.0, 0)
    search, ones = faint_search(faint_coadds(), seeds), np.ones(4)
    pixels = Pixels(ones, ones, ones, ones, ones, ones[None, :])
    with_peak, without = (
        SkyNoise(search, k).stars_variance(ones, pixels, 1e3 * ones) for k in ([], [galaxy])
    )
    assert with_peak > 100.0 * without > 0.0


def test_responses_are_derivatives_of_the_light():
    """A little more light in some pixels moves a free fit, and that of a known shape, by the sum of their responses."""
    x, y = (a.ravel() * 1.0 for a in np.meshgrid(np.arange(-20, 21), np.arange(-20, 21)))
    ones, noise = np.ones_like(x), 0.3
    true, place = Shape(0.3, -0.2, np.log(3.5), 0.2, 0.1, 0.0), (0.0, 0.0)
    pixels = Pixels(x, y, ones, ones / noise**2, ones, ones[None, :])
    light = light_of(pixels, true, PROFILE, place)
    pixels = pixels._replace(
        value=5000.0 * light + 3.0 + noise * np.random.default_rng(3).standard_normal(x.size)
    )
    start = np.array([4000.0, 0.0, 0.0, np.log(3.0), 0.0, 0.0, 0.1])
    first = fit_galaxy(pixels, PROFILE, start)
    free, known = responses(pixels, PROFILE, first)
    for chosen in (np.hypot(x - 4.0, y) < 3.0, np.hypot(x, y + 10.0) < 4.0):
        more = pixels._replace(value=pixels.value + 0.1 * chosen)
        moved = fit_galaxy(more, PROFILE, first.values[:7]).values[0] - first.values[0]
        assert moved == pytest.approx(0.1 * free[chosen].sum(), rel=0.15)
        shape = first.shape(*place)
        own = light_of(pixels, shape, PROFILE, place)
        moved = linear_fit(more, own)[0] - linear_fit(pixels, own)[0]
        assert moved == pytest.approx(0.1 * linear_response(pixels, own)[chosen].sum(), rel=1e-6)
        assert moved == pytest.approx(0.1 * known[chosen].sum(), rel=1e-3)


def test_galaxies_beside_a_place_are_those_whose_light_may_reach_it():
    shape = disc_at(0.0, 0.0)
    near, far, own = (
        Galaxy(replace(shape, y_arcsec=y), {}, {}, {}, 0.1, 0.1, 9.0, 0) for y in (150.0, 190.0, 0.0)
    )
    ((away, galaxy),) = beside([own, far, near], (0.0, 0.0), 100.0, 8.0)
    assert (away, galaxy) == (150.0, near)
