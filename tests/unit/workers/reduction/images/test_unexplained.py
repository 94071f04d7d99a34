"""A clear star that no row holds is counted; noise, knots, stars with a row and rings of bright ones are not."""

import numpy as np
import pytest

from app.parameters.extraction import ExtractionParameters
from tests.worlds.finished_image import draw_stars, fitted_model
from workers.reduction.images import psf as psf_module
from workers.reduction.images import unexplained

PARAMETERS = ExtractionParameters()
SHAPE = (200, 200)
PSF = psf_module.moffat(2.9, SHAPE)
GRID = np.arange(25.0, 190.0, 50.0)
X, Y = (a.ravel() for a in np.meshgrid(GRID, GRID))


def field():
    return fitted_model(PSF, X, Y, np.full(X.size, 3000.0))


def with_light(x, y, flux):
    """A field with light that is in no model."""
    model = field()
    for image in (model.data, model.residual):
        draw_stars(image, PSF, np.array([x]), np.array([y]), np.array([flux]))
    return model


def test_a_sound_extraction_leaves_nothing():
    assert unexplained.find(field(), PARAMETERS).x.size == 0


def test_a_lost_star_is_found_with_its_place_and_flux():
    found = unexplained.find(with_light(100.3, 99.8, 500.0), PARAMETERS)
    assert found.x == pytest.approx([100.3], abs=0.2)
    assert found.y == pytest.approx([99.8], abs=0.2)
    assert found.flux == pytest.approx([500.0], rel=0.1)


def test_what_is_faint_or_has_a_row_is_not_counted():
    assert unexplained.find(with_light(100.0, 100.0, 30.0), PARAMETERS).x.size == 0
    assert unexplained.find(with_light(76.5, 75.0, 500.0), PARAMETERS).x.size == 0


@pytest.mark.parametrize("width", [4.0, 8.0])
def test_knots_wider_than_stars_are_not_counted(width):
    model = field()
    y, x = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
    knot = (60.0 * np.exp(-0.5 * ((x - 100) ** 2 + (y - 100) ** 2) / width**2)).astype(np.float32)
    model.data += knot
    model.residual += knot
    assert unexplained.find(model, PARAMETERS).x.size == 0


def test_cosmic_spikes_sharper_than_stars_are_not_counted():
    model = field()
    model.residual[100, 100] += 400.0
    assert unexplained.find(model, PARAMETERS).x.size == 0


def test_rings_that_all_bright_stars_leave_are_errors_of_the_profile():
    model = field()
    for x, y in zip(X, Y, strict=True):
        lobe = np.array([x + 2.6]), np.array([y]), np.array([150.0])
        draw_stars(model.residual, PSF, *lobe)
    assert unexplained.find(model, PARAMETERS).x.size < X.size // 4


def test_the_surroundings_of_a_saturated_core_are_not_judged():
    model = with_light(100.0, 100.0, 500.0)
    core = np.array([101.0]), np.array([100.0]), np.array([3.0])
    model.saturated = type(model.saturated)(*core)
    assert unexplained.find(model, PARAMETERS).x.size == 0


def test_an_image_without_stars_is_judged():
    model = with_light(100.0, 100.0, 500.0)
    model.stars = model.stars.take(np.zeros(0, np.int64))
    assert unexplained.find(model, PARAMETERS).x.size == 1
