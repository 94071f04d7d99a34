"""`mapps release hips`: the sky of a release as tiles."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer

from app.cli.output import JsonOption, emit_record, json_wanted, progress, say
from app.db.engine import connect

app = typer.Typer()


class Survey(StrEnum):
    """What tiles show."""

    J = "j"
    H = "h"
    K = "k"
    COLOUR = "colour"


@app.command()
def hips(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the release.")],
    *,
    band: Annotated[
        list[Survey] | None,
        typer.Option("--band", help="What is drawn; may be repeated. All four when absent."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Draw the sky of a release as tiles (HiPS) of each band and in colour; mapps serve shows them.

    A second time only tiles are drawn whose images have changed. A tile of a band takes 1 MB and its picture besides.
    """
    del json
    from app.access.hips.build import build_surveys, folder_of
    from app.access.hips.survey import SURVEYS

    surveys = tuple(survey.value for survey in band) if band else SURVEYS
    with connect("reader") as connection, progress("tiles") as counter:
        drawn = build_surveys(connection, name, surveys, counter.advance)
    if json_wanted():
        emit_record(asdict(drawn) | {"folder": str(folder_of(name)), "surveys": list(surveys)})
        return
    say(
        f"{drawn.images} images, {drawn.tiles} tiles: {drawn.made} made anew, and {drawn.ancestors} above them;"
        f" in {folder_of(name)}"
    )
    say(f"see: mapps serve, then http://127.0.0.1:8080/releases/{name}/sky")
