"""Normal equations of learning: what residuals of fitted stars say of every node of the table and of all widths."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from app.arrays import Doubles, Flags, Singles
from workers.reduction.frames.prefetch import ask_for_star
from workers.reduction.frames.values import FrameArrays
from workers.reduction.kernels.compiled import BORROWING, KERNEL
from workers.reduction.profile.sample import Sample
from workers.reduction.profile.stamps import (
    HALF,
    PADDED,
    STAMP,
    field_place,
    field_terms,
    phase_of,
    phase_rest,
)
from workers.reduction.profile.table import NODES_A_PIX, REACH_PIX, SIDE
from workers.reduction.profile.values import ProfileArrays

TABLE_ERROR = 0.010  # while it is learnt, share of its value
FLUX_ERROR = 0.004  # weights of bright stars stop growing at an SNR of 250 a pixel: pixel response, flat


class Clip(NamedTuple):
    """Which pixels take part.

    Attributes
    ----------
    sigma : float
        Errors of noise and model within which a pixel must lie.
    share : float
        Error of the model, a share of its value.
    """

    sigma: float
    share: float


class LearningSums(NamedTuple):
    """Sums over all pixels of the sample.

    Attributes
    ----------
    normal : float64 array (33 * 33 * (terms * (terms + 1) / 2 + terms),)
        Flat: of each node the lower triangle of its normal matrix, row by row, then the right side, so that a pixel
        adds one run of numbers, which is vectorised, instead of 44 single sums.
    excess : float64 array (33, 33, 2)
        Of each node the weighted variance beyond noise, and the weight.
    width_normal : float64 array (band, frames)
        Normal matrix of the frames' widths, symmetric: [k, i] is its element (i + k, i).
    width_right : float64 array (frames,)
        Right side of the widths.
    """

    normal: Doubles
    excess: Doubles
    width_normal: Doubles
    width_right: Doubles

    @classmethod
    def of(cls, sample: Sample, terms: int, frames: int) -> LearningSums:
        """Return zeros.

        Parameters
        ----------
        sample : Sample
            Stars to learn from, with their looks.
        terms : int
            Polynomial terms of a node.
        frames : int
            Frames of the band.
        """
        looks = sample.looks
        seen = sample.chosen[looks.start[sample.chosen + 1] > looks.start[sample.chosen]]
        # The band of the widths' matrix is as wide as the frames that see a star are apart.
        apart = looks.frame[looks.start[seen + 1] - 1] - looks.frame[looks.start[seen]]
        return cls(
            np.zeros(SIDE * SIDE * (terms * (terms + 1) // 2 + terms)),
            np.zeros((SIDE, SIDE, 2)),
            np.zeros((int(apart.max(initial=0)) + 1, frames)),
            np.zeros(frames),
        )


class LearningWork(NamedTuple):
    """Work space: terms (1, terms), model and its change with s (56,), products of terms, widths with fluxes."""

    terms: Singles
    model: Singles
    wider: Singles
    product: Doubles
    crossed: Doubles

    @classmethod
    def of(cls, looks: int, terms: int) -> LearningWork:
        """Return work space for stars of a number of looks, and a number of polynomial terms."""
        stamps = np.empty(PADDED, np.float32), np.empty(PADDED, np.float32)
        products = np.empty(terms * (terms + 1) // 2 + terms)
        return cls(np.empty((1, terms), np.float32), *stamps, products, np.empty(looks))


class _Look(NamedTuple):
    """One look: frame, middle pixel of its stamp, first node, light of the star and what the frames lack of it."""

    frame: int
    middle_x: int
    middle_y: int
    node_x: int
    node_y: int
    flux: float
    lack: np.float32


@njit(**KERNEL, inline="always")
def _flagged(flags: Flags, i: int, jy: int, jx: int) -> bool:
    """Whether one of the 3 x 3 pixels about a star is flagged."""
    flagged = False
    for row in range(-1, 2):
        for column in range(-1, 2):
            flagged = flagged or flags[i, jy + row, jx + column] != 0
    return flagged


@njit(**KERNEL, inline="always")
def _blend_width(
    profile: ProfileArrays, i: int, place: tuple[float, float], shape: tuple[int, int], work: LearningWork
) -> None:
    """Blend the model of a look at array pixel (x, y) of frame i, and its derivative with the frame's s."""
    fx = place[0] - math.floor(place[0] + 0.5)
    fy = place[1] - math.floor(place[1] + 0.5)
    qx = phase_of(fx)
    qy = phase_of(fy)
    rx = np.float32(phase_rest(fx, qx))
    ry = np.float32(phase_rest(fy, qy))
    field_u = field_place(place[0], shape[1])
    field_v = field_place(place[1], shape[0])
    field_terms(field_u, field_v, profile.log_width[i], 0, work.terms)
    tables = profile.tables
    for p in range(PADDED):
        work.model[p] = np.float32(0.0)
        work.wider[p] = np.float32(0.0)
    for t in range(work.terms.shape[1]):
        a = work.terms[0, t]
        d = np.float32(0.0)
        if t == 1:
            d = np.float32(1.0)
        elif t == 2:
            d = np.float32(2.0) * work.terms[0, 1]
        for p in range(PADDED):
            value = tables[qy, qx, t, 0, p] + rx * tables[qy, qx, t, 1, p] + ry * tables[qy, qx, t, 2, p]
            work.model[p] += a * value
            work.wider[p] += d * value


