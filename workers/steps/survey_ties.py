"""From rows of the database to the ties of a band, which the solver takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from app.arrays import Doubles
from app.instruments.bands import Band
from app.parameters.solution import SolutionParameters
from workers.reduction.solution.ties import Groups, Overlaps, Scans, Sets, Ties
from workers.steps.survey_inputs import SharedStars, SurveyInputs, SurveySet

LEAST_SET_ERROR_MAG = 0.0005


class SurveyNames(NamedTuple):
    """What indices stand for, each in its total order.

    Attributes
    ----------
    scan_keys, night_ids : list of int
        Scans and nights.
    months : list of (str, int)
        Site and month of the year; extinction is alike within one.
    periods : list of (str, str)
        Site and hardware block, blank where it is not known; the flat across the scan is constant within one.
    fields : list of str
        Calibration fields of all bands.
    """

    scan_keys: list[int]
    night_ids: list[int]
    months: list[tuple[str, int]]
    periods: list[tuple[str, str]]
    fields: list[str]


class BandTies(NamedTuple):
    """Ties of a band, with the rows that they came from in the same order."""

    ties: Ties
    sets: list[SurveySet]
    overlaps: list[SharedStars]


def names_of(inputs: SurveyInputs) -> SurveyNames:
    """List what a survey has, in total orders.

    Parameters
    ----------
    inputs : SurveyInputs
        Scans with a time, and sets.
    """
    return SurveyNames(
        [scan.scan_key for scan in inputs.scans],
        sorted({scan.night_id for scan in inputs.scans}),
        sorted({(scan.hemis, scan.month) for scan in inputs.scans}),
        sorted({(scan.hemis, scan.block or "") for scan in inputs.scans}),
        sorted({row.field for row in inputs.sets}),
    )


def ties_of(
    inputs: SurveyInputs,
    overlaps: Sequence[SharedStars],
    names: SurveyNames,
    band: Band,
    parameters: SolutionParameters,
) -> BandTies:
    """Make the ties of a band.

    Parameters
    ----------
    inputs : SurveyInputs
        Scans and sets of all bands.
    overlaps : sequence of SharedStars
        Overlaps of all bands.
    names : SurveyNames
        What the indices stand for.
    band : Band
        The band.
    parameters : SolutionParameters
        The field's error, which the errors of sets in the database contain and those of the solver do not.

    Notes
    -----
    All fields are held to be primary: the mean of their errors is 0, and each strays by the field's error. A scan
    of unknown airmass is taken for one of the zenith.
    """
    known = set(names.night_ids)
    sets = [row for row in inputs.sets if row.band == band and row.usable and row.night_id in known]
    shared = [row for row in overlaps if row.band == band]
    ties = Ties(
        _scans(inputs, names),
        _sets(sets, names, parameters.field_error_mag),
        _overlaps(shared, names),
        _groups(inputs, names),
    )
    return BandTies(ties, sets, shared)


def _scans(inputs: SurveyInputs, names: SurveyNames) -> Scans:
    night = {night_id: index for index, night_id in enumerate(names.night_ids)}
    return Scans(
        np.array([night[row.night_id] for row in inputs.scans], dtype=np.int64),
        np.array([row.hours for row in inputs.scans], dtype=np.float64),
        np.array([1.0 if row.airmass is None else row.airmass for row in inputs.scans]),
    )


def _sets(rows: Sequence[SurveySet], names: SurveyNames, field_error_mag: float) -> Sets:
    night = {night_id: index for index, night_id in enumerate(names.night_ids)}
    field = {name: index for index, name in enumerate(names.fields)}
    variance = np.array([row.error_mag for row in rows]) ** 2 - field_error_mag**2
    return Sets(
        np.array([night[row.night_id] for row in rows], dtype=np.int64),
        np.array([row.hours for row in rows], dtype=np.float64),
        np.array([row.airmass for row in rows], dtype=np.float64),
        np.array([field[row.field] for row in rows], dtype=np.int64),
        np.array([row.offset_mag for row in rows], dtype=np.float64),
        np.sqrt(np.maximum(variance, LEAST_SET_ERROR_MAG**2)),
    )


def _overlaps(rows: Sequence[SharedStars], names: SurveyNames) -> Overlaps:
    scan = {key: index for index, key in enumerate(names.scan_keys)}
    return Overlaps(
        np.array([scan[row.scan_a] for row in rows], dtype=np.int64),
        np.array([scan[row.scan_b] for row in rows], dtype=np.int64),
        _doubles(rows, "x_a"),
        _doubles(rows, "x2_a"),
        _doubles(rows, "x_b"),
        _doubles(rows, "x2_b"),
        _doubles(rows, "delta_mag"),
        _doubles(rows, "scatter_mag"),
        np.array([row.stars for row in rows], dtype=np.int64),
    )


def _doubles(rows: Sequence[SharedStars], name: str) -> Doubles:
    return np.array([getattr(row, name) for row in rows], dtype=np.float64)


def _groups(inputs: SurveyInputs, names: SurveyNames) -> Groups:
    of_night = {scan.night_id: scan for scan in inputs.scans}
    nights = [of_night[night_id] for night_id in names.night_ids]
    return Groups(
        np.array([names.months.index((night.hemis, night.month)) for night in nights], dtype=np.int64),
        np.array([names.periods.index((night.hemis, night.block or "")) for night in nights], dtype=np.int64),
        np.ones(len(names.fields), dtype=bool),
    )
