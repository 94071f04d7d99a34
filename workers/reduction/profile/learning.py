"""Learning the point-spread function of a band from the stars of the scan itself.

Residuals of fitted stars, in shares of their light, are gathered a node of the table; each node then gets the
weighted least-squares correction of its polynomial in seeing and focal-plane place (Anderson & King 2000, with the
polynomials solved instead of averaged). Widths of the frames are corrected in the same pass, and what stars scatter
beyond their noise is kept as the table's own error.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numba import njit
from scipy.ndimage import gaussian_filter, uniform_filter

from app.arrays import Doubles, Flags, Integers, Singles
from workers.reduction.frames.looks import Looks
from workers.reduction.frames.values import CalibratedFrames
from workers.reduction.kernels.compiled import KERNEL
from workers.reduction.profile.sample import Sample
from workers.reduction.profile.seeing import most_probable_walk
from workers.reduction.profile.table import (
    HALF,
    NODES_A_PIX,
    PADDED,
    REACH_PIX,
    SIDE,
    STAMP,
    FramePsf,
    field_terms,
    node_offsets_pix,
    normalised,
    phase_of,
    phase_rest,
    stretched,
)
from workers.reduction.profile.wing import continued_wing, learn_wing, outside_from_wing

FEW_LOOKS = 300
SPARSE_SIGMA_NODES = 1.5
TERM_SCATTER = 0.015
"""Prior of the polynomial terms: what the light of a pixel may change by over the field, in shares of a star."""
SEEING_SCATTER = 1.0
"""The same of both seeing terms, a unit of s: the centre of a star loses twice its light. A narrow prior would shrink
the term, and the widths would grow to make up for it."""
ROUGH_CLIP = (6.0, 0.1)
TIGHT_CLIP = (3.0, 0.03)
"""Pixels that take part: within so many errors of noise and of a share of the model. Light of unknown neighbours lies
two pixels from a star, some thousandths of its light: with the rough one the profile in the plane had 1 % too little in
its core, and stars came out 10 mmag too bright."""
TABLE_ERROR = 0.010  # while it is learnt, share of its value
FLUX_ERROR = 0.004  # weights of bright stars stop growing at an SNR of 250 a pixel: pixel response, flat
SEEING_STEP = 0.006  # from frame to frame, of the logarithm of the width; half of the atmosphere's own
GUIDE_SCATTER = 0.003  # of a band's widths about those of the others
LARGEST_STEP = 0.15  # of a frame's logarithm in one round
LEAST_ERROR = 0.002  # of the table, share of its value


@njit(**KERNEL)
def _gather(
    residual: Singles,
    flags: Flags,
    noise: Singles,
    log_width: Singles,
    tables: Singles,
    inverse_gain: float,
    cut: float,
    wrong: float,
    start: Integers,
    frame: Integers,
    x_pix: Doubles,
    y_pix: Doubles,
    which: Integers,
    flux: Doubles,
    drawn: Doubles,
    normal: Doubles,
    excess: Doubles,
    width_normal: Doubles,
    width_right: Doubles,
) -> None:
    """Sum up the normal equations of every node and of all frames' widths.

    `normal` is flat: of each node the lower triangle, row by row, then the right side, so that a pixel adds one run
    of numbers, which is vectorised, instead of 44 single sums.
    """
    _, ny, nx = residual.shape
    count = tables.shape[2] - 1
    terms = np.empty((1, count), np.float32)
    model = np.empty(PADDED, np.float32)
    wider = np.empty(PADDED, np.float32)
    triangle = count * (count + 1) // 2
    product = np.empty(triangle + count)
    most = 0
    for s in which:
        most = max(most, start[s + 1] - start[s])
    crossed = np.empty(most)
    for s in which:
        f = flux[s]
        lack = np.float32(f - drawn[s])
        squares = 0.0
        shift = 0.0
        for k in range(start[s], start[s + 1]):
            i = frame[k]
            crossed[k - start[s]] = 0.0
            jx = math.floor(x_pix[k] + 0.5)
            jy = math.floor(y_pix[k] + 0.5)
            if jx < HALF or jy < HALF or jx >= nx - HALF or jy >= ny - HALF:
                continue
            spoilt = False
            for row in range(-1, 2):
                for column in range(-1, 2):
                    spoilt = spoilt or flags[i, jy + row, jx + column] != 0
            if spoilt:
                continue
            fx = x_pix[k] - jx
            fy = y_pix[k] - jy
            qx = phase_of(fx)
            qy = phase_of(fy)
            rx = np.float32(phase_rest(fx, qx))
            ry = np.float32(phase_rest(fy, qy))
            field_terms(x_pix[k], y_pix[k], log_width[i], 0, terms)
            for p in range(PADDED):
                model[p] = np.float32(0.0)
                wider[p] = np.float32(0.0)
            for t in range(count):
                a = terms[0, t]
                d = np.float32(0.0)
                if t == 1:
                    d = np.float32(1.0)
                elif t == 2:
                    d = np.float32(2.0) * np.float32(log_width[i])
                for p in range(PADDED):
                    value = (
                        tables[qy, qx, t, 0, p] + rx * tables[qy, qx, t, 1, p] + ry * tables[qy, qx, t, 2, p]
                    )
                    model[p] += a * value
                    wider[p] += d * value
            nx0 = math.floor((-fx + REACH_PIX) * NODES_A_PIX + 0.5)
            ny0 = math.floor((-fy + REACH_PIX) * NODES_A_PIX + 0.5)
            sky = noise[i] * noise[i]
            m = 0
            for a in range(count):
                product[triangle + a] = terms[0, a]
                for b in range(a + 1):
                    product[m] = np.float64(terms[0, a]) * terms[0, b]
                    m += 1
            for row in range(STAMP):
                for column in range(STAMP):
                    if flags[i, jy - HALF + row, jx - HALF + column] != 0:
                        continue
                    p = row * STAMP + column
                    rest = (residual[i, jy - HALF + row, jx - HALF + column] - lack * model[p]) / f
                    light = max(f * model[p], 0.0)
                    spread = (sky + light * inverse_gain) / (f * f)
                    known = spread + (TABLE_ERROR * model[p]) ** 2 + FLUX_ERROR * FLUX_ERROR * 0.01
                    w = 1.0 / known
                    if rest * rest > cut * cut * (spread + (wrong * model[p]) ** 2):
                        continue
                    j = ny0 + (row - HALF) * NODES_A_PIX
                    n = nx0 + (column - HALF) * NODES_A_PIX
                    node = np.uint64((j * SIDE + n) * product.size)
                    for m in range(triangle):
                        normal[node + np.uint64(m)] += w * product[m]
                    for m in range(triangle, product.size):
                        normal[node + np.uint64(m)] += w * rest * product[m]
                    excess[j, n, 0] += w * (rest * rest - spread)
                    excess[j, n, 1] += w
                    width_normal[0, i] += w * wider[p] * wider[p]
                    width_right[i] += w * wider[p] * rest
                    squares += w * model[p] * model[p]
                    shift += w * model[p] * rest
                    crossed[k - start[s]] += w * wider[p] * model[p]
        if not squares > 0.0:
            continue
        # The star's flux is eliminated: it follows the widths of its frames.
        for k in range(start[s], start[s + 1]):
            b = crossed[k - start[s]] / squares
            width_right[frame[k]] -= b * shift
            for m in range(k, start[s + 1]):
                width_normal[frame[m] - frame[k], frame[k]] -= b * crossed[m - start[s]]


def learn(
    residual: Singles,
    frames: CalibratedFrames,
    psf: FramePsf,
    tables: Singles,
    sample: Sample,
    *,
    wing: bool = True,
    hold_seeing: bool = False,
    tight: bool = False,
    guide: Doubles | None = None,
) -> FramePsf:
    """One step of learning: corrected nodes, widths, error, and (if asked for) wing.

    Parameters
    ----------
    residual : float32 array (n, 256, 256)
        Frames less background and drawn stars.
    frames : CalibratedFrames
    psf : FramePsf
        The present one.
    tables : float32 array
        Its tables.
    sample : Sample
        Bright, unsaturated stars with places and fluxes fitted with the present one.
    wing : bool
        Whether the wing is measured, too.
    hold_seeing : bool
        Whether the seeing term is that of a stretched image. At first the widths are noise where stars are few, and a
        term learnt from noise is too weak: with a stretched image they are right within 1 % after two rounds, learnt
        together they were wrong by 3 % after four (latitude 60).
    tight : bool
        Whether the present one is good to 3 % of its value: then what lies farther off is left out.
    guide : float64 array (n,), optional
        Mean logarithms of widths in the other bands: one atmosphere makes them all.

    Returns
    -------
    FramePsf
        The same object where the sample is empty.
    """
    if not sample.which.size:
        return psf
    count = psf.nodes.shape[0]
    packed = np.zeros((SIDE * SIDE, count * (count + 1) // 2 + count))
    excess = np.zeros((SIDE, SIDE, 2))
    looks = sample.looks
    width_normal, width_right = _empty_widths(looks, sample.which, psf.log_width.size)
    _gather(
        residual, frames.flags, frames.noise_dn, psf.log_width, tables, 1.0 / frames.detector.gain,
        *(TIGHT_CLIP if tight else ROUGH_CLIP),
        looks.start, looks.frame, looks.x_pix, looks.y_pix, sample.which, sample.flux_dn, sample.drawn_flux_dn,
        packed.reshape(-1), excess, width_normal, width_right,
    )  # fmt: skip
    change = _solve_nodes(*_unpacked(packed, count), psf.nodes, hold_seeing=hold_seeing)
    if int(np.diff(looks.start)[sample.which].sum()) < FEW_LOOKS:
        # A node has a sixteenth of the looks: the few corrections are taken as one of its surroundings, 3/4 pixel wide.
        change = gaussian_filter(change, (0.0, SPARSE_SIGMA_NODES, SPARSE_SIGMA_NODES))
    nodes = _centred(psf.nodes + change)
    if hold_seeing:
        nodes[1] = stretched(nodes[0])
    expected = continued_wing(nodes[0], psf.wing)
    outer = learn_wing(residual, frames, psf, sample, expected) if wing else expected
    nodes = outside_from_wing(nodes, excess[..., 1], outer)
    log_width = psf.log_width.astype(np.float64)
    if guide is not None:
        _follow(guide, log_width, width_normal, width_right)
    moved = most_probable_walk(log_width, width_normal, width_right, SEEING_STEP**-2)
    step = _without_mean(
        moved - log_width, log_width, np.maximum(width_normal[0], 0.0), scale=not hold_seeing
    )
    moved = log_width + np.clip(step, -LARGEST_STEP, LARGEST_STEP)
    return replace(
        psf,
        nodes=normalised(nodes.astype(np.float32), outer),
        error=_error(excess, nodes[0]),
        wing=outer,
        log_width=moved.astype(np.float32),
        stars=int(sample.which.size),
    )


def _empty_widths(looks: Looks, which: Integers, frames: int) -> tuple[Doubles, Doubles]:
    """Band of the widths' normal matrix, as wide as the frames that a star is seen on are apart, and right side."""
    seen = which[looks.start[which + 1] > looks.start[which]]
    first, last = looks.frame[looks.start[seen]], looks.frame[looks.start[seen + 1] - 1]
    return np.zeros((int((last - first).max(initial=0)) + 1, frames)), np.zeros(frames)


