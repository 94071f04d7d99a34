"""Profile fits on the stack of frames: flux and place of a star from all its looks at once (background/survey 2.9).

Data are residual frames to which a star's own model, as it was subtracted, is added back; so neighbours are gone
wherever they are. The pixels are those within 2.5 pixels (5") of the star on each look: their bound is within 0.5 % of
that of all pixels (background/reduction 5). Variance: the frame's noise, the light's own, and what the point-spread
function does not know. Gauss-Newton with steps of at most 0.4 pixel.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from app.arrays import Doubles, Flags, Integers, Singles
from workers.reduction.frames.looks import Looks
from workers.reduction.frames.values import CalibratedFrames
from workers.reduction.kernels.compiled import KERNEL
from workers.reduction.photometry.fit_steps import (
    add_back,
    drop_outlier,
    gather,
    newton_step,
    refresh,
    standard_errors,
    step_gain,
    sums,
    to_arcsec,
    write_back,
)
from workers.reduction.profile.stars import Stars
from workers.reduction.profile.table import PADDED, PHASES, FramePsf, field_terms, phase_rest

MOST_LOOKS = 32
LEAST_PIXELS = 6
STEP_PIX = 0.4
TURNS = 6
SMALL_STEP2 = 0.0025  # 0.05 sigma: what is left is far smaller, Gauss-Newton squares the error
CLIPPED_CHI2 = 3.0  # a pixel: above it a pixel may be something that only one frame saw
HALF_PHASE_PIX = 0.5 / PHASES


@njit(**KERNEL)
def fit_singles(
    residual: Singles,
    flags: Flags,
    noise: Singles,
    log_width: Singles,
    tables: Singles,
    slopes: int,
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
            c = gather(residual, flags, i, looks, place, data, use)
            if c == 0 and drawn_flux[s] == 0.0:
                continue
            field_terms(x_pix[k], y_pix[k], log_width[i], looks, terms)
            fx = place[looks, 0]
            fy = place[looks, 1]
            phase[looks] = refresh(tables, terms, looks, fx, fy, -1, 0.0, slopes, stamps, wrong)
            if drawn_flux[s] != 0.0:
                rx = phase_rest(fx, phase[looks] % PHASES)
                ry = phase_rest(fy, phase[looks] // PHASES)
                add_back(data, stamps, looks, rx, ry, drawn_flux[s])
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
            # Derivatives jump from phase to phase, which moves a star by up to 0.2 of its error: a fit near its end
            # stays with its phases, or it would go to and fro between two.
            slack = HALF_PHASE_PIX if turn < 2 else 2.5 * HALF_PHASE_PIX
            total[:] = 0.0
            for k in range(looks):
                i = of[k]
                fx = place[k, 0] + inverse[i, 0, 0] * dx + inverse[i, 0, 1] * dy
                fy = place[k, 1] + inverse[i, 1, 0] * dx + inverse[i, 1, 1] * dy
                phase[k] = refresh(tables, terms, k, fx, fy, phase[k], slack, slopes, stamps, wrong)
                rest[k, 0] = phase_rest(fx, phase[k] % PHASES)
                rest[k, 1] = phase_rest(fy, phase[k] // PHASES)
                sky = noise[i] * noise[i]
                sums(stamps, wrong, data, use, k, rest[k, 0], rest[k, 1], flux_now, sky, inverse_gain, one)
                to_arcsec(one, inverse, i, total)
            turn += 1
            if (done or turn > TURNS) and not clipped and total[0] > CLIPPED_CHI2 * n:
                # A pixel far above the model on one look: something that only that frame saw.
                clipped = True
                dropped = 0
                for k in range(looks):
                    sky = noise[of[k]] * noise[of[k]]
                    dropped += drop_outlier(
                        stamps, wrong, data, use, k, rest[k, 0], rest[k, 1], flux_now, sky, inverse_gain
                    )
                if dropped > 0 and n - dropped >= LEAST_PIXELS:
                    n -= dropped
                    done = False
                    turn = 0
                    continue
            # A star without light has no place that could move.
            if (
                done
                or turn > TURNS
                or not newton_step(total, flux_now, move and flux_now != 0.0, largest, step)
            ):
                break
            if redraw:
                step[0] = max(step[0], -flux_now)
            size = total[1] * step[0] ** 2
            size += flux_now**2 * (total[4] * step[1] ** 2 + total[6] * step[2] ** 2)
            # The parabola tells what so small a step leaves: the sums would tell the same for a third of all time.
            left = total[0] - step_gain(total, flux_now, step)
            flux_now += step[0]
            dx += step[1]
            dy += step[2]
            done = size < SMALL_STEP2
            if done and (clipped or left <= CLIPPED_CHI2 * n):
                total[0] = left
                for k in range(looks):
                    i = of[k]
                    fx = place[k, 0] + inverse[i, 0, 0] * dx + inverse[i, 0, 1] * dy
                    fy = place[k, 1] + inverse[i, 1, 0] * dx + inverse[i, 1, 1] * dy
                    rest[k, 0] = phase_rest(fx, phase[k] % PHASES)
                    rest[k, 1] = phase_rest(fy, phase[k] // PHASES)
                break
        if redraw:
            for k in range(looks):
                add_back(data, stamps, k, rest[k, 0], rest[k, 1], -flux_now)
                write_back(residual, flags, of[k], k, place, data)
            drawn_flux[s] = flux_now
        flux[s] = flux_now
        x[s] += dx
        y[s] += dy
        pixels[s] = n
        chi2[s] = total[0] / max(n - 3, 1)
        flux_error[s] = standard_errors(total, flux_now, move, s, variance)
        converged[s] = done and flux_error[s] > 0.0


def fit_stars(
    residual: Singles,
    frames: CalibratedFrames,
    psf: FramePsf,
    tables: Singles,
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
    No flux falls below zero then: neighbours of opposite signs fit the same pixels however large they are, and among
    the peaks around a saturated star sweeps blew them up without end. Light that only adds up is bounded by the data.

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
    # Profiles and registration are learnt from fits to bright stars, which do not redraw: 3 mas count there.
    slopes = psf.slope_terms() if redraw else psf.nodes.shape[0]
    fit_singles(
        residual,
        frames.flags,
        frames.noise_dn,
        psf.log_width,
        tables,
        slopes,
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
