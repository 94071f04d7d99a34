"""Models of stars drawn into finished images: values between the nodes, reach, sign, order."""

from __future__ import annotations

import numpy as np
import pytest

from tests.worlds.finished_image import draw_stars, drawn_stars
from workers.reduction.images.drawing import DrawnStars, ProfileTables, add_stars, profile_value
from workers.reduction.images.psf import RADIUS_PIX, moffat

PSF = moffat(2.9, (64, 80))


def value(dx, dy):
    return profile_value(PSF.tables[0], PSF.oversampling, dx, dy)


def test_the_value_at_a_node_is_the_node():
    middle = PSF.tables.shape[1] // 2
    for i, j in ((0, 0), (3, 0), (-4, 7), (12, -9)):
        found, _, _ = value(i / PSF.oversampling, j / PSF.oversampling)
        assert found == pytest.approx(PSF.tables[0, middle + j, middle + i], rel=1e-5)


def test_a_cubic_table_is_followed_exactly():
    """Catmull-Rom interpolation reproduces polynomials of second degree, and their slopes."""
    y, x = np.mgrid[:15, :15] - 7.0
    table = (2.0 + 0.3 * x - 0.2 * y + 0.05 * x * x - 0.04 * x * y + 0.02 * y * y).astype(np.float32)
    for dx, dy in ((0.31, -0.77), (-1.4, 0.2), (2.3, 2.9)):
        u, v = 2 * dx, 2 * dy  # two nodes a pixel
        found, by_x, by_y = profile_value(table, 2, dx, dy)
        wanted = 2.0 + 0.3 * u - 0.2 * v + 0.05 * u * u - 0.04 * u * v + 0.02 * v * v
        assert found == pytest.approx(wanted, abs=2e-6)
        assert by_x == pytest.approx(2 * (0.3 + 0.1 * u - 0.04 * v), abs=1e-5)
        assert by_y == pytest.approx(2 * (-0.2 - 0.04 * u + 0.04 * v), abs=1e-5)


def test_slopes_are_those_of_the_value():
    step = 1e-3
    for dx, dy in ((0.3, -0.4), (1.2, 0.7), (-2.1, 1.6)):
        _, by_x, by_y = value(dx, dy)
        assert by_x == pytest.approx((value(dx + step, dy)[0] - value(dx - step, dy)[0]) / 2 / step, abs=2e-4)
        assert by_y == pytest.approx((value(dx, dy + step)[0] - value(dx, dy - step)[0]) / 2 / step, abs=2e-4)


@pytest.mark.parametrize("far", [17.9, 25.0, 1e6])
def test_there_is_no_light_beyond_the_table(far):
    for dx, dy in ((far, 0.0), (-far, 0.0), (0.0, far), (0.0, -far)):
        assert value(dx, dy) == (0.0, 0.0, 0.0)


def test_all_light_of_a_star_is_drawn():
    image = np.zeros((64, 80), np.float32)
    draw_stars(image, PSF, np.array([40.3]), np.array([30.8]), np.array([1000.0]))
    y, x = np.mgrid[:64, :80]
    assert image.sum() == pytest.approx(1000.0, rel=2e-3)
    assert (image * x).sum() / image.sum() == pytest.approx(40.3, abs=0.01)
    assert (image * y).sum() / image.sum() == pytest.approx(30.8, abs=0.01)
    assert not image[np.hypot(x - 40.3, y - 30.8) > RADIUS_PIX].any()


def test_a_star_ends_at_its_own_reach():
    stars = DrawnStars(
        np.zeros(2, np.int64), np.array([20.0, 50.0]), np.array([30.0, 30.0]), np.array([9e3, 9e3]),
        np.array([2.0, 5.0]),
    )  # fmt: skip
    image = np.zeros((64, 80), np.float32)
    add_stars(image, PSF.profiles, stars, np.arange(2), 1.0)
    y, x = np.mgrid[:64, :80]
    lit = (np.hypot(x - 20, y - 30) <= 2.0) | (np.hypot(x - 50, y - 30) <= 5.0)
    assert ((image > 0.0) == lit).all()


def test_stars_at_the_edge_and_beyond_are_cut_by_it():
    image = np.zeros((64, 80), np.float32)
    x, y = np.array([0.0, 79.5, -3.0, 200.0]), np.array([0.0, 20.0, 63.0, 500.0])
    draw_stars(image, PSF, x, y, np.full(4, 100.0))
    large = np.zeros((200, 200), np.float32)
    add_stars(
        large, PSF.profiles, DrawnStars(PSF.cells(x, y), x + 60.0, y + 60.0, np.full(4, 100.0), np.full(4, 16.0)),
        np.arange(3), 1.0,
    )  # fmt: skip
    assert np.abs(image - large[60:124, 60:140]).max() < 1e-4


def test_only_chosen_stars_of_any_light_are_drawn_and_taken_away_again():
    x, y, flux = np.array([20.0, 40.0, 60.0]), np.full(3, 30.0), np.array([100.0, 0.0, 300.0])
    stars = drawn_stars(PSF, x, y, flux)
    image = np.zeros((64, 80), np.float32)
    add_stars(image, PSF.profiles, stars, np.array([1, 2]), 1.0)
    assert image.sum() == pytest.approx(300.0, rel=2e-3)
    assert image[30, 20] < 1.0
    add_stars(image, PSF.profiles, stars, np.array([2]), -1.0)
    assert not image.any()


def test_each_star_has_the_table_of_its_cell():
    nodes = np.stack([PSF.tables[0], 2.0 * PSF.tables[0]])
    stars = DrawnStars(
        np.array([1, 0]), np.array([20.0, 55.0]), np.array([30.0, 30.0]), np.full(2, 10.0), np.full(2, 16.0)
    )
    image = np.zeros((64, 80), np.float32)
    add_stars(image, ProfileTables(nodes, PSF.oversampling), stars, np.arange(2), 1.0)
    assert image[30, 20] == pytest.approx(2.0 * image[30, 55], rel=1e-3)
