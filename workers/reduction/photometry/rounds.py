"""Photometry of one band on the stack of its frames: detect, fit, subtract, and again until nothing new appears.

After the first look stars and point-spread function are known. `measure` fits all stars, takes them away, measures
background and noise on the rest, and detects there the stars that bright neighbours hid. In the galactic plane the
rounds go on until one finds less than a third more; in a sparse field the first does.
"""

from __future__ import annotations

import numpy as np

from app.arrays import Bools, Doubles, Integers
from app.parameters.photometry import PhotometryParameters
from workers.reduction.frames.looks import find_looks
from workers.reduction.kernels.order import order_along
from workers.reduction.kernels.pairs import close_pairs
from workers.reduction.photometry.blends import resolve_blends
from workers.reduction.photometry.crowding import between, fall
from workers.reduction.photometry.detection import PeakFinder
from workers.reduction.photometry.fit import fit_stars
from workers.reduction.photometry.new_stars import new_stars
from workers.reduction.photometry.residual import Residual
from workers.reduction.photometry.stack import TOO_CROWDED, BandStack
from workers.reduction.photometry.unexplained import count_unexplained
from workers.reduction.profile.learning import learn
from workers.reduction.profile.sample import Sample, choose_sample, settled
from workers.reduction.profile.stars import Stars

CROWDED = 1.10  # above it unknown stars are part of the noise, and rounds go on
RELEARNED = (1, 3)  # rounds of a crowded field after which the profile is learnt again
UNRESOLVED_ARCSEC = 1.6
PRUNINGS = 4
LAST_SHARE = 0.7
CLOSE_ARCSEC = 4.5
CLOSE_SHARE = 0.03  # of the brighter one's light
SETTLING_SWEEPS = 8
SETTLED_SIGMA = 0.1
SHARED_ARCSEC = 8.0  # fits reach 5" each; beyond, a new star's wing is all that changes
CORE_SHARE = 0.75  # of a saturated star's reach: its pixels there are flagged, and nothing bounds a fit


def measure(residual: Residual, finder: PeakFinder, parameters: PhotometryParameters) -> BandStack:
    """Fit all stars of a band together and find the stars that they hid; the new stack, which the loan has too.

    Parameters
    ----------
    residual : Residual
        Loan of the band; in the end its frames lack every star.
    finder : PeakFinder
        On the grid of the scan.
    parameters : PhotometryParameters
        Thresholds and rounds.
    """
    stars, galaxies = residual.stack.stars, residual.stack.galaxies
    # Peaks of the first look hold the light of the galaxies under them.
    residual.change(stars=stars.taken(~galaxies.hides(stars.places(), stars.flux_dn, drawn=False)))
    residual.restore()
    drawn = np.zeros(residual.stack.stars.size)
    sweep(residual, drawn)
    # Residuals of close pairs would be detected as stars, so pairs are iterated to convergence first.
    _settle(residual, drawn)
    residual.subtract(residual.stack.stars, swept=True)
    resolve_blends(residual)
    _prune(residual, parameters)
    _learn_again(residual, parameters)
    for turn in range(parameters.most_rounds):
        residual.change(rounds=turn + 1)
        if turn > 0:
            residual.relevel()
        before = residual.stack.stars.size
        fresh = _detect_more(residual, finder, parameters)
        sparse = residual.stack.crowding() < CROWDED
        enough = np.inf if sparse else parameters.enough_new_crowded * before
        if fresh < parameters.enough_new * max(before, 1) and fresh < enough:
            break
        if turn in RELEARNED and turn + 1 < parameters.most_rounds:
            _learn_again(residual, parameters)
    _finish(residual, parameters)
    residual.change(unexplained_peaks=count_unexplained(residual, finder))
    return residual.stack


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


def _settle(residual: Residual, drawn_dn: Doubles) -> None:
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
    frames, geometry, usable = residual.arrays(), stack.geometry, stack.usable
    for _ in range(SETTLING_SWEEPS):
        index = close[active]
        moving, drawn = stars.taken(index), drawn_dn[index]
        before, every = moving.flux_dn.copy(), np.arange(index.size)
        looks = find_looks(geometry, usable, moving.x_arcsec, moving.y_arcsec)
        fit_stars(frames, stack.psf, looks, moving, every, drawn, redraw=True)
        stars.put(index, moving)
        drawn_dn[index] = drawn
        moved = np.zeros(close.size, np.bool_)
        moved[active] = np.abs(moving.flux_dn - before) > SETTLED_SIGMA * moving.flux_error_dn
        active = np.unique(pairs[moved[pairs].any(axis=1)])
        if not active.size:
            break


def _near_fresh(stars: Stars, fresh: Bools) -> Integers:
    """Find new stars, and stars that share pixels with a new one; ascending indices."""
    from scipy.spatial import cKDTree

    if not fresh.any():
        return np.zeros(0, np.int64)
    places = stars.places()
    distance, _ = cKDTree(places[fresh]).query(places, distance_upper_bound=SHARED_ARCSEC)
    return np.flatnonzero(np.isfinite(distance))


