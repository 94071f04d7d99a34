"""The steps of a profile fit, look by look: gather pixels, sum normal equations, step, put the star back.

Small kernels that are inlined into `fit`: a call with arrays costs an atomic count for each of them.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from app.arrays import Doubles, Flags, Singles
from workers.reduction.kernels.compiled import KERNEL
from workers.reduction.profile.table import HALF, PADDED, PHASES, STAMP, blend, phase_of, phase_rest

FIT_RADIUS2 = 6.3  # 2.5 pixels
OUTLIER_SIGMA = 6.0


@njit(**KERNEL, inline="always")
def gather(
    residual: Singles, flags: Flags, i: int, slot: int, place: Doubles, data: Singles, use: Singles
) -> int:
    """Copy the stamp of a look, whole, and its weights: 1 within the fit radius and not flagged. Pixels used.

    `place[slot]` holds the star's offset from the stamp's middle pixel, and that pixel: fx, fy, jx, jy.
    """
    _, ny, nx = residual.shape
    fx = place[slot, 0]
    fy = place[slot, 1]
    jx = int(place[slot, 2])
    jy = int(place[slot, 3])
    count = 0
    x0 = jx - HALF
    y0 = jy - HALF
    if x0 >= 0 and y0 >= 0 and x0 + STAMP <= nx and y0 + STAMP <= ny:
        # Without a branch a pixel: the edge of the circle is never foreseen.
        for row in range(STAMP):
            dy2 = (row - HALF - fy) * (row - HALF - fy)
            for column in range(STAMP):
                p = row * STAMP + column
                data[slot, p] = residual[i, y0 + row, x0 + column]
                dx = column - HALF - fx
                good = (dx * dx + dy2 <= FIT_RADIUS2) & (flags[i, y0 + row, x0 + column] == 0)
                use[slot, p] = np.float32(good)
                count += good
        return count
    for row in range(STAMP):
        yy = jy - HALF + row
        dy2 = (row - HALF - fy) * (row - HALF - fy)
        for column in range(STAMP):
            xx = jx - HALF + column
            p = row * STAMP + column
            good = False
            if 0 <= yy < ny and 0 <= xx < nx:
                data[slot, p] = residual[i, yy, xx]
                dx = column - HALF - fx
                good = dx * dx + dy2 <= FIT_RADIUS2 and flags[i, yy, xx] == 0
            else:
                data[slot, p] = np.float32(0.0)
            use[slot, p] = np.float32(1.0) if good else np.float32(0.0)
            count += good
    return count


@njit(**KERNEL, inline="always")
def sums(
    stamps: Singles,
    wrong: Singles,
    data: Singles,
    use: Singles,
    slot: int,
    rx: float,
    ry: float,
    flux: float,
    sky: float,
    inverse_gain: float,
    out: Doubles,
) -> None:
    """Sum up one look, weighted: chi-squared; t.t, t.x, t.y, x.x, x.y, y.y; t.r, x.r, y.r."""
    dx = np.float32(rx)
    dy = np.float32(ry)
    one = np.float32(flux)
    floor = np.float32(sky)
    ig = np.float32(inverse_gain)
    s00 = s10 = s20 = s11 = s21 = s22 = np.float32(0.0)
    q0 = q1 = q2 = c2 = np.float32(0.0)
    for p in range(PADDED):
        east = stamps[slot, 1, p]
        north = stamps[slot, 2, p]
        t = stamps[slot, 0, p] + dx * east + dy * north
        model = one * t
        ignorance = one * wrong[slot, p]
        w = use[slot, p] / (floor + max(model, np.float32(0.0)) * ig + ignorance * ignorance)
        r = data[slot, p] - model
        wr = w * r
        c2 += wr * r
        wt = w * t
        wx = w * east
        wy = w * north
        s00 += wt * t
        s10 += wt * east
        s20 += wt * north
        s11 += wx * east
        s21 += wx * north
        s22 += wy * north
        q0 += wr * t
        q1 += wr * east
        q2 += wr * north
    out[0] = c2
    out[1] = s00
    out[2] = s10
    out[3] = s20
    out[4] = s11
    out[5] = s21
    out[6] = s22
    out[7] = q0
    out[8] = q1
    out[9] = q2


@njit(**KERNEL, inline="always")
def to_arcsec(one: Doubles, inverse: Doubles, i: int, total: Doubles) -> None:
    """Add a look's sums to those of the star, pixels turned into arcseconds: d(fx, fy) = inverse[i] d(x, y)."""
    a = inverse[i, 0, 0]
    b = inverse[i, 0, 1]
    c = inverse[i, 1, 0]
    d = inverse[i, 1, 1]
    total[0] += one[0]
    total[1] += one[1]
    total[2] += a * one[2] + c * one[3]
    total[3] += b * one[2] + d * one[3]
    total[4] += a * a * one[4] + 2.0 * a * c * one[5] + c * c * one[6]
    total[5] += a * b * one[4] + (a * d + b * c) * one[5] + c * d * one[6]
    total[6] += b * b * one[4] + 2.0 * b * d * one[5] + d * d * one[6]
    total[7] += one[7]
    total[8] += a * one[8] + c * one[9]
    total[9] += b * one[8] + d * one[9]


