"""Residual frames: calibrated frames less background and the models of all stars known so far."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from app.arrays import Doubles, Flags, Integers, Singles
from workers.reduction.calibration.frame_background import background_row
from workers.reduction.frames.looks import Looks
from workers.reduction.frames.values import CalibratedFrames
from workers.reduction.kernels.compiled import KERNEL
from workers.reduction.profile.table import (
    HALF,
    PADDED,
    STAMP,
    WING_POWER,
    WING_STEP_PIX,
    FramePsf,
    blend,
    field_terms,
    phase_of,
    phase_rest,
)

WING_LIMIT = 0.1
"""Wings are drawn as far as they exceed this share of a frame's noise: six looks at 0.1 sigma stay below 0.25."""


@njit(**KERNEL)
def _subtract_background(pixels: Singles, flags: Flags, mesh: Singles, out: Singles) -> None:
    n, ny, nx = pixels.shape
    level = np.empty(nx, np.float32)
    for i in range(n):
        for y in range(ny):
            background_row(mesh[i], y, ny, level)
            row = pixels[i, y]
            flag = flags[i, y]
            target = out[i, y]
            for x in range(nx):
                target[x] = row[x] - level[x] if flag[x] == 0 else np.float32(0.0)


def background_free(frames: CalibratedFrames, out: Singles | None = None) -> Singles:
    """Frames less their background mesh, 0 where flagged; float32 (n, 256, 256), into `out` where given."""
    result = np.empty_like(frames.pixels_dn) if out is None else out
    _subtract_background(frames.pixels_dn, frames.flags, frames.mesh_dn, result)
    return result


@njit(**KERNEL)
def last_wing_bin(wing: Singles, flux: float, noise: float) -> int:
    """Last bin of half a pixel in which the wing of a star of positive flux is drawn; 5 and less: within the core."""
    last = wing.size - 2
    while last > 5 and wing[last] * flux < WING_LIMIT * noise:
        last -= 1
    return last


@njit(**KERNEL)
def _draw(
    residual: Singles,
    flags: Flags,
    start: Integers,
    frame: Integers,
    x_pix: Doubles,
    y_pix: Doubles,
    flux: Doubles,
    noise: Singles,
    log_width: Singles,
    tables: Singles,
    slopes: int,
    wing: Singles,
    fitted: NDArray[np.bool_],
) -> None:
    """Subtract stars (n,) from the residual frames; flagged pixels stay 0.

    Of stars that were `fitted` the cores are gone already, on the frames that hold their centres.
    """
    _, ny, nx = residual.shape
    count = tables.shape[2] - 1
    terms = np.empty((1, count), np.float32)
    stamps = np.zeros((1, 3, PADDED), np.float32)
    stamp = np.empty(PADDED, np.float32)
    highest = np.float32(0.0)
    for j in range(6, wing.size - 1):
        highest = max(highest, wing[j])
    for s in range(start.size - 1):
        if flux[s] == 0.0:
            continue
        f = np.float32(flux[s])
        for k in range(start[s], start[s + 1]):
            i = frame[k]
            jx = math.floor(x_pix[k] + 0.5)
            jy = math.floor(y_pix[k] + 0.5)
            if not (fitted[s] and 0 <= jx < nx and 0 <= jy < ny):
                fx = x_pix[k] - jx
                fy = y_pix[k] - jy
                qx = phase_of(fx)
                qy = phase_of(fy)
                rx = np.float32(phase_rest(fx, qx))
                ry = np.float32(phase_rest(fy, qy))
                field_terms(x_pix[k], y_pix[k], log_width[i], 0, terms)
                blend(tables, terms, 0, qx, qy, slopes, stamps)
                for p in range(PADDED):
                    stamp[p] = f * (stamps[0, 0, p] + rx * stamps[0, 1, p] + ry * stamps[0, 2, p])
                for row in range(max(0, HALF - jy), min(STAMP, ny + HALF - jy)):
                    y = jy - HALF + row
                    for column in range(max(0, HALF - jx), min(STAMP, nx + HALF - jx)):
                        x = jx - HALF + column
                        if flags[i, y, x] == 0:
                            residual[i, y, x] -= stamp[row * STAMP + column]
            # Wings: out to where they vanish in the noise.
            gain = f * np.float32(1.0 + WING_POWER * log_width[i])
            # Nine stars of ten have none, and are not asked bin by bin.
            if highest * abs(gain) < WING_LIMIT * noise[i]:
                continue
            last = last_wing_bin(wing, abs(gain), noise[i])
            reach = (last + 1) * WING_STEP_PIX
            if reach <= HALF:
                continue
            half = math.ceil(reach)
            for y in range(max(0, jy - half), min(ny, jy + half + 1)):
                inside_y = abs(y - jy) <= HALF
                dy2 = (y - y_pix[k]) * (y - y_pix[k])
                for x in range(max(0, jx - half), min(nx, jx + half + 1)):
                    if (inside_y and abs(x - jx) <= HALF) or flags[i, y, x] != 0:
                        continue
                    # Not hypot: a call of the library, where no overflow threatens.
                    r = math.sqrt((x - x_pix[k]) * (x - x_pix[k]) + dy2) / WING_STEP_PIX
                    j = int(r)
                    if j > last:
                        continue
                    w = np.float32(r - j)
                    residual[i, y, x] -= gain * (wing[j] + w * (wing[j + 1] - wing[j]))


