"""Rows of a release beside the objects that its scans looked at: who was found, and which rows are no object.

Arrays alone: `benchmarks.level1` reads them from a database and from the truth of a simulated survey.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from app.arrays import Bools, Doubles, Integers, Table
from app.instruments.bands import BANDS
from app.sky.directions import unit_vectors

SNR10_MAG = {"j": 15.8, "h": 15.1, "k": 14.3}
"""Limits of Level 1 (background/survey 5.5)."""
MATCH_ARCSEC = 2.0
RESOLVED_ARCSEC = 3.0
"""Stars that are nearer to a brighter one are counted apart: no scan of 2" pixels tells them from each other."""
ALONE_ARCSEC, ALONE_MAG = 8.0, 4.0
"""A star is alone if none within 8" is brighter than 4 mag below it."""
SAME_MAG = 1.25
"""A row and the light that is there agree within this: two equal stars as one row are 0.75 mag off."""
GALAXY_HALF_LIGHTS, GALAXY_LEAST_ARCSEC = 3.0, 5.0

ROW_DTYPE = np.dtype(
    [("ra", "f8"), ("decl", "f8"), ("night", "S7"), ("scan", "i4")]
    + [(f"{band.value}_m", "f8") for band in BANDS]  # NaN where the band has no measurement
    + [(f"{band.value}_snr", "f8") for band in BANDS]
    + [("rd_flg", "S3"), ("glat", "f8")]
)
"""Released rows."""
SIGHT_DTYPE = np.dtype(
    [("object_id", "i8"), ("kind", "S1"), ("half_light_arcsec", "f8"), ("ra", "f8"), ("decl", "f8")]
    + [("night", "S7"), ("scan", "i4"), ("released", "?"), ("depth_arcsec", "f8"), ("glat", "f8")]
    + [(f"{band.value}_m", "f8") for band in BANDS]
)
"""Objects as chosen scans saw them; `released` within the borders of that scan, `depth_arcsec` from its edges."""


class Found(NamedTuple):
    """Stars that a release should have in a band.

    Attributes
    ----------
    all, missed : int
        Stars brighter than the limit, and those that it has not.
    resolved, resolved_missed : int
        The same of stars without a brighter one within 3".
    """

    all: int
    missed: int
    resolved: int
    resolved_missed: int

    @property
    def completeness(self) -> float:
        """Of resolved stars."""
        return 1.0 - self.resolved_missed / self.resolved if self.resolved else float("nan")

    @property
    def completeness_of_all(self) -> float:
        """With those that stand beside a brighter one."""
        return 1.0 - self.missed / self.all if self.all else float("nan")


class Reliable(NamedTuple):
    """Rows of a release brighter than the limit of a band, and those among them that are no object of their own."""

    rows: int
    false: int
    splits: int
    fragments: int

    @property
    def reliability(self) -> float:
        """Of rows, galaxies' fragments and splits counted as false."""
        return 1.0 - (self.false + self.splits + self.fragments) / self.rows if self.rows else float("nan")

    @property
    def reliability_without(self) -> float:
        """Fragments and splits left out."""
        return 1.0 - self.false / self.rows if self.rows else float("nan")


class Matched(NamedTuple):
    """Rows with the star that each of them is: places in both tables."""

    row: Integers
    sight: Integers


def chord(arcsec: float) -> float:
    """Give the distance of unit vectors of two directions."""
    return float(2.0 * np.sin(np.radians(arcsec / 7200.0)))


def once_each(sights: Table) -> Table:
    """Stars within released areas, each as the scan saw it that it lies deepest in.

    Parameters
    ----------
    sights : structured array of SIGHT_DTYPE
        Objects of all chosen scans.
    """
    stars = sights[(sights["kind"] == b"s") & sights["released"]]
    order = np.lexsort((-stars["depth_arcsec"], stars["object_id"]))
    _, first = np.unique(stars["object_id"][order], return_index=True)
    return np.asarray(stars[order[first]])


