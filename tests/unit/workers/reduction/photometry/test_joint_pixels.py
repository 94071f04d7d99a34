"""Pixels of a group on all its looks, and the light of its stars in them, against stamps placed one by one."""

from __future__ import annotations

import numpy as np
import pytest

from tests.worlds.frame_stack import blank, gaussian_psf, stamp_at, strip
from workers.reduction.frames.looks import find_looks
from workers.reduction.photometry.joint_pixels import draw_group, gather_group, sum_group
from workers.reduction.photometry.joint_values import Groups, JointScene, JointWork

FRAMES = 12
LIGHT = (1000.0, 700.0)
ERROR = 0.01


def group_of(offsets):
    """Scene and work space of one group of stars at offsets (arcsec) from a place in the middle of the strip."""
    geometry, psf = strip(FRAMES), gaussian_psf(FRAMES)
    psf.error[:] = ERROR
    frames = blank(FRAMES, rng=np.random.default_rng(7))
    looks = find_looks(geometry, np.ones(FRAMES, np.bool_), np.array([3.3]), np.array([400.2]))
    scene = JointScene(frames.arrays(), psf.arrays(all_slopes=True), looks)
    star = np.column_stack([np.resize(LIGHT, len(offsets)), offsets])
    groups = Groups(np.array([0, len(offsets)]), star, np.ones(1), np.zeros(1, np.bool_))
    return scene, groups, JointWork.of(psf.nodes.shape[0]), psf


def places(scene, work, offset):
    """Window pixels of a star at an offset on all looks, (looks, 2)."""
    return np.array([
        work.stamps.origin[k] + scene.looks.inverse[frame] @ np.asarray(offset)
        for k, frame in enumerate(scene.looks.frame)
    ])  # fmt: skip


def stamped(psf, work, look, place):
    """Model and its slopes with the star's pixels, (3, pixels of a look), from one stamp."""
    jx, jy = (int(np.floor(p + 0.5)) for p in place)
    own = slice(work.pixels.first[look], work.pixels.first[look + 1])
    row, column = work.pixels.row[own] - jy + 3, work.pixels.column[own] - jx + 3
    inside = (row >= 0) & (row < 7) & (column >= 0) & (column < 7)
    value = stamp_at(psf, place[0] - jx, place[1] - jy)
    return np.where(inside, value[np.clip(row, 0, 6), np.clip(column, 0, 6)], 0.0)


def test_pixels_are_those_near_a_star_that_are_good():
    scene, groups, work, _ = group_of([(-0.7, 0.1), (2.7, -0.6)])
    size = gather_group(scene, groups, 0, work)
    assert size[0] == scene.looks.frame.size == 6
    assert work.pixels.first[6] == size[1]
    lost = (work.pixels.row[0], work.pixels.column[0])
    for k in range(6):
        own = slice(work.pixels.first[k], work.pixels.first[k + 1])
        kept = set(zip(work.pixels.row[own].tolist(), work.pixels.column[own].tolist(), strict=True))
        near = set()
        for offset in groups.star[:, 1:]:
            x, y = places(scene, work, offset)[k]
            near |= {
                (r, c) for r in range(20) for c in range(20) if (c - x) ** 2 + (r - y) ** 2 <= 6.3
            }  # fmt: skip
        assert kept == near
    frame = int(scene.looks.frame[0])
    left, low = np.rint(
        [scene.looks.x_pix[0], scene.looks.y_pix[0]] - work.stamps.origin[0]
    ).astype(int)  # fmt: skip
    scene.frames.flags[frame, low + lost[0], left + lost[1]] = 1
    assert gather_group(scene, groups, 0, work)[1] == size[1] - 1
    assert (work.pixels.row[0], work.pixels.column[0]) != lost


def test_groups_whose_stamps_span_too_much_are_left_out():
    for reach, looks in ((8.0, 6), (12.0, 0)):
        scene, groups, work, _ = group_of([(-reach, 0.0), (reach, 0.0)])
        assert gather_group(scene, groups, 0, work)[0] == looks


@pytest.mark.parametrize("moved", [(0.0, 0.0), (0.02, -0.03), (0.9, -1.3)])
def test_the_light_of_stars_is_that_of_their_stamps(moved):
    """Drawn once, then moved: by less than the slack, and by more than a pixel of their first stamps."""
    scene, groups, work, psf = group_of([(-0.7, 0.1), (0.8, -0.2)])
    size = gather_group(scene, groups, 0, work)
    work.sums.trial[:6] = groups.star.ravel()
    draw_group(scene, work, size, 2, 0.05)
    work.sums.trial[1:3] += moved
    draw_group(scene, work, size, 2, 0.05)
    total, ignorance = np.zeros(size[1]), np.zeros(size[1])
    for star in range(2):
        offset = work.sums.trial[3 * star + 1 : 3 * star + 3]
        light = np.concatenate([
            stamped(psf, work, k, place) for k, place in enumerate(places(scene, work, offset))
        ])  # fmt: skip
        # A stamp one phase off is right to 1e-3 of the peak of .33.
        np.testing.assert_allclose(work.pixels.slopes[3 * star, : size[1]], light, atol=4e-4)
        total += LIGHT[star] * light
        ignorance += np.where(light != 0.0, (LIGHT[star] * ERROR) ** 2, 0.0)
    np.testing.assert_allclose(work.pixels.model[: size[1]], total, atol=0.6)
    np.testing.assert_allclose(work.pixels.ignorance[: size[1]], ignorance, rtol=1e-5)


def test_slopes_are_those_of_the_light():
    scene, groups, work, _ = group_of([(-0.7, 0.1), (0.8, -0.2)])
    size = gather_group(scene, groups, 0, work)
    step = 0.02
    for axis in (1, 2):
        drawn = []
        for change in (-step, step, 0.0):
            work.sums.trial[:6] = groups.star.ravel()
            work.sums.trial[3 + axis] += change
            # The slack keeps the stamps: across phases the light itself has small steps.
            draw_group(scene, work, size, 2, 1.0)
            drawn.append(work.pixels.model[: size[1]].astype(float))
        slope = work.pixels.slopes[3 + axis, : size[1]]
        np.testing.assert_allclose((drawn[1] - drawn[0]) / (2.0 * step), slope, atol=0.05)
        assert np.abs(slope).max() > 50.0


def test_sums_are_those_of_numpy():
    scene, groups, work, _ = group_of([(-0.7, 0.1), (0.8, -0.2)])
    size = gather_group(scene, groups, 0, work)
    work.sums.trial[:6] = groups.star.ravel()
    draw_group(scene, work, size, 2, 0.05)
    work.pixels.use[5] = 0.0
    chi2 = sum_group(work, size, 2, 0.125)
    n = size[1]
    slopes = work.pixels.slopes[:6, :n].astype(float)
    model = work.pixels.model[:n].astype(float)
    rest = work.pixels.data[:n] - model
    variance = work.pixels.sky[:n] + np.maximum(model, 0.0) * 0.125 + work.pixels.ignorance[:n]
    weight = work.pixels.use[:n] / variance
    np.testing.assert_allclose(
        np.tril(work.sums.matrix[:6, :6]), np.tril((slopes * weight) @ slopes.T), rtol=1e-4
    )
    np.testing.assert_allclose(work.sums.right[:6], slopes @ (weight * rest), rtol=1e-4, atol=1e-3)
    assert chi2 == pytest.approx((weight * rest**2).sum(), rel=1e-4)
    by_look = np.add.reduceat(weight * rest**2, work.pixels.first[: size[0]])
    np.testing.assert_allclose(work.sums.look[: size[0]], by_look, rtol=1e-4)
