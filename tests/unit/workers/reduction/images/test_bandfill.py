"""Upper limits at places of an image where a source of another band was not detected."""

from __future__ import annotations

import numpy as np
import pytest

from app.instruments.bands import Band
from app.parameters.extraction import ExtractionParameters
from app.sky.projection import SinProjection
from tests.worlds.finished_image import draw_stars, fitted_model
from workers.reduction.frames.products import AtlasImage
from workers.reduction.images.bandfill import upper_limits
from workers.reduction.images.image_sources import DETECTION_DTYPE, ImageSources
from workers.reduction.images.normalise import Scale
from workers.reduction.images.psf import moffat

PARAMETERS = ExtractionParameters()
ZERO_POINT, GROWTH, NOISE = 20.0, -0.05, 50.0


@pytest.fixture
def sources():
    psf = moffat(2.9, (200, 220))
    empty = np.zeros(0)
    model = fitted_model(psf, empty, empty, empty)
    model.aperture_noise = NOISE
    projection = SinProjection.from_rotation(284.0, 1.4, 109.5, 99.5, -1 / 3600, 1 / 3600)
    image = AtlasImage(Band.H, 1, model.data + model.level, projection, ZERO_POINT)
    return ImageSources(image, model, Scale(GROWTH, 0.0, 0, ()), np.zeros(0, DETECTION_DTYPE))


def limit(sources, x, y):
    return upper_limits(sources, np.array([x]), np.array([y]), PARAMETERS)


def magnitude(flux):
    return ZERO_POINT - 2.5 * np.log10(flux) + GROWTH


def test_blank_sky_has_twice_its_noise(sources):
    """Sums of independent pixels scatter by 7 DN here, a small part of the noise that the image is said to have."""
    found = limit(sources, 100.0, 90.0)
    assert magnitude(2.0 * NOISE + 30.0) < found.limit_mag[0] < magnitude(2.0 * NOISE)
    assert found.sky_dn[0] == pytest.approx(100.0, abs=0.2)


def test_light_that_is_there_counts_besides(sources):
    draw_stars(sources.model.data, sources.model.psf, np.array([100.0]), np.array([90.0]), np.array([1000.0]))
    inside = 1000.0 * sources.model.psf.enclosed(4.0)
    found = limit(sources, 100.0, 90.0)
    assert found.aperture_mag[0] == pytest.approx(magnitude(inside), abs=0.03)
    noise = np.hypot(NOISE, np.sqrt(inside / PARAMETERS.gain_electrons_per_dn))
    assert found.limit_mag[0] == pytest.approx(magnitude(inside + 2.0 * noise), abs=0.03)
    assert found.aperture_error_mag[0] == pytest.approx(1.0857 * noise / inside, rel=0.06)


def test_a_hole_in_the_sky_is_limited_by_the_noise_alone(sources):
    sources.model.data[80:101, 90:111] -= 20.0
    found = limit(sources, 100.0, 90.0)
    assert found.limit_mag[0] == pytest.approx(magnitude(2.0 * NOISE), abs=0.06)
    assert np.isnan(found.aperture_mag[0])
    assert np.isnan(found.aperture_error_mag[0])


@pytest.mark.parametrize("place", [(-30.0, 90.0), (100.0, 260.0), (0.0, 90.0)])
def test_there_is_no_limit_off_the_image(sources, place):
    found = limit(sources, *place)
    for values in (found.limit_mag, found.aperture_mag, found.sky_dn):
        assert np.isnan(values[0])


def test_a_tenth_of_the_circle_may_lack_data(sources):
    sources.model.usable[90, 100] = False  # 2 % of the circle
    assert np.isfinite(limit(sources, 100.0, 90.0).limit_mag[0])
    sources.model.usable[88:92, 99:102] = False  # 24 %
    assert np.isnan(limit(sources, 100.0, 90.0).limit_mag[0])


def test_a_small_ring_makes_the_sky_uncertain(sources):
    whole = limit(sources, 100.0, 90.0).limit_mag[0]
    yy, xx = np.mgrid[:200, :220]
    sources.model.usable[(np.hypot(xx - 100, yy - 90) > 10) & (xx != 100)] = False
    assert limit(sources, 100.0, 90.0).limit_mag[0] < whole - 0.3
