"""Galaxies of the simulated sky: counts, sizes, colours, and their light as many equal points.

A galaxy is drawn as a swarm of points of equal light, placed on golden-angle rings at the radii that enclose equal
steps of a Sersic profile's flux, so it passes through the same optics, detector and scan as the stars do. A point has
1.5 DN, in the brightest galaxies (Ks 9) 3 DN: graininess stays far under the noise of a frame (about 12 DN).
"""

from __future__ import annotations

from functools import cache

import numpy as np

from app.arrays import Doubles, Table
from app.ingest.reference_stars import Region
from app.ingest.reference_synthetic import cells_touching, uniform_in_cell

GALAXY_DTYPE = np.dtype(
    [
        ("ra", "f8"),  # ICRS degrees
        ("decl", "f8"),
        ("j_m", "f4"),  # total magnitudes
        ("h_m", "f4"),
        ("k_m", "f4"),
        ("half_light_arcsec", "f4"),  # semi-major axis of the ellipse that holds half the light
        ("axis_ratio", "f4"),
        ("position_angle_deg", "f4"),  # of the major axis, east of north
        ("sersic_index", "f4"),  # 1 exponential disc, 4 de Vaucouleurs
    ]
)

GALAXY_CELL_SIDE = 64
_SEED_TAG = 0x6A1
_BRIGHT_LIMIT_K, _FAINT_LIMIT_K = 9.0, 15.5
# The published extended catalogue has 40 a square degree brighter than Ks 13.5; Euclidean counts.
_COUNT_AT_13_5, _COUNT_SLOPE = 40.0, 0.6
# In half-light radii. Beyond lie 0.0 % of a disc's light and 6 % of an r^1/4 law's; the rest is scaled up to the whole.
_RADIUS_LIMIT = 8.0


@cache
def flux_radii(sersic_index: float) -> tuple[Doubles, Doubles]:
    """Fraction of light within a radius (half-light radii), as a table (fraction, radius), by Sersic index."""
    # With this b_n half the light lies within radius 1: Ciotti & Bertin 1999, equation 18.
    b = 2.0 * sersic_index - 1.0 / 3.0 + 4.0 / (405.0 * sersic_index)
    radius = np.linspace(0.0, _RADIUS_LIMIT ** (1.0 / 3.0), 4000) ** 3
    ring = np.exp(-b * radius ** (1.0 / sersic_index)) * radius
    light = np.concatenate([[0.0], np.cumsum(0.5 * (ring[1:] + ring[:-1]) * np.diff(radius))])
    return light / light[-1], radius


def galaxies_of_cell(cell: int, seed: int, density_factor: float) -> Table:
    """Galaxies of a HEALPix cell, always the same in the same order.

    Parameters
    ----------
    cell : int
        Nested number at nside `GALAXY_CELL_SIDE`.
    seed : int
        Seed of the sky.
    density_factor : float
        Multiplies the counts.

    Returns
    -------
    structured array of GALAXY_DTYPE, (n,)
        In the order in which they were drawn.
    """
    random = np.random.default_rng([_SEED_TAG, seed, cell])
    area = 360.0**2 / np.pi / (12 * GALAXY_CELL_SIDE**2)
    whole = _COUNT_AT_13_5 * 10.0 ** (_COUNT_SLOPE * (_FAINT_LIMIT_K - 13.5))
    count = int(random.poisson(whole * area * density_factor))
    low, high = 10.0 ** (_COUNT_SLOPE * np.array([_BRIGHT_LIMIT_K, _FAINT_LIMIT_K]))
    magnitude = np.log10(low + (high - low) * random.random(count)) / _COUNT_SLOPE
    galaxies = np.zeros(count, GALAXY_DTYPE)
    galaxies["ra"], galaxies["decl"] = uniform_in_cell(cell, GALAXY_CELL_SIDE, count, random)
    # Nearby galaxies have J-H 0.7 and H-K 0.3; colours redden with redshift, hence with magnitude (Jarrett 2000).
    h_k = 0.28 + 0.03 * (magnitude - 11.0) + 0.05 * random.standard_normal(count)
    j_h = 0.70 + 0.01 * (magnitude - 11.0) + 0.05 * random.standard_normal(count)
    galaxies["k_m"], galaxies["h_m"], galaxies["j_m"] = magnitude, magnitude + h_k, magnitude + h_k + j_h
    # The half-light radius is 3.5" at Ks 13.5 and grows as flux^(1/2), at fixed surface brightness, with a scatter of
    # 0.15 dex.
    radius = 3.5 * 10.0 ** (0.2 * (13.5 - magnitude) + 0.15 * random.standard_normal(count))
    galaxies["half_light_arcsec"] = np.clip(radius, 0.4, 40.0)
    galaxies["axis_ratio"] = np.clip(0.2 + 0.8 * random.random(count), 0.25, 1.0)
    galaxies["position_angle_deg"] = 180.0 * random.random(count)
    galaxies["sersic_index"] = np.where(random.random(count) < 0.35, 4.0, 1.0)
    return galaxies


def galaxies_in(region: Region, seed: int, density_factor: float = 1.0) -> Table:
    """Galaxies of a region with Ks from 9 to 15.5.

    Parameters
    ----------
    region : Region
        Sky that is asked for.
    seed : int
        Seed of the sky: the same seed gives the same galaxy at the same place, whichever region asks.
    density_factor : float, optional
        Multiplies the counts.

    Returns
    -------
    structured array of GALAXY_DTYPE, (n,)
        Ordered by HEALPix cell.
    """
    parts = [
        galaxies_of_cell(int(cell), seed, density_factor) for cell in cells_touching(region, GALAXY_CELL_SIDE)
    ]
    galaxies = np.concatenate([np.zeros(0, GALAXY_DTYPE), *parts])
    return galaxies[region.contains(galaxies["ra"], galaxies["decl"])]


def swarm(galaxy: np.void, count: int) -> tuple[Doubles, Doubles]:
    """Points of equal light that make up a galaxy.

    Parameters
    ----------
    galaxy : one row of GALAXY_DTYPE
        Place, size, shape and profile of the galaxy.
    count : int
        Number of points; each stands for 1 / count of the light.

    Returns
    -------
    ra_deg, decl_deg : float64 arrays (count,)
        ICRS degrees.
    """
    fraction, radius = flux_radii(float(galaxy["sersic_index"]))
    enclosed = (np.arange(count) + 0.5) / count
    radii = np.interp(enclosed, fraction, radius) * float(galaxy["half_light_arcsec"])
    angle = np.arange(count) * (np.pi * (3.0 - np.sqrt(5.0)))  # the golden angle makes no spokes
    major, minor = radii * np.cos(angle), radii * np.sin(angle) * float(galaxy["axis_ratio"])
    turn = np.radians(float(galaxy["position_angle_deg"]))
    north = (major * np.cos(turn) - minor * np.sin(turn)) / 3600.0
    east = (major * np.sin(turn) + minor * np.cos(turn)) / 3600.0
    decl = float(galaxy["decl"])
    return float(galaxy["ra"]) + east / np.cos(np.radians(decl)), decl + north
