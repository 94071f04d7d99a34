"""Centres of bright stars on single frames by profile fit: what the final registration rests on.

Unlike centroids of 3 x 3 pixels these have no bias with the place in the pixel and reach the noise: so one
least-squares solution of all frames gives the places to which alternating fits of stars and frames converge.
"""

from __future__ import annotations

import numpy as np

from workers.reduction.frames.looks import Looks
from workers.reduction.photometry.fit import fit_stars
from workers.reduction.photometry.residual import Residual
from workers.reduction.profile.sample import saturated_stars, undisturbed
from workers.reduction.profile.stars import Stars
from workers.reduction.registration.values import Centres

# Flux over a pixel's noise: an SNR of 8 on one look, 0.1 pixel; such looks count where stars are few.
LEAST_FLUX_NOISE = 20.0
ALONE_ARCSEC = 6.0


def centre_stars(residual: Residual, most_a_frame: int) -> Centres:
    """Centre the bright, undisturbed stars of a band on each of their frames.

    Parameters
    ----------
    residual : Residual
        Loan of the band; its frames must hold the stars (nothing drawn but saturated stars).
    most_a_frame : int
        The brightest of each frame are kept.
    """
    stack = residual.stack
    stars = stack.stars
    noise = stack.noise_dn() if stack.usable.any() else np.inf
    looks = stack.looks(stars, 2.0)
    bright = stars.flux_dn > LEAST_FLUX_NOISE * noise
    bright &= ~saturated_stars(stack.frames, looks, bright)
    bright &= undisturbed(stars, ALONE_ARCSEC, 0.1)
    star = np.repeat(np.arange(stars.size), np.diff(looks.start))
    order = np.flatnonzero(bright[star])
    order = order[np.lexsort((-stars.flux_dn[star[order]], looks.frame[order]))]
    rank = np.arange(order.size) - np.searchsorted(looks.frame[order], looks.frame[order])
    chosen = order[rank < most_a_frame]
    every = np.arange(chosen.size)
    ends = np.arange(chosen.size + 1)
    single = Looks(ends, looks.frame[chosen], looks.x_pix[chosen], looks.y_pix[chosen], looks.inverse)
    alone = Stars.at(stars.x_arcsec[star[chosen]], stars.y_arcsec[star[chosen]], stars.flux_dn[star[chosen]])
    before_x, before_y = alone.x_arcsec.copy(), alone.y_arcsec.copy()
    fit_stars(residual.arrays(), stack.psf, single, alone, every, np.zeros(chosen.size))
    dx, dy = alone.x_arcsec - before_x, alone.y_arcsec - before_y
    inverse = looks.inverse[single.frame]
    x = single.x_pix + inverse[:, 0, 0] * dx + inverse[:, 0, 1] * dy
    y = single.y_pix + inverse[:, 1, 0] * dx + inverse[:, 1, 1] * dy
    sigma = np.sqrt(0.5 * (alone.variance[:, 0] + alone.variance[:, 1]))
    good = alone.converged & (np.hypot(dx, dy) < 1.0) & (sigma > 0.0) & (alone.pixels >= 12)
    return Centres(single.frame[good], x[good], y[good], sigma[good], alone.flux_dn[good])
