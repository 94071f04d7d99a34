"""True zero points of a whole survey and what its calibration sets and overlaps measure, without pixels.

The plain law has night offsets, an Ornstein-Uhlenbeck atmosphere, extinction by night and season, scan jitter, edge
errors, cross-scan flats, clouds, wrong edges; `hardened` adds what no solver is told: clouds over one half of a scan,
zero points that follow the seeing, edge errors common to a night. Nothing here is imported by the pipeline, and nothing
of the pipeline is imported here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from app.arrays import Bools, Doubles, Integers
from benchmarks.survey_schedule import Schedule
from benchmarks.survey_tiles import Strips, Tiles

FIELDS = 42
PERIODS = 16
STAR_SCATTER = 0.031
"""Scatter of one star's magnitude difference between two scans, above SNR 30, mag."""


@dataclass(frozen=True)
class Law:
    """Widths of what is drawn, magnitudes (1 sigma) unless the name says otherwise."""

    night: float
    atmosphere: float
    atmosphere_hours: float
    extinction: float
    season: float
    jitter: float = 0.003
    edge: float = 0.002
    flat_linear: float = 0.0065
    flat_quadratic: float = 0.0039
    field: float = 0.006
    set_noise: float = 0.002
    clouded: float = 0.02
    cloud_span: tuple[float, float] = (0.010, 0.080)
    wrong_edges: float = 0.01
    wrong_edge: float = 0.030
    half_clouds: float = 0.0
    seeing_slope: float = 0.0
    night_edge: float = 0.0


H_LIKE = Law(night=0.050, atmosphere=0.008, atmosphere_hours=2.5, extinction=0.012, season=0.010)
J_LIKE = Law(night=0.100, atmosphere=0.015, atmosphere_hours=2.0, extinction=0.020, season=0.015)


def hardened(law: Law) -> Law:
    """Add to a law what no solver is told."""
    return Law(**{**law.__dict__, "half_clouds": 0.01, "seeing_slope": 0.004, "night_edge": 0.002})


@dataclass(frozen=True)
class Truth:
    """What is true of each scan: zero point (mag), light lost to clouds (mag), and whether it is clear."""

    zero_point: Doubles
    loss: Doubles
    clear: Bools


@dataclass(frozen=True)
class Measured:
    """What the survey measures: rows for the solver, in its own plain arrays.

    Sets: `set_offset` is the mean of standard minus measured magnitude. Overlaps: `delta` is the median of (a minus
    b), `scatter` 1.4826 times the MAD of the stars' differences, `stars` their number; `reserved_delta` the same of a
    tenth of the stars that no solver sees.
    """

    set_offset: Doubles
    set_error: Doubles
    scan_a: Integers
    scan_b: Integers
    x_a: Doubles
    x2_a: Doubles
    x_b: Doubles
    x2_b: Doubles
    delta: Doubles
    scatter: Doubles
    stars: Integers
    reserved_delta: Doubles


class _Pairs(NamedTuple):
    """Overlaps in the order of the last columns of `Measured`."""

    scan_a: Integers
    scan_b: Integers
    x_a: Doubles
    x2_a: Doubles
    x_b: Doubles
    x2_b: Doubles
    delta: Doubles
    scatter: Doubles
    stars: Integers
    reserved_delta: Doubles


@dataclass(frozen=True)
class Clouds:
    """Light that clouds take, alike in all bands, mag: of scans, of sets, and over the halves of scans, (scans, 2)."""

    scans: Doubles
    sets: Doubles
    halves: Doubles


def draw_clouds(schedule: Schedule, law: Law, rng: np.random.Generator) -> Clouds:
    """Draw the clouds over scans and sets."""
    scans, sets = schedule.scan_tile.size, schedule.set_field.size
    return Clouds(
        np.where(rng.random(scans) < law.clouded, rng.uniform(*law.cloud_span, scans), 0.0),
        np.where(rng.random(sets) < law.clouded, rng.uniform(*law.cloud_span, sets), 0.0),
        _half_clouds(scans, law, rng),
    )


