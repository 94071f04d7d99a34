"""Profile fits of groups of stars: gather pixels, sum normal equations, step, errors (Gauss-Newton).

Small kernels that are inlined into `fit_groups`, which hands them the same named tuples. Arrays are taken out of the
tuples before loops over pixels: taken out within, each costs two atomic counts (a loop that copies took three times as
long).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from app.arrays import Doubles, Integers, Singles
from workers.reduction.images.drawing import DrawnStars, ProfileTables, add_stars, profile_value
from workers.reduction.images.groups import MAX_MEMBERS
from workers.reduction.kernels.cholesky import factorise, solve
from workers.reduction.kernels.compiled import KERNEL

MOST_PIXELS = 4096  # of a group: discs of ten saturated stars hold at most 2000
STEPS = 2  # of Gauss-Newton a sweep: later sweeps go on from there
LARGEST_STEP_PIX = 0.4
MARGIN_PIX = 3.0  # a star farther than this beyond the fit's radius from a pixel is not differentiated there
FIXED = 1e12  # weight of a seed that holds a star in its place, per square pixel
REGULAR = 1e-12  # added to the weight of a flux, so that a star without light in its pixels has a matrix


class FitImage(NamedTuple):
    """What the fit sees of an image.

    Attributes
    ----------
    residual : float32 array (ny, nx)
        Data minus the models of all stars, DN; kept so by the fit.
    variance : float32 array (ny, nx)
        Variance of the background of a pixel, DN^2; 0 where the pixel must not be used.
    """

    residual: Singles
    variance: Singles


class Seeds(NamedTuple):
    """What holds the stars of a fit; each (n,).

    Attributes
    ----------
    x, y : float64
        Array pixels near which the star is held.
    radius : float64
        Of the disc of pixels around the star that take part in the fit, pixels.
    """

    x: Doubles
    y: Doubles
    radius: Doubles


class Noise(NamedTuple):
    """What a pixel's variance holds besides the background's, and how well seeds are known.

    Attributes
    ----------
    psf_error : float
        Error of the model, as a share of its light in the pixel.
    gain : float
        Electrons per DN.
    seed_sigma_pix : float
        Gaussian deviation of a coordinate from its seed, pixels; 0 keeps the star in its place. The tie matters only
        below a signal-to-noise ratio of about 3.
    """

    psf_error: float
    gain: float
    seed_sigma_pix: float


class FitResults(NamedTuple):
    """What is known of the stars after a fit; each (n,), NaN for a star that could not be solved.

    Attributes
    ----------
    flux_error : float64
        One sigma for independent pixels, DN.
    x_error, y_error : float64
        The same of the centre, pixels.
    chi2 : float64
        Of the pixels within the star's own radius.
    pixels : int64
        How many these are; 0 for a star that could not be solved.
    """

    flux_error: Doubles
    x_error: Doubles
    y_error: Doubles
    chi2: Doubles
    pixels: Integers


class FittedStars(NamedTuple):
    """All stars of a fit.

    Attributes
    ----------
    drawn : DrawnStars
        Places and fluxes with which the residual image was made; replaced by the solution.
    seeds : Seeds
        Places near which stars are held, and radii of the discs of pixels that count.
    results : FitResults
        Errors and chi-squared, replaced.
    """

    drawn: DrawnStars
    seeds: Seeds
    results: FitResults


class _Work(NamedTuple):
    """Memory of a fit, used again by every group."""

    x: Integers  # pixels of the group
    y: Integers
    data: Doubles  # their light without all stars but the group's
    variance: Doubles
    near: Integers  # members that are differentiated at a pixel
    gradient: Doubles  # their derivatives by flux, x and y
    matrix: Doubles
    right: Doubles


@njit(**KERNEL)
def _new_work() -> _Work:
    unknowns = 3 * MAX_MEMBERS
    return _Work(
        np.empty(MOST_PIXELS, np.int64),
        np.empty(MOST_PIXELS, np.int64),
        np.empty(MOST_PIXELS),
        np.empty(MOST_PIXELS),
        np.empty(MAX_MEMBERS, np.int64),
        np.empty(unknowns),
        np.empty((unknowns, unknowns)),
        np.empty(unknowns),
    )


@njit(**KERNEL, inline="always")
def _inside(px: int, py: int, stars: FittedStars, s: int) -> bool:
    """Whether a pixel takes part in the fit of star s."""
    dx = px - stars.drawn.x[s]
    dy = py - stars.drawn.y[s]
    return bool(dx * dx + dy * dy <= stars.seeds.radius[s] * stars.seeds.radius[s])


@njit(**KERNEL, inline="always")
def _widest(stars: FittedStars, members: Integers) -> float:
    """Largest radius of the discs of a group."""
    radius = 0.0
    for m in range(members.size):
        radius = max(radius, stars.seeds.radius[members[m]])
    return radius


@njit(**KERNEL, inline="always")
def _gather(image: FitImage, stars: FittedStars, members: Integers, work: _Work) -> int:
    """List the usable pixels within the discs of a group; returns how many."""
    residual, variance = image
    x, y = stars.drawn.x, stars.drawn.y
    ny, nx = residual.shape
    left = 1e9
    right = -1e9
    bottom = 1e9
    top = -1e9
    for m in range(members.size):
        s = members[m]
        left = min(left, x[s])
        right = max(right, x[s])
        bottom = min(bottom, y[s])
        top = max(top, y[s])
    radius = _widest(stars, members)
    count = 0
    for py in range(max(0, int(bottom - radius)), min(ny - 1, int(top + radius) + 1) + 1):
        for px in range(max(0, int(left - radius)), min(nx - 1, int(right + radius) + 1) + 1):
            if variance[py, px] <= 0.0 or count >= MOST_PIXELS:
                continue
            taken = False
            for m in range(members.size):
                if _inside(px, py, stars, members[m]):
                    taken = True
                    break
            if taken:
                work.x[count] = px
                work.y[count] = py
                work.data[count] = residual[py, px]
                work.variance[count] = variance[py, px]
                count += 1
    return count


@njit(**KERNEL, inline="always")
def _model(
    px: int,
    py: int,
    profiles: ProfileTables,
    stars: DrawnStars,
    members: Integers,
    reach2: float,
    work: _Work,
) -> tuple[float, int]:
    """Light of a group in a pixel, and how many members are near: listed in `work` with their derivatives."""
    model = 0.0
    near = 0
    for m in range(members.size):
        s = members[m]
        dx = px - stars.x[s]
        dy = py - stars.y[s]
        value, by_x, by_y = profile_value(profiles.nodes[stars.cell[s]], profiles.oversampling, dx, dy)
        model += stars.flux[s] * value
        if dx * dx + dy * dy <= reach2:
            work.near[near] = m
            work.gradient[3 * near] = value
            work.gradient[3 * near + 1] = -stars.flux[s] * by_x
            work.gradient[3 * near + 2] = -stars.flux[s] * by_y
            near += 1
    return model, near


@njit(**KERNEL, inline="always")
def _add_pixel(near: int, rest: float, weight: float, work: _Work) -> None:
    """Add a pixel to the normal equations (lower triangle) of the members that are near."""
    for a in range(near):
        row = 3 * work.near[a]
        for aa in range(3):
            slope = work.gradient[3 * a + aa] * weight
            work.right[row + aa] += slope * rest
            for b in range(a + 1):
                column = 3 * work.near[b]
                for bb in range(3):
                    work.matrix[row + aa, column + bb] += slope * work.gradient[3 * b + bb]


@njit(**KERNEL, inline="always")
def _clear(stars: FittedStars, members: Integers, work: _Work) -> None:
    """Set the sums of a group to 0."""
    for a in range(3 * members.size):
        work.right[a] = 0.0
        for b in range(a + 1):
            work.matrix[a, b] = 0.0
    for m in range(members.size):
        stars.results.chi2[members[m]] = 0.0
        stars.results.pixels[members[m]] = 0


@njit(**KERNEL, inline="always")
def _sum_up(
    count: int, profiles: ProfileTables, stars: FittedStars, members: Integers, noise: Noise, step: int,
    work: _Work,
) -> None:  # fmt: skip
    """Sum up the normal equations of a group as it is, and after the last step the chi-squared of each star."""
    _clear(stars, members, work)
    reach = _widest(stars, members) + MARGIN_PIX
    for p in range(count):
        model, near = _model(work.x[p], work.y[p], profiles, stars.drawn, members, reach * reach, work)
        bright = max(model, 0.0)
        wrong = noise.psf_error * bright
        weight = 1.0 / (work.variance[p] + bright / noise.gain + wrong * wrong)
        rest = work.data[p] - model
        _add_pixel(near, rest, weight, work)
        if step == STEPS:
            for m in range(members.size):
                s = members[m]
                if _inside(work.x[p], work.y[p], stars, s):
                    stars.results.chi2[s] += rest * rest * weight
                    stars.results.pixels[s] += 1


@njit(**KERNEL, inline="always")
def _tie(stars: FittedStars, members: Integers, seed_sigma_pix: float, work: _Work) -> None:
    """Add the ties of the stars to their seeds."""
    tie = 1.0 / (seed_sigma_pix * seed_sigma_pix) if seed_sigma_pix > 0.0 else FIXED
    for m in range(members.size):
        s = members[m]
        work.matrix[3 * m, 3 * m] += REGULAR
        work.matrix[3 * m + 1, 3 * m + 1] += tie
        work.matrix[3 * m + 2, 3 * m + 2] += tie
        work.right[3 * m + 1] += tie * (stars.seeds.x[s] - stars.drawn.x[s])
        work.right[3 * m + 2] += tie * (stars.seeds.y[s] - stars.drawn.y[s])


@njit(**KERNEL, inline="always")
def _step(stars: DrawnStars, members: Integers, work: _Work) -> None:
    """Move the stars by the solution; a flux never becomes negative, a place moves 0.4 pixel at most."""
    for m in range(members.size):
        s = members[m]
        stars.flux[s] = max(stars.flux[s] + work.right[3 * m], 0.0)
        stars.x[s] += min(max(work.right[3 * m + 1], -LARGEST_STEP_PIX), LARGEST_STEP_PIX)
        stars.y[s] += min(max(work.right[3 * m + 2], -LARGEST_STEP_PIX), LARGEST_STEP_PIX)


@njit(**KERNEL, inline="always")
def _error(unknown: int, unknowns: int, work: _Work) -> float:
    """Formal error of one unknown: the root of its place on the diagonal of the inverse matrix."""
    for b in range(unknowns):
        work.right[b] = 0.0
    work.right[unknown] = 1.0
    solve(work.matrix, work.right, unknowns)
    return math.sqrt(max(work.right[unknown], 0.0))


@njit(**KERNEL, inline="always")
def _write_errors(members: Integers, results: FitResults, work: _Work) -> None:
    """Formal errors of a group's stars from the factor of its last matrix."""
    for m in range(members.size):
        s = members[m]
        results.flux_error[s] = _error(3 * m, 3 * members.size, work)
        results.x_error[s] = _error(3 * m + 1, 3 * members.size, work)
        results.y_error[s] = _error(3 * m + 2, 3 * members.size, work)


