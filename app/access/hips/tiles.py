"""Tiles of a hierarchical progressive survey: where their pixels lie, which an image reaches, and how they halve.

A tile of order k is a HEALPix cell of order k with 512 by 512 pixels, cells of order k + 9 in the nested scheme. Even
bits of a pixel's number in its tile are its row and odd ones its column, as PNG counts rows, from above; FITS counts
them from below (IVOA HiPS 1.0, sections 4.1 and 4.2.1).
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.arrays import Doubles, Singles
from app.sky.projection import SinProjection

SIDE = 512
"""Pixels along a side of a tile."""
DEEPEST = 9
"""Order of the finest tiles: pixels of 0.8 arcsec, for images of 1 arcsec a pixel."""
_STEP = 16
"""Pixels between places that are computed; between them they are interpolated to 0.002 pixels of an image."""
POLAR_DEG = 85.0
"""Nearer to the poles all places are computed: errors of the lattice are 80 over the pixels to the pole."""
_FITS_BLOCK = 2880
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


_PLACE = (np.arange(SIDE) + 0.5) / _STEP
_FIRST = np.minimum(_PLACE.astype(np.intp), SIDE // _STEP - 1)
_SHARE = _PLACE - _FIRST


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
    # No product of matrices: the threads of the library cost ten times as much as the sums.
    first, share = _FIRST[rows], _SHARE[rows, None]
    along = plane[first] + share * (plane[first + 1] - plane[first])
    first, share = _FIRST[columns], _SHARE[columns]
    low = along[:, first]
    return np.asarray(low + share * (along[:, first + 1] - low))


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


@dataclass(frozen=True)
class Reach:
    """Where a tile reaches an image.

    Attributes
    ----------
    rows, columns : slice
        Pixels of the tile.
    y, x : float64 arrays (n, m)
        Where they lie in the image. [pix]
    """

    rows: slice
    columns: slice
    y: Doubles
    x: Doubles


def reach_of(
    projection: SinProjection, shape: tuple[int, int], places: tuple[Doubles, Doubles]
) -> Reach | None:
    """Say where a tile reaches an image; None where it does not.

    Parameters
    ----------
    projection : SinProjection
        Pixels of the image to the sky.
    shape : (int, int)
        Its rows and columns.
    places : (float64 array, float64 array)
        What `places_of` gives of the tile.
    """
    x, y = projection.to_pixels(*places)
    if not np.isfinite(x).all():
        return None
    # A node stands for pixels up to 16 away, each at most one pixel of the image.
    near = (x > -2 * _STEP) & (x < shape[1] + 2 * _STEP) & (y > -2 * _STEP) & (y < shape[0] + 2 * _STEP)
    if not near.any():
        return None
    step = 1 if x.shape[0] == SIDE else _STEP
    rows, columns = (_reach(near.any(axis=axis), step) for axis in (1, 0))
    return Reach(rows, columns, spread(y, rows, columns), spread(x, rows, columns))


def sample(pixels: Singles, reach: Reach) -> Singles:
    """Interpolate an image at the pixels of a tile, linearly; NaN beyond it and beside pixels without data.

    Parameters
    ----------
    pixels : float32 array (ny, nx)
        The image.
    reach : Reach
        Where the tile reaches it.

    Returns
    -------
    float32 array (n, m)
        Values of those pixels of the tile.
    """
    from scipy.ndimage import map_coordinates

    values = map_coordinates(
        pixels, [reach.y, reach.x], order=1, mode="constant", cval=np.nan, output=np.float32, prefilter=False
    )
    return np.asarray(values)


def _reach(near: Any, step: int) -> slice:
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
        known = np.isfinite(tile)
        light, count = np.where(known, tile, np.float32(0)), known.astype(np.uint8)
        corners = [(slice(row, None, 2), slice(column, None, 2)) for row in (0, 1) for column in (0, 1)]
        total = sum((light[corner] for corner in corners), np.zeros((half, half)))
        number_known = sum((count[corner] for corner in corners), np.zeros((half, half), np.uint8))
        mean = np.where(number_known > 0, total / np.maximum(number_known, 1), np.nan).astype(np.float32)
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
    cards = (
        ("SIMPLE", "T"), ("BITPIX", "-32"), ("NAXIS", "2"), ("NAXIS1", str(SIDE)), ("NAXIS2", str(SIDE)),
        ("NORDER", str(order)), ("NPIX", str(number)), ("MAGZP", "20.0"),
    )  # fmt: skip
    # By hand: the library takes 20 ms a file, most of the time of a tile.
    header = "".join(f"{f'{key:<8}= {value:>20}':<80}" for key, value in cards) + f"{'END':<80}"
    # FITS counts rows from below.
    content = header.ljust(_FITS_BLOCK).encode("ascii") + tile[::-1].astype(">f4").tobytes()
    whole(
        path,
        lambda part: part.write_bytes(content.ljust(-(-len(content) // _FITS_BLOCK) * _FITS_BLOCK, b"\0")),
    )


def read_fits(path: Path) -> Singles:
    """Read the values of a tile that `write_fits` wrote, rows from above.

    Parameters
    ----------
    path : Path
        Its file.
    """
    values = np.fromfile(path, ">f4", SIDE * SIDE, offset=_FITS_BLOCK).reshape(SIDE, SIDE)
    return np.asarray(values[::-1], np.float32)


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
    # Two processes may write the same file: a worker that lost its task, and the one that took it over.
    part = path.with_name(f"{path.name}.{socket.gethostname()}-{os.getpid()}.part")
    try:
        write(part)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
