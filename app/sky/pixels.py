"""Pixel conventions of mapps, in one place.

* Array pixel coordinates ``(x, y)``: x runs along the last (fastest) axis, y along the one before; both are 0.0 at
  the *centre* of the first pixel. The first pixel covers [-0.5, 0.5).
* FITS pixel coordinates (CRPIX) are 1.0 at the centre of the first pixel: ``fits = array + 1``.
* Refining a grid by an integer factor n (n output pixels per input pixel) keeps the outer edge in place:
  ``fine = n * coarse + (n - 1) / 2``.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np

Coordinate = TypeVar("Coordinate", float, np.ndarray)


def array_to_fits(coordinate_pix: Coordinate) -> Coordinate:
    """Convert an array pixel coordinate to the FITS convention."""
    return coordinate_pix + 1.0


def fits_to_array(coordinate_pix: Coordinate) -> Coordinate:
    """Convert a FITS pixel coordinate to the array convention."""
    return coordinate_pix - 1.0


def refine(coordinate_pix: Coordinate, factor: int) -> Coordinate:
    """Coordinate on a grid `factor` times finer with the same outer edge."""
    return factor * coordinate_pix + 0.5 * (factor - 1)


def nearest_pixel(coordinate_pix: Coordinate) -> np.ndarray:
    """Index of the pixel that contains the coordinate (half-open cells, [i - 0.5, i + 0.5))."""
    return np.floor(np.asarray(coordinate_pix) + 0.5).astype(np.int64)
