"""Normal equations of flux and place of one star: their step, what the step gains, and the errors."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from app.arrays import Doubles
from workers.reduction.kernels.compiled import KERNEL


@njit(**KERNEL)
def newton_step(total: Doubles, flux: float, move: bool, largest: float, out: Doubles) -> bool:
    """Gauss-Newton step (flux, x, y) into `out`; False where the matrix is singular.

    Parameters
    ----------
    total : float64 array (10,)
        `FitWork.star`.
    flux : float
        Present light of the star, DN.
    move : bool
        Whether the place is fitted too.
    largest : float
        Step of a coordinate that is taken at most, arcsec.
    out : float64 array (3,)
        Becomes the step: DN, arcsec, arcsec.
    """
    out[1] = 0.0
    out[2] = 0.0
    if not move:
        if not total[1] > 0.0:
            return False
        out[0] = total[7] / total[1]
        return True
    # Derivatives with place carry the flux.
    a00, a10, a20 = total[1], total[2] * flux, total[3] * flux
    a11, a21, a22 = total[4] * flux * flux, total[5] * flux * flux, total[6] * flux * flux
    b0, b1, b2 = total[7], total[8] * flux, total[9] * flux
    c00 = a11 * a22 - a21 * a21
    c01 = a21 * a20 - a10 * a22
    c02 = a10 * a21 - a11 * a20
    det = a00 * c00 + a10 * c01 + a20 * c02
    if not det > 0.0:
        return False
    out[0] = (c00 * b0 + c01 * b1 + c02 * b2) / det
    sx = (c01 * b0 + (a00 * a22 - a20 * a20) * b1 + (a10 * a20 - a00 * a21) * b2) / det
    sy = ((a00 * a11 - a10 * a10) * b2 + c02 * b0 + (a10 * a20 - a00 * a21) * b1) / det
    out[1] = min(max(sx, -largest), largest)
    out[2] = min(max(sy, -largest), largest)
    return True


@njit(**KERNEL)
def step_gain(total: Doubles, flux: float, step: Doubles) -> float:
    """Chi-squared that a step of newton_step gained by the quadratic form of its normal equations.

    Parameters
    ----------
    total : float64 array (10,)
        `FitWork.star`.
    flux : float
        Light of the star before the step, DN.
    step : float64 array (3,)
        The step: DN, arcsec, arcsec.
    """
    f = step[0]
    x = flux * step[1]
    y = flux * step[2]
    curved = f * (total[1] * f + 2.0 * (total[2] * x + total[3] * y))
    curved += x * (total[4] * x + 2.0 * total[5] * y) + total[6] * y * y
    return float(2.0 * (f * total[7] + x * total[8] + y * total[9]) - curved)


@njit(**KERNEL)
def standard_errors(total: Doubles, flux: float, move: bool, star: int, variance: Doubles) -> float:
    """Flux error from the inverse matrix, NaN if it has none; variances of place into `variance[star]` if it moves.

    Parameters
    ----------
    total : float64 array (10,)
        `FitWork.star`.
    flux : float
        Light of the star, DN.
    move : bool
        Whether the place was fitted too.
    star : int
        Row of `variance`.
    variance : float64 array (stars, 3)
        Variances of x and y and their covariance, arcsec^2.
    """
    if not move:
        return math.sqrt(1.0 / total[1]) if total[1] > 0.0 else np.nan
    a00, a10, a20 = total[1], total[2] * flux, total[3] * flux
    a11, a21, a22 = total[4] * flux * flux, total[5] * flux * flux, total[6] * flux * flux
    c00 = a11 * a22 - a21 * a21
    det = a00 * c00 + a10 * (a21 * a20 - a10 * a22) + a20 * (a10 * a21 - a11 * a20)
    if not det > 0.0:
        return np.nan
    variance[star, 0] = (a00 * a22 - a20 * a20) / det
    variance[star, 1] = (a00 * a11 - a10 * a10) / det
    variance[star, 2] = (a10 * a20 - a00 * a21) / det
    return math.sqrt(max(c00 / det, 0.0))
