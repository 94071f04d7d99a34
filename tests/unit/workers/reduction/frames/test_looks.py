"""Looks at stars against the geometry's own map, frame by frame."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.worlds.frame_stack import strip
from workers.reduction.frames.looks import find_looks


def skewed(*, northward):
    rng = np.random.default_rng(5)
    turn = 0.004
    matrix = 2.0 * np.array([[1.0003, -turn], [turn, 0.9996]])
    one = strip(15, northward=northward)
    return replace(
        one,
        x_arcsec=one.x_arcsec + rng.normal(0, 0.8, 15),
        y_arcsec=one.y_arcsec + rng.normal(0, 0.8, 15),
        matrix_arcsec=matrix,
        turn_rad=rng.normal(0, 1e-4, 15),
        distortion_arcsec=-0.15,
    )


@pytest.mark.parametrize("northward", [True, False])
@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("margin", [-7.0, 0.0, 2.0, 30.0])
def test_looks_are_those_of_brute_force(northward, ordered, margin):
    geometry, rng = skewed(northward=northward), np.random.default_rng(6)
    x = rng.uniform(-330, 330, 700)
    y = rng.uniform(geometry.y_arcsec.min() - 330, geometry.y_arcsec.max() + 330, 700)
    if ordered:
        y = np.sort(y)
    usable = np.ones(15, bool)
    usable[[4, 9]] = False
    looks = find_looks(geometry, usable, x, y, margin_pix=margin)
    star = np.repeat(np.arange(700), np.diff(looks.start))
    expected = {}
    for i in np.flatnonzero(usable):
        px, py = geometry.to_pixels(np.full(700, i), x, y)
        low, high = margin - 0.5, 255.5 - margin
        for s in np.flatnonzero((px >= low) & (py >= low) & (px < high) & (py < high)):
            expected[int(s), int(i)] = px[s], py[s]
    found = {
        (int(s), int(i)): (a, b)
        for s, i, a, b in zip(star, looks.frame, looks.x_pix, looks.y_pix, strict=True)
    }
    assert found.keys() == expected.keys()
    assert (
        np.abs(np.array([found[k] for k in expected]) - np.array(list(expected.values()))).max() < 5e-4
    )  # 1 mas
    assert len(found) == star.size > 500


def test_pixels_an_arcsecond_are_the_derivative_of_the_map():
    geometry = skewed(northward=True)
    place = np.array([30.0]), np.array([400.0])
    looks = find_looks(geometry, np.ones(15, bool), *place)
    for i, px, py in zip(looks.frame, looks.x_pix, looks.y_pix, strict=True):
        frame = np.array([i])
        for axis, (dx, dy) in enumerate(((1.0, 0.0), (0.0, 1.0))):
            there = geometry.to_pixels(frame, place[0] + dx, place[1] + dy)
            moved = np.array([there[0][0] - px, there[1][0] - py])
            assert np.abs(moved - looks.inverse[i][:, axis]).max() < 1e-3


def test_no_stars_and_no_usable_frame():
    geometry = strip(4)
    assert find_looks(geometry, np.ones(4, bool), np.zeros(0), np.zeros(0)).frame.size == 0
    looks = find_looks(geometry, np.zeros(4, bool), np.zeros(1), np.zeros(1))
    assert looks.start.tolist() == [0, 0]
