"""Residual frames: calibrated frames less background and the models of all stars known so far."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numba import njit

from app.arrays import Bools, Doubles, Flags, Singles
from workers.reduction.calibration.frame_background import background_row
from workers.reduction.frames.looks import Looks
from workers.reduction.frames.values import CalibratedFrames, FrameArrays
from workers.reduction.kernels.compiled import BORROWING, KERNEL
from workers.reduction.profile.stamps import HALF, PADDED, STAMP, look_stamp
from workers.reduction.profile.table import WING_POWER, WING_STEP_PIX, FramePsf
from workers.reduction.profile.values import ProfileArrays

WING_LIMIT = 0.1
"""Wings are drawn as far as they exceed this share of a frame's noise: six looks at 0.1 sigma stay below 0.25."""


class _Work(NamedTuple):
    """Work space of the drawing: polynomial terms (1, terms), stamp with derivatives (1, 3, 56), light (56,)."""

    terms: Singles
    stamps: Singles
    light: Singles


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
    """Frames less their background mesh, 0 where flagged; float32 (n, rows, columns), into `out` where given."""
    result = np.empty_like(frames.pixels_dn) if out is None else out
    _subtract_background(frames.pixels_dn, frames.flags, frames.mesh_dn, result)
    return result


@njit(**KERNEL)
def last_wing_bin(wing: Singles, flux: float, noise: float) -> int:
    """Last bin in which the wing of a star of positive flux is drawn; 5 and less: within the core.

    Parameters
    ----------
    wing : float32 array (49,)
        Share of a star's light a pixel, in bins of half a pixel.
    flux : float
        Light of the star on the frame, DN.
    noise : float
        Scatter of a sky pixel of the frame, DN.
    """
    last = wing.size - 2
    while last > 5 and wing[last] * flux < WING_LIMIT * noise:
        last -= 1
    return last


@njit(**KERNEL, inline="always")
def _subtract_core(
    frames: FrameArrays, profile: ProfileArrays, i: int, x_pix: float, y_pix: float, flux: float, work: _Work
) -> None:
    """Subtract the 7 x 7 pixels about a star from frame i; flagged pixels stay 0."""
    _, ny, nx = frames.pixels_dn.shape
    rest_x, rest_y = look_stamp(profile, i, (x_pix, y_pix), (ny, nx), work.terms, work.stamps)
    rx = np.float32(rest_x)
    ry = np.float32(rest_y)
    for p in range(PADDED):
        work.light[p] = flux * (work.stamps[0, 0, p] + rx * work.stamps[0, 1, p] + ry * work.stamps[0, 2, p])
    jx = math.floor(x_pix + 0.5)
    jy = math.floor(y_pix + 0.5)
    for row in range(max(0, HALF - jy), min(STAMP, ny + HALF - jy)):
        y = jy - HALF + row
        for column in range(max(0, HALF - jx), min(STAMP, nx + HALF - jx)):
            x = jx - HALF + column
            if frames.flags[i, y, x] == 0:
                frames.pixels_dn[i, y, x] -= work.light[row * STAMP + column]


@njit(**KERNEL, inline="always")
def _subtract_wing(
    frames: FrameArrays, wing: Singles, i: int, x_pix: float, y_pix: float, gain: float, last: int
) -> None:
    """Subtract the wing of a star outside of its 7 x 7 pixels from frame i, out to its bin `last`."""
    _, ny, nx = frames.pixels_dn.shape
    jx = math.floor(x_pix + 0.5)
    jy = math.floor(y_pix + 0.5)
    half = math.ceil((last + 1) * WING_STEP_PIX)
    for y in range(max(0, jy - half), min(ny, jy + half + 1)):
        inside_y = abs(y - jy) <= HALF
        dy2 = (y - y_pix) * (y - y_pix)
        for x in range(max(0, jx - half), min(nx, jx + half + 1)):
            if (inside_y and abs(x - jx) <= HALF) or frames.flags[i, y, x] != 0:
                continue
            # sqrt, not hypot: no overflow is possible, and hypot is a library call.
            r = math.sqrt((x - x_pix) * (x - x_pix) + dy2) / WING_STEP_PIX
            j = int(r)
            if j > last:
                continue
            w = np.float32(r - j)
            frames.pixels_dn[i, y, x] -= gain * (wing[j] + w * (wing[j + 1] - wing[j]))


