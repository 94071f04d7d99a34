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

from app.arrays import Doubles, Flags, Integers, Singles
from workers.reduction.frames.looks import Looks
from workers.reduction.frames.values import CalibratedFrames
from workers.reduction.kernels.compiled import KERNEL
from workers.reduction.profile.table import HALF, PADDED, STAMP, FramePsf, blend_stamp, field_terms, phase_of


@dataclass(frozen=True)
class Bound:
    """Smallest standard errors; each (n,), NaN for stars without a good pixel.

    Attributes
    ----------
    flux_dn : float64
    x_arcsec, y_arcsec : float64
        Of a coordinate, the other and the flux unknown.
    """

    flux_dn: Doubles
    x_arcsec: Doubles
    y_arcsec: Doubles


@njit(**KERNEL)
def _fisher(
    flags: Flags,
    noise: Singles,
    log_width: Singles,
    tables: Singles,
    inverse_gain: float,
    inverse: Doubles,
    start: Integers,
    frame: Integers,
    x_pix: Doubles,
    y_pix: Doubles,
    flux: Doubles,
    out: Doubles,
) -> None:
    """Inverse of every star's Fisher matrix: rows of (flux, x, y) standard errors."""
    _, ny, nx = flags.shape
    terms = np.empty((1, tables.shape[2] - 1), np.float32)
    stamp = np.zeros((1, 3, PADDED), np.float32)
    for s in range(start.size - 1):
        a00 = a10 = a20 = a11 = a21 = a22 = 0.0
        f = flux[s]
        for k in range(start[s], start[s + 1]):
            i = frame[k]
            jx = math.floor(x_pix[k] + 0.5)
            jy = math.floor(y_pix[k] + 0.5)
            qx = phase_of(x_pix[k] - jx)
            qy = phase_of(y_pix[k] - jy)
            field_terms(x_pix[k], y_pix[k], log_width[i], 0, terms)
            blend_stamp(tables, terms, 0, qx, qy, stamp)
            m = inverse[i]
            sky = noise[i] * noise[i]
            for row in range(max(0, HALF - jy), min(STAMP, ny + HALF - jy)):
                for column in range(max(0, HALF - jx), min(STAMP, nx + HALF - jx)):
                    if flags[i, jy - HALF + row, jx - HALF + column] != 0:
                        continue
                    p = row * STAMP + column
                    t = stamp[0, 0, p]
                    dx = f * (m[0, 0] * stamp[0, 1, p] + m[1, 0] * stamp[0, 2, p])
                    dy = f * (m[0, 1] * stamp[0, 1, p] + m[1, 1] * stamp[0, 2, p])
                    w = 1.0 / (sky + max(f * t, 0.0) * inverse_gain)
                    a00 += w * t * t
                    a10 += w * t * dx
                    a20 += w * t * dy
                    a11 += w * dx * dx
                    a21 += w * dx * dy
                    a22 += w * dy * dy
        c00 = a11 * a22 - a21 * a21
        det = a00 * c00 + a10 * (a21 * a20 - a10 * a22) + a20 * (a10 * a21 - a11 * a20)
        if det > 0.0:
            out[s, 0] = math.sqrt(c00 / det)
            out[s, 1] = math.sqrt((a00 * a22 - a20 * a20) / det)
            out[s, 2] = math.sqrt((a00 * a11 - a10 * a10) / det)
        else:
            out[s] = np.nan


def cramer_rao(
    frames: CalibratedFrames, psf: FramePsf, tables: Singles, looks: Looks, flux_dn: Doubles
) -> Bound:
    """Bound of stars of given fluxes at given places.

    Parameters
    ----------
    frames : CalibratedFrames
        For noise, gain and flags.
    psf : FramePsf
    tables : float32 array
        `psf.tables()`.
    looks : Looks
        Where the stars fall; best their true places.
    flux_dn : float64 array (stars,)
        Best their true fluxes; positive.
    """
    out = np.full((flux_dn.size, 3), np.nan)
    _fisher(
        frames.flags, frames.noise_dn, psf.log_width, tables, 1.0 / frames.detector.gain, looks.inverse,
        looks.start, looks.frame, looks.x_pix, looks.y_pix, flux_dn, out,
    )  # fmt: skip
    return Bound(out[:, 0], out[:, 1], out[:, 2])


def scan_noise_dn(bound: Bound, flux_dn: Doubles, wanted_dn: Doubles) -> Doubles:
    """Error that a star of some flux has in this scan, alone on its median sky: running median of the bound.

    Parameters
    ----------
    bound : Bound
    flux_dn : float64 array (n,)
        Fluxes of the stars it was computed for.
    wanted_dn : float64 array (m,)
        Fluxes to answer for.

    Returns
    -------
    float64 array (m,)
        NaN where no bound is known at all.
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
