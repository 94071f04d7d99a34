"""Light in ellipses, against exact overlaps and against a profile that is known."""

from __future__ import annotations

import numpy as np
import pytest
from photutils.aperture import EllipticalAperture

from workers.reduction.extended.growth import growth_of
from workers.reduction.extended.shape import Cutout

LENGTH = 4.0  # of an exponential, arcsec
LIGHT = 1e4


def disc(side=181, ratio=1.0, angle_deg=0.0):
    """An exponential disc on a sky of 3 DN: the window, and its light."""
    middle = 0.5 * (side - 1) + 0.3
    turn = np.radians(angle_deg)
    total = np.zeros((side, side))
    steps = (np.arange(5) - 2.0) / 5.0
    for sx in steps:
        for sy in steps:
            y, x = np.mgrid[:side, :side] - middle
            x, y = x + sx, y + sy
            along, across = x * np.cos(turn) + y * np.sin(turn), (y * np.cos(turn) - x * np.sin(turn)) / ratio
            total += np.exp(-np.hypot(along, across) / LENGTH) / 25.0
    image = LIGHT * total / (2.0 * np.pi * LENGTH**2 * ratio) + 3.0
    return Cutout(image.astype(np.float32), np.ones(image.shape, np.bool_), middle, middle)


@pytest.mark.parametrize(("ratio", "angle"), [(1.0, 0.0), (0.6, 35.0), (0.3, 120.0)])
def test_sums_are_those_of_exact_overlaps(ratio, angle):
    part = disc(ratio=ratio, angle_deg=angle)
    growth = growth_of(part, 3.0, ratio, angle, 60.0)
    for radius in (5.0, 10.0, 22.5, 50.0):
        aperture = EllipticalAperture((part.x, part.y), radius, ratio * radius, theta=np.radians(angle))
        exact = float(aperture.do_photometry(part.image.astype(float) - 3.0, method="exact")[0][0])
        assert growth.within(radius) == pytest.approx(exact, rel=2e-3, abs=1.0)
        assert growth.area_within(radius) == pytest.approx(aperture.area, rel=5e-3)


def test_isophotes_half_light_and_moments_are_those_of_the_profile():
    growth = growth_of(disc(), 3.0, 1.0, 0.0, 80.0)
    middle = LIGHT / (2.0 * np.pi * LENGTH**2)
    for radius in (6.0, 12.0, 20.0):
        assert growth.isophote_arcsec(middle * np.exp(-radius / LENGTH)) == pytest.approx(radius, abs=0.2)
    # Half of an exponential's light lies within 1.678 lengths, its first moment is two lengths.
    assert growth.share_arcsec(0.5 * LIGHT) == pytest.approx(1.678 * LENGTH, abs=0.05)
    assert growth.first_moment_arcsec(60.0) == pytest.approx(2.0 * LENGTH, rel=0.02)


def test_what_is_not_there_has_no_radius():
    growth = growth_of(disc(), 3.0, 1.0, 0.0, 40.0)
    assert np.isnan(growth.isophote_arcsec(1e6))
    assert np.isnan(growth.isophote_arcsec(-1e6))
    assert np.isnan(growth.share_arcsec(2.0 * LIGHT))
    assert np.isnan(growth.share_arcsec(-1.0))
    assert np.isnan(growth.within(41.0))
    empty = growth_of(
        Cutout(np.zeros((9, 9), np.float32), np.ones((9, 9), np.bool_), 4.0, 4.0), 1.0, 1.0, 0.0, 3.0
    )
    assert np.isnan(empty.first_moment_arcsec(3.0))


def test_pixels_without_data_count_as_their_ring():
    whole, holed = disc(), disc()
    holed.usable[88:93, 95:99] = False
    growth = [growth_of(part, 3.0, 1.0, 0.0, 40.0) for part in (whole, holed)]
    assert growth[1].within(20.0) == pytest.approx(growth[0].within(20.0), rel=0.02)
    assert growth[0].missing_within(20.0) == 0.0
    assert growth[1].missing_within(20.0) == pytest.approx(20.0 / (np.pi * 400.0), rel=0.02)


@pytest.mark.parametrize(("ratio", "angle"), [(1.0, 0.0), (0.5, 35.0), (0.15, 100.0)])
def test_rings_hold_what_a_sum_over_all_parts_of_pixels_gives(ratio, angle):
    rng = np.random.default_rng(8)
    image = rng.normal(10.0, 3.0, (75, 91)).astype(np.float32)
    usable = rng.random(image.shape) > 0.03
    part, largest = Cutout(image, usable, 40.3, 35.8), 38.0
    growth = growth_of(part, 0.0, ratio, angle, largest)
    turn = np.radians(angle)
    y, x = np.mgrid[: image.shape[0], : image.shape[1]].astype(float)
    offset = (np.arange(10) + 0.5) / 10.0 - 0.5
    parts = np.zeros((2, growth.surface_dn.size))
    # Pixels within 25" and what the ellipse's width adds are divided, others not.
    radius = semi_major(x - part.x, y - part.y, turn, ratio)
    fine = radius < 25.0 + 2.0 / ratio
    for dx, dy in [(a, b) for b in offset for a in offset]:
        step = semi_major(x + dx * fine - part.x, y + dy * fine - part.y, turn, ratio) / 0.5
        inside = (step < parts.shape[1]) & usable
        ring = step[inside].astype(int)
        parts[0] += np.bincount(ring, 0.01 * image[inside].astype(float), minlength=parts.shape[1])
        parts[1] += np.bincount(ring, minlength=parts.shape[1]) * 0.01
    with np.errstate(invalid="ignore", divide="ignore"):
        wanted = parts[0] / parts[1]
    np.testing.assert_allclose(growth.surface_dn, wanted, rtol=1e-9)


def semi_major(x, y, turn, ratio):
    along, across = x * np.cos(turn) + y * np.sin(turn), (y * np.cos(turn) - x * np.sin(turn)) / ratio
    return np.hypot(along, across)


def test_light_between_radii_is_interpolated():
    growth = growth_of(disc(), 3.0, 1.0, 0.0, 40.0)
    for radius in (-1.0, 0.0, 0.3, 5.0, 17.26, 39.99, 40.0):
        for found, values in (
            (growth.within(radius), growth.light_dn),
            (growth.area_within(radius), growth.area),
            (growth.missing_within(radius), growth.missing),
        ):
            assert found == pytest.approx(np.interp(radius, growth.radius_arcsec, values), rel=1e-12)
    assert np.isnan(growth.within(40.001))
    assert np.isnan(growth.within(np.nan))
