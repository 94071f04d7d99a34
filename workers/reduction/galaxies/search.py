"""What the search for galaxies is given of a scan, and where nobody searches because stars are too dense."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numba import njit

from app.arrays import Bools, Doubles, Integers
from app.instruments.bands import Band
from workers.reduction.galaxies.bright_stars import BrightStars
from workers.reduction.galaxies.candidates import Seeds
from workers.reduction.galaxies.coadds import Coadds
from workers.reduction.galaxies.local_profile import LocalProfiles
from workers.reduction.kernels.compiled import KERNEL

SEED_ARCSEC = 2.0  # peaks of the bands this near are one
# Where peaks are denser, blends of stars pass for galaxies: 27 in a field of 100 square arc minutes at latitude 2, with
# 21 peaks a square arc minute. At latitude 15 there are 13, at latitude 8 there are 18.
CROWD_ARCSEC, MOST_PEAKS_ARCMIN2 = 60.0, 16.0
LEAST_CHANGE = 20.0
SPARSE_ARCMIN2 = 7.0  # below, one peak of a blend in 40 is no galaxy (decision 0021)
# From 7 on the same rules took a sixth of the galaxies at latitude 15 and hardly a false one (decision 0017).
CROWDING_ARCMIN2 = 14.0, 16.0
# Where stars are sparse, six fields at latitude 60 lost two galaxies of 74 below 3" by the latter numbers, and had no
# false model more by the former. Blends of stars end at small radii, halos at the largest index.
SPARSE_ASKED, ASKED = (0.9, 40.0), (1.05, 64.0)
SHARE_STEP_ARCSEC = 10.0  # at which the length of a scan is asked for crowds


class Crowd(NamedTuple):
    """Where peaks lie along a scan: their places in order, and the width that they fill, arcsec."""

    y_arcsec: Doubles
    width_arcsec: float

    @classmethod
    def of(cls, seeds: Seeds) -> Crowd:
        """Put peaks in order."""
        return cls(np.sort(seeds.y_arcsec), max(float(np.ptp(seeds.x_arcsec)), CROWD_ARCSEC))

    def density_arcmin2(self, y_arcsec: Doubles) -> Doubles:
        """Count peaks a square arc minute across the scan, within an arc minute along it; (n,)."""
        y = self.y_arcsec
        low, high = np.maximum(y_arcsec - CROWD_ARCSEC, y[0]), np.minimum(y_arcsec + CROWD_ARCSEC, y[-1])
        count = np.searchsorted(y, high, side="right") - np.searchsorted(y, low)
        return np.asarray(3600.0 * count / (np.maximum(high - low, CROWD_ARCSEC) * self.width_arcsec))


@dataclass(frozen=True)
class Search:
    """What the search for galaxies is given.

    Attributes
    ----------
    coadds : Coadds
        Of the scan.
    seeds : Seeds
        Peaks of all bands, each once.
    profiles : LocalProfiles
        Point-spread functions of the bands.
    pixel_arcsec : float
        Side of a frame's pixel.
    bright : float64 array (n, 3)
        Saturated stars: U-scan place and how far their light reaches, arcsec.
    least_change : float
        Of chi-squared from two stars to a galaxy.
    stars : BrightStars, optional
        The saturated stars with their light; not known of finished images.
    """

    coadds: Coadds
    seeds: Seeds
    profiles: LocalProfiles
    pixel_arcsec: float
    bright: Doubles
    least_change: float = LEAST_CHANGE
    stars: BrightStars | None = None

    @cached_property
    def crowd(self) -> Crowd:
        """The peaks in order: each of hundreds of candidates asks how dense they are."""
        return Crowd.of(self.seeds)

    def sum_weights(self) -> dict[Band, float]:
        """Return what each band's point-spread function counts in that of the sum."""
        weights, light = self.coadds.weights, self.coadds.usual_light()
        return {band: weights[band] * light[band] for band in weights}


@njit(**KERNEL)
def _merge(
    peaks: tuple[Doubles, Doubles, Doubles, Integers],
    order: Integers,
    radius: float,
    left: Bools,
    best: Doubles,
) -> int:
    """Join to each peak, the brightest first, those near it that are left; how many peaks stay.

    Parameters
    ----------
    peaks : (x, y, light, band)
        In the order of y.
    order : int64 array (n,)
        The peaks, the brightest first; its first places become those that stay.
    radius : float
        Within which peaks are one, arcsec.
    left : bool array (n,)
        Which peaks are left: all of them.
    best : float64 array (n, bands)
        NaN; of a peak that stays the light of the brightest one of each band becomes known.
    """
    x, y, light, band = peaks
    kept = 0
    for k in order:
        if not left[k]:
            continue
        low = k
        while low > 0 and y[k] - y[low - 1] <= radius:
            low -= 1
        for n in range(low, y.size):
            if y[n] - y[k] > radius:
                break
            dx = x[n] - x[k]
            dy = y[n] - y[k]
            if left[n] and dx * dx + dy * dy <= radius * radius:
                left[n] = False
                if not light[n] <= best[k, band[n]]:
                    best[k, band[n]] = light[n]
        order[kept] = k
        kept += 1
    return kept


