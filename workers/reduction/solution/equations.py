"""The equations of the global solution: sparse rows, each divided by its error."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import sparse

from app.arrays import Doubles, Integers
from app.parameters.solution import SolutionParameters
from workers.reduction.solution.atmosphere import Atmosphere
from workers.reduction.solution.ties import Ties
from workers.reduction.solution.unknowns import Unknowns

PRIMARY_ERROR_MAG = 1e-4
"""Error of the equation that fixes the mean of the primaries: a fifteenth of the error of their mean."""
NIGHT_WIDTH_MAG = 1.0
EXTINCTION_WIDTH = 0.5
# Trends across the scan are 1 to 2 % from edge to edge (decision 0012). Overlaps see edges only: with a width of 0.1
# mag 29 of them gave a curve of 0.127 mag, which put the edges of scans 85 mmag off.
FLAT_WIDTH_MAG = 0.01
# Medians have 1.2533 times the error of means; the scatter of few stars is uncertain by 1 / sqrt(2 n), so
# it is averaged with the scatter of all overlaps as if that came from 10 stars more.
MEDIAN_ERROR = 1.2533
PRIOR_STARS = 10


class Equations(NamedTuple):
    """Rows of the system, weighted by 1 / error.

    Attributes
    ----------
    night : sparse (r, unknowns)
        Model of nights, calibration sets, and what is known beforehand.
    night_values : (r,) float64
        Right-hand side.
    overlap : sparse (p, unknowns)
        Overlaps of pairs of scans.
    overlap_values : (p,) float64
        Right-hand side.
    measured : int
        The first rows of `night` that may be outliers: scans, then sets.
    """

    night: sparse.csr_array
    night_values: Doubles
    overlap: sparse.csr_array
    overlap_values: Doubles
    measured: int


def equations_of(ties: Ties, places: Unknowns, air: Atmosphere, parameters: SolutionParameters) -> Equations:
    """Write down the equations.

    Parameters
    ----------
    ties : Ties
        All ties of a band.
    places : Unknowns
        Columns.
    air : Atmosphere
        Changes within nights.
    parameters : SolutionParameters
        Widths of what is known beforehand.

    Notes
    -----
    With z the zero point of a scan, c and k the constant and extinction of its night, y the atmosphere, X the airmass:
    z = c + y - k (X - 1) for each scan; standard - measured = c + y - k (X - 1) - o for a set of field offset o;
    and for an overlap of a and b: measured(a - b) = z_b + F(b) - z_a - F(a), F the flat across the scan.
    """
    rows = _Rows(places.total)
    _add_scans(rows, ties, places, parameters)
    _add_sets(rows, ties, places, parameters)
    measured = rows.count
    _add_atmosphere(rows, ties, places, air)
    _add_known(rows, ties, places, parameters)
    night, night_values = rows.system()
    overlap, overlap_values = _overlap_rows(ties, places, parameters).system()
    return Equations(night, night_values, overlap, overlap_values, measured)


class _Rows:
    """Equations under construction."""

    def __init__(self, columns: int) -> None:
        self.count, self._columns = 0, columns
        self._row: list[Integers] = []
        self._column: list[Integers] = []
        self._value: list[Doubles] = []
        self._right: list[Doubles] = []

    def add(
        self, terms: list[tuple[Integers, Doubles | float]], right: Doubles | float, error: Doubles | float
    ) -> None:
        """Add one equation an element of the terms' columns: sum of factor times unknown is `right`, +- `error`."""
        size = terms[0][0].size
        row = np.arange(self.count, self.count + size)
        weight = 1 / np.broadcast_to(np.asarray(error, dtype=float), size)
        for column, factor in terms:
            self._row.append(row)
            self._column.append(column)
            self._value.append(weight * factor)
        self._right.append(weight * right)
        self.count += size

    def system(self) -> tuple[sparse.csr_array, Doubles]:
        """Matrix and right-hand side."""
        if not self.count:
            return sparse.csr_array((0, self._columns)), np.zeros(0)
        entries = np.concatenate(self._value), (np.concatenate(self._row), np.concatenate(self._column))
        return sparse.csr_array(entries, shape=(self.count, self._columns)), np.concatenate(self._right)


def _add_scans(rows: _Rows, ties: Ties, places: Unknowns, parameters: SolutionParameters) -> None:
    scans = ties.scans
    index = np.arange(scans.night.size)
    rows.add(
        [
            (index, 1.0),
            (places.atmosphere + index, -1.0),
            (places.night + scans.night, -1.0),
            (places.extinction + scans.night, scans.airmass - 1),
        ],
        0.0,
        parameters.scan_jitter_mag,
    )


