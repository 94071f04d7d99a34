"""Cosmic rays and trails: found, and nothing else."""

from __future__ import annotations

import numpy as np

from app.instruments.bands import Band
from tests.worlds.small_scan import make_scan
from workers.reduction.calibration.calibrate import calibrate
from workers.reduction.calibration.cosmic import find_trails, flag_transients
from workers.reduction.calibration.frame_background import measure_background
from workers.reduction.frames.values import CalibratedFrames, PixelFlag


def calibrated(scan, band=Band.J):
    pixels, flags = calibrate(scan.raw[band], scan.calibration[band])
    mesh, noise, _ = measure_background(pixels, flags, passes=2, sky_offset=False)
    return CalibratedFrames(scan.raw[band].detector, pixels, flags, mesh, noise)


def test_hits_are_found_and_stars_are_not():
    scan = make_scan(frames=14, count=500, seed=21, hits=20, bright=(2.5, 5.0))
    frames = calibrated(scan)
    metrics = flag_transients(frames, scan.geometry[Band.J])
    cosmic = (frames.flags & PixelFlag.COSMIC) > 0
    frame, y, x = scan.hits[Band.J].T
    inner = (frame >= 3) & (frame <= 10)  # places that at least three frames see
    good = inner & ~scan.calibration[Band.J].mask[y, x]
    # 300 DN are 28 sigma; what is missed lies on stars
    assert cosmic[frame, y, x][good].mean() > 0.93
    struck = np.zeros_like(cosmic)
    struck[frame, y, x] = True
    assert np.count_nonzero(cosmic & ~struck) <= 1
    assert metrics["trails"] == 0.0


def test_a_scan_without_hits_has_none():
    scan = make_scan(frames=10, count=400, seed=22)
    frames = calibrated(scan)
    flag_transients(frames, scan.geometry[Band.J])
    assert not (frames.flags & PixelFlag.COSMIC).any()


def meteor(image, angle_deg, through, peak=260.0, sigma=2.2):
    yy, xx = np.mgrid[:256, :256]
    angle = np.radians(angle_deg)
    across = -np.sin(angle) * (xx - through[0]) + np.cos(angle) * (yy - through[1])
    image += peak * np.exp(-0.5 * (across / sigma) ** 2)
    return np.abs(across)


def test_a_meteor_is_blanked_over_its_width_and_length():
    scan = make_scan(frames=12, count=150, seed=23)
    frames = calibrated(scan)
    across = meteor(frames.pixels_dn[5], 33.0, (120, 140))
    frames.pixels_dn[5][frames.flags[5] != 0] = 0.0
    metrics = flag_transients(frames, scan.geometry[Band.J])
    trail = (frames.flags[5] & (PixelFlag.TRAIL | PixelFlag.COSMIC)) > 0
    assert metrics["trails"] == 1.0
    assert trail[across < 2.0].mean() > 0.97
    assert trail[across < 4.0].mean() > 0.95
    assert trail[across > 12.0].mean() < 0.002
    others = np.delete(frames.flags, 5, axis=0)
    assert not (others & PixelFlag.TRAIL).any()


def test_two_lines_are_two_and_scattered_pixels_none():
    rng = np.random.default_rng(1)
    t = np.arange(0, 200.0, 1.0)
    x = np.r_[20 + 0.9 * t, 200 - 0.1 * t] + rng.normal(0, 1, 400)
    y = np.r_[30 + 0.4 * t, 20 + 0.95 * t] + rng.normal(0, 1, 400)
    assert len(find_trails(x, y, (256, 256))) == 2
    assert find_trails(rng.uniform(0, 256, 60), rng.uniform(0, 256, 60), (256, 256)) == []
    cluster = rng.normal(100, 2, (2, 60))  # a blob is no line
    assert find_trails(*cluster, (256, 256)) == []
