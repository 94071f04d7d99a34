"""Options that several verbs of `mapps run` share."""

from __future__ import annotations

from typing import Annotated, Any

import typer

NameArgument = Annotated[str, typer.Argument(help="Name of the run.", metavar="NAME")]
NightOption = Annotated[
    str | None,
    typer.Option("--night", metavar="DATE", help="Only this night: 1997-04-23 or 970423, n or s may follow."),
]
ScanOption = Annotated[
    list[int] | None,
    typer.Option("--scan", metavar="N", help="Only scans of this number in their night; repeatable."),
]
TileOption = Annotated[
    list[int] | None, typer.Option("--tile", metavar="TILE", help="Only scans of this tile; repeatable.")
]
TaskOption = Annotated[
    list[int] | None, typer.Option("--task", metavar="ID", help="Only this task; repeatable.")
]
ReasonOption = Annotated[
    str | None, typer.Option("--reason", metavar="TEXT", help="Only tasks whose reason contains this.")
]
RawFileOption = Annotated[
    str | None,
    typer.Option(
        "--raw-file", "--file", metavar="FILE", help="Ingested file: key, name or start of the SHA-256."
    ),
]
CalibrationOption = Annotated[
    str | None,
    typer.Option(
        "--calibration",
        metavar="PRODUCT",
        help="Calibration product: key, or start of the SHA-256, which means this content in every run.",
    ),
]
ReferenceOption = Annotated[
    str | None,
    typer.Option(
        "--reference", metavar="CATALOGUE", help="Reference catalogue: name, start of its hash or key."
    ),
]
AttemptOption = Annotated[
    str | None, typer.Option("--attempt", metavar="ID", help="An attempt, and who used what it made.")
]
PipelineOption = Annotated[
    str | None,
    typer.Option(
        "--pipeline", metavar="HASH", help="Start of the hash of a pipeline or parameter set, or key."
    ),
]
RecallNightOption = Annotated[
    str | None,
    typer.Option(
        "--night", metavar="DATE", help="All files of a night: 1997-04-23 or 970423, n or s may follow."
    ),
]
RecallScanOption = Annotated[
    list[int] | None, typer.Option("--scan", metavar="N", help="With --night: its files only; repeatable.")
]
CodeOption = Annotated[
    str | None, typer.Option("--code", metavar="VERSION", help="Version of the code that ran.")
]
CommitOption = Annotated[
    str | None, typer.Option("--commit", metavar="START", help="Start of its commit; only with --code.")
]
CalibrationOnlyOption = Annotated[
    bool,
    typer.Option("--calibration-only", help="No survey scans: what tells whether a night is worth them."),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]

TASK_COLUMNS = ("task", "kind", "state", "night", "scan", "type", "tile", "reason")


def task_row(task: dict[str, Any]) -> dict[str, Any]:
    """Values of `TASK_COLUMNS` of a task as `describe_tasks` gives it."""
    return {
        "task": task["task_id"],
        "kind": task["kind"],
        "state": task["state"],
        "night": night_name(task),
        "scan": task["scan"],
        "type": task.get("scan_kind"),
        "tile": task.get("tile"),
        "reason": task.get("reason"),
    }


def night_name(row: dict[str, Any]) -> str:
    """Write the night of a task as commands take it, 1997-04-23s; block, cell or whole run where it has none."""
    if row["date"] is not None:
        return f"{row['date']:%Y-%m-%d}{row['hemis']}"
    if row.get("cell") is not None:
        return f"cell {row['cell']}"
    return f"block {row['block']}" if row["block"] is not None else "whole run"
