"""The profile's error is measured, drawn, and counted in chi-squared."""

import numpy as np
import pytest

from tests.worlds.finished_image import fitted_model
from workers.reduction.images import profile_error
from workers.reduction.images import psf as psf_module
from workers.reduction.images.profile_error import ProfileError
from workers.reduction.images.stars import Stars

SHAPE = (200, 200)
GRID = np.arange(20.0, 190.0, 20.0)
X, Y = (a.ravel() for a in np.meshgrid(GRID, GRID))


def rings(height, noise, seed=3):
    """A residual image in which every star left a ring at 3 pixels, a share of 10,000 DN, up or down."""
    rng = np.random.default_rng(seed)
    residual = noise * rng.standard_normal(SHAPE)
    yy, xx = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
    for x, y in zip(X, Y, strict=True):
        r = np.hypot(xx - x, yy - y)
        residual += rng.choice([-1.0, 1.0]) * height * 1e4 * np.exp(-0.5 * ((r - 3.0) / 0.7) ** 2)
    return residual.astype(np.float32)


def measured(height, noise):
    stars = Stars.at(X, Y, np.full(X.size, 1e4))
    plane = np.full(SHAPE, noise, np.float32)
    return profile_error.measure(
        rings(height, noise), plane > 0, plane, stars, np.arange(X.size), profile_error.USUAL_PIXEL
    )


@pytest.mark.parametrize("height", [0.01, 0.003])
def test_the_error_of_a_ring_is_found_at_its_distance(height):
    error = measured(height, 5.0)
    assert error.stars == X.size
    assert error.at(np.array([3.0]))[0] == pytest.approx(1.4826 * height, rel=0.15)
    assert error.at(np.array([0.0, 6.0])).max() < 0.2 * height
    assert error.at(np.array([8.5, 30.0])).tolist() == [0.0, 0.0]


def test_noise_alone_is_no_error_of_the_profile():
    assert measured(0.0, 20.0).share.max() < 1e-3


def test_too_few_stars_take_the_usual_shares():
    stars, plane = Stars.at(X[:2], Y[:2], np.full(2, 1e4)), np.ones(SHAPE, np.float32)
    for usual in (profile_error.USUAL_PIXEL, profile_error.USUAL_FILTERED):
        error = profile_error.measure(plane, plane > 0, plane, stars, np.arange(2), usual)
        assert error.stars == 0
        assert error.share[: len(usual)].tolist() == list(usual)
        assert error.share.size == 17


def test_directions_without_pixels_are_left_out():
    stars, plane = (
        Stars.at(np.array([0.0, 199.0, 5.0]), np.array([0.0, 199.0, 0.0]), np.full(3, 1e4)),
        np.ones(SHAPE),
    )
    plane = plane.astype(np.float32)
    usable = np.zeros(SHAPE, np.bool_)
    error = profile_error.measure(plane, usable, plane, stars, np.arange(3), profile_error.USUAL_PIXEL)
    assert not error.share.any()


def test_variance_is_that_of_the_share_and_adds_up():
    error = ProfileError(np.where(np.arange(17) < 8, 0.01, 0.0), 5)
    stars = Stars.at(
        np.array([100.0, 103.0, 20.0]), np.array([100.0, 100.0, 20.0]), np.array([1e4, 2e4, 1.0])
    )
    variance = profile_error.variance_of(error, stars, SHAPE, 0.5)
    assert variance[100, 100] == pytest.approx(100.0**2 + 200.0**2, rel=1e-5)
    assert variance[100, 98] == pytest.approx(100.0**2, rel=1e-5)
    assert variance[20, 20] == 0.0  # the error of a faint star lies below the floor
    assert variance[100, 110] == 0.0
    assert profile_error.variance_of(error, stars.take(np.zeros(0, np.int64)), SHAPE, 0.5).max() == 0.0


def test_stars_at_edges_and_of_negative_flux_are_drawn_safely():
    error = ProfileError(np.full(17, 0.01), 5)
    stars = Stars.at(np.array([-3.0, 199.4, 50.0]), np.array([-3.0, 10.0, 50.0]), np.array([1e4, 1e4, -50.0]))
    variance = profile_error.variance_of(error, stars, SHAPE, 0.1)
    assert variance[0, 0] > 0.0
    assert variance[50, 50] == 0.0


def test_chi_squared_counts_the_pixels_of_a_disc():
    psf = psf_module.moffat(2.9, SHAPE)
    model = fitted_model(psf, X, Y, np.full(X.size, 1e4), noise=2.0)
    chi2, pixels = profile_error.chi_squared(model.residual, model.variance, model.usable, model.stars, 2.5)
    assert set(pixels) == {21}
    assert np.mean(chi2 / pixels) == pytest.approx(1.0, abs=0.1)
    model.usable[:, :100] = False
    _, pixels = profile_error.chi_squared(model.residual, model.variance, model.usable, model.stars, 2.5)
    assert (pixels[X < 90] == 0).all()
    assert (pixels[X > 110] == 21).all()


def test_the_profiles_error_brings_chi_squared_of_bright_stars_to_one():
    residual, plane = rings(0.01, 5.0), np.full(SHAPE, 25.0, np.float32)
    stars, usable = Stars.at(X, Y, np.full(X.size, 1e4)), np.ones(SHAPE, np.bool_)
    plain, pixels = profile_error.chi_squared(residual, plane, usable, stars, 4.0)
    assert np.median(plain / pixels) > 50.0
    error = profile_error.measure(
        residual, usable, np.sqrt(plane), stars, np.arange(X.size), profile_error.USUAL_PIXEL
    )
    whole = plane + profile_error.variance_of(error, stars, SHAPE, 0.5)
    chi2, pixels = profile_error.chi_squared(residual, whole, usable, stars, 4.0)
    assert 0.2 < np.median(chi2 / pixels) < 1.5
