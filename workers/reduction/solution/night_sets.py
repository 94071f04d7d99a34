"""Calibration sets of a night: consecutive scans of one field, solved in all bands, and a verdict for every scan."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from app.arrays import Bools, Doubles, Integers
from app.parameters.calibration import CalibrationParameters
from app.parameters.solution import SolutionParameters
from workers.reduction.solution.clouds import grey_loss
from workers.reduction.solution.intervals import Interval, Reason, photometric_intervals, verdict
from workers.reduction.solution.night_solution import Extinction, NightSets, NightSolution, solve_night
from workers.reduction.solution.standards import Measured, ScanOffset, SetOffset, scan_offset, set_offset

BANDS = 3
LOSS_SIGMA = 3.0


class NightScans(NamedTuple):
    """Scans of a night in the order of their numbers.

    Attributes
    ----------
    hours : (n,) float64
        Middle of each scan, hours since midnight UTC of the night's date; NaN where unknown.
    airmass : (n,) float64
        Mean airmass; NaN where unknown.
    field : (n,) integers
        Calibration field; -1 for survey scans and for calibration scans that were not reduced.
    opaque : (n,) bool
        Whether frames of the scan lost light by their own stars.
    """

    hours: Doubles
    airmass: Doubles
    field: Integers
    opaque: Bools


class CalibrationSet(NamedTuple):
    """Consecutive scans of one field: their indices, the field, and what each band says."""

    scans: tuple[int, ...]
    field: int
    hours: float
    airmass: float
    bands: tuple[SetOffset, ...]


class SolvedNight(NamedTuple):
    """A night in all bands.

    Attributes
    ----------
    sets : tuple of CalibrationSet
        In the order of time.
    solutions : tuple of (NightSolution or None)
        J, H, Ks; None for a band without a usable set.
    accepted : (sets,) bool
        Whether each is accepted in all bands that have a solution.
    residual_mag : (3, sets) float64
        Measured minus solved; NaN where a set was of no use.
    intervals : tuple of Interval
        Photometric spans.
    offset_mag, error_mag : (3, scans) float64
        To be added to magnitudes on the nominal scale, with the error; 0 with the nominal error in a band without a
        solution, and for scans without a time.
    loss_mag : (scans,) float64
        Light lost against the model, mean of the bands; NaN for scans without standards.
    reasons : tuple of Reason
        Verdict of each scan.
    """

    sets: tuple[CalibrationSet, ...]
    solutions: tuple[NightSolution | None, ...]
    accepted: Bools
    residual_mag: Doubles
    intervals: tuple[Interval, ...]
    offset_mag: Doubles
    error_mag: Doubles
    loss_mag: Doubles
    reasons: tuple[Reason, ...]


def group_sets(scans: NightScans, gap_hours: float) -> list[list[int]]:
    """Find the scans of each set: consecutive scans of one field without a gap.

    Parameters
    ----------
    scans : NightScans
        Scans of the night.
    gap_hours : float
        Longest time between the middles of neighbouring scans.

    Examples
    --------
    >>> hours, field = np.array([0.0, 0.1, 0.2, 0.3, 0.4]), np.array([7, 7, -1, 7, 8])
    >>> group_sets(NightScans(hours, np.ones(5), field, np.zeros(5, bool)), 0.5)
    [[0, 1], [3], [4]]
    """
    groups: list[list[int]] = []
    for index in np.flatnonzero((scans.field >= 0) & np.isfinite(scans.hours)).tolist():
        last = groups[-1][-1] if groups else -2
        if (
            last == index - 1
            and scans.field[last] == scans.field[index]
            and scans.hours[index] - scans.hours[last] <= gap_hours
        ):
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups


def solve_bands(
    scans: NightScans,
    measured: Measured,
    star_error_mag: Doubles,
    parameters: tuple[CalibrationParameters, SolutionParameters],
) -> SolvedNight:
    """Solve a night in all bands and judge each of its scans.

    Parameters
    ----------
    scans : NightScans
        Every scan of the night.
    measured : Measured
        Standards on its calibration scans; `scan` is the index in `scans`.
    star_error_mag : (3, m) float64
        Errors of the magnitudes of the standards.
    parameters : (CalibrationParameters, SolutionParameters)
        Limits and priors.
    """
    calibration, _ = parameters
    offsets = [
        [scan_offset(measured, scan, band, calibration) for scan in range(scans.hours.size)]
        for band in range(BANDS)
    ]
    sets = tuple(
        _set(scans, members, offsets, measured, star_error_mag, parameters)
        for members in group_sets(scans, calibration.set_gap_minutes / 60)
    )
    sets = tuple(sorted(sets, key=lambda member: member.hours))
    residual = np.full((BANDS, len(sets)), np.nan)
    good = np.zeros((BANDS, len(sets)), bool)
    solutions = tuple(_solve(sets, band, residual, good, calibration) for band in range(BANDS))
    solved = [band for band in range(BANDS) if solutions[band] is not None]
    accepted = np.asarray(good[solved].all(axis=0) if solved else np.zeros(len(sets), bool))
    offset, error = _zero_points(scans, sets, solutions, parameters)
    loss, limit = _losses(offsets, offset, solved, calibration)
    hours = np.array([member.hours for member in sets])
    return SolvedNight(
        sets,
        solutions,
        accepted,
        residual,
        photometric_intervals(hours, accepted),
        offset,
        error,
        loss,
        tuple(
            _judge(scans, index, (hours, accepted), (float(loss[index]), float(limit[index])))
            for index in range(scans.hours.size)
        ),
    )


def _set(
    scans: NightScans,
    members: list[int],
    offsets: list[list[ScanOffset]],
    measured: Measured,
    star_error_mag: Doubles,
    parameters: tuple[CalibrationParameters, SolutionParameters],
) -> CalibrationSet:
    bands = []
    inside = np.isin(measured.scan, members)
    for band in range(BANDS):
        stars = np.unique(measured.star[inside & np.isfinite(measured.difference_mag[band])])
        rms = float(np.sqrt(np.mean(star_error_mag[band, stars] ** 2))) if stars.size else 0.0
        cloudy = int(np.count_nonzero(scans.opaque[members]))
        own = [offsets[band][scan] for scan in members]
        bands.append(set_offset(own, (int(stars.size), rms), cloudy, parameters))
    return CalibrationSet(
        tuple(members),
        int(scans.field[members[0]]),
        float(np.mean(scans.hours[members])),
        float(np.mean(_known_airmass(scans.airmass[members]))),
        tuple(bands),
    )


def _known_airmass(airmass: Doubles) -> Doubles:
    """Airmass, 1 where it is unknown: the excess of extinction is 0 by what is known beforehand."""
    return np.where(np.isfinite(airmass), airmass, 1.0)


def _solve(
    sets: tuple[CalibrationSet, ...],
    band: int,
    residual: Doubles,
    good: Bools,
    calibration: CalibrationParameters,
) -> NightSolution | None:
    """Solve one band; its rows of residuals and accepted sets are filled in."""
    usable = np.array([member.bands[band].usable for member in sets], bool)
    used = [member for member in sets if member.bands[band].usable]
    night = NightSets(
        np.array([member.hours for member in used]),
        np.array([member.airmass for member in used]),
        np.array([member.field for member in used], np.int64),
        np.array([member.bands[band].offset_mag for member in used]),
        np.array([member.bands[band].error_mag for member in used]),
    )
    solution = solve_night(night, Extinction(calibration.extinction_excess, calibration.extinction_error))
    if solution is not None:
        residual[band, usable] = solution.residual_mag
        good[band, usable] = solution.accepted
    return solution


def _zero_points(
    scans: NightScans,
    sets: tuple[CalibrationSet, ...],
    solutions: tuple[NightSolution | None, ...],
    parameters: tuple[CalibrationParameters, SolutionParameters],
) -> tuple[Doubles, Doubles]:
    calibration, jitter = parameters[0], parameters[1].scan_jitter_mag
    shape = (BANDS, scans.hours.size)
    offset, error = np.zeros(shape), np.full(shape, calibration.nominal_error_mag)
    known = np.isfinite(scans.hours)
    hours, airmass = scans.hours[known], _known_airmass(scans.airmass[known])
    for band, solution in enumerate(solutions):
        if solution is None:
            continue
        times = [member.hours for member in sets if member.bands[band].usable]
        beyond = np.maximum(np.maximum(times[0] - hours, hours - times[-1]), 0.0)
        offset[band, known] = solution.zero_point_mag(hours, airmass)
        squares = solution.error_mag**2 + jitter**2 + (calibration.drift_mag_per_hour * beyond) ** 2
        error[band, known] = np.sqrt(squares)
    return offset, error


def _losses(
    offsets: list[list[ScanOffset]], solved_mag: Doubles, bands: list[int], calibration: CalibrationParameters
) -> tuple[Doubles, Doubles]:
    """Light lost by each scan and the limit above which it counts."""
    scans = solved_mag.shape[1]
    if not bands:
        return np.full(scans, np.nan), np.full(scans, np.nan)
    table = np.array([[scan.offset_mag for scan in offsets[band]] for band in bands])
    loss, error = grey_loss(solved_mag[bands] - table)
    return loss, np.maximum(calibration.cloud_loss_mag, LOSS_SIGMA * error)


def _judge(scans: NightScans, index: int, sets: tuple[Doubles, Bools], loss: tuple[float, float]) -> Reason:
    hours = float(scans.hours[index])
    if sets[1].any() and not np.isfinite(hours):
        return Reason.NO_TIME
    # Scans of the first and the last set begin before, or end after, its middle: they belong to it.
    first, last = (sets[0][0], sets[0][-1]) if sets[0].size else (hours, hours)
    inside = float(np.clip(hours, first, last)) if scans.field[index] >= 0 else hours
    return verdict(inside, sets, loss, opaque=bool(scans.opaque[index]))
