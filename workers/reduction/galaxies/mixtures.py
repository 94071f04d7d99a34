"""Galaxies as sums of Gaussians: a Sersic profile behind the Gaussians of a point-spread function, and a core."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from app.arrays import Doubles
from workers.reduction.kernels.compiled import KERNEL

POINTLIKE, MUCH_WIDER = 0.05, 6.0  # variance of a Gaussian over that of the point-spread function


class Mixture(NamedTuple):
    """Gaussians of a model; each (n,).

    Attributes
    ----------
    share, share_slope : float64
        Share of the light, and its derivative with the logarithm of the Sersic index.
    scale2 : float64
        Square of the width in half-light radii.
    added : float64
        Variance of the point-spread function, arcsec^2.
    """

    share: Doubles
    share_slope: Doubles
    scale2: Doubles
    added: Doubles


def mixture(
    shares: Doubles, slopes: Doubles, widths: Doubles, profile: tuple[Doubles, Doubles], radius: float
) -> Mixture:
    """Gaussians of a galaxy behind a point-spread function.

    Gaussians far narrower than the profile count as points, and far wider ones see its mean width alone.

    Parameters
    ----------
    shares, slopes : float64 arrays (m,)
        Of the light, and their derivatives (`sersic_shares`).
    widths : float64 array (m,)
        In half-light radii.
    profile : (shares, variances), float64 arrays (k,)
        Of the Gaussians of the point-spread function; variances in the square of the unit of `radius`.
    radius : float
        Half-light radius, for what is far.
    """
    return Mixture(*mixture_arrays(shares, slopes, widths, profile, float(radius)))


@njit(**KERNEL, inline="always")
def _behind(
    out: tuple[Doubles, Doubles, Doubles, Doubles],
    n: int,
    part: tuple[float, float, float],
    profile: tuple[Doubles, Doubles],
) -> int:
    """Put a Gaussian (share, slope, scale2) behind each of the profile's, from place n on; the next place."""
    for k in range(profile[0].size):
        out[0][n] = part[0] * profile[0][k]
        out[1][n] = part[1] * profile[0][k]
        out[2][n] = part[2]
        out[3][n] = profile[1][k]
        n += 1
    return n


@njit(**KERNEL)
def mixture_arrays(
    shares: Doubles, slopes: Doubles, widths: Doubles, profile: tuple[Doubles, Doubles], radius: float
) -> tuple[Doubles, Doubles, Doubles, Doubles]:
    """Arrays of `Mixture`, as of `mixture`: what is narrow first, then what is not, then what is wide.

    Parameters
    ----------
    shares, slopes, widths, profile, radius
        As for `mixture`.
    """
    mean = 0.0
    least = np.inf
    for k in range(profile[0].size):
        mean += profile[0][k] * profile[1][k]
        if profile[0][k] > 0.05:
            least = min(least, profile[1][k])
    light = 0.0
    slope = 0.0
    moment = 0.0
    widest = 0.0
    for m in range(widths.size):
        scale2 = widths[m] * widths[m]
        if scale2 * radius * radius < POINTLIKE * least:
            light += shares[m]
            slope += slopes[m]
            moment += shares[m] * scale2
            widest = max(widest, scale2)
    # Shares of both signs add up to next to nothing for some indices: a mean beyond all widths is no width.
    narrow = min(max(moment / light if light > 0.0 else 0.0, 0.0), widest)
    room = (1 + widths.size) * profile[0].size
    out = np.empty(room), np.empty(room), np.empty(room), np.empty(room)
    n = _behind(out, 0, (light, slope, narrow), profile)
    for m in range(widths.size):
        size2 = widths[m] * widths[m] * radius * radius
        if POINTLIKE * least <= size2 <= MUCH_WIDER * mean:
            n = _behind(out, n, (shares[m], slopes[m], widths[m] * widths[m]), profile)
    for m in range(widths.size):
        if widths[m] * widths[m] * radius * radius > MUCH_WIDER * mean:
            out[0][n] = shares[m]
            out[1][n] = slopes[m]
            out[2][n] = widths[m] * widths[m]
            out[3][n] = mean
            n += 1
    return out[0][:n], out[1][:n], out[2][:n], out[3][:n]


def with_core(
    gaussians: Mixture, profile: tuple[Doubles, Doubles], core: Doubles, variance: Doubles
) -> Mixture:
    """Gaussians of a galaxy with a core: round Gaussians behind the same point-spread function.

    Parameters
    ----------
    gaussians : Mixture
        Of the galaxy without its core.
    profile : (shares, variances), float64 arrays (k,)
        Of the Gaussians of the point-spread function.
    core : float64 array (m,)
        Shares of the whole light in the Gaussians of the core.
    variance : float64 array (m,)
        Of these Gaussians, in the unit of the profile's.
    """
    star, added = profile
    zero = np.zeros(core.size * star.size)
    return Mixture(
        np.concatenate([(1.0 - core.sum()) * gaussians.share, np.outer(core, star).ravel()]),
        np.concatenate([(1.0 - core.sum()) * gaussians.share_slope, zero]),
        np.concatenate([gaussians.scale2, zero]),
        np.concatenate([gaussians.added, np.add.outer(variance, added).ravel()]),
    )
