"""One band of one scan: the plan, the sky and the camera become a raw scan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.arrays import Doubles, Singles
from app.formats.raw_header import RawScanHeader, ScanType
from app.formats.raw_night import FRAME_DTYPE, RawScan
from app.instruments.bands import Band
from app.observatory import camera as cameras
from app.observatory.afterglow import leave_traces, no_traps
from app.observatory.artefacts import ARTEFACT_DTYPE, list_artefacts
from app.observatory.camera import SIZE, BandCamera, Detector
from app.observatory.conditions import Conditions, draw_extra, frame_keys, make_drift, make_hits, make_sky
from app.observatory.deviates import normal_table
from app.observatory.exposure import (
    MEDIUM_HALF,
    SMALL_HALF,
    add_stars,
    read_out,
    stamps_of,
)
from app.observatory.looks import Looks, bright_looks, place
from app.observatory.optics import HALF_WIDTH, point_tables
from app.observatory.parameters import NightParameters
from app.observatory.scattered import SCATTERING_LIMIT_MAG, SPIKE_REACH_PIX, add_scattered_light
from app.observatory.schedule import ScanPlan
from app.observatory.sky import Points

_CHUNK = 48  # frames at once: 50 MB of images
_SEEING_GRID = 0.1  # arcsec between tables; between them images are mixed
# Seeing falls with wavelength to the 1/5 (Kolmogorov); wavelengths 1.235, 1.662, 2.159 um.
_SEEING_FACTOR = {Band.J: 1.0, Band.H: (1.662 / 1.235) ** -0.2, Band.K: (2.159 / 1.235) ** -0.2}


@dataclass(frozen=True)
class BandTruth:
    """What only the simulator knows of one band of one scan.

    Attributes
    ----------
    zero_point_mag : float64 array (frames,)
        M = zero_point - 2.5 log10(DN), extinction, transparency and the night's drift included.
    background_dn : float64 array (frames,)
        Mean sky of each frame.
    hits : structured array of HIT_DTYPE
    artefacts : structured array of ARTEFACT_DTYPE
    """

    zero_point_mag: Doubles
    background_dn: Doubles
    hits: NDArray[np.void]
    artefacts: NDArray[np.void]


def expose_stars(
    points: Points, camera: BandCamera, conditions: Conditions, frames: range, zero_point_mag: Doubles
) -> Singles:
    """Light of all points on some frames of a scan, before the detector.

    Parameters
    ----------
    points : Points
    camera : BandCamera
    conditions : Conditions
    frames : range
        Frame indices from 0.
    zero_point_mag : float64 array (all frames,)

    Returns
    -------
    float32 array (len(frames), 256, 256)
        DN in the integration time.
    """
    images = np.zeros((len(frames), SIZE, SIZE), np.float32)
    part = slice(frames.start, frames.stop)
    places = place(points, camera, conditions, frames, HALF_WIDTH)
    reference = float(zero_point_mag[0])
    flux = points.share * (10.0 ** (0.4 * (reference - points.magnitudes[camera.band]))).astype(np.float32)
    tables, steps = _tables(camera, conditions.seeing_arcsec[part])
    small, medium, large = (stamps_of(tables, half) for half in (SMALL_HALF, MEDIUM_HALF, HALF_WIDTH))
    relative = 10.0 ** (0.4 * (zero_point_mag[part] - reference))
    add_stars(
        images, small, medium, large, steps, places.x_pix, places.y_pix, flux, places.first, places.last,
        places.starts, relative,
    )  # fmt: skip
    return images


def _tables(camera: BandCamera, seeing_arcsec: Doubles) -> tuple[Singles, Doubles]:
    """Tables on the grid of seeings that encloses the frames', and each frame's place on it."""
    place = seeing_arcsec / _SEEING_GRID
    low, high = int(np.floor(place.min())), int(np.ceil(place.max()))
    factor = _SEEING_FACTOR[camera.band]
    tables = [
        point_tables(camera.aberrations, round(level * _SEEING_GRID * factor, 6))
        for level in range(low, high + 1)
    ]
    return np.stack(tables), place - low


def simulate_band(
    plan: ScanPlan,
    conditions: Conditions,
    points: Points,
    camera: BandCamera,
    detector: Detector,
    parameters: NightParameters,
    zero_point_mag: Doubles,
) -> tuple[RawScan, BandTruth]:
    """Observe one band of one scan.

    Parameters
    ----------
    plan : ScanPlan
    conditions : Conditions
    points : Points
        At least those of the plan's region; not used with the shutter closed or in flats.
    camera : BandCamera
    detector : Detector
    parameters : NightParameters
    zero_point_mag : float64 array (frames,)

    Returns
    -------
    RawScan
    BandTruth
    """
    count = plan.frame_count
    read1, read2 = np.empty((count, SIZE, SIZE), np.uint16), np.empty((count, SIZE, SIZE), np.uint16)
    sky, drift = make_sky(plan, camera, parameters), make_drift(plan, camera, parameters)
    hits, keys = make_hits(plan, camera, parameters), frame_keys(plan, camera, parameters)
    ghostly = plan.scan_type.on_sky and parameters.artefacts
    looks = _parents(points, camera, conditions, zero_point_mag) if ghostly else None
    traps = no_traps()
    for begin in range(0, count, _CHUNK):
        frames = range(begin, min(begin + _CHUNK, count))
        part = slice(frames.start, frames.stop)
        if plan.scan_type.on_sky:
            images = expose_stars(points, camera, conditions, frames, zero_point_mag)
        else:
            images = np.zeros((len(frames), SIZE, SIZE), np.float32)
        extra = draw_extra(frames, hits, conditions.trails)
        if looks is not None:
            add_scattered_light(images, frames, looks, camera, conditions.turn_deg)
            extra = extra if extra.size else np.zeros_like(images)
            leave_traces(images, detector.well_dn, traps, extra)
        read_out(
            images, extra, sky[part], detector.flat, detector.pedestal_dn, detector.dark_dn, detector.noise_factor,
            detector.well_dn, drift[part], keys[part], normal_table(), camera.gain_e_dn,
            camera.read_noise_e / camera.gain_e_dn, camera.reset_noise_e / camera.gain_e_dn, camera.bend,
            cameras.READ1_SECONDS / cameras.INTEGRATION_SECONDS, read1[part], read2[part],
        )  # fmt: skip
    read1[conditions.missing] = 0
    read2[conditions.missing] = 0
    raw = RawScan(_header(plan, camera, parameters), _frames(plan, conditions), read1, read2)
    artefacts = np.zeros(0, ARTEFACT_DTYPE)
    if looks is not None:
        seeing = float(conditions.seeing_arcsec.mean()) * _SEEING_FACTOR[camera.band]
        artefacts = list_artefacts(looks, camera, conditions, seeing)
    return raw, BandTruth(zero_point_mag, sky.mean(axis=(1, 2), dtype=np.float64), hits, artefacts)


def _parents(points: Points, camera: BandCamera, conditions: Conditions, zero_point_mag: Doubles) -> Looks:
    """List the looks at stars that are bright enough to leave something elsewhere."""
    limit = SCATTERING_LIMIT_MAG[camera.band]
    return bright_looks(points, camera, conditions, zero_point_mag, limit, SPIKE_REACH_PIX)


def _frames(plan: ScanPlan, conditions: Conditions) -> NDArray[np.void]:
    """Fill the FRAMES table: what the telescope was told, not where it went."""
    frames = np.zeros(plan.frame_count, FRAME_DTYPE)
    closed = plan.scan_type is ScanType.DARK
    frames["number"] = np.arange(1, plan.frame_count + 1)
    frames["mjd"] = plan.mjd
    frames["ra_deg"] = np.nan if closed else plan.ra_deg
    frames["decl_deg"] = plan.decl_deg
    frames["airmass"] = plan.airmass
    frames["missing"] = conditions.missing
    return frames


def _header(plan: ScanPlan, camera: BandCamera, parameters: NightParameters) -> RawScanHeader:
    closed = plan.scan_type is ScanType.DARK
    return RawScanHeader(
        night_date=parameters.night_date,
        hemisphere=parameters.hemisphere,
        band=camera.band,
        scan=plan.scan,
        scan_type=plan.scan_type,
        start=plan.start,
        frame_count=plan.frame_count,
        camera=cameras.identifier(parameters.hemisphere),
        direction=plan.direction,
        tile=plan.tile,
        position_id=plan.position_id,
        airmass=None if closed else round(float(plan.airmass.mean()), 5),
        ra_deg=None if closed else plan.ra_deg,
        decl_deg=None if closed else float(plan.decl_deg.mean()),
        corners_deg=plan.corners_deg,
        read1_seconds=cameras.READ1_SECONDS,
        integration_seconds=cameras.INTEGRATION_SECONDS,
    )
