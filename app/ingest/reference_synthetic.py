"""A synthetic reference catalogue with the density of Tycho-2, for work without the real one.

Each HEALPix cell has its own seed, so any region can be generated alone and always holds the same stars.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from app.ingest.reference_stars import REFERENCE_DTYPE, ReferenceStars, Region, with_identifiers
from app.sky.galactic import galactic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from app.arrays import Doubles, Integers

CATALOGUE = "synthetic"

CELL_SIDE = 32  # HEALPix nside: 12,288 cells of 3.36 square degrees, some 200 stars each
_SEED_TAG = 0x7C0
_BRIGHTEST_VT, _FAINTEST_VT = 2.0, 12.0
# Cumulative counts of Tycho-2 rise by this power of ten a magnitude between VT 6 and 11.
_COUNT_SLOPE = 0.45


def density_per_square_degree(galactic_latitude_deg: ArrayLike) -> Doubles:
    """Return reference stars per square degree: 25 at the poles, 140 in the plane, 2.5 million over the sky.

    Tycho-2 has 2,539,913 stars, about 25 a square degree at the poles and 150 in the plane (Hog et al. 2000).

    Parameters
    ----------
    galactic_latitude_deg : array_like
        Galactic latitude, of either sign.

    Examples
    --------
    >>> density_per_square_degree([0.0, -90.0]).round(1).tolist()
    [140.0, 26.3]
    """
    latitude = np.abs(np.asarray(galactic_latitude_deg, np.float64))
    return np.asarray(25.0 + 115.0 * np.exp(-latitude / 20.0))


def cells_touching(region: Region, nside: int) -> Integers:
    """HEALPix cells that may hold a point of a region.

    Parameters
    ----------
    region : Region
        Box on the sky.
    nside : int
        HEALPix nside: 12 * nside^2 cells cover the sky.

    Returns
    -------
    int64 array (n,)
        Nested numbers, ascending; cells that only come near the region are among them.
    """
    import astropy_healpix as healpix
    from astropy import units as u

    cells = np.arange(12 * nside * nside)
    # A cell reaches at most 1.6 times its mean size from its centre (HEALPix, Gorski et al. 2005, section 5.2).
    reach = 1.6 * float(np.degrees(np.sqrt(4.0 * np.pi / cells.size)))
    longitude, latitude = healpix.healpix_to_lonlat(cells, nside, order="nested")
    near = region.grown(reach).contains(longitude.to_value(u.deg), latitude.to_value(u.deg))
    return np.asarray(cells[near], np.int64)


def uniform_in_cell(
    cell: int, nside: int, count: int, random: np.random.Generator
) -> tuple[Doubles, Doubles]:
    """Random positions, spread evenly over a HEALPix cell.

    HEALPix maps the square (dx, dy) to equal areas, so that positions even in the square are even on the sky.

    Parameters
    ----------
    cell : int
        Nested number of the cell.
    nside : int
        HEALPix nside.
    count : int
        Number of positions.
    random : numpy.random.Generator
        Source of the random numbers.

    Returns
    -------
    ra_deg, decl_deg : float64 arrays (count,)
        ICRS degrees.
    """
    import astropy_healpix as healpix

    dx, dy = random.random(count), random.random(count)
    longitude, latitude = healpix.healpix_to_lonlat(np.full(count, cell), nside, dx=dx, dy=dy, order="nested")
    return np.asarray(longitude.deg, np.float64), np.asarray(latitude.deg, np.float64)


def _stars_of_cell(cell: int, seed: int) -> ReferenceStars:
    random = np.random.default_rng([_SEED_TAG, seed, cell])
    # The density of the cell's middle serves for all of it: over the 1.8 degrees of a cell it changes by 9 % at most.
    middle_ra, middle_decl = uniform_in_cell(cell, CELL_SIDE, 64, np.random.default_rng(0))
    latitude = galactic(middle_ra, middle_decl)[1]
    area = 360.0**2 / np.pi / (12 * CELL_SIDE**2)
    count = int(random.poisson(density_per_square_degree(latitude).mean() * area))
    stars = np.zeros(count, REFERENCE_DTYPE)
    stars["ra"], stars["decl"] = uniform_in_cell(cell, CELL_SIDE, count, random)
    low, high = 10.0 ** (_COUNT_SLOPE * np.array([_BRIGHTEST_VT, _FAINTEST_VT]))
    stars["vt_mag"] = np.log10(low + (high - low) * random.random(count)) / _COUNT_SLOPE
    # F to early K dwarfs have BT - VT near 0.6, giants near 1.2 (Hog et al. 2000, figure 5, read roughly).
    giant = random.random(count) < 0.45
    stars["bt_mag"] = stars["vt_mag"] + np.where(giant, 1.2, 0.6) + 0.2 * random.standard_normal(count)
    # Tycho-2's median total motion is 12 mas/yr with a long tail, as that of Student's t of 3 degrees of freedom.
    stars["pm_ra_mas_yr"] = 9.0 * random.standard_t(3.0, count)
    stars["pm_decl_mas_yr"] = 9.0 * random.standard_t(3.0, count)
    stars["epoch_year"] = 2000.0
    return with_identifiers(stars)


def _gather(cells: Sequence[int] | Integers, seed: int) -> ReferenceStars:
    parts = [_stars_of_cell(int(cell), seed) for cell in cells]
    return np.concatenate([np.zeros(0, REFERENCE_DTYPE), *parts])


def synthetic_region(region: Region, seed: int = 0) -> ReferenceStars:
    """Return the synthetic stars of a region, ordered by `star_id`.

    Parameters
    ----------
    region : Region
        Box on the sky.
    seed : int, optional
        Seed of the sky; another seed gives another sky of the same density.

    Returns
    -------
    structured array of REFERENCE_DTYPE, (n,)
        Positions at J2000.0.
    """
    stars = _gather(cells_touching(region, CELL_SIDE), seed)
    return stars[region.contains(stars["ra"], stars["decl"])]


def synthetic_regions(regions: Sequence[Region], seed: int = 0) -> ReferenceStars:
    """Return the synthetic stars of several regions, ordered by `star_id`; a star in several of them stands once."""
    parts = [synthetic_region(region, seed) for region in regions]
    stars = np.concatenate([np.zeros(0, REFERENCE_DTYPE), *parts])
    return np.asarray(stars[np.unique(stars["star_id"], return_index=True)[1]])


def synthetic_sky(seed: int = 0) -> ReferenceStars:
    """Return the whole synthetic catalogue, about 2.5 million stars (some 10 s, 140 MB)."""
    return _gather(range(12 * CELL_SIDE**2), seed)
