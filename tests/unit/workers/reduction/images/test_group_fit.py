"""A sweep over groups of stars, against an independent least-squares fit and against truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares

from tests.worlds.finished_image import draw_stars, drawn_stars
from workers.reduction.images import group_fit
from workers.reduction.images.drawing import DrawnStars, add_stars
from workers.reduction.images.group_fit import FitImage, FitResults, FittedStars, Noise, Seeds, fit_groups
from workers.reduction.images.psf import moffat

SHAPE = (60, 70)
PSF = moffat(2.9, SHAPE)
PLAIN = Noise(psf_error=0.0, gain=1e12, seed_sigma_pix=1e3)


class Fit:
    """Stars of a group on an image without noise, or with it, and what a sweep makes of them."""

    def __init__(self, x, y, flux, noise=0.0, seed=3):
        self.x, self.y, self.flux = (np.array(values, np.float64) for values in (x, y, flux))
        image = np.zeros(SHAPE, np.float32)
        draw_stars(image, PSF, self.x, self.y, self.flux)
        self.image = image + noise * np.random.default_rng(seed).standard_normal(SHAPE).astype(np.float32)
        self.variance = np.full(SHAPE, max(noise, 1.0) ** 2, np.float32)

    def sweep(self, start=None, noise=PLAIN, sweeps=1, radius=3.5, shift=0.0, groups=None):
        """Fit from the true places, shifted, with the true fluxes by a factor of 0.8, one group for all."""
        n = self.x.size
        x, y, flux = start or (self.x + shift, self.y - shift, 0.8 * self.flux)
        drawn = drawn_stars(PSF, x.copy(), y.copy(), flux.copy())
        seeds = Seeds(x.copy(), y.copy(), np.full(n, radius))
        results = FitResults(*(np.full(n, -1.0) for _ in range(4)), np.full(n, -1, np.int64))
        residual = self.image.copy()
        add_stars(residual, PSF.profiles, drawn, np.arange(n), -1.0)
        stars = FittedStars(drawn, seeds, results)
        edges = np.array([0, n] if groups is None else groups)
        for _ in range(sweeps):
            fit_groups(FitImage(residual, self.variance), PSF.profiles, stars, edges, np.arange(n), noise)
        self.residual = residual
        return drawn, results


def test_a_pair_without_noise_is_found_exactly():
    fit = Fit([30.2, 33.0], [25.7, 26.1], [900.0, 400.0])
    drawn, results = fit.sweep(shift=0.25, sweeps=4)
    np.testing.assert_allclose(drawn.x, fit.x, atol=1e-3)
    np.testing.assert_allclose(drawn.y, fit.y, atol=1e-3)
    np.testing.assert_allclose(drawn.flux, fit.flux, rtol=1e-3)
    assert np.abs(fit.residual).max() < 0.2
    assert (results.chi2 < 0.1).all()


def test_the_residual_image_is_data_minus_models():
    fit = Fit([30.2, 33.0, 50.0], [25.7, 26.1, 40.0], [900.0, 400.0, 100.0], noise=2.0)
    drawn, _ = fit.sweep(shift=0.3)
    rest = fit.image.copy()
    add_stars(rest, PSF.profiles, drawn, np.arange(3), -1.0)
    np.testing.assert_allclose(fit.residual, rest, atol=1e-3)


def test_solution_and_errors_are_those_of_a_general_fit():
    """The library fits the same pixels with the same weights."""
    fit = Fit([30.2, 33.0], [25.7, 26.1], [900.0, 400.0], noise=2.0)
    drawn, results = fit.sweep(shift=0.2, sweeps=8)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    near = np.hypot(x[..., None] - drawn.x, y[..., None] - drawn.y) <= 3.5

    def rest(values):
        model = np.zeros(SHAPE, np.float32)
        flux, places_x, places_y = values.reshape(3, 2)
        draw_stars(model, PSF, places_x, places_y, flux)
        return (fit.image - model)[near.any(axis=2)] / 2.0

    start = np.concatenate([drawn.flux, drawn.x, drawn.y])
    found = least_squares(rest, start, diff_step=1e-3, x_scale=np.r_[500.0, 500.0, np.ones(4)])
    error = np.sqrt(np.diag(np.linalg.inv(found.jac.T @ found.jac))).reshape(3, 2)
    np.testing.assert_allclose(found.x.reshape(3, 2)[0], drawn.flux, atol=0.05 * error[0].min())
    np.testing.assert_allclose(found.x.reshape(3, 2)[1], drawn.x, atol=0.05 * error[1].min())
    np.testing.assert_allclose(results.flux_error, error[0], rtol=0.03)
    np.testing.assert_allclose(results.x_error, error[1], rtol=0.03)
    np.testing.assert_allclose(results.y_error, error[2], rtol=0.03)


def test_chi_squared_counts_the_pixels_of_each_disc():
    fit = Fit([30.0, 33.0], [25.0, 25.0], [900.0, 400.0], noise=2.0)
    drawn, results = fit.sweep(sweeps=6)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    for n in range(2):
        disc = np.hypot(x - drawn.x[n], y - drawn.y[n]) <= 3.5
        assert results.pixels[n] == np.count_nonzero(disc)
        assert results.chi2[n] == pytest.approx((fit.residual[disc] ** 2).sum() / 4.0, rel=1e-3)


def test_what_the_model_does_not_know_and_light_itself_widen_the_errors():
    fit = Fit([30.0], [25.0], [9000.0], noise=2.0)
    _, plain = fit.sweep(sweeps=3)
    _, light = fit.sweep(sweeps=3, noise=PLAIN._replace(gain=5.0))
    _, wrong = fit.sweep(sweeps=3, noise=PLAIN._replace(psf_error=0.1))
    assert light.flux_error[0] > 2.0 * plain.flux_error[0]
    assert wrong.flux_error[0] > 2.0 * plain.flux_error[0]
    assert wrong.chi2[0] < plain.chi2[0]


def test_seeds_hold_places():
    fit = Fit([30.4], [25.0], [60.0], noise=2.0)
    start = np.array([30.0]), np.array([25.0]), np.array([60.0])
    moved = [
        abs(fit.sweep(start, PLAIN._replace(seed_sigma_pix=sigma), sweeps=5)[0].x[0] - 30.0)
        for sigma in (0.0, 0.05, 1e3)
    ]
    assert moved[0] < 1e-6
    assert moved[0] < moved[1] < moved[2]


def test_a_step_is_bounded_and_light_not_negative():
    fit = Fit([30.0], [25.0], [5000.0])
    far = np.array([32.5]), np.array([25.0]), np.array([5000.0])
    drawn, _ = fit.sweep(far)
    assert abs(drawn.x[0] - 32.5) <= group_fit.STEPS * group_fit.LARGEST_STEP_PIX + 1e-12
    fit.image[:] = -5.0
    drawn, _ = fit.sweep()
    assert drawn.flux[0] == 0.0


@pytest.mark.parametrize("bad", ["masked", "beyond"])
def test_a_group_without_pixels_has_no_result(bad):
    fit = Fit([30.0], [25.0], [500.0])
    start = None
    if bad == "masked":
        fit.variance[15:36, 20:41] = 0.0
    else:
        start = np.array([-40.0]), np.array([25.0]), np.array([500.0])
    drawn, results = fit.sweep(start)
    for name in ("flux_error", "x_error", "y_error", "chi2"):
        assert np.isnan(getattr(results, name)).all()
    assert results.pixels.tolist() == [0]
    assert np.isfinite(drawn.flux).all()


def test_groups_are_solved_one_after_the_other():
    """Stars in groups of their own converge over the sweeps to the solution of one group."""
    fit = Fit([30.0, 33.5], [25.0, 25.0], [900.0, 700.0], noise=1.0)
    together, _ = fit.sweep(shift=0.1, sweeps=6)
    apart, _ = fit.sweep(shift=0.1, sweeps=40, groups=[0, 1, 2])
    np.testing.assert_allclose(apart.flux, together.flux, rtol=0.02)
    np.testing.assert_allclose(apart.x, together.x, atol=0.02)


def test_stars_of_other_groups_are_not_touched():
    fit = Fit([20.0, 50.0], [25.0, 25.0], [900.0, 700.0])
    drawn, results = fit.sweep(groups=[0, 1])
    assert drawn.flux[0] == pytest.approx(900.0, rel=0.01)
    assert drawn.flux[1] == 0.8 * 700.0
    assert results.chi2[1] == -1.0


def test_masked_pixels_do_not_pull():
    fit = Fit([30.0], [25.0], [900.0])
    fit.image[25, 31] = 5e4
    fit.variance[25, 31] = 0.0
    drawn, results = fit.sweep(sweeps=4)
    assert drawn.flux[0] == pytest.approx(900.0, rel=1e-3)
    assert isinstance(drawn, DrawnStars)
    assert results.pixels[0] == 36
