"""Where the images of a scan lie, and their zero points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.arrays import Bools, Doubles, Integers
from app.instruments.bands import Band
from workers.reduction.frames.grid import WIDTH, StripGrid
from workers.reduction.frames.uscan import UScan


@dataclass(frozen=True)
class ScanGrid:
    """Where the images of a scan lie, and what one DN is there.

    Attributes
    ----------
    uscan : UScan
        The system of the scan.
    grid : StripGrid
        Its 1" grid.
    numbers : tuple of int
        Of the images, in the order of `grid.windows()`.
    zero_point_mag : dict of Band to float64 array
        Magnitude of 1 DN, one an image.
    zero_point_error_mag : dict of Band to float64 array
        One sigma of that, one an image; NaN where it is unknown.

    Examples
    --------
    Images of rows 0 to 1024 and 970 to 1500: the place in row 1000 lies 23 rows deep in the first, 30 in the second.

    >>> uscan = UScan.through(np.full(9, 120.0), np.linspace(10.0, 10.2, 9))
    >>> scan_grid = ScanGrid(uscan, StripGrid(-255.5, 0.0, 1500, northward=True), (7, 18), {}, {})
    >>> scan_grid.image_of(np.array([500.0, 1000.0])).tolist()
    [0, 1]
    >>> scan_grid.inside(np.array([0.0, 300.0]), np.array([500.0, 500.0])).tolist()
    [True, False]
    """

    uscan: UScan
    grid: StripGrid
    numbers: tuple[int, ...]
    zero_point_mag: dict[Band, Doubles]
    zero_point_error_mag: dict[Band, Doubles]

    def image_of(self, y_arcsec: Doubles) -> Integers:
        """Index of the image in which each place lies deepest.

        Parameters
        ----------
        y_arcsec : float64 array (n,)
            U-scan.
        """
        row = y_arcsec - self.grid.first_y_arcsec
        depth = np.stack([np.minimum(row - first, last - 1 - row) for first, last in self.grid.windows()])
        return np.asarray(depth.argmax(axis=0), np.int64)

    def inside(self, x_arcsec: Doubles, y_arcsec: Doubles) -> Bools:
        """Whether places lie on the grid: rows name an image, so sources beyond it are left out.

        Parameters
        ----------
        x_arcsec, y_arcsec : float64 arrays (n,)
            U-scan.
        """
        x, y = x_arcsec - self.grid.first_x_arcsec, y_arcsec - self.grid.first_y_arcsec
        return (x > -0.5) & (x < WIDTH - 0.5) & (y > -0.5) & (y < self.grid.rows - 0.5)
