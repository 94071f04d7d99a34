"""`mapps run replay`: accepted attempts done again from their recorded inputs, and compared."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from app.cli.output import JsonOption, json_wanted
from app.cli.run_options import NameArgument

app = typer.Typer()
"""The command, which `app.cli.run` takes into `mapps run`."""

SAMPLE = 20


@app.command()
def replay(
    name: NameArgument,
    *,
    attempt: Annotated[
        list[int] | None, typer.Option("--attempt", metavar="ID", help="Only this attempt; repeatable.")
    ] = None,
    sample: Annotated[
        int,
        typer.Option("--sample", min=1, metavar="N", help="Without --attempt: N attempts, evenly spread."),
    ] = SAMPLE,
    any_code: Annotated[
        bool,
        typer.Option("--any-code", help="Also attempts of other code: what would this one make of them?"),
    ] = False,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Write what was found as JSON.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Do accepted attempts again from their recorded inputs, publish nothing, and compare with what is loaded.

    Rows are compared byte by byte, files by their hashes. One line an attempt: equal; differs, with the first columns
    and counts; or cannot: an input is missing or was replaced, or other code made it. Exit code 0 when all are equal,
    1 when something differs, 4 when nothing differs but some could not be done again.
    """
    del json
    from app.db.engine import database_url
    from app.db.migrate import require_current
    from app.production.supervisor import PROGRAM
    from app.settings import get_settings
    from app.version import ROOT

    require_current(database_url())
    words = ["replay", "--quiet", "--run", name]
    words += [f"--attempt={key}" for key in attempt] if attempt else ["--sample", str(sample)]
    words += ["--any-code"] if any_code else []
    words += ["--report", str(report.absolute())] if report is not None else []
    words += ["--json"] if json_wanted() else []
    environment = os.environ | get_settings().environment()
    status = subprocess.run([*PROGRAM, *words], check=False, cwd=ROOT, env=environment).returncode
    # What is wrong was told by the process itself, which is killed only by what kills this one.
    raise typer.Exit(status if status >= 0 else 128 - status)
