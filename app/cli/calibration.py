"""`mapps calibration`: calibration products of nights and blocks, and photometric solutions."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli import calibration_blocks, calibration_solutions
from app.cli.listing import LimitOption, emit_list
from app.cli.output import JsonOption
from app.cli.run_options import NightOption
from app.db.engine import connect

app = typer.Typer(
    help="Calibration: products of nights and of hardware blocks (darks, flat, mask), and photometric solutions.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

CALIBRATION_COLUMNS = (
    "calibration_id", "run", "night", "block", "kind", "band", "camera", "nights", "departing", "sha256", "attempt_id",
    "attempts", "retired_at",
)  # fmt: skip


app.add_typer(calibration_blocks.app)
app.add_typer(calibration_solutions.app)


@app.command("list")
def list_(
    *,
    run: Annotated[str | None, typer.Option("--run", metavar="NAME", help="Made by this run only.")] = None,
    night: NightOption = None,
    limit: LimitOption = 1000,
    json: JsonOption = False,
) -> None:
    """List products, the latest first: key, run, night or block, band, hash, who made it, how many attempts used it.

    Of a block: nights that it was combined from, and nights that depart from it (mapps calibration nights).
    """
    del json
    from app.production.listing import list_calibrations
    from app.production.runs import list_runs
    from app.production.selection import Selection

    with connect("reader") as connection:
        if run is not None:
            list_runs(connection, run)
        rows = list_calibrations(connection, Selection.of(night), limit, run)
        emit_list(rows, CALIBRATION_COLUMNS, "Calibration products", limit)
