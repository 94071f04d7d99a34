"""A night alone: the zero point through a night from its own calibration sets, one band.

Four forms are fitted (constant, linear, quadratic in time, and piecewise between the sets) and compared by leaving each
set out in turn: the form that predicts best what it has not seen is the night's.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import numpy as np

from app.arrays import Bools, Doubles, Integers

ROUNDS = 6
ROBUST_SIGMA = 2.5
REJECTED_SIGMA = 4.0
LEAST_SCATTER_MAG = 0.004
"""Residuals are never judged by less: standards of a field are common to 6 mmag."""


class Form(StrEnum):
    """How a zero point changes with time."""

    CONSTANT = "constant"
    LINEAR = "linear"
    QUADRATIC = "quadratic"
    PIECEWISE = "piecewise"


DEGREE = {Form.CONSTANT: 0, Form.LINEAR: 1, Form.QUADRATIC: 2}
LEAST_SETS = {Form.CONSTANT: 1, Form.LINEAR: 3, Form.QUADRATIC: 4, Form.PIECEWISE: 3}
"""Fewer sets can't say whether the form holds once one of them is left out."""
# A form of more freedom must predict this much better, or chance decides: of 9 sets the rms is known to a quarter.
CLEARLY = 0.95


class NightSets(NamedTuple):
    """Calibration sets of one night and band.

    Attributes
    ----------
    hours : (n,) float64
        Middle of each set, hours since the beginning of the night.
    airmass : (n,) float64
        Mean airmass.
    field : (n,) integers
        Calibration field.
    offset_mag : (n,) float64
        Mean of standard minus measured magnitude.
    error_mag : (n,) float64
        Its error, 1 sigma, the field's own error included.
    """

    hours: Doubles
    airmass: Doubles
    field: Integers
    offset_mag: Doubles
    error_mag: Doubles

    def rows(self, kept: Bools | slice) -> NightSets:
        """Take the sets of these rows."""
        return NightSets(
            self.hours[kept],
            self.airmass[kept],
            self.field[kept],
            self.offset_mag[kept],
            self.error_mag[kept],
        )


class Extinction(NamedTuple):
    """Extinction known beforehand, in excess of the nominal one.

    Attributes
    ----------
    excess : float
        Magnitudes per airmass.
    error : float
        1 sigma; the night's sets may change the value within it.
    """

    excess: float
    error: float


class NightSolution(NamedTuple):
    """What the sets of a night say.

    Attributes
    ----------
    form : Form
        The form that predicts best.
    coefficients : (k,) float64
        Of powers of (hours - middle) / 6; of the piecewise form the values at its knots.
    middle_hours : float
        Middle of the sets.
    knots_hours : (k,) float64
        Times of the piecewise form, else empty.
    extinction : float
        Magnitudes per airmass in excess of the nominal extinction.
    residual_mag : (n,) float64
        Of each set, measured minus solved.
    accepted : (n,) bool
        Whether the set's residual is within 4 sigma.
    left_out_mag : dict of Form to float
        Rms error of each form's prediction of the sets left out; only forms that the sets allow.
    error_mag : float
        Error of a zero point that the solution gives within the span of its sets, 1 sigma.
    """

    form: Form
    coefficients: Doubles
    middle_hours: float
    knots_hours: Doubles
    extinction: float
    residual_mag: Doubles
    accepted: Bools
    left_out_mag: dict[Form, float]
    error_mag: float

    def zero_point_mag(self, hours: Doubles, airmass: Doubles) -> Doubles:
        """Offset to be added to measured magnitudes.

        Parameters
        ----------
        hours : (m,) float64
            Times, hours since the beginning of the night; beyond the first and last set values are extrapolated.
        airmass : (m,) float64
            Airmass at these times.
        """
        level = _level(self.form, self.coefficients, self.knots_hours, hours - self.middle_hours)
        return level - self.extinction * (airmass - 1)


