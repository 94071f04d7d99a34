"""Kernels of whole fits of a model or of stars: all turns in one call, as a call of numpy takes longer than their sums.

Normal equations are summed with the fast arithmetic of `KERNEL`; what is added once a parameter is in the order and
with the rounding of plain Python, so that a fit does not depend on where it is compiled.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from app.arrays import Doubles
from workers.reduction.galaxies.model import draw_model, leave, normal_equations, star_light
from workers.reduction.galaxies.priors import TERMS, prior_terms
from workers.reduction.galaxies.values import LIGHT_ERROR, PARAMETERS, Pixels
from workers.reduction.kernels.cholesky import solve_damped
from workers.reduction.kernels.compiled import KERNEL, PLAIN

TURNS = 14
SETTLED_CHI2 = 0.1
FIRST_DAMPING, LEAST_DAMPING, MOST_DAMPING = 1e-3, 1e-6, 1e4
BOLDER, CALMER = 0.2, 8.0
LEAST_START_DN = 1e-3
BENDS = 3  # columns of a sky that bends: squares and the product of the places
SHARE = 1e-9  # of the diagonal of normal equations, that linear solutions add to it
PLACE_STEP_ARCSEC, MOST_MOVE_ARCSEC, PLACE_DAMPING = 0.02, 0.8, 1e-3
_NONLINEAR = len(PARAMETERS)


@njit(**PLAIN)
def ridge(normal: Doubles, share: float) -> Doubles:
    """Return a normal matrix with a little more on its diagonal: columns without pixels stay where they are.

    Parameters
    ----------
    normal : float64 array (m, m)
        Left as it is.
    share : float
        Of its diagonal, that is added to it.
    """
    out = normal.copy()
    for a in range(out.shape[0]):
        out[a, a] = out[a, a] + share * out[a, a] + 1e-12
    return out


@njit(**KERNEL)
def solved(normal: Doubles, right: Doubles, share: float) -> Doubles:
    """Solve normal equations with a little more on their diagonal, as of `ridge`.

    Parameters
    ----------
    normal, right : float64 arrays (m, m), (m,)
        Left as they are.
    share : float
        As of `ridge`.
    """
    out = np.empty(right.size)
    if solve_damped(normal, right, share, out):
        return out
    return np.linalg.solve(ridge(normal, share), right)


@njit(**PLAIN)
def _limited(values: Doubles, limits: Doubles) -> None:
    """Keep parameters within limits: the lowest (7,), the highest (7,)."""
    for k in range(_NONLINEAR):
        values[k] = min(max(values[k], limits[0, k]), limits[1, k])


@njit(**KERNEL)
def _equations(
    columns: Doubles,
    pixels: Pixels,
    rest: Doubles,
    priors: tuple[Doubles, Doubles],
    out: tuple[Doubles, Doubles],
) -> None:
    """Fill in normal matrix and right side of pixels and priors; `priors` are the terms and their slopes."""
    normal, right = out
    away, slopes = priors
    normal_equations(columns, pixels.weight, rest, normal, right)
    known = np.empty((_NONLINEAR, _NONLINEAR))
    drawn = np.empty(_NONLINEAR)
    normal_equations(slopes, np.ones(TERMS), away, known, drawn)
    for a in range(_NONLINEAR):
        right[a] -= drawn[a]
        for b in range(_NONLINEAR):
            normal[a, b] += known[a, b]


@njit(**KERNEL)
def _linear_start(pixels: Pixels, columns: Doubles, values: Doubles) -> None:
    """Put best light, sky and stars for a drawn shape into the values."""
    count = values.size - _NONLINEAR + 1
    kept = np.empty((count, pixels.x.size))
    kept[0] = columns[0]
    kept[1:] = columns[_NONLINEAR:]
    normal = np.empty((count, count))
    right = np.empty(count)
    normal_equations(kept, pixels.weight, pixels.value, normal, right)
    solution = solved(normal, right, SHARE)
    values[0] = max(solution[0], LEAST_START_DN)
    values[_NONLINEAR:] = solution[1:]


@njit(**KERNEL)
def fit_model(
    pixels: Pixels,
    profile: tuple[Doubles, Doubles],
    table: tuple[Doubles, Doubles, Doubles],
    rules: tuple[Doubles, Doubles, Doubles],
    values: Doubles,
    normal: Doubles,
) -> tuple[float, float]:
    """Fit a Sersic model and the linear columns; chi-squared, and the same with the priors.

    Parameters
    ----------
    pixels : Pixels
        Around the object.
    profile : (shares, variances), float64 arrays (k,)
        Gaussians of the point-spread function.
    table : (logarithms, shares, widths)
        As of `draw_model`.
    rules : (priors (6,), limits (2, 7), most_step (7,)), float64 arrays
        Middle and sigma of the priors of radius, index and brightness; lowest and highest values; largest steps.
    values : float64 array (7 + columns,)
        First guess of the model; becomes the best values.
    normal : float64 array (7 + columns, 7 + columns)
        Becomes the normal matrix there, priors included.
    """
    priors, limits, most = rules
    count, n = values.size, pixels.x.size
    # Two trials in turn: the better one is kept.
    tried = np.zeros((2, count))
    columns = np.empty((2, count, n))
    rest = np.empty((2, n))
    away = np.empty((2, TERMS))
    slopes = np.empty((2, _NONLINEAR, TERMS))
    for k in range(2):
        columns[k, _NONLINEAR:] = pixels.linear
    right = np.empty(count)
    best = 0
    tried[0, :_NONLINEAR] = values[:_NONLINEAR]
    damping = FIRST_DAMPING
    chi2 = np.inf
    cost = np.inf
    turn = -1
    while turn < TURNS:
        new = 0 if turn < 0 else 1 - best
        if turn >= 0:
            step = solved(normal, right, damping)
            for a in range(count):
                if a < _NONLINEAR:
                    step[a] = min(max(step[a], -most[a]), most[a])
                tried[new, a] = tried[best, a] + step[a]
        _limited(tried[new], limits)
        if turn < 0:
            tried[new, 0] = 1.0
        draw_model(pixels.x, pixels.y, tried[new], table, profile, columns[new])
        if turn < 0:
            _linear_start(pixels, columns[new], tried[new])
            # Derivatives of a model of one DN are those of one of any light but for that light.
            columns[new, 1:_NONLINEAR] *= tried[new, 0]
        own = leave(columns[new], tried[new], _NONLINEAR, (pixels.value, pixels.weight), rest[new])
        whole = own + prior_terms(tried[new], priors, away[new], slopes[new])
        gain = cost - whole
        if turn < 0 or whole < cost:
            best, chi2, cost = new, own, whole
            _equations(columns[best], pixels, rest[best], (away[best], slopes[best]), (normal, right))
            if turn >= 0:
                damping = max(BOLDER * damping, LEAST_DAMPING)
                if gain < SETTLED_CHI2:
                    break
        else:
            damping *= CALMER
            if damping > MOST_DAMPING:
                break
        turn += 1
    values[:] = tried[best]
    return chi2, cost


@njit(**PLAIN)
def rest_of(columns: Doubles, levels: Doubles, value: Doubles, weight: Doubles, rest: Doubles) -> float:
    """Take columns of some levels away from pixels; chi-squared of what is left.

    Parameters
    ----------
    columns : float64 array (m, n)
        Of one DN.
    levels : float64 array (m,)
        Of the columns.
    value, weight : float64 arrays (n,)
        Of the pixels.
    rest : float64 array (n,)
        Becomes what is left.
    """
    rest[:] = 0.0
    for a in range(levels.size):
        for p in range(rest.size):
            rest[p] += levels[a] * columns[a, p]
    chi2 = 0.0
    for p in range(rest.size):
        rest[p] = value[p] - rest[p]
        chi2 += weight[p] * rest[p] * rest[p]
    return chi2


@njit(**PLAIN)
def _slopes(moved: Doubles, columns: Doubles, levels: Doubles, out: Doubles) -> None:
    """Fill in derivatives of stars' light with a coordinate, by which `moved` are drawn a step farther."""
    for s in range(moved.shape[0]):
        for p in range(moved.shape[1]):
            out[s, p] = levels[s] * (moved[s, p] - columns[s, p]) / PLACE_STEP_ARCSEC


