"""First positions of the frames: steps from frame to frame, bands on each other, all on the reference stars.

All three are found by voting: the difference that most pairs share is the shift. Good to 1-2"; `solve` refines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numba import njit

from app.arrays import Bools, Doubles
from app.instruments.bands import Band
from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.frames.uscan import UScan
from workers.reduction.kernels.compiled import KERNEL
from workers.reduction.kernels.pairs import pairs_across
from workers.reduction.registration.values import Guess, Observations, References

STEP_SEARCH_ARCSEC = 15.0
BAND_SEARCH_ARCSEC = 6.0
REFERENCE_SEARCH_ARCSEC = 60.0
FEW_REFERENCES = 5
BAND_SOURCES = 15  # of a frame, to lay a band on another
STEP_SOURCES = 25  # of a frame and band, to chain frames
FEW_REFERENCE_SEARCH_ARCSEC = 12.0  # with few stars, a wide search finds chance


@njit(**KERNEL)
def _fullest(x: Doubles, y: Doubles, radius: float) -> tuple[float, float, int]:
    """Mean of the places within a radius of the one that has most, and their number; places in the order of x."""
    n = x.size
    radius2 = radius * radius
    votes = np.ones(n, np.int64)
    for a in range(n):
        for b in range(a + 1, n):
            if x[b] - x[a] > radius:
                break
            if (x[b] - x[a]) * (x[b] - x[a]) + (y[b] - y[a]) * (y[b] - y[a]) <= radius2:
                votes[a] += 1
                votes[b] += 1
    best = np.argmax(votes)
    total_x = 0.0
    total_y = 0.0
    for a in range(n):
        dx = x[a] - x[best]
        dy = y[a] - y[best]
        if dx * dx + dy * dy <= radius2:
            total_x += x[a]
            total_y += y[a]
    return total_x / votes[best], total_y / votes[best], votes[best]


def vote(points: Doubles, targets: Doubles, search: float, radius: float) -> tuple[Doubles, int]:
    """Shift that moves most points onto targets.

    Parameters
    ----------
    points, targets : float64 arrays (n, 2), (m, 2)
        Places, arcsec; best spread along the second coordinate.
    search : float
        Largest shift in a coordinate, arcsec.
    radius : float
        Shifts closer than this agree, arcsec.

    Returns
    -------
    shift : float64 array (2,)
        Arcsec; 0 without a pair within the search.
    votes : int
        Pairs that agree.

    Examples
    --------
    >>> targets = np.array([[0.0, 0.0], [3.0, 40.0], [-5.0, 90.0]])
    >>> shift, votes = vote(targets - np.array([1.5, -2.0]), targets, 15.0, 0.5)
    >>> shift.tolist(), votes
    ([1.5, -2.0], 3)
    """
    pairs = pairs_across(points, targets, search * float(np.sqrt(2.0)))
    if not len(pairs):
        return np.zeros(2), 0
    differences = targets[pairs[:, 1]] - points[pairs[:, 0]]
    differences = differences[np.argsort(differences[:, 0], kind="stable")]
    x, y, votes = _fullest(differences[:, 0], differences[:, 1], radius)
    return np.array([x, y]), votes


def first_guess(
    observations: Observations,
    references: References,
    nominal: Mapping[Band, FrameGeometry],
    commanded_x_arcsec: Doubles,
    commanded_y_arcsec: Doubles,
    uscan: UScan,
) -> Guess:
    """Chain the frames, lay the bands on each other, lay all on the reference stars.

    Parameters
    ----------
    observations : Observations
        Frame sources of all bands.
    references : References
        May be empty: then the commanded positions hold.
    nominal : mapping of Band to FrameGeometry
        Geometry by the commanded positions and the nominal facts of the arrays.
    commanded_x_arcsec, commanded_y_arcsec : float64 arrays (n,)
        Commanded places of the frames, U-scan; handed on to the pegs of the solution.
    uscan : UScan
        System of the scan, likewise.
    """
    geometry = dict(nominal)
    for band, shift in _band_shifts(observations, geometry).items():
        geometry[band] = _moved(geometry[band], shift)
    drift = _frame_drift(observations, geometry)
    geometry = {band: _moved(frames, drift) for band, frames in geometry.items()}
    shift = _reference_shift(observations, references, geometry)
    geometry = {band: _moved(frames, shift) for band, frames in geometry.items()}
    return Guess(geometry, commanded_x_arcsec, commanded_y_arcsec, uscan)


def _moved(geometry: FrameGeometry, shift: Doubles) -> FrameGeometry:
    """Geometry moved by (2,) or frame by frame by (n, 2)."""
    shift = np.broadcast_to(shift, (geometry.x_arcsec.size, 2))
    return replace(
        geometry, x_arcsec=geometry.x_arcsec + shift[:, 0], y_arcsec=geometry.y_arcsec + shift[:, 1]
    )


def _places(observations: Observations, geometry: Mapping[Band, FrameGeometry]) -> Doubles:
    """U-scan places of all observations, (n, 2), arcsec."""
    return np.column_stack(observations.places(geometry))


def _band_shifts(observations: Observations, geometry: Mapping[Band, FrameGeometry]) -> dict[Band, Doubles]:
    """Shift of each further band onto the first, from sources of the same frames."""
    places = _places(observations, geometry)
    # Frames are set far apart so that only sources of the same frame meet; the brightest of each are enough.
    apart = np.column_stack([places[:, 0], places[:, 1] + 1e5 * observations.frame])
    bright = _brightest(observations, BAND_SOURCES)
    first = apart[bright & (observations.band == 0)]
    shifts = {}
    for position, band in enumerate(observations.bands[1:], start=1):
        shift, votes = vote(apart[bright & (observations.band == position)], first, BAND_SEARCH_ARCSEC, 0.5)
        shifts[band] = shift if votes >= 3 else np.zeros(2)
    return shifts


def _brightest(observations: Observations, most: int) -> Bools:
    """Which observations are among the brightest of their frame and band."""
    bright = np.zeros(observations.frame.size, np.bool_)
    order = np.lexsort((observations.magnitude, observations.frame, observations.band))
    key = observations.band[order] * 4096 + observations.frame[order]
    bright[order] = np.arange(order.size) - np.searchsorted(key, key) < most
    return bright


def _frame_drift(observations: Observations, geometry: Mapping[Band, FrameGeometry]) -> Doubles:
    """Place of each frame against its commanded one, from chained steps; (n, 2), median 0 and no trend.

    The trend is taken out because a wrong rotation (0.05 degrees give 0.07" a step) or scale looks like one.
    """
    frames = next(iter(geometry.values())).x_arcsec.size
    places = _places(observations, geometry)
    steps = np.zeros((frames, 2))
    # The brightest of each frame and band are enough, and pairs grow with the square of their number.
    bright = _brightest(observations, STEP_SOURCES)
    places = places[bright]
    frame, band = observations.frame[bright], observations.band[bright]
    edges = np.searchsorted(frame, np.arange(frames + 1))
    for i in range(frames - 1):
        present, following = slice(edges[i], edges[i + 1]), slice(edges[i + 1], edges[i + 2])
        points = np.column_stack([places[following], 1e4 * band[following]])
        targets = np.column_stack([places[present], 1e4 * band[present]])
        shift, votes = _vote_in_bands(points, targets)
        if votes >= 4:
            steps[i + 1] = shift
    drift = np.cumsum(steps, axis=0)
    if frames >= 3:
        index = np.arange(frames)
        for axis in (0, 1):
            drift[:, axis] -= np.polyval(np.polyfit(index, drift[:, axis], 1), index)
    return drift


def _vote_in_bands(points: Doubles, targets: Doubles) -> tuple[Doubles, int]:
    """Vote among pairs of equal third coordinate."""
    flat_points = np.column_stack([points[:, 0], points[:, 1] + points[:, 2]])
    flat_targets = np.column_stack([targets[:, 0], targets[:, 1] + targets[:, 2]])
    return vote(flat_points, flat_targets, STEP_SEARCH_ARCSEC, 0.7)


def _reference_shift(
    observations: Observations, references: References, geometry: Mapping[Band, FrameGeometry]
) -> Doubles:
    """Shift of the whole scan onto the reference stars, arcsec; 0 where they do not agree."""
    count = references.x_arcsec.size
    if not count or not observations.frame.size:
        return np.zeros(2)
    places = _places(observations, geometry)
    # A star is hardly ever fainter in J than in V: fainter sources cannot be reference stars.
    limit = float(np.max(references.magnitude)) + 0.7
    bright = (observations.magnitude < limit) & (observations.band == 0)
    stars = np.column_stack([references.x_arcsec, references.y_arcsec])
    few = count < FEW_REFERENCES
    search = FEW_REFERENCE_SEARCH_ARCSEC if few else REFERENCE_SEARCH_ARCSEC
    # Each star is seen on up to seven frames: thin the sources to one a place first.
    shift, votes = vote(_thinned(places[bright]), stars, search, 2.5)
    needed = (count + 1) // 2 if few else 3
    return shift if votes >= needed else np.zeros(2)


def _thinned(places: Doubles, size: float = 3.0) -> Doubles:
    """First place of each cell of some arcseconds that holds any."""
    if not len(places):
        return places
    _, first = np.unique(np.floor(places / size).astype(np.int64), axis=0, return_index=True)
    return places[np.sort(first)]
