"""Parameters that tell how compact an object is."""

from __future__ import annotations

import numpy as np
import pytest

from workers.reduction.extended.ring_shape import PARAMETERS, ring_shape
from workers.reduction.extended.shape import Cutout

SIGMA = 1.3
SIDE = 25


def window(*objects):
    """Pixels of the integrals of objects (x, y, light, sigma), by sums of 7 x 7 places a pixel."""
    steps = (np.arange(7) - 3.0) / 7.0
    yy, xx = np.mgrid[:SIDE, :SIDE]
    image = np.zeros((SIDE, SIDE))
    for x, y, light, sigma in objects:
        for dx in steps:
            for dy in steps:
                square = (xx + dx - x) ** 2 + (yy + dy - y) ** 2
                image += light / (2 * np.pi * sigma**2) * np.exp(-0.5 * square / sigma**2) / steps.size**2
    return image.astype(np.float32)


def measured(image, x=12.0, y=12.0, usable=None, level=0.0):
    known = np.ones(image.shape, np.bool_) if usable is None else usable
    return dict(zip(PARAMETERS, ring_shape(Cutout(image, known, x, y), level, 0.02), strict=True))


@pytest.mark.parametrize("place", [(12.0, 12.0), (12.4, 11.7), (11.5, 12.5)])
def test_a_gaussian_has_the_values_that_calculus_tells(place):
    values = measured(window((*place, 2000.0, SIGMA)), *place)
    # A pixel is a twelfth wider in each direction than the Gaussian.
    variance = SIGMA**2 + 1.0 / 12.0
    assert values["2mm"] == pytest.approx(2.0 * variance, rel=0.02)
    assert values["1mm"] == pytest.approx(np.sqrt(np.pi / 2.0 * variance), rel=0.02)
    # alpha = sqrt(2) sigma, beta = 1/2.
    for name in ("sh", "msh", "wsh"):
        assert values[name] == pytest.approx(np.sqrt(variance / 2.0), rel=0.08)
    assert values["mxdn"] == pytest.approx(-2.5 * np.log10(1.0 - np.exp(-2.0 / variance)), rel=0.1)


def test_the_level_of_the_sky_is_taken_away():
    image = window((12.0, 12.0, 2000.0, SIGMA))
    plain, raised = measured(image), measured(image + np.float32(50.0), level=50.0)
    assert [raised[name] for name in PARAMETERS] == pytest.approx(
        [plain[name] for name in PARAMETERS], rel=1e-3
    )


def test_everything_grows_with_the_object():
    small, large = (measured(window((12.0, 12.0, 2000.0, sigma))) for sigma in (1.3, 2.0))
    for name in PARAMETERS:
        assert large[name] > 1.2 * small[name], name


def test_a_neighbour_moves_the_shape_and_hardly_those_made_against_it():
    alone = measured(window((12.0, 12.0, 2000.0, SIGMA)))
    beside = measured(window((12.0, 12.0, 2000.0, SIGMA), (16.2, 12.6, 300.0, SIGMA)))
    moved = {name: beside[name] / alone[name] - 1.0 for name in PARAMETERS}
    assert moved["sh"] > 0.1
    assert abs(moved["wsh"]) < 0.3 * moved["sh"]
    assert abs(moved["msh"]) < 0.5 * moved["sh"]


@pytest.mark.parametrize(
    ("change", "x"),
    [("hole", 12.0), ("edge", 5.0), ("dark", 12.0)],
)
def test_what_cannot_be_told_is_unknown(change, x):
    image, usable = window((x, 12.0, 2000.0, SIGMA)), np.ones((SIDE, SIDE), np.bool_)
    if change == "hole":
        usable[12, 17] = False
    if change == "dark":
        image = -image
    assert all(np.isnan(value) for value in measured(image, x, usable=usable).values())


def test_a_hole_outside_of_the_circle_does_no_harm():
    image, usable = window((12.0, 12.0, 2000.0, SIGMA)), np.ones((SIDE, SIDE), np.bool_)
    usable[12, 21] = False
    assert np.isfinite([*measured(image, usable=usable).values()]).all()
