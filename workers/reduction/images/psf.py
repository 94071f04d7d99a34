"""The point-spread function: a table of nodes that varies over the image, learnt from the image's own stars.

Nodes are `1 / oversampling` pixel apart; each is a polynomial of the place in the image (Anderson & King 2000 for
the table, Stetson 1992 for the variation). Beyond `core_pix` the function is round and the same everywhere: there
single stars are too faint to tell more. It sums to 1 over the table.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from app.arrays import Bools, Doubles, Integers, Singles
from workers.reduction.kernels.compiled import KERNEL

OVERSAMPLING = 3
RADIUS_PIX = 16  # beyond the 14" of the widest aperture of the curve of growth
STRIP_PIX = 1000  # about the rows of one image
CELL_PIX = 64  # tables are drawn for cells of this size; the function changes by < 0.5 % between neighbours


@dataclass(frozen=True)
class Psf:
    """A point-spread function that varies over an image.

    Attributes
    ----------
    coefficients : float64 array (terms, size, size)
        Node values of each polynomial term; size = 2 * OVERSAMPLING * (RADIUS_PIX + 2) + 1.
    order : int
        Order of the polynomial in (x, y): 0, 1 or 2.
    shape : tuple of int
        (ny, nx) of the image.
    tables : float32 array (cells, size, size)
        The function at the centre of each cell.
    fwhm_pix : float
        Full width at half maximum at the centre of the image.
    learnt_from : int
        Number of stars it was learnt from; 0 for a model profile.
    first_row : int
        Row of `shape` at which y of the caller's positions is 0: an image may be a part of what was learnt together.
    """

    coefficients: Doubles
    order: int
    shape: tuple[int, int]
    tables: Singles
    fwhm_pix: float
    learnt_from: int = 0
    first_row: int = 0

    @property
    def oversampling(self) -> int:
        """Nodes per pixel."""
        return OVERSAMPLING

    def cells(self, x: Doubles, y: Doubles) -> Integers:
        """Index of the table that serves each position."""
        ny, nx = cell_layout(self.shape)
        i = np.clip((x + 0.5) * nx / self.shape[1], 0, nx - 1).astype(np.int64)
        j = np.clip((y + self.first_row + 0.5) * ny / self.shape[0], 0, ny - 1).astype(np.int64)
        return np.asarray(j * nx + i)

    def reach(self, flux: Doubles, sigma: float) -> Doubles:
        """Radius in pixels at which a star of this flux falls below 3 % of `sigma`; 6 to RADIUS_PIX."""
        step, height = self.radial()
        limit = 0.03 * sigma / np.maximum(flux, 1e-3)
        envelope = np.maximum.accumulate(height[::-1])
        return np.clip(
            step[::-1][np.clip(np.searchsorted(envelope, limit), 0, step.size - 1)], 6.0, RADIUS_PIX
        )

    def radial(self) -> tuple[Doubles, Doubles]:
        """Radii (pixels, half-pixel steps) and azimuthal mean of the function at the image centre."""
        radius = _node_radius()
        centre = self.coefficients[0]
        bins = np.rint(radius * OVERSAMPLING).astype(np.int64)
        inside = bins <= RADIUS_PIX * OVERSAMPLING
        total = np.bincount(bins[inside], centre[inside])
        return np.arange(total.size) / OVERSAMPLING, total / np.bincount(bins[inside])

    def enclosed(self, radius_pix: float) -> float:
        """Share of the light within a circle, at the image centre."""
        step, height = self.radial()
        # The sum up to a node's ring holds the light up to half a node beyond it.
        light = np.cumsum(step * height)
        return float(np.interp(radius_pix, step + 0.5 * (step[1] - step[0]), light) / light[-1])

    def stamp(self, half: int) -> Singles:
        """Sample the function at whole pixels around its centre, at the image centre; (2 half + 1, 2 half + 1)."""
        middle = self.coefficients.shape[1] // 2
        part = slice(middle - half * OVERSAMPLING, middle + half * OVERSAMPLING + 1, OVERSAMPLING)
        return np.asarray(self.coefficients[0][part, part], np.float32)


def cell_layout(shape: tuple[int, int]) -> tuple[int, int]:
    """Count the cells of an image of this shape, (rows, columns)."""
    return max(1, round(shape[0] / CELL_PIX)), max(1, round(shape[1] / CELL_PIX))


def _node_offsets() -> Doubles:
    half = OVERSAMPLING * (RADIUS_PIX + 2)
    return np.arange(-half, half + 1) / OVERSAMPLING


def _node_radius() -> Doubles:
    offset = _node_offsets()
    return np.hypot(offset[:, None], offset[None, :])


def terms(x: Doubles, y: Doubles, order: int, shape: tuple[int, int]) -> Doubles:
    """Polynomial terms (n, terms) at pixel positions; coordinates run over [-1, 1] across the image.

    Seeing changes along a scan: a strip of several images has one more power of y for each, as Legendre polynomials.
    """
    u = 2.0 * x / max(shape[1] - 1, 1) - 1.0
    v = 2.0 * y / max(shape[0] - 1, 1) - 1.0
    columns = [np.ones_like(u)]
    if order >= 1:
        columns += [u, v]
        columns += [np.polynomial.Legendre.basis(k)(v) for k in range(2, round(shape[0] / STRIP_PIX) + 1)]
    if order >= 2:
        # Minus their means, so that term 0 stays the mean function of the image.
        columns += [u * u - 1.0 / 3.0, u * v, v * v - 1.0 / 3.0]
    return np.stack(columns, axis=1)


def build(coefficients: Doubles, order: int, shape: tuple[int, int], learnt_from: int) -> Psf:
    """Draw the cell tables of a set of coefficients after normalising it to unit sum."""
    coefficients = coefficients.copy()
    coefficients[:, _node_radius() > RADIUS_PIX] = 0.0
    sums = coefficients.sum(axis=(1, 2)) / OVERSAMPLING**2
    coefficients /= sums[0]
    for t in range(1, coefficients.shape[0]):
        coefficients[t] -= sums[t] / sums[0] * coefficients[0]
    ny, nx = cell_layout(shape)
    cx = (np.arange(nx) + 0.5) * shape[1] / nx - 0.5
    cy = (np.arange(ny) + 0.5) * shape[0] / ny - 0.5
    weights = terms(np.tile(cx, ny), np.repeat(cy, nx), order, shape)
    tables = np.einsum("ct,tij->cij", weights, coefficients).astype(np.float32)
    return Psf(coefficients, order, shape, np.ascontiguousarray(tables), _fwhm(coefficients[0]), learnt_from)


def _fwhm(centre: Doubles) -> float:
    """Full width at half maximum from the area above half of the peak."""
    fine = np.count_nonzero(_refine(centre) > 0.5 * centre.max())
    return 2.0 * math.sqrt(fine / 16.0 / math.pi) / OVERSAMPLING


def _refine(centre: Doubles) -> Doubles:
    """Refine the inner nodes four times, linearly."""
    middle = centre.shape[0] // 2
    part = centre[middle - 16 : middle + 17, middle - 16 : middle + 17]
    at = np.arange(0, 32, 0.25)
    rows = np.stack([np.interp(at, np.arange(33), row) for row in part])
    return np.stack([np.interp(at, np.arange(33), column) for column in rows.T]).T


def moffat(fwhm_pix: float, shape: tuple[int, int], beta: float = 3.0) -> Psf:
    """Build a round Moffat (1969) profile; `beta` 3 is between the wings of Atlas stars (2.5) and their cores (4)."""
    radius = _node_radius()
    alpha = fwhm_pix / 2.0 / math.sqrt(2.0 ** (1.0 / beta) - 1.0)
    return build((1.0 + (radius / alpha) ** 2)[None] ** -beta, 0, shape, 0)


@njit(**KERNEL)
def _collect(
    residual: Singles,
    usable: Bools,
    x: Doubles,
    y: Doubles,
    flux: Doubles,
    variance: Singles,
    polynomial: Doubles,
    radius: float,
    model_error: float,
    clip: float,
    oversampling: int,
    normal: Doubles,
    right: Doubles,
    tables: Singles,
    cell: Integers,
) -> None:
    """Accumulate node-wise normal equations (size, size, t, t) and right sides (size, size, t) of residual / flux."""
    ny, nx = residual.shape
    size = right.shape[0]
    half = size // 2
    nt = polynomial.shape[1]
    for s in range(x.size):
        for py in range(max(0, int(y[s] - radius)), min(ny - 1, int(y[s] + radius) + 1) + 1):
            for px in range(max(0, int(x[s] - radius)), min(nx - 1, int(x[s] + radius) + 1) + 1):
                if not usable[py, px] or variance[py, px] <= 0.0:
                    continue
                dx = px - x[s]
                dy = py - y[s]
                if dx * dx + dy * dy > radius * radius:
                    continue
                u = dx * oversampling + half
                v = dy * oversampling + half
                i = int(math.floor(u))
                j = int(math.floor(v))
                model = tables[cell[s], int(v + 0.5), int(u + 0.5)]
                value = residual[py, px] / flux[s]
                spread = variance[py, px] / flux[s] ** 2 + (model_error * model) ** 2
                # What stands out by more than the noise and a tenth of the model is another star, not this profile.
                if value * value > clip * clip * (spread + 0.01 * model * model):
                    continue
                weight = 1.0 / spread
                a = u - i
                b = v - j
                for q in range(2):
                    for p in range(2):
                        w = weight * (a if p == 1 else 1.0 - a) * (b if q == 1 else 1.0 - b)
                        for t in range(nt):
                            wt = w * polynomial[s, t]
                            right[j + q, i + p, t] += wt * value
                            for t2 in range(nt):
                                normal[j + q, i + p, t, t2] += wt * polynomial[s, t2]


def learn(
    psf: Psf,
    residual: Singles,
    usable: Bools,
    variance: Singles,
    x: Doubles,
    y: Doubles,
    flux: Doubles,
    *,
    order: int,
    core_pix: float,
    model_error: float,
) -> Psf:
    """Improve a point-spread function by the residuals of its stars.

    Parameters
    ----------
    psf : Psf
        The function that the stars were fitted with.
    residual : float32 array (ny, nx)
        Data minus the models of *all* stars, DN.
    usable, variance : arrays (ny, nx)
        Pixels that count and their background variance.
    x, y, flux : float64 arrays (n,)
        The stars to learn from, pixels and DN.
    order : int
        Order of the variation over the image (0 to 2).
    core_pix : float
        Radius of the core; beyond it only the azimuthal mean is learnt.
    model_error : float
        Floor of a star's weight as a fraction of the model: no single bright star dominates.

    Returns
    -------
    Psf
        Centred like the old one (no component of the correction along its gradient) and of unit sum.
    """
    size = psf.coefficients.shape[1]
    order = max(order, psf.order)
    polynomial = terms(x, y, order, psf.shape)
    nt = polynomial.shape[1]
    normal, right = np.zeros((size, size, nt, nt)), np.zeros((size, size, nt))
    _collect(
        residual, usable, x, y, flux, variance, polynomial, float(RADIUS_PIX), model_error, 4.0, OVERSAMPLING,
        normal, right, psf.tables, psf.cells(x, y),
    )  # fmt: skip
    radius = _node_radius()
    ring = np.rint(radius).astype(np.int64)
    # Rings share what they know where single nodes know little: constant term everywhere, all of it in the wings.
    ring_right = np.bincount(ring.ravel(), right[:, :, 0].ravel())
    ring_normal = np.bincount(ring.ravel(), normal[:, :, 0, 0].ravel())
    mean = np.divide(ring_right, ring_normal, out=np.zeros_like(ring_right), where=ring_normal > 0)
    smooth_mean = np.interp(radius, np.arange(mean.size), mean)
    # Ridge: the variation is pulled to zero by the weight of two typical stars.
    typical = np.trace(normal, axis1=2, axis2=3)[..., None, None] / nt / max(x.size, 1)
    ridge = np.eye(nt) * (2.0 * typical + 1e-9)
    ridge[..., 0, 0] *= 0.25
    pulled = right - normal[..., 0] * smooth_mean[..., None]
    correction = np.linalg.solve(normal + ridge, pulled[..., None])[..., 0]
    fade = np.clip((core_pix + 1.0 - radius) / 2.0, 0.0, 1.0)
    correction *= fade[..., None]
    correction[..., 0] += smooth_mean
    smoothed = _smooth(np.moveaxis(correction, 2, 0), radius)
    old = np.zeros((nt, size, size))
    old[: psf.coefficients.shape[0]] = psf.coefficients
    return build(old + _centred(smoothed, psf.coefficients[0]), order, psf.shape, int(x.size))


def _smooth(maps: Doubles, radius: Doubles) -> Doubles:
    """Correction maps without what is finer than a pixel: no star of an image of this sampling has that.

    Two binomial passes (full width 0.8 pixel) everywhere, two more outside the inner 3 pixels.
    """
    soft = _binomial(_binomial(maps))
    return np.where(radius > 3.0, _binomial(_binomial(soft)), soft)


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
