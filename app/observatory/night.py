"""A simulated night: raw files, checksum list, truth and standards, from one set of parameters."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from app.arrays import Doubles
from app.errors import ConflictError
from app.formats.checksums import CHECKSUM_LIST_NAME
from app.formats.raw_folder import raw_files, seal_night
from app.formats.raw_header import ScanType
from app.formats.raw_night import write_raw_scan
from app.ingest.reference_stars import ReferenceStars, Region
from app.ingest.reference_synthetic import synthetic_region
from app.instruments.bands import BANDS, Band
from app.observatory.camera import CAMERAS, BandCamera, defocused, make_detector
from app.observatory.conditions import Conditions, make_conditions, night_seed
from app.observatory.parameters import NightParameters
from app.observatory.scan import simulate_band
from app.observatory.schedule import ScanPlan, midnight, plan_night
from app.observatory.sky import make_points, make_sources
from app.observatory.truth import TruthBook, choose_standards, write_standards

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FORMAT = 2  # raise when the same parameters give other bytes


@dataclass(frozen=True)
class NightSummary:
    """Files and numbers of a night in its directory.

    Attributes
    ----------
    night : Path
        Folder of the raw files.
    truth, standards : Path
        Files of the truth tables and of the standard stars.
    scans, files : int
        Numbers of scans and of raw files, which are one a scan and band.
    frames : int
        Frames of all scans in one band.
    sources : int
        Stars and galaxies of the truth.
    size_bytes : int
        Size of all raw files together.
    existed : bool
        Whether the same night stood there already and nothing was done.
    """

    night: Path
    truth: Path
    standards: Path
    scans: int
    files: int
    frames: int
    sources: int
    size_bytes: int
    existed: bool


def zero_points(
    plan: ScanPlan, camera: BandCamera, conditions: Conditions, parameters: NightParameters
) -> Doubles:
    """Return the true zero point of each frame, extinction and transparency included.

    The zero point above the atmosphere is constant for the night in H and Ks and piecewise linear in time in J, as
    the survey's nightly solutions are.

    Parameters
    ----------
    plan : ScanPlan
        Times and airmasses of the frames.
    camera : BandCamera
        Nominal zero point and extinction of the band.
    conditions : Conditions
        Transparency of the frames.
    parameters : NightParameters
        Seed of the night.

    Returns
    -------
    float64 array (frames,)
        Magnitude of 1 DN.
    """
    random = np.random.default_rng([21, night_seed(parameters), camera.band.position])
    offset = 0.015 * random.standard_normal()
    knots = 0.012 * random.standard_normal(5)
    zero = np.full(plan.frame_count, camera.zero_point_mag)
    if parameters.still:
        return zero
    if camera.band is Band.J:
        middle = midnight(parameters).timestamp() / 86400.0 + 40587.0
        zero = zero + np.interp(plan.mjd - middle, np.linspace(-0.25, 0.25, 5), knots)
    airmass = np.nan_to_num(plan.airmass, nan=1.0)
    extinction = camera.extinction_mag * (airmass - 1.0)
    return np.asarray(zero + offset - extinction + 2.5 * np.log10(conditions.transparency))


def _event_scans(plans: tuple[ScanPlan, ...], parameters: NightParameters) -> tuple[int, int]:
    """Choose the scans that get the meteor and the missing frame: the first and the second survey scan."""
    survey = [plan.scan for plan in plans if plan.scan_type is ScanType.SURVEY]
    if not parameters.disturbed or not survey:
        return 0, 0
    return survey[0], survey[1 % len(survey)]


def _epoch_year(night_date: date) -> float:
    """Julian year of a date: 2000.0 is 2000 January 1."""
    return 2000.0 + (night_date - date(2000, 1, 1)).days / 365.25


def _already_there(parameters: NightParameters, directory: Path, record: str) -> bool:
    """Whether this very night stands complete in the directory.

    Raises
    ------
    ConflictError
        Raised if another night stands in the folder where this one would go.
    """
    night = directory / parameters.night_name
    note = directory / f"{parameters.night_name}.parameters.json"
    if not night.exists() or (night.is_dir() and not any(night.iterdir())):
        return False
    if note.is_file() and note.read_text(encoding="utf-8") == record:
        # The list of checksums is written last: a folder without it was cut short and is observed again.
        return (night / CHECKSUM_LIST_NAME).is_file()
    raise ConflictError(
        f"{night} holds another night",
        expected="no such folder, or the same parameters as in " + note.name,
        remedy="choose another directory, or remove the folder",
    )


def sky_regions(parameters: NightParameters) -> list[Region]:
    """Regions of sky that the night's scans see: those in which bright stars are needed."""
    return _regions(plan_night(parameters))


