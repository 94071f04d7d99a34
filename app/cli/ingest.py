"""`mapps ingest`: take files in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.listing import LimitOption, emit_list
from app.cli.output import JsonOption, emit_record, emit_table, json_wanted, progress, say
from app.cli.reference_warning import warn_of_missing_stars
from app.cli.run_options import NightOption, ScanOption, night_name
from app.db.engine import connect
from app.ingest.refusals import Refusal, read_refusals
from app.ingest.summary import IngestSummary, Replacement, ScanOutcome

if TYPE_CHECKING:
    from psycopg import Connection

app = typer.Typer(
    help="Take raw nights and Atlas images in. What is wrong is refused and listed, the rest goes in; ingesting"
    " twice changes nothing. Exit code 4 when something was refused.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

REFUSED_STATUS = 4
"""Exit code of an ingest that refused a file; files that are not listed as refused went in."""

SCAN_COLUMNS = (
    "night",
    "scan",
    "kind",
    "entry",
    "tile",
    "bands",
    "files",
    "added",
    "unchanged",
    "refused",
    "state",
)
REFUSAL_COLUMNS = ("file", "code", "keyword", "found", "expected")

FolderArgument = Annotated[Path, typer.Argument(metavar="FOLDER", show_default=False)]
ExtendOption = Annotated[
    bool,
    typer.Option(
        "--extend",
        help="Add files also to scans that were reduced already; reduce those again to have the new files in.",
    ),
]


ReplaceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--replace",
        metavar="FILE",
        help="Let this file of FOLDER take the place of the one that was ingested with other content; repeatable.",
        show_default=False,
    ),
]


@app.command()
def atlas(folder: FolderArgument, *, extend: ExtendOption = False, json: JsonOption = False) -> None:
    """Take all Atlas images (FITS, one band each) in FOLDER and below in.

    Night, observatory, scan, band and image number come from the header (ORDATE, TELNAME or HEMIS, SCANNO, FILTER,
    COADDNO or USYREF), else from the file's name. Bands and keywords may be missing, but not MAGZP. The area of a
    scan is what all of its bands cover; more images of a scan that come later extend it.
    """
    del json
    from app.ingest.atlas import ingest_atlas
    from app.ingest.fits_folder import look_through

    content = look_through(folder)
    total = len(content.fits) + len(content.packed)
    with connect("operator") as connection, progress("images", total) as shown:
        summary = ingest_atlas(connection, folder, extend=extend, advance=shown.advance)
    _report(summary)


@app.command()
def night(
    folder: FolderArgument,
    *,
    extend: ExtendOption = False,
    replace: ReplaceOption = None,
    json: JsonOption = False,
) -> None:
    """Take a raw night in: FOLDER is named like 980427s and has a list checksums.sha256.

    Every file is compared with the list and checked whole. A scan may lack bands; they may come later. A file whose
    content changed since it was ingested is refused unless it is named by --replace: then its attempts are listed, and
    are stale from now on (mapps run stale). Who would be concerned lists: mapps run recall --raw-file FILE.
    """
    del json
    from app.ingest.fits_folder import existing_folder
    from app.ingest.night import ingest_night, night_files

    total = sum(len(names) for names in night_files(existing_folder(folder)).values())
    with connect("operator") as connection, progress("raw files", total) as shown:
        summary = ingest_night(
            connection, folder, extend=extend, replace=replace or (), advance=shown.advance
        )
        users = _users(connection, summary)
    warn_of_missing_stars()
    _report(summary, users)


def _users(connection: Connection[Any], summary: IngestSummary) -> list[dict[str, Any]]:
    """Find the accepted attempts that rest on content which was replaced, directly or through others."""
    if not summary.replaced:
        return []
    from app.models.production import InputKind
    from app.production.recall import Recalled, users_of

    keys = tuple(replacement.raw_file_id for replacement in summary.replaced)
    return users_of(connection, Recalled(InputKind.RAW_FILE, keys))


@app.command()
def tiles(
    file: Annotated[Path, typer.Argument(metavar="FILE", show_default=False)], *, json: JsonOption = False
) -> None:
    """Enter planned tiles, so that `mapps release gaps` knows what was never scanned; repeating it changes nothing.

    FILE is CSV: tile, hemis (n or s), kind (survey, gap_fill or calibration), ra_1, dec_1 to ra_4, dec_4: the
    south-eastern, south-western, north-eastern and north-western corner, ICRS degrees.
    """
    del json
    from app.ingest.tile_plan import plan_tiles, read_tiles

    with connect("operator") as connection:
        added, same = plan_tiles(connection, read_tiles(file))
    emit_record({"file": file, "entered": added, "unchanged": same})


@app.command()
def refusals(
    *,
    all_refusals: Annotated[
        bool, typer.Option("--all", help="Also files that went in later from the same place.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="At most so many.")] = 1000,
    json: JsonOption = False,
) -> None:
    """List what was refused, newest first, and why."""
    del json
    with connect("operator") as connection:
        found = read_refusals(connection, settled=all_refusals, limit=limit)
    rows = [{**vars(refusal), "file": refusal.path} for refusal in found]
    columns = ("refused_at", *REFUSAL_COLUMNS)
    if not rows and not json_wanted():
        say("nothing was refused")
        return
    emit_table(rows, (*columns, "taken_in") if all_refusals else columns, "Refused")


FILE_COLUMNS = ("raw_file_id", "night", "scan", "kind", "band", "image_number", "sha256", "attempts", "url")


@app.command()
def files(
    *,
    night: NightOption = None,
    scan: ScanOption = None,
    limit: LimitOption = 1000,
    json: JsonOption = False,
) -> None:
    """List ingested files: key, night, scan, band, hash, accepted attempts that read them, place."""
    del json
    from app.production.listing import list_files
    from app.production.selection import Selection

    with connect("reader") as connection:
        rows = list_files(connection, Selection.of(night, scan), limit)
    emit_list(rows, FILE_COLUMNS, "Ingested files", limit)


def _report(summary: IngestSummary, users: Sequence[dict[str, Any]] = ()) -> None:
    """Print what an ingest did, and who used what it replaced, and end with its exit code."""
    scans = [_scan_row(scan) for scan in summary.scans]
    refused = [_refusal_row(refusal, summary.folder) for refusal in summary.refusals]
    if json_wanted():
        emit_record(
            _counts(summary)
            | {"scans": scans, "refused": refused, "remarks": _remarks(summary)}
            | {
                "replaced": [_replacement_row(r) for r in summary.replaced],
                "users": list(map(_user_row, users)),
            }
        )
    else:
        if scans:
            emit_table(scans, SCAN_COLUMNS, "Scans")
        if refused:
            say("\nrefused:")
            emit_table(refused, REFUSAL_COLUMNS, "Refused")
        _say_replaced(summary, users)
        for remark in _remarks(summary):
            say(f"note: {remark}")
        say(
            f"{summary.files} files in {summary.folder}: {summary.added} taken in,"
            f" {summary.unchanged} unchanged, {summary.refused_files} refused"
        )
    if not summary.complete:
        raise typer.Exit(REFUSED_STATUS)


USER_COLUMNS = ("attempt", "run", "kind", "night", "scan", "through", "releases")


def _say_replaced(summary: IngestSummary, users: Sequence[dict[str, Any]]) -> None:
    """Print what was replaced, and the attempts that rest on what was there before."""
    if not summary.replaced:
        return
    for row in map(_replacement_row, summary.replaced):
        say(f"replaced: {row['file']}, SHA-256 {row['former_sha256'][:12]}, now {row['sha256'][:12]}")
    if not users:
        say("no attempt rests on the former content")
        return
    rows = [row | {"releases": ", ".join(row["releases"])} for row in map(_user_row, users)]
    emit_table(rows, USER_COLUMNS, "Attempts that rest on the former content")
    runs = sorted({row["run"] for row in rows})
    say(f"they are stale: {'; '.join(f'mapps run stale {run} --apply' for run in runs)}")


def _replacement_row(replacement: Replacement) -> dict[str, Any]:
    return {
        "raw_file_id": replacement.raw_file_id,
        "file": replacement.path.name,
        "former_sha256": replacement.former_sha256,
        "sha256": replacement.sha256,
    }


def _user_row(user: dict[str, Any]) -> dict[str, Any]:
    names = ("run", "kind", "scan", "through", "releases")
    return {"attempt": user["attempt_id"], "night": night_name(user)} | {name: user[name] for name in names}


def _counts(summary: IngestSummary) -> dict[str, Any]:
    return {
        "folder": summary.folder,
        "files": summary.files,
        "added": summary.added,
        "replaced_files": len(summary.replaced),
        "unchanged": summary.unchanged,
        "refused_files": summary.refused_files,
        "new_nights": summary.new_nights,
    }


def _remarks(summary: IngestSummary) -> Iterable[str]:
    about_scans = [
        f"{scan.identity.night} scan {scan.identity.scan}: {scan.remark}"
        for scan in summary.scans
        if scan.remark
    ]
    return [*about_scans, *summary.remarks]


def _scan_row(scan: ScanOutcome) -> dict[str, Any]:
    values = vars(scan) | {
        "night": scan.identity.night,
        "scan": scan.identity.scan,
        "state": scan.state.value,
    }
    return {name: values[name] for name in SCAN_COLUMNS}


def _refusal_row(refusal: Refusal, folder: Path) -> dict[str, Any]:
    path = Path(refusal.path)
    shown = path.relative_to(folder) if path.is_relative_to(folder) and path != folder else path.name
    return {**vars(refusal), "file": shown}
