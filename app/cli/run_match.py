"""`mapps run match`: a run beside a published catalogue."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.output import JsonOption, emit_record, emit_table, json_wanted, say
from app.cli.run_options import NameArgument
from app.db.engine import connect

if TYPE_CHECKING:
    from app.reports.catalogue_match import Comparison

app = typer.Typer()
"""The command, which `app.cli.run` takes into `mapps run`."""


def _limit(words: str, help_text: str) -> Any:
    return typer.Option(words, metavar="LIMIT", help=help_text)


@app.command()
def match(
    name: NameArgument,
    file: Annotated[Path, typer.Argument(help="CSV of published stars.", metavar="FILE")],
    *,
    offset: Annotated[float | None, _limit("--offset", "Largest median difference, mag.")] = None,
    scatter: Annotated[float | None, _limit("--scatter", "Largest scatter of differences, mag.")] = None,
    drift: Annotated[float | None, _limit("--drift", "Largest change from south to north, mag.")] = None,
    found: Annotated[float | None, _limit("--found", "Least share of stars found, %.")] = None,
    grade_a: Annotated[float | None, _limit("--grade-a", "Least share of ph_qual A, %.")] = None,
    json: JsonOption = False,
) -> None:
    """Compare a run's point sources with a published catalogue of the same sky, by band and magnitude.

    The CSV has ra and decl in degrees, any of j_m, h_m, k_m, and may have j_msigcom, h_msigcom, k_msigcom, ph_qual,
    rd_flg and cc_flg; the names of VizieR's copy (RAJ2000, DEJ2000, Jmag, e_Jmag, Qflg, Rflg, Cflg) serve too. Stars
    12 arcsec inside the run's scans count. Exit status 1 if a limit does not hold in an interval of ten stars or more.
    """
    del json
    from app.reports.catalogue_match import Rules, run_areas, run_stars
    from app.reports.catalogue_match import compare as compare_stars
    from app.reports.published_stars import read_published

    published = read_published(file)
    rules = Rules(
        most_offset_mag=offset,
        most_scatter_mag=scatter,
        most_drift_mag=drift,
        least_found_percent=found,
        least_grade_a_percent=grade_a,
    )
    with connect("reader") as connection:
        ours, areas = run_stars(connection, name, published), run_areas(connection, name)
    result = compare_stars(ours, published, areas, rules)
    _emit(result, name, file)
    if result.missed:
        raise typer.Exit(1)


def _emit(result: Comparison, name: str, file: Path) -> None:
    """Print the intervals, the drifts, and what was missed."""
    from app.reports.catalogue_match import COLUMNS

    rows = [{key: _rounded(value) for key, value in row.items()} for row in result.rows]
    if json_wanted():
        drifts = {
            band.value: {"drift_mag": round(value, 4), "error_mag": round(error, 4)}
            for band, (value, error) in result.drifts.items()
        }
        emit_record({"run": name, "intervals": rows, "drifts": drifts, "missed": result.missed})
        return
    emit_table(rows, COLUMNS, f"Run {name} beside {file.name}")
    for band, (value, error) in result.drifts.items():
        say(f"{band.label}: drift from south to north {value:+.3f} +- {error:.3f} mag")
    if not rows:
        say(f"no star of {file.name} lies in the scans of run {name}")
    for text in result.missed:
        say(f"missed: {text}")


def _rounded(value: Any) -> Any:
    """Numbers as they are printed; None for NaN."""
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 4 if abs(value) < 10 else 1)
    return value
