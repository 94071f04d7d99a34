"""Which peaks of a scan may be galaxies, told on the weighted sum of its bands in two cheap looks.

First look: around a peak every pixel is compared with the one opposite, and the fainter counts: a companion, a spike or
the wing of a neighbour lies on one side, a galaxy on both. The sum from 3" to 8" over that of the core is compared with
that of the point-spread function. Second look, of what passes: a small disc is fitted together with a star at the peak,
the sky and the stars around; its significance counts.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from app.arrays import Bools, Doubles, Integers, Singles
from workers.reduction.galaxies.coadds import Coadds
from workers.reduction.galaxies.model import star_light
from workers.reduction.galaxies.sersic import WIDTHS, sersic_shares
from workers.reduction.kernels.compiled import KERNEL, clipped_statistics

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

CORE_PIX, OUTER_PIX = 3.0, 8.0
PAIR_BIAS = 0.5642  # mean of the fainter of two normal values, in sigma
# Scatter of a pixel of a coadd over that of independent ones of the same large-scale noise.
SMOOTHED_SIGMA = 0.41
STAR_SPREAD = 0.03  # of the ratio of annulus and core among stars
INNER_RING_PIX, RING_PIX = 14, 22  # of the sky around a peak
LEAST_SNR = 6.0  # of the core, for what is usual
BOTH_SIDES_SIGMA = 3.0
DISC_SIGMA = 4.5
# Where stars are sparse: a third of what galaxies with a small or a faint disc were lost by passes, with one blend more
# in ten candidates. Small discs are hardly on both sides of their core.
SPARSE_BOTH_SIGMA, SPARSE_DISC_SIGMA, SMALL_DISC_SIGMA = 0.0, 4.0, 6.0
SMALL_SNR = 80.0  # of their light in the scatter of a pixel: the least of six had 100
# Of the first look: a large disc is many peaks, which explain each other's light in the second.
SURE_SIGMA = 12.0
DISC_RADIUS_ARCSEC = 2.5
DISC_REACH_PIX = 11
NEIGHBOUR_ARCSEC, MOST_NEIGHBOURS = 17.0, 8
PROFILE_ERROR = 0.04


class Seeds(NamedTuple):
    """Peaks of all bands of a scan; each (n,).

    Attributes
    ----------
    x_arcsec, y_arcsec : float64
        U-scan places.
    light_dn : float64
        In the weighted sum of the bands.
    """

    x_arcsec: Doubles
    y_arcsec: Doubles
    light_dn: Doubles


@njit(**KERNEL)
def _ring_places(columns: int) -> Integers:
    """Where the pixels of the ring of the sky lie in memory, from its middle, in an image of some columns."""
    out = np.empty(2000, np.int64)
    count = 0
    for b in range(-RING_PIX, RING_PIX + 1, 2):
        for a in range(-RING_PIX, RING_PIX + 1):
            r2 = a * a + b * b
            if r2 >= INNER_RING_PIX * INNER_RING_PIX and r2 < RING_PIX * RING_PIX:
                out[count] = b * columns + a
                count += 1
    return out[:count]


@njit(**KERNEL)
def _ring_at_border(image: Singles, i: int, j: int, ring: Singles) -> int:
    """Copy what lies within the image of the ring around column i and row j; how many pixels."""
    ny, nx = image.shape
    count = 0
    for b in range(max(-RING_PIX, -j), min(RING_PIX + 1, ny - j), 2):
        for a in range(max(-RING_PIX, -i), min(RING_PIX + 1, nx - i)):
            r2 = a * a + b * b
            v = image[j + b, i + a]
            if r2 >= INNER_RING_PIX * INNER_RING_PIX and r2 < RING_PIX * RING_PIX and not np.isnan(v):
                ring[count] = v
                count += 1
    return count


@njit(**KERNEL)
def _sum_sides(image: Singles, i: int, j: int, level: float, bias: float, out: Doubles, s: int) -> None:
    """Core light and light of both sides of the peak at column i and row j into row s."""
    core = 0.0
    both = 0.0
    for b in range(-8, 9):
        for a in range(-8, 9):
            r2 = a * a + b * b
            if r2 > 64:
                continue
            v = image[j + b, i + a] - level
            if r2 < 9:
                core += v
            else:
                w = image[j - b, i - a] - level
                both += min(v, w) + bias
    out[s, 0] = core
    out[s, 1] = both


@njit(**KERNEL)
def _both_sides(image: Singles, x: Doubles, y: Doubles, sigma: float, out: Doubles) -> None:
    """Core light and light of both sides of peaks whose eight pixels lie within an image; NaN elsewhere."""
    ny, nx = image.shape
    flat = image.ravel()
    place = _ring_places(nx)
    ring = np.empty(2000, np.float32)
    for s in range(x.size):
        i = int(np.rint(x[s]))
        j = int(np.rint(y[s]))
        out[s, 0] = np.nan
        out[s, 1] = np.nan
        if i < 9 or j < 9 or i >= nx - 9 or j >= ny - 9:
            continue
        count = 0
        if i >= RING_PIX and j >= RING_PIX and i < nx - RING_PIX and j < ny - RING_PIX:
            for k in range(place.size):
                v = flat[np.uint64(j * nx + i + place[k])]
                ring[count] = v
                count += 0 if np.isnan(v) else 1
        else:
            count = _ring_at_border(image, i, j, ring)
        level, _, _ = clipped_statistics(ring, count)
        _sum_sides(image, i, j, level, PAIR_BIAS * sigma, out, s)


class _Places(NamedTuple):
    """Peaks to test on an image: places (n,), those of neighbours (n, 8, 2) from them, their number and light."""

    x: Doubles
    y: Doubles
    neighbours: Doubles
    known: Integers
    light: Doubles


@njit(**KERNEL)
def _pixels_near(image: Singles, x0: float, y0: float, out: Doubles) -> int:
    """Write pixels with data near a place: offsets along x and y, and light, rows of `out`; their number."""
    ny, nx = image.shape
    i = int(np.rint(x0))
    j = int(np.rint(y0))
    count = 0
    for y in range(max(0, j - DISC_REACH_PIX), min(ny, j + DISC_REACH_PIX + 1)):
        for x in range(max(0, i - DISC_REACH_PIX), min(nx, i + DISC_REACH_PIX + 1)):
            v = image[y, x]
            dx = x - x0
            dy = y - y0
            if np.isnan(v) or dx * dx + dy * dy > DISC_REACH_PIX * DISC_REACH_PIX:
                continue
            out[0, count] = dx
            out[1, count] = dy
            out[2, count] = v
            count += 1
    return count


@njit(**KERNEL)
def _disc_sigma(
    image: Singles,
    places: _Places,
    profile: tuple[Doubles, Doubles],
    disc: tuple[Doubles, Doubles],
    sky_variance: float,
    out: Doubles,
) -> None:
    """Significance of a disc at peaks, beside the sky, a star and neighbours; `profile` has shares (n, k)."""
    most = 3 + MOST_NEIGHBOURS
    room = (2 * DISC_REACH_PIX + 1) * (2 * DISC_REACH_PIX + 1)
    around = np.empty((3, room))
    even = np.ones(room)
    columns = np.empty((most, room))
    weight = np.empty(room)
    middles = np.zeros((most, 2))
    normal = np.empty((most, most))
    right = np.empty(most)
    for s in range(places.x.size):
        n = _pixels_near(image, places.x[s], places.y[s], around)
        stars = 1 + places.known[s]
        size = 2 + stars
        for k in range(places.known[s]):
            middles[1 + k, 0] = places.neighbours[s, k, 0]
            middles[1 + k, 1] = places.neighbours[s, k, 1]
        plane = around[0, :n], around[1, :n], even[:n]
        star_light(plane, middles[:1], disc[0], disc[1], columns[:1])
        columns[1, :n] = 1.0
        star_light(plane, middles[:stars], profile[0][s], profile[1], columns[2:size])
        for p in range(n):
            light = 0.0
            for k in range(stars):
                light += places.light[s, k] * columns[2 + k, p]
            error = PROFILE_ERROR * light
            weight[p] = 1.0 / (sky_variance + error * error)
        _sum_products(columns, weight, around[2], (size, n), normal, right)
        out[s] = _first_over_error(normal, right, size)


@njit(**KERNEL)
def _sum_products(
    columns: Doubles, weight: Doubles, value: Doubles, size: tuple[int, int], normal: Doubles, right: Doubles
) -> None:
    """Weighted products of the first columns with each other, lower triangle, and with values; `size` is (m, n)."""
    m, n = size
    for a in range(m):
        total = 0.0
        for p in range(n):
            total += weight[p] * columns[a, p] * value[p]
        right[a] = total
        for b in range(a + 1):
            total = 0.0
            for p in range(n):
                total += weight[p] * columns[a, p] * columns[b, p]
            normal[a, b] = total


@njit(**KERNEL)
def _first_over_error(normal: Doubles, right: Doubles, size: int) -> float:
    """First solution of normal equations, of which the lower triangle is filled, over its error."""
    for a in range(size):
        normal[a, a] = normal[a, a] * (1.0 + 1e-9) + 1e-30
        for b in range(a):
            normal[b, a] = normal[a, b]
    inverse = np.linalg.inv(normal[:size, :size].copy())
    light: float = 0.0
    for a in range(size):
        light += inverse[0, a] * right[a]
    error: float = math.sqrt(max(inverse[0, 0], 1e-300))
    significance: float = light / error
    return significance


def _densest(values: Doubles) -> float:
    """Where values lie closest together: half of them, half of these, and so on; 0 of fewer than 8.

    The half-sample mode (Robertson & Cryer 1974): a third of galaxies among the peaks does not move it.
    """
    rest = np.sort(values[np.isfinite(values)])
    if rest.size < 8:
        return 0.0
    while rest.size > 8:
        half = (rest.size + 1) // 2
        first = int(np.argmin(rest[half - 1 :] - rest[: rest.size - half + 1]))
        rest = rest[first : first + half]
    return float(rest.mean())


def star_ratio(shares: Doubles, variance_arcsec2: Doubles) -> Doubles:
    """Light of a star from 3" to 8" over that within 3".

    Parameters
    ----------
    shares : float64 array (n, k)
        Of the Gaussians of the point-spread function at n places.
    variance_arcsec2 : float64 array (k,)
        Of the Gaussians on a coadd.
    """
    beyond_core, beyond = (shares @ np.exp(-0.5 * r * r / variance_arcsec2) for r in (CORE_PIX, OUTER_PIX))
    return np.asarray((beyond_core - beyond) / (1.0 - beyond_core))


def _surrounding(light: Doubles, usual: Doubles, sky: float) -> Doubles:
    """Significance of the light of both sides of peaks over a star's, from `_both_sides`."""
    core, both = light.T
    with np.errstate(invalid="ignore", divide="ignore"):
        sure = core > 5.0 * LEAST_SNR * sky * np.sqrt(np.pi) * CORE_PIX
        more = _densest((both / core - usual)[sure])
        excess = both - (usual + more) * np.clip(core, 0.0, None)
        area = np.pi * (OUTER_PIX**2 - CORE_PIX**2)
        error = np.sqrt(area * sky**2 + (STAR_SPREAD * np.clip(core, 0.0, None)) ** 2)
        return np.asarray(np.nan_to_num(excess / error, nan=-np.inf))


