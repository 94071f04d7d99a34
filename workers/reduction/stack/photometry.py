"""Photometry of one band on the stack of its frames: detect, fit, subtract, and again until nothing new appears.

Two stages, between which the frames are registered anew with the fitted places. `first_look` finds the stars, learns
the point-spread function and centres bright stars on every frame; `measure` fits all stars, takes them away, measures
background and noise on what is left, and detects there what bright neighbours hid. In the galactic plane the
rounds go on until one finds less than 10 % more; in a sparse field the first may do.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from workers.reduction.frames import CalibratedFrames, Doubles, Floats
from workers.reduction.geometry import FrameGeometry
from workers.reduction.stack.detection import Detector, Peaks
from workers.reduction.stack.fit import Stars, fit_stars
from workers.reduction.stack.learning import Sample, learn
from workers.reduction.stack.psf import STAMP, FramePsf, turbulent_guess
from workers.reduction.stack.residual import background_free, relevel, subtract_stars
from workers.reduction.stack.sample import choose_sample
from workers.reduction.stack.seeing import frame_widths
from workers.reduction.stack.visits import Integers, Looks, find_looks

Table = NDArray[np.void]
FWHM_PER_SIGMA = 2.3548
OVER_EDGE_PIX = -float(STAMP)  # stars up to a stamp off the array still put light on it


@dataclass(frozen=True)
class StackParameters:
    """Numbers of the photometry on frames.

    The first threshold finds all that the fit needs to know; later ones look at residuals, where model errors stand
    beside noise.
    """

    threshold_snr: float = 4.0
    residual_snr: float = 4.0
    field_order: int = 2  # of the point-spread function in focal-plane place; 4 for strong defocus
    learning_rounds: int = 4
    learning_stars: int = 2500  # a band: 15,000 stamps fix each of 1,000 nodes to 0.05 % of the peak
    most_rounds: int = 6
    enough_new: float = 0.10
    model_share: float = 0.06  # of a neighbour's light, that a residual peak must exceed to be a star


@dataclass
class BandStack:
    """The frames of a band and all that is known of their stars; changed in place from step to step.

    Attributes
    ----------
    frames : CalibratedFrames
    geometry : FrameGeometry
    residual : float32 array (n, 256, 256)
        Frames less background and drawn stars.
    psf : FramePsf
    tables : float32 array
    stars : Stars
        Ordered by y.
    fixed : Stars
        Saturated stars: drawn, never fitted.
    rounds : int
    """

    frames: CalibratedFrames
    geometry: FrameGeometry
    residual: Floats
    psf: FramePsf
    tables: Floats
    stars: Stars
    fixed: Stars = field(default_factory=lambda: Stars.at(np.zeros(0), np.zeros(0), np.zeros(0)))
    rounds: int = 0

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Frames with pixels."""
        return self.frames.noise_dn > 0.0

    def looks(self, stars: Stars, margin_pix: float = 0.0) -> Looks:
        """Looks at some stars by the present geometry."""
        size = self.frames.pixels_dn.shape[2]
        return find_looks(self.geometry, self.usable, stars.x_arcsec, stars.y_arcsec, size, margin_pix)

    def draw(self) -> None:
        """Make the residual frames anew: background, saturated stars, and all stars as they are now."""
        background_free(self.frames, self.residual)
        for stars in (self.fixed, self.stars):
            looks = self.looks(stars, OVER_EDGE_PIX)
            subtract_stars(self.residual, self.frames, self.psf, self.tables, looks, np.nan_to_num(stars.flux_dn))


def first_look(
    frames: CalibratedFrames,
    geometry: FrameGeometry,
    table: Table,
    fixed: Stars,
    detector: Detector,
    parameters: StackParameters,
    buffer: Floats | None = None,
) -> BandStack:
    """Find the stars of a band and learn its point-spread function.

    Parameters
    ----------
    frames : CalibratedFrames
    geometry : FrameGeometry
        Good to 0.1".
    table : structured array of FRAME_SOURCE_DTYPE
        Sources of single frames, for the first widths.
    fixed : Stars
        Saturated stars with fluxes.
    detector : Detector
    parameters : StackParameters
    buffer : float32 array, optional
        For the residual frames.
    """
    residual = background_free(frames, buffer)
    log_width, sigma_pix = frame_widths(residual, frames.flags, table)
    guess = turbulent_guess(FWHM_PER_SIGMA * sigma_pix, log_width.size, parameters.field_order)
    psf = replace(guess, log_width=log_width)
    none = Stars.at(np.zeros(0), np.zeros(0), np.zeros(0))
    stack = BandStack(frames, geometry, residual, psf, psf.tables(), none, fixed)
    if fixed.size:
        stack.draw()
    peaks = detector.find(residual, frames, geometry, parameters.threshold_snr)
    stack.stars = _new_stars(stack, peaks, parameters)
    learn_psf(stack, parameters, drawn=False)
    return stack


