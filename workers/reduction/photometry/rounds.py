"""Photometry of one band on the stack of its frames: detect, fit, subtract, and again until nothing new appears.

Two stages, between which the frames are registered anew with the fitted places. `first_look` finds the stars, learns
the point-spread function and centres bright stars on every frame; `measure` fits all stars, takes them away, measures
background and noise on what is left, and detects there what bright neighbours hid. In the galactic plane the
rounds go on until one finds less than a third more; in a sparse field the first does.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from app.arrays import Doubles, Singles, Table
from app.parameters.photometry import PhotometryParameters
from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.frames.looks import Looks, find_looks
from workers.reduction.frames.values import CalibratedFrames
from workers.reduction.kernels.pairs import close_pairs
from workers.reduction.photometry.crowding import between, fall
from workers.reduction.photometry.detection import Detector, Peaks
from workers.reduction.photometry.fit import LEAST_PIXELS, fit_stars
from workers.reduction.profile.drawing import background_free, relevel, subtract_stars
from workers.reduction.profile.learning import learn
from workers.reduction.profile.sample import Sample, choose_sample
from workers.reduction.profile.seeing import frame_widths
from workers.reduction.profile.stars import Stars
from workers.reduction.profile.table import STAMP, FramePsf, turbulent_guess
from workers.reduction.saturated.stars import Saturated

FWHM_PER_SIGMA = 2.3548
SAME_STAR_ARCSEC = 1.2
CROWDED = 1.10  # above it unknown stars are part of the noise, and rounds go on
TOO_CROWDED = 1.25
RELEARNED = (1, 3)  # rounds of a crowded field after which the profile is learnt again
MISFIT = 1.6  # times the median chi-squared: pairs and galaxies
UNRESOLVED_ARCSEC = 1.6
CLOSE_ARCSEC = 4.5
CLOSE_SHARE = 0.03  # of the brighter one's light
SETTLING_SWEEPS = 8
SETTLED_SIGMA = 0.1
PRUNINGS = 4
HELD_ROUNDS = 2  # of learning, in which the seeing terms are those of a stretched image
LAST_SHARE = 0.7
SHARED_ARCSEC = 8.0  # fits reach 5" each; beyond, a new star's wing is all that changes
SWALLOWED_SHARE = 0.75  # of a saturated star's reach: its pixels there are flagged, and nothing bounds a fit
HALO_REACHES = 6.0  # of a saturated star, 25" to 40"
OVER_EDGE_PIX = -float(STAMP)  # stars up to a stamp off the array still put light on it


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
    fixed : Saturated
        Saturated stars: drawn, never fitted.
    guide : float64 array (n,), optional
        Mean logarithms of the frames' widths in the other bands.
    rounds : int
    """

    frames: CalibratedFrames
    geometry: FrameGeometry
    residual: Singles
    psf: FramePsf
    tables: Singles
    stars: Stars
    fixed: Saturated = field(default_factory=Saturated.none)
    guide: Doubles | None = None
    rounds: int = 0

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Frames with pixels."""
        return self.frames.noise_dn > 0.0

    def looks(self, stars: Stars, margin_pix: float = 0.0) -> Looks:
        """Find the looks at some stars by the present geometry."""
        size = self.frames.pixels_dn.shape[2]
        return find_looks(self.geometry, self.usable, stars.x_arcsec, stars.y_arcsec, size, margin_pix)

    def crowding(self) -> float:
        """Noise of the residual frames over that of sky and reads: 1 in sparse fields, 2 in the plane at first."""
        if not self.usable.any():
            return 1.0
        detector = self.frames.detector
        sky = float(np.median(self.frames.mesh_dn[self.usable]))
        expected = np.hypot(
            np.sqrt(max(sky, 0.0) / detector.gain),
            np.sqrt(2.0) * detector.read_noise_electrons / detector.gain,
        )
        return float(np.median(self.frames.noise_dn[self.usable]) / expected)

    def draw(self) -> None:
        """Make the residual frames anew: background, saturated stars, and all stars as they are now."""
        background_free(self.frames, self.residual)
        self.subtract(self.fixed.stars)
        self.subtract(self.stars)

    def subtract(self, stars: Stars, *, swept: bool = False) -> None:
        """Take away stars; of `swept` ones what sweeps leave: wings, light from off the edge, stars without a fit.

        Then the residual frames are as `draw` would make them, for a tenth of the time.
        """
        if stars.size:
            looks, light = self.looks(stars, OVER_EDGE_PIX), np.nan_to_num(stars.flux_dn)
            fitted = stars.pixels >= LEAST_PIXELS if swept else np.zeros(stars.size, np.bool_)
            subtract_stars(self.residual, self.frames, self.psf, self.tables, looks, light, fitted)


def first_look(
    frames: CalibratedFrames,
    geometry: FrameGeometry,
    table: Table,
    fixed: Saturated,
    detector: Detector,
    parameters: PhotometryParameters,
    buffer: Singles | None = None,
) -> BandStack:
    """Find the stars of a band and learn its point-spread function.

    Parameters
    ----------
    frames : CalibratedFrames
    geometry : FrameGeometry
        Good to 0.1".
    table : structured array of FRAME_SOURCE_DTYPE
        Sources of single frames, for the first widths.
    fixed : Saturated
    detector : Detector
    parameters : PhotometryParameters
    buffer : float32 array, optional
        For the residual frames.
    """
    residual = background_free(frames, buffer)
    log_width, sigma_pix = frame_widths(residual, frames.flags, table)
    guess = turbulent_guess(FWHM_PER_SIGMA * sigma_pix, log_width.size, parameters.field_order)
    psf = replace(guess, log_width=log_width)
    none = Stars.at(np.zeros(0), np.zeros(0), np.zeros(0))
    stack = BandStack(frames, geometry, residual, psf, psf.tables(), none, fixed)
    stack.subtract(stack.fixed.stars)
    peaks = detector.find(residual, frames, geometry, parameters.threshold_snr)
    stack.stars = _new_stars(stack, peaks, parameters)
    learn_psf(stack, parameters, drawn=False)
    return stack


def learn_psf(stack: BandStack, parameters: PhotometryParameters, *, drawn: bool) -> None:
    """Learn the point-spread function from the stack's own stars; `drawn` tells that all stars are subtracted."""
    stars = stack.stars
    chosen = choose_sample(
        stack.frames, stack.looks(stars), stars, parameters.learning_stars, alone=not drawn
    )
    # Halos fall apart into pieces that are round and sharp enough: a field of saturated stars alone has no others, and
    # what comes up there later are latent images.
    places = np.column_stack([stars.x_arcsec, stars.y_arcsec])
    if stack.fixed.within(places[chosen], HALO_REACHES).all() or (drawn and stack.psf.stars == 0):
        return
    lacking = np.nan_to_num(stars.flux_dn) if drawn else np.zeros(stars.size)
    # Drawn frames hold the residuals of one model: a second round would count its corrections twice.
    rounds = 1 if drawn else parameters.learning_rounds
    for turn in range(rounds):
        looks = stack.looks(stars)
        if not drawn:
            fit_stars(
                stack.residual, stack.frames, stack.psf, stack.tables, looks, stars, chosen, lacking.copy()
            )
            looks = stack.looks(stars)
        fit = stars.chi2[chosen]
        # Galaxies are a third of what is bright at the poles, each in six frames: they would be the seeing there.
        good = stars.converged[chosen] & (fit < MISFIT * np.nanmedian(fit) if turn > 0 else True)
        sample = Sample(looks, chosen[good], stars.flux_dn, lacking)
        # Where unknown stars make the noise, they would make the wing too.
        last = turn == rounds - 1 and stack.crowding() < TOO_CROWDED
        held = not drawn and turn < HELD_ROUNDS
        stack.psf = learn(
            stack.residual,
            stack.frames,
            stack.psf,
            stack.tables,
            sample,
            wing=last,
            hold_seeing=held,
            tight=not held,
            guide=stack.guide,
        )
        stack.tables = stack.psf.tables()


