"""A chart of the console: values for the page's script, which draws them, and for the table beside them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from app.instruments.bands import BANDS, Band

Points = Iterable[tuple[float, float | None]]
TIME = "time"
"""Label of an axis of seconds since 1970, UTC, which is written as times."""
MOST_TABLE_ROWS = 300
"""Rows of the table beside a chart; the chart itself has all."""


@dataclass(frozen=True)
class Series:
    """Values that belong together.

    Attributes
    ----------
    label : str
        What they are.
    colour : str
        Name of a colour of the style sheet without its dashes: band-j, good, bad, link.
    points : tuple of (float, float or None)
        Abscissa and value, in any order; None and NaN leave a gap.
    kind : str
        line, points, crosses (values that do not count) or bars.
    """

    label: str
    colour: str
    points: tuple[tuple[float, float | None], ...]
    kind: Literal["line", "points", "crosses", "bars"] = "line"


@dataclass(frozen=True)
class Chart:
    """A chart with its words.

    Attributes
    ----------
    title : str
        Its heading.
    words : str
        What to look for.
    x_label, y_label : str
        Quantities with their units; `TIME` for times.
    series : tuple of Series
        What is drawn.
    reversed_y : bool
        Whether small values are above, as magnitudes are.
    """

    title: str
    words: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    reversed_y: bool = False

    @property
    def abscissae(self) -> list[float]:
        """All abscissae, ascending, each once."""
        return sorted({x for series in self.series for x, _ in series.points if math.isfinite(x)})

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(_known(y) is not None for series in self.series for _, y in series.points)

    @property
    def rows(self) -> list[list[float | None]]:
        """Abscissa and the values of all series there, a row an abscissa."""
        columns = [self.abscissae, *self._columns()]
        return [list(row) for row in zip(*columns, strict=True)]

    def _columns(self) -> list[list[float | None]]:
        at = {x: index for index, x in enumerate(self.abscissae)}
        columns = []
        for series in self.series:
            column: list[float | None] = [None] * len(at)
            for x, y in series.points:
                if x in at:
                    column[at[x]] = _known(y)
            columns.append(column)
        return columns

    @property
    def json(self) -> str:
        """All that the script draws, as JSON without NaN."""
        series = [{"label": s.label, "colour": s.colour, "kind": s.kind} for s in self.series]
        told = {
            "title": self.title, "x": self.x_label, "y": self.y_label, "reversed": self.reversed_y, "series": series,
            "data": [self.abscissae, *self._columns()],
        }  # fmt: skip
        return json.dumps(told, allow_nan=False, separators=(",", ":"))


def _known(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(f"{value:.7g}")


def band_series(values: dict[Band, Sequence[tuple[float, float | None]]]) -> tuple[Series, ...]:
    """Give a series for each band that has values.

    Parameters
    ----------
    values : dict
        Band -> abscissae with values.

    Examples
    --------
    >>> [series.label for series in band_series({Band.J: [(1.0, 2.0)], Band.K: []})]
    ['J']
    """
    return tuple(
        Series(band.label, f"band-{band.value}", tuple(values[band])) for band in BANDS if values.get(band)
    )
