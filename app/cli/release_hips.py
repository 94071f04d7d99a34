"""`mapps release hips`: the sky of a release as tiles."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer

from app.cli.output import JsonOption, emit_record, emit_table, json_wanted, progress, say
from app.cli.run_options import DryRunOption, night_name
from app.db.engine import connect
from app.errors import UserError
from app.settings import get_settings

app = typer.Typer()

TASK_COLUMNS = ("task", "kind", "state", "part")


class ChoiceError(UserError):
    """Options of `mapps release hips` that do not go together."""

    code = "HIPS_OPTIONS"


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
    queue: Annotated[
        bool, typer.Option("--queue", help="Leave it to workers: a task a part of the sky, 7 degrees wide.")
    ] = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Draw the sky of a release as tiles (HiPS) of each band and in colour; mapps serve shows them.

    A second time only tiles are drawn whose images have changed. A tile of a band takes 1 MB and its picture besides.
    With --queue workers draw all four surveys, as tasks of the run sky-NAME; the tiles are the same.
    """
    del json
    if queue:
        _queue(name, band, dry_run=dry_run)
        return
    if dry_run:
        raise ChoiceError("--dry-run without --queue", expected="both, or none of them")
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


def _queue(name: str, band: list[Survey] | None, *, dry_run: bool) -> None:
    from app.access.hips.build import cells_of, refuse_empty
    from app.production.pipelines import this_pipeline
    from app.production.sky_runs import request_sky
    from app.releases.catalogue import release_id_of

    if band:
        raise ChoiceError(
            "--queue with --band", expected="one of them: workers draw all bands and the colour"
        )
    with connect("operator", autocommit=True) as connection:
        release_id = release_id_of(connection, name)
        cells = cells_of(connection, release_id)
        refuse_empty(name, cells)
        run, tasks = request_sky(
            connection,
            (release_id, name),
            cells,
            this_pipeline(),
            get_settings().max_attempts,
            dry_run=dry_run,
        )
    rows = [
        {"task": task["task_id"], "kind": task["kind"], "state": task["state"], "part": night_name(task)}
        for task in tasks
    ]
    if json_wanted():
        emit_record({"run": run, "tasks": rows, "dry_run": dry_run})
        return
    emit_table(rows, TASK_COLUMNS, f"Tasks of run {run}")
    say("nothing was queued: --dry-run" if dry_run else f"draw them: mapps worker --run {run} --until-idle")
