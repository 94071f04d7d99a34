"""The model of one candidate: fitted in windows that grow with it, beside its neighbours, weighed against stars."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from app.arrays import Doubles
from app.instruments.bands import Band
from workers.reduction.galaxies.fit import (
    Fitted,
    fit_galaxy,
    fit_points,
    light_of,
    linear_fit,
    parts_fit,
)
from workers.reduction.galaxies.frame import Frame
from workers.reduction.galaxies.large import Large
from workers.reduction.galaxies.local_profile import LocalProfiles
from workers.reduction.galaxies.priors import DISC, FAMILY_LOG_INDICES, FAMILY_SIGMA, WEAK, Priors
from workers.reduction.galaxies.search import LEAST_CHANGE, Search, asked, crowding
from workers.reduction.galaxies.surroundings import HALF_WINDOWS_ARCSEC, MODEL_ERROR, Surroundings
from workers.reduction.galaxies.values import (
    CORE_SIGMAS_ARCSEC,
    LARGE_ARCSEC,
    Galaxy,
    Pixels,
    Shape,
)

ARM_ERROR = 0.15  # of the light of a large galaxy
WINDOW_RADII = 5.0  # of half-light semi-major axes, that a window must hold
INNER_ARCSEC, FEWEST_PIXELS, FEWEST_INNER_PIXELS = 8.0, 100, 40
FIRST_GUESS = np.array([100.0, 0.0, 0.0, np.log(2.5), 0.0, 0.0, np.log(1.5)])
DISC_SHARE = 0.25  # of half a window: half-light radius of a disc that may surround a bulge
LEAST_SNR, LEAST_AXIS_RATIO = 5.0, 0.16  # of the total light; minor over major axis
# At the end of the models' range only what is sure and round counts: others are the halos of bright stars.
LARGEST_INDEX, ROUND_RATIO = 5.8, 0.5
BULGE = FAMILY_LOG_INDICES[1], FAMILY_SIGMA
BULGE_INDEX, LEAST_BULGE_RATIO = 3.0, 0.22  # no bulge is flatter: stripes and spikes over a star are
# What crowds add to the least changes and take from the index, and the chi-squared a pixel, mean of the bands, that a
# small galaxy may have there: at latitude 15, with 13 peaks a square arc minute, four of six false galaxies to Ks 13.5
# had changes of 29 to 38, one an index of 5.2 and one a chi-squared of 1.5; galaxies have 0.3 to 0.8.
CROWD_CHANGE, CROWD_SURE_CHANGE, CROWD_INDEX, CROWD_CHI2 = 25.0, 80.0, 0.8, 1.2
# Of the radius in a larger window: a model that grows more takes the sky for its light, unless chi-squared says more.
MOST_GROWTH, GROWTH_CHANGE = 1.5, 100.0
# Of a large galaxy's pixels where a core is tried: simulated bulges have 0.5, NGC 309 had 2.2; and what it takes away.
POOR_CHI2, CORE_SHARE = 1.0, 0.1
# Patches of airglow are larger and lie in one band, which their common shape does not describe; arms are in all bands.
LARGEST_RADIUS_ARCSEC, LARGE_CHI2 = 70.0, 4.0
LARGE_CHANGE = 500.0  # of chi-squared from two stars to a galaxy that blocked images show
LEAST_EXCESS = 1.2  # of light over that of two stars
FARTHEST_ARCSEC, FARTHEST_RADII = 4.0, 0.4  # from the peak, in half-light semi-major axes
WORST_CHI2 = 1.5  # of the inner pixels; noise alone has 0.2, as pixels of coadds are smoothed


class Fit(NamedTuple):
    """A candidate as it was fitted."""

    pixels: Pixels
    fitted: Fitted
    frame: Frame
    shape: Shape


class Modelling(Surroundings):
    """One candidate and its fits, as of `Surroundings`."""

    def __init__(
        self, search: Search, mean: LocalProfiles, place: tuple[float, float], known: list[Galaxy]
    ) -> None:
        super().__init__(search, mean, place, known)
        self.first: Fit | None = None  # of the last call of `galaxy`, in the first window
        self.steep = False  # whether it was refused for the index alone
        # Pixels of the bands and the model's light there, of the last call of `_in_bands`.
        self._lights: dict[Band, tuple[Pixels, Doubles]] = {}
        self.crowding = crowding(search, place[1])
        self.least_radius, self.sure_change = asked(search, place[1])

    def galaxy(self) -> Galaxy | None:
        """Fit the candidate in windows that grow with it; None where it is no galaxy."""
        kept: Fit | None = None
        self.steep = False
        for half in HALF_WINDOWS_ARCSEC:
            fit = self._fit_in(half, kept)
            self.first = fit if kept is None else self.first
            if fit is None or not self._plausible(fit):
                if kept is None:
                    return None
                break
            if kept is not None and not self._follows(fit, kept):
                break
            kept = fit
            self.light = float(fit.fitted.values[0])
            if WINDOW_RADII * fit.shape.semi_major_arcsec <= half:
                break
        if kept is None:
            return None
        least = self.search.least_change + self.crowding * CROWD_CHANGE
        change = self._change_from_stars(kept, least)
        if change is None and self.steep and self.search.stars is not None:
            # A star on its wings, or a sky that bends, draws a bulge to the end of the range.
            kept = self._as_bulge(kept)
            change = self._change_from_stars(kept, least) if self._plausible(kept) else None
        if change is None:
            return None
        final = self._refined(kept)
        if not self._plausible(final) or self._halo(final.shape, change):
            # A bulge whose wings and a bent sky are hard to tell apart; in crowds what has such wings is a blend.
            if self.crowding > 0.0:
                return None
            final = kept
        galaxy = self._in_bands(final, change)
        galaxy = replace(galaxy, unseen=self._extra_stars())
        mean = sum(galaxy.chi2.values()) / len(galaxy.chi2)
        poor = self.crowding * mean > CROWD_CHI2 and final.shape.semi_major_arcsec < LARGE_ARCSEC
        return None if poor else galaxy

    def _extra_stars(self) -> tuple[tuple[float, float, float], ...]:
        """U-scan places (arcsec) and light of stars beside it that no peak shows."""
        x, y = self.place
        return tuple((x + dx, y + dy, light) for dx, dy, light in self.extra.tolist())

    def large_galaxy(self, patch: Large) -> Galaxy | None:
        """Fit a large patch of light, a disc to begin with; None where it is no large galaxy.

        Parameters
        ----------
        patch : Large
            Around the candidate's place.
        """
        self.light = patch.light_dn
        start = FIRST_GUESS.copy()
        start[0], start[3:6] = patch.light_dn, (patch.shape.log_radius, *patch.shape.stretches())
        start[6] = 0.0
        fit: Fit | None = None
        for half in HALF_WINDOWS_ARCSEC:
            shape = patch.shape if fit is None else fit.shape
            if WINDOW_RADII * shape.semi_major_arcsec > half and half != HALF_WINDOWS_ARCSEC[-1]:
                continue
            frame = self._frame(half, shape)._replace(bent=True)
            pixels = self._sum_pixels(frame)
            if pixels.x.size < FEWEST_PIXELS:
                return None
            fitted = fit_galaxy(pixels, self.profile, start)
            fit = Fit(pixels, fitted, frame, fitted.shape(*self.place))
            self.light = float(fitted.values[0])
            if WINDOW_RADII * fit.shape.semi_major_arcsec <= half:
                break
        if fit is None or fit.shape.semi_major_arcsec < LARGE_ARCSEC:
            return None
        final = self._refined(fit, arms=True)
        if not self._plausible(final):
            # Arms and a broad bulge draw the index to 3 and the radius beyond the scan's width: a disc has an end.
            final = self._cored(
                fit.frame.half, fit, (float(fit.fitted.values[1]), float(fit.fitted.values[2])), DISC
            )
        # A spiral's nucleus is no part of the disc that was fitted first.
        change = self._change_from_stars(final, LARGE_CHANGE) if self._plausible(final) else None
        if change is None:
            return None
        galaxy = self._in_bands(final, change)
        chi2 = [*galaxy.chi2.values()]
        return galaxy if max(chi2) < LARGE_CHI2 or np.median(chi2) > POOR_CHI2 else None

    def _fit_in(self, half: int, kept: Fit | None) -> Fit | None:
        """Fit the candidate in a window, from the fit in the last one on or from a disc; None with too few pixels."""
        frame = self._frame(half, None if kept is None else kept.shape)
        pixels = self._sum_pixels(frame)
        if pixels.x.size < FEWEST_PIXELS:
            return None
        fitted = fit_galaxy(pixels, self.profile, FIRST_GUESS if kept is None else kept.fitted.values[:7])
        if kept is not None:
            other = fit_galaxy(pixels, self.profile, _disc(kept.fitted, half))
            fitted = other if other.chi2 < fitted.chi2 - LEAST_CHANGE else fitted
        return Fit(pixels, fitted, frame, fitted.shape(*self.place))

    def _refined(self, kept: Fit, *, arms: bool = False) -> Fit:
        """Fit once more with a sky that bends, peaks of the model's own light forgotten, and a core where one shows.

        Airglow bends by a few DN in an arc minute or two, which wings of bulges are mistaken for. A spiral is a disc
        with a nucleus and a bulge: one Sersic profile of both takes the whole window for its wings.
        """
        frame = self._frame(kept.frame.half, kept.shape)._replace(bent=True)
        pixels = self._sum_pixels(frame)
        pixels = self._softened(pixels, kept) if arms else pixels
        fitted = fit_galaxy(pixels, self.profile, kept.fitted.values[:7])
        plain = Fit(pixels, fitted, frame, fitted.shape(*self.place))
        smooth = not arms and fitted.chi2 < POOR_CHI2 * pixels.x.size
        if smooth or plain.shape.semi_major_arcsec < LARGE_ARCSEC:
            return plain
        middle = float(fitted.values[1]), float(fitted.values[2])
        for half in (h for h in HALF_WINDOWS_ARCSEC if h >= frame.half):
            cored = self._cored(half, kept, middle)
            if WINDOW_RADII * cored.shape.semi_major_arcsec <= half:
                break
        alone = cored.pixels._replace(linear=cored.pixels.linear[len(CORE_SIGMAS_ARCSEC) :])
        single = fit_galaxy(alone, self.profile, plain.fitted.values[:7])
        change = single.chi2 - cored.fitted.chi2
        better = change > max(GROWTH_CHANGE, CORE_SHARE * single.chi2)
        return cored if better and cored.shape.radius_arcsec < LARGEST_RADIUS_ARCSEC else plain

    def _softened(self, pixels: Pixels, kept: Fit) -> Pixels:
        """Pixels in which arms and knots of a large galaxy are noise: its outskirts tell of the disc too."""
        if kept.shape.semi_major_arcsec < LARGE_ARCSEC:
            return pixels
        arms = ARM_ERROR * kept.fitted.values[0] * light_of(pixels, kept.shape, self.profile, self.place)
        return pixels._replace(weight=1.0 / (1.0 / pixels.weight + arms * arms))

    def _cored(self, half: int, kept: Fit, middle: tuple[float, float], priors: Priors = WEAK) -> Fit:
        """Fit a disc with a core."""
        frame = self._frame(half, kept.shape)._replace(bent=True, core=middle)
        pixels = self._softened(self._sum_pixels(frame), kept)
        start = FIRST_GUESS.copy()
        start[:3] = self.light, *middle
        start[3], start[6] = np.log(DISC_SHARE * half), 0.0
        fitted = fit_galaxy(pixels, self.profile, start, priors)
        return Fit(pixels, fitted, frame, fitted.shape(*self.place))

    def _follows(self, larger: Fit, smaller: Fit) -> bool:
        """Whether the fit in a larger window goes on from that in a smaller one: sky must not pass for light."""
        if larger.shape.radius_arcsec > LARGEST_RADIUS_ARCSEC:
            return False
        grown = larger.shape.radius_arcsec / smaller.shape.radius_arcsec
        if grown < MOST_GROWTH and larger.shape.index < LARGEST_INDEX:
            return True
        light = light_of(larger.pixels, smaller.shape, self.profile, self.place)
        return linear_fit(larger.pixels, light)[2] - larger.fitted.chi2 > GROWTH_CHANGE

    def _plausible(self, fit: Fit) -> bool:
        """Whether a fit has the light and the shape of a galaxy."""
        fitted, shape = fit.fitted, fit.shape
        known = fitted.known_error()
        moved = np.hypot(shape.x_arcsec - self.place[0], shape.y_arcsec - self.place[1])
        return bool(
            fitted.values[0] > LEAST_SNR * known
            and self.least_radius < shape.radius_arcsec < LARGEST_RADIUS_ARCSEC
            and shape.axis_ratio > LEAST_AXIS_RATIO
            and moved < max(FARTHEST_ARCSEC, FARTHEST_RADII * shape.semi_major_arcsec)
        )

    def _change_from_stars(self, fit: Fit, least: float) -> float | None:
        """Change of chi-squared from two stars to the galaxy; None where stars do as well."""
        pixels, fitted, shape = fit.pixels, fit.fitted, fit.shape
        turn = np.radians(shape.angle_deg)
        axis = 0.4 * shape.semi_major_arcsec * np.array([np.cos(turn), np.sin(turn)])
        middle = fitted.values[1:3]
        light, _, chi2 = fit_points(pixels, self.profile, np.array([middle + axis, middle - axis]))
        change = chi2 - fitted.chi2
        if change < least:
            return None
        if least >= LARGE_CHANGE:
            return change  # of a spiral, whose arms no smooth model describes
        if fitted.values[0] < LEAST_EXCESS * np.clip(light, 0.0, None).sum():
            return None
        if self._halo(shape, change):
            self.steep = shape.index > self._largest_index()
            return None
        inner = pixels.x**2 + pixels.y**2 < INNER_ARCSEC**2
        if np.count_nonzero(inner) < FEWEST_INNER_PIXELS:
            return None
        model = fitted.values[0] * light_of(pixels, shape, self.profile, self.place)
        model += (fitted.values[7:, None] * pixels.linear).sum(axis=0)
        noise = 1.0 / pixels.weight + (MODEL_ERROR * model) ** 2
        own = float(np.mean(((pixels.value - model) ** 2 / noise)[inner]))
        return change if own < WORST_CHI2 else None

    def _halo(self, shape: Shape, change: float) -> bool:
        """Whether a model at the end of the models' range is neither sure nor round, or a bulge is a streak."""
        if shape.index > BULGE_INDEX and shape.axis_ratio < LEAST_BULGE_RATIO:
            return True
        largest = self._largest_index()
        sure = self.sure_change + self.crowding * CROWD_SURE_CHANGE
        return shape.index > largest and (change < sure or shape.axis_ratio < ROUND_RATIO)

    def _largest_index(self) -> float:
        return LARGEST_INDEX - self.crowding * CROWD_INDEX

    def _as_bulge(self, kept: Fit) -> Fit:
        """Fit a bulge of the usual index on the same pixels."""
        start = kept.fitted.values[:7].copy()
        start[6] = BULGE[0]
        fitted = fit_galaxy(kept.pixels, self.profile, start, Priors(WEAK.log_radius, BULGE))
        self.light = float(fitted.values[0])
        return Fit(kept.pixels, fitted, kept.frame, fitted.shape(*self.place))

    def _in_bands(self, fit: Fit, change: float) -> Galaxy:
        """Light of the galaxy in every band for the common shape."""
        fitted, shape = fit.fitted, fit.shape
        whole, known = fitted.flux_error()
        shared = max(whole**2 - known**2, 0.0) / fitted.values[0] ** 2
        flux, error, chi2, core = {}, {}, {}, {}
        for band, window in fit.frame.windows.items():
            pixels = self._pixels(window, fit.frame, band)
            light = light_of(pixels, shape, self._profile(band), self.place)
            self._lights[band] = pixels, light
            parts = 0 if fit.frame.core is None else len(CORE_SIGMAS_ARCSEC)
            flux[band], own, total, shares = parts_fit(pixels, light, parts)
            if parts:
                core[band] = shares
            error[band] = float(np.sqrt(own**2 + shared * flux[band] ** 2))
            chi2[band] = total / max(pixels.x.size, 1)
        c = fitted.covariance
        ratio = shape.axis_ratio * float(np.sqrt(max(c[4, 4] + c[5, 5], 0.0) / 2.0))
        index = shape.index * float(np.sqrt(max(c[6, 6], 0.0)))
        significance = float(np.sqrt(max(change, 0.0)))
        return Galaxy(shape, flux, error, chi2, index, ratio, significance, len(fit.frame.neighbours()), core)


def _disc(fitted: Fitted, half: int) -> Doubles:
    """First guess of a disc around what was fitted: a bulge that was fitted alone stays alone otherwise."""
    guess = fitted.values[:7].copy()
    guess[3], guess[6] = np.log(DISC_SHARE * half), 0.0
    return np.asarray(guess)
