"""Least squares of a Sersic model, or of stars, to the pixels of a coadd, with the sky and stars beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from app.arrays import Doubles
from workers.reduction.galaxies.mixtures import mixture, with_core
from workers.reduction.galaxies.model import (
    draw_model,
    leave,
    normal_equations,
    plain_light,
    star_light,
)
from workers.reduction.galaxies.priors import WEAK, Priors
from workers.reduction.galaxies.sersic import LARGEST_INDEX, LEAST_INDEX, WIDTHS, sersic_shares, sersic_table
from workers.reduction.galaxies.values import (
    CORE_SIGMAS_ARCSEC,
    PARAMETERS,
    Pixels,
    Shape,
)
from workers.reduction.kernels.cholesky import solve_damped

TURNS = 14
SETTLED_CHI2 = 0.1
LEAST_RADIUS_ARCSEC, LARGEST_RADIUS_ARCSEC = 0.2, 80.0
MOST_STEP = np.array([np.inf, 0.7, 0.7, 0.5, 0.4, 0.4, 0.4])
LIMITS = (
    (3, math.log(LEAST_RADIUS_ARCSEC), math.log(LARGEST_RADIUS_ARCSEC)),
    (4, -2.0, 2.0),
    (5, -2.0, 2.0),
    (6, math.log(LEAST_INDEX), math.log(LARGEST_INDEX)),
)
_NONLINEAR = len(PARAMETERS)


@dataclass(frozen=True)
class Fitted:
    """A fitted model.

    Attributes
    ----------
    values : float64 array (7 + columns,)
        `PARAMETERS` of the galaxy, then the linear columns.
    covariance : float64 array (7 + columns, 7 + columns)
        Inverse of the normal matrix, priors included.
    chi2 : float
        Of the pixels.
    cost : float
        The same with the priors.
    """

    values: Doubles
    covariance: Doubles
    chi2: float
    cost: float

    def shape(self, x_arcsec: float, y_arcsec: float) -> Shape:
        """Shape of the model, its place from a place of the pixels' middle."""
        v = [float(value) for value in self.values[1:_NONLINEAR]]
        return Shape(x_arcsec + v[0], y_arcsec + v[1], *v[2:])

    def flux_error(self) -> tuple[float, float]:
        """One sigma of the light, and what it would be of a known shape and place."""
        whole = float(np.sqrt(max(self.covariance[0, 0], 0.0)))
        kept = np.r_[0, _NONLINEAR : self.values.size]
        precision = np.linalg.inv(self.covariance)
        known = np.linalg.inv(precision[np.ix_(kept, kept)])
        return whole, float(np.sqrt(max(known[0, 0], 0.0)))


class _Trial:
    """A model at the pixels: its values, their columns, what it leaves, chi-squared, and the same with the priors.

    Parameters
    ----------
    pixels : Pixels
        Around the object.
    profile : (shares, variances), float64 arrays (k,)
        Gaussians of the coadd's point-spread function.
    priors : Priors
        Of the parameters.
    """

    def __init__(self, pixels: Pixels, profile: tuple[Doubles, Doubles], priors: Priors) -> None:
        self.pixels, self.profile, self.priors = pixels, profile, priors
        self.values: Doubles = np.zeros(_NONLINEAR + pixels.linear.shape[0])
        self.columns: Doubles = np.empty((self.values.size, pixels.x.size))
        self.columns[_NONLINEAR:] = pixels.linear
        self.rest: Doubles = np.empty(pixels.x.size)
        self.chi2, self.cost = np.inf, np.inf

    def draw(self, values: Doubles) -> None:
        """Make the light of the model and its derivatives with the parameters, for other values."""
        self.values = values
        table = *sersic_table(), WIDTHS
        draw_model(self.pixels.x, self.pixels.y, values, table, self.profile, self.columns)

    def weigh(self) -> None:
        """Work out what the drawn model leaves, with its chi-squared and cost."""
        data = self.pixels.value, self.pixels.weight
        self.chi2 = leave(self.columns, self.values, _NONLINEAR, data, self.rest)
        self.away, self.slopes = self.priors.terms(self.values)
        self.cost = self.chi2 + float((self.away * self.away).sum())

    def equations(self) -> tuple[Doubles, Doubles]:
        """Return normal matrix and right side of pixels and priors."""
        normal, right = _equations(self.columns, self.pixels, self.rest)
        known, drawn = np.empty((_NONLINEAR, _NONLINEAR)), np.empty(_NONLINEAR)
        slopes = np.ascontiguousarray(self.slopes.T)
        normal_equations(slopes, np.ones(self.away.size), self.away, known, drawn)
        normal[:_NONLINEAR, :_NONLINEAR] += known
        right[:_NONLINEAR] -= drawn
        return normal, right


