"""`mapps simulate`: write raw nights of the simulated observatory."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.output import JsonOption, emit_record, progress
from app.errors import ConflictError, UserError

if TYPE_CHECKING:
    from app.observatory.parameters import NightParameters

app = typer.Typer(
    help="Write raw nights of the simulated observatory.", no_args_is_help=True, rich_markup_mode=None
)


DirectoryArgument = Annotated[
    Path, typer.Argument(metavar="DIR", help="Gets a folder such as 980427s and the truth beside it.")
]
DateOption = Annotated[str, typer.Option("--date", help="Observation reference date, yyyy-mm-dd.")]
SiteOption = Annotated[str, typer.Option(help="Observatory: n Mt. Hopkins, s Cerro Tololo.")]
TilesOption = Annotated[int, typer.Option(help="Survey tiles, in overlapping pairs.")]
FramesOption = Annotated[int, typer.Option(help="Frames of a survey scan; 273 is the survey's 6 degrees.")]
LatitudeOption = Annotated[float, typer.Option(help="Galactic latitude of the tiles, degrees.")]
CalibrationsOption = Annotated[int, typer.Option(help="Visits of six scans to a standard field.")]
CalibrationFramesOption = Annotated[int, typer.Option(help="Frames of a calibration scan.")]
DensityOption = Annotated[float, typer.Option(help="Factor on counts of faint stars and galaxies.")]
SeeingOption = Annotated[float, typer.Option(help="Atmospheric seeing, arcsec.")]
SeedOption = Annotated[int, typer.Option(help="Same seed and options, same bytes.")]
UndisturbedOption = Annotated[
    bool, typer.Option("--undisturbed", help="No meteor, satellite, aircraft and missing frame.")
]
DefocusOption = Annotated[
    float, typer.Option(help="Telescope out of focus: radius of blur, arcsec; astigmatism grows with it.")
]
CloudsOption = Annotated[
    float, typer.Option(help="Largest share of light lost when a cloud passes over part of each tile.")
]
CleanOption = Annotated[
    bool, typer.Option("--no-artefacts", help="No latent images, spikes, glints and stripes.")
]
ReferenceOption = Annotated[
    str, typer.Option(help="Bright stars: synthetic, or database (what mapps reference load put there).")
]


@app.callback()
def _group() -> None:
    """Write raw nights of the simulated observatory."""


@app.command()
def night(
    directory: DirectoryArgument,
    *,
    night_date: DateOption = "1998-04-27",
    hemis: SiteOption = "s",
    tiles: TilesOption = 3,
    frames: FramesOption = 24,
    latitude: LatitudeOption = 30.0,
    calibrations: CalibrationsOption = 1,
    calibration_frames: CalibrationFramesOption = 12,
    density: DensityOption = 1.0,
    seeing: SeeingOption = 1.25,
    seed: SeedOption = 1,
    quiet: UndisturbedOption = False,
    defocus: DefocusOption = 0.0,
    clouds: CloudsOption = 0.0,
    clean: CleanOption = False,
    reference: ReferenceOption = "synthetic",
    json: JsonOption = False,
) -> None:
    """Observe one night: darks, dusk flats, calibration scans, survey tiles.

    The raw files go to DIR/<night>, with their checksum list; the truth tables, the standard stars and the
    parameters beside it. A complete night of the same parameters is left as it is.
    """
    del json
    from app.observatory.parameters import NightParameters

    parameters = NightParameters(
        night_date=_parse_date(night_date),
        hemisphere=hemis,
        seed=seed,
        tiles=tiles,
        frames=frames,
        latitude_deg=latitude,
        calibration_groups=calibrations,
        calibration_frames=calibration_frames,
        density_factor=density,
        seeing_arcsec=seeing,
        disturbed=not quiet,
        defocus_arcsec=defocus,
        clouds=clouds,
        artefacts=not clean,
    )
    _observe(parameters, directory, reference)


@app.command()
def survey(
    plan: Annotated[
        str,
        typer.Argument(metavar="PLAN.toml", help="Plan of the survey, or the name of one that comes along."),
    ],
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Gets a folder for each night, and the truth beside them.")
    ],
    *,
    processes: Annotated[
        int, typer.Option(help="Processes that observe at once; the bytes stay the same.")
    ] = 2,
    json: JsonOption = False,
) -> None:
    """Observe what a plan commands: several nights at both sites, under one sky, with one truth for all of them.

    Complete nights of the same plan are left as they are. Plans that come along: demo, stages, survey,
    pairs, galaxies, plane. Their keys are explained in docs/simulated-survey.md.
    """
    del json
    from app.observatory.survey.plan_file import find_plan, read_plan
    from app.observatory.survey.survey import scans_to_observe, simulate_survey

    commanded = read_plan(find_plan(plan))
    if directory.exists() and not directory.is_dir():
        raise ConflictError(f"{directory} is a file", expected="a directory, or a name for one")
    total = scans_to_observe(commanded, directory)
    with progress(f"observing survey {commanded.name}, scans", total=total) as shown:
        summary = simulate_survey(commanded, directory, processes=processes, progress=shown.advance)
    emit_record(
        {
            "survey": commanded.name,
            "nights": summary.nights,
            "there_already": summary.existed,
            "scans": summary.scans,
            "files": summary.files,
            "objects": summary.objects,
            "megabytes": round(summary.size_bytes / 1e6, 1),
            "truth": summary.truth,
        },
        title="Simulated survey",
    )


def _parse_date(text: str) -> date:
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise UserError(f"--date {text}", expected="yyyy-mm-dd, as in 1998-04-27")


def _observe(parameters: NightParameters, directory: Path, reference: str) -> None:
    from app.observatory.night import simulate_night
    from app.observatory.schedule import plan_night

    if directory.exists() and not directory.is_dir():
        raise ConflictError(f"{directory} is a file", expected="a directory, or a name for one")
    stars = None
    if reference == "database":
        from app.ingest.reference import database_regions
        from app.observatory.night import sky_regions

        stars = database_regions(sky_regions(parameters))
    elif reference != "synthetic":
        raise UserError(f"--reference {reference}", expected="synthetic or database")
    with progress(f"observing {parameters.night_name}, scans", total=len(plan_night(parameters))) as shown:
        summary = simulate_night(
            parameters, directory, reference=stars, progress=lambda _scan: shown.advance()
        )
    emit_record(
        {
            "night": summary.night,
            "state": "was there already" if summary.existed else "written",
            "scans": summary.scans,
            "files": summary.files,
            "frames": summary.frames,
            "sources": summary.sources,
            "megabytes": round(summary.size_bytes / 1e6, 1),
            "truth": summary.truth,
            "standards": summary.standards,
        },
        title="Simulated night",
    )
