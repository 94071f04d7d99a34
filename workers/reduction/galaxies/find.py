"""The galaxies of a scan: candidates are modelled one after the other, and stay where no stars explain them as well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numba import njit

from app.arrays import Bools, Doubles
from app.instruments.bands import Band
from workers.reduction.galaxies.candidates import Seeds, candidates
from workers.reduction.galaxies.coadds import LIGHT_ERROR, Coadds, Window
from workers.reduction.galaxies.fit import Fitted, fit_galaxy, fit_points, light_of, linear_fit, stars_at
from workers.reduction.galaxies.local_profile import COADD_ARCSEC2, WIDTHS_PIX, LocalProfiles
from workers.reduction.galaxies.values import Galaxy, Pixels, Shape, radii_from, surface
from workers.reduction.kernels.compiled import KERNEL
from workers.reduction.kernels.pairs import near_any

SEED_ARCSEC = 2.0  # peaks of the bands this near are one
OWN_ARCSEC = 2.5  # peaks this near to a candidate are its own light
STAR_AREA_ARCSEC2 = 12.0  # of a star's image
STAR_SHARE = 0.25  # of the model's light there that a peak within a galaxy must exceed to be fitted as a star
HALF_WINDOWS_ARCSEC = (26, 50, 90, 140)
WINDOW_RADII = 5.0  # of half-light semi-major axes, that a window must hold
MOST_STARS, FITTED_ARCSEC = 12, 20.0  # peaks farther than that are masked
MASK_ARCSEC, MASK_SLOPE_ARCSEC, MASK_SIGMA = (2.5, 14.0), 2.5, 6.0
INNER_ARCSEC = 8.0
FEWEST_PIXELS = 100
EDGE_ARCSEC = 3.0
BRIGHT_STAR_ARCSEC = 10.0  # beyond the reach of a saturated star its halo and spikes still look extended
# Where peaks are denser, blends of stars pass for galaxies: 27 in a field of 100 square arc minutes at latitude 2, with
# 21 peaks a square arc minute. At latitude 15 there are 13, at latitude 8 there are 18.
CROWD_ARCSEC, MOST_PEAKS_ARCMIN2 = 60.0, 16.0
LEAST_SNR = 5.0  # of the total light
LEAST_RADIUS_ARCSEC = 1.05
LEAST_AXIS_RATIO = 0.16
# At the end of the models' range only what is sure and round counts: others are the halos of bright stars.
LARGEST_INDEX, SURE_CHANGE, ROUND_RATIO = 5.8, 64.0, 0.5
MOST_GROWTH = 1.5  # of the radius in a larger window: a model that grows more takes the sky for its light
LEAST_CHANGE = 20.0  # of chi-squared from one or two stars
LEAST_EXCESS = 1.2  # of light over that of two stars
FARTHEST_ARCSEC = 4.0  # from the peak, or 0.4 half-light radii
WORST_CHI2 = 1.5  # of the inner pixels; noise alone has 0.2, as pixels of coadds are smoothed
MODEL_ERROR = 0.05  # of the light of the model, in the inner chi-squared


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
    """

    coadds: Coadds
    seeds: Seeds
    profiles: LocalProfiles
    pixel_arcsec: float
    bright: Doubles

    def sum_weights(self) -> dict[Band, float]:
        """Return what each band's point-spread function counts in that of the sum."""
        weights, light = self.coadds.weights, self.coadds.usual_light()
        return {band: weights[band] * light[band] for band in weights}


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
    from scipy.spatial import cKDTree

    x, y, light = (np.concatenate([part[k] for part in places.values()]) for k in range(3))
    weight = np.concatenate([np.full(part[0].size, weights[band]) for band, part in places.items()])
    band = np.concatenate([np.full(part[0].size, k) for k, part in enumerate(places.values())])
    light = np.nan_to_num(light) * weight
    order = np.lexsort((x, y, -light))
    tree = cKDTree(np.column_stack([x, y]))
    left = np.ones(x.size, np.bool_)
    kept, total = [], []
    for k, near in zip(
        order, tree.query_ball_point(np.column_stack([x, y])[order], SEED_ARCSEC), strict=True
    ):
        if not left[k]:
            continue
        near_left = [n for n in sorted(near) if left[n]]
        left[near_left] = False
        kept.append(int(k))
        # Of several peaks of one band the brightest counts.
        total.append(
            sum(max((light[n] for n in near_left if band[n] == b), default=0.0) for b in range(len(places)))
        )
    chosen = np.array(kept, np.int64)
    order = np.lexsort((x[chosen], y[chosen]))
    return Seeds(x[chosen][order], y[chosen][order], np.array(total)[order])


