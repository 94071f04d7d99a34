"""How many stars a group has: each as many as were painted, from wrong starts, and no more."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.workers.reduction.photometry.test_joint_fit import NOISE, GroupField

BRIGHT = 4000.0  # SNR 180 alone


@pytest.mark.parametrize("separation", [1.5, 2.0, 2.5, 3.0])
def test_two_stars_are_found_from_one(separation):
    field = GroupField(separation, (BRIGHT, BRIGHT))
    found = field.fit(
        field.x.mean(axis=1, keepdims=True),
        field.y.mean(axis=1, keepdims=True),
        np.full((121, 1), 2 * BRIGHT),
        search=True,
    )
    assert (found.members == 2).mean() > 0.98
    light = found.star[found.members == 2, :2, 0]
    assert np.median(light) == pytest.approx(BRIGHT, rel=0.01)
    assert light.std() < 0.06 * BRIGHT


def test_a_star_alone_stays_one():
    for seed in range(5):
        field = GroupField(2.0, (BRIGHT,), seed=seed)
        found = field.fit_near(search=True)
        assert (found.members == 1).all()


@pytest.mark.parametrize("lobes", [(-1.75, 0.0, 2.26), (-2.6, 0.0, 2.6)])
def test_three_in_a_line_become_the_two_that_they_are(lobes):
    """What residual peaks on both sides of an unresolved pair leave: a star in the middle, and two lobes."""
    field = GroupField(2.0, (BRIGHT, BRIGHT))
    along = np.column_stack([field.x[:, 1] - field.x[:, 0], field.y[:, 1] - field.y[:, 0]]) / 2.0
    side = np.array(lobes)
    x = field.middle_x[:, None] + side * along[:, :1]
    y = field.middle_y[:, None] + side * along[:, 1:]
    found = field.fit(x, y, np.tile(np.array([0.47, 0.74, 0.69]) * BRIGHT, (121, 1)), search=True)
    assert (found.members == 2).mean() > 0.98
    good = found.members == 2
    away = np.hypot(
        found.star[good, :2, 1][:, :, None] + field.middle_x[good, None, None] - field.x[good][:, None, :],
        found.star[good, :2, 2][:, :, None] + field.middle_y[good, None, None] - field.y[good][:, None, :],
    ).min(axis=1)
    assert np.quantile(away, 0.99) < 0.2


def test_three_true_stars_are_kept():
    field = GroupField(2.6, (BRIGHT, 0.7 * BRIGHT, BRIGHT))
    assert (field.fit_near(search=True).members == 3).mean() > 0.98


def test_light_that_one_frame_saw_is_no_star():
    """A cosmic ray beside a star on one of six frames: dropped from the pixels, no companion."""
    field = GroupField(2.0, (BRIGHT,))
    px, py = field.geometry.to_pixels(np.full(121, 2), field.x[:, 0], field.y[:, 0])
    field.frames.pixels_dn[2, np.rint(py).astype(int), np.rint(px).astype(int) + 1] += 60.0 * NOISE
    found = field.fit_near(search=True)
    assert (found.members == 1).mean() > 0.958
    pull = (found.star[:, 0, 0] - BRIGHT) / found.error[:, 0, 0]
    assert abs(np.median(pull)) < 0.3
    assert np.median(found.chi2[:, 0]) < 1.3


def test_light_below_the_evidence_gives_no_star():
    """A companion of 1.5 errors is dropped, its light given to the neighbour."""
    field = GroupField(2.5, (BRIGHT, 30.0))
    found = field.fit_near(search=True)
    assert (found.members == 1).mean() > 0.95