def _regions(plans: tuple[ScanPlan, ...]) -> list[Region]:
    """Sky of all scans; scans of one tile share a region."""
    regions: dict[int, Region] = {}
    for plan in plans:
        if plan.scan_type.on_sky:
            known = regions.get(plan.tile)
            regions[plan.tile] = plan.region if known is None else known.joined(plan.region)
    return list(regions.values())


def _gather_reference(regions: list[Region]) -> ReferenceStars:
    """Synthetic reference stars of some regions; a star in several of them stands once."""
    stars = np.concatenate([synthetic_region(Region(0.0, 0.0, 0.0, 0.0)), *map(synthetic_region, regions)])
    _, first = np.unique(stars["star_id"], return_index=True)
    return np.asarray(stars[first])


def simulate_night(
    parameters: NightParameters,
    directory: Path,
    *,
    reference: ReferenceStars | None = None,
    progress: Callable[[str], None] | None = None,
) -> NightSummary:
    """Write a night below a directory.

    Parameters
    ----------
    parameters : NightParameters
        What the night is made of.
    directory : Path
        Gets the folder `<night>` of raw files, `<night>.truth.fits`, `<night>.standards.fits` and
        `<night>.parameters.json`; made if it is absent.
    reference : structured array of REFERENCE_DTYPE, optional
        Bright stars; the synthetic catalogue's by default.
    progress : callable, optional
        Told the name of each scan before it is observed.

    Returns
    -------
    NightSummary
        What stands in the directory now.

    Raises
    ------
    ConflictError
        Raised if the night's folder holds a night of other parameters.
    """
    plans = plan_night(parameters)
    regions = _regions(plans)
    stars = _gather_reference(regions) if reference is None else reference
    known = "synthetic" if reference is None else f"{stars.size} stars"
    content = {"format": FORMAT, "reference": known, **parameters.as_record()}
    record = json.dumps(content, indent=1, sort_keys=True) + "\n"
    existed = _already_there(parameters, directory, record)
    night, name = directory / parameters.night_name, parameters.night_name
    truth_path, standards_path = directory / f"{name}.truth.fits", directory / f"{name}.standards.fits"
    sources = make_sources(
        regions, stars, _epoch_year(parameters.night_date), parameters.seed, parameters.density_factor
    )
    if not existed:
        night.mkdir(parents=True, exist_ok=True)
        (directory / f"{name}.parameters.json").write_text(record, encoding="utf-8")
        book = TruthBook(sources)
        _observe(plans, parameters, night, book, progress)
        book.write(truth_path)
        write_standards(standards_path, choose_standards(sources, plans))
        seal_night(night)
    files = raw_files(night)
    return NightSummary(
        night=night,
        truth=truth_path,
        standards=standards_path,
        scans=len(plans),
        files=len(files),
        frames=sum(plan.frame_count for plan in plans),
        sources=int(sources.size),
        size_bytes=sum(path.stat().st_size for path in files),
        existed=existed,
    )


def _observe(
    plans: tuple[ScanPlan, ...],
    parameters: NightParameters,
    night: Path,
    book: TruthBook,
    progress: Callable[[str], None] | None,
) -> None:
    """Observe and write scan after scan."""
    cameras = {band: defocused(CAMERAS[band], parameters.defocus_arcsec) for band in BANDS}
    points = make_points(book.sources, {band: CAMERAS[band].zero_point_mag for band in BANDS})
    detectors = {band: make_detector(cameras[band], parameters.hemisphere, parameters.seed) for band in BANDS}
    events = _event_scans(plans, parameters)
    for plan in plans:
        if progress is not None:
            progress(f"scan {plan.scan} of {len(plans)}, {plan.scan_type.value}, {plan.frame_count} frames")
        conditions = make_conditions(plan, parameters, events)
        book.add_events(plan, conditions)
        near = points.within(plan.region) if plan.scan_type.on_sky else points
        for band in BANDS:
            zero = zero_points(plan, cameras[band], conditions, parameters)
            raw, truth = simulate_band(
                plan, conditions, near, cameras[band], detectors[band], parameters, zero
            )
            book.add_band(plan, conditions, band, truth)
            write_raw_scan(night / raw.header.file_name, raw)
