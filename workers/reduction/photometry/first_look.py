"""The first look at frames: stars are found, the point-spread function is learnt, bright stars are centred.

By these centres the frames are registered anew; `rounds` then measures all stars.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from app.instruments.bands import Band
from app.parameters.photometry import PhotometryParameters
from workers.reduction.frames.grid import strip_grid
from workers.reduction.photometry.centroids import centre_stars
from workers.reduction.photometry.detection import PeakFinder
from workers.reduction.photometry.fit import fit_stars
from workers.reduction.photometry.new_stars import new_stars
from workers.reduction.photometry.residual import Residual, ResidualMemory
from workers.reduction.photometry.stack import TOO_CROWDED, BandStack
from workers.reduction.profile.learning import learn
from workers.reduction.profile.library import taken_from
from workers.reduction.profile.sample import Sample, choose_sample, settled
from workers.reduction.profile.stars import Stars
from workers.reduction.registration.values import Centres

HELD_ROUNDS = 2  # of learning, in which the seeing terms are those of a stretched image


def first_looks(
    stacks: Mapping[Band, BandStack], most_a_frame: int, parameters: PhotometryParameters
) -> tuple[dict[Band, BandStack], dict[Band, Centres]]:
    """Look at every band: its stack with stars and a learnt profile, and the centres of its bright stars.

    Parameters
    ----------
    stacks : mapping of Band to BandStack
        Frames with a geometry good to 0.1", a guess of the profile, and the saturated stars.
    most_a_frame : int
        Largest number of centres on a frame.
    parameters : PhotometryParameters
        Thresholds and rounds.
    """
    any_stack = next(iter(stacks.values()))
    finder = PeakFinder(strip_grid(any_stack.geometry))
    residuals = ResidualMemory(any_stack.frames.pixels_dn.shape)
    looked: dict[Band, BandStack] = {}
    centres: dict[Band, Centres] = {}
    for band, stack in stacks.items():
        with residuals.lend(stack) as residual:
            looked[band] = first_look(residual, finder, parameters)
            centres[band] = centre_stars(residual, most_a_frame)
    return looked, centres


def first_look(residual: Residual, finder: PeakFinder, parameters: PhotometryParameters) -> BandStack:
    """Find the stars of a band and learn its point-spread function from them; the new stack, which the loan has too.

    Parameters
    ----------
    residual : Residual
        Loan of the band. In the end its frames hold all but the saturated stars.
    finder : PeakFinder
        On the grid of the scan.
    parameters : PhotometryParameters
        Thresholds and rounds.
    """
    residual.restore()
    stack, frames = residual.stack, residual.arrays()
    library = stack.band.calibration.library
    peaks = finder.find(frames, stack.geometry, parameters.threshold_snr)
    stars = new_stars(peaks, Stars.none(), stack.fixed, parameters)
    psf, looks = stack.psf, stack.looks(stars)
    chosen = choose_sample(stack.frames, looks, stars, parameters.learning_stars)
    rounds = 0 if stack.fixed.surround(stars.places()[chosen]) else parameters.learning_rounds
    # Of 30,000 stars the profile is learnt from 1,000: the looks at these alone are found again.
    bright, every, nothing_drawn = stars.taken(chosen), np.arange(chosen.size), np.zeros(chosen.size)
    looks = stack.looks(bright)
    for turn in range(rounds):
        fit_stars(frames, psf, looks, bright, every, nothing_drawn.copy())
        looks = stack.looks(bright)
        held = turn < HELD_ROUNDS
        psf = learn(
            frames,
            psf,
            Sample(looks, settled(bright, every, fitted_before=turn > 0), bright.flux_dn, nothing_drawn),
            wing=turn == rounds - 1 and stack.crowding() < TOO_CROWDED,
            hold_seeing=held,
            tight=not held,
            guide=stack.guide,
            library=None if held else library,
        )
    stars.put(chosen, bright)
    residual.change(stars=stars, psf=psf if psf.stars or library is None else taken_from(library, psf))
    return residual.stack
