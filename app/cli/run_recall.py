"""`mapps run recall`: who used an input or a version of the code."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from psycopg import Connection

from app.cli.output import JsonOption, emit_table, json_wanted, say
from app.cli.run_options import (
    TASK_COLUMNS,
    AttemptOption,
    CalibrationOption,
    CodeOption,
    CommitOption,
    DryRunOption,
    PipelineOption,
    RawFileOption,
    RecallNightOption,
    RecallScanOption,
    ReferenceOption,
    night_name,
    task_row,
)
from app.db.engine import connect
from app.errors import ConflictError, UserError
from app.models.production import InputKind
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
    reference: ReferenceOption = None,
    attempt: AttemptOption = None,
    pipeline: PipelineOption = None,
    night: RecallNightOption = None,
    scan: RecallScanOption = None,
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

    A key is digits only; the start of a SHA-256 has six hexadecimal digits or more with a letter among them, or
    `sha256:` before it. What means several things is refused, and they are listed. Keys are listed by `mapps night
    list`, `scan list`, `ingest files`, `calibration list`, `reference list`, `run attempts`.

    In place, the former rows stay until the task publishes again. What a published release rests on (the scans
    that it chose, the calibrations they used) is never done again in place: requeue into another run then.
    """
    del json
    if into is not None and not requeue:
        raise ConflictError("--into without --requeue", remedy="add --requeue")
    with connect("operator", autocommit=True) as connection:
        inputs = {
            InputKind.RAW_FILE: raw_file,
            InputKind.CALIBRATION: calibration,
            InputKind.REFERENCE: reference,
            InputKind.ATTEMPT: attempt,
            InputKind.PIPELINE: pipeline,
        }
        recalled = _target(connection, inputs, (night, scan), (code, commit))
        _answer(connection, recalled, name, requeue=requeue, into=into, dry_run=dry_run)


def _answer(
    connection: Connection[Any],
    recalled: Any,
    name: str | None,
    *,
    requeue: bool,
    into: str | None,
    dry_run: bool,
) -> None:
    """List the users, and queue their tasks again where asked for."""
    from app.production import recall as recalls

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
    inputs: dict[InputKind, str | None],
    scans: tuple[str | None, list[int] | None],
    code: tuple[str | None, str | None],
) -> Any:
    from app.production.addresses import files_of_scans, find_inputs
    from app.production.recall import Recalled
    from app.production.selection import Selection

    (night, numbers), (version, commit) = scans, code
    given = [(kind, text) for kind, text in inputs.items() if text]
    if len(given) + bool(night) + bool(version) != 1 or (commit and not version) or (numbers and not night):
        raise RecallTargetError(
            f"{len(given) + bool(night) + bool(version)} things to recall",
            expected="one of --raw-file, --calibration, --reference, --attempt, --pipeline, --night [--scan], --code"
            " [--commit]",
        )
    if night:
        return Recalled(InputKind.RAW_FILE, files_of_scans(connection, Selection.of(night, numbers)))
    if version:
        return Recalled(code_version=version, code_commit=commit)
    [(kind, text)] = given
    return Recalled(kind, find_inputs(connection, kind, text))


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
