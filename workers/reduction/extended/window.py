"""What a window of one band tells of one galaxy, be it made of frames or cut from a finished image."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from app.arrays import Doubles, Table
from app.instruments.bands import Band
from workers.reduction.extended.band_light import BandLight
from workers.reduction.extended.growth import growth_of
from workers.reduction.extended.shape import Cutout, isophote, position_angle_deg
from workers.reduction.extended.structure import fill_structure, opposite_sides
from workers.reduction.frames.products import EXTENDED_RADII_ARCSEC, RADIUS_FIELDS
from workers.reduction.galaxies.mixtures import mixture
from workers.reduction.galaxies.model import plain_light
from workers.reduction.galaxies.sersic import WIDTHS, sersic_shares
from workers.reduction.galaxies.values import Shape, radii_from

LEAST_REACH_ARCSEC, MOST_REACH_ARCSEC = 90.0, 300.0  # of ellipses and circles
REACH_RADII = 4.0  # half-light semi-major axes
RING_ARCSEC = (-10.0, 20.0)  # of the sky, from that reach
EDGE_ARCSEC = 40.0  # of a window beyond that reach
REACH_PIX = 120  # of the isophote of a usual galaxy, 1" pixels
PEAK_PIX = 5
RING_STEP_ARCSEC = 4.0  # of the places at which the model's own light in the ring is told


def reach_arcsec(shape: Shape) -> float:
    """How far the ellipses and circles of a galaxy go: four half-light radii, from 90" to 300".

    Parameters
    ----------
    shape : Shape
        Of its model.

    Examples
    --------
    >>> [reach_arcsec(Shape(0.0, 0.0, np.log(radius), 0.0, 0.0, 0.0)) for radius in (4.0, 40.0, 400.0)]
    [90.0, 160.0, 300.0]
    """
    radii = REACH_RADII * shape.semi_major_arcsec
    return float(np.round(np.clip(radii, LEAST_REACH_ARCSEC, MOST_REACH_ARCSEC)))


def half_window_arcsec(shape: Shape) -> int:
    """Half a side of the window that a galaxy is measured on: 130" at least.

    Parameters
    ----------
    shape : Shape
        Of its model.
    """
    return round(reach_arcsec(shape) + EDGE_ARCSEC)


def ring_arcsec(shape: Shape) -> tuple[float, float]:
    """Radii between which the sky of a galaxy is told: 80" and 110" of a usual one.

    Parameters
    ----------
    shape : Shape
        Of its model.
    """
    reach = reach_arcsec(shape)
    return reach + RING_ARCSEC[0], reach + RING_ARCSEC[1]


def light_in_ring(shape: Shape, flux_dn: float) -> float:
    """Mean light of a galaxy's own model in the ring of its sky, DN a square arcsec.

    Wings of r^1/4 bulges reach there; a level of the sky that holds them takes them from every aperture.

    Parameters
    ----------
    shape : Shape
        Of the model.
    flux_dn : float
        All its light.
    """
    return max(flux_dn, 0.0) * _share_in_ring(shape)


@lru_cache(maxsize=1024)
def _share_in_ring(shape: Shape) -> float:
    """Mean light of a model of one DN in the ring of its sky, a square arcsec: the same in all bands."""
    inner, outer = ring_arcsec(shape)
    axis = np.arange(-outer, outer + 0.5 * RING_STEP_ARCSEC, RING_STEP_ARCSEC)
    x, y = (a.ravel() for a in np.meshgrid(axis, axis))
    square = x * x + y * y
    inside = (square >= inner * inner) & (square <= outer * outer)
    x, y = x[inside], y[inside]
    shares, slopes = sersic_shares(shape.log_index)
    # The point-spread function does not matter that far out.
    sharp = np.ones(1), np.full(1, 2.0)
    gaussians = mixture(shares, slopes, WIDTHS, sharp, shape.radius_arcsec)
    light = np.empty(x.size)
    plain_light(x, y, np.array([0.0, 0.0, *shape.covariance()]), gaussians, light)
    return float(light.mean())


def light_on_window(
    part: Cutout,
    galaxy: tuple[Shape, float],
    stars: tuple[Doubles, Doubles],
    noise_dn: float,
    zero_point_mag: float,
) -> BandLight:
    """Measure the light of a galaxy in ellipses and circles on its window.

    Parameters
    ----------
    part : Cutout
        Window of 1" pixels from which stars and other galaxies were taken.
    galaxy : (Shape, float)
        Its model and all its light, DN.
    stars : (x, y), float64 arrays (n,)
        U-scan places of the stars that were taken away, arcsec.
    noise_dn : float
        Of a square arcsecond, as if pixels were independent.
    zero_point_mag : float
        Magnitude of 1 DN.
    """
    shape, flux = galaxy
    inner, outer = ring_arcsec(shape)
    level = part.ring_level(inner, outer)
    level = level - light_in_ring(shape, flux) if np.isfinite(level) else 0.0
    # The ring's level is as uncertain as its own noise.
    ring = np.pi * (outer * outer - inner * inner)
    reach = reach_arcsec(shape)
    ellipse = growth_of(part, level, shape.axis_ratio, shape.angle_deg, reach)
    circle = growth_of(part, level, 1.0, 0.0, reach)
    # Most of a scan's stars are far along it.
    along = np.flatnonzero(np.abs(stars[1] - shape.y_arcsec) < reach)
    x, y = (places[along] for places in stars)
    near = np.hypot(x - shape.x_arcsec, y - shape.y_arcsec)
    radii = radii_from(shape, x, y) * shape.semi_major_arcsec
    close = near < reach
    error = 1.25 * noise_dn / float(np.sqrt(ring))
    return BandLight(ellipse, circle, radii[close], near[close], noise_dn, error, zero_point_mag, level)


def fill_window(row: Table, band: Band, part: Cutout, light: BandLight, pixel_sigma_dn: float) -> None:
    """Fill magnitudes within circles and shapes of isophotes in one band; NaN where a circle leaves the data.

    Parameters
    ----------
    row : structured array of EXTENDED_DTYPE (1,)
        Of the galaxy.
    band : Band
        Whose columns are filled.
    part : Cutout
        The window.
    light : BandLight
        What was measured on it.
    pixel_sigma_dn : float
        Scatter of a pixel of the window.
    """
    b, radii = band.value, np.array(EXTENDED_RADII_ARCSEC, np.float64)
    for k, radius in enumerate(EXTENDED_RADII_ARCSEC):
        value = light.aperture(float(radii[k]), circular=True)
        row[f"{b}_m_{radius}"], row[f"{b}_msig_{radius}"], row[f"{b}_flg_{radius}"] = value
    reach = max(REACH_PIX, round(float(light.circle.radius_arcsec[-1])))
    shape = isophote(part.image, part.usable, part.x, part.y, 3.0 * pixel_sigma_dn, reach)
    row[RADIUS_FIELDS[band]] = shape.semi_major_pix
    row[f"{b}_ba"] = shape.axis_ratio
    row[f"{b}_phi"] = position_angle_deg(shape.angle_deg)
    bright = isophote(part.image, part.usable, part.x, part.y, 5.0 * pixel_sigma_dn, reach)
    row[f"{b}_5sig_ba"], row[f"{b}_5sig_phi"] = bright.axis_ratio, position_angle_deg(bright.angle_deg)
    symmetry = opposite_sides(part, light.level_dn, shape, pixel_sigma_dn)
    fill_structure(row, band, (shape, bright), symmetry)
    row[f"{b}_resid_ann"] = light.level_dn
    i, j = round(part.x), round(part.y)
    middle = part.image[max(0, j - PEAK_PIX) : j + PEAK_PIX + 1, max(0, i - PEAK_PIX) : i + PEAK_PIX + 1]
    row[f"{b}_peak"] = light.brightness_mag(float(middle.max()) - light.level_dn) if middle.size else np.nan
