"""`mapps night`: nights that were ingested, the report of one, and their hardware blocks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.listing import LimitOption, emit_list, night_of
from app.cli.output import JsonOption, emit_record, emit_table, json_wanted, say
from app.cli.reference_warning import warn_of_missing_stars
from app.cli.run_options import DryRunOption
from app.db.engine import connect

app = typer.Typer(
    help="Nights that were ingested, the report of one, and the hardware blocks they belong to.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

NIGHT_COLUMNS = ("night_id", "night", "scans", "survey_scans", "files", "block", "ingested_at")


@app.command("list")
def list_(*, limit: LimitOption = 1000, json: JsonOption = False) -> None:
    """List nights, the latest first: key, name, scans, files, hardware block."""
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
    warn_of_missing_stars()
    if json_wanted():
        emit_record({"page": str(page), "verdict": sentence})
        return
    say(sentence)
    say(f"page: {page}")


@app.command()
def block(
    name: Annotated[str, typer.Argument(metavar="BLOCK", help="Name of the hardware block.")],
    first: Annotated[str, typer.Argument(metavar="FIRST", help="First night, such as 980427s.")],
    last: Annotated[
        str | None,
        typer.Argument(metavar="[LAST]", help="Last night of the same site; FIRST alone without it."),
    ] = None,
    *,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Say that nights belong to one stable period of the camera, whose calibrations are combined in final runs.

    Without a word from an operator the block of a night is named by the cameras of its raw files. Give names where
    something changed that CAMERA does not tell: work on the electronics, a filter cleaned. What was calibrated by a
    former block stays as it is and is listed by mapps run stale.
    """
    del json
    from app.production.blocks import name_block
    from app.production.selection import Night

    begin = Night.parse(first)
    end = begin if last is None else Night.parse(last)
    with connect("operator", autocommit=True) as connection:
        rows = name_block(connection, name, begin, end, dry_run=dry_run)
    emit_table([row | {"night": night_of(row)} for row in rows], ("night", "former", "block"), "Nights")
