"""Objects of the simulated survey: their table, their numbers, and how they look at a moment."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from app.arrays import Integers, Table
from app.ingest.reference_stars import Region
from app.instruments.bands import BANDS, Band
from app.observatory.sky import SOURCE_DTYPE

OBJECT_DTYPE = np.dtype(
    [
        ("object_id", "i8"),  # kind of object, HEALPix cell and place in the cell
        ("kind", "S1"),  # s star, g galaxy, n nebula, a asteroid
        ("ra", "f8"),  # ICRS degrees at 2000.0; of asteroids at their reference time
        ("decl", "f8"),
        ("pm_ra_mas_yr", "f4"),  # times cos(decl); 0 for galaxies
        ("pm_decl_mas_yr", "f4"),
        ("j_m", "f4"),  # mean magnitudes, total ones of galaxies and nebulae
        ("h_m", "f4"),
        ("k_m", "f4"),
        ("reference_id", "i8"),  # star_id of the reference catalogue, 0 for objects that are not in it
        ("primary_id", "i8"),  # of companions: the star that they go with, else 0
        ("separation_arcsec", "f4"),  # of companions: from their primary
        ("amplitude_mag", "f4"),  # in J, from brightest to faintest; 0 for constant light
        ("period_days", "f4"),
        ("phase", "f4"),  # of the brightness at MJD 50 000, in periods
        ("rate_ra_arcsec_h", "f4"),  # of asteroids, times cos(decl)
        ("rate_decl_arcsec_h", "f4"),
        ("reference_mjd", "f8"),  # of asteroids: when they stand at ra, decl
        ("form", "S1"),  # of galaxies: e elliptical, d disc with bulge, p spiral, m merger
        ("half_light_arcsec", "f4"),
        ("axis_ratio", "f4"),
        ("position_angle_deg", "f4"),
        ("sersic_index", "f4"),
    ]
)
PLACED = {"elliptical": b"e", "disc": b"d", "spiral": b"p", "merger": b"m"}
# Numbers below 2^50 are those of reference stars, which come with the catalogue: HEALPix order 12, 20 bits in a cell.
_KINDS = {"star": 1, "galaxy": 2, "placed": 3, "asteroid": 4}
_KIND_BITS, _SEQUENCE_BITS = 50, 20
_SHAPE = ("half_light_arcsec", "axis_ratio", "position_angle_deg", "sersic_index")
# The light of pulsating and eclipsing stars changes less in the red.
_AMPLITUDE_RATIO = {Band.J: 1.0, Band.H: 0.90, Band.K: 0.85}
_MJD_OF_PHASE = 50_000.0


def number_of(kind: str, cell: int, sequence: Integers) -> Integers:
    """Return the numbers of objects.

    Parameters
    ----------
    kind : str
        star, galaxy, placed or asteroid.
    cell : int
        HEALPix cell, nested, at the nside of the kind; 0 for kinds without cells.
    sequence : int64 array (n,)
        Places in the cell.

    Examples
    --------
    >>> number_of("galaxy", 3, np.array([0, 1])) - (2 << 50)
    array([3145728, 3145729])
    """
    if sequence.size and int(sequence.max()) >> _SEQUENCE_BITS:
        raise ValueError(f"more than {1 << _SEQUENCE_BITS} objects in cell {cell}")
    return np.asarray(sequence, np.int64) + ((_KINDS[kind] << _KIND_BITS) | (cell << _SEQUENCE_BITS))


def only_in(region: Region, objects: Table) -> Table:
    """Return the objects of a region, by their places at 2000.0."""
    return objects[region.contains(objects["ra"], objects["decl"])]


def julian_year(mjd: ArrayLike) -> ArrayLike:
    """Return the Julian year of a modified Julian date: 2000.0 is MJD 51 544.5."""
    return 2000.0 + (np.asarray(mjd) - 51_544.5) / 365.25


def seen_at(objects: Table, mjd: float) -> Table:
    """Return objects as they stand and shine at a moment.

    Proper motion follows the great circle, also beside a pole; rates of asteroids are constant in right ascension and
    declination, which is good for the hours of a night.

    Parameters
    ----------
    objects : structured array of OBJECT_DTYPE, (n,)
        Objects.
    mjd : float
        UTC as modified Julian date, days.

    Returns
    -------
    structured array of SOURCE_DTYPE, (n,)
        In the order of the objects; `source_id` is the object's number.
    """
    sources = as_sources(objects, mjd)
    changes = objects["amplitude_mag"] > 0.0
    angle = (
        2.0 * np.pi * ((mjd - _MJD_OF_PHASE) / objects["period_days"][changes] + objects["phase"][changes])
    )
    for band in BANDS:
        swing = 0.5 * objects["amplitude_mag"][changes] * _AMPLITUDE_RATIO[band]
        sources[f"{band.value}_m"][changes] -= (swing * np.cos(angle)).astype(np.float32)
    return sources


def as_sources(objects: Table, mjd: float) -> Table:
    """Return objects at their places of a moment, with their mean magnitudes.

    Parameters
    ----------
    objects : structured array of OBJECT_DTYPE, (n,)
        Objects.
    mjd : float
        UTC as modified Julian date, days.
    """
    sources = np.zeros(objects.size, SOURCE_DTYPE)
    sources["source_id"] = objects["object_id"]
    for name in ("kind", "j_m", "h_m", "k_m", "reference_id", *_SHAPE):
        sources[name] = objects[name]
    for name in _SHAPE:
        sources[name][objects["kind"] != b"g"] = np.nan
    years = float(julian_year(mjd)) - 2000.0  # type: ignore[arg-type]
    hours = np.where(objects["reference_mjd"] > 0.0, (mjd - objects["reference_mjd"]) * 24.0, 0.0)
    east = objects["pm_ra_mas_yr"] / 1000.0 * years + objects["rate_ra_arcsec_h"] * hours
    north = objects["pm_decl_mas_yr"] / 1000.0 * years + objects["rate_decl_arcsec_h"] * hours
    sources["ra"], sources["decl"] = offset_places(
        objects["ra"], objects["decl"], np.asarray(east), np.asarray(north)
    )
    return sources


def offset_places(
    ra_deg: ArrayLike, decl_deg: ArrayLike, east_arcsec: ArrayLike, north_arcsec: ArrayLike
) -> tuple[Table, Table]:
    """Move places by offsets on the tangent plane: well behaved at the poles.

    Parameters
    ----------
    ra_deg, decl_deg : array_like (n,)
        ICRS degrees.
    east_arcsec, north_arcsec : array_like (n,)
        Offsets on the tangent plane at each place.

    Returns
    -------
    ra_deg, decl_deg : float64 arrays (n,)
        ICRS degrees, right ascension in [0, 360).

    Examples
    --------
    >>> ra, decl = offset_places(359.9999, 60.0, 1.8, 0.0)
    >>> round(float(ra) * 3600.0, 3), round(float(decl), 6)
    (3.24, 60.0)
    """
    decl = np.radians(np.asarray(decl_deg, np.float64))
    u, v = np.radians(np.asarray(east_arcsec) / 3600.0), np.radians(np.asarray(north_arcsec) / 3600.0)
    depth = np.cos(decl) - v * np.sin(decl)
    ra = (np.asarray(ra_deg, np.float64) + np.degrees(np.arctan2(u, depth))) % 360.0
    out = np.degrees(np.arctan2(np.sin(decl) + v * np.cos(decl), np.hypot(u, depth)))
    return np.asarray(ra), np.asarray(out)
