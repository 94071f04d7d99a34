"""Shape, sky and circular light of one object on a window of an image."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from app.arrays import Bools, Doubles, Singles
from workers.reduction.kernels.compiled import KERNEL, clipped_statistics

COVERED_SHARE = 0.85  # of a circle, at least, for its light to count


@dataclass(frozen=True)
class Shape:
    """3-sigma isophote of one source; NaN where nothing stands out at its place.

    Attributes
    ----------
    semi_major_pix : float
        Semi-major axis, pixels of the window.
    axis_ratio : float
        Minor over major axis.
    angle_deg : float
        Of the major axis, from +x to +y of the window.
    area_pix : float
        Number of its pixels.
    """

    semi_major_pix: float
    axis_ratio: float
    angle_deg: float
    area_pix: float


def position_angle_deg(angle_deg: float) -> float:
    """Position angle from north through east, above -90 and up to 90 degrees as published; NaN of NaN.

    Parameters
    ----------
    angle_deg : float
        From +x to +y of a window or scan, whose x runs to the west.

    Examples
    --------
    >>> [position_angle_deg(angle) for angle in (90.0, 0.0, 180.0, 100.0, 80.0)]
    [0.0, 90.0, 90.0, 10.0, -10.0]
    """
    angle = (angle_deg - 90.0) % 180.0
    return angle - 180.0 if angle > 90.0 else angle


@njit(**KERNEL, inline="always")
def _soft(image: Singles, usable: Bools, box: tuple[int, int, int, int], y: int, x: int) -> float:
    """Mean of 3 x 3 pixels; beyond the box its edges go on, and pixels without data are 0."""
    top, bottom, left, right = box
    total = 0.0
    for b in range(y - 1, y + 2):
        row = min(max(b, top), bottom - 1)
        for a in range(x - 1, x + 2):
            column = min(max(a, left), right - 1)
            if usable[row, column]:
                total += image[row, column]
    return total / 9.0


@njit(**KERNEL)
def _connected(
    image: Singles, usable: Bools, box: tuple[int, int, int, int], place: tuple[int, int], limit: float
) -> tuple[int, float, float, float, float, float]:
    """Count the pixels of a box that are above a level and joined by their sides to one at (row, column).

    Sums of their columns, rows, and of the products xx, xy, yy are from that pixel. To label all pixels of a window
    takes thirty times as long as to go through those of a usual galaxy.
    """
    top, bottom, left, right = box
    width = right - left
    seen = np.zeros((bottom - top) * width, np.bool_)
    waiting = np.empty(seen.size, np.int64)
    count = 0
    x = y = xx = xy = yy = 0.0
    held = 0
    if _soft(image, usable, box, place[0], place[1]) > limit:
        first = (place[0] - top) * width + place[1] - left
        waiting[0] = first
        seen[first] = True
        held = 1
    while held > 0:
        held -= 1
        row = top + waiting[held] // width
        column = left + waiting[held] % width
        dx = float(column - place[1])
        dy = float(row - place[0])
        count += 1
        x += dx
        y += dy
        xx += dx * dx
        xy += dx * dy
        yy += dy * dy
        for side in range(4):
            j = row + (side == 0) - (side == 1)
            i = column + (side == 2) - (side == 3)
            if j < top or j >= bottom or i < left or i >= right:
                continue
            n = (j - top) * width + i - left
            if not seen[n]:
                seen[n] = True
                if _soft(image, usable, box, j, i) > limit:
                    waiting[held] = n
                    held += 1
    return count, x, y, xx, xy, yy


def isophote(image: Singles, usable: Bools, x: float, y: float, limit: float, reach: int) -> Shape:
    """Second moments of the connected pixels above a level around a place.

    For a uniform ellipse the semi-axes are twice the roots of the principal second moments.

    Parameters
    ----------
    image : float32 array (ny, nx)
        DN above the sky.
    usable : bool array (ny, nx)
        Pixels with data.
    x, y : float
        Array pixels of the object.
    limit : float
        DN; means of 3 x 3 pixels are compared with it.
    reach : int
        Pixels farther off than this along an axis are left out.

    Examples
    --------
    A uniform ellipse with semi-axes of 20 and 10 pixels along x and y.

    >>> y, x = np.mgrid[:61, :61] - 30.0
    >>> ellipse = ((x / 20.0) ** 2 + (y / 10.0) ** 2 < 1.0).astype(np.float32)
    >>> shape = isophote(ellipse, ellipse >= 0.0, 30.0, 30.0, 0.5, 30)
    >>> round(shape.semi_major_pix, 1), round(shape.axis_ratio, 2), round(shape.angle_deg) % 180
    (20.1, 0.49, 0)
    """
    ny, nx = image.shape
    i, j = int(np.clip(np.rint(x), 0, nx - 1)), int(np.clip(np.rint(y), 0, ny - 1))
    box = max(0, j - reach), min(ny, j + reach + 1), max(0, i - reach), min(nx, i + reach + 1)
    # Means of 3 x 3: the isophote lies at the noise of single pixels.
    count, *sums = _connected(image, usable, box, (j, i), limit)
    if count == 0:
        return Shape(float("nan"), float("nan"), float("nan"), float("nan"))
    mx, my, xx, xy, yy = (value / count for value in sums)
    cross = xy - mx * my
    covariance = np.array([[xx - mx * mx, cross], [cross, yy - my * my]]) if count > 4 else np.eye(2) / 4.0
    values, vectors = np.linalg.eigh(covariance)
    major, minor = 2.0 * np.sqrt(max(values[1], 0.0)), 2.0 * np.sqrt(max(values[0], 0.0))
    angle = float(np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1])))
    return Shape(float(major), float(minor / major) if major > 0 else 1.0, angle, float(count))


@njit(**KERNEL)
def _gather_ring(
    image: Singles, usable: Bools, place: tuple[float, float], radii: tuple[float, float], out: Singles
) -> int:
    """Copy the usable pixels between two radii, row after row; how many there are."""
    inner2 = radii[0] * radii[0]
    outer2 = radii[1] * radii[1]
    rows, columns = image.shape
    count = 0
    for y in range(max(0, math.floor(place[1] - radii[1])), min(rows, math.ceil(place[1] + radii[1]) + 1)):
        dy2 = (y - place[1]) * (y - place[1])
        for x in range(columns):
            square = (x - place[0]) * (x - place[0]) + dy2
            if inner2 <= square <= outer2 and usable[y, x]:
                out[count] = image[y, x]
                count += 1
    return count


@dataclass(frozen=True)
class Cutout:
    """A part of an image around an object: other stars taken away, sky level from outside of the object.

    Attributes
    ----------
    image : float32 array (ny, nx)
        DN.
    usable : bool array (ny, nx)
        Pixels with data.
    x, y : float
        Array pixels of the object.
    """

    image: Singles
    usable: Bools
    x: float
    y: float

    def ring_level(self, inner_pix: float, outer_pix: float) -> float:
        """Clipped median of the pixels between two radii around the object, DN; NaN of fewer than eight.

        Parameters
        ----------
        inner_pix, outer_pix : float
            Whole pixels are in or out, by the place of their centre.
        """
        ring = np.empty(self.image.size, np.float32)
        count = _gather_ring(
            self.image, self.usable, (self.x, self.y), (float(inner_pix), float(outer_pix)), ring
        )
        return float(clipped_statistics(ring, count)[0])


def circle_sums(part: Cutout, sky_dn: float, radii: Doubles) -> Doubles:
    """Sum the light in circles around an object, sky subtracted, edges exact (photutils).

    The library's exact overlap, not our kernel: objects are few here, and the kernel samples edges ten times a pixel.

    Parameters
    ----------
    part : Cutout
        The object's part of an image; unusable pixels count as sky.
    sky_dn : float
        Level of the sky.
    radii : float64 array (n,)
        Pixels.

    Returns
    -------
    float64 array (n,)
        DN.

    Examples
    --------
    >>> image = np.full((41, 41), 12.0, np.float32)
    >>> part = Cutout(image, image > 0.0, 20.0, 20.0)
    >>> (circle_sums(part, 10.0, np.array([5.0, 10.0])) / np.pi).round(6).tolist()
    [50.0, 200.0]
    """
    from photutils.aperture import CircularAperture

    image = part.image.astype(np.float64) - sky_dn
    return np.array(
        [
            CircularAperture((part.x, part.y), radius).do_photometry(
                image, mask=~part.usable, method="exact"
            )[0][0]
            for radius in radii
        ]
    )


def covers_circle(part: Cutout, radius: float) -> bool:
    """Whether at least 85 % of a circle around the object has data.

    Parameters
    ----------
    part : Cutout
        The object's part of an image.
    radius : float
        Pixels.
    """
    # The circle's own square: eleven circles of a whole window took 4 ms an object.
    ny, nx = part.usable.shape
    top, bottom = max(0, int(part.y - radius)), min(ny, int(part.y + radius) + 2)
    left, right = max(0, int(part.x - radius)), min(nx, int(part.x + radius) + 2)
    yy, xx = np.ogrid[top:bottom, left:right]
    disc = ((xx - part.x) ** 2 + (yy - part.y) ** 2 <= radius**2) & part.usable[top:bottom, left:right]
    return bool(np.count_nonzero(disc) > COVERED_SHARE * np.pi * radius**2)
