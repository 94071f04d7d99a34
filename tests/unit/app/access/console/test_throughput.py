"""Throughput: rates an hour from counts of steps, and zeros between them."""

from __future__ import annotations

from app.access.console.throughput import throughput_chart


def row(moment, done, failed=0, cpu=0.0, seconds=600.0):
    return {"moment": moment, "seconds": seconds, "done": done, "failed": failed, "cpu_seconds": cpu}


def test_counts_become_rates_and_empty_steps_are_zero():
    chart = throughput_chart([row(300.0, 5, 1, 300.0), row(1500.0, 2)])
    by_label = {series.label: [value for _, value in series.points] for series in chart.series}
    assert by_label == {
        "done": [30.0, 0.0, 12.0],
        "failed": [6.0, 0.0, 0.0],
        "processors busy": [0.5, 0.0, 0.0],
    }
    assert chart.abscissae == [300.0, 900.0, 1500.0]


def test_nothing_ended_yet():
    assert throughput_chart([]).is_empty
