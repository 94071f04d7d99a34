"""The plan of a simulated night: which scans, where, when, in which direction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from app.arrays import Doubles
from app.formats.raw_header import Corners, ScanType
from app.ingest.reference_stars import Region
from app.observatory.camera import FRAME_SECONDS
from app.observatory.parameters import NightParameters
from app.sky.directions import from_galactic

FIELD_ARCSEC = 512.0  # 256 pixels of 2"
OVERLAP_ARCSEC = 51.0  # of neighbouring tiles, at the end nearer the equator
OVERHEAD = timedelta(seconds=30)  # slew and settle between scans

# Latitude and east longitude of the two sites, degrees.
SITES = {"n": (31.681, -110.885), "s": (-30.169, -70.806)}


@dataclass(frozen=True)
class ScanPlan:
    """One scan as the telescope is told to do it.

    Attributes
    ----------
    scan : int
        Number in the night, from 1 in the order of time.
    scan_type : ScanType
        What the scan is for.
    start : datetime
        UTC of the start of the first exposure.
    direction : str
        Direction of the scan: n, s, or - with the telescope standing.
    tile : int
        Number of the tile, 0 for darks and flats.
    position_id : str
        Position identifier as in raw headers (POSITNID); empty for darks and flats.
    ra_deg : float
        Right ascension of the centre line, ICRS degrees.
    decl_deg : float64 array (frames,)
        Declinations of the commanded centres, frame by frame in time, ICRS degrees; NaN with the shutter closed.
    airmass : float64 array (frames,)
        Airmass of each frame; NaN with the shutter closed.
    corners_deg : Corners or None
        SE, NE, NW and SW corners of the tile, ICRS degrees; None for darks and flats.
    """

    scan: int
    scan_type: ScanType
    start: datetime
    direction: str
    tile: int
    position_id: str
    ra_deg: float
    decl_deg: Doubles
    airmass: Doubles
    corners_deg: Corners | None = None

    @property
    def frame_count(self) -> int:
        """Frames of the scan."""
        return int(self.decl_deg.size)

    @property
    def mjd(self) -> Doubles:
        """UTC of the middle of each exposure as modified Julian date, days."""
        begin = self.start.timestamp() / 86400.0 + 40587.0  # MJD of 1970-01-01
        return np.asarray(begin + (np.arange(self.frame_count) * FRAME_SECONDS + 0.7) / 86400.0, np.float64)

    @property
    def region(self) -> Region:
        """Sky that any frame of the scan may see, pointing errors of up to 60" included."""
        decl_min, decl_max = float(np.min(self.decl_deg)), float(np.max(self.decl_deg))
        return Region(self.ra_deg, self.ra_deg, decl_min, decl_max).grown(
            0.5 * FIELD_ARCSEC / 3600.0 + 60.0 / 3600.0
        )


def sidereal_time_deg(when: datetime, longitude_deg: float) -> float:
    """Local mean sidereal time, with UT1 taken as UTC: good to 15 arcsec (Meeus 1998, equation 12.4).

    Parameters
    ----------
    when : datetime
        Moment, timezone-aware.
    longitude_deg : float
        East longitude of the site.

    Returns
    -------
    float
        Degrees in [0, 360).

    Examples
    --------
    >>> round(sidereal_time_deg(datetime(1987, 4, 10, tzinfo=UTC), 0.0), 4)  # Meeus 1998, example 12.a
    197.6932
    """
    days = when.timestamp() / 86400.0 - 10957.5  # from 2000 January 1.5
    return (280.46061837 + 360.98564736629 * days + longitude_deg) % 360.0


def airmass_at(hemisphere: str, when: datetime, ra_deg: float, decl_deg: float) -> float:
    """Secant of the zenith distance, at most 10: near the horizon the plane-parallel atmosphere fails.

    Parameters
    ----------
    hemisphere : str
        Site: n Mt. Hopkins, s Cerro Tololo.
    when : datetime
        Moment, timezone-aware.
    ra_deg, decl_deg : float
        Direction, ICRS degrees, taken as those of the date: precession since 2000 stays below 0.05 degrees.
    """
    latitude, longitude = SITES[hemisphere]
    hour_angle = np.radians(sidereal_time_deg(when, longitude) - ra_deg)
    phi, delta = np.radians(latitude), np.radians(decl_deg)
    height = np.sin(phi) * np.sin(delta) + np.cos(phi) * np.cos(delta) * np.cos(hour_angle)
    return float(1.0 / max(height, 0.1))


