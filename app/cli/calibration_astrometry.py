"""`mapps calibration astrometry`: the global astrometric solutions of a run."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from app.cli.output import JsonOption, emit_table, say
from app.cli.run_options import TASK_COLUMNS, DryRunOption, NameArgument, task_row
from app.db.engine import connect
from app.errors import UserError
from app.settings import get_settings

app = typer.Typer()
"""The command, which `app.cli.calibration_solutions` takes into `mapps calibration`."""

COLUMNS = (
    "astrometry_id", "nights_adopted", "adopted_by", "created_at", "scans", "segment_overlaps", "reference_stars",
    "overlap_rms_arcsec", "reference_scatter_before_arcsec", "reference_scatter_arcsec", "median_error_arcsec",
    "content_hash",
)  # fmt: skip
MOVED_COLUMNS = ("date", "hemis", "scan", "rms_arcsec", "largest_arcsec", "same_rows")


@app.command()
def astrometry(
    run: NameArgument,
    *,
    show: Annotated[
        bool, typer.Option("--show", help="List the solutions of the run, and ask for none.")
    ] = False,
    adopt: Annotated[
        int | None,
        typer.Option("--adopt", metavar="SOLUTION", help="See the places of the run through a solution."),
    ] = None,
    diff: Annotated[
        tuple[int, int] | None,
        typer.Option(
            "--diff", metavar="A B", help="By how much solution B moves scans from where A has them."
        ),
    ] = None,
    leave_out_failed: Annotated[
        bool,
        typer.Option("--leave-out-failed", help="Solve without scans whose tasks failed, are dead or held."),
    ] = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Queue the global astrometry of a run: offsets of scans by overlaps and reference stars together.

    Workers solve; preliminary runs adopt what comes out by themselves, final runs by --adopt. Views and releases have
    the places of the adopted solution. Asked for again, it is solved again.
    """
    del json
    if show + (adopt is not None) + (diff is not None) > 1:
        raise UserError("several of --show, --adopt and --diff", expected="one of them, or none")
    if show:
        _show(run)
    elif adopt is not None:
        _adopt(run, adopt)
    elif diff is not None:
        _diff(*diff)
    else:
        _request(run, leave_out=leave_out_failed, dry_run=dry_run)


def _show(run: str) -> None:
    from app.production.astrometries import find_astrometries

    with connect("reader") as connection:
        emit_table(find_astrometries(connection, run), COLUMNS, f"Astrometric solutions of {run}")


def _adopt(run: str, astrometry_id: int) -> None:
    from app.production.astrometries import adopt_astrometry

    with connect("operator", autocommit=True) as connection:
        nights = adopt_astrometry(connection, astrometry_id, getpass.getuser(), run)
    say(f"astrometric solution {astrometry_id} adopted for {nights} nights of {run}")


def _diff(first: int, second: int) -> None:
    from app.production.astrometries import astrometry_difference

    with connect("reader") as connection:
        rows = astrometry_difference(connection, first, second)
    emit_table(rows, MOVED_COLUMNS, f"From {first} to {second}")
    moved = [row["largest_arcsec"] for row in rows if row["largest_arcsec"] is not None]
    if moved:
        say(f"{len(moved)} scans in both, largest {max(moved):.3f} arcsec")
    say(f"{len(rows) - len(moved)} scans in one of them only")


def _request(run: str, *, leave_out: bool, dry_run: bool) -> None:
    from app.production.requests import request_global_astrometry

    with connect("operator", autocommit=True) as connection:
        tasks = request_global_astrometry(
            connection, run, get_settings().max_attempts, leave_out=leave_out, dry_run=dry_run
        )
    emit_table(map(task_row, tasks), TASK_COLUMNS, "Global astrometry")
