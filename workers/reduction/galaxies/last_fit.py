"""The last fit of a galaxy: beside all others of the scan, as a disc or a bulge of their usual surface brightness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from app.instruments.bands import Band
from workers.reduction.galaxies.fit import Fitted, fit_galaxy, light_of, linear_fit
from workers.reduction.galaxies.local_profile import LocalProfiles
from workers.reduction.galaxies.modelling import (
    FEWEST_PIXELS,
    HALF_WINDOWS_ARCSEC,
    POOR_CHI2,
    WINDOW_RADII,
    Fit,
    Modelling,
)
from workers.reduction.galaxies.priors import (
    FAMILY_LOG_INDICES,
    FREE_CHANGE,
    WEAK,
    Priors,
    families,
    usual_brightness,
)
from workers.reduction.galaxies.search import Search, density_arcmin2
from workers.reduction.galaxies.star_groups import fit_group
from workers.reduction.galaxies.values import LARGE_ARCSEC, Galaxy, Pixels, Shape


def settle(search: Search, mean: LocalProfiles, found: Sequence[Galaxy]) -> list[Galaxy]:
    """Fit the galaxies of a scan once more, each beside all others, in the order in which they were found.

    What three stars describe as well is no galaxy.

    Parameters
    ----------
    search : Search
        Of the scan.
    mean : LocalProfiles
        Point-spread functions of the sum of the bands.
    found : sequence of Galaxy
        All galaxies of the scan; those with cores or arms stay as they are.
    """
    weights = search.coadds.weights
    plain = [galaxy for galaxy in found if not _is_irregular(galaxy)]
    brightness = usual_brightness([(galaxy.shape, light_of_sum(galaxy, weights)) for galaxy in plain])
    out: list[Galaxy] = []
    for k, galaxy in enumerate(found):
        last: Galaxy | None = galaxy
        if not _is_irregular(galaxy):
            place = galaxy.shape.x_arcsec, galaxy.shape.y_arcsec
            last = LastFit(search, mean, place, [*out, *found[k + 1 :]]).settled(galaxy, brightness)
        if last is not None:
            out.append(last)
    return out


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
    """Whether a galaxy has a core, or arms that a smooth model does not describe."""
    poor = galaxy.shape.semi_major_arcsec > LARGE_ARCSEC and max(galaxy.chi2.values()) > POOR_CHI2
    return bool(galaxy.core) or poor


# Of chi-squared from three stars, at peaks a square arc minute. Fields at latitude 15 have 13: of 23 false galaxies to
# Ks 13.5 (seeds 6 to 9) sixteen had less than 0, of the others six are galaxies with a star on them; of 389 galaxies
# 11 % have less than 0, most with a star on them, 14 % less than 8. At latitude 60, with 2, .6 % of them.
# There no false model was among them, but two of 53 galaxies below 3": a sparse field asks for less.
GROUP_DENSITIES_ARCMIN2, GROUP_CHANGES = (4.0, 7.0, 14.0), (-30.0, 0.0, 8.0)
GROUP_WINDOW_ARCSEC = 50.0


class LastFit(Modelling):
    """A galaxy that was found, fitted again: its place, and all others of the scan, as of `Modelling`."""

    def settled(self, first: Galaxy, brightness: tuple[float, float]) -> Galaxy | None:
        """Fit the galaxy as a disc and as a bulge, and freely; None where three stars do as well.

        The first model stays where the best is not that of a galaxy.

        Parameters
        ----------
        first : Galaxy
            As it was found.
        brightness : (float, float)
            Middle and sigma of `Priors.brightness`.
        """
        self.light = light_of_sum(first, self.search.coadds.weights)
        reach = WINDOW_RADII * first.shape.semi_major_arcsec
        half = next((h for h in HALF_WINDOWS_ARCSEC if h >= reach), HALF_WINDOWS_ARCSEC[-1])
        frame = self._frame(half, first.shape)._replace(bent=True)
        pixels = self._sum_pixels(frame)
        if not self.light > 0.0 or pixels.x.size < FEWEST_PIXELS:
            return first
        fitted = self._best(pixels, first, brightness)
        fit = Fit(pixels, fitted, frame, fitted.shape(*self.place))
        change = first.significance**2
        kept = self._plausible(fit) and not self._halo(fit.shape, change)
        if self._change_from_group(fit.shape if kept else first.shape) < self._least_change_from_group():
            return None
        return self._in_bands(fit, change) if kept else first

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

    def _least_change_from_group(self) -> float:
        """Change of chi-squared from three stars to the galaxy that the density of peaks asks for."""
        density = float(density_arcmin2(self.search.seeds, np.array([self.place[1]]))[0])
        return float(np.interp(density, GROUP_DENSITIES_ARCMIN2, GROUP_CHANGES))

    def _change_from_group(self, shape: Shape) -> float:
        """Change of chi-squared from three stars to the galaxy, on the pixels that stars can reach."""
        reach = WINDOW_RADII * shape.semi_major_arcsec
        half = next(h for h in HALF_WINDOWS_ARCSEC if h >= min(reach, GROUP_WINDOW_ARCSEC))
        frame = self._frame(half, shape)._replace(bent=True)
        pixels = self._sum_pixels(frame)
        if pixels.x.size < FEWEST_PIXELS:
            return 0.0
        _, _, own = linear_fit(pixels, light_of(pixels, shape, self.profile, self.place))
        middle = np.array([shape.x_arcsec - self.place[0], shape.y_arcsec - self.place[1]])
        return fit_group(pixels, self.profile, shape, middle, frame.neighbours()).chi2 - own

    def _best(self, pixels: Pixels, first: Galaxy, brightness: tuple[float, float]) -> Fitted:
        """Fit a disc, a bulge and a free index; the best of these."""
        shape = first.shape
        start = np.array([self.light, 0.0, 0.0, shape.log_radius, *shape.stretches(), shape.log_index])
        fits = []
        for index, priors in zip(FAMILY_LOG_INDICES, families(brightness), strict=True):
            guess = start.copy()
            guess[6] = index
            fits.append(fit_galaxy(pixels, self.profile, guess, priors))
        best = min(fits, key=lambda fitted: fitted.cost)
        free = fit_galaxy(pixels, self.profile, start, Priors(WEAK.log_radius, WEAK.log_index, brightness))
        return free if free.cost < best.cost - FREE_CHANGE else best
