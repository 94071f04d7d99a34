"""`mapps night`: nights that were ingested."""

from __future__ import annotations

import typer

from app.cli.listing import LimitOption, emit_list
from app.cli.output import JsonOption
from app.db.engine import connect

app = typer.Typer(help="Nights that were ingested.", no_args_is_help=True, rich_markup_mode=None)

NIGHT_COLUMNS = ("night_id", "night", "scans", "survey_scans", "files", "block", "ingested_at")


@app.callback()
def _verbs() -> None:
    # With a callback the verb stays a word of its own, although the noun has a single verb.
    pass


@app.command("list")
def list_(*, limit: LimitOption = 1000, json: JsonOption = False) -> None:
    """List nights, the latest first: key, name, scans, files."""
    del json
    from app.production.listing import list_nights

    with connect("reader") as connection:
        emit_list(list_nights(connection, limit), NIGHT_COLUMNS, "Nights", limit)
