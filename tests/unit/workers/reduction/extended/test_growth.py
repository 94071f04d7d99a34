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
