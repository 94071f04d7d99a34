"""`mapps store`: the files that rows name, compared with what was published, made again, or swept."""

from __future__ import annotations

import os
import subprocess
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.output import JsonOption, emit_table, json_wanted, say, track
from app.db.engine import connect
from app.db.stored_files import (
    FileFault,
    NamedFile,
    find_orphans,
    named_files,
    sampled_files,
    verify,
)
from app.errors import OperatorError, StoredFileError, UnknownNameError
from app.settings import get_settings
from app.store import Store
from app.version import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(
    help="Files of Atlas images, calibrations and diagnostics: whole, missing, damaged or left over.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

COLUMNS = ("file", "fault", "found", "used_by", "remedy")


def _faults(names: Sequence[str] | None = None, sample: int | None = None) -> tuple[int, list[FileFault]]:
    """Compare files with their rows: of these names, of a sample, or all; how many, and what is wrong."""
    store = Store()
    with connect("reader", autocommit=True) as connection:
        files = named_files(connection) if sample is None else sampled_files(connection, sample)
        if names is not None:
            files = _chosen(files, names)
        return len(files), list(verify(connection, store, track(files, "files read", len(files))))


def _chosen(files: list[NamedFile], names: Sequence[str]) -> list[NamedFile]:
    known = {file.name for file in files}
    for name in names:
        if name not in known:
            raise UnknownNameError(
                f"no row names a stored file {name!r}", expected="a name that mapps store verify printed"
            )
    return [file for file in files if file.name in set(names)]


def _emit(faults: list[FileFault]) -> None:
    rows = [
        {
            "file": f.name,
            "fault": f.fault,
            "found": f.found,
            "used_by": "; ".join(f.users),
            "remedy": f.remedy,
        }
        for f in faults
    ]
    if json_wanted():
        emit_table(rows, COLUMNS)
        return
    # Names of 70 characters: a paragraph each is easier to read than a table.
    for row in rows:
        say(
            f"{row['fault']}: {row['file']}\n  {row['found']}\n  used by: {row['used_by']}\n  {row['remedy']}"
        )


@app.command("verify")
def verify_files(
    *,
    sample: Annotated[
        int | None,
        typer.Option(
            "--sample", min=1, metavar="N", help="Only N images, N calibrations, N diagnostics, by chance."
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Compare the content of every stored file with the checksum that its rows hold.

    Prints each file that is missing or has another content, who uses it, and the command that makes it again. Exit code
    3 if there is one. Without --sample it also counts files that no row names (mapps store sweep).
    """
    del json
    count, faults = _faults(sample=sample)
    _emit(faults)
    say(f"{count} files read, {len(faults)} wrong")
    if sample is None:
        with connect("reader", autocommit=True) as connection:
            orphans = find_orphans(connection, Store(), timedelta(hours=24))
        if orphans.old or orphans.young:
            say(f"{len(orphans.old) + orphans.young} files that no row names; mapps store sweep lists them")
    if len(faults) > 1:
        say("to mend them all: mapps store repair")
    if faults:
        raise typer.Exit(OperatorError.exit_status)


@app.command()
def repair(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE]...", help="Names of files; all damaged ones if absent."),
    ] = None,
    *,
    json: JsonOption = False,
) -> None:
    """Make damaged and missing files again, by doing once more what made them; no row is changed.

    The ingested files and the version of the code that made them are needed; a file that comes out otherwise is not
    stored. A copy of the file from a backup of the store, put in its place, is as good.
    """
    del json
    _, faults = _faults(names)
    if not faults:
        say("nothing to repair: every file is as it was published")
        return
    wanted = [fault.name for fault in faults]
    environment = os.environ | get_settings().environment()
    program = [*_program(), "repair"]
    subprocess.run(program, check=False, cwd=ROOT, env=environment, input="\n".join(wanted), text=True)
    _, left = _faults(wanted)
    _emit(left)
    say(f"{len(wanted) - len(left)} of {len(wanted)} files made again")
    if left:
        raise StoredFileError(
            f"{len(left)} files could not be made again",
            remedy="the lines above say why; a copy from a backup of the store, put in its place, is as good",
        )


def _program() -> tuple[str, ...]:
    from app.production.supervisor import PROGRAM

    return PROGRAM


@app.command()
def sweep(
    *,
    apply: Annotated[
        bool, typer.Option("--apply", help="Remove the files; without it they are listed.")
    ] = False,
    older_than: Annotated[
        float,
        typer.Option("--older-than", min=1.0, metavar="HOURS", help="Leave files that were stored since."),
    ] = 24.0,
    json: JsonOption = False,
) -> None:
    """List, or remove, files that no row names: of attempts that never published, and of replaced ones.

    Files stay that were stored in the last hours, or since the oldest attempt at work began: it may be about to publish
    them. Never share a store between two databases: each would sweep the files of the other.
    """
    del json
    store = Store()
    with connect("reader", autocommit=True) as connection:
        orphans = find_orphans(connection, store, timedelta(hours=older_than))
    removed = [name for name in orphans.old if store.remove(name, orphans.before)] if apply else []
    done = set(removed)
    emit_table(
        [{"file": name, "state": "removed" if name in done else "left over"} for name in orphans.old],
        ("file", "state"),
    )
    said = f"{len(removed)} removed" if apply else f"{len(orphans.old)} would be removed by --apply"
    say(f"{said}, {orphans.young} left: stored after {orphans.before:%Y-%m-%d %H:%M} UTC")
