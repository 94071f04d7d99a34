"""Where bands see a model: a shift is found to its error, and bands that agree have none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from workers.reduction.galaxies.band_shifts import Shift, band_shift, spread_of
from workers.reduction.galaxies.fit import light_of, stars_at
from workers.reduction.galaxies.values import Pixels, Shape

PROFILE = np.array([0.7, 0.3]), np.array([1.5, 4.0])
SHAPE = Shape(100.2, 300.1, np.log(2.5), 0.3, 0.1, 0.0)
PLACE = 100.0, 300.0
NOISE_DN = 0.3


def _pixels(light):
    x, y = (a.ravel() * 1.0 for a in np.meshgrid(np.arange(-20, 21), np.arange(-20, 21)))
    ones = np.ones_like(x)
    pixels = Pixels(x, y, ones, ones / NOISE_DN**2, ones, ones[None, :])
    value = light(pixels) + 3.0 + NOISE_DN * np.random.default_rng(5).standard_normal(x.size)
    return pixels._replace(value=value)


@pytest.mark.parametrize("moved", [(0.0, 0.0), (0.2, -0.1)])
def test_the_place_of_a_band_is_found(moved):
    true = replace(SHAPE, x_arcsec=SHAPE.x_arcsec + moved[0], y_arcsec=SHAPE.y_arcsec + moved[1])
    shift = band_shift(_pixels(lambda p: 4000.0 * light_of(p, true, PROFILE, PLACE)), PROFILE, SHAPE, PLACE)
    assert 0.001 < shift.sigma_arcsec < 0.02
    assert (shift.x_arcsec, shift.y_arcsec) == pytest.approx(moved, abs=4.0 * shift.sigma_arcsec + 0.01)


def test_stars_of_two_colours_have_another_place_in_each_band():
    stars = np.array([[1.5, 0.0], [-1.5, 0.0]])
    shifts = [
        band_shift(
            _pixels(lambda p, light=light: (light[:, None] * stars_at(p, PROFILE, stars)).sum(axis=0)),
            PROFILE, SHAPE, PLACE,
        )
        for light in (np.array([3000.0, 1000.0]), np.array([1000.0, 3000.0]))
    ]  # fmt: skip
    spread, sigmas = spread_of(shifts)
    assert spread > 0.3
    assert sigmas > 20.0


def test_a_band_without_light_says_nothing():
    dark = band_shift(_pixels(lambda p: -500.0 * light_of(p, SHAPE, PROFILE, PLACE)), PROFILE, SHAPE, PLACE)
    assert dark.sigma_arcsec == np.inf
    assert spread_of([dark, Shift(1.0, 0.0, 0.1)]) == (0.0, 0.0)
    assert spread_of([]) == (0.0, 0.0)