@njit(**BORROWING)
def _draw(
    frames: FrameArrays, profile: ProfileArrays, looks: Looks, flux: Doubles, fitted: Bools, work: _Work
) -> None:
    """Subtract stars (n,) from residual frames; flagged pixels stay 0.

    Of stars that were `fitted` the cores are gone already, on the frames that hold their centres.
    """
    _, ny, nx = frames.pixels_dn.shape
    highest = np.float32(0.0)
    for j in range(6, profile.wing.size - 1):
        highest = max(highest, profile.wing[j])
    for s in range(looks.start.size - 1):
        if flux[s] == 0.0:
            continue
        f = np.float32(flux[s])
        for k in range(looks.start[s], looks.start[s + 1]):
            i = looks.frame[k]
            x_pix = looks.x_pix[k]
            y_pix = looks.y_pix[k]
            inside = -0.5 <= x_pix < nx - 0.5 and -0.5 <= y_pix < ny - 0.5
            if not (fitted[s] and inside):
                _subtract_core(frames, profile, i, x_pix, y_pix, f, work)
            gain = f * np.float32(1.0 + WING_POWER * profile.log_width[i])
            # Nine stars of ten are too faint for a wing: one test of its highest bin spares the search bin by bin.
            if highest * abs(gain) < WING_LIMIT * frames.noise_dn[i]:
                continue
            last = last_wing_bin(profile.wing, abs(gain), frames.noise_dn[i])
            if (last + 1) * WING_STEP_PIX > HALF:
                _subtract_wing(frames, profile.wing, i, x_pix, y_pix, gain, last)


def subtract_stars(
    residual: FrameArrays, psf: FramePsf, looks: Looks, flux_dn: Doubles, fitted: Bools | None = None
) -> None:
    """Subtract stars from residual frames in place.

    Parameters
    ----------
    residual : FrameArrays
        Residual frames of a band, changed where they are not flagged.
    psf : FramePsf
        The band's point-spread function.
    looks : Looks
        Should reach some pixels beyond the array: light of stars off the edge falls on it too.
    flux_dn : float64 array (stars,)
        Negative to add stars back.
    fitted : bool array (stars,), optional
        Stars whose cores a sweep already subtracted, on every frame that holds their centre: only the rest is drawn.
    """
    terms = np.empty((1, psf.nodes.shape[0]), np.float32)
    work = _Work(terms, np.zeros((1, 3, PADDED), np.float32), np.empty(PADDED, np.float32))
    swept = np.zeros(flux_dn.size, np.bool_) if fitted is None else fitted
    _draw(residual, psf.arrays(), looks, flux_dn, swept, work)


@njit(**KERNEL, inline="always")
def _column_sums(
    residual: Singles, flags: Flags, rows: tuple[int, int], cut: float, sums: tuple[Singles, Singles, Singles]
) -> None:
    """Sum up light, squares and number of the unclipped pixels of each column, over every second row of a range."""
    total, square, count = sums
    total[:] = np.float32(0.0)
    square[:] = np.float32(0.0)
    count[:] = np.float32(0.0)
    for y in range(rows[0], rows[1], 2):
        row = residual[y]
        flag = flags[y]
        for x in range(row.size):
            v = row[x]
            w = np.float32(1.0) if flag[x] == 0 and abs(v) < cut else np.float32(0.0)
            total[x] += w * v
            square[x] += w * v * v
            count[x] += w


@njit(**KERNEL)
def _level(residual: Singles, flags: Flags, noise: Singles, change: Singles) -> None:
    """Clipped mean of residual pixels of every cell into `change` (n, cells, cells); each frame's scatter in place."""
    n, ny, nx = residual.shape
    cells = change.shape[1]
    sy = ny // cells
    sx = nx // cells
    sums = (np.empty(nx, np.float32), np.empty(nx, np.float32), np.empty(nx, np.float32))
    for i in range(n):
        cut = np.float32(3.0) * noise[i]
        squares = 0.0
        counts = 0.0
        for by in range(cells):
            _column_sums(residual[i], flags[i], (by * sy, by * sy + sy), cut, sums)
            for bx in range(cells):
                a = 0.0
                b = 0.0
                c = 0.0
                for x in range(bx * sx, bx * sx + sx):
                    a += sums[0][x]
                    b += sums[1][x]
                    c += sums[2][x]
                change[i, by, bx] = a / c if c > 50.0 else np.float32(0.0)
                if c > 50.0:
                    squares += b - a * a / c
                    counts += c
        # A normal distribution cut at 3 sigma has a scatter of 0.9866 sigma.
        noise[i] = math.sqrt(squares / counts) / 0.9866 if counts > 0.0 else noise[i]


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
def _relevel(residual: Singles, flags: Flags, noise: Singles, change: Singles) -> None:
    """Frame by frame: a frame that was just read is still in the cache when it is changed, an eighth less time."""
    for i in range(residual.shape[0]):
        k = i + 1
        _level(residual[i:k], flags[i:k], noise[i:k], change[i:k])
        _subtract_mesh(residual[i:k], flags[i:k], change[i:k])


def relevel(frames: CalibratedFrames, residual: Singles) -> CalibratedFrames:
    """Measure background and noise anew on residual frames; the frames with both, and the residual changed in place.

    With known stars taken away a clipped mean is not biased by them. Light of stars too faint to be known stays in the
    background, which is its place: it lies under the known stars too.

    Parameters
    ----------
    frames : CalibratedFrames
        Frames with their present background; they are not changed.
    residual : float32 array (n, rows, columns)
        Their residual frames; loses the change of the background.
    """
    noise, change = frames.noise_dn.copy(), np.empty_like(frames.mesh_dn)
    _relevel(residual, frames.flags, noise, change)
    return replace(frames, mesh_dn=frames.mesh_dn + change, noise_dn=noise)
