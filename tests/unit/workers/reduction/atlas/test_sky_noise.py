"""The noise of the sky equals the truth, whatever the sky's level does and however the coadd correlates its pixels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from workers.reduction.atlas.sky_noise import sky_noise_dn

SHAPE = (1024, 512)
SIGMA = 2.3


def noise(seed: int, blur_pix: float) -> np.ndarray:
    """Noise of a known sigma, correlated as that of a coadd is."""
    white = np.random.default_rng(seed).normal(size=SHAPE)
    smooth = gaussian_filter(white, blur_pix) if blur_pix else white
    return SIGMA * smooth / smooth.std()


def airglow(amplitude_dn: float, wave_arcsec: float, phase: float = 0.3) -> np.ndarray:
    """A wave that runs obliquely, and a gradient of ten times its amplitude along the image."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    along = 0.8 * y + 0.6 * x
    return amplitude_dn * (np.sin(2.0 * np.pi * along / wave_arcsec + phase) + 10.0 * y / SHAPE[0])


def stars(seed: int, count: int) -> np.ndarray:
    """Light of stars of 3", as many faint ones as there are."""
    random = np.random.default_rng(seed)
    light = np.zeros(SHAPE)
    places = tuple(random.integers(0, size, count) for size in SHAPE)
    np.add.at(light, places, 10.0 ** random.uniform(2.0, 5.0, count))
    return gaussian_filter(light, 1.3)


# 8 DN on waves of 6' and 20' are the largest of the simulated H band.
@pytest.mark.parametrize("blur_pix", [0.0, 0.8, 1.2])
@pytest.mark.parametrize(("amplitude", "wave"), [(0.0, 360.0), (8.0, 360.0), (8.0, 1200.0)])
@pytest.mark.parametrize("count", [0, 150])
def test_equals_the_truth_with_and_without_airglow(
    blur_pix: float, amplitude: float, wave: float, count: int
) -> None:
    image = 500.0 + noise(1, blur_pix) + airglow(amplitude, wave) + stars(2, count)
    assert sky_noise_dn(image.astype(np.float32)) == pytest.approx(SIGMA, rel=0.03)


def test_the_width_of_all_pixels_would_rank_airglow() -> None:
    image = noise(1, 0.8) + airglow(8.0, 360.0)
    low, middle = np.quantile(image, [0.1587, 0.5])
    assert middle - low > 3.0 * SIGMA


def test_missing_data_is_left_out() -> None:
    image = (noise(3, 0.8) + airglow(8.0, 360.0)).astype(np.float32)
    image[:200] = np.nan
    image[:, 480:] = np.nan
    assert sky_noise_dn(image) == pytest.approx(SIGMA, rel=0.03)


@pytest.mark.parametrize("shape", [(1, 1), (20, 512), (100, 40)])
def test_images_of_any_size(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(4).normal(100.0, SIGMA, shape).astype(np.float32)
    found = sky_noise_dn(image)
    assert found == 0.0 if image.size == 1 else 0.7 * SIGMA < found < 1.3 * SIGMA


def test_without_data_it_is_unknown() -> None:
    assert np.isnan(sky_noise_dn(np.full((64, 64), np.nan, np.float32)))


def test_input_is_left_alone_and_the_same_image_gives_the_same() -> None:
    image = noise(5, 0.8).astype(np.float32)
    before = image.tobytes()
    assert sky_noise_dn(image) == sky_noise_dn(image.copy())
    assert image.tobytes() == before


def test_blocks_that_miss_a_pixel_tell_the_level_as_whole_ones_do():
    """Whole blocks are told all at once, others one by one: a lost pixel in each changes hardly anything."""
    image = (noise(4, 0.8) + airglow(8.0, 360.0)).astype(np.float32)
    holed = image.copy()
    holed[::32, ::32] = np.nan
    assert sky_noise_dn(holed) == pytest.approx(sky_noise_dn(image), rel=2e-3)
    # One row more than blocks of one size hold.
    assert sky_noise_dn(np.concatenate([image, image[-2:]])) == pytest.approx(sky_noise_dn(image), rel=2e-3)
