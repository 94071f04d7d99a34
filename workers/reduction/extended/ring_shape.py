"""How compact the light of an object is: peak against total, radial profile, moments, on its window of 1" pixels.

These are the parameters by which the survey told galaxies from stars. A star's own values follow its brightness and the
seeing: what they say of an object is told by the stars of its scan (`ridge`).
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numba import njit

from app.arrays import Bools, Doubles, Integers, Singles
from workers.reduction.extended.shape import Cutout
from workers.reduction.kernels.compiled import KERNEL

PARAMETERS = ("mxdn", "sh", "wsh", "1mm", "2mm", "msh")
"""Names of what `ring_shape` measures, as in the columns of their scores."""

RADIUS_PIX = 7.0  # of the circle in which all is measured
PEAK_PIX, MOMENT_PIX = 2.0, 6.0  # of the circle that is the peak, and of that of the moments
RINGS = 7  # of one pixel each
WEDGES = 6  # of 60 degrees
MOST_RING_PIXELS = 64
PROFILE_ERROR = (
    0.05  # of a ring's light, or the innermost rings of a bright object would be all of its profile
)
# Profiles that are tried: powers 1 / beta, 2 of a Gaussian and 1 of a disc, and logarithms of alpha (pixels).
FIRST_POWER, POWER_STEP, POWERS = 0.6, 0.2, 13
FIRST_LOG_ALPHA, LOG_ALPHA_STEP, ALPHAS = math.log(0.3), 0.16, 23
RADIUS_STEP_PIX = 0.05  # of the table of profiles


@cache
def _profiles() -> Doubles:
    """Profiles exp(-(r / alpha)^power) at radii in steps of .05 pixel: (powers, alphas, radii)."""
    power = FIRST_POWER + POWER_STEP * np.arange(POWERS)
    alpha = np.exp(FIRST_LOG_ALPHA + LOG_ALPHA_STEP * np.arange(ALPHAS))
    radius = RADIUS_STEP_PIX * np.arange(round(RINGS / RADIUS_STEP_PIX) + 1)
    return np.asarray(np.exp(-((radius / alpha[:, None]) ** power[:, None, None])))


@njit(**KERNEL)
def _least(low: float, middle: float, high: float) -> float:
    """Where a parabola through three values is least, in steps from the middle one; 0 where it does not bend up."""
    bend = low - 2.0 * middle + high
    return min(max(0.5 * (low - high) / bend, -1.0), 1.0) if bend > 0.0 else 0.0


@njit(**KERNEL)
def _best_alphas(
    profiles: Doubles, at: Integers, weight: Doubles, light: Doubles, best: Doubles, alpha: Doubles
) -> None:
    """Of each power: what the best alpha takes from chi-squared, and its logarithm."""
    gain = np.zeros(ALPHAS)
    for p in range(POWERS):
        most = 0
        for a in range(ALPHAS):
            product = 0.0
            square = 0.0
            for k in range(RINGS):
                f = profiles[p, a, at[k]]
                product += weight[k] * f * light[k]
                square += weight[k] * f * f
            gain[a] = product * product / square if product > 0.0 and square > 0.0 else 0.0
            if gain[a] > gain[most]:
                most = a
        step = 0.0
        if 0 < most < ALPHAS - 1:
            step = _least(-gain[most - 1], -gain[most], -gain[most + 1])
        best[p] = gain[most]
        alpha[p] = FIRST_LOG_ALPHA + LOG_ALPHA_STEP * (most + step)


@njit(**KERNEL)
def _profile_shape(profiles: Doubles, radii: Doubles, light: Doubles, variance: Doubles) -> float:
    """Shape alpha beta of f0 exp(-(r / alpha)^(1 / beta)), pixels; NaN where no profile of more than no light fits."""
    at = np.empty(RINGS, np.int64)
    weight = np.empty(RINGS)
    for k in range(RINGS):
        at[k] = int(radii[k] / RADIUS_STEP_PIX + 0.5)
        error = PROFILE_ERROR * light[k]
        weight[k] = 1.0 / (variance[k] + error * error)
    best = np.zeros(POWERS)
    alpha = np.zeros(POWERS)
    _best_alphas(profiles, at, weight, light, best, alpha)
    most = 0
    for p in range(POWERS):
        if best[p] > best[most]:
            most = p
    if not best[most] > 0.0:
        return np.nan
    step = 0.0
    log_alpha = alpha[most]
    if 0 < most < POWERS - 1:
        step = _least(-best[most - 1], -best[most], -best[most + 1])
        beside = most + 1 if step > 0.0 else most - 1
        log_alpha += abs(step) * (alpha[beside] - alpha[most])
    return math.exp(log_alpha) / (FIRST_POWER + POWER_STEP * (most + step))


@njit(**KERNEL)
def _second_least(values: Doubles) -> float:
    """Second smallest of the finite values; NaN of fewer than two."""
    least = np.inf
    second = np.inf
    for value in values:
        if value < least:
            second = least
            least = value
        elif value < second:
            second = value
    return second if second < np.inf else np.nan


@njit(**KERNEL, inline="always")
def _within(radius: float, r: float) -> float:
    """Share of a pixel at a distance r that lies within a circle."""
    return min(max(radius + 0.5 - r, 0.0), 1.0)


@njit(**KERNEL)
def _add_to_rings(
    rings: tuple[Doubles, Doubles, Doubles, Doubles], r: float, angle: float, light_dn: float
) -> None:
    """Add a pixel to its ring and to that of its wedge."""
    count, light, radii, pixels = rings
    ring = int(r)
    number = int(count[WEDGES, ring])
    if number < MOST_RING_PIXELS:
        pixels[ring, number] = light_dn
    turn = int((angle / math.pi + 1.0) * 0.5 * WEDGES)
    for wedge in (min(turn, WEDGES - 1), WEDGES):
        count[wedge, ring] += 1.0
        light[wedge, ring] += light_dn
        radii[wedge, ring] += r


@njit(**KERNEL)
def _gather(
    image: Singles,
    usable: Bools,
    place: tuple[float, float],
    level: float,
    rings: tuple[Doubles, Doubles, Doubles, Doubles],
    sums: Doubles,
) -> bool:
    """Add up the pixels of the circle; whether all have data.

    `rings` are counts, light and radii of the wedges and of whole rings, last, and the pixels of each ring; `sums` are
    light of the circle, of the peak, within the circle of the moments, and times r and r^2 there.
    """
    reach = RADIUS_PIX + 1.0
    top = math.floor(place[1] - reach)
    left = math.floor(place[0] - reach)
    last_row = math.ceil(place[1] + reach)
    last_column = math.ceil(place[0] + reach)
    if top < 0 or left < 0 or last_row >= image.shape[0] or last_column >= image.shape[1]:
        return False
    for j in range(top, last_row + 1):
        for i in range(left, last_column + 1):
            dx = i - place[0]
            dy = j - place[1]
            r = math.sqrt(dx * dx + dy * dy)
            inside = _within(RADIUS_PIX, r)
            if inside == 0.0:
                continue
            if not usable[j, i]:
                return False
            f = image[j, i] - level
            share = _within(MOMENT_PIX, r) * f
            sums[0] += inside * f
            sums[1] += _within(PEAK_PIX, r) * f
            sums[2] += share
            sums[3] += share * r
            sums[4] += share * r * r
            if r < RINGS:
                _add_to_rings(rings, r, math.atan2(dy, dx), f)
    return True


@njit(**KERNEL)
def _shapes(
    rings: tuple[Doubles, Doubles, Doubles, Doubles], noise: float, profiles: Doubles, shapes: Doubles
) -> None:
    """Shapes of the wedges, of whole rings, and of their medians, last; the rings become means."""
    count, light, radii, pixels = rings
    variance = np.empty(RINGS)
    middle = np.zeros(RINGS)
    for wedge in range(WEDGES + 1):
        for ring in range(RINGS):
            number = max(count[wedge, ring], 1e-9)
            light[wedge, ring] /= number
            radii[wedge, ring] /= number
            variance[ring] = noise * noise / number
        shapes[wedge] = _profile_shape(profiles, radii[wedge], light[wedge], variance)
    for ring in range(RINGS):
        known = min(int(count[WEDGES, ring]), MOST_RING_PIXELS)
        if known > 0:
            middle[ring] = np.median(pixels[ring, :known])
    shapes[WEDGES + 1] = _profile_shape(profiles, radii[WEDGES], middle, variance)


@njit(**KERNEL)
def _measure(
    image: Singles,
    usable: Bools,
    place: tuple[float, float],
    sky: tuple[float, float],
    profiles: Doubles,
    out: Doubles,
) -> None:
    """Measure all parameters; NaN where a pixel of the circle has no data. `sky` is its level and a pixel's noise."""
    out[:] = np.nan
    rings = (
        np.zeros((WEDGES + 1, RINGS)),
        np.zeros((WEDGES + 1, RINGS)),
        np.zeros((WEDGES + 1, RINGS)),
        np.empty((RINGS, MOST_RING_PIXELS)),
    )
    sums = np.zeros(5)
    if not _gather(image, usable, place, sky[0], rings, sums):
        return
    if not (sums[0] > 0.0 and sums[1] > 0.0 and sums[2] > 0.0):
        return
    shapes = np.empty(WEDGES + 2)
    _shapes(rings, sky[1], profiles, shapes)
    out[0] = -2.5 * math.log10(sums[1] / sums[0])
    out[1] = shapes[WEDGES]
    out[2] = _second_least(shapes[:WEDGES])
    out[3] = sums[3] / sums[2]
    out[4] = sums[4] / sums[2]
    out[5] = shapes[WEDGES + 1]


