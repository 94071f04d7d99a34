"""Kernels of models that are sums of Gaussians: their light and its derivatives at places."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from app.arrays import Doubles
from workers.reduction.kernels.compiled import KERNEL

BLOCK = 128  # places whose sums stay within the nearest cache while one Gaussian after the other is added
POINTLIKE, MUCH_WIDER = 0.05, 6.0  # variance of a Gaussian over that of the point-spread function
FARTHEST = 20.0  # squares of sigma: beyond, a Gaussian has 5e-5 of its middle
MIDDLE_BELL = math.exp(-0.25 * FARTHEST)


class Mixture(NamedTuple):
    """Gaussians of a model; each (n,).

    Attributes
    ----------
    share, share_slope : float64
        Share of the light, and its derivative with the logarithm of the Sersic index.
    scale2 : float64
        Square of the width in half-light radii.
    added : float64
        Variance of the point-spread function, arcsec^2.
    """

    share: Doubles
    share_slope: Doubles
    scale2: Doubles
    added: Doubles


def mixture(
    shares: Doubles, slopes: Doubles, widths: Doubles, profile: tuple[Doubles, Doubles], radius: float
) -> Mixture:
    """Gaussians of a galaxy behind a point-spread function.

    Gaussians far narrower than the profile count as points, and far wider ones see its mean width alone.

    Parameters
    ----------
    shares, slopes : float64 arrays (m,)
        Of the light, and their derivatives (`sersic_shares`).
    widths : float64 array (m,)
        In half-light radii.
    profile : (shares, variances), float64 arrays (k,)
        Of the Gaussians of the point-spread function; variances in the square of the unit of `radius`.
    radius : float
        Half-light radius, for what is far.
    """
    return Mixture(*_mixture(shares, slopes, widths, profile, float(radius)))


@njit(**KERNEL, inline="always")
def _behind(
    out: tuple[Doubles, Doubles, Doubles, Doubles],
    n: int,
    part: tuple[float, float, float],
    profile: tuple[Doubles, Doubles],
) -> int:
    """Put a Gaussian (share, slope, scale2) behind each of the profile's, from place n on; the next place."""
    for k in range(profile[0].size):
        out[0][n] = part[0] * profile[0][k]
        out[1][n] = part[1] * profile[0][k]
        out[2][n] = part[2]
        out[3][n] = profile[1][k]
        n += 1
    return n


@njit(**KERNEL)
def _mixture(
    shares: Doubles, slopes: Doubles, widths: Doubles, profile: tuple[Doubles, Doubles], radius: float
) -> tuple[Doubles, Doubles, Doubles, Doubles]:
    """Arrays of `Mixture`: what is narrow first, then what is not, then what is wide."""
    mean = 0.0
    least = np.inf
    for k in range(profile[0].size):
        mean += profile[0][k] * profile[1][k]
        if profile[0][k] > 0.05:
            least = min(least, profile[1][k])
    light = 0.0
    slope = 0.0
    moment = 0.0
    widest = 0.0
    for m in range(widths.size):
        scale2 = widths[m] * widths[m]
        if scale2 * radius * radius < POINTLIKE * least:
            light += shares[m]
            slope += slopes[m]
            moment += shares[m] * scale2
            widest = max(widest, scale2)
    # Shares of both signs add up to next to nothing for some indices: a mean beyond all widths is no width.
    narrow = min(max(moment / light if light > 0.0 else 0.0, 0.0), widest)
    room = (1 + widths.size) * profile[0].size
    out = np.empty(room), np.empty(room), np.empty(room), np.empty(room)
    n = _behind(out, 0, (light, slope, narrow), profile)
    for m in range(widths.size):
        size2 = widths[m] * widths[m] * radius * radius
        if POINTLIKE * least <= size2 <= MUCH_WIDER * mean:
            n = _behind(out, n, (shares[m], slopes[m], widths[m] * widths[m]), profile)
    for m in range(widths.size):
        if widths[m] * widths[m] * radius * radius > MUCH_WIDER * mean:
            out[0][n] = shares[m]
            out[1][n] = slopes[m]
            out[2][n] = widths[m] * widths[m]
            out[3][n] = mean
            n += 1
    return out[0][:n], out[1][:n], out[2][:n], out[3][:n]


def with_core(
    gaussians: Mixture, profile: tuple[Doubles, Doubles], core: Doubles, variance: Doubles
) -> Mixture:
    """Gaussians of a galaxy with a core: round Gaussians behind the same point-spread function.

    Parameters
    ----------
    gaussians : Mixture
        Of the galaxy without its core.
    profile : (shares, variances), float64 arrays (k,)
        Of the Gaussians of the point-spread function.
    core : float64 array (m,)
        Shares of the whole light in the Gaussians of the core.
    variance : float64 array (m,)
        Of these Gaussians, in the unit of the profile's.
    """
    star, added = profile
    zero = np.zeros(core.size * star.size)
    return Mixture(
        np.concatenate([(1.0 - core.sum()) * gaussians.share, np.outer(core, star).ravel()]),
        np.concatenate([(1.0 - core.sum()) * gaussians.share_slope, zero]),
        np.concatenate([gaussians.scale2, zero]),
        np.concatenate([gaussians.added, np.add.outer(variance, added).ravel()]),
    )


@njit(**KERNEL, inline="always")
def _bell(square: float) -> float:
    """exp(-square / 2) of a square of sigma, to some 1e-15 of itself; 0 beyond `FARTHEST`.

    A call of the library's exponential keeps a loop from being made of vector operations, and takes ten times as long.
    Of -square / 2 + 5, which is from -5 to 5, a 32nd goes into the series, whose next term is 2e-17.
    """
    near = square < FARTHEST
    t = (0.5 * FARTHEST - (square if near else FARTHEST)) * (1.0 / 64.0)
    series = 1.0 + t * (1.0 / 10.0)
    series = 1.0 + t * series * (1.0 / 9.0)
    series = 1.0 + t * series * (1.0 / 8.0)
    series = 1.0 + t * series * (1.0 / 7.0)
    series = 1.0 + t * series * (1.0 / 6.0)
    series = 1.0 + t * series * (1.0 / 5.0)
    series = 1.0 + t * series * (1.0 / 4.0)
    series = 1.0 + t * series * (1.0 / 3.0)
    series = 1.0 + t * series * (1.0 / 2.0)
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
