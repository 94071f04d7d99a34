"""The global solution: zero points of all scans of a survey from standards, nights and overlaps together."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy import sparse

from app.arrays import Doubles
from app.parameters.solution import SolutionParameters
from workers.reduction.solution.anchors import anchored_nights
from workers.reduction.solution.atmosphere import Atmosphere, atmosphere_of
from workers.reduction.solution.equations import NIGHT_WIDTH_MAG, Equations, equations_of
from workers.reduction.solution.gradients import NormalEquations
from workers.reduction.solution.ties import Ties
from workers.reduction.solution.unknowns import Unknowns, unknowns_of

SEED = 20260101
ROUGH, ERROR_TOLERANCE = 1e-3, 1e-2
SUSPECT_SIGMA, SUSPECT_ROOT = 1.0, 0.05
CONVEX_SIGMA = 1.0
"""Where weights of the first rounds begin to fall: those of a loss that is nearly the sum of absolute residuals."""


class GlobalSolution(NamedTuple):
    """What a band's solution says.

    Attributes
    ----------
    zero_point_mag : (scans,) float64
        To be added to measured magnitudes of each scan.
    error_mag : (scans,) float64
        Its error, 1 sigma, from perturbed solutions.
    loss_mag : (scans,) float64
        Light lost against the model of the night: positive where clouds dimmed the scan.
    extinction : (nights,) float64
        Magnitudes per airmass, in excess of the nominal extinction.
    field_offset_mag : (fields,) float64
        Error found of each field's standards.
    linear_mag, quadratic_mag : (periods,) float64
        Flat across the scan: linear_mag x + quadratic_mag (x^2 - 1/3), to be added to measured magnitudes.
    set_residual_mag, set_weight : (sets,) float64
        Residual of each calibration set and the weight that its equation kept, 0 to 1.
    overlap_residual_mag, overlap_weight : (overlaps,) float64
        The same of overlaps.
    atmosphere : Atmosphere
        Change within nights, as measured on the sets.
    turns : int
        Turns of the last round.
    """

    zero_point_mag: Doubles
    error_mag: Doubles
    loss_mag: Doubles
    extinction: Doubles
    field_offset_mag: Doubles
    linear_mag: Doubles
    quadratic_mag: Doubles
    set_residual_mag: Doubles
    set_weight: Doubles
    overlap_residual_mag: Doubles
    overlap_weight: Doubles
    atmosphere: Atmosphere
    turns: int


class _Weighted(NamedTuple):
    """Equations with the square roots of their robust weights."""

    system: NormalEquations
    right: Doubles
    root_night: Doubles
    root_overlap: Doubles


def solve_globally(ties: Ties, parameters: SolutionParameters, *, errors: bool = True) -> GlobalSolution:
    """Solve for the zero points of all scans of a band.

    Parameters
    ----------
    ties : Ties
        Scans in the order of their keys, sets, overlaps and groups: the order fixes the bytes of the result.
    parameters : SolutionParameters
        Widths, floors, rounds and draws.
    errors : bool
        Whether errors are wanted; they take several times as long as the solution and are NaN without.

    Returns
    -------
    GlobalSolution
        Also for a survey without overlaps or without sets: then nights, or pairs, stand alone and the errors say so.

    Notes
    -----
    Weights are min(1, (2 / |u|)^2), never zero: weights that reach zero left scans whose every tie had been cut. Such
    weights have several resting points, and from least squares a scan with two wrong overlaps of five may settle at one
    where a right overlap is cut off (23.9 mmag off, of 59,000). So the first half of the rounds has the weights of a
    convex loss, min(1, 1 / |u|), which has one (decision 0016). The model, its weights and the preconditioner are
    those of decision 0009.
    """
    places = unknowns_of(ties)
    set_error = float(np.median(ties.sets.error_mag)) if ties.sets.night.size else 0.0
    noise = float(np.hypot(set_error, parameters.scan_jitter_mag / np.sqrt(6)))
    air = atmosphere_of(ties.sets, noise, parameters.field_error_mag)
    equations = equations_of(ties, places, air, parameters)
    x: Doubles | None = None
    root_night, root_overlap = np.ones(equations.night_values.size), np.ones(equations.overlap_values.size)
    turns = 0
    for number in range(parameters.robust_rounds):
        last = number == parameters.robust_rounds - 1
        weighted = _weighted(equations, root_night, root_overlap)
        x, turns = weighted.system.solve(weighted.right, x, *(() if last else (ROUGH,)))
        if not last:
            convex = 2 * number < parameters.robust_rounds - 1
            root = _convex_root if convex else partial(_root, limit=parameters.robust_sigma)
            root_night, root_overlap = _roots(equations, x[:, 0], root)
    if x is None:
        raise AssertionError("there is at least one round")
    loss = _losses(equations, x, (root_night, root_overlap), (ties, places))
    scatter = np.full(ties.scans.night.size, np.nan)
    if errors:
        adrift = np.where(anchored_nights(ties)[ties.scans.night], 0.0, NIGHT_WIDTH_MAG)
        scatter = np.hypot(_errors(weighted, ties.scans.night.size, parameters), adrift)
    return _solution(ties, places, equations, x[:, 0], (weighted, scatter, loss, air, turns))


def _weighted(equations: Equations, root_night: Doubles, root_overlap: Doubles) -> _Weighted:
    night = sparse.csr_array(sparse.diags_array(root_night) @ equations.night)
    overlap = sparse.csr_array(sparse.diags_array(root_overlap) @ equations.overlap)
    right = np.concatenate([root_night * equations.night_values, root_overlap * equations.overlap_values])
    return _Weighted(NormalEquations(night, overlap), right[:, None], root_night, root_overlap)


def _roots(equations: Equations, x: Doubles, root: Callable[[Doubles], Doubles]) -> tuple[Doubles, Doubles]:
    """Square roots of robust weights by the residuals in sigma; what is known beforehand keeps 1."""
    night = equations.night_values - equations.night @ x
    root_night = np.ones(night.size)
    root_night[: equations.measured] = root(night[: equations.measured])
    return root_night, root(equations.overlap_values - equations.overlap @ x)


def _root(residual: Doubles, limit: float) -> Doubles:
    """1 within the limit, limit / |u| beyond."""
    return np.asarray(np.minimum(1.0, limit / np.maximum(np.abs(residual), 1e-12)))


def _convex_root(residual: Doubles) -> Doubles:
    return np.sqrt(_root(residual, CONVEX_SIGMA))


def _errors(weighted: _Weighted, scans: int, parameters: SolutionParameters) -> Doubles:
    """Measure the scatter of zero points of solutions whose right-hand sides are noise of unit width."""
    rng = np.random.default_rng(SEED)
    total = np.zeros(scans)
    draws, done = parameters.error_draws, 0
    while done < draws:
        # Eight at a time share the reading of the matrix; more take more memory than they save time.
        size = min(8, draws - done)
        noise = rng.standard_normal((weighted.right.shape[0], size))
        x, _ = weighted.system.solve(noise, tolerance=ERROR_TOLERANCE)
        total += np.einsum("ij,ij->i", x[:scans], x[:scans])
        done += size
    return np.asarray(np.sqrt(total / draws))


def _losses(
    equations: Equations, x: Doubles, roots: tuple[Doubles, Doubles], frame: tuple[Ties, Unknowns]
) -> Doubles:
    """Light lost by each scan: its night's model, without the scans that stand out, minus its zero point.

    A dimmed scan draws the model of its moment after it, by a third of the loss; once the equations that tie the
    suspects to their nights weigh next to nothing, the neighbours in time alone say what was to be expected.
    """
    ties, places = frame
    scans, night = ties.scans.night.size, ties.scans.night
    root_night = roots[0].copy()
    suspects = np.abs((equations.night_values - equations.night @ x[:, 0])[:scans]) > SUSPECT_SIGMA
    root_night[:scans][suspects] = SUSPECT_ROOT
    weighted = _weighted(equations, root_night, roots[1])
    free = weighted.system.solve(weighted.right, x, ROUGH)[0][:, 0]
    model = (
        free[places.night + night]
        + free[places.atmosphere : places.atmosphere + scans]
        - free[places.extinction + night] * (ties.scans.airmass - 1)
    )
    return np.asarray(model - x[:scans, 0])


def _solution(
    ties: Ties,
    places: Unknowns,
    equations: Equations,
    x: Doubles,
    rest: tuple[_Weighted, Doubles, Doubles, Atmosphere, int],
) -> GlobalSolution:
    weighted, scatter, loss, air, turns = rest
    scans, sets = ties.scans.night.size, ties.sets.night.size
    of_sets = slice(scans, scans + sets)
    set_scale = np.abs(equations.night[of_sets].max(axis=1).toarray()).ravel() if sets else np.zeros(0)
    set_residual = (equations.night_values - equations.night @ x)[of_sets]
    overlap_scale = np.abs(equations.overlap[:, :scans]).max(axis=1).toarray().ravel()
    overlap_residual = equations.overlap_values - equations.overlap @ x
    return GlobalSolution(
        x[:scans],
        scatter,
        loss,
        x[places.extinction : places.season],
        x[places.field : places.linear],
        x[places.linear : places.quadratic],
        x[places.quadratic : places.total],
        set_residual / set_scale if sets else set_residual,
        weighted.root_night[of_sets] ** 2,
        overlap_residual / overlap_scale if overlap_scale.size else overlap_residual,
        weighted.root_overlap**2,
        air,
        turns,
    )
