"""The one point-source entry of each galaxy: a star fitted to its nucleus, with the galaxy's light in the frames."""

from __future__ import annotations

import numpy as np

from workers.reduction.galaxies.drawing import subtract_patches
from workers.reduction.galaxies.light import STAR_AREA_ARCSEC2, GalaxyLight
from workers.reduction.galaxies.values import surface
from workers.reduction.kernels.order import order_along
from workers.reduction.photometry.fit import fit_stars
from workers.reduction.photometry.residual import Residual
from workers.reduction.photometry.stack import BandStack
from workers.reduction.profile.stars import Stars

PLACE_ERROR_ARCSEC = 0.1  # of a model's middle, one sigma a coordinate


def add_nuclei(residual: Residual, least_snr: float) -> Stars:
    """Give the galaxies' light back to the residual frames, and fit one star to each nucleus.

    The stars of the band stay as they are; in the end the residual frames lack them and the nuclei, no longer the
    galaxies.

    Parameters
    ----------
    residual : Residual
        Loan of the band after `measure`.
    least_snr : float
        Of a nucleus that the band shows.

    Returns
    -------
    Stars
        The nuclei that the band shows.
    """
    stack = residual.stack
    galaxies = stack.galaxies
    if not galaxies.shapes:
        return Stars.none()
    subtract_patches(residual.arrays(), galaxies.patches, back=True)
    residual.change(galaxies=GalaxyLight())
    places = galaxies.places()
    guess = np.array([
        max(flux, 0.0) * float(surface(shape, np.array([shape.x_arcsec]), np.array([shape.y_arcsec]))[0])
        for shape, flux in zip(galaxies.shapes, galaxies.flux_dn, strict=True)
    ])  # fmt: skip
    nuclei = Stars.at(places[:, 0], places[:, 1], guess * STAR_AREA_ARCSEC2)
    order = np.lexsort((nuclei.x_arcsec, nuclei.y_arcsec))
    nuclei = nuclei.taken(order)
    # The model's place is common to the bands: fitted band by band, bright nuclei have errors so small that their rows
    # do not merge.
    looks, chosen = stack.looks(nuclei), np.arange(nuclei.size)
    fit_stars(residual.arrays(), stack.psf, looks, nuclei, chosen, np.zeros(nuclei.size), move=False)
    nuclei.variance[:] = PLACE_ERROR_ARCSEC**2, PLACE_ERROR_ARCSEC**2, 0.0
    with np.errstate(invalid="ignore"):
        shown = nuclei.taken(nuclei.flux_dn > least_snr * nuclei.flux_error_dn)
    residual.subtract(shown)
    both = stack.stars.beside(shown)
    residual.change(stars=both.taken(order_along(both.x_arcsec, both.y_arcsec)))
    return shown


def take_out_nuclei(residual: Residual, nuclei: Stars, stack: BandStack) -> None:
    """Undo `add_nuclei`: the residual frames lack the galaxies again, and the stars without nuclei.

    Parameters
    ----------
    residual : Residual
        Loan of the band, as `add_nuclei` left it.
    nuclei : Stars
        What that gave.
    stack : BandStack
        The band before.
    """
    residual.give_light_back(nuclei)
    residual.change(stars=stack.stars, galaxies=stack.galaxies)
    if stack.galaxies.shapes:
        subtract_patches(residual.arrays(), stack.galaxies.patches)
