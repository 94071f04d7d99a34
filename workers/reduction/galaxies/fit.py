"""Least squares of a Sersic model, or of stars, to the pixels of a coadd, with the sky and stars beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from app.arrays import Doubles
from workers.reduction.galaxies.fit_turns import (
    BENDS,
    SHARE,
    fill_columns,
    fit_model,
    fit_places,
    known_variance,
    rest_of,
    ridge,
    solved,
)
from workers.reduction.galaxies.mixtures import mixture, with_core
from workers.reduction.galaxies.model import normal_equations, plain_light, star_light
from workers.reduction.galaxies.priors import WEAK, Priors
from workers.reduction.galaxies.sersic import LARGEST_INDEX, LEAST_INDEX, WIDTHS, sersic_shares, sersic_table
from workers.reduction.galaxies.values import (
    CORE_SIGMAS_ARCSEC,
    PARAMETERS,
    Pixels,
    Shape,
)

LEAST_RADIUS_ARCSEC, LARGEST_RADIUS_ARCSEC = 0.2, 80.0
MOST_STEP = np.array([np.inf, 0.7, 0.7, 0.5, 0.4, 0.4, 0.4])
LIMITS = np.array([
    (-np.inf, -np.inf, -np.inf, math.log(LEAST_RADIUS_ARCSEC), -2.0, -2.0, math.log(LEAST_INDEX)),
    (np.inf, np.inf, np.inf, math.log(LARGEST_RADIUS_ARCSEC), 2.0, 2.0, math.log(LARGEST_INDEX)),
])  # fmt: skip
"""Lowest and highest values of `PARAMETERS`."""
_NONLINEAR = len(PARAMETERS)


@dataclass(frozen=True)
class Fitted:
    """A fitted model.

    Attributes
    ----------
    values : float64 array (7 + columns,)
        `PARAMETERS` of the galaxy, then the linear columns.
    precision : float64 array (7 + columns, 7 + columns)
        The normal matrix, priors included.
    chi2 : float
        Of the pixels.
    cost : float
        The same with the priors.
    """

    values: Doubles
    precision: Doubles
    chi2: float
    cost: float

    @cached_property
    def covariance(self) -> Doubles:
        """Inverse of the normal matrix, (7 + columns, 7 + columns); most fits are never asked for it."""
        return np.asarray(np.linalg.inv(self.precision), np.float64)

    def shape(self, x_arcsec: float, y_arcsec: float) -> Shape:
        """Shape of the model, its place from a place of the pixels' middle."""
        v = [float(value) for value in self.values[1:_NONLINEAR]]
        return Shape(x_arcsec + v[0], y_arcsec + v[1], *v[2:])

    def flux_error(self) -> tuple[float, float]:
        """One sigma of the light, and what it would be of a known shape and place."""
        return float(np.sqrt(max(self.covariance[0, 0], 0.0))), self.known_error()

    def known_error(self) -> float:
        """One sigma of the light of a known shape and place."""
        return float(np.sqrt(known_variance(self.precision)))


def fit_galaxy(
    pixels: Pixels, profile: tuple[Doubles, Doubles], start: Doubles, priors: Priors = WEAK
) -> Fitted:
    """Fit a Sersic model, the sky and the stars beside it, by damped Gauss-Newton steps with priors.

    Parameters
    ----------
    pixels : Pixels
        Around the object.
    profile : (shares, variances), float64 arrays (k,)
        Gaussians of the coadd's point-spread function, arcsec^2.
    start : float64 array (7,)
        First guess of `PARAMETERS`.
    priors : Priors, optional
        Weak ones where nothing is known.
    """
    count = _NONLINEAR + pixels.linear.shape[0]
    values, normal = np.zeros(count), np.empty((count, count))
    values[:_NONLINEAR] = start[:_NONLINEAR]
    rules = priors.numbers(), LIMITS, MOST_STEP
    chi2, cost = fit_model(pixels, profile, (*sersic_table(), WIDTHS), rules, values, normal)
    return Fitted(values, ridge(normal, 1e-12), chi2, cost)