def solve_night(sets: NightSets, extinction: Extinction) -> NightSolution | None:
    """Solve a night.

    Parameters
    ----------
    sets : NightSets
        Usable sets, in the order of time; the order fixes the bytes of the result.
    extinction : Extinction
        What is known beforehand of the extinction.

    Returns
    -------
    NightSolution or None
        None for a night without a usable set: the nominal zero point stays.

    Notes
    -----
    The forms and their comparison by fields left out are the survey's own (docs/background/survey.md); robust
    weights are min(1, (2.5 / |u|)^2).
    """
    if not sets.hours.size:
        return None
    allowed = [form for form in Form if sets.hours.size >= LEAST_SETS[form]]
    left_out = {form: _left_out(form, sets, extinction) for form in allowed}
    best = Form.CONSTANT
    for form in allowed[1:]:
        if left_out[form] < CLEARLY * left_out[best]:
            best = form
    coefficients, knots, k = _fit(best, sets, extinction)
    middle = float(np.mean(sets.hours))
    solved = _level(best, coefficients, knots, sets.hours - middle) - k * (sets.airmass - 1)
    residual = sets.offset_mag - solved
    judged = _predicted(best, sets, extinction) if sets.hours.size > LEAST_SETS[best] else solved
    against = sets.offset_mag - judged
    scatter = max(1.4826 * float(np.median(np.abs(against))), LEAST_SCATTER_MAG)
    accepted = np.abs(against) < REJECTED_SIGMA * np.hypot(scatter, sets.error_mag)
    error = (
        float(left_out[best])
        if sets.hours.size > 1
        else float(np.hypot(sets.error_mag[0], LEAST_SCATTER_MAG))
    )
    return NightSolution(best, coefficients, middle, knots, k, residual, accepted, left_out, error)


def _level(form: Form, coefficients: Doubles, knots_hours: Doubles, hours: Doubles) -> Doubles:
    """Zero point at airmass 1."""
    if form is Form.PIECEWISE:
        return np.asarray(np.interp(hours, knots_hours, coefficients))
    return np.asarray(np.polynomial.polynomial.polyval(hours / 6, coefficients))


def _fit(form: Form, sets: NightSets, extinction: Extinction) -> tuple[Doubles, Doubles, float]:
    """Coefficients, knots and extinction of a form, robustly."""
    hours = sets.hours - np.mean(sets.hours)
    degree = DEGREE.get(form, 1)
    powers = np.vander(hours / 6, degree + 1, increasing=True)
    design = np.column_stack([powers, 1 - sets.airmass])
    right = sets.offset_mag
    weight = np.ones(right.size)
    known = np.zeros(degree + 2)
    known[-1] = 1 / extinction.error
    solved = np.zeros(degree + 2)
    for _ in range(ROUNDS):
        root = weight / sets.error_mag
        rows = np.vstack([design * root[:, None], known])
        solved = np.linalg.lstsq(
            rows, np.append(right * root, extinction.excess / extinction.error), rcond=None
        )[0]
        residual = (right - design @ solved) / sets.error_mag
        weight = np.minimum(1.0, ROBUST_SIGMA / np.maximum(np.abs(residual), 1e-12))
    if form is not Form.PIECEWISE:
        return solved[:-1], np.zeros(0), float(solved[-1])
    knots, first = np.unique(hours, return_index=True)
    return (right + solved[-1] * (sets.airmass - 1))[first], knots, float(solved[-1])


def _left_out(form: Form, sets: NightSets, extinction: Extinction) -> float:
    """Robust rms of the errors of predictions of sets left out."""
    if sets.hours.size == 1:
        return float(sets.error_mag[0])
    error = sets.offset_mag - _predicted(form, sets, extinction)
    if form is Form.PIECEWISE and error.size > 2:
        # The ends can't be predicted by what lies between others.
        error = error[1:-1]
    return float(np.sqrt(np.mean(np.minimum(np.abs(error), 3 * np.median(np.abs(error)) + 1e-12) ** 2)))


def _predicted(form: Form, sets: NightSets, extinction: Extinction) -> Doubles:
    """Predict each set from all others."""
    predicted = np.zeros(sets.hours.size)
    for index in range(sets.hours.size):
        kept = np.arange(sets.hours.size) != index
        rest = sets.rows(kept)
        coefficients, knots, k = _fit(form, rest, extinction)
        hours = sets.hours[index : index + 1] - np.mean(rest.hours)
        predicted[index] = _level(form, coefficients, knots, hours)[0] - k * (sets.airmass[index] - 1)
    return predicted
