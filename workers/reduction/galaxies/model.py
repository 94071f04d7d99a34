"""Kernels of models that are sums of Gaussians: their light and its derivatives at places."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from app.arrays import Doubles
from workers.reduction.galaxies.mixtures import Mixture, mixture_arrays
from workers.reduction.kernels.compiled import KERNEL

BLOCK = 128  # places whose sums stay within the nearest cache while one Gaussian after the other is added
FARTHEST = 20.0  # squares of sigma: beyond, a Gaussian has 5e-5 of its middle
STRETCH_STEP = 1e-5  # by which derivatives of the covariance are taken
MIDDLE_BELL = math.exp(-0.25 * FARTHEST)


@njit(**KERNEL, inline="always")
def _bell(square: float) -> float:
    """exp(-square / 2) of a square of sigma, to some 1e-15 of itself; 0 beyond `FARTHEST`.

    A call of the library's exponential keeps a loop from being made of vector operations, and takes ten times as long.
    Of -square / 2 + 5, which is from -5 to 5, a 32nd goes into the series, whose next term is 2e-17.
    """
    near = square < FARTHEST
    t = (0.5 * FARTHEST - (square if near else FARTHEST)) * (1.0 / 64.0)
    series = 1.0 / 3_628_800.0
    series = 1.0 / 362_880.0 + t * series
    series = 1.0 / 40_320.0 + t * series
    series = 1.0 / 5_040.0 + t * series
    series = 1.0 / 720.0 + t * series
    series = 1.0 / 120.0 + t * series
    series = 1.0 / 24.0 + t * series
    series = 1.0 / 6.0 + t * series
    series = 1.0 / 2.0 + t * series
    series = 1.0 + t * series
    series = 1.0 + t * series
    second = series * series
    fourth = second * second
    eighth = fourth * fourth
    sixteenth = eighth * eighth
    return MIDDLE_BELL * (sixteenth * sixteenth) if near else 0.0


@njit(**KERNEL, inline="always")
def _load(x: Doubles, y: Doubles, shape: Doubles, first: int, count: int, work: Doubles) -> float:
    """Put the offsets of some places from a model's middle into the last two of nine blocks; least square of them.

    Of loops that write to several arrays the compiler must know that these are not the same memory, or it does not make
    them of vector operations: one array with known distances needs no test.
    """
    for p in range(count):
        work[7 * BLOCK + p] = x[first + p] - shape[0]
        work[8 * BLOCK + p] = y[first + p] - shape[1]
    nearest = np.inf
    for p in range(count):
        dx = work[7 * BLOCK + p]
        dy = work[8 * BLOCK + p]
        nearest = min(nearest, dx * dx + dy * dy)
    return nearest


@njit(**KERNEL, inline="always")
def _gaussian(gaussians: Mixture, k: int, shape: Doubles) -> tuple[float, float, float, float, float]:
    """Inverse covariance (xx, xy, yy) of a Gaussian, light a unit of area in the middle, largest variance."""
    s2 = gaussians.scale2[k]
    vxx = s2 * shape[2] + gaussians.added[k]
    vxy = s2 * shape[3]
    vyy = s2 * shape[4] + gaussians.added[k]
    inverse = 1.0 / (vxx * vyy - vxy * vxy)
    norm = math.sqrt(inverse) / (2.0 * math.pi)
    largest = 0.5 * (vxx + vyy) + math.sqrt(0.25 * (vxx - vyy) * (vxx - vyy) + vxy * vxy)
    return vyy * inverse, -vxy * inverse, vxx * inverse, norm, largest


@njit(**KERNEL, inline="always")
def _store(work: Doubles, block: tuple[int, int], flux: float, turns: Doubles, out: Doubles) -> None:
    """Write the sums of a block of places (first, number) as derivatives with the parameters."""
    first, count = block
    for p in range(count):
        out[0, first + p] = work[p]
        out[1, first + p] = flux * work[BLOCK + p]
        out[2, first + p] = flux * work[2 * BLOCK + p]
        out[6, first + p] = flux * work[6 * BLOCK + p]
    for a in range(3):
        xx = flux * turns[a, 0]
        xy = flux * turns[a, 1]
        yy = flux * turns[a, 2]
        for p in range(count):
            total = xx * work[3 * BLOCK + p] + xy * work[4 * BLOCK + p] + yy * work[5 * BLOCK + p]
            out[3 + a, first + p] = total


@njit(**KERNEL)
def model_light(
    x: Doubles, y: Doubles, shape: Doubles, gaussians: Mixture, flux: float, turns: Doubles, out: Doubles
) -> None:
    """Light of a model of one DN at places, and derivatives of the light of some more.

    Parameters
    ----------
    x, y : float64 arrays (n,)
        Places.
    shape : float64 array (5,)
        Place, and covariance xx, xy, yy of an ellipse of one half-light radius.
    gaussians : Mixture
        The model's Gaussians.
    flux : float
        Light, DN, whose derivatives are taken.
    turns : float64 array (3, 3)
        Derivatives of the elements of the covariance with three parameters, a row each.
    out : float64 array (7 or more, n)
        Its first rows become the light of one DN a unit of area, and the derivatives with x, y, the three parameters
        and the logarithm of the index.
    """
    work = np.empty((9 * BLOCK,))
    for first in range(0, x.size, BLOCK):
        count = min(BLOCK, x.size - first)
        nearest = _load(x, y, shape, first, count, work)
        for p in range(7 * BLOCK):
            work[p] = 0.0
        for k in range(gaussians.share.size):
            ixx, ixy, iyy, norm, largest = _gaussian(gaussians, k, shape)
            if nearest > FARTHEST * largest:
                continue
            s2 = gaussians.scale2[k]
            share = gaussians.share[k]
            slope = gaussians.share_slope[k]
            for p in range(count):
                dx = work[7 * BLOCK + p]
                dy = work[8 * BLOCK + p]
                u = ixx * dx + ixy * dy
                v = ixy * dx + iyy * dy
                plain = norm * _bell(u * dx + v * dy)
                g = share * plain
                h = g * s2
                work[p] += g
                work[BLOCK + p] += g * u
                work[2 * BLOCK + p] += g * v
                work[3 * BLOCK + p] += 0.5 * h * (u * u - ixx)
                work[4 * BLOCK + p] += h * (u * v - ixy)
                work[5 * BLOCK + p] += 0.5 * h * (v * v - iyy)
                work[6 * BLOCK + p] += slope * plain
        _store(work, (first, count), flux, turns, out)


@njit(**KERNEL)
def plain_light(x: Doubles, y: Doubles, shape: Doubles, gaussians: Mixture, out: Doubles) -> None:
    """Light of a model of one DN at places, without derivatives.

    Parameters
    ----------
    x, y : float64 arrays (n,)
        Places.
    shape : float64 array (5,)
        As of `model_light`.
    gaussians : Mixture
        The model's Gaussians.
    out : float64 array (n,)
        Becomes light a unit of area.
    """
    work = np.empty((9 * BLOCK,))
    for first in range(0, x.size, BLOCK):
        count = min(BLOCK, x.size - first)
        nearest = _load(x, y, shape, first, count, work)
        for p in range(count):
            work[p] = 0.0
        for k in range(gaussians.share.size):
            ixx, ixy, iyy, middle, largest = _gaussian(gaussians, k, shape)
            if nearest > FARTHEST * largest:
                continue
            norm = gaussians.share[k] * middle
            for p in range(count):
                dx = work[7 * BLOCK + p]
                dy = work[8 * BLOCK + p]
                work[p] += norm * _bell(ixx * dx * dx + 2.0 * ixy * dx * dy + iyy * dy * dy)
        for p in range(count):
            out[first + p] = work[p]


@njit(**KERNEL)
def star_light(
    pixels: tuple[Doubles, Doubles, Doubles], places: Doubles, share: Doubles, variance: Doubles, out: Doubles
) -> None:
    """Light of stars of one DN at squares of pixels.

    Parameters
    ----------
    pixels : (x, y, size), float64 arrays (n,)
        Middles and sides of the squares: beyond one pixel a side widens the star by its own variance.
    places : float64 array (stars, 2)
        Of the stars.
    share, variance : float64 arrays (k,)
        Of the Gaussians of the point-spread function.
    out : float64 array (stars, n)
        Becomes the light a unit of area.
    """
    x, y, size = pixels
    work = np.empty((4 * BLOCK,))
    for first in range(0, x.size, BLOCK):
        count = min(BLOCK, x.size - first)
        widest = 0.0
        for p in range(count):
            work[BLOCK + p] = (size[first + p] * size[first + p] - 1.0) / 12.0
            widest = max(widest, work[BLOCK + p])
        for s in range(places.shape[0]):
            nearest = np.inf
            for p in range(count):
                dx = x[first + p] - places[s, 0]
                dy = y[first + p] - places[s, 1]
                work[2 * BLOCK + p] = dx * dx + dy * dy
                work[p] = 0.0
                nearest = min(nearest, work[2 * BLOCK + p])
            for k in range(share.size):
                if nearest > FARTHEST * (variance[k] + widest):
                    continue
                norm = share[k] / (2.0 * math.pi)
                v = variance[k]
                for p in range(count):
                    inverse = 1.0 / (v + work[BLOCK + p])
                    work[p] += norm * inverse * _bell(work[2 * BLOCK + p] * inverse)
            for p in range(count):
                out[s, first + p] = work[p]


@njit(**KERNEL)
def normal_equations(
    columns: Doubles, weight: Doubles, rest: Doubles, normal: Doubles, right: Doubles
) -> None:
    """Weighted products of columns (m, n) with each other (m, m) and with data (m,), summed in one order.

    Sums of a library change with the number of its threads.

    Parameters
    ----------
    columns : float64 array (m, n)
        Derivatives of a model.
    weight, rest : float64 arrays (n,)
        Inverse variances, and the data.
    normal, right : float64 arrays (m, m), (m,)
        Become the products.
    """
    m, n = columns.shape
    weighted = np.empty(n)
    for a in range(m):
        total = 0.0
        for p in range(n):
            weighted[p] = columns[a, p] * weight[p]
            total += weighted[p] * rest[p]
        right[a] = total
        for b in range(a + 1):
            total = 0.0
            for p in range(n):
                total += weighted[p] * columns[b, p]
            normal[a, b] = total
            normal[b, a] = total


@njit(**KERNEL)
def leave(
    columns: Doubles, values: Doubles, first: int, data: tuple[Doubles, Doubles], rest: Doubles
) -> float:
    """Take a model away from pixels; chi-squared of what is left.

    Parameters
    ----------
    columns : float64 array (m, n)
        Light of one DN of each part of the model at the pixels.
    values : float64 array (m,)
        Light of the parts: of the first one, and of those from `first` on; the others are derivatives.
    first : int
        First of the linear columns.
    data : (value, weight), float64 arrays (n,)
        Of the pixels.
    rest : float64 array (n,)
        Becomes what is left.
    """
    value, weight = data
    for p in range(rest.size):
        rest[p] = value[p] - values[0] * columns[0, p]
    for a in range(first, columns.shape[0]):
        for p in range(rest.size):
            rest[p] -= values[a] * columns[a, p]
    chi2 = 0.0
    for p in range(rest.size):
        chi2 += weight[p] * rest[p] * rest[p]
    return chi2


@njit(**KERNEL, inline="always")
def _ellipse(log_radius: float, plus: float, cross: float) -> tuple[float, float, float]:
    """Covariance (xx, xy, yy) of an ellipse of one half-light radius: `plain_covariance`."""
    size = math.sqrt(plus * plus + cross * cross)
    odd = math.sinh(size) / size if size > 1e-9 else 1.0
    square = math.exp(2.0 * log_radius)
    even = square * math.cosh(size)
    odd *= square
    return even + odd * plus, odd * cross, even - odd * plus


@njit(**KERNEL, inline="always")
def _shares(logarithms: Doubles, shares: Doubles, log_index: float, own: Doubles, slopes: Doubles) -> None:
    """Fill in shares of the light of each Gaussian and their derivatives: `sersic_shares`."""
    step = logarithms[1] - logarithms[0]
    place = min(max((log_index - logarithms[0]) / step, 0.0), logarithms.size - 1.0)
    low = min(int(place), logarithms.size - 2)
    for m in range(own.size):
        slope = shares[low + 1, m] - shares[low, m]
        own[m] = shares[low, m] + (place - low) * slope
        slopes[m] = slope / step


@njit(**KERNEL)
def draw_model(
    x: Doubles,
    y: Doubles,
    values: Doubles,
    table: tuple[Doubles, Doubles, Doubles],
    profile: tuple[Doubles, Doubles],
    out: Doubles,
) -> None:
    """Light of a Sersic model of one DN at places, and derivatives of its light with its seven parameters.

    Parameters
    ----------
    x, y : float64 arrays (n,)
        Places.
    values : float64 array (7 or more,)
        `PARAMETERS` of the model.
    table : (logarithms, shares, widths), float64 arrays (i,), (i, m), (m,)
        `sersic_table`, and the widths of its Gaussians in half-light radii.
    profile : (shares, variances), float64 arrays (k,)
        Gaussians of the point-spread function.
    out : float64 array (7 or more, n)
        Its first rows become the light a unit of area, and the derivatives.
    """
    own = np.empty(table[2].size)
    slopes = np.empty(table[2].size)
    _shares(table[0], table[1], values[6], own, slopes)
    log_radius = values[3]
    plus = values[4]
    cross = values[5]
    shape = np.empty(5)
    turns = np.empty((3, 3))
    shape[0] = values[1]
    shape[1] = values[2]
    shape[2], shape[3], shape[4] = _ellipse(log_radius, plus, cross)
    for a in range(3):
        turns[0, a] = 2.0 * shape[2 + a]
    for k in range(1, 3):
        by_plus = STRETCH_STEP * (2 - k)
        by_cross = STRETCH_STEP * (k - 1)
        high = _ellipse(log_radius, plus + by_plus, cross + by_cross)
        less = _ellipse(log_radius, plus - by_plus, cross - by_cross)
        turns[k, 0] = (high[0] - less[0]) / (2.0 * STRETCH_STEP)
        turns[k, 1] = (high[1] - less[1]) / (2.0 * STRETCH_STEP)
        turns[k, 2] = (high[2] - less[2]) / (2.0 * STRETCH_STEP)
    gaussians = Mixture(*mixture_arrays(own, slopes, table[2], profile, math.exp(log_radius)))
    model_light(x, y, shape, gaussians, values[0], turns, out)
