"""Sites: where the bands' stars may be one star or several, to be decided by all bands together.

A site is a group of close stars of any band, or a star that is alone in every band and has more chi-squared than stars
as bright as it usually have, all bands together. Some lone stars that have not are taken too: how far chi-squared falls
where a second star is fitted to them says what a fall is worth in this scan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from app.arrays import Bools, Doubles, Integers
from app.instruments.bands import Band
from workers.reduction.deblending.values import MOST_STARS, OF_A_STAR, PLANES
from workers.reduction.kernels.pairs import close_pairs, joined
from workers.reduction.photometry.blends import (
    LEAST_SNR,
    SHORTER,
    SHORTEST_ARCSEC,
    UNUSUAL,
    usual_chi2,
)
from workers.reduction.photometry.stack import BandStack

LINK_ARCSEC = 4.5  # of stars of one band: lobes that wide images leave stand at 3.8"
LINK_SHARE = 0.003  # of the brighter one's light: what errors of the profile leave
SAME_ARCSEC = 1.2  # stars of two bands nearer than this are one star, or what a band does not resolve
LEAST_EXCESS = (
    0.05  # of reduced chi-squared over the usual, mean of the bands: the noise of three bands is 0.08
)
EXCESS_SIGMA = 2.0
ALIKE = 101  # lone stars of like brightness, whose scatter of excess is the usual one
ISOLATED_ARCSEC = 8.0
SAMPLE_SNR = 15.0
CLASS_DEX = 0.1  # of the signal-to-noise ratio
OF_A_CLASS = 30
"""Lone stars of a class of brightness in the sample, some 500 in all. With 120 of all, evenly taken by their rank, one
star more among thousands took others, and their median fall was 12.4 or 20.7 (decision 0032)."""
PLACE_ARCSEC = 2.0
GALAXY_SHARE = 0.1  # of a star's light that a galaxy may have under it


class Pool(NamedTuple):
    """The fitted stars of all bands, one list.

    Attributes
    ----------
    place : float64 array (n, 2)
        U-scan, arcsec.
    flux_dn, snr : float64 arrays (n,)
        Light, and light over its error.
    ratio : float64 array (n,)
        Reduced chi-squared over that which stars as bright usually have.
    plane : int64 array (n,)
        Position of the band.
    number : int64 array (n,)
        Index of the star in its band.
    """

    place: Doubles
    flux_dn: Doubles
    snr: Doubles
    ratio: Doubles
    plane: Integers
    number: Integers


@dataclass(frozen=True)
class Sites:
    """Places to be decided; the first `sample` of them tell what a fall of chi-squared is worth.

    Attributes
    ----------
    origin : float64 array (sites, 2)
        U-scan places, arcsec.
    start : int64 array (sites + 1,)
        Seeds of site g are rows start[g] to start[g + 1] of `star`.
    star : float64 array (seeds, 5)
        Offsets from the origin (arcsec) and light in each band (DN).
    own : tuple of (int64 array (sites + 1,), int64 array (stars,))
        For each band position the stars of every site, by their index in the band.
    snr : float64 array (sites,)
        Of all light of the site in all bands.
    sample : int
        Number of lone stars of usual chi-squared, which come first.
    """

    origin: Doubles
    start: Integers
    star: Doubles
    own: tuple[tuple[Integers, Integers], ...]
    snr: Doubles
    sample: int

    @property
    def size(self) -> int:
        """Number of sites."""
        return len(self.origin)


def pool_of(stacks: Mapping[Band, BandStack]) -> Pool:
    """Put the fitted stars of all bands into one list, those left out that galaxies or saturated stars bias.

    Parameters
    ----------
    stacks : mapping of Band to BandStack
        After the fits of each band.
    """
    parts = []
    for band, stack in stacks.items():
        stars = stack.stars
        with np.errstate(invalid="ignore", divide="ignore"):
            good = (stars.flux_dn > 0.0) & np.isfinite(stars.chi2) & (stars.flux_error_dn > 0.0)
            ratio = stars.chi2 / usual_chi2(stars)
            snr = stars.flux_dn / stars.flux_error_dn
        places = stars.places()
        if stack.galaxies.shapes:
            light, nucleus, _ = stack.galaxies.light_at(places)
            good &= ~(nucleus | (light > GALAXY_SHARE * np.nan_to_num(stars.flux_dn)))
        good &= ~stack.fixed.within(places)
        index = np.flatnonzero(good)
        plane = np.full(index.size, band.position)
        parts.append((places[index], stars.flux_dn[index], snr[index], ratio[index], plane, index))
    return Pool(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def linked(pool: Pool) -> tuple[int, Integers, Integers]:
    """Link the stars of all bands to groups: how many, the group of each star, and each group's stars in each band.

    Stars of one band are linked within 4.5", those of two where they may be one star. Groups with more than four stars
    in a band are linked again by a shorter length.

    Parameters
    ----------
    pool : Pool
        All stars.

    Returns
    -------
    int
        Number of groups.
    int64 array (n,)
        Group of each star.
    int64 array (groups, 3)
        Stars by band.
    """
    pairs = close_pairs(pool.place, LINK_ARCSEC)
    first, second = pairs.T
    distance = np.hypot(*(pool.place[first] - pool.place[second]).T)
    low, high = np.sort(pool.flux_dn[pairs], axis=1).T
    same = pool.plane[first] == pool.plane[second]
    kept = np.where(same, low > LINK_SHARE * high, distance < SAME_ARCSEC)
    pairs, distance = pairs[kept], distance[kept]
    length = LINK_ARCSEC
    while True:
        groups, label = joined(pairs, pool.number.size)
        count = np.bincount(label * PLANES + pool.plane, minlength=groups * PLANES).reshape(groups, PLANES)
        large = count.max(axis=1, initial=0) > MOST_STARS
        if length <= SHORTEST_ARCSEC or not large.any():
            return groups, label, count
        length *= SHORTER
        kept = ~large[label[pairs[:, 0]]] | (distance < length)
        pairs, distance = pairs[kept], distance[kept]


def unusual(excess: Doubles, snr: Doubles) -> Bools:
    """Which lone stars have more chi-squared than the scan's own stars of like brightness scatter by.

    Parameters
    ----------
    excess : float64 array (n,)
        Mean over the bands of reduced chi-squared over the usual, less 1.
    snr : float64 array (n,)
        Of all bands together.
    """
    from scipy.ndimage import median_filter

    if not excess.size:
        return np.zeros(0, np.bool_)
    order = np.argsort(snr, kind="stable")
    spread = np.empty(excess.size)
    spread[order] = median_filter(np.abs(excess[order]), min(ALIKE, excess.size), mode="mirror")
    return np.asarray(excess > np.maximum(LEAST_EXCESS, EXCESS_SIGMA * 1.4826 * spread))


class _Groups(NamedTuple):
    """Groups of the pool: stars by band, brightest SNR, SNR of all, excess of chi-squared, largest ratio."""

    stars: Integers
    brightest: Doubles
    snr: Doubles
    excess: Doubles
    worst: Doubles


def _described(pool: Pool, groups: int, label: Integers, count: Integers) -> _Groups:
    brightest, worst = np.zeros(groups), np.zeros(groups)
    np.maximum.at(brightest, label, pool.snr)
    telling = pool.snr > LEAST_SNR
    np.maximum.at(worst, label[telling], pool.ratio[telling])
    total = np.sqrt(np.bincount(label, pool.snr**2, groups))
    number = np.bincount(label[telling], minlength=groups)
    excess = np.bincount(label[telling], pool.ratio[telling] - 1.0, groups) / np.maximum(number, 1)
    return _Groups(count, brightest, total, excess, worst)


def steady_choice(snr: Doubles, place: Doubles) -> Integers:
    """Choose as many stars of every class of brightness, by a number that their places give them; ascending indices.

    One star more or less so changes one star of the choice at most.

    Parameters
    ----------
    snr : float64 array (n,)
        Above 0.
    place : float64 array (n, 2)
        U-scan, arcsec; stars are farther apart than 2".

    Examples
    --------
    >>> place = np.column_stack([np.arange(0.0, 1000.0, 10.0), np.zeros(100)])
    >>> chosen = steady_choice(np.full(100, 50.0), place)
    >>> without = steady_choice(np.full(99, 50.0), place[1:]) + 1
    >>> chosen.size, np.setdiff1d(chosen, without).size <= 1
    (30, True)
    """
    column, row = np.floor(place / PLACE_ARCSEC + 0.5).astype(np.int64).T
    # Large primes spread neighbours (Teschner et al. 2003); the last bits of the products are the most even.
    number = ((column * 73_856_093) ^ (row * 19_349_663)) & 0xFFFFF
    brightness = np.floor(np.log10(snr) / CLASS_DEX).astype(np.int64)
    order = np.lexsort((row, column, number, brightness))
    first = np.searchsorted(brightness[order], brightness[order])
    return np.asarray(np.sort(order[np.arange(order.size) - first < OF_A_CLASS]), np.int64)


def _sample(pool: Pool, label: Integers, groups: _Groups, candidate: Bools) -> Integers:
    """Lone isolated stars of usual chi-squared, as many of every brightness."""
    from scipy.spatial import cKDTree

    lone = (groups.stars.max(axis=1) == 1) & ~candidate & (groups.snr > SAMPLE_SNR)
    member = np.flatnonzero(lone[label])
    _, at = np.unique(label[member], return_index=True)
    member = member[at]
    if not member.size:
        return np.zeros(0, np.int64)
    # At most the three bands' own rows of the star itself lie nearby.
    near = cKDTree(pool.place).query_ball_point(pool.place[member], ISOLATED_ARCSEC, return_length=True)
    member = member[near <= groups.stars[label[member]].sum(axis=1)]
    chosen = label[member]
    return np.asarray(chosen[steady_choice(groups.snr[chosen], pool.place[member])])


def find_sites(stacks: Mapping[Band, BandStack]) -> Sites:
    """Find the sites of a scan.

    Parameters
    ----------
    stacks : mapping of Band to BandStack
        After the fits of each band.
    """
    pool = pool_of(stacks)
    number, label, count = linked(pool)
    groups = _described(pool, number, label, count)
    most = count.max(axis=1, initial=0)
    lone = np.flatnonzero((most == 1) & (groups.brightest > LEAST_SNR))
    candidate = np.zeros(number, np.bool_)
    candidate[lone] = unusual(groups.excess[lone], groups.snr[lone]) | (groups.worst[lone] > UNUSUAL)
    candidate |= (most > 1) & (most <= MOST_STARS) & (groups.brightest > LEAST_SNR)
    sample = _sample(pool, label, groups, candidate)
    return _sites(pool, label, groups, (sample, np.flatnonzero(candidate)))


def _sites(pool: Pool, label: Integers, groups: _Groups, chosen: tuple[Integers, Integers]) -> Sites:
    """Seeds and own stars of the chosen groups, the sample's first, each in the order of y."""
    order = np.argsort(label, kind="stable")
    first = np.searchsorted(label[order], np.arange(len(groups.snr) + 1))
    low = np.minimum.reduceat(pool.place[order, 1], first[:-1]) if order.size else np.zeros(0)
    group = np.concatenate([part[np.argsort(low[part], kind="stable")] for part in chosen])
    count = first[group + 1] - first[group]
    site = np.repeat(np.arange(group.size), count)
    within = np.arange(site.size) - np.repeat(np.cumsum(count) - count, count)
    member = order[first[group][site] + within]
    lists = []
    for plane in range(PLANES):
        own = pool.plane[member] == plane
        lists.append((_starts(site[own], group.size), pool.number[member[own]]))
    origin, start, star = _seeds(pool, site, member, group.size)
    return Sites(origin, start, star, tuple(lists), groups.snr[group], chosen[0].size)


