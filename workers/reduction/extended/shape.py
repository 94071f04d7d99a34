"""Shape and circular light of one object on a window of an image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.arrays import Doubles, Singles


@dataclass(frozen=True)
class Shape:
    """3-sigma isophote of one source: semi-major axis (pixels), axis ratio, angle of the major axis from +x (deg)."""

    semi_major_pix: float
    axis_ratio: float
    angle_deg: float


def isophote(
    image: Singles, usable: NDArray[np.bool_], x: float, y: float, limit: float, reach: int
) -> Shape:
    """Second moments of the connected pixels above `limit` (DN) around a place, within `reach` pixels.

    For a uniform ellipse the semi-axes are twice the roots of the principal second moments.
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
        return Shape(float("nan"), float("nan"), float("nan"))
    py, px = np.nonzero(labels == label)
    covariance = np.cov(np.stack([px, py]).astype(np.float64), bias=True) if px.size > 4 else np.eye(2) / 4.0
    values, vectors = np.linalg.eigh(covariance)
    major, minor = 2.0 * np.sqrt(max(values[1], 0.0)), 2.0 * np.sqrt(max(values[0], 0.0))
    angle = float(np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1])))
    return Shape(float(major), float(minor / major) if major > 0 else 1.0, angle)


@dataclass(frozen=True)
class Cutout:
    """A part of an image around an object: other stars taken away, sky level from outside of the object."""

    image: Singles
    usable: NDArray[np.bool_]
    x: float
    y: float


def circle_sums(part: Cutout, sky_dn: float, radii: Doubles) -> Doubles:
    """Sum the light in circles around an object, sky subtracted, edges exact (photutils); DN, one a radius.

    The library's exact overlap, not our kernel: objects are few here, and the kernel samples edges ten times a pixel.
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
    """Whether at least 85 % of a circle around the object has data."""
    # The circle's own square: eleven circles of a whole window took 4 ms an object.
    ny, nx = part.usable.shape
    top, bottom = max(0, int(part.y - radius)), min(ny, int(part.y + radius) + 2)
    left, right = max(0, int(part.x - radius)), min(nx, int(part.x + radius) + 2)
    yy, xx = np.ogrid[top:bottom, left:right]
    disc = ((xx - part.x) ** 2 + (yy - part.y) ** 2 <= radius**2) & part.usable[top:bottom, left:right]
    return bool(np.count_nonzero(disc) > 0.85 * np.pi * radius**2)
