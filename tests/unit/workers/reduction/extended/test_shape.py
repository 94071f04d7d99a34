"""Sums in circles around extended sources: exact areas, masks, sky."""

from __future__ import annotations

import numpy as np
import pytest

from workers.reduction.extended.shape import Cutout, circle_sums

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