def brighter_near(stars: Table, sights: Table, band: str, arcsec: float, fainter_mag: float = 0.0) -> Bools:
    """Whether another object near a star is brighter than it, or than so many magnitudes below it.

    Parameters
    ----------
    stars : structured array of SIGHT_DTYPE, (n,)
        Stars.
    sights : structured array of SIGHT_DTYPE
        All objects; those of several scans may repeat.
    band : str
        j, h or k.
    arcsec : float
        How near.
    fainter_mag : float
        Magnitudes below the star.
    """
    from scipy.spatial import cKDTree

    tree = cKDTree(unit_vectors(sights["ra"], sights["decl"]))
    near = tree.query_ball_point(unit_vectors(stars["ra"], stars["decl"]), chord(arcsec))
    magnitude, number = sights[f"{band}_m"], sights["object_id"]
    found = np.zeros(stars.size, np.bool_)
    for index, others in enumerate(near):
        limit = stars[f"{band}_m"][index] + fainter_mag
        found[index] = any(
            number[other] != stars["object_id"][index] and magnitude[other] < limit for other in others
        )
    return found


def completeness(rows: Table, sights: Table, band: str, limit_mag: float) -> Found:
    """Count the stars brighter than a limit that a release has.

    Parameters
    ----------
    rows : structured array of ROW_DTYPE
        Released rows.
    sights : structured array of SIGHT_DTYPE
        Objects of the chosen scans.
    band : str
        j, h or k.
    limit_mag : float
        Stars fainter than this are not asked for.
    """
    from scipy.spatial import cKDTree

    stars = once_each(sights)
    stars = stars[stars[f"{band}_m"] < limit_mag]
    measured = rows[np.isfinite(rows[f"{band}_m"])]
    if not stars.size or not measured.size:
        return Found(stars.size, stars.size, stars.size, stars.size)
    tree = cKDTree(unit_vectors(measured["ra"], measured["decl"]))
    near = tree.query_ball_point(unit_vectors(stars["ra"], stars["decl"]), chord(MATCH_ARCSEC))
    magnitude = measured[f"{band}_m"]
    seen = np.array(
        [
            any(abs(magnitude[other] - star) < SAME_MAG for other in others)
            for others, star in zip(near, stars[f"{band}_m"], strict=True)
        ]
    )
    crowded = brighter_near(stars, sights, band, RESOLVED_ARCSEC)
    return Found(stars.size, int((~seen).sum()), int((~crowded).sum()), int((~seen & ~crowded).sum()))


def match_rows(rows: Table, sights: Table, band: str) -> tuple[Matched, Bools, Bools]:
    """Give each row a star, galaxy or asteroid of its scan: each object one row, the nearest first.

    Parameters
    ----------
    rows : structured array of ROW_DTYPE, (n,)
        Rows that are measured in the band.
    sights : structured array of SIGHT_DTYPE
        Objects of the chosen scans.
    band : str
        j, h or k.

    Returns
    -------
    matched : Matched
        Rows with their objects.
    lit : bool array (n,)
        Whether as much light as the row says, within 1.25 mag, stands within 2" of it in its scan.
    on_galaxy : bool array (n,)
        Whether the row lies on a galaxy: within three half-light radii, 5" at least.
    """
    from scipy.spatial import cKDTree

    lit, on_galaxy = np.zeros(rows.size, np.bool_), np.zeros(rows.size, np.bool_)
    pairs: list[tuple[float, int, int]] = []
    scans = {(row["night"], int(row["scan"])) for row in rows}
    for night, scan in sorted(scans):
        measured = np.flatnonzero((rows["night"] == night) & (rows["scan"] == scan))
        seen = np.flatnonzero((sights["night"] == night) & (sights["scan"] == scan))
        if not seen.size:
            continue
        places = unit_vectors(rows["ra"][measured], rows["decl"][measured])
        vectors = unit_vectors(sights["ra"][seen], sights["decl"][seen])
        flux = 10.0 ** (-0.4 * sights[f"{band}_m"][seen])
        for row, others in zip(
            measured, cKDTree(vectors).query_ball_point(places, chord(MATCH_ARCSEC)), strict=True
        ):
            limit = rows[f"{band}_m"][row] + SAME_MAG
            lit[row] = bool(others) and -2.5 * np.log10(flux[others].sum()) < limit
            place = unit_vectors(rows["ra"][row], rows["decl"][row])
            pairs += [
                (float(np.linalg.norm(vectors[other] - place)), int(row), int(seen[other]))
                for other in others
                if sights[f"{band}_m"][seen[other]] < limit
            ]
        on_galaxy[measured] = _on_galaxies(places, sights[seen])
    return _claimed(pairs), lit, on_galaxy


