"""First widths of the frames of a band, from second moments of their stars; learning refines them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numba import njit

from app.arrays import Doubles, Integers, Singles, Table
from workers.reduction.frames.mesh import background_row
from workers.reduction.frames.values import CalibratedFrames, FrameArrays
from workers.reduction.kernels.compiled import KERNEL
from workers.reduction.profile.table import FramePsf, turbulent_guess

WINDOW_PIX = 1.2  # sigma of the Gaussian window: twice a star's own, so neighbours hardly enter
FWHM_PER_SIGMA = 2.3548
LEAST_SNR = 25.0
FEWEST_STARS = 5
DEFAULT_SIGMA_PIX = 0.62  # a full width of 1.45 pixels, 2.9"
STIFFNESS = 20.0  # stars whose width weighs as much as the tie to the next frame: seeing walks by 1 % a frame


@njit(**KERNEL)
def _moments(
    frames: FrameArrays, mesh: Singles, frame: Integers, x: Doubles, y: Doubles, out: Doubles
) -> None:
    """Mean of x and y second moments within a Gaussian window, pixel^2; NaN where a pixel is flagged or off."""
    pixels, flags, _, _ = frames
    _, ny, nx = pixels.shape
    level = np.empty(nx, np.float32)
    for k in range(frame.size):
        i = frame[k]
        jx = math.floor(x[k] + 0.5)
        jy = math.floor(y[k] + 0.5)
        out[k] = np.nan
        if jx < 3 or jy < 3 or jx >= nx - 3 or jy >= ny - 3:
            continue
        total = 0.0
        square = 0.0
        flagged = False
        for row in range(jy - 3, jy + 4):
            background_row(mesh[i], row, ny, level)
            for column in range(jx - 3, jx + 4):
                r2 = (column - x[k]) * (column - x[k]) + (row - y[k]) * (row - y[k])
                light = pixels[i, row, column] - level[column]
                w = math.exp(-0.5 * r2 / (WINDOW_PIX * WINDOW_PIX)) * light
                flagged = flagged or flags[i, row, column] != 0
                total += w
                square += w * r2
        if not flagged and total > 0.0:
            out[k] = 0.5 * square / total


def guessed_psf(frames: CalibratedFrames, table: Table, field_order: int) -> FramePsf:
    """Return a turbulent atmosphere's point-spread function with the widths of the frames: what learning starts from.

    Parameters
    ----------
    frames : CalibratedFrames
        Of one band.
    table : structured array of FRAME_SOURCE_DTYPE
        Sources of single frames, for the widths.
    field_order : int
        Order of the polynomial in the focal plane that will be learnt.
    """
    log_width, sigma_pix = frame_widths(frames, table)
    guess = turbulent_guess(FWHM_PER_SIGMA * sigma_pix, log_width.size, field_order)
    return replace(guess, log_width=log_width)


def frame_widths(frames: CalibratedFrames, table: Table) -> tuple[Singles, float]:
    """Logarithms of the frames' widths over their median, and that median (Gaussian sigma, pixels).

    Parameters
    ----------
    frames : CalibratedFrames
        Of one band, with their background.
    table : structured array of FRAME_SOURCE_DTYPE
        Sources of single frames: frame, place, SNR.

    Returns
    -------
    log_width : float32 array (n,)
        Smoothed along the scan; all 0 where there are too few stars.
    sigma_pix : float
        Median width of the frames, sigma of a Gaussian.
    """
    count = frames.noise_dn.size
    chosen = table[(table["snr"] > LEAST_SNR) & ~table["saturated"]]
    moment = np.empty(chosen.size)
    frame = chosen["frame"].astype(np.int64)
    _moments(frames.arrays(), frames.mesh_dn, frame, chosen["x"], chosen["y"], moment)
    good = np.isfinite(moment) & (moment > 0.05) & (moment < 0.98 * WINDOW_PIX**2)
    if np.count_nonzero(good) < FEWEST_STARS:
        return np.zeros(count, np.float32), DEFAULT_SIGMA_PIX
    # The window narrows a Gaussian: 1 / measured = 1 / true + 1 / window.
    logs = -0.5 * np.log(1.0 / moment[good] - 1.0 / WINDOW_PIX**2)
    frame = chosen["frame"][good]
    middle = float(np.median(logs))
    number = np.bincount(frame, minlength=count)
    order = np.lexsort((logs, frame))
    edges = np.concatenate([[0], np.cumsum(number)])
    value = np.zeros(count)
    for i in np.flatnonzero(number):
        value[i] = np.median(logs[order[edges[i] : edges[i + 1]]]) - middle
    return smooth_along(value, number.astype(np.float64), STIFFNESS).astype(np.float32), float(np.exp(middle))


def smooth_along(value: Doubles, weight: Doubles, stiffness: float) -> Doubles:
    """Values along the scan that follow the weighted data and change little from frame to frame.

    Minimises sum w (v - value)^2 + stiffness sum (v_i+1 - v_i)^2: frames without stars take their neighbours' value.

    Parameters
    ----------
    value, weight : float64 arrays (n,)
        Data of the frames and their weights, 0 where there is no datum.
    stiffness : float
        Weight of a step from frame to frame, in units of `weight`.

    Examples
    --------
    >>> smooth_along(np.array([1.0, 0.0, 3.0]), np.array([1.0, 0.0, 1.0]), 1e-6).round(2).tolist()
    [1.0, 2.0, 3.0]
    """
    if value.size == 0 or not weight.any():
        return np.zeros(value.size)
    return most_probable_walk(value, weight[None, :], np.zeros(value.size), stiffness)


def most_probable_walk(value: Doubles, normal: Doubles, right: Doubles, stiffness: float) -> Doubles:
    """Most probable values of a walk along the scan, given the normal equations of corrections to present ones.

    Minimises d.N.d - 2 d.right + stiffness sum (v_i+1 - v_i)^2 with v = value + d: the values change little from frame
    to frame, not their corrections.

    Parameters
    ----------
    value : float64 array (n,)
        Present values.
    normal : float64 array (band, n)
        N, symmetric: normal[k, i] is its element (i + k, i).
    right : float64 array (n,)
        Right side of the normal equations.
    stiffness : float
        1 / variance of a step of the walk.
    """
    from scipy.linalg import solveh_banded

    n = value.size
    if n < 2:  # solveh_banded refuses a band without room
        return np.asarray(value + right / np.maximum(normal[0], 1e-30), np.float64)
    banded = np.zeros((max(normal.shape[0], 2), n))
    banded[: normal.shape[0]] = normal
    banded[0] += 1e-9
    banded[0, :-1] += stiffness
    banded[0, 1:] += stiffness
    banded[1, :-1] -= stiffness
    pull = np.zeros(n)
    pull[:-1] += stiffness * np.diff(value)
    pull[1:] -= stiffness * np.diff(value)
    return np.asarray(value + solveh_banded(banded, right + pull, lower=True), np.float64)
