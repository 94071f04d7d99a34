"""What happens during one scan besides the plan: pointing, seeing, transparency, clouds, airglow, hits and trails."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.arrays import Bools, Doubles, Singles, Table
from app.formats.raw_header import ScanType
from app.observatory.camera import SIZE, BandCamera
from app.observatory.parameters import NightParameters
from app.observatory.random_numbers import Keys, stream_keys
from app.observatory.schedule import ScanPlan
from app.observatory.trails import Trail, draw_trail, make_passages

HIT_DTYPE = np.dtype(
    [
        ("frame", "i4"),  # number, from 1
        ("x", "f4"),  # start of the track, array pixels
        ("y", "f4"),
        ("length_pix", "f4"),
        ("angle_deg", "f4"),  # direction of the track, from +x towards +y
        ("charge_dn", "f4"),  # charge of the whole track
    ]
)

_SKY_NODES = 9
_CONDITIONS_TAG, _SKY_TAG, _HIT_TAG, _CLOUD_TAG = 11, 12, 13, 15


@dataclass(frozen=True)
class Conditions:
    """What all three bands share during a scan.

    Attributes
    ----------
    ra_deg, decl_deg : float64 arrays (frames,)
        True sky position of the focal-plane centre, ICRS degrees.
    turn_deg : float64 array (frames,)
        Rotation of the field besides the arrays' own.
    seeing_arcsec : float64 array (frames,)
        Atmospheric full width at half maximum at J.
    transparency : float64 array (frames,)
        Share of the light that a clear sky lets through, clouds included.
    missing : bool array (frames,)
        Frames that the camera never delivers.
    trails : tuple of Trail
        What crosses the field, ordered by frame after the meteor.
    """

    ra_deg: Doubles
    decl_deg: Doubles
    turn_deg: Doubles
    seeing_arcsec: Doubles
    transparency: Doubles
    missing: Bools
    trails: tuple[Trail, ...]


def night_seed(parameters: NightParameters) -> int:
    """Seed of weather, pointing and noise, which change from night to night: 32 bits from seed, date and site."""
    day = parameters.night_date.toordinal() * 2 + "ns".index(parameters.hemisphere)
    return int(np.random.SeedSequence([parameters.seed, day]).generate_state(1)[0])


def _walk(random: np.random.Generator, count: int, step: float, pull: float) -> Doubles:
    """Random walk that is pulled back to zero (autoregressive of order one)."""
    values = np.zeros(count)
    for i, change in enumerate(step * random.standard_normal(count)):
        values[i] = (1.0 - pull) * values[i - 1] + change if i else change / np.sqrt(2.0 * pull)
    return values


def cloud_cover(plan: ScanPlan, parameters: NightParameters) -> Doubles:
    """Transparency of the cloud that passes during a survey scan.

    The cloud has several lumps and is a fifth to a half of the scan long; its deepest lump takes away half to all of
    `parameters.clouds`. Calibration scans stay clear, because the survey used calibration scans of clear sky only.

    Returns
    -------
    float64 array (frames,)
        1 in frames without a cloud.
    """
    count = plan.frame_count
    if parameters.clouds == 0.0 or parameters.still or plan.scan_type is not ScanType.SURVEY:
        return np.ones(count)
    random = np.random.default_rng([_CLOUD_TAG, night_seed(parameters), plan.scan])
    length = random.uniform(0.2, 0.5) * count
    begin = random.uniform(0.0, count - length)
    middles = begin + length * random.uniform(0.2, 0.8, 4)
    widths = length * random.uniform(0.06, 0.12, 4)
    distance = (np.arange(count)[:, None] - middles) / widths
    depth = np.sum(random.uniform(0.3, 1.0, 4) * np.exp(-0.5 * distance**2), axis=1)
    return np.asarray(
        1.0 - parameters.clouds * random.uniform(0.5, 1.0) * depth / max(float(depth.max()), 0.1)
    )


def make_conditions(plan: ScanPlan, parameters: NightParameters, events: tuple[int, int]) -> Conditions:
    """Draw the conditions of a scan.

    Parameters
    ----------
    plan : ScanPlan
        What the telescope is told.
    parameters : NightParameters
        Seed, mean seeing and clouds of the night.
    events : (int, int)
        Numbers of the scans that get the meteor and the missing frame; 0 for none.
    """
    count = plan.frame_count
    random = np.random.default_rng([_CONDITIONS_TAG, night_seed(parameters), plan.scan])
    time = np.arange(count)
    # Tracking in right ascension stays within 2" of the great circle; steps of the secondary repeat to 0.15".
    drift = random.uniform(0.3, 1.2) * np.sin(time / random.uniform(25.0, 90.0) + random.uniform(0.0, 6.0))
    east = drift - drift[0] + 0.15 * random.standard_normal(count) + random.normal(0.0, 1.0)
    north = 0.15 * random.standard_normal(count) + _walk(random, count, 0.03, 0.02) + random.normal(0.0, 1.0)
    turn = 0.004 * np.sin(time / 60.0 + random.uniform(0.0, 6.0))
    relative = _walk(random, count, 0.012, 0.08) + random.normal(0.0, 0.05)
    seeing = parameters.seeing_arcsec * np.clip(np.exp(relative), 0.85, 1.25)
    transparency = 1.0 + 0.002 * _walk(random, count, 0.3, 0.05)
    if parameters.still or not plan.scan_type.on_sky:
        east, north, turn = np.zeros(count), np.zeros(count), np.zeros(count)
        seeing, transparency = np.full(count, parameters.seeing_arcsec), np.ones(count)
    transparency = transparency * cloud_cover(plan, parameters)
    missing = np.zeros(count, bool)
    if plan.scan == events[1]:
        missing[random.integers(count)] = True
    trails: tuple[Trail, ...] = ()
    if plan.scan == events[0]:
        x, y = random.uniform(80.0, 176.0, 2)
        frame = int(random.integers(1, count + 1))
        trails = (Trail("meteor", frame, x, y, random.uniform(0.0, 180.0), 2.2, 260.0),)
    if parameters.disturbed and plan.scan_type.on_sky:
        trails += make_passages(night_seed(parameters), plan.scan, count)
    cosine = np.cos(np.radians(np.nan_to_num(plan.decl_deg)))
    return Conditions(
        (plan.ra_deg + east / 3600.0 / cosine) % 360.0,
        plan.decl_deg + north / 3600.0,
        turn,
        seeing,
        transparency,
        missing,
        trails,
    )


def make_sky(plan: ScanPlan, camera: BandCamera, parameters: NightParameters) -> Singles:
    """Background of each frame.

    Scans of the sky have a level that walks slowly, a gradient, and two airglow waves of 6' to 20' that run through
    the field. In dusk flats the light falls from 10,000 to 1,000 DN and is even to 0.3 %. Darks have none.

    Parameters
    ----------
    plan : ScanPlan
        Its type decides what kind of background there is.
    camera : BandCamera
        Mean level and airglow of the band.
    parameters : NightParameters
        Seed of the night.

    Returns
    -------
    float32 array (frames, 9, 9)
        Light at nodes every 32 pixels, from corner to corner, DN in the integration time.
    """
    count = plan.frame_count
    shape = (count, _SKY_NODES, _SKY_NODES)
    if plan.scan_type is ScanType.DARK:
        return np.zeros(shape, np.float32)
    random = np.random.default_rng([_SKY_TAG, night_seed(parameters), plan.scan, camera.band.position])
    node = np.linspace(-1.0, 1.0, _SKY_NODES)
    y, x = node[None, :, None], node[None, None, :]
    time = np.arange(count, dtype=float)[:, None, None]
    if plan.scan_type is ScanType.FLAT:
        level = np.geomspace(10_000.0, 1_000.0, count)[:, None, None]
        return np.asarray(level * (1.0 + 0.002 * x - 0.003 * y), np.float32)
    if parameters.still:
        return np.full(shape, camera.background_dn, np.float32)
    amplitude = camera.airglow
    level = 1.0 + amplitude * _walk(random, count, 0.15, 0.02)[:, None, None] * 0.5
    pattern = 0.15 * amplitude * (random.uniform(-1, 1) * x + random.uniform(-1, 1) * y)
    for _ in range(2):
        wave_number = random.uniform(1.2, 4.0)  # radians over half the field
        angle, speed, phase = random.uniform(0.0, 6.3), random.uniform(0.05, 0.2), random.uniform(0.0, 6.3)
        along = wave_number * (np.cos(angle) * x + np.sin(angle) * y)
        pattern = pattern + 0.1 * amplitude * np.sin(along + speed * time + phase)
    return np.asarray(camera.background_dn * np.clip(level + pattern, 0.3, 3.0), np.float32)


def make_drift(plan: ScanPlan, camera: BandCamera, parameters: NightParameters) -> Singles:
    """Quadrant offsets that arise between the reads: they walk slowly, by some 0.6 DN.

    Parameters
    ----------
    plan : ScanPlan
        Number of the scan and of its frames.
    camera : BandCamera
        Its band has a walk of its own.
    parameters : NightParameters
        Seed of the night.

    Returns
    -------
    float32 array (frames, 2, 2)
        Offset of the quadrants (upper or lower half, left or right half), DN.
    """
    if parameters.still:
        return np.zeros((plan.frame_count, 2, 2), np.float32)
    random = np.random.default_rng([_SKY_TAG, night_seed(parameters), plan.scan, camera.band.position, 1])
    walks = [_walk(random, plan.frame_count, 0.12, 0.02) for _ in range(4)]
    return np.stack(walks, axis=-1).reshape(-1, 2, 2).astype(np.float32)


def make_hits(plan: ScanPlan, camera: BandCamera, parameters: NightParameters) -> Table:
    """Cosmic-ray hits of a scan and band.

    Parameters
    ----------
    plan : ScanPlan
        Number of the scan and of its frames.
    camera : BandCamera
        Its band has hits of its own.
    parameters : NightParameters
        Seed of the night, and mean number of hits a frame.

    Returns
    -------
    structured array of HIT_DTYPE, (n,)
        Ordered by frame.
    """
    random = np.random.default_rng([_HIT_TAG, night_seed(parameters), plan.scan, camera.band.position])
    count = int(random.poisson(parameters.cosmic_rays * plan.frame_count))
    hits = np.zeros(count, HIT_DTYPE)
    hits["frame"] = np.sort(random.integers(1, plan.frame_count + 1, count))
    hits["x"], hits["y"] = random.uniform(-0.5, SIZE - 0.5, (2, count))
    hits["length_pix"] = np.minimum(random.exponential(0.8, count), 12.0)
    hits["angle_deg"] = random.uniform(0.0, 360.0, count)
    hits["charge_dn"] = 60.0 + random.exponential(250.0, count) * (1.0 + hits["length_pix"])
    return hits


def draw_extra(frames: range, hits: Table, trails: tuple[Trail, ...]) -> Singles:
    """Charge of hits and trails on some frames.

    Parameters
    ----------
    frames : range
        Frame indices from 0.
    hits : structured array of HIT_DTYPE
        Hits of the whole scan.
    trails : tuple of Trail
        Trails of the whole scan.

    Returns
    -------
    float32 array (frames, 256, 256) or (0, 256, 256)
        DN; without frames if nothing hits or crosses any of them.
    """
    chosen = hits[(hits["frame"] > frames.start) & (hits["frame"] <= frames.stop)]
    crossing = [trail for trail in trails if trail.frame - 1 in frames]
    if chosen.size == 0 and not crossing:
        return np.zeros((0, SIZE, SIZE), np.float32)
    extra = np.zeros((len(frames), SIZE, SIZE), np.float32)
    for hit in chosen:
        steps = (np.arange(16) + 0.5) / 16.0 * float(hit["length_pix"])
        angle = np.radians(float(hit["angle_deg"]))
        x = np.floor(float(hit["x"]) + steps * np.cos(angle) + 0.5).astype(np.int64)
        y = np.floor(float(hit["y"]) + steps * np.sin(angle) + 0.5).astype(np.int64)
        on_array = (x >= 0) & (x < SIZE) & (y >= 0) & (y < SIZE)
        np.add.at(
            extra[int(hit["frame"]) - 1 - frames.start],
            (y[on_array], x[on_array]),
            float(hit["charge_dn"]) / 16.0,
        )
    for trail in crossing:
        draw_trail(extra[trail.frame - 1 - frames.start], trail)
    return extra


def frame_keys(plan: ScanPlan, camera: BandCamera, parameters: NightParameters) -> Keys:
    """Key of the random stream of each frame.

    Parameters
    ----------
    plan : ScanPlan
        Number of the scan and of its frames.
    camera : BandCamera
        Its band has streams of its own.
    parameters : NightParameters
        Seed of the night.
    """
    return stream_keys(night_seed(parameters), plan.scan, camera.band.position, plan.frame_count)
