"""The 1" grid of a whole scan and the images that are cut from it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from app.arrays import Doubles
from workers.reduction.frames.geometry import FrameGeometry

WIDTH = 512  # columns of an image
HEIGHT = 1024  # rows of a full image
OVERLAP = 54  # rows that neighbouring images share
STEP = HEIGHT - OVERLAP
# 22 images of 1024 rows and one of 698: what a survey scan of 273 frames holds, and never more.
MOST_ROWS = 22 * STEP + 698
LOOKS = 6  # frames that see every place of a survey scan
LEAST_ROWS = 100  # a last image lower than this would be overlap and edge only


@dataclass(frozen=True)
class StripGrid:
    """The 1" grid of a whole scan, common to its bands.

    Attributes
    ----------
    first_x_arcsec, first_y_arcsec : float
        U-scan place of the centre of the first pixel: half-integer in x, integer in y, as the survey's.
    rows : int
        Height of the grid in pixels of 1"; its width is 512.
    northward : bool
        Images are numbered from the south end if true.

    Examples
    --------
    >>> StripGrid(-255.5, 0.0, 1500, northward=True).windows()
    [(0, 1024), (970, 1500)]
    """

    first_x_arcsec: float
    first_y_arcsec: float
    rows: int
    northward: bool

    def windows(self) -> list[tuple[int, int]]:
        """Rows (first, last + 1) of the images in the order of the scan; neighbours share 54 rows."""
        edges = []
        start = 0
        while start == 0 or self.rows - start >= max(LEAST_ROWS, OVERLAP + 1):
            edges.append((start, min(start + HEIGHT, self.rows)))
            if edges[-1][1] == self.rows:
                break
            start += STEP
        return edges if self.northward else [(self.rows - b, self.rows - a) for a, b in edges]


def strip_grid(geometry: FrameGeometry) -> StripGrid:
    """Grid that covers what six frames saw (fewer in scans of less than 12 frames), centred across the scan.

    Parameters
    ----------
    geometry : FrameGeometry
        Of one band's frames: the bands lie within some arcseconds of each other and share the grid.

    Examples
    --------
    >>> y = 83.25 * np.arange(30)
    >>> geometry = FrameGeometry(np.zeros(30), y, 2.0 * np.eye(2), np.zeros(30), size_pix=256)
    >>> grid = strip_grid(geometry)
    >>> grid.first_x_arcsec, grid.first_y_arcsec, grid.rows
    (-255.5, 161.0, 2094)
    """
    n = geometry.x_arcsec.size
    half = 0.5 * geometry.size_pix * geometry.pixel_arcsec
    y = np.sort(geometry.y_arcsec)
    northward = bool(geometry.y_arcsec[-1] >= geometry.y_arcsec[0])
    looks = min(LOOKS, (n + 1) // 2)
    # Six frames see the sky above the lower edge of the sixth and below the upper edge of the sixth from the end.
    low, high = y[looks - 1] - half, y[n - looks] + half
    rows = max(min(int(np.floor(high) - np.ceil(low)) + 1, MOST_ROWS), 1)
    centre = float(np.round(np.median(geometry.x_arcsec)))
    first_y = float(np.ceil(low)) if northward else float(np.floor(high)) - rows + 1
    return StripGrid(centre - 0.5 * (WIDTH - 1), first_y, rows, northward)


def lean_rows(matrix: Doubles, bend: float, shape: tuple[int, ...]) -> int:
    """By how many output rows a pixel of a frame may lie off the middle of its row, and one to spare.

    Parameters
    ----------
    matrix : float64 array (n, 2, 2)
        Arcseconds, which are output rows, per pixel of every frame.
    bend : float
        Distortion, arcsec / pixel^3.
    shape : (int, int)
        Rows and columns of a frame.

    Examples
    --------
    A turn by 0.01 lifts the end of a row by 1.28 pixels of 2", 2.56 output rows.

    >>> lean_rows(np.array([[[2.0, -0.02], [0.02, 2.0]]]), 0.0, (256, 256))
    4
    """
    half_y, half_x = 0.5 * shape[0], 0.5 * shape[1]
    lean = float(np.max(np.abs(matrix[:, 1, 0]), initial=0.0)) * half_x
    return math.ceil(lean + abs(bend) * (half_x**2 + half_y**2) * half_y) + 1
