"""`mapps reference`: the catalogue of reference stars."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.output import JsonOption, emit_table, say
from app.errors import InputError, UserError

app = typer.Typer(
    help="Load reference stars, see what is loaded.", no_args_is_help=True, rich_markup_mode=None
)


@app.command()
def load(
    *,
    tycho2: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Tycho-2: index-tycho2-*.fits of Debian's astrometry-data-tycho2, tyc2.dat (parts, gzip or not)"
            " of the CDS, or CSV ra_deg,dec_deg,VTmag. May be given again.",
        ),
    ] = None,
    synthetic: Annotated[
        bool, typer.Option("--synthetic", help="Made-up stars with the density of Tycho-2 (the default).")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of the synthetic catalogue; the simulator's is 0.")] = 0,
    night: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Only made-up stars around this raw night: a first try."),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Remove what is loaded first.")] = False,
) -> None:
    """Load the reference catalogue: about 2.5 million stars, for registration and for simulated nights.

    Loading the same again changes nothing.
    """
    from app.db.engine import connect
    from app.ingest import reference_synthetic, reference_tycho2
    from app.ingest.reference import load_reference

    if tycho2 and (synthetic or night):
        raise UserError("--tycho2 with --synthetic or --night", expected="one of them")
    if tycho2:
        for path in tycho2:
            if not path.is_file():
                raise InputError(f"{path}: no such file", expected="a Tycho-2 file")
        stars, catalogue = reference_tycho2.read_tycho2(tycho2), reference_tycho2.CATALOGUE
    elif night:
        from app.ingest.night_sky import night_regions

        stars = reference_synthetic.synthetic_regions(night_regions(night), seed)
        catalogue = reference_synthetic.CATALOGUE
    else:
        stars, catalogue = reference_synthetic.synthetic_sky(seed), reference_synthetic.CATALOGUE
    with connect() as connection:
        loaded = load_reference(connection, stars, catalogue, replace=replace)
    say(
        f"{loaded} stars of {catalogue} loaded"
        if loaded
        else f"{stars.size} stars of {catalogue} were loaded already"
    )


@app.command()
def status(*, json: JsonOption = False) -> None:
    """Say which catalogue is loaded."""
    del json
    from app.db.engine import connect
    from app.ingest.reference import reference_status

    with connect() as connection:
        rows = reference_status(connection)
    emit_table(
        [(row.catalogue, row.stars, row.with_motion) for row in rows], ("catalogue", "stars", "with_motion")
    )
    if not rows:
        say("no reference stars are loaded; load them with: mapps reference load")
