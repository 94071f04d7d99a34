"""Background, noise, whitening, detection and saturated cores on simulated pixels."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from workers.reduction.images import decorrelate, detection, noise, saturation
from workers.reduction.images import psf as psf_module
from workers.reduction.images.background import background_and_noise
from workers.reduction.images.decorrelate import NoiseKernel

SHAPE = (260, 220)


def _correlated(sigma_pix, seed=8):
    white = np.random.default_rng(seed).normal(0, 1, SHAPE)
    smooth = gaussian_filter(white, sigma_pix)
    return (smooth / smooth.std()).astype(np.float32)


def test_a_sloping_sky_is_followed_under_stars():
    rng = np.random.default_rng(1)
    y, x = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
    sky = 250.0 + 0.02 * x + 0.03 * y
    image = sky + rng.normal(0, 1.0, SHAPE)
    for _ in range(150):
        cx, cy, flux = rng.uniform(0, SHAPE[1]), rng.uniform(0, SHAPE[0]), 10 ** rng.uniform(1.5, 3.5)
        image += 0.1 * flux * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 3.2)
    level, sigma = background_and_noise(image.astype(np.float32), np.ones(SHAPE, bool), 32, crowded=True)
    assert abs(np.mean(level - sky)) < 0.12
    assert np.abs(level - sky)[16:-16, 16:-16].max() < 0.8
    assert np.median(sigma) == pytest.approx(1.0, rel=0.12)


def test_no_usable_pixels_give_no_sky():
    level, sigma = background_and_noise(
        np.full(SHAPE, np.nan, np.float32), np.zeros(SHAPE, bool), 32, crowded=True
    )
    assert not level.any()
    assert not sigma.any()


def test_holes_in_the_mesh_are_filled_from_around():
    image = np.full(SHAPE, 7.0, np.float32) + _correlated(0.5)
    usable = np.ones(SHAPE, bool)
    usable[60:140, 60:140] = False
    level, _ = background_and_noise(image, usable, 24, crowded=False)
    assert level[100, 100] == pytest.approx(7.0, abs=0.2)


@pytest.mark.parametrize("sigma_pix", [0.7, 0.99])
def test_the_noise_kernel_is_measured_and_undone(sigma_pix):
    image, usable = _correlated(sigma_pix), np.ones(SHAPE, bool)
    kernel = decorrelate.measure_kernel(image, usable)
    assert kernel.sigma_x == pytest.approx(sigma_pix, rel=0.06)
    assert kernel.sigma_y == pytest.approx(sigma_pix, rel=0.06)
    taps = decorrelate.whitening_filter(kernel)
    assert taps.sum() == pytest.approx(1.0, abs=1e-5)
    white = decorrelate.apply(image, usable, taps)
    # The bounded gain leaves some correlation between neighbours; at two pixels, half a star away, nearly none.
    for x, y in ((1, 0), (0, 1)):
        assert decorrelate.correlation(white, usable, x, y) < 0.8 * decorrelate.correlation(
            image, usable, x, y
        )
        assert abs(decorrelate.correlation(white, usable, 2 * x, 2 * y)) < 0.15


def test_white_noise_needs_no_filter():
    image = np.random.default_rng(3).normal(0, 1, SHAPE).astype(np.float32)
    kernel = decorrelate.measure_kernel(image, np.ones(SHAPE, bool))
    assert kernel == NoiseKernel(0.0, 0.0)
    taps = decorrelate.whitening_filter(kernel)
    assert taps[decorrelate.HALF_PIX, decorrelate.HALF_PIX] == pytest.approx(1.0)


def test_the_filtered_profile_is_the_profile_of_the_filtered_star():
    psf = psf_module.moffat(2.9, (64, 64))
    taps = decorrelate.whitening_filter(NoiseKernel(0.9, 0.9))
    sharp = psf_module.build(
        decorrelate.filter_profile(psf.coefficients, taps, psf.oversampling), 0, (64, 64), 0
    )
    whole = decorrelate.apply(psf.stamp(15), np.ones((31, 31), bool), taps)
    assert np.abs(whole[10:21, 10:21] - sharp.stamp(5)).max() < 2e-3 * whole.max()
    assert sharp.fwhm_pix < 0.85 * psf.fwhm_pix


def test_unusable_pixels_grow():
    usable = np.ones((9, 9), bool)
    usable[4, 4] = False
    assert (~decorrelate.shrink(usable, 1)).sum() == 5
    assert decorrelate.shrink(np.ones((5, 5), bool), 2).all()


def test_blank_circles_scatter_as_correlated_noise_does():
    image, usable = _correlated(0.99), np.ones(SHAPE, bool)
    measured = noise.aperture_noise(image, usable, np.zeros(SHAPE, np.float32), 4.0)
    # Variance of a sum: pixels times the kernel's area 4 pi sigma^2, less what leaves a circle of 4 pixels.
    assert measured == pytest.approx(np.sqrt(np.pi * 16.0 * 4 * np.pi * 0.98), rel=0.25)
    assert np.isnan(noise.aperture_noise(image, np.zeros(SHAPE, bool), image, 4.0))


def test_the_filter_gives_fluxes_of_stars_and_none_of_sky():
    psf = psf_module.moffat(2.9, SHAPE)
    kernel = detection.matched_filter(psf.stamp(4))
    assert kernel.sum() == pytest.approx(0.0, abs=1e-5)
    image = np.zeros(SHAPE, np.float32)
    image[100 - 15 : 116, 80 - 15 : 96] = 500.0 * psf.stamp(15)
    response = detection.filtered(image + 3.0, np.ones(SHAPE, bool), kernel)
    x, y, height = detection.peaks(response, np.full(SHAPE, 20.0, np.float32), np.ones(SHAPE, bool))
    inner = (x > 10) & (x < 200) & (y > 10) & (y < 240)
    assert (x[inner], y[inner]) == (pytest.approx([80.0], abs=0.01), pytest.approx([100.0], abs=0.01))
    assert height[inner] == pytest.approx([500.0], rel=0.01)


def test_peaks_are_placed_between_pixels():
    y, x = np.mgrid[0:40, 0:40]
    image = (100 * np.exp(-((x - 20.3) ** 2 + (y - 15.8) ** 2) / 4.0)).astype(np.float32)
    px, py, _ = detection.peaks(image, np.full((40, 40), 10.0, np.float32), np.ones((40, 40), bool))
    assert px == pytest.approx([20.3], abs=0.08)
    assert py == pytest.approx([15.8], abs=0.08)


@pytest.mark.parametrize("core", [np.nan, -50.0, 1000.0])
def test_holes_in_bright_stars_are_found(core):
    y, x = np.mgrid[0:80, 0:80]
    r2 = (x - 40.0) ** 2 + (y - 38.0) ** 2
    image = (9000.0 / (1.0 + r2 / 6.0) ** 2).astype(np.float32)
    image[r2 < 4.0] = core
    found = saturation.find_holes(image, 1.0, 0.8)
    assert (found.x, found.y) == (pytest.approx([40.0], abs=0.6), pytest.approx([38.0], abs=0.6))
    assert 2.0 <= found.radius[0] < 7.0
    assert saturation.mask(found, image.shape)[38, 40]


def test_sound_stars_have_no_hole():
    y, x = np.mgrid[0:80, 0:80]
    image = (9000.0 * np.exp(-((x - 40.3) ** 2 + (y - 38.6) ** 2) / 3.2)).astype(np.float32)
    assert saturation.find_holes(image, 1.0, 0.8).x.size == 0


def test_a_flat_core_is_told_from_a_sound_one():
    psf = psf_module.moffat(2.9, (90, 90))
    image = np.zeros((90, 90), np.float32)
    for cx, cy in ((30, 40), (60, 40)):
        image[cy - 15 : cy + 16, cx - 15 : cx + 16] += 50000.0 * psf.stamp(15)
    image[:, 45:] = np.minimum(image[:, 45:], 2000.0)
    x, y, flux = np.array([30.0, 60.0]), np.array([40.0, 40.0]), np.array([50000.0, 40000.0])

    def found(least_dn):
        usable = np.ones((90, 90), bool)
        return saturation.find_depressed(image, usable, psf.stamp(8), x, y, flux, least_dn, 0.12)

    assert found(20000.0).x.tolist() == [60.0]
    assert found(20000.0).radius[0] > 1.0
    # A star that is fainter than any saturated one, or a core far below the height at which cores saturate.
    assert found(60000.0).x.size == 0
    assert found(2000.0 / (0.75 * float(psf.stamp(0)[0, 0]))).x.size == 0
