"""Profile fits on the stack of frames: flux and place of a star from all its looks at once (PROPHOT, survey-facts 2.9).

Data are residual frames to which a star's own model, as it was subtracted, is added back; so neighbours are gone
wherever they are. The pixels are those within 2.5 pixels (5") of the star on each look: their bound is within 0.5 % of
that of all pixels (notes/reduction.md 5). Variance: the frame's noise, the light's own, and what the point-spread
function does not know. Gauss-Newton with steps of at most 0.4 pixel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from workers.reduction.compiled import KERNEL
from workers.reduction.frames import CalibratedFrames, Doubles, Flags, Floats
from workers.reduction.stack.psf import (
    HALF,
    PADDED,
    PHASES,
    STAMP,
    FramePsf,
    blend_stamp,
    field_terms,
    phase_of,
)
from workers.reduction.stack.visits import Integers, Looks

FIT_RADIUS2 = 6.3  # 2.5 pixels
MOST_LOOKS = 32
LEAST_PIXELS = 6
STEP_PIX = 0.4
TURNS = 6
OUTLIER_SIGMA = 6.0
HALF_PHASE_PIX = 0.5 / PHASES


@dataclass
class Stars:
    """Stars of one band; each (n,), changed in place by fits.

    Attributes
    ----------
    x_arcsec, y_arcsec : float64
        U-scan place.
    flux_dn : float64
    flux_error_dn : float64
        From the curvature of chi-squared; NaN where there was no fit.
    variance : float64 (n, 3)
        Of x, of y, and their covariance, arcsec^2.
    chi2 : float64
        Reduced.
    pixels : int64
        In the fit.
    members : int64
        Stars fitted together.
    converged : bool
    """

    x_arcsec: Doubles
    y_arcsec: Doubles
    flux_dn: Doubles
    flux_error_dn: Doubles
    variance: Doubles
    chi2: Doubles
    pixels: Integers
    members: Integers
    converged: NDArray[np.bool_]

    @classmethod
    def at(cls, x_arcsec: Doubles, y_arcsec: Doubles, flux_dn: Doubles) -> Stars:
        """Stars not yet fitted."""
        n = x_arcsec.size
        nan = np.full(n, np.nan)
        return cls(
            x_arcsec.astype(np.float64),
            y_arcsec.astype(np.float64),
            flux_dn.astype(np.float64),
            nan.copy(),
            np.full((n, 3), np.nan),
            nan.copy(),
            np.zeros(n, np.int64),
            np.ones(n, np.int64),
            np.zeros(n, np.bool_),
        )

    @property
    def size(self) -> int:
        """Number of stars."""
        return int(self.x_arcsec.size)

    def taken(self, index: NDArray[np.int64] | NDArray[np.bool_]) -> Stars:
        """Return some of the stars, as copies."""
        return Stars(*(getattr(self, name)[index].copy() for name in self.__dataclass_fields__))

    def beside(self, other: Stars) -> Stars:
        """Return these stars, then the others."""
        return Stars(
            *(np.concatenate([getattr(self, n), getattr(other, n)]) for n in self.__dataclass_fields__)
        )


@njit(**KERNEL, inline="always")
def _gather(
    residual: Floats, flags: Flags, i: int, slot: int, place: Doubles, data: Floats, use: Floats
) -> int:
    """Copy the stamp of a look, whole, and its weights: 1 within the fit radius and not flagged. Pixels used.

    `place[slot]` holds the star's offset from the stamp's middle pixel, and that pixel: fx, fy, jx, jy.
    """
    _, ny, nx = residual.shape
    fx = place[slot, 0]
    fy = place[slot, 1]
    jx = int(place[slot, 2])
    jy = int(place[slot, 3])
    count = 0
    for row in range(STAMP):
        yy = jy - HALF + row
        dy2 = (row - HALF - fy) * (row - HALF - fy)
        for column in range(STAMP):
            xx = jx - HALF + column
            p = row * STAMP + column
            good = False
            if 0 <= yy < ny and 0 <= xx < nx:
                data[slot, p] = residual[i, yy, xx]
                dx = column - HALF - fx
                good = dx * dx + dy2 <= FIT_RADIUS2 and flags[i, yy, xx] == 0
            else:
                data[slot, p] = np.float32(0.0)
            use[slot, p] = np.float32(1.0) if good else np.float32(0.0)
            count += good
    return count


@njit(**KERNEL, inline="always")
def _sums(
    stamps: Floats,
    wrong: Floats,
    data: Floats,
    use: Floats,
    slot: int,
    rx: float,
    ry: float,
    flux: float,
    sky: float,
    inverse_gain: float,
    out: Doubles,
) -> None:
    """Normal equations of one look: chi-squared, then t.t, t.x, t.y, x.x, x.y, y.y, and t.r, x.r, y.r; weighted."""
    dx = np.float32(rx)
    dy = np.float32(ry)
    one = np.float32(flux)
    floor = np.float32(sky)
    ig = np.float32(inverse_gain)
    s00 = s10 = s20 = s11 = s21 = s22 = np.float32(0.0)
    q0 = q1 = q2 = c2 = np.float32(0.0)
    for p in range(PADDED):
        east = stamps[slot, 1, p]
        north = stamps[slot, 2, p]
        t = stamps[slot, 0, p] + dx * east + dy * north
        model = one * t
        ignorance = one * wrong[slot, p]
        w = use[slot, p] / (floor + max(model, np.float32(0.0)) * ig + ignorance * ignorance)
        r = data[slot, p] - model
        wr = w * r
        c2 += wr * r
        wt = w * t
        wx = w * east
        wy = w * north
        s00 += wt * t
        s10 += wt * east
        s20 += wt * north
        s11 += wx * east
        s21 += wx * north
        s22 += wy * north
        q0 += wr * t
        q1 += wr * east
        q2 += wr * north
    out[0] = c2
    out[1] = s00
    out[2] = s10
    out[3] = s20
    out[4] = s11
    out[5] = s21
    out[6] = s22
    out[7] = q0
    out[8] = q1
    out[9] = q2


@njit(**KERNEL, inline="always")
def _to_arcsec(one: Doubles, inverse: Doubles, i: int, total: Doubles) -> None:
    """Add a look's sums to those of the star, pixels turned into arcseconds: d(fx, fy) = inverse[i] d(x, y)."""
    a = inverse[i, 0, 0]
    b = inverse[i, 0, 1]
    c = inverse[i, 1, 0]
    d = inverse[i, 1, 1]
    total[0] += one[0]
    total[1] += one[1]
    total[2] += a * one[2] + c * one[3]
    total[3] += b * one[2] + d * one[3]
    total[4] += a * a * one[4] + 2.0 * a * c * one[5] + c * c * one[6]
    total[5] += a * b * one[4] + (a * d + b * c) * one[5] + c * d * one[6]
    total[6] += b * b * one[4] + 2.0 * b * d * one[5] + d * d * one[6]
    total[7] += one[7]
    total[8] += a * one[8] + c * one[9]
    total[9] += b * one[8] + d * one[9]