def _follow(guide: Doubles, log_width: Doubles, normal: Doubles, right: Doubles) -> None:
    """Add to the equations of the widths that they go as those of the other bands do, by a factor of this band."""
    weight = np.maximum(normal[0], 0.0)
    if not weight.any():
        return
    level, about = np.average(log_width, weights=weight), guide - np.average(guide, weights=weight)
    square = float((weight * about * about).sum())
    factor = float((weight * about * (log_width - level)).sum()) / square if square > 0.0 else 0.0
    normal[0] += GUIDE_SCATTER**-2
    right += GUIDE_SCATTER**-2 * (level + np.clip(factor, 0.0, 1.5) * about - log_width)


def _without_mean(step: Doubles, log_width: Doubles, weight: Doubles, *, scale: bool) -> Doubles:
    """Take from the widths' steps their mean and (`scale`) what is in proportion to the widths.

    Both belong to the nodes, which get their correction from the same residuals: taken twice, the widths went to and
    fro from round to round by a third of their changes, and a first guess too wide used up the step of every frame.
    """
    if not weight.any():
        return step
    step = step - np.average(step, weights=weight)
    about = log_width - np.average(log_width, weights=weight)
    square = float((weight * about * about).sum())
    if not scale or not square > 0.0:
        return step
    return np.asarray(step - about * float((weight * about * step).sum()) / square)


