"""What a library of point-spread functions says of a scan's table beforehand, and the table by both together.

Each entry is given the light and the width that the scan's own pixels ask for; their mean is what is expected. What
scans differ from it by is smooth: a difference of one node is one of its neighbours, too. So the prior is a field whose
values half a pixel apart are all but the same, and the pixels of all nodes about a place are held against it together.
Held against it node by node, it counted as often as there are nodes that share a difference, and pixels that say
little made a table of noise where the stars alone give a smooth one (decision 0030).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from app.arrays import Doubles, Singles
from workers.reduction.frames.library import ProfileLibrary
from workers.reduction.profile.library import (
    CELL_WIDTH,
    LARGEST_SCALE,
    LARGEST_STRETCH,
    NODES_SHARED,
    core,
    moved,
    shared,
)

MOST_STEPS = 200
SOLVED = 1e-5  # of the first residual


class Prior(NamedTuple):
    """What is known of a table before its stars are asked.

    Attributes
    ----------
    nodes : float64 array (terms, 33, 33)
        Expected.
    scatter : float64 array (terms, 33, 33)
        What they may differ by, one sigma; neighbouring nodes differ by the same.
    wing : float32 array (49,)
        Of the same entries.
    """

    nodes: Doubles
    scatter: Doubles
    wing: Singles


class _Agreement(NamedTuple):
    """Light and width of an entry that agree best with a scan's pixels, and what they take from chi-squared."""

    scale: float
    stretch: float
    gain: float


def prior_of(
    library: ProfileLibrary, normal: Doubles, right: Doubles, nodes: Singles, widest: Doubles
) -> Prior | None:
    """Combine the entries near the table that the pixels of a scan's own stars ask for, and say how far to trust them.

    Light and width of each entry are fitted first. An entry is a mean of n scans, farther from the scan the more it had
    to be stretched and the more it differs from the entry that fits best: each is weighted by the inverse of its
    variance, and the mean has a variance itself, which comes to that of single scans. Where the stars differ from it by
    more than they and the scatter allow, it is trusted less by as much: a focus that no scan of the library had gets no
    say.

    Parameters
    ----------
    library : ProfileLibrary
        Of the same array and number of terms.
    normal : float64 array (33, 33, terms, terms)
        Normal matrices of the nodes' terms, weights inverse variances.
    right : float64 array (33, 33, terms)
        Right sides for corrections to `nodes`.
    nodes : float32 array (terms, 33, 33)
        The present table.
    widest : float64 array (33, 33, terms)
        What terms may be without any library, one sigma: with it they are not less well known.

    Returns
    -------
    Prior or None
        None of a library without entries or of unknown scatter, or where no pixel says anything.
    """
    if not np.isfinite(library.scatter).all():
        return None
    present = np.moveaxis(nodes.astype(np.float64), 0, -1)
    wanted = right + np.einsum("jikl,jil->jik", normal, present)
    found = [_agreement(entry, normal, wanted) for entry in library.nodes]
    useful = [k for k, agreement in enumerate(found) if agreement.gain > 0.0]
    if not useful:
        return None
    best = max(useful, key=lambda k: found[k].gain)
    tables = {k: moved(library.nodes[k], found[k].scale, found[k].stretch) for k in useful}
    scatter = library.scatter.astype(np.float64)
    own = {
        k: 1.0 / library.scans[k]
        + (found[k].stretch / CELL_WIDTH) ** 2
        + _beyond(tables[k] - tables[best], scatter, 1.0 / library.scans[k] + 1.0 / library.scans[best])
        for k in useful
    }
    weights = {k: 1.0 / variance for k, variance in own.items()}
    known = sum(weights.values())
    expected = np.asarray(sum(weight / known * tables[k] for k, weight in weights.items()), np.float64)
    wing = np.asarray(sum(weight / known * library.wing[k] for k, weight in weights.items()), np.float32)
    variance = scatter**2 * (1.0 + 1.0 / known)
    variance *= _excess(expected, variance[0], normal, wanted)
    return Prior(expected, np.minimum(np.sqrt(variance), np.moveaxis(widest, -1, 0)), wing)


def _agreement(entry: Singles, normal: Doubles, wanted: Doubles) -> _Agreement:
    """Light and width of an entry by least squares, and by how much it lowers chi-squared against no star at all."""
    whole = np.moveaxis(entry.astype(np.float64), 0, -1)
    wider = np.zeros_like(whole)
    wider[..., 0] = entry[1]
    basis = np.stack([whole, wider])
    weighted = np.einsum("jikl,ajil->ajik", normal, basis)
    gram = np.einsum("ajik,bjik->ab", weighted, basis)
    side = np.einsum("ajik,jik->a", basis, wanted)
    if not np.linalg.det(gram) > 1e-12 * max(gram[0, 0] * gram[1, 1], 1e-300):
        return _Agreement(1.0, 0.0, 0.0)
    found = np.linalg.solve(gram, side)
    found[0] = np.clip(found[0], 1.0 - LARGEST_SCALE, 1.0 + LARGEST_SCALE)
    found[1] = np.clip(found[1], -LARGEST_STRETCH, LARGEST_STRETCH)
    return _Agreement(float(found[0]), float(found[1]), float(2.0 * found @ side - found @ gram @ found))


def _beyond(difference: Doubles, scatter: Doubles, expected: float) -> float:
    """By how many variances of single scans two entries differ in the core beyond the expected ones of their means."""
    inside = core() > 0.0
    # Smoothing leaves half of the variance of what neighbouring nodes share.
    square = 2.0 * (shared(difference[0])[inside] / scatter[0][inside]) ** 2
    return max(float(square.mean()) - expected, 0.0)


def _excess(expected: Doubles, variance: Doubles, normal: Doubles, wanted: Doubles) -> float:
    """By how much the base's differences from what is expected exceed their variances; 1 where they do not."""
    weight = normal[..., 0, 0]
    rest = wanted[..., 0] - np.einsum("jil,lji->ji", normal[..., 0, :], expected)
    seen = weight > 0.0
    square = (rest[seen] / weight[seen]) ** 2 / (1.0 / weight[seen] + variance[seen])
    return max(float(square.mean()), 1.0) if square.size else 1.0


def most_probable(normal: Doubles, right: Doubles, nodes: Singles, prior: Prior) -> Doubles:
    """Corrections (terms, 33, 33) that bring the table to the most probable one, of pixels and prior together.

    Differences from the prior are its scatter times white noise smoothed over `NODES_SHARED` and of variance 1. The
    noise is what is solved for, by conjugate gradients: some ten steps of a millisecond each.

    Parameters
    ----------
    normal, right : float64 arrays
        As `prior_of` takes them.
    nodes : float32 array (terms, 33, 33)
        The present table.
    prior : Prior
        What is expected.
    """
    start = prior.nodes - nodes.astype(np.float64)
    rest = np.moveaxis(right - np.einsum("jikl,lji->jik", normal, start), -1, 0)
    scatter = prior.scatter * (2.0 * np.sqrt(np.pi) * NODES_SHARED)
    noise = np.zeros_like(start)
    left = shared(scatter * rest)
    direction = left.copy()
    square = first = float((left * left).sum())
    for _ in range(MOST_STEPS):
        if not square > SOLVED**2 * first:
            break
        change = np.einsum("jikl,lji->kji", normal, scatter * shared(direction))
        image = direction + shared(scatter * change)
        step = square / float((direction * image).sum())
        noise += step * direction
        left -= step * image
        before, square = square, float((left * left).sum())
        direction = left + square / before * direction
    return np.asarray(start + scatter * shared(noise), np.float64)
