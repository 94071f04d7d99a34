"""What surrounds one candidate: its windows, the stars and galaxies beside it, the pixels that are left for its fit."""

from __future__ import annotations

import math

import numpy as np

from app.arrays import Doubles, Integers
from app.instruments.bands import Band
from workers.reduction.galaxies.coadds import Window, cut_discs
from workers.reduction.galaxies.fit import beside_stars, core_light, light_of
from workers.reduction.galaxies.frame import FITTED_ARCSEC, MOST_STARS, Frame
from workers.reduction.galaxies.local_profile import LocalProfiles
from workers.reduction.galaxies.search import Search
from workers.reduction.galaxies.values import LARGE_ARCSEC, Galaxy, Pixels, Shape, beside, surface

OWN_ARCSEC = 2.5  # peaks this near to a candidate are its own light
SAME_ARCSEC = 0.7  # a star this near to a peak is that
STAR_AREA_ARCSEC2 = 12.0  # of a star's image
# Of the model's light there that a peak within a galaxy must exceed to be fitted as a star; in a large one peaks were
# fitted with the galaxy's own light in them.
STAR_SHARE, LARGE_STAR_SHARE = 0.25, 4.0
HALF_WINDOWS_ARCSEC = (26, 50, 90, 140, 220)
MASK_ARCSEC, MASK_SLOPE_ARCSEC, MASK_SIGMA = (2.5, 14.0), 2.5, 6.0
KNOWN_RADII = 8.0  # half-light semi-major axes, where models end
MODEL_ERROR = 0.05  # of the light of a model


