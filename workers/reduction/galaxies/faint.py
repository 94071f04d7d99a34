"""Patches of low surface brightness, told on blocked images: no pixel of such a galaxy stands out, hundreds do.

Blocks of 4" of the weighted sum of the bands, without what stars and known galaxies cover, less the sky around, are
weighed with a Gaussian of 6": the fainter the surface, the larger its galaxies. What a Gaussian of 20" sees is sky:
airglow and faint stars, whose waves are 1.5 to 2.7 times as high as the noise of so many pixels, and .9 to 1.3 times
without them. Patches are first guesses; `faint_model` decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from app.arrays import Bools, Doubles, Singles
from workers.reduction.galaxies.coadds import cut_discs
from workers.reduction.galaxies.search import Search, sparse
from workers.reduction.galaxies.values import Galaxy

BLOCK_PIX = 4
FEWEST_PIXELS = 4  # of a block
COARSE_BLOCKS, FLAT_CELLS = 8, 5  # a median over 160" of medians over 32"
SIGMA_ARCSEC, SKY_ARCSEC = 6.0, 20.0
LEAST_SIGMA = 5.0
LEAST_KNOWN = 0.3  # of the pixels that a patch has in the median, for one beside masks
NEAREST_BLOCKS = 5  # side of the square in which the highest counts
# Light of a star in the scatter of a pixel: of the discs' own peaks, which are waves of noise on them, most have less.
STAR_SIGMA = 43.0
MASK_ARCSEC, MASK_SLOPE_ARCSEC, MASK_SIGMA = (2.5, 14.0), 2.5, 6.0
ROW_ARCSEC = 10.0  # between the rows of an image at which it is asked whether stars are sparse
BRIGHT_ARCSEC, GALAXY_RADII = 25.0, 3.5  # beyond the reach of a saturated star; half-light semi-major axes


class FaintPatch(NamedTuple):
    """A patch of light: U-scan place (arcsec), and height in the scatter of all places."""

    x_arcsec: float
    y_arcsec: float
    sigma: float


def covered(search: Search, known: Sequence[Galaxy], top: int, shape: tuple[int, int]) -> Bools:
    """Pixels of an image that stars and known galaxies cover, bool (rows, columns).

    Parameters
    ----------
    search : Search
        Of the scan.
    known : sequence of Galaxy
        Those whose light is covered.
    top : int
        Row of the grid with which the image begins.
    shape : (int, int)
        Of the image.
    """
    grid, seeds, sky = search.coadds.grid, search.seeds, search.coadds.sky_sigma()
    mask = np.zeros(shape, np.bool_)
    first = np.array([grid.first_x_arcsec, grid.first_y_arcsec + top])
    shining = seeds.light_dn > STAR_SIGMA * sky
    places = np.column_stack([seeds.x_arcsec[shining], seeds.y_arcsec[shining]]) - first
    excess = np.log10(np.clip(seeds.light_dn[shining] / (MASK_SIGMA * sky), 1.0, None))
    reach = np.minimum(MASK_ARCSEC[0] + MASK_SLOPE_ARCSEC * excess, MASK_ARCSEC[1])
    models = np.array([(g.shape.x_arcsec, g.shape.y_arcsec) for g in known], np.float64).reshape(-1, 2)
    sizes = np.array([GALAXY_RADII * g.shape.semi_major_arcsec for g in known], np.float64)
    for middles, radius in (
        (places, reach),
        (search.bright[:, :2] - first, search.bright[:, 2] + BRIGHT_ARCSEC),
        (models - first, sizes),
    ):
        near = (middles[:, 1] > -radius) & (middles[:, 1] < shape[0] + radius)
        cut_discs(mask, middles[near, 0].copy(), middles[near, 1].copy(), radius[near].copy())
    return mask


def _blocked(image: Singles, mask: Bools) -> tuple[Doubles, Doubles]:
    """Means of blocks, and how many pixels each has; blocks of too few have none."""
    known = ~mask & np.isfinite(image)
    rows, columns = (n // BLOCK_PIX for n in image.shape)
    parts = rows, BLOCK_PIX, columns, BLOCK_PIX
    light, count = (
        plane[: rows * BLOCK_PIX, : columns * BLOCK_PIX].reshape(parts).sum(axis=(1, 3), dtype=np.float64)
        for plane in (np.where(known, image, np.float32(0.0)), known)
    )
    count[count < FEWEST_PIXELS] = 0.0
    return light / np.maximum(count, 1.0), count


def _flattened(blocks: Doubles, count: Doubles) -> Doubles:
    """Blocks less the sky around them, 0 where there is nothing."""
    from scipy import ndimage

    known = count > 0.0
    filled = np.where(known, blocks, np.median(blocks[known]))
    pad = [(0, -n % COARSE_BLOCKS) for n in blocks.shape]
    whole = np.pad(np.where(known, blocks, np.nan), pad, constant_values=np.nan)
    rows, columns = (n // COARSE_BLOCKS for n in whole.shape)
    cells = whole.reshape(rows, COARSE_BLOCKS, columns, COARSE_BLOCKS).swapaxes(1, 2)
    cells = np.sort(cells.reshape(rows, columns, COARSE_BLOCKS**2), axis=2)
    # NaN sort to the end.
    full = np.isfinite(cells).sum(axis=2)
    coarse = np.take_along_axis(cells, (np.maximum(full, 1) // 2)[:, :, None], axis=2)[:, :, 0]
    coarse = np.where(np.isfinite(coarse), coarse, np.median(filled))
    smooth = ndimage.median_filter(coarse, size=FLAT_CELLS, mode="nearest")
    y, x = ((np.arange(n) - 0.5 * (COARSE_BLOCKS - 1)) / COARSE_BLOCKS for n in blocks.shape)
    sky = ndimage.map_coordinates(smooth, np.meshgrid(y, x, indexing="ij"), order=1, mode="nearest")
    return np.where(known, blocks - sky, 0.0)


def _heights(blocks: Doubles, count: Doubles) -> Doubles:
    """Light about each block, weighed with a Gaussian, in the scatter of all of them; 0 beside too large masks."""
    from scipy import ndimage

    def smooth(plane: Doubles, sigma_arcsec: float) -> Doubles:
        out = ndimage.gaussian_filter(plane, sigma_arcsec / BLOCK_PIX, mode="constant", truncate=3.0)
        return np.asarray(out, np.float64)

    light = _flattened(blocks, count)
    light = light - smooth(count * light, SKY_ARCSEC) / np.maximum(smooth(count, SKY_ARCSEC), 1e-6)
    # The square of a Gaussian is one of a width smaller by the root of two.
    variance = smooth(count, SIGMA_ARCSEC / np.sqrt(2.0))
    height = smooth(count * light, SIGMA_ARCSEC) / np.sqrt(np.maximum(variance, 1e-6))
    known = variance > LEAST_KNOWN * np.median(variance)
    if not known.any():
        return np.zeros_like(height)
    middle = float(np.median(height[known]))
    scatter = 1.4826 * float(np.median(np.abs(height[known] - middle)))
    return np.where(known, height / max(scatter, 1e-12), 0.0)


def faint_patches(search: Search, known: Sequence[Galaxy]) -> list[FaintPatch]:
    """Find patches of light on the weighted sum of the bands that no peak and no known galaxy explains.

    Parameters
    ----------
    search : Search
        Of the scan.
    known : sequence of Galaxy
        Those that were found before.

    Returns
    -------
    list of FaintPatch
        The highest first; of two on neighbouring images within 20" the higher one.
    """
    from scipy import ndimage

    grid = search.coadds.grid
    found: list[FaintPatch] = []
    for top, image in search.coadds.sums():
        # Patches elsewhere are not modelled (`find`), and blocks of an image cost 4 ms.
        rows = grid.first_y_arcsec + top + np.arange(0.0, image.shape[0], ROW_ARCSEC)
        if search.seeds.y_arcsec.size and not sparse(search.seeds, rows).any():
            continue
        blocks, count = _blocked(image, covered(search, known, top, image.shape))
        if not (count > 0.0).any():
            continue
        height = _heights(blocks, count)
        highest = ndimage.maximum_filter(height, size=NEAREST_BLOCKS, mode="constant")
        middle = 0.5 * (BLOCK_PIX - 1)
        for row, column in zip(*np.nonzero((height == highest) & (height > LEAST_SIGMA)), strict=True):
            place = grid.first_x_arcsec + BLOCK_PIX * column + middle, BLOCK_PIX * row + middle
            found.append(
                FaintPatch(
                    float(place[0]), float(grid.first_y_arcsec + top + place[1]), float(height[row, column])
                )
            )
    kept: list[FaintPatch] = []
    for patch in sorted(found, key=lambda p: (-p.sigma, p.y_arcsec, p.x_arcsec)):
        if all(np.hypot(patch.x_arcsec - k.x_arcsec, patch.y_arcsec - k.y_arcsec) > SKY_ARCSEC for k in kept):
            kept.append(patch)
    return kept