def ring_shape(part: Cutout, level_dn: float, noise_dn: float) -> Doubles:
    """Measure how compact an object is, one value for each of `PARAMETERS`; NaN what cannot be told.

    Parameters
    ----------
    part : Cutout
        Window of 1" pixels with the object alone.
    level_dn : float
        Of the sky.
    noise_dn : float
        Of a square arcsecond, as if pixels were independent.

    Returns
    -------
    float64 array (6,)
        `mxdn`: light within 7" over that within 2", mag. `sh`: alpha beta of a profile f0 exp(-(r / alpha)^(1 / beta))
        fitted to the means of rings of 1", arcsec. `wsh`: the second smallest of the same of six wedges, which a
        neighbour in one or two of them does not reach. `1mm`, `2mm`: mean of r (arcsec) and of r^2 (arcsec^2) within
        6", weighed with the light. `msh`: as `sh`, of medians of the rings.

    Examples
    --------
    A Gaussian of sigma 1.5 has alpha = 1.5 sqrt(2) and beta = 1/2.

    >>> y, x = np.mgrid[:21, :21] - 10.0
    >>> star = (1e4 * np.exp(-(x * x + y * y) / 4.5)).astype(np.float32)
    >>> values = ring_shape(Cutout(star, star >= 0.0, 10.0, 10.0), 0.0, 1.0)
    >>> bool(abs(values[1] - 1.5 / np.sqrt(2.0)) < 0.02), bool(abs(values[4] - 4.5) < 0.1)
    (True, True)
    """
    out = np.empty(len(PARAMETERS))
    place, sky = (float(part.x), float(part.y)), (float(level_dn), float(noise_dn))
    _measure(part.image, part.usable, place, sky, _profiles(), out)
    return out
