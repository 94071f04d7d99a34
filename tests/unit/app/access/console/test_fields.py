"""Light curves of fields: scatter, and what all stars of a scan depart by."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.access.console.fields import _curve, moment_of, night_to_night


def row(number, hour, j):
    started = datetime(1999, 4, 10, hour, tzinfo=UTC)
    return {
        "number": number,
        "date": date(1999, 4, 10),
        "started_at": started,
        "j_m": j,
        "h_m": None,
        "k_m": None,
    }


def test_a_scan_whose_zero_point_is_off_stands_out():
    rows = [
        row(1, 1, 10.0),
        row(2, 1, 12.0),
        row(1, 2, 10.0),
        row(2, 2, 12.0),
        row(1, 3, 10.3),
        row(2, 3, 12.3),
    ]
    chart = night_to_night(rows)
    assert [series.label for series in chart.series] == ["J", "H", "Ks"]
    assert [value for _, value in chart.series[0].points] == pytest.approx([-100.0, -100.0, 200.0])
    assert chart.series[1].points == ()


def test_scatter_is_that_of_the_sample_and_needs_three_scans():
    star = {"ra": 1.0, "decl": -2.0}
    curve = _curve(star, [row(1, hour, value) for hour, value in ((1, 10.0), (2, 10.1), (3, 10.2))])
    assert curve["scatter_mmag"]["j"] == pytest.approx(100.0)
    assert curve["scatter_mmag"]["h"] is None
    assert curve["chart"].reversed_y
    assert curve["chart"].title == "1.0000 -2.0000"
    assert _curve(star, [row(1, 1, 10.0), row(1, 2, 10.1)])["scatter_mmag"]["j"] is None


def test_a_scan_without_a_start_stands_at_midnight_of_its_night():
    assert moment_of(row(1, 0, 1.0) | {"started_at": None}) == datetime(1999, 4, 10, tzinfo=UTC).timestamp()
