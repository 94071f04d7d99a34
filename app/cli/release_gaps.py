"""`mapps release gaps`: what a release leaves open, and tiles that would fill it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app.cli.output import JsonOption, emit_record, emit_table, json_wanted, say
from app.db.engine import connect

app = typer.Typer()
"""The command, which `app.cli.release` takes into `mapps release`."""

TILE_COLUMNS = ("tile", "kind", "open_arcmin2", "wanted_arcmin2", "ra_deg", "decl_deg", "reason")
OVERLAP_COLUMNS = ("of", "scan", "other", "width_arcsec", "length_arcsec", "ra_deg", "decl_deg")


@app.command()
def gaps(
    name: Annotated[str, typer.Argument(help="Name of the release.", metavar="NAME")],
    *,
    tiles: Annotated[
        Path | None,
        typer.Option(
            "--tiles", metavar="FILE", help="Write gap-fill tiles, as `mapps ingest tiles` reads them."
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """List tiles and places that no chosen scan covers, and overlaps too narrow for the borders of the catalogues."""
    del json
    from app.ingest.tile_plan import write_tiles
    from app.releases.gaps import find_gaps

    with connect("operator") as connection:
        found = find_gaps(connection, name)
    if tiles is not None:
        tiles.parent.mkdir(parents=True, exist_ok=True)
        tiles.write_text(write_tiles(found.fill), encoding="utf-8")
    if json_wanted():
        emit_record(asdict(found))
        return
    if found.tiles:
        rows = [_rounded(asdict(tile)) for tile in found.tiles]
        emit_table(rows, TILE_COLUMNS, "Tiles that are open, whole or in part")
    if found.overlaps:
        rows = [_rounded(asdict(line)) for line in found.overlaps]
        emit_table(rows, OVERLAP_COLUMNS, "Overlaps narrower than the borders")
    say(
        f"release {name}: {len(found.tiles)} tiles open, {found.open_deg2:.4f} square degrees;"
        f" {len(found.overlaps)} overlaps too narrow; {len(found.fill)} gap-fill tiles would close what scans leave"
    )


def _rounded(row: dict[str, object]) -> dict[str, object]:
    return {
        name: round(value, 5 if name.endswith("_deg") else 1) if isinstance(value, float) else value
        for name, value in row.items()
    }
