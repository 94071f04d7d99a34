"""Which peaks of a finished image are stars: groups are fitted, and the failing members dropped by evidence.

A profile on an unresolved pair leaves two false peaks, one on either side of it, and the joint fit of three stars with
the light of two is degenerate: all three fail at once, though a fit without the worst of them is sound. So of failing
stars near one another only the least significant goes, its light goes back into the residual image, and what is near
is fitted again before the others are judged. (Dropping all at once lost 1 of 200 stars above 15 sigma in the plane, up
to Ks 7.2: docs/decisions/0010-stars-of-atlas-images.md.)
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from app.arrays import Bools, Doubles
from app.parameters.extraction import ExtractionParameters
from workers.reduction.images import profile_fit
from workers.reduction.images.image_model import ImageModel
from workers.reduction.images.profile_fit import FitRules
from workers.reduction.images.stars import Stars

ROUNDS = 8  # of dropping: in the plane and in M17 the last star of a group goes in round 3 to 6
SWEEPS_AGAIN = 2  # over the groups near a dropped star


def fit_rules(parameters: ExtractionParameters, sweeps: int) -> FitRules:
    """Rules of a fit with a number of sweeps.

    Parameters
    ----------
    parameters : ExtractionParameters
        Lengths, gain and error of the profile.
    sweeps : int
        Passes over all groups.
    """
    return FitRules(
        sweeps=sweeps,
        link_pix=parameters.link_pix,
        fit_radius_pix=parameters.fit_radius_pix,
        psf_error=parameters.psf_error,
        gain=parameters.gain_electrons_per_dn,
        seed_sigma_pix=parameters.seed_sigma_pix,
        wing_radius_pix=parameters.saturation_wing_pix,
    )


def fit(model: ImageModel, parameters: ExtractionParameters, sweeps: int = 2) -> None:
    """Fit all stars of an image and drop the peaks that are not stars.

    Parameters
    ----------
    model : ImageModel
        Stars and residual image are replaced.
    parameters : ExtractionParameters
        Rules of the fit, and what a star is.
    sweeps : int
        Passes over all groups before the first star is judged.
    """
    rules = fit_rules(parameters, sweeps)
    model.residual = profile_fit.fit_stars(model.data, model.variance, model.psf, model.stars, rules)
    again = fit_rules(parameters, SWEEPS_AGAIN)
    dropped = False
    for _ in range(ROUNDS):
        keep = _worth_keeping(model, parameters)
        keep |= _settled_elsewhere(model, parameters, ~keep)
        if keep.all():
            break
        gone = np.flatnonzero(~keep)
        gone = gone[_least_significant(model.stars.take(gone), parameters.link_pix)]
        lost = model.stars.take(gone)
        profile_fit.draw(model.residual, model.variance, model.psf, lost)
        model.stars = model.stars.take(np.setdiff1d(np.arange(keep.size), gone))
        dropped = True
        _fit_near(model, lost, again, parameters.link_pix)
    if dropped:
        model.residual = profile_fit.subtract(model.data, model.variance, model.psf, model.stars)


def _significance(stars: Stars) -> Doubles:
    """Flux over its formal error; -1 for a star that was not solved, which so goes first."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(np.isfinite(stars.flux_error), stars.flux / stars.flux_error, -1.0)


def _least_significant(failing: Stars, link_pix: float) -> Bools:
    """Which failing stars are less significant than all other failing ones within a linking length."""
    first = np.argsort(_significance(failing), kind="stable")
    rank = np.empty(first.size, np.int64)
    rank[first] = np.arange(first.size)
    result = np.ones(first.size, np.bool_)
    pairs = cKDTree(np.column_stack([failing.x, failing.y])).query_pairs(link_pix, output_type="ndarray")
    a, b = pairs[:, 0], pairs[:, 1]
    result[np.where(rank[a] > rank[b], a, b)] = False
    return result


def _near(stars: Stars, others: Stars, radius_pix: float) -> Bools:
    """Which stars have one of the others within a radius."""
    if not stars.x.size:
        return np.zeros(0, np.bool_)
    tree = cKDTree(np.column_stack([others.x, others.y]))
    distance, _ = tree.query(np.column_stack([stars.x, stars.y]), distance_upper_bound=radius_pix)
    return np.asarray(np.isfinite(distance))


def _fit_near(model: ImageModel, gone: Stars, rules: FitRules, link_pix: float) -> None:
    """Fit the groups around dropped stars again; neighbours are held near their present places from now on."""
    stars = model.stars
    neighbours = _near(stars, gone, link_pix)
    stars.x_seed[neighbours], stars.y_seed[neighbours] = stars.x[neighbours], stars.y[neighbours]
    touched = _near(stars, gone, 2.0 * link_pix)
    profile_fit.fit_again(model.residual, model.variance, model.psf, stars, touched, rules)


def _significant(model: ImageModel, parameters: ExtractionParameters) -> Bools:
    """Which stars are solved and above the least signal-to-noise ratio."""
    stars = model.stars
    error = stars.flux_error * max(model.correlation, 1.0)
    return np.asarray(np.isfinite(error) & (stars.flux > parameters.minimum_snr * error))


def _on_image(model: ImageModel) -> Bools:
    stars = model.stars
    ny, nx = model.data.shape
    inside = (stars.x > -0.5) & (stars.y > -0.5) & (stars.x < nx - 0.5) & (stars.y < ny - 0.5)
    return np.asarray(inside)


def _settled_elsewhere(model: ImageModel, parameters: ExtractionParameters, failing: Bools) -> Bools:
    """Which failing stars are significant, alone, and only not at their peak: their places become their peaks.

    Such a star was found by a false peak beside it, and walked home when its rivals were gone.
    """
    stars = model.stars
    result = np.zeros(failing.size, np.bool_)
    if not failing.any():
        return result
    alone = np.ones(failing.size, np.bool_)
    tree = cKDTree(np.column_stack([stars.x, stars.y]))
    alone[np.unique(tree.query_pairs(parameters.link_pix, output_type="ndarray"))] = False
    result = failing & alone & _significant(model, parameters) & _on_image(model)
    stars.x_seed[result], stars.y_seed[result] = stars.x[result], stars.y[result]
    return result


def _worth_keeping(model: ImageModel, parameters: ExtractionParameters) -> Bools:
    """Whether each star is solved, significant, still at its peak, and not on top of a brighter star."""
    stars = model.stars
    keep = _significant(model, parameters)
    keep &= np.hypot(stars.x - stars.x_seed, stars.y - stars.y_seed) <= parameters.drift_pix
    keep |= stars.saturated & (stars.flux > 0)
    keep &= _on_image(model)
    index = np.flatnonzero(keep)
    if index.size > 1:
        tree = cKDTree(np.column_stack([stars.x[index], stars.y[index]]))
        pairs = tree.query_pairs(parameters.merge_pix, output_type="ndarray")
        a, b = index[pairs[:, 0]], index[pairs[:, 1]]
        fainter = (stars.flux[a] < stars.flux[b]) & ~stars.saturated[a] | stars.saturated[b]
        keep[np.where(fainter, a, b)] = False
    return keep
