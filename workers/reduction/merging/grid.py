"""Where the images of a scan lie, and their zero points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.arrays import Doubles
from app.instruments.bands import Band
from workers.reduction.frames.grid import WIDTH, StripGrid
from workers.reduction.frames.uscan import UScan


@dataclass(frozen=True)
class ScanGrid:
    """Where the images of a scan lie, and what one DN is there.

    Attributes
    ----------
    uscan : UScan
    grid : StripGrid
    numbers : tuple of int
        Of the images, in the order of `grid.windows()`.
    zero_point_mag : dict of Band to float64 array
        One an image.
    """

    uscan: UScan
    grid: StripGrid
    numbers: tuple[int, ...]
    zero_point_mag: dict[Band, Doubles]

    def image_of(self, y_arcsec: Doubles) -> NDArray[np.int64]:
        """Index of the image in which each place lies deepest."""
        row = y_arcsec - self.grid.first_y_arcsec
        depth = np.stack([np.minimum(row - first, last - 1 - row) for first, last in self.grid.windows()])
        return np.asarray(depth.argmax(axis=0), np.int64)

    def inside(self, x_arcsec: Doubles, y_arcsec: Doubles) -> NDArray[np.bool_]:
        """Whether places lie on the grid: rows name an image, so sources beyond it are left out."""
        x, y = x_arcsec - self.grid.first_x_arcsec, y_arcsec - self.grid.first_y_arcsec
        return (x > -0.5) & (x < WIDTH - 0.5) & (y > -0.5) & (y < self.grid.rows - 0.5)
