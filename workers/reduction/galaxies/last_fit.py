"""The last fit of a galaxy: beside all others of the scan, as a disc or a bulge of their usual surface brightness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from app.arrays import Doubles
from app.instruments.bands import Band
from app.parameters.galaxy_classifier import GalaxyClassifier
from workers.reduction.galaxies.band_shifts import Shift, band_shift
from workers.reduction.galaxies.evidence import Weighed, evidence_of
from workers.reduction.galaxies.fit import Fitted, fit_galaxy, light_of, linear_fit
from workers.reduction.galaxies.frame import Frame
from workers.reduction.galaxies.hidden_stars import hidden_star, without_strays
from workers.reduction.galaxies.local_profile import LocalProfiles
from workers.reduction.galaxies.modelling import (
    FEWEST_PIXELS,
    POOR_CHI2,
    WINDOW_RADII,
    Fit,
    Modelling,
)
from workers.reduction.galaxies.priors import (
    FAMILY_LOG_INDICES,
    FAMILY_SIGMA,
    FREE_CHANGE,
    WEAK,
    Priors,
    families,
    family_scatter,
    usual_brightness,
)
from workers.reduction.galaxies.responses import linear_response, responses
from workers.reduction.galaxies.scores import scores_of
from workers.reduction.galaxies.search import SPARSE_ARCMIN2, Search
from workers.reduction.galaxies.sky_noise import SkyNoise, wave_variance
from workers.reduction.galaxies.star_groups import fit_group
from workers.reduction.galaxies.surroundings import (
    HALF_WINDOWS_ARCSEC,
    OWN_ARCSEC,
    STAR_AREA_ARCSEC2,
    STAR_SHARE,
)
from workers.reduction.galaxies.values import LARGE_ARCSEC, Galaxy, Pixels, Shape, surface


def settle(
    search: Search,
    mean: LocalProfiles,
    found: Sequence[Galaxy],
    classifier: GalaxyClassifier | None = None,
) -> list[Galaxy]:
    """Fit the galaxies of a scan once more, each beside all others, in the order in which they were found.

    What three stars describe as well is no galaxy, unless a classifier takes it for one.

    Parameters
    ----------
    search : Search
        Of the scan.
    mean : LocalProfiles
        Point-spread functions of the sum of the bands.
    found : sequence of Galaxy
        All galaxies of the scan; those with cores or arms stay as they are.
    classifier : GalaxyClassifier, optional
        Gives each its scores.
    """
    weights = search.coadds.weights
    plain = [galaxy for galaxy in found if not _is_irregular(galaxy)]
    brightness = usual_brightness([(galaxy.shape, light_of_sum(galaxy, weights)) for galaxy in plain])
    out: list[Galaxy] = []
    fits: list[LastFit] = []
    noise = SkyNoise(search, found) if plain else None
    for k, galaxy in enumerate(found):
        last: Galaxy | None = galaxy
        place = galaxy.shape.x_arcsec, galaxy.shape.y_arcsec
        fit = LastFit(search, mean, place, [*out, *found[k + 1 :]], classifier)
        fit.extra = np.array(galaxy.unseen, np.float64).reshape(-1, 3) - (*place, 0.0)
        if noise is not None and not _is_irregular(galaxy):
            last = fit.settled(galaxy, brightness, noise)
        elif classifier is not None and not galaxy.faint:
            last = fit.scored(galaxy)
        if last is not None:
            out.append(last)
            fits.append(fit)
    # Fits of galaxies that are none tell nothing of galaxies.
    scatter = family_scatter([fit.family.told for fit in fits if fit.family is not None])
    return [with_scatter(galaxy, fit.family, scatter) for galaxy, fit in zip(out, fits, strict=True)]


def with_scatter(galaxy: Galaxy, family: Family | None, scatter: float) -> Galaxy:
    """Put how indices do scatter about their families in the place of what the prior of a fit says, in errors of light.

    The covariance C of a fit takes for granted that indices scatter by the sigma of their prior P. Of its C P C is what
    such a scatter makes of the light; the rest is that of the pixels, as regular as the prior makes them.

    Parameters
    ----------
    galaxy : Galaxy
        With its errors by the covariance.
    family : Family, optional
        What its fit tells; none of a galaxy that was not fitted so.
    scatter : float
        Of logarithms of indices about families.
    """
    if family is None or not family.variance > 0.0:
        return galaxy
    more = family.variance * ((scatter / FAMILY_SIGMA) ** 2 - 1.0)
    error = {
        band: float(np.sqrt(max(sigma**2 + more * galaxy.flux_dn[band] ** 2, 0.0)))
        for band, sigma in galaxy.flux_error_dn.items()
    }
    return replace(galaxy, flux_error_dn=error)


def index_variance(fitted: Fitted) -> float:
    """Variance of the light of a family's model by the prior of its index, over the square of the light.

    Parameters
    ----------
    fitted : Fitted
        With a prior of `FAMILY_SIGMA`.
    """
    share = float(fitted.covariance[0, 6]) / FAMILY_SIGMA / float(fitted.values[0])
    return share * share


def light_of_sum(galaxy: Galaxy, weights: Mapping[Band, float]) -> float:
    """Light of a galaxy in the weighted sum of the bands, DN.

    Parameters
    ----------
    galaxy : Galaxy
        With its light in every band.
    weights : mapping of Band to float
        Of the bands in the sum.
    """
    return sum(weights[band] * flux for band, flux in galaxy.flux_dn.items())


def _is_irregular(galaxy: Galaxy) -> bool:
    """Whether a galaxy has a core, arms that a smooth model does not describe, or too little light for a free shape."""
    poor = galaxy.shape.semi_major_arcsec > LARGE_ARCSEC and max(galaxy.chi2.values()) > POOR_CHI2
    return bool(galaxy.core) or poor or galaxy.faint


# Of chi-squared from three stars, at peaks a square arc minute. Fields at latitude 15 have 13: of 23 false galaxies to
# Ks 13.5 (seeds 6 to 9) sixteen had less than 0, of the others six are galaxies with a star on them; of 389 galaxies
# 11 % have less than 0, most with a star on them, 14 % less than 8. At latitude 60, with 2, .6 % of them.
# There no false model was among them, but two of 53 galaxies below 3": a sparse field asks for less.
GROUP_DENSITIES_ARCMIN2, GROUP_CHANGES = (4.0, 7.0, 14.0), (-30.0, 0.0, 8.0)
GROUP_WINDOW_ARCSEC = 50.0
# Stars on a galaxy that no peak shows, and what each must take from chi-squared. At latitude 15 a galaxy in two has one
# above 40; above 25 as many more, by which totals of bulges become too faint by another .02 mag. Where stars are sparse
# arms and knots are as common.
MOST_HIDDEN, HIDDEN_CHANGE = 2, 40.0


class Family(NamedTuple):
    """What a galaxy tells of the family that it was taken for.

    Attributes
    ----------
    told : (float, float)
        Logarithm of its index, freely fitted, less that of the family, and one sigma.
    variance : float
        Of its light, over the square of that: what the prior of the family's index brings; 0 where none is its model.
    """

    told: tuple[float, float]
    variance: float


class LastFit(Modelling):
    """A galaxy that was found, fitted again: its place, and all others of the scan, as of `Modelling`.

    Parameters
    ----------
    search, mean, place, known
        As of `Modelling`.
    classifier : GalaxyClassifier, optional
        Gives the galaxy its scores.
    """

    def __init__(
        self,
        search: Search,
        mean: LocalProfiles,
        place: tuple[float, float],
        known: list[Galaxy],
        classifier: GalaxyClassifier | None = None,
    ) -> None:
        super().__init__(search, mean, place, known)
        self.classifier = classifier
        self.family: Family | None = None
        self.density = float(search.crowd.density_arcmin2(np.array([place[1]]))[0])

    def settled(self, first: Galaxy, brightness: tuple[float, float], noise: SkyNoise) -> Galaxy | None:
        """Fit the galaxy as a disc and as a bulge, and freely; none where three stars do as well and no score objects.

        The first model stays where the best is not that of a galaxy.

        Parameters
        ----------
        first : Galaxy
            As it was found.
        brightness : (float, float)
            Middle and sigma of `Priors.brightness`.
        noise : SkyNoise
            What errors of totals hold beyond the noise of pixels.
        """
        self.light = light_of_sum(first, self.search.coadds.weights)
        reach = WINDOW_RADII * first.shape.semi_major_arcsec
        half = next((h for h in HALF_WINDOWS_ARCSEC if h >= reach), HALF_WINDOWS_ARCSEC[-1])
        frame = self._frame(half, first.shape)._replace(bent=True)
        pixels = self._sum_pixels(frame)
        if not self.light > 0.0 or pixels.x.size < FEWEST_PIXELS:
            return self.scored(first)
        fit = self._beside_hidden(frame, pixels, first, brightness)
        change = first.significance**2
        kept = self._plausible(fit) and not self._halo(fit.shape, change)
        if not kept and self.family is not None:
            self.family = self.family._replace(variance=0.0)
        weighed = self._weighed(fit.shape if kept else first.shape)
        least = float(np.interp(self.density, GROUP_DENSITIES_ARCMIN2, GROUP_CHANGES))
        unlike = (weighed.group_change if weighed is not None else 0.0) >= least
        if self.classifier is None and not unlike:
            return None
        last = self._with_scores(self._in_bands(fit, change) if kept else first, weighed)
        if not unlike and not self._spoken_for(last):
            return None
        return self._with_sky_noise(last, fit, noise) if kept else last

    def _beside_hidden(
        self, frame: Frame, pixels: Pixels, first: Galaxy, brightness: tuple[float, float]
    ) -> Fit:
        """Fit the best model, and where stars are not sparse once more beside each star on it that no peak shows."""
        pixels, fitted = self._best_without_strays(pixels, first, brightness)
        for _ in range(MOST_HIDDEN if self.density >= SPARSE_ARCMIN2 else 0):
            star = hidden_star(pixels, self.profile, fitted)
            if star is None or star.change < HIDDEN_CHANGE:
                break
            # Stars in its place are fitted beside it as well.
            self.extra = np.concatenate([self.extra, [[*star.place, star.light_dn]]])
            frame = frame.with_star(star.place, star.light_dn)
            pixels, fitted = self._best_without_strays(self._sum_pixels(frame), first, brightness)
        return Fit(pixels, fitted, frame, fitted.shape(*self.place))

    def _best_without_strays(
        self, pixels: Pixels, first: Galaxy, brightness: tuple[float, float]
    ) -> tuple[Pixels, Fitted]:
        """Fit the best model, and where stars are dense once more without pixels that are none of the sky's."""
        fitted = self._best(pixels, first, brightness)
        if self.density < SPARSE_ARCMIN2:
            return pixels, fitted
        left = without_strays(pixels, self.profile, fitted)
        return left, self._best(left, first, brightness)

    def _with_sky_noise(self, galaxy: Galaxy, fit: Fit, noise: SkyNoise) -> Galaxy:
        """Add to the errors of a galaxy's light what waves of the sky and stars that are not fitted make of it.

        Scores come first: their trees learnt from the errors by the noise of pixels.
        """
        pixels, whole = fit.pixels, float(fit.fitted.values[0])
        free, known = responses(pixels, self.profile, fit.fitted)
        x, y = pixels.x + self.place[0], pixels.y + self.place[1]
        seen = STAR_SHARE * STAR_AREA_ARCSEC2 * whole * surface(fit.shape, x, y)
        middle = pixels.x**2 + pixels.y**2 < OWN_ARCSEC**2
        seen[middle] = np.maximum(seen[middle], STAR_SHARE * whole)
        # Of the light: what moves the shape moves all bands alike, and stars have nearly the colours of galaxies.
        waves = noise.waves(fit.frame.half)
        shared = wave_variance(free - known, pixels, waves.together)
        shared = (shared + noise.stars_variance(free, pixels, seen)) / whole**2
        error = {}
        for band, (part, light) in self._lights.items():
            own = wave_variance(linear_response(part, light), part, waves.bands[band])
            variance = galaxy.flux_error_dn[band] ** 2 + own + shared * galaxy.flux_dn[band] ** 2
            error[band] = float(np.sqrt(variance))
        return replace(galaxy, flux_error_dn=error)

    def _spoken_for(self, galaxy: Galaxy) -> bool:
        """Whether a classifier takes for a galaxy what three stars describe as well."""
        if self.classifier is None or galaxy.scores is None:
            return False
        return min(galaxy.scores) < self.classifier.kept_below

    def scored(self, galaxy: Galaxy) -> Galaxy:
        """Give a galaxy its scores, and its model as it is; none without a classifier, or where it has no pixels.

        Parameters
        ----------
        galaxy : Galaxy
            As it was found.
        """
        self.light = light_of_sum(galaxy, self.search.coadds.weights)
        if self.classifier is None or not self.light > 0.0:
            return galaxy
        return self._with_scores(galaxy, self._weighed(galaxy.shape))

    def _with_scores(self, galaxy: Galaxy, weighed: Weighed | None) -> Galaxy:
        if self.classifier is None or weighed is None:
            return galaxy
        numbers = evidence_of(galaxy, weighed, self.search.coadds)
        evidence = tuple(int(value) for value in numbers)
        return replace(galaxy, evidence=evidence, scores=scores_of(numbers, self.classifier))

    def known_light(self, shape: Shape, light_dn: float, band: Band) -> float:
        """Light of a galaxy of known shape in a band, DN: sky and neighbours alone are fitted with it.

        Parameters
        ----------
        shape : Shape
            Of the galaxy.
        light_dn : float
            Its light by a first guess, in the sum of the bands.
        band : Band
            The band.
        """
        self.light = light_dn
        reach = WINDOW_RADII * shape.semi_major_arcsec
        half = next((h for h in HALF_WINDOWS_ARCSEC if h >= reach), HALF_WINDOWS_ARCSEC[-1])
        frame = self._frame(half, shape)._replace(bent=True)
        pixels = self._pixels(frame.windows[band], frame, band)
        if pixels.x.size < FEWEST_PIXELS:
            return float("nan")
        return linear_fit(pixels, light_of(pixels, shape, self._profile(band), self.place))[0]

    def _weighed(self, shape: Shape) -> Weighed | None:
        """Three stars beside the galaxy, on the pixels that stars can reach; None with too few pixels."""
        reach = WINDOW_RADII * shape.semi_major_arcsec
        half = next(h for h in HALF_WINDOWS_ARCSEC if h >= min(reach, GROUP_WINDOW_ARCSEC))
        frame = self._frame(half, shape)._replace(bent=True)
        pixels = self._sum_pixels(frame)
        if pixels.x.size < FEWEST_PIXELS:
            return None
        light, _, own = linear_fit(pixels, light_of(pixels, shape, self.profile, self.place))
        middle = np.array([shape.x_arcsec - self.place[0], shape.y_arcsec - self.place[1]])
        group = fit_group(pixels, self.profile, shape, middle, frame.neighbours())
        shifts = () if self.classifier is None else self._band_shifts(shape)
        peaks, own_peaks = self._near_peaks()
        return Weighed(
            pixels, self.profile, self.place, shape, light, own, group, peaks, own_peaks, shifts, self.density
        )

    def _band_shifts(self, shape: Shape) -> tuple[Shift, ...]:
        """Where each band sees the galaxy's light."""
        frame = self._frame(HALF_WINDOWS_ARCSEC[0], shape)
        pixels = {band: self._pixels(window, frame, band) for band, window in frame.windows.items()}
        return tuple(
            band_shift(part, self._profile(band), shape, self.place)
            for band, part in pixels.items()
            if part.x.size >= FEWEST_PIXELS
        )

    def _near_peaks(self) -> tuple[tuple[Doubles, Doubles], tuple[Doubles, Doubles]]:
        """Other peaks of the first look near the galaxy, and its own: places from it (n, 2), and light."""
        seeds = self.search.seeds
        x, y = seeds.x_arcsec - self.place[0], seeds.y_arcsec - self.place[1]
        near = np.flatnonzero(np.maximum(np.abs(x), np.abs(y)) < GROUP_WINDOW_ARCSEC)
        own = np.hypot(x[near], y[near]) < OWN_ARCSEC
        places, light = np.column_stack([x[near], y[near]]), seeds.light_dn[near]
        return (places[~own], light[~own]), (places[own], light[own])

    def _best(self, pixels: Pixels, first: Galaxy, brightness: tuple[float, float]) -> Fitted:
        """Fit a disc, a bulge and a free index; the best of these."""
        shape = first.shape
        start = np.array([self.light, 0.0, 0.0, shape.log_radius, *shape.stretches(), shape.log_index])
        fits = []
        for index, priors in zip(FAMILY_LOG_INDICES, families(brightness), strict=True):
            guess = start.copy()
            guess[6] = index
            fits.append(fit_galaxy(pixels, self.profile, guess, priors))
        best, log_index = min(zip(fits, FAMILY_LOG_INDICES, strict=True), key=lambda pair: pair[0].cost)
        free = fit_galaxy(pixels, self.profile, start, Priors(WEAK.log_radius, WEAK.log_index, brightness))
        told = float(free.values[6]) - log_index, float(np.sqrt(max(free.covariance[6, 6], 0.0)))
        if free.cost < best.cost - FREE_CHANGE:
            self.family = Family(told, 0.0)
            return free
        self.family = Family(told, index_variance(best))
        return best
