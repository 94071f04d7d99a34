from dataclasses import replace

import numpy as np
import pytest
from astropy.table import Table
from photutils.psf import ImagePSF, PSFPhotometry

from tests.worlds.finished_image import draw_stars
from workers.reduction.images import profile_fit
from workers.reduction.images import psf as psf_module
from workers.reduction.images.profile_fit import FitRules
from workers.reduction.images.stars import Stars

GAIN = 50.0
RULES = FitRules(
    sweeps=4,
    link_pix=3.8,
    fit_radius_pix=3.5,
    psf_error=0.0,
    gain=GAIN,
    seed_sigma_pix=1.0,
    wing_radius_pix=8.0,
)


def _field(x, y, flux, shape=(100, 110), sigma=1.0, seed=5, fwhm=2.9):
    psf = psf_module.moffat(fwhm, shape)
    image = np.zeros(shape, np.float32)
    draw_stars(image, psf, x, y, flux)
    noise = np.random.default_rng(seed).normal(0.0, 1.0, shape) * np.sqrt(sigma**2 + image / GAIN)
    return psf, (image + noise).astype(np.float32), np.full(shape, sigma**2, np.float32)


def _fit(psf, image, variance, stars, sweeps=4):
    return profile_fit.fit_stars(image, variance, psf, stars, replace(RULES, sweeps=sweeps))


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


def test_a_masked_core_leaves_the_wings_to_the_fit():
    x, y, flux = np.array([50.2]), np.array([48.9]), np.array([1e5])
    psf, image, variance = _field(x, y, flux)
    yy, xx = np.mgrid[:100, :110]
    core = np.hypot(xx - 50, yy - 49) < 4.0
    image[core], variance[core] = 0.0, 0.0
    stars = Stars.at(x, y, 0.7 * flux)
    _fit(psf, image, variance, stars)
    assert np.isnan(stars.flux_error[0])
    stars = Stars.at(x, y, 0.7 * flux)
    stars.saturated[:] = True
    _fit(psf, image, variance, stars)
    assert stars.flux[0] == pytest.approx(1e5, rel=0.03)
    assert np.hypot(stars.x - x, stars.y - y)[0] < 0.1


def test_drawing_and_subtracting_are_inverse():
    rng = np.random.default_rng(6)
    stars = Stars.at(rng.uniform(0, 110, 30), rng.uniform(0, 100, 30), 10 ** rng.uniform(1, 4, 30))
    psf, image, variance = _field(stars.x, stars.y, stars.flux)
    rest = profile_fit.subtract(image, variance, psf, stars)
    assert np.std(rest) < 3.0 < np.std(image)
    profile_fit.draw(rest, variance, psf, stars)
    np.testing.assert_allclose(rest, image, atol=2e-3)


def test_models_end_where_the_noise_hides_them():
    stars = Stars.at(np.array([55.0]), np.array([50.0]), np.array([300.0]))
    psf, _, _ = _field(stars.x, stars.y, stars.flux)
    for sigma, reach in ((1e-3, 15.5), (100.0, 6.0)):
        image = np.zeros((100, 110), np.float32)
        profile_fit.draw(image, np.full(image.shape, sigma**2, np.float32), psf, stars)
        y, x = np.nonzero(image)
        assert reach - 0.01 <= np.hypot(x - 55, y - 50).max() <= reach + 0.51


def test_an_image_without_usable_pixels_can_be_drawn():
    stars = Stars.at(np.array([55.0]), np.array([50.0]), np.array([300.0]))
    psf, image, variance = _field(stars.x, stars.y, stars.flux)
    assert np.isfinite(profile_fit.subtract(image, np.zeros_like(variance), psf, stars)).all()
