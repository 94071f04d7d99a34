"""Standards on scans: which detection is which star, and what scans and sets say."""

from __future__ import annotations

import numpy as np
import pytest

from app.parameters.calibration import CalibrationParameters
from app.parameters.solution import SolutionParameters
from workers.reduction.solution.standards import (
    Detections,
    Measured,
    ScanOffset,
    Standards,
    good_measurements,
    match_standards,
    scan_offset,
    set_offset,
)

PARAMETERS = CalibrationParameters()
BOTH = (PARAMETERS, SolutionParameters())
ARCSEC = 1 / 3600


def standards(*positions):
    ra, decl = np.array(positions, float).T
    return Standards(ra, decl, np.full((3, ra.size), 12.0), np.full((3, ra.size), 0.01))


def detections(*rows):
    """Rows of scan, right ascension, declination, magnitude."""
    scan, ra, decl, mag = np.array(rows, float).T
    shape = (3, scan.size)
    return Detections(
        scan.astype(int),
        ra,
        decl,
        np.tile(mag, (3, 1)),
        np.full(shape, 0.005),
        np.ones(shape, bool),
        np.ones(shape, bool),
    )


def test_a_star_is_found_on_each_scan_across_the_meridian():
    found = detections((0, 359.9999, -30, 11.9), (2, 0.0001, -30, 12.2), (2, 10, -30, 11))
    measured = match_standards(found, standards((0.0, -30.0), (50.0, 0.0)), PARAMETERS)
    assert (measured.scan.tolist(), measured.star.tolist()) == ([0, 2], [0, 0])
    assert measured.difference_mag[0] == pytest.approx([0.1, -0.2])
    assert measured.sigma_mag[0] == pytest.approx(np.hypot(0.005, 0.01))


@pytest.mark.parametrize(
    ("away_arcsec", "matched"),
    [(None, 1), (1.0, 0), (7.0, 0), (9.0, 1)],
    ids=["alone", "double", "near", "far"],
)
def test_a_star_with_a_neighbour_is_left_out(away_arcsec, matched):
    rows = [(0, 10.0, 0.0, 12.0)]
    if away_arcsec is not None:
        rows.append((0, 10.0, away_arcsec * ARCSEC, 14.0))
    assert match_standards(detections(*rows), standards((10.0, 0.0)), PARAMETERS).star.size == matched


def test_neighbours_that_are_faint_or_only_a_limit_do_not_matter():
    faint = detections((0, 10.0, 0.0, 12.0), (0, 10.0, 6 * ARCSEC, 16.5))
    assert match_standards(faint, standards((10.0, 0.0)), PARAMETERS).star.size == 1
    limit = detections((0, 10.0, 0.0, 12.0), (0, 10.0, 6 * ARCSEC, 13.0))
    limit.seen[0, 1] = False
    measured = match_standards(limit, standards((10.0, 0.0)), PARAMETERS)
    assert np.isfinite(measured.difference_mag[:, 0]).tolist() == [True, False, False]


def test_a_detection_too_far_off_is_another_star():
    found = detections((0, 10.0, 2.5 * ARCSEC, 12.0))
    assert match_standards(found, standards((10.0, 0.0)), PARAMETERS).star.size == 0


def test_a_band_that_is_of_no_use_is_nan_and_others_stay():
    found = detections((0, 10.0, 0.0, 12.0))
    found.usable[1] = False
    stars = standards((10.0, 0.0))
    stars.mag[2] = np.nan
    measured = match_standards(found, stars, PARAMETERS)
    assert np.isfinite(measured.difference_mag[:, 0]).tolist() == [True, False, False]
    found.usable[0] = False
    assert match_standards(found, stars, PARAMETERS).star.size == 0


def measurements(values, sigma=0.01):
    values = np.array(values, float)
    table = np.tile(values, (3, 1))
    return Measured(np.zeros(values.size, int), np.arange(values.size), table, np.full(table.shape, sigma))


def test_one_wrong_star_hardly_moves_a_scan():
    clean = scan_offset(measurements([0.1] * 12), 0, 0, PARAMETERS)
    wrong = scan_offset(measurements([0.1] * 11 + [0.9]), 0, 0, PARAMETERS)
    assert clean == pytest.approx((0.1, 0.01 / np.sqrt(12), 12))
    assert abs(wrong.offset_mag - 0.1) < 0.004  # 0.067 without robust weights


def test_too_few_stars_and_scans_without_any_say_nothing():
    assert np.isnan(scan_offset(measurements([0.1, 0.1]), 0, 0, PARAMETERS).offset_mag)
    assert scan_offset(measurements([0.1] * 3), 1, 0, PARAMETERS).stars == 0


def test_the_error_grows_with_a_scatter_beyond_the_stated_errors():
    random = np.random.default_rng(5)
    values = random.normal(0, 0.03, 400)
    stated = scan_offset(measurements(values / 3), 0, 0, PARAMETERS).error_mag
    wide = scan_offset(measurements(values), 0, 0, PARAMETERS).error_mag
    assert wide > 1.5 * stated


def scans(*offsets):
    return [ScanOffset(offset, 0.003, 20) for offset in offsets]


@pytest.mark.parametrize(
    ("offsets", "cloudy", "usable"),
    [
        ((0.05, 0.052, 0.049), 0, True),
        ((0.05, 0.2, -0.1), 0, False),
        ((0.6, 0.601, 0.599), 0, False),
        ((0.05, 0.052, 0.049), 2, False),
        ((0.05,), 0, True),
        ((np.nan, 0.05), 0, True),
        ((np.nan, np.nan), 0, False),
    ],
    ids=["clear", "scatter", "far off", "clouds", "lone", "half", "nothing"],
)
def test_which_sets_are_usable(offsets, cloudy, usable):
    assert set_offset(scans(*offsets), (20, 0.01), cloudy, BOTH).usable is usable


def test_a_set_has_the_error_of_its_field_and_standards():
    said = set_offset(scans(*[0.05] * 6), (25, 0.02), 0, BOTH)
    own = (0.003**2 + 0.003**2) / 6
    assert said.error_mag == pytest.approx(np.sqrt(own + 0.02**2 / 25 + 0.006**2))
    assert (said.scans, said.stars, said.scatter_mag) == (6, 25, pytest.approx(0.0, abs=1e-12))
    assert np.isnan(set_offset(scans(0.05), (25, 0.02), 0, BOTH).scatter_mag)


@pytest.mark.parametrize(
    ("snr", "psfchi", "edge", "good"),
    [
        (100, 1.2, 50, True),
        (19, 1.2, 50, False),
        (100, 6, 50, False),
        (550, 40, 50, True),
        (550, 60, 50, False),
        (100, 1.2, 9, False),
        (np.nan, 1.2, 50, False),
        (100, np.nan, 50, False),
    ],
)
def test_which_measurements_are_good_enough(snr, psfchi, edge, good):
    """Clean stars of SNR 550 have chi squared to 40, blends 60 and more."""
    arrays = (np.array([float(value)]) for value in (snr, psfchi, edge))
    assert good_measurements(*arrays, PARAMETERS).tolist() == [good]
