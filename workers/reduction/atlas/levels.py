"""Corrections that make the backgrounds of overlapping frames agree, so that Atlas images have no seams.

Airglow changes between the looks; the sky itself does not. Where two frames overlap, the difference of their
background meshes is airglow alone, nebulae and unresolved stars cancel. A second-degree polynomial a frame is solved
from all overlaps at once; a weak tie to zero lets the level follow the true sky over some ten frames. (The survey
shifted each frame by a constant onto the sum before it; airglow structure then left steps, background/survey 2.6.)
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import solveh_banded

from app.arrays import Bools, Doubles, Integers, Singles
from workers.reduction.frames.geometry import FrameGeometry

TERMS = 6  # 1, x, y, x^2, xy, y^2 with x and y from -1 to 1
REACH = 6  # frames ahead that overlap by more than a mesh cell
# Weight of the tie to zero against one overlapping cell: constants are held loosely, curvature more.
TIES = np.array([0.02, 0.05, 0.05, 0.2, 0.2, 0.2])


def _terms(x: Doubles, y: Doubles) -> Doubles:
    """Terms of the polynomial at places from -1 to 1, (..., 6)."""
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)


def _interpolate(mesh: Doubles, frame: Integers, fx: Doubles, fy: Doubles) -> Doubles:
    """Bilinear values of the (4, 4) meshes of frames at cell coordinates 0 to 3, each (frames, places)."""
    j, k = np.clip(np.floor(fy).astype(int), 0, 2), np.clip(np.floor(fx).astype(int), 0, 2)
    wy, wx, f = fy - j, fx - k, frame[:, None]
    low = mesh[f, j, k] * (1 - wx) + mesh[f, j, k + 1] * wx
    high = mesh[f, j + 1, k] * (1 - wx) + mesh[f, j + 1, k + 1] * wx
    return np.asarray(low * (1 - wy) + high * wy)


def _fill_band(band: Doubles, blocks: Doubles, apart: int) -> None:
    """Add the blocks of frames (k + apart, k) to a lower banded matrix."""
    columns = TERMS * np.arange(blocks.shape[0])
    for a in range(TERMS):
        for b in range(TERMS):
            below = apart * TERMS + a - b
            if below >= 0:
                band[below, columns + b] += blocks[:, a, b]


def solve_levels(mesh_dn: Singles, usable: Bools, geometry: FrameGeometry) -> Doubles:
    """Polynomials to subtract from the frames.

    Parameters
    ----------
    mesh_dn : float32 array (n, 4, 4)
        Background meshes of the frames of one band, in the order of time.
    usable : bool array (n,)
        Frames with pixels.
    geometry : FrameGeometry
        Where they lie on the sky: which cells of a mesh fall on which of another.

    Returns
    -------
    float64 array (n, 6)
        Coefficients of 1, x, y, x^2, xy, y^2, where x and y run from -1 to 1 between the outer edges of the array;
        0 for frames without pixels.
    """
    count, size = mesh_dn.shape[0], geometry.size_pix
    good = np.flatnonzero(usable)
    if good.size < 2:
        return np.zeros((count, TERMS))
    cells = (np.arange(4) + 0.5) * size / 4.0 - 0.5
    cx, cy = (a.ravel() for a in np.meshgrid(cells, cells))
    half = 0.5 * size
    own = _terms((cx + 0.5) / half - 1.0, (cy + 0.5) / half - 1.0)
    mesh = mesh_dn.astype(np.float64)
    diagonal = np.tile(np.diag(TIES), (good.size, 1, 1))
    right = np.zeros((good.size, TERMS))
    band = np.zeros(((REACH + 1) * TERMS, good.size * TERMS))  # lower form of scipy.linalg.solveh_banded
    for apart in range(1, min(REACH, good.size)):
        i, j = good[:-apart], good[apart:]
        ux, uy = geometry.to_uscan(i[:, None], cx, cy)
        x, y = geometry.to_pixels(j[:, None], ux, uy)
        inside = ((x > -0.5) & (y > -0.5) & (x < size - 0.5) & (y < size - 0.5)).astype(np.float64)
        a = own * inside[:, :, None]
        b = _terms((x + 0.5) / half - 1.0, (y + 0.5) / half - 1.0) * inside[:, :, None]
        scale = 4.0 / size
        other = _interpolate(mesh, j, (x + 0.5) * scale - 0.5, (y + 0.5) * scale - 0.5)
        difference = mesh[i].reshape(-1, 16) - other
        # Minimise (own - other - a.p_i + b.p_j)^2 over the cells of i that lie within j.
        diagonal[:-apart] += np.einsum("fca,fcb->fab", a, a)
        diagonal[apart:] += np.einsum("fca,fcb->fab", b, b)
        right[:-apart] += np.einsum("fca,fc->fa", a, difference)
        right[apart:] -= np.einsum("fca,fc->fa", b, difference)
        _fill_band(band, -np.einsum("fca,fcb->fab", b, a), apart)
    _fill_band(band, diagonal, 0)
    levels = np.zeros((count, TERMS))
    levels[good] = solveh_banded(band, right.ravel(), lower=True).reshape(-1, TERMS)
    return levels
