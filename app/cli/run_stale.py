"""`mapps run stale`: done tasks whose inputs changed, and making them ready again."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from app.cli.output import JsonOption, emit_table, json_wanted, say
from app.cli.run_options import NameArgument, NightOption, ScanOption, task_row
from app.db.engine import connect

app = typer.Typer()
"""The command, which `app.cli.run` takes into `mapps run`."""

STALE_COLUMNS = ("task", "kind", "night", "scan", "attempt", "renewal", "because")


@app.command()
def stale(
    name: NameArgument,
    *,
    night: NightOption = None,
    scan: ScanOption = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Make them ready again; without it nothing is changed.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """List done tasks whose inputs changed, came late or were recalled since; with --apply do them again.

    Inputs are files, calibrations, the reference catalogue and rows of other attempts, as each attempt recorded them.
    The policy of the kind of task (docs/protocol.md) says whether it may be done again in this run: on request, or
    never, as in final runs. Former rows stay until a task publishes again. What was made from stale tasks is listed
    when they come out different: look again when they are done.
    """
    del json
    from app.production.selection import Selection
    from app.production.stale import renew, stale_tasks
    from app.production.task_plan import Renewal

    selection = Selection.of(night, scan)
    with connect("operator", autocommit=True) as connection:
        found = stale_tasks(connection, name, selection)
        again = renew(connection, name, selection) if apply else []
    if found or json_wanted():
        emit_table(map(_row, found), STALE_COLUMNS, f"Stale tasks of run {name}")
    barred = sum(task.renewal is Renewal.NEVER for task in found)
    if apply:
        say(f"{len(again)} tasks are made ready again")
    else:
        say(f"{len(found) - barred} tasks would be made ready again" + ("; add --apply" if found else ""))
    if barred:
        say(
            f"{barred} tasks stay as they are in this run: recall them into another run (--requeue --into RUN)"
        )


def _row(stale: Any) -> dict[str, Any]:
    reasons = stale.reasons
    more = f"; and {len(reasons) - 1} more" if len(reasons) > 1 else ""
    return task_row(stale.task) | {
        "attempt": stale.attempt_id,
        "renewal": stale.renewal.value,
        "because": list(reasons) if json_wanted() else reasons[0] + more,
    }
