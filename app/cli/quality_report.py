"""`mapps quality report`: a run as a survey, on one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.output import JsonOption, emit_record, json_wanted, say
from app.db.engine import connect

app = typer.Typer()
"""The command, which `app.cli.quality` takes into `mapps quality`."""


@app.command()
def report(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Name of the run.")],
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The page; a file there is overwritten.")
    ],
    rules: Annotated[
        str | None,
        typer.Option("--rules", metavar="VERSION", help="Grades by these rules; the last ones when absent."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Write the report of a run as one HTML page: tiles to observe again, grades, nights, depth, steps on the sky.

    Overlaps between nights count after `mapps quality regrade RUN`; residuals of a global solution are shown where
    there is one. `mapps night report` has single nights, `mapps run report` pictures of images and sources.
    """
    del json
    from app.reports.survey_report import write_survey_report

    with connect("reader") as connection:
        page, sentence = write_survey_report(connection, run, output, rules)
    if json_wanted():
        emit_record({"page": str(page), "verdict": sentence})
        return
    say(sentence)
    say(f"page: {page}")
