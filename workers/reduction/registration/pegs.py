"""Pegs and priors that hold a registration where stars do not, and the solution of its equations."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numba import njit
from scipy import linalg

from app.arrays import Doubles, Integers
from app.instruments.bands import Band
from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.frames.uscan import UScan
from workers.reduction.kernels.compiled import KERNEL
from workers.reduction.registration.equations import Equations
from workers.reduction.registration.values import Guess

STEP_PEG_ARCSEC = 0.5  # a commanded step is good to about this
PLACE_PEG_ARCSEC = 5.0  # a commanded place is good to about this
POINTING_ERROR_ARCSEC = (
    2.0  # of a scan as a whole: without reference stars, simulated scans were off by up to this
)
TURN_PEG_RAD = 3e-4
TURN_STEP_RAD = 5e-6  # from frame to frame: 0.004 degrees over some sixty frames are 1e-6
LARGEST_TURN_RAD = 0.03  # between meridians: 20" of pointing at a frame's width from the pole
ACROSS_ERROR_ARCSEC = 0.03  # of a frame's place across the scan, beside the next frame's
FRAME_TERMS = 3  # shifts along x and y, turn
BAND_TERMS = 6
# Priors of a band's corrections: shifts ("), scales, rotation (rad), distortion at a corner (").
BAND_PRIORS = np.array([1.5, 1.5, 2e-3, 2e-3, 5e-3, 0.3])
SQUARE_PIXELS = 1e-5  # difference of a band's scales: 2.5 mas at the scan's edge


def pegs(
    guess: Guess, geometry: Mapping[Band, FrameGeometry], bands: tuple[Band, ...], unknowns: int
) -> Equations:
    """Return normal equations of the commanded steps and places, and of the bands' priors.

    Parameters
    ----------
    guess : Guess
        First geometry, and the commanded places.
    geometry : mapping of Band to FrameGeometry
        As it is now: the unknowns are corrections to it.
    bands : tuple of Band
        Order of the bands among the unknowns; the first stands for the frames.
    unknowns : int
        3 a frame and 6 a band.
    """
    normal, right = np.zeros((unknowns, unknowns)), np.zeros(unknowns)
    frames = guess.commanded_x_arcsec.size
    first, offset = geometry[bands[0]], guess.geometry[bands[0]]
    for axis in (0, 1):
        place = (first.x_arcsec, first.y_arcsec)[axis]
        # Commanded place of the array's middle: the focal plane's, moved as the first guess has this band.
        commanded = (guess.commanded_x_arcsec, guess.commanded_y_arcsec)[axis]
        commanded = commanded + np.median((offset.x_arcsec, offset.y_arcsec)[axis] - commanded)
        lack = commanded - place
        _peg(normal, right, FRAME_TERMS * np.arange(frames) + axis, lack, PLACE_PEG_ARCSEC, STEP_PEG_ARCSEC)
    turn, step = meridian_turns(guess.uscan, first.x_arcsec, first.y_arcsec)
    _peg(normal, right, FRAME_TERMS * np.arange(frames) + 2, turn - first.turn_rad, TURN_PEG_RAD, step)
    index = np.arange(FRAME_TERMS * frames, unknowns)
    normal[index, index] += np.tile(BAND_PRIORS**-2, len(bands))
    for position, band in enumerate(bands):
        (a, _), (_, d) = geometry[band].matrix_arcsec
        _square(normal, right, FRAME_TERMS * frames + BAND_TERMS * position + 2, 0.5 * float(d - a))
    for position, band in enumerate(bands):
        # Priors hold the whole correction, not that of one round: without reference stars the pegs shrink the scale
        # across the scan by 1.6e-4 a round, for the pointing errors get smaller with it.
        terms = FRAME_TERMS * frames + BAND_TERMS * position + np.arange(2, BAND_TERMS)
        right[terms] -= _corrections(geometry[band], guess.geometry[band]) * BAND_PRIORS[2:] ** -2
    return Equations(normal, right)


def meridian_turns(uscan: UScan, x_arcsec: Doubles, y_arcsec: Doubles) -> tuple[Doubles, Doubles]:
    """Give the turns of frames whose camera keeps its angle to the meridian, as an equatorial mount holds it.

    A frame that lies beside the commanded meridian lies on another one, at an angle to the scan that grows with the
    tangent of the declination: at 89.6 degrees 0.15", by which pointing differs from frame to frame, are 1e-4 rad,
    twenty times what turns change by otherwise, and drifts of 1" bent scans of one reference star by 0.9" (decision
    0039).

    Parameters
    ----------
    uscan : UScan
        System of the scan.
    x_arcsec, y_arcsec : float64 arrays (n,)
        Places of the frames, U-scan.

    Returns
    -------
    turn_rad : float64 array (n,)
        Turn of each frame from the direction of the scan, as `FrameGeometry` has it.
    step_rad : float64 array (n - 1,)
        One sigma of the difference between a frame's turn and the next one's: what the mount does, and what places
        across the scan leave unknown.

    Examples
    --------
    A frame 1" west of the meridian, at 60 degrees, where it turns by tan 60 arcsec, and one on it.

    >>> scan = UScan.through(np.array([10.0, 10.0]), np.array([60.0, 60.1]))
    >>> turn, _ = meridian_turns(scan, np.array([1.0, 0.0]), np.array([0.0, 0.0]))
    >>> [round(abs(float(value)) * 206265.0, 2) for value in turn]
    [1.73, 0.0]
    """
    turn, beside = (-np.arctan2(*uscan.north_angle(x_arcsec + across, y_arcsec)) for across in (0.0, 1.0))
    slope = beside - turn
    unknown = ACROSS_ERROR_ARCSEC * np.hypot(slope[1:], slope[:-1])
    # A scan across the pole comes down on a meridian of its own: no mount says how the camera lies there. All frames of
    # a scan are told or none: at the limit a frame alone would be turned by 0.03 rad from the next one.
    if np.abs(turn).max() >= LARGEST_TURN_RAD:
        turn = np.zeros_like(turn)
    return turn, np.hypot(TURN_STEP_RAD, unknown)


def place_error(reference_errors_arcsec: Doubles, frames: int) -> float:
    """Tell how well the places of a scan are known as a whole, one sigma of a coordinate in arcsec.

    Reference stars and the pegs share the hold on the sky by their weights: what the pegs have brings the error of the
    telescope's pointing, which all frames have in common, with it.

    Parameters
    ----------
    reference_errors_arcsec : float64 array (n,)
        One sigma of a coordinate of the reference stars in the solution; none is legal.
    frames : int
        Frames of the scan, each with a peg.

    Examples
    --------
    None, one and thirty reference stars of 0.06" on 24 frames.

    >>> [round(place_error(np.full(count, 0.06), 24), 3) for count in (0, 1, 30)]
    [2.0, 0.06, 0.011]
    """
    stars, held = float(np.sum(reference_errors_arcsec**-2.0)), frames * PLACE_PEG_ARCSEC**-2.0
    share = held / (held + stars)
    return float(np.hypot(share * POINTING_ERROR_ARCSEC, (1.0 - share) / np.sqrt(max(stars, 1e-30))))


def _corrections(now: FrameGeometry, guess: FrameGeometry) -> Doubles:
    """Scales, rotation and distortion by which a band has been moved so far."""
    change = 0.5 * (now.matrix_arcsec - guess.matrix_arcsec)
    bend = now.distortion_arcsec - guess.distortion_arcsec
    return np.array([change[0, 0], change[1, 1], 0.5 * (change[1, 0] - change[0, 1]), bend])


def _square(normal: Doubles, right: Doubles, index: int, lack: float) -> None:
    """Tie a band's two scales to each other; `lack` is what the first lacks of the second, in half arcseconds a pixel.

    Along the scan overlaps and 6 degrees of reference stars fix the scale; across, only reference stars over 512".
    Pixels are square by lithography.
    """
    w = SQUARE_PIXELS**-2
    a, b = index, index + 1
    normal[a, a] += w
    normal[b, b] += w
    normal[a, b] -= w
    normal[b, a] -= w
    right[a] += w * lack
    right[b] -= w * lack


def _peg(
    normal: Doubles,
    right: Doubles,
    index: Integers,
    lack: Doubles,
    place_error: float,
    step_error: float | Doubles,
) -> None:
    """Tie unknowns of successive frames to `lack`, and their steps to the steps of `lack`; adds in place."""
    normal[index, index] += place_error**-2
    right[index] += lack * place_error**-2
    a, b, w = index[:-1], index[1:], step_error**-2
    normal[a, a] += w
    normal[b, b] += w
    normal[a, b] -= w
    normal[b, a] -= w
    right[b] += w * np.diff(lack)
    right[a] -= w * np.diff(lack)


@njit(**KERNEL)
def _banded(normal: Doubles, inner: int) -> Doubles:
    """Lower banded form of the first `inner` rows and columns, as wide as it must be."""
    width = 0
    for row in range(inner):
        for column in range(row - width):
            if normal[row, column] != 0.0:
                width = row - column
                break
    banded = np.zeros((width + 1, inner))
    for row in range(inner):
        for column in range(max(0, row - width), row + 1):
            banded[row - column, column] = normal[row, column]
    return banded


def solve_bordered(normal: Doubles, right: Doubles, border: int) -> Doubles:
    """Solve symmetric positive equations whose last unknowns couple to all, the others to near unknowns only.

    Frames share stars with the seven before and after them, so their part is banded: it is solved by LAPACK's banded
    Cholesky, the border by a Schur complement. The bytes are the same with any number of threads, unlike those of a
    dense solution, and the time is 3 ms instead of 20 to 400 (threads that wait for each other).

    Parameters
    ----------
    normal : float64 array (n, n)
        Symmetric, positive definite.
    right : float64 array (n,)
        Right side.
    border : int
        Number of unknowns at the end that couple to all.

    Returns
    -------
    float64 array (n,)
        The solution.

    Raises
    ------
    numpy.linalg.LinAlgError
        Raised if the matrix is not positive definite; with pegs and priors it always is.

    Examples
    --------
    >>> normal = np.array([[2.0, 1.0, 0.5], [1.0, 2.0, 0.5], [0.5, 0.5, 2.0]])
    >>> solve_bordered(normal, normal @ np.array([1.0, 2.0, 3.0]), 1).round(9).tolist()
    [1.0, 2.0, 3.0]
    """
    inner = right.size - border
    banded = _banded(normal, inner)
    coupling = normal[:inner, inner:]
    solved = linalg.solveh_banded(banded, np.column_stack([right[:inner], coupling]), lower=True)
    schur = normal[inner:, inner:] - coupling.T @ solved[:, 1:]
    outer = np.linalg.solve(schur, right[inner:] - coupling.T @ solved[:, 0])
    return np.concatenate([solved[:, 0] - solved[:, 1:] @ outer, outer])
