"""Merging detections by position: between neighbouring images of a band, and between bands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from app.arrays import Bools, Doubles, Integers
from app.columns.flags import ConfusionFlag
from workers.reduction.kernels.compiled import KERNEL
from workers.reduction.kernels.pairs import pairs_across


def unit_vectors(ra_deg: Doubles, decl_deg: Doubles) -> Doubles:
    """Directions as unit vectors (n, 3): chords stand for angles, without trouble at 0 h or the poles."""
    ra, decl = np.radians(ra_deg), np.radians(decl_deg)
    return np.column_stack([np.cos(decl) * np.cos(ra), np.cos(decl) * np.sin(ra), np.sin(decl)])


def keep_duplicates_once(
    ra_deg: Doubles, decl_deg: Doubles, image: Integers, edge_pix: Doubles, radius_arcsec: float
) -> Integers:
    """Choose the rows to keep (ascending indices) where images of one band overlap.

    Two rows are the same source if they come from different images and lie within `radius_arcsec`; the one farther
    from the edge of its image stays (the smaller image number where equal). Within one image nothing is merged.

    A row that fell into the overlap of another image but was not found there stays too: completeness is measured
    per image.
    """
    from scipy.spatial import cKDTree

    keep = np.ones(ra_deg.size, np.bool_)
    if np.unique(image).size < 2:
        return np.flatnonzero(keep)
    vectors = unit_vectors(ra_deg, decl_deg)
    pairs = cKDTree(vectors).query_pairs(np.radians(radius_arcsec / 3600.0), output_type="ndarray")
    pairs = pairs[image[pairs[:, 0]] != image[pairs[:, 1]]]
    distance = np.linalg.norm(vectors[pairs[:, 0]] - vectors[pairs[:, 1]], axis=1)
    for a, b in pairs[np.lexsort((pairs[:, 1], pairs[:, 0], distance))]:
        if keep[a] and keep[b]:
            a_wins = (edge_pix[a], -image[a]) > (edge_pix[b], -image[b])
            keep[b if a_wins else a] = False
    return np.flatnonzero(keep)


@dataclass(frozen=True)
class Places:
    """Detections of one band: directions, 1-sigma errors along east and north (arcsec), each (n,).

    `covariance` of east and north, arcsec^2; none means that they are independent.
    """

    ra_deg: Doubles
    decl_deg: Doubles
    east_sigma: Doubles
    north_sigma: Doubles
    covariance: Doubles | None = None

    def matrices(self) -> tuple[Doubles, Doubles, Doubles]:
        """Variances of east and of north, and their covariance."""
        zero = np.zeros(self.size) if self.covariance is None else self.covariance
        return self.east_sigma**2, self.north_sigma**2, zero

    @property
    def size(self) -> int:
        """Number of detections."""
        return int(self.ra_deg.size)


def match_radius(density_arcsec2: float, chance: float, limit_arcsec: float) -> float:
    """Largest separation of a match, arcsec.

    In a field of `density_arcsec2` unrelated sources a square arcsecond, one lies by chance within r with
    probability 1 - exp(-pi r^2 density); r is where that reaches `chance`, at most `limit_arcsec` and at least half
    of it, since true pairs scatter that far at the detection limit.
    """
    if density_arcsec2 <= 0.0:
        return limit_arcsec
    radius = float(np.sqrt(-np.log1p(-chance) / (np.pi * density_arcsec2)))
    return float(np.clip(radius, 0.5 * limit_arcsec, limit_arcsec))


def candidate_pairs(
    a: Places, b: Places, radius_arcsec: float, chi2_limit: float
) -> tuple[Integers, Integers, Doubles]:
    """All pairs (index in a, index in b, chi-squared) within the radius whose errors allow one place.

    The statistic is d . C^-1 . d, d the separation along east and north and C the sum of both covariances: chi-squared
    with two degrees of freedom if both are one object (background/survey 2.10). Ordered by chi-squared, then indices.
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
    for k in range(i.size):
        if partner[i[k]] < 0 and not taken[j[k]]:
            partner[i[k]] = j[k]
            taken[j[k]] = True


def one_to_one(i: Integers, j: Integers, na: int, nb: int) -> Integers:
    """Partner in b of each row of a (-1: none): best pairs first, each row used once; pairs come ordered."""
    partner = np.full(na, -1, np.int64)
    _take_pairs(i, j, partner, np.zeros(nb, np.bool_))
    return partner


def weighted(first: Places, second: Places, i: Integers, j: Integers) -> Places:
    """Rows of `first` with the inverse-variance mean position where they have a partner (j >= 0) in `second`.

    The weights are matrices: W = C1 (C1 + C2)^-1, place = first + W (second - first), C = C1 - W C1.
    """
    ra, decl = first.ra_deg[i].copy(), first.decl_deg[i].copy()
    ee, nn, en = (part[i].copy() for part in first.matrices())
    both = np.flatnonzero(j >= 0)
    k = j[both]
    e1, n1, c1 = ee[both], nn[both], en[both]
    e2, n2, c2 = (part[k] for part in second.matrices())
    e, n, c = e1 + e2, n1 + n2, c1 + c2
    det = e * n - c * c
    w_ee, w_en = (e1 * n - c1 * c) / det, (c1 * e - e1 * c) / det
    w_ne, w_nn = (c1 * n - n1 * c) / det, (n1 * e - c1 * c) / det
    cosine = np.cos(np.radians(decl[both]))
    east = ((second.ra_deg[k] - ra[both] + 180.0) % 360.0 - 180.0) * cosine
    north = second.decl_deg[k] - decl[both]
    ra[both] = (ra[both] + (w_ee * east + w_en * north) / cosine) % 360.0
    decl[both] += w_ne * east + w_nn * north
    ee[both] = e1 - (w_ee * e1 + w_en * c1)
    nn[both] = n1 - (w_ne * c1 + w_nn * n1)
    en[both] = c1 - (w_ee * c1 + w_en * n1)
    return Places(ra, decl, np.sqrt(ee), np.sqrt(nn), en)


