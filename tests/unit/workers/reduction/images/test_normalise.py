"""The magnitude scale of an image: curve of growth and offset of the profile fits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.parameters.extraction import ExtractionParameters
from tests.worlds.finished_image import fitted_model
from workers.reduction.images.normalise import aperture_scale
from workers.reduction.images.psf import moffat

PARAMETERS = ExtractionParameters()
SHAPE = (300, 300)


def grid_of_stars(flux, seed=1):
    rng = np.random.default_rng(seed)
    gx, gy = np.meshgrid(np.arange(40, 270, 45.0), np.arange(40, 270, 45.0))
    x, y = (g.ravel() + rng.uniform(-2, 2, g.size) for g in (gx, gy))
    return x, y, np.full(x.size, flux)


@pytest.fixture(scope="module")
def model():
    return fitted_model(moffat(2.9, SHAPE), *grid_of_stars(2e4))


def test_the_curve_is_that_of_the_profile(model):
    scale = aperture_scale(model, 1.0, PARAMETERS)
    assert scale.stars == 25
    light = [model.psf.enclosed(radius) for radius in PARAMETERS.growth_radii_arcsec]
    whole = model.psf.enclosed(PARAMETERS.growth_total_arcsec)
    # The sky ring from 14" on holds a little of the wing.
    np.testing.assert_allclose(scale.curve_mag, -2.5 * np.log10(np.array(light) / whole), atol=0.012)
    assert scale.growth_mag == pytest.approx(2.5 * np.log10(light[1] / whole), abs=0.005)


def test_profile_magnitudes_are_shifted_onto_whole_light(model):
    scale = aperture_scale(model, 1.0, PARAMETERS)
    whole = model.psf.enclosed(PARAMETERS.growth_total_arcsec)
    assert scale.offset_mag == pytest.approx(-2.5 * np.log10(whole), abs=0.005)


def test_a_wrong_profile_is_made_good_by_the_offset(model):
    """Fluxes a tenth too small: the light is in the residual image, and apertures hold it."""
    faint = replace(model, stars=model.stars.take(np.arange(25)))
    faint.stars.flux[:] *= 0.9
    faint.residual = model.residual + 0.1 * (model.data - model.residual)
    wrong, right = (aperture_scale(m, 1.0, PARAMETERS) for m in (faint, model))
    assert wrong.growth_mag == pytest.approx(right.growth_mag, abs=0.005)
    assert wrong.offset_mag - right.offset_mag == pytest.approx(-2.5 * np.log10(1.0 / 0.9), abs=0.01)


def test_one_star_of_another_kind_does_not_count(model):
    strange = replace(model, residual=model.residual.copy())
    x, y = round(model.stars.x[3]), round(model.stars.y[3])
    strange.residual[y - 5 : y + 6, x - 5 : x + 6] += 300.0
    scales = [aperture_scale(m, 1.0, PARAMETERS) for m in (strange, model)]
    assert scales[0].growth_mag == pytest.approx(scales[1].growth_mag, abs=0.003)
    assert scales[0].offset_mag == pytest.approx(scales[1].offset_mag, abs=0.003)


def test_without_stars_the_profile_itself_gives_the_scale():
    psf = moffat(2.9, SHAPE)
    few = fitted_model(psf, *(values[:2] for values in grid_of_stars(2e4)))
    scale = aperture_scale(few, 1.0, PARAMETERS)
    assert scale.stars == 0
    whole = psf.enclosed(PARAMETERS.growth_total_arcsec)
    assert scale.offset_mag == pytest.approx(-2.5 * np.log10(whole), abs=1e-3)
    assert scale.growth_mag == pytest.approx(2.5 * np.log10(psf.enclosed(4.0) / whole), abs=1e-3)
    assert scale.curve_mag[PARAMETERS.growth_radii_arcsec.index(6.0)] == 0.0


def test_radii_are_arcseconds():
    """On pixels of half an arcsecond the standard aperture has a radius of 8 pixels."""
    model = fitted_model(moffat(5.8, SHAPE), *grid_of_stars(2e4))
    scale = aperture_scale(model, 0.5, replace(PARAMETERS, growth_radii_arcsec=(3.0, 4.0, 5.0, 6.0)))
    light = [model.psf.enclosed(2.0 * radius) for radius in (4.0, 6.0)]
    assert scale.growth_mag == pytest.approx(2.5 * np.log10(light[0] / light[1]), abs=0.02)
