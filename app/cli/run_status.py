"""`mapps run status`, `watch` and `attempts`: how far a run is."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from psycopg import Connection

from app.cli.output import JsonOption, as_text, emit_record, emit_table, json_wanted, on_terminal, say
from app.cli.reference_warning import warn_of_missing_stars
from app.cli.run_options import NameArgument, night_name
from app.db.engine import connect
from app.models.production import TaskState
from app.production.progress import (
    Progress,
    Rows,
    read_attempts,
    read_inputs,
    read_outages,
    read_problems,
    read_progress,
    read_starless,
)
from app.production.runs import list_runs
from app.production.stale import mixtures, told_mixtures

app = typer.Typer()
"""The commands, which `app.cli.run` takes into `mapps run`."""

STATES = tuple(state.value for state in TaskState)
STATUS_COLUMNS = ("kind", *STATES, "blocked", "total")
ATTEMPT_COLUMNS = (
    "attempt", "run", "task", "kind", "night", "scan", "worker", "started", "outcome", "accepted", "family", "error",
    "points", "cpu_s", "wall_s", "memory_mb",
)  # fmt: skip
RUNNING = "running"
RUNNING_COLUMNS = (
    "attempt", "run", "task", "kind", "night", "scan", "worker", "host", "process", "started", "lease_s",
)  # fmt: skip
INPUT_COLUMNS = ("kind", "input_key", "content_hash", "input")


@app.command()
def status(
    name: Annotated[
        str | None, typer.Argument(help="Name of the run; all runs when absent.", metavar="[NAME]")
    ] = None,
    *,
    json: JsonOption = False,
) -> None:
    """Show the tasks of a run by state, those that need a person, and inputs or code that the run mixes."""
    del json
    with connect("reader") as connection:
        if name is None:
            rows = [
                {key: run[key] for key in ("name", "kind", "state", "tasks", "done", "failed")}
                for run in list_runs(connection)
            ]
            emit_table(rows, ("name", "kind", "state", "tasks", "done", "failed"), "Runs")
            return
        _tell_run(connection, name)


def _tell_run(connection: Connection[Any], name: str) -> None:
    """Show one run: its state, its tasks, and what needs a person."""
    [run] = list_runs(connection, name)
    found = read_progress(connection, name)
    mixed, starless = mixtures(connection, name), read_starless(connection, name)
    problems, outages = read_problems(connection, name), read_outages(connection, name)
    if json_wanted():
        record = {"run": name, "state": run["state"], "tasks": found.table, "problems": problems}
        record |= {"mixed": [vars(mixture) for mixture in mixed], "waiting_for": outages}
        record |= {"reason": run["reason"], "scans_without_reference_stars": starless}
        emit_record(record)
        return
    held = f" ({run['reason']})" if run["reason"] else ""
    say(f"run {name}: {run['kind']}, {run['state']}{held}, {found.text()}")
    if starless:
        say(
            f"  {starless} scans were reduced without reference stars: positions are those of the pointing, off by"
            " arcseconds; mapps reference load, then mapps run recall"
        )
    if found.table:
        emit_table(found.table, STATUS_COLUMNS, f"Tasks of run {name}")
    for line in told_mixtures(mixed):
        say(f"  {line}")
    _tell_waits(outages, problems)


def _tell_waits(outages: Rows, problems: Rows) -> None:
    """Show what workers wait for, and tasks that need a person, a line a reason."""
    for outage in outages:
        say(
            f"  workers wait: {outage['tasks']} tasks given back, no attempt counted, the latest"
            f" {as_text(outage['latest'])}: {outage['code']}: {outage['reason']}"
        )
    for problem in problems:
        scan = f", scan {problem['scan']}" if problem["scan"] else ""
        first = f"task {problem['task_id']} ({problem['kind']}, {night_name(problem)}{scan})"
        others = f" and {problem['tasks'] - 1} more" if problem["tasks"] > 1 else ""
        say(f"  {problem['state']}: {first}{others}: {problem['reason']}")


@app.command()
def watch(
    name: NameArgument,
    *,
    interval: Annotated[
        float, typer.Option("--interval", min=0.1, metavar="SECONDS", help="How often to look.")
    ] = 1.0,
) -> None:
    """Show how a run goes on until nothing more can happen: live on a terminal, else a line per change."""
    with connect("reader", autocommit=True) as connection:
        list_runs(connection, name)
        if on_terminal():
            _watch_live(connection, name, interval)
        else:
            for found in _changes(connection, name, interval):
                print(f"{datetime.now(UTC):%H:%M:%S} {found.text()}", flush=True)


def _changes(connection: Connection[Any], name: str, interval: float) -> Iterator[Progress]:
    last = None
    while True:
        found = read_progress(connection, name)
        if found != last:
            yield found
        last = found
        if found.at_rest:
            return
        time.sleep(interval)


def _watch_live(connection: Connection[Any], name: str, interval: float) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, TextColumn("{task.fields[text]}"), console=Console(file=sys.stdout)) as bar:
        shown = bar.add_task(name, total=None, text="")
        for found in _changes(connection, name, interval):
            bar.update(shown, total=found.total, completed=found.count(TaskState.DONE), text=found.text())


@app.command()
def attempts(
    name: Annotated[
        str | None, typer.Argument(help="Name of the run; all runs when absent.", metavar="[NAME]")
    ] = None,
    *,
    outcome: Annotated[
        str | None,
        typer.Option("--outcome", metavar="OUTCOME", help="running, done, failed, lost or given_back."),
    ] = None,
    task: Annotated[int | None, typer.Option("--task", metavar="ID", help="Of this task only.")] = None,
    attempt: Annotated[
        int | None,
        typer.Option("--attempt", metavar="ID", help="Everything about this one, error text included."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, metavar="N", help="The latest N.")] = 100,
    json: JsonOption = False,
) -> None:
    """List attempts, the latest first: who tried, how it ended, what it cost.

    With `--outcome running`, who works on what now: worker, since when, seconds left of the lease. With `--attempt ID`,
    also every input that it recorded.
    """
    del json
    with connect("reader") as connection:
        if name is not None:
            list_runs(connection, name)
        rows = read_attempts(connection, name, outcome=outcome, task_id=task, attempt_id=attempt, limit=limit)
        inputs = read_inputs(connection, attempt) if attempt is not None and rows else []
    warn_of_missing_stars()
    if attempt is not None and rows and not json_wanted():
        text = rows[0].pop("error_text")
        emit_record(rows[0])
        if text:
            say(text)
        emit_table(inputs, INPUT_COLUMNS, "Inputs")
        return
    if attempt is not None and rows:
        rows[0] |= {"inputs": inputs}
    columns: tuple[str, ...] = RUNNING_COLUMNS if outcome == RUNNING else ATTEMPT_COLUMNS
    columns = tuple(rows[0]) if rows and json_wanted() else columns
    emit_table(rows if json_wanted() else map(_short, rows), columns, f"Attempts of {name or 'all runs'}")


def _short(row: dict[str, Any]) -> dict[str, Any]:
    memory = row["peak_memory_bytes"]
    return {
        "attempt": row["attempt_id"],
        "run": row["run"],
        "host": row["host"],
        "process": row["process_id"],
        "lease_s": _rounded(row["lease_left_seconds"]),
        "task": row["task_id"],
        "kind": row["kind"],
        "night": night_name(row),
        "scan": row["scan"],
        "worker": row["worker"],
        "started": row["started_at"],
        "outcome": row["outcome"],
        "accepted": row["accepted"],
        "family": row["family"],
        "error": row["error_code"],
        "points": row["point_rows"],
        "cpu_s": _rounded(row["cpu_seconds"]),
        "wall_s": _rounded(row["wall_seconds"]),
        "memory_mb": None if memory is None else round(memory / 1e6),
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 2)