def _add_sets(rows: _Rows, ties: Ties, places: Unknowns, parameters: SolutionParameters) -> None:
    sets = ties.sets
    if not sets.night.size:
        return
    # Six scans share the jitter of a set.
    error = np.hypot(sets.error_mag, parameters.scan_jitter_mag / np.sqrt(6))
    rows.add(
        [
            (places.atmosphere_of_sets + np.arange(sets.night.size), 1.0),
            (places.night + sets.night, 1.0),
            (places.extinction + sets.night, 1 - sets.airmass),
            (places.field + sets.field, -1.0),
        ],
        sets.offset_mag,
        error,
    )


def _add_atmosphere(rows: _Rows, ties: Ties, places: Unknowns, air: Atmosphere) -> None:
    """Add an Ornstein-Uhlenbeck process through the times of scans and sets of each night."""
    night = np.concatenate([ties.scans.night, ties.sets.night])
    hours = np.concatenate([ties.scans.hours, ties.sets.hours])
    order = np.lexsort((np.arange(night.size), hours, night))
    column = places.atmosphere + order
    first = np.ones(night.size, dtype=bool)
    first[1:] = night[order][1:] != night[order][:-1]
    rows.add([(column[first], 1.0)], 0.0, air.width_mag)
    later = np.flatnonzero(~first)
    kept = np.exp(-(hours[order][later] - hours[order][later - 1]) / air.hours)
    # Two events at one moment are one state: a millionth of the width keeps the equations finite.
    width = air.width_mag * np.sqrt(np.maximum(1 - kept**2, 1e-6))
    rows.add([(column[later], 1.0), (column[later - 1], -kept)], 0.0, width)


def _add_known(rows: _Rows, ties: Ties, places: Unknowns, parameters: SolutionParameters) -> None:
    """Add what is known beforehand of nights, extinctions, fields and flats."""
    groups = ties.groups
    nights = np.arange(groups.month.size)
    rows.add([(places.night + nights, 1.0)], 0.0, NIGHT_WIDTH_MAG)
    rows.add(
        [(places.extinction + nights, 1.0), (places.season + groups.month, -1.0)],
        0.0,
        parameters.extinction_scatter,
    )
    months = np.arange(places.survey - places.season)
    survey = np.full(months.size, places.survey)
    rows.add([(places.season + months, 1.0), (survey, -1.0)], 0.0, parameters.season_scatter)
    rows.add([(np.array([places.survey]), 1.0)], 0.0, EXTINCTION_WIDTH)
    fields = np.arange(groups.primary.size)
    rows.add([(places.field + fields, 1.0)], 0.0, parameters.field_error_mag)
    primaries = np.flatnonzero(groups.primary)
    if primaries.size:
        share = 1 / primaries.size
        rows.add(
            [(places.field + primaries[i : i + 1], share) for i in range(primaries.size)],
            0.0,
            PRIMARY_ERROR_MAG,
        )
    flats = np.arange(places.linear, places.total)
    rows.add([(flats, 1.0)], 0.0, FLAT_WIDTH_MAG)


def _overlap_rows(ties: Ties, places: Unknowns, parameters: SolutionParameters) -> _Rows:
    rows, overlaps = _Rows(places.total), ties.overlaps
    if not overlaps.scan_a.size:
        return rows
    period_a = ties.groups.period[ties.scans.night[overlaps.scan_a]]
    period_b = ties.groups.period[ties.scans.night[overlaps.scan_b]]
    rows.add(
        [
            (overlaps.scan_b, 1.0),
            (overlaps.scan_a, -1.0),
            (places.linear + period_b, overlaps.x_b),
            (places.linear + period_a, -overlaps.x_a),
            (places.quadratic + period_b, overlaps.x2_b - 1 / 3),
            (places.quadratic + period_a, 1 / 3 - overlaps.x2_a),
        ],
        overlaps.delta_mag,
        overlap_errors(ties, parameters),
    )
    return rows


def overlap_errors(ties: Ties, parameters: SolutionParameters) -> Doubles:
    """Error of each overlap: that of the median, a floor, and that of the edges, in quadrature.

    Parameters
    ----------
    ties : Ties
        All ties of a band.
    parameters : SolutionParameters
        Floor and edge error.

    Returns
    -------
    (p,) float64
        Magnitudes, 1 sigma.
    """
    overlaps = ties.overlaps
    typical = float(np.median(overlaps.scatter_mag)) if overlaps.stars.size else 0.0
    variance = (overlaps.stars * overlaps.scatter_mag**2 + PRIOR_STARS * typical**2) / (
        overlaps.stars + PRIOR_STARS
    )
    edges = parameters.edge_error_mag**2 * (overlaps.x_a**4 + overlaps.x_b**4)
    return np.sqrt(MEDIAN_ERROR**2 * variance / overlaps.stars + parameters.overlap_floor_mag**2 + edges)
