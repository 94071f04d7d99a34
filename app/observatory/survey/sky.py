"""One sky for a whole survey: every object has one identity, whichever scan of whichever night sees it.

Each HEALPix cell has its own seed, so a scan draws only the cells that it sees and finds in them what every other scan
found there. An object's number names its kind, its cell and its place in the cell.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from app.arrays import Doubles, Integers, Table
from app.ingest.reference_stars import Region
from app.ingest.reference_synthetic import cells_touching, synthetic_region, uniform_in_cell
from app.observatory.galaxies import GALAXY_CELL_SIDE, galaxies_of_cell
from app.observatory.starfield import (
    BRIGHT_LIMIT_J,
    COUNT_MAGNITUDE,
    FAINT_LIMIT_J,
    VT_COMPLETE,
    bright_stars,
    count_slope,
    counts_per_square_degree,
    draw_colours,
)
from app.observatory.survey.companions import add_companions
from app.observatory.survey.objects import OBJECT_DTYPE, PLACED, number_of, only_in
from app.observatory.survey.plan import Nebula, PlacedGalaxy, PlacedStar, SurveyPlan
from app.sky.galactic import galactic

CELL_SIDE = 256  # HEALPix nside of the cells of faint stars, 0.052 square degrees
# How far from its place an object still gives light: spikes of a star of J 2 reach 240"; the largest galaxies that are
# drawn fall below the noise within 160"; placed galaxies and nebulae up to half a degree.
_SPIKE_REACH_DEG, _GALAXY_REACH_DEG, _PLACED_REACH_DEG = 240.0 / 3600.0, 160.0 / 3600.0, 0.5
_STAR_TAG, _MOTION_TAG, _VARIABLE_TAG, _FORM_TAG = 0x5B1, 0x5B2, 0x5B3, 0x5B4


@lru_cache(maxsize=1)
def _cell_centres() -> tuple[Doubles, Doubles]:
    import astropy_healpix as healpix

    longitude, latitude = healpix.healpix_to_lonlat(np.arange(12 * CELL_SIDE**2), CELL_SIDE, order="nested")
    return np.asarray(longitude.deg, np.float64), np.asarray(latitude.deg, np.float64)


def _cells(region: Region) -> Integers:
    """Cells of faint stars that may hold a point of a region."""
    ra, decl = _cell_centres()
    reach = 1.6 * float(np.degrees(np.sqrt(4.0 * np.pi / ra.size)))
    return np.flatnonzero(region.grown(reach).contains(ra, decl))


def objects_in(plan: SurveyPlan, region: Region) -> Table:
    """Return all objects of a region besides asteroids.

    Parameters
    ----------
    plan : SurveyPlan
        Seed and composition of the sky.
    region : Region
        Sky that is asked for: faint stars are returned whose place at 2000.0 lies in it; galaxies, stars of the
        reference catalogue and placed objects also from around it, as far as their light may reach into it.

    Returns
    -------
    structured array of OBJECT_DTYPE, (n,)
        Ordered by `object_id`.
    """
    around = region.grown(_GALAXY_REACH_DEG)
    parts = [_reference_stars(plan, region.grown(_SPIKE_REACH_DEG))]
    parts.append(only_in(region.grown(_PLACED_REACH_DEG), _placed(plan)))
    parts += [only_in(region, _stars_of_cell(plan, int(cell))) for cell in _cells(region)]
    parts += [
        only_in(around, _galaxies_of_cell(plan, int(cell)))
        for cell in cells_touching(around, GALAXY_CELL_SIDE)
    ]
    found = np.concatenate([np.zeros(0, OBJECT_DTYPE), *parts])
    return np.asarray(found[np.argsort(found["object_id"], kind="stable")])


def _reference_stars(plan: SurveyPlan, region: Region) -> Table:
    """Stars of the synthetic reference catalogue, under their numbers in it."""
    catalogue = synthetic_region(region)
    catalogue = catalogue[np.isfinite(catalogue["vt_mag"])]
    stars = bright_stars(catalogue, region, 2000.0, plan.seed)
    objects = np.zeros(stars.size, OBJECT_DTYPE)
    for name in ("ra", "decl", "j_m", "h_m", "k_m", "reference_id"):
        objects[name] = stars[name]
    objects["object_id"], objects["kind"] = stars["reference_id"], b"s"
    objects["pm_ra_mas_yr"] = np.nan_to_num(catalogue["pm_ra_mas_yr"])
    objects["pm_decl_mas_yr"] = np.nan_to_num(catalogue["pm_decl_mas_yr"])
    return objects


@lru_cache(maxsize=64)
def _stars_of_cell(plan: SurveyPlan, cell: int) -> Table:
    """Faint stars of a cell with their companions, motions and changes of light."""
    random = np.random.default_rng([_STAR_TAG, plan.seed, cell])
    middle = uniform_in_cell(cell, CELL_SIDE, 16, np.random.default_rng(0))
    latitude = float(np.abs(galactic(*middle)[1]).mean())
    slope = float(count_slope(latitude))
    bright = float(counts_per_square_degree(latitude)) * plan.sky.density_factor + _crowding(plan, *middle)
    area = 360.0**2 / np.pi / (12 * CELL_SIDE**2)
    count = int(random.poisson(bright * 10.0 ** (slope * (FAINT_LIMIT_J - COUNT_MAGNITUDE)) * area))
    low, high = 10.0 ** (slope * np.array([BRIGHT_LIMIT_J, FAINT_LIMIT_J]))
    magnitude = np.log10(low + (high - low) * random.random(count)) / slope
    stars = np.zeros(count, OBJECT_DTYPE)
    stars["object_id"] = number_of("star", cell, 2 * np.arange(count))
    stars["kind"] = b"s"
    stars["ra"], stars["decl"] = uniform_in_cell(cell, CELL_SIDE, count, random)
    v_j, j_h, h_k = draw_colours(magnitude, latitude, random)
    stars["j_m"], stars["h_m"], stars["k_m"] = magnitude, magnitude - j_h, magnitude - j_h - h_k
    _set_motion(stars, np.random.default_rng([_MOTION_TAG, plan.seed, cell]))
    _set_changes(stars, plan.sky.variable_share, np.random.default_rng([_VARIABLE_TAG, plan.seed, cell]))
    # Brighter stars are the reference catalogue's to give; the numbers of the others do not close up.
    stars = stars[magnitude + v_j > VT_COMPLETE]
    return add_companions(stars, plan.sky.pair_share, np.random.default_rng([_STAR_TAG, plan.seed, cell, 1]))


def _crowding(plan: SurveyPlan, ra_deg: Doubles, decl_deg: Doubles) -> float:
    """Stars per square degree brighter than J 15.8 that the plan's crowds add in a cell."""
    total = 0.0
    for crowd in plan.crowds:
        east = ((ra_deg - crowd.ra_deg + 180.0) % 360.0 - 180.0) * np.cos(np.radians(crowd.decl_deg))
        distance2 = (east**2 + (decl_deg - crowd.decl_deg) ** 2) / crowd.radius_deg**2
        total += crowd.stars_per_square_degree * float(np.exp(-0.5 * distance2).mean())
    return total


