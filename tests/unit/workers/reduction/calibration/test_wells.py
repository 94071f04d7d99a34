"""Wells of pixels: seen where stars fill them, combined over scans, and made a map of what may be used."""

from __future__ import annotations

import numpy as np
import pytest

from app.columns.diagnostics import WELL_DTYPE, no_rows
from app.instruments.bands import Band
from app.instruments.cameras import detector_of
from workers.reduction.calibration.wells import combine_wells, measure_wells, saturation_map, well_departure
from workers.reduction.frames.values import NightCalibration, RawBand

SHAPE, FRAMES, PEDESTAL = (32, 32), 6, 1800.0
DETECTOR = detector_of("sim-s-1", Band.J)
RATIO = 1.0 + DETECTOR.integration_seconds / DETECTOR.read1_seconds


def calibration(mask=None):
    zero = np.zeros(SHAPE, np.float32)
    mask = np.zeros(SHAPE, bool) if mask is None else mask
    return NightCalibration(Band.J, zero + PEDESTAL, zero, zero + 1, mask, zero + 17000, 0.0, {})


def exposed(wells, *, missing=(), peak=4e5, seed=1):
    """Frames that a bright star crosses, one row lower on each; a pixel shows what its well holds and noise."""
    rng = np.random.default_rng(seed)
    y, x = np.indices(SHAPE)
    reads = np.zeros((2, FRAMES, *SHAPE))
    for frame in range(FRAMES):
        light = 300.0 + peak * np.exp(-0.5 * ((x - 15.0) ** 2 + (y - 8.0 - 3 * frame) ** 2) / 2.0)
        charge = np.minimum(light / RATIO, wells), np.minimum(light, wells)
        reads[:, frame] = PEDESTAL + np.array(charge) + 5.0 * rng.standard_normal((2, *SHAPE))
    read1, read2 = np.round(reads).astype(np.uint16)
    absent = np.isin(np.arange(FRAMES), missing)
    ones = np.ones(FRAMES)
    return RawBand(DETECTOR, read1, read2, ones, ones, ones, ones, absent)


@pytest.fixture(scope="module")
def wells():
    """True wells: 19,000 DN, scattered by a fiftieth, one pixel of half."""
    made = 19000.0 * (1.0 + 0.02 * np.random.default_rng(2).standard_normal(SHAPE))
    made[11, 15] = 9000.0
    return made


def test_full_pixels_show_their_wells_and_no_others_do(wells):
    rows = measure_wells(exposed(wells), calibration())
    assert rows.size > 60
    np.testing.assert_allclose(rows["level_dn"], wells[rows["y"], rows["x"]], atol=20.0)
    assert rows["looks"].max() > 1
    low = rows[(rows["x"] == 15) & (rows["y"] == 11)]
    assert low["level_dn"] == pytest.approx([9000.0], abs=20.0)
    # Farther than 4 pixels from the star's way nothing is full.
    assert (np.abs(rows["x"] - 15) <= 4).all()
    assert (np.diff(rows["y"] * SHAPE[1] + rows["x"].astype(int)) > 0).all()


def test_bad_pixels_and_missing_frames_tell_nothing(wells):
    mask = np.zeros(SHAPE, bool)
    mask[11, 15] = True
    rows = measure_wells(exposed(wells, missing=range(1, FRAMES)), calibration(mask))
    assert not ((rows["x"] == 15) & (rows["y"] == 11)).any()
    assert rows["looks"].max() == 1
    assert measure_wells(exposed(wells, missing=range(FRAMES)), calibration()).size == 0


def test_a_cosmic_ray_in_the_first_read_is_below_the_wells(wells):
    quiet = exposed(wells, peak=8000.0)
    quiet.read1_dn[2, 3, 3] += 900
    quiet.read2_dn[2, 3, 3] += 900
    assert measure_wells(quiet, calibration()).size == 0


def table(*rows):
    return np.array([(x, y, level, 1) for x, y, level in rows], WELL_DTYPE)


def test_scans_are_combined_where_they_agree():
    scans = [
        table((1, 2, 19000.0), (5, 5, 8000.0), (7, 7, 15000.0)),
        table((1, 2, 19100.0), (7, 7, 19000.0)),
        table((1, 2, 12000.0), (6, 6, 18500.0)),
        table((6, 6, 18600.0)),
    ]
    level, count = combine_wells(scans, SHAPE)
    assert level[2, 1] == 19000.0
    assert level[6, 6] == 18550.0
    # Once seen, or seen twice otherwise: not known.
    assert np.isnan(level[[5, 7], [5, 7]]).all()
    assert (count[2, 1], count[6, 6], count[5, 5]) == (2, 2, 0)
    assert np.isfinite(level).sum() == 2
    assert np.isnan(combine_wells([no_rows(WELL_DTYPE)], SHAPE)[0]).all()
    np.testing.assert_array_equal(combine_wells(scans[::-1], SHAPE)[0], level)


def test_a_night_whose_wells_moved_departs():
    others = np.full(SHAPE, 19000.0, np.float32)
    others[0] = np.nan
    places = [(x, y) for y in range(4) for x in range(30)]
    moved = table(*((x, y, 19000.0 * 1.03) for x, y in places))
    assert well_departure([moved[:60], moved[60:]], others) == pytest.approx(0.03, abs=1e-4)
    assert np.isnan(well_departure([moved[:60]], others))  # thirty pixels that others know
    assert np.isnan(well_departure([], others))


def test_the_map_lowers_levels_and_never_raises_them(wells):
    plane = np.full(SHAPE, 17000.0, np.float32)
    pedestal = np.full(SHAPE, PEDESTAL, np.float32)
    known = wells.astype(np.float32)
    known[0] = np.nan
    used = saturation_map(plane, pedestal, known)
    assert used[11, 15] == pytest.approx(PEDESTAL + 9000.0 / np.nanmedian(known) * 15200.0, rel=1e-5)
    assert (used <= 17000.0).all()
    assert (used[0] == 17000.0).all()
    assert saturation_map(plane, pedestal, np.full(SHAPE, np.nan, np.float32)) is plane
