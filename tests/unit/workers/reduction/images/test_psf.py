import numpy as np
import pytest

from workers.reduction.images import fit_kernels, profile_fit
from workers.reduction.images import psf as psf_module
from workers.reduction.images.profile_fit import Stars


def test_a_model_profile_has_its_width_and_unit_sum():
    for fwhm in (2.4, 2.9, 3.6):
        psf = psf_module.moffat(fwhm, (100, 100))
        assert psf.fwhm_pix == pytest.approx(fwhm, rel=0.03)
        assert psf.tables[0].sum() / psf.oversampling**2 == pytest.approx(1.0, abs=1e-5)
        assert psf.learnt_from == 0


def test_the_reach_grows_with_flux_within_its_limits():
    psf = psf_module.moffat(2.9, (100, 100))
    reach = psf.reach(np.array([1.0, 1e3, 1e5, 1e8]), 1.0)
    assert np.all(np.diff(reach) >= 0)
    assert reach[0] == 6.0
    assert reach[-1] == psf_module.RADIUS_PIX


def _scene(varies, seed=2):
    """Stars of a profile whose width grows across the image by `varies`."""
    shape = (300, 300)
    narrow, wide = (psf_module.moffat(2.8 * (1 + s * varies), shape).coefficients[0] for s in (-1, 1))
    slope = 0.5 * (wide - narrow)
    truth = psf_module.build(np.stack([0.5 * (wide + narrow), slope, 0 * slope]), 1, shape, 0)
    rng = np.random.default_rng(seed)
    gx, gy = np.meshgrid(np.arange(20, 290, 24.0), np.arange(20, 290, 24.0))
    x, y = (g.ravel() + rng.uniform(-3, 3, g.size) for g in (gx, gy))
    flux = rng.uniform(2000, 9000, x.size)
    image = np.zeros(shape, np.float32)
    n = x.size
    fit_kernels.add_stars(
        image,
        truth.tables,
        truth.oversampling,
        truth.cells(x, y),
        x,
        y,
        flux,
        np.full(n, 16.0),
        1.0,
        0,
        n,
        np.arange(n),
    )
    image += rng.normal(0, 1, shape).astype(np.float32)
    return truth, image, x, y, flux


def _learn(image, x, y, flux, order):
    psf = psf_module.moffat(3.1, image.shape)
    variance = np.ones(image.shape, np.float32)
    stars = Stars.at(x, y, flux)
    for _ in range(5):
        residual = profile_fit.fit_stars(
            image, variance, psf, stars, sweeps=2, link_pix=3.8, fit_radius_pix=3.5, psf_error=0.02, gain=1e9,
            seed_sigma_pix=1.0,
        )  # fmt: skip
        psf = psf_module.learn(
            psf, residual, variance > 0, variance, stars.x, stars.y, stars.flux, order=order, core_pix=7.0,
            model_error=0.01,
        )  # fmt: skip
    return psf, stars


def test_the_profile_is_learnt_from_a_wrong_start():
    truth, image, x, y, flux = _scene(0.0)
    psf, stars = _learn(image, x, y, flux, 0)
    peak = truth.coefficients[0].max()
    inner = (
        np.hypot(*np.indices(psf.coefficients[0].shape) - psf.coefficients.shape[1] // 2)
        < 4 * psf.oversampling
    )
    assert np.abs(psf.coefficients[0] - truth.coefficients[0])[inner].max() < 0.015 * peak
    assert abs(np.median(stars.x - x)) < 0.01
    assert abs(np.median(stars.y - y)) < 0.01
    assert psf.learnt_from == x.size


def test_variation_over_the_image_is_learnt():
    truth, image, x, y, flux = _scene(0.05)
    flat, _ = _learn(image, x, y, flux, 0)
    varying, stars = _learn(image, x, y, flux, 1)

    def error(psf):
        return np.abs(psf.tables.max(axis=(1, 2)) / truth.tables.max(axis=(1, 2)) - 1.0).max()

    assert error(varying) < 0.35 * error(flat)
    assert abs(np.polyfit(x, stars.flux / flux, 1)[0] * 300) < 0.01
