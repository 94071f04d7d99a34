"""Stars of the simulated sky: counts, colours, and bright stars taken from a reference catalogue.

Counts follow the published catalogue's: cumulative counts at J 15.8 by galactic latitude, and a slope that falls
from the plane to the pole. Colours follow the two sequences of dwarfs and giants (Bessell & Brett 1988, tables II
and III) plus reddening near the plane.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from app.arrays import Doubles, Table
from app.ingest.reference_stars import ReferenceStars, Region, positions_at
from app.ingest.reference_synthetic import cells_touching, uniform_in_cell
from app.sky.galactic import galactic

STAR_DTYPE = np.dtype(
    [
        ("ra", "f8"),  # ICRS degrees at the epoch of observation
        ("decl", "f8"),
        ("j_m", "f4"),
        ("h_m", "f4"),
        ("k_m", "f4"),
        ("reference_id", "i8"),  # star_id of the reference catalogue, 0 for faint stars
    ]
)

COUNT_MAGNITUDE = 15.8
FAINT_LIMIT_J = 17.8  # two magnitudes beyond SNR 10: fainter stars are part of the background
BRIGHT_LIMIT_J = 6.0
VT_COMPLETE = 11.5  # brighter stars are the reference catalogue's to give
_CELL_SIDE = 128  # HEALPix nside of the generator's cells, 0.21 square degrees
_SEED_TAG = 0x57A2

_LATITUDE = np.array([0.0, 2.0, 5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 90.0])
# log10 of stars per square degree brighter than J 15.8. Anchors: 300,000 sources a scan of 0.85 square degrees in
# the plane, 20,000 at latitude 20, the release's mean of 11,400 a square degree; joined by eye in between.
_LOG_COUNT = np.array([5.55, 5.42, 5.05, 4.70, 4.26, 3.95, 3.60, 3.36, 3.25])
_SLOPE = np.array([0.36, 0.36, 0.35, 0.33, 0.30, 0.28, 0.26, 0.25, 0.24])

# V-K, J-H and H-K of Bessell & Brett 1988: dwarfs F0, G0, K0, K5, M0, M4; giants G8, K0, K3, K5, M3.
_DWARFS = np.array([[0.70, 0.13, 0.03], [1.41, 0.31, 0.05], [1.96, 0.45, 0.08], [2.85, 0.61, 0.11],
                    [3.65, 0.67, 0.17], [5.28, 0.62, 0.25]])  # fmt: skip
_GIANTS = np.array([[2.16, 0.50, 0.085], [2.31, 0.54, 0.095], [3.01, 0.68, 0.14], [3.60, 0.79, 0.165],
                    [5.24, 0.90, 0.24]])  # fmt: skip
# Cumulative shares of the segments between neighbouring types, rising to the late types that fill faint counts.
_DWARF_SHARE = np.array([0.0, 0.10, 0.35, 0.65, 0.85, 1.0])
_GIANT_SHARE = np.array([0.0, 0.25, 0.70, 0.92, 1.0])


def counts_per_square_degree(galactic_latitude_deg: ArrayLike) -> Doubles:
    """Stars per square degree brighter than J 15.8, by galactic latitude (degrees of either sign).

    Examples
    --------
    >>> counts_per_square_degree([0.0, -30.0, 90.0]).round(-2).tolist()
    [354800.0, 8900.0, 1800.0]
    """
    latitude = np.abs(np.asarray(galactic_latitude_deg, np.float64))
    return np.asarray(10.0 ** np.interp(latitude, _LATITUDE, _LOG_COUNT))


def count_slope(galactic_latitude_deg: ArrayLike) -> Doubles:
    """Slope of log10 counts a magnitude, by galactic latitude (degrees of either sign)."""
    return np.asarray(np.interp(np.abs(np.asarray(galactic_latitude_deg, np.float64)), _LATITUDE, _SLOPE))


def draw_colours(
    magnitude_j: Doubles, latitude_deg: float, random: np.random.Generator
) -> tuple[Doubles, ...]:
    """Draw V-J, J-H, H-K (intrinsic plus reddening).

    Parameters
    ----------
    magnitude_j : float64 array (n,)
        J magnitudes: giants dominate the bright ones near the plane.
    latitude_deg : float
        Galactic latitude, degrees of either sign.
    random : numpy.random.Generator
        Source of the random numbers.

    Returns
    -------
    v_j, j_h, h_k : float64 arrays (n,)
        Colours, magnitudes.
    """
    count = magnitude_j.size
    # Giants dominate bright counts near the plane and vanish at the faint end of the poles.
    share = np.clip(0.55 - 0.06 * (magnitude_j - 10.0), 0.05, 0.6) * (
        0.6 + 0.4 * np.exp(-abs(latitude_deg) / 15.0)
    )
    giant = random.random(count) < share
    along = random.random(count)
    colours = []
    for column in range(3):
        dwarf = np.interp(along, _DWARF_SHARE, _DWARFS[:, column])
        colours.append(np.where(giant, np.interp(along, _GIANT_SHARE, _GIANTS[:, column]), dwarf))
    # Visual extinction is drawn from an exponential distribution of mean 0.1 mag at the pole and 3 mag in the plane;
    # A_J : A_H : A_K : A_V are 0.282 : 0.175 : 0.112 : 1 (Rieke & Lebofsky 1985).
    extinction = random.exponential(0.1 + 2.9 * np.exp(-abs(latitude_deg) / 4.0), count)
    scatter = 0.02 * random.standard_normal((2, count))
    v_k, j_h, h_k = colours
    v_j = v_k - j_h - h_k + 0.718 * extinction
    return v_j, j_h + 0.107 * extinction + scatter[0], h_k + 0.063 * extinction + scatter[1]


def _faint_of_cell(cell: int, seed: int, density_factor: float) -> Table:
    random = np.random.default_rng([_SEED_TAG, seed, cell])
    middle = uniform_in_cell(cell, _CELL_SIDE, 16, np.random.default_rng(0))
    latitude = float(np.abs(galactic(*middle)[1]).mean())
    slope = float(count_slope(latitude))
    area = 360.0**2 / np.pi / (12 * _CELL_SIDE**2)
    whole = float(counts_per_square_degree(latitude)) * 10.0 ** (slope * (FAINT_LIMIT_J - COUNT_MAGNITUDE))
    count = int(random.poisson(whole * area * density_factor))
    low, high = 10.0 ** (slope * np.array([BRIGHT_LIMIT_J, FAINT_LIMIT_J]))
    magnitude = np.log10(low + (high - low) * random.random(count)) / slope
    stars = np.zeros(count, STAR_DTYPE)
    stars["ra"], stars["decl"] = uniform_in_cell(cell, _CELL_SIDE, count, random)
    v_j, j_h, h_k = draw_colours(magnitude, latitude, random)
    stars["j_m"], stars["h_m"], stars["k_m"] = magnitude, magnitude - j_h, magnitude - j_h - h_k
    return np.asarray(stars[magnitude + v_j > VT_COMPLETE])


def faint_stars(region: Region, seed: int, density_factor: float = 1.0) -> Table:
    """Stars that the reference catalogue is too shallow for.

    Parameters
    ----------
    region : Region
        Sky that is asked for.
    seed : int
        Seed of the sky: the same seed gives the same star at the same place, whichever region asks.
    density_factor : float, optional
        Multiplies the counts; the slope stays.

    Returns
    -------
    structured array of STAR_DTYPE, (n,)
        V fainter than 11.5 and J between 6 and 17.8, ordered by cell.
    """
    parts = [_faint_of_cell(int(cell), seed, density_factor) for cell in cells_touching(region, _CELL_SIDE)]
    stars = np.concatenate([np.zeros(0, STAR_DTYPE), *parts])
    return stars[region.contains(stars["ra"], stars["decl"])]


def bright_stars(reference: ReferenceStars, region: Region, epoch_year: float, seed: int) -> Table:
    """Take reference stars as they stand at the epoch of observation, with near-infrared magnitudes drawn for them.

    Parameters
    ----------
    reference : structured array of REFERENCE_DTYPE
        Catalogue; stars without VT are left out.
    region : Region
        Sky that is asked for.
    epoch_year : float
        Julian year of the observation.
    seed : int
        Seed of the sky. Colours are drawn star by star from (seed, star_id), so a star always has the same colours.

    Returns
    -------
    structured array of STAR_DTYPE, (n,)
        In the order of the catalogue.
    """
    chosen = reference[region.contains(reference["ra"], reference["decl"]) & np.isfinite(reference["vt_mag"])]
    stars = np.zeros(chosen.size, STAR_DTYPE)
    stars["reference_id"] = chosen["star_id"]
    stars["ra"], stars["decl"] = positions_at(chosen, epoch_year)
    latitude = np.abs(galactic(stars["ra"], stars["decl"])[1])
    for row, star in enumerate(chosen):
        random = np.random.default_rng([_SEED_TAG, seed, int(star["star_id"]) & 0x7FFFFFFFFFFFFFFF, 1])
        guess = np.array([float(star["vt_mag"]) - 1.5])
        v_j, j_h, h_k = (float(colour[0]) for colour in draw_colours(guess, float(latitude[row]), random))
        magnitude = float(star["vt_mag"]) - v_j
        stars["j_m"][row], stars["h_m"][row], stars["k_m"][row] = (
            magnitude,
            magnitude - j_h,
            magnitude - j_h - h_k,
        )
    return stars
