"""Seeds: peaks among saturated pixels, one a star and frame."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from app.instruments.bands import Band
from tests.unit.workers.reduction.merging.test_read1 import band_frames
from tests.worlds.small_scan import make_scan
from workers.reduction.saturated.seeds import _peak, _seeds, brightest_of_groups, seed_places
from workers.reduction.saturated.values import Read1Calibration

SHAPE = (32, 40)


def plain_calibration():
    ones = np.ones(SHAPE, np.float32)
    return Read1Calibration(0.0 * ones, ones, np.zeros(SHAPE, bool), 1e5 * ones, np.float32(0.0))


def seeds_of(read1, flags, room=64):
    out = np.empty((room, 3))
    count = _seeds(read1, flags, plain_calibration(), out)
    return out[:count]


def test_seeds_are_the_maxima_of_three_by_three_sums_among_saturated_pixels():
    rng = np.random.default_rng(6)
    read1 = rng.integers(0, 50000, SHAPE).astype(np.uint16)
    flags = np.where(rng.random(SHAPE) < 0.5, 2, rng.integers(0, 2, SHAPE)).astype(np.uint8)
    sums = ndimage.convolve(read1.astype(float), np.ones((3, 3)), mode="constant")
    best = (sums == ndimage.maximum_filter(sums, 3)) & (flags & 2 > 0)
    best[:3] = best[-3:] = best[:, :3] = best[:, -3:] = False
    found = seeds_of(read1, flags)
    y, x = np.nonzero(best)
    assert y.size > 10
    np.testing.assert_array_equal(found, np.column_stack([x, y, sums[y, x]]))


def test_there_is_room_for_so_many_and_no_more():
    rng = np.random.default_rng(6)
    read1, flags = rng.integers(0, 50000, SHAPE).astype(np.uint16), np.full(SHAPE, 2, np.uint8)
    everywhere = seeds_of(read1, flags)
    np.testing.assert_array_equal(seeds_of(read1, flags, 4), everywhere[:4])
    assert seeds_of(read1, np.zeros(SHAPE, np.uint8)).size == 0


def test_a_plateau_is_a_peak():
    sums = np.empty((3, 3))
    assert _peak(np.full((5, 5), 7.0), sums)
    assert (sums == 63.0).all()
    slope = np.add.outer(np.arange(5.0), np.arange(5.0))
    assert not _peak(slope, sums)
    assert sums[1, 1] == 9 * 4.0


def test_rows_near_a_brighter_one_go():
    rng = np.random.default_rng(9)
    places = np.column_stack([rng.uniform(0, 60, (200, 2)), rng.uniform(1, 100, 200)])
    kept = brightest_of_groups(places, 3.0)
    assert (np.diff(kept[:, 2]) < 0).all()
    away = np.hypot(*(kept[:, None, :2] - kept[None, :, :2]).transpose(2, 0, 1))
    assert away[~np.eye(len(kept), dtype=bool)].min() > 3.0
    # Who is gone has a brighter row among the kept ones within the radius.
    for x, y, light in places:
        near = np.hypot(kept[:, 0] - x, kept[:, 1] - y) <= 3.0
        assert kept[near, 2].max() >= light
    assert brightest_of_groups(np.zeros((0, 3)), 3.0).shape == (0, 3)


@pytest.fixture(scope="module")
def band():
    scan = make_scan(frames=6, count=20, seed=71, bright=(4.9, 5.3))
    return scan, band_frames(scan)


def test_every_frame_gives_a_seed_of_the_stars_that_saturate_it(band):
    scan, frames = band
    places = seed_places(frames)
    away = np.hypot(places[:, :1] - scan.x_arcsec, places[:, 1:2] - scan.y_arcsec)
    assert away.min(axis=1).max() < 2.5
    assert np.bincount(away.argmin(axis=1)).max() <= 6
    assert (places[:, 2] > 0.0).all()


def test_frames_without_pixels_have_no_seeds(band):
    _, frames = band
    noise = frames.frames.noise_dn.copy()
    frames.frames.noise_dn[:] = 0.0
    assert seed_places(frames).shape == (0, 3)
    frames.frames.noise_dn[:] = noise
    assert frames.raw.detector.band is Band.J
