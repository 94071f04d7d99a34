"""Learning the point-spread function of a band from the stars of the scan itself.

Residuals of fitted stars, in shares of their light, are gathered a node of the table; each node then gets the
weighted least-squares correction of its polynomial in seeing and focal-plane place (Anderson & King 2000, with the
polynomials solved instead of averaged). Widths of the frames are corrected in the same pass, and what stars scatter
beyond their noise is kept as the table's own error.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.ndimage import gaussian_filter, uniform_filter

from app.arrays import Doubles, Singles
from workers.reduction.frames.library import ProfileLibrary
from workers.reduction.frames.values import FrameArrays
from workers.reduction.profile.learning_sums import Clip, LearningSums, LearningWork, gather_learning
from workers.reduction.profile.prior import Prior, most_probable, prior_of
from workers.reduction.profile.sample import Sample
from workers.reduction.profile.seeing import most_probable_walk
from workers.reduction.profile.table import (
    NODES_A_PIX,
    SIDE,
    FramePsf,
    node_offsets_pix,
    normalised,
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
TERM_SHARE, SEEING_SHARE = 0.4, 6.0
"""Where a profile is faint its terms are no larger than these shares of it: at 3 pixels, where it has 0.2 % of a star,
the priors above let the noise of fifty stars make six times that (decision 0032). An image that falls as r^-3.9 changes
by twice its light, a unit of s, and its square by four times."""
LEAST_SCATTER = 2e-4
FLANK_PIX = 2.0
"""From here on corrections are taken as those of their surroundings: nothing sharper than half a pixel is there."""
ROUGH_CLIP = Clip(6.0, 0.1)
TIGHT_CLIP = Clip(3.0, 0.03)
"""Light of unknown neighbours lies two pixels from a star, some thousandths of its light: with the rough clip the
profile in the plane had 1 % too little in its core, and stars came out 10 mmag too bright."""
SEEING_STEP = 0.006  # from frame to frame, of the logarithm of the width; half of the atmosphere's own
GUIDE_SCATTER = 0.003  # of a band's widths about those of the others
LARGEST_STEP = 0.15  # of a frame's logarithm in one round
LEAST_ERROR = 0.002  # of the table, share of its value


def learn(
    residual: FrameArrays,
    psf: FramePsf,
    sample: Sample,
    *,
    wing: bool = True,
    hold_seeing: bool = False,
    tight: bool = False,
    guide: Doubles | None = None,
    library: ProfileLibrary | None = None,
) -> FramePsf:
    """One step of learning: corrected nodes, widths, error, and (if asked for) wing.

    Parameters
    ----------
    residual : FrameArrays
        Frames of the band less background and drawn stars.
    psf : FramePsf
        The present one.
    sample : Sample
        Bright, unsaturated stars with places and fluxes fitted with the present one.
    wing : bool
        Whether the wing is measured, too.
    hold_seeing : bool
        Whether the seeing term is that of a stretched image. At first the widths are noise where stars are few, and a
        term learnt from noise is too weak: with a stretched image they are right within 1 % after two rounds, learnt
        together they were wrong by 3 % after four (latitude 60).
    tight : bool
        Whether the present one is good to 3 % of its value: then pixels that lie farther off are left out.
    guide : float64 array (n,), optional
        Mean logarithms of widths in the other bands: one atmosphere makes them all.
    library : ProfileLibrary, optional
        What scans of the same array have learnt: the table is held to its best entry, as far as that is known better.

    Returns
    -------
    FramePsf
        The same object where the sample is empty.
    """
    if not sample.chosen.size:
        return psf
    terms = psf.nodes.shape[0]
    sums = LearningSums.of(sample, terms, psf.log_width.size)
    work = LearningWork.of(int(np.diff(sample.looks.start)[sample.chosen].max(initial=0)), terms)
    gather_learning(residual, psf.arrays(), sample, TIGHT_CLIP if tight else ROUGH_CLIP, sums, work)
    normal, right = _unpacked(sums.normal, terms)
    widest = term_scatter(psf.nodes)
    prior = None if library is None else prior_of(library, normal, right, psf.nodes, widest)
    nodes = _corrected((normal, right), psf, sample, prior, hold_seeing=hold_seeing)
    expected = continued_wing(nodes[0], psf.wing if prior is None else prior.wing)
    outer = learn_wing(residual, psf, sample, expected) if wing else expected
    # A node of the core without a look is not known by itself; a library knows it.
    known = sums.excess[..., 1] if prior is None else np.ones((SIDE, SIDE))
    nodes = outside_from_wing(nodes, known, outer)
    return replace(
        psf,
        nodes=normalised(nodes.astype(np.float32), outer),
        error=_error(sums.excess, nodes[0]),
        wing=outer,
        log_width=_moved_widths(sums, psf, guide, hold_seeing=hold_seeing),
        stars=int(sample.chosen.size),
    )


def _corrected(
    equations: tuple[Doubles, Doubles],
    psf: FramePsf,
    sample: Sample,
    prior: Prior | None,
    *,
    hold_seeing: bool,
) -> Doubles:
    """Nodes (terms, 33, 33) with the least-squares correction, before the wing continues them."""
    if prior is not None:
        return _centred(psf.nodes + most_probable(*equations, psf.nodes, prior))
    change = _solve_nodes(*equations, psf.nodes, hold_seeing=hold_seeing)
    few = int(np.diff(sample.looks.start)[sample.chosen].sum()) < FEW_LOOKS
    nodes = _centred(psf.nodes + smoothed(change, everywhere=few))
    if hold_seeing:
        nodes[1] = stretched(nodes[0])
    return nodes


def smoothed(change: Doubles, *, everywhere: bool) -> Doubles:
    """Corrections of nodes as those of their surroundings, 3/4 pixel wide, from two pixels from the star on.

    A node has a sixteenth of the looks, and its own noise. In the core that is small beside the light, and the shape is
    sharp; on the flanks it is several times the light, and a bright star drawn with it leaves pieces that pass for
    stars.

    Parameters
    ----------
    change : float64 array (terms, 33, 33)
        Corrections.
    everywhere : bool
        Whether looks are so few that the core is smoothed, too.
    """
    even = gaussian_filter(change, (0.0, SPARSE_SIGMA_NODES, SPARSE_SIGMA_NODES))
    if everywhere:
        return np.asarray(even)
    offsets = node_offsets_pix()
    radius = np.hypot(offsets[:, None], offsets[None, :])
    share = np.clip(radius - FLANK_PIX + 0.5, 0.0, 1.0)
    return np.asarray(change + share * (even - change))


def term_scatter(nodes: Singles) -> Doubles:
    """Prior of each term at each node, one sigma in shares of a star: no wider than what the profile there may do.

    Parameters
    ----------
    nodes : float32 array (terms, 33, 33)
        The present ones; the base tells how bright the profile is.

    Returns
    -------
    float64 array (33, 33, terms)
        1 for the base, which has no prior.
    """
    base = np.maximum(gaussian_filter(nodes[0].astype(np.float64), SPARSE_SIGMA_NODES), 0.0)
    scatter = np.ones((*base.shape, nodes.shape[0]))
    scatter[..., 1:3] = np.minimum(SEEING_SCATTER, SEEING_SHARE * (base + LEAST_SCATTER))[..., None]
    scatter[..., 3:] = np.minimum(TERM_SCATTER, TERM_SHARE * (base + LEAST_SCATTER))[..., None]
    return scatter


def _moved_widths(sums: LearningSums, psf: FramePsf, guide: Doubles | None, *, hold_seeing: bool) -> Singles:
    """Logarithms of the frames' widths (frames,) after one step towards the solution of their equations."""
    log_width = psf.log_width.astype(np.float64)
    if guide is not None:
        _follow(guide, log_width, sums.width_normal, sums.width_right)
    solved = most_probable_walk(log_width, sums.width_normal, sums.width_right, SEEING_STEP**-2)
    weight = np.maximum(sums.width_normal[0], 0.0)
    step = _without_mean(solved - log_width, log_width, weight, scale=not hold_seeing)
    moved = log_width + np.clip(step, -LARGEST_STEP, LARGEST_STEP)
    return moved.astype(np.float32)


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


