"""One flux of two fits: their ratio follows brightness for faint stars and is common to bright ones."""

import numpy as np
import pytest

from app.parameters.extraction import ExtractionParameters
from workers.reduction.images import combination
from workers.reduction.images import psf as psf_module
from workers.reduction.images.image_model import ImageModel
from workers.reduction.images.saturation import SaturatedStars
from workers.reduction.images.stars import Stars

NOISE = 10.0
PARAMETERS = ExtractionParameters()


def fits(n=4000, seed=2, tilt=0.04):
    """Stars from SNR 4 to 1000 whose sharp flux is too bright by `tilt` at SNR 10, less for brighter ones."""
    rng = np.random.default_rng(seed)
    true = NOISE * 10.0 ** rng.uniform(0.6, 3.0, n)
    bias = 1.0 + tilt * np.clip(1.7 - np.log10(true / NOISE), 0.0, 0.7) / 0.7
    sharp, smooth = (Stars.at(np.zeros(n), np.zeros(n), true.copy()) for _ in range(2))
    sharp.flux = 0.98 * true * bias + NOISE * rng.standard_normal(n)
    smooth.flux = true + 1.5 * NOISE * rng.standard_normal(n)
    sharp.flux_error[:], smooth.flux_error[:] = NOISE, 1.5 * NOISE
    return true, sharp, smooth


def ratio(sharp, smooth):
    both = smooth.flux > 0
    return combination.flux_ratio(sharp, smooth, np.full(sharp.x.size, NOISE), both)


def test_the_ratio_takes_the_bias_of_faint_stars_away():
    true, sharp, smooth = fits()
    corrected = ratio(sharp, smooth) * sharp.flux
    for low, high in ((10.0, 20.0), (20.0, 40.0), (40.0, 100.0)):
        inside = (true > low * NOISE) & (true < high * NOISE)
        assert np.median(corrected[inside] / true[inside]) == pytest.approx(1.0, abs=0.008)
    inside = (true > 10.0 * NOISE) & (true < 20.0 * NOISE)
    common = np.median((smooth.flux / sharp.flux)[true > 50.0 * NOISE])
    assert np.median(common * sharp.flux[inside] / true[inside]) > 1.02


def test_bright_stars_share_one_ratio():
    true, sharp, smooth = fits()
    bright = true > 130.0 * NOISE
    assert np.ptp(ratio(sharp, smooth)[bright]) == 0.0
    assert ratio(sharp, smooth)[bright][0] == pytest.approx(1.0 / 0.98, abs=0.005)


def test_few_stars_share_the_ratio_of_the_bright_ones():
    _, sharp, smooth = fits(n=150)
    assert np.unique(ratio(sharp, smooth)).size == 1


def test_without_bright_stars_fluxes_stay():
    true, sharp, smooth = fits(n=150)
    faint = np.flatnonzero(true < 30.0 * NOISE)
    assert set(ratio(sharp.take(faint), smooth.take(faint))) == {1.0}


def test_saturated_and_blended_stars_make_no_common_ratio():
    _, sharp, smooth = fits(n=150)
    before = ratio(sharp, smooth)[0]
    bright = np.argsort(-sharp.flux)[:20]
    smooth.flux[bright] *= 1.5
    sharp.saturated[bright[:10]], sharp.group[bright[10:]] = True, 2
    assert ratio(sharp, smooth)[0] == pytest.approx(before, abs=0.01)


def image_of(stars):
    psf = psf_module.moffat(2.9, (64, 64))
    plane = np.ones((64, 64), np.float32)
    nobody = SaturatedStars(*(np.zeros(0) for _ in range(3)))
    return ImageModel(plane > 0, plane, plane, plane, psf, stars, plane, nobody)


def test_the_mean_scatters_less_than_either_fit_and_says_how_much():
    true, sharp, smooth = fits(tilt=0.0)
    combination.combine(image_of(sharp), image_of(smooth), smooth, PARAMETERS)
    inside = (true > 15.0 * NOISE) & (true < 40.0 * NOISE)
    pull = (sharp.flux - true)[inside] / sharp.flux_sigma[inside]
    assert 0.6 < pull.std() < 1.1
    assert np.abs(np.median(pull)) < 0.15


def test_a_star_that_only_one_fit_solved_keeps_its_flux():
    _, sharp, smooth = fits(n=150)
    smooth.flux_error[0], smooth.flux[1] = np.nan, -5.0
    before = sharp.flux.copy()
    combination.combine(image_of(sharp), image_of(smooth), smooth, PARAMETERS)
    assert sharp.flux[:2] == pytest.approx(before[:2] / 0.98, rel=0.01)
    assert np.isfinite(sharp.flux_sigma).all()


def test_saturated_stars_take_the_fit_to_the_image_as_it_is():
    _, sharp, smooth = fits(n=300)
    sharp.saturated[3] = True
    combination.combine(image_of(sharp), image_of(smooth), smooth, PARAMETERS)
    assert sharp.flux[3] == smooth.flux[3]
