"""`mapps release join`: help for a build that is under way, from any host."""

from __future__ import annotations

import os
from functools import partial
from typing import Annotated

import typer

from app.cli.output import JsonOption, emit_record, json_wanted, progress, say

app = typer.Typer()

ProcessesOption = Annotated[
    int | None,
    typer.Option(
        "--processes",
        min=1,
        help="Processes that work through the zones; one a processor when absent.",
        metavar="NUMBER",
    ),
]


@app.command()
def join(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the release that is being drawn.")],
    *,
    processes: ProcessesOption = None,
    json: JsonOption = False,
) -> None:
    """Help a build in several zones that another command began, on this host or another; ends when it is published.

    Who joins may be stopped at any moment: its zone is taken by another.
    """
    del json
    from app.db.engine import connect
    from app.releases.joining import join_together

    number = processes or len(os.sched_getaffinity(0))
    with progress("statements of zones") as shown:
        zones = join_together(partial(connect, "operator"), name, number, lambda _: shown.advance())
    if json_wanted():
        emit_record({"release": name, "zones": zones, "processes": number})
    else:
        others = f", and {number - 1} processes beside it theirs" if number > 1 else ""
        say(f"release {name} is published; this process worked {zones} zones and indexes of it{others}")
