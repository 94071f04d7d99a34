"""Kernels of models that are sums of Gaussians: their light and its derivatives at places."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from app.arrays import Doubles
from workers.reduction.kernels.compiled import KERNEL

POINTLIKE, MUCH_WIDER = 0.05, 6.0  # variance of a Gaussian over that of the point-spread function
FARTHEST = 20.0  # squares of sigma: beyond, a Gaussian has 5e-5 of its middle


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
    star, variance = profile
    mean, least = float(star @ variance), float(variance[star > 0.05].min())
    size2 = (widths * radius) ** 2
    small, large = size2 < POINTLIKE * least, size2 > MUCH_WIDER * mean
    middle = ~small & ~large
    light = float(shares[small].sum())
    tiny = float((shares[small] * size2[small]).sum()) / (light * radius * radius) if light > 0.0 else 0.0
    # Shares of both signs add up to next to nothing for some indices: a mean beyond all widths is no width.
    tiny = min(max(tiny, 0.0), float((widths[small] ** 2).max(initial=0.0)))
    scale = np.concatenate([np.full(1, tiny), widths[middle] ** 2])
    parts = []
    for values in (shares, slopes):
        joined = np.concatenate([np.full(1, values[small].sum()), values[middle]])
        parts.append(np.concatenate([np.outer(joined, star).ravel(), values[large]]))
    added = np.concatenate([np.tile(variance, scale.size), np.full(int(large.sum()), mean)])
    scale2 = np.concatenate([np.repeat(scale, star.size), widths[large] ** 2])
    return Mixture(parts[0], parts[1], scale2, added)


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


@njit(**KERNEL)
def model_light(x: Doubles, y: Doubles, shape: Doubles, gaussians: Mixture, out: Doubles) -> None:
    """Light of a model of one DN at places, and its derivatives.

    Parameters
    ----------
    x, y : float64 arrays (n,)
        Places.
    shape : float64 array (5,)
        Place, and covariance xx, xy, yy of an ellipse of one half-light radius.
    gaussians : Mixture
        The model's Gaussians.
    out : float64 array (7, n)
        Becomes light a unit of area; its derivatives with x, y, the elements of the covariance, and the logarithm of
        the index.
    """
    out[:] = 0.0
    n = x.size
    for k in range(gaussians.share.size):
        s2 = gaussians.scale2[k]
        vxx = s2 * shape[2] + gaussians.added[k]
        vxy = s2 * shape[3]
        vyy = s2 * shape[4] + gaussians.added[k]
        inverse = 1.0 / (vxx * vyy - vxy * vxy)
        ixx = vyy * inverse
        ixy = -vxy * inverse
        iyy = vxx * inverse
        norm = math.sqrt(inverse) / (2.0 * math.pi)
        share = gaussians.share[k]
        slope = gaussians.share_slope[k]
        for p in range(n):
            dx = x[p] - shape[0]
            dy = y[p] - shape[1]
            u = ixx * dx + ixy * dy
            v = ixy * dx + iyy * dy
            q = u * dx + v * dy
            if q > FARTHEST:
                continue
            plain = norm * math.exp(-0.5 * q)
            g = share * plain
            out[0, p] += g
            out[1, p] += g * u
            out[2, p] += g * v
            h = g * s2
            out[3, p] += 0.5 * h * (u * u - ixx)
            out[4, p] += h * (u * v - ixy)
            out[5, p] += 0.5 * h * (v * v - iyy)
            out[6, p] += slope * plain


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
    out[:] = 0.0
    for k in range(gaussians.share.size):
        s2 = gaussians.scale2[k]
        vxx = s2 * shape[2] + gaussians.added[k]
        vxy = s2 * shape[3]
        vyy = s2 * shape[4] + gaussians.added[k]
        inverse = 1.0 / (vxx * vyy - vxy * vxy)
        ixx = vyy * inverse
        ixy = -vxy * inverse
        iyy = vxx * inverse
        norm = gaussians.share[k] * math.sqrt(inverse) / (2.0 * math.pi)
        for p in range(x.size):
            dx = x[p] - shape[0]
            dy = y[p] - shape[1]
            q = ixx * dx * dx + 2.0 * ixy * dx * dy + iyy * dy * dy
            if q < FARTHEST:
                out[p] += norm * math.exp(-0.5 * q)


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
    out[:] = 0.0
    for s in range(places.shape[0]):
        for p in range(x.size):
            dx = x[p] - places[s, 0]
            dy = y[p] - places[s, 1]
            r2 = dx * dx + dy * dy
            wider = (size[p] * size[p] - 1.0) / 12.0
            for k in range(share.size):
                v = variance[k] + wider
                if r2 < FARTHEST * v:
                    out[s, p] += share[k] / (2.0 * math.pi * v) * math.exp(-0.5 * r2 / v)


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
    for a in range(m):
        total = 0.0
        for p in range(n):
            total += columns[a, p] * weight[p] * rest[p]
        right[a] = total
        for b in range(a + 1):
            total = 0.0
            for p in range(n):
                total += columns[a, p] * weight[p] * columns[b, p]
            normal[a, b] = total
            normal[b, a] = total
