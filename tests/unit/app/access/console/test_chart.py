"""Charts: what the page's script and the table beside it are given."""

from __future__ import annotations

import json
import math

import pytest

from app.access.console.chart import Chart, Series, band_series
from app.access.console.view import render, templates
from app.instruments.bands import Band


def chart(*series, **values):
    return Chart(**({"title": "t", "words": "w", "x_label": "x", "y_label": "y", "series": series} | values))


def test_series_meet_at_their_abscissae():
    drawn = chart(
        Series("a", "good", ((2.0, 20.0), (1.0, 10.0))), Series("b", "bad", ((3.0, 30.0), (2.0, 21.0)))
    )
    assert drawn.rows == [[1.0, 10.0, None], [2.0, 20.0, 21.0], [3.0, None, 30.0]]
    told = json.loads(drawn.json)
    assert told["data"] == [[1.0, 2.0, 3.0], [10.0, 20.0, None], [None, 21.0, 30.0]]
    assert [s["label"] for s in told["series"]] == ["a", "b"]


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_what_is_not_known_is_a_gap(value):
    drawn = chart(Series("a", "good", ((1.0, value), (2.0, 5.0))))
    assert json.loads(drawn.json)["data"][1] == [None, 5.0]
    assert chart(Series("a", "good", ((1.0, value),))).is_empty


def test_no_number_has_more_digits_than_are_measured():
    drawn = chart(Series("a", "good", ((1.0, 1 / 3),)))
    assert drawn.rows == [[1.0, 0.3333333]]


def test_bands_are_drawn_in_their_order_and_colours():
    series = band_series({Band.K: [(1.0, 1.0)], Band.J: [(1.0, 2.0)]})
    assert [(s.label, s.colour) for s in series] == [("J", "band-j"), ("Ks", "band-k")]


def test_a_chart_is_escaped_and_has_its_table():
    macro = templates().get_template("macros.html").module.chart
    text = str(macro(chart(Series('<i>"a"', "good", ((0.0, 1.5), (60.0, 2.5))), x_label="time")))
    assert "<i>" not in text
    assert "1970-01-01 00:01:00" in text
    assert text.count("<tr>") == 3
    assert str(macro(chart())).strip() == ""


def test_a_long_table_is_cut_and_says_so():
    macro = templates().get_template("macros.html").module.chart
    text = str(macro(chart(Series("a", "good", tuple((float(i), 1.0) for i in range(310))))))
    assert text.count("<tr>") == 301
    assert "and 10 more" in text


def test_fields_without_any_are_told():
    assert "none yet" in render("fields", operator=False, fields=[])