def _unpacked(flat: Doubles, count: int) -> tuple[Doubles, Doubles]:
    """Unpack `LearningSums.normal`: normal matrices (33, 33, terms, terms), right sides (33, 33, terms)."""
    row, column = np.tril_indices(count)
    packed = flat.reshape(SIDE * SIDE, -1)
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
    prior = 1.0 / np.square(term_scatter(nodes))
    index = np.arange(count)
    full[..., index, index] += prior
    pull = np.moveaxis(nodes.astype(np.float64), 0, -1) * prior
    pull[..., 0] = 0.0
    if hold_seeing:
        full[..., 1:3, :], full[..., :, 1:3], pull[..., 1:3], right = 0.0, 0.0, 0.0, right.copy()
        right[..., 1:3] = 0.0
        full[..., index[1:3], index[1:3]] = 1.0
    solution = np.linalg.solve(full, (right - pull)[..., None])[..., 0]
    return np.asarray(np.moveaxis(solution, -1, 0), np.float64)


def _centred(nodes: Doubles) -> Doubles:
    """Take shifts out of the terms that belong to the geometry: the base, seeing, what depends on u alone, and v.

    A shift of the whole table is a shift of all stars; a shift that goes with the seeing is a shift of frames; a shift
    that goes with u alone is a shift of the stars there, which cross the array at a fixed u; a shift linear in v is the
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
