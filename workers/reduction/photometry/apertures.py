"""Aperture photometry on frames: the survey's standard aperture, N and M of ndet, and the curve of growth (PROPHOT).

Radius 4", sky from 14" to 20" of the same look, both on residual frames with the star itself added back, so that known
neighbours are in neither. A look counts (M) if no flagged pixel lies within 4" and the centre is 4" inside of the
array; it is a detection (N) above 3 sigma. Means over looks are unweighted (background/survey 2.9, 6.5).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from app.arrays import Doubles, Flags, Integers, Singles
from workers.reduction.frames.looks import Looks
from workers.reduction.frames.values import CalibratedFrames
from workers.reduction.kernels.compiled import KERNEL, SATURATED
from workers.reduction.profile.table import HALF, PADDED, STAMP, FramePsf, field_terms, phase_of, phase_rest

RADIUS_PIX = 2.0  # 4"
RING_PIX = (7.0, 10.0)  # 14" to 20"
RING_REACH = 10
FIRST, LAST = (
    HALF - 2,
    HALF + 3,
)  # rows and columns of a stamp that a circle of 2.5 pixels about the star can reach
DETECTION_SIGMA = 3.0


@dataclass(frozen=True)
class Apertures:
    """What apertures on the looks of each star gave; each (n,).

    Attributes
    ----------
    flux_dn, error_dn : float64
        Mean over the measured looks, and its error; NaN without any.
    seen, measured, saturated : int64
        N and M of ndet; looks with a saturated pixel within 4".
    sky_dn : float64
        Mean of the ring over the frame's background.
    """

    flux_dn: Doubles
    error_dn: Doubles
    seen: Integers
    measured: Integers
    saturated: Integers
    sky_dn: Doubles


def ring_offsets() -> Integers:
    """Offsets (dx, dy) of every second pixel of the sky ring from the pixel that holds the star; (n, 2)."""
    y, x = np.mgrid[-RING_REACH : RING_REACH + 1, -RING_REACH : RING_REACH + 1]
    r = np.hypot(x, y)
    inside = (r >= RING_PIX[0]) & (r <= RING_PIX[1]) & ((x + y) % 2 == 0)
    return np.column_stack([x[inside], y[inside]]).astype(np.int64)


@njit(**KERNEL)
def _ring(
    residual: Singles,
    flags: Flags,
    i: int,
    ny: int,
    nx: int,
    offsets: Integers,
    flat: Integers,
    jx: int,
    jy: int,
    cut: float,
) -> tuple[float, int]:
    """Mean of unflagged ring pixels of frame i within `cut` of zero, and their number; `flat` are offsets in memory."""
    limit = np.float32(cut)
    total = np.float32(0.0)
    count = 0
    if jx >= RING_REACH and jy >= RING_REACH and jx + RING_REACH < nx and jy + RING_REACH < ny:
        middle = (i * ny + jy) * nx + jx
        for k in range(offsets.shape[0]):
            place = np.uint64(middle + flat[k])
            if abs(residual[place]) < limit and flags[place] == 0:
                total += residual[place]
                count += 1
        return float(total / np.float32(max(count, 1))), count
    for k in range(offsets.shape[0]):
        x = jx + offsets[k, 0]
        y = jy + offsets[k, 1]
        if x < 0 or y < 0 or x >= nx or y >= ny:
            continue
        place = np.uint64((i * ny + y) * nx + x)
        if abs(residual[place]) < limit and flags[place] == 0:
            total += residual[place]
            count += 1
    return float(total / np.float32(max(count, 1))), count


@njit(**KERNEL, inline="always")
def _drawn_rows(
    tables: Singles, terms: Singles, qx: int, qy: int, rx: float, ry: float, stamp: Singles
) -> None:
    """Share of a star's light in the pixels of the five middle rows of its stamp."""
    for p in range(STAMP, STAMP + 40):
        stamp[p] = np.float32(0.0)
    for t in range(terms.shape[1]):
        a = terms[0, t]
        for p in range(STAMP, STAMP + 40):
            stamp[p] += a * (
                tables[qy, qx, t, 0, p] + rx * tables[qy, qx, t, 1, p] + ry * tables[qy, qx, t, 2, p]
            )


