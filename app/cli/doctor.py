"""`mapps doctor`: findings about the surroundings, and the commands that mend them."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.output import JsonOption, emit_table, json_wanted, say
from app.db.doctor import examine
from app.errors import OperatorError

app = typer.Typer(rich_markup_mode=None)


@app.command()
def doctor(
    *,
    deep: Annotated[
        bool, typer.Option("--deep", help="Also check what must always hold in the tables (sql/checks/).")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Find what is missing or wrong around mapps and print the command that mends each.

    Looks for the server programs, pgSphere 1.4 or later, the database, its tables, the file store and free
    disk space. Exit code 0 when all is well, 3 otherwise.
    """
    del json
    findings = list(examine(deep=deep))
    rows = [
        {"check": f.check, "state": "ok" if f.ok else "FAILED", "found": f.found, "remedy": f.remedy}
        for f in findings
    ]
    # Remedies are printed below, whole: a table would cut them at the terminal's edge.
    columns = ("check", "state", "found", "remedy") if json_wanted() else ("check", "state", "found")
    emit_table(rows, columns, title="mapps doctor")
    wrong = [f for f in findings if not f.ok]
    for finding in wrong:
        say(f"to mend {finding.check}: {finding.remedy}")
    if wrong:
        raise typer.Exit(OperatorError.exit_status)