def subtract_stars(
    residual: Singles,
    frames: CalibratedFrames,
    psf: FramePsf,
    tables: Singles,
    looks: Looks,
    flux_dn: Doubles,
    fitted: NDArray[np.bool_] | None = None,
) -> None:
    """Subtract stars from residual frames in place.

    Parameters
    ----------
    residual : float32 array (n, 256, 256)
    frames : CalibratedFrames
        For flags and noise.
    psf : FramePsf
    tables : float32 array
        `psf.tables()`.
    looks : Looks
        Should reach some pixels beyond the array: light of stars off the edge falls on it too.
    flux_dn : float64 array (stars,)
        Negative to add stars back.
    fitted : bool array (stars,), optional
        Stars of which a sweep took the core away from every frame that holds their centre: what is left is taken.
    """
    _draw(
        residual,
        frames.flags,
        looks.start,
        looks.frame,
        looks.x_pix,
        looks.y_pix,
        flux_dn,
        frames.noise_dn,
        psf.log_width,
        tables,
        psf.slope_terms(),
        psf.wing,
        np.zeros(flux_dn.size, np.bool_) if fitted is None else fitted,
    )


@njit(**KERNEL)
def _level(
    residual: Singles, flags: Flags, noise: Singles, mesh: Singles, spread: Singles, change: Singles
) -> None:
    """Clipped mean of residual pixels of every cell, and the frame's scatter; `change` (n, cells, cells)."""
    n, ny, nx = residual.shape
    cells = mesh.shape[1]
    sy = ny // cells
    sx = nx // cells
    total = np.empty(nx, np.float32)
    square = np.empty(nx, np.float32)
    count = np.empty(nx, np.float32)
    for i in range(n):
        cut = np.float32(3.0) * noise[i]
        squares = 0.0
        counts = 0.0
        for by in range(cells):
            total[:] = np.float32(0.0)
            square[:] = np.float32(0.0)
            count[:] = np.float32(0.0)
            for y in range(by * sy, by * sy + sy, 2):
                row = residual[i, y]
                flag = flags[i, y]
                for x in range(nx):
                    v = row[x]
                    w = np.float32(1.0) if flag[x] == 0 and abs(v) < cut else np.float32(0.0)
                    total[x] += w * v
                    square[x] += w * v * v
                    count[x] += w
            for bx in range(cells):
                a = 0.0
                b = 0.0
                c = 0.0
                for x in range(bx * sx, bx * sx + sx):
                    a += total[x]
                    b += square[x]
                    c += count[x]
                change[i, by, bx] = a / c if c > 50.0 else np.float32(0.0)
                if c > 50.0:
                    squares += b - a * a / c
                    counts += c
        # A normal distribution cut at 3 sigma has a scatter of 0.9866 sigma.
        spread[i] = math.sqrt(squares / counts) / 0.9866 if counts > 0.0 else noise[i]


def relevel(frames: CalibratedFrames, residual: Singles) -> None:
    """Measure background and noise anew on residual frames, in place: mesh, noise, and the residual itself.

    With known stars taken away a clipped mean is not biased by them; what is too faint to be known stays in the
    background, which is its place: it lies under the known stars too.
    """
    change = np.empty_like(frames.mesh_dn)
    _relevel(residual, frames.flags, frames.noise_dn, frames.mesh_dn, change)
    frames.mesh_dn[:] += change


@njit(**KERNEL)
def _subtract_mesh(residual: Singles, flags: Flags, mesh: Singles) -> None:
    n, ny, nx = residual.shape
    level = np.empty(nx, np.float32)
    for i in range(n):
        for y in range(ny):
            background_row(mesh[i], y, ny, level)
            row = residual[i, y]
            flag = flags[i, y]
            for x in range(nx):
                row[x] -= level[x] if flag[x] == 0 else np.float32(0.0)


@njit(**KERNEL)
def _relevel(residual: Singles, flags: Flags, noise: Singles, mesh: Singles, change: Singles) -> None:
    """Frame by frame: what was just read is still in the cache when it is changed: an eighth less time."""
    for i in range(residual.shape[0]):
        k = i + 1
        _level(residual[i:k], flags[i:k], noise[i:k], mesh[i:k], noise[i:k], change[i:k])
        _subtract_mesh(residual[i:k], flags[i:k], change[i:k])