@njit(**KERNEL, inline="always")
def _rest(offset: float, phase: int) -> float:
    """Offset of a star from the middle of a phase (index along one axis), pixels."""
    return offset - ((phase + 0.5) / PHASES - 0.5)


@njit(**KERNEL, inline="always")
def _refresh(
    tables: Floats,
    terms: Floats,
    slot: int,
    fx: float,
    fy: float,
    phase: int,
    slack: float,
    stamps: Floats,
    wrong: Floats,
) -> int:
    """Blend the stamp of the phase nearest to an offset unless one within `slack` pixels is there; its number."""
    if phase >= 0 and max(abs(_rest(fx, phase % PHASES)), abs(_rest(fy, phase // PHASES))) < slack:
        return phase
    qx = phase_of(fx)
    qy = phase_of(fy)
    number = qy * PHASES + qx
    if number != phase:
        blend_stamp(tables, terms, slot, qx, qy, stamps)
        count = tables.shape[2] - 1
        for p in range(PADDED):
            wrong[slot, p] = tables[qy, qx, count, 0, p]
    return number


@njit(**KERNEL)
def _drop_outlier(
    stamps: Floats,
    wrong: Floats,
    data: Floats,
    use: Floats,
    slot: int,
    rx: float,
    ry: float,
    flux: float,
    sky: float,
    inverse_gain: float,
) -> int:
    """Stop using a look's pixel that is 6 sigma above the model and a third of the look's chi-squared; 1 if so."""
    worst = -1
    highest = OUTLIER_SIGMA * OUTLIER_SIGMA
    total = 0.0
    for p in range(PADDED):
        model = flux * (stamps[slot, 0, p] + rx * stamps[slot, 1, p] + ry * stamps[slot, 2, p])
        w = use[slot, p] / (sky + max(model, 0.0) * inverse_gain + (flux * wrong[slot, p]) ** 2)
        r = data[slot, p] - model
        total += w * r * r
        if r > 0.0 and w * r * r > highest:
            highest = w * r * r
            worst = p
    if worst < 0 or highest <= total / 3.0:
        return 0
    use[slot, worst] = np.float32(0.0)
    return 1


@njit(**KERNEL, inline="always")
def _add_back(data: Floats, stamps: Floats, slot: int, rx: float, ry: float, flux: float) -> None:
    """Add a star's model to the data of a look."""
    dx = np.float32(rx)
    dy = np.float32(ry)
    f = np.float32(flux)
    for p in range(PADDED):
        data[slot, p] += f * (stamps[slot, 0, p] + dx * stamps[slot, 1, p] + dy * stamps[slot, 2, p])


@njit(**KERNEL, inline="always")
def _write_back(residual: Floats, flags: Flags, i: int, slot: int, place: Doubles, data: Floats) -> None:
    """Put a stamp back into the residual frames."""
    _, ny, nx = residual.shape
    jx = int(place[slot, 2])
    jy = int(place[slot, 3])
    for row in range(max(0, HALF - jy), min(STAMP, ny + HALF - jy)):
        y = jy - HALF + row
        for column in range(max(0, HALF - jx), min(STAMP, nx + HALF - jx)):
            x = jx - HALF + column
            if flags[i, y, x] == 0:
                residual[i, y, x] = data[slot, row * STAMP + column]


@njit(**KERNEL)
def _step(total: Doubles, flux: float, move: bool, largest: float, out: Doubles) -> bool:
    """Gauss-Newton step (flux, x, y) into `out`; False where the matrix is singular."""
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
    sy = (c02 * b0 + (a10 * a20 - a00 * a21) * b1 + (a00 * a11 - a10 * a10) * b2) / det
    out[1] = min(max(sx, -largest), largest)
    out[2] = min(max(sy, -largest), largest)
    return True


@njit(**KERNEL)
def _errors(total: Doubles, flux: float, move: bool, star: int, variance: Doubles) -> float:
    """Flux error from the inverse matrix, NaN if it has none; variances of place into `variance[star]` if it moves."""
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


@njit(**KERNEL)
def fit_singles(
    residual: Floats,
    flags: Flags,
    noise: Floats,
    log_width: Floats,
    tables: Floats,
    inverse_gain: float,
    inverse: Doubles,
    start: Integers,
    frame: Integers,
    x_pix: Doubles,
    y_pix: Doubles,
    which: Integers,
    drawn_flux: Doubles,
    move: bool,
    redraw: bool,
    x: Doubles,
    y: Doubles,
    flux: Doubles,
    flux_error: Doubles,
    variance: Doubles,
    chi2: Doubles,
    pixels: Integers,
    converged: NDArray[np.bool_],
) -> None:
    """Fit stars one after the other; `drawn_flux` is what the residual frames lack of each at its present place."""
    count = tables.shape[2] - 1
    data = np.zeros((MOST_LOOKS, PADDED), np.float32)
    use = np.zeros((MOST_LOOKS, PADDED), np.float32)
    stamps = np.zeros((MOST_LOOKS, 3, PADDED), np.float32)
    wrong = np.zeros((MOST_LOOKS, PADDED), np.float32)
    terms = np.empty((MOST_LOOKS, count), np.float32)
    place = np.empty((MOST_LOOKS, 4))
    rest = np.empty((MOST_LOOKS, 2))
    phase = np.empty(MOST_LOOKS, np.int64)
    of = np.empty(MOST_LOOKS, np.int64)
    one = np.empty(10)
    total = np.empty(10)
    step = np.empty(3)
    largest = STEP_PIX / abs(inverse[0, 0, 0])
    for s in which:
        looks = 0
        n = 0
        for k in range(start[s], min(start[s + 1], start[s] + MOST_LOOKS)):
            i = frame[k]
            place[looks, 2] = math.floor(x_pix[k] + 0.5)
            place[looks, 3] = math.floor(y_pix[k] + 0.5)
            place[looks, 0] = x_pix[k] - place[looks, 2]
            place[looks, 1] = y_pix[k] - place[looks, 3]
            c = _gather(residual, flags, i, looks, place, data, use)
            if c == 0 and drawn_flux[s] == 0.0:
                continue
            field_terms(x_pix[k], y_pix[k], log_width[i], looks, terms)
            fx = place[looks, 0]
            fy = place[looks, 1]
            phase[looks] = _refresh(tables, terms, looks, fx, fy, -1, 0.0, stamps, wrong)
            if drawn_flux[s] != 0.0:
                rx = _rest(fx, phase[looks] % PHASES)
                ry = _rest(fy, phase[looks] // PHASES)
                _add_back(data, stamps, looks, rx, ry, drawn_flux[s])
            of[looks] = i
            looks += 1
            n += c
        pixels[s] = n
        converged[s] = False
        if n < LEAST_PIXELS:
            flux_error[s] = np.nan
            chi2[s] = np.nan
            continue
        flux_now = flux[s]
        dx = 0.0
        dy = 0.0
        done = False
        clipped = False
        turn = 0
        while True:
            total[:] = 0.0
            # Derivatives jump from phase to phase, which moves a star by up to 0.2 of its error: a fit near its end
            # stays with its phases, or it would go to and fro between two.
            slack = HALF_PHASE_PIX if turn < 2 else 2.5 * HALF_PHASE_PIX
            for k in range(looks):
                i = of[k]
                fx = place[k, 0] + inverse[i, 0, 0] * dx + inverse[i, 0, 1] * dy
                fy = place[k, 1] + inverse[i, 1, 0] * dx + inverse[i, 1, 1] * dy
                phase[k] = _refresh(tables, terms, k, fx, fy, phase[k], slack, stamps, wrong)
                rest[k, 0] = _rest(fx, phase[k] % PHASES)
                rest[k, 1] = _rest(fy, phase[k] // PHASES)
                sky = noise[i] * noise[i]
                _sums(stamps, wrong, data, use, k, rest[k, 0], rest[k, 1], flux_now, sky, inverse_gain, one)
                _to_arcsec(one, inverse, i, total)
            turn += 1
            if (done or turn > TURNS) and not clipped and total[0] > 3.0 * n:
                # A pixel far above the model on one look: something that only that frame saw.
                clipped = True
                dropped = 0
                for k in range(looks):
                    sky = noise[of[k]] * noise[of[k]]
                    dropped += _drop_outlier(
                        stamps, wrong, data, use, k, rest[k, 0], rest[k, 1], flux_now, sky, inverse_gain
                    )
                if dropped > 0 and n - dropped >= LEAST_PIXELS:
                    n -= dropped
                    done = False
                    turn = 0
                    continue
            if done or turn > TURNS or not _step(total, flux_now, move, largest, step):
                break
            # A step of 0.05 sigma: what is left after it is far smaller, Gauss-Newton squares the error.
            size = total[1] * step[0] ** 2
            size += flux_now**2 * (total[4] * step[1] ** 2 + total[6] * step[2] ** 2)
            flux_now += step[0]
            dx += step[1]
            dy += step[2]
            done = size < 0.0025
        if redraw:
            for k in range(looks):
                _add_back(data, stamps, k, rest[k, 0], rest[k, 1], -flux_now)
                _write_back(residual, flags, of[k], k, place, data)
            drawn_flux[s] = flux_now
        flux[s] = flux_now
        x[s] += dx
        y[s] += dy
        pixels[s] = n
        chi2[s] = total[0] / max(n - 3, 1)
        flux_error[s] = _errors(total, flux_now, move, s, variance)
        converged[s] = done and flux_error[s] > 0.0


def fit_stars(
    residual: Floats,
    frames: CalibratedFrames,
    psf: FramePsf,
    tables: Floats,
    looks: Looks,
    stars: Stars,
    which: Integers,
    drawn_flux_dn: Doubles,
    *,
    move: bool = True,
    redraw: bool = False,
) -> None:
    """Fit some stars one after the other, in place.

    With `redraw` each star's model in the residual frames is replaced as soon as it is fitted, so a sweep over all
    stars is one round of block descent on the chi-squared of all of them together (Gauss-Seidel). Fluxes and places
    pull each other along: in a pair 5" apart a sweep leaves 0.06 of the error, 4" apart a quarter, 3" apart six tenths.

    Parameters
    ----------
    residual : float32 array (n, 256, 256)
    frames : CalibratedFrames
    psf : FramePsf
    tables : float32 array
        `psf.tables()`.
    looks : Looks
        Of all stars at their present places.
    stars : Stars
    which : int64 array
        Indices of the stars to fit.
    drawn_flux_dn : float64 array (stars,)
        Flux with which each was subtracted from the residual frames at its present place; 0 for none. Changed
        with `redraw`.
    move : bool
        Whether the place is fitted too.
    redraw : bool
        Whether the residual frames are kept up to date.
    """
    fit_singles(
        residual,
        frames.flags,
        frames.noise_dn,
        psf.log_width,
        tables,
        1.0 / frames.detector.gain,
        looks.inverse,
        looks.start,
        looks.frame,
        looks.x_pix,
        looks.y_pix,
        which,
        drawn_flux_dn,
        move,
        redraw,
        stars.x_arcsec,
        stars.y_arcsec,
        stars.flux_dn,
        stars.flux_error_dn,
        stars.variance,
        stars.chi2,
        stars.pixels,
        stars.converged,
    )
