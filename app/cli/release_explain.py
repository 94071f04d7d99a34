"""`mapps release explain`: a row, or a place."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.output import JsonOption, emit_record, emit_table, json_wanted, say
from app.db.engine import connect

if TYPE_CHECKING:
    from app.releases.explain_place import PlaceExplanation

app = typer.Typer()
"""The command, which `app.cli.release` takes into `mapps release`."""


@app.command()
def explain(
    name: Annotated[str, typer.Argument(help="Name of the release.", metavar="NAME")],
    source: Annotated[
        str | None,
        typer.Argument(
            help="Name of a released source, hhmmssss+ddmmsss, or the key of any extraction.",
            metavar="[SOURCE]",
        ),
    ] = None,
    *,
    src_id: Annotated[
        int | None, typer.Option("--src-id", help="Any extraction of the parent runs, released or not.")
    ] = None,
    at: Annotated[
        tuple[float, float] | None,
        typer.Option("--at", help="A place instead of a row, ICRS degrees.", metavar="RA DEC"),
    ] = None,
    radius: Annotated[
        float, typer.Option("--radius", help="How far from the place rows are looked at, arcsec.")
    ] = 5.0,
    json: JsonOption = False,
) -> None:
    """Say why an extraction is in a release or not, rule by rule, or why a place has a source or none."""
    del json
    if sum(given is not None for given in (source, src_id, at)) != 1:
        raise typer.BadParameter("give either a source, --src-id or --at RA DEC")
    if at is not None:
        _explain_place(name, at, radius)
    # A designation has a sign; a key is a number alone.
    elif source is not None and source.isdecimal():
        _explain_row(name, None, int(source))
    else:
        _explain_row(name, source, src_id)


def _explain_row(name: str, source: str | None, src_id: int | None) -> None:
    from app.releases.explain import explain as explain_source

    with connect("reader") as connection:
        found = explain_source(connection, name, designation=source, src_id=src_id)
    if json_wanted():
        emit_record({"explanations": [asdict(item) for item in found]})
        return
    for item in found:
        say(f"{'released' if item.released else 'not released'} ({item.reason}): {item.sentence}")
        emit_table([asdict(rule) for rule in item.rules], ("rule", "outcome", "words"))
        emit_record(item.facts)


def _explain_place(name: str, at: tuple[float, float], radius: float) -> None:
    from app.releases.explain_place import explain_place

    with connect("reader") as connection:
        found = explain_place(connection, name, *at, radius)
    if json_wanted():
        emit_record(asdict(found))
    else:
        _say_place(found)


def _say_place(found: PlaceExplanation) -> None:
    say(f"{found.verdict}: {found.sentence}")
    if found.scans:
        say("\nscans whose area holds the place:")
        columns = (
            "run",
            "date",
            "hemis",
            "scan",
            "tile",
            "selected",
            "covered",
            "bands",
            "edge_arcsec",
            "reason",
        )
        emit_table(found.scans, columns)
    if found.unreduced:
        say("\nscans that the runs of the release do not have:")
        emit_table(found.unreduced, ("date", "hemis", "scan", "kind", "tile"))
    if found.rows:
        say("\nextractions:")
        emit_table(
            found.rows, ("what", "run", "key", "distance_arcsec", "released", "reason", "ph_qual", "cc_flg")
        )
