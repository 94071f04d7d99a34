"""Shape, sky and circular light of one object on a window of an image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.arrays import Bools, Doubles, Singles
from workers.reduction.kernels.compiled import clipped_statistics

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
    from scipy import ndimage

    ny, nx = image.shape
    i, j = int(np.clip(np.rint(x), 0, nx - 1)), int(np.clip(np.rint(y), 0, ny - 1))
    rows, columns = (
        slice(max(0, j - reach), min(ny, j + reach + 1)),
        slice(max(0, i - reach), min(nx, i + reach + 1)),
    )
    part = np.where(usable[rows, columns], image[rows, columns], 0.0)
    # 3x3 means: the isophote lies at the noise of single pixels.
    soft = ndimage.uniform_filter(part, 3)
    labels, _ = ndimage.label(soft > limit)
    label = labels[j - rows.start, i - columns.start]
    if label == 0:
        return Shape(float("nan"), float("nan"), float("nan"), float("nan"))
    py, px = np.nonzero(labels == label)
    covariance = np.cov(np.stack([px, py]).astype(np.float64), bias=True) if px.size > 4 else np.eye(2) / 4.0
    values, vectors = np.linalg.eigh(covariance)
    major, minor = 2.0 * np.sqrt(max(values[1], 0.0)), 2.0 * np.sqrt(max(values[0], 0.0))
    angle = float(np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1])))
    return Shape(float(major), float(minor / major) if major > 0 else 1.0, angle, float(px.size))


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
        y, x = np.ogrid[: self.image.shape[0], : self.image.shape[1]]
        square = (x - self.x) ** 2 + (y - self.y) ** 2
        ring = self.image[(square >= inner_pix**2) & (square <= outer_pix**2) & self.usable]
        return float(clipped_statistics(ring, ring.size)[0])


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
