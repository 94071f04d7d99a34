"""Charts of a night and of the frames of a scan: which values they show, and which are left out."""

from __future__ import annotations

import numpy as np

from app.access.console.charts_of_nights import frame_charts, night_charts
from tests.worlds.night_facts import facts, scan, sets
from tests.worlds.synthetic_diagnostics import NOTHING, ONE_BAND


def offset(number, band, value):
    return {"scan_key": 1000 + number, "band": band, "offset_mag": value, "error_mag": 0.01, "loss_mag": None,
            "photometric": True}  # fmt: skip


def night(**values):
    return facts(scan(1), scan(2), **values)


def test_zero_points_of_sets_and_of_scans():
    charts = night_charts(
        night(
            sets=sets(9.0, 10.0, accepted=(True, False)),
            zero_points=[offset(1, "j", -0.1), offset(2, "j", -0.11)],
        )
    )
    (chart,) = charts
    labels = [series.label for series in chart.series]
    assert labels == ["J scans", "J sets", "J rejected", "H sets", "H rejected", "Ks sets", "Ks rejected"]
    scans, accepted, rejected = chart.series[:3]
    assert [value for _, value in scans.points] == [-0.1, -0.11]
    assert scans.points[1][0] - scans.points[0][0] == 600.0
    assert (accepted.kind, rejected.kind) == ("points", "crosses")
    assert rejected.points[0][0] - accepted.points[0][0] == 3600.0


def test_metrics_over_the_night_are_by_band_and_in_order():
    values = {(1002, "seeing_shape", "j"): 1.2, (1001, "seeing_shape", "j"): 1.1, (1001, "seeing_shape", "k"): 1.0,
              (9999, "seeing_shape", "j"): 3.0}  # fmt: skip
    (chart,) = night_charts(night(values=values))
    assert chart.title == "Seeing over the night"
    assert [(series.label, [y for _, y in series.points]) for series in chart.series] == [
        ("J", [1.1, 1.2]),
        ("Ks", [1.0]),
    ]


def test_a_night_of_which_nothing_is_known_has_no_charts():
    assert night_charts(night()) == []


def test_frames_of_a_scan():
    charts = {chart.title: chart for chart in frame_charts(ONE_BAND)}
    frames = ONE_BAND.bands[0].frames
    seeing = charts["Seeing of frames"].series[0]
    assert len(seeing.points) == frames.size
    # One frame has no measured seeing: a gap.
    assert [row[1] for row in charts["Seeing of frames"].rows].count(None) == 1
    background = [value for _, value in charts["Background of frames"].series[0].points]
    assert np.median(background) == 1.0


def test_a_scan_without_frames_has_no_charts():
    assert frame_charts(NOTHING) == []