def draw(
    sky: tuple[Tiles, Strips], schedule: Schedule, law: Law, clouds: Clouds, rng: np.random.Generator
) -> tuple[Truth, Measured]:
    """Draw the truth of a band and what is measured of it."""
    tiles, shared = sky
    air = _Atmosphere(schedule, law, rng)
    scans = schedule.scan_tile.size
    loss, half = clouds.scans, clouds.halves
    seeing = law.seeing_slope * _nightly_walk(schedule, rng)
    clean = air.of_scans + seeing + rng.normal(0, law.jitter, scans)
    truth_offset = clean - loss
    fields = rng.normal(0, law.field, FIELDS)
    # The mean of the standards defines the scale of a band: their own common error is no error of the survey.
    fields -= fields.mean()
    sets = air.of_sets + rng.normal(0, law.jitter / np.sqrt(6), schedule.set_field.size)
    noise = rng.normal(0, law.set_noise, sets.size)
    sets = sets - clouds.sets
    measured = _overlaps(tiles, shared, schedule, truth_offset, (law, rng), half)
    whole = truth_offset - half.mean(axis=1)
    truth = Truth(whole, loss + half.mean(axis=1), (loss == 0) & (half == 0).all(axis=1))
    return truth, Measured(
        sets - fields[schedule.set_field] + noise, np.full(sets.size, law.set_noise), *measured
    )


class _Atmosphere:
    """The light that the air passes, at scans and sets."""

    def __init__(self, schedule: Schedule, law: Law, rng: np.random.Generator) -> None:
        nights = schedule.night_site.size
        offset = rng.normal(0, law.night, nights)
        season = rng.normal(0, law.season, 24)[schedule.night_month]
        extinction = season + rng.normal(0, law.extinction, nights)
        walk = _walks(schedule, law, rng)
        count = schedule.scan_tile.size
        self.of_scans = (
            offset[schedule.scan_night]
            - extinction[schedule.scan_night] * (schedule.scan_airmass - 1)
            + walk[:count]
        )
        self.of_sets = (
            offset[schedule.set_night]
            - extinction[schedule.set_night] * (schedule.set_airmass - 1)
            + walk[count:]
        )


def _walks(schedule: Schedule, law: Law, rng: np.random.Generator) -> Doubles:
    """Draw an Ornstein-Uhlenbeck process a night, at the times of scans, then of sets."""
    night = np.concatenate([schedule.scan_night, schedule.set_night])
    hours = np.concatenate([schedule.scan_hours, schedule.set_hours])
    order = np.lexsort((hours, night))
    value = np.zeros(night.size)
    before, since, current = -1, 0.0, 0.0
    for index in order:
        if night[index] != before:
            current = rng.normal(0, law.atmosphere)
        else:
            kept = np.exp(-(hours[index] - since) / law.atmosphere_hours)
            current = kept * current + rng.normal(0, law.atmosphere * np.sqrt(1 - kept**2))
        value[index], before, since = current, night[index], hours[index]
    return value


def _nightly_walk(schedule: Schedule, rng: np.random.Generator) -> Doubles:
    """Seeing of scans: a night's own value and a slower change within the night, both of unit width."""
    nights = schedule.night_site.size
    slope = rng.normal(0, 1, nights)[schedule.scan_night] * (schedule.scan_hours - 4.0) / 4.0
    return np.asarray(rng.normal(0, 1, nights)[schedule.scan_night] + slope)


def _half_clouds(scans: int, law: Law, rng: np.random.Generator) -> Doubles:
    """Light lost over the southern and the northern half of each scan, shape (scans, 2)."""
    half = np.zeros((scans, 2))
    hit = rng.random(scans) < law.half_clouds
    side = rng.integers(0, 2, scans)
    half[np.arange(scans), side] = np.where(hit, rng.uniform(0.010, 0.060, scans), 0.0)
    return half


