"""`mapps run recall`: who used a file, a calibration, a version of the code."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from psycopg import Connection

from app.cli.output import JsonOption, emit_table, json_wanted, say
from app.cli.run_options import (
    TASK_COLUMNS,
    CalibrationOption,
    CodeOption,
    CommitOption,
    DryRunOption,
    RawFileOption,
    night_name,
    task_row,
)
from app.db.engine import connect
from app.errors import ConflictError, UserError
from app.settings import get_settings

app = typer.Typer()
"""The command, which `app.cli.run` takes into `mapps run`."""

RECALL_COLUMNS = (
    "attempt", "run", "task", "kind", "state", "night", "scan", "through", "sources", "extended", "releases",
)  # fmt: skip


class RecallTargetError(UserError):
    """Not exactly one thing is recalled."""

    code = "RECALL_TARGET"


@app.command()
def recall(
    name: Annotated[
        str | None, typer.Argument(help="Only attempts of this run; all runs when absent.", metavar="[NAME]")
    ] = None,
    *,
    raw_file: RawFileOption = None,
    calibration: CalibrationOption = None,
    code: CodeOption = None,
    commit: CommitOption = None,
    requeue: Annotated[
        bool, typer.Option("--requeue", help="Do the tasks again; add --dry-run first.")
    ] = False,
    into: Annotated[
        str | None, typer.Option("--into", metavar="RUN", help="Requeue into another run, not in place.")
    ] = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """List exactly the attempts, sources and releases that used something; requeue them where asked for.

    In place, the former rows stay until the task publishes again. What a published release rests on (the scans
    that it chose, the calibrations they used) is never done again in place: requeue into another run then.
    """
    del json
    from app.production import recall as recalls

    if into is not None and not requeue:
        raise ConflictError("--into without --requeue", remedy="add --requeue")
    with connect("operator", autocommit=True) as connection:
        recalled = _target(connection, raw_file, calibration, code, commit)
        users = recalls.users_of(connection, recalled, name)
        if not (requeue and json_wanted()):
            _emit(users)
        if not requeue:
            return
        done = recalls.requeue(
            connection, recalled, get_settings().max_attempts, run=name, into=into, dry_run=dry_run
        )
    tasks = [task_row(task) | {"run": part.run} for part in done for task in part.tasks]
    emit_table(tasks, ("run", *TASK_COLUMNS), "Tasks")
    say(f"{len(tasks)} tasks {'would be ' if dry_run else ''}queued again")


def _target(
    connection: Connection[Any],
    raw_file: str | None,
    calibration: str | None,
    code: str | None,
    commit: str | None,
) -> Any:
    from app.production import recall as recalls

    given = [value for value in (raw_file, calibration, code) if value]
    if len(given) != 1 or (commit and not code):
        raise RecallTargetError(
            f"{len(given)} things to recall", expected="one of --raw-file, --calibration, --code [--commit]"
        )
    if raw_file:
        return recalls.find_raw_file(connection, raw_file)
    if calibration:
        return recalls.find_calibration(connection, calibration)
    return recalls.Recalled(code_version=code, code_commit=commit)


def _emit(users: list[dict[str, Any]]) -> None:
    rows = [
        {
            "attempt": user["attempt_id"],
            "run": user["run"],
            "task": user["task_id"],
            "kind": user["kind"],
            "state": user["state"],
            "night": night_name(user),
            "scan": user["scan"],
            "through": user["through"],
            "sources": user["sources"],
            "extended": user["extended_rows"],
            "releases": user["releases"] if json_wanted() else ", ".join(user["releases"]),
        }
        for user in users
    ]
    emit_table(rows, RECALL_COLUMNS, "Attempts that used it")
    sources = sum(row["sources"] for row in rows)
    releases = sorted({release for user in users for release in user["releases"]})
    say(
        f"{len(rows)} attempts, {sources} point sources,"
        f" releases: {', '.join(releases) if releases else 'none'}"
    )
