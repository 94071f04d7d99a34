"""Nights of a whole survey from two sites: which tile and which calibration field is observed when, at what airmass.

Each night is a row of blocks of an hour: a calibration set of six scans of one field, then six neighbouring tiles of
one band of Declination near the meridian; a last set closes the night. A part of the visits goes to tiles that
are done already. Nothing here knows the solution.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.arrays import Doubles, Integers
from benchmarks.survey_tiles import Tiles

LATITUDE_DEG = (31.7, -30.2)
"""Sites: north and south."""
BORDER_DEG = 12.0
"""Tiles with centres north of it belong to the northern site."""
SET_MINUTES, SCAN_MINUTES = 10.0, 8.0
YEARS = 3.4
REPEATED = 0.06
"""Share of blocks given to tiles that are done already."""


@dataclass(frozen=True)
class Schedule:
    """Scans and calibration sets in order of time.

    Nights are numbered over both sites; times are hours from the begin of the night; months count
    12 a site, hardware periods 8 a site.
    """

    night_site: Integers
    scan_tile: Integers
    scan_night: Integers
    scan_hours: Doubles
    scan_airmass: Doubles
    set_field: Integers
    set_night: Integers
    set_hours: Doubles
    set_airmass: Doubles
    night_month: Integers
    night_period: Integers


class _Site:
    """What is left to do at a site, and the nights' bookkeeping."""

    def __init__(self, site: int, tiles: Tiles, rng: np.random.Generator) -> None:
        self.site, self.tiles, self.rng = site, tiles, rng
        north = tiles.decl_deg > BORDER_DEG
        self.own = np.flatnonzero(north if site == 0 else ~north)
        self.bands = np.unique(tiles.band[self.own])
        self.rows = {int(band): self.own[tiles.band[self.own] == band] for band in self.bands}
        self.open = np.zeros(tiles.ra_deg.size, dtype=bool)
        self.open[self.own] = True

    def block(self, sidereal_deg: float) -> Integers:
        """Six neighbouring tiles near the meridian; fewer or none where the sky there is done."""
        again = self.rng.random() < REPEATED
        best, most = None, 0
        for band in self.rng.permutation(self.bands):
            row = self.rows[int(band)]
            away = (self.tiles.ra_deg[row] - sidereal_deg + 180.0) % 360.0 - 180.0
            near = row[np.abs(away) < 30.0 / max(np.cos(np.radians(self.tiles.decl_deg[row[0]])), 0.3)]
            wanted = near[~self.open[near]] if again else near[self.open[near]]
            if wanted.size > most:
                best, most = wanted, wanted.size
        if best is None:
            return np.zeros(0, dtype=np.int64)
        order = best[np.argsort((self.tiles.ra_deg[best] - sidereal_deg + 180.0) % 360.0)]
        start = int(self.rng.integers(0, max(order.size - 6, 0) + 1)) if again else 0
        chosen: Integers = order[start : start + 6]
        self.open[chosen] = False
        return chosen


def airmass(latitude_deg: float, decl_deg: Doubles, hour_angle_deg: Doubles) -> Doubles:
    """Secant of the zenith distance, kept below 2.5."""
    latitude, decl, hour = np.radians(latitude_deg), np.radians(decl_deg), np.radians(hour_angle_deg)
    sine = np.sin(latitude) * np.sin(decl) + np.cos(latitude) * np.cos(decl) * np.cos(hour)
    return np.asarray(1.0 / np.maximum(sine, 0.4))


def observe_survey(tiles: Tiles, rng: np.random.Generator) -> Schedule:
    """Draw the schedule: nights until every tile is done, or the survey's years are over."""
    night_rows: list[tuple[int, int, int]] = []
    scans: list[tuple[int, int, float, float]] = []
    sets: list[tuple[int, int, float, float]] = []
    for number in (0, 1):
        site = _Site(number, tiles, rng)
        for day in np.flatnonzero(rng.random(int(YEARS * 365)) < 0.66):
            if not site.open.any():
                break
            night = len(night_rows)
            blocks = int(rng.integers(6, 10))
            if _night(site, night, float(day), blocks, (scans, sets)):
                month = number * 12 + int(day % 365 // 30.42)
                night_rows.append((number, month, number * 8 + int(day // (YEARS * 365 / 8))))
    nights, scan, sets_seen = np.array(night_rows), np.array(scans), np.array(sets)
    return Schedule(
        nights[:, 0],
        scan[:, 0].astype(np.int64),
        scan[:, 1].astype(np.int64),
        scan[:, 2],
        scan[:, 3],
        sets_seen[:, 0].astype(np.int64),
        sets_seen[:, 1].astype(np.int64),
        sets_seen[:, 2],
        sets_seen[:, 3],
        nights[:, 1],
        nights[:, 2],
    )


def _night(
    site: _Site,
    night: int,
    day: float,
    blocks: int,
    rows: tuple[list[tuple[int, int, float, float]], list[tuple[int, int, float, float]]],
) -> bool:
    """Observe a night; False where nothing was left to do."""
    scans, sets = rows
    hours, seen = 0.0, 0
    start_deg = 360.0 * day / 365.25 + 180.0 - 15.0 * blocks / 2
    latitude = LATITUDE_DEG[site.site]
    for _ in range(blocks):
        sidereal = (start_deg + 15.0 * hours) % 360.0
        chosen = site.block(sidereal + 7.0)
        if chosen.size == 0:
            hours += 1.0
            continue
        sets.append((_field(site, sidereal), night, hours + SET_MINUTES / 120, _set_airmass(site)))
        hours += SET_MINUTES / 60
        for tile in chosen:
            turn = (sidereal - site.tiles.ra_deg[tile] + 180.0) % 360.0 - 180.0
            at = airmass(latitude, site.tiles.decl_deg[tile : tile + 1], np.array([turn]))[0]
            scans.append((int(tile), night, hours + SCAN_MINUTES / 120, float(at)))
            hours += SCAN_MINUTES / 60
            seen += 1
    if seen:
        sets.append(
            (_field(site, start_deg + 15.0 * hours), night, hours + SET_MINUTES / 120, _set_airmass(site))
        )
    return seen > 0


def _field(site: _Site, sidereal_deg: float) -> int:
    """Of 24 fields a site, 6 of them equatorial and common to both, the nearest in right ascension or the one after."""
    common = site.rng.random() < 0.3
    slot = int((sidereal_deg % 360.0) / 360.0 * (6 if common else 18))
    return slot if common else 6 + site.site * 18 + slot


def _set_airmass(site: _Site) -> float:
    return float(1.0 + site.rng.gamma(1.5, 0.15))
