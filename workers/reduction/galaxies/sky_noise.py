"""What errors of totals must hold beyond the noise of pixels: waves of the sky, and stars in a galaxy that nobody sees.

The scan itself tells both. Waves: the covariance of blocks of 8" without stars and galaxies, less the bent sky that is
fitted with a galaxy, at every distance along and across the scan. Stars: the squares of the light of the scan's own
peaks a square arcsecond, up to the light from which on a star is fitted beside the galaxy. A total is a weighted sum
of pixels (`responses`); what the weights make of either is its variance.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit

from app.arrays import Bools, Doubles, Singles
from app.instruments.bands import Band
from workers.reduction.galaxies.coadds import Coadds
from workers.reduction.galaxies.faint import covered
from workers.reduction.galaxies.search import Search
from workers.reduction.galaxies.values import Galaxy, Pixels, radii_from
from workers.reduction.kernels.compiled import KERNEL

BLOCK_ARCSEC = 8
FEWEST_PIXELS = 16  # of a block
FEWEST_BLOCKS, FEWEST_PAIRS = 50, 100
FEWEST_TILE = 0.4  # of the blocks of a square
MOST_IMAGES = 6  # evenly along a scan: a full scan has 23
OUTLIER_SIGMA = 5.0
GALAXY_RADII = 3.0  # half-light ellipses, within which peaks may be a galaxy's own


class Waves(NamedTuple):
    """Covariance of the light of blocks by their distances along and across the scan, (DN a square arcsec)^2.

    A bent sky, as of a window of one size, is taken away; so is what single pixels scatter by.

    Attributes
    ----------
    bands : dict of Band to float64 array (lags, lags)
        Of each band; distances in blocks.
    together : float64 array (lags, lags)
        Of the weighted sum of the bands.
    """

    bands: dict[Band, Doubles]
    together: Doubles


class SkyNoise:
    """Waves and stars of a scan beside its galaxies.

    Parameters
    ----------
    search : Search
        Of the scan.
    known : sequence of Galaxy
        All galaxies of the scan.
    """

    def __init__(self, search: Search, known: Sequence[Galaxy]) -> None:
        self._bands = tuple(search.coadds.bands)
        self._light_dn, self._square_dn2 = _squares(search, known)
        self._blocks = _blocked_images(search, known)
        self._waves: dict[int, Waves] = {}

    def waves(self, half: int) -> Waves:
        """Waves that a bent sky leaves in windows.

        Parameters
        ----------
        half : int
            Half a side of the windows, arcsec.
        """
        side = 2 * half // BLOCK_ARCSEC + 1
        if side not in self._waves:
            *bands, together = _covariances(self._blocks, side, len(self._bands) + 1)
            self._waves[side] = Waves(dict(zip(self._bands, bands, strict=True)), together)
        return self._waves[side]

    def stars_variance(self, response: Doubles, pixels: Pixels, least_seen_dn: Doubles) -> float:
        """Variance of a total by stars that are not fitted, DN^2.

        A star is spread over pixels that have nearly one weight, so that its light moves the total by the weight a
        square arcsec there; the mean light of such stars is sky.

        Parameters
        ----------
        response : float64 array (n,)
            Change of the total by that of the value of each pixel.
        pixels : Pixels
            Of the sum of the bands.
        least_seen_dn : float64 array (n,)
            Light from which on a star there is fitted beside the galaxy.
        """
        squares = self._square_dn2[np.searchsorted(self._light_dn, least_seen_dn)]
        return float((response * response / (pixels.size * pixels.size) * squares).sum())


def wave_variance(response: Doubles, pixels: Pixels, waves: Doubles) -> float:
    """Variance of a total by waves of the sky, DN^2; 0 where they add nothing that is known.

    Parameters
    ----------
    response : float64 array (n,)
        Change of the total by that of the value of each pixel. The sky is fitted with the total, so that a level, a
        slope and a bend of it change nothing.
    pixels : Pixels
        Of the window.
    waves : float64 array (lags, lags)
        As of `Waves`.
    """
    column, row = (np.floor(place / BLOCK_ARCSEC).astype(np.int64) for place in (pixels.x, pixels.y))
    left, low = int(column.min()), int(row.min())
    sums = np.zeros((int(row.max()) - low + 1, int(column.max()) - left + 1))
    np.add.at(sums, (row - low, column - left), response)
    variance: float = _quadratic_form(sums, waves)
    return max(variance, 0.0)


@njit(**KERNEL)
def _quadratic_form(sums: Doubles, waves: Doubles) -> float:
    """Sum over pairs of blocks of the product of their sums with the covariance at their distance."""
    rows, columns = sums.shape
    total = 0.0
    for j in range(rows):
        for i in range(columns):
            own = sums[j, i]
            if own == 0.0:
                continue
            part = 0.0
            for b in range(rows):
                along = min(abs(b - j), waves.shape[0] - 1)
                for a in range(columns):
                    part += sums[b, a] * waves[along, min(abs(a - i), waves.shape[1] - 1)]
            total += own * part
    return total


def _squares(search: Search, known: Sequence[Galaxy]) -> tuple[Doubles, Doubles]:
    """Light of peaks outside of galaxies, rising, and sums of its squares a square arcsec."""
    seeds, coadds = search.seeds, search.coadds
    outside = np.ones(seeds.x_arcsec.size, np.bool_)
    area = float(coadds.grid.rows * next(iter(coadds.bands.values())).images[0][1].pixels_dn.shape[1])
    whole = area
    for galaxy in known:
        outside &= radii_from(galaxy.shape, seeds.x_arcsec, seeds.y_arcsec) > GALAXY_RADII
        area -= np.pi * (GALAXY_RADII * galaxy.shape.radius_arcsec) ** 2
    light = np.sort(np.clip(seeds.light_dn[outside], 0.0, None))
    return light, np.concatenate([[0.0], np.cumsum(light * light)]) / max(area, 0.1 * whole)


def _blocked_images(search: Search, known: Sequence[Galaxy]) -> list[tuple[Doubles, Bools]]:
    """Blocks of some images of the scan: light (bands and their sum, rows, columns), and which all bands see."""
    coadds = search.coadds
    weights = [coadds.weights[band] for band in coadds.bands]
    images, out = _images(coadds), []
    for first, parts in images[:: -(-len(images) // MOST_IMAGES)]:
        light, seen = _blocks(parts, covered(search, known, first, parts[0].shape))
        together = np.asarray(sum(weight * plane for weight, plane in zip(weights, light, strict=True)))
        if np.count_nonzero(seen) >= FEWEST_BLOCKS:
            planes = [_without_outliers(plane, seen) for plane in (*light, together)]
            out.append((np.stack(planes), seen))
    return out


def _covariances(images: Sequence[tuple[Doubles, Bools]], side: int, planes: int) -> list[Doubles]:
    """Covariance of each plane of blocks, less a bent sky in each square of a side."""
    products, pairs, columns = np.zeros((planes, side, side)), np.zeros((side, side)), _sky_columns(side)
    for light, seen in images:
        tiles = _tiles(seen, side)
        full = tiles.sum(axis=(1, 2)) > FEWEST_TILE * side * side
        tiles = tiles[full].astype(np.float64)
        if not full.any():
            continue
        pairs += _products(tiles)
        sky = _sky_products(columns, tiles)
        for k, plane in enumerate(light):
            products[k] += _products(_flattened(_tiles(plane, side)[full], tiles, columns, sky))
    return [_covariance(plane, pairs) for plane in products]


def _tiles(plane: Doubles | Bools, side: int) -> Doubles:
    """Squares of a plane, (squares, side, side)."""
    rows, columns = (n // side for n in plane.shape)
    cut = plane[: rows * side, : columns * side].reshape(rows, side, columns, side)
    return np.asarray(cut.swapaxes(1, 2).reshape(rows * columns, side, side), np.float64)


def _sky_columns(side: int) -> Doubles:
    """Level, slopes and bends of a sky on a square of blocks, (6, side * side)."""
    place = np.linspace(-1.0, 1.0, side)
    y, x = (plane.ravel() for plane in np.meshgrid(place, place, indexing="ij"))
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y])


def _sky_products(columns: Doubles, seen: Doubles) -> Doubles:
    """Make normal matrices of a sky on squares by what is seen of these, (n, 6, 6): the same in all bands."""
    weight = seen.reshape(len(seen), -1)
    products = (columns[:, None, :] * columns[None, :, :])[None] * weight[:, None, None, :]
    return np.asarray(products.sum(axis=3))


def _flattened(light: Doubles, seen: Doubles, columns: Doubles, products: Doubles) -> Doubles:
    """Squares (n, side, side) less a level, a slope and a bend; 0 where nothing is seen."""
    weight, value = seen.reshape(len(seen), -1), light.reshape(len(light), -1)
    right = (columns[None] * (weight * value)[:, None, :]).sum(axis=2)
    sky = np.linalg.solve(products, right[:, :, None])[:, :, 0]
    rest = weight * (value - (sky[:, :, None] * columns[None]).sum(axis=1))
    return np.asarray(rest.reshape(light.shape))


def _images(coadds: Coadds) -> list[tuple[int, list[Singles]]]:
    """First row of every image of a scan, and the pixels of its bands."""
    triples = zip(*(coadd.images for coadd in coadds.bands.values()), strict=True)
    return [(images[0][0], [image.pixels_dn for _, image in images]) for images in triples]


def _blocks(parts: Sequence[Singles], mask: Bools) -> tuple[list[Doubles], Bools]:
    """Means of blocks of the bands, and which blocks all bands see."""
    known = ~mask & np.isfinite(np.asarray(sum(parts)))
    rows, columns = (n // BLOCK_ARCSEC for n in mask.shape)
    whole, shape = (
        np.s_[: rows * BLOCK_ARCSEC, : columns * BLOCK_ARCSEC],
        (rows, BLOCK_ARCSEC, columns, BLOCK_ARCSEC),
    )
    count = known[whole].reshape(shape).sum(axis=(1, 3), dtype=np.float64)
    light = [
        np.where(known, part, np.float32(0.0))[whole].reshape(shape).sum(axis=(1, 3), dtype=np.float64)
        / np.maximum(count, 1.0)
        for part in parts
    ]
    return light, np.asarray(count >= FEWEST_PIXELS)


def _without_outliers(plane: Doubles, seen: Bools) -> Doubles:
    """Blocks less their mean, those far off held at 5 sigma; 0 where nothing is seen."""
    middle = np.median(plane[seen])
    reach = OUTLIER_SIGMA * 1.4826 * np.median(np.abs(plane[seen] - middle))
    held = np.clip(plane - middle, -reach, reach)
    return np.where(seen, held - held[seen].mean(), 0.0)


def _products(tiles: Doubles) -> Doubles:
    """Add up products of blocks of squares at distances along and across, both signs of the latter."""
    side = tiles.shape[1]
    turned = np.fft.rfft2(tiles, (2 * side, 2 * side))
    whole = np.fft.irfft2((turned.real**2 + turned.imag**2).sum(axis=0), (2 * side, 2 * side))
    back = (-np.arange(side)) % (2 * side)
    return np.asarray(0.5 * (whole[:side, :side] + whole[:side, back]))


def _covariance(products: Doubles, pairs: Doubles) -> Doubles:
    """Covariance by distance, without the noise of single blocks; 0 where few pairs tell."""
    out = np.where(pairs >= FEWEST_PAIRS, products / np.maximum(pairs, 1.0), 0.0)
    # Neighbours share waves and no noise of pixels; a pattern of columns lasts along the scan, one of rows across it.
    out[0, 0] = max(out[0, 1], out[1, 0], 0.0)
    return out