def _unpacked(packed: Doubles, count: int) -> tuple[Doubles, Doubles]:
    """Unpack what `_gather` summed up: normal matrices (33, 33, terms, terms), right sides (33, 33, terms)."""
    row, column = np.tril_indices(count)
    normal = np.empty((SIDE, SIDE, count, count))
    lower = packed[:, : row.size].reshape(SIDE, SIDE, row.size)
    normal[..., row, column] = lower
    normal[..., column, row] = lower
    return normal, packed[:, row.size :].reshape(SIDE, SIDE, count).copy()


def _solve_nodes(full: Doubles, right: Doubles, nodes: Singles, *, hold_seeing: bool) -> Doubles:
    """Corrections (terms, 33, 33): ridge-regularised so that terms which few stars measure stay small.

    `hold_seeing`: none to both seeing terms.
    """
    count = nodes.shape[0]
    # A prior of the terms, and a weak one of the correction to the base where a node has hardly any stars.
    prior = np.full(count, TERM_SCATTER**-2)
    prior[:3] = 1.0, SEEING_SCATTER**-2, SEEING_SCATTER**-2
    index = np.arange(count)
    full[..., index, index] += prior
    pull = np.moveaxis(nodes.astype(np.float64), 0, -1) * prior
    pull[..., 0] = 0.0
    if hold_seeing:
        full[..., 1:3, :], full[..., :, 1:3], pull[..., 1:3], right = 0.0, 0.0, 0.0, right.copy()
        right[..., 1:3] = 0.0
        full[..., index[1:3], index[1:3]] = 1.0
    solution = np.linalg.solve(full, (right - pull)[..., None])[..., 0]
    return np.moveaxis(solution, -1, 0)


