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

    from astropy_healpix import HEALPix
    from numpy.typing import ArrayLike, NDArray

CATALOGUE = "synthetic"

CELL_SIDE = 32  # HEALPix nside: 12,288 cells of 3.36 square degrees, some 200 stars each
_SEED_TAG = 0x7C0
_BRIGHTEST_VT, _FAINTEST_VT = 2.0, 12.0
# Cumulative counts of Tycho-2 rise by this power of ten a magnitude between VT 6 and 11.
_COUNT_SLOPE = 0.45


def density_per_square_degree(galactic_latitude_deg: ArrayLike) -> NDArray[np.float64]:
    """Return reference stars per square degree: 25 at the poles, 140 in the plane, 2.5 million over the sky.

    Tycho-2 has 2,539,913 stars, about 25 and 150 (Hog et al. 2000).
    """
    latitude = np.abs(np.asarray(galactic_latitude_deg, np.float64))
    return np.asarray(25.0 + 115.0 * np.exp(-latitude / 20.0))


def _cells() -> HEALPix:
    from astropy_healpix import HEALPix

    return HEALPix(nside=CELL_SIDE, order="nested")


def cells_touching(region: Region, nside: int) -> NDArray[np.int64]:
    """HEALPix cells (nested) that may hold a point of the region: a superset, ascending."""
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
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Positions (ra, decl in degrees) spread evenly over a HEALPix cell.

    HEALPix is an equal-area map of the square (dx, dy), so even in the square is even on the sky.
    """
    import astropy_healpix as healpix

    dx, dy = random.random(count), random.random(count)
    longitude, latitude = healpix.healpix_to_lonlat(np.full(count, cell), nside, dx=dx, dy=dy, order="nested")
    return np.asarray(longitude.deg, np.float64), np.asarray(latitude.deg, np.float64)


def _stars_of_cell(cell: int, seed: int) -> ReferenceStars:
    random = np.random.default_rng([_SEED_TAG, seed, cell])
    # The density of the cell's middle; it changes by at most 9 % over the 1.8 degrees of a cell.
    middle_ra, middle_decl = uniform_in_cell(cell, CELL_SIDE, 64, np.random.default_rng(0))
    latitude = galactic(middle_ra, middle_decl)[1]
    area = 360.0**2 / np.pi / (12 * CELL_SIDE**2)
    count = int(random.poisson(density_per_square_degree(latitude).mean() * area))
    stars = np.zeros(count, REFERENCE_DTYPE)
    stars["ra"], stars["decl"] = uniform_in_cell(cell, CELL_SIDE, count, random)
    low, high = 10.0 ** (_COUNT_SLOPE * np.array([_BRIGHTEST_VT, _FAINTEST_VT]))
    stars["vt_mag"] = np.log10(low + (high - low) * random.random(count)) / _COUNT_SLOPE
    # BT - VT: F to early K dwarfs near 0.6, giants near 1.2 (Hog et al. 2000, figure 5, read roughly).
    giant = random.random(count) < 0.45
    stars["bt_mag"] = stars["vt_mag"] + np.where(giant, 1.2, 0.6) + 0.2 * random.standard_normal(count)
    # Median total motion of Tycho-2 is 12 mas/yr with a long tail: Student's t of 3 degrees of freedom.
    stars["pm_ra_mas_yr"] = 9.0 * random.standard_t(3.0, count)
    stars["pm_decl_mas_yr"] = 9.0 * random.standard_t(3.0, count)
    stars["epoch_year"] = 2000.0
    return with_identifiers(stars)


def _gather(cells: Sequence[int] | NDArray[np.int64], seed: int) -> ReferenceStars:
    parts = [_stars_of_cell(int(cell), seed) for cell in cells]
    return np.concatenate([np.zeros(0, REFERENCE_DTYPE), *parts])


def synthetic_region(region: Region, seed: int = 0) -> ReferenceStars:
    """Return the synthetic stars of a region, ordered by `star_id`.

    Parameters
    ----------
    region : Region
    seed : int, optional
        Another seed gives another sky of the same density.

    Returns
    -------
    structured array of REFERENCE_DTYPE, (n,)
    """
    stars = _gather(cells_touching(region, CELL_SIDE), seed)
    return stars[region.contains(stars["ra"], stars["decl"])]


def synthetic_regions(regions: Sequence[Region], seed: int = 0) -> ReferenceStars:
    """Make the stars of several regions, each star once, ordered by `star_id`."""
    parts = [synthetic_region(region, seed) for region in regions]
    stars = np.concatenate([np.zeros(0, REFERENCE_DTYPE), *parts])
    return np.asarray(stars[np.unique(stars["star_id"], return_index=True)[1]])


def synthetic_sky(seed: int = 0) -> ReferenceStars:
    """Return the whole synthetic catalogue, about 2.5 million stars (some 10 s, 140 MB)."""
    return _gather(range(12 * CELL_SIDE**2), seed)
