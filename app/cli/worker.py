"""`mapps worker`: processes that reduce what is queued."""

from __future__ import annotations

import os
import shlex
import subprocess
from typing import Annotated

import typer

from app.cli.streams import complain
from app.errors import ConflictError, MappsError, OperatorError


class TasksLeftError(OperatorError):
    """Workers are idle, and tasks are left that failed, are dead or blocked, or are of a held run: exit status 3."""

    code = "TASKS_LEFT"


app = typer.Typer(
    help="""Reduce what is queued.

Any number of workers on any number of hosts share one queue. Ctrl-C or SIGTERM: workers finish within the grace
period (MAPPS_GRACE_SECONDS) or give their tasks back; a second one gives back at once.""",
    invoke_without_command=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def work(
    context: typer.Context,
    *,
    processes: Annotated[
        int, typer.Option("--processes", "-n", min=1, metavar="N", help="Worker processes to run.")
    ] = 1,
    until_idle: Annotated[
        bool,
        typer.Option(
            "--until-idle",
            help="End when nothing is left that could become work: status 0, or 3 (TASKS_LEFT) when tasks are failed,"
            " dead or blocked, or the run of --run is held.",
        ),
    ] = False,
    run: Annotated[str | None, typer.Option("--run", metavar="NAME", help="Work for this run only.")] = None,
    max_tasks: Annotated[
        int | None,
        typer.Option("--max-tasks", min=1, metavar="N", help="Let each process end after N attempts."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Log warnings and errors only.")] = False,
) -> None:
    """Run worker processes until they are told to stop."""
    if context.invoked_subcommand is not None:
        return
    from app.production.supervisor import Supervisor
    from app.settings import get_settings

    _look_first(run)
    words = ["work"]
    words += ["--until-idle"] if until_idle else []
    words += ["--run", run] if run is not None else []
    words += ["--max-tasks", str(max_tasks)] if max_tasks is not None else []
    words += ["--quiet"] if quiet else []
    status = Supervisor(processes, words, get_settings().grace_seconds, _tell).run()
    if until_idle and status == 0:
        _seal(run)
        _refuse_left_over(run)
        _refuse_held(run)
    raise typer.Exit(status)


def _look_first(run: str | None) -> None:
    """Refuse here once what every process would refuse, and warn of what makes poor positions."""
    from app.db.doctor import NO_REFERENCE_STARS
    from app.db.engine import connect, database_url
    from app.db.migrate import require_current
    from app.db.statements import statement
    from app.production.runs import list_runs

    require_current(database_url())
    with connect("worker") as connection:
        if run is not None:
            list_runs(connection, run)
        if connection.execute(statement("db/reference_missing")).fetchone() == (True,):
            _tell(f"warning: {NO_REFERENCE_STARS}")


def _seal(run: str | None) -> None:
    """Build the positional indexes of runs that are done with; the load itself goes without (a factor 3 faster)."""
    from app.db.engine import connect
    from app.db.session import SessionError
    from app.production.runs import seal_drained

    try:
        connection = connect("operator", autocommit=True)
    except SessionError as error:
        # A host whose login is mapps_worker alone: what it reduced is published all the same.
        _tell(f"not sealed, {error.found}; an operator runs: mapps run seal NAME")
        return
    with connection:
        for name in seal_drained(connection, run):
            _tell(f"run {name} has nothing left to do: sealed, positional indexes built")


def _refuse_left_over(run: str | None) -> None:
    """End with a status of its own where idle does not mean done."""
    from app.db.engine import connect
    from app.production.progress import read_left_over

    with connect("worker") as connection:
        left = read_left_over(connection, run)
    if left:
        counts = "; ".join(
            f"run {name}: {', '.join(f'{count} {state}' for state, count in states.items())}"
            for name, states in left.items()
        )
        names = shlex.join(left)
        raise TasksLeftError(
            f"tasks are left that need a person: {counts}",
            remedy=f"mapps run status {names}; then mapps run retry {names}"
            if len(left) == 1
            else f"mapps run status NAME, for each of {names}",
        )


def _refuse_held(run: str | None) -> None:
    """Say which runs are held with tasks left; one that was asked for is not done, which ends with status 3."""
    from app.db.engine import connect
    from app.production.runs import list_runs

    with connect("worker") as connection:
        runs = list_runs(connection, run)
    for row in runs:
        left = row["tasks"] - row["done"]
        if row["state"] != "held" or not left:
            continue
        found, remedy = f"run {row['name']} is held, {left} tasks are left", f"mapps run resume {row['name']}"
        if run is not None:
            raise TasksLeftError(found, remedy=remedy)
        _tell(f"{found}: {remedy}")


def _tell(text: str) -> None:
    complain(f"mapps worker: {text}")


@app.command()
def warm() -> None:
    """Compile the kernels once, so that no reduction waits for it; later starts take them from the cache."""
    from app.production.supervisor import PROGRAM
    from app.settings import get_settings
    from app.version import ROOT

    environment = os.environ | get_settings().environment()
    status = subprocess.run([*PROGRAM, "warm"], check=False, cwd=ROOT, env=environment).returncode
    if status == ConflictError.exit_status:
        raise typer.Exit(status)
    if status != 0:
        kind = OperatorError if status == OperatorError.exit_status else MappsError
        raise kind("the kernels could not be compiled", remedy="see the lines above")
