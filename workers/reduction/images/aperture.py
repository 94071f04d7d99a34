"""Circular apertures with a sky annulus, and the curve of growth."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from app.arrays import Bools, Doubles, Integers, Singles
from workers.reduction.images.fit_kernels import add_stars
from workers.reduction.images.psf import RADIUS_PIX, Psf
from workers.reduction.kernels.compiled import KERNEL, clipped_statistics


@njit(**KERNEL)
def sum_in_circle(
    image: Singles, usable: Bools, x: float, y: float, radius: float, subpixels: int
) -> tuple[float, float, float]:
    """Sum, area of usable and area of all pixel parts within a circle; edge pixels are cut in subpixels**2 parts."""
    ny, nx = image.shape
    total = 0.0
    area = 0.0
    whole = 0.0
    for py in range(int(math.floor(y - radius)), int(math.ceil(y + radius)) + 1):
        for px in range(int(math.floor(x - radius)), int(math.ceil(x + radius)) + 1):
            d = math.sqrt((px - x) ** 2 + (py - y) ** 2)
            if d > radius + 0.7072:
                continue
            if d < radius - 0.7072:
                part = 1.0
            else:
                hits = 0
                for q in range(subpixels):
                    sy = py - y + (q + 0.5) / subpixels - 0.5
                    for p in range(subpixels):
                        sx = px - x + (p + 0.5) / subpixels - 0.5
                        if sx * sx + sy * sy < radius * radius:
                            hits += 1
                part = hits / (subpixels * subpixels)
            whole += part
            if 0 <= px < nx and 0 <= py < ny and usable[py, px]:
                total += part * image[py, px]
                area += part
    return total, area, whole


@njit(**KERNEL)
def sky_in_ring(
    image: Singles, usable: Bools, x: float, y: float, inner: float, outer: float, buffer: Singles
) -> tuple[float, float, int]:
    """Clipped median, scatter and number of whole pixels between two radii (background/survey 2.9)."""
    ny, nx = image.shape
    count = 0
    for py in range(max(0, int(y - outer)), min(ny - 1, int(y + outer) + 1) + 1):
        for px in range(max(0, int(x - outer)), min(nx - 1, int(x + outer) + 1) + 1):
            d2 = (px - x) ** 2 + (py - y) ** 2
            if inner * inner <= d2 <= outer * outer and usable[py, px] and count < buffer.size:
                buffer[count] = image[py, px]
                count += 1
    median, _, sigma = clipped_statistics(buffer, count)
    return median, sigma, count


@njit(**KERNEL)
def _measure(
    image: Singles,
    usable: Bools,
    tables: Singles,
    oversampling: int,
    cell: Integers,
    reach: Doubles,
    x: Doubles,
    y: Doubles,
    own: Doubles,
    radii: Doubles,
    inner: float,
    outer: float,
    flux: Doubles,
    sky: Doubles,
    sigma: Doubles,
    ring: Doubles,
    missing: Doubles,
) -> None:
    """Measure each source on a patch of the image to which its own model (flux `own`) is added back."""
    ny, nx = image.shape
    half = int(math.ceil(max(outer, radii.max()))) + 2
    size = 2 * half + 1
    patch = np.empty((size, size), np.float32)
    good = np.empty((size, size), np.bool_)
    buffer = np.empty(size * size, np.float32)
    place_x = np.empty(1)
    place_y = np.empty(1)
    first = np.zeros(1, np.int64)
    for n in range(x.size):
        x0 = int(math.floor(x[n] + 0.5)) - half
        y0 = int(math.floor(y[n] + 0.5)) - half
        for j in range(size):
            for i in range(size):
                inside = 0 <= y0 + j < ny and 0 <= x0 + i < nx and usable[y0 + j, x0 + i]
                good[j, i] = inside
                patch[j, i] = image[y0 + j, x0 + i] if inside else np.float32(0.0)
        place_x[0] = x[n] - x0
        place_y[0] = y[n] - y0
        if own[n] > 0.0:
            add_stars(
                patch, tables, oversampling, cell[n : n + 1], place_x, place_y, own[n : n + 1], reach[n : n + 1],
                1.0, 0, 1, first,
            )  # fmt: skip
        level, scatter, count = sky_in_ring(patch, good, place_x[0], place_y[0], inner, outer, buffer)
        sky[n] = level
        sigma[n] = scatter
        ring[n] = count
        for k in range(radii.size):
            total, area, whole = sum_in_circle(patch, good, place_x[0], place_y[0], radii[k], 10)
            flux[n, k] = total - level * area
            if k == 0:
                missing[n] = 1.0 - area / whole


@dataclass(frozen=True)
class Apertures:
    """Sky-subtracted sums `flux` (n, m) in DN; `sky` level, `sigma` scatter and pixels of the `ring` (n,).

    `missing` (n,) is the share of the first aperture without usable pixels. Sky and sums are NaN where the ring has
    fewer than 8 usable pixels.
    """

    flux: Doubles
    sky: Doubles
    sigma: Doubles
    ring: Doubles
    missing: Doubles


def measure(
    image: Singles,
    usable: Bools,
    x: Doubles,
    y: Doubles,
    radii: Doubles,
    annulus: tuple[float, float],
    models: tuple[Psf, Doubles] | None = None,
) -> Apertures:
    """Sky-subtracted sums within circles.

    Parameters
    ----------
    image : float32 array (ny, nx), DN
        The image, or the residual image of a profile fit with `models` given: each source is then measured with all
        *other* sources taken away.
    usable : bool array (ny, nx)
        Unusable pixels count neither in circles nor in rings.
    x, y : float64 arrays (n,), pixels
    radii : float64 array (m,), pixels
    annulus : tuple of float
        Inner and outer radius of the sky ring, pixels; whole pixels are in or out (background/survey 2.9).
    models : tuple of Psf and float64 array (n,), optional
        Profile and fluxes of the sources to add back.

    Returns
    -------
    Apertures
    """
    n = x.size
    result = Apertures(np.empty((n, radii.size)), *(np.empty(n) for _ in range(4)))
    if models is None:
        tables, oversampling = np.zeros((1, 5, 5), np.float32), 1
        cell, own, reach = np.zeros(n, np.int64), np.zeros(n), np.zeros(n)
    else:
        psf, own = models
        tables, oversampling, cell = psf.tables, psf.oversampling, psf.cells(x, y)
        reach = np.full(n, float(RADIUS_PIX))
    _measure(
        image, usable, tables, oversampling, cell, reach, x, y, own, np.asarray(radii, np.float64), annulus[0],
        annulus[1], result.flux, result.sky, result.sigma, result.ring, result.missing,
    )  # fmt: skip
    return result
