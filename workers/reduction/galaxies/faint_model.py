"""The model of a patch of low surface brightness: a disc, whose own waves of noise are no stars."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.arrays import Doubles
from workers.reduction.galaxies.faint import STAR_SIGMA, FaintPatch
from workers.reduction.galaxies.fit import fit_galaxy, fit_points
from workers.reduction.galaxies.local_profile import LocalProfiles
from workers.reduction.galaxies.modelling import (
    FEWEST_PIXELS,
    WINDOW_RADII,
    Fit,
    Modelling,
)
from workers.reduction.galaxies.priors import Priors
from workers.reduction.galaxies.search import Search
from workers.reduction.galaxies.surroundings import HALF_WINDOWS_ARCSEC
from workers.reduction.galaxies.values import Galaxy, Shape

FIRST_RADIUS_ARCSEC = 8.0
# Surfaces as faint as this are those of discs; patches are found by a Gaussian of 6".
DISC = Priors((float(np.log(FIRST_RADIUS_ARCSEC)), 0.5), (0.0, 0.2))
OWN_ARCSEC = 25.0  # within which peaks fainter than a star of `STAR_SIGMA` are the galaxy's own light
LEAST_RADIUS_ARCSEC = 3.5
# Half-light semi-major axis: beyond, waves of the sky are taken for wings (35" for a galaxy of 3").
LARGEST_ARCSEC = 25.0
LEAST_AXIS_RATIO = 0.25
FARTHEST_ARCSEC = 10.0
LEAST_CHANGE = 25.0  # of chi-squared from two stars
LEAST_SIGMAS, FEWEST_BANDS = 2.5, 2  # bands whose light is so many errors: airglow lies in one
MOST_CHI2 = 1.2  # a pixel in every band; galaxies have .2 to .6


class FaintModelling(Modelling):
    """A faint patch: its windows, the stars and galaxies beside it, its fit.

    Parameters
    ----------
    search, mean, known
        As of `Modelling`.
    patch : FaintPatch
        Where it is.
    """

    def __init__(self, search: Search, mean: LocalProfiles, patch: FaintPatch, known: list[Galaxy]) -> None:
        super().__init__(search, mean, (patch.x_arcsec, patch.y_arcsec), known)
        self.light = 0.0

    def _peaks(self, half: int, shape: Shape | None) -> tuple[Doubles, Doubles]:
        """Peaks in a window but for those that are waves of noise on the patch."""
        places, light = super()._peaks(half, shape)
        kept = (np.hypot(*places.T) > OWN_ARCSEC) | (light > STAR_SIGMA * self.search.coadds.sky_sigma())
        return places[kept], light[kept]

    def galaxy(self) -> Galaxy | None:
        """Fit a disc in windows that grow with it; None where it is no galaxy."""
        guess = np.array([1.0, 0.0, 0.0, np.log(FIRST_RADIUS_ARCSEC), 0.0, 0.0, 0.0])
        fit: Fit | None = None
        for half in HALF_WINDOWS_ARCSEC[1:4]:
            frame = self._frame(half, None)._replace(bent=True)
            pixels = self._sum_pixels(frame)
            if pixels.x.size < FEWEST_PIXELS:
                return None
            fitted = fit_galaxy(pixels, self.profile, guess, DISC)
            fit = Fit(pixels, fitted, frame, fitted.shape(*self.place))
            guess = fitted.values[:7]
            if WINDOW_RADII * fit.shape.semi_major_arcsec <= half:
                break
        if fit is None or not self._is_disc(fit):
            return None
        change = self._change(fit)
        if change < LEAST_CHANGE:
            return None
        galaxy = self._in_bands(fit, change)
        sure = sum(flux > LEAST_SIGMAS * galaxy.flux_error_dn[band] for band, flux in galaxy.flux_dn.items())
        if sure < min(FEWEST_BANDS, len(galaxy.flux_dn)) or max(galaxy.chi2.values()) > MOST_CHI2:
            return None
        return replace(galaxy, faint=True)

    def _is_disc(self, fit: Fit) -> bool:
        """Whether a fit is large enough for a patch that no peak explains, near it, and no streak."""
        shape = fit.shape
        moved = np.hypot(shape.x_arcsec - self.place[0], shape.y_arcsec - self.place[1])
        return bool(
            shape.radius_arcsec > LEAST_RADIUS_ARCSEC
            and shape.semi_major_arcsec < LARGEST_ARCSEC
            and shape.axis_ratio > LEAST_AXIS_RATIO
            and moved < FARTHEST_ARCSEC
        )

    def _change(self, fit: Fit) -> float:
        """Change of chi-squared from two stars on its axis to the disc."""
        turn = np.radians(fit.shape.angle_deg)
        axis = 0.4 * fit.shape.semi_major_arcsec * np.array([np.cos(turn), np.sin(turn)])
        middle = fit.fitted.values[1:3]
        _, _, chi2 = fit_points(fit.pixels, self.profile, np.array([middle + axis, middle - axis]))
        return chi2 - fit.fitted.chi2
