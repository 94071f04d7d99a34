"""Large galaxies, told on blocked images: at full resolution a spiral is many peaks, of which none is the galaxy."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from app.arrays import Doubles, Singles
from workers.reduction.galaxies.coadds import Coadds
from workers.reduction.galaxies.values import Shape

BLOCK_PIX = 8
COARSE_BLOCKS, FLAT_CELLS = 4, 11  # airglow bends over less than these 352": a median over them is the sky
FEWEST_KNOWN = 41  # blocks of an image
LEAST_SIGMA = 6.0  # of blocks
FEWEST_BLOCKS = 9  # above that, 576 square arcsec: an isophote of 14" radius
OWN_ARCSEC = 60.0  # of two on neighbouring images this near the brighter one counts


class Large(NamedTuple):
    """A large patch of light.

    Attributes
    ----------
    shape : Shape
        First guess: a disc.
    light_dn : float
        In the weighted sum of the bands.
    """

    shape: Shape
    light_dn: float


def blocked(image: Singles) -> Doubles:
    """Medians of blocks of 8 x 8 pixels: stars do not count; NaN where less than half of a block has data.

    Every second pixel of every second row is taken: neighbours share their noise, and sixteen tell the median as well.

    Parameters
    ----------
    image : float32 array (rows, columns)
        NaN without data.
    """
    rows, columns = (n // BLOCK_PIX for n in image.shape)
    cells = image[: rows * BLOCK_PIX : 2, : columns * BLOCK_PIX : 2]
    half = BLOCK_PIX // 2
    flat = np.sort(
        cells.reshape(rows, half, columns, half).swapaxes(1, 2).reshape(rows, columns, half**2), axis=2
    )
    # NaN sort to the end.
    known = np.isfinite(flat).sum(axis=2)
    middle = np.take_along_axis(flat, (np.maximum(known, 1) // 2)[:, :, None], axis=2)[:, :, 0]
    return np.where(2 * known >= half**2, middle, np.nan).astype(np.float64)


def _flattened(blocks: Doubles) -> Doubles:
    """Blocks less the sky around them, 0 without data: the median over 352" of medians of 4 x 4 blocks."""
    from scipy import ndimage

    known = np.isfinite(blocks)
    filled = np.where(known, blocks, np.median(blocks[known]))
    rows, columns = (-(-n // COARSE_BLOCKS) for n in blocks.shape)
    pad = rows * COARSE_BLOCKS - blocks.shape[0], columns * COARSE_BLOCKS - blocks.shape[1]
    whole = np.pad(filled, ((0, pad[0]), (0, pad[1])), mode="edge")
    cells = whole.reshape(rows, COARSE_BLOCKS, columns, COARSE_BLOCKS).swapaxes(1, 2)
    coarse = np.median(cells.reshape(rows, columns, COARSE_BLOCKS**2), axis=2)
    smooth = ndimage.median_filter(coarse, size=FLAT_CELLS, mode="nearest")
    y, x = ((np.arange(n) - 0.5 * (COARSE_BLOCKS - 1)) / COARSE_BLOCKS for n in blocks.shape)
    sky = ndimage.map_coordinates(smooth, np.meshgrid(y, x, indexing="ij"), order=1, mode="nearest")
    return np.where(known, filled - sky, 0.0)


def _guess(light: Doubles, region: np.ndarray, first: tuple[float, float]) -> Large:
    """First guess from the moments of the blocks of a region."""
    rows, columns = np.nonzero(region)
    weight = light[rows, columns]
    weight = weight / weight.sum()
    middle = 0.5 * (BLOCK_PIX - 1)
    x, y = columns * BLOCK_PIX + middle, rows * BLOCK_PIX + middle
    mx, my = float(weight @ x), float(weight @ y)
    xx, yy = float(weight @ (x - mx) ** 2), float(weight @ (y - my) ** 2)
    xy = float(weight @ ((x - mx) * (y - my)))
    # Light of a disc has variances of 1.1 squares of its half-light radius, of which an isophote cuts some.
    log_radius = 0.25 * np.log(max(xx * yy - xy * xy, 1.0))
    size = np.exp(2.0 * log_radius)
    shape = Shape(
        first[0] + mx, first[1] + my, float(log_radius), float(0.5 * (xx - yy) / size), float(xy / size), 0.0
    )
    return Large(shape, float(light[rows, columns].sum()) * BLOCK_PIX**2)


def large_patches(coadds: Coadds) -> list[Large]:
    """Find large patches of light on the weighted sum of the bands, the brightest first.

    Parameters
    ----------
    coadds : Coadds
        Of the scan.
    """
    from scipy import ndimage

    found: list[Large] = []
    for top, image in coadds.sums():
        blocks = blocked(image)
        if np.isfinite(blocks).sum() < FEWEST_KNOWN:
            continue
        light = _flattened(blocks)
        known = np.isfinite(blocks)
        sigma = 1.4826 * float(np.median(np.abs(light[known] - np.median(light[known]))))
        labels, count = ndimage.label(light > LEAST_SIGMA * sigma)
        place = coadds.grid.first_x_arcsec, coadds.grid.first_y_arcsec + top
        for label in range(1, count + 1):
            region = labels == label
            if np.count_nonzero(region) >= FEWEST_BLOCKS:
                found.append(_guess(light, region, place))
    kept: list[Large] = []
    for patch in sorted(found, key=lambda p: (-p.light_dn, p.shape.y_arcsec, p.shape.x_arcsec)):
        x, y = patch.shape.x_arcsec, patch.shape.y_arcsec
        if all(np.hypot(x - k.shape.x_arcsec, y - k.shape.y_arcsec) > OWN_ARCSEC for k in kept):
            kept.append(patch)
    return kept
