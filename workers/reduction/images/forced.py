"""Light at given places of a finished image, whether or not anything was detected there."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from app.arrays import Bools, Doubles, Singles

SIGMA_PIX = 1.3
"""Width of the weights: images of 1" pixels have stars of 2.5" to 3" full width."""
RADIUS_PIX = 4
SKY_PIX = (7, 12)
"""Ring whose median is the sky, pixels."""
BLANK_STEP_PIX = 9
BLANK_DISTANCE_PIX = 9.0
"""Empty places stand on a lattice, this far from every known source."""
FEWEST_BLANKS, FEWEST_STARS = 30, 5
_CHUNK = 2000


class PlaceLight(NamedTuple):
    """Light at places of an image.

    Attributes
    ----------
    amplitude_dn : float64 array (n,)
        Height of the weights' profile that fits best, above the ring's median, DN; NaN where it cannot be measured.
    depth_pix : float64 array (n,)
        Distance from the nearest edge of the image, pixels; negative outside.
    """

    amplitude_dn: Doubles
    depth_pix: Doubles

    @property
    def measured(self) -> Bools:
        """Places that have light."""
        return np.asarray(np.isfinite(self.amplitude_dn))


def place_light(pixels_dn: Singles, x: Doubles, y: Doubles) -> PlaceLight:
    """Fit a round profile of fixed width at places, with the sky of a ring around each.

    Parameters
    ----------
    pixels_dn : float32 array (rows, columns)
        Image, sky included, NaN where there is no data.
    x, y : float64 arrays (n,)
        Places, array pixels.

    Examples
    --------
    >>> rows, columns = np.mgrid[0:40, 0:40]
    >>> star = 5.0 + 100.0 * np.exp(-0.5 * ((columns - 20.3) ** 2 + (rows - 18.7) ** 2) / SIGMA_PIX**2)
    >>> light = place_light(star.astype(np.float32), np.array([20.3, 2.0]), np.array([18.7, 2.0]))
    >>> light.amplitude_dn.round(1).tolist(), light.depth_pix.round(1).tolist()
    ([100.0, nan], [18.7, 2.0])
    """
    height, width = pixels_dn.shape
    depth = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y))
    amplitude = np.full(x.size, np.nan)
    inside = np.flatnonzero(depth >= SKY_PIX[1] + 1)
    for start in range(0, inside.size, _CHUNK):
        chosen = inside[start : start + _CHUNK]
        amplitude[chosen] = _amplitudes(pixels_dn, x[chosen], y[chosen])
    return PlaceLight(amplitude, depth)


def _amplitudes(pixels_dn: Singles, x: Doubles, y: Doubles) -> Doubles:
    """Amplitudes at places whose ring lies within the image."""
    reach = SKY_PIX[1]
    offset = np.arange(-reach, reach + 1)
    column, row = np.rint(x).astype(np.int64), np.rint(y).astype(np.int64)
    stamps = pixels_dn[
        row[:, None, None] + offset[None, :, None], column[:, None, None] + offset[None, None, :]
    ]
    stamps = stamps.astype(np.float64)
    distance = np.hypot(offset[None, :], offset[:, None])
    ring = (distance >= SKY_PIX[0]) & (distance <= SKY_PIX[1])
    with np.errstate(invalid="ignore"):
        known = np.isfinite(stamps[:, ring]).mean(axis=1) > 0.5
    sky = np.full(x.size, np.nan)
    sky[known] = np.nanmedian(stamps[known][:, ring], axis=1)
    apart = (offset[None, None, :] + (column - x)[:, None, None]) ** 2
    apart = apart + (offset[None, :, None] + (row - y)[:, None, None]) ** 2
    weight = np.where(distance[None] <= RADIUS_PIX, np.exp(-0.5 * apart / SIGMA_PIX**2), 0.0)
    # A pixel without data within the radius makes the sum, and so the amplitude, unknown.
    lit = np.where(weight > 0.0, stamps - sky[:, None, None], 0.0)
    return np.asarray((weight * lit).sum(axis=(1, 2)) / (weight**2).sum(axis=(1, 2)))


def blank_places(shape: tuple[int, int], x: Doubles, y: Doubles) -> tuple[Doubles, Doubles]:
    """Give places of a lattice that are far from all known sources.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the image.
    x, y : float64 arrays (n,)
        Places of sources, array pixels.

    Examples
    --------
    >>> blank_x, blank_y = blank_places((100, 100), np.array([50.0]), np.array([50.0]))
    >>> float(np.hypot(blank_x - 50.0, blank_y - 50.0).min()) > BLANK_DISTANCE_PIX
    True
    """
    from scipy.spatial import cKDTree

    margin = SKY_PIX[1] + 2
    grid = np.meshgrid(
        np.arange(margin, shape[1] - margin, BLANK_STEP_PIX, dtype=np.float64),
        np.arange(margin, shape[0] - margin, BLANK_STEP_PIX, dtype=np.float64),
    )
    places = np.stack([axis.ravel() for axis in grid], axis=1)
    if x.size and places.size:
        distance, _ = cKDTree(np.stack([x, y], axis=1)).query(places)
        places = places[distance > BLANK_DISTANCE_PIX]
    return places[:, 0], places[:, 1]


class ImageScale(NamedTuple):
    """What an image makes of light.

    Attributes
    ----------
    nmgy_per_dn : float
        Light of a star, nanomaggies, for an amplitude of 1 DN; NaN where fewer than five stars say so.
    error_dn : float
        Scatter of amplitudes at empty places: noise, confusion and sky together; NaN where fewer than 30 are empty.
    """

    nmgy_per_dn: float
    error_dn: float


def image_scale(pixels_dn: Singles, x: Doubles, y: Doubles, magnitude: Doubles) -> ImageScale:
    """Compare an image with the rows that were extracted from it.

    Parameters
    ----------
    pixels_dn : float32 array (rows, columns)
        Image.
    x, y : float64 arrays (n,)
        Places of all rows, array pixels.
    magnitude : float64 array (n,)
        Magnitudes of single bright stars, NaN of other rows.
    """
    stars = np.isfinite(magnitude)
    light = place_light(pixels_dn, x[stars], y[stars])
    good = light.measured & (light.amplitude_dn > 0.0)
    ratio = 10.0 ** (0.4 * (22.5 - magnitude[stars][good])) / light.amplitude_dn[good]
    blank = place_light(pixels_dn, *blank_places((pixels_dn.shape[0], pixels_dn.shape[1]), x, y))
    noise = blank.amplitude_dn[blank.measured]
    scatter = (
        1.4826 * float(np.median(np.abs(noise - np.median(noise)))) if noise.size >= FEWEST_BLANKS else np.nan
    )
    return ImageScale(float(np.median(ratio)) if ratio.size >= FEWEST_STARS else float("nan"), scatter)
