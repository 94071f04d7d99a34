"""`mapps run compare`: two runs over the same scans."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.output import JsonOption, emit_record, emit_table, json_wanted, say
from app.db.engine import connect

app = typer.Typer()
"""The command, which `app.cli.run` takes into `mapps run`."""


@app.command()
def compare(
    first: Annotated[str, typer.Argument(help="The run that is compared with.", metavar="A")],
    second: Annotated[str, typer.Argument(help="The run that is judged.", metavar="B")],
    *,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Draw a picture, PNG.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Compare two runs over the same scans source by source.

    Differences are B minus A, by band and magnitude in A: offset, scatter, pull (scatter over the errors of both),
    separation, and the rows that B lost and gained, also by ph_qual.
    """
    del json
    from app.reports.run_comparison import COLUMNS, compare_runs

    with connect("operator") as connection:
        found = compare_runs(connection, first, second)
    intervals = [{key: _rounded(value) for key, value in row.items()} for row in found.intervals()]
    if output is not None:
        from app.reports.run_comparison_picture import draw_comparison

        draw_comparison(found, first, second, output)
    totals = {
        "scans": found.scans,
        "matched": found.first.ra_deg.size,
        "lost": found.lost.ra_deg.size,
        "gained": found.gained.ra_deg.size,
        "ph_qual changed": found.changed_grades(),
    }
    if json_wanted():
        emit_record(totals | {"intervals": intervals, "by_flag": found.by_flag(), "picture": output})
        return
    emit_table(intervals, COLUMNS, f"Run {second} against {first}")
    say("")
    emit_table(found.by_flag(), ("band", "ph_qual", "matched", "lost", "gained"))
    say("")
    emit_record(totals)
    if output is not None:
        say(f"picture: {output}")


def _rounded(value: Any) -> Any:
    """Numbers as they are printed; None for NaN."""
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 4)
    return value