@njit(**KERNEL)
def fit_places(
    pixels: Pixels, profile: tuple[Doubles, Doubles], turns: int, places: Doubles, light: Doubles
) -> float:
    """Fit stars at free places, and the linear columns; chi-squared.

    Parameters
    ----------
    pixels : Pixels
        Around the object.
    profile : (shares, variances), float64 arrays (k,)
        Gaussians of the point-spread function.
    turns : int
        Most steps.
    places : float64 array (stars, 2)
        First guess, from the pixels' middle, arcsec; become the best places.
    light : float64 array (stars,)
        Becomes their light, DN.
    """
    stars, n = places.shape[0], pixels.x.size
    linear = stars + pixels.linear.shape[0]
    count = linear + 2 * stars
    plane = pixels.x, pixels.y, pixels.size
    columns = np.empty((count, n))
    moved = np.empty((stars, n))
    rest = np.empty(n)
    columns[stars:linear] = pixels.linear
    few = np.empty((linear, linear)), np.empty(linear)
    many = np.empty((count, count)), np.empty(count)
    tried = places.copy()
    shifted = np.empty((stars, 2))
    light[:] = 0.0
    best = np.inf
    for _ in range(turns):
        star_light(plane, tried, profile[0], profile[1], columns[:stars])
        normal_equations(columns[:linear], pixels.weight, pixels.value, few[0], few[1])
        levels = solved(few[0], few[1], SHARE)
        chi2 = rest_of(columns[:linear], levels, pixels.value, pixels.weight, rest)
        gain = best - chi2
        if gain > 0.0:
            best = chi2
            places[:] = tried
            light[:] = levels[:stars]
        if gain < SETTLED_CHI2:
            break
        for axis in range(2):
            shifted[:] = tried
            for s in range(stars):
                shifted[s, axis] += PLACE_STEP_ARCSEC
            star_light(plane, shifted, profile[0], profile[1], moved)
            first = linear + axis * stars
            _slopes(moved, columns, levels, columns[first : first + stars])
        normal_equations(columns, pixels.weight, rest, many[0], many[1])
        move = solved(many[0], many[1], PLACE_DAMPING)
        for axis in range(2):
            for s in range(stars):
                step = move[linear + axis * stars + s]
                tried[s, axis] += min(max(step, -MOST_MOVE_ARCSEC), MOST_MOVE_ARCSEC)
    return best


