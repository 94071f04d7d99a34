"""Steps of rounded pixels are measured beside the noise, and noise is measured through them."""

from __future__ import annotations

import numpy as np
import pytest

from app.formats.atlas_facts import AtlasFileError
from app.formats.atlas_reader import read_atlas
from app.formats.pixel_steps import MOST_STEP_SIGMAS, spread_over_steps, step_of
from tests.worlds.atlas_files import write_pixels


def sky(sigma=1.0, *, shared=False, shape=(256, 200), slope=0.0, seed=3):
    """Noise, of which neighbours share a part as in Atlas images, on a plane."""
    white = np.random.default_rng(seed).normal(0.0, 1.0, (shape[0] + 2, shape[1] + 2))
    noise = white[1:-1, 1:-1]
    if shared:
        weights = np.outer((0.25, 0.5, 0.25), (0.25, 0.5, 0.25))
        noise = sum(
            weights[y, x] * white[y : y + shape[0], x : x + shape[1]] for y in range(3) for x in range(3)
        )
    plane = slope * np.arange(shape[1]) / shape[1]
    return (73.3 + plane + sigma * noise / noise.std()).astype(np.float32)


def rounded(pixels, step):
    return (np.round(pixels / step) * step).astype(np.float32)


def scatter(pixels):
    good = pixels[np.isfinite(pixels)]
    return 1.4826 * np.median(np.abs(good - np.median(good)))


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("step", [0.6, 1.0, 1.8, 2.5])
def test_steps_are_measured(step, shared):
    found = step_of(rounded(sky(shared=shared), step))
    assert found.size_dn == pytest.approx(step, rel=1e-5)
    assert found.sigmas == pytest.approx(step, rel=0.15)
    assert found.measurable


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("step", [4.0, 6.0, 10.0, 100.0])
@pytest.mark.parametrize("slope", [0.0, 3.0])
def test_steps_that_hide_the_noise(step, shared, slope):
    assert not step_of(rounded(sky(shared=shared, slope=slope), step)).measurable


@pytest.mark.parametrize("step", [1e-6, 0.01, 0.125, 0.25, 0.4])
def test_fine_steps_are_none(step):
    assert step_of(rounded(sky(), step)) is None


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("step", [0.8, 1.8, 2.5])
def test_steps_are_measured_behind_arithmetic(step, shared):
    """Rounded pixels that a flat was divided out of, or another rounding shifted, are unequal, yet in steps."""
    pixels = rounded(sky(shared=shared), step)
    flat = 1.0 + 1e-5 * np.sin(np.arange(pixels.size, dtype=np.float64)).reshape(pixels.shape)
    found = step_of((pixels / flat).astype(np.float32))
    assert found.size_dn == pytest.approx(step, rel=0.02)
    assert found.sigmas == pytest.approx(step, rel=0.15)
    assert not step_of((rounded(sky(shared=shared), 4.0) / flat).astype(np.float32)).measurable


def test_a_crowded_field_is_in_no_steps():
    pixels = sky(1.0)
    rng = np.random.default_rng(2)
    y, x = np.mgrid[0:256, 0:200]
    for _ in range(600):
        height = 5.0 * rng.pareto(1.0) + 1.0
        pixels += height * np.exp(-((x - rng.uniform(0, 200)) ** 2 + (y - rng.uniform(0, 256)) ** 2) / 2.6)
    assert step_of(pixels) is None


def test_pixels_without_data_do_not_count():
    pixels = rounded(sky(), 1.5)
    pixels[:, :90] = np.nan
    assert step_of(pixels).sigmas == pytest.approx(1.5, rel=0.1)
    assert step_of(np.full((64, 64), np.nan, np.float32)) is None


def test_one_value_everywhere_has_no_noise():
    assert not step_of(np.full((64, 64), 7.0, np.float32)).measurable


def test_stars_do_not_hide_coarse_steps():
    pixels = sky(0.3)
    rng = np.random.default_rng(1)
    y, x = np.mgrid[0:256, 0:200]
    for _ in range(40):
        pixels += 500.0 * np.exp(-((x - rng.uniform(0, 200)) ** 2 + (y - rng.uniform(0, 256)) ** 2) / 3.0)
    assert not step_of(rounded(pixels, 2.0)).measurable
    assert step_of(rounded(pixels, 0.5)).measurable


@pytest.mark.parametrize("step", [0.6, 1.0, 1.8, 2.5])
def test_noise_of_spread_pixels_is_the_noise_and_the_steps(step):
    """Rounding and spreading add step^2 / 12 each; above two deviations rounding adds some 2 % more than that."""
    coarse = rounded(sky(), step)
    spread = spread_over_steps(coarse, step_of(coarse), 7)
    expected = np.sqrt(1.0 + 2.0 * step**2 / 12.0)
    assert spread.std() == pytest.approx(expected, rel=0.03)
    # At 2.5 deviations the values are spread like a box rather than a bell, whose median deviation is larger.
    assert scatter(spread) == pytest.approx(expected, rel=0.06 if step < 2 else 0.12)
    assert abs(spread.mean() - coarse.mean()) < 0.01 * step
    assert np.abs(spread - coarse).max() <= 0.5 * step + 1e-4


def test_spreading_is_white_and_the_same_each_time():
    coarse = rounded(sky(), 1.8)
    step = step_of(coarse)
    first, again, other = (spread_over_steps(coarse, step, seed) - coarse for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    for a, b in ((first, other), (first[1:], first[:-1]), (first[:, 1:], first[:, :-1])):
        assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.02


def test_an_image_whose_noise_cannot_be_measured_is_an_input_fault(tmp_path):
    for name, step in (("fine", 0.0), ("half", 1.5), ("coarse", 5.0)):
        pixels = sky(shape=(120, 80))
        path = write_pixels(tmp_path / f"{name}.fits", rounded(pixels, step) if step else pixels)
        content = read_atlas(path)
        if step < MOST_STEP_SIGMAS:
            found = content.measurable_step()
            assert (found is None) == (step == 0.0)
            continue
        with pytest.raises(AtlasFileError, match="steps of 5 DN without noise"):
            content.measurable_step()
