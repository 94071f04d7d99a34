"""Zero points, extinction, clouds, pointing and lost frames; and that they are not what the pipeline believes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from app.formats.raw_header import ScanType
from app.instruments.bands import BANDS, Band
from app.instruments.cameras import camera_of
from app.observatory.survey.cameras import CONFIGURATIONS
from app.observatory.survey.plan import FieldPlan, NightPlan, SurveyPlan, Visit
from app.observatory.survey.schedule import night_parameters, plan_scans
from app.observatory.survey.weather import band_nights, scan_weather, zero_points

FIELD = FieldPlan("south", "survey", 210.0, -20.0, 20, 2)
STANDARDS = FieldPlan("standards", "calibration", 210.0, 0.0, 12)
NIGHT = NightPlan(
    date(1998, 4, 27), "s", "sim-s-1", visits=(Visit("standards", 0.0, scans=3), Visit("south"))
)
PLAN = SurveyPlan("test", 5, fields=(FIELD, STANDARDS), nights=(NIGHT,))
NIGHTS = [replace(NIGHT, night_date=date(1998, 1, 1) + timedelta(days=3 * day)) for day in range(240)]


@pytest.fixture(scope="module")
def states():
    return [band_nights(PLAN, night) for night in NIGHTS]


def test_zero_points_vary_as_the_real_ones(states):
    offset = {
        band: np.array([s[band].zero_point_mag for s in states])
        - CONFIGURATIONS["sim-s-1"].camera(band).zero_point_mag
        for band in BANDS
    }
    # Seven real nights: J from -0.11 to +0.10, hence about 0.07 rms; a few nights in a year out to 0.2.
    assert 0.055 < offset[Band.J].std() < 0.085
    for band in (Band.H, Band.K):
        assert 0.6 < offset[band].std() / offset[Band.J].std() < 0.95
    assert 3 <= (np.abs(offset[Band.J]) > 0.12).sum() <= 45
    assert 0.12 < np.abs(offset[Band.J]).max() <= 0.2
    assert np.corrcoef(offset[Band.J], offset[Band.K])[0, 1] > 0.5


def test_the_drift_within_a_night_is_up_to_four_hundredths(states):
    drift = np.array([np.ptp(state[Band.J].drift_mag[6:-6]) for state in states])
    assert 0.02 < np.median(drift) < 0.05
    assert drift.max() < 0.1


def test_extinction_follows_the_month(states):
    months = np.array([night.night_date.month for night in NIGHTS])
    for band in BANDS:
        extinction = np.array([state[band].extinction_mag for state in states])
        assert np.mean(extinction[months == 2]) > np.mean(extinction[months == 8]) + 0.006
        assert extinction.min() > 0.01


def test_no_constant_is_the_pipelines():
    """Were both one table, no test of the reduction could find a wrong constant."""
    for identifier, configuration in CONFIGURATIONS.items():
        believed = camera_of(identifier)
        night = replace(NIGHT, site=configuration.site, camera=identifier)
        state = band_nights(PLAN, night)
        for band in BANDS:
            array, true = believed.detector(band), configuration.camera(band)
            assert 0.004 < abs(array.zero_point_mag - true.zero_point_mag) < 0.2
            assert array.extinction_mag != pytest.approx(state[band].extinction_mag, abs=1e-4)
            assert array.rotation_deg != true.rotation_deg
            assert array.saturation_dn != true.well_dn


def test_sites_differ_and_the_exchanged_array_is_another():
    north, south, later = (CONFIGURATIONS[name] for name in ("sim-n-1", "sim-s-1", "sim-n-2"))
    for band in BANDS:
        assert north.camera(band) != south.camera(band)
        same = band is not Band.H
        assert (north.camera(band) == later.camera(band)) == same
        flats = north.detector(band, 5).flat, later.detector(band, 5).flat
        assert np.array_equal(*flats) == same


def conditions_of(night, position):
    scans = plan_scans(PLAN, night)
    return scans[position].scan, scan_weather(PLAN, night, scans[position], 0)


def test_a_cloud_crosses_the_scans_that_the_visit_names_calibration_scans_too():
    cloudy = replace(NIGHT, missing_share=0.0, visits=(
        Visit("standards", 0.0, scans=3, cloud_depth=0.5, clouded_scans=(2,)), Visit("south"),
    ))  # fmt: skip
    depths = [1.0 - conditions_of(cloudy, position)[1].transparency.min() for position in range(2, 7)]
    assert 0.2 < depths[1] < 0.55
    assert max(depths[:1] + depths[2:]) < 0.02
    often = replace(NIGHT, cloud_share=1.0, cloud_depth=0.4)
    assert all(conditions_of(often, position)[1].transparency.min() < 0.9 for position in range(2, 7))


def test_zero_points_hold_extinction_drift_and_cloud():
    scan, conditions = conditions_of(replace(NIGHT, cloud_share=1.0, cloud_depth=0.4), 5)
    state = band_nights(PLAN, NIGHT)[Band.J]
    zero = zero_points(scan, state, conditions, night_parameters(PLAN, NIGHT))
    clear = zero_points(
        scan, state, replace(conditions, transparency=np.ones(20)), night_parameters(PLAN, NIGHT)
    )
    assert np.allclose(clear - zero, -2.5 * np.log10(conditions.transparency))
    low = replace(scan, airmass=scan.airmass + 1.0)
    assert np.allclose(
        clear
        - zero_points(
            low, state, replace(conditions, transparency=np.ones(20)), night_parameters(PLAN, NIGHT)
        ),
        state.extinction_mag,
    )


def test_wrong_pointing_and_lost_frames():
    night = replace(NIGHT, missing_share=0.0, visits=(
        Visit("south", 0.0, missing_frames=(3, 90), pointing_error_arcsec=(420.0, -300.0)),
    ))  # fmt: skip
    scan, conditions = conditions_of(night, 2)
    assert scan.scan_type is ScanType.SURVEY
    east = (conditions.ra_deg - scan.ra_deg) * np.cos(np.radians(scan.decl_deg)) * 3600.0
    north = (conditions.decl_deg - scan.decl_deg) * 3600.0
    assert np.abs(east - 420.0).max() < 10.0
    assert np.abs(north + 300.0).max() < 10.0
    assert np.flatnonzero(conditions.missing).tolist() == [2]
    lossy = replace(NIGHT, missing_share=1.0)
    assert [int(conditions_of(lossy, position)[1].missing.sum()) for position in range(2, 7)] == [1] * 5


def test_seeing_of_a_visit():
    sharp = replace(NIGHT, visits=(Visit("south", 0.0, seeing_arcsec=2.0), Visit("south")))
    assert (
        conditions_of(sharp, 2)[1].seeing_arcsec.mean()
        > conditions_of(sharp, 4)[1].seeing_arcsec.mean() * 1.2
    )