def _starts(site: Integers, sites: int) -> Integers:
    """First row of each site in rows that are ordered by site, and their number; (sites + 1,)."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(np.bincount(site, minlength=sites))])


def _seeds(pool: Pool, site: Integers, member: Integers, sites: int) -> tuple[Doubles, Integers, Doubles]:
    """Origins of sites, and their seeds: the stars of the band that shows most of them, brightest first.

    All sites at once: one after the other they took a tenth of a second in a thousand.
    """
    plane, snr, flux = pool.plane[member], pool.snr[member], pool.flux_dn[member]
    cell, shape = site * PLANES + plane, (sites, PLANES)
    count = np.bincount(cell, minlength=sites * PLANES).reshape(shape)
    total = np.bincount(cell, snr**2, sites * PLANES).reshape(shape)
    # Most stars; of bands with as many the one that sees them best.
    most = np.where(count == count.max(axis=1, keepdims=True), total, -1.0)
    shown = np.flatnonzero(plane == np.argmax(most, axis=1)[site])
    shown = shown[np.lexsort((-flux[shown], site[shown]))]
    owner, light = site[shown], flux[shown]
    whole = np.bincount(owner, light, sites)
    place = pool.place[member[shown]]
    sums = [np.bincount(owner, light * place[:, axis], sites) for axis in range(2)]
    origin = np.column_stack(sums) / whole[:, None]
    star = np.zeros((shown.size, OF_A_STAR))
    star[:, :2] = place - origin[owner]
    all_light = np.bincount(cell, flux, sites * PLANES).reshape(shape)
    star[:, 2:] = (light / whole[owner])[:, None] * all_light[owner]
    return origin, _starts(owner, sites), star
