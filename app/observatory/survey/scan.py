"""One scan of a survey: drawn from the plan alone, so that any process may observe it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.arrays import Integers, Table
from app.formats.raw_header import ScanType
from app.formats.raw_night import write_raw_scan
from app.ingest.reference_stars import Region
from app.instruments.bands import BANDS, Band
from app.observatory.camera import SIZE, defocused
from app.observatory.conditions import Conditions
from app.observatory.scan import BandTruth, simulate_band
from app.observatory.survey.asteroids import asteroids_of
from app.observatory.survey.cameras import CONFIGURATIONS
from app.observatory.survey.light import make_points
from app.observatory.survey.objects import OBJECT_DTYPE, as_sources, seen_at
from app.observatory.survey.plan import NightPlan, SurveyPlan
from app.observatory.survey.schedule import Commanded, night_parameters, plan_scans
from app.observatory.survey.sky import objects_in
from app.observatory.survey.truth import SIGHTING_DTYPE
from app.observatory.survey.weather import band_nights, scan_weather, zero_points
from app.sky.directions import unit_vectors

if TYPE_CHECKING:
    from app.observatory.camera import BandCamera
    from app.observatory.schedule import ScanPlan

# Half a frame, and 40" that a profile reaches, 5" of the arrays' offsets and 45" for field rotation and motion.
_REACH_DEG = 0.5 * 512.0 / 3600.0 + 90.0 / 3600.0
_HALF_FIELD_ARCSEC = SIZE - 1.0  # pixels of 2", from the middle to the middle of the outermost pixel


@dataclass(frozen=True)
class SeenScan:
    """What is known of a scan after it has been observed.

    Attributes
    ----------
    scan : ScanPlan
        What the telescope was told.
    conditions : Conditions
        What happened.
    bands : dict of Band to BandTruth
        What the simulator knows besides.
    sources : structured array of SOURCE_DTYPE
        All objects within reach at their places of the night, with mean light, ordered by number; asteroids are not
        among them.
    objects : structured array of OBJECT_DTYPE
        Objects that stood on the array.
    sightings : structured array of SIGHTING_DTYPE
        How they stood and shone.
    """

    scan: ScanPlan
    conditions: Conditions
    bands: dict[Band, BandTruth]
    sources: Table
    objects: Table
    sightings: Table


@lru_cache(maxsize=4)
def _night_scans(plan: SurveyPlan, night: NightPlan) -> tuple[Commanded, ...]:
    return plan_scans(plan, night)


def _seen_region(conditions: Conditions) -> Region:
    """Sky that the frames of a scan see, wherever they were commanded to."""
    ra = conditions.ra_deg
    # Offsets from the first frame are small also when the scan crosses 0 h.
    offset = (ra - ra[0] + 180.0) % 360.0 - 180.0
    low, high = float(ra[0] + offset.min()) % 360.0, float(ra[0] + offset.max()) % 360.0
    decl = conditions.decl_deg
    return Region(low, high, float(decl.min()), float(decl.max())).grown(_REACH_DEG)


def observe_scan(plan: SurveyPlan, night: NightPlan, position: int, folder: Path) -> SeenScan:
    """Observe a scan in all bands and write its raw files.

    Parameters
    ----------
    plan : SurveyPlan
        The survey.
    night : NightPlan
        A night of it.
    position : int
        Index of the scan in the night, from 0.
    folder : Path
        Gets the raw files.
    """
    scans = _night_scans(plan, night)
    commanded = scans[position]
    scan, visit = commanded.scan, commanded.visit
    first = next((item.scan.scan for item in scans if item.scan.scan_type is ScanType.SURVEY), 0)
    conditions = scan_weather(plan, night, commanded, first)
    parameters = night_parameters(plan, night)
    objects = np.zeros(0, OBJECT_DTYPE)
    mjd = float(scan.mjd.mean())
    if scan.scan_type.on_sky:
        objects = np.concatenate([objects_in(plan, _seen_region(conditions)), asteroids_of(plan, night)])
    seen = seen_at(objects, mjd)
    configuration = CONFIGURATIONS[night.camera]
    cameras = {band: configuration.camera(band) for band in BANDS}
    points = make_points(objects, seen, {band: camera.zero_point_mag for band, camera in cameras.items()})
    states, truths = band_nights(plan, night), {}
    for band in BANDS:
        zero = zero_points(scan, states[band], conditions, parameters)
        raw, truths[band] = simulate_band(
            scan, conditions, points, _tonight(cameras[band], night, commanded),
            configuration.detector(band, plan.seed), parameters, zero,
        )  # fmt: skip
        raw = replace(raw, header=replace(raw.header, camera=night.camera))
        write_raw_scan(folder / raw.header.file_name, raw)
    looks = _looks(seen, conditions) if visit is not None else np.zeros(0, np.int64)
    midnight_mjd = float(_night_scans(plan, night)[0].scan.mjd[0])
    fixed = objects[objects["kind"] != b"a"]
    return SeenScan(
        scan, conditions, truths, as_sources(fixed, midnight_mjd), objects[looks > 0],
        _sightings(seen[looks > 0], looks[looks > 0], scan.scan),
    )  # fmt: skip


def _tonight(camera: BandCamera, night: NightPlan, commanded: Commanded) -> BandCamera:
    """Return a camera with the focus and the airglow of a scan."""
    visit = commanded.visit
    defocus, factor = night.defocus_arcsec, night.airglow_factor
    if visit is not None:
        defocus, factor = defocus + visit.defocus_arcsec, factor * visit.airglow_factor
    return defocused(replace(camera, airglow=camera.airglow * factor), defocus)


def _looks(sources: Table, conditions: Conditions) -> Integers:
    """Count the frames in which each source stands within 255" of the middle in right ascension and declination.

    The arrays' offsets and rotations, which move an edge by up to 4", are left aside.
    """
    vectors = unit_vectors(sources["ra"], sources["decl"])
    ra, decl = np.radians(conditions.ra_deg), np.radians(conditions.decl_deg)
    looks = np.zeros(sources.size, np.int64)
    reach = np.sin(np.radians(_HALF_FIELD_ARCSEC / 3600.0))
    for frame in np.flatnonzero(~conditions.missing):
        sine, cosine = np.sin(ra[frame]), np.cos(ra[frame])
        east = -sine * vectors[:, 0] + cosine * vectors[:, 1]
        meridian = cosine * vectors[:, 0] + sine * vectors[:, 1]
        north = np.cos(decl[frame]) * vectors[:, 2] - np.sin(decl[frame]) * meridian
        depth = np.sin(decl[frame]) * vectors[:, 2] + np.cos(decl[frame]) * meridian
        looks += (np.abs(east) < reach) & (np.abs(north) < reach) & (depth > 0.0)
    return looks


def _sightings(seen: Table, looks: Integers, scan: int) -> Table:
    rows = np.zeros(seen.size, SIGHTING_DTYPE)
    rows["object_id"], rows["scan"], rows["looks"] = seen["source_id"], scan, looks
    for name in ("ra", "decl", "j_m", "h_m", "k_m"):
        rows[name] = seen[name]
    return rows
