"""Corrections that make the backgrounds of overlapping frames agree, so that Atlas images have no seams.

Airglow changes between the looks; the sky itself does not. Where two frames overlap, the difference of their
background meshes is airglow alone, nebulae and unresolved stars cancel. A second-degree polynomial a frame is solved
from all overlaps at once; a weak tie to zero lets the level follow the true sky over some ten frames. (The survey
shifted each frame by a constant onto the sum before it; airglow structure then left steps, survey-facts 2.6.)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solveh_banded

from workers.reduction.frames import CalibratedFrames
from workers.reduction.geometry import FrameGeometry

Doubles = NDArray[np.float64]

TERMS = 6  # 1, x, y, x^2, xy, y^2 with x and y from -1 to 1
REACH = 6  # frames ahead that overlap by more than a mesh cell
# Weight of the tie to zero against one overlapping cell: constants are held loosely, curvature more.
TIES = np.array([0.02, 0.05, 0.05, 0.2, 0.2, 0.2])


def _terms(x: Doubles, y: Doubles) -> Doubles:
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)


def _interpolate(mesh: Doubles, fx: Doubles, fy: Doubles) -> Doubles:
    """Bilinear value of a (4, 4) mesh at cell coordinates 0 to 3 (linear beyond)."""
    j, k = np.clip(np.floor(fy).astype(int), 0, 2), np.clip(np.floor(fx).astype(int), 0, 2)
    wy, wx = fy - j, fx - k
    low = mesh[j, k] * (1 - wx) + mesh[j, k + 1] * wx
    high = mesh[j + 1, k] * (1 - wx) + mesh[j + 1, k + 1] * wx
    return np.asarray(low * (1 - wy) + high * wy)


def solve_levels(frames: CalibratedFrames, geometry: FrameGeometry) -> Doubles:
    """Polynomials to subtract from the frames.

    Returns
    -------
    float64 array (n, 6)
        Coefficients of 1, x, y, x^2, xy, y^2, where x and y run from -1 to 1 between the outer edges of the array;
        0 for frames without pixels.
    """
    count, size = frames.mesh_dn.shape[0], frames.pixels_dn.shape[2]
    good = np.flatnonzero(frames.noise_dn > 0.0)
    if good.size < 2:
        return np.zeros((count, TERMS))
    cells = (np.arange(4) + 0.5) * size / 4.0 - 0.5
    cx, cy = (a.ravel() for a in np.meshgrid(cells, cells))
    half = 0.5 * size
    own_terms = _terms((cx + 0.5) / half - 1.0, (cy + 0.5) / half - 1.0)
    band = np.zeros(((REACH + 1) * TERMS, good.size * TERMS))  # lower form of scipy.linalg.solveh_banded
    right = np.zeros(good.size * TERMS)

    def add(row: int, column: int, block: Doubles) -> None:
        for a in range(TERMS):
            for b in range(TERMS):
                r, c = row * TERMS + a, column * TERMS + b
                if r >= c:
                    band[r - c, c] += block[a, b]

    for first in range(good.size):
        i = int(good[first])
        add(first, first, np.diag(TIES))
        ux, uy = geometry.to_uscan(np.full(16, i), cx, cy)
        for second in range(first + 1, min(good.size, first + 1 + REACH)):
            j = int(good[second])
            x, y = geometry.to_pixels(np.full(16, j), ux, uy)
            inside = (x > -0.5) & (y > -0.5) & (x < size - 0.5) & (y < size - 0.5)
            if not inside.any():
                continue
            x, y, a = x[inside], y[inside], own_terms[inside]
            b = _terms((x + 0.5) / half - 1.0, (y + 0.5) / half - 1.0)
            other = _interpolate(
                frames.mesh_dn[j].astype(np.float64), (x + 0.5) * 4 / size - 0.5, (y + 0.5) * 4 / size - 0.5
            )
            difference = frames.mesh_dn[i].astype(np.float64).ravel()[inside] - other
            # Minimise (own - other - a.p_i + b.p_j)^2.
            add(first, first, a.T @ a)
            add(second, second, b.T @ b)
            add(second, first, -b.T @ a)
            right[first * TERMS : (first + 1) * TERMS] += a.T @ difference
            right[second * TERMS : (second + 1) * TERMS] -= b.T @ difference
    levels = np.zeros((count, TERMS))
    levels[good] = solveh_banded(band, right, lower=True).reshape(-1, TERMS)
    return levels
