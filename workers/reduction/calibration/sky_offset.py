"""The sky offset: what all frames of a block have in common at a pixel once their backgrounds are taken off.

It removes slow changes of the bias structure and what dark and flat leave (background/survey 2.3: clipped mean over at
least 42 frames of the same scan).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numba import njit

from app.arrays import Flags, Singles
from workers.reduction.frames.mesh import background_row
from workers.reduction.kernels.compiled import KERNEL

BLOCK_FRAMES = 42
ROWS = 4  # in work at a time: a page of memory of each frame
FEWEST_FRAMES = 8  # below, stars do not average out and the pattern would add 12 % of variance or more


@njit(**KERNEL)
def _clipped_mean(
    pixels: Singles, flags: Flags, mesh: Singles, noise: Singles, first: int, last: int, out: Singles
) -> None:
    """Three rounds of a clipped mean a pixel, vectorised along x; `out` (ny, nx)."""
    _, ny, nx = pixels.shape
    count = last - first
    rest = np.empty((count, ROWS * nx), np.float32)
    level = np.empty(nx, np.float32)
    total = np.empty(ROWS * nx, np.float32)
    used = np.empty(ROWS * nx, np.float32)
    mean = np.empty(ROWS * nx, np.float32)
    beyond = np.float32(1e30)
    for y0 in range(0, ny, ROWS):
        rows = min(ROWS, ny - y0)
        for k in range(count):
            for r in range(rows):
                background_row(mesh[first + k], y0 + r, ny, level)
                line = pixels[first + k, y0 + r]
                flag = flags[first + k, y0 + r]
                part = rest[k, r * nx : (r + 1) * nx]
                for x in range(nx):
                    # A flagged pixel is beyond any cut.
                    part[x] = line[x] - level[x] if flag[x] == 0 else beyond
        mean[:] = np.float32(0.0)
        for turn in range(3):
            total[:] = np.float32(0.0)
            used[:] = np.float32(0.0)
            for k in range(count):
                # Wide first, because the pattern itself is not known yet; stars are cut by the later rounds.
                cut = noise[first + k] * np.float32(5.0 if turn == 0 else 2.5)
                for x in range(rows * nx):
                    near = abs(rest[k, x] - mean[x]) < cut
                    total[x] += rest[k, x] if near else np.float32(0.0)
                    used[x] += np.float32(1.0) if near else np.float32(0.0)
            for x in range(rows * nx):
                mean[x] = total[x] / max(used[x], np.float32(1.0))
        for r in range(rows):
            for x in range(nx):
                out[y0 + r, x] = mean[r * nx + x]


@njit(**KERNEL)
def _subtract(pixels: Singles, flags: Flags, pattern: Singles, first: int, last: int) -> None:
    _, ny, nx = pixels.shape
    for i in range(first, last):
        for y in range(ny):
            for x in range(nx):
                if flags[i, y, x] == 0:
                    pixels[i, y, x] -= pattern[y, x]


def _cell_means(pattern: Singles, cells: int) -> Singles:
    """Mean of a pattern in each cell of the mesh: what its subtraction takes from the background."""
    ny, nx = pattern.shape
    means: Singles = pattern.reshape(cells, ny // cells, cells, nx // cells).mean(axis=(1, 3))
    return means


def blocks(count: int) -> list[tuple[int, int]]:
    """Split frames into blocks of at least 42, the rest spread over them; one block for a short scan.

    Returns
    -------
    list of (first, last + 1)
        Empty below 8 frames.
    """
    if count < FEWEST_FRAMES:
        return []
    number = max(1, count // BLOCK_FRAMES)
    edges = [round(k * count / number) for k in range(number + 1)]
    return list(pairwise(edges))


def subtract_sky_offset(pixels: Singles, flags: Flags, mesh: Singles, noise: Singles) -> list[Singles]:
    """Find the pattern of each block and take it off in place.

    Parameters
    ----------
    pixels, flags : float32 and uint8 arrays (n, rows, columns)
        Calibrated frames, DN, and their `PixelFlag` bits; the pixels are changed.
    mesh : float32 array (n, 4, 4)
        Rough background; the pattern is what lies over it, and its mean is taken from the mesh in place.
    noise : float32 array (n,)
        Scatter of a sky pixel, DN; frames of 0 are left out.

    Returns
    -------
    list of float32 arrays (rows, columns)
        One a block; empty for fewer than 8 frames, which stay as they are.
    """
    patterns = []
    for first, last in blocks(pixels.shape[0]):
        pattern = np.empty(pixels.shape[1:], np.float32)
        _clipped_mean(pixels, flags, mesh, noise, first, last, pattern)
        _subtract(pixels, flags, pattern, first, last)
        mesh[first:last] -= _cell_means(pattern, mesh.shape[1])
        patterns.append(pattern)
    return patterns
