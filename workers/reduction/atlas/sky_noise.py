"""Noise of the sky of an Atlas image, without what its level does over larger scales (airglow, gradients)."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_edt

from app.arrays import Doubles, Integers, Singles
from app.quantiles import quick_quantile, quick_row_medians

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
    rest = (thin - _level(thin))[known]
    low, middle = (quick_quantile(rest, share) for share in (0.1587, 0.5))
    return float(middle - low)


def _level(thin: Singles) -> Doubles:
    """Block medians, interpolated linearly between the blocks' middles; blocks without data have the nearest one's."""
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
    lines = _between(mesh, edges_y, thin.shape[0])
    return _between(lines.T, edges_x, thin.shape[1]).T


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


def _between(values: Doubles, edges: Integers, size: int) -> Doubles:
    """Interpolate along the first axis from the blocks' middles to `size` pixels; the outermost slopes go on."""
    if edges.size == 2:
        return np.repeat(values, size, axis=0)
    middles, pixel = 0.5 * (edges[:-1] + edges[1:] - 1), np.arange(size)
    first = np.clip(np.searchsorted(middles, pixel, side="right") - 1, 0, middles.size - 2)
    second = first + 1
    share = ((pixel - middles[first]) / (middles[second] - middles[first]))[:, None]
    return np.asarray(values[first] * (1.0 - share) + values[second] * share)
