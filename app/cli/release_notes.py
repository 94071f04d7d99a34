"""`mapps release notes`: a page about a release."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.output import JsonOption, emit_record
from app.db.engine import connect

app = typer.Typer()
"""The command, which `app.cli.release` takes into `mapps release`."""


@app.command()
def notes(
    name: Annotated[str, typer.Argument(help="Name of the release.", metavar="NAME")],
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Where the page goes.")
    ] = Path("release.html"),
    json: JsonOption = False,
) -> None:
    """Write release notes: one HTML page with counts, coverage, depth and what is reached beside Level 1."""
    del json
    from app.reports.release_notes import write_release_notes

    with connect("operator") as connection:
        written = write_release_notes(connection, name, output)
    emit_record({"release": name, "page": written})