@njit(**KERNEL, inline="always")
def refresh(
    tables: Singles,
    terms: Singles,
    slot: int,
    fx: float,
    fy: float,
    phase: int,
    slack: float,
    slopes: int,
    stamps: Singles,
    wrong: Singles,
) -> int:
    """Blend the stamp of the phase nearest to an offset unless one within `slack` pixels is there; its number."""
    if phase >= 0 and max(abs(phase_rest(fx, phase % PHASES)), abs(phase_rest(fy, phase // PHASES))) < slack:
        return phase
    qx = phase_of(fx)
    qy = phase_of(fy)
    number = qy * PHASES + qx
    if number != phase:
        count = tables.shape[2] - 1
        blend(tables, terms, slot, qx, qy, slopes, stamps)
        # The first term is 1: a mere copy would be done pixel by pixel.
        one = terms[slot, 0]
        for p in range(PADDED):
            wrong[slot, p] = one * tables[qy, qx, count, 0, p]
    return int(number)


@njit(**KERNEL)
def drop_outlier(
    stamps: Singles,
    wrong: Singles,
    data: Singles,
    use: Singles,
    slot: int,
    rx: float,
    ry: float,
    flux: float,
    sky: float,
    inverse_gain: float,
) -> int:
    """Stop using a look's pixel that is 6 sigma above the model and a third of the look's chi-squared; 1 if so."""
    worst = -1
    highest = OUTLIER_SIGMA * OUTLIER_SIGMA
    total = 0.0
    for p in range(PADDED):
        model = flux * (stamps[slot, 0, p] + rx * stamps[slot, 1, p] + ry * stamps[slot, 2, p])
        w = use[slot, p] / (sky + max(model, 0.0) * inverse_gain + (flux * wrong[slot, p]) ** 2)
        r = data[slot, p] - model
        total += w * r * r
        if r > 0.0 and w * r * r > highest:
            highest = w * r * r
            worst = p
    if worst < 0 or highest <= total / 3.0:
        return 0
    use[slot, worst] = np.float32(0.0)
    return 1


@njit(**KERNEL, inline="always")
def add_back(data: Singles, stamps: Singles, slot: int, rx: float, ry: float, flux: float) -> None:
    """Add a star's model to the data of a look."""
    dx = np.float32(rx)
    dy = np.float32(ry)
    f = np.float32(flux)
    for p in range(PADDED):
        data[slot, p] += f * (stamps[slot, 0, p] + dx * stamps[slot, 1, p] + dy * stamps[slot, 2, p])


@njit(**KERNEL, inline="always")
def write_back(residual: Singles, flags: Flags, i: int, slot: int, place: Doubles, data: Singles) -> None:
    """Put a stamp back into the residual frames."""
    _, ny, nx = residual.shape
    jx = int(place[slot, 2])
    jy = int(place[slot, 3])
    x0 = jx - HALF
    y0 = jy - HALF
    if x0 >= 0 and y0 >= 0 and x0 + STAMP <= nx and y0 + STAMP <= ny:
        for row in range(STAMP):
            for column in range(STAMP):
                good = np.float32(flags[i, y0 + row, x0 + column] == 0)
                residual[i, y0 + row, x0 + column] = good * data[slot, row * STAMP + column]
        return
    for row in range(max(0, HALF - jy), min(STAMP, ny + HALF - jy)):
        y = jy - HALF + row
        for column in range(max(0, HALF - jx), min(STAMP, nx + HALF - jx)):
            x = jx - HALF + column
            if flags[i, y, x] == 0:
                residual[i, y, x] = data[slot, row * STAMP + column]


@njit(**KERNEL)
def newton_step(total: Doubles, flux: float, move: bool, largest: float, out: Doubles) -> bool:
    """Gauss-Newton step (flux, x, y) into `out`; False where the matrix is singular."""
    out[1] = 0.0
    out[2] = 0.0
    if not move:
        if not total[1] > 0.0:
            return False
        out[0] = total[7] / total[1]
        return True
    # Derivatives with place carry the flux.
    a00, a10, a20 = total[1], total[2] * flux, total[3] * flux
    a11, a21, a22 = total[4] * flux * flux, total[5] * flux * flux, total[6] * flux * flux
    b0, b1, b2 = total[7], total[8] * flux, total[9] * flux
    c00 = a11 * a22 - a21 * a21
    c01 = a21 * a20 - a10 * a22
    c02 = a10 * a21 - a11 * a20
    det = a00 * c00 + a10 * c01 + a20 * c02
    if not det > 0.0:
        return False
    out[0] = (c00 * b0 + c01 * b1 + c02 * b2) / det
    sx = (c01 * b0 + (a00 * a22 - a20 * a20) * b1 + (a10 * a20 - a00 * a21) * b2) / det
    sy = (c02 * b0 + (a10 * a20 - a00 * a21) * b1 + (a00 * a11 - a10 * a10) * b2) / det
    out[1] = min(max(sx, -largest), largest)
    out[2] = min(max(sy, -largest), largest)
    return True


@njit(**KERNEL)
def step_gain(total: Doubles, flux: float, step: Doubles) -> float:
    """Chi-squared that a step of newton_step gained by the quadratic form of its normal equations."""
    f = step[0]
    x = flux * step[1]
    y = flux * step[2]
    curved = f * (total[1] * f + 2.0 * (total[2] * x + total[3] * y))
    curved += x * (total[4] * x + 2.0 * total[5] * y) + total[6] * y * y
    return float(2.0 * (f * total[7] + x * total[8] + y * total[9]) - curved)


@njit(**KERNEL)
def standard_errors(total: Doubles, flux: float, move: bool, star: int, variance: Doubles) -> float:
    """Flux error from the inverse matrix, NaN if it has none; variances of place into `variance[star]` if it moves."""
    if not move:
        return math.sqrt(1.0 / total[1]) if total[1] > 0.0 else np.nan
    a00, a10, a20 = total[1], total[2] * flux, total[3] * flux
    a11, a21, a22 = total[4] * flux * flux, total[5] * flux * flux, total[6] * flux * flux
    c00 = a11 * a22 - a21 * a21
    det = a00 * c00 + a10 * (a21 * a20 - a10 * a22) + a20 * (a10 * a21 - a11 * a20)
    if not det > 0.0:
        return np.nan
    variance[star, 0] = (a00 * a22 - a20 * a20) / det
    variance[star, 1] = (a00 * a11 - a10 * a10) / det
    variance[star, 2] = (a10 * a20 - a00 * a21) / det
    return math.sqrt(max(c00 / det, 0.0))
