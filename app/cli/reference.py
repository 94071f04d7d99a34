"""`mapps reference`: the catalogue of reference stars."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.output import JsonOption, emit_table, json_wanted, say
from app.errors import InputError, UserError

if TYPE_CHECKING:
    from app.ingest.reference_stars import ReferenceStars

app = typer.Typer(
    help="Load reference stars, see what is loaded.", no_args_is_help=True, rich_markup_mode=None
)

CATALOGUE_COLUMNS = (
    "catalogue_id", "name", "content_hash", "state", "stars", "attempts", "loaded_at", "replaced_at", "source",
)  # fmt: skip

STANDARDS_COLUMNS = ("name", "source", "content_hash", "state", "stars", "retired", "loaded_at")


Tycho2Option = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE",
        help="Tycho-2: index-tycho2-*.fits of Debian's astrometry-data-tycho2, tyc2.dat (parts, gzip or not)"
        " of the CDS, or CSV ra_deg,dec_deg,VTmag. May be given again.",
    ),
]
SyntheticOption = Annotated[
    bool, typer.Option("--synthetic", help="Made-up stars with the density of Tycho-2 (the default).")
]
SeedOption = Annotated[int, typer.Option(help="Of the synthetic catalogue; the simulator's is 0.")]
NightOption = Annotated[
    list[Path] | None,
    typer.Option(metavar="FOLDER", help="Only made-up stars around raw nights, one a --night: a first try."),
]
StandardsOption = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE",
        help="Photometric standards instead: FITS with a table STANDARDS, or CSV (docs/calibration.md). May be"
        " given again; each file is a catalogue of its own.",
    ),
]
BrightStarsOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Very bright stars instead, whose spikes and halos releases look for in all scans: CSV name, ra, decl"
        " (ICRS degrees at the epoch of the survey), j_mag, h_mag, k_mag (empty where unknown).",
    ),
]
NameOption = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Name of the catalogue of standards; that of its file when absent."),
]
ReplaceOption = Annotated[
    bool, typer.Option("--replace", help="Take the place of what is loaded; its name and hash stay listed.")
]


@app.command("minor-planets")
def minor_planets(
    file: Annotated[Path, typer.Argument(metavar="FILE", show_default=False)],
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Take the place of other places of the same bodies and moments.")
    ] = False,
) -> None:
    """Add predicted places of minor planets and comets; releases flag rows that are near (mp_flg).

    FILE is CSV: name, jdate (UTC), ra, decl (ICRS degrees, seen from the observatory), rate_ra_arcsec_h (times cos
    decl), rate_decl_arcsec_h, error_arcsec. A place is good for half a day before and after.
    """
    from app.db.engine import connect
    from app.ingest.minor_planets import load_predictions, read_predictions

    found = read_predictions(file)
    with connect("operator") as connection:
        changed = load_predictions(connection, found, replace=replace)
    say(f"{changed} predicted places loaded, {len(found) - changed} stood there")


@app.command()
def load(
    *,
    tycho2: Tycho2Option = None,
    synthetic: SyntheticOption = False,
    seed: SeedOption = 0,
    night: NightOption = None,
    standards: StandardsOption = None,
    bright_stars: BrightStarsOption = None,
    name: NameOption = None,
    replace: ReplaceOption = False,
) -> None:
    """Load the reference catalogue: about 2.5 million stars, for registration and for simulated nights.

    With --standards photometric standards are loaded, from which zero points of nights are solved; with
    --bright-stars very bright stars, which no scan needs to have extracted for its rows to be told from artefacts.

    Loading the same stars again changes nothing. Attempts record the catalogue and the very stars that they were
    given: after --replace, `mapps run stale RUN` lists those that were given others.
    """
    if bright_stars is not None:
        if standards or tycho2 or synthetic or night or name is not None:
            raise UserError("--bright-stars with another catalogue", expected="--bright-stars FILE alone")
        _load_bright_stars(bright_stars, replace=replace)
        return
    if standards:
        if tycho2 or synthetic or night:
            raise UserError("--standards with --tycho2, --synthetic or --night", expected="one of them")
        _load_standards(standards, name, replace=replace)
        return
    if name is not None:
        raise UserError("--name without --standards", expected="a file of standards")
    if tycho2 and (synthetic or night):
        raise UserError("--tycho2 with --synthetic or --night", expected="one of them")
    _load_stars(_read_tycho2(tycho2) if tycho2 else made_up_stars(seed, night or []), replace=replace)


def _load_stars(read: tuple[ReferenceStars, str, str], *, replace: bool) -> None:
    """Load astrometric reference stars."""
    from app.db.engine import connect
    from app.ingest.reference import load_reference

    stars, catalogue, source = read
    with connect() as connection:
        loaded = load_reference(connection, stars, catalogue, source, replace=replace)
    say(
        f"{loaded} stars of {catalogue} loaded"
        if loaded
        else f"{stars.size} stars of {catalogue} were loaded already"
    )


def _load_bright_stars(path: Path, *, replace: bool) -> None:
    """Load very bright stars."""
    from app.db.engine import connect
    from app.ingest.bright_stars import load_bright_stars, read_bright_stars

    found = read_bright_stars(path)
    with connect("operator") as connection:
        changed = load_bright_stars(connection, found, replace=replace)
    say(f"{changed} very bright stars loaded, {len(found) - changed} stood there")


def _load_standards(paths: list[Path], name: str | None, *, replace: bool) -> None:
    """Load files of standards, all of them or none."""
    from app.db.engine import connect
    from app.ingest.standards import load_standards
    from app.ingest.standards_files import read_standards

    if name is not None and len(paths) > 1:
        raise UserError(f"--name with {len(paths)} files", expected="one file, or no name")
    read = [(name or path.name.removesuffix(path.suffix), path, read_standards(path)) for path in paths]
    with connect("operator") as connection:
        for catalogue, path, stars in read:
            loaded = load_standards(connection, stars, catalogue, f"file {path.name}", replace=replace)
            say(
                f"{loaded} standards loaded as {catalogue}"
                if loaded
                else f"{len(stars)} standards were loaded already as {catalogue}"
            )


def _read_tycho2(paths: list[Path]) -> tuple[ReferenceStars, str, str]:
    """Stars of Tycho-2 files, the name of the catalogue, and the files."""
    from app.ingest.reference_tycho2 import CATALOGUE, read_tycho2

    for path in paths:
        if not path.is_file():
            raise InputError(f"{path}: no such file", expected="a Tycho-2 file")
    return read_tycho2(paths), CATALOGUE, "files " + ", ".join(sorted(path.name for path in paths))


def made_up_stars(seed: int, nights: list[Path]) -> tuple[ReferenceStars, str, str]:
    """Make up stars of the whole sky or around raw nights.

    Parameters
    ----------
    seed : int
        Seed of the catalogue.
    nights : list of Path
        Folders of raw nights; none for the whole sky.

    Returns
    -------
    stars, catalogue, source
        Rows of REFERENCE_DTYPE, the name of their catalogue, and its seed and area.
    """
    from app.ingest.night_sky import night_regions
    from app.ingest.reference_synthetic import CATALOGUE, synthetic_regions, synthetic_sky

    regions = [region for night in nights for region in night_regions(night)]
    stars = synthetic_regions(regions, seed) if nights else synthetic_sky(seed)
    names = ", ".join(night.name for night in nights)
    area = f"around night{'s' if len(nights) > 1 else ''} {names}" if nights else "whole sky"
    return stars, CATALOGUE, f"seed {seed}, {area}"


@app.command("list")
def list_(*, json: JsonOption = False) -> None:
    """List catalogues that are or were loaded: key, hash, state, attempts that were given their stars."""
    del json
    from app.db.engine import connect
    from app.ingest.reference import reference_status

    with connect("reader") as connection:
        rows = reference_status(connection)
    shown = [
        vars(row) if json_wanted() else vars(row) | {"content_hash": row.content_hash[:12]} for row in rows
    ]
    emit_table(shown, CATALOGUE_COLUMNS, "Reference catalogues")


@app.command()
def standards(*, json: JsonOption = False) -> None:
    """List catalogues of photometric standards, the current ones first."""
    del json
    from app.db.engine import connect
    from app.ingest.standards import standards_status

    with connect("reader") as connection:
        rows = standards_status(connection)
    shown = [
        vars(row) if json_wanted() else vars(row) | {"content_hash": row.content_hash[:12]} for row in rows
    ]
    emit_table(shown, STANDARDS_COLUMNS, "Photometric standards")


@app.command()
def status(*, json: JsonOption = False) -> None:
    """Say which catalogue is loaded."""
    del json
    from app.db.engine import connect
    from app.ingest.reference import reference_status

    with connect() as connection:
        rows = [row for row in reference_status(connection) if row.current]
    emit_table(
        [(row.name, row.stars, row.with_motion, row.content_hash) for row in rows],
        ("catalogue", "stars", "with_motion", "content_hash"),
    )
    if not rows:
        say("no reference stars are loaded; load them with: mapps reference load")
