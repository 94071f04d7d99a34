"""Large galaxies, told on blocked images: at full resolution a spiral is many peaks, of which none is the galaxy."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from app.arrays import Doubles, Singles
from workers.reduction.galaxies.coadds import Coadds
from workers.reduction.galaxies.values import Shape

BLOCK_PIX = 8
FLAT_BLOCKS = 41  # airglow bends over less than these 330": a median over them is taken for the sky
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

    Parameters
    ----------
    image : float32 array (rows, columns)
        NaN without data.
    """
    rows, columns = (n // BLOCK_PIX * BLOCK_PIX for n in image.shape)
    cells = image[:rows, :columns].reshape(rows // BLOCK_PIX, BLOCK_PIX, columns // BLOCK_PIX, BLOCK_PIX)
    flat = cells.swapaxes(1, 2).reshape(rows // BLOCK_PIX, columns // BLOCK_PIX, BLOCK_PIX**2)
    known = np.isfinite(flat).sum(axis=2)
    middle = np.where(known[:, :, None] > 0, flat, 0.0)
    return np.where(2 * known >= BLOCK_PIX**2, np.nanmedian(middle, axis=2), np.nan)


def _flattened(blocks: Doubles) -> Doubles:
    """Blocks less the sky around them, 0 without data."""
    from scipy import ndimage

    known = np.isfinite(blocks)
    filled = np.where(known, blocks, np.median(blocks[known]))
    size = tuple(min(FLAT_BLOCKS, 2 * (n // 2) + 1) for n in blocks.shape)
    return np.where(known, filled - ndimage.median_filter(filled, size=size, mode="nearest"), 0.0)


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
        if np.isfinite(blocks).sum() < FLAT_BLOCKS:
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
