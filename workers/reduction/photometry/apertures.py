"""Aperture photometry on frames: the survey's standard aperture, N and M of ndet, and the curve of growth (PROPHOT).

Radius 4", sky from 14" to 20" of the same look, both on residual frames with the star itself added back, so that known
neighbours are in neither. A look counts (M) if no flagged pixel lies within 4" and the centre is 4" inside of the
array; it is a detection (N) above 3 sigma. Means over looks are unweighted (background/survey 2.9, 6.5).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from app.arrays import Doubles, Integers, Singles
from workers.reduction.frames.looks import Looks
from workers.reduction.frames.prefetch import ask_for_star
from workers.reduction.frames.values import FlatFrames, FrameArrays
from workers.reduction.kernels.compiled import BORROWING, KERNEL, SATURATED
from workers.reduction.profile.stamps import (
    HALF,
    PADDED,
    STAMP,
    field_place,
    field_terms,
    phase_of,
    phase_rest,
)
from workers.reduction.profile.table import FramePsf
from workers.reduction.profile.values import ProfileArrays

RADIUS_PIX = 2.0  # 4"
RING_PIX = (7.0, 10.0)  # 14" to 20"
RING_REACH = 10
# Rows and columns of a stamp that a circle of 2.5 pixels about the star can reach.
FIRST, LAST = HALF - 2, HALF + 3
DETECTION_SIGMA = 3.0


class Apertures(NamedTuple):
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


class _Work(NamedTuple):
    """Work space: terms (1, terms), the star's own light (56,), ring offsets (pixels, 2) and in memory (pixels,)."""

    terms: Singles
    own: Singles
    ring: Integers
    ring_memory: Integers


def ring_offsets() -> Integers:
    """Offsets (dx, dy) of every second pixel of the sky ring from the pixel that holds the star; (n, 2)."""
    y, x = np.mgrid[-RING_REACH : RING_REACH + 1, -RING_REACH : RING_REACH + 1]
    r = np.hypot(x, y)
    inside = (r >= RING_PIX[0]) & (r <= RING_PIX[1]) & ((x + y) % 2 == 0)
    return np.column_stack([x[inside], y[inside]]).astype(np.int64)


@njit(**KERNEL, inline="always")
def _ring_level(
    frames: FlatFrames, i: int, middle: tuple[int, int], work: _Work, cut: float
) -> tuple[float, int]:
    """Mean of unflagged ring pixels of frame i within `cut` of zero, and their number."""
    ny = frames.rows
    nx = frames.columns
    jx, jy = middle
    limit = np.float32(cut)
    total = np.float32(0.0)
    count = 0
    if jx >= RING_REACH and jy >= RING_REACH and jx + RING_REACH < nx and jy + RING_REACH < ny:
        start = (i * ny + jy) * nx + jx
        for k in range(work.ring_memory.size):
            place = np.uint64(start + work.ring_memory[k])
            if abs(frames.pixels_dn[place]) < limit and frames.flags[place] == 0:
                total += frames.pixels_dn[place]
                count += 1
    else:
        for k in range(work.ring.shape[0]):
            x = jx + work.ring[k, 0]
            y = jy + work.ring[k, 1]
            if x < 0 or y < 0 or x >= nx or y >= ny:
                continue
            place = np.uint64((i * ny + y) * nx + x)
            if abs(frames.pixels_dn[place]) < limit and frames.flags[place] == 0:
                total += frames.pixels_dn[place]
                count += 1
    return float(total / np.float32(max(count, 1))), count


@njit(**KERNEL, inline="always")
def _own_light(
    profile: ProfileArrays, i: int, place: tuple[float, float], shape: tuple[int, int], work: _Work
) -> None:
    """Share of a star's light in the pixels of the five middle rows of its stamp."""
    fx = place[0] - math.floor(place[0] + 0.5)
    fy = place[1] - math.floor(place[1] + 0.5)
    qx = phase_of(fx)
    qy = phase_of(fy)
    rx = np.float32(phase_rest(fx, qx))
    ry = np.float32(phase_rest(fy, qy))
    field_u = field_place(place[0], shape[1])
    field_v = field_place(place[1], shape[0])
    field_terms(field_u, field_v, profile.log_width[i], 0, work.terms)
    tables = profile.tables
    for p in range(STAMP, STAMP + 40):
        work.own[p] = np.float32(0.0)
    for t in range(work.terms.shape[1]):
        a = work.terms[0, t]
        for p in range(STAMP, STAMP + 40):
            work.own[p] += a * (
                tables[qy, qx, t, 0, p] + rx * tables[qy, qx, t, 1, p] + ry * tables[qy, qx, t, 2, p]
            )


@njit(**KERNEL, inline="always")
def _circle_sums(
    frames: FlatFrames, i: int, place: tuple[float, float], drawn: float, work: _Work
) -> tuple[float, float, float, np.uint8]:
    """Light within the soft-edged circle, its area, the sum of squared weights, and all flags that it meets."""
    x0, y0 = place
    jx = math.floor(x0 + 0.5)
    jy = math.floor(y0 + 0.5)
    edge = (RADIUS_PIX + 0.5) * (RADIUS_PIX + 0.5)
    light = 0.0
    area = 0.0
    squares = 0.0
    found = np.uint8(0)
    for row in range(FIRST, LAST):
        y = jy - HALF + row
        dy2 = (y - y0) * (y - y0)
        first = (i * frames.rows + y) * frames.columns + jx - HALF
        for column in range(FIRST, LAST):
            x = jx - HALF + column
            r2 = (x - x0) * (x - x0) + dy2
            if r2 >= edge:
                continue
            w = min(RADIUS_PIX + 0.5 - math.sqrt(r2), 1.0)
            k1 = np.uint64(first + column)
            found |= frames.flags[k1]
            light += w * (frames.pixels_dn[k1] + drawn * work.own[row * STAMP + column])
            area += w
            squares += w * w
    return light, area, squares, found


