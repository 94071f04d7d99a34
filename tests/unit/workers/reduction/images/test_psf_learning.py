"""The point-spread function of an image, learnt from its stars: from a wrong start, with variation, and robustly."""

from __future__ import annotations

import numpy as np
import pytest

from tests.worlds.finished_image import draw_stars
from workers.reduction.images import profile_fit
from workers.reduction.images import psf as psf_module
from workers.reduction.images.profile_fit import FitRules
from workers.reduction.images.psf_learning import LearningPixels, LearningRules, LearningStars, learn
from workers.reduction.images.stars import Stars

RULES = FitRules(
    sweeps=2,
    link_pix=3.8,
    fit_radius_pix=3.5,
    psf_error=0.02,
    gain=1e9,
    seed_sigma_pix=1.0,
    wing_radius_pix=8.0,
)
CONSTANT = LearningRules(0, 7.0, 0.01)


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
    draw_stars(image, truth, x, y, flux)
    image += rng.normal(0, 1, shape).astype(np.float32)
    return truth, image, x, y, flux


def _learn(image, x, y, flux, order):
    psf = psf_module.moffat(3.1, image.shape)
    variance = np.ones(image.shape, np.float32)
    stars = Stars.at(x, y, flux)
    for _ in range(5):
        residual = profile_fit.fit_stars(image, variance, psf, stars, RULES)
        pixels = LearningPixels(residual, variance > 0, variance)
        psf = learn(psf, pixels, LearningStars(stars.x, stars.y, stars.flux), LearningRules(order, 7.0, 0.01))
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


def residual_of(truth, psf, x, y, flux, noise=0.0):
    """What is left where stars of `truth` were fitted with `psf` at their right places with their right fluxes."""
    residual = np.random.default_rng(4).normal(0.0, max(noise, 1e-3), truth.shape).astype(np.float32)
    draw_stars(residual, truth, x, y, flux)
    draw_stars(residual, psf, x, y, -flux)
    return residual


@pytest.fixture(scope="module")
def places():
    rng = np.random.default_rng(8)
    gx, gy = np.meshgrid(np.arange(20, 230, 24.0), np.arange(20, 230, 24.0))
    return tuple(g.ravel() + rng.uniform(-3, 3, g.size) for g in (gx, gy))


def learnt(truth, psf, places, spoil=None, rules=CONSTANT):
    x, y = places
    flux = np.full(x.size, 5000.0)
    residual = residual_of(truth, psf, x, y, flux, 1.0)
    usable = np.ones(truth.shape, np.bool_)
    if spoil:
        spoil(residual, usable)
    variance = np.ones(truth.shape, np.float32)
    return learn(psf, LearningPixels(residual, usable, variance), LearningStars(x, y, flux), rules)


def peak_error(psf, truth):
    return abs(psf.coefficients[0].max() / truth.coefficients[0].max() - 1.0)


def test_one_step_goes_most_of_the_way(places):
    truth, start = psf_module.moffat(2.9, (256, 256)), psf_module.moffat(3.1, (256, 256))
    found = learnt(truth, start, places)
    assert peak_error(start, truth) > 0.08
    assert peak_error(found, truth) < 0.02
    assert found.learnt_from == places[0].size
    assert found.coefficients[0].sum() / found.oversampling**2 == pytest.approx(1.0, abs=1e-9)


def test_a_right_function_stays(places):
    truth = psf_module.moffat(2.9, (256, 256))
    assert peak_error(learnt(truth, truth, places), truth) < 0.003


def test_another_star_in_the_wing_is_not_learnt(places):
    truth = psf_module.moffat(2.9, (256, 256))

    def neighbours(residual, usable):
        draw_stars(
            residual, truth, places[0][::3] + 6.0, places[1][::3], np.full(places[0][::3].size, 4000.0)
        )

    found = learnt(truth, truth, places, neighbours)
    # Taken for the profile, a third of the stars with 0.8 of their light would raise it by a quarter of its peak.
    change = np.abs(found.coefficients[0] - truth.coefficients[0]).max() / truth.coefficients[0].max()
    assert change < 0.04


def test_unusable_pixels_are_not_learnt(places):
    truth = psf_module.moffat(2.9, (256, 256))

    def stripe(residual, usable):
        residual[::7] += 40.0
        usable[::7] = False

    found = learnt(truth, truth, places, stripe)
    assert peak_error(found, truth) < 0.01


def test_a_shift_is_not_learnt(places):
    """Positions would drift by what the profile moves."""
    truth = psf_module.moffat(2.9, (256, 256))
    x, y = places
    flux = np.full(x.size, 5000.0)
    residual = np.zeros(truth.shape, np.float32)
    draw_stars(residual, truth, x + 0.2, y, flux)
    draw_stars(residual, truth, x, y, -flux)
    variance = np.ones(truth.shape, np.float32)
    found = learn(
        truth,
        LearningPixels(residual, variance > 0, variance),
        LearningStars(x, y, flux),
        LearningRules(0, 7.0, 0.01),
    )
    node = np.arange(found.coefficients.shape[1]) - found.coefficients.shape[1] // 2
    mean = (found.coefficients[0].sum(axis=0) * node).sum() / found.coefficients[0].sum() / found.oversampling
    assert abs(mean) < 0.04


def test_the_wings_are_round(places):
    truth = psf_module.moffat(2.9, (256, 256))

    def ridge(residual, usable):
        for x, y in zip(*places, strict=True):
            residual[round(y), round(x) + 9 : round(x) + 12] += 3.0

    found = learnt(truth, truth, places, ridge)
    change = found.coefficients[0] - truth.coefficients[0]
    radius = psf_module.node_radius()
    ring = np.rint(radius * found.oversampling) == 10 * found.oversampling
    assert np.ptp(change[ring]) < 0.2 * truth.coefficients[0].max() * 1e-2


def test_the_order_never_falls(places):
    truth = psf_module.moffat(2.9, (256, 256))
    varying = learnt(truth, truth, places, rules=LearningRules(1, 7.0, 0.01))
    assert varying.order == 1
    assert varying.coefficients.shape[0] == 3
    assert learnt(truth, varying, places, rules=LearningRules(0, 7.0, 0.01)).order == 1


def test_no_stars_leave_the_function_as_it_is():
    psf = psf_module.moffat(2.9, (256, 256))
    none, flat = np.zeros(0), np.ones((256, 256), np.float32)
    pixels = LearningPixels(0 * flat, flat > 0, flat)
    found = learn(psf, pixels, LearningStars(none, none, none), LearningRules(0, 7.0, 0.01))
    np.testing.assert_allclose(found.coefficients, psf.coefficients, atol=1e-12)
    assert found.learnt_from == 0
