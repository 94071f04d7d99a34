"""The last fit of a galaxy: beside all others of the scan, as a disc or a bulge of their usual surface brightness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from app.instruments.bands import Band
from workers.reduction.galaxies.fit import Fitted, fit_galaxy
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
from workers.reduction.galaxies.search import Search
from workers.reduction.galaxies.values import LARGE_ARCSEC, Galaxy, Pixels


def settle(search: Search, mean: LocalProfiles, found: Sequence[Galaxy]) -> list[Galaxy]:
    """Fit the galaxies of a scan once more, each beside all others, in the order in which they were found.

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
    out = list(found)
    for k, galaxy in enumerate(found):
        if not _is_irregular(galaxy):
            place = galaxy.shape.x_arcsec, galaxy.shape.y_arcsec
            out[k] = LastFit(search, mean, place, out[:k] + out[k + 1 :]).settled(galaxy, brightness)
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


class LastFit(Modelling):
    """A galaxy that was found, fitted again: its place, and all others of the scan, as of `Modelling`."""

    def settled(self, first: Galaxy, brightness: tuple[float, float]) -> Galaxy:
        """Fit the galaxy as a disc and as a bulge, and freely; the first model where the best is no galaxy.

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
        pixels = self._pixels(self.search.coadds.sum_of(frame.windows), frame, None)
        if not self.light > 0.0 or pixels.x.size < FEWEST_PIXELS:
            return first
        fitted = self._best(pixels, first, brightness)
        fit = Fit(pixels, fitted, frame, fitted.shape(*self.place))
        change = first.significance**2
        if not self._plausible(fit) or self._halo(fit.shape, change):
            return first
        return self._in_bands(fit, change)

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
