"""Rounds of learning the point-spread function of a band from its own stars: fit them, learn, and again."""

from __future__ import annotations

import numpy as np

from app.arrays import Doubles, Integers
from app.parameters.photometry import PhotometryParameters
from workers.reduction.photometry.fit import fit_stars
from workers.reduction.photometry.residual import Residual
from workers.reduction.profile.learning import learn
from workers.reduction.profile.sample import Sample, choose_sample

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
    stars = residual.stack.stars
    looks = residual.stack.looks(stars)
    chosen = choose_sample(residual.stack.frames, looks, stars, parameters.learning_stars, alone=not drawn)
    # Halos fall apart into pieces that are round and sharp enough: a field of saturated stars alone has no others, and
    # the peaks that come up there later are latent images.
    in_halos = residual.stack.fixed.within(stars.places()[chosen], HALO_REACHES).all()
    if in_halos or (drawn and residual.stack.psf.stars == 0):
        return
    lacking = np.nan_to_num(stars.flux_dn) if drawn else np.zeros(stars.size)
    # Drawn frames hold the residuals of one model: a second round would count its corrections twice.
    rounds = 1 if drawn else parameters.learning_rounds
    for turn in range(rounds):
        if not drawn:
            looks = residual.stack.looks(stars)
            fit_stars(residual.arrays(), residual.stack.psf, looks, stars, chosen, lacking.copy())
        _learn_once(residual, chosen, lacking, drawn=drawn, turn=turn, last=turn == rounds - 1)


def _learn_once(
    residual: Residual, chosen: Integers, lacking_dn: Doubles, *, drawn: bool, turn: int, last: bool
) -> None:
    """Learn from the stars of a sample that fit; the wing in the last round."""
    stack = residual.stack
    stars = stack.stars
    fit = stars.chi2[chosen]
    # Galaxies are a third of the bright sources at the poles, each in six frames: they would be the seeing there.
    good = stars.converged[chosen] & (fit < MISFIT * np.nanmedian(fit) if turn > 0 else True)
    sample = Sample(stack.looks(stars), chosen[good], stars.flux_dn, lacking_dn)
    held = not drawn and turn < HELD_ROUNDS
    psf = learn(
        residual.arrays(),
        stack.psf,
        sample,
        # Skip the wing in crowded fields: undetected stars would bias it.
        wing=last and stack.crowding() < TOO_CROWDED,
        hold_seeing=held,
        tight=not held,
        guide=stack.guide,
    )
    residual.change(psf=psf)
