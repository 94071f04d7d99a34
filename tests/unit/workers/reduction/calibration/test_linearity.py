"""The curvature of an array from the two reads of its twilight, and frames made linear by it."""

from __future__ import annotations

import numpy as np
import pytest

from app.instruments.bands import Band
from app.instruments.cameras import detector_of
from tests.worlds.small_scan import make_calibration
from workers.reduction.calibration.darks import combine_darks
from workers.reduction.calibration.linearity import linear, linear_frames, measure_linearity
from workers.reduction.calibration.masks import calibrate_night

BEND = 0.010 / 15_000.0**2
SHARE = 0.051 / 1.3


def reads(levels, bend, seed=7):
    """Both reads of frames of some light in 1.3 s, uint16, of an array of 128 x 128 pixels."""
    rng = np.random.default_rng(seed)
    shape = (len(levels), 128, 128)
    pedestal = 1800.0 + 10.0 * np.random.default_rng(8).standard_normal(shape[1:])
    flat = 1.0 + 0.03 * np.random.default_rng(9).standard_normal(shape[1:])
    late = np.asarray(levels)[:, None, None] * flat
    early = SHARE * late
    first, second = early, early + late + rng.standard_normal(shape) * np.sqrt(late / 8.5)
    out = []
    for charge in (first, second):
        response = charge * (1.0 - bend * charge**2)
        out.append(np.rint(pedestal + response + 5.3 * rng.standard_normal(shape)).astype(np.uint16))
    return out[0], out[1]


def measured(levels, bend):
    darks = combine_darks(*reads(np.zeros(12), 0.0, 10))
    return measure_linearity(*reads(levels, bend), darks, np.full((128, 128), 17_000.0, np.float32))


@pytest.mark.parametrize("bend", [0.5 * BEND, BEND, 2.0 * BEND])
def test_the_curvature_is_found_from_a_twilight(bend):
    found = measured(np.geomspace(12_000.0, 1_000.0, 24), bend)
    assert abs(found.bend_per_dn2 - bend) < 3.5 * found.error_per_dn2
    assert found.error_per_dn2 < 0.15 * BEND


def test_a_linear_array_has_none():
    assert measured(np.geomspace(12_000.0, 1_000.0, 24), 0.0).bend_per_dn2 == 0.0


def test_it_is_not_guessed_where_it_cannot_be_measured():
    for levels in (np.geomspace(12_000.0, 1_000.0, 4), np.geomspace(300.0, 100.0, 16), np.full(8, 20_000.0)):
        found = measured(levels, BEND)
        assert found.bend_per_dn2 == 0.0
        assert np.isnan(found.error_per_dn2)


def test_signals_become_charges():
    charge = np.linspace(0.0, 15_000.0, 61, dtype=np.float32)
    response = (charge * (1.0 - BEND * charge.astype(float) ** 2)).astype(np.float32)
    np.testing.assert_allclose(linear_frames(response, BEND), charge, rtol=4e-5, atol=1e-3)
    one = [linear(value, np.float32(BEND)) for value in response]
    np.testing.assert_allclose(one, linear_frames(response, BEND), rtol=1e-6)


def test_a_night_keeps_it():
    darks, flats = reads(np.zeros(12), 0.0, 10), reads(np.geomspace(12_000.0, 1_000.0, 24), BEND)
    night = calibrate_night(detector_of("sim-s-1", Band.J), darks, flats)
    assert night.bend_per_dn2 == pytest.approx(BEND, rel=0.3)
    assert night.metrics["nonlinearity"] == pytest.approx(0.010, abs=0.004)
    assert calibrate_night(detector_of("sim-s-1", Band.J), darks, None).bend_per_dn2 == 0.0
    assert make_calibration(Band.J, np.random.default_rng(1)).bend_per_dn2 == 0.0