def _equations(columns: Doubles, pixels: Pixels) -> tuple[Doubles, Doubles]:
    """Return normal matrix and right side of columns (m, n)."""
    normal, right = np.empty((columns.shape[0], columns.shape[0])), np.empty(columns.shape[0])
    normal_equations(columns, pixels.weight, pixels.value, normal, right)
    return normal, right


def light_of(
    pixels: Pixels,
    shape: Shape,
    profile: tuple[Doubles, Doubles],
    middle: tuple[float, float],
    core: tuple[float, ...] = (),
) -> Doubles:
    """Light of a model of one DN at pixels, (n,).

    Parameters
    ----------
    pixels : Pixels
        Where.
    shape : Shape
        Of the galaxy.
    profile : (shares, variances)
        As of `fit_galaxy`.
    middle : (float, float)
        U-scan place of the pixels' middle, arcsec.
    core : tuple of float
        Shares of the light in the Gaussians of its core; none for a plain profile.
    """
    shares, slopes = sersic_shares(shape.log_index)
    gaussians = mixture(shares, slopes, WIDTHS, profile, shape.radius_arcsec)
    if core:
        gaussians = with_core(gaussians, profile, np.array(core), np.array(CORE_SIGMAS_ARCSEC) ** 2)
    place = [shape.x_arcsec - middle[0], shape.y_arcsec - middle[1]]
    out = np.empty(pixels.x.size)
    plain_light(pixels.x, pixels.y, np.array([*place, *shape.covariance()]), gaussians, out)
    return out


def moved_lights(
    pixels: Pixels,
    shape: Shape,
    profile: tuple[Doubles, Doubles],
    middle: tuple[float, float],
    steps: Doubles,
) -> Doubles:
    """Light of a model of one DN without a core, moved by some steps, at pixels; (steps, n).

    Parameters
    ----------
    pixels, shape, profile, middle
        As of `light_of`.
    steps : float64 array (steps, 2)
        Arcsec.
    """
    shares, slopes = sersic_shares(shape.log_index)
    gaussians = mixture(shares, slopes, WIDTHS, profile, shape.radius_arcsec)
    covariance, out = shape.covariance(), np.empty((len(steps), pixels.x.size))
    for row, (dx, dy) in zip(out, steps.tolist(), strict=True):
        place = [shape.x_arcsec + dx - middle[0], shape.y_arcsec + dy - middle[1]]
        plain_light(pixels.x, pixels.y, np.array([*place, *covariance]), gaussians, row)
    return out


def core_light(pixels: Pixels, profile: tuple[Doubles, Doubles], place: tuple[float, float]) -> Doubles:
    """Light of the Gaussians of a core of one DN each at pixels, (2, n).

    Parameters
    ----------
    pixels : Pixels
        Where.
    profile : (shares, variances)
        As of `fit_galaxy`.
    place : (float, float)
        From the pixels' middle, arcsec.
    """
    middle = np.array([place])
    return np.concatenate([
        stars_at(pixels, (profile[0], profile[1] + sigma * sigma), middle) for sigma in CORE_SIGMAS_ARCSEC
    ])  # fmt: skip


def beside_stars(
    pixels: Pixels,
    profile: tuple[Doubles, Doubles],
    stars: tuple[Doubles, Doubles],
    core: Doubles,
    half: float,
) -> Pixels:
    """Pixels with columns of a core, a sky and stars, whose light makes the pixels less certain.

    Parameters
    ----------
    pixels : Pixels
        With columns of the sky alone.
    profile : (shares, variances)
        As of `fit_galaxy`.
    stars : (places, light), float64 arrays (m, 2), (m,)
        From the pixels' middle, arcsec, and DN.
    core : float64 array (k, n)
        Columns of a core, which come first.
    half : float
        Half a side of the window, arcsec, where the sky bends; 0 where it does not.
    """
    places, light = stars
    first = core.shape[0] + pixels.linear.shape[0] + (BENDS if half else 0)
    linear, weight = np.empty((first + light.size, pixels.x.size)), np.empty(pixels.x.size)
    linear[: core.shape[0]] = core
    plane = pixels.x, pixels.y, pixels.size
    star_light(plane, np.ascontiguousarray(places, np.float64), profile[0], profile[1], linear[first:])
    fill_columns(pixels, float(half), light, core.shape[0], (linear, weight))
    return pixels._replace(weight=weight, linear=linear)


