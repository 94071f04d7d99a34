"""Which peaks stay: stars with false peaks on both sides keep their rows, false peaks alone go."""

import numpy as np
import pytest

from app.parameters.extraction import ExtractionParameters
from tests.worlds.finished_image import draw_stars, fitted_model
from workers.reduction.images import profile_fit, pruning
from workers.reduction.images import psf as psf_module
from workers.reduction.images.stars import Stars

PARAMETERS = ExtractionParameters()
SHAPE = (80, 80)
PSF = psf_module.moffat(2.4, SHAPE)


def model_of(truth, found, noise=1.0):
    """An image of the true stars with the found ones as a list that was never fitted; columns x, y, flux."""
    model = fitted_model(PSF, *(np.array(column, float) for column in zip(*truth, strict=True)), noise)
    model.stars = Stars.at(*(np.array(column, float) for column in zip(*found, strict=True)))
    model.residual = profile_fit.subtract(model.data, model.variance, model.psf, model.stars)
    return model


def places(model):
    return np.column_stack([model.stars.x, model.stars.y])


@pytest.mark.parametrize("apart", [2.1, 2.5, 2.9])
@pytest.mark.parametrize("angle", [0.0, 0.7, 1.6])
def test_a_star_between_two_false_peaks_keeps_its_row(apart, angle):
    """Equal components at 1.2 pixels leave one star and a lobe on either side: something must hold that light."""
    dx, dy = np.cos(angle), np.sin(angle)
    truth = [(40 - 0.6 * dx, 40 - 0.6 * dy, 400.0), (40 + 0.6 * dx, 40 + 0.6 * dy, 400.0)]
    found = [
        (40, 40, 700.0),
        (40 + apart * dx, 40 + apart * dy, 90.0),
        (40 - apart * dx, 40 - apart * dy, 90.0),
    ]
    model = model_of(truth, found)
    for _ in range(3):
        pruning.fit(model, PARAMETERS)
    assert 1 <= model.stars.x.size <= 2
    assert np.hypot(*(places(model) - 40.0).T).min() < 1.5
    assert model.stars.flux.sum() == pytest.approx(800.0, rel=0.05)


def test_a_survivor_that_walked_home_from_a_false_peak_stays():
    """Only the lobe is left, 2.3 pixels off: alone and significant, it takes its new place for its peak."""
    model = model_of([(40.0, 40.0, 900.0)], [(42.3, 40.0, 400.0)])
    for _ in range(3):
        pruning.fit(model, PARAMETERS)
    assert places(model) == pytest.approx(np.array([[40.0, 40.0]]), abs=0.1)
    assert np.abs(model.stars.x_seed - model.stars.x).max() < PARAMETERS.drift_pix
    assert model.stars.flux == pytest.approx([900.0], rel=0.03)


def test_peaks_of_noise_go_and_their_light_comes_back():
    truth = [(40.0, 40.0, 900.0)]
    found = [(40.0, 40.0, 900.0), (20.0, 60.0, 5.0), (60.0, 21.0, 5.0)]
    model = model_of(truth, found)
    pruning.fit(model, PARAMETERS)
    assert places(model) == pytest.approx(np.array([[40.0, 40.0]]), abs=0.1)
    again = profile_fit.subtract(model.data, model.variance, model.psf, model.stars)
    assert np.array_equal(model.residual, again)
    assert float(np.std(model.residual)) == pytest.approx(1.0, abs=0.05)


def test_two_resolved_stars_both_stay():
    truth = [(38.0, 40.0, 900.0), (41.2, 40.0, 600.0)]
    model = model_of(truth, truth)
    pruning.fit(model, PARAMETERS)
    assert model.stars.flux == pytest.approx([900.0, 600.0], rel=0.04)


def test_of_two_on_one_place_the_brighter_stays():
    model = model_of([(40.0, 40.0, 900.0)], [(39.8, 40.0, 600.0), (40.9, 40.0, 300.0)])
    pruning.fit(model, PARAMETERS, sweeps=4)
    assert model.stars.flux == pytest.approx([900.0], rel=0.03)


def test_a_star_without_usable_pixels_goes_and_a_saturated_one_stays():
    model = model_of([(40.0, 40.0, 900.0)], [(40.0, 40.0, 900.0), (70.0, 70.0, 50.0)])
    model.variance[60:, 60:] = 0.0
    pruning.fit(model, PARAMETERS)
    assert places(model) == pytest.approx(np.array([[40.0, 40.0]]), abs=0.1)
    model = model_of([(40.0, 40.0, 9000.0)], [(41.9, 40.0, 9000.0)])
    model.stars.saturated[:] = True
    pruning.fit(model, PARAMETERS)
    assert model.stars.x.size == 1


def test_only_one_of_failing_neighbours_goes_at_a_time():
    failing = Stars.at(np.array([10.0, 12.0, 14.0, 40.0]), np.full(4, 10.0), np.array([9.0, 2.0, 5.0, 1.0]))
    failing.flux_error[:] = [1.0, 1.0, 1.0, np.nan]
    assert pruning._least_significant(failing, 3.0).tolist() == [False, True, False, True]
    assert pruning._significance(failing).tolist() == [9.0, 2.0, 5.0, -1.0]


def test_fitting_again_leaves_other_groups_alone():
    truth = [(20.0, 20.0, 500.0), (60.0, 60.0, 700.0)]
    model = model_of(truth, [(20.3, 20.0, 450.0), (60.3, 60.0, 650.0)])
    before = model.stars.take(np.array([0, 1]))
    rules = pruning.fit_rules(PARAMETERS, 3)
    touched = np.array([False, True])
    profile_fit.fit_again(model.residual, model.variance, model.psf, model.stars, touched, rules)
    assert model.stars.flux[0] == before.flux[0]
    assert model.stars.flux[1] == pytest.approx(700.0, rel=0.03)
    again = profile_fit.subtract(model.data, model.variance, model.psf, model.stars)
    assert model.residual == pytest.approx(again, abs=0.01)
    profile_fit.fit_again(model.residual, model.variance, model.psf, model.stars, ~(touched | True), rules)
    assert model.residual == pytest.approx(again, abs=0.01)


def test_empty_lists_are_fitted():
    model = model_of([(40.0, 40.0, 900.0)], [(40.0, 40.0, 900.0)])
    model.stars = model.stars.take(np.zeros(0, np.int64))
    pruning.fit(model, PARAMETERS)
    assert np.array_equal(model.residual, model.data)
    image = np.zeros(SHAPE, np.float32)
    draw_stars(image, PSF, np.zeros(0), np.zeros(0), np.zeros(0))
    assert not image.any()
