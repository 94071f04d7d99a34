"""Pictures of a night: what is drawn where, and what is left out."""

from __future__ import annotations

import re

import pytest

from app.reports.night_figures import night_pictures
from tests.worlds.night_facts import ADOPTED, facts, scan, sets, unreduced

ZERO_POINTS = [
    {"scan_key": 1000 + number, "band": band, "offset_mag": -0.1, "error_mag": 0.01, "loss_mag": None}
    for number in (1, 2) for band in "jhk"
]  # fmt: skip
VALUES = {
    (1000 + number, name, band): value
    for number in (1, 2, 3)
    for band in "jhk"
    for name, value in (
        ("transparency_minimum", 0.99), ("seeing_shape", 0.95), ("frame_background_dn", 100.0 * number),
        ("snr10_mag", 16.2),
        ("focus_edge_over_centre", 1.1), ("astigmatism_ratio", 0.02), ("overlap_offset_mag", 0.004),
    )
}  # fmt: skip


def full():
    scans = (scan(1), scan(2), scan(3, kind="cal"))
    return facts(*scans, sets=sets(9.0, 10.4), zero_points=ZERO_POINTS, values=VALUES)


def titles(night):
    return [picture.title for picture in night_pictures(night)]


def texts(svg):
    return re.findall(r">([^<>]+)</text>", svg)


@pytest.fixture(scope="module")
def pictures():
    return {picture.title: picture for picture in night_pictures(full())}


def test_all_pictures_of_a_reduced_night(pictures):
    assert list(pictures) == [
        "Zero points over the night",
        "Zero points against airmass",
        "The night, hour by hour",
    ]
    assert all(picture.words.count(".") >= 2 for picture in pictures.values())


def test_the_course_has_a_panel_a_quantity_and_the_times_of_the_night(pictures):
    shown = " ".join(texts(pictures["The night, hour by hour"].wide))
    for words in (
        "transparency",
        "seeing shape",
        "focus: edge",
        "astigmatism",
        "background /",
        "depth beyond",
        "neighbours,",
        "UTC",
    ):
        assert words in shown
    assert "09:30" in shown


def test_panels_of_metrics_that_nothing_has_are_left_out():
    seen = {key: value for key, value in VALUES.items() if key[1] == "seeing_shape"}
    [course] = night_pictures(facts(scan(1), scan(2), values=seen))
    shown = " ".join(texts(course.wide))
    assert "seeing shape" in shown
    assert "depth" not in shown


def test_survey_scans_are_discs_and_calibration_scans_rings():
    one = {key: value for key, value in VALUES.items() if key == (1001, "seeing_shape", "j")}
    disc, ring = (night_pictures(facts(scan(1, kind=kind), values=one))[0].wide for kind in ("sci", "cal"))
    assert "fill-opacity: 0" in ring
    assert "fill-opacity: 0" not in disc


def test_rejected_sets_are_marked():
    kept = night_pictures(facts(sets=sets(9.0, 10.4)))[0].wide
    lost = night_pictures(facts(sets=sets(9.0, 10.4, accepted=(True, False))))[0].wide
    assert "var(--bad)" not in kept
    assert "var(--bad)" in lost


def test_photometric_spans_are_shaded():
    clear = night_pictures(facts(sets=sets(9.0, 10.4)))[0].wide
    never = night_pictures(facts(sets=sets(9.0, 10.4), solution=None))[0].wide
    assert clear.count("opacity: 0.35") == 4
    assert "opacity: 0.35" not in never
    # A global solution has verdicts of scans alone: a run of clear ones is a span.
    whole = ADOPTED | {"kind": "global", "facts": {}}
    verdicts = [scan(n, photometric=n not in {4, 5}) for n in range(1, 9)]
    judged = facts(*verdicts, sets=sets(9.0, 10.4), solution=whole)
    assert judged.photometric_hours == [(9 + 1 / 6, 9.5), (10.0, 9 + 8 / 6)]
    assert night_pictures(judged)[0].wide.count("opacity: 0.35") == 8
    assert facts(scan(1, photometric=False), scan(2, started_at=None), solution=whole).photometric_hours == []


def test_no_limit_is_drawn_of_one_frame_s_transparency():
    """Frames dip by their noise: clouds are told by ten frames together."""
    seen = {(1001, "transparency_minimum", band): 0.9 for band in "jhk"}
    [course] = night_pictures(facts(scan(1), values=seen))
    assert "stroke-dasharray" not in course.wide


def test_panels_stand_below_each_other_where_it_is_narrow(pictures):
    airmass = pictures["Zero points against airmass"]
    heights = [
        float(re.search(r'viewBox="0 0 [\d.]+ ([\d.]+)', svg)[1]) for svg in (airmass.wide, airmass.narrow)
    ]
    assert heights[0] < heights[1]
    assert texts(airmass.narrow).count("airmass") == 1
    assert texts(airmass.wide).count("airmass") == 3


def test_scans_without_times_are_no_fault_and_draw_nothing():
    one = {key: value for key, value in VALUES.items() if key[1] == "seeing_shape"}
    [course] = night_pictures(facts(scan(1, started_at=None), values=one))
    assert "no times" in texts(course.wide)


@pytest.mark.parametrize("night", [facts(), facts(unreduced(1)), facts(scan(1, None), solution=None)])
def test_an_empty_or_unreduced_night_has_no_pictures(night):
    assert titles(night) == []
