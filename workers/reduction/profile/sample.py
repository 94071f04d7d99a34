"""The stars that a point-spread function is learnt from, and frames are registered by."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from app.arrays import Bools, Doubles, Flags, Integers
from workers.reduction.frames.looks import Looks
from workers.reduction.frames.values import CalibratedFrames
from workers.reduction.kernels.compiled import BORROWING, SATURATED
from workers.reduction.kernels.pairs import close_pairs
from workers.reduction.profile.stars import Stars

ALONE_ARCSEC = 14.0  # the stamp, and the wing's inner part
ALONE_SHARE = 0.03
LEAST_FLUX_NOISE = 60.0  # flux over a pixel's noise: an SNR of 50 on six looks
FEWEST = 40
MISFIT = 1.6  # times the median chi-squared
# Brighter ones (J 10.5) have spikes, glints and latent images about them, and lose a per cent of their core to
# non-linearity: 0.6 % too much light in the curve of growth.
LINEAR_SHARE = 0.8
FEWEST_MODERATE = 100


class Sample(NamedTuple):
    """Stars to learn from, as kernels take them.

    Attributes
    ----------
    looks : Looks
        At all stars, at their present places.
    chosen : int64 array (n,)
        Indices of the stars to learn from.
    flux_dn : float64 array (stars,)
        Light of each star, DN.
    drawn_flux_dn : float64 array (stars,)
        What the residual frames lack of each; 0 where nothing is drawn.
    """

    looks: Looks
    chosen: Integers
    flux_dn: Doubles
    drawn_flux_dn: Doubles


@njit(**BORROWING)
def _saturated(flags: Flags, looks: Looks, asked: Bools, out: Bools) -> None:
    """Whether any look has a saturated pixel within two pixels."""
    _, ny, nx = flags.shape
    for s in range(looks.start.size - 1):
        if not asked[s]:
            continue
        for k in range(looks.start[s], looks.start[s + 1]):
            i = looks.frame[k]
            jx = math.floor(looks.x_pix[k] + 0.5)
            jy = math.floor(looks.y_pix[k] + 0.5)
            found = np.uint8(0)
            for row in range(max(0, jy - 2), min(ny, jy + 3)):
                for column in range(max(0, jx - 2), min(nx, jx + 3)):
                    found |= flags[i, row, column]
            if found & SATURATED:
                out[s] = True
                break


def saturated_stars(frames: CalibratedFrames, looks: Looks, asked: Bools | None = None) -> Bools:
    """Which stars have a saturated pixel within 4" on any frame.

    Parameters
    ----------
    frames : CalibratedFrames
        For their flags.
    looks : Looks
        At all stars.
    asked : bool array (stars,), optional
        The answer is false for all others.
    """
    out = np.zeros(looks.start.size - 1, np.bool_)
    _saturated(frames.flags, looks, np.ones_like(out) if asked is None else asked, out)
    return out


def undisturbed(stars: Stars, radius_arcsec: float, share: float) -> Bools:
    """Stars without a neighbour of much light.

    Parameters
    ----------
    stars : Stars
        With places and light.
    radius_arcsec : float
        Within which neighbours disturb.
    share : float
        Of a star's light that a neighbour must exceed to disturb it.

    Examples
    --------
    A bright star disturbs the faint one 3" off, and not the other way round.

    >>> stars = Stars.at(np.array([0.0, 0.0]), np.array([0.0, 3.0]), np.array([100.0, 1.0]))
    >>> undisturbed(stars, 5.0, 0.03).tolist()
    [True, False]
    """
    alone = np.ones(stars.size, np.bool_)
    if stars.size < 2:
        return alone
    flux = np.nan_to_num(stars.flux_dn)
    pairs = close_pairs(stars.places(), radius_arcsec)
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
        For noise, flags and the range of the array.
    looks : Looks
        At all stars.
    stars : Stars
        Of the band, ordered by y.
    most : int
        Largest number of stars.
    alone : bool
        Whether neighbours count, as they do until they are subtracted. After that, stars that fit much worse than most
        of the sample are left out instead: pairs and galaxies.
    """
    noise = float(np.median(frames.noise_dn[frames.usable])) if frames.noise_dn.any() else np.inf
    flux = np.nan_to_num(stars.flux_dn)
    count = np.diff(looks.start)
    # A star seen twice is no chance event; a scan of one frame has no such stars.
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


def settled(stars: Stars, chosen: Integers, *, fitted_before: bool) -> Integers:
    """Stars of a sample whose fits settled and are no galaxies', once their fits are good enough to tell.

    Galaxies are a third of the bright sources at the poles, each in six frames: they would be the seeing there.

    Parameters
    ----------
    stars : Stars
        Fitted ones.
    chosen : int64 array (n,)
        Indices of the sample.
    fitted_before : bool
        Whether the profile of the fits was learnt from fits before: then chi-squared tells stars from others.
    """
    good = stars.converged[chosen]
    if fitted_before:
        fit = stars.chi2[chosen]
        good = good & (fit < MISFIT * np.nanmedian(fit))
    return chosen[good]