class Surroundings:
    """The surroundings of one candidate.

    Parameters
    ----------
    search : Search
        Of the scan.
    mean : LocalProfiles
        Point-spread functions of the sum of the bands.
    place : (float, float)
        U-scan place of the peak, arcsec.
    known : list of Galaxy
        Those that were found before.
    """

    def __init__(
        self, search: Search, mean: LocalProfiles, place: tuple[float, float], known: list[Galaxy]
    ) -> None:
        self.search, self.mean, self.place, self.known = search, mean, place, known
        self._known = beside(known, place, 1.5 * HALF_WINDOWS_ARCSEC[-1], KNOWN_RADII)
        # Windows of the coadds are cut once, whatever is fitted on them.
        self._windows: dict[int, dict[Band, Window]] = {}
        self._near_bright: dict[int, Integers] = {}
        self.sky_sigma = search.coadds.sky_sigma()
        self._usual_shares = search.coadds.usual_shares()
        self._sums: dict[int, Window] = {}
        self._profiles: dict[Band, tuple[Doubles, Doubles]] = {}
        self.light = 0.0
        # Stars that no peak shows, or that count as the candidate's own: places from it and light, a row each.
        self.extra = np.zeros((0, 3))
        first = next(iter(mean.shares))
        self.profile = mean.gaussians(first, *place, search.pixel_arcsec)

    def _peaks(self, half: int, shape: Shape | None) -> tuple[Doubles, Doubles]:
        """Peaks in a window that are no part of the candidate: places (n, 2) from it, and light; brightest first."""
        seeds = self.search.seeds
        # Most of a scan is far along it.
        around = np.flatnonzero(np.abs(seeds.y_arcsec - self.place[1]) < half + 6.0)
        x, y = seeds.x_arcsec[around] - self.place[0], seeds.y_arcsec[around] - self.place[1]
        near = around[(np.abs(x) < half + 6.0) & (np.hypot(x, y) > OWN_ARCSEC)]
        if self.search.stars is not None:
            near = near[
                ~self.search.stars.within(seeds.x_arcsec[near], seeds.y_arcsec[near], self._bright(half))
            ]
        if shape is not None and near.size:
            own = STAR_AREA_ARCSEC2 * self.light * surface(shape, seeds.x_arcsec[near], seeds.y_arcsec[near])
            share = LARGE_STAR_SHARE if shape.semi_major_arcsec > LARGE_ARCSEC else STAR_SHARE
            near = near[seeds.light_dn[near] > share * own]
        near = near[np.argsort(-seeds.light_dn[near], kind="stable")]
        places = np.empty((near.size, 2))
        places[:, 0], places[:, 1] = seeds.x_arcsec[near], seeds.y_arcsec[near]
        places -= self.place
        return self._with_extra(places, seeds.light_dn[near])

    def _with_extra(self, places: Doubles, light: Doubles) -> tuple[Doubles, Doubles]:
        """Peaks with the stars that no peak shows."""
        if not self.extra.size:
            return places, light
        away = np.hypot(*(self.extra[:, None, :2] - places[None, :, :]).transpose(2, 0, 1))
        new = self.extra[(away > SAME_ARCSEC).all(axis=1)]
        places, light = np.concatenate([places, new[:, :2]]), np.concatenate([light, new[:, 2]])
        order = np.argsort(-light, kind="stable")
        return places[order], light[order]

    def _frame(self, half: int, shape: Shape | None) -> Frame:
        if half not in self._windows:
            self._windows[half] = self.search.coadds.windows(*self.place, half)
        return Frame(half, self._windows[half], self._peaks(half, shape))

    def _sum_pixels(self, frame: Frame) -> Pixels:
        """Pixels of the sum of the bands, as of `_pixels`."""
        if frame.half not in self._sums:
            self._sums[frame.half] = self.search.coadds.sum_of(frame.windows)
        return self._pixels(self._sums[frame.half], frame, None)

    def _pixels(self, window: Window, frame: Frame, band: Band | None) -> Pixels:
        """Pixels of a window less known galaxies, with columns of stars near the candidate; farther ones are masked."""
        places, light = frame.peaks
        close = np.flatnonzero(np.hypot(*places.T) < FITTED_ARCSEC)[:MOST_STARS]
        masked = np.ones(light.size, np.bool_)
        masked[close] = False
        side = window.light.shape[0]
        mask = np.zeros((side, side), np.bool_)
        # A star is masked as far as its light exceeds the noise.
        faint = MASK_SIGMA * math.sqrt(window.variance.min())
        reach = MASK_ARCSEC[0] + MASK_SLOPE_ARCSEC * np.log10(np.maximum(light[masked] / faint, 1.0))
        x, y = places[masked].T
        cut_discs(
            mask,
            x + self.place[0] - window.x_arcsec,
            y + self.place[1] - window.y_arcsec,
            np.minimum(reach, MASK_ARCSEC[1]),
        )
        stars, bright = self.search.stars, self._bright(frame.half)
        if stars is not None and bright.size:
            stars.cut(mask, (window.x_arcsec, window.y_arcsec), bright, self.sky_sigma)
        pixels = self._less_known(window.pixels(self.place, float(frame.half), mask), frame.half, band)
        if stars is not None and bright.size:
            share = 1.0 if band is None else self._usual_shares[band]
            pixels = stars.beside(pixels, self.place, bright, self.sky_sigma, share)
        profile = self.profile if band is None else self._profile(band)
        core = core_light(pixels, profile, frame.core) if frame.core is not None else pixels.linear[:0]
        return beside_stars(
            pixels, profile, (places[close], light[close]), core, frame.half if frame.bent else 0
        )

    def _bright(self, half: int) -> Integers:
        """Saturated stars whose light is in a window."""
        if self.search.stars is None:
            return np.zeros(0, np.int64)
        if half not in self._near_bright:
            self._near_bright[half] = self.search.stars.near(self.place, half)
        return self._near_bright[half]

    def _profile(self, band: Band) -> tuple[Doubles, Doubles]:
        if band not in self._profiles:
            self._profiles[band] = self.search.profiles.gaussians(band, *self.place, self.search.pixel_arcsec)
        return self._profiles[band]

    def _less_known(self, pixels: Pixels, half: int, band: Band | None) -> Pixels:
        """Pixels less the galaxies that were found before, whose error is noise."""
        value, variance = pixels.value, 1.0 / pixels.weight
        weights = self.search.coadds.weights
        for away, galaxy in self._known:
            shape = galaxy.shape
            if away > 1.5 * half + KNOWN_RADII * shape.semi_major_arcsec:
                continue
            flux = galaxy.flux_dn[band] if band else sum(weights[b] * f for b, f in galaxy.flux_dn.items())
            profile = self.profile if band is None else self._profile(band)
            core = galaxy.core_of(band) if band else galaxy.mean_core(weights)
            light = flux * light_of(pixels, shape, profile, self.place, core)
            value, variance = value - light, variance + (MODEL_ERROR * light) ** 2
        return pixels._replace(value=value, weight=1.0 / variance)
