"""The Cramer-Rao bound: how well flux and place of a star can be known from its looks at all.

The Fisher matrix of flux, x and y over all good pixels of the 7 x 7 core of every look, with the learnt point-spread
function taken as true: no unbiased estimate has a smaller variance. Pixels farther out add less than 0.5 %
(background/reduction 5). Accuracy is reported as ratios to it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from app.arrays import Doubles, Singles
from workers.reduction.frames.looks import Looks
from workers.reduction.frames.values import CalibratedFrames, FrameArrays
from workers.reduction.kernels.compiled import BORROWING, KERNEL
from workers.reduction.profile.stamps import HALF, PADDED, STAMP, look_stamp
from workers.reduction.profile.table import FramePsf
from workers.reduction.profile.values import ProfileArrays


@dataclass(frozen=True)
class Bound:
    """Smallest standard errors; each (n,), NaN for stars without a good pixel.

    Attributes
    ----------
    flux_dn : float64
        Of the light, DN.
    x_arcsec, y_arcsec : float64
        Of a coordinate, the other and the flux unknown.
    """

    flux_dn: Doubles
    x_arcsec: Doubles
    y_arcsec: Doubles


@njit(**KERNEL, inline="always")
def _invert(matrix: tuple[float, float, float, float, float, float], star: int, out: Doubles) -> None:
    """Put the standard errors of flux, x and y by the lower triangle of a Fisher matrix into a row of `out`."""
    a00, a10, a20, a11, a21, a22 = matrix
    c00 = a11 * a22 - a21 * a21
    det = a00 * c00 + a10 * (a21 * a20 - a10 * a22) + a20 * (a10 * a21 - a11 * a20)
    if det > 0.0:
        out[star, 0] = math.sqrt(c00 / det)
        out[star, 1] = math.sqrt((a00 * a22 - a20 * a20) / det)
        out[star, 2] = math.sqrt((a00 * a11 - a10 * a10) / det)
    else:
        out[star] = np.nan


@njit(**BORROWING)
def _fisher(
    frames: FrameArrays,
    profile: ProfileArrays,
    looks: Looks,
    flux: Doubles,
    work: tuple[Singles, Singles],
    out: Doubles,
) -> None:
    """Fill in rows of (flux, x, y) standard errors; `work` is terms (1, terms) and a stamp (1, 3, 56)."""
    _, ny, nx = frames.pixels_dn.shape
    terms, stamps = work
    inverse = looks.inverse
    for s in range(looks.start.size - 1):
        a00 = a10 = a20 = a11 = a21 = a22 = 0.0
        f = flux[s]
        for k in range(looks.start[s], looks.start[s + 1]):
            i = looks.frame[k]
            jx = math.floor(looks.x_pix[k] + 0.5)
            jy = math.floor(looks.y_pix[k] + 0.5)
            look_stamp(profile, i, (looks.x_pix[k], looks.y_pix[k]), (ny, nx), terms, stamps)
            sky = frames.noise_dn[i] * frames.noise_dn[i]
            for row in range(max(0, HALF - jy), min(STAMP, ny + HALF - jy)):
                for column in range(max(0, HALF - jx), min(STAMP, nx + HALF - jx)):
                    if frames.flags[i, jy - HALF + row, jx - HALF + column] != 0:
                        continue
                    p = row * STAMP + column
                    t = stamps[0, 0, p]
                    dx = f * (inverse[i, 0, 0] * stamps[0, 1, p] + inverse[i, 1, 0] * stamps[0, 2, p])
                    dy = f * (inverse[i, 0, 1] * stamps[0, 1, p] + inverse[i, 1, 1] * stamps[0, 2, p])
                    w = 1.0 / (sky + max(f * t, 0.0) * frames.inverse_gain)
                    a00 += w * t * t
                    a10 += w * t * dx
                    a20 += w * t * dy
                    a11 += w * dx * dx
                    a21 += w * dx * dy
                    a22 += w * dy * dy
        _invert((a00, a10, a20, a11, a21, a22), s, out)


def cramer_rao(frames: CalibratedFrames, psf: FramePsf, looks: Looks, flux_dn: Doubles) -> Bound:
    """Bound of stars of given fluxes at given places.

    Parameters
    ----------
    frames : CalibratedFrames
        For noise, gain and flags.
    psf : FramePsf
        Taken as the truth.
    looks : Looks
        Where the stars fall; best their true places.
    flux_dn : float64 array (stars,)
        Best their true fluxes; positive.
    """
    out = np.full((flux_dn.size, 3), np.nan)
    work = np.empty((1, psf.nodes.shape[0]), np.float32), np.zeros((1, 3, PADDED), np.float32)
    _fisher(frames.arrays(), psf.arrays(all_slopes=True), looks, flux_dn, work, out)
    return Bound(out[:, 0], out[:, 1], out[:, 2])


def scan_noise_dn(bound: Bound, flux_dn: Doubles, wanted_dn: Doubles) -> Doubles:
    """Error that a star of some flux has in this scan, alone on its median sky: running median of the bound.

    Parameters
    ----------
    bound : Bound
        Of n stars.
    flux_dn : float64 array (n,)
        Fluxes of those stars.
    wanted_dn : float64 array (m,)
        Fluxes to answer for.

    Returns
    -------
    float64 array (m,)
        NaN where no bound is known at all.

    Examples
    --------
    The variance is that of the sky, 100, and a fifth of the flux: an error of 14.1 for 500 DN.

    >>> flux = np.geomspace(50.0, 5000.0, 200)
    >>> error = np.sqrt(100.0 + 0.2 * flux)
    >>> scan_noise_dn(Bound(error, error, error), flux, np.array([500.0])).round(1).tolist()
    [14.1]
    """
    good = np.isfinite(bound.flux_dn) & (flux_dn > 0.0)
    if not good.any():
        return np.full(wanted_dn.size, np.nan)
    logs = np.log(flux_dn[good])
    order = np.argsort(logs, kind="stable")
    # Some forty bins of equal numbers: medians of neighbours in flux.
    parts = [part for part in np.array_split(order, 40) if part.size]
    place = np.array([np.median(logs[part]) for part in parts])
    value = np.array([np.median(bound.flux_dn[good][part]) for part in parts])
    # The variance is linear in flux: between bins, and beyond the last ones, it is interpolated as such.
    slope, sky = (
        np.polyfit(np.exp(place), value**2, 1, w=1.0 / value**2) if place.size > 2 else (0.0, value[0] ** 2)
    )
    wanted = np.log(np.maximum(wanted_dn, 1e-6))
    inside = (wanted >= place[0]) & (wanted <= place[-1])
    line = np.sqrt(np.maximum(sky + slope * np.maximum(wanted_dn, 0.0), 0.25 * value[0] ** 2))
    return np.asarray(np.where(inside, np.interp(wanted, place, value), line), np.float64)
