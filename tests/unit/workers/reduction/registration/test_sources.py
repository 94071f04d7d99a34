"""Sources on single frames: peaks, centroids, saturated stars by Read_1."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from app.instruments.bands import Band
from tests.unit.workers.reduction.calibration.test_cosmic import calibrated
from tests.worlds.small_scan import make_scan
from workers.reduction.frames.values import PixelFlag
from workers.reduction.registration.sources import (
    FRAME_SOURCE_DTYPE,
    Read1Array,
    _saturated_peaks,
    equalise_phases,
    extract_frame_sources,
)


@pytest.fixture(scope="module")
def seen():
    scan = make_scan(frames=4, count=250, seed=31)
    frames = calibrated(scan)
    return scan, frames, extract_frame_sources(frames, scan.raw[Band.J], scan.calibration[Band.J])


def true_pixels(scan, frame):
    x, y = scan.geometry[Band.J].to_pixels(np.full(scan.x_arcsec.size, frame), scan.x_arcsec, scan.y_arcsec)
    inside = (x > 3) & (x < 252) & (y > 3) & (y < 252)
    return np.column_stack([x, y])[inside], scan.flux_dn[inside]


def test_sources_lie_where_stars_are(seen):
    scan, _, table = seen
    assert table.dtype == FRAME_SOURCE_DTYPE
    for frame in range(4):
        rows = table[table["frame"] == frame]
        places, flux = true_pixels(scan, frame)
        distance, nearest = cKDTree(places).query(np.column_stack([rows["x"], rows["y"]]))
        assert (distance < 0.5).mean() > 0.95  # of some 60 sources; the others are blends
        good = distance < 0.5
        assert np.median(distance[good]) < 0.08
        # 3 x 3 pixels hold 0.8 to 0.95 of a star of 1.5 pixels full width.
        assert np.median(rows["flux"][good] / flux[nearest[good]]) == pytest.approx(0.87, abs=0.1)


def test_each_frame_has_its_brightest_first(seen):
    scan, frames, table = seen
    assert (np.diff(table["frame"]) >= 0).all()
    few = extract_frame_sources(frames, scan.raw[Band.J], scan.calibration[Band.J], brightest=7)
    for frame in range(4):
        rows = table[(table["frame"] == frame) & ~table["saturated"]]
        assert (np.diff(rows["flux"]) <= 0.0).all()
        kept = few[(few["frame"] == frame) & ~few["saturated"]]
        assert kept["flux"].tolist() == rows["flux"][:7].tolist()


def test_no_source_holds_a_flagged_pixel(seen):
    scan, frames, table = seen
    for row in table[~table["saturated"]]:
        x, y = round(float(row["x"])), round(float(row["y"]))
        near = frames.flags[row["frame"], y - 1 : y + 2, x - 1 : x + 2]
        assert np.count_nonzero(near) <= 3  # offsets of up to half a pixel may round to the neighbour
    assert scan.calibration[Band.J].mask.any()


def test_a_frame_without_pixels_has_no_sources():
    scan = make_scan(frames=3, count=150, seed=32, missing=(1,))
    frames = calibrated(scan)
    table = extract_frame_sources(frames, scan.raw[Band.J], scan.calibration[Band.J])
    assert set(table["frame"]) == {0, 2}


def test_empty_sky_has_hardly_any_source():
    scan = make_scan(frames=3, count=0, seed=33)
    frames = calibrated(scan)
    assert extract_frame_sources(frames, scan.raw[Band.J], scan.calibration[Band.J]).size < 6


def test_saturated_stars_are_found_on_read_1():
    scan = make_scan(frames=2, count=25, seed=34, bright=(5.6, 6.2))
    frames = calibrated(scan)
    table = extract_frame_sources(frames, scan.raw[Band.J], scan.calibration[Band.J])
    bright = table[table["saturated"]]
    assert bright.size > 10
    for frame in range(2):
        places, flux = true_pixels(scan, frame)
        rows = bright[bright["frame"] == frame]
        distance, nearest = cKDTree(places).query(np.column_stack([rows["x"], rows["y"]]))
        assert (distance < 0.6).mean() > 0.9
        good = distance < 0.6
        # Read_1 times the ratio of the exposures is on the scale of Read_2 - Read_1.
        assert np.median(rows["flux"][good] / flux[nearest[good]]) == pytest.approx(0.87, abs=0.1)


def peaks(read1, flagged=None, mask=None, top=5000.0):
    shape = read1.shape
    flags = np.full(shape, PixelFlag.SATURATED, np.uint8) if flagged is None else flagged
    bad = np.zeros(shape, np.bool_) if mask is None else mask
    array = Read1Array(
        np.full(shape, 100.0, np.float32), np.ones(shape, np.float32), bad, np.full(shape, top, np.float32)
    )
    out = np.empty((50, 5))
    return out[: _saturated_peaks(read1, flags, array, out)]


def star_on_read1(x=10, y=12):
    read1 = np.full((24, 24), 100, np.uint16)
    read1[y - 1 : y + 2, x - 1 : x + 2] += np.array([[10, 60, 20], [60, 400, 80], [10, 60, 20]], np.uint16)
    return read1


def test_a_peak_of_read_1_has_its_moments():
    (row,) = peaks(star_on_read1())
    assert row[:2].tolist() == [10, 12]
    assert row[4] == 720.0
    assert row[2] == pytest.approx((20 + 80 + 20 - 10 - 60 - 10) / 720.0)
    assert row[3] == 0.0


def test_of_equal_pixels_the_first_is_the_peak():
    read1 = star_on_read1()
    read1[12, 11] = read1[13, 10] = read1[12, 10]
    (row,) = peaks(read1)
    assert row[:2].tolist() == [10, 12]


@pytest.mark.parametrize("why", ["not flagged", "masked", "beyond its range", "at the edge"])
def test_what_is_no_peak_of_read_1(why):
    read1, flags, mask, top = star_on_read1(), None, None, 5000.0
    if why == "not flagged":
        flags = np.zeros(read1.shape, np.uint8)
    elif why == "masked":
        mask = np.zeros(read1.shape, np.bool_)
        mask[11, 11] = True
    elif why == "beyond its range":
        top = 450.0
    else:
        read1 = star_on_read1(2, 12)
    assert len(peaks(read1, flags, mask, top)) == 0


def test_phases_are_equalised():
    rng = np.random.default_rng(5)
    true = rng.uniform(-0.5, 0.5, 3000)
    measured = 0.35 * np.tanh(3 * true) + 0.01 * rng.standard_normal(3000)
    found = equalise_phases(measured, np.ones(3000, bool))
    assert np.std(found - true) < 0.03
    few = equalise_phases(measured[:50], np.ones(50, bool))
    assert np.std(few - true[:50]) < 0.1
    assert equalise_phases(measured[:3], np.zeros(3, bool)) == pytest.approx(measured[:3])