def measure(stack: BandStack, detector: Detector, parameters: PhotometryParameters) -> None:
    """Fit all stars of a band together, find what they hid, and leave the final residual frames behind."""
    background_free(stack.frames, stack.residual)
    stack.subtract(stack.fixed.stars)
    drawn = np.zeros(stack.stars.size)
    _sweep(stack, drawn)
    # What pairs leave of each other while they are not settled would look like stars between them.
    _settle(stack, drawn)
    stack.subtract(stack.stars, swept=True)
    _prune(stack, parameters)
    relevel(stack.frames, stack.residual)
    learn_psf(stack, parameters, drawn=True)
    stack.draw()
    for turn in range(parameters.most_rounds):
        stack.rounds = turn + 1
        if turn > 0:
            relevel(stack.frames, stack.residual)
        before = stack.stars.size
        fresh = _detect_more(stack, detector, parameters)
        if fresh < parameters.enough_new * max(before, 1) and (
            stack.crowding() < CROWDED or fresh < parameters.enough_new_crowded * before
        ):
            break
        if turn in RELEARNED and turn + 1 < parameters.most_rounds:
            relevel(stack.frames, stack.residual)
            learn_psf(stack, parameters, drawn=True)
            stack.draw()
    _finish(stack, parameters)


def _detect_more(stack: BandStack, detector: Detector, parameters: PhotometryParameters) -> int:
    """Add what the residual frames show, fit it together with what it touches; the number of new stars."""
    peaks = detector.find(stack.residual, stack.frames, stack.geometry, parameters.residual_snr)
    fresh = _new_stars(stack, peaks, parameters)
    before = stack.stars.size
    drawn = np.concatenate([np.nan_to_num(stack.stars.flux_dn), np.zeros(fresh.size)])
    both = stack.stars.beside(fresh)
    order = np.lexsort((both.x_arcsec, both.y_arcsec))
    stack.stars = both.taken(order)
    _sweep(stack, drawn[order], _near_new(stack.stars, order >= before))
    stack.subtract(stack.stars.taken(order >= before), swept=True)
    return fresh.size


