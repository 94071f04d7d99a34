"""What each night of a survey plan does, scan by scan and minute by minute."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from app.arrays import Doubles
from app.errors import SettingsError
from app.formats.raw_header import ScanType
from app.observatory.camera import FRAME_SECONDS
from app.observatory.parameters import NightParameters
from app.observatory.schedule import (
    FIELD_ARCSEC,
    OVERHEAD,
    OVERLAP_ARCSEC,
    SITES,
    ScanPlan,
    airmass_at,
    midnight,
    position_id,
    sidereal_time_deg,
    tile_corners,
)
from app.observatory.survey.plan import FieldPlan, NightPlan, SurveyPlan, Visit

MOST_AIRMASS = 3.0
_DARKS_BEFORE = timedelta(hours=7.5)  # darks and dusk flats, before local midnight
_CALIBRATION_SHIFT_ARCSEC = 5.0  # between the scans of a visit to a calibration field
_SIDEREAL_DAY_HOURS = 23.934470


class ScheduleError(SettingsError):
    """A plan commands what cannot be observed at that time."""

    code = "SURVEY_SCHEDULE"


@dataclass(frozen=True)
class Commanded:
    """A scan as it is commanded, and the visit that it belongs to.

    Attributes
    ----------
    scan : ScanPlan
        Where, when, in which direction.
    visit : Visit or None
        None for darks and flats.
    number : int
        Number of the scan in its visit, from 1; 0 for darks and flats.
    """

    scan: ScanPlan
    visit: Visit | None
    number: int


@dataclass(frozen=True)
class Tile:
    """A tile of a field.

    Attributes
    ----------
    number : int
        Tile number as in raw headers: southern tiles from 300,001, calibration tiles from 90,001.
    ra_deg : float
        Right ascension of the centre line, ICRS degrees.
    decl_deg : float64 array (frames,)
        Declinations of the frames' centres from the south to the north, ICRS degrees.
    """

    number: int
    ra_deg: float
    decl_deg: Doubles


def night_parameters(plan: SurveyPlan, night: NightPlan) -> NightParameters:
    """Return what the simulator of single scans needs to know of a night: date, site, seed, seeing, hits."""
    return NightParameters(
        night_date=night.night_date,
        hemisphere=night.site,
        seed=plan.seed,
        seeing_arcsec=night.seeing_arcsec,
        cosmic_rays=plan.cosmic_rays,
        step_arcsec=plan.step_arcsec,
        disturbed=night.disturbed,
    )


def tiles_of(plan: SurveyPlan, field: FieldPlan) -> tuple[Tile, ...]:
    """Return the tiles of a field, column by column in each row.

    Parameters
    ----------
    plan : SurveyPlan
        Step from frame to frame; the place of the field in it decides the tile numbers.
    field : FieldPlan
        A field of the plan.
    """
    step = plan.step_arcsec / 3600.0
    extent = step * (field.frames - 1)
    known = plan.fields.index(field)
    tiles = []
    for row in range(field.rows):
        middle = field.decl_deg + (row - 0.5 * (field.rows - 1)) * extent
        decl: Doubles = middle - 0.5 * extent + step * np.arange(field.frames, dtype=np.float64)
        nearest = 0.0 if decl[0] < 0.0 < decl[-1] else float(np.abs(decl).min())
        spacing = (FIELD_ARCSEC - OVERLAP_ARCSEC) / 3600.0 / np.cos(np.radians(nearest))
        for column in range(field.columns):
            ra = (field.ra_deg + (column - 0.5 * (field.columns - 1)) * spacing) % 360.0
            number = 1000 * known + field.columns * row + column + 1
            if field.kind == "calibration":
                number = 90_001 + known
            elif field.decl_deg < 0.0:
                number += 300_000
            tiles.append(Tile(number, float(ra), decl))
    return tuple(tiles)


def plan_scans(plan: SurveyPlan, night: NightPlan) -> tuple[Commanded, ...]:
    """Plan the scans of a night.

    Parameters
    ----------
    plan : SurveyPlan
        Fields and step.
    night : NightPlan
        Site, date and visits.

    Returns
    -------
    tuple of Commanded
        Numbered from 1 in the order of time.

    Raises
    ------
    ScheduleError
        Raised if a visit begins before the one before it ends, or a field stands too low.
    """
    planner = _Planner(plan, night)
    planner.standing(ScanType.DARK, night.dark_frames)
    planner.standing(ScanType.FLAT, night.flat_frames)
    for number, visit in enumerate(night.visits, start=1):
        planner.visit(visit, f"night {night.name}, visit {number} to {visit.field}")
    return tuple(planner.scans)


class _Planner:
    """Puts scans one after the other."""

    def __init__(self, plan: SurveyPlan, night: NightPlan) -> None:
        self.plan, self.night = plan, night
        self.fields = {field.name: field for field in plan.fields}
        self.midnight = midnight(night_parameters(plan, night))
        self.clock: datetime = self.midnight - _DARKS_BEFORE
        self.scans: list[Commanded] = []

    def standing(self, kind: ScanType, count: int) -> None:
        """Add darks, or flats towards the zenith."""
        if count == 0:
            return
        latitude, longitude = SITES[self.night.site]
        ra = sidereal_time_deg(self.clock, longitude)
        decl = np.full(count, np.nan if kind is ScanType.DARK else latitude)
        self._add(ScanPlan(0, kind, self.clock, "-", 0, "", ra, decl, decl), None, 0)

    def visit(self, visit: Visit, place: str) -> None:
        """Add the scans of a visit."""
        field = self.fields[visit.field]
        self._wait(visit, field, place)
        is_survey = field.kind == "survey"
        number = 0
        for position, tile in enumerate(tiles_of(self.plan, field), start=1):
            if visit.tiles and position not in visit.tiles:
                continue
            for repeat in range(visit.scans):
                number += 1
                shift = 0.0 if is_survey else _CALIBRATION_SHIFT_ARCSEC * (repeat - 0.5 * (visit.scans - 1))
                self._sweep(tile, is_survey, shift, visit, number)
        airmass = max(float(item.scan.airmass.max()) for item in self.scans[-number:])
        if airmass > MOST_AIRMASS:
            raise ScheduleError(
                f"{place}: airmass {airmass:.1f}",
                expected=f"{MOST_AIRMASS:g} at most",
                remedy="give the visit another hour_angle_hours, or the night another date",
            )

    def _wait(self, visit: Visit, field: FieldPlan, place: str) -> None:
        """Move the clock to the hour angle of a visit that has one."""
        if visit.hour_angle_hours is None:
            # Without an hour angle the night's first visit begins an hour before midnight.
            if all(item.visit is None for item in self.scans):
                self.clock = self.midnight - timedelta(hours=1.0)
            return
        sidereal = sidereal_time_deg(self.midnight, SITES[self.night.site][1])
        wait = ((field.ra_deg - sidereal) / 15.0 + visit.hour_angle_hours + 12.0) % 24.0 - 12.0
        begin = self.midnight + timedelta(hours=wait * _SIDEREAL_DAY_HOURS / 24.0)
        begin = begin.replace(microsecond=0)
        if begin < self.clock or abs(wait) > 6.5:
            raise ScheduleError(
                f"{place}: hour_angle_hours = {visit.hour_angle_hours:g} is {begin:%H:%M:%S} UTC, "
                f"{wait:+.2f} hours from local midnight",
                expected=f"within 6.5 hours of midnight, after {self.clock:%H:%M:%S}",
            )
        self.clock = begin

    def _sweep(self, tile: Tile, is_survey: bool, shift_arcsec: float, visit: Visit, number: int) -> None:  # noqa: FBT001
        """Add a scan on the sky, in the direction that alternates from scan to scan."""
        decl = tile.decl_deg
        direction = "n" if len(self.scans) % 2 == 0 else "s"
        middle = float(decl.mean())
        ra = (tile.ra_deg + shift_arcsec / 3600.0 / float(np.cos(np.radians(middle)))) % 360.0
        commanded = decl if direction == "n" else decl[::-1].copy()
        corners = tile_corners(ra, float(decl[0]), float(decl[-1]))
        kind = ScanType.SURVEY if is_survey else ScanType.CALIBRATION
        name = position_id(ra, middle)
        self._add(
            ScanPlan(0, kind, self.clock, direction, tile.number, name, ra, commanded, commanded, corners),
            visit,
            number,
        )

    def _add(self, scan: ScanPlan, visit: Visit | None, number: int) -> None:
        times = [self.clock + timedelta(seconds=FRAME_SECONDS * i) for i in range(scan.frame_count)]
        airmass = scan.airmass
        if scan.scan_type is not ScanType.DARK:
            airmass = np.array(
                [
                    airmass_at(self.night.site, when, scan.ra_deg, float(decl))
                    for when, decl in zip(times, scan.decl_deg, strict=True)
                ]
            )
        done = replace(scan, scan=len(self.scans) + 1, start=self.clock, airmass=airmass)
        self.scans.append(Commanded(done, visit, number))
        self.clock += timedelta(seconds=round(scan.frame_count * FRAME_SECONDS + OVERHEAD.total_seconds()))
