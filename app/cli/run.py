"""`mapps run`: production runs."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli import (
    run_compare,
    run_match,
    run_objects,
    run_recall,
    run_repeats,
    run_replay,
    run_stale,
    run_status,
)
from app.cli.output import JsonOption, emit_record, emit_table, json_wanted, say
from app.cli.reference_warning import warn_of_missing_stars
from app.cli.run_final import FromOption, RulesOption, WhereOption, emit_final, final_request
from app.cli.run_options import (
    TASK_COLUMNS,
    CalibrationOnlyOption,
    DryRunOption,
    NameArgument,
    NightOption,
    ReasonOption,
    ScanOption,
    TaskOption,
    TileOption,
    task_row,
)
from app.db.engine import connect
from app.errors import UserError
from app.models.production import RunKind, RunState, TaskState
from app.settings import get_settings

app = typer.Typer(
    help="""Production runs: a name, a pipeline (code version and parameters), tasks.

Several runs over the same scans live side by side. A preliminary run may follow the code; a final run works only
with the very code of its frozen pipeline.""",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(run_status.app)
app.add_typer(run_recall.app)
app.add_typer(run_stale.app)
app.add_typer(run_replay.app)
app.add_typer(run_match.app)
app.add_typer(run_compare.app)
app.add_typer(run_objects.app)
app.add_typer(run_repeats.app)

RUN_COLUMNS = ("run", "kind", "state", "tasks", "done", "failed", "code", "commit", "frozen", "sealed")


class FormerWordError(UserError):
    """A command has another name now."""

    code = "FORMER_WORD"


def _operator() -> Any:
    return connect("operator", autocommit=True)


def _short(commit: str) -> str:
    """First digits of a commit; whether the code had changes beside it stays visible."""
    digits, plus, _ = commit.partition("+")
    return digits[:12] + plus


def _run_row(run: dict[str, Any]) -> dict[str, Any]:
    return {
        "run": run["name"],
        "kind": run["kind"],
        "state": run["state"],
        "tasks": run["tasks"],
        "done": run["done"],
        "failed": run["failed"],
        "code": run["code_version"],
        "commit": _short(run["code_commit"]),
        "frozen": run["frozen_at"],
        "sealed": run["sealed_at"],
    }


def _emit_run(connection: Any, name: str) -> None:
    from app.production.runs import list_runs

    [found] = list_runs(connection, name)
    emit_record(_run_row(found) | {"created": found["created_at"], "pipeline": found["pipeline_hash"]})


@app.command()
def create(
    name: NameArgument,
    *,
    kind: Annotated[RunKind, typer.Option("--kind", help="A preliminary run may follow the code.")],
    parameters: Annotated[
        Path | None,
        typer.Option(
            "--parameters",
            metavar="FILE",
            help="TOML or JSON file with parameters that differ from the defaults.",
        ),
    ] = None,
    zones: Annotated[
        int,
        typer.Option("--zones", help="Parts of the source table: 1 for a night, 12, 48 or 192 for the sky."),
    ] = 1,
    parents: FromOption = None,
    condition: WhereOption = None,
    rules: RulesOption = None,
    json: JsonOption = False,
) -> None:
    """Create a run with the code at hand and a full parameter set.

    A final run names its inputs: --from preliminary runs, --where a condition such as 'photometric and grade >= 3'. It
    records rules, reference catalogue, global solutions and its frozen pipeline with their hashes, or is refused.
    """
    del json
    from app.production.pipelines import this_pipeline
    from app.production.runs import create_run

    chosen = final_request(kind, parents, condition, rules)
    pipeline = this_pipeline(parameters)
    with _operator() as connection:
        if chosen is not None:
            emit_final(connection, name, pipeline, chosen, zones)
        else:
            create_run(connection, name, kind, pipeline, zones)
            _emit_run(connection, name)
    warn_of_missing_stars()


@app.command("list")
def list_(*, json: JsonOption = False) -> None:
    """List all runs."""
    del json
    from app.production.runs import list_runs

    with connect("reader") as connection:
        emit_table(map(_run_row, list_runs(connection)), RUN_COLUMNS, "Runs")


@app.command()
def queue(
    name: NameArgument,
    *,
    night: NightOption = None,
    scan: ScanOption = None,
    tile: TileOption = None,
    calibration_only: CalibrationOnlyOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Queue everything ingested that the run can do and does not have yet; repeating it adds nothing.

    With --calibration-only nights are calibrated and solved, and `mapps quality triage` says which are worth more.
    """
    del json
    from dataclasses import replace

    from app.production.selection import Selection
    from app.production.stale import queue_and_renew

    selection = replace(Selection.of(night, scan, tile), calibration_only=calibration_only)
    with _operator() as connection:
        attempts = get_settings().max_attempts
        added, again = queue_and_renew(connection, name, selection, attempts, dry_run=dry_run)
    if added:
        warn_of_missing_stars()
    # Numbers of a rehearsal are given back: nothing will ever have them.
    _emit_tasks([task | {"task_id": None} for task in added] if dry_run else added,
                "would be queued" if dry_run else "queued")  # fmt: skip
    if again:
        say(f"{len(again)} stale tasks {'would be' if dry_run else 'are'} made ready again, as the plan says")