@njit(**{**KERNEL, "fastmath": False})
def _mean(total: float, count: int) -> float:
    """Mean of a sum."""
    return total / count if count > 0 else np.nan


@njit(**BORROWING)
def _measure(
    frames: FlatFrames, profile: ProfileArrays, looks: Looks, drawn: Doubles, out: Apertures, work: _Work
) -> None:
    """Measure stars one after the other; the counts of `out` are zeros before."""
    shape = (frames.rows, frames.columns)
    for s in range(looks.start.size - 1):
        ask_for_star(frames.pixels_dn, frames.flags, shape, looks, s + 1, RING_REACH)
        total = 0.0
        variance = 0.0
        levels = 0.0
        for k in range(looks.start[s], looks.start[s + 1]):
            i = looks.frame[k]
            place = (looks.x_pix[k], looks.y_pix[k])
            if drawn[s] != 0.0:
                _own_light(profile, i, place, shape, work)
            else:
                work.own[:] = np.float32(0.0)
            light, area, squares, found = _circle_sums(frames, i, place, drawn[s], work)
            if found & SATURATED:
                out.saturated[s] += 1
            if found != 0:
                continue
            middle = (math.floor(place[0] + 0.5), math.floor(place[1] + 0.5))
            level, pixels = _ring_level(frames, i, middle, work, 3.0 * frames.noise_dn[i])
            value = light - level * area
            spread = frames.noise_dn[i] * frames.noise_dn[i] * (squares + area * area / max(pixels, 1))
            spread += max(value, 0.0) * frames.inverse_gain
            out.measured[s] += 1
            total += value
            variance += spread
            levels += level
            if value > DETECTION_SIGMA * math.sqrt(spread):
                out.seen[s] += 1
        m = out.measured[s]
        out.flux_dn[s] = total / m if m > 0 else np.nan
        out.error_dn[s] = math.sqrt(variance) / m if m > 0 else np.nan
        out.sky_dn[s] = _mean(levels, m)


def measure_apertures(
    residual: FrameArrays, psf: FramePsf, looks: Looks, drawn_flux_dn: Doubles
) -> Apertures:
    """Measure the standard aperture of stars on their looks.

    Parameters
    ----------
    residual : FrameArrays
        Residual frames of the band.
    psf : FramePsf
        The band's point-spread function, with which stars were drawn.
    looks : Looks
        At least 2 pixels (4") inside of the array: `margin_pix=2`.
    drawn_flux_dn : float64 array (stars,)
        What the residual frames lack of each; 0 for places without a star.
    """
    n, flat, ring = drawn_flux_dn.size, residual.flat(), ring_offsets()
    flux, error, sky = (np.empty(n) for _ in range(3))
    seen, measured, saturated = (np.zeros(n, np.int64) for _ in range(3))
    out = Apertures(flux, error, seen, measured, saturated, sky)
    terms = np.empty((1, psf.nodes.shape[0]), np.float32)
    work = _Work(terms, np.zeros(PADDED, np.float32), ring, ring[:, 1] * flat.columns + ring[:, 0])
    _measure(flat, psf.arrays(), looks, drawn_flux_dn, out, work)
    return out


@njit(**BORROWING)
def _circles(
    frames: FrameArrays, looks: Looks, chosen: Integers, radius: float, light: Doubles, error: Doubles
) -> None:
    """Mean over looks of the residual light within a circle; flagged pixels count as zero."""
    _, ny, nx = frames.pixels_dn.shape
    half = math.ceil(radius)
    for n in range(chosen.size):
        s = chosen[n]
        total = 0.0
        variance = 0.0
        for k in range(looks.start[s], looks.start[s + 1]):
            i = looks.frame[k]
            x0 = looks.x_pix[k]
            y0 = looks.y_pix[k]
            jx = math.floor(x0 + 0.5)
            jy = math.floor(y0 + 0.5)
            for y in range(max(0, jy - half), min(ny, jy + half + 1)):
                dy = y - y0
                for x in range(max(0, jx - half), min(nx, jx + half + 1)):
                    dx = x - x0
                    if frames.flags[i, y, x] == 0 and dx * dx + dy * dy <= radius * radius:
                        total += frames.pixels_dn[i, y, x]
                        variance += frames.noise_dn[i] * frames.noise_dn[i]
        count = looks.start[s + 1] - looks.start[s]
        light[n] = total / count if count > 0 else np.nan
        error[n] = math.sqrt(variance) / count if count > 0 else np.nan


def circle_light(
    residual: FrameArrays, looks: Looks, chosen: Integers, radius_pix: float
) -> tuple[Doubles, Doubles]:
    """Light that residual frames still hold within a circle around stars, DN, and its error; each (n,).

    Parameters
    ----------
    residual : FrameArrays
        Residual frames of the band.
    looks : Looks
        At all stars.
    chosen : int64 array (n,)
        Indices of the stars to measure.
    radius_pix : float
        Of the circle, which has a hard edge.
    """
    light, error = np.empty(chosen.size), np.empty(chosen.size)
    _circles(residual, looks, chosen, radius_pix, light, error)
    return light, error
