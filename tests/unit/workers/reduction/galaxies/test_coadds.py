"""Windows of coadds: light and variance of their pixels, and squares of them, against plain numpy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from app.instruments.bands import Band
from workers.reduction.frames.grid import StripGrid
from workers.reduction.frames.products import AtlasImage
from workers.reduction.galaxies.coadds import LIGHT_ERROR, BandCoadd, Coadds, Window

NOISE, GAIN = 6.0, 8.0
ROWS, COLUMNS = 300, 512


@pytest.fixture(scope="module")
def coadds():
    """Two images that overlap by 60 rows, with gaps and a coverage that differs."""
    rng = np.random.default_rng(9)
    pixels = rng.normal(50.0, 3.0, (2 * ROWS - 60, COLUMNS)).astype(np.float32)
    pixels[200:220, 100:110] = np.nan
    pixels[150, 150] += 500.0
    coverage = rng.integers(0, 7, pixels.shape).astype(np.float32)
    images = tuple(
        (
            top,
            AtlasImage(Band.J, n, pixels[top : top + ROWS], None, 20.0, coverage=coverage[top : top + ROWS]),
        )
        for n, top in enumerate((0, ROWS - 60))
    )
    grid = StripGrid(-256.0, -10.0, 2 * ROWS - 60, northward=True)
    return Coadds({Band.J: BandCoadd(images, NOISE, GAIN, 20.0)}, grid), pixels, coverage


@pytest.mark.parametrize("row", [5, 160, 270, 530])
def test_windows_hold_the_images_and_their_variance(coadds, row):
    of, pixels, coverage = coadds
    half, column = 26, 130
    window = of.windows(-256.0 + column, -10.0 + row, half)[Band.J]
    light, looks = np.full((53, 53), np.nan), np.zeros((53, 53))
    low, high = max(0, row - half), min(len(pixels), row + half + 1)
    inside = slice(low - row + half, high - row + half)
    light[inside] = pixels[low:high, column - half : column + half + 1]
    looks[inside] = coverage[low:high, column - half : column + half + 1]
    soft = ndimage.uniform_filter(np.nan_to_num(light), 3) - np.nanmedian(light)
    excess = np.clip(soft, 0.0, None)
    with np.errstate(divide="ignore"):
        variance = (NOISE**2 / 4.0 + excess / GAIN) / looks + (LIGHT_ERROR * excess) ** 2
    np.testing.assert_array_equal(window.light, np.where(looks > 0.0, light, np.nan))
    np.testing.assert_allclose(window.variance, np.where(looks > 0.0, variance, np.inf), rtol=1e-9)
    assert (window.x_arcsec, window.y_arcsec) == (-256.0 + column - half, -10.0 + row - half)


def test_a_window_without_data_has_none(coadds):
    window = coadds[0].windows(0.0, 9000.0, 10)[Band.J]
    assert np.isnan(window.light).all()
    assert np.isinf(window.variance).all()


def test_pixels_far_out_are_means_of_squares():
    rng = np.random.default_rng(10)
    light, variance = rng.normal(0.0, 1.0, (161, 161)), rng.uniform(1.0, 2.0, (161, 161))
    light[30:40, 50:60] = np.nan
    masked = rng.random(light.shape) < 0.1
    place = (0.3, -0.2)
    pixels = Window(light, variance, -80.0, -80.0).pixels(place, 75.0, masked)
    weight = np.where(np.isfinite(light) & ~masked, 1.0 / variance, 0.0)
    total = 0
    for size, low, high in ((1, 0.0, 12.0), (2, 12.0, 30.0), (4, 30.0, 75.0)):
        n = 161 // size
        blocks = [
            plane[: n * size, : n * size].reshape(n, size, n, size).sum(axis=(1, 3))
            for plane in (weight, weight * np.nan_to_num(light))
        ]
        middle = np.arange(n) * size + 0.5 * (size - 1) - 80.0
        x, y = np.meshgrid(middle - place[0], middle - place[1])
        chosen = (np.hypot(x, y) >= low) & (np.hypot(x, y) < high) & (blocks[0] > 0.0)
        own = pixels.size == size
        assert np.count_nonzero(own) == np.count_nonzero(chosen)
        np.testing.assert_allclose(pixels.x[own], x[chosen])
        np.testing.assert_allclose(pixels.y[own], y[chosen])
        np.testing.assert_allclose(pixels.weight[own], blocks[0][chosen], rtol=1e-12)
        np.testing.assert_allclose(pixels.value[own], (blocks[1] / np.maximum(blocks[0], 1e-9))[chosen])
        total += np.count_nonzero(own)
    assert pixels.x.size == total
    np.testing.assert_allclose(pixels.linear, [np.ones(total), pixels.x / 30.0, pixels.y / 30.0])