def find_galaxies(search: Search) -> list[Galaxy]:
    """Find the galaxies of a scan, the most significant candidates first; ordered by (y, x).

    Parameters
    ----------
    search : Search
        Coadds, peaks and point-spread functions.
    """
    seeds = search.seeds
    if not seeds.x_arcsec.size:
        return []
    mean = search.profiles.mean(search.sum_weights())
    first = next(iter(mean.shares))
    shares = mean.at(first, seeds.x_arcsec, seeds.y_arcsec)
    variance = (WIDTHS_PIX * search.pixel_arcsec) ** 2 + COADD_ARCSEC2
    index, _ = candidates(search.coadds, seeds, shares, variance)
    found: list[Galaxy] = []
    for k in index[~_spoilt(search, index)]:
        place = float(seeds.x_arcsec[k]), float(seeds.y_arcsec[k])
        if any(_holds(galaxy.shape, place) for galaxy in found):
            continue
        galaxy = _Model(search, mean, place, found).galaxy()
        if galaxy is not None and not any(
            _holds(other.shape, (galaxy.shape.x_arcsec, galaxy.shape.y_arcsec)) for other in found
        ):
            found.append(galaxy)
    return sorted(found, key=lambda galaxy: (galaxy.shape.y_arcsec, galaxy.shape.x_arcsec))


def crowded(seeds: Seeds, y_arcsec: Doubles) -> Bools:
    """Which places have more than 16 peaks a square arc minute across the scan, where blends pass for galaxies.

    Parameters
    ----------
    seeds : Seeds
        Peaks of the first look, each once.
    y_arcsec : float64 array (n,)
        U-scan places along the scan.
    """
    y = np.sort(seeds.y_arcsec)
    low, high = np.maximum(y_arcsec - CROWD_ARCSEC, y[0]), np.minimum(y_arcsec + CROWD_ARCSEC, y[-1])
    count = np.searchsorted(y, high, side="right") - np.searchsorted(y, low)
    area_arcmin2 = (
        np.maximum(high - low, CROWD_ARCSEC) * max(float(np.ptp(seeds.x_arcsec)), CROWD_ARCSEC) / 3600.0
    )
    return np.asarray(count > MOST_PEAKS_ARCMIN2 * area_arcmin2)


def _spoilt(search: Search, index: np.ndarray) -> Bools:
    """Which candidates lie at the edge of the coadds, in a crowd of stars or beside a saturated star."""
    x, y = search.seeds.x_arcsec[index], search.seeds.y_arcsec[index]
    outside = ~search.coadds.inside(x, y, EDGE_ARCSEC) | crowded(search.seeds, y)
    if not search.bright.size:
        return np.asarray(outside)
    reach = search.bright[:, 2] + BRIGHT_STAR_ARCSEC
    return np.asarray(outside | near_any(np.column_stack([x, y]), search.bright[:, :2], reach))


def _holds(shape: Shape, place: tuple[float, float]) -> bool:
    """Whether a place lies within a galaxy: 1.5 half-light ellipses, 4" at least."""
    return float(radii_from(shape, np.array([place[0]]), np.array([place[1]]))[0]) < max(
        1.5, 4.0 / shape.semi_major_arcsec
    )


