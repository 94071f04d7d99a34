"""The stars that a point-spread function is learnt from, and frames are registered by."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from app.arrays import Doubles, Flags, Integers
from workers.reduction.frames.looks import Looks
from workers.reduction.frames.values import CalibratedFrames
from workers.reduction.kernels.compiled import KERNEL, SATURATED
from workers.reduction.kernels.pairs import close_pairs
from workers.reduction.profile.stars import Stars


@dataclass(frozen=True)
class Sample:
    """Stars to learn from: their looks, which of them, their fluxes and what the residual frames lack of each."""

    looks: Looks
    which: Integers
    flux_dn: Doubles
    drawn_flux_dn: Doubles


ALONE_ARCSEC = 14.0  # the stamp, and the wing's inner part
ALONE_SHARE = 0.03
LEAST_FLUX_NOISE = 60.0  # flux over a pixel's noise: an SNR of 50 on six looks
FEWEST = 40
MISFIT = 1.6  # times the median chi-squared
# Brighter ones (J 10.5) have spikes, glints and latent images about them, and lose a per cent of their core to
# non-linearity: 0.6 % too much light in the curve of growth.
LINEAR_SHARE = 0.8
FEWEST_MODERATE = 100


@njit(**KERNEL)
def _saturated(
    flags: Flags,
    start: Integers,
    frame: Integers,
    x: Doubles,
    y: Doubles,
    asked: NDArray[np.bool_],
    out: NDArray[np.bool_],
) -> None:
    """Whether any look has a saturated pixel within two pixels."""
    _, ny, nx = flags.shape
    for s in range(start.size - 1):
        if not asked[s]:
            continue
        for k in range(start[s], start[s + 1]):
            jx = math.floor(x[k] + 0.5)
            jy = math.floor(y[k] + 0.5)
            found = np.uint8(0)
            for row in range(max(0, jy - 2), min(ny, jy + 3)):
                for column in range(max(0, jx - 2), min(nx, jx + 3)):
                    found |= flags[frame[k], row, column]
            if found & SATURATED:
                out[s] = True
                break


def saturated_stars(
    frames: CalibratedFrames, looks: Looks, asked: NDArray[np.bool_] | None = None
) -> NDArray[np.bool_]:
    """Which stars have a saturated pixel within 4" on any frame; false for those that are not asked for."""
    out = np.zeros(looks.start.size - 1, np.bool_)
    asked = np.ones_like(out) if asked is None else asked
    _saturated(frames.flags, looks.start, looks.frame, looks.x_pix, looks.y_pix, asked, out)
    return out


def undisturbed(stars: Stars, radius_arcsec: float, share: float) -> NDArray[np.bool_]:
    """Stars without a neighbour within the radius that has more than a share of their light."""
    alone = np.ones(stars.size, np.bool_)
    if stars.size < 2:
        return alone
    flux = np.nan_to_num(stars.flux_dn)
    places = np.column_stack([stars.x_arcsec, stars.y_arcsec])
    pairs = close_pairs(places, radius_arcsec)
    for a, b in ((0, 1), (1, 0)):
        alone[pairs[flux[pairs[:, b]] > share * flux[pairs[:, a]], a]] = False
    return alone


def choose_sample(
    frames: CalibratedFrames, looks: Looks, stars: Stars, most: int, *, alone: bool = True
) -> Integers:
    """Bright unsaturated stars, ascending indices; the brightest where there are more than `most`.

    Parameters
    ----------
    frames : CalibratedFrames
    looks : Looks
        At all stars.
    stars : Stars
    most : int
    alone : bool
        Whether neighbours spoil a star (they do as long as they are not subtracted). Where they are, stars that fit
        much worse than most of the sample are left out: pairs and galaxies.
    """
    noise = float(np.median(frames.noise_dn[frames.noise_dn > 0.0])) if frames.noise_dn.any() else np.inf
    flux = np.nan_to_num(stars.flux_dn)
    count = np.diff(looks.start)
    # Twice seen is no chance event; of a scan of one frame nothing is.
    good = (flux > LEAST_FLUX_NOISE * noise) & (count >= min(2, int(count.max(initial=0))))
    moderate = good & (flux < LINEAR_SHARE * frames.detector.saturation_dn)
    if np.count_nonzero(moderate) >= FEWEST_MODERATE:
        good = moderate
    good &= ~saturated_stars(frames, looks, good)
    quiet = undisturbed(stars, ALONE_ARCSEC if alone else 4.0, ALONE_SHARE if alone else 0.3)
    if np.count_nonzero(good & quiet) < FEWEST:
        quiet = undisturbed(stars, 6.0, 0.1)
    good &= quiet
    if not alone and np.count_nonzero(good) > FEWEST:
        with np.errstate(invalid="ignore"):
            good &= stars.converged & (stars.chi2 <= MISFIT * np.nanmedian(stars.chi2[good]))
    chosen = np.flatnonzero(good)
    return np.sort(chosen[np.argsort(-flux[chosen], kind="stable")[:most]])
