"""`mapps calibration`: photometric solutions of nights."""

from __future__ import annotations

import getpass
import math
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli import calibration_astrometry, calibration_users
from app.cli.calibration_blocks import say_departures
from app.cli.calibration_global import say_global_solution
from app.cli.output import JsonOption, emit_record, emit_table, json_wanted, say
from app.cli.run_options import TASK_COLUMNS, DryRunOption, task_row
from app.db.engine import connect
from app.errors import UserError
from app.models.solution import SolutionKind
from app.settings import get_settings

if TYPE_CHECKING:
    from psycopg import Connection

app = typer.Typer()
app.add_typer(calibration_users.app)
app.add_typer(calibration_astrometry.app)
"""The commands, which `app.cli.calibration` takes into `mapps calibration`."""

NightArgument = Annotated[
    str, typer.Argument(metavar="NIGHT", help="Night: 1997-04-23s or 970423s; both sites without n or s.")
]
SolutionArgument = Annotated[int, typer.Argument(metavar="SOLUTION", help="Number of a solution.")]
RunOption = Annotated[str | None, typer.Option("--run", metavar="NAME", help="Only of this run.")]

SOLUTION_COLUMNS = (
    "solution_id", "run", "night", "kind", "state", "adopted_in", "created_at", "retired_because",
)  # fmt: skip
OUTCOME_COLUMNS = (
    "run",
    "night",
    "task_state",
    "solution_id",
    "solution_state",
    "adopted_id",
    "adopted_state",
    "outcome",
)
SET_COLUMNS = (
    "number", "field", "observed_at", "band", "airmass", "scans", "standards", "offset_mag", "error_mag", "scatter_mag",
    "residual_mag", "weight", "accepted",
)  # fmt: skip
SCAN_COLUMNS = (
    "scan", "type", "tile", "j_offset_mag", "h_offset_mag", "k_offset_mag", "error_mag", "loss_mag", "photometric",
    "reason",
)  # fmt: skip
MOVED_COLUMNS = (
    "night",
    "scan",
    "band",
    "offset_a_mag",
    "offset_b_mag",
    "moved_mag",
    "photometric_a",
    "photometric_b",
)
USER_COLUMNS = (
    "solution_id",
    "kind",
    "run",
    "night",
    "state",
    "bands",
    "measurements",
    "adopted",
    "releases",
)
_DIGITS = 4


def _night_of(row: dict[str, Any]) -> str:
    return "" if row["date"] is None else f"{row['date']:%Y-%m-%d}{row['hemis']}"