@njit(**KERNEL, inline="always")
def _multiply_terms(work: LearningWork) -> None:
    """Products of the look's terms in the order of `LearningSums.normal`."""
    count = work.terms.shape[1]
    triangle = count * (count + 1) // 2
    m = 0
    for a in range(count):
        work.product[triangle + a] = work.terms[0, a]
        for b in range(a + 1):
            work.product[m] = np.float64(work.terms[0, a]) * work.terms[0, b]
            m += 1


@njit(**KERNEL, inline="always")
def _add_products(normal: Doubles, node: int, work: LearningWork, w: float, rest: float) -> None:
    """Add a pixel of weight w to the triangle and the right side of its node, which begin at element `node`."""
    count = work.terms.shape[1]
    triangle = count * (count + 1) // 2
    for m in range(triangle):
        normal[node + np.uint64(m)] += w * work.product[m]
    for n in range(triangle, work.product.size):
        own = np.uint64(n)
        normal[node + own] += w * rest * work.product[own]


@njit(**KERNEL, inline="always")
def _add_look(
    frames: FrameArrays,
    clip: Clip,
    look: _Look,
    work: LearningWork,
    sums: LearningSums,
    star: tuple[float, float],
) -> tuple[float, float, float]:
    """Add the pixels of a look to the sums of nodes and widths.

    Returns the star's sums of model squared and of model by residual, which go on from those of its other looks, and
    the look's sum of the model by its change with s.
    """
    i, jx, jy, nx0, ny0, f, lack = look
    sky = frames.noise_dn[i] * frames.noise_dn[i]
    squares, shift = star
    crossed = 0.0
    for row in range(STAMP):
        for column in range(STAMP):
            if frames.flags[i, jy - HALF + row, jx - HALF + column] != 0:
                continue
            p = row * STAMP + column
            model = work.model[p]
            wider = work.wider[p]
            rest = (frames.pixels_dn[i, jy - HALF + row, jx - HALF + column] - lack * model) / f
            light = max(f * model, 0.0)
            spread = (sky + light * frames.inverse_gain) / (f * f)
            known = spread + (TABLE_ERROR * model) ** 2 + FLUX_ERROR * FLUX_ERROR * 0.01
            w = 1.0 / known
            if rest * rest > clip.sigma * clip.sigma * (spread + (clip.share * model) ** 2):
                continue
            j = ny0 + (row - HALF) * NODES_A_PIX
            n = nx0 + (column - HALF) * NODES_A_PIX
            node = np.uint64((j * SIDE + n) * work.product.size)
            _add_products(sums.normal, node, work, w, rest)
            sums.excess[j, n, 0] += w * (rest * rest - spread)
            sums.excess[j, n, 1] += w
            sums.width_normal[0, i] += w * wider * wider
            sums.width_right[i] += w * wider * rest
            squares += w * model * model
            shift += w * model * rest
            crossed += w * wider * model
    return squares, shift, crossed


@njit(**KERNEL, inline="always")
def _eliminate_flux(
    sample: Sample, star: int, squares: float, shift: float, work: LearningWork, sums: LearningSums
) -> None:
    """Take the star's flux out of the equations of the widths: it follows the widths of its frames."""
    start = sample.looks.start
    frame = sample.looks.frame
    for k in range(start[star], start[star + 1]):
        b = work.crossed[k - start[star]] / squares
        sums.width_right[frame[k]] -= b * shift
        for m in range(k, start[star + 1]):
            sums.width_normal[frame[m] - frame[k], frame[k]] -= b * work.crossed[m - start[star]]


@njit(**BORROWING)
def gather_learning(
    frames: FrameArrays,
    profile: ProfileArrays,
    sample: Sample,
    clip: Clip,
    sums: LearningSums,
    work: LearningWork,
) -> None:
    """Sum up the normal equations of every node and of all frames' widths, star after star.

    Parameters
    ----------
    frames : FrameArrays
        Residual frames of the band.
    profile : ProfileArrays
        The present point-spread function.
    sample : Sample
        The stars to learn from.
    clip : Clip
        Which of their pixels take part.
    sums : LearningSums
        Zeros; become the sums.
    work : LearningWork
        Work space for as many looks as any star of the sample has.
    """
    _, ny, nx = frames.pixels_dn.shape
    looks = sample.looks
    for n in range(sample.chosen.size):
        s = sample.chosen[n]
        if n + 1 < sample.chosen.size:
            ask_for_star(frames.pixels_dn, frames.flags, (ny, nx), looks, sample.chosen[n + 1], HALF)
        f = sample.flux_dn[s]
        lack = np.float32(f - sample.drawn_flux_dn[s])
        squares = 0.0
        shift = 0.0
        for k in range(looks.start[s], looks.start[s + 1]):
            i = looks.frame[k]
            work.crossed[k - looks.start[s]] = 0.0
            jx = math.floor(looks.x_pix[k] + 0.5)
            jy = math.floor(looks.y_pix[k] + 0.5)
            if (
                jx < HALF
                or jy < HALF
                or jx >= nx - HALF
                or jy >= ny - HALF
                or _flagged(frames.flags, i, jy, jx)
            ):
                continue
            _blend_width(profile, i, (looks.x_pix[k], looks.y_pix[k]), (ny, nx), work)
            _multiply_terms(work)
            nx0 = math.floor((jx - looks.x_pix[k] + REACH_PIX) * NODES_A_PIX + 0.5)
            ny0 = math.floor((jy - looks.y_pix[k] + REACH_PIX) * NODES_A_PIX + 0.5)
            look = _Look(i, jx, jy, nx0, ny0, f, lack)
            squares, shift, crossed = _add_look(frames, clip, look, work, sums, (squares, shift))
            work.crossed[k - looks.start[s]] = crossed
        if squares > 0.0:
            _eliminate_flux(sample, s, squares, shift, work, sums)
