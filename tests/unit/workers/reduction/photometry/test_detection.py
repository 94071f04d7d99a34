"""Detection: complete, clean, and blind to what is wider than a star."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from tests.worlds.frame_stack import blank, gaussian_psf, paint, strip
from workers.reduction.frames.grid import strip_grid
from workers.reduction.frames.looks import find_looks
from workers.reduction.photometry.bound import cramer_rao
from workers.reduction.photometry.detection import PeakFinder
from workers.reduction.photometry.residual import background_free

FRAMES = 16
HEIGHT = 83.25 * (FRAMES - 1)
GEOMETRY = strip(FRAMES)


def stars_at(snr):
    """Isolated stars, 20" apart, that six looks show at a signal-to-noise ratio; the strip's ends have fewer."""
    rng = np.random.default_rng(41)
    grid = np.meshgrid(np.arange(-230, 231.0, 20.0), np.arange(230, HEIGHT - 230, 20.0))
    x, y = (a.ravel() + rng.uniform(-3, 3, a.size) for a in grid)
    order = np.argsort(y)
    x, y = x[order], y[order]
    frames, psf = blank(FRAMES, gain=1e9), gaussian_psf(FRAMES)
    looks = find_looks(GEOMETRY, np.ones(FRAMES, bool), x, y)
    bound = cramer_rao(frames, psf, looks, np.full(x.size, 100.0))
    flux = rng.uniform(*snr, x.size) * bound.flux_dn
    return x, y, flux


def residual_of(x, y, flux, seed=42, extra=None):
    frames = blank(FRAMES, gain=1e9, rng=np.random.default_rng(seed))
    paint(frames, GEOMETRY, x, y, flux)
    residual = background_free(frames)
    if extra is not None:
        residual += extra
    return frames, residual


def find(frames, residual, threshold=4.0):
    return PeakFinder(strip_grid(GEOMETRY)).find(frames.arrays(residual), GEOMETRY, threshold)


def matches(peaks, x, y, radius=2.0):
    away, near = cKDTree(np.column_stack([peaks.x_arcsec, peaks.y_arcsec])).query(np.column_stack([x, y]))
    return away < radius, near


def test_isolated_stars_of_snr_7_to_8_are_found():
    x, y, flux = stars_at((7.0, 8.0))
    peaks = find(*residual_of(x, y, flux))
    found, near = matches(peaks, x, y)
    assert x.size > 900
    assert found.mean() >= 0.99
    # Places of the peaks start the fits; fluxes are those of the filter.
    assert np.median(np.hypot(peaks.x_arcsec[near] - x, peaks.y_arcsec[near] - y)[found]) < 0.4
    ratio = peaks.flux_dn[near][found] / flux[found]
    assert np.median(ratio) == pytest.approx(1.0, abs=0.15)
    # Whole arcseconds and one width for all seeing cost an eighth of the signal at most.
    assert 7.5 / 1.15 < np.median(peaks.snr[near][found]) < 7.7
    assert (np.diff(np.floor(peaks.y_arcsec)) >= -1).all()


def test_the_empty_sky_shows_nothing_above_five_and_a_half():
    nothing = np.zeros(0)
    total = 0
    for seed in (43, 44, 45):
        peaks = find(*residual_of(nothing, nothing, nothing, seed))
        assert not (peaks.snr > 5.5).any()
        total += peaks.snr.size
    # A Gaussian field filtered with sigma 1.25" has 2.7e-5 peaks above 4 sigma a square arcsecond.
    area = 3 * 512.0 * (HEIGHT + 512.0)
    assert total < 2.5 * 2.7e-5 * area


def test_false_peaks_beside_stars_are_few():
    x, y, flux = stars_at((7.0, 40.0))
    peaks = find(*residual_of(x, y, flux))
    away, _ = cKDTree(np.column_stack([x, y])).query(np.column_stack([peaks.x_arcsec, peaks.y_arcsec]))
    assert np.count_nonzero(away > 3.0) < 0.1 * x.size


def test_airglow_changes_nothing():
    """What the frames' mesh leaves of waves 500" to 600" long, a tenth of the noise: the same stars, no more."""
    x, y, flux = stars_at((6.0, 30.0))
    yy, xx = np.mgrid[:256, :256]
    frame = np.arange(FRAMES)[:, None, None]
    sky_y = 2.0 * yy[None] + GEOMETRY.y_arcsec[:, None, None]
    glow = 1.0 * np.sin(2 * np.pi * sky_y / 600.0) + 0.7 * np.cos(
        2 * np.pi * (2.0 * xx[None] + frame) / 500.0
    )
    quiet, bright = (
        find(*residual_of(x, y, flux)),
        find(*residual_of(x, y, flux, extra=glow.astype(np.float32))),
    )
    assert bright.snr.size == pytest.approx(quiet.snr.size, rel=0.02)
    same, _ = matches(bright, quiet.x_arcsec, quiet.y_arcsec, 0.5)
    assert same[quiet.snr > 5.0].mean() > 0.99
    assert matches(bright, x, y)[0].mean() > matches(quiet, x, y)[0].mean() - 0.005


def test_flagged_pixels_and_missing_frames_make_no_peaks():
    nothing, rng = np.zeros(0), np.random.default_rng(46)
    frames, residual = residual_of(nothing, nothing, nothing)
    hot = rng.integers(0, 256, (2, 300))
    frames.flags[:, hot[0], hot[1]] = 1
    residual[:, hot[0], hot[1]] = 5000.0
    residual[7] = 1e4
    frames.noise_dn[7] = 0.0
    assert not (find(frames, residual).snr > 5.5).any()


def test_no_usable_frame_shows_nothing():
    frames = blank(FRAMES)
    frames.noise_dn[:] = 0.0
    assert find(frames, np.zeros_like(frames.pixels_dn)).snr.size == 0


def test_a_finder_forgets_what_it_saw():
    x, y, flux = stars_at((10.0, 30.0))
    finder, nothing = PeakFinder(strip_grid(GEOMETRY)), np.zeros(0)
    frames, residual = residual_of(x, y, flux)
    first = finder.find(frames.arrays(residual), GEOMETRY, 4.0)
    empty = residual_of(nothing, nothing, nothing)
    finder.find(empty[0].arrays(empty[1]), GEOMETRY, 4.0)
    again = finder.find(frames.arrays(residual), GEOMETRY, 4.0)
    for name in ("x_arcsec", "y_arcsec", "flux_dn", "snr"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