def _emit_tasks(tasks: list[dict[str, Any]], done: str) -> None:
    if tasks or json_wanted():
        emit_table(map(task_row, tasks), TASK_COLUMNS, f"Tasks {done}")
    say(f"{len(tasks)} tasks {done}")


def _filter(
    night: str | None, scan: list[int] | None, task: list[int] | None, reason: str | None = None
) -> Any:
    from app.production.selection import Selection
    from app.production.tasks import TaskFilter

    return TaskFilter(Selection.of(night, scan), tuple(task) if task else None, reason)


@app.command()
def hold(
    name: NameArgument,
    *,
    night: NightOption = None,
    scan: ScanOption = None,
    task: TaskOption = None,
    because: Annotated[
        str, typer.Option("--because", metavar="TEXT", help="Why; shown by mapps run status.")
    ] = "held by the operator",
    json: JsonOption = False,
) -> None:
    """Hold a run, or some of its tasks: workers finish what they have and claim nothing more."""
    del json
    from app.production.runs import set_run_state
    from app.production.tasks import hold_tasks

    with _operator() as connection:
        if night or scan or task:
            _emit_tasks(hold_tasks(connection, name, _filter(night, scan, task), because), "held")
            return
        set_run_state(connection, name, RunState.HELD, because)
        _emit_run(connection, name)


@app.command()
def resume(
    name: NameArgument,
    *,
    night: NightOption = None,
    scan: ScanOption = None,
    task: TaskOption = None,
    json: JsonOption = False,
) -> None:
    """Let a held run, or some of its held tasks, go on. Held tasks stay held when the run as a whole goes on."""
    del json
    from app.production.runs import set_run_state
    from app.production.tasks import resume_tasks

    with _operator() as connection:
        if night or scan or task:
            _emit_tasks(resume_tasks(connection, name, _filter(night, scan, task)), "resumed")
            return
        set_run_state(connection, name, RunState.OPEN)
        _emit_run(connection, name)


@app.command(
    "release", hidden=True, context_settings={"allow_extra_args": True, "ignore_unknown_options": True}
)
def former_release(context: typer.Context) -> None:
    """Refuse the word that `resume` had before: `mapps release` publishes, which this never did."""
    raise FormerWordError(
        "mapps run release",
        expected="mapps run resume",
        remedy=shlex.join(("mapps", "run", "resume", *context.args)),
    )


@app.command()
def retry(
    name: NameArgument,
    *,
    state: Annotated[
        list[TaskState] | None,
        typer.Option("--state", help="failed or dead; both when not given.", metavar="STATE"),
    ] = None,
    night: NightOption = None,
    scan: ScanOption = None,
    task: TaskOption = None,
    reason: ReasonOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Try failed and dead tasks again; the attempts made so far no longer count."""
    del json
    from app.production.tasks import retry_tasks

    states = tuple(state) if state else (TaskState.FAILED, TaskState.DEAD)
    wanted = _filter(night, scan, task, reason)
    with _operator() as connection:
        again = retry_tasks(connection, name, wanted, states, dry_run=dry_run)
    _emit_tasks(again, "would be tried again" if dry_run else "are tried again")


@app.command()
def freeze(name: NameArgument, *, json: JsonOption = False) -> None:
    """Freeze the pipeline of a run for good: final runs need it before anything is queued."""
    del json
    from app.production.runs import freeze_run

    with _operator() as connection:
        freeze_run(connection, name)
        _emit_run(connection, name)


@app.command()
def seal(name: NameArgument, *, json: JsonOption = False) -> None:
    """Build the positional indexes of a run, when its load is over; harmless when repeated."""
    del json
    from app.production.runs import seal_run

    with _operator() as connection:
        seal_run(connection, name)
        _emit_run(connection, name)


@app.command()
def report(
    name: NameArgument,
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where the pictures go.")
    ] = Path("pictures"),
    json: JsonOption = False,
) -> None:
    """Draw pictures of a run: coverage, an image with its sources, number counts, errors."""
    del json
    from app.reports.run_pictures import write_run_report

    with connect("reader") as connection:
        written = write_run_report(connection, name, output)
    warn_of_missing_stars()
    emit_table([{"picture": path} for path in written], ("picture",), "Pictures")
