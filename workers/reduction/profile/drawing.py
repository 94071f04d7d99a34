"""Kernels of residual frames: background and stars are taken away, and background and noise measured on the rest."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from app.arrays import Bools, Doubles, Flags, Singles
from workers.reduction.frames.looks import Looks
from workers.reduction.frames.mesh import background_row
from workers.reduction.frames.prefetch import ask_for_star
from workers.reduction.frames.values import FrameArrays
from workers.reduction.kernels.compiled import BORROWING, KERNEL
from workers.reduction.profile.stamps import HALF, PADDED, STAMP, look_stamp
from workers.reduction.profile.table import WING_POWER, WING_STEP_PIX
from workers.reduction.profile.values import ProfileArrays

WING_LIMIT = 0.1
"""Wings are drawn as far as they exceed this share of a frame's noise: six looks at 0.1 sigma stay below 0.25."""


class DrawWork(NamedTuple):
    """Work space of the drawing: polynomial terms (1, terms), stamp with derivatives (1, 3, 56), light (56,)."""

    terms: Singles
    stamps: Singles
    light: Singles

    @classmethod
    def of(cls, terms: int) -> DrawWork:
        """Return work space for a number of polynomial terms."""
        stamps = np.zeros((1, 3, PADDED), np.float32)
        return cls(np.empty((1, terms), np.float32), stamps, np.empty(PADDED, np.float32))


@njit(**KERNEL)
def subtract_background(pixels: Singles, flags: Flags, mesh: Singles, out: Singles) -> None:
    """Frames less their background, 0 where flagged.

    Parameters
    ----------
    pixels : float32 array (n, rows, columns)
        Calibrated frames.
    flags : uint8 array (n, rows, columns)
        `PixelFlag` bits.
    mesh : float32 array (n, cells, cells)
        Background at the centres of cells.
    out : float32 array (n, rows, columns)
        Becomes the difference.
    """
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
    frames: FrameArrays,
    profile: ProfileArrays,
    i: int,
    x_pix: float,
    y_pix: float,
    flux: float,
    work: DrawWork,
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
    frame = np.uint64(i)
    for row in range(max(0, HALF - jy), min(STAMP, ny + HALF - jy)):
        y = np.uint64(jy - HALF + row)
        for column in range(max(0, HALF - jx), min(STAMP, nx + HALF - jx)):
            x = np.uint64(jx - HALF + column)
            if frames.flags[frame, y, x] == 0:
                frames.pixels_dn[frame, y, x] -= work.light[np.uint64(row * STAMP + column)]


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
def draw_stars(
    frames: FrameArrays, profile: ProfileArrays, looks: Looks, flux: Doubles, fitted: Bools, work: DrawWork
) -> None:
    """Subtract stars (n,) from residual frames; flagged pixels stay 0.

    Parameters
    ----------
    frames : FrameArrays
        Residual frames of a band, changed in place.
    profile : ProfileArrays
        The band's point-spread function.
    looks : Looks
        At all stars, those beyond the arrays' edges too.
    flux : float64 array (n,)
        Light of the stars, DN; negative to add them back.
    fitted : bool array (n,)
        Stars whose cores are gone already, on the frames that hold their centres.
    work : DrawWork
        Work space.
    """
    _, ny, nx = frames.pixels_dn.shape
    highest = np.float32(0.0)
    for j in range(6, profile.wing.size - 1):
        highest = max(highest, profile.wing[j])
    for s in range(looks.start.size - 1):
        ask_for_star(frames.pixels_dn, frames.flags, (ny, nx), looks, s + 2, HALF)
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
def level_frames(residual: Singles, flags: Flags, noise: Singles, change: Singles) -> None:
    """Measure background and noise on residual frames, and take the change of the background from them.

    Frame by frame: a frame that was just read is still in the cache when it is changed, an eighth less time.

    Parameters
    ----------
    residual : float32 array (n, rows, columns)
        Residual frames; changed.
    flags : uint8 array (n, rows, columns)
        `PixelFlag` bits.
    noise : float32 array (n,)
        Present scatter of a sky pixel; becomes the new one.
    change : float32 array (n, cells, cells)
        Becomes the change of the background.
    """
    for i in range(residual.shape[0]):
        k = i + 1
        _level(residual[i:k], flags[i:k], noise[i:k], change[i:k])
        _subtract_mesh(residual[i:k], flags[i:k], change[i:k])
