"""`mapps scan`: one reduced scan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.listing import LimitOption, emit_list
from app.cli.output import JsonOption, emit_record, emit_table, json_wanted, say
from app.cli.reference_warning import warn_of_missing_stars
from app.cli.run_options import NameArgument, NightOption, ScanOption, TileOption
from app.db.engine import connect

if TYPE_CHECKING:
    from app.reports.scan_choice import ChosenScan

app = typer.Typer(
    help="""Scans: what was ingested; of a reduced scan of raw frames, figures and pictures of its quality.

Its reduction leaves a file of diagnostics in the store: seeing, background and shift of every frame, how well
profiles fit over the focal plane, how near photometry comes to the best possible, reference stars.""",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


OneNightOption = Annotated[
    str | None,
    typer.Option("--night", metavar="DATE", help="Its night: 1997-04-23 or 970423, n or s may follow."),
]
OneScanOption = Annotated[
    int | None,
    typer.Option(
        "--scan", metavar="N", min=1, max=9999, help="Its number in the night. Not needed for one scan."
    ),
]


SCAN_COLUMNS = ("scan_key", "night", "scan", "kind", "entry", "tile", "bands", "files", "started_at", "runs")


@app.command("list")
def list_(
    *,
    night: NightOption = None,
    scan: ScanOption = None,
    tile: TileOption = None,
    limit: LimitOption = 1000,
    json: JsonOption = False,
) -> None:
    """List scans: key, night, number, kind, tile, files, and the runs in which they are done."""
    del json
    from app.production.listing import list_scans
    from app.production.selection import Selection

    with connect("reader") as connection:
        rows = list_scans(connection, Selection.of(night, scan, tile), limit)
    if not json_wanted():
        rows = [row | {"runs": ", ".join(row["runs"] or ())} for row in rows]
    emit_list(rows, SCAN_COLUMNS, "Scans", limit)


@app.command()
def report(
    name: NameArgument,
    *,
    night: OneNightOption = None,
    scan: OneScanOption = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where the pictures go.")
    ] = Path("pictures"),
    json: JsonOption = False,
) -> None:
    """Print figures of one scan and draw its pictures: residuals, chi-squared, scatter, stars, frames, sources.

    Extended sources are drawn with ellipses, models and residuals, split pairs with what one star and two leave, and
    the share of isolated stars that are split against the place across the scan.
    """
    del json
    from app.production.runs import run_id_of
    from app.production.selection import Selection
    from app.quality.explanation import explain_scan
    from app.quality.overrides import list_overrides
    from app.quality.reading import ScanName, find_scan
    from app.reports.scan_choice import choose_scan, load_diagnostics
    from app.reports.scan_judgement import judgement
    from app.reports.scan_metrics import metric_table
    from app.reports.scan_pictures import write_scan_pictures
    from app.reports.scan_splits import draw_splits, read_stars, split_rate
    from app.store import Store

    selection = Selection.of(night, None if scan is None else [scan])
    with connect("reader") as connection:
        chosen = choose_scan(connection, name, selection)
        key = find_scan(connection, ScanName(date=chosen.date, hemis=chosen.hemis, scan=chosen.scan))[
            "scan_key"
        ]
        grades = explain_scan(connection, key, run=chosen.run)
        overrides = list_overrides(connection, run_id_of(connection, chosen.run))
        rate = split_rate(read_stars(connection, chosen.attempt_id))
    diagnostics = load_diagnostics(chosen, Store())
    pictures = write_scan_pictures(diagnostics, chosen.title, output)
    splits = draw_splits(rate, chosen.title, output / "splits.png")
    pictures += [splits] if splits is not None else []
    judged = [judgement(grade.facts, overrides) for grade in grades]
    _emit(chosen, metric_table(diagnostics), pictures, judged)
    warn_of_missing_stars()


def _emit(
    chosen: ChosenScan, metrics: list[dict[str, Any]], pictures: list[Path], judged: list[dict[str, Any]]
) -> None:
    from app.reports.scan_metrics import METRIC_COLUMNS

    if json_wanted():
        scan = {"run": chosen.run, "night": chosen.night, "scan": chosen.scan, "attempt": chosen.attempt_id}
        emit_record(
            scan | {"metrics": metrics, "pictures": [str(path) for path in pictures], "grades": judged}
        )
        return
    emit_table(metrics, METRIC_COLUMNS, chosen.title)
    for said in judged:
        say(said["words"])
    if not judged:
        say("no grade")
    for path in pictures:
        say(f"picture: {path}")
    if not pictures:
        say("no pictures: the scan has no frames, stars or images to show")
