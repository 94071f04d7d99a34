"""`mapps run objects`: groups of apparitions over all scans of runs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from app.cli.output import JsonOption, emit_record, emit_table, json_wanted, say
from app.db.engine import connect
from app.models.objects import ObjectKind

app = typer.Typer()
"""The command, which `app.cli.run` takes into `mapps run`."""


@app.command()
def objects(
    runs: Annotated[list[str], typer.Argument(help="Runs whose rows are grouped.", metavar="RUN...")],
    *,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Name of the set of objects.")],
    kind: Annotated[
        ObjectKind, typer.Option("--kind", help="Points or extended sources.")
    ] = ObjectKind.POINT,
    json: JsonOption = False,
) -> None:
    """Group apparitions of one object over all scans of runs: 1.5 arcsec for points, 5 for extended sources.

    Objects are in release.object, with members in release.object_member; spos tells how many scans cover a place, so
    that what was covered and not seen shows.
    """
    del json
    from app.production.objects import group_objects

    with connect("operator") as connection:
        made = group_objects(connection, name, runs, kind)
    if json_wanted():
        emit_record(asdict(made))
        return
    emit_table(made.seen, ("nscan", "spos", "objects", "apparitions"), f"Objects {name}")
    say(f"{made.apparitions} apparitions, {made.objects} objects")
