"""`mapps calibration`: canonical calibrations of hardware blocks, and the nights that depart from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.output import JsonOption, emit_table, json_wanted, say
from app.cli.run_options import TASK_COLUMNS, DryRunOption, task_row
from app.db.engine import connect
from app.settings import get_settings

if TYPE_CHECKING:
    from psycopg import Connection

    from app.production.task_plan import TaskPlan

app = typer.Typer()
"""The commands, which `app.cli.calibration` takes into `mapps calibration`."""

DEPARTED_STATUS = 1
"""Exit code of a list that has a night which departs from its block."""

RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="Name of the run.")]
BlockOption = Annotated[
    str | None, typer.Option("--block", metavar="BLOCK", help="Only this hardware block (mapps night list).")
]
MEASURES = (
    "dark_level_dn", "dark_structure_dn", "read1_structure_dn", "flat_structure", "flat_noise_ratio", "mask_share",
    "nonlinearity", "profile_structure", "well_level",
)  # fmt: skip
NIGHT_COLUMNS = ("kind", "block", "night", "band", "camera", "combined", "departs", *MEASURES)
_DIGITS = 4


def _request(kind: TaskPlan, run: str, block: str | None, *, leave_out: bool, dry_run: bool) -> None:
    """Queue what combines the blocks of a run, and print its tasks."""
    from app.production.requests import request_block_calibration

    with connect("operator", autocommit=True) as connection:
        tasks = request_block_calibration(
            connection,
            run,
            get_settings().max_attempts,
            block=block,
            leave_out=leave_out,
            dry_run=dry_run,
            kind=kind,
        )
    emit_table([task_row(task) for task in tasks], TASK_COLUMNS, "Tasks")


@app.command()
def combine(
    run: RunArgument,
    *,
    block: BlockOption = None,
    leave_out_failed: Annotated[
        bool,
        typer.Option("--leave-out-failed", help="Without nights whose calibration failed, is dead or held."),
    ] = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Combine the calibrations of nights over hardware blocks: queue it, or queue it again.

    Final runs have it queued with them and use what comes out. A preliminary run uses the calibrations of its nights;
    here they are compared with their block: mapps calibration nights.
    """
    del json
    from app.production.plan import BLOCK_CALIBRATION

    _request(BLOCK_CALIBRATION, run, block, leave_out=leave_out_failed, dry_run=dry_run)


@app.command()
def library(
    run: RunArgument,
    *,
    block: BlockOption = None,
    leave_out_failed: Annotated[
        bool, typer.Option("--leave-out-failed", help="Without scans that failed, are dead or held.")
    ] = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Combine what scans have learnt of their cameras over hardware blocks: queue it, or queue it again.

    Point-spread functions by seeing and focus, and levels at which pixels are full. Final runs that are made from the
    run afterwards (mapps run create --kind final --from) use them where a scan alone knows less.
    """
    del json
    from app.production.plan import BLOCK_LIBRARY

    _request(BLOCK_LIBRARY, run, block, leave_out=leave_out_failed, dry_run=dry_run)


@app.command()
def nights(run: RunArgument, *, block: BlockOption = None, json: JsonOption = False) -> None:
    """List how far each night departs from the canonical calibration of its block, and which were left out of it.

    Exit code 1 when a night departs. The limits are parameters of the run, section block.
    """
    del json
    from app.production.listing import list_block_nights
    from app.production.runs import list_runs

    with connect("reader") as connection:
        list_runs(connection, run)
        rows = list_block_nights(connection, run, block)
    if not rows and not json_wanted():
        say(f"run {run} has no canonical calibration: mapps calibration combine {run}")
        return
    emit_table([_shown(row) for row in rows], NIGHT_COLUMNS, "Nights and their blocks")
    for line in notices(rows) if not json_wanted() else ():
        say(line)
    if any(not row["combined"] for row in rows):
        raise typer.Exit(DEPARTED_STATUS)


def say_departures(connection: Connection[Any], night: str, run: str | None) -> None:
    """Say of a night in which bands it departs from its block.

    Parameters
    ----------
    connection : Connection
        Reader's.
    night : str
        Name of the night, as in 980427s; without its last letter both sites are meant.
    run : str or None
        Name of the only run to look at.
    """
    from app.production.listing import list_block_nights

    for line in notices(list_block_nights(connection, run, night=night)):
        say(line)


def notices(rows: list[dict[str, Any]]) -> list[str]:
    """Write a line for each night and band that departs from its block.

    Parameters
    ----------
    rows : list of dict
        Rows of `app.production.listing.list_block_nights`.
    """
    return [
        f"notice: night {row['night']} departs from {_what(row)} of run {row['run']} in band {row['band']}"
        f" and is left out of it: {', '.join(_told(row, name) for name in row['departs'])}"
        for row in rows
        if not row["combined"]
    ]


def _what(row: dict[str, Any]) -> str:
    return f"{'the library of ' if row['kind'] == 'library' else ''}block {row['block']}"


def _told(row: dict[str, Any], name: str) -> str:
    return f"{name} {row[name]:.4g}"


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """Round measures for people; JSON has them as they are."""
    if json_wanted():
        return row
    rounded = {name: None if row[name] is None else round(row[name], _DIGITS) for name in MEASURES}
    return row | rounded | {"departs": ", ".join(row["departs"])}