def _centred(nodes: Doubles) -> Doubles:
    """Take shifts out of the terms that belong to the geometry: the base, seeing, what depends on u alone, and v.

    A shift of the whole table is the places of all stars; one that goes with the seeing is the places of frames; one
    that goes with u alone is the places of the stars there, which cross the array at one u; one linear in v is the
    scale along the scan, which registration solves for.
    """
    offsets = node_offsets_pix()
    window = np.exp(-0.5 * (offsets[:, None] ** 2 + offsets[None, :] ** 2))
    gy, gx = np.gradient(nodes[0], 1.0 / NODES_A_PIX)
    basis = np.stack([(window * gx).ravel(), (window * gy).ravel()])
    slopes = np.stack([gx.ravel(), gy.ravel()])
    gram = basis @ slopes.T
    for k in (1, 2, 3, 4, 5):
        share = np.linalg.solve(gram, basis @ nodes[k].ravel())
        nodes[k] -= (share @ slopes).reshape(nodes[k].shape)
    weighted = window * nodes[0]
    centre_x, centre_y = (weighted * offsets[None, :]).sum(), (weighted * offsets[:, None]).sum()
    # Shift of the base that takes its windowed centroid to 0, to first order.
    matrix = np.array(
        [[(window * g * o).sum() for g in (gx, gy)] for o in (offsets[None, :], offsets[:, None])]
    )
    shift = np.linalg.solve(matrix, np.array([centre_x, centre_y]))
    nodes[0] -= shift[0] * gx + shift[1] * gy
    return nodes


def _error(excess: Doubles, base: Doubles) -> Singles:
    """Scatter of stars about the table beyond noise, smoothed over 5 x 5 nodes."""
    value = uniform_filter(excess[..., 0], 5, mode="constant")
    weight = uniform_filter(excess[..., 1], 5, mode="constant")
    variance = np.maximum(value / np.maximum(weight, 1e-30), 0.0)
    return np.asarray(np.hypot(np.sqrt(variance), LEAST_ERROR * base), np.float32)
