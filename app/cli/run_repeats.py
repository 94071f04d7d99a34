"""`mapps run variability`, `forced` and `reliability`: what repeats of objects tell."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from app.cli.output import JsonOption, emit_record, emit_table, json_wanted, say
from app.cli.run_options import TASK_COLUMNS, DryRunOption, NameArgument, task_row
from app.db.engine import connect
from app.settings import get_settings

app = typer.Typer()
"""The commands, which `app.cli.run` takes into `mapps run`."""

SetArgument = Annotated[
    str, typer.Argument(help="Name of a set of points, made by mapps run objects.", metavar="SET")
]
VARIABLE_COLUMNS = (
    "gcntr", "ra", "decl", "nscan", "spos", "epochs", "significance", "j_mag", "j_scatter_mag", "j_error_mag",
)  # fmt: skip
RELIABILITY_COLUMNS = ("bands", "snr_class", "touched", "rows", "real", "probability", "class")


@app.command()
def variability(
    name: SetArgument,
    *,
    epochs: Annotated[int, typer.Option("--epochs", help="Scans that must have measured an object.")] = 5,
    significance: Annotated[
        float,
        typer.Option("--significance", help="Above it an object is listed; 2.33 is 1 constant star in 100."),
    ] = 2.33,
    json: JsonOption = False,
) -> None:
    """Measure how the light of objects changes: release.object_light; their light curves are release.light_curve."""
    del json
    from app.production.repeats import derive_variability

    with connect("operator") as connection:
        found = derive_variability(connection, name, epochs, significance)
    if json_wanted():
        emit_record(asdict(found))
        return
    if found.variables:
        emit_table(found.variables, VARIABLE_COLUMNS, f"Objects of {name} whose light changes")
        say("")
    emit_table(found.counts, ("band", "objects", "variable", "median_epochs"), f"Objects {name}")


@app.command()
def forced(name: NameArgument, *, dry_run: DryRunOption = False, json: JsonOption = False) -> None:
    """Queue the measurement of objects on scans of a run that cover them and have no row of them, a task a night.

    The newest set of points that the run is part of is meant (mapps run objects). Workers measure; release.forced_light
    has the light. Asked for again, nights that are done are done again.
    """
    del json
    from app.production.requests import request_forced_light

    with connect("operator", autocommit=True) as connection:
        tasks = request_forced_light(connection, name, get_settings().max_attempts, dry_run=dry_run)
    emit_table(map(task_row, tasks), TASK_COLUMNS, "Forced measurements")


@app.command()
def reliability(
    name: SetArgument,
    *,
    others: Annotated[int, typer.Option("--others", help="Other scans that must have covered a place.")] = 5,
    json: JsonOption = False,
) -> None:
    """Count how many rows of each kind other scans confirm: classes A to F by bands, signal-to-noise and artefacts."""
    del json
    from app.production.repeats import derive_reliability

    with connect("operator") as connection:
        found = derive_reliability(connection, name, others)
    emit_table(found, RELIABILITY_COLUMNS, f"Reliability of rows by the repeats of {name}")