def _on_galaxies(places: Doubles, sights: Table) -> Bools:
    galaxies = sights[np.isin(sights["kind"], (b"g", b"n"))]
    if not galaxies.size:
        return np.zeros(len(places), np.bool_)
    reach = np.maximum(GALAXY_HALF_LIGHTS * galaxies["half_light_arcsec"], GALAXY_LEAST_ARCSEC)
    cosines = places @ unit_vectors(galaxies["ra"], galaxies["decl"]).T
    return np.asarray(
        (cosines > np.cos(np.radians(np.nan_to_num(reach, nan=GALAXY_LEAST_ARCSEC) / 3600.0))).any(axis=1)
    )


def _claimed(pairs: list[tuple[float, int, int]]) -> Matched:
    row_of: dict[int, int] = {}
    taken: set[int] = set()
    for _, row, sight in sorted(pairs):
        if row not in row_of and sight not in taken:
            row_of[row] = sight
            taken.add(sight)
    kept = sorted(row_of.items())
    return Matched(
        np.array([row for row, _ in kept], np.int64), np.array([sight for _, sight in kept], np.int64)
    )


class Wrong(NamedTuple):
    """Rows of a release that are no object of their own in a band: places in the table, ascending.

    Attributes
    ----------
    rows : int
        Rows that were judged.
    false, splits, fragments : int64 arrays
        Where no such light is; second rows of a star's light; pieces of galaxies.
    """

    rows: int
    false: Integers
    splits: Integers
    fragments: Integers


def wrong_rows(rows: Table, sights: Table, band: str, limit_mag: float) -> Wrong:
    """Find rows brighter than a limit that are no object, a second row of one, or a piece of a galaxy.

    Parameters
    ----------
    rows : structured array of ROW_DTYPE
        Released rows; may have more columns.
    sights : structured array of SIGHT_DTYPE
        Objects of the chosen scans, also beyond their borders.
    band : str
        j, h or k.
    limit_mag : float
        Rows fainter than this, or of a signal-to-noise ratio below 10, are not judged.
    """
    judged = np.flatnonzero((rows[f"{band}_m"] < limit_mag) & (rows[f"{band}_snr"] >= 10.0))
    matched, lit, on_galaxy = match_rows(rows[judged], sights, band)
    wrong = np.ones(judged.size, np.bool_)
    wrong[matched.row] = False
    # Light that is there, and belongs to a row that is nearer, was counted twice.
    return Wrong(
        judged.size,
        judged[wrong & ~on_galaxy & ~lit],
        judged[wrong & ~on_galaxy & lit],
        judged[wrong & on_galaxy],
    )


def reliability(rows: Table, sights: Table, band: str, limit_mag: float) -> Reliable:
    """Count rows brighter than a limit that are no object, a second row of one, or a piece of a galaxy.

    Parameters
    ----------
    rows, sights, band, limit_mag
        As for `wrong_rows`.
    """
    found = wrong_rows(rows, sights, band, limit_mag)
    return Reliable(found.rows, found.false.size, found.splits.size, found.fragments.size)