def merged_seeds(
    places: Mapping[Band, tuple[Doubles, Doubles, Doubles]], weights: Mapping[Band, float]
) -> Seeds:
    """Peaks of all bands, those within 2" once, in the order of y.

    Parameters
    ----------
    places : mapping of Band to (x, y, light)
        U-scan places (arcsec) and light (DN) of the bands' peaks.
    weights : mapping of Band to float
        Of the bands in their sum.
    """
    x, y, light = (np.concatenate([part[k] for part in places.values()]) for k in range(3))
    weight = np.concatenate([np.full(part[0].size, weights[band]) for band, part in places.items()])
    band = np.concatenate([np.full(part[0].size, k) for k, part in enumerate(places.values())])
    light = np.nan_to_num(light) * weight
    along = np.argsort(y, kind="stable")
    x, y, light, band = x[along], y[along], light[along], band[along]
    order = np.lexsort((x, y, -light))
    best = np.full((x.size, len(places)), np.nan)
    kept = _merge((x, y, light, band), order, SEED_ARCSEC, np.ones(x.size, np.bool_), best)
    chosen = order[:kept]
    chosen = chosen[np.lexsort((x[chosen], y[chosen]))]
    # Of several peaks of one band the brightest counts.
    total = np.zeros(kept)
    for plane in np.nan_to_num(best[chosen]).T:
        total += plane
    return Seeds(x[chosen], y[chosen], total)


def density_arcmin2(seeds: Seeds, y_arcsec: Doubles) -> Doubles:
    """Peaks a square arc minute across the scan, within an arc minute along it; (n,).

    Parameters
    ----------
    seeds : Seeds
        Peaks of the first look, each once.
    y_arcsec : float64 array (n,)
        U-scan places along the scan.
    """
    return Crowd.of(seeds).density_arcmin2(y_arcsec)


def crowded(seeds: Seeds, y_arcsec: Doubles) -> Bools:
    """Which places have more than 16 peaks a square arc minute across the scan, where blends pass for galaxies.

    Parameters
    ----------
    seeds : Seeds
        Peaks of the first look, each once.
    y_arcsec : float64 array (n,)
        U-scan places along the scan.
    """
    return np.asarray(density_arcmin2(seeds, y_arcsec) > MOST_PEAKS_ARCMIN2)


def sparse(seeds: Seeds, y_arcsec: Doubles) -> Bools:
    """Which places have less than 7 peaks a square arc minute across the scan, where blends are rare.

    Parameters
    ----------
    seeds : Seeds
        Peaks of the first look, each once.
    y_arcsec : float64 array (n,)
        U-scan places along the scan.
    """
    return np.asarray(density_arcmin2(seeds, y_arcsec) < SPARSE_ARCMIN2)


def crowding(search: Search, y_arcsec: float) -> float:
    """How much more a galaxy must prove because blends are common: 0 to 14 peaks a square arc minute, 1 from 16.

    Parameters
    ----------
    search : Search
        Of the scan.
    y_arcsec : float
        U-scan place along the scan.
    """
    density = float(search.crowd.density_arcmin2(np.array([y_arcsec]))[0])
    return float(np.interp(density, CROWDING_ARCMIN2, (0.0, 1.0)))


def asked(search: Search, y_arcsec: float) -> tuple[float, float]:
    """Least half-light radius (arcsec) of a galaxy, and change of chi-squared of one at the end of the models' range.

    Parameters
    ----------
    search : Search
        Of the scan; of finished images as much is asked as where stars are dense.
    y_arcsec : float
        U-scan place along the scan.
    """
    rare = search.least_change <= LEAST_CHANGE and bool(
        search.crowd.density_arcmin2(np.array([y_arcsec]))[0] < SPARSE_ARCMIN2
    )
    return SPARSE_ASKED if rare else ASKED


def searched_share(search: Search) -> float:
    """Share of the length of a scan in which galaxies are looked for: the rest is too crowded with stars.

    Parameters
    ----------
    search : Search
        What `find_galaxies` is given.
    """
    rows = np.arange(0.0, search.coadds.grid.rows, SHARE_STEP_ARCSEC) + search.coadds.grid.first_y_arcsec
    return float(1.0 - np.mean(crowded(search.seeds, rows))) if search.seeds.y_arcsec.size else 1.0