def parts_fit(pixels: Pixels, light: Doubles, parts: int) -> tuple[float, float, float, tuple[float, ...]]:
    """Light of a known model and of its core: DN together, one sigma, chi-squared, and shares of the core's parts.

    Parameters
    ----------
    pixels : Pixels
        Of one band; the first linear columns are the core's.
    light : float64 array (n,)
        Of the model without core, of one DN.
    parts : int
        How many columns the core has; 0 for none.
    """
    solution, inverse, chi2, _ = _linear_solution(pixels, light)
    own = slice(0, 1 + parts)
    whole, variance = float(solution[own].sum()), float(inverse[own, own].sum())
    shares = tuple(float(part) / whole for part in solution[1 : 1 + parts]) if whole > 0.0 else (0.0,) * parts
    return whole, float(np.sqrt(max(variance, 0.0))), chi2, shares


def linear_fit(pixels: Pixels, light: Doubles) -> tuple[float, float, float]:
    """Light of a known model beside the linear columns: DN, one sigma, and chi-squared.

    Parameters
    ----------
    pixels : Pixels
        Of one band.
    light : float64 array (n,) or (m, n)
        Light of the model of one DN (`light_of`); of several models the first one's light is given.
    """
    solution, inverse, chi2, _ = _linear_solution(pixels, light)
    return float(solution[0]), float(np.sqrt(max(inverse[0, 0], 0.0))), chi2


def _linear_solution(pixels: Pixels, light: Doubles) -> tuple[Doubles, Doubles, float, Doubles]:
    """Solution of models and linear columns, inverse of their normal matrix, chi-squared, and what is left (n,)."""
    columns = np.concatenate([np.atleast_2d(light), pixels.linear])
    normal, right = _equations(columns, pixels)
    inverse = np.linalg.inv(ridge(normal, SHARE))
    solution, rest = solved(normal, right, SHARE), np.empty(pixels.x.size)
    chi2 = rest_of(columns, solution, pixels.value, pixels.weight, rest)
    return solution, np.asarray(inverse, np.float64), chi2, rest


def linear_rest(pixels: Pixels, light: Doubles) -> Doubles:
    """Return what known models and the linear columns leave of pixels when they are fitted to them, (n,).

    Parameters
    ----------
    pixels : Pixels
        Of a window.
    light : float64 array (m, n)
        Light of the models of one DN.
    """
    return _linear_solution(pixels, light)[3]


def stars_at(pixels: Pixels, profile: tuple[Doubles, Doubles], places: Doubles) -> Doubles:
    """Light of stars of one DN at pixels, (stars, n).

    Parameters
    ----------
    pixels : Pixels
        Where.
    profile : (shares, variances)
        As of `fit_galaxy`.
    places : float64 array (stars, 2)
        From the pixels' middle, arcsec.
    """
    out = np.empty((places.shape[0], pixels.x.size))
    star_light(
        (pixels.x, pixels.y, pixels.size),
        np.ascontiguousarray(places, np.float64),
        profile[0],
        profile[1],
        out,
    )
    return out


def fit_points(
    pixels: Pixels, profile: tuple[Doubles, Doubles], places: Doubles, turns: int = 8
) -> tuple[Doubles, Doubles, float]:
    """Fit stars at free places: light (n,), places (n, 2), chi-squared.

    Parameters
    ----------
    pixels : Pixels
        Around the object.
    profile : (shares, variances)
        As of `fit_galaxy`.
    places : float64 array (n, 2)
        First guess, from the pixels' middle, arcsec.
    turns : int
        Most steps.
    """
    best, light = np.array(places, np.float64, order="C"), np.empty(places.shape[0])
    chi2 = fit_places(pixels, profile, turns, best, light)
    return light, best, chi2
