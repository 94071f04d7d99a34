"""The one point-source entry of each galaxy: a star fitted to its nucleus, with the galaxy's light in the frames."""

from __future__ import annotations

import numpy as np

from workers.reduction.galaxies.drawing import subtract_patches
from workers.reduction.galaxies.light import STAR_AREA_ARCSEC2, GalaxyLight
from workers.reduction.galaxies.values import surface
from workers.reduction.photometry.fit import fit_stars
from workers.reduction.photometry.residual import Residual
from workers.reduction.profile.stars import Stars

DRIFT_ARCSEC = 1.5  # from the galaxy's middle: what drifts farther is fitted there


def add_nuclei(residual: Residual, least_snr: float) -> None:
    """Give the galaxies' light back to the residual frames, and fit one star to each nucleus.

    The stars of the band stay as they are; in the end the residual frames lack them and the nuclei, no longer the
    galaxies.

    Parameters
    ----------
    residual : Residual
        Loan of the band after `measure`.
    least_snr : float
        Of a nucleus that the band shows.
    """
    stack = residual.stack
    galaxies = stack.galaxies
    if not galaxies.shapes:
        return
    subtract_patches(residual.arrays(), galaxies.patches, back=True)
    residual.change(galaxies=GalaxyLight())
    places = galaxies.places()
    guess = np.array([
        max(flux, 0.0) * float(surface(shape, np.array([shape.x_arcsec]), np.array([shape.y_arcsec]))[0])
        for shape, flux in zip(galaxies.shapes, galaxies.flux_dn, strict=True)
    ])  # fmt: skip
    nuclei = Stars.at(places[:, 0], places[:, 1], guess * STAR_AREA_ARCSEC2)
    order = np.lexsort((nuclei.x_arcsec, nuclei.y_arcsec))
    nuclei, places = nuclei.taken(order), places[order]
    fitted = nuclei.taken(np.arange(nuclei.size))
    _fit(residual, fitted, move=True)
    drift = np.hypot(*(fitted.places() - places).T)
    strayed = np.flatnonzero(~(drift < DRIFT_ARCSEC))
    if strayed.size:
        held = nuclei.taken(strayed)
        _fit(residual, held, move=False)
        fitted.put(strayed, held)
    with np.errstate(invalid="ignore"):
        shown = fitted.taken(fitted.flux_dn > least_snr * fitted.flux_error_dn)
    residual.subtract(shown)
    both = stack.stars.beside(shown)
    residual.change(stars=both.taken(np.lexsort((both.x_arcsec, both.y_arcsec))))


def _fit(residual: Residual, stars: Stars, *, move: bool) -> None:
    """Fit stars in place; the residual frames stay as they are."""
    looks, chosen = residual.stack.looks(stars), np.arange(stars.size)
    fit_stars(residual.arrays(), residual.stack.psf, looks, stars, chosen, np.zeros(stars.size), move=move)
