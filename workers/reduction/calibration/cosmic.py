"""What only one visit saw: cosmic rays pixel by pixel, meteors and satellites as lines.

A pixel is struck if it is far above the brightest of the 2 x 2 pixels around the same place on *every* other visit:
2.5 times that plus 5 sigma. A star's central pixel is at most 2.2 times the brightest of the four when it falls on
a corner instead, so stars are never hit (0 false in 274 frames, 86-88 % of hits above 8 sigma found;
background/reduction 5). A single-frame method (astroscrappy) flagged 364 pixels a frame where 2 were real.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from app.arrays import Bools, Doubles, Flags, Integers, Singles
from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.frames.mesh import background_row
from workers.reduction.frames.values import CalibratedFrames, PixelFlag
from workers.reduction.kernels.compiled import KERNEL
from workers.reduction.kernels.marks import marked_columns, marks_of

Counters = NDArray[np.int32]

NEIGHBOURS = 7  # frames before and after that can see the same sky
SIGMA = 5.0
RATIO = 2.5
FEWEST_VISITS = 2
TRAIL_PIXELS = 25  # a line must have as many struck pixels, over 40 pixels of length
TRAIL_LENGTH_PIX = 40.0
MOST_STRUCK = 400_000  # pixels of a scan: a twentieth of a per cent of 273 frames is 9,000
MOST_TRAILS = 4  # of a frame


class VisitPixels(NamedTuple):
    """Calibrated frames of a band.

    Attributes
    ----------
    pixels : float32 array (n, ny, nx)
        DN with the sky; 0 where flagged.
    flags : uint8 array (n, ny, nx)
        `PixelFlag` bits.
    mesh : float32 array (n, cells, cells)
        Background at the centres of cells, DN.
    noise : float32 array (n,)
        Scatter of a sky pixel, DN; 0 for frames without pixels.
    """

    pixels: Singles
    flags: Flags
    mesh: Singles
    noise: Singles


class VisitPlaces(NamedTuple):
    """Where the frames lie.

    Attributes
    ----------
    x, y : float64 arrays (n,)
        U-scan place of the array's middle, arcsec.
    matrix, inverse : float64 arrays (n, 2, 2)
        U-scan arcseconds a pixel, and pixels an arcsecond.
    """

    x: Doubles
    y: Doubles
    matrix: Doubles
    inverse: Doubles


@njit(**KERNEL)
def _background_at(mesh: Singles, x: int, y: int, nx: int, ny: int) -> float:
    """Background of one pixel of a frame: bilinear between the cell centres, linear beyond them."""
    cells = mesh.shape[0]
    fy = (y + 0.5) * cells / ny - 0.5
    fx = (x + 0.5) * cells / nx - 0.5
    j = min(max(math.floor(fy), 0), cells - 2)
    k = min(max(math.floor(fx), 0), cells - 2)
    wy = fy - j
    wx = fx - k
    low = mesh[j, k] * (1.0 - wx) + mesh[j, k + 1] * wx
    high = mesh[j + 1, k] * (1.0 - wx) + mesh[j + 1, k + 1] * wx
    return float(low * (1.0 - wy) + high * wy)


@njit(**KERNEL, inline="always")
def _highest(pixels: Singles, flags: Flags, mesh: Singles, j: int, ky: int, kx: int) -> np.float32:
    """Brightest of 2 x 2 pixels of frame j over the background; infinite where one is saturated: a star for certain."""
    _, ny, nx = pixels.shape
    highest = np.float32(0.0)
    for q in range(2):
        for p in range(2):
            flag = flags[j, ky + q, kx + p]
            if flag == 2:
                return np.float32(np.inf)
            if flag == 0:
                w = pixels[j, ky + q, kx + p]
                highest = max(highest, w - _background_at(mesh[j], kx + p, ky + q, nx, ny))
    return highest


@njit(**KERNEL)
def _seen_elsewhere(visits: VisitPixels, places: VisitPlaces, i: int, y: int, x: int, v: float) -> bool:
    """Whether another visit explains a pixel of `v` over its background, or too few visits can tell."""
    pixels, flags, mesh, noise = visits
    x0, y0, matrix, inverse = places
    n, ny, nx = pixels.shape
    limit = np.float32(SIGMA * noise[i])
    px = x - 0.5 * (nx - 1)
    py = y - 0.5 * (ny - 1)
    ux = x0[i] + matrix[i, 0, 0] * px + matrix[i, 0, 1] * py
    uy = y0[i] + matrix[i, 1, 0] * px + matrix[i, 1, 1] * py
    seen = 0
    for step in range(2 * NEIGHBOURS):
        # The nearest frames first: they see the place for certain, and one that sees the star settles the question.
        apart = step // 2 + 1
        j = i - apart if step % 2 == 0 else i + apart
        if j < 0 or j >= n or noise[j] <= 0.0:
            continue
        dx = ux - x0[j]
        dy = uy - y0[j]
        kx = math.floor(inverse[j, 0, 0] * dx + inverse[j, 0, 1] * dy + 0.5 * (nx - 1))
        ky = math.floor(inverse[j, 1, 0] * dx + inverse[j, 1, 1] * dy + 0.5 * (ny - 1))
        if kx < 0 or ky < 0 or kx > nx - 2 or ky > ny - 2:
            continue
        if v <= RATIO * _highest(pixels, flags, mesh, j, ky, kx) + limit:
            return True
        seen += 1
    return seen < FEWEST_VISITS


@njit(**KERNEL)
def _strike(visits: VisitPixels, places: VisitPlaces, struck: Integers) -> int:
    """List (frame, y, x) of struck pixels; returns how many."""
    pixels, flags, mesh, noise = visits
    n, ny, nx = pixels.shape
    level = np.empty(nx, np.float32)
    above = np.empty(nx, np.float32)
    marks = marks_of(nx)
    found = 0
    for i in range(n):
        if noise[i] <= 0.0:
            continue
        limit = np.float32(SIGMA * noise[i])
        for y in range(ny):
            background_row(mesh[i], y, ny, level)
            line = pixels[i, y]
            # Flagged pixels are 0, far below the sky: they never stand out.
            for x in range(nx):
                above[x] = line[x] - level[x]
                marks.mark[x] = np.uint8(1) if line[x] - level[x] > limit else np.uint8(0)
            for m in range(marked_columns(marks)):
                x = marks.columns[m]
                if flags[i, y, x] != 0 or found >= struck.shape[0]:
                    continue
                if _seen_elsewhere(visits, places, i, y, x, above[x]):
                    continue
                struck[found, 0] = i
                struck[found, 1] = y
                struck[found, 2] = x
                found += 1
    return found


def flag_transients(frames: CalibratedFrames, geometry: FrameGeometry) -> dict[str, float]:
    """Flag cosmic rays and trails in place.

    Parameters
    ----------
    frames : CalibratedFrames
        Frames of a band in the order of time; the flags gain COSMIC and TRAIL.
    geometry : FrameGeometry
        Where they lie, good to a fraction of a pixel.

    Returns
    -------
    dict
        `cosmic_pixels` a frame, `trails` in all. Places seen on fewer than three frames are not tested.
    """
    struck = np.empty((MOST_STRUCK, 3), np.int64)
    visits = VisitPixels(frames.pixels_dn, frames.flags, frames.mesh_dn, frames.noise_dn)
    matrices = geometry.matrices()
    inverse = np.asarray(np.linalg.inv(matrices), np.float64)
    places = VisitPlaces(geometry.x_arcsec, geometry.y_arcsec, matrices, inverse)
    count = _strike(visits, places, struck)
    struck = struck[:count]
    frames.flags[struck[:, 0], struck[:, 1], struck[:, 2]] |= np.uint8(PixelFlag.COSMIC)
    trails = 0
    hits = np.bincount(struck[:, 0], minlength=1)
    for frame in np.flatnonzero(hits >= TRAIL_PIXELS):
        y, x = struck[struck[:, 0] == frame, 1:].T.astype(np.float64)
        for strip in find_trails(x, y, frames.flags.shape[1:]):
            frames.flags[frame][strip] |= np.uint8(PixelFlag.TRAIL)
            trails += 1
    return {"cosmic_pixels": count / max(frames.flags.shape[0], 1), "trails": float(trails)}


@njit(**KERNEL)
def _line_votes(
    x_pix: Doubles, y_pix: Doubles, cosine: Doubles, sine: Doubles, low: int, votes: Counters
) -> None:
    """Count pixels by direction and by distance from the origin across that direction, in 2-pixel bins from `low`."""
    for a in range(cosine.size):
        c = 0.5 * cosine[a]
        s = 0.5 * sine[a]
        for k in range(x_pix.size):
            votes[a, math.floor(c * x_pix[k] + s * y_pix[k]) - low] += 1


def find_trails(x_pix: Doubles, y_pix: Doubles, shape: tuple[int, ...]) -> list[Bools]:
    """Lines among struck pixels of one frame.

    Parameters
    ----------
    x_pix, y_pix : float64 arrays (n,)
        Struck pixels.
    shape : (int, int)
        Rows and columns of the frame.

    Returns
    -------
    list of bool arrays of that shape
        Pixels of each line, over its whole width and length: three times its scatter, at least 4 pixels, to either
        side. At most four lines.

    Examples
    --------
    >>> t = np.arange(60.0)
    >>> (line,) = find_trails(20.0 + t, 30.0 + 0.5 * t, (128, 128))
    >>> bool(line[40, 40]), bool(line[100, 40])
    (True, False)
    """
    strips: list[Bools] = []
    left = np.ones(x_pix.size, bool)
    yy, xx = np.mgrid[: shape[0], : shape[1]]
    angles = np.pi * np.arange(360) / 360.0
    reach = math.ceil(0.5 * math.hypot(*shape)) + 1
    while np.count_nonzero(left) >= TRAIL_PIXELS and len(strips) < MOST_TRAILS:
        # Hough transform: distance of every pixel from the origin along every direction, counted in 2-pixel bins.
        votes = np.zeros((angles.size, 2 * reach + 1), np.int32)
        _line_votes(x_pix[left], y_pix[left], np.cos(angles), np.sin(angles), -reach, votes)
        best, fullest = (int(k) for k in np.unravel_index(np.argmax(votes), votes.shape))
        distance = np.cos(angles[best]) * x_pix[left] + np.sin(angles[best]) * y_pix[left]
        centre = float(np.median(distance[np.abs(distance - 2.0 * (fullest - reach) - 1.0) < 1.0 + 1e-9]))
        across = np.cos(angles[best]) * x_pix + np.sin(angles[best]) * y_pix - centre
        along = -np.sin(angles[best]) * x_pix + np.cos(angles[best]) * y_pix
        near = left & (np.abs(across) < 5.0)
        if np.count_nonzero(near) < TRAIL_PIXELS or np.ptp(along[near]) < TRAIL_LENGTH_PIX:
            break
        # The direction is refined by a straight line through the pixels near the first one.
        slope, centre_shift = np.polyfit(along[near], across[near], 1)
        scatter = float(np.std(across[near] - slope * along[near] - centre_shift))
        frame_along = -np.sin(angles[best]) * xx + np.cos(angles[best]) * yy
        frame_across = np.cos(angles[best]) * xx + np.sin(angles[best]) * yy - centre
        frame_across -= slope * frame_along + centre_shift
        strip = np.abs(frame_across) < max(4.0, 3.0 * scatter)
        strip &= (frame_along > along[near].min() - 8.0) & (frame_along < along[near].max() + 8.0)
        strips.append(strip)
        left &= ~near
    return strips