def _limited(values: Doubles) -> Doubles:
    out = values.copy()
    for k, low, high in LIMITS:
        out[k] = min(max(out[k], low), high)
    return out


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
    best, trial = (_Trial(pixels, profile, priors) for _ in range(2))
    count = best.values.size
    best.draw(_limited(np.concatenate([start, np.zeros(count - _NONLINEAR)])))
    best.draw(_solve_linear(pixels, best.values, best.columns))
    best.weigh()
    damping = 1e-3
    normal, right = best.equations()
    for _ in range(TURNS):
        step = _solved(normal, right, damping)
        step[:_NONLINEAR] = np.minimum(np.maximum(step[:_NONLINEAR], -MOST_STEP), MOST_STEP)
        trial.draw(_limited(best.values + step))
        trial.weigh()
        if trial.cost < best.cost:
            gain = best.cost - trial.cost
            best, trial = trial, best
            normal, right = best.equations()
            damping = max(0.2 * damping, 1e-6)
            if gain < SETTLED_CHI2:
                break
        else:
            damping *= 8.0
            if damping > 1e4:
                break
    inverse = np.asarray(np.linalg.inv(_ridge(normal, 1e-12)), np.float64)
    return Fitted(best.values, inverse, best.chi2, best.cost)


def _equations(columns: Doubles, pixels: Pixels, rest: Doubles) -> tuple[Doubles, Doubles]:
    """Return normal matrix and right side of columns (m, n)."""
    normal, right = np.empty((columns.shape[0], columns.shape[0])), np.empty(columns.shape[0])
    normal_equations(np.ascontiguousarray(columns), pixels.weight, rest, normal, right)
    return normal, right


def _solved(normal: Doubles, right: Doubles, share: float = 1e-9) -> Doubles:
    """Solve normal equations with a little more on their diagonal, as of `_ridge`."""
    out = np.empty(right.size)
    if solve_damped(normal, right, share, out):
        return out
    return np.asarray(np.linalg.solve(_ridge(normal, share), right))


def _ridge(normal: Doubles, share: float = 1e-9) -> Doubles:
    """Return a normal matrix with a little more on its diagonal: columns without pixels stay where they are."""
    return np.asarray(normal + share * np.diag(np.diag(normal)) + 1e-12 * np.eye(normal.shape[0]))


def _solve_linear(pixels: Pixels, values: Doubles, columns: Doubles) -> Doubles:
    """Best light, sky and stars for a shape."""
    kept = np.r_[0, _NONLINEAR : values.size]
    normal, right = _equations(columns[kept], pixels, pixels.value)
    out = values.copy()
    out[kept] = _solved(normal, right)
    out[0] = max(out[0], 1e-3)
    return out


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


def bent_sky(pixels: Pixels, half: float) -> Doubles:
    """Columns of a sky that bends: squares and the product of the places, (3, n).

    Parameters
    ----------
    pixels : Pixels
        Where.
    half : float
        Half a side of the window, arcsec.
    """
    x, y = pixels.x / half, pixels.y / half
    return np.stack([x * x, x * y, y * y])


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
    solution, inverse, chi2 = _linear_solution(pixels, light)
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
    solution, inverse, chi2 = _linear_solution(pixels, light)
    return float(solution[0]), float(np.sqrt(max(inverse[0, 0], 0.0))), chi2


def _linear_solution(pixels: Pixels, light: Doubles) -> tuple[Doubles, Doubles, float]:
    """Solution of models and linear columns, inverse of their normal matrix, and chi-squared."""
    columns = np.concatenate([np.atleast_2d(light), pixels.linear])
    normal, right = _equations(columns, pixels, pixels.value)
    inverse = np.linalg.inv(_ridge(normal))
    solution = _solved(normal, right)
    rest = pixels.value - (solution[:, None] * columns).sum(axis=0)
    chi2 = float((pixels.weight * rest * rest).sum())
    return solution, np.asarray(inverse, np.float64), chi2


def linear_rest(pixels: Pixels, light: Doubles) -> Doubles:
    """Return what known models and the linear columns leave of pixels when they are fitted to them, (n,).

    Parameters
    ----------
    pixels : Pixels
        Of a window.
    light : float64 array (m, n)
        Light of the models of one DN.
    """
    solution, _, _ = _linear_solution(pixels, light)
    columns = np.concatenate([light, pixels.linear])
    return np.asarray(pixels.value - (solution[:, None] * columns).sum(axis=0))


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
    count, step, best = places.shape[0], 0.02, np.inf
    kept: Doubles = places
    fluxes: Doubles = np.zeros(count)
    for _ in range(turns):
        linear = np.concatenate([stars_at(pixels, profile, places), pixels.linear])
        normal, right = _equations(linear, pixels, pixels.value)
        solution = _solved(normal, right)
        rest = pixels.value - (solution[:, None] * linear).sum(axis=0)
        chi2 = float((pixels.weight * rest * rest).sum())
        gain = best - chi2
        if gain > 0.0:
            best, kept, fluxes = chi2, places.copy(), np.asarray(solution[:count], np.float64)
        if gain < SETTLED_CHI2:
            break
        slopes = [
            solution[:count, None] * (stars_at(pixels, profile, places + shift) - linear[:count]) / step
            for shift in ((step, 0.0), (0.0, step))
        ]
        normal, right = _equations(np.concatenate([linear, *slopes]), pixels, rest)
        move = _solved(normal, right, 1e-3)[linear.shape[0] :]
        places = np.asarray(places + np.clip(move.reshape(2, count).T, -0.8, 0.8), np.float64)
    return fluxes, kept, best
