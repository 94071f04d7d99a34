"""Charts of nights and scans: zero points, seeing, transparency and depth over a night, and frames of a scan."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.access.console.chart import TIME, Chart, Series, band_series
from app.columns.diagnostics import BandDiagnostics, ScanDiagnostics
from app.instruments.bands import BANDS, Band
from app.reports.night_facts import NightFacts
from app.reports.scan_metrics import middle

_METRICS = (
    ("seeing_shape", "Seeing over the night", "Star images against sharp ones: 1 is sharp, above 1.25 is too wide.",
     "seeing shape"),
    ("transparency_minimum", "Least transparency", "1 is clear; dips are clouds.", "transparency"),
    ("snr10_mag", "Depth", "Magnitude that is measured with a signal-to-noise ratio of 10.", "mag"),
)  # fmt: skip
"""Metric, title, words, axis."""


def night_charts(facts: NightFacts) -> list[Chart]:
    """Give the charts of a night that are not empty.

    Parameters
    ----------
    facts : NightFacts
        The night.
    """
    started = {row["scan_key"]: row["started_at"].timestamp() for row in facts.scans if row["started_at"]}
    charts = [_zero_points(facts, started)]
    for name, title, words, axis in _METRICS:
        values: dict[Band, list[tuple[float, float | None]]] = {
            band: sorted(
                (started[key], value)
                for (key, metric, of), value in facts.values.items()
                if metric == name and of == band.value and key in started
            )
            for band in BANDS
        }
        charts.append(Chart(title, words, TIME, axis, band_series({b: v for b, v in values.items() if v})))
    return [chart for chart in charts if not chart.is_empty]


def _zero_points(facts: NightFacts, started: dict[int, float]) -> Chart:
    series: list[Series] = []
    for band in BANDS:
        line = [
            (started[row["scan_key"]], row["offset_mag"])
            for row in facts.zero_points
            if row["band"] == band.value and row["scan_key"] in started
        ]
        sets = [row for row in facts.sets if row["band"] == band.value]
        colour = f"band-{band.value}"
        for label, kind, points in (
            (f"{band.label} scans", "line", line),
            (f"{band.label} sets", "points", _sets(sets, accepted=True)),
            (f"{band.label} rejected", "crosses", _sets(sets, accepted=False)),
        ):
            if points:
                series.append(Series(label, colour, tuple(points), kind))  # type: ignore[arg-type]
    words = (
        "Offsets to be added to magnitudes on the nominal scale. Filled: calibration sets that count. Open: rejected"
        " sets. The line is what scans were given; where it jumps, look for clouds."
    )
    return Chart("Zero points over the night", words, TIME, "offset, mag", tuple(series))


def _sets(rows: list[dict[str, Any]], *, accepted: bool) -> list[tuple[float, float | None]]:
    return [
        (row["observed_at"].timestamp(), row["offset_mag"])
        for row in rows
        if bool(row["accepted"]) is accepted
    ]


def _plain(band: BandDiagnostics, name: str) -> Any:
    return band.frames[name].astype(float)


def _relative(band: BandDiagnostics, name: str) -> Any:
    values = _plain(band, name)
    typical = middle(values)
    return values / typical if typical > 0 else values


_FRAMES: tuple[tuple[str, str, str, Callable[[BandDiagnostics, str], Any]], ...] = (
    ("seeing_fwhm_arcsec", "Seeing of frames", "FWHM, arcsec", _plain),
    ("transparency", "Transparency of frames", "1 is clear", _plain),
    ("background_dn", "Background of frames", "over its median", _relative),
    ("shift_x_arcsec", "Cross-scan shift of frames", "arcsec", _plain),
)


def frame_charts(diagnostics: ScanDiagnostics) -> list[Chart]:
    """Give the charts of a scan's frames that are not empty.

    Parameters
    ----------
    diagnostics : ScanDiagnostics
        What the reduction measured of itself.
    """
    charts = []
    for name, title, axis, values_of in _FRAMES:
        values = {
            band.band: [
                (float(number), float(value))
                for number, value in zip(band.frames["number"], values_of(band, name), strict=True)
            ]
            for band in diagnostics.bands
        }
        words = "Frame after frame, one line a band."
        charts.append(Chart(title, words, "frame", axis, band_series({b: v for b, v in values.items() if v})))
    return [chart for chart in charts if not chart.is_empty]
