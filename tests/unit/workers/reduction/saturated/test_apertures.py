"""The 4" aperture on one Read_1 frame, against sums in numpy."""

from __future__ import annotations

import numpy as np
import pytest

from workers.reduction.saturated.apertures import _read1_apertures
from workers.reduction.saturated.values import Read1Calibration, Visits

SHAPE = (50, 60)
Y, X = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(float)


@pytest.fixture
def frames():
    rng = np.random.default_rng(7)
    dark = rng.normal(1800.0, 8.0, SHAPE).astype(np.float32)
    flat = rng.normal(1.0, 0.03, SHAPE).astype(np.float32)
    light = rng.normal(60.0, 6.0, (2, *SHAPE))
    light[1] += 9000.0 * np.exp(-0.5 * ((X - 30.3) ** 2 + (Y - 24.6) ** 2) / 0.8)
    read1 = np.rint(dark + flat * light).astype(np.uint16)
    night = Read1Calibration(
        dark, flat, np.zeros(SHAPE, bool), np.full(SHAPE, 17000.0, np.float32), np.float32(0.0)
    )
    return read1, night


def measured(read1, night, x, y, frame=1):
    flux, scatter = np.empty(1), np.empty(1)
    visits = Visits(np.array([frame]), np.array([x]), np.array([y]))
    _read1_apertures(read1, night, visits, flux, scatter)
    return float(flux[0]), float(scatter[0])


def expected(read1, night, x, y, frame=1):
    """Soft-edged circle of 2 pixels over the mean of the ring, which has no stars here."""
    value = (read1[frame] - night.dark) / night.flat
    r = np.hypot(X - x, Y - y)
    weight = np.clip(2.5 - r, 0.0, 1.0)
    ring = value[(r >= 7.0) & (r <= 10.0) & ~night.mask]
    return (weight * (value - ring.mean())).sum(), ring.std() * np.sqrt(weight.sum())


# In the corner the ring has 60 pixels instead of 160.
@pytest.mark.parametrize(("x", "y", "limit"), [(30.3, 24.6, 0.15), (30.0, 25.0, 0.15), (4.2, 45.9, 0.25)])
def test_light_over_the_ring(frames, x, y, limit):
    flux, scatter = measured(*frames, x, y)
    wanted, noise = expected(*frames, x, y)
    # The kernel clips the ring's values at 2.5 sigma: its mean moves by a fraction of its own error.
    assert flux == pytest.approx(wanted, abs=0.05 * noise * 12.6)
    assert scatter == pytest.approx(noise, rel=limit)


def test_each_visit_has_its_frame(frames):
    assert measured(*frames, 30.3, 24.6, 1)[0] > 4e4
    assert abs(measured(*frames, 30.3, 24.6, 0)[0]) < 200.0


def test_a_bad_or_saturated_pixel_within_the_circle_leaves_nothing(frames):
    read1, night = frames
    night.mask[26, 31] = True  # 1.6 pixels away
    assert np.isnan(measured(read1, night, 30.3, 24.6)[0])
    night.mask[:] = False
    night.mask[27, 33] = True  # 3.6 pixels away, between circle and ring
    assert np.isfinite(measured(read1, night, 30.3, 24.6)[0])
    read1[1, 24, 30] = 17001
    assert np.isnan(measured(read1, night, 30.3, 24.6)[0])


def test_flagged_pixels_of_the_ring_do_not_count(frames):
    read1, night = frames
    before = measured(read1, night, 30.3, 24.6)[0]
    hot = np.hypot(X - 38.0, Y - 24.0) < 2.5
    read1[1][hot] += 3000
    night.mask[hot] = True
    assert measured(read1, night, 30.3, 24.6)[0] == pytest.approx(before, abs=30.0)


def test_the_bend_of_the_response_is_made_good(frames):
    read1, night = frames
    straight = measured(read1, night, 30.3, 24.6)[0]
    bend = np.float32(1e-10)
    bent = measured(read1, night._replace(bend=bend), 30.3, 24.6)[0]
    value = (read1[1] - night.dark) * (1.0 + bend * (read1[1] - night.dark) ** 2) / night.flat
    weight = np.clip(2.5 - np.hypot(X - 30.3, Y - 24.6), 0.0, 1.0)
    plain = (read1[1] - night.dark) / night.flat
    assert bent - straight == pytest.approx((weight * (value - plain)).sum(), rel=0.02)
    assert bent > straight
