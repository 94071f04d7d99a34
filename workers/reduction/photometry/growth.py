"""The curve of growth: what the standard aperture lacks of all light, as a function of seeing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from app.arrays import Doubles, Integers, Singles
from workers.reduction.frames.looks import Looks
from workers.reduction.frames.values import FrameArrays
from workers.reduction.kernels.compiled import BORROWING, KERNEL
from workers.reduction.photometry.apertures import RADIUS_PIX
from workers.reduction.profile.drawing import last_wing_bin
from workers.reduction.profile.stamps import HALF, PADDED, STAMP, look_stamp
from workers.reduction.profile.table import WING_POWER, WING_STEP_PIX, FramePsf, wing_beyond
from workers.reduction.profile.values import ProfileArrays

RATIO_ERROR = 0.01  # of a look's curve of growth besides noise: pixel phase, width of the frame
ANCHOR_PIX = 3.5  # 7": light within it is measured, light beyond it is the wing's
GROWTH_RADII_PIX = np.arange(1.5, 7.01, 0.5)  # 3" to 14"


@njit(**KERNEL, inline="always")
def _wing_share(wing: Singles, r: float, last: int) -> float:
    """Share of a star's drawn light in a pixel of the wing, at a distance r; none beyond the last drawn bin."""
    j = int(r / WING_STEP_PIX)
    share = 0.0
    if j <= last:
        share = wing[j] + (r / WING_STEP_PIX - j) * (wing[j + 1] - wing[j])
    return share


@njit(**BORROWING)
def _curves(
    frames: FrameArrays,
    profile: ProfileArrays,
    looks: Looks,
    drawn: Doubles,
    radii: Doubles,
    work: tuple[Singles, Singles],
    out: Doubles,
) -> None:
    """Light of one look a row within each radius, the star's drawn model added back; NaN where a pixel is flagged.

    `looks` are rows without stars; `work` is terms (1, terms) and a stamp (1, 3, 56).
    """
    _, ny, nx = frames.pixels_dn.shape
    terms, stamps = work
    reach = math.ceil(radii[-1] + 1.0)
    for k in range(looks.frame.size):
        i = looks.frame[k]
        jx = math.floor(looks.x_pix[k] + 0.5)
        jy = math.floor(looks.y_pix[k] + 0.5)
        out[k] = 0.0
        if jx < reach or jy < reach or jx >= nx - reach or jy >= ny - reach:
            out[k] = np.nan
            continue
        rest = look_stamp(profile, i, (looks.x_pix[k], looks.y_pix[k]), (ny, nx), terms, stamps)
        rx = np.float32(rest[0])
        ry = np.float32(rest[1])
        gain = 1.0 + WING_POWER * profile.log_width[i]
        last = last_wing_bin(profile.wing, drawn[k] * gain, frames.noise_dn[i])
        for y in range(jy - reach, jy + reach + 1):
            for x in range(jx - reach, jx + reach + 1):
                dx = x - looks.x_pix[k]
                dy = y - looks.y_pix[k]
                r = math.sqrt(dx * dx + dy * dy)
                if abs(x - jx) <= HALF and abs(y - jy) <= HALF:
                    p = (y - jy + HALF) * STAMP + x - jx + HALF
                    own = stamps[0, 0, p] + rx * stamps[0, 1, p] + ry * stamps[0, 2, p]
                else:
                    own = gain * _wing_share(profile.wing, r, last)
                value = frames.pixels_dn[i, y, x] + drawn[k] * own
                for q in range(radii.size):
                    w = min(max(radii[q] + 0.5 - r, 0.0), 1.0)
                    if w > 0.0:
                        out[k, q] += w * value if frames.flags[i, y, x] == 0 else np.nan


@dataclass(frozen=True)
class Growth:
    """Curve of growth: what brings the 4" aperture to all light.

    Attributes
    ----------
    correction_mag, slope_mag : float
        To be added to a 4" aperture magnitude: correction + slope x s, s the logarithm of the frames' width.
    radii_arcsec, curve_mag : float64 arrays (12,)
        3" to 14", relative to 4".
    stars : int
        Looks that went in.
    """

    correction_mag: float
    slope_mag: float
    radii_arcsec: Doubles
    curve_mag: Doubles
    stars: int

    def at(self, log_width: Doubles) -> Doubles:
        """Correction for mean widths."""
        return self.correction_mag + self.slope_mag * log_width


