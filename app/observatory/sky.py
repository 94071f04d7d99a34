"""The simulated sky over a night: every star and galaxy that any scan may see, once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.arrays import Bools, Doubles, Integers, Singles, Table
from app.ingest.reference_stars import ReferenceStars, Region
from app.instruments.bands import Band
from app.observatory.galaxies import galaxies_in, swarm
from app.observatory.starfield import bright_stars, faint_stars

SOURCE_DTYPE = np.dtype(
    [
        ("source_id", "i8"),  # 1 to n within the night
        ("ra", "f8"),  # ICRS degrees at the epoch of the night
        ("decl", "f8"),
        ("j_m", "f4"),
        ("h_m", "f4"),
        ("k_m", "f4"),
        ("kind", "S1"),  # s star, g galaxy
        ("reference_id", "i8"),  # star_id of the reference catalogue, 0 for sources that are not in it
        ("half_light_arcsec", "f4"),  # galaxies only, NaN for stars
        ("axis_ratio", "f4"),
        ("position_angle_deg", "f4"),
        ("sersic_index", "f4"),
    ]
)
_SHAPE = ("half_light_arcsec", "axis_ratio", "position_angle_deg", "sersic_index")

# Light of one point of a galaxy in its brightest band, DN: far under a frame's noise of 12 DN a pixel. The brightest
# galaxies would need more points than the most: theirs have up to 3 DN.
_POINT_DN = 1.5
_FEWEST_POINTS, _MOST_POINTS = 64, 8000


def make_sources(
    regions: list[Region], reference: ReferenceStars, epoch_year: float, seed: int, density_factor: float
) -> Table:
    """All sources of some regions; sources in the overlap of regions stand once.

    Parameters
    ----------
    regions : list of Region
        Sky that is asked for.
    reference : structured array of REFERENCE_DTYPE
        Bright stars, those of the regions at least.
    epoch_year : float
        Julian year of the observation.
    seed : int
        Seed of the sky.
    density_factor : float
        Multiplies counts of faint stars and galaxies.

    Returns
    -------
    structured array of SOURCE_DTYPE, (n,)
        Ordered by (decl, ra).
    """
    parts = [np.zeros(0, SOURCE_DTYPE)]
    for number, region in enumerate(regions):
        stars = np.concatenate(
            [bright_stars(reference, region, epoch_year, seed), faint_stars(region, seed, density_factor)]
        )
        galaxies = galaxies_in(region, seed, density_factor)
        part = np.zeros(stars.size + galaxies.size, SOURCE_DTYPE)
        for name in ("ra", "decl", "j_m", "h_m", "k_m"):
            part[name] = np.concatenate([stars[name], galaxies[name]])
        part["kind"] = np.repeat([b"s", b"g"], [stars.size, galaxies.size])
        part["reference_id"][: stars.size] = stars["reference_id"]
        for name in _SHAPE:
            part[name] = np.nan
            part[name][stars.size :] = galaxies[name]
        for earlier in regions[:number]:
            part = part[~earlier.contains(part["ra"], part["decl"])]
        parts.append(part)
    sources = np.concatenate(parts)
    sources = sources[np.lexsort((sources["ra"], sources["decl"]))]
    sources["source_id"] = np.arange(1, sources.size + 1)
    return sources


@dataclass(frozen=True)
class Points:
    """Points of light, ordered by declination, as the exposure kernel takes them.

    Attributes
    ----------
    ra_deg, decl_deg : float64 arrays (n,)
        ICRS degrees at the epoch of the night.
    magnitudes : dict of Band to float32 array (n,)
        Magnitudes of the whole source that a point belongs to.
    share : float32 array (n,)
        Part of the source's light that the point carries: 1 for stars.
    source_id : int64 array (n,)
        Number of the source in the night.
    """

    ra_deg: Doubles
    decl_deg: Doubles
    magnitudes: dict[Band, Singles]
    share: Singles
    source_id: Integers

    def chosen(self, mask: Bools) -> Points:
        """Return the points of a mask (n,), still ordered by declination."""
        return Points(
            self.ra_deg[mask],
            self.decl_deg[mask],
            {band: values[mask] for band, values in self.magnitudes.items()},
            self.share[mask],
            self.source_id[mask],
        )

    def within(self, region: Region) -> Points:
        """Return the points of a region."""
        return self.chosen(region.contains(self.ra_deg, self.decl_deg))


def make_points(sources: Table, zero_points: dict[Band, float]) -> Points:
    """Break galaxies into points and order all points by declination.

    Parameters
    ----------
    sources : structured array of SOURCE_DTYPE
        Stars and galaxies.
    zero_points : dict of Band to float
        Magnitude of 1 DN in each band: the light of a galaxy decides how many points it needs.
    """
    stars, galaxies = sources[sources["kind"] == b"s"], sources[sources["kind"] == b"g"]
    ra, decl = [stars["ra"]], [stars["decl"]]
    index, share = [np.arange(stars.size)], [np.ones(stars.size)]
    for number, galaxy in enumerate(galaxies):
        light = max(
            10.0 ** (0.4 * (zero - float(galaxy[f"{band.value}_m"]))) for band, zero in zero_points.items()
        )
        count = int(np.clip(light / _POINT_DN, _FEWEST_POINTS, _MOST_POINTS))
        point_ra, point_decl = swarm(galaxy, count)
        ra.append(point_ra)
        decl.append(point_decl)
        index.append(np.full(count, stars.size + number))
        share.append(np.full(count, 1.0 / count))
    owners = np.concatenate([stars, galaxies])[np.concatenate(index)]
    all_ra, all_decl = np.concatenate(ra), np.concatenate(decl)
    order = np.lexsort((all_ra, all_decl))
    return Points(
        all_ra[order],
        all_decl[order],
        {band: np.ascontiguousarray(owners[f"{band.value}_m"][order]) for band in zero_points},
        np.concatenate(share)[order].astype(np.float32),
        np.ascontiguousarray(owners["source_id"][order]),
    )