@njit(**KERNEL)
def _measure(
    residual: Singles,
    flags: Flags,
    shape: tuple[int, int],
    noise: Singles,
    log_width: Singles,
    tables: Singles,
    inverse_gain: float,
    start: Integers,
    frame: Integers,
    x_pix: Doubles,
    y_pix: Doubles,
    drawn: Doubles,
    offsets: Integers,
    flux: Doubles,
    error: Doubles,
    seen: Integers,
    measured: Integers,
    saturated: Integers,
    sky: Doubles,
) -> None:
    """Measure stars one after the other; `residual`, `flags` are flat, `shape` that of a frame."""
    ny, nx = shape
    count = tables.shape[2] - 1
    terms = np.empty((1, count), np.float32)
    stamp = np.zeros(PADDED, np.float32)
    flat = offsets[:, 1] * nx + offsets[:, 0]
    edge = (RADIUS_PIX + 0.5) * (RADIUS_PIX + 0.5)
    for s in range(start.size - 1):
        total = 0.0
        variance = 0.0
        levels = 0.0
        for k in range(start[s], start[s + 1]):
            i = frame[k]
            x0 = x_pix[k]
            y0 = y_pix[k]
            jx = math.floor(x0 + 0.5)
            jy = math.floor(y0 + 0.5)
            if drawn[s] != 0.0:
                qx = phase_of(x0 - jx)
                qy = phase_of(y0 - jy)
                field_terms(x0, y0, log_width[i], 0, terms)
                _drawn_rows(
                    tables, terms, qx, qy,
                    np.float32(phase_rest(x0 - jx, qx)), np.float32(phase_rest(y0 - jy, qy)), stamp,
                )  # fmt: skip
            else:
                stamp[:] = np.float32(0.0)
            light = 0.0
            area = 0.0
            squares = 0.0
            found = np.uint8(0)
            for row in range(FIRST, LAST):
                y = jy - HALF + row
                dy2 = (y - y0) * (y - y0)
                first = (i * ny + y) * nx + jx - HALF
                for column in range(FIRST, LAST):
                    x = jx - HALF + column
                    r2 = (x - x0) * (x - x0) + dy2
                    if r2 >= edge:
                        continue
                    w = min(RADIUS_PIX + 0.5 - math.sqrt(r2), 1.0)
                    k1 = np.uint64(first + column)
                    found |= flags[k1]
                    light += w * (residual[k1] + drawn[s] * stamp[row * STAMP + column])
                    area += w
                    squares += w * w
            if found & SATURATED:
                saturated[s] += 1
            if found != 0:
                continue
            level, pixels = _ring(residual, flags, i, ny, nx, offsets, flat, jx, jy, 3.0 * noise[i])
            value = light - level * area
            spread = noise[i] * noise[i] * (squares + area * area / max(pixels, 1))
            spread += max(value, 0.0) * inverse_gain
            measured[s] += 1
            total += value
            variance += spread
            levels += level
            if value > DETECTION_SIGMA * math.sqrt(spread):
                seen[s] += 1
        m = measured[s]
        flux[s] = total / m if m > 0 else np.nan
        error[s] = math.sqrt(variance) / m if m > 0 else np.nan
        sky[s] = levels / m if m > 0 else np.nan


def measure_apertures(
    residual: Singles,
    frames: CalibratedFrames,
    psf: FramePsf,
    tables: Singles,
    looks: Looks,
    drawn_flux_dn: Doubles,
) -> Apertures:
    """Measure the standard aperture of stars on their looks.

    Parameters
    ----------
    residual : float32 array (n, 256, 256)
    frames : CalibratedFrames
    psf : FramePsf
    tables : float32 array
        `psf.tables()`.
    looks : Looks
        At least 2 pixels (4") inside of the array: `margin_pix=2`.
    drawn_flux_dn : float64 array (stars,)
        What the residual frames lack of each; 0 for places without a star.
    """
    n = drawn_flux_dn.size
    flux, error, sky = (np.empty(n) for _ in range(3))
    seen, measured, saturated = (np.zeros(n, np.int64) for _ in range(3))
    _measure(
        residual.reshape(-1), frames.flags.reshape(-1), residual.shape[1:], frames.noise_dn, psf.log_width, tables,
        1.0 / frames.detector.gain,
        looks.start, looks.frame, looks.x_pix, looks.y_pix, drawn_flux_dn, ring_offsets(),
        flux, error, seen, measured, saturated, sky,
    )  # fmt: skip
    return Apertures(flux, error, seen, measured, saturated, sky)


@njit(**KERNEL)
def _circles(
    residual: Singles,
    flags: Flags,
    noise: Singles,
    start: Integers,
    frame: Integers,
    x_pix: Doubles,
    y_pix: Doubles,
    which: Integers,
    radius: float,
    light: Doubles,
    error: Doubles,
) -> None:
    """Mean over looks of the residual light within a circle; flagged pixels count as zero."""
    _, ny, nx = residual.shape
    half = math.ceil(radius)
    for n in range(which.size):
        s = which[n]
        total = 0.0
        variance = 0.0
        for k in range(start[s], start[s + 1]):
            i = frame[k]
            jx = math.floor(x_pix[k] + 0.5)
            jy = math.floor(y_pix[k] + 0.5)
            for y in range(max(0, jy - half), min(ny, jy + half + 1)):
                for x in range(max(0, jx - half), min(nx, jx + half + 1)):
                    if flags[i, y, x] == 0 and (x - x_pix[k]) ** 2 + (y - y_pix[k]) ** 2 <= radius**2:
                        total += residual[i, y, x]
                        variance += noise[i] * noise[i]
        looks = start[s + 1] - start[s]
        light[n] = total / looks if looks > 0 else np.nan
        error[n] = math.sqrt(variance) / looks if looks > 0 else np.nan


def circle_light(
    residual: Singles, frames: CalibratedFrames, looks: Looks, which: Integers, radius_pix: float
) -> tuple[Doubles, Doubles]:
    """Light that residual frames still hold within a circle around some stars, DN, and its error; each (n,)."""
    light, error = np.empty(which.size), np.empty(which.size)
    _circles(
        residual, frames.flags, frames.noise_dn, looks.start, looks.frame, looks.x_pix, looks.y_pix, which,
        radius_pix, light, error,
    )  # fmt: skip
    return light, error