def _set_motion(stars: Table, random: np.random.Generator) -> None:
    """Draw proper motions: bright stars are near, and every sample has a tail of fast stars."""
    scale = 4.0 * 10.0 ** (-0.05 * (stars["j_m"] - 15.0))
    stars["pm_ra_mas_yr"] = scale * random.standard_t(3.0, stars.size)
    stars["pm_decl_mas_yr"] = scale * random.standard_t(3.0, stars.size) - 1.0


def _set_changes(stars: Table, share: float, random: np.random.Generator) -> None:
    """Make stars variable, most of them by little: amplitudes of 0.05 mag and more, periods of hours to months."""
    amplitude = np.minimum(0.05 + random.exponential(0.15, stars.size), 1.0)
    period = 10.0 ** random.uniform(-0.6, 2.0, stars.size)
    phase, is_variable = random.random(stars.size), random.random(stars.size) < share
    stars["amplitude_mag"] = np.where(is_variable, amplitude, 0.0)
    stars["period_days"], stars["phase"] = (
        np.where(is_variable, period, 0.0),
        np.where(is_variable, phase, 0.0),
    )


@lru_cache(maxsize=64)
def _galaxies_of_cell(plan: SurveyPlan, cell: int) -> Table:
    drawn = galaxies_of_cell(cell, plan.seed, plan.sky.galaxy_density_factor)
    objects = np.zeros(drawn.size, OBJECT_DTYPE)
    for name in drawn.dtype.names or ():
        objects[name] = drawn[name]
    objects["object_id"], objects["kind"] = number_of("galaxy", cell, np.arange(drawn.size)), b"g"
    random = np.random.default_rng([_FORM_TAG, plan.seed, cell]).random(drawn.size)
    # Of the galaxies without a de Vaucouleurs profile half show arms; 3 in 100 are in a merger.
    forms = np.where(drawn["sersic_index"] > 2.0, b"e", np.where(random < 0.5, b"d", b"p"))
    objects["form"] = np.where(random > 0.97, b"m", forms)
    return objects


@lru_cache(maxsize=4)
def _placed(plan: SurveyPlan) -> Table:
    """Objects that the plan puts on the sky."""
    placed: list[PlacedStar | PlacedGalaxy | Nebula] = [*plan.stars, *plan.galaxies, *plan.nebulae]
    objects = np.zeros(len(placed), OBJECT_DTYPE)
    objects["object_id"] = number_of("placed", 0, np.arange(len(placed)))
    objects["ra"], objects["decl"] = [item.ra_deg for item in placed], [item.decl_deg for item in placed]
    for name in ("half_light_arcsec", "axis_ratio", "position_angle_deg", "sersic_index"):
        objects[name] = np.nan
    for row, star in zip(objects, plan.stars, strict=False):
        row["kind"], row["j_m"], row["h_m"], row["k_m"] = b"s", star.j_mag, star.h_mag, star.k_mag
    first = len(plan.stars)
    for row, galaxy in zip(objects[first:], plan.galaxies, strict=False):
        row["kind"], row["form"] = b"g", PLACED[galaxy.form]
        row["j_m"], row["h_m"], row["k_m"] = galaxy.k_mag + 0.95, galaxy.k_mag + 0.27, galaxy.k_mag
        row["half_light_arcsec"], row["axis_ratio"] = galaxy.half_light_arcsec, galaxy.axis_ratio
        row["position_angle_deg"] = galaxy.position_angle_deg
        row["sersic_index"] = 4.0 if galaxy.form == "elliptical" else 1.0
    for row, nebula in zip(objects[first + len(plan.galaxies) :], plan.nebulae, strict=True):
        row["kind"], row["half_light_arcsec"] = b"n", nebula.radius_arcsec
        row["j_m"], row["h_m"], row["k_m"] = nebula.k_mag + 1.2, nebula.k_mag + 0.4, nebula.k_mag
    return objects