@njit(**KERNEL, inline="always")
def _forget(members: Integers, results: FitResults) -> None:
    """Say that a group could not be solved."""
    for m in range(members.size):
        s = members[m]
        results.chi2[s] = np.nan
        results.pixels[s] = 0
        results.flux_error[s] = np.nan
        results.x_error[s] = np.nan
        results.y_error[s] = np.nan


@njit(**KERNEL)
def fit_groups(
    image: FitImage,
    profiles: ProfileTables,
    stars: FittedStars,
    start: Integers,
    member: Integers,
    noise: Noise,
) -> None:
    """One sweep: solve every group on the residual image plus its own model, and take the new model away.

    Parameters
    ----------
    image : FitImage
        Residual image, changed in place, and background variance.
    profiles : ProfileTables
        Point-spread function.
    stars : FittedStars
        Places, fluxes, errors and chi-squared are replaced.
    start, member : int64 arrays
        Groups as `groups` gives them, in the order in which they are solved.
    noise : Noise
        Terms of a pixel's variance, and how well seeds are known.
    """
    work = _new_work()
    for g in range(start.size - 1):
        members = member[start[g] : start[g + 1]]
        unknowns = 3 * members.size
        add_stars(image.residual, profiles, stars.drawn, members, 1.0)
        count = _gather(image, stars, members, work)
        solved = count >= unknowns
        for step in range(STEPS + 1):
            if not solved:
                break
            _sum_up(count, profiles, stars, members, noise, step, work)
            _tie(stars, members, noise.seed_sigma_pix, work)
            solved = factorise(work.matrix, unknowns)
            if solved and step < STEPS:
                solve(work.matrix, work.right, unknowns)
                _step(stars.drawn, members, work)
            elif solved:
                _write_errors(members, stars.results, work)
        if not solved:
            _forget(members, stars.results)
        add_stars(image.residual, profiles, stars.drawn, members, -1.0)
