"""How the zero point changes within a night: measured on the calibration sets of all nights."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from app.arrays import Doubles
from workers.reduction.solution.ties import Sets

LAGS_HOURS = (0.0, 1.5, 2.5, 3.5, 4.5, 6.0, 9.0)
TIMES_HOURS = np.geomspace(0.5, 12.0, 40)
LEAST_PAIRS = 20
FIELD_TURNS = 5
# The extinction of a night strays by some 0.02 mag an airmass: 2 mmag over a tenth of an airmass, 5 over a quarter,
# which would be taken for a change of the night.
LEVEL_AIRMASS = 0.1
UNKNOWN_MAG, UNKNOWN_HOURS = 0.015, 2.0
# A night never held steadier than this: too wide a process costs little, too tight a one hides a drift of its size.
LEAST_MAG = 0.003


class Atmosphere(NamedTuple):
    """An Ornstein-Uhlenbeck process: its width and the time in which it forgets, 1/e.

    Attributes
    ----------
    width_mag : float
        Standard deviation about the night's mean.
    hours : float
        Time after which the correlation is 1/e.
    """

    width_mag: float
    hours: float


def atmosphere_of(sets: Sets, set_error_mag: float, field_error_mag: float) -> Atmosphere:
    """Measure the process on pairs of sets of one night.

    The robust variance of the differences of pairs, by their distance in time, is 2 w^2 (1 - exp(-dt / tau)) plus
    twice the error of a set. Only pairs of like airmass count. What all nights say alike of a field is its own error
    and is taken off first: 42 fields that happened to stray by 6.6 mmag instead of 6 made the process 18 % too wide.

    Parameters
    ----------
    sets : Sets
        Calibration sets of all nights, any order.
    set_error_mag : float
        Error of a set that comes neither from the atmosphere nor from its field: noise and jitter together.
    field_error_mag : float
        Error common to the standards of a field, as known beforehand.

    Returns
    -------
    Atmosphere
        Where fewer than 20 pairs are at hand for two distances, a width that is rather too wide (that of J, 0.015 mag
        and 2 h): too tight a process hides a change of the night, too wide a one only makes the errors larger.

    Notes
    -----
    The process is the one of docs/background/survey.md for the changes within a night.
    """
    clean, left = _without_fields(sets, field_error_mag)
    lag, difference = _pairs(clean)
    middles, variances, weights = [], [], []
    for low, high in pairwise(LAGS_HOURS):
        inside = (lag >= low) & (lag < high)
        if np.count_nonzero(inside) >= LEAST_PAIRS:
            values = difference[inside]
            middles.append(float(np.mean(lag[inside])))
            variances.append(float((1.4826 * np.median(np.abs(values - np.median(values)))) ** 2))
            weights.append(float(np.count_nonzero(inside)))
    if len(middles) < 2:
        return Atmosphere(UNKNOWN_MAG, UNKNOWN_HOURS)
    return _fit(np.array(middles), np.array(variances) - 2 * (set_error_mag**2 + left), np.array(weights))


def _without_fields(sets: Sets, field_error_mag: float) -> tuple[Sets, float]:
    """Take from the offsets what their fields have in common in all nights, and give the variance that is left of it.

    A field's mean about the means of its nights is drawn towards 0 as its error is known. Of fewer than 20 sets it
    would take the change of their nights with it.
    """
    if not sets.night.size:
        return sets, 0.0
    nights, fields = np.bincount(sets.night), np.bincount(sets.field)
    offset, scatter, share = np.zeros(fields.size), field_error_mag, np.zeros(fields.size)
    for _ in range(FIELD_TURNS):
        clean = sets.offset_mag - offset[sets.field]
        level = np.bincount(sets.night, clean) / np.maximum(nights, 1)
        about = sets.offset_mag - level[sets.night]
        scatter = max(1.4826 * float(np.median(np.abs(about - offset[sets.field]))), LEAST_MAG)
        share = np.where(fields < LEAST_PAIRS, 0.0, fields / (fields + (scatter / field_error_mag) ** 2))
        offset = share * np.bincount(sets.field, about) / np.maximum(fields, 1)
    left = float(np.mean((1 - share)[sets.field])) * field_error_mag**2
    return sets._replace(offset_mag=sets.offset_mag - offset[sets.field]), left


def _pairs(sets: Sets) -> tuple[Doubles, Doubles]:
    """Time between, and difference of, all pairs of sets of the same night."""
    order = np.lexsort((sets.hours, sets.night))
    night, hours, offset = sets.night[order], sets.hours[order], sets.offset_mag[order]
    airmass = sets.airmass[order]
    lags, differences, air = [], [], []
    step = 1
    while step < night.size and (same := night[step:] == night[:-step]).any():
        lags.append((hours[step:] - hours[:-step])[same])
        differences.append((offset[step:] - offset[:-step])[same])
        air.append((airmass[step:] - airmass[:-step])[same])
        step += 1
    if not lags:
        return np.zeros(0), np.zeros(0)
    level = np.abs(np.concatenate(air)) <= LEVEL_AIRMASS
    return np.concatenate(lags)[level], np.concatenate(differences)[level]


def _fit(lag_hours: Doubles, variance: Doubles, weight: Doubles) -> Atmosphere:
    """Least squares of the structure function over a grid of times; the width is linear in it."""
    best, least = Atmosphere(UNKNOWN_MAG, UNKNOWN_HOURS), np.inf
    for hours in TIMES_HOURS:
        shape = 2 * (1 - np.exp(-lag_hours / hours))
        power = max(float(np.sum(weight * shape * variance) / np.sum(weight * shape**2)), LEAST_MAG**2)
        misfit = float(np.sum(weight * (variance - power * shape) ** 2))
        if misfit < least:
            best, least = Atmosphere(float(np.sqrt(power)), float(hours)), misfit
    return best