def midnight(parameters: NightParameters) -> datetime:
    """Local mean midnight in UTC; its UT date is the observation reference date at both sites."""
    day = parameters.night_date
    longitude = SITES[parameters.hemisphere][1]
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=-longitude / 15.0)


def _tile_position(parameters: NightParameters, when: datetime) -> tuple[float, float]:
    """Position (ICRS degrees) of the wanted galactic latitude that stands highest at a time."""
    site_latitude, site_longitude = SITES[parameters.hemisphere]
    longitudes = np.arange(0.0, 360.0, 0.5)
    ras, decls = [], []
    for sign in (1.0, -1.0):
        ra, decl = from_galactic(longitudes, np.full(longitudes.size, sign * parameters.latitude_deg))
        ras.append(ra)
        decls.append(decl)
    ra, decl = np.concatenate(ras), np.concatenate(decls)
    hour_angle = (sidereal_time_deg(when, site_longitude) - ra + 180.0) % 360.0 - 180.0
    cost = (hour_angle * np.cos(np.radians(decl))) ** 2 + (decl - site_latitude) ** 2
    cost[np.abs(decl) > 60.0] += 1e6
    best = int(np.argmin(cost))
    return float(ra[best]), float(decl[best])


def _column(ra_deg: float, decl_deg: float, offset: int) -> tuple[int, float]:
    """Tile column and its centre's right ascension: columns stand `FIELD - OVERLAP` apart nearest the equator."""
    spacing = (FIELD_ARCSEC - OVERLAP_ARCSEC) / 3600.0 / np.cos(np.radians(decl_deg))
    columns = int(np.ceil(360.0 / spacing))
    column = (int(ra_deg / 360.0 * columns) + offset) % columns
    return column, column * 360.0 / columns


