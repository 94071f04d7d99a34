"""Shape, sky ring and sums in circles around extended sources: exact areas, masks, sky."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from workers.reduction.extended.shape import Cutout, circle_sums, covers_circle, isophote
from workers.reduction.images import aperture

RADII = np.array([2.5, 7.0, 15.3])


def test_constant_light_gives_the_area() -> None:
    image = np.full((61, 61), 12.0, np.float32)
    part = Cutout(image, np.ones(image.shape, np.bool_), 30.2, 29.7)
    assert circle_sums(part, 10.0, RADII) == pytest.approx(2.0 * np.pi * RADII**2, rel=1e-9)


def test_masked_pixels_do_not_count() -> None:
    image = np.full((61, 61), 1.0, np.float32)
    image[30, 30] = 1e6
    usable = np.ones(image.shape, np.bool_)
    usable[30, 30] = False
    part = Cutout(image, usable, 30.0, 30.0)
    assert circle_sums(part, 0.0, RADII) == pytest.approx(np.pi * RADII**2 - 1.0, rel=1e-9)


def noisy(seed=3, size=91):
    rng = np.random.default_rng(seed)
    image = rng.normal(20.0, 4.0, (size, size)).astype(np.float32)
    return image, rng.random(image.shape) > 0.1


@pytest.mark.parametrize("place", [(45.0, 45.0), (45.37, 44.81), (10.2, 80.9)])
def test_the_sky_ring_is_that_of_the_image_path(place) -> None:
    """To the bit: the same pixels in the same order, clipped by the same kernel."""
    image, usable = noisy()
    image[40:50, 70:75] += 500.0  # a star in the ring
    level = Cutout(image, usable, *place).ring_level(20.0, 35.0)
    x, y = (np.array([value]) for value in place)
    assert level == aperture.measure(image, usable, x, y, np.array([5.0]), (20.0, 35.0)).sky[0]
    assert level == pytest.approx(20.0, abs=0.5)


def test_a_ring_without_data_has_no_level() -> None:
    image, usable = noisy()
    assert np.isnan(Cutout(image, np.zeros_like(usable), 45.0, 45.0).ring_level(20.0, 35.0))
    assert np.isnan(Cutout(image, usable, 45.0, 45.0).ring_level(200.0, 210.0))


@pytest.mark.parametrize("angle_deg", [0.0, 30.0, 90.0, 140.0])
def test_the_isophote_of_an_ellipse(angle_deg) -> None:
    y, x = np.mgrid[:121, :121] - 60.0
    angle = np.radians(angle_deg)
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    image = (np.hypot(along / 30.0, across / 12.0) < 1.0).astype(np.float32)
    shape = isophote(image, np.ones(image.shape, np.bool_), 60.0, 60.0, 0.5, 60)
    assert shape.semi_major_pix == pytest.approx(30.0, rel=0.02)
    assert shape.axis_ratio == pytest.approx(0.4, abs=0.02)
    assert abs((shape.angle_deg - angle_deg + 90.0) % 180.0 - 90.0) < 1.0


def test_the_isophote_is_connected_and_within_reach() -> None:
    y, x = np.mgrid[:121, :121]
    image = (np.hypot(x - 60, y - 60) < 10).astype(np.float32)
    usable = np.ones(image.shape, np.bool_)
    alone = isophote(image, usable, 60.0, 60.0, 0.5, 60)
    image[np.hypot(x - 100, y - 60) < 10] = 1.0  # another object
    assert isophote(image, usable, 60.0, 60.0, 0.5, 60) == alone
    image[:, :] = 1.0
    assert isophote(image, usable, 60.0, 60.0, 0.5, 20).semi_major_pix < 25.0
    assert np.isnan(isophote(0.0 * image, usable, 60.0, 60.0, 0.5, 20).semi_major_pix)


def test_a_circle_needs_most_of_its_pixels() -> None:
    usable = np.ones((81, 81), np.bool_)
    image = np.zeros(usable.shape, np.float32)
    assert covers_circle(Cutout(image, usable, 40.0, 40.0), 30.0)
    assert not covers_circle(Cutout(image, usable, 10.0, 40.0), 30.0)  # a third lies beyond the edge
    usable[:, :20] = False  # 9 % of the circle
    assert covers_circle(Cutout(image, usable, 40.0, 40.0), 30.0)
    usable[:, :30] = False  # 29 %
    assert not covers_circle(Cutout(image, usable, 40.0, 40.0), 30.0)


@pytest.mark.parametrize(("limit", "reach"), [(1.0, 40), (0.4, 40), (0.4, 12), (-9.0, 40)])
def test_the_isophote_is_that_of_labelled_means_of_three_by_three(limit, reach) -> None:
    """Islands beside the object, holes in it, pixels without data, and boxes that end within it."""
    rng = np.random.default_rng(11)
    y, x = np.mgrid[:90, :80].astype(float)
    image = 6.0 * np.exp(-np.hypot(x - 37.2, (y - 44.6) / 0.7) / 8.0) + rng.normal(0.0, 1.0, x.shape)
    image, usable = image.astype(np.float32), rng.random(image.shape) > 0.05
    shape = isophote(image, usable, 37.2, 44.6, limit, reach)
    rows, columns = slice(max(0, 45 - reach), 45 + reach + 1), slice(max(0, 37 - reach), 37 + reach + 1)
    part = np.where(usable[rows, columns], image[rows, columns], 0.0)
    labels, _ = ndimage.label(ndimage.uniform_filter(part, 3) > limit)
    py, px = np.nonzero(labels == labels[45 - rows.start, 37 - columns.start])
    values = np.linalg.eigvalsh(np.cov(np.stack([px, py]), bias=True))
    assert shape.area_pix == px.size
    assert shape.semi_major_pix == pytest.approx(2.0 * np.sqrt(values[1]))
    assert shape.axis_ratio == pytest.approx(np.sqrt(values[0] / values[1]))
