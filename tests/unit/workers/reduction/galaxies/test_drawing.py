"""Galaxies on frames: drawn where they lie, with all their light, taken away and given back; and what they hide."""

from __future__ import annotations

import numpy as np
import pytest

from app.instruments.bands import Band
from tests.unit.workers.reduction.galaxies.conftest import TRUE
from workers.reduction.galaxies.drawing import Patches, draw_galaxies, reach_arcsec, subtract_patches
from workers.reduction.galaxies.light import GalaxyLight
from workers.reduction.galaxies.values import Shape
from workers.reduction.photometry.residual import Residual


@pytest.fixture(scope="module")
def patches(field):
    residual, search, _, galaxies = field
    return draw_galaxies(galaxies, Band.J, residual.stack.band, search.profiles)


def test_every_look_holds_the_light_of_the_galaxy(field, patches):
    *_, galaxies = field
    for owner, galaxy in enumerate(galaxies):
        own = patches.of(owner)
        sums = [
            patches.light[s : s + r * c].sum()
            for s, r, c in zip(own.start, own.rows, own.columns, strict=True)
        ]
        # Six looks hold the middle; the whole light, but for what is fainter than a tenth of the noise, is on these.
        assert np.count_nonzero(np.array(sums) > 0.85 * galaxy.flux_dn[Band.J]) >= 5
        assert max(sums) < 1.01 * galaxy.flux_dn[Band.J]
    assert (patches.rows * patches.columns).sum() == patches.light.size


def test_frames_without_the_models_are_noise_where_galaxies_were(field, patches):
    residual, *_ = field
    again = Residual(residual.stack, residual.pixels_dn.copy())
    before = again.pixels_dn.copy()
    subtract_patches(again.arrays(), patches)
    for row in TRUE:
        looks = again.stack.band.looks(row[:1], row[1:2], 8.0)
        for frame, px, py in zip(looks.frame, looks.x_pix, looks.y_pix, strict=True):
            j, i = round(py), round(px)
            left = again.pixels_dn[frame, j - 6 : j + 7, i - 6 : i + 7]
            assert abs(left.mean()) < 0.04 * before[frame, j - 6 : j + 7, i - 6 : i + 7].mean() + 3.0
    subtract_patches(again.arrays(), patches, back=True)
    assert again.pixels_dn == pytest.approx(before, abs=1e-3)


def test_flagged_pixels_stay_as_they_are(field, patches):
    residual, *_ = field
    arrays = residual.arrays()
    flags = np.ones_like(arrays.flags)
    pixels = np.zeros_like(arrays.pixels_dn)
    subtract_patches(arrays._replace(pixels_dn=pixels, flags=flags), patches)
    assert not pixels.any()


def test_restoring_the_background_takes_galaxies_away(field, patches):
    residual, _, _, galaxies = field
    stack = residual.stack
    light = GalaxyLight.of(galaxies, Band.J, patches)
    both = [Residual(stack, np.empty_like(residual.pixels_dn)) for _ in range(2)]
    both[1].change(galaxies=light)
    for loan in both:
        loan.restore_background()
    subtract_patches(both[0].arrays(), patches)
    assert (both[0].pixels_dn == both[1].pixels_dn).all()


def test_no_galaxy_is_no_patch(field):
    residual, search, *_ = field
    assert draw_galaxies([], Band.J, residual.stack.band, search.profiles).light.size == 0
    before = residual.pixels_dn.copy()
    subtract_patches(residual.arrays(), Patches.none())
    assert (residual.pixels_dn == before).all()


def test_light_reaches_as_far_as_it_is_bright():
    shape = Shape(0.0, 0.0, np.log(4.0), 0.0, 0.0, 0.0)
    reach = [reach_arcsec(shape, 1e4, level) for level in (1.0, 0.1, 1e-9)]
    assert reach[0] < reach[1] < reach[2] == pytest.approx(32.0)
    assert reach_arcsec(shape, -5.0, 0.1) == 0.0


def test_peaks_in_a_galaxy_are_hidden_and_stars_on_it_are_not():
    shape = Shape(100.0, 200.0, np.log(5.0), 0.0, 0.0, 0.0)
    light = GalaxyLight((shape,), np.array([1e4]))
    places = np.array([[100.0, 200.5], [105.0, 200.0], [105.0, 200.0], [180.0, 200.0]])
    surface, nucleus, large = light.light_at(places)
    assert nucleus.tolist() == [True, False, False, False]
    assert not large.any()
    assert surface[3] == 0.0
    flux = np.array([0.9 * surface[0], 0.2 * surface[1], 2.0 * surface[2], 1.0])
    assert light.hides(places, flux).tolist() == [True, True, False, False]
    # A peak of frames that still hold the galaxy has its light too.
    assert light.hides(places, 1.2 * surface + 1e-9, drawn=False).tolist() == [True, True, True, False]
    assert not GalaxyLight().hides(places, flux).any()
