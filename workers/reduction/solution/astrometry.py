"""Global astrometry: offsets of the segments of all scans, from overlaps and reference stars together.

Every scan is cut into segments along its length, whose offsets east and north stand at their middles, with straight
lines between (background/survey 2.12). Overlaps say how two scans differ at a place, reference stars where a place
really is: one sparse robust least-squares problem carries the few reference stars of a scan into its neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from app.arrays import Doubles, Integers
from app.parameters.astrometry import AstrometryParameters
from workers.reduction.solution.gradients import NormalEquations

_DRAWS_SEED = 2012
_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Places:
    """Where ties are attached.

    Attributes
    ----------
    scan : int64 array (n,)
        Index of the scan.
    along : float64 array (n,)
        Place along it, in segments from its southern end: 0.5 is the middle of the first.
    """

    scan: Integers
    along: Doubles


@dataclass(frozen=True)
class AstrometricTies:
    """All that is known of the positions of a survey; offsets are (n, 2), east and north, arcsec.

    Attributes
    ----------
    scans : int
        Number of scans.
    first, second : Places
        The two sides of each overlap.
    difference_arcsec : float64 array (n, 2)
        Place on the first less that on the second.
    difference_error_arcsec : float64 array (n,)
        Error of one coordinate of the difference.
    reference : Places
        Where reference stars, or means of some, were measured.
    reference_arcsec : float64 array (m, 2)
        Place in the catalogue less that measured.
    reference_error_arcsec : float64 array (m,)
        Error of one coordinate.
    """

    scans: int
    first: Places
    second: Places
    difference_arcsec: Doubles
    difference_error_arcsec: Doubles
    reference: Places
    reference_arcsec: Doubles
    reference_error_arcsec: Doubles


@dataclass(frozen=True)
class AstrometricSolution:
    """Offsets of all segments.

    Attributes
    ----------
    offset_arcsec : float64 array (scans, segments, 2)
        To be added to measured places at the middles of segments, east and north.
    error_arcsec : float64 array (scans, segments)
        Error of one coordinate of an offset, from perturbed solutions.
    overlap_weight, reference_weight : float64 arrays (n,), (m,)
        Weights that ties kept, 0 to 1.
    overlap_rms_arcsec : float
        Weighted scatter of overlaps about the solution, one coordinate.
    turns : int
        Turns of the last solution.
    """

    offset_arcsec: Doubles
    error_arcsec: Doubles
    overlap_weight: Doubles
    reference_weight: Doubles
    overlap_rms_arcsec: float
    turns: int


def offsets_at(offset_arcsec: Doubles, places: Places) -> Doubles:
    """Offsets at places: straight lines between the middles of segments, constant beyond the first and the last.

    Parameters
    ----------
    offset_arcsec : float64 array (scans, segments, 2)
        East and north, arcsec.
    places : Places
        Where.

    Returns
    -------
    float64 array (n, 2)
        Arcsec.

    Examples
    --------
    >>> nodes = np.array([[[0.0, 0.0], [0.2, -0.4]]])
    >>> offsets_at(nodes, Places(np.array([0, 0]), np.array([0.0, 1.0]))).tolist()
    [[0.0, 0.0], [0.1, -0.2]]
    """
    segment, share = _between(places.along, offset_arcsec.shape[1])
    low, high = offset_arcsec[places.scan, segment], offset_arcsec[places.scan, segment + 1]
    return np.asarray(low + share[:, None] * (high - low))


def solve_astrometry(ties: AstrometricTies, parameters: AstrometryParameters) -> AstrometricSolution:
    """Solve for the offsets of all segments.

    Ties that do not fit weigh less, never nothing: min(1, (limit / residual)^2), residuals in errors and along the
    worse of both coordinates. Where a scan has no tie at all its offset is 0, with the width that was assumed.

    Parameters
    ----------
    ties : AstrometricTies
        Overlaps and reference stars.
    parameters : AstrometryParameters
        Widths, segments and rounds.

    Notes
    -----
    With o the offset of a scan at a place: o_first - o_second = -difference, o = reference, o_(k+1) - o_k = 0 within
    the width of a step, o = 0 within that of an offset. Both coordinates have the same matrix.
    """
    system = _System.of(ties, parameters)
    overlap_weight, reference_weight = np.ones(ties.first.scan.size), np.ones(ties.reference.scan.size)
    x, turns = np.zeros((system.unknowns, 2)), 0
    for number in range(parameters.robust_rounds):
        if number:
            overlap_weight = _weights(system.overlap, x, system.overlap_values, parameters.robust_sigma)
            reference_weight = _weights(system.reference, x, system.reference_values, parameters.robust_sigma)
        equations = system.equations(overlap_weight, reference_weight)
        x, turns = equations.solve(system.right(overlap_weight, reference_weight), x, _TOLERANCE)
    draws, _ = equations.solve(system.noise(overlap_weight.size, parameters.error_draws), None, 1e-3)
    shape = (ties.scans, parameters.segments)
    residual = system.overlap @ x - system.overlap_values
    spread = np.sqrt(overlap_weight)[:, None] * residual * ties.difference_error_arcsec[:, None]
    return AstrometricSolution(
        offset_arcsec=x.reshape(*shape, 2),
        error_arcsec=np.sqrt(np.mean(draws**2, axis=1)).reshape(shape),
        overlap_weight=overlap_weight,
        reference_weight=reference_weight,
        overlap_rms_arcsec=float(np.sqrt(np.mean(spread**2))) if spread.size else 0.0,
        turns=turns,
    )


def without_ties(ties: AstrometricTies) -> AstrometricTies:
    """Keep the reference stars alone: what each scan can say for itself."""
    none, flat = Places(np.zeros(0, np.int64), np.zeros(0)), np.zeros(0)
    return replace(
        ties, first=none, second=none, difference_arcsec=np.zeros((0, 2)), difference_error_arcsec=flat
    )


def _between(along: Doubles, segments: int) -> tuple[Integers, Doubles]:
    """Segment whose middle lies before a place, and the share of the way to the next middle."""
    place = np.clip(along - 0.5, 0.0, segments - 1.0)
    segment = np.minimum(place.astype(np.int64), segments - 2)
    return segment, place - segment


def _weights(rows: sparse.csr_array, x: Doubles, values: Doubles, limit: float) -> Doubles:
    away = np.abs(rows @ x - values).max(axis=1, initial=0.0)
    return np.asarray(np.minimum(1.0, (limit / np.maximum(away, 1e-9)) ** 2))


@dataclass(frozen=True)
class _System:
    """Rows of the problem, divided by their errors; values are (rows, 2)."""

    unknowns: int
    overlap: sparse.csr_array
    overlap_values: Doubles
    reference: sparse.csr_array
    reference_values: Doubles
    known: sparse.csr_array

    @classmethod
    def of(cls, ties: AstrometricTies, parameters: AstrometryParameters) -> _System:
        segments = parameters.segments
        unknowns = ties.scans * segments
        first = _rows(ties.first, segments, unknowns)
        second = _rows(ties.second, segments, unknowns)
        overlap_scale = 1.0 / ties.difference_error_arcsec
        reference_scale = 1.0 / ties.reference_error_arcsec
        node = np.arange(unknowns)
        step = node[node % segments < segments - 1]
        steps = sparse.csr_array(
            (
                np.tile([-1.0, 1.0], step.size),
                (np.repeat(np.arange(step.size), 2), np.stack([step, step + 1]).T.ravel()),
            ),
            shape=(step.size, unknowns),
        )
        # The mean of a scan's segments, not each of them, has the width of an offset.
        offset_width_arcsec = parameters.offset_width_arcsec * float(np.sqrt(segments))
        known = sparse.vstack(
            [
                steps / parameters.step_width_arcsec,
                sparse.eye_array(unknowns) / offset_width_arcsec,
            ],
            format="csr",
        )
        return cls(
            unknowns,
            _scaled(first - second, overlap_scale),
            -ties.difference_arcsec * overlap_scale[:, None],
            _scaled(_rows(ties.reference, segments, unknowns), reference_scale),
            ties.reference_arcsec * reference_scale[:, None],
            sparse.csr_array(known),
        )

    def equations(self, overlap_weight: Doubles, reference_weight: Doubles) -> NormalEquations:
        by_itself = sparse.vstack(
            [_scaled(self.reference, np.sqrt(reference_weight)), self.known], format="csr"
        )
        return NormalEquations(sparse.csr_array(by_itself), _scaled(self.overlap, np.sqrt(overlap_weight)))

    def right(self, overlap_weight: Doubles, reference_weight: Doubles) -> Doubles:
        return np.concatenate(
            [
                np.sqrt(reference_weight)[:, None] * self.reference_values,
                np.zeros((self.known.shape[0], 2)),
                np.sqrt(overlap_weight)[:, None] * self.overlap_values,
            ]
        )

    def noise(self, overlaps: int, draws: int) -> Doubles:
        rows = self.reference.shape[0] + self.known.shape[0] + overlaps
        return np.random.default_rng(_DRAWS_SEED).standard_normal((rows, draws))


def _rows(places: Places, segments: int, unknowns: int) -> sparse.csr_array:
    """Rows that give the offset at each place."""
    segment, share = _between(places.along, segments)
    column = places.scan * segments + segment
    count = np.arange(column.size)
    entries = np.stack([1.0 - share, share]).T.ravel()
    index = (np.repeat(count, 2), np.stack([column, column + 1]).T.ravel())
    return sparse.csr_array((entries, index), shape=(column.size, unknowns))


def _scaled(rows: sparse.csr_array, scale: Doubles) -> sparse.csr_array:
    return sparse.csr_array(sparse.diags_array(scale) @ rows) if scale.size else sparse.csr_array(rows)
