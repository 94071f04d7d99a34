"""Circular apertures with a sky annulus on finished images.

On frames the looks of a star are measured one by one (`photometry.apertures`): their sky is the mean of every second
pixel of the ring within 3 sigma, on frames without stars, and their circles have soft edges. An Atlas image has one
pixel plane and stars in the ring, so here the ring gives a clipped median, and circles count parts of pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit

from app.arrays import Bools, Doubles, Singles
from workers.reduction.images.drawing import DrawnStars, ProfileTables, add_stars
from workers.reduction.images.psf import RADIUS_PIX, Psf
from workers.reduction.kernels.compiled import KERNEL, clipped_statistics

EDGE_PARTS = 10  # subpixels a side of a pixel on the edge of a circle: areas to a thousandth
HALF_DIAGONAL_PIX = 0.7072  # a pixel whose centre is nearer to the edge than this may be cut by the edge


class Patch(NamedTuple):
    """Pixels around a source; each (ny, nx).

    Attributes
    ----------
    image : float32
        DN.
    usable : bool
        Pixels with data.
    """

    image: Singles
    usable: Bools


class _Circles(NamedTuple):
    """Radii in pixels: those of the circles (m,), and those of the sky ring."""

    radii: Doubles
    inner: float
    outer: float


class _Sums(NamedTuple):
    """Results as kernels fill them: flux (n, m); the others (n,)."""

    flux: Doubles
    sky: Doubles
    sigma: Doubles
    ring: Doubles
    missing: Doubles


@njit(**KERNEL)
def _share_inside(dx: float, dy: float, radius: float) -> float:
    """Share of a pixel, at an offset from the middle of a circle, that lies within the circle."""
    hits = 0
    for q in range(EDGE_PARTS):
        sy = dy + (q + 0.5) / EDGE_PARTS - 0.5
        for p in range(EDGE_PARTS):
            sx = dx + (p + 0.5) / EDGE_PARTS - 0.5
            if sx * sx + sy * sy < radius * radius:
                hits += 1
    return hits / (EDGE_PARTS * EDGE_PARTS)


@njit(**KERNEL)
def sum_in_circle(patch: Patch, x: float, y: float, radius: float) -> tuple[float, float, float]:
    """Sum the usable light within a circle.

    Parameters
    ----------
    patch : Patch
        Pixels; the circle may reach beyond.
    x, y : float
        Middle of the circle, pixels of the patch.
    radius : float
        Of the circle, pixels.

    Returns
    -------
    total, area, whole : float
        Sum in DN; area of usable pixels in the circle, and area of all pixels in it, square pixels.
    """
    image, usable = patch
    ny, nx = image.shape
    total = 0.0
    area = 0.0
    whole = 0.0
    for py in range(int(math.floor(y - radius)), int(math.ceil(y + radius)) + 1):
        for px in range(int(math.floor(x - radius)), int(math.ceil(x + radius)) + 1):
            d = math.sqrt((px - x) * (px - x) + (py - y) * (py - y))
            if d > radius + HALF_DIAGONAL_PIX:
                continue
            part = 1.0 if d < radius - HALF_DIAGONAL_PIX else _share_inside(px - x, py - y, radius)
            whole += part
            if 0 <= px < nx and 0 <= py < ny and usable[py, px]:
                total += part * image[py, px]
                area += part
    return total, area, whole


@njit(**KERNEL)
def sky_in_ring(
    patch: Patch, x: float, y: float, inner: float, outer: float, buffer: Singles
) -> tuple[float, float, int]:
    """Sky level around a place: the clipped median between two radii (background/survey 2.9).

    Parameters
    ----------
    patch : Patch
        Pixels; the ring may reach beyond.
    x, y : float
        Middle of the ring, pixels of the patch.
    inner, outer : float
        Radii, pixels; whole pixels are in or out by the place of their centre.
    buffer : float32 array (m,)
        Memory for the pixels of the ring; those that do not fit in are left out.

    Returns
    -------
    median, sigma : float
        Clipped median and scatter, DN; NaN for fewer than 8 pixels.
    count : int
        Usable pixels of the ring.
    """
    image, usable = patch
    ny, nx = image.shape
    count = 0
    for py in range(max(0, int(y - outer)), min(ny - 1, int(y + outer) + 1) + 1):
        for px in range(max(0, int(x - outer)), min(nx - 1, int(x + outer) + 1) + 1):
            d2 = (px - x) * (px - x) + (py - y) * (py - y)
            if inner * inner <= d2 <= outer * outer and usable[py, px] and count < buffer.size:
                buffer[count] = image[py, px]
                count += 1
    median, _, sigma = clipped_statistics(buffer, count)
    return median, sigma, count


@njit(**KERNEL, inline="always")
def _cut(pixels: Patch, x0: int, y0: int, patch: Patch) -> None:
    """Copy the pixels from (x0, y0) on into a patch; beyond the image they are unusable."""
    image, usable = pixels
    part, good = patch
    ny, nx = image.shape
    for j in range(part.shape[0]):
        for i in range(part.shape[1]):
            inside = 0 <= y0 + j < ny and 0 <= x0 + i < nx and usable[y0 + j, x0 + i]
            good[j, i] = inside
            part[j, i] = image[y0 + j, x0 + i] if inside else np.float32(0.0)


@njit(**KERNEL)
def _measure(
    pixels: Patch, profiles: ProfileTables, stars: DrawnStars, circles: _Circles, sums: _Sums
) -> None:
    """Measure each source on a patch of the image to which its own model (`stars.flux`) is added back."""
    half = int(math.ceil(max(circles.outer, circles.radii.max()))) + 2
    size = 2 * half + 1
    patch = Patch(np.empty((size, size), np.float32), np.empty((size, size), np.bool_))
    buffer = np.empty(size * size, np.float32)
    place_x = np.empty(1)
    place_y = np.empty(1)
    own = np.zeros(1, np.int64)
    for n in range(stars.x.size):
        x0 = int(math.floor(stars.x[n] + 0.5)) - half
        y0 = int(math.floor(stars.y[n] + 0.5)) - half
        _cut(pixels, x0, y0, patch)
        x = stars.x[n] - x0
        y = stars.y[n] - y0
        if stars.flux[n] > 0.0:
            place_x[0] = x
            place_y[0] = y
            star = DrawnStars(
                stars.cell[n : n + 1], place_x, place_y, stars.flux[n : n + 1], stars.reach[n : n + 1]
            )
            add_stars(patch.image, profiles, star, own, 1.0)
        level, scatter, count = sky_in_ring(patch, x, y, circles.inner, circles.outer, buffer)
        sums.sky[n] = level
        sums.sigma[n] = scatter
        sums.ring[n] = count
        for k in range(circles.radii.size):
            total, area, whole = sum_in_circle(patch, x, y, circles.radii[k])
            sums.flux[n, k] = total - level * area
            if k == 0:
                sums.missing[n] = 1.0 - area / whole


@dataclass(frozen=True)
class Apertures:
    """What circles around n sources hold.

    Attributes
    ----------
    flux : float64 array (n, m)
        Sum within each of the m circles, sky subtracted, DN; NaN where the ring has fewer than 8 usable pixels.
    sky, sigma : float64 arrays (n,)
        Level of the ring and scatter of its pixels, DN; NaN likewise.
    ring : float64 array (n,)
        Usable pixels of the ring.
    missing : float64 array (n,)
        Share of the first circle without usable pixels.
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
        Centres of the sources; they may lie outside of the image.
    radii : float64 array (m,), pixels
        Radii of the circles.
    annulus : tuple of float
        Inner and outer radius of the sky ring, pixels; whole pixels are in or out (background/survey 2.9).
    models : tuple of Psf and float64 array (n,), optional
        Profile and fluxes of the sources to add back.

    Returns
    -------
    Apertures
        One row a source.

    Examples
    --------
    A plain sky of 20 DN has no light in a circle.

    >>> image = np.full((60, 60), 20.0, np.float32)
    >>> radii = np.array([3.0, 4.0])
    >>> found = measure(image, image > 0.0, np.array([30.2]), np.array([29.9]), radii, (14.0, 20.0))
    >>> (found.flux + 0.0).round(3).tolist(), found.sky.tolist(), found.missing.tolist()
    ([[0.0, 0.0]], [20.0], [0.0])
    """
    n = x.size
    if models is None:
        profiles = ProfileTables(np.zeros((1, 5, 5), np.float32), 1)
        stars = DrawnStars(np.zeros(n, np.int64), x, y, np.zeros(n), np.zeros(n))
    else:
        psf, own = models
        profiles = psf.profiles
        stars = DrawnStars(psf.cells(x, y), x, y, own, np.full(n, float(RADIUS_PIX)))
    circles = _Circles(np.asarray(radii, np.float64), annulus[0], annulus[1])
    sums = _Sums(np.empty((n, radii.size)), *(np.empty(n) for _ in range(4)))
    _measure(Patch(image, usable), profiles, stars, circles, sums)
    return Apertures(*sums)
