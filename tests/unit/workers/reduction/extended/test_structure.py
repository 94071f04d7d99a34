"""Symmetry of a galaxy's light, and the areas of its isophotes."""

from __future__ import annotations

import numpy as np
import pytest

from app.columns.records import unknown_rows
from app.instruments.bands import Band
from workers.reduction.extended.shape import Cutout, Shape, isophote
from workers.reduction.extended.structure import fill_structure, opposite_sides
from workers.reduction.frames.products import EXTENDED_DTYPE

ROUND = Shape(12.0, 1.0, 0.0, 400.0)


def disc(x=30.0, y=30.0, size=61, length=4.0):
    yy, xx = np.mgrid[:size, :size]
    return 50.0 * np.exp(-np.hypot(xx - x, yy - y) / length)


def part_of(image, x=30.0, y=30.0):
    return Cutout(image.astype(np.float32), np.ones(image.shape, np.bool_), x, y)


@pytest.mark.parametrize("place", [(30.0, 30.0), (30.4, 29.6), (30.25, 31.75)])
def test_a_smooth_disc_is_even(place):
    ratio, chi = opposite_sides(part_of(disc(*place) + 7.0, *place), 7.0, ROUND, 1.0)
    # The middle is known to a quarter of a pixel.
    assert ratio > 0.9
    assert chi < 1.2


def test_noise_alone_gives_a_chi_of_one():
    image = np.random.default_rng(4).normal(0.0, 3.0, (61, 61))
    assert opposite_sides(part_of(image), 0.0, ROUND, 3.0)[1] == pytest.approx(1.0, abs=0.1)


def test_a_knot_on_one_side_shows():
    image = disc()
    knot = image.copy()
    knot[30, 38] += 400.0
    ratio, chi = opposite_sides(part_of(knot), 0.0, ROUND, 1.0)
    # The knot's whole light is on one side, and one pair of pixels differs by it.
    half = 0.5 * image[np.hypot(*(np.mgrid[:61, :61] - 30.0)) <= 12.0].sum()
    assert ratio == pytest.approx(half / (half + 400.0), rel=0.05)
    assert chi == pytest.approx(400.0 / np.sqrt(441), rel=0.05)


def test_pixels_without_data_and_their_opposites_do_not_count():
    image, usable = disc(), np.ones((61, 61), np.bool_)
    image[30, 38], usable[30, 38] = 1e6, False
    ratio, chi = opposite_sides(Cutout(image.astype(np.float32), usable, 30.0, 30.0), 0.0, ROUND, 1.0)
    assert (ratio, chi) == (pytest.approx(1.0, abs=0.01), pytest.approx(0.0, abs=1e-3))
    nothing = Cutout(image.astype(np.float32), np.zeros_like(usable), 30.0, 30.0)
    assert np.isnan(opposite_sides(nothing, 0.0, ROUND, 1.0)).all()


def test_a_galaxy_at_the_edge_of_its_window_is_compared_as_far_as_it_goes():
    image = disc(6.0, 30.0)
    ratio, _ = opposite_sides(part_of(image, 6.0, 30.0), 0.0, ROUND, 1.0)
    assert ratio == pytest.approx(1.0, abs=0.02)


def test_areas_are_those_of_the_isophotes():
    image = disc().astype(np.float32)
    shapes = tuple(isophote(image, image > 0.0, 30.0, 30.0, level, 30) for level in (3.0, 5.0))
    # A disc falls to a level at length times the logarithm of the centre over it.
    radii = [4.0 * np.log(50.0 / level) for level in (3.0, 5.0)]
    row = unknown_rows(EXTENDED_DTYPE, 1)
    fill_structure(row, Band.H, shapes, (0.9, 1.1))
    assert row["h_d_area"][0] == pytest.approx(np.pi * (radii[0] ** 2 - radii[1] ** 2), rel=0.1)
    assert row["h_perc_darea"][0] == pytest.approx(100.0 * (1.0 - (radii[1] / radii[0]) ** 2), rel=0.1)
    assert (row["h_bisym_rat"][0], row["h_bisym_chi"][0]) == pytest.approx((0.9, 1.1))
    assert np.isnan(row["j_d_area"][0])
