"""Sweeps: fits of all stars of a band one after the other, each replaced in the residual frames at once."""

from __future__ import annotations

import numpy as np

from app.arrays import Bools, Doubles, Integers
from workers.reduction.kernels.pairs import close_pairs
from workers.reduction.photometry.fit import fit_stars
from workers.reduction.photometry.residual import Residual
from workers.reduction.profile.stars import Stars

CLOSE_ARCSEC = 4.5
CLOSE_SHARE = 0.03  # of the brighter one's light
SETTLING_SWEEPS = 8
SETTLED_SIGMA = 0.1
SHARED_ARCSEC = 8.0  # fits reach 5" each; beyond, a new star's wing is all that changes


def sweep(residual: Residual, drawn_dn: Doubles, chosen: Integers | None = None) -> None:
    """Fit stars one after the other, in the order of y, and keep the residual frames up to date.

    Parameters
    ----------
    residual : Residual
        Loan of the band; its stars are changed in place.
    drawn_dn : float64 array (stars,)
        What the residual frames lack of each star, DN; changed.
    chosen : int64 array, optional
        Indices of the stars to fit; all of them where there is none.
    """
    stack = residual.stack
    stars = stack.stars
    every = np.arange(stars.size) if chosen is None else chosen
    fit_stars(residual.arrays(), stack.psf, stack.looks(stars), stars, every, drawn_dn, redraw=True)


def settle(residual: Residual, drawn_dn: Doubles) -> None:
    """Fit close neighbours again and again: a sweep leaves 0.6 of the error at 3", a quarter at 4".

    From sweep to sweep only stars that still change by a tenth of their error go on, and their partners.

    Parameters
    ----------
    residual : Residual
        Loan of the band; its stars are changed in place.
    drawn_dn : float64 array (stars,)
        What the residual frames lack of each star, DN; changed.
    """
    stack = residual.stack
    stars = stack.stars
    if stars.size < 2:
        return
    pairs = close_pairs(stars.places(), CLOSE_ARCSEC)
    flux = np.nan_to_num(stars.flux_dn)
    low, high = np.sort(flux[pairs], axis=1).T
    pairs = pairs[low > CLOSE_SHARE * high]
    if not pairs.size:
        return
    # Apart from the others: finding the looks of all stars would cost more than the fits.
    close, rank = np.unique(pairs, return_inverse=True)
    pairs = rank.reshape(pairs.shape)
    active = np.arange(close.size)
    for _ in range(SETTLING_SWEEPS):
        index = close[active]
        moving, drawn = stars.taken(index), drawn_dn[index]
        before, every = moving.flux_dn.copy(), np.arange(index.size)
        fit_stars(residual.arrays(), stack.psf, stack.looks(moving), moving, every, drawn, redraw=True)
        stars.put(index, moving)
        drawn_dn[index] = drawn
        moved = np.zeros(close.size, np.bool_)
        moved[active] = np.abs(moving.flux_dn - before) > SETTLED_SIGMA * moving.flux_error_dn
        active = np.unique(pairs[moved[pairs].any(axis=1)])
        if not active.size:
            break


def near_fresh(stars: Stars, fresh: Bools) -> Integers:
    """Find new stars, and stars that share pixels with a new one; ascending indices."""
    from scipy.spatial import cKDTree

    if not fresh.any():
        return np.zeros(0, np.int64)
    places = stars.places()
    distance, _ = cKDTree(places[fresh]).query(places, distance_upper_bound=SHARED_ARCSEC)
    return np.flatnonzero(np.isfinite(distance))
