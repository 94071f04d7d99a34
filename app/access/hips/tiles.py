"""Tiles of a hierarchical progressive survey: where their pixels lie, which an image reaches, and how they halve.

A tile of order k is a HEALPix cell of order k with 512 by 512 pixels, cells of order k + 9 in the nested scheme. Even
bits of a pixel's number in its tile are its row and odd ones its column, as PNG counts rows, from above; FITS counts
them from below (IVOA HiPS 1.0, sections 4.1 and 4.2.1).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from app.arrays import Bools, Doubles, Singles
from app.sky.projection import SinProjection

SIDE = 512
"""Pixels along a side of a tile."""
DEEPEST = 9
"""Order of the finest tiles: pixels of 0.8 arcsec, for images of 1 arcsec a pixel."""
_STEP = 16
"""Pixels between places that are computed; between them they are interpolated to 0.002 pixels of an image."""
POLAR_DEG = 85.0
"""Nearer to the poles all places are computed: errors of the lattice are 80 over the pixels to the pole."""
KINK_SINE = 2.0 / 3.0
_SAMPLE_PIX = 24
"""Pixels between places of an image whose tiles are asked for; a tile has 412 along its side."""


def tile_name(order: int, tile: int, suffix: str) -> str:
    """Give the path of a tile's file in its survey.

    Parameters
    ----------
    order, tile : int
        Order and number of the tile.
    suffix : str
        png or fits.

    Examples
    --------
    >>> tile_name(9, 123456, "png")
    'Norder9/Dir120000/Npix123456.png'
    """
    return f"Norder{order}/Dir{tile // 10000 * 10000}/Npix{tile}.{suffix}"


def places_of(tile: int, order: int = DEEPEST) -> tuple[Doubles, Doubles]:
    """Give the sky over a tile: on a lattice every 16 pixels from edge to edge, or at each pixel.

    The latter near the poles, and where the grid has a kink, at sines of the declination of 2/3 (Gorski et al. 2005).

    Parameters
    ----------
    tile, order : int
        The tile.

    Returns
    -------
    ra, decl : float64 arrays (33, 33) or (512, 512)
        ICRS; rows and columns as in the tile. [deg]
    """
    ra, decl = _sky(tile, order, np.linspace(0.0, 1.0, SIDE // _STEP + 1))
    sines = np.abs(np.sin(np.radians(decl)))
    if np.abs(decl).max() > POLAR_DEG or sines.min() < KINK_SINE < sines.max():
        return _sky(tile, order, (np.arange(SIDE) + 0.5) / SIDE)
    return ra, decl


def _sky(tile: int, order: int, shares: Doubles) -> tuple[Doubles, Doubles]:
    from astropy_healpix.core import healpix_to_lonlat

    across, along = np.meshgrid(shares, shares, indexing="ij")
    ra, decl = healpix_to_lonlat(np.full(across.shape, tile), 1 << order, dx=across, dy=along, order="nested")
    return np.asarray(ra.to_value("deg")), np.asarray(decl.to_value("deg"))


def _between() -> Doubles:
    """Weights (512, 33) of the nodes for centres of pixels."""
    place = (np.arange(SIDE) + 0.5) / _STEP
    first = np.minimum(place.astype(int), SIDE // _STEP - 1)
    weights = np.zeros((SIDE, SIDE // _STEP + 1))
    rows = np.arange(SIDE)
    weights[rows, first] = 1.0 - (place - first)
    weights[rows, first + 1] = place - first
    return weights


_WEIGHTS = _between()


def spread(plane: Doubles, rows: slice = slice(None), columns: slice = slice(None)) -> Doubles:
    """Give values at pixels of a tile from those on its lattice.

    Parameters
    ----------
    plane : float64 array (33, 33) or (512, 512)
        On the lattice, or at each pixel already.
    rows, columns : slice
        Pixels that are wanted.
    """
    if plane.shape[0] == SIDE:
        return plane[rows, columns]
    return np.asarray(_WEIGHTS[rows] @ plane @ _WEIGHTS[columns].T)


def tiles_of(projection: SinProjection, shape: tuple[int, int], order: int = DEEPEST) -> list[int]:
    """Give the tiles that an image may reach, ascending.

    Parameters
    ----------
    projection : SinProjection
        Pixels of the image to the sky.
    shape : (int, int)
        Its rows and columns.
    order : int
        Order of the tiles.
    """
    from app.sky.healpix import pixel_number

    rows = np.unique(np.r_[np.arange(-0.5, shape[0], _SAMPLE_PIX), shape[0] - 0.5])
    columns = np.unique(np.r_[np.arange(-0.5, shape[1], _SAMPLE_PIX), shape[1] - 0.5])
    y, x = np.meshgrid(rows, columns, indexing="ij")
    ra, decl = projection.to_sky(x.ravel(), y.ravel())
    return sorted(set(pixel_number(ra % 360.0, decl, order).tolist()))


def sample(
    pixels: Singles, projection: SinProjection, places: tuple[Doubles, Doubles]
) -> tuple[slice, slice, Singles] | None:
    """Interpolate an image at the pixels of a tile, linearly; NaN beyond it and beside pixels without data.

    Parameters
    ----------
    pixels : float32 array (ny, nx)
        The image.
    projection : SinProjection
        Its pixels to the sky.
    places : (float64 array, float64 array)
        What `places_of` gives of the tile.

    Returns
    -------
    (slice, slice, float32 array) or None
        Rows and columns of the tile that the image may reach, with their values; None where it reaches none.
    """
    from scipy.ndimage import map_coordinates

    x, y = projection.to_pixels(*places)
    if not np.isfinite(x).all():
        return None
    # A node stands for pixels up to 16 away, each at most one pixel of the image.
    near = (
        (x > -2 * _STEP)
        & (x < pixels.shape[1] + 2 * _STEP)
        & (y > -2 * _STEP)
        & (y < pixels.shape[0] + 2 * _STEP)
    )
    if not near.any():
        return None
    step = 1 if x.shape[0] == SIDE else _STEP
    rows, columns = (_reach(near.any(axis=axis), step) for axis in (1, 0))
    at = [spread(plane, rows, columns) for plane in (y, x)]
    values = map_coordinates(
        pixels, at, order=1, mode="constant", cval=np.nan, output=np.float32, prefilter=False
    )
    return rows, columns, np.asarray(values)


def _reach(near: Bools, step: int) -> slice:
    found = np.flatnonzero(near)
    return slice(max(int(found[0]) - 1, 0) * step, min((int(found[-1]) + 1) * step, SIDE))


def halved(children: Mapping[int, Singles]) -> Singles:
    """Make a tile of its four children, each of its pixels the mean of four where they have data.

    Parameters
    ----------
    children : mapping of int to float32 array (512, 512)
        Children by the last two bits of their numbers, rows from above; those without data are left out.
    """
    half = SIDE // 2
    parent = np.full((SIDE, SIDE), np.nan, np.float32)
    for number, tile in children.items():
        blocks = tile.reshape(half, 2, half, 2)
        known = np.isfinite(blocks)
        count = known.sum(axis=(1, 3))
        total = np.where(known, blocks, np.float32(0)).sum(axis=(1, 3), dtype=np.float64)
        mean = np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)
        row, column = (number & 1) * half, (number >> 1) * half
        parent[row : row + half, column : column + half] = mean
    return parent


def write_fits(path: Path, tile: Singles, order: int, number: int) -> None:
    """Write the values of a tile; the same values give the same bytes.

    Parameters
    ----------
    path : Path
        Target, put into place whole.
    tile : float32 array (512, 512)
        Rows from above. [flux, 1 of magnitude 20]
    order, number : int
        Of the tile.
    """
    from astropy.io import fits

    # FITS counts rows from below.
    hdu = fits.PrimaryHDU(np.ascontiguousarray(tile[::-1]))
    hdu.header["NORDER"], hdu.header["NPIX"] = order, number
    hdu.header["MAGZP"] = (20.0, "magnitude of a value of 1")
    whole(path, lambda part: hdu.writeto(part, overwrite=True))


def read_fits(path: Path) -> Singles:
    """Read the values of a tile, rows from above.

    Parameters
    ----------
    path : Path
        Its file.
    """
    from astropy.io import fits

    with fits.open(path, memmap=False) as hdus:
        return np.asarray(hdus[0].data, np.float32)[::-1]


def whole(path: Path, write: Callable[[Path], object]) -> None:
    """Put a file into place at once: whoever reads meanwhile has the former one.

    Parameters
    ----------
    path : Path
        Target; its folder is made.
    write : callable
        Writes to the path that it is given.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        write(part)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
