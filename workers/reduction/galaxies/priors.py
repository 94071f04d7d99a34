"""What is known of a galaxy's shape before its pixels are fitted: little, or what other galaxies of the scan tell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit

from app.arrays import Doubles
from workers.reduction.galaxies.values import Shape
from workers.reduction.kernels.compiled import PLAIN

TERMS = 5  # that priors add to chi-squared
LEAST_LIGHT_DN = 1e-3
# Of the logarithms of the axes' ratio, in both stretches: no disc is thinner than 0.2.
STRETCH_SIGMA = 0.7
# Exponential discs and r^1/4 bulges, the two families by which the Sloan survey measures totals (Stoughton et al. 2002,
# 4.4.5.5): wings of an index between them cannot be told from the sky, and carry a fifth of the light.
FAMILY_LOG_INDICES, FAMILY_SIGMA = (0.0, float(np.log(4.0))), 0.1
# Galaxies that tell how indices scatter about the families: how well each must be known, how many, and the most of it.
TOLD_SIGMA, FEWEST_TOLD, MOST_FAMILY_SCATTER = 0.3, 10, 0.3
SCATTER_TURNS = 12
MEDIAN_SQUARE = 0.4549  # of a normal variable of unit variance
# Of chi-squared with its priors, by which a free index must be better than both families.
FREE_CHANGE = 9.0
# Galaxies of a scan that tell its usual surface brightness, and limits of the scatter about it (logarithm of radius).
FEWEST_GALAXIES, LEAST_SCATTER, MOST_SCATTER = 10, 0.35, 0.8
SIGMA_OF_MAD = 1.4826


@dataclass(frozen=True)
class Priors:
    """Normal priors of a model's parameters, and of its surface brightness.

    Attributes
    ----------
    log_radius, log_index : (float, float)
        Middle and sigma of the logarithms of the half-light radius (arcsec) and of the Sersic index.
    brightness : (float, float)
        Middle and sigma of the logarithm of the half-light semi-major axis over the root of the light (arcsec, DN):
        a surface brightness.
    """

    log_radius: tuple[float, float]
    log_index: tuple[float, float]
    brightness: tuple[float, float] = (0.0, np.inf)

    def numbers(self) -> Doubles:
        """Return middles and sigmas of radius, index and brightness in one array, (6,)."""
        return np.array([*self.log_radius, *self.log_index, *self.brightness])


@njit(**PLAIN)
def prior_terms(values: Doubles, priors: Doubles, away: Doubles, slopes: Doubles) -> float:
    """Differences of parameters from their middles in sigma, and their derivatives; the sum of their squares.

    Parameters
    ----------
    values : float64 array (7 or more,)
        `PARAMETERS` of a model.
    priors : float64 array (6,)
        `Priors.numbers`.
    away : float64 array (5,)
        Becomes the differences.
    slopes : float64 array (7, 5)
        Becomes their derivatives.
    """
    log_radius = values[3]
    plus = values[4]
    cross = values[5]
    light = max(values[0], LEAST_LIGHT_DN)
    size = max(math.hypot(plus, cross), 1e-6)
    brightness = log_radius + 0.5 * size - 0.5 * math.log(light)
    away[0] = (log_radius - priors[0]) / priors[1]
    away[1] = plus / STRETCH_SIGMA
    away[2] = cross / STRETCH_SIGMA
    away[3] = (values[6] - priors[2]) / priors[3]
    away[4] = (brightness - priors[4]) / priors[5]
    slopes[:] = 0.0
    slopes[3, 0] = 1.0 / priors[1]
    slopes[4, 1] = 1.0 / STRETCH_SIGMA
    slopes[5, 2] = 1.0 / STRETCH_SIGMA
    slopes[6, 3] = 1.0 / priors[3]
    slopes[0, 4] = -0.5 / light / priors[5]
    slopes[3, 4] = 1.0 / priors[5]
    slopes[4, 4] = 0.5 * plus / size / priors[5]
    slopes[5, 4] = 0.5 * cross / size / priors[5]
    total = 0.0
    for k in range(TERMS):
        total += away[k] * away[k]
    return total


WEAK = Priors((float(np.log(2.5)), 1.5), (float(np.log(2.5)), 0.8))
"""Noise has no corner to go to; hardly more."""
DISC = Priors(WEAK.log_radius, (0.0, 0.003))
"""An exponential disc and no other: arms have changes of chi-squared of thousands, which no weak prior holds."""


def families(brightness: tuple[float, float]) -> tuple[Priors, Priors]:
    """Return priors of a disc and of a bulge of usual surface brightness.

    Parameters
    ----------
    brightness : (float, float)
        Middle and sigma of `Priors.brightness`.
    """
    disc, bulge = (Priors(WEAK.log_radius, (index, FAMILY_SIGMA), brightness) for index in FAMILY_LOG_INDICES)
    return disc, bulge


def usual_brightness(models: Sequence[tuple[Shape, float]]) -> tuple[float, float]:
    """Middle and scatter of the surface brightnesses of a scan's galaxies; no scatter is known of fewer than ten.

    Surface brightnesses of nearby galaxies hardly change with their light: faint ones are far ones.

    Parameters
    ----------
    models : sequence of (Shape, float)
        Shapes of galaxies and their light in the sum of the bands, DN.

    Examples
    --------
    >>> usual_brightness([])
    (0.0, inf)
    """
    values = np.array(
        [
            np.log(shape.semi_major_arcsec) - 0.5 * np.log(max(light, LEAST_LIGHT_DN))
            for shape, light in models
        ]
    )
    if values.size < FEWEST_GALAXIES:
        return 0.0, np.inf
    middle = float(np.median(values))
    scatter = SIGMA_OF_MAD * float(np.median(np.abs(values - middle)))
    return middle, float(np.clip(scatter, LEAST_SCATTER, MOST_SCATTER))


def family_scatter(told: Sequence[tuple[float, float]]) -> float:
    """Scatter of logarithms of indices about their families beyond errors of single ones; `FAMILY_SIGMA` of too few.

    The median of squares over variances is that of normal deviates: outliers do not count.

    Parameters
    ----------
    told : sequence of (float, float)
        Logarithm of the index of a galaxy that was fitted freely, less that of its family, and one sigma of it.

    Examples
    --------
    >>> family_scatter([(0.1, 0.05)] * 5)
    0.1
    >>> family_scatter([(0.05, 0.1)] * 20)
    0.0
    """
    known = np.array([pair for pair in told if 0.0 < pair[1] < TOLD_SIGMA]).reshape(-1, 2)
    if len(known) < FEWEST_TOLD:
        return FAMILY_SIGMA
    square, variance = known.T**2

    def excess(scatter: float) -> float:
        return float(np.median(square / (variance + scatter * scatter))) - MEDIAN_SQUARE

    if excess(0.0) <= 0.0:
        return 0.0
    low, high = 0.0, MOST_FAMILY_SCATTER
    for _ in range(SCATTER_TURNS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if excess(middle) > 0.0 else (low, middle)
    return high
