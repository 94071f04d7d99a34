"""Merging of the bands' detections by position."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from app.arrays import Bools, Doubles, Integers
from app.columns.flags import ConfusionFlag
from app.sky.directions import unit_vectors
from workers.reduction.kernels.compiled import KERNEL
from workers.reduction.kernels.pairs import pairs_across
from workers.reduction.merging.places import Places, weighted

COUPLES = ((0, 1), (0, 2), (1, 2))
"""Positions of the bands that are compared: J-H, J-Ks, H-Ks."""


def match_radius(density_arcsec2: float, chance: float, limit_arcsec: float) -> float:
    """Largest separation of a match, arcsec.

    In a field of unrelated sources one lies by chance within r with probability 1 - exp(-pi r^2 density); the radius
    is where that reaches a given chance, at most a limit and at least half of it, since true pairs scatter that far at
    the detection limit.

    Parameters
    ----------
    density_arcsec2 : float
        Unrelated sources a square arcsecond.
    chance : float
        Probability of a wrong match that is accepted.
    limit_arcsec : float
        Largest radius.

    Examples
    --------
    >>> [round(match_radius(density, 0.02, 2.0), 2) for density in (1e-4, 5e-3, 1.0)]
    [2.0, 1.13, 1.0]
    """
    if density_arcsec2 <= 0.0:
        return limit_arcsec
    radius = float(np.sqrt(-np.log1p(-chance) / (np.pi * density_arcsec2)))
    return float(np.clip(radius, 0.5 * limit_arcsec, limit_arcsec))


def candidate_pairs(
    a: Places, b: Places, radius_arcsec: float, chi2_limit: float
) -> tuple[Integers, Integers, Doubles]:
    """All pairs within a radius whose errors allow one place.

    The statistic is d . C^-1 . d, d the separation along east and north and C the sum of both covariances: chi-squared
    with two degrees of freedom if both are the same object (background/survey 2.10).

    Parameters
    ----------
    a, b : Places
        Detections of two bands.
    radius_arcsec : float
        Largest separation of a pair.
    chi2_limit : float
        Largest chi-squared of a pair.

    Returns
    -------
    int64 arrays (pairs,)
        Index in `a`, index in `b`.
    float64 array (pairs,)
        Chi-squared, ascending; pairs that are equal in it are ordered by their indices.
    """
    if not a.size or not b.size:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    va, vb = unit_vectors(a.ra_deg, a.decl_deg), unit_vectors(b.ra_deg, b.decl_deg)
    i, j = pairs_across(va, vb, float(np.radians(radius_arcsec / 3600.0))).T
    turn = (b.ra_deg[j] - a.ra_deg[i] + 180.0) % 360.0 - 180.0
    east = turn * np.cos(np.radians(a.decl_deg[i])) * 3600.0
    north = (b.decl_deg[j] - a.decl_deg[i]) * 3600.0
    ee, nn, en = (p[i] + q[j] for p, q in zip(a.matrices(), b.matrices(), strict=True))
    chi2 = (nn * east**2 + ee * north**2 - 2.0 * en * east * north) / (ee * nn - en**2)
    near = np.flatnonzero(chi2 <= chi2_limit)
    order = near[np.lexsort((j[near], i[near], chi2[near]))]
    return i[order], j[order], chi2[order]


@njit(**KERNEL)
def _take_pairs(i: Integers, j: Integers, partner: Integers, taken: Bools) -> None:
    """Join the pairs in their order, each row once; `partner` comes as -1, `taken` as False."""
    for k in range(i.size):
        if partner[i[k]] < 0 and not taken[j[k]]:
            partner[i[k]] = j[k]
            taken[j[k]] = True


def one_to_one(i: Integers, j: Integers, na: int, nb: int) -> Integers:
    """Choose partners: best pairs first, each row used once.

    Parameters
    ----------
    i, j : int64 arrays (pairs,)
        Rows of two lists, the best pair first.
    na, nb : int
        Length of the lists.

    Returns
    -------
    int64 array (na,)
        Partner of each row of the first list in the second, -1 for none.

    Examples
    --------
    >>> one_to_one(np.array([0, 1, 0]), np.array([2, 2, 1]), 3, 3).tolist()
    [2, -1, -1]
    """
    partner = np.full(na, -1, np.int64)
    _take_pairs(i, j, partner, np.zeros(nb, np.bool_))
    return partner


@dataclass(frozen=True)
class Merged:
    """Sources of all bands.

    Attributes
    ----------
    rows : int64 array (n, 3)
        Row of each band's detection table (J, H, Ks), -1 where there is none.
    places : Places
        Inverse-variance mean positions.
    candidates : int64 array (n, 6)
        Number of acceptable partners of each band's detection in each other band: JH JK HJ HK KJ KH.
    """

    rows: Integers
    places: Places
    candidates: Integers


def _count_partners(
    bands: tuple[Places, Places, Places], pairs: tuple[tuple[Integers, Integers, Doubles], ...]
) -> list[Integers]:
    """Count the acceptable partners of each band's detections in its two other bands; three arrays (n, 2)."""
    counts = [np.zeros((band.size, 2), np.int64) for band in bands]
    for (a, b), (i, j, _) in zip(COUPLES, pairs, strict=True):
        counts[a][:, b - 1] = np.bincount(i, minlength=bands[a].size)
        counts[b][:, a] = np.bincount(j, minlength=bands[b].size)
    return counts