def learn_psf(stack: BandStack, parameters: StackParameters, *, drawn: bool) -> None:
    """Learn the point-spread function from the stack's own stars; `drawn` tells that all stars are subtracted."""
    stars = stack.stars
    chosen = choose_sample(stack.frames, stack.looks(stars), stars, parameters.learning_stars, alone=not drawn)
    if not chosen.size:
        return
    lacking = np.nan_to_num(stars.flux_dn) if drawn else np.zeros(stars.size)
    # Drawn frames hold the residuals of one model: a second round would count its corrections twice.
    rounds = 1 if drawn else parameters.learning_rounds
    for turn in range(rounds):
        looks = stack.looks(stars)
        if not drawn:
            fit_stars(stack.residual, stack.frames, stack.psf, stack.tables, looks, stars, chosen, lacking.copy())
            looks = stack.looks(stars)
        sample = Sample(looks, chosen[stars.converged[chosen]], stars.flux_dn, lacking)
        stack.psf = learn(stack.residual, stack.frames, stack.psf, stack.tables, sample)
        stack.tables = stack.psf.tables()


def measure(stack: BandStack, detector: Detector, parameters: StackParameters) -> None:
    """Fit all stars of a band together, find what they hid, and leave the final residual frames behind."""
    threshold = parameters.residual_snr
    background_free(stack.frames, stack.residual)
    if stack.fixed.size:
        looks = stack.looks(stack.fixed, OVER_EDGE_PIX)
        subtract_stars(stack.residual, stack.frames, stack.psf, stack.tables, looks, stack.fixed.flux_dn)
    _sweep(stack, np.zeros(stack.stars.size))
    stack.draw()
    relevel(stack.frames, stack.residual)
    learn_psf(stack, parameters, drawn=True)
    for turn in range(parameters.most_rounds):
        stack.rounds = turn + 1
        stack.draw()
        if turn > 0:
            relevel(stack.frames, stack.residual)
        fresh = _new_stars(stack, detector.find(stack.residual, stack.frames, stack.geometry, threshold), parameters)
        before = stack.stars.size
        drawn = np.concatenate([np.nan_to_num(stack.stars.flux_dn), np.zeros(fresh.size)])
        both = stack.stars.beside(fresh)
        order = np.lexsort((both.x_arcsec, both.y_arcsec))
        stack.stars = both.taken(order)
        _sweep(stack, drawn[order])
        if fresh.size < parameters.enough_new * max(before, 1):
            break
    _finish(stack)


def _finish(stack: BandStack) -> None:
    """Drop what the fits made nothing of, and fit the others once more on a last background."""
    stars = stack.stars
    with np.errstate(invalid="ignore"):
        kept = (stars.flux_dn > 2.5 * stars.flux_error_dn) | ~np.isfinite(stars.flux_error_dn)
        kept &= stars.flux_dn > 0.0
    stack.stars = stars.taken(kept)
    stack.draw()
    relevel(stack.frames, stack.residual)
    _sweep(stack, stack.stars.flux_dn.copy())
    stack.draw()


def _sweep(stack: BandStack, drawn_dn: Doubles) -> None:
    """Fit all stars one after the other, in the order of y; `drawn_dn` is what the residual frames lack of each."""
    everything = np.arange(stack.stars.size)
    looks = stack.looks(stack.stars)
    fit_stars(
        stack.residual, stack.frames, stack.psf, stack.tables, looks, stack.stars, everything, drawn_dn,
        redraw=True,
    )  # fmt: skip


def _new_stars(stack: BandStack, peaks: Peaks, parameters: StackParameters) -> Stars:
    """Peaks that are no model error of a known star: farther than 1.2" and brighter than a share of its light there."""
    from scipy.spatial import cKDTree

    fresh = Stars.at(peaks.x_arcsec, peaks.y_arcsec, peaks.flux_dn)
    known_x = np.concatenate([stack.stars.x_arcsec, stack.fixed.x_arcsec])
    if not fresh.size or not known_x.size:
        return fresh
    known_y = np.concatenate([stack.stars.y_arcsec, stack.fixed.y_arcsec])
    flux = np.concatenate([np.nan_to_num(stack.stars.flux_dn), stack.fixed.flux_dn])
    tree = cKDTree(np.column_stack([known_x, known_y]))
    distance, nearest = tree.query(np.column_stack([fresh.x_arcsec, fresh.y_arcsec]), k=min(3, known_x.size))
    distance, nearest = np.atleast_2d(distance.T).T, np.atleast_2d(nearest.T).T
    distance = distance.reshape(fresh.size, -1)
    nearest = nearest.reshape(fresh.size, -1)
    # A neighbour's misfit is a share of its profile there; it falls as the profile does.
    fall = 1.0 / (1.0 + (distance / 2.5) ** 2) ** 1.5
    limit = (parameters.model_share * flux[nearest] * fall).max(axis=1)
    good = (distance.min(axis=1) > 1.2) & (fresh.flux_dn > limit)
    return fresh.taken(good)


Indices = Integers