def _finish(stack: BandStack, parameters: PhotometryParameters) -> None:
    """Drop what the fits made nothing of, and fit the others once more on a last background."""
    _drop(stack, ~_significant(stack.stars, parameters.minimum_snr))
    relevel(stack.frames, stack.residual)
    # Sweeps keep the residual frames up to date; places and fluxes hardly change any more.
    for _ in range(PRUNINGS):
        _settle(stack, np.nan_to_num(stack.stars.flux_dn))
        if not _prune(stack, parameters):
            break
    _sweep(stack, np.nan_to_num(stack.stars.flux_dn))
    # What the last fits took from a star near the limit was noise or its neighbour's.
    stack.stars = stack.stars.taken(_significant(stack.stars, LAST_SHARE * parameters.minimum_snr))


def _significant(stars: Stars, snr: float) -> NDArray[np.bool_]:
    """Stars with light above some errors; those whose fit gave no error stay, for the aperture."""
    with np.errstate(invalid="ignore"):
        return (stars.flux_dn > 0.0) & ~(stars.flux_dn <= snr * stars.flux_error_dn)


def _prune(stack: BandStack, parameters: PhotometryParameters) -> bool:
    """Drop stars that their fits brought onto a brighter or a saturated one, or below what a neighbour's misfit may be.

    Two profiles nearer than 1.6" share their light as the noise likes. What is dropped goes back into the residual
    frames, and the neighbours take what is theirs in the sweeps that follow. Tells whether any was dropped.
    """
    stars = stack.stars
    if stars.size < 2:
        return False
    places = np.column_stack([stars.x_arcsec, stars.y_arcsec])
    pairs = close_pairs(places, SHARED_ARCSEC)
    flux = np.nan_to_num(stars.flux_dn)
    fainter = np.where(flux[pairs[:, 0]] < flux[pairs[:, 1]], pairs[:, 0], pairs[:, 1])
    brighter = pairs.sum(axis=1) - fainter
    distance = np.hypot(*(places[fainter] - places[brighter]).T)
    needless = distance < UNRESOLVED_ARCSEC
    needless |= flux[fainter] < parameters.model_share * flux[brighter] * fall(distance)
    gone = between(places, flux) | stack.fixed.within(places, SWALLOWED_SHARE)
    gone[fainter[needless]] = True
    _drop(stack, gone)
    return bool(gone.any())