def _overlaps(
    tiles: Tiles,
    shared: Strips,
    schedule: Schedule,
    offset: Doubles,
    drawn: tuple[Law, np.random.Generator],
    half: Doubles,
) -> _Pairs:
    """Differences of all pairs of scans of neighbouring or equal tiles."""
    law, rng = drawn
    a, b, strip = _scan_pairs(tiles, shared, schedule)
    same = strip < 0
    x_a, x2_a = np.where(same, 0.0, shared.x_a[strip]), np.where(same, 1 / 3, shared.x2_a[strip])
    x_b, x2_b = np.where(same, 0.0, shared.x_b[strip]), np.where(same, 1 / 3, shared.x2_b[strip])
    area = np.where(same, 0.85, shared.area_deg2[strip])
    stars = rng.poisson(area * _density(tiles, schedule.scan_tile[a]))
    keep = stars >= 3
    a, b, stars = a[keep], b[keep], stars[keep]
    x_a, x2_a, x_b, x2_b = x_a[keep], x2_a[keep], x_b[keep], x2_b[keep]
    north = ~same[keep] & (tiles.band[schedule.scan_tile[a]] != tiles.band[schedule.scan_tile[b]])
    camera = _Camera(schedule, law, rng)
    flat_a, flat_b = camera.flat(a, x_a, x2_a), camera.flat(b, x_b, x2_b)
    cloud_a = np.where(north, half[a, 1], half[a].mean(axis=1))
    cloud_b = np.where(north, half[b, 0], half[b].mean(axis=1))
    edge = camera.edge(a, x_a) - camera.edge(b, x_b)
    wrong = np.where(rng.random(a.size) < law.wrong_edges, rng.normal(0, law.wrong_edge, a.size), 0.0)
    # Measured magnitudes are true ones less zero point and flat: a minus b is b's correction less a's.
    true = (offset[b] - cloud_b + flat_b) - (offset[a] - cloud_a + flat_a)
    noise = rng.normal(0, 1, a.size) * 1.2533 * STAR_SCATTER / np.sqrt(stars)
    reserved = np.maximum(stars // 9, 1)
    held_out = rng.normal(0, 1, a.size) * 1.2533 * STAR_SCATTER / np.sqrt(reserved)
    scatter = STAR_SCATTER * np.sqrt(rng.chisquare(np.maximum(stars - 1, 1)) / np.maximum(stars - 1, 1))
    measured = true + edge + wrong
    return _Pairs(a, b, x_a, x2_a, x_b, x2_b, measured + noise, scatter, stars, measured + held_out)


def _scan_pairs(tiles: Tiles, shared: Strips, schedule: Schedule) -> tuple[Integers, Integers, Integers]:
    """Pairs of scans with their strip, or -1 for two scans of one tile."""
    order = np.argsort(schedule.scan_tile, kind="stable")
    first = np.searchsorted(schedule.scan_tile[order], np.arange(tiles.ra_deg.size + 1))
    visits = np.diff(first)
    rows: list[tuple[Integers, Integers, Integers]] = []
    index = np.arange(shared.tile_a.size)
    for i in range(int(visits.max())):
        for j in range(int(visits.max())):
            both = (visits[shared.tile_a] > i) & (visits[shared.tile_b] > j)
            rows.append(
                (order[first[shared.tile_a[both]] + i], order[first[shared.tile_b[both]] + j], index[both])
            )
        for j in range(i):
            twice = np.flatnonzero(visits > i)
            rows.append((order[first[twice] + j], order[first[twice] + i], np.full(twice.size, -1)))
    a, b, strip = (np.concatenate(column) for column in zip(*rows, strict=True))
    return a, b, strip


def _density(tiles: Tiles, tile: Integers) -> Doubles:
    """Stars above SNR 30 a square degree: 700 at the galactic pole, 16,000 in the plane."""
    ra, decl = np.radians(tiles.ra_deg[tile]), np.radians(tiles.decl_deg[tile])
    pole_ra, pole_decl = np.radians(192.859), np.radians(27.128)
    sine = np.sin(decl) * np.sin(pole_decl) + np.cos(decl) * np.cos(pole_decl) * np.cos(ra - pole_ra)
    return np.asarray(700.0 / np.maximum(np.abs(sine), 0.043))


class _Camera:
    """What the arrays add: a flat across the scan a hardware period, errors at the edges of scans."""

    def __init__(self, schedule: Schedule, law: Law, rng: np.random.Generator) -> None:
        self._law, self._rng = law, rng
        self._period = schedule.night_period[schedule.scan_night]
        self._night = schedule.scan_night
        self._linear = rng.normal(0, law.flat_linear, PERIODS)
        self._quadratic = rng.normal(0, law.flat_quadratic, PERIODS)
        self._common = rng.normal(0, 1, schedule.night_site.size) * law.night_edge

    def flat(self, scan: Integers, x: Doubles, x2: Doubles) -> Doubles:
        """Correction that the flat asks for at mean places."""
        period = self._period[scan]
        return np.asarray(self._linear[period] * x + self._quadratic[period] * (x2 - 1 / 3))

    def edge(self, scan: Integers, x: Doubles) -> Doubles:
        """Error at places: of each pair its own, and one common to a night where the law has it."""
        own = self._rng.normal(0, self._law.edge, scan.size) * x**2
        return np.asarray(own + self._common[self._night[scan]] * x)
