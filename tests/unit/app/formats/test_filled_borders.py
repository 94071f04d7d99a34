"""Borders of one value hold no data, whatever the value; sky and stars are left alone."""

from __future__ import annotations

import numpy as np
import pytest

from app.formats.filled_borders import without_fill_values, without_filled_borders

RNG = np.random.default_rng(7)
SKY = RNG.normal(100.0, 1.0, (120, 140)).astype(np.float32)


def marked(pixels):
    return np.isnan(without_filled_borders(pixels)) & np.isfinite(pixels)


def turned():
    """A rectangle turned by 20 degrees in its frame: all four corners are filled."""
    y, x = np.mgrid[0:120, 0:140]
    angle = np.radians(20.0)
    u = (x - 70) * np.cos(angle) + (y - 60) * np.sin(angle)
    v = (y - 60) * np.cos(angle) - (x - 70) * np.sin(angle)
    return (np.abs(u) > 50) | (np.abs(v) > 40)


def region(*slices):
    filled = np.zeros(SKY.shape, np.bool_)
    for part in slices:
        filled[part] = True
    return filled


FORMS = {
    "frame": ~np.pad(np.ones((80, 100), np.bool_), 20),
    "one_row": region(np.s_[0]),
    "one_column": region(np.s_[:, -1]),
    "corner": region(np.s_[:12, :12]),
    "all_corners_turned": turned(),
    "slanted_margin": np.mgrid[0:120, 0:140][1] < 2 + 5 * np.mgrid[0:120, 0:140][0] / 120,
    "two_sides": region(np.s_[:, :9], np.s_[100:]),
}


@pytest.mark.parametrize("value", [0.0, -999.0, -32768.0, 1e30, 100.0, 65535.0])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_and_value(form, value):
    found = marked(np.where(FORMS[form], np.float32(value), SKY))
    # Of a slanted edge single pixels may stay.
    assert found[FORMS[form]].mean() > 0.99
    assert not found[~FORMS[form]].any()


def test_different_values_on_different_sides():
    pixels = SKY.copy()
    pixels[:10], pixels[-10:], pixels[:, :10] = 0.0, -999.0, 1.0
    assert marked(pixels).sum() == 10 * 140 + 10 * 140 + 100 * 10


def test_rows_that_repeat_their_outermost_pixel():
    """As a shift with the nearest value fills a frame: each row has a value of its own there."""
    assert marked(np.pad(SKY, ((0, 0), (12, 20)), mode="edge")).sum() >= 120 * 32
    both = marked(np.pad(SKY, 15, mode="edge"))
    assert both[:15, 15:-15].all()
    assert not both[16:-16, 16:-16].any()


def test_fill_behind_a_margin_without_data():
    pixels = SKY.copy()
    pixels[:, :10] = 0.0
    pixels[:, :4] = np.nan
    assert marked(pixels).sum() == 6 * 120


def test_fill_inside_a_fill():
    pixels = np.full((120, 140), -999.0, np.float32)
    pixels[10:-10, 10:-10] = 0.0
    pixels[20:-20, 20:-20] = SKY[20:-20, 20:-20]
    assert without_filled_borders(pixels)[20:-20, 20:-20].shape == (80, 100)
    assert np.isfinite(without_filled_borders(pixels)).sum() == 80 * 100


def test_what_does_not_touch_the_edge_stays():
    pixels = SKY.copy()
    pixels[50:60, 50:60] = 30_000.0  # a star cut off at saturation
    assert without_filled_borders(pixels) is pixels


def test_noise_and_nothing_but_one_value_stay():
    for pixels in (SKY, np.full((40, 40), 5.0, np.float32), np.full((40, 40), np.nan, np.float32)):
        assert without_filled_borders(pixels) is pixels


@pytest.mark.parametrize("step", [0.125, 0.5, 1.0, 2.0, 3.0, 10.0])
def test_rounded_sky_is_no_border(step):
    """Steps of several deviations make runs of equal sky; they are for `pixel_steps` to judge."""
    pixels = (np.round(SKY / step) * step).astype(np.float32)
    assert not marked(pixels).any()


@pytest.mark.parametrize("step", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("slope", [40.0, 200.0])
def test_rounded_sky_with_a_gradient_is_no_border(step, slope):
    plane = np.linspace(0.0, slope, 140, dtype=np.float32)
    pixels = (np.round((SKY + plane) / step) * step).astype(np.float32)
    assert not marked(pixels).any()
    framed = np.where(FORMS["frame"], np.float32(0.0), pixels)
    np.testing.assert_array_equal(marked(framed), FORMS["frame"])


@pytest.mark.parametrize("step", [0.5, 1.0, 2.0])
def test_rounded_sky_within_a_frame_of_zeros(step):
    pixels = np.where(FORMS["frame"], 0.0, np.round(SKY / step) * step).astype(np.float32)
    np.testing.assert_array_equal(marked(pixels), FORMS["frame"])


def test_a_strip_narrower_than_a_run():
    assert not marked(np.zeros((5, 3), np.float32) + np.arange(3, dtype=np.float32)).any()


GAPS = {
    "block": region(np.s_[50:60, 50:60]),
    "column": region(np.s_[:, 70]),
    "scattered": np.random.default_rng(8).random(SKY.shape) < 0.02,
}


class TestFillValues:
    @pytest.mark.parametrize("value", [0.0, -999.0, -32768.0])
    @pytest.mark.parametrize("gap", GAPS)
    @pytest.mark.parametrize("step", [None, 0.25, 1.0])
    def test_anywhere_below_the_sky(self, gap, value, step):
        pixels = SKY if step is None else (np.round(SKY / step) * step).astype(np.float32)
        pixels = np.where(GAPS[gap], np.float32(value), pixels)
        np.testing.assert_array_equal(np.isnan(without_fill_values(pixels)), GAPS[gap])

    def test_two_values(self):
        pixels = np.where(GAPS["block"], np.float32(0.0), SKY)
        pixels[GAPS["scattered"] & ~GAPS["block"]] = -999.0
        np.testing.assert_array_equal(
            np.isnan(without_fill_values(pixels)), GAPS["block"] | GAPS["scattered"]
        )

    def test_few_pixels_near_the_sky_or_above_it_stay(self):
        for value, part in (
            (0.0, np.s_[50:57, 50:59]),
            (90.0, np.s_[50:60, 50:60]),
            (3e4, np.s_[50:60, 50:60]),
        ):
            pixels = SKY.copy()
            pixels[part] = value
            assert without_fill_values(pixels) is pixels

    @pytest.mark.parametrize("step", [0.25, 0.5, 1.0])
    def test_a_dark_cloud_in_steps_before_a_nebula_stays(self, step):
        """Of its noise no value stands alone, though hundreds of pixels share each."""
        pixels = SKY.copy()
        pixels[:50, :60] -= 60.0
        pixels = (np.round(pixels / step) * step).astype(np.float32)
        assert without_fill_values(pixels) is pixels

    @pytest.mark.parametrize("step", [1.0, 2.0])
    def test_the_dark_end_of_a_gradient_stays(self, step):
        pixels = (np.round((SKY + np.linspace(0, 80, 140)) / step) * step).astype(np.float32)
        assert without_fill_values(pixels) is pixels

    def test_nothing_to_judge_by_stays(self):
        for pixels in (
            np.full((40, 40), 5.0, np.float32),
            np.full((40, 40), np.nan, np.float32),
            SKY[:4, :4],
        ):
            assert without_fill_values(pixels) is pixels
