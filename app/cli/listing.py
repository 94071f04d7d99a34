"""What the verbs `list` share: options, and rows with the night as commands take it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from app.cli.output import emit_table, json_wanted, say

LimitOption = Annotated[int, typer.Option("--limit", min=1, metavar="N", help="At most so many.")]


def night_of(row: dict[str, Any]) -> str:
    """Write a night as commands take it; blank where a row is of no night."""
    return "" if row["date"] is None else f"{row['date']:%Y-%m-%d}{row['hemis']}"


def emit_list(rows: list[dict[str, Any]], columns: Sequence[str], title: str, limit: int) -> None:
    """Print a list; say when its end was cut off.

    Parameters
    ----------
    rows : list of dict
        Rows as the statement gave them; date and hemis become `night`.
    columns : sequence of str
        Columns for people; `--json` has them all. Hashes are cut to twelve digits for people.
    title : str
        Heading on a terminal.
    limit : int
        Rows that were asked for at most.
    """
    named = [row | {"night": night_of(row)} for row in rows]
    if json_wanted():
        emit_table(named, tuple(named[0]) if named else columns, title)
        return
    emit_table([row | {"sha256": row.get("sha256", "")[:12]} for row in named], columns, title)
    if len(rows) == limit:
        say(f"the first {limit}; more with --limit, fewer with the other options")