def _drop(stack: BandStack, gone: NDArray[np.bool_]) -> None:
    """Give the light of some stars back to the residual frames, and forget them."""
    if gone.any():
        back = stack.stars.taken(gone)
        back.flux_dn *= -1.0
        stack.subtract(back)
        stack.stars = stack.stars.taken(~gone)


def _settle(stack: BandStack, drawn_dn: Doubles) -> None:
    """Fit close neighbours again and again: a sweep leaves 0.6 of what is wrong at 3", a quarter at 4".

    From sweep to sweep only those go on that still change by a tenth of their error, and their partners.
    """
    stars = stack.stars
    if stars.size < 2:
        return
    places = np.column_stack([stars.x_arcsec, stars.y_arcsec])
    pairs = close_pairs(places, CLOSE_ARCSEC)
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
        which = close[active]
        some, drawn = stars.taken(which), drawn_dn[which]
        looks, before = stack.looks(some), some.flux_dn.copy()
        everyone = np.arange(which.size)
        fit_stars(
            stack.residual, stack.frames, stack.psf, stack.tables, looks, some, everyone, drawn, redraw=True
        )
        stars.put(which, some)
        drawn_dn[which] = drawn
        moved = np.zeros(close.size, np.bool_)
        moved[active] = np.abs(some.flux_dn - before) > SETTLED_SIGMA * some.flux_error_dn
        active = np.unique(pairs[moved[pairs].any(axis=1)])
        if not active.size:
            break


def _sweep(stack: BandStack, drawn_dn: Doubles, which: NDArray[np.int64] | None = None) -> None:
    """Fit stars one after the other, in the order of y, all or some.

    `drawn_dn` is what the residual frames lack of each.
    """
    stars = stack.stars
    chosen = np.arange(stars.size) if which is None else which
    looks = stack.looks(stars)
    fit_stars(
        stack.residual, stack.frames, stack.psf, stack.tables, looks, stars, chosen, drawn_dn, redraw=True
    )


def _near_new(stars: Stars, fresh: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Find new stars, and those that share pixels with one; ascending indices."""
    from scipy.spatial import cKDTree

    if not fresh.any():
        return np.zeros(0, np.int64)
    places = np.column_stack([stars.x_arcsec, stars.y_arcsec])
    distance, _ = cKDTree(places[fresh]).query(places, distance_upper_bound=SHARED_ARCSEC)
    return np.flatnonzero(np.isfinite(distance))


def _new_stars(stack: BandStack, peaks: Peaks, parameters: PhotometryParameters) -> Stars:
    """Peaks that are no model error of a known star: farther than 1.2" and brighter than a share of its light there."""
    from scipy.spatial import cKDTree

    fresh = Stars.at(peaks.x_arcsec, peaks.y_arcsec, peaks.flux_dn)
    # A peak off all arrays is the skirt of a star at their edge: no fit would ever bound its light.
    fresh = fresh.taken(np.diff(stack.looks(fresh).start) > 0)
    known, bright = stack.stars, stack.fixed.stars
    if not fresh.size or not known.size + bright.size:
        return fresh
    places = np.column_stack([fresh.x_arcsec, fresh.y_arcsec])
    x, y = (
        np.concatenate([known.x_arcsec, bright.x_arcsec]),
        np.concatenate([known.y_arcsec, bright.y_arcsec]),
    )
    flux = np.concatenate([np.nan_to_num(known.flux_dn), bright.flux_dn])
    distance, nearest = cKDTree(np.column_stack([x, y])).query(places, k=[1, 2, 3])
    there = np.isfinite(distance)
    # A neighbour's misfit is a share of its profile there; it falls as the profile does.
    share = fall(np.where(there, distance, 99.0))
    limit = (parameters.model_share * flux[np.where(there, nearest, 0)] * share).max(axis=1)
    good = (distance[:, 0] > SAME_STAR_ARCSEC) & (fresh.flux_dn > limit)
    return fresh.taken(good & ~stack.fixed.within(places))
