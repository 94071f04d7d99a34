"""`mapps calibration astrometry`: the global astrometric solution of a run."""

from __future__ import annotations

from typing import Annotated

import typer
from psycopg.rows import dict_row

from app.cli.output import JsonOption, emit_table
from app.cli.run_options import TASK_COLUMNS, DryRunOption, NameArgument, task_row
from app.db.engine import connect
from app.db.statements import statement
from app.settings import get_settings

app = typer.Typer()
"""The command, which `app.cli.calibration_solutions` takes into `mapps calibration`."""

COLUMNS = (
    "astrometry_id", "in_force", "created_at", "scans", "segment_overlaps", "reference_stars", "overlap_rms_arcsec",
    "reference_scatter_before_arcsec", "reference_scatter_arcsec", "median_error_arcsec", "content_hash",
)  # fmt: skip


@app.command()
def astrometry(
    run: NameArgument,
    *,
    show: Annotated[
        bool, typer.Option("--show", help="List the solutions of the run, and ask for none.")
    ] = False,
    leave_out_failed: Annotated[
        bool,
        typer.Option("--leave-out-failed", help="Solve without scans whose tasks failed, are dead or held."),
    ] = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Queue the global astrometry of a run: offsets of scans by overlaps and reference stars together.

    Workers solve; releases apply the solution that is in force. Asked for again, it is solved again.
    """
    del json
    if show:
        with connect("reader") as connection, connection.cursor(row_factory=dict_row) as cursor:
            found = cursor.execute(statement("reports/astrometries"), {"run": run}).fetchall()
        emit_table(found, COLUMNS, f"Astrometric solutions of {run}")
        return
    from app.production.requests import request_global_astrometry

    with connect("operator", autocommit=True) as connection:
        tasks = request_global_astrometry(
            connection, run, get_settings().max_attempts, leave_out=leave_out_failed, dry_run=dry_run
        )
    emit_table(map(task_row, tasks), TASK_COLUMNS, "Global astrometry")
