"""Seeds of saturated stars: peaks of Read_1 among the pixels that saturate Read_2."""

from __future__ import annotations

import numpy as np
from numba import njit

from app.arrays import Counts, Doubles, Flags
from workers.reduction.frames.band import BandFrames
from workers.reduction.kernels.compiled import KERNEL, SATURATED, any_flagged
from workers.reduction.saturated.light import light_of_patch
from workers.reduction.saturated.values import Read1Calibration, read1_calibration

MOST_SEEDS = 4096  # of one frame
EDGE_PIX = 3  # a 3 x 3 sum and those around it must lie on the frame


@njit(**KERNEL)
def _peak(light: Doubles, sums: Doubles) -> bool:
    """Whether the middle of a patch of 5 x 5 has the largest of the 3 x 3 `sums` about its nine middle pixels."""
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
    return best


@njit(**KERNEL)
def _seeds(read1: Counts, flags: Flags, calibration: Read1Calibration, out: Doubles) -> int:
    """Local maxima of 3 x 3 sums of Read_1 among saturated pixels: rows of (x, y, sum). Returns how many."""
    ny, nx = flags.shape
    n = 0
    sums = np.empty((3, 3))
    light = np.empty((5, 5))
    for y in range(EDGE_PIX, ny - EDGE_PIX):
        if not any_flagged(flags[y], SATURATED):
            continue
        for x in range(EDGE_PIX, nx - EDGE_PIX):
            if not flags[y, x] & SATURATED or n >= out.shape[0]:
                continue
            light_of_patch(read1, calibration, y - 2, x - 2, light)
            if _peak(light, sums):
                out[n, 0] = x
                out[n, 1] = y
                out[n, 2] = sums[1, 1]
                n += 1
    return n


def seed_places(band: BandFrames) -> Doubles:
    """Find the seeds on all frames of a band.

    Parameters
    ----------
    band : BandFrames
        Registered frames.

    Returns
    -------
    float64 array (n, 3)
        Rows of U-scan x and y (arcsec) and the 3 x 3 sum of Read_1 (DN); a star has one row or more a frame.
    """
    buffer = np.empty((MOST_SEEDS, 3))
    parts = [np.zeros((0, 3))]
    calibration = read1_calibration(band.calibration)
    for i in range(band.raw.read1_dn.shape[0]):
        if band.frames.noise_dn[i] <= 0.0:
            continue
        count = _seeds(band.raw.read1_dn[i], band.frames.flags[i], calibration, buffer)
        rows = buffer[:count].copy()
        rows[:, 0], rows[:, 1] = band.geometry.to_uscan(np.full(count, i), rows[:, 0], rows[:, 1])
        parts.append(rows)
    return np.concatenate(parts)


def brightest_of_groups(places: Doubles, radius_arcsec: float) -> Doubles:
    """Keep the brightest row of each group, brightest first: rows within the radius of a brighter one go.

    Parameters
    ----------
    places : float64 array (n, 3)
        Rows of x and y (arcsec) and a brightness.
    radius_arcsec : float
        Two rows this near are of one star.

    Examples
    --------
    >>> rows = np.array([[0.0, 0.0, 10.0], [1.0, 0.0, 30.0], [9.0, 0.0, 20.0]])
    >>> brightest_of_groups(rows, 1.5).tolist()
    [[1.0, 0.0, 30.0], [9.0, 0.0, 20.0]]
    """
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
