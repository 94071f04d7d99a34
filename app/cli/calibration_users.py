"""`mapps calibration users`: which solutions and releases rest on a standard, a set, an attempt or a scan."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from app.cli.output import JsonOption, emit_table
from app.db.engine import connect
from app.errors import UserError

app = typer.Typer()
"""The command, which `app.cli.calibration_solutions` takes in."""

USER_COLUMNS = (
    "solution_id", "kind", "run", "night", "state", "through", "nights_adopted", "releases",
)  # fmt: skip


@app.command()
def users(
    *,
    standard: Annotated[
        list[str] | None, typer.Option("--standard", metavar="NAME", help="A standard star; repeatable.")
    ] = None,
    members: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NIGHT:N", help="A calibration set: night_id and number; repeatable."),
    ] = None,
    attempt: Annotated[
        list[int] | None, typer.Option("--attempt", metavar="ID", help="An attempt; repeatable.")
    ] = None,
    scan_key: Annotated[
        list[int] | None, typer.Option("--scan-key", metavar="KEY", help="A scan in overlaps; repeatable.")
    ] = None,
    solution: Annotated[
        list[int] | None, typer.Option("--solution", metavar="N", help="A solution, and those made of it.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """List the solutions that used something, retired ones too, and the releases that saw nights through them."""
    del json
    from app.production.solution_users import Ingredients, solutions_using

    wanted = Ingredients(
        tuple(standard or ()),
        sets_of(members or []),
        tuple(attempt or ()),
        tuple(scan_key or ()),
        tuple(solution or ()),
    )
    if wanted == Ingredients():
        raise UserError(
            "nothing is asked for", expected="--standard, --set, --attempt, --scan-key or --solution"
        )
    with connect("reader") as connection:
        rows = [shown(row) for row in solutions_using(connection, wanted)]
    emit_table(rows, USER_COLUMNS, "Solutions that used it")


def sets_of(texts: list[str]) -> tuple[tuple[int, int], ...]:
    """Read sets.

    Parameters
    ----------
    texts : list of str
        night_id:number, as `calibration.set_used` has them.

    Raises
    ------
    UserError
        Raised if one is something else.

    Examples
    --------
    >>> sets_of(["1534:2"])
    ((1534, 2),)
    """
    found = []
    for text in texts:
        night, _, number = text.partition(":")
        if not (night.isdecimal() and number.isdecimal()):
            raise UserError(f"set {text!r}", expected="NIGHT_ID:NUMBER, such as 1534:2")
        found.append((int(night), int(number)))
    return tuple(found)


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """Name the night of a solution for people; blank for those of a whole run."""
    night = "" if row["date"] is None else f"{row['date']:%Y-%m-%d}{row['hemis']}"
    return row | {"night": night, "releases": ", ".join(row["releases"])}