@dataclass(frozen=True)
class Merged:
    """Sources of all bands.

    Attributes
    ----------
    rows : int array (n, 3)
        Row of each band's detection table (J, H, Ks), -1 where there is none.
    places : Places
        Inverse-variance mean positions.
    candidates : int array (n, 6)
        Number of acceptable partners of each band's detection in each other band: JH JK HJ HK KJ KH.
    """

    rows: Integers
    places: Places
    candidates: Integers


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
    """
    j_band, h_band, k_band = bands
    counts = [np.zeros((b.size, 2), np.int64) for b in bands]
    couples = ((0, 1), (0, 2), (1, 2))
    acceptable = [
        candidate_pairs(bands[a], bands[b], radius, chi2_limit)
        for (a, b), radius in zip(couples, radius_arcsec, strict=True)
    ]
    for (a, b), (i, j, _) in zip(couples, acceptable, strict=True):
        counts[a][:, b - 1] = np.bincount(i, minlength=bands[a].size)
        counts[b][:, a] = np.bincount(j, minlength=bands[b].size)
    i, j, _ = acceptable[0]
    h_of_j = one_to_one(i, j, j_band.size, h_band.size)
    free_h = np.setdiff1d(np.arange(h_band.size), h_of_j)
    rows = np.full((j_band.size + free_h.size, 3), -1, np.int64)
    rows[: j_band.size, 0], rows[: j_band.size, 1] = np.arange(j_band.size), h_of_j
    rows[j_band.size :, 1] = free_h
    places = _concatenate(weighted(j_band, h_band, np.arange(j_band.size), h_of_j), _take(h_band, free_h))
    i, j, _ = candidate_pairs(places, k_band, min(radius_arcsec[1:]), chi2_limit)
    k_of = one_to_one(i, j, places.size, k_band.size)
    rows[:, 2] = k_of
    free_k = np.setdiff1d(np.arange(k_band.size), k_of)
    places = _concatenate(weighted(places, k_band, np.arange(places.size), k_of), _take(k_band, free_k))
    alone = np.full((free_k.size, 3), -1, np.int64)
    alone[:, 2] = free_k
    rows = np.concatenate([rows, alone])
    candidates = np.zeros((rows.shape[0], 6), np.int64)
    for b in range(3):
        there = rows[:, b] >= 0
        candidates[there, 2 * b : 2 * b + 2] = counts[b][rows[there, b]]
    return Merged(rows, places, candidates)


def inconsistent(merged: Merged, position: int, radius_arcsec: float) -> Bools:
    """Tell which sources lack a band because that band did not resolve a pair (background/survey 2.10).

    True for a source without band `position` if another source within the radius has that band, and some other band
    shows both.
    """
    result = np.zeros(merged.places.size, np.bool_)
    there = merged.rows >= 0
    vectors = unit_vectors(merged.places.ra_deg, merged.places.decl_deg)
    without, having = np.flatnonzero(~there[:, position]), np.flatnonzero(there[:, position])
    a, b = pairs_across(vectors[without], vectors[having], float(np.radians(radius_arcsec / 3600.0))).T
    a, b = without[a], having[b]
    result[a[(there[a] & there[b]).any(axis=1)]] = True
    return result


def confusion_flags(merged: Merged, confused: Bools, position: int) -> NDArray[np.bytes_]:
    """cc_flg of one band before artefacts are known, in the order of background/survey 6.4: c before b.

    Parameters
    ----------
    merged : Merged
    confused : bool array
        Of the band's detections: whether a neighbour biases them.
    position : int
        Of the band.
    """
    rows = merged.rows[:, position]
    there = np.flatnonzero(rows >= 0)
    result = np.full(rows.size, ConfusionFlag.NONE.value.encode(), "S1")
    rivals = (merged.candidates[:, 2 * position : 2 * position + 2] > 1).any(axis=1)
    result[rivals & (rows >= 0)] = ConfusionFlag.MERGE.value.encode()
    result[there[confused[rows[there]]]] = ConfusionFlag.CONFUSION.value.encode()
    return result


def _take(places: Places, index: Integers) -> Places:
    return Places(
        places.ra_deg[index],
        places.decl_deg[index],
        places.east_sigma[index],
        places.north_sigma[index],
        places.matrices()[2][index],
    )


def _concatenate(a: Places, b: Places) -> Places:
    return Places(
        np.concatenate([a.ra_deg, b.ra_deg]),
        np.concatenate([a.decl_deg, b.decl_deg]),
        np.concatenate([a.east_sigma, b.east_sigma]),
        np.concatenate([a.north_sigma, b.north_sigma]),
        np.concatenate([a.matrices()[2], b.matrices()[2]]),
    )
