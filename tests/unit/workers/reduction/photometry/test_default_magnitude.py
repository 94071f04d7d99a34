"""Fits are drawn towards apertures as far as the profile is wrong, and not where apertures know less or hold others."""

from __future__ import annotations

import numpy as np
import pytest

from workers.reduction.photometry.default_magnitude import (
    APERTURE_FLOOR_MAG,
    FEWEST,
    LARGEST_EXTRA_MAG,
    draw_to_apertures,
)

ERROR = 0.010


def stars(seed=1, count=3000, error=ERROR):
    """Stars of SNR 20 to 2,000: noise of fits and apertures, profile errors, and the differences they make."""
    rng = np.random.default_rng(seed)
    profile = 1.0857 / 10 ** rng.uniform(1.3, 3.3, count)
    # An aperture has the photons of the star and twice the noise of a fit from the sky.
    aperture = profile * np.where(profile > 0.005, 1.8, 1.3)
    wrong = rng.normal(0.0, error, count)
    extra = rng.normal(0.0, 1.0, count) * np.sqrt(aperture**2 - profile**2 + APERTURE_FLOOR_MAG**2)
    return (profile, aperture), wrong, extra - wrong


def every(count):
    return np.ones(count, np.bool_)


@pytest.mark.parametrize("error", [0.002, 0.005, 0.010, 0.020])
def test_the_error_of_the_profile_is_measured(error):
    noise, _, difference = stars(error=error)
    made = draw_to_apertures(difference, noise, every(3000), every(3000))
    assert made.profile_error_mag == pytest.approx(error, rel=0.15)


def test_bright_stars_lose_the_error_and_faint_ones_keep_their_fit():
    noise, wrong, difference = stars()
    made = draw_to_apertures(difference, noise, every(3000), every(3000))
    left = wrong + made.added_mag
    bright, faint = noise[0] < 0.002, noise[0] > 0.03
    assert np.std(left[bright]) < 0.4 * np.std(wrong[bright])
    assert made.share[bright].min() > 0.5
    assert made.share[faint].max() < 0.1
    # What is added to faint stars is less than a tenth of their noise.
    assert np.std(made.added_mag[faint]) < 0.1 * np.median(noise[0][faint])
    # Nowhere is the sum of error and noise worse than without.
    for low, high in ((0.001, 0.003), (0.003, 0.01), (0.01, 0.03), (0.03, 0.06)):
        some = (noise[0] > low) & (noise[0] <= high)
        assert np.mean(left[some] ** 2) <= 1.02 * np.mean(wrong[some] ** 2)


def test_the_error_that_is_left_is_as_large_as_the_share_says():
    noise, wrong, difference = stars(seed=2)
    made = draw_to_apertures(difference, noise, every(3000), every(3000))
    left = wrong + made.added_mag
    expected = np.sqrt(1.0 - made.share) * ERROR
    for part in np.array_split(np.argsort(expected), 5):
        assert np.std(left[part]) == pytest.approx(np.sqrt(np.mean(expected[part] ** 2)), rel=0.15)


def test_a_perfect_profile_is_left_alone():
    noise, _, difference = stars(seed=3, error=0.0)
    made = draw_to_apertures(difference, noise, every(3000), every(3000))
    assert made.profile_error_mag < 0.001
    assert np.abs(made.added_mag).max() < 0.005


def test_an_aperture_that_holds_another_star_is_not_followed():
    noise, _, difference = stars(seed=4)
    brightest = int(np.argmin(noise[0]))
    difference[brightest] = -0.5
    made = draw_to_apertures(difference, noise, every(3000), every(3000))
    assert abs(made.added_mag[brightest]) < 0.001


def test_unusable_and_unknown_stars_are_left_alone_and_tell_nothing():
    noise, _, difference = stars(seed=5)
    usable = np.arange(3000) % 2 == 0
    difference[~usable] = 0.3
    difference[::10] = np.nan
    made = draw_to_apertures(difference, noise, usable, every(3000))
    assert np.isfinite(made.added_mag).all()
    assert not made.added_mag[~usable].any()
    assert not made.added_mag[::10].any()
    assert made.profile_error_mag == pytest.approx(ERROR, rel=0.15)


def test_stars_that_do_not_fit_tell_nothing_but_are_drawn():
    """Galaxies among the bright stars: their differences are no error of the profile."""
    noise, _, difference = stars(seed=6)
    telling = np.arange(3000) % 3 > 0
    difference[~telling] *= 2.0
    made = draw_to_apertures(difference, noise, every(3000), telling)
    assert made.profile_error_mag == pytest.approx(ERROR, rel=0.15)
    assert np.count_nonzero(made.added_mag[~telling]) > 900


def test_few_bright_stars_change_nothing():
    noise, _, difference = stars(seed=7)
    bright = np.flatnonzero(noise[1] ** 2 - noise[0] ** 2 < LARGEST_EXTRA_MAG**2)
    telling = np.isin(np.arange(3000), bright[: FEWEST - 1])
    made = draw_to_apertures(difference, noise, every(3000), telling)
    assert made.profile_error_mag == 0.0
    assert not made.added_mag.any()
    telling[bright[FEWEST - 1]] = True
    assert draw_to_apertures(difference, noise, every(3000), telling).added_mag.any()
