"""The curve of growth: what the standard aperture lacks of all light, as a function of seeing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit

from app.arrays import Doubles, Integers, Singles
from workers.reduction.frames.looks import Looks
from workers.reduction.frames.values import FrameArrays
from workers.reduction.kernels.compiled import BORROWING, KERNEL
from workers.reduction.photometry.apertures import RADIUS_PIX
from workers.reduction.photometry.turbulent_growth import most_probable_share
from workers.reduction.profile.drawing import last_wing_bin
from workers.reduction.profile.stamps import HALF, PADDED, STAMP, look_stamp
from workers.reduction.profile.table import WING_POWER, WING_STEP_PIX, FramePsf
from workers.reduction.profile.values import ProfileArrays

RATIO_ERROR = 0.01  # of a look's curve of growth besides noise: pixel phase, width of the frame
MEASURED_PIX = (1.5, 2.5, 3.5)  # 3", 5", 7": light beyond 7" follows from what lies between these
LEAST_RATIO_ERROR = 0.001  # of a mean ratio: the family of images is not the truth
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

    Light between 3" and 7" is measured; what lies beyond follows from a family of images that a turbulent atmosphere
    and an optical blur make. Out to 14" a background wrong by 0.02 of a pixel's noise makes a star of SNR 100 wrong by
    0.01 mag, and the learnt wing of a scan of 20 to 30 frames holds 0 to 1.5 % of the light where 0.6 % are true
    (decision 0016). With fewer than ten looks the point-spread function itself gives the curve.

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
    radii = 2.0 * GROWTH_RADII_PIX
    if np.count_nonzero(good) < 10:
        share = psf.aperture_share(RADIUS_PIX)
        return Growth(2.5 * math.log10(share), 0.0, radii, np.full(radii.size, np.nan), 0)
    standard = out[good, _column(RADIUS_PIX)]
    curve = -2.5 * np.log10(out[good] / standard[:, None])
    seen = single.frame[good]
    noise, s = residual.noise_dn[seen].astype(np.float64), psf.log_width[seen].astype(np.float64)
    ratios = [
        _mean_ratio(out[good, _column(radius)], standard, (radius, noise, s)) for radius in MEASURED_PIX
    ]
    share = most_probable_share(
        MEASURED_PIX,
        RADIUS_PIX,
        np.array([ratio.level for ratio in ratios]),
        np.array([math.hypot(ratio.error, LEAST_RATIO_ERROR) for ratio in ratios]),
    )
    widest = ratios[-1]
    slope = -1.0857 * widest.slope / widest.level
    return Growth(2.5 * math.log10(share), slope, radii, np.median(curve, axis=0), widest.looks)


def _column(radius_pix: float) -> int:
    return int(np.flatnonzero(radius_pix == GROWTH_RADII_PIX)[0])


class _Ratio(NamedTuple):
    """Light of a circle over that of the standard one: at s = 0, its change with s, its error, and the looks used."""

    level: float
    slope: float
    error: float
    looks: int


def _mean_ratio(circle: Doubles, standard: Doubles, look: tuple[float, Doubles, Doubles]) -> _Ratio:
    """Mean ratio of light; `look` is the circle's radius, and noise of a pixel and s of each look.

    Weighted, and of light, not of magnitudes: looks of a faint star have 0.1 mag of noise between both apertures, and
    the mean logarithm of such ratios made Ks at latitude 60 fainter by 6 mmag.
    """
    radius, noise, s = look
    ring = math.pi * abs(radius**2 - RADIUS_PIX**2)
    error = np.hypot(noise * math.sqrt(ring) / standard, RATIO_ERROR)
    ratio = circle / standard
    middle = float(np.median(ratio[error <= np.median(error)]))
    near = np.abs(ratio - middle) < 4.0 * error
    looks = int(np.count_nonzero(near))
    if looks < 10:
        return _Ratio(middle, 0.0, float(np.median(error)) / math.sqrt(max(looks, 1)), looks)
    ratio, s, weight = ratio[near], s[near], error[near] ** -2
    of_mean = float(weight.sum()) ** -0.5
    if looks > 60 and float(np.std(s)) > 0.005:
        slope, level = np.polyfit(s, ratio, 1, w=np.sqrt(weight))
        # Faint looks far from s = 0 may lead to no light there, of which there is no magnitude.
        if level > 0.0:
            return _Ratio(float(level), float(slope), of_mean, looks)
    return _Ratio(float(np.average(ratio, weights=weight)), 0.0, of_mean, looks)