def _shown(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Round magnitudes for people; JSON has them as they are."""
    if json_wanted():
        return rows
    return [
        {name: round(value, _DIGITS) if isinstance(value, float) else value for name, value in row.items()}
        for row in rows
    ]


@app.command()
def solve(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Name of the run.")],
    night: Annotated[
        str | None,
        typer.Argument(metavar="[NIGHT]", help="Night: 1997-04-23s or 970423s; both sites without n or s."),
    ] = None,
    *,
    whole: Annotated[
        bool, typer.Option("--global", help="All nights of the run together, with the overlaps of its scans.")
    ] = False,
    leave_out_failed: Annotated[
        bool,
        typer.Option("--leave-out-failed", help="With --global: without what failed, is dead or held."),
    ] = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Queue the solution of a night again, or with --global that of a whole run.

    A night: without calibration scans that failed, are dead or held. Workers solve a night by themselves when its
    calibration scans are done, and `mapps run queue` queues it again when one of them was done again or standards
    changed. A run is solved when it is asked for: when all its scans and nights are done, and a second time only if
    something changed.
    """
    del json
    from app.production.requests import request_global_solution
    from app.production.selection import Night
    from app.production.solutions import solve_again

    if whole == (night is not None) or (leave_out_failed and not whole):
        raise UserError(
            f"solve {run} with {'a night' if night else 'no night'} and {'' if whole else 'not '}--global",
            expected="RUN NIGHT, or RUN --global, with --leave-out-failed or without",
        )
    with connect("operator", autocommit=True) as connection:
        if night is None:
            attempts = get_settings().max_attempts
            tasks = request_global_solution(
                connection, run, attempts, leave_out=leave_out_failed, dry_run=dry_run
            )
        else:
            tasks = solve_again(connection, run, Night.parse(night), dry_run=dry_run)
    emit_table([task_row(task) for task in tasks], TASK_COLUMNS, "Tasks")


@app.command()
def show(
    subject: Annotated[
        str, typer.Argument(metavar="NIGHT|SOLUTION", help="A night, or the number of a solution.")
    ],
    *,
    run: RunOption = None,
    json: JsonOption = False,
) -> None:
    """Show a night (what became of it in each run, its solutions), or a solution.

    A solution has zero points and verdicts of scans, sets with residuals, the forms that were compared, intervals.
    Numbers of up to five digits are solutions, everything else is a night.
    """
    del json
    with connect("reader") as connection:
        if subject.isdigit() and len(subject) < len("970423"):
            _show_solution(connection, int(subject))
        else:
            _show_night(connection, subject, run)


def _show_night(connection: Connection[Any], name: str, run: str | None) -> None:
    from app.production.selection import Night
    from app.production.solutions import describe_night, find_solutions

    night = Night.parse(name)
    outcomes = [row | {"night": _night_of(row)} for row in describe_night(connection, night, run)]
    found = [row | {"night": _night_of(row)} for row in find_solutions(connection, night, run=run)]
    if json_wanted():
        emit_record({"runs": outcomes, "solutions": found})
        return
    if not outcomes:
        say("no run has a solution task of the night: it has no calibration scans, or is not queued")
    emit_table(outcomes, OUTCOME_COLUMNS, "Runs")
    if found:
        say("")
        emit_table(found, SOLUTION_COLUMNS, "Solutions, the newest first")
    say_departures(connection, f"{night.date:%y%m%d}{night.hemis or ''}", run)


def _show_solution(connection: Connection[Any], solution_id: int) -> None:
    from app.production.solutions import find_solutions, scans_of, sets_of

    [found] = find_solutions(connection, solution_id=solution_id)
    sets, scans = sets_of(connection, solution_id), scans_of(connection, solution_id)
    if json_wanted():
        emit_record({"solution": found | {"night": _night_of(found)}, "sets": sets, "scans": scans})
        return
    facts = found["facts"]
    if found["kind"] == SolutionKind.GLOBAL:
        say_global_solution(found)
        emit_table(_shown(sets), SET_COLUMNS, "Calibration sets")
        return
    emit_record(
        {
            name: found[name]
            for name in ("solution_id", "run", "state", "retired_because", "input_hash", "content_hash")
        }
        | {"night": _night_of(found), "adopted_in": ", ".join(found["adopted_in"])}
        | {f"verdict: {reason}": count for reason, count in facts.get("verdicts", {}).items()}
    )
    for span in facts.get("intervals_hours", []):
        say(f"photometric from {span[0]:.2f} h to {span[1]:.2f} h UTC of the night's date")
    for band, said in facts.get("bands", {}).items():
        forms = ", ".join(f"{form} {error:.4f}" for form, error in said["left_out_mag"].items())
        say(
            f"{band}: {said['form']} of {said['sets']} sets (left out: {forms} mag),"
            f" extinction {said['extinction_excess']:+.4f}"
        )
    for band in facts.get("bands_without_sets", []):
        say(f"{band}: no usable set, the nominal zero point stays")
    emit_table(_shown(sets), SET_COLUMNS, "Calibration sets")
    emit_table(_shown(scans), SCAN_COLUMNS, "Scans")


@app.command()
def adopt(
    solution: SolutionArgument,
    *,
    run: Annotated[
        str | None, typer.Option("--run", metavar="NAME", help="Run that adopts it; its own when absent.")
    ] = None,
    by: Annotated[
        str | None, typer.Option("--by", metavar="PERSON", help="Who adopts it; the user when absent.")
    ] = None,
) -> None:
    """See the rows of a run through a solution. Preliminary runs adopt accepted night solutions by themselves."""
    from app.production.solutions import adopt as adopt_solution

    with connect("operator", autocommit=True) as connection:
        nights = adopt_solution(connection, solution, by or getpass.getuser(), run)
    say(f"solution {solution} adopted for {nights} nights")


@app.command()
def diff(first: SolutionArgument, second: SolutionArgument, *, json: JsonOption = False) -> None:
    """Compare two solutions: what moved per scan and band, rms and largest, and verdicts that changed."""
    del json
    from app.production.solutions import difference

    with connect("reader") as connection:
        rows = difference(connection, first, second)
    emit_table(_shown(rows), MOVED_COLUMNS, f"From {first} to {second}")
    if rows and all(row["moved_mag"] is None for row in rows):
        say(
            f"solutions {first} and {second} have no scan in common; those of a night: mapps calibration show NIGHT"
        )
    for band in ("j", "h", "k"):
        moved = [row["moved_mag"] for row in rows if row["band"] == band and row["moved_mag"] is not None]
        if moved:
            rms = math.sqrt(sum(value * value for value in moved) / len(moved))
            largest = max(moved, key=abs)
            say(f"{band}: {len(moved)} scans, rms {rms:.4f} mag, largest {largest:+.4f} mag")
    lone = sum(row["moved_mag"] is None for row in rows)
    turned = sum(row["photometric_a"] is not row["photometric_b"] for row in rows) - lone
    say(f"{turned} verdicts changed, {lone} zero points are in one of them only")


@app.command()
def triage(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Name of the run.")],
    night: NightArgument,
    *,
    hold: Annotated[
        bool, typer.Option("--hold", help="Hold tasks of survey scans that cannot be photometric.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Say from the solution of a night whether its survey scans are worth reducing.

    `mapps run resume` undoes --hold.
    """
    del json
    from app.production.selection import Night
    from app.production.solutions import triage as triage_night

    with connect("operator", autocommit=True) as connection:
        found = triage_night(connection, run, Night.parse(night), hold=hold)
    record = {"outcome": found.outcome, "survey_scans": found.scans, "hopeless": found.hopeless}
    emit_record(record | {"held": len(found.held)})


@app.command()
def retire(
    *,
    standard: Annotated[str, typer.Option("--standard", metavar="NAME", help="Name of the standard star.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")],
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Retire a standard star: list the solutions and releases that used it, and retire these solutions.

    Nights stay seen through the retired solutions, and show it, until they are solved again: `mapps run queue RUN` of
    preliminary runs, in others `mapps calibration adopt`. Published releases do not change.
    """
    del json
    from app.production.solutions import retire_standard

    with connect("operator", autocommit=True) as connection:
        retired = retire_standard(connection, standard, reason, dry_run=dry_run)
    rows = [row | {"night": _night_of(row)} for row in retired.solutions]
    emit_table(rows, USER_COLUMNS, "Solutions that used it")
    if retired.before:
        say(f"standard {standard} was retired before")
        return
    say(f"standard {standard} {'would be' if dry_run else 'is'} retired, and {len(rows)} solutions")
