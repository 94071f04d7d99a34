"""Profile fits on the stack of frames: flux and place of a star from all its looks at once (background/survey 2.9).

Data are residual frames to which a star's own model, as it was subtracted, is added back; so neighbours are gone
wherever they are. The pixels are those within 2.5 pixels (5") of the star on each look: their bound is within 0.5 % of
that of all pixels (background/reduction 5). Variance: the frame's noise, the light's own, and the error of the
point-spread function. Gauss-Newton with steps of at most 0.4 pixel.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from app.arrays import Doubles, Integers
from workers.reduction.frames.looks import Looks
from workers.reduction.frames.prefetch import ask_for_star
from workers.reduction.frames.values import FrameArrays
from workers.reduction.kernels.compiled import BORROWING, KERNEL
from workers.reduction.photometry.fit_steps import (
    add_back,
    add_to_star,
    drop_outlier,
    gather,
    refresh,
    set_rest,
    sum_look,
    write_back,
)
from workers.reduction.photometry.joint_pixels import HELD_SIGMA, MOST_HELD
from workers.reduction.photometry.normal_equations import newton_step, standard_errors, step_gain
from workers.reduction.photometry.values import FitRules, FitWork
from workers.reduction.profile.stamps import HALF, PHASES, field_place, field_terms
from workers.reduction.profile.stars import Stars
from workers.reduction.profile.table import FramePsf
from workers.reduction.profile.values import ProfileArrays, StarArrays

MOST_LOOKS = 32
LEAST_PIXELS = 6
STEP_PIX = 0.4
TURNS = 6
SMALL_STEP2 = 0.0025  # 0.05 sigma: the rest is far smaller, Gauss-Newton squares the error
CLIPPED_CHI2 = 3.0  # a pixel: above it a pixel may be something that only one frame saw
HALF_PHASE_PIX = 0.5 / PHASES


@njit(**KERNEL, inline="always")
def _gather_star(
    frames: FrameArrays, profile: ProfileArrays, looks: Looks, star: int, drawn: float, work: FitWork
) -> tuple[int, int]:
    """Gather the looks at a star, its drawn light added back; their number, and that of their pixels."""
    _, ny, nx = frames.pixels_dn.shape
    count = 0
    pixels = 0
    for k in range(looks.start[star], min(looks.start[star + 1], looks.start[star] + work.frame.size)):
        i = looks.frame[k]
        x_pix = looks.x_pix[k]
        y_pix = looks.y_pix[k]
        work.place[count, 2] = math.floor(x_pix + 0.5)
        work.place[count, 3] = math.floor(y_pix + 0.5)
        work.place[count, 0] = x_pix - work.place[count, 2]
        work.place[count, 1] = y_pix - work.place[count, 3]
        used = gather(frames, i, count, work)
        if used == 0 and drawn == 0.0:
            continue
        field_terms(field_place(x_pix, nx), field_place(y_pix, ny), profile.log_width[i], count, work.terms)
        work.phase[count] = -1
        refresh(profile, work, count, work.place[count, 0], work.place[count, 1], 0.0)
        if drawn != 0.0:
            add_back(work, count, drawn)
        work.frame[count] = i
        count += 1
        pixels += used
    return count, pixels


@njit(**KERNEL, inline="always")
def _sum_looks(
    frames: FrameArrays,
    profile: ProfileArrays,
    inverse: Doubles,
    work: FitWork,
    count: int,
    star: tuple[float, float, float],
    slack: float,
) -> None:
    """Sum up the normal equations of a star of (light, x, y) over its looks; x, y are arcsec from its first place."""
    work.star[:] = 0.0
    for k in range(count):
        i = work.frame[k]
        fx = work.place[k, 0] + inverse[i, 0, 0] * star[1] + inverse[i, 0, 1] * star[2]
        fy = work.place[k, 1] + inverse[i, 1, 0] * star[1] + inverse[i, 1, 1] * star[2]
        refresh(profile, work, k, fx, fy, slack)
        sum_look(work, k, star[0], frames.noise_dn[i] * frames.noise_dn[i], frames.inverse_gain)
        add_to_star(work, inverse, i)


@njit(**KERNEL, inline="always")
def _move_looks(inverse: Doubles, work: FitWork, count: int, dx: float, dy: float) -> None:
    """Note where a star that moved by (dx, dy) arcsec lies on its looks; their stamps stay."""
    for k in range(count):
        i = work.frame[k]
        fx = work.place[k, 0] + inverse[i, 0, 0] * dx + inverse[i, 0, 1] * dy
        fy = work.place[k, 1] + inverse[i, 1, 0] * dx + inverse[i, 1, 1] * dy
        set_rest(work, k, fx, fy)


@njit(**KERNEL, inline="always")
def _drop_outliers(frames: FrameArrays, work: FitWork, count: int, flux: float) -> int:
    """Stop using pixels far above the model on one look, which only that frame saw; their number."""
    dropped = 0
    for k in range(count):
        sky = frames.noise_dn[work.frame[k]] * frames.noise_dn[work.frame[k]]
        dropped += drop_outlier(work, k, flux, sky, frames.inverse_gain)
    return dropped


@njit(**KERNEL)
def _held_light(frames: FrameArrays, work: FitWork, count: int, flux: float) -> float:
    """Light of a star no larger than its pixels hold (`joint_pixels.held_by_pixels` says why a fit may end beyond)."""
    own = 0.0
    held = 0.0
    noise = 0.0
    for k in range(count):
        sky = frames.noise_dn[work.frame[k]] * frames.noise_dn[work.frame[k]]
        rx = work.rest[k, 0]
        ry = work.rest[k, 1]
        for p in range(work.use.shape[1]):
            share = work.stamps[k, 0, p] + rx * work.stamps[k, 1, p] + ry * work.stamps[k, 2, p]
            share *= work.use[k, p]
            own += share * share
            held += share * work.data[k, p]
            noise += share * share * sky
    if flux * own <= MOST_HELD * max(held, 0.0) + HELD_SIGMA * math.sqrt(noise):
        return flux
    return max(held, 0.0) / max(own, 1e-12)


@njit(**KERNEL, inline="always")
def _solve_star(
    frames: FrameArrays,
    profile: ProfileArrays,
    inverse: Doubles,
    work: FitWork,
    size: tuple[int, int],
    flux: float,
    rules: FitRules,
) -> tuple[float, float, float, int, bool]:
    """Fit a star whose looks are gathered: light, x and y from its first place (arcsec), pixels, whether it settled.

    `size` is the number of looks and of pixels.
    """
    count, pixels = size
    largest = STEP_PIX / abs(inverse[0, 0, 0])
    total = work.star
    step = work.step
    dx = 0.0
    dy = 0.0
    done = False
    clipped = False
    turn = 0
    while True:
        # Derivatives jump from phase to phase, which moves a star by up to 0.2 of its error: a fit near its end
        # stays with its phases, or it would go to and fro between two.
        slack = HALF_PHASE_PIX if turn < 2 else 2.5 * HALF_PHASE_PIX
        _sum_looks(frames, profile, inverse, work, count, (flux, dx, dy), slack)
        turn += 1
        if (done or turn > TURNS) and not clipped and total[0] > CLIPPED_CHI2 * pixels:
            clipped = True
            dropped = _drop_outliers(frames, work, count, flux)
            if dropped > 0 and pixels - dropped >= LEAST_PIXELS:
                pixels -= dropped
                done = False
                turn = 0
                continue
        # A star without light has no place that could move.
        if done or turn > TURNS or not newton_step(total, flux, rules.move and flux != 0.0, largest, step):
            break
        if rules.redraw:
            step[0] = max(step[0], -flux)
        gain = total[1] * step[0] * step[0]
        gain += flux * flux * (total[4] * step[1] * step[1] + total[6] * step[2] * step[2])
        # The parabola tells the chi-squared after so small a step; the sums would take a third of all time for it.
        left = total[0] - step_gain(total, flux, step)
        flux += step[0]
        dx += step[1]
        dy += step[2]
        done = gain < SMALL_STEP2
        if done and (clipped or left <= CLIPPED_CHI2 * pixels):
            total[0] = left
            _move_looks(inverse, work, count, dx, dy)
            break
    if not total[0] <= CLIPPED_CHI2 * pixels:
        light = _held_light(frames, work, count, flux)
        done = done and light == flux
        flux = light
    return flux, dx, dy, pixels, done


@njit(**BORROWING)
def fit_singles(
    frames: FrameArrays,
    profile: ProfileArrays,
    looks: Looks,
    stars: StarArrays,
    chosen: Integers,
    drawn_flux: Doubles,
    rules: FitRules,
    work: FitWork,
) -> None:
    """Fit stars one after the other.

    Parameters
    ----------
    frames : FrameArrays
        Residual frames of the band.
    profile : ProfileArrays
        The point-spread function.
    looks : Looks
        At all stars, at their present places.
    stars : StarArrays
        Changed in place.
    chosen : int64 array
        Indices of the stars to fit.
    drawn_flux : float64 array (stars,)
        What the residual frames lack of each at its present place, DN.
    rules : FitRules
        What may change.
    work : FitWork
        Work space; more looks than it has room for are left out.
    """
    _, ny, nx = frames.pixels_dn.shape
    for n in range(chosen.size):
        s = chosen[n]
        if n + 1 < chosen.size:
            ask_for_star(frames.pixels_dn, frames.flags, (ny, nx), looks, chosen[n + 1], HALF)
        count, pixels = _gather_star(frames, profile, looks, s, drawn_flux[s], work)
        stars.pixels[s] = pixels
        stars.converged[s] = False
        if pixels < LEAST_PIXELS:
            stars.flux_error_dn[s] = np.nan
            stars.chi2[s] = np.nan
            continue
        flux, dx, dy, pixels, done = _solve_star(
            frames, profile, looks.inverse, work, (count, pixels), stars.flux_dn[s], rules
        )
        if rules.redraw:
            for k in range(count):
                add_back(work, k, -flux)
                write_back(frames, k, work)
            drawn_flux[s] = flux
        stars.flux_dn[s] = flux
        stars.x_arcsec[s] += dx
        stars.y_arcsec[s] += dy
        stars.pixels[s] = pixels
        stars.chi2[s] = work.star[0] / max(pixels - 3, 1)
        stars.flux_error_dn[s] = standard_errors(work.star, flux, rules.move, s, stars.variance)
        stars.converged[s] = done and stars.flux_error_dn[s] > 0.0


def fit_stars(
    residual: FrameArrays,
    psf: FramePsf,
    looks: Looks,
    stars: Stars,
    chosen: Integers,
    drawn_flux_dn: Doubles,
    *,
    move: bool = True,
    redraw: bool = False,
) -> None:
    """Fit stars one after the other, in place.

    With `redraw` each star's model in the residual frames is replaced as soon as it is fitted, so a sweep over all
    stars is one round of block descent on the chi-squared of all of them together (Gauss-Seidel). Fluxes and places
    pull each other along: in a pair 5" apart a sweep leaves 0.06 of the error, 4" apart a quarter, 3" apart six tenths.
    No flux falls below zero then: neighbours of opposite signs fit the same pixels however large they are, and among
    the peaks around a saturated star sweeps blew them up without end. Light that only adds up is bounded by the data.

    Parameters
    ----------
    residual : FrameArrays
        Residual frames of the band; changed with `redraw`.
    psf : FramePsf
        The band's point-spread function.
    looks : Looks
        At all stars, at their present places.
    stars : Stars
        Ordered by y; the chosen ones are changed in place.
    chosen : int64 array
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
    profile = psf.arrays(all_slopes=not redraw)
    work = FitWork.of(MOST_LOOKS, psf.nodes.shape[0])
    fit_singles(residual, profile, looks, stars.arrays(), chosen, drawn_flux_dn, FitRules(move, redraw), work)
