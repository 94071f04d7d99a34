"""Stars that saturate Read_2 - Read_1, found and placed on the Read_1 frames of all bands.

In the coadd such a star is a ring around a hole. Read_1, an exposure of 51 ms, still shows it whole (survey-facts
7.1: "one clean R1 detection per star"). Seeds are the peaks of Read_1 among pixels that saturate Read_2; each seed
gets a centroid on every Read_1 frame of every band that holds it, and is a star if most of these frames agree. That
keeps out what Read_1 never saw, or one frame only: cosmic rays, meteors, bad pixels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numba import njit
from numpy.typing import NDArray

from app.arrays import Counts, Doubles, Flags, Integers, Singles
from app.instruments.bands import Band
from workers.reduction.frames.band import BandFrames
from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.frames.visits import find_visits
from workers.reduction.kernels.compiled import KERNEL, SATURATED, any_flagged, clipped_statistics

SAME_STAR_ARCSEC = 1.5  # half of a full width: closer peaks are never apart on 2" pixels
SEED_SNR = 10.0  # of 3 x 3 pixels of Read_1; a star that saturates has 50 (J 9: 2250 DN, noise 9 DN a pixel)
AGREEING_SHARE = 0.5
# Error of a centroid on one frame besides noise: pixel phase and registration, pixels; and where Read_1 is clipped.
CENTROID_FLOOR_PIX = 0.05
CLIPPED_FLOOR_PIX = 0.20
POSITION_FLOOR_ARCSEC = 0.04  # registration of the bands to one another
REACH_PIX = 12
MOST_MOVED_PIX = 3.0


@dataclass(frozen=True)
class Read1Stars:
    """Saturated stars of a scan; each (n,), ordered by y.

    Attributes
    ----------
    x_arcsec, y_arcsec : float64
        U-scan place, mean over frames and bands.
    error_arcsec : float64
        One sigma of a coordinate.
    core_arcsec : float64
        Radius of the area that saturates Read_2 on the worst frame of the worst band: nothing is measured within.
    clipped : dict of Band to bool array
        Where Read_1 saturates on every frame of the band.
    """

    x_arcsec: Doubles
    y_arcsec: Doubles
    error_arcsec: Doubles
    core_arcsec: Doubles
    clipped: dict[Band, NDArray[np.bool_]]

    def moved(self, old: FrameGeometry, new: FrameGeometry) -> Read1Stars:
        """Give the stars with the places that a better geometry gives them: each goes with its nearest frame."""
        if not self.x_arcsec.size:
            return self
        nearest = np.abs(old.y_arcsec[None, :] - self.y_arcsec[:, None]).argmin(axis=1)
        dx, dy = new.x_arcsec - old.x_arcsec, new.y_arcsec - old.y_arcsec
        return replace(self, x_arcsec=self.x_arcsec + dx[nearest], y_arcsec=self.y_arcsec + dy[nearest])


@njit(**KERNEL)
def _light_nearby(
    read1: Counts, dark: Singles, flat: Singles, mask: NDArray[np.bool_], top: Singles, y: int, x: int
) -> float:
    """Read_1 of a bad pixel: the mean of its good neighbours."""
    ny, nx = read1.shape
    total = 0.0
    count = 0
    for j, i in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
        if 0 <= j < ny and 0 <= i < nx and not mask[j, i]:
            total += (min(float(read1[j, i]), float(top[j, i])) - dark[j, i]) / flat[j, i]
            count += 1
    return float(total / max(count, 1))


@njit(**KERNEL)
def _light(
    read1: Counts,
    dark: Singles,
    flat: Singles,
    mask: NDArray[np.bool_],
    top: Singles,
    low: int,
    left: int,
    rows: int,
    columns: int,
    out: Doubles,
) -> None:
    """Read_1 of some rows and columns from (low, left), level where it saturates, bad pixels filled; into `out`.

    A rectangle at a time: a call a pixel costs 30 ns for the descriptions of its arrays.
    """
    for y in range(low, low + rows):
        for x in range(left, left + columns):
            level = min(float(read1[y, x]), float(top[y, x]))
            out[y - low, x - left] = (level - dark[y, x]) / flat[y, x]
        for x in range(left, left + columns):
            if mask[y, x]:
                out[y - low, x - left] = _light_nearby(read1, dark, flat, mask, top, y, x)


@njit(**KERNEL)
def _seeds(
    read1: Counts,
    flags: Flags,
    dark: Singles,
    flat: Singles,
    mask: NDArray[np.bool_],
    top: Singles,
    out: Doubles,
) -> int:
    """Local maxima of 3 x 3 sums of Read_1 among saturated pixels: rows of (x, y, sum). Returns how many."""
    ny, nx = flags.shape
    n = 0
    sums = np.empty((3, 3))
    light = np.empty((5, 5))
    for y in range(3, ny - 3):
        if not any_flagged(flags[y], SATURATED):
            continue
        for x in range(3, nx - 3):
            if not flags[y, x] & SATURATED or n >= out.shape[0]:
                continue
            _light(read1, dark, flat, mask, top, y - 2, x - 2, 5, 5, light)
            for q in range(3):
                for p in range(3):
                    total = 0.0
                    for j in range(3):
                        for i in range(3):
                            total += light[q + j, p + i]
                    sums[q, p] = total
            best = True
            for q in range(3):
                for p in range(3):
                    best = best and sums[q, p] <= sums[1, 1]
            if best:
                out[n, 0] = x
                out[n, 1] = y
                out[n, 2] = sums[1, 1]
                n += 1
    return n


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
def _centroids(
    read1: Counts,
    flags: Flags,
    dark: Singles,
    flat: Singles,
    mask: NDArray[np.bool_],
    top: Singles,
    frame: Integers,
    x_pix: Doubles,
    y_pix: Doubles,
    out: Doubles,
) -> None:
    """Windowed centroid of each visit: rows of (x, y, snr, clipped pixels, saturated pixels, faults).

    A Gaussian window of 1 pixel, wider by the plateau where Read_1 is clipped, moved until it rests (SExtractor's
    XWIN): the pixel-phase bias of a plain 3 x 3 centroid, 0.1 pixel here, falls to 0.02.
    """
    _, ny, nx = read1.shape
    ring = np.empty(400, np.float32)
    clipped_at = np.zeros(REACH_PIX + 1, np.int64)
    burnt_at = np.zeros(REACH_PIX + 1, np.int64)
    for k in range(frame.size):
        # Views are made once a visit: inside the loops below each would count references (88 us a visit, not 8).
        counts = read1[frame[k]]
        flag = flags[frame[k]]
        x0 = x_pix[k]
        y0 = y_pix[k]
        jx = int(x0 + 0.5)
        jy = int(y0 + 0.5)
        bad = 0
        count = 0
        clipped_at[:] = 0
        burnt_at[:] = 0
        for y in range(max(0, jy - REACH_PIX), min(ny, jy + REACH_PIX + 1)):
            for x in range(max(0, jx - REACH_PIX), min(nx, jx + REACH_PIX + 1)):
                r = math.sqrt((x - x0) * (x - x0) + (y - y0) * (y - y0))
                if r < REACH_PIX and not mask[y, x]:
                    clipped_at[int(r + 0.5)] += counts[y, x] > top[y, x]
                    burnt_at[int(r + 0.5)] += (flag[y, x] & SATURATED) != 0
                bad += r < 1.3 and mask[y, x]
                if r >= 7.0 and r <= 10.0 and not mask[y, x] and count < ring.size:
                    ring[count] = (min(float(counts[y, x]), float(top[y, x])) - dark[y, x]) / flat[y, x]
                    count += 1
        _, level, sigma = clipped_statistics(ring, count)
        clipped = _connected(clipped_at)
        burnt = _connected(burnt_at)
        width = 1.0 + 0.7 * math.sqrt(clipped / math.pi)
        # All that the window can meet; the array's edge cuts both alike.
        reach = int(3.0 * width) + 1 + int(MOST_MOVED_PIX) + 2
        left = max(0, jx - reach)
        low = max(0, jy - reach)
        rows = max(min(ny, jy + reach + 1) - low, 0)
        columns = max(min(nx, jx + reach + 1) - left, 0)
        light = np.empty((rows, columns))
        _light(counts, dark, flat, mask, top, low, left, rows, columns, light)
        x1, y1, total = _windowed(light, level, width, x0 - left, y0 - low)
        x1 += left
        y1 += low
        out[k, 0] = x1
        out[k, 1] = y1
        out[k, 2] = total / max(sigma * width * math.sqrt(math.pi), 1e-6)
        out[k, 3] = clipped
        out[k, 4] = burnt
        # A window cut by the array's edge is pulled away from it.
        margin = 2.0 * width
        inside = x1 >= margin and y1 >= margin and x1 <= nx - 1 - margin and y1 <= ny - 1 - margin
        out[k, 5] = bad if inside else bad + 1


def _calibration_arrays(band: BandFrames) -> tuple[Singles, Singles, NDArray[np.bool_], Singles]:
    one = band.calibration
    return one.dark_read1_dn, one.flat, one.mask, one.saturation_dn


def _seed_places(band: BandFrames) -> Doubles:
    """Rows of (x, y, sum) of the seeds of all frames of a band, U-scan arcsec."""
    buffer = np.empty((4096, 3))
    parts = [np.zeros((0, 3))]
    arrays = _calibration_arrays(band)
    for i in range(band.raw.read1_dn.shape[0]):
        if band.frames.noise_dn[i] <= 0.0:
            continue
        count = _seeds(band.raw.read1_dn[i], band.frames.flags[i], *arrays, buffer)
        rows = buffer[:count].copy()
        rows[:, 0], rows[:, 1] = band.geometry.to_uscan(np.full(count, i), rows[:, 0], rows[:, 1])
        parts.append(rows)
    return np.concatenate(parts)


def _grouped(places: Doubles, radius_arcsec: float) -> Doubles:
    """Places of the brightest row of each group, brightest first: rows within the radius of a brighter one go."""
    from scipy.spatial import cKDTree

    if not len(places):
        return places
    ordered = places[np.lexsort((places[:, 1], places[:, 0], -places[:, 2]))]
    neighbours = cKDTree(ordered[:, :2]).query_ball_point(ordered[:, :2], radius_arcsec)
    free = np.ones(len(ordered), np.bool_)
    kept = []
    for k, near in enumerate(neighbours):
        if free[k]:
            kept.append(k)
            free[near] = False
    return np.asarray(ordered[kept])


@dataclass(frozen=True)
class _Looks:
    """Centroids of all seeds on all frames of a band; one row a look."""

    seed: Integers
    x_arcsec: Doubles
    y_arcsec: Doubles
    sigma_arcsec: Doubles
    agrees: NDArray[np.bool_]
    clipped: NDArray[np.bool_]
    core_arcsec: Doubles


def _look(band: BandFrames, places: Doubles) -> _Looks:
    visits = find_visits(band.geometry, places[:, 0].copy(), places[:, 1].copy())
    out = np.zeros((visits.source.size, 6))
    _centroids(
        band.raw.read1_dn, band.frames.flags, *_calibration_arrays(band),
        visits.frame, visits.x_pix, visits.y_pix, out,
    )  # fmt: skip
    exposed = (band.frames.noise_dn[visits.frame] > 0.0) & (out[:, 5] == 0)
    source, frame, out = visits.source[exposed], visits.frame[exposed], out[exposed]
    x, y = band.geometry.to_uscan(frame, out[:, 0], out[:, 1])
    pixel = band.raw.detector.pixel_arcsec
    clipped = out[:, 3] > 0
    floor = np.where(clipped, CLIPPED_FLOOR_PIX, CENTROID_FLOOR_PIX)
    with np.errstate(divide="ignore"):
        sigma = pixel * np.hypot(floor, 1.4 / np.maximum(out[:, 2], 1e-3))
    away = np.hypot(x - places[source, 0], y - places[source, 1])
    agrees = (out[:, 2] > SEED_SNR) & (away < pixel * (0.75 + np.sqrt(out[:, 3] / np.pi)))
    core = pixel * np.sqrt(out[:, 4] / np.pi)
    return _Looks(source, x, y, sigma, agrees, clipped, core)


def _mean_places(looks: Mapping[Band, _Looks], count: int) -> tuple[Doubles, Doubles, Doubles, Doubles]:
    """Weighted means of the looks that agree: x, y, error of a coordinate, share of the looks that agree."""
    everything = list(looks.values())
    seed = np.concatenate([one.seed for one in everything])
    x, y = (np.concatenate([getattr(one, name) for one in everything]) for name in ("x_arcsec", "y_arcsec"))
    sigma = np.concatenate([one.sigma_arcsec for one in everything])
    agrees = np.concatenate([one.agrees for one in everything])
    weight = agrees / sigma**2
    total = np.maximum(np.bincount(seed, weight, count), 1e-12)
    mean_x, mean_y = (np.bincount(seed, weight * v, count) / total for v in (x, y))
    spread = np.bincount(seed, weight * ((x - mean_x[seed]) ** 2 + (y - mean_y[seed]) ** 2), count) / total
    used, there = np.bincount(seed, agrees, count), np.maximum(np.bincount(seed, minlength=count), 1)
    variance = np.maximum(1.0 / total, 0.5 * spread / np.maximum(used - 1.0, 1.0))
    return mean_x, mean_y, np.sqrt(variance + POSITION_FLOOR_ARCSEC**2), used / there


def find_read1_stars(bands: Mapping[Band, BandFrames]) -> Read1Stars:
    """Find the stars that saturate Read_2 - Read_1 in any band.

    Parameters
    ----------
    bands : mapping of Band to BandFrames
        Registered frames.

    Returns
    -------
    Read1Stars
        Each star once; n = 0 where nothing saturates.
    """
    parts = [_seed_places(band) for band in bands.values()]
    places = _grouped(np.concatenate([np.zeros((0, 3)), *parts]), SAME_STAR_ARCSEC)
    n = len(places)
    looks = {band: _look(one, places) for band, one in bands.items()}
    if not n:
        empty = np.zeros(0)
        return Read1Stars(empty, empty, empty, empty, {band: np.zeros(0, np.bool_) for band in bands})
    x, y, error, share = _mean_places(looks, n)
    core = np.zeros(n)
    for one in looks.values():
        np.maximum.at(core, one.seed, one.core_arcsec)
    # Peaks on the plateau or the flanks of one star ended on the same centre: the one of the brightest seed stays.
    settled = np.flatnonzero(share > AGREEING_SHARE)
    chosen = np.array(sorted(_unique(settled, x, y, core), key=lambda k: (y[k], x[k])), np.int64)
    clipped = {}
    for band, one in looks.items():
        whole = np.bincount(one.seed, ~one.clipped, n)
        seen = np.bincount(one.seed, minlength=n)
        clipped[band] = ((whole == 0) & (seen > 0))[chosen]
    return Read1Stars(x[chosen], y[chosen], error[chosen], core[chosen], clipped)


def _unique(order: Integers, x: Doubles, y: Doubles, core: Doubles) -> list[int]:
    kept: list[int] = []
    for k in order:
        near = (np.hypot(x[k] - x[m], y[k] - y[m]) < max(SAME_STAR_ARCSEC, 0.5 * core[m]) for m in kept)
        if not any(near):
            kept.append(int(k))
    return kept
