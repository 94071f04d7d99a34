from itertools import pairwise

import numpy as np
import pytest
from astropy.table import Table
from photutils.psf import ImagePSF, PSFPhotometry

from workers.reduction.images import fit_kernels, profile_fit
from workers.reduction.images import psf as psf_module
from workers.reduction.images.profile_fit import Stars

GAIN = 50.0


def _field(x, y, flux, shape=(100, 110), sigma=1.0, seed=5, fwhm=2.9):
    psf = psf_module.moffat(fwhm, shape)
    image = np.zeros(shape, np.float32)
    n = x.size
    everyone = np.arange(n)
    reach = np.full(n, 16.0)
    fit_kernels.add_stars(
        image, psf.tables, psf.oversampling, psf.cells(x, y), x, y, flux, reach, 1.0, 0, n, everyone
    )
    noise = np.random.default_rng(seed).normal(0.0, 1.0, shape) * np.sqrt(sigma**2 + image / GAIN)
    return psf, (image + noise).astype(np.float32), np.full(shape, sigma**2, np.float32)


def _fit(psf, image, variance, stars, sweeps=4):
    return profile_fit.fit_stars(
        image, variance, psf, stars, sweeps=sweeps, link_pix=3.8, fit_radius_pix=3.5, psf_error=0.0, gain=GAIN,
        seed_sigma_pix=1.0,
    )  # fmt: skip


def test_profile_is_its_nodes_and_its_gradient_is_right():
    psf = psf_module.moffat(2.9, (64, 64))
    middle = psf.tables.shape[1] // 2
    value, _, _ = fit_kernels.profile(psf.tables[0], psf.oversampling, 0.0, 0.0)
    assert value == pytest.approx(psf.tables[0, middle, middle], rel=1e-6)
    step = 1e-3
    for dx, dy in ((0.3, -0.4), (1.2, 0.7), (-2.1, 1.6)):
        _, by_x, by_y = fit_kernels.profile(psf.tables[0], psf.oversampling, dx, dy)
        right, _, _ = fit_kernels.profile(psf.tables[0], psf.oversampling, dx + step, dy)
        left, _, _ = fit_kernels.profile(psf.tables[0], psf.oversampling, dx - step, dy)
        up, _, _ = fit_kernels.profile(psf.tables[0], psf.oversampling, dx, dy + step)
        down, _, _ = fit_kernels.profile(psf.tables[0], psf.oversampling, dx, dy - step)
        assert by_x == pytest.approx((right - left) / 2 / step, abs=2e-4)
        assert by_y == pytest.approx((up - down) / 2 / step, abs=2e-4)


def test_isolated_stars_reach_truth_within_their_uncertainties():
    gx, gy = np.meshgrid(np.arange(15, 100, 20.0), np.arange(12, 95, 19.0))
    rng = np.random.default_rng(1)
    x, y = gx.ravel() + rng.uniform(-0.5, 0.5, gx.size), gy.ravel() + rng.uniform(-0.5, 0.5, gx.size)
    flux = np.full(x.size, 400.0)
    psf, image, variance = _field(x, y, flux)
    stars = Stars.at(x + 0.3, y - 0.3, 0.8 * flux)
    _fit(psf, image, variance, stars)
    pull = (stars.flux - flux) / stars.flux_error
    assert abs(np.mean(pull)) < 3.0 / np.sqrt(x.size)
    assert 0.7 < np.std(pull) < 1.4
    assert np.std((stars.x - x) / stars.x_error) < 1.5
    assert np.median(stars.chi2 / (stars.pixels - 3)) == pytest.approx(1.0, abs=0.15)


def test_isolated_stars_agree_with_photutils():
    x, y = np.array([25.3, 60.7, 80.1]), np.array([30.2, 55.5, 80.9])
    flux = np.array([3000.0, 800.0, 400.0])
    psf, image, variance = _field(x, y, flux)
    stars = Stars.at(x, y, flux)
    _fit(psf, image, variance, stars)
    model = ImagePSF(
        psf.coefficients[0],
        x_0=0,
        y_0=0,
        flux=1,
        oversampling=psf.oversampling,
        origin=[psf.tables.shape[1] // 2] * 2,
    )
    photometry = PSFPhotometry(model, (7, 7), aperture_radius=4.0)
    sigma = np.sqrt(1.0 + np.maximum(image, 0) / GAIN)
    found = photometry(image.astype(float), error=sigma, init_params=Table({"x": x, "y": y, "flux": flux}))
    # Different pixels (a 7x7 square against a disc of 3.5): agreement within half of the uncertainty.
    assert np.all(np.abs(found["flux_fit"] - stars.flux) < 0.5 * stars.flux_error)
    assert np.all(np.hypot(found["x_fit"] - stars.x, found["y_fit"] - stars.y) < 0.7 * stars.x_error)


def test_blended_pairs_are_told_apart():
    x = np.array([30.0, 33.2, 70.0, 72.0, 70.9])
    y = np.array([30.0, 30.4, 60.0, 61.5, 64.0])
    flux = np.array([5000.0, 2000.0, 3000.0, 3000.0, 1500.0])
    psf, image, variance = _field(x, y, flux, sigma=0.5)
    stars = Stars.at(x + 0.2, y - 0.2, np.full(5, 1500.0))
    residual = _fit(psf, image, variance, stars, sweeps=6)
    assert np.all(np.abs(stars.flux - flux) < 4.0 * stars.flux_error)
    assert set(stars.group) == {2, 3}
    assert np.std(residual) < 1.0


def test_a_star_without_usable_pixels_has_no_uncertainty():
    x, y, flux = np.array([30.0]), np.array([30.0]), np.array([500.0])
    psf, image, variance = _field(x, y, flux)
    variance[20:40, 20:40] = 0.0
    stars = Stars.at(x, y, flux)
    _fit(psf, image, variance, stars)
    assert np.isnan(stars.flux_error[0])
    assert np.isnan(stars.chi2[0])


def test_no_stars_leave_the_image_as_it_is():
    psf, image, variance = _field(np.zeros(0), np.zeros(0), np.zeros(0))
    empty = Stars.at(np.zeros(0), np.zeros(0), np.zeros(0))
    assert np.array_equal(_fit(psf, image, variance, empty), image)


def test_groups_are_bounded_and_hold_each_star_once():
    rng = np.random.default_rng(9)
    stars = Stars.at(rng.uniform(0, 60, 500), rng.uniform(0, 60, 500), rng.uniform(1, 100, 500))
    start, member = profile_fit.groups(stars, 3.8)
    assert sorted(member) == list(range(500))
    assert np.diff(start).max() <= fit_kernels.MAX_MEMBERS
    brightest = [stars.flux[member[a:b]].max() for a, b in pairwise(start)]
    assert brightest == sorted(brightest, reverse=True)
