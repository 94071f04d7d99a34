"""Noise of the sky of an Atlas image, without what its level does over larger scales (airglow, gradients)."""

from __future__ import annotations

import numpy as np
from numba import njit
from scipy.ndimage import distance_transform_edt

from app.arrays import Doubles, Integers, Singles
from app.quantiles import quick_quantile, quick_row_medians
from workers.reduction.kernels.compiled import PLAIN
from workers.reduction.kernels.ranks import neighbours_of_rank

BLOCK_PIX = 32
"""Side of the blocks whose medians are the sky's level: a tenth of the shortest airglow wave, 6', and 500 pixels of
correlated noise, so that the level takes 0.5 % of the noise with it."""
STEP_PIX = 2  # pixels at 1" from frames of 2" tell little that their neighbours do not


def sky_noise_dn(pixels_dn: Singles) -> float:
    """Measure the noise of a sky pixel, correlated as it is between pixels of a coadd.

    Medians of blocks of 32" are interpolated to the sky's level and subtracted; the noise is how far the 15.9 %
    quantile of the rest lies below its median, since light of stars makes pixels brighter and never darker. Without the
    subtraction airglow of 8 DN counted as noise where the noise was 2 DN.

    Parameters
    ----------
    pixels_dn : float32 array (ny, nx)
        Image with its sky; NaN where there is no data.

    Returns
    -------
    float
        One sigma of a pixel, DN, within 3 % of the truth where less than a tenth of the sky is covered by stars; above
        it in crowded fields, by their unresolved light. NaN without data.

    Examples
    --------
    >>> noise = np.random.default_rng(1).normal(0.0, 2.0, (256, 256))
    >>> wave = 20.0 * np.sin(np.arange(256) / 60.0)
    >>> round(sky_noise_dn((noise + wave).astype(np.float32)), 1)
    2.0
    """
    thin = pixels_dn[::STEP_PIX, ::STEP_PIX]
    known = np.isfinite(thin)
    if not known.any():
        return float("nan")
    rest, work = np.empty(thin.size), np.empty(thin.size)
    mesh, edges_y, edges_x = _mesh(thin)
    count = _take_level(thin, mesh, _between(edges_y, thin.shape[0]), _between(edges_x, thin.shape[1]), rest)
    low, middle = (_quantile(rest[:count], share, work) for share in (0.1587, 0.5))
    return middle - low


def _quantile(values: Doubles, share: float, work: Doubles) -> float:
    """Quantile of numbers, interpolated linearly between ranks: `quick_quantile`."""
    exact_rank = share * (values.size - 1)
    low, above = neighbours_of_rank(values, int(exact_rank), work)
    return float(low + (exact_rank - int(exact_rank)) * (above - low))


def _mesh(thin: Singles) -> tuple[Doubles, Integers, Integers]:
    """Block medians, and the edges of the blocks along y and x; blocks without data have the nearest one's."""
    side = BLOCK_PIX // STEP_PIX
    rows, columns = (max(1, size // side) for size in thin.shape)
    edges_y, edges_x = (np.linspace(0, size, count + 1).astype(int)
                        for size, count in zip(thin.shape, (rows, columns), strict=True))  # fmt: skip
    mesh = _whole_blocks(thin, rows, columns)
    for i, j in np.argwhere(np.isnan(mesh)):
        block = thin[edges_y[i] : edges_y[i + 1], edges_x[j] : edges_x[j + 1]]
        block = block[np.isfinite(block)]
        if block.size:
            mesh[i, j] = quick_quantile(block, 0.5)
    unknown = np.isnan(mesh)
    if unknown.any():
        nearest = distance_transform_edt(unknown, return_distances=False, return_indices=True)
        mesh = mesh[tuple(nearest)]
    return mesh, edges_y, edges_x


def _whole_blocks(thin: Singles, rows: int, columns: int) -> Doubles:
    """Medians of blocks all of whose pixels are known; NaN of the others, and of all where they are not of one size."""
    mesh = np.full((rows, columns), np.nan)
    if thin.shape[0] % rows or thin.shape[1] % columns:
        return mesh
    high, wide = thin.shape[0] // rows, thin.shape[1] // columns
    blocks = thin.reshape(rows, high, columns, wide).swapaxes(1, 2).reshape(rows, columns, high * wide)
    whole = np.isfinite(blocks).all(axis=2)
    if whole.any():
        mesh[whole] = quick_row_medians(blocks[whole])
    return mesh


def _between(edges: Integers, size: int) -> tuple[Integers, Doubles]:
    """First of the two blocks between whose middles each of `size` pixels lies, and its share of the way to the next.

    The outermost slopes go on; where there is one block alone, both are that one.
    """
    middles, pixel = 0.5 * (edges[:-1] + edges[1:] - 1), np.arange(size)
    if middles.size == 1:
        return np.zeros(size, np.int64), np.zeros(size)
    first = np.clip(np.searchsorted(middles, pixel, side="right") - 1, 0, middles.size - 2)
    return first, (pixel - middles[first]) / (middles[first + 1] - middles[first])


@njit(**PLAIN)
def _take_level(
    thin: Singles,
    mesh: Doubles,
    along_y: tuple[Integers, Doubles],
    along_x: tuple[Integers, Doubles],
    rest: Doubles,
) -> int:
    """Write pixels with data less the mesh, interpolated linearly, one after the other; their number."""
    rows, columns = mesh.shape
    line = np.empty(columns)
    count = 0
    for y in range(thin.shape[0]):
        first = along_y[0][y]
        second = min(first + 1, rows - 1)
        share = along_y[1][y]
        for j in range(columns):
            line[j] = mesh[first, j] * (1.0 - share) + mesh[second, j] * share
        for x in range(thin.shape[1]):
            k = along_x[0][x]
            part = along_x[1][x]
            level = line[k] * (1.0 - part) + line[min(k + 1, columns - 1)] * part
            rest[count] = thin[y, x] - level
            count += 1 if np.isfinite(thin[y, x]) else 0
    return count
