"""Rounds of learning the point-spread function of a band from its own stars: fit them, learn, and again."""

from __future__ import annotations

import numpy as np

from app.arrays import Bools, Integers
from app.parameters.photometry import PhotometryParameters
from workers.reduction.frames.looks import find_looks
from workers.reduction.photometry.fit import fit_stars
from workers.reduction.photometry.residual import Residual
from workers.reduction.profile.learning import learn
from workers.reduction.profile.sample import Sample, choose_sample
from workers.reduction.profile.stars import Stars

TOO_CROWDED = 1.25
MISFIT = 1.6  # times the median chi-squared: pairs and galaxies
HELD_ROUNDS = 2  # of learning, in which the seeing terms are those of a stretched image
HALO_REACHES = 6.0  # of a saturated star, 25" to 40"


def learn_profile(residual: Residual, parameters: PhotometryParameters, *, drawn: bool) -> None:
    """Learn the point-spread function of a band; the loan's stack gets it, its stars are changed in place.

    Parameters
    ----------
    residual : Residual
        Loan of the band.
    parameters : PhotometryParameters
        Number of stars and rounds.
    drawn : bool
        Whether all stars are subtracted from the residual frames; else only the saturated ones are.
    """
    stack = residual.stack
    stars, psf = stack.stars, stack.psf
    looks = stack.looks(stars)
    chosen = choose_sample(stack.frames, looks, stars, parameters.learning_stars, alone=not drawn)
    # Halos fall apart into pieces that are round and sharp enough: a field of saturated stars alone has no others, and
    # the peaks that come up there later are latent images.
    in_halos = stack.fixed.within(stars.places()[chosen], HALO_REACHES).all()
    if in_halos or (drawn and psf.stars == 0):
        return
    lacking = np.nan_to_num(stars.flux_dn) if drawn else np.zeros(stars.size)
    # Skip the wing in crowded fields: undetected stars would bias it.
    wing = stack.crowding() < TOO_CROWDED
    frames, geometry, usable = residual.arrays(), stack.geometry, stack.usable
    # Drawn frames hold the residuals of one model: a second round would count its corrections twice.
    rounds = 1 if drawn else parameters.learning_rounds
    for turn in range(rounds):
        if not drawn:
            fit_stars(frames, psf, looks, stars, chosen, lacking.copy())
            looks = find_looks(geometry, usable, stars.x_arcsec, stars.y_arcsec)
        held = not drawn and turn < HELD_ROUNDS
        psf = learn(
            frames,
            psf,
            Sample(looks, chosen[_fitting(stars, chosen, turn)], stars.flux_dn, lacking),
            wing=wing and turn == rounds - 1,
            hold_seeing=held,
            tight=not held,
            guide=stack.guide,
        )
    residual.change(psf=psf)


def _fitting(stars: Stars, chosen: Integers, turn: int) -> Bools:
    """Stars of the sample whose fits settled and are no galaxies', from the second round on.

    Galaxies are a third of the bright sources at the poles, each in six frames: they would be the seeing there.
    """
    fit = stars.chi2[chosen]
    good: Bools = stars.converged[chosen] & (fit < MISFIT * np.nanmedian(fit) if turn > 0 else True)
    return good
