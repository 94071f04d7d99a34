"""Learning the point-spread function of a finished image from what its stars leave behind."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit

from app.arrays import Bools, Doubles, Integers, Singles
from workers.reduction.images.drawing import ProfileTables
from workers.reduction.images.psf import RADIUS_PIX, Psf, build, node_radius, terms
from workers.reduction.kernels.compiled import KERNEL

CLIP_SIGMA = 4.0
CLIP_SHARE2 = (
    0.01  # square of the share of the model, a tenth, by which a pixel may miss it besides its noise
)
RIDGE_STARS = 2.0  # the variation over the image is pulled to zero by the weight of so many typical stars
MEAN_RIDGE = 0.25  # of that weight pulls the mean profile, to the ring's mean
SMOOTH_PIX = 3.0  # beyond, corrections are smoothed twice more


class LearningPixels(NamedTuple):
    """Pixels of an image whose stars were fitted; each (ny, nx).

    Attributes
    ----------
    residual : float32
        Data minus the models of *all* stars, DN.
    usable : bool
        Pixels that count.
    variance : float32
        Their background variance, DN^2; a pixel of variance 0 does not count either.
    """

    residual: Singles
    usable: Bools
    variance: Singles


class LearningStars(NamedTuple):
    """Stars to learn from; each (n,).

    Attributes
    ----------
    x, y : float64
        Array pixels of the fitted centres.
    flux : float64
        Fitted fluxes, DN, above 0.
    """

    x: Doubles
    y: Doubles
    flux: Doubles


@dataclass(frozen=True)
class LearningRules:
    """How much the stars of an image can tell.

    Attributes
    ----------
    order : int
        Order of the variation over the image (0 to 2); never below that of the function to be improved.
    core_pix : float
        Radius of the core; beyond it only the azimuthal mean is learnt.
    model_error : float
        Floor of a star's weight as a fraction of the model: no single bright star dominates.
    """

    order: int
    core_pix: float
    model_error: float


class _Placed(NamedTuple):
    """Where the stars lie in the function's variation: cell (n,) and polynomial terms (n, terms)."""

    cell: Integers
    terms: Doubles


class _NodeSums(NamedTuple):
    """Normal equations of each node (size, size, terms, terms) and right sides (size, size, terms)."""

    normal: Doubles
    right: Doubles


@njit(**KERNEL, inline="always")
def _add_value(u: float, v: float, value: float, weight: float, polynomial: Doubles, sums: _NodeSums) -> None:
    """Share a pixel's value among the four nodes around it; u, v count nodes."""
    i = int(math.floor(u))
    j = int(math.floor(v))
    a = u - i
    b = v - j
    for q in range(2):
        for p in range(2):
            w = weight * (a if p == 1 else 1.0 - a) * (b if q == 1 else 1.0 - b)
            for t in range(polynomial.size):
                wt = w * polynomial[t]
                sums.right[j + q, i + p, t] += wt * value
                for t2 in range(polynomial.size):
                    sums.normal[j + q, i + p, t, t2] += wt * polynomial[t2]


@njit(**KERNEL)
def _collect(
    pixels: LearningPixels, stars: LearningStars, placed: _Placed, profiles: ProfileTables, radius: float,
    model_error: float, sums: _NodeSums,
) -> None:  # fmt: skip
    """Accumulate the normal equations of residual / flux, node by node."""
    residual, usable, variance = pixels
    ny, nx = residual.shape
    half = sums.right.shape[0] // 2
    for s in range(stars.x.size):
        x = stars.x[s]
        y = stars.y[s]
        for py in range(max(0, int(y - radius)), min(ny - 1, int(y + radius) + 1) + 1):
            for px in range(max(0, int(x - radius)), min(nx - 1, int(x + radius) + 1) + 1):
                if not usable[py, px] or variance[py, px] <= 0.0:
                    continue
                dx = px - x
                dy = py - y
                if dx * dx + dy * dy > radius * radius:
                    continue
                u = dx * profiles.oversampling + half
                v = dy * profiles.oversampling + half
                model = profiles.nodes[placed.cell[s], int(v + 0.5), int(u + 0.5)]
                value = residual[py, px] / stars.flux[s]
                wrong = model_error * model
                spread = variance[py, px] / (stars.flux[s] * stars.flux[s]) + wrong * wrong
                # What stands out by more than the noise and a tenth of the model is another star, not this profile.
                if value * value > CLIP_SIGMA * CLIP_SIGMA * (spread + CLIP_SHARE2 * model * model):
                    continue
                _add_value(u, v, value, 1.0 / spread, placed.terms[s], sums)


