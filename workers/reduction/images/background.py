"""The sky under the sources of a finished image: a mesh of clipped modes and the smooth surface through it."""

from __future__ import annotations

import numpy as np
from numba import njit

from app.arrays import Bools, Doubles, Singles
from workers.reduction.kernels.compiled import KERNEL, clipped_statistics


@njit(**KERNEL)
def _mesh(
    image: Singles, usable: Bools, mesh: int, centre: Doubles, sigma: Doubles, minimum: int, skewed: int
) -> None:
    """Fill `centre` and `sigma` (my, mx) with the mode and scatter of each mesh; NaN below `minimum` pixels."""
    ny, nx = image.shape
    buffer = np.empty(4 * mesh * mesh, np.float32)
    for j in range(centre.shape[0]):
        for i in range(centre.shape[1]):
            count = 0
            y1 = ny if j == centre.shape[0] - 1 else (j + 1) * mesh
            x1 = nx if i == centre.shape[1] - 1 else (i + 1) * mesh
            for y in range(j * mesh, y1):
                for x in range(i * mesh, x1):
                    if usable[y, x]:
                        buffer[count] = image[y, x]
                        count += 1
            if count < minimum:
                centre[j, i] = np.nan
                sigma[j, i] = np.nan
                continue
            median, mean, scatter = clipped_statistics(buffer, count)
            mode = median
            if skewed:
                # Bertin & Arnouts 1996, section 4: the mode of a clipped, star-skewed histogram.
                mode = 2.5 * median - 1.5 * mean if abs(mean - median) < 0.3 * scatter else median
            centre[j, i] = mode
            sigma[j, i] = scatter


def _fill(mesh: Doubles) -> Doubles:
    """Replace NaN cells by the mean of their filled neighbours, from the edges of the hole inwards."""
    filled = mesh.copy()
    while np.isnan(filled).any():
        if np.isnan(filled).all():
            return np.zeros_like(filled)
        padded = np.pad(filled, 1, constant_values=np.nan)
        shifts = np.stack([padded[1 + j : padded.shape[0] - 1 + j, 1 + i : padded.shape[1] - 1 + i]
                           for j in (-1, 0, 1) for i in (-1, 0, 1)])  # fmt: skip
        known = np.isfinite(shifts)
        count = known.sum(axis=0)
        mean = np.where(known, shifts, 0.0).sum(axis=0) / np.maximum(count, 1)
        filled = np.where(np.isnan(filled) & (count > 0), mean, filled)
    return filled


def _median3(mesh: Doubles) -> Doubles:
    """3x3 median of a mesh: takes out single cells that a bright star has raised."""
    padded = np.pad(mesh, 1, mode="edge")
    ny, nx = mesh.shape
    stack = np.stack([padded[j : j + ny, i : i + nx] for j in range(3) for i in range(3)])
    return np.asarray(np.median(stack, axis=0))


def interpolation_weights(length: int, cells: int, mesh_pix: int) -> Doubles:
    """Weights of a linear interpolation between cell centres, constant beyond the outer centres.

    Parameters
    ----------
    length : int
        Pixels along the axis.
    cells : int
        Cells along the axis, at least 1.
    mesh_pix : int
        Side of a cell, pixels; the last cell ends with the axis.

    Returns
    -------
    float64 array (length, cells)
        Each row sums to 1.

    Examples
    --------
    >>> interpolation_weights(4, 2, 2).tolist()
    [[1.0, 0.0], [0.75, 0.25], [0.25, 0.75], [0.0, 1.0]]
    """
    edges = np.arange(cells + 1) * mesh_pix
    edges[-1] = length
    centres = 0.5 * (edges[:-1] + edges[1:] - 1)
    weights = np.zeros((length, cells))
    position = np.arange(length, dtype=np.float64)
    if cells == 1:
        weights[:, 0] = 1.0
        return weights
    left = np.clip(np.searchsorted(centres, position) - 1, 0, cells - 2)
    fraction = np.clip((position - centres[left]) / (centres[left + 1] - centres[left]), 0.0, 1.0)
    rows = np.arange(length)
    weights[rows, left] = 1.0 - fraction
    weights[rows, left + 1] = fraction
    return weights


def background_and_noise(
    image: Singles, usable: Bools, mesh_pix: int, *, crowded: bool, smooth: bool = True
) -> tuple[Singles, Singles]:
    """Smooth sky level and local noise of an image.

    Parameters
    ----------
    image : float32 array (ny, nx)
        DN.
    usable : bool array (ny, nx)
        False where a pixel must not count (no data, saturated).
    mesh_pix : int
        Cell size in pixels; structure below about twice this size is left in the image.
    crowded : bool
        True for an image with its stars in it: the mode is estimated as 2.5 median - 1.5 mean of the clipped
        histogram. False for residual images, where the clipped median is unbiased and less noisy.
    smooth : bool
        Whether to pass a 3x3 median over the mesh.

    Returns
    -------
    (level, sigma) : float32 arrays (ny, nx)
        Both smooth, DN; 0 everywhere for an image without usable pixels. `sigma` is the scatter of single pixels:
        pixels of Atlas images are correlated, so the noise of sums does not follow from it (see `decorrelate`).

    Examples
    --------
    >>> image = 100.0 + np.random.default_rng(2).normal(0.0, 3.0, (128, 128)).astype(np.float32)
    >>> level, sigma = background_and_noise(image, image > 0.0, 32, crowded=False)
    >>> round(float(level.mean())), round(float(sigma.mean()))
    (100, 3)
    """
    ny, nx = image.shape
    my, mx = max(1, round(ny / mesh_pix)), max(1, round(nx / mesh_pix))
    centre, sigma = np.empty((my, mx)), np.empty((my, mx))
    _mesh(image, usable, mesh_pix, centre, sigma, max(8, mesh_pix * mesh_pix // 5), int(crowded))
    centre, sigma = _fill(centre), _fill(sigma)
    if smooth and min(my, mx) >= 3:
        centre, sigma = _median3(centre), _median3(sigma)
    wy, wx = interpolation_weights(ny, my, mesh_pix), interpolation_weights(nx, mx, mesh_pix)
    return (wy @ centre @ wx.T).astype(np.float32), (wy @ sigma @ wx.T).astype(np.float32)
