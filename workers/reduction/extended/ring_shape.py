"""How compact the light of an object is: peak against total, radial profile, moments, on its window of 1" pixels.

These are the parameters by which the survey told galaxies from stars. A star's own values follow its brightness and the
seeing: what they say of an object is told by the stars of its scan (`ridge`).
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numba import njit

from app.arrays import Bools, Doubles, Singles
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
def _profile_shape(profiles: Doubles, radii: Doubles, light: Doubles, variance: Doubles) -> float:
    """Shape alpha beta of f0 exp(-(r / alpha)^(1 / beta)), pixels; NaN where no profile of more than no light fits."""
    at = np.empty(RINGS, np.int64)
    weight = np.empty(RINGS)
    for k in range(RINGS):
        at[k] = int(radii[k] / RADIUS_STEP_PIX + 0.5)
        own = PROFILE_ERROR * light[k]
        weight[k] = 1.0 / (variance[k] + own * own)
    gain = np.zeros(ALPHAS)
    best = np.zeros(POWERS)
    alpha = np.zeros(POWERS)
    for p in range(POWERS):
        most = 0
        for a in range(ALPHAS):
            product = 0.0
            square = 0.0
            for k in range(RINGS):
                f = profiles[p, a, at[k]]
                product += weight[k] * f * light[k]
                square += weight[k] * f * f
            # What the profile takes from chi-squared.
            gain[a] = product * product / square if product > 0.0 and square > 0.0 else 0.0
            if gain[a] > gain[most]:
                most = a
        step = 0.0
        if 0 < most < ALPHAS - 1:
            step = _least(-gain[most - 1], -gain[most], -gain[most + 1])
        best[p] = gain[most]
        alpha[p] = FIRST_LOG_ALPHA + LOG_ALPHA_STEP * (most + step)
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
        other = most + 1 if step > 0.0 else most - 1
        log_alpha += abs(step) * (alpha[other] - alpha[most])
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
    rows, columns = image.shape
    reach = RADIUS_PIX + 1.0
    top = math.floor(place[1] - reach)
    left = math.floor(place[0] - reach)
    last_row = math.ceil(place[1] + reach)
    last_column = math.ceil(place[0] + reach)
    if top < 0 or left < 0 or last_row >= rows or last_column >= columns:
        return
    count = np.zeros((WEDGES + 1, RINGS))
    light = np.zeros((WEDGES + 1, RINGS))
    radii = np.zeros((WEDGES + 1, RINGS))
    ring_light = np.empty((RINGS, MOST_RING_PIXELS))
    peak = total = moment = first = second = 0.0
    for j in range(top, last_row + 1):
        for i in range(left, last_column + 1):
            dx = i - place[0]
            dy = j - place[1]
            r = math.sqrt(dx * dx + dy * dy)
            inside = min(max(RADIUS_PIX + 0.5 - r, 0.0), 1.0)
            if inside == 0.0:
                continue
            if not usable[j, i]:
                return
            f = image[j, i] - sky[0]
            total += inside * f
            peak += min(max(PEAK_PIX + 0.5 - r, 0.0), 1.0) * f
            share = min(max(MOMENT_PIX + 0.5 - r, 0.0), 1.0) * f
            moment += share
            first += share * r
            second += share * r * r
            ring = int(r)
            if ring >= RINGS:
                continue
            number = int(count[WEDGES, ring])
            if number < MOST_RING_PIXELS:
                ring_light[ring, number] = f
            turn = (math.atan2(dy, dx) / math.pi + 1.0) * 0.5 * WEDGES
            for wedge in (min(int(turn), WEDGES - 1), WEDGES):
                count[wedge, ring] += 1.0
                light[wedge, ring] += f
                radii[wedge, ring] += r
    if not (total > 0.0 and peak > 0.0 and moment > 0.0):
        return
    shapes = np.empty(WEDGES + 1)
    variance = np.empty(RINGS)
    for wedge in range(WEDGES + 1):
        for ring in range(RINGS):
            number = max(count[wedge, ring], 1e-9)
            light[wedge, ring] /= number
            radii[wedge, ring] = radii[wedge, ring] / number
            variance[ring] = sky[1] * sky[1] / number
        shapes[wedge] = _profile_shape(profiles, radii[wedge], light[wedge], variance)
    middle = np.empty(RINGS)
    for ring in range(RINGS):
        number = min(int(count[WEDGES, ring]), MOST_RING_PIXELS)
        middle[ring] = np.median(ring_light[ring, :number]) if number > 0 else 0.0
    out[0] = -2.5 * math.log10(peak / total)
    out[1] = shapes[WEDGES]
    out[2] = _second_least(shapes[:WEDGES])
    out[3] = first / moment
    out[4] = second / moment
    out[5] = _profile_shape(profiles, radii[WEDGES], middle, variance)


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
