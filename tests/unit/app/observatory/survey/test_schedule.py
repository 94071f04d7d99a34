"""What a night of a survey does, when and in which direction."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from app.formats.raw_header import ScanType
from app.observatory.survey.plan import FieldPlan, NightPlan, SurveyPlan, Visit
from app.observatory.survey.schedule import ScheduleError, plan_scans, tiles_of

CAP = FieldPlan("cap", "survey", 192.9, 27.1, 8, 3, 2)
SOUTH = FieldPlan("south", "survey", 200.0, -20.0, 8, 2)
STANDARDS = FieldPlan("standards", "calibration", 210.0, 0.0, 7)
ZERO = FieldPlan("zero", "survey", 0.0, 10.0, 8, 2)
NIGHT = NightPlan(
    date(1998, 4, 27),
    "s",
    "sim-s-1",
    visits=(Visit("standards", -0.5, scans=6), Visit("cap", tiles=(1, 3)), Visit("south", 1.5)),
)
PLAN = SurveyPlan("test", 5, fields=(CAP, SOUTH, STANDARDS, ZERO), nights=(NIGHT,))


def test_scans_are_numbered_in_time_and_alternate():
    scans = [item.scan for item in plan_scans(PLAN, NIGHT)]
    assert [scan.scan for scan in scans] == list(range(1, 13))
    assert [scan.start for scan in scans] == sorted(scan.start for scan in scans)
    assert [scan.scan_type.value for scan in scans] == ["dar", "flt"] + 6 * ["cal"] + 4 * ["sci"]
    directions = [scan.direction for scan in scans if scan.scan_type.on_sky]
    assert directions == ["n", "s"] * 5
    for scan in scans[2:]:
        assert (np.diff(scan.decl_deg) > 0).all() == (scan.direction == "n")
        assert scan.airmass.min() >= 1.0


def test_a_visit_begins_at_its_hour_angle():
    scans = [item.scan for item in plan_scans(PLAN, NIGHT)]
    # Sidereal time goes 15.04 degrees an hour: half an hour before the meridian the field is 7.5 degrees east of it.
    low = replace(NIGHT, visits=(Visit("standards", 0.0),))
    meridian = plan_scans(PLAN, low)[2].scan.start
    assert abs((meridian - scans[2].start).total_seconds() - 1795.1) < 2.0


def test_calibration_scans_lie_five_arcseconds_apart_in_one_tile():
    cal = [item.scan for item in plan_scans(PLAN, NIGHT) if item.scan.scan_type is ScanType.CALIBRATION]
    assert np.allclose(np.diff([scan.ra_deg for scan in cal]) * 3600.0, 5.0)
    assert {scan.tile for scan in cal} == {90_003}


def test_tiles_overlap_beside_and_above_each_other():
    tiles = tiles_of(PLAN, CAP)
    assert len(tiles) == 6
    assert len({tile.number for tile in tiles}) == 6
    gap = (tiles[1].ra_deg - tiles[0].ra_deg) * np.cos(np.radians(tiles[0].decl_deg[0])) * 3600.0
    assert gap == pytest.approx(512.0 - 51.0, abs=0.01)
    # The outermost frames of tiles above each other coincide: 512" of overlap.
    assert tiles[0].decl_deg[-1] == pytest.approx(tiles[3].decl_deg[0])
    assert all(tile.number > 300_000 for tile in tiles_of(PLAN, SOUTH))
    assert sorted(tile.ra_deg > 180.0 for tile in tiles_of(PLAN, ZERO)) == [False, True]


def test_what_cannot_be_observed_is_refused():
    for visits, told in (
        ((Visit("zero"),), "airmass"),
        ((Visit("zero", 0.0),), "hours from local midnight"),
        ((Visit("south", 1.5), Visit("standards", -0.5)), "night 980427s, visit 2 to standards"),
    ):
        with pytest.raises(ScheduleError, match=told):
            plan_scans(PLAN, replace(NIGHT, visits=visits))
