"""Light curves of calibration fields: their brightest stars over all scans of a run."""

from __future__ import annotations

from datetime import UTC, datetime, time
from statistics import median
from typing import Any

from psycopg import Connection

from app.access.console.chart import TIME, Chart, Series, band_series
from app.access.console.nights import number_of, rows_of
from app.errors import UnknownNameError
from app.instruments.bands import BANDS

Facts = dict[str, Any]
STARS = 8
"""Stars of a field that are drawn."""


def fields(connection: Connection[Any]) -> Facts:
    """Tiles that were reduced more than once."""
    return {"fields": rows_of(connection, "access/fields", {})}


def field(connection: Connection[Any], run: str, tile: str) -> Facts:
    """Read the light curves of the brightest well measured stars of a field.

    Parameters
    ----------
    connection : Connection
        Reader's.
    run : str
        Name of the run.
    tile : str
        Number of the tile.

    Raises
    ------
    UnknownNameError
        Raised if the run has no scan of the tile with such a star.
    """
    values = {"run": run, "tile": number_of(tile), "most": STARS}
    stars = rows_of(connection, "access/field_stars", values)
    if not stars:
        raise UnknownNameError(
            f"no star of tile {tile} in run {run[:60]!r}",
            expected="a tile with a well measured star: /fields",
        )
    places = {"ra": [star["ra"] for star in stars], "decl": [star["decl"] for star in stars]}
    rows = rows_of(connection, "access/light_curves", values | places)
    curves = [_curve(star, [row for row in rows if row["number"] == at]) for at, star in enumerate(stars, 1)]
    return {"run": run, "tile": int(tile), "curves": curves, "chart": night_to_night(rows)}


def moment_of(row: dict[str, Any]) -> float:
    """Give the moment of a scan; midnight of its night where its start is not known, seconds since 1970."""
    started = row["started_at"] or datetime.combine(row["date"], time(), UTC)
    return float(started.timestamp())


def _curve(star: dict[str, Any], rows: list[dict[str, Any]]) -> Facts:
    chart = Chart(
        f"{star['ra']:.4f} {star['decl']:+.4f}", f"{len(rows)} scans", TIME, "mag",
        band_series({band: [(moment_of(row), row[f"{band.value}_m"]) for row in rows] for band in BANDS}),
        reversed_y=True,
    )  # fmt: skip
    scatter = {
        band.value: _scatter([row[f"{band.value}_m"] for row in rows if row[f"{band.value}_m"] is not None])
        for band in BANDS
    }
    return {"chart": chart, "star": star, "scatter_mmag": scatter, "scans": len(rows)}


def _scatter(values: list[float]) -> float | None:
    """Root mean square about the mean, mmag; None of fewer than three values."""
    if len(values) < 3:
        return None
    mean = sum(values) / len(values)
    return 1000.0 * float((sum((value - mean) ** 2 for value in values) / (len(values) - 1)) ** 0.5)


def night_to_night(rows: list[dict[str, Any]]) -> Chart:
    """Chart the median departure of a field's stars from their own means, scan by scan: what is left of zero points.

    Parameters
    ----------
    rows : list of dict
        Rows of `access/light_curves`.
    """
    series = []
    for band in BANDS:
        name = f"{band.value}_m"
        by_star: dict[int, list[float]] = {}
        for row in rows:
            if row[name] is not None:
                by_star.setdefault(row["number"], []).append(row[name])
        means = {number: sum(values) / len(values) for number, values in by_star.items()}
        departures: dict[float, list[float]] = {}
        for row in rows:
            if row[name] is not None:
                departures.setdefault(moment_of(row), []).append(1000.0 * (row[name] - means[row["number"]]))
        points = tuple((moment, median(values)) for moment, values in sorted(departures.items()))
        series.append(Series(band.label, f"band-{band.value}", points, "points"))
    words = "Median of the stars' magnitudes minus their means over all scans; 0 where zero points are right."
    return Chart("The field from scan to scan", words, TIME, "mmag", tuple(series))
