"""`mapps night`: nights that were ingested, and the report of one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.listing import LimitOption, emit_list
from app.cli.output import JsonOption, emit_record, json_wanted, say
from app.db.engine import connect

app = typer.Typer(
    help="Nights that were ingested, and the report of one.", no_args_is_help=True, rich_markup_mode=None
)

NIGHT_COLUMNS = ("night_id", "night", "scans", "survey_scans", "files", "block", "ingested_at")


@app.command("list")
def list_(*, limit: LimitOption = 1000, json: JsonOption = False) -> None:
    """List nights, the latest first: key, name, scans, files."""
    del json
    from app.production.listing import list_nights

    with connect("reader") as connection:
        emit_list(list_nights(connection, limit), NIGHT_COLUMNS, "Nights", limit)


@app.command()
def report(
    night: Annotated[str, typer.Argument(metavar="NIGHT", help="1997-04-23 or 970423, n or s may follow.")],
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The page; a file there is overwritten.")
    ],
    run: Annotated[
        str | None,
        typer.Option(
            "--run", metavar="RUN", help="As this run has it; the newest that reduced it when absent."
        ),
    ] = None,
    rules: Annotated[
        str | None,
        typer.Option("--rules", metavar="VERSION", help="Grades by these rules; the last ones when absent."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Write the report of a night as one HTML page: what to observe again and why, scans, zero points, seeing, clouds.

    The page has its pictures inside and needs no network. `mapps quality night` prints the numbers.
    """
    del json
    from app.production.selection import Night
    from app.reports.night_report import write_night_report

    with connect("reader") as connection:
        page, sentence = write_night_report(connection, Night.parse(night), output, run=run, version=rules)
    if json_wanted():
        emit_record({"page": str(page), "verdict": sentence})
        return
    say(sentence)
    say(f"page: {page}")
