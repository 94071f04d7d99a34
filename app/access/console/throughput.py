"""How much workers get done: attempts that ended, in steps of time."""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from app.access.console.chart import TIME, Chart, Series
from app.access.console.nights import rows_of

HOUR_SECONDS = 3600.0


def throughput(connection: Connection[Any], run: str | None = None) -> Chart:
    """Chart the attempts that ended an hour, done and failed, over the last day of work.

    Parameters
    ----------
    connection : Connection
        Reader's.
    run : str, optional
        Name of a run; all runs without it.
    """
    return throughput_chart(rows_of(connection, "access/throughput", {"run": run}))


def throughput_chart(rows: list[dict[str, Any]]) -> Chart:
    """Chart rows of `access/throughput`; steps in which nothing ended are drawn as 0.

    Parameters
    ----------
    rows : list of dict
        Middle of a step and its width in seconds, attempts done and failed, CPU seconds.
    """
    words = "Attempts that ended, by the hour, over the day before the last of them."
    if not rows:
        return Chart("Throughput of the workers", words, TIME, "attempts an hour", ())
    width = float(rows[0]["seconds"])
    first, last = (round(float(row["moment"]) / width - 0.5) for row in (rows[0], rows[-1]))
    by_step = {round(float(row["moment"]) / width - 0.5): row for row in rows}
    series = []
    for label, name, colour in (("done", "done", "good"), ("failed", "failed", "bad")):
        points = tuple(
            (
                (step + 0.5) * width,
                float(by_step[step][name]) * HOUR_SECONDS / width if step in by_step else 0.0,
            )
            for step in range(first, last + 1)
        )
        series.append(Series(label, colour, points))
    busy = tuple(
        ((step + 0.5) * width, float(by_step[step]["cpu_seconds"]) / width if step in by_step else 0.0)
        for step in range(first, last + 1)
    )
    series.append(Series("processors busy", "link", busy))
    return Chart("Throughput of the workers", words, TIME, "an hour", tuple(series))