class _Model:
    """One candidate: its window, the stars and galaxies beside it, its fits."""

    def __init__(
        self, search: Search, mean: LocalProfiles, place: tuple[float, float], known: list[Galaxy]
    ) -> None:
        self.search, self.place, self.known = search, place, known
        first = next(iter(mean.shares))
        self.profile = mean.gaussians(first, *place, search.pixel_arcsec)

    def _peaks(self, half: int, shape: Shape | None) -> tuple[Doubles, Doubles]:
        """Peaks in a window that are no part of the candidate: places (n, 2) from it, and light; brightest first."""
        seeds = self.search.seeds
        x, y = seeds.x_arcsec - self.place[0], seeds.y_arcsec - self.place[1]
        near = np.flatnonzero((np.maximum(np.abs(x), np.abs(y)) < half + 6.0) & (np.hypot(x, y) > OWN_ARCSEC))
        if shape is not None and near.size:
            own = STAR_AREA_ARCSEC2 * self.light * surface(shape, seeds.x_arcsec[near], seeds.y_arcsec[near])
            near = near[seeds.light_dn[near] > STAR_SHARE * own]
        near = near[np.argsort(-seeds.light_dn[near], kind="stable")]
        return np.column_stack([x[near], y[near]]), seeds.light_dn[near]

    def _pixels(
        self,
        window: Window,
        half: int,
        peaks: tuple[Doubles, Doubles],
        band: Band | None,
    ) -> Pixels:
        """Pixels of a window less known galaxies, with columns of stars near the candidate; farther ones are masked."""
        places, light = peaks
        close = np.flatnonzero(np.hypot(*places.T) < FITTED_ARCSEC)[:MOST_STARS]
        masked = np.ones(light.size, np.bool_)
        masked[close] = False
        side = window.light.shape[0]
        mask = np.zeros((side, side), np.bool_)
        # A star is masked as far as its light exceeds the noise.
        faint = MASK_SIGMA * float(np.sqrt(np.min(window.variance)))
        reach = MASK_ARCSEC[0] + MASK_SLOPE_ARCSEC * np.log10(np.clip(light[masked] / faint, 1.0, None))
        cut_discs(
            mask,
            places[masked, 0] + self.place[0] - window.x_arcsec,
            places[masked, 1] + self.place[1] - window.y_arcsec,
            np.minimum(reach, MASK_ARCSEC[1]),
        )
        pixels = self._less_known(window.pixels(self.place, float(half), mask), half, band)
        profile = self.profile if band is None else self._profile(band)
        stars = stars_at(pixels, profile, places[close])
        error = LIGHT_ERROR * (np.clip(light[close], 0.0, None)[:, None] * stars).sum(axis=0)
        weight = 1.0 / (1.0 / pixels.weight + error * error)
        return pixels._replace(weight=weight, linear=np.concatenate([pixels.linear, stars]))

    def _profile(self, band: Band) -> tuple[Doubles, Doubles]:
        return self.search.profiles.gaussians(band, *self.place, self.search.pixel_arcsec)

    def _less_known(self, pixels: Pixels, half: int, band: Band | None) -> Pixels:
        """Pixels less the galaxies that were found before, whose error is noise."""
        value, variance = pixels.value, 1.0 / pixels.weight
        weights = self.search.coadds.weights
        for galaxy in self.known:
            shape = galaxy.shape
            away = np.hypot(shape.x_arcsec - self.place[0], shape.y_arcsec - self.place[1])
            if away < 0.1 or away > 1.5 * half + 8.0 * shape.semi_major_arcsec:
                continue
            flux = galaxy.flux_dn[band] if band else sum(weights[b] * f for b, f in galaxy.flux_dn.items())
            profile = self.profile if band is None else self._profile(band)
            light = flux * light_of(pixels, shape, profile, self.place)
            value, variance = value - light, variance + (MODEL_ERROR * light) ** 2
        return pixels._replace(value=value, weight=1.0 / variance)

    def galaxy(self) -> Galaxy | None:
        """Fit the candidate in windows that grow with it; None where it is no galaxy."""
        shape: Shape | None = None
        kept: tuple[Pixels, Fitted, dict[Band, Window], int, tuple[Doubles, Doubles]] | None = None
        guess = np.array([100.0, 0.0, 0.0, np.log(2.5), 0.0, 0.0, np.log(1.5)])
        for half in HALF_WINDOWS_ARCSEC:
            windows = self.search.coadds.windows(*self.place, half)
            peaks = self._peaks(half, shape)
            pixels = self._pixels(self.search.coadds.sum_of(windows), half, peaks, None)
            if pixels.x.size < FEWEST_PIXELS:
                return None
            fitted = fit_galaxy(pixels, self.profile, guess)
            larger = fitted.shape(*self.place)
            if kept is not None and not self._follows(fitted, larger, kept[1].shape(*self.place)):
                break
            shape, self.light = larger, float(fitted.values[0])
            if not self._plausible(fitted, shape):
                return None
            kept = pixels, fitted, windows, half, peaks
            if WINDOW_RADII * shape.semi_major_arcsec <= half:
                break
            guess = fitted.values[:7]
        if kept is None:
            return None
        pixels, fitted, windows, half, peaks = kept
        final = fitted.shape(*self.place)
        change = self._change_from_stars(pixels, fitted, final)
        if change is None:
            return None
        return self._in_bands(windows, half, peaks, (fitted, final, change))

    def _follows(self, fitted: Fitted, larger: Shape, smaller: Shape) -> bool:
        """Whether the fit in a larger window goes on from that in a smaller one."""
        grown = larger.radius_arcsec < MOST_GROWTH * smaller.radius_arcsec and larger.index < LARGEST_INDEX
        return grown and self._plausible(fitted, larger)

    def _plausible(self, fitted: Fitted, shape: Shape) -> bool:
        """Whether a fit has the light and the shape of a galaxy."""
        _, known = fitted.flux_error()
        moved = np.hypot(shape.x_arcsec - self.place[0], shape.y_arcsec - self.place[1])
        return bool(
            fitted.values[0] > LEAST_SNR * known
            and shape.radius_arcsec > LEAST_RADIUS_ARCSEC
            and shape.axis_ratio > LEAST_AXIS_RATIO
            and moved < max(FARTHEST_ARCSEC, 0.4 * shape.semi_major_arcsec)
        )

    def _change_from_stars(self, pixels: Pixels, fitted: Fitted, shape: Shape) -> float | None:
        """Change of chi-squared from two stars to the galaxy; None where stars do as well."""
        turn = np.radians(shape.angle_deg)
        axis = 0.4 * shape.semi_major_arcsec * np.array([np.cos(turn), np.sin(turn)])
        middle = fitted.values[1:3]
        light, _, chi2 = fit_points(pixels, self.profile, np.array([middle + axis, middle - axis]))
        change = chi2 - fitted.chi2
        if change < LEAST_CHANGE or fitted.values[0] < LEAST_EXCESS * np.clip(light, 0.0, None).sum():
            return None
        if shape.index > LARGEST_INDEX and (change < SURE_CHANGE or shape.axis_ratio < ROUND_RATIO):
            return None
        inner = pixels.x**2 + pixels.y**2 < INNER_ARCSEC**2
        model = fitted.values[0] * light_of(pixels, shape, self.profile, self.place)
        model += (fitted.values[7:, None] * pixels.linear).sum(axis=0)
        noise = 1.0 / pixels.weight + (MODEL_ERROR * model) ** 2
        own = float(np.mean(((pixels.value - model) ** 2 / noise)[inner]))
        return change if own < WORST_CHI2 else None

    def _in_bands(
        self,
        windows: Mapping[Band, Window],
        half: int,
        peaks: tuple[Doubles, Doubles],
        model: tuple[Fitted, Shape, float],
    ) -> Galaxy:
        """Light of the galaxy in every band for the common shape."""
        fitted, shape, change = model
        whole, known = fitted.flux_error()
        shared = max(whole**2 - known**2, 0.0) / fitted.values[0] ** 2
        flux, error, chi2 = {}, {}, {}
        for band, window in windows.items():
            pixels = self._pixels(window, half, peaks, band)
            light = light_of(pixels, shape, self._profile(band), self.place)
            flux[band], own, total = linear_fit(pixels, light)
            error[band] = float(np.sqrt(own**2 + shared * flux[band] ** 2))
            chi2[band] = total / max(pixels.x.size, 1)
        c = fitted.covariance
        ratio = shape.axis_ratio * float(np.sqrt(max(c[4, 4] + c[5, 5], 0.0) / 2.0))
        index = shape.index * float(np.sqrt(max(c[6, 6], 0.0)))
        stars = fitted.values.size - 10
        return Galaxy(shape, flux, error, chi2, index, ratio, float(np.sqrt(max(change, 0.0))), stars)


@njit(**KERNEL)
def cut_discs(mask: Bools, x: Doubles, y: Doubles, radius: Doubles) -> None:
    """Mark the pixels within discs.

    Parameters
    ----------
    mask : bool array (rows, columns)
        Changed.
    x, y, radius : float64 arrays (n,)
        Middles and radii of the discs, pixels of the mask.
    """
    rows, columns = mask.shape
    for s in range(x.size):
        for j in range(max(0, int(y[s] - radius[s])), min(rows, int(y[s] + radius[s]) + 2)):
            for i in range(max(0, int(x[s] - radius[s])), min(columns, int(x[s] + radius[s]) + 2)):
                if (i - x[s]) * (i - x[s]) + (j - y[s]) * (j - y[s]) < radius[s] * radius[s]:
                    mask[j, i] = True
