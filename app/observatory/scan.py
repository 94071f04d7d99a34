"""One band of one scan: the plan, the sky and the camera become a raw scan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from app.arrays import Doubles, Singles, Table
from app.formats.raw_header import RawScanHeader, ScanType
from app.formats.raw_night import FRAME_DTYPE, RawScan
from app.instruments.bands import Band
from app.observatory import camera as cameras
from app.observatory.artefacts import ARTEFACT_DTYPE, list_artefacts
from app.observatory.camera import SIZE, BandCamera, TrueDetector
from app.observatory.conditions import Conditions, draw_extra, frame_keys, make_drift, make_hits, make_sky
from app.observatory.exposure import (
    MEDIUM_HALF,
    SMALL_HALF,
    Electronics,
    FrameLight,
    RandomStreams,
    Reads,
    Stamps,
    add_stars,
    read_out,
    stamps_of,
)
from app.observatory.optics import HALF_WIDTH, point_tables
from app.observatory.parameters import NightParameters
from app.observatory.persistence import add_persistence_and_stripes, empty_traps
from app.observatory.positions import Looks, bright_looks, star_positions
from app.observatory.random_numbers import normal_table
from app.observatory.scattered import SCATTERING_LIMIT_MAG, SPIKE_REACH_PIX, add_scattered_light
from app.observatory.schedule import ScanPlan
from app.observatory.sky import Points

_CHUNK = 48  # frames at once: 50 MB of images
_SEEING_GRID = 0.1  # arcsec between tables; images of a seeing between them are mixed
# Seeing falls with the fifth root of the wavelength (Kolmogorov): 1.235, 1.662 and 2.159 um.
_SEEING_FACTOR = {Band.J: 1.0, Band.H: (1.662 / 1.235) ** -0.2, Band.K: (2.159 / 1.235) ** -0.2}


@dataclass(frozen=True)
class BandTruth:
    """What only the simulator knows of one band of one scan.

    Attributes
    ----------
    zero_point_mag : float64 array (frames,)
        Magnitude of 1 DN; extinction, transparency and the night's drift included.
    background_dn : float64 array (frames,)
        Mean sky of each frame.
    hits : structured array of HIT_DTYPE
        Cosmic rays, ordered by frame.
    artefacts : structured array of ARTEFACT_DTYPE
        What bright stars leave elsewhere.
    """

    zero_point_mag: Doubles
    background_dn: Doubles
    hits: Table
    artefacts: Table


def expose_stars(
    points: Points, camera: BandCamera, conditions: Conditions, frames: range, zero_point_mag: Doubles
) -> Singles:
    """Light of all points on some frames of a scan, before the detector.

    Parameters
    ----------
    points : Points
        Points of light, those that the frames see at least.
    camera : BandCamera
        Array of the band and its optics.
    conditions : Conditions
        True pointing and seeing of the scan.
    frames : range
        Frame indices from 0.
    zero_point_mag : float64 array (all frames,)
        Magnitude of 1 DN in each frame of the scan.

    Returns
    -------
    float32 array (len(frames), 256, 256)
        DN in the integration time.
    """
    images = np.zeros((len(frames), SIZE, SIZE), np.float32)
    part = slice(frames.start, frames.stop)
    positions = star_positions(points, camera, conditions, frames, HALF_WIDTH)
    reference = float(zero_point_mag[0])
    flux = points.share * (10.0 ** (0.4 * (reference - points.magnitudes[camera.band]))).astype(np.float32)
    tables, steps = _tables(camera, conditions.seeing_arcsec[part])
    stamps = Stamps(*(stamps_of(tables, half) for half in (SMALL_HALF, MEDIUM_HALF, HALF_WIDTH)))
    relative = 10.0 ** (0.4 * (zero_point_mag[part] - reference))
    add_stars(images, stamps, steps, positions, flux, relative)
    return images


def _tables(camera: BandCamera, seeing_arcsec: Doubles) -> tuple[Singles, Doubles]:
    """Tables on the grid of seeings that encloses the frames', and each frame's place on it."""
    steps = seeing_arcsec / _SEEING_GRID
    low, high = int(np.floor(steps.min())), int(np.ceil(steps.max()))
    factor = _SEEING_FACTOR[camera.band]
    tables = [
        point_tables(camera.aberrations, round(level * _SEEING_GRID * factor, 6))
        for level in range(low, high + 1)
    ]
    return np.stack(tables), steps - low


def simulate_band(
    plan: ScanPlan,
    conditions: Conditions,
    points: Points,
    camera: BandCamera,
    detector: TrueDetector,
    parameters: NightParameters,
    zero_point_mag: Doubles,
) -> tuple[RawScan, BandTruth]:
    """Observe one band of one scan.

    Parameters
    ----------
    plan : ScanPlan
        What the telescope is told.
    conditions : Conditions
        What happens during the scan.
    points : Points
        Points of light, those of the plan's region at least; not used with the shutter closed or in flats.
    camera : BandCamera
        Array of the band, its optics and electronics.
    detector : TrueDetector
        Response of the array's pixels.
    parameters : NightParameters
        What the night is made of.
    zero_point_mag : float64 array (frames,)
        Magnitude of 1 DN in each frame.

    Returns
    -------
    RawScan
        Reads and header as the observatory delivers them.
    BandTruth
        What the simulator knows besides.
    """
    count = plan.frame_count
    reads = Reads(np.empty((count, SIZE, SIZE), np.uint16), np.empty((count, SIZE, SIZE), np.uint16))
    sky, drift = make_sky(plan, camera, parameters), make_drift(plan, camera, parameters)
    hits, keys = make_hits(plan, camera, parameters), frame_keys(plan, camera, parameters)
    has_artefacts = plan.scan_type.on_sky and parameters.artefacts
    looks = _parents(points, camera, conditions, zero_point_mag) if has_artefacts else None
    traps, electronics = empty_traps(), _electronics(camera)
    for frames in _chunks(count):
        part = slice(frames.start, frames.stop)
        if plan.scan_type.on_sky:
            images = expose_stars(points, camera, conditions, frames, zero_point_mag)
        else:
            images = np.zeros((len(frames), SIZE, SIZE), np.float32)
        extra = draw_extra(frames, hits, conditions.trails)
        if looks is not None:
            add_scattered_light(images, frames, looks, camera, conditions.turn_deg)
            extra = extra if extra.size else np.zeros_like(images)
            add_persistence_and_stripes(images, detector.well_dn, traps, extra)
        light = FrameLight(images, extra, sky[part], drift[part])
        streams = RandomStreams(keys[part], normal_table())
        read_out(light, detector, electronics, streams, Reads(reads.read1[part], reads.read2[part]))
    for read in reads:
        read[conditions.missing] = 0
    raw = RawScan(_header(plan, camera, parameters), _frames(plan, conditions), *reads)
    artefacts = np.zeros(0, ARTEFACT_DTYPE)
    if looks is not None:
        seeing = float(conditions.seeing_arcsec.mean()) * _SEEING_FACTOR[camera.band]
        artefacts = list_artefacts(looks, camera, conditions, seeing)
    return raw, BandTruth(zero_point_mag, sky.mean(axis=(1, 2), dtype=np.float64), hits, artefacts)


def _chunks(count: int) -> Iterator[range]:
    """Frame indices of a scan, as many at once as memory should hold images of."""
    for begin in range(0, count, _CHUNK):
        yield range(begin, min(begin + _CHUNK, count))


def _electronics(camera: BandCamera) -> Electronics:
    gain = camera.gain_e_dn
    return Electronics(
        gain_e_dn=gain,
        read_noise_dn=camera.read_noise_e / gain,
        reset_noise_dn=camera.reset_noise_e / gain,
        bend=camera.bend,
        read1_share=cameras.READ1_SECONDS / cameras.INTEGRATION_SECONDS,
    )


def _parents(points: Points, camera: BandCamera, conditions: Conditions, zero_point_mag: Doubles) -> Looks:
    """List the looks at stars that are bright enough to leave something elsewhere."""
    limit = SCATTERING_LIMIT_MAG[camera.band]
    return bright_looks(points, camera, conditions, zero_point_mag, limit, SPIKE_REACH_PIX)


def _frames(plan: ScanPlan, conditions: Conditions) -> Table:
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