def _add_band(
    places: Places, band: Places, pairs: tuple[Integers, Integers, Doubles]
) -> tuple[Places, Integers, Integers]:
    """Merge a band into a list: mean places, its row of each source, and the rows that have no partner."""
    i, j, _ = pairs
    partner = one_to_one(i, j, places.size, band.size)
    free = np.setdiff1d(np.arange(band.size), partner)
    joined = weighted(places, band, np.arange(places.size), partner)
    return joined.followed_by(band.taken(free)), partner, free


def merge_bands(
    bands: tuple[Places, Places, Places], radius_arcsec: tuple[float, float, float], chi2_limit: float
) -> Merged:
    """Merge J, H and Ks by position only: brightness would bias against odd colours (background/survey 2.10).

    J is paired with H first, each row at most once and the best pairs first; Ks with the mean positions of that
    list then. All acceptable pairs are counted, so a source with rivals shows in `candidates`.

    Parameters
    ----------
    bands : three Places
        A band without detections has size 0.
    radius_arcsec : three floats
        Largest separations for J-H, J-Ks and H-Ks.
    chi2_limit : float
        Largest chi-squared of a pair.

    Examples
    --------
    A star in J and H, 0.1" apart, and one in Ks alone.

    >>> def places(*decl_arcsec):
    ...     n = len(decl_arcsec)
    ...     return Places(np.full(n, 10.0), np.array(decl_arcsec) / 3600.0, np.full(n, 0.1), np.full(n, 0.1))
    >>> merge_bands((places(0.0), places(0.1), places(30.0)), (2.0, 2.0, 2.0), 25.0).rows.tolist()
    [[0, 0, -1], [-1, -1, 0]]
    """
    j_band, h_band, k_band = bands
    pairs = tuple(
        candidate_pairs(bands[a], bands[b], radius, chi2_limit)
        for (a, b), radius in zip(COUPLES, radius_arcsec, strict=True)
    )
    counts = _count_partners(bands, pairs)
    places, h_of_j, free_h = _add_band(j_band, h_band, pairs[0])
    to_k = candidate_pairs(places, k_band, min(radius_arcsec[1:]), chi2_limit)
    places, k_of, free_k = _add_band(places, k_band, to_k)
    rows = np.full((places.size, 3), -1, np.int64)
    rows[: j_band.size, 0], rows[: j_band.size, 1] = np.arange(j_band.size), h_of_j
    rows[j_band.size : k_of.size, 1] = free_h
    rows[: k_of.size, 2], rows[k_of.size :, 2] = k_of, free_k
    candidates = np.zeros((rows.shape[0], 6), np.int64)
    for b in range(3):
        detected = rows[:, b] >= 0
        candidates[detected, 2 * b : 2 * b + 2] = counts[b][rows[detected, b]]
    return Merged(rows, places, candidates)


def inconsistent(merged: Merged, position: int, radius_arcsec: float) -> Bools:
    """Tell which sources lack a band because that band did not resolve a pair (background/survey 2.10).

    True for a source without the band if another source within the radius has it, and some other band shows both.

    Parameters
    ----------
    merged : Merged
        n sources of all bands.
    position : int
        Of the band: 0, 1, 2 for J, H, Ks.
    radius_arcsec : float
        Two sources nearer to each other than this may be one to a band.

    Returns
    -------
    bool array (n,)
    """
    result = np.zeros(merged.places.size, np.bool_)
    detected = merged.rows >= 0
    vectors = unit_vectors(merged.places.ra_deg, merged.places.decl_deg)
    without, having = np.flatnonzero(~detected[:, position]), np.flatnonzero(detected[:, position])
    a, b = pairs_across(vectors[without], vectors[having], float(np.radians(radius_arcsec / 3600.0))).T
    a, b = without[a], having[b]
    result[a[(detected[a] & detected[b]).any(axis=1)]] = True
    return result


def confusion_flags(merged: Merged, confused: Bools, position: int) -> NDArray[np.bytes_]:
    """cc_flg of one band before artefacts are known, in the order of background/survey 6.4: c before b.

    Parameters
    ----------
    merged : Merged
        n sources of all bands.
    confused : bool array (m,)
        Of the band's detections: whether a neighbour biases them.
    position : int
        Of the band: 0, 1, 2 for J, H, Ks.

    Returns
    -------
    bytes array (n,) of one character
    """
    rows = merged.rows[:, position]
    detected = np.flatnonzero(rows >= 0)
    result = np.full(rows.size, ConfusionFlag.NONE.value.encode(), "S1")
    rivals = (merged.candidates[:, 2 * position : 2 * position + 2] > 1).any(axis=1)
    result[rivals & (rows >= 0)] = ConfusionFlag.MERGE.value.encode()
    result[detected[confused[rows[detected]]]] = ConfusionFlag.CONFUSION.value.encode()
    return result