@njit(**PLAIN)
def known_variance(precision: Doubles) -> float:
    """Variance of a model's light where its shape and place are known, from the inverse of its covariance.

    Parameters
    ----------
    precision : float64 array (7 + columns, 7 + columns)
        Of the parameters and the linear columns.
    """
    count = precision.shape[0] - _NONLINEAR + 1
    kept = np.empty((count, count))
    unit = np.zeros(count)
    unit[0] = 1.0
    for a in range(count):
        for b in range(count):
            kept[a, b] = precision[a + _NONLINEAR - 1 if a else 0, b + _NONLINEAR - 1 if b else 0]
    variance: float = solved(kept, unit, 0.0)[0]
    return max(variance, 0.0)


@njit(**PLAIN)
def fill_columns(
    pixels: Pixels, half: float, light: Doubles, first: int, out: tuple[Doubles, Doubles]
) -> None:
    """Fill in columns of a sky, and weights of pixels on which stars lie whose profile is not known any better.

    Parameters
    ----------
    pixels : Pixels
        With columns of the sky alone.
    half : float
        Half a side of the window, arcsec, where the sky bends: three more columns; 0 where it does not.
    light : float64 array (m,)
        Of the stars, DN.
    first : int
        Row of the first column of the sky.
    out : (linear, weight), float64 arrays (columns, n), (n,)
        The last m columns are drawn; those of the sky and the weights are filled in.
    """
    linear, weight = out
    level = pixels.linear.shape[0]
    stars = linear.shape[0] - light.size
    for k in range(level):
        for p in range(weight.size):
            linear[first + k, p] = pixels.linear[k, p]
    if half > 0.0:
        for p in range(weight.size):
            x = pixels.x[p] / half
            y = pixels.y[p] / half
            linear[first + level, p] = x * x
            linear[first + level + 1, p] = x * y
            linear[first + level + 2, p] = y * y
    weight[:] = 0.0
    for s in range(light.size):
        own = max(light[s], 0.0)
        for p in range(weight.size):
            weight[p] += own * linear[stars + s, p]
    for p in range(weight.size):
        error = LIGHT_ERROR * weight[p]
        weight[p] = 1.0 / (1.0 / pixels.weight[p] + error * error)