def _tile_number(column: int, decl_deg: float) -> int:
    """Tile number like the survey's: southern tiles from 300,000; zones of 6 degrees of up to 3000 columns."""
    return (300_000 if decl_deg < 0.0 else 0) + int(abs(decl_deg) // 6.0) * 3000 + column + 1


def position_id(ra_deg: float, decl_deg: float) -> str:
    """Position identifier of a place (ICRS degrees): sign of its declination, degrees, hours and minutes."""
    minutes = int(ra_deg * 4.0)
    return f"{'s' if decl_deg < 0 else 'n'}{int(abs(decl_deg)):02d}{minutes // 60 % 24:02d}{minutes % 60:02d}"


def tile_corners(ra_deg: float, decl_low: float, decl_high: float) -> Corners:
    """SE, NE, NW, SW corners of the area between the outer frames' centres, 8.5' wide.

    Parameters
    ----------
    ra_deg : float
        Right ascension of the centre line, ICRS degrees.
    decl_low, decl_high : float
        Declinations of the outer centres, ICRS degrees.
    """
    half = 0.5 * FIELD_ARCSEC / 3600.0

    def at(side: float, decl: float) -> tuple[float, float]:
        return (ra_deg + side * half / float(np.cos(np.radians(decl)))) % 360.0, decl

    return at(1, decl_low), at(1, decl_high), at(-1, decl_high), at(-1, decl_low)


class _Planner:
    """Puts scans one after the other."""

    def __init__(self, parameters: NightParameters) -> None:
        self.parameters = parameters
        self.clock = midnight(parameters)
        self.plans: list[ScanPlan] = []

    def add(self, plan: ScanPlan) -> None:
        number = len(self.plans) + 1
        times = [self.clock + timedelta(seconds=FRAME_SECONDS * i) for i in range(plan.frame_count)]
        airmass = plan.airmass
        if plan.scan_type is not ScanType.DARK:
            airmass = np.array(
                [
                    airmass_at(self.parameters.hemisphere, when, plan.ra_deg, float(decl))
                    for when, decl in zip(times, plan.decl_deg, strict=True)
                ]
            )
        self.plans.append(replace(plan, scan=number, start=self.clock, airmass=airmass))
        seconds = round(plan.frame_count * FRAME_SECONDS + OVERHEAD.total_seconds())
        self.clock += timedelta(seconds=seconds)

    def standing(self, scan_type: ScanType, count: int) -> None:
        """Add darks or flats: the telescope stands at the zenith."""
        if count == 0:
            return
        latitude, longitude = SITES[self.parameters.hemisphere]
        unknown = np.full(count, np.nan)
        decl = unknown if scan_type is ScanType.DARK else np.full(count, latitude)
        ra = sidereal_time_deg(self.clock, longitude)
        self.add(ScanPlan(0, scan_type, self.clock, "-", 0, "", ra, decl, unknown))

    def sweep(self, scan_type: ScanType, ra: float, decl_low: float, count: int, tile: int) -> None:
        """Add a scan on the sky, in the direction that alternates from scan to scan."""
        step = self.parameters.step_arcsec / 3600.0
        decl: Doubles = np.asarray(decl_low + step * np.arange(count), np.float64)
        direction = "n" if len(self.plans) % 2 == 0 else "s"
        commanded = decl if direction == "n" else decl[::-1].copy()
        middle = float(decl.mean())
        corners = tile_corners(ra, float(decl[0]), float(decl[-1]))
        name = position_id(ra, middle)
        self.add(ScanPlan(0, scan_type, self.clock, direction, tile, name, ra, commanded, commanded, corners))


def plan_night(parameters: NightParameters) -> tuple[ScanPlan, ...]:
    """Plan a night: darks, dusk flats, then standard fields and pairs of neighbouring tiles in turn.

    Parameters
    ----------
    parameters : NightParameters
        Date, site, tiles and calibration scans of the night.

    Returns
    -------
    tuple of ScanPlan
        Numbered from 1 in the order of time.
    """
    planner = _Planner(parameters)
    planner.clock = midnight(parameters) - timedelta(hours=5.5)
    planner.standing(ScanType.DARK, parameters.dark_frames)
    planner.standing(ScanType.FLAT, parameters.flat_frames)
    planner.clock = midnight(parameters) - timedelta(hours=1.0)
    pairs = [list(range(i, min(i + 2, parameters.tiles))) for i in range(0, parameters.tiles, 2)]
    blocks = max(len(pairs), parameters.calibration_groups)
    for block in range(blocks):
        if block < parameters.calibration_groups:
            _plan_standards(planner)
        if block < len(pairs):
            _plan_pair(planner, pairs[block])
        planner.clock = max(planner.clock, midnight(parameters) + timedelta(hours=float(block)))
    return tuple(planner.plans)


def _plan_pair(planner: _Planner, members: list[int]) -> None:
    parameters = planner.parameters
    ra, decl = _tile_position(parameters, planner.clock)
    extent = parameters.step_arcsec / 3600.0 * (parameters.frames - 1)
    low = decl - 0.5 * extent
    nearest = 0.0 if low < 0.0 < low + extent else min(abs(low), abs(low + extent))
    for member in members:
        column, centre = _column(ra, nearest, member % 2)
        tile = _tile_number(column, decl)
        planner.sweep(ScanType.SURVEY, centre, low, parameters.frames, tile)


def _plan_standards(planner: _Planner) -> None:
    """Visit the standard field nearest the zenith: fields stand every 2 hours near +30, 0, -30 degrees."""
    parameters = planner.parameters
    latitude, longitude = SITES[parameters.hemisphere]
    hour = round(sidereal_time_deg(planner.clock, longitude) / 30.0) % 12
    zone = min((30.0, 0.0, -30.0), key=lambda decl: abs(decl - latitude))
    low = zone - 0.5 * parameters.step_arcsec / 3600.0 * (parameters.calibration_frames - 1)
    tile = 90_000 + int(zone / 30.0 + 1.0) * 100 + hour
    for number in range(parameters.calibration_scans):
        shift = 5.0 / 3600.0 * (number - 0.5 * (parameters.calibration_scans - 1))
        ra = (hour * 30.0 + shift / np.cos(np.radians(zone))) % 360.0
        planner.sweep(ScanType.CALIBRATION, float(ra), low, parameters.calibration_frames, tile)