def _learn_again(residual: Residual, parameters: PhotometryParameters) -> None:
    """Learn the point-spread function on drawn residual frames with a new background, and draw them with it.

    Drawn frames hold the residuals of one model: a second step would count its corrections twice.
    """
    residual.relevel()
    stack = residual.stack
    stars, looks = stack.stars, stack.looks(stack.stars)
    chosen = choose_sample(stack.frames, looks, stars, parameters.learning_stars, alone=False)
    if stack.psf.stars > 0 and not stack.fixed.surround(stars.places()[chosen]):
        chosen = settled(stars, chosen, fitted_before=False)
        sample = Sample(looks, chosen, stars.flux_dn, np.nan_to_num(stars.flux_dn))
        wing = stack.crowding() < TOO_CROWDED
        arrays, library = residual.arrays(), stack.library
        psf = learn(arrays, stack.psf, sample, wing=wing, tight=True, guide=stack.guide, library=library)
        residual.change(psf=psf)
    residual.draw()


def _detect_more(residual: Residual, finder: PeakFinder, parameters: PhotometryParameters) -> int:
    """Add the stars that the residual frames show, fit each together with its neighbours; the number of new stars."""
    peaks = finder.find(residual.arrays(), residual.stack.geometry, parameters.residual_snr)
    known = residual.stack.stars
    stack = residual.stack
    fresh = new_stars(peaks, known, stack.fixed, parameters, stack.galaxies)
    drawn = np.concatenate([np.nan_to_num(known.flux_dn), np.zeros(fresh.size)])
    both = known.beside(fresh)
    order = order_along(both.x_arcsec, both.y_arcsec)
    stars, is_fresh = both.taken(order), order >= known.size
    residual.change(stars=stars)
    sweep(residual, drawn[order], _near_fresh(stars, is_fresh))
    residual.subtract(stars.taken(is_fresh), swept=True)
    return fresh.size


def _finish(residual: Residual, parameters: PhotometryParameters) -> None:
    """Drop stars without significant light, and fit the others again on a last background."""
    _drop(residual, ~_significant(residual.stack.stars, parameters.minimum_snr))
    residual.relevel()
    # Sweeps keep the residual frames up to date; places and fluxes hardly change any more.
    for turn in range(PRUNINGS):
        _settle(residual, np.nan_to_num(residual.stack.stars.flux_dn))
        if turn == 0:
            resolve_blends(residual)
        if not _prune(residual, parameters):
            break
    stars = residual.stack.stars
    sweep(residual, np.nan_to_num(stars.flux_dn))
    # The light that the last fits took from a star near the limit was noise or its neighbour's.
    residual.change(stars=stars.taken(_significant(stars, LAST_SHARE * parameters.minimum_snr)))
    resolve_blends(residual, last=True)
    stars = residual.stack.stars
    _drop(residual, residual.stack.galaxies.hides(stars.places(), stars.flux_dn))


def _significant(stars: Stars, snr: float) -> Bools:
    """Stars with light above some errors; stars whose fit gave no error stay, for the aperture."""
    with np.errstate(invalid="ignore"):
        return (stars.flux_dn > 0.0) & ~(stars.flux_dn <= snr * stars.flux_error_dn)


def _prune(residual: Residual, parameters: PhotometryParameters) -> bool:
    """Drop stars that their fits brought onto a brighter or a saturated one, or below a neighbour's possible misfit.

    Two profiles nearer than 1.6" share their light as the noise likes. The light of dropped stars goes back into the
    residual frames, and the neighbours take their part of it in the sweeps that follow. Tells whether any was dropped.
    """
    stars = residual.stack.stars
    places = stars.places()
    # What a galaxy's model leaves is no star.
    hidden = residual.stack.galaxies.hides(places, stars.flux_dn)
    if stars.size < 2:
        _drop(residual, hidden)
        return bool(hidden.any())
    pairs = close_pairs(places, SHARED_ARCSEC)
    flux = np.nan_to_num(stars.flux_dn)
    fainter = np.where(flux[pairs[:, 0]] < flux[pairs[:, 1]], pairs[:, 0], pairs[:, 1])
    brighter = pairs.sum(axis=1) - fainter
    distance = np.hypot(*(places[fainter] - places[brighter]).T)
    needless = distance < UNRESOLVED_ARCSEC
    needless |= flux[fainter] < parameters.model_share * flux[brighter] * fall(distance)
    # What a joint fit found to be two stars is no guess at one.
    needless &= ~(stars.resolved[fainter] & stars.resolved[brighter])
    gone = (between(places, flux) & ~stars.resolved) | residual.stack.fixed.within(places, CORE_SHARE)
    gone[fainter[needless]] = True
    gone |= hidden
    _drop(residual, gone)
    return bool(gone.any())


def _drop(residual: Residual, gone: Bools) -> None:
    """Give the light of stars back to the residual frames, and forget them."""
    if gone.any():
        stars = residual.stack.stars
        residual.give_light_back(stars.taken(gone))
        residual.change(stars=stars.taken(~gone))
