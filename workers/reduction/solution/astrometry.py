"""Global astrometry: offsets of the segments of all scans, from overlaps and reference stars together.

Every scan is cut into segments along its length, whose offsets stand at their middles, with straight lines between
(background/survey 2.12). Overlaps say how two scans differ at a place, reference stars where a place really is: one
sparse robust least-squares problem carries the few reference stars of a scan into its neighbours.

Offsets are complex numbers, across the scan (to the east) + i along it. What is wrong with the places of a scan is a
shift, a turn and a scale that change along it: a turn moves its sides along it as far as its middle goes sideways, so
that the offset at a place beside the middle follows from how the offset changes along the scan, like a function of a
complex variable (decision 0033). Nothing more is to be solved for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from app.arrays import Complexes, Doubles, Integers
from app.parameters.astrometry import AstrometryParameters
from workers.reduction.solution.gradients import NormalEquations

_DRAWS_SEED = 2012
_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Segments:
    """How scans are cut.

    Attributes
    ----------
    count : int64 array (scans,)
        Segments of each scan, two at least.
    length_deg : float64 array (scans,)
        Length of one.
    """

    count: Integers
    length_deg: Doubles

    @property
    def first(self) -> Integers:
        """Place of the first segment of each scan among all, and of one scan more."""
        return np.concatenate([[0], np.cumsum(self.count)])


@dataclass(frozen=True)
class Places:
    """Where ties are attached.

    Attributes
    ----------
    scan : int64 array (n,)
        Index of the scan.
    along : float64 array (n,)
        Place along it, in segments from its beginning: 0.5 is the middle of the first.
    across : float64 array (n,)
        Place beside its middle line, to the east, in segments too.
    """

    scan: Integers
    along: Doubles
    across: Doubles


@dataclass(frozen=True)
class AstrometricTies:
    """All that is known of the positions of a survey; offsets are east + i north, of the first scan, in arcsec.

    Attributes
    ----------
    segments : Segments
        Of the scans.
    first, second : Places
        The two sides of each overlap.
    turn : complex128 array (n,)
        What turns an offset of the second scan to the axes of the first there; 1 where both are east and north.
    difference_arcsec : complex128 array (n,)
        Place on the first less that on the second.
    difference_error_arcsec : float64 array (n,)
        Error of one coordinate of the difference.
    reference : Places
        Where reference stars, or means of some, were measured.
    reference_arcsec : complex128 array (m,)
        Place in the catalogue less that measured.
    reference_error_arcsec : float64 array (m,)
        Error of one coordinate.
    """

    segments: Segments
    first: Places
    second: Places
    turn: Complexes
    difference_arcsec: Complexes
    difference_error_arcsec: Doubles
    reference: Places
    reference_arcsec: Complexes
    reference_error_arcsec: Doubles


@dataclass(frozen=True)
class AstrometricSolution:
    """Offsets of all segments, scan after scan.

    Attributes
    ----------
    offset_arcsec : complex128 array (all segments,)
        To be added to measured places at the middles of segments.
    error_arcsec : float64 array (all segments,)
        Error of one coordinate of an offset, from perturbed solutions.
    overlap_weight, reference_weight : float64 arrays (n,), (m,)
        Weights that ties kept, 0 to 1.
    overlap_rms_arcsec : float
        Weighted scatter of overlaps about the solution, one coordinate.
    turns : int
        Turns of the last solution.
    """

    offset_arcsec: Complexes
    error_arcsec: Doubles
    overlap_weight: Doubles
    reference_weight: Doubles
    overlap_rms_arcsec: float
    turns: int


def offsets_at(offset_arcsec: Complexes, places: Places, segments: Segments) -> Complexes:
    """Offsets at places: straight lines through the middles of segments, and what follows beside them.

    Parameters
    ----------
    offset_arcsec : complex128 array (all segments,)
        East + i north.
    places : Places
        Where.
    segments : Segments
        Of the scans.

    Returns
    -------
    complex128 array (n,)
        Arcsec.

    Examples
    --------
    >>> two = Segments(np.array([2]), np.array([0.5]))
    >>> nodes = np.array([0.0, 0.2 - 0.4j])
    >>> offsets_at(nodes, Places(np.zeros(2, int), np.array([0.5, 1.0]), np.zeros(2)), two).tolist()
    [0j, (0.1-0.2j)]
    """
    low, share = _between(places, segments)
    return np.asarray(offset_arcsec[low] + share * (offset_arcsec[low + 1] - offset_arcsec[low]))


def solve_astrometry(ties: AstrometricTies, parameters: AstrometryParameters) -> AstrometricSolution:
    """Solve for the offsets of all segments.

    Ties that do not fit weigh less, never nothing: min(1, (limit / residual)^2), residuals being lengths in errors of a
    coordinate. Where a scan has no tie at all its offset is 0, with the width that was assumed.

    Parameters
    ----------
    ties : AstrometricTies
        Overlaps and reference stars.
    parameters : AstrometryParameters
        Widths and rounds.

    Notes
    -----
    With o the offset of a scan at a place: o_first - turn o_second = -difference, o = reference, o_(k+1) - o_k = 0
    within the width of a step, o = 0 within that of an offset.
    """
    system = _System.of(ties, parameters)
    overlap_weight, reference_weight = np.ones(ties.first.scan.size), np.ones(ties.reference.scan.size)
    x, turns = np.zeros(system.unknowns, np.complex128), 0
    for number in range(parameters.robust_rounds):
        if number:
            overlap_weight = _weights(system.overlap, x, system.overlap_values, parameters.robust_sigma)
            reference_weight = _weights(system.reference, x, system.reference_values, parameters.robust_sigma)
        equations = system.equations(overlap_weight, reference_weight)
        right = system.right(overlap_weight, reference_weight)
        found, turns = equations.solve(right, np.concatenate([x.real, x.imag])[:, None], _TOLERANCE)
        x = found[: system.unknowns, 0] + 1j * found[system.unknowns :, 0]
    draws, _ = equations.solve(system.noise(right.shape[0], parameters.error_draws), None, 1e-3)
    spread = draws[: system.unknowns] ** 2 + draws[system.unknowns :] ** 2
    residual = np.abs(system.overlap @ x - system.overlap_values) * ties.difference_error_arcsec
    return AstrometricSolution(
        offset_arcsec=x,
        error_arcsec=np.sqrt(np.mean(spread, axis=1) / 2),
        overlap_weight=overlap_weight,
        reference_weight=reference_weight,
        overlap_rms_arcsec=float(np.sqrt(np.mean(overlap_weight * residual**2) / 2))
        if residual.size
        else 0.0,
        turns=turns,
    )


def without_ties(ties: AstrometricTies) -> AstrometricTies:
    """Keep the reference stars alone: what each scan can say for itself."""
    none, flat = np.zeros(0, np.complex128), np.zeros(0)
    nowhere = Places(np.zeros(0, np.int64), flat, flat)
    return replace(
        ties, first=nowhere, second=nowhere, turn=none, difference_arcsec=none, difference_error_arcsec=flat
    )


def _between(places: Places, segments: Segments) -> tuple[Integers, Complexes]:
    """Segment whose middle lies before a place, among all, and the share of the way to the next middle.

    Its imaginary part is what lies beside the line: an offset that changes by d from one middle to the next is
    -i d further on one segment to the east.
    """
    place = places.along - 0.5
    number = np.clip(np.floor(place), 0, segments.count[places.scan] - 2).astype(np.int64)
    return segments.first[places.scan] + number, place - number - 1j * places.across


def _weights(rows: sparse.csr_array, x: Complexes, values: Complexes, limit: float) -> Doubles:
    return np.asarray(np.minimum(1.0, (limit / np.maximum(np.abs(rows @ x - values), 1e-9)) ** 2))


@dataclass(frozen=True)
class _System:
    """Rows of the problem, divided by their errors, complex."""

    unknowns: int
    overlap: sparse.csr_array
    overlap_values: Complexes
    reference: sparse.csr_array
    reference_values: Complexes
    known: sparse.csr_array

    @classmethod
    def of(cls, ties: AstrometricTies, parameters: AstrometryParameters) -> _System:
        segments = ties.segments
        unknowns = int(segments.count.sum())
        first = _rows(ties.first, segments, unknowns)
        second = _scaled(_rows(ties.second, segments, unknowns), ties.turn)
        overlap_scale = 1.0 / ties.difference_error_arcsec
        reference_scale = 1.0 / ties.reference_error_arcsec
        return cls(
            unknowns,
            _scaled(sparse.csr_array(first - second), overlap_scale),
            -ties.difference_arcsec * overlap_scale,
            _scaled(_rows(ties.reference, segments, unknowns), reference_scale),
            ties.reference_arcsec * reference_scale,
            _known(segments, parameters),
        )

    def equations(self, overlap_weight: Doubles, reference_weight: Doubles) -> NormalEquations:
        by_itself = sparse.vstack(
            [_scaled(self.reference, np.sqrt(reference_weight)), self.known], format="csr"
        )
        return NormalEquations(_real(by_itself), _real(_scaled(self.overlap, np.sqrt(overlap_weight))))

    def right(self, overlap_weight: Doubles, reference_weight: Doubles) -> Doubles:
        by_itself = np.concatenate(
            [np.sqrt(reference_weight) * self.reference_values, np.zeros(self.known.shape[0], np.complex128)]
        )
        overlap = np.sqrt(overlap_weight) * self.overlap_values
        return np.concatenate([by_itself.real, by_itself.imag, overlap.real, overlap.imag])[:, None]

    @staticmethod
    def noise(rows: int, draws: int) -> Doubles:
        return np.random.default_rng(_DRAWS_SEED).standard_normal((rows, draws))


def _known(segments: Segments, parameters: AstrometryParameters) -> sparse.csr_array:
    """Rows of what is known beforehand: small steps from segment to segment, small offsets."""
    unknowns = int(segments.count.sum())
    scan = np.repeat(np.arange(segments.count.size), segments.count)
    step = np.flatnonzero(scan[:-1] == scan[1:])
    # A walk: the longer a segment, the larger the step; the width is that of half a degree.
    width_arcsec = parameters.step_width_arcsec * np.sqrt(segments.length_deg[scan[step]] / 0.5)
    entries = np.stack([-1.0 / width_arcsec, 1.0 / width_arcsec]).T.ravel()
    index = (np.repeat(np.arange(step.size), 2), np.stack([step, step + 1]).T.ravel())
    steps = sparse.csr_array((entries, index), shape=(step.size, unknowns))
    # The mean of a scan's segments, not each of them, has the width of an offset.
    offsets = 1.0 / (parameters.offset_width_arcsec * np.sqrt(segments.count[scan]))
    return sparse.csr_array(sparse.vstack([steps, sparse.diags_array(offsets)], format="csr"))


def _rows(places: Places, segments: Segments, unknowns: int) -> sparse.csr_array:
    """Rows that give the offset at each place."""
    low, share = _between(places, segments)
    entries = np.stack([1.0 - share, share]).T.ravel()
    index = (np.repeat(np.arange(low.size), 2), np.stack([low, low + 1]).T.ravel())
    return sparse.csr_array((entries, index), shape=(low.size, unknowns))


def _scaled(rows: sparse.csr_array, scale: Doubles | Complexes) -> sparse.csr_array:
    return sparse.csr_array(sparse.diags_array(scale) @ rows) if scale.size else sparse.csr_array(rows)


def _real(rows: sparse.csr_array) -> sparse.csr_array:
    """Complex rows as twice as many real ones, of real parts before imaginary ones."""
    real, imaginary = sparse.csr_array(rows.real), sparse.csr_array(rows.imag)
    imaginary.eliminate_zeros()
    return sparse.csr_array(sparse.block_array([[real, -imaginary], [imaginary, real]], format="csr"))
