"""Centroids of saturated stars on Read_1: every seed on every frame that holds it.

A Gaussian window of 1 pixel, wider by the plateau where Read_1 is clipped, moved until it rests (SExtractor's XWIN):
the pixel-phase bias of a plain 3 x 3 centroid, 0.1 pixel here, falls to 0.02.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from app.arrays import Bools, Counts, Doubles, Flags, Integers
from workers.reduction.frames.band import BandFrames
from workers.reduction.frames.visits import find_visits
from workers.reduction.kernels.compiled import KERNEL, SATURATED, clipped_statistics
from workers.reduction.saturated.light import light_of_patch
from workers.reduction.saturated.values import (
    CentroidArrays,
    Read1Calibration,
    Surroundings,
    Visits,
    read1_calibration,
)

SEED_SNR = 10.0  # of 3 x 3 pixels of Read_1; a star that saturates has 50 (J 9: 2250 DN, noise 9 DN a pixel)
# Error of a centroid on one frame besides noise: pixel phase and registration, pixels; and where Read_1 is clipped.
CENTROID_FLOOR_PIX = 0.05
CLIPPED_FLOOR_PIX = 0.20
REACH_PIX = 12
RING_PIX = (7.0, 10.0)  # 14" to 20"
MOST_MOVED_PIX = 3.0


@dataclass(frozen=True)
class Centroids:
    """Centroids of seeds on the frames of a band; one row a visit, each (n,).

    Attributes
    ----------
    seed : int64
        Index of the seed.
    x_arcsec, y_arcsec : float64
        U-scan place.
    sigma_arcsec : float64
        One sigma of a coordinate.
    agrees : bool
        Whether the frame shows a star at the seed.
    clipped : bool
        Whether Read_1 saturates there.
    core_arcsec : float64
        Radius of the area that saturates Read_2.
    """

    seed: Integers
    x_arcsec: Doubles
    y_arcsec: Doubles
    sigma_arcsec: Doubles
    agrees: Bools
    clipped: Bools
    core_arcsec: Doubles


@njit(**KERNEL)
def _connected(at_radius: Integers) -> int:
    """Pixels of the star's own plateau: those inside the first empty ring; a neighbour's lie beyond it."""
    total = at_radius[0] + at_radius[1]
    for r in range(2, at_radius.size):
        if at_radius[r] == 0:
            break
        total += at_radius[r]
    return int(total)


@njit(**KERNEL)
def _look_around(
    counts: Counts, flags: Flags, calibration: Read1Calibration, x0: float, y0: float, around: Surroundings
) -> tuple[int, int]:
    """Fill in what lies around a place on a frame; pixels in the ring, and bad pixels within 1.3 of the place."""
    ny, nx = counts.shape
    mask = calibration.mask
    saturation = calibration.saturation
    jx = int(x0 + 0.5)
    jy = int(y0 + 0.5)
    bad = 0
    count = 0
    around.clipped_at[:] = 0
    around.saturated_at[:] = 0
    for y in range(max(0, jy - REACH_PIX), min(ny, jy + REACH_PIX + 1)):
        for x in range(max(0, jx - REACH_PIX), min(nx, jx + REACH_PIX + 1)):
            r = math.sqrt((x - x0) * (x - x0) + (y - y0) * (y - y0))
            if r < REACH_PIX and not mask[y, x]:
                around.clipped_at[int(r + 0.5)] += counts[y, x] > saturation[y, x]
                around.saturated_at[int(r + 0.5)] += (flags[y, x] & SATURATED) != 0
            bad += r < 1.3 and mask[y, x]
            if r >= RING_PIX[0] and r <= RING_PIX[1] and not mask[y, x] and count < around.ring.size:
                level = min(float(counts[y, x]), float(saturation[y, x]))
                around.ring[count] = (level - calibration.dark[y, x]) / calibration.flat[y, x]
                count += 1
    return count, bad


@njit(**KERNEL)
def _windowed(light: Doubles, level: float, width: float, x: float, y: float) -> tuple[float, float, float]:
    """Move a Gaussian window over a patch until it rests: its place in pixels of the patch, and the light in it."""
    ny, nx = light.shape
    half = int(3.0 * width) + 1
    x1 = x
    y1 = y
    total = 0.0
    across = np.empty(2 * half + 1)
    shrink = -0.5 / (width * width)
    for _ in range(12):
        total = 0.0
        east = 0.0
        north = 0.0
        left = max(0, int(x1 + 0.5) - half)
        right = min(nx, int(x1 + 0.5) + half + 1)
        for i in range(left, right):
            across[i - left] = math.exp(shrink * (i - x1) * (i - x1))
        for j in range(max(0, int(y1 + 0.5) - half), min(ny, int(y1 + 0.5) + half + 1)):
            dy = j - y1
            row = 0.0
            row_east = 0.0
            for i in range(left, right):
                value = across[i - left] * (light[j, i] - level)
                row += value
                row_east += value * (i - x1)
            weight = math.exp(shrink * dy * dy)
            total += weight * row
            east += weight * row_east
            north += weight * row * dy
        if not total > 0.0:
            break
        # Twice the weighted mean: the window pulls the light of a star as wide as itself back by half.
        x1 += min(max(2.0 * east / total, -1.0), 1.0)
        y1 += min(max(2.0 * north / total, -1.0), 1.0)
        if abs(east) + abs(north) < 1e-4 * total or math.hypot(x1 - x, y1 - y) > MOST_MOVED_PIX:
            break
    return x1, y1, total


@njit(**KERNEL)
def _rest(
    counts: Counts, calibration: Read1Calibration, x0: float, y0: float, level: float, width: float
) -> tuple[float, float, float]:
    """Where a window of some width rests on a frame, array pixels, and the light in it above a level."""
    ny, nx = counts.shape
    jx = int(x0 + 0.5)
    jy = int(y0 + 0.5)
    # All that the window can meet; the array's edge cuts both alike.
    reach = int(3.0 * width) + 1 + int(MOST_MOVED_PIX) + 2
    left = max(0, jx - reach)
    low = max(0, jy - reach)
    rows = max(min(ny, jy + reach + 1) - low, 0)
    columns = max(min(nx, jx + reach + 1) - left, 0)
    light = np.empty((rows, columns))
    light_of_patch(counts, calibration, low, left, light)
    x1, y1, total = _windowed(light, level, width, x0 - left, y0 - low)
    return x1 + left, y1 + low, total


@njit(**KERNEL)
def _centroids(
    read1: Counts, flags: Flags, calibration: Read1Calibration, visits: Visits, out: CentroidArrays
) -> None:
    """Windowed centroid of each visit."""
    _, ny, nx = read1.shape
    radii = REACH_PIX + 1
    around = Surroundings(np.empty(400, np.float32), np.zeros(radii, np.int64), np.zeros(radii, np.int64))
    for k in range(visits.frame.size):
        # Views are made once a visit: inside the loops below each would count references (88 us a visit, not 8).
        counts = read1[visits.frame[k]]
        x0 = visits.x_pix[k]
        y0 = visits.y_pix[k]
        count, bad = _look_around(counts, flags[visits.frame[k]], calibration, x0, y0, around)
        _, level, sigma = clipped_statistics(around.ring, count)
        clipped = _connected(around.clipped_at)
        width = 1.0 + 0.7 * math.sqrt(clipped / math.pi)
        x1, y1, total = _rest(counts, calibration, x0, y0, level, width)
        out.x_pix[k] = x1
        out.y_pix[k] = y1
        out.snr[k] = total / max(sigma * width * math.sqrt(math.pi), 1e-6)
        out.clipped[k] = clipped
        out.saturated[k] = _connected(around.saturated_at)
        # A window cut by the array's edge is pulled away from it.
        margin = 2.0 * width
        inside = x1 >= margin and y1 >= margin and x1 <= nx - 1 - margin and y1 <= ny - 1 - margin
        out.faults[k] = bad if inside else bad + 1


def find_centroids(band: BandFrames, places: Doubles) -> Centroids:
    """Centre every seed on every frame of a band that holds it, the frames without pixels and faults left out.

    Parameters
    ----------
    band : BandFrames
        Registered frames.
    places : float64 array (n, 3)
        Rows of U-scan x and y (arcsec) and brightness of the seeds.
    """
    found = find_visits(band.geometry, places[:, 0].copy(), places[:, 1].copy())
    out = CentroidArrays(*(np.zeros(found.source.size) for _ in CentroidArrays._fields))
    visits = Visits(found.frame, found.x_pix, found.y_pix)
    _centroids(band.raw.read1_dn, band.frames.flags, read1_calibration(band.calibration), visits, out)
    good = (band.frames.noise_dn[found.frame] > 0.0) & (out.faults == 0)
    seed, frame = found.source[good], found.frame[good]
    out = CentroidArrays(*(values[good] for values in out))
    x, y = band.geometry.to_uscan(frame, out.x_pix, out.y_pix)
    pixel = band.raw.detector.pixel_arcsec
    clipped = out.clipped > 0
    floor = np.where(clipped, CLIPPED_FLOOR_PIX, CENTROID_FLOOR_PIX)
    with np.errstate(divide="ignore"):
        sigma = pixel * np.hypot(floor, 1.4 / np.maximum(out.snr, 1e-3))
    away = np.hypot(x - places[seed, 0], y - places[seed, 1])
    agrees = (out.snr > SEED_SNR) & (away < pixel * (0.75 + np.sqrt(out.clipped / np.pi)))
    core = pixel * np.sqrt(out.saturated / np.pi)
    return Centroids(seed, x, y, sigma, agrees, clipped, core)
