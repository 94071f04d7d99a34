"""Stars on a galaxy that no peak shows: on its slope, where a first look sees one object. They are fitted beside it.

Each place is asked what a star there would take from chi-squared while the galaxy's shape, the sky and the neighbours
stay free: a star that a broader or steeper galaxy describes as well is none.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from app.arrays import Doubles
from workers.reduction.galaxies.fit import Fitted, stars_at
from workers.reduction.galaxies.model import draw_model
from workers.reduction.galaxies.sersic import WIDTHS, sersic_table
from workers.reduction.galaxies.values import PARAMETERS, Pixels

_NONLINEAR = len(PARAMETERS)
# From a galaxy's middle. A star nearer is the galaxy's own nucleus as far as pixels tell.
NEAREST_ARCSEC, FARTHEST_ARCSEC = 2.0, 12.0
EDGE_ARCSEC = 6.0  # of the pixels that are asked beyond the farthest place
LEAST_SIGMA, MOST_TRIED = 2.0, 4  # of the mean of 3 x 3 pixels, and of the maxima of it that are tried
# Of independent pixels, from which on one farther out is none of the sky's; pixels of coadds scatter by .5 of it. At
# latitude 15 totals of bright bulges are .102 mag too faint without it, .078, .065, .055, .055 with 3, 2, 1.5, 1.2.
STRAY_SIGMA = 1.5
FINE_ARCSEC = 0.5
LEAST_SHARE = 1e-3  # of what pixels tell of a star that galaxy, sky and neighbours must leave


class HiddenStar(NamedTuple):
    """A star that is fitted beside a galaxy.

    Attributes
    ----------
    place : float64 array (2,)
        From the pixels' middle, arcsec.
    light_dn : float
        Of it.
    change : float
        Of chi-squared by it.
    """

    place: Doubles
    light_dn: float
    change: float


def hidden_star(
    pixels: Pixels,
    profile: tuple[Doubles, Doubles],
    fitted: Fitted,
    farthest_arcsec: float = FARTHEST_ARCSEC,
    least_sigma: float = LEAST_SIGMA,
) -> HiddenStar | None:
    """Find the star that a galaxy's pixels ask for most; None where nothing stands out.

    Parameters
    ----------
    pixels : Pixels
        That the galaxy was fitted to.
    profile : (shares, variances), float64 arrays (k,)
        Gaussians of the coadd's point-spread function, arcsec^2.
    fitted : Fitted
        The galaxy.
    farthest_arcsec : float
        From its middle.
    least_sigma : float
        Of the mean of 3 x 3 pixels of what is left where one is looked for.
    """
    middle = fitted.values[1:3]
    near = _near(pixels, middle, farthest_arcsec)
    columns, rest = _rest(near, profile, fitted)
    tried = _maxima(near, rest, middle, (farthest_arcsec, least_sigma))
    if not len(tried):
        return None
    known = near, profile, columns, fitted.covariance
    best = int(np.argmax(_changes(known, rest, tried)[0]))
    step = FINE_ARCSEC * np.array([(x, y) for x in (-1.0, 0.0, 1.0) for y in (-1.0, 0.0, 1.0)])
    fine = tried[best] + step
    change, light = _changes(known, rest, fine)
    best = int(np.argmax(change))
    return HiddenStar(fine[best], float(light[best]), float(change[best]))


def without_strays(pixels: Pixels, profile: tuple[Doubles, Doubles], fitted: Fitted) -> Pixels:
    """Pixels but for those far from a galaxy's middle that its fit does not describe: faint stars, which are no sky.

    Near the galaxy stars that no peak shows are fitted. Farther out they would raise the sky alone, and its wings would
    count as sky.

    Parameters
    ----------
    pixels, profile, fitted
        As of `hidden_star`.
    """
    _, rest = _rest(pixels, profile, fitted)
    near = (pixels.x - fitted.values[1]) ** 2 + (pixels.y - fitted.values[2]) ** 2 < FARTHEST_ARCSEC**2
    kept = near | (rest * rest * pixels.weight < STRAY_SIGMA**2)
    return Pixels(*(np.ascontiguousarray(values[..., kept]) for values in pixels))


def _rest(pixels: Pixels, profile: tuple[Doubles, Doubles], fitted: Fitted) -> tuple[Doubles, Doubles]:
    """Columns of a fit (7 + linear, n), and what it leaves of the pixels (n,)."""
    columns = np.empty((fitted.values.size, pixels.x.size))
    columns[_NONLINEAR:] = pixels.linear
    draw_model(pixels.x, pixels.y, fitted.values, (*sersic_table(), WIDTHS), profile, columns)
    rest = pixels.value - fitted.values[0] * columns[0]
    rest -= (fitted.values[_NONLINEAR:, None] * pixels.linear).sum(axis=0)
    return columns, rest


def _near(pixels: Pixels, middle: Doubles, farthest: float) -> Pixels:
    """Pixels that a star on the galaxy reaches."""
    away2 = (pixels.x - middle[0]) ** 2 + (pixels.y - middle[1]) ** 2
    near = away2 < (farthest + EDGE_ARCSEC) ** 2
    return Pixels(*(np.ascontiguousarray(values[..., near]) for values in pixels))


def _maxima(pixels: Pixels, rest: Doubles, middle: Doubles, limits: tuple[float, float]) -> Doubles:
    """Places where means of 3 x 3 pixels of what is left stand out most, (n, 2); the most significant first."""
    farthest, least_sigma = limits
    half = round(farthest + EDGE_ARCSEC)
    side = 2 * half + 1
    column, row = (
        np.floor(values - origin + half + 0.5).astype(np.int64)
        for values, origin in zip((pixels.x, pixels.y), middle, strict=True)
    )
    inside = (column >= 0) & (row >= 0) & (column < side) & (row < side)
    planes = np.zeros((2, side, side))
    for plane, values in zip(planes, (pixels.weight * rest, pixels.weight), strict=True):
        np.add.at(plane, (row[inside], column[inside]), values[inside])
    sums = planes[:, :, :-2] + planes[:, :, 1:-1] + planes[:, :, 2:]
    light, weight = sums[:, :-2] + sums[:, 1:-1] + sums[:, 2:]
    y, x = np.mgrid[1 - half : half, 1 - half : half]
    away = np.hypot(x, y)
    ring = (away >= NEAREST_ARCSEC) & (away <= farthest)
    sigma = np.where(ring, light / np.sqrt(np.maximum(weight, 1e-12)), -np.inf)
    padded = np.pad(sigma, 1, constant_values=-np.inf)
    rows, columns = sigma.shape
    around = np.stack([padded[j : j + rows, i : i + columns] for j in range(3) for i in range(3)])
    chosen = np.flatnonzero((sigma >= around.max(axis=0)) & (sigma > least_sigma))
    chosen = chosen[np.argsort(-sigma.ravel()[chosen], kind="stable")][:MOST_TRIED]
    return np.column_stack([x.ravel()[chosen], y.ravel()[chosen]]) + middle


def _changes(
    known: tuple[Pixels, tuple[Doubles, Doubles], Doubles, Doubles], rest: Doubles, places: Doubles
) -> tuple[Doubles, Doubles]:
    """Tell what a star at each place would take from chi-squared, and its light, all columns being free."""
    pixels, profile, columns, covariance = known
    stars = stars_at(pixels, profile, places)
    weighted = stars * pixels.weight
    own = (weighted * stars).sum(axis=1)
    shared = (weighted[:, None, :] * columns[None]).sum(axis=2)
    taken = ((shared[:, :, None] * covariance[None]).sum(axis=1) * shared).sum(axis=1)
    told = (weighted * rest).sum(axis=1)
    light = told / np.maximum(own - taken, LEAST_SHARE * own)
    return np.where(told > 0.0, told * light, 0.0), light