def curve_of_growth(
    residual: FrameArrays, psf: FramePsf, looks: Looks, chosen: Integers, drawn_flux_dn: Doubles
) -> Growth:
    """Curve of growth of bright isolated stars as a function of seeing.

    Light beyond 7" is the learnt wing's, 0.3 to 0.5 %: out to 14" a background wrong by 0.02 of a pixel's noise makes a
    star of SNR 100 wrong by 0.01 mag. With fewer than ten looks the point-spread function itself gives the curve.

    Parameters
    ----------
    residual : FrameArrays
        Residual frames of the band.
    psf : FramePsf
        The band's point-spread function, with which stars were drawn.
    looks : Looks
        At all stars, at least 2 pixels (4") inside of the array.
    chosen : int64 array
        Indices of the stars to use.
    drawn_flux_dn : float64 array (stars,)
        What the residual frames lack of each star, DN.
    """
    rows = (
        np.concatenate([np.arange(looks.start[s], looks.start[s + 1]) for s in chosen])
        if chosen.size
        else chosen
    )
    star = np.repeat(chosen, np.diff(looks.start)[chosen]) if chosen.size else chosen
    out = np.empty((rows.size, GROWTH_RADII_PIX.size))
    single = Looks(rows, looks.frame[rows], looks.x_pix[rows], looks.y_pix[rows], looks.inverse)
    work = np.empty((1, psf.nodes.shape[0]), np.float32), np.zeros((1, 3, PADDED), np.float32)
    profile = psf.arrays(all_slopes=True)
    _curves(residual, profile, single, drawn_flux_dn[star], GROWTH_RADII_PIX, work, out)
    good = np.isfinite(out).all(axis=1) & (out > 0.0).all(axis=1) if rows.size else np.zeros(0, np.bool_)
    tail = -2.5 * math.log10(1.0 - wing_beyond(psf.wing, ANCHOR_PIX))
    radii = 2.0 * GROWTH_RADII_PIX
    if np.count_nonzero(good) < 10:
        share = psf.aperture_share(RADIUS_PIX)
        return Growth(2.5 * math.log10(share), 0.0, radii, np.full(radii.size, np.nan), 0)
    standard, anchor = (int(np.flatnonzero(r == GROWTH_RADII_PIX)[0]) for r in (RADIUS_PIX, ANCHOR_PIX))
    curve = -2.5 * np.log10(out[good] / out[good, standard][:, None])
    seen = single.frame[good]
    ratio, slope, used = _mean_ratio(
        out[good, anchor],
        out[good, standard],
        residual.noise_dn[seen].astype(np.float64),
        psf.log_width[seen],
    )
    correction = -2.5 * math.log10(ratio) - tail
    return Growth(correction, -1.0857 * slope / ratio, radii, np.median(curve, axis=0), used)


def _mean_ratio(
    whole: Doubles, standard: Doubles, noise: Doubles, log_width: Singles
) -> tuple[float, float, int]:
    """Light of the large aperture over that of the standard one: at s = 0, its change with s, and the looks used.

    Weighted, and of light, not of magnitudes: looks of a faint star have 0.1 mag of noise between both apertures, and
    the mean logarithm of such ratios made Ks at latitude 60 fainter by 6 mmag.
    """
    ring = math.pi * (ANCHOR_PIX**2 - RADIUS_PIX**2)
    error = np.hypot(noise * math.sqrt(ring) / standard, RATIO_ERROR)
    ratio, s = whole / standard, log_width.astype(np.float64)
    middle = float(np.median(ratio[error <= np.median(error)]))
    near = np.abs(ratio - middle) < 4.0 * error
    if np.count_nonzero(near) < 10:
        return middle, 0.0, int(np.count_nonzero(near))
    ratio, s, weight = ratio[near], s[near], error[near] ** -2
    if ratio.size > 60 and float(np.std(s)) > 0.005:
        slope, level = np.polyfit(s, ratio, 1, w=np.sqrt(weight))
        # Faint looks far from s = 0 may lead to no light there, of which there is no magnitude.
        if level > 0.0:
            return float(level), float(slope), ratio.size
    return float(np.average(ratio, weights=weight)), 0.0, ratio.size
