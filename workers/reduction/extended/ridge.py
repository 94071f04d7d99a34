"""Scores against the stars of the scan: what an object's shape parameters are above those of stars as bright.

The ridge is the middle of the stars' values at a brightness, once what the seeing of a place makes of them is taken
away; its scatter is theirs. A score is an object's value less the ridge, in scatters: stars have 0 with a scatter of 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.arrays import Bools, Doubles, Integers, Table
from app.instruments.bands import Band
from workers.reduction.extended.ring_shape import PARAMETERS, RADIUS_PIX, ring_shape
from workers.reduction.extended.shape import Cutout
from workers.reduction.kernels.pairs import close_pairs, near_any
from workers.reduction.photometry.mosaic import mosaic
from workers.reduction.photometry.residual import Residual
from workers.reduction.photometry.stack import BandStack

LEAST_SNR = 15.0  # of a star on the ridge
ALONE_ARCSEC, ALONE_SHARE = 12.0, 0.02  # no star within that has more of its light
GALAXY_ARCSEC = 25.0  # from galaxies
MAG_STEP, MOST_A_STEP = 0.5, 25  # stars of the ridge at each brightness, evenly along the scan
FEWEST_STARS, NEAREST_STARS = 20, 30  # of a ridge; of them those that tell middle and scatter at a brightness
LEAST_WIDTH_SPREAD = 0.003  # of the logarithm of the widths, or a slope with it is noise
CLIP, SIGMA_OF_MAD, ROUNDS = 3.0, 1.4826, 3
HALF_FRAME_PIX = 128.0  # along the scan: looks at a place are this near
HALF_WINDOW_PIX = round(RADIUS_PIX) + 3


@dataclass(frozen=True)
class Ridge:
    """The stars of a scan in one band, in the order of their brightness.

    Attributes
    ----------
    mag : float64 array (n,)
        -2.5 log of the light within 7", DN.
    values : float64 array (n, parameters)
        `PARAMETERS` at the mean seeing.
    slopes : float64 array (parameters,)
        Of each with the logarithm of the width of the point-spread function.
    """

    mag: Doubles
    values: Doubles
    slopes: Doubles

    def scores(self, mag: float, log_width: float, values: Doubles) -> Doubles:
        """Values of one object less the ridge, in scatters of it, (parameters,); NaN where either is unknown.

        Parameters
        ----------
        mag : float
            -2.5 log of its light within 7", DN.
        log_width : float
            Of the point-spread function at its place, over the scan's mean.
        values : float64 array (parameters,)
            From `ring_shape`.
        """
        if self.mag.size < FEWEST_STARS or not np.isfinite(mag):
            return np.full(values.size, np.nan)
        nearest = np.argsort(np.abs(self.mag - mag), kind="stable")[:NEAREST_STARS]
        middle, scatter = _middle_and_scatter(self.values[nearest])
        with np.errstate(invalid="ignore", divide="ignore"):
            scores = (values - self.slopes * log_width - middle) / scatter
        return np.asarray(np.where(scatter > 0.0, scores, np.nan))


def _middle_and_scatter(values: Doubles) -> tuple[Doubles, Doubles]:
    """Medians of columns and their scatter by median deviations; NaN of too few known values."""
    known = np.isfinite(values)
    middle, scatter = np.full(values.shape[1], np.nan), np.full(values.shape[1], np.nan)
    for k in np.flatnonzero(known.sum(axis=0) >= FEWEST_STARS):
        column = values[known[:, k], k]
        middle[k] = np.median(column)
        scatter[k] = SIGMA_OF_MAD * np.median(np.abs(column - middle[k]))
    return middle, scatter


def ridge_of(mag: Doubles, log_width: Doubles, values: Doubles) -> Ridge:
    """Make the ridge of stars that were measured.

    The brighter half of them tells how the parameters grow with the width of the point-spread function.

    Parameters
    ----------
    mag, log_width : float64 arrays (n,)
        As of `Ridge.scores`.
    values : float64 array (n, parameters)
        From `ring_shape`.
    """
    known = np.isfinite(mag)
    order = np.argsort(mag[known], kind="stable")
    mag, log_width, values = mag[known][order], log_width[known][order], values[known][order]
    bright = slice(0, max((mag.size + 1) // 2, min(mag.size, FEWEST_STARS)))
    slopes = np.array([_slope(log_width[bright], column) for column in values[bright].T])
    return Ridge(mag, values - log_width[:, None] * slopes, slopes)


def _slope(x: Doubles, y: Doubles) -> float:
    """Slope of y with x without outliers; 0 where x hardly changes."""
    kept = np.isfinite(y)
    for _ in range(ROUNDS):
        if np.count_nonzero(kept) < FEWEST_STARS or float(np.std(x[kept])) < LEAST_WIDTH_SPREAD:
            return 0.0
        away = x - float(np.mean(x[kept]))
        slope = float((away[kept] * y[kept]).sum() / (away[kept] * away[kept]).sum())
        rest = y - slope * away
        middle = float(np.median(rest[kept]))
        scatter = SIGMA_OF_MAD * float(np.median(np.abs(rest[kept] - middle)))
        kept = np.isfinite(y) & (np.abs(rest - middle) <= CLIP * scatter)
    return slope


def local_width(stack: BandStack, y_arcsec: Doubles) -> Doubles:
    """Logarithms of the width of the point-spread function over the scan's mean, means of the looks at places, (n,).

    Parameters
    ----------
    stack : BandStack
        Of one band.
    y_arcsec : float64 array (n,)
        U-scan places along the scan.
    """
    usable = np.flatnonzero(stack.usable)
    along = usable[np.argsort(stack.geometry.y_arcsec[usable], kind="stable")]
    middle, width = stack.geometry.y_arcsec[along], stack.psf.log_width[along].astype(np.float64)
    if not width.size:
        return np.zeros(y_arcsec.size)
    width = width - width.mean()
    half = HALF_FRAME_PIX * stack.geometry.pixel_arcsec
    first = np.searchsorted(middle, y_arcsec - half)
    last = np.searchsorted(middle, y_arcsec + half, side="right")
    sums = np.concatenate([[0.0], np.cumsum(width)])
    nearest = np.interp(y_arcsec, middle, width)
    seen = last > first
    return np.asarray(np.where(seen, (sums[last] - sums[first]) / np.maximum(last - first, 1), nearest))


def ridge_stars(stack: BandStack) -> Integers:
    """Choose the stars of a ridge: alone, no part of blends and galaxies, of all brightnesses along all of the scan.

    Parameters
    ----------
    stack : BandStack
        Of one band; its stars are fitted.
    """
    stars, places = stack.stars, stack.stars.places()
    with np.errstate(invalid="ignore", divide="ignore"):
        good = stars.flux_dn / stars.flux_error_dn > LEAST_SNR
    good &= stars.converged & (stars.component == 0)
    galaxies, fixed = stack.galaxies.places(), stack.fixed
    spoilt = (
        np.concatenate([galaxies, fixed.stars.places()]),
        np.concatenate([np.full(len(galaxies), GALAXY_ARCSEC), fixed.reach_arcsec]),
    )
    return choose_stars(places, stars.flux_dn, good, spoilt)


def choose_stars(
    places: Doubles, light_dn: Doubles, good: Bools, spoilt: tuple[Doubles, Doubles]
) -> Integers:
    """Choose stars that are alone, of all brightnesses, evenly in their order.

    Parameters
    ----------
    places : float64 array (n, 2)
        Of all stars, arcsec.
    light_dn : float64 array (n,)
        Theirs; NaN is none.
    good : bool array (n,)
        Which may be chosen.
    spoilt : (float64 array (m, 2), float64 array (m,))
        Galaxies and saturated stars, and how far their light reaches, arcsec.
    """
    light = np.nan_to_num(light_dn)
    good = good & (light > 0.0) & ~near_any(places, *spoilt)
    first, second = close_pairs(places, ALONE_ARCSEC).T
    good[first[light[second] > ALONE_SHARE * light[first]]] = False
    good[second[light[first] > ALONE_SHARE * light[second]]] = False
    index = np.flatnonzero(good)
    step = np.floor(-2.5 * np.log10(light[index]) / MAG_STEP).astype(np.int64)
    chosen = []
    for number in np.unique(step):
        equal = index[step == number]
        count = min(equal.size, MOST_A_STEP)
        chosen.append(equal[np.round(np.linspace(0.0, equal.size - 1.0, count)).astype(np.int64)])
    return np.sort(np.concatenate(chosen)) if chosen else index


def brightness(part: Cutout, level_dn: float) -> float:
    """-2.5 log of the light within 7", DN; NaN where there is none.

    Parameters
    ----------
    part : Cutout
        Window with an object alone, of 1" pixels.
    level_dn : float
        Of the sky.
    """
    reach = round(RADIUS_PIX)
    i, j = round(part.x), round(part.y)
    rows, columns = slice(max(0, j - reach), j + reach + 1), slice(max(0, i - reach), i + reach + 1)
    image, usable = part.image[rows, columns], part.usable[rows, columns]
    y, x = np.ogrid[rows.start : rows.start + image.shape[0], columns.start : columns.start + image.shape[1]]
    inside = usable & ((x - part.x) ** 2 + (y - part.y) ** 2 <= RADIUS_PIX**2)
    light = float(image[inside].sum(dtype=np.float64)) - level_dn * float(np.count_nonzero(inside))
    return -2.5 * float(np.log10(light)) if light > 0.0 else float("nan")


def fill_scores(
    out: Table,
    band: Band,
    lent: tuple[Residual, Bools],
    measured: Sequence[tuple[float, Doubles]],
    noise_dn: float,
) -> None:
    """Fill the scores of galaxies in one band; gives the light of the ridge's stars back to the residual frames.

    Parameters
    ----------
    out : structured array of EXTENDED_DTYPE (n,)
        Rows of the galaxies.
    band : Band
        Whose columns are filled.
    lent : (Residual, bool array (stars,))
        Loan of that band, and which of its stars are taken away there.
    measured : sequence of (float, float64 array)
        `brightness` and `ring_shape` of each galaxy.
    noise_dn : float
        Of a square arcsecond, as if pixels were independent.
    """
    ridge, stack = measure_ridge(*lent, noise_dn), lent[0].stack
    write_scores(out, band, ridge, measured, local_width(stack, stack.galaxies.places()[:, 1]))


def write_scores(
    out: Table, band: Band, ridge: Ridge, measured: Sequence[tuple[float, Doubles]], widths: Doubles
) -> None:
    """Write the scores of galaxies in one band into their rows.

    Parameters
    ----------
    out : structured array of EXTENDED_DTYPE (n,)
        Rows of the galaxies.
    band : Band
        Whose columns are filled.
    ridge : Ridge
        Of that band.
    measured : sequence of (float, float64 array)
        `brightness` and `ring_shape` of each galaxy.
    widths : float64 array (n,)
        Logarithms of the width of the point-spread function at their places, over the mean.
    """
    for row, (mag, values), width in zip(out, measured, widths, strict=True):
        scores = ridge.scores(mag, float(width), values)
        for name, score in zip(PARAMETERS, scores, strict=True):
            row[f"{band.value}_sc_{name}"] = score


def measure_ridge(residual: Residual, drawn: Bools, noise_dn: float) -> Ridge:
    """Measure the stars of a ridge on the residual frames, to which their light is given back.

    Parameters
    ----------
    residual : Residual
        Loan of a band.
    drawn : bool array (stars,)
        Which of its stars are taken away there: far from all galaxies none is.
    noise_dn : float
        Of a square arcsecond, as if pixels were independent.
    """
    stack = residual.stack
    index = ridge_stars(stack)
    residual.give_light_back(stack.stars.taken(index[drawn[index]]))
    chosen = stack.stars.taken(index)
    mag, values = np.full(chosen.size, np.nan), np.full((chosen.size, len(PARAMETERS)), np.nan)
    side = 2 * HALF_WINDOW_PIX + 1
    for n, (x, y) in enumerate(chosen.places()):
        first_x, first_y = np.floor(x) - HALF_WINDOW_PIX, np.floor(y) - HALF_WINDOW_PIX
        image = mosaic(residual.arrays(), stack.geometry, first_x, first_y, (side, side))
        part = Cutout(np.nan_to_num(image), np.isfinite(image), float(x - first_x), float(y - first_y))
        mag[n], values[n] = brightness(part, 0.0), ring_shape(part, 0.0, noise_dn)
    return ridge_of(mag, local_width(stack, chosen.y_arcsec), values)