def learn(psf: Psf, pixels: LearningPixels, stars: LearningStars, rules: LearningRules) -> Psf:
    """Improve a point-spread function by the residuals of its stars.

    Parameters
    ----------
    psf : Psf
        The function that the stars were fitted with.
    pixels : LearningPixels
        The image without its stars.
    stars : LearningStars
        Bright stars without comparable neighbours; none leaves the function as it is, but for its order.
    rules : LearningRules
        Order of the variation, radius of the core, floor of the errors.

    Returns
    -------
    Psf
        Centred like the old one (no component of the correction along its gradient) and of unit sum.
    """
    order = max(rules.order, psf.order)
    placed = _Placed(psf.cells(stars.x, stars.y), terms(stars.x, stars.y, order, psf.shape))
    size, count = psf.coefficients.shape[1], placed.terms.shape[1]
    sums = _NodeSums(np.zeros((size, size, count, count)), np.zeros((size, size, count)))
    _collect(pixels, stars, placed, psf.profiles, float(RADIUS_PIX), rules.model_error, sums)
    correction = _solve(sums, stars.x.size, rules.core_pix)
    smoothed = _smooth(np.moveaxis(correction, 2, 0), node_radius())
    old = np.zeros((count, size, size))
    old[: psf.coefficients.shape[0]] = psf.coefficients
    return build(old + _centred(smoothed, psf.coefficients[0]), order, psf.shape, int(stars.x.size))


def _solve(sums: _NodeSums, stars: int, core_pix: float) -> Doubles:
    """Correction of each node, (size, size, terms): node by node in the core, ring by ring beyond."""
    radius, count = node_radius(), sums.right.shape[2]
    ring = np.rint(radius).astype(np.int64)
    # Rings share what they know where single nodes know little: constant term everywhere, all of it in the wings.
    ring_right = np.bincount(ring.ravel(), sums.right[:, :, 0].ravel())
    ring_normal = np.bincount(ring.ravel(), sums.normal[:, :, 0, 0].ravel())
    mean = np.divide(ring_right, ring_normal, out=np.zeros_like(ring_right), where=ring_normal > 0)
    smooth_mean = np.interp(radius, np.arange(mean.size), mean)
    typical = np.trace(sums.normal, axis1=2, axis2=3)[..., None, None] / count / max(stars, 1)
    ridge = np.eye(count) * (RIDGE_STARS * typical + 1e-9)
    ridge[..., 0, 0] *= MEAN_RIDGE
    pulled = sums.right - sums.normal[..., 0] * smooth_mean[..., None]
    correction = np.linalg.solve(sums.normal + ridge, pulled[..., None])[..., 0]
    correction *= np.clip((core_pix + 1.0 - radius) / 2.0, 0.0, 1.0)[..., None]
    correction[..., 0] += smooth_mean
    return np.asarray(correction)


def _smooth(maps: Doubles, radius: Doubles) -> Doubles:
    """Correction maps without what is finer than a pixel: no star of an image of this sampling has that.

    Two binomial passes (full width 0.8 pixel) everywhere, two more outside the inner 3 pixels.
    """
    soft = _binomial(_binomial(maps))
    return np.where(radius > SMOOTH_PIX, _binomial(_binomial(soft)), soft)


def _binomial(maps: Doubles) -> Doubles:
    padded = np.pad(maps, ((0, 0), (1, 1), (1, 1)), mode="edge")
    rows = 0.25 * padded[:, :-2] + 0.5 * padded[:, 1:-1] + 0.25 * padded[:, 2:]
    return np.asarray(0.25 * rows[:, :, :-2] + 0.5 * rows[:, :, 1:-1] + 0.25 * rows[:, :, 2:])


def _centred(correction: Doubles, centre: Doubles) -> Doubles:
    """Take out of each correction the part that only shifts the profile: positions would drift by it."""
    gy, gx = np.gradient(centre)
    result = correction.copy()
    for gradient in (gx, gy):
        amount = np.einsum("tij,ij->t", result, gradient) / np.sum(gradient * gradient)
        result -= amount[:, None, None] * gradient
    return result
