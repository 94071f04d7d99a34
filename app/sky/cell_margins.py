"""Cells around a HEALPix cell, and what of them lies within a margin of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from app.arrays import Bools, Doubles, Integers
from app.sky.directions import spherical, unit_vectors
from app.sky.healpix import pixel_number
from app.sky.moc import cell_arcsec

AZIMUTHS = 32
_RADII = (1.01, 1.15, 1.3)
# A cell of order 12 is 51.5" wide; its narrowest shape, in the polar caps, is half of that across.
_NARROWEST = 0.5


def ring_cells(pixel: int, order: int, fine_order: int) -> Integers:
    """Give the cells of a finer order that touch a cell from outside, at corners too.

    Parameters
    ----------
    pixel : int
        Nested HEALPix cell.
    order : int
        Its order.
    fine_order : int
        Order of the cells that are wanted, not less than `order`.

    Returns
    -------
    int64 array (n,)
        Nested cells, ascending, each once.

    Examples
    --------
    Most cells have eight neighbours of their own order; where three base cells meet there are seven:

    >>> ring_cells(3, 1, 1).size, ring_cells(5, 2, 2).size
    (8, 7)
    """
    from astropy_healpix.core import neighbours

    rim = (np.int64(pixel) << np.int64(2 * (fine_order - order))) + _rim(fine_order - order)
    with np.errstate(invalid="ignore"):
        found = np.asarray(neighbours(rim, nside=1 << fine_order, order="nested"), np.int64).ravel()
    # At some corners three base cells meet and there is no eighth neighbour.
    found = np.unique(found[found >= 0])
    return np.asarray(found[found >> 2 * (fine_order - order) != pixel])


def _rim(levels: int) -> Integers:
    """Numbers, within a cell, of its parts that lie at its edges: those with a coordinate 0 or largest."""
    side = 1 << levels
    along = np.arange(side)
    rim = [
        (along, 0 * along),
        (along, 0 * along + side - 1),
        (0 * along, along),
        (0 * along + side - 1, along),
    ]
    x = np.concatenate([pair[0] for pair in rim])
    y = np.concatenate([pair[1] for pair in rim])
    return np.unique(_spread(x) | _spread(y) << 1)


def _spread(values: Integers) -> Integers:
    """Put a zero between the bits of numbers below 2^29."""
    spread = np.zeros_like(values, np.int64)
    for bit in range(29):
        spread |= (values.astype(np.int64) >> bit & 1) << 2 * bit
    return spread


def within_margin(
    ra_deg: ArrayLike, decl_deg: ArrayLike, pixel: int, order: int, margin_arcsec: float
) -> Bools:
    """Tell which places outside of a cell lie within a margin of it; some up to 1.3 times as far are in as well.

    Parameters
    ----------
    ra_deg, decl_deg : array_like (n,)
        Places outside of the cell, ICRS degrees.
    pixel : int
        Nested HEALPix cell.
    order : int
        Its order.
    margin_arcsec : float
        Width of the margin, below a quarter of the cell.

    Notes
    -----
    A place is in the margin if a point of one of three circles around it, 1.01 to 1.3 times the margin wide, lies in
    the cell: 32 points each, so that no edge within the margin is missed.

    Examples
    --------
    >>> within_margin([45.001, 45.1], [0.0, 0.0], pixel=4, order=0, margin_arcsec=10.0).tolist()
    [True, False]
    """
    if margin_arcsec > 0.5 * _NARROWEST * cell_arcsec(order):
        raise ValueError(
            f"a margin of {margin_arcsec} arcsec around cells of {cell_arcsec(order):.1f} arcsec"
        )
    places = unit_vectors(ra_deg, decl_deg)
    found = np.zeros(len(places), np.bool_)
    east, north = _axes(places)
    for radius in _RADII:
        angle = np.radians(radius * margin_arcsec / 3600.0)
        for azimuth in 2.0 * np.pi * np.arange(AZIMUTHS) / AZIMUTHS:
            beside = np.cos(azimuth) * east + np.sin(azimuth) * north
            ra, decl = spherical(np.cos(angle) * places + np.sin(angle) * beside)
            found |= pixel_number(ra, decl, order) == pixel
    return found


def _axes(places: Doubles) -> tuple[Doubles, Doubles]:
    """Two directions at right angles to each place and to each other; at the poles any."""
    helper = np.where(np.abs(places[:, 2:]) < 0.9, [[0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0]])
    first = np.cross(helper, places)
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    return first, np.cross(places, first)