def _neighbours(seeds: Seeds, tree: cKDTree, chosen: Integers) -> tuple[Doubles, Integers, Doubles]:
    """Places of the brightest neighbours of peaks, how many, and light of peak and neighbours; `tree` has all peaks."""
    places = np.column_stack([seeds.x_arcsec, seeds.y_arcsec])
    offset = np.zeros((chosen.size, MOST_NEIGHBOURS, 2))
    count, light = np.zeros(chosen.size, np.int64), np.zeros((chosen.size, 1 + MOST_NEIGHBOURS))
    for n, near in enumerate(tree.query_ball_point(places[chosen], NEIGHBOUR_ARCSEC)):
        own, other = int(chosen[n]), np.array(near, np.int64)
        other = other[other != own]
        other = other[np.argsort(-seeds.light_dn[other], kind="stable")][:MOST_NEIGHBOURS]
        count[n] = other.size
        offset[n, : other.size] = places[other] - places[own]
        light[n, 0], light[n, 1 : 1 + other.size] = seeds.light_dn[own], seeds.light_dn[other]
    return offset, count, light


def candidates(
    coadds: Coadds, seeds: Seeds, shares: Doubles, variance_arcsec2: Doubles, sparse: Bools
) -> tuple[Integers, Doubles]:
    """Peaks that may be galaxies, the most significant first, and the significance of their discs.

    Parameters
    ----------
    coadds : Coadds
        Of the scan.
    seeds : Seeds
        Peaks.
    shares : float64 array (n, k)
        Of the Gaussians of the point-spread function of the sum of the bands, at the peaks.
    variance_arcsec2 : float64 array (k,)
        Of those Gaussians on a coadd.
    sparse : bool array (n,)
        Peaks where stars are sparse: less is asked of them.
    """
    from scipy.spatial import cKDTree

    tree = cKDTree(np.column_stack([seeds.x_arcsec, seeds.y_arcsec]))
    x, y = seeds.x_arcsec - coadds.grid.first_x_arcsec, seeds.y_arcsec - coadds.grid.first_y_arcsec
    sky = coadds.sky_sigma()
    usual = star_ratio(shares, variance_arcsec2)
    depth, sigma = np.full(x.size, -1.0), np.full(x.size, -np.inf)
    least = np.where(sparse, SPARSE_DISC_SIGMA, DISC_SIGMA)
    disc_shares, _ = sersic_shares(0.0)
    mean = float(shares.mean(axis=0) @ variance_arcsec2)
    disc = disc_shares, (WIDTHS * DISC_RADIUS_ARCSEC) ** 2 + mean
    for first, image in coadds.sums():
        rows = image.shape[0]
        own = np.minimum(y - first, first + rows - 1 - y)
        owned = np.flatnonzero((own > depth) & (own > 0.0))
        depth[owned] = own[owned]
        light = np.empty((owned.size, 2))
        _both_sides(image, x[owned], y[owned] - first, SMOOTHED_SIGMA * sky, light)
        sigma[owned] = -np.inf
        around = _surrounding(light, usual[owned], sky)
        small = sparse[owned] & (seeds.light_dn[owned] > SMALL_SNR * sky)
        passed = around > np.where(small, SPARSE_BOTH_SIGMA, BOTH_SIDES_SIGMA)
        chosen, around = owned[passed], around[passed]
        found = np.empty(chosen.size)
        places = _Places(x[chosen], y[chosen] - first, *_neighbours(seeds, tree, chosen))
        _disc_sigma(image, places, (shares[chosen], variance_arcsec2), disc, sky * sky, found)
        sigma[chosen] = np.where(around > SURE_SIGMA, np.maximum(found, 1.1 * DISC_SIGMA), found)
        least[chosen] = np.where(around > BOTH_SIDES_SIGMA, least[chosen], SMALL_DISC_SIGMA)
    good = np.flatnonzero(sigma > least)
    good = good[np.argsort(-sigma[good], kind="stable")]
    return good, sigma[good]
