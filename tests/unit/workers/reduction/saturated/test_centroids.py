"""Centroids on Read_1: the window, the plateau, what spoils a visit, and errors that hold."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.workers.reduction.merging.test_read1 import band_frames
from tests.worlds.frame_stack import gaussian
from tests.worlds.small_scan import make_scan
from workers.reduction.saturated.centroids import (
    REACH_PIX,
    _centroids,
    _connected,
    _look_around,
    _rest,
    _windowed,
    find_centroids,
)
from workers.reduction.saturated.values import CentroidArrays, Read1Calibration, Surroundings, Visits

SHAPE = (64, 64)
Y, X = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(float)


def star(x, y, flux=2e5, sky=100.0, sigma=0.7):
    return sky + flux * gaussian(X - x, Y - y, sigma, sigma)


def calibration(top=1e6):
    ones = np.ones(SHAPE, np.float32)
    return Read1Calibration(0.0 * ones, ones, np.zeros(SHAPE, bool), top * ones, np.float32(0.0))


def counts_of(light):
    return np.minimum(np.rint(light), 65535.0).astype(np.uint16)


def room():
    radii = REACH_PIX + 1
    return Surroundings(np.empty(400, np.float32), np.zeros(radii, np.int64), np.zeros(radii, np.int64))


@pytest.mark.parametrize(("x", "y"), [(30.0, 31.0), (30.5, 31.5), (30.2, 30.9)])
def test_the_window_rests_on_the_star(x, y):
    found_x, found_y, light = _windowed(star(x, y) - 100.0, 0.0, 1.0, np.rint(x), np.rint(y))
    assert np.hypot(found_x - x, found_y - y) < 0.02
    window = np.exp(-0.5 * ((X - x) ** 2 + (Y - y) ** 2))
    assert light == pytest.approx((window * (star(x, y) - 100.0)).sum(), rel=0.01)


def test_the_window_gives_up_on_nothing_and_far_away():
    assert _windowed(np.zeros((21, 21)), 0.0, 1.0, 10.2, 9.7) == (10.2, 9.7, 0.0)
    x, y, _ = _windowed(np.exp(X[:40, :40]), 0.0, 1.0, 20.0, 20.0)  # a slope without an end
    assert 3.0 < np.hypot(x - 20.0, y - 20.0) < 5.0


@pytest.mark.parametrize(
    ("at_radius", "pixels"),
    [([1, 8, 12, 0, 0], 21), ([1, 8, 12, 0, 5], 21), ([0, 0, 0, 3, 3], 0), ([0, 2, 1, 1, 1], 5)],
)
def test_the_plateau_ends_at_the_first_empty_ring(at_radius, pixels):
    assert _connected(np.array(at_radius)) == pixels


def test_what_lies_around_a_place():
    rng = np.random.default_rng(4)
    counts = rng.integers(0, 30000, SHAPE).astype(np.uint16)
    flags = np.where(rng.random(SHAPE) < 0.2, 2, 0).astype(np.uint8)
    night = calibration(20000.0)
    night.mask[:] = rng.random(SHAPE) < 0.05
    night.mask[30, 33] = True
    x0, y0, around = 32.3, 30.6, room()
    count, bad = _look_around(counts, flags, night, x0, y0, around)
    r = np.hypot(X - x0, Y - y0)
    ring = (r >= 7.0) & (r <= 10.0) & ~night.mask
    np.testing.assert_allclose(around.ring[:count], np.minimum(counts, 20000.0)[ring])
    assert bad == (night.mask & (r < 1.3)).sum() > 0
    near = (r < REACH_PIX) & ~night.mask
    for found, wanted in ((around.clipped_at, counts > 20000), (around.saturated_at, flags == 2)):
        bins = np.floor(r[near & wanted] + 0.5).astype(int)
        np.testing.assert_array_equal(found, np.bincount(bins, minlength=REACH_PIX + 1))
    # Counted anew at every place.
    again = around.clipped_at.copy()
    _look_around(counts, flags, night, x0, y0, around)
    np.testing.assert_array_equal(around.clipped_at, again)


@pytest.mark.parametrize(("x", "y"), [(31.3, 32.8), (2.2, 60.9), (61.7, 1.4)])
def test_a_patch_rests_where_the_whole_frame_does(x, y):
    counts, night = counts_of(star(x, y, 5e4)), calibration()
    found = _rest(counts, night, np.rint(x), np.rint(y), 100.0, 1.0)
    whole = _windowed(counts.astype(float), 100.0, 1.0, np.rint(x), np.rint(y))
    np.testing.assert_allclose(found, whole, rtol=1e-9)


def centroids_of(counts, flags, night, x, y):
    out = CentroidArrays(*(np.zeros(1) for _ in CentroidArrays._fields))
    visits = Visits(np.zeros(1, np.int64), np.array([x]), np.array([y]))
    _centroids(counts[None], flags[None], night, visits, out)
    return CentroidArrays(*(float(values[0]) for values in out))


def test_clipped_stars_get_a_wider_window():
    rng = np.random.default_rng(5)
    light = star(31.4, 32.3, 1.5e5) + 5.0 * rng.standard_normal(SHAPE)
    flags = np.where(light > 2000.0, 2, 0).astype(np.uint8)
    whole = centroids_of(counts_of(light), flags, calibration(), 31.0, 32.0)
    clipped = centroids_of(counts_of(light), flags, calibration(5000.0), 31.0, 32.0)
    assert (whole.clipped, whole.faults) == (0.0, 0.0)
    assert clipped.clipped == (counts_of(light) > 5000).sum() > 4
    assert clipped.saturated == whole.saturated == (flags > 0).sum()
    for found, limit in ((whole, 0.02), (clipped, 0.2)):
        assert np.hypot(found.x_pix - 31.4, found.y_pix - 32.3) < limit
    window = np.exp(-0.5 * ((X - 31.4) ** 2 + (Y - 32.3) ** 2))
    # The noise of the window's sum: sigma times the root of the sum of its squares, pi of a width of one pixel. The
    # sigma of 160 pixels is the smaller one of two estimates.
    snr = (window * (light - 100.0)).sum() / (5.0 * np.sqrt(np.pi))
    assert whole.snr == pytest.approx(snr, rel=0.3)


def test_faults_are_bad_pixels_and_cut_windows():
    flags, night = np.zeros(SHAPE, np.uint8), calibration()
    night.mask[32, 31] = night.mask[32, 40] = True
    assert centroids_of(counts_of(star(31.0, 32.0)), flags, night, 31.0, 32.0).faults == 1.0
    assert centroids_of(counts_of(star(1.3, 20.0)), flags, night, 1.3, 20.0).faults == 1.0
    assert centroids_of(counts_of(star(20.0, 20.0)), flags, night, 20.0, 20.0).faults == 0.0


@pytest.fixture(scope="module")
def band():
    scan = make_scan(frames=8, count=40, seed=72, bright=(4.4, 5.2))
    return scan, band_frames(scan)


def test_errors_of_places_hold(band):
    scan, frames = band
    places = np.column_stack([scan.x_arcsec, scan.y_arcsec, scan.flux_dn])
    found = find_centroids(frames, places)
    assert found.agrees.mean() > 0.9
    for axis in ("x_arcsec", "y_arcsec"):
        error = (getattr(found, axis) - getattr(scan, axis)[found.seed])[found.agrees]
        pull = error / found.sigma_arcsec[found.agrees]
        # The floor is for real profiles: Gaussians in white noise are placed four times better.
        assert 0.1 < np.std(pull) < 1.0
        assert np.abs(pull).max() < 4.0
    assert (found.sigma_arcsec >= 0.05 * 2.0 - 1e-9).all()
    assert not found.clipped.any()
    assert (found.core_arcsec[scan.flux_dn[found.seed] > 1.2e5] > 0.0).all()


def test_empty_sky_does_not_agree(band):
    scan, frames = band
    rng = np.random.default_rng(3)
    x, y = rng.uniform(-200, 200, 300), rng.uniform(100, 500, 300)
    away = np.hypot(x[:, None] - scan.x_arcsec, y[:, None] - scan.y_arcsec).min(axis=1) > 25.0
    found = find_centroids(frames, np.column_stack([x, y, x])[away])
    assert found.seed.size > 300
    assert not found.agrees.any()


def test_frames_without_pixels_are_not_asked(band):
    scan, frames = band
    places = np.column_stack([scan.x_arcsec, scan.y_arcsec, scan.flux_dn])
    before, noise = find_centroids(frames, places), frames.frames.noise_dn.copy()
    frames.frames.noise_dn[3] = 0.0
    after = find_centroids(frames, places)
    frames.frames.noise_dn[:] = noise
    assert 0 < after.seed.size < before.seed.size
