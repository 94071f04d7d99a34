"""The alternative to a galaxy: three stars at free places beside free neighbours, fitted to the same pixels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from app.arrays import Bools, Doubles
from workers.reduction.galaxies.fit import fit_points, linear_rest, stars_at
from workers.reduction.galaxies.values import Pixels, Shape
from workers.reduction.kernels.compiled import KERNEL

# Neighbours as near as this stand where a first look saw them in the galaxy's light: they are as free as the stars.
FREE_ARCSEC = 7.0
AXIS_SHARE = 0.4  # of the half-light semi-major axis, at which two stars begin
GRID_ARCSEC = 1.0  # of the places that are tried for the third star
TURNS = 12


class Group(NamedTuple):
    """What stars make of the pixels of a galaxy.

    Attributes
    ----------
    places : float64 array (stars, 2)
        From the pixels' middle, arcsec.
    chi2 : float
        Of the pixels.
    light_dn : float64 array (stars,)
        Of each.
    instead : bool array (stars,)
        Which stand in the galaxy's place: the others are its neighbours.
    """

    places: Doubles
    chi2: float
    light_dn: Doubles
    instead: Bools


def fit_group(
    pixels: Pixels, profile: tuple[Doubles, Doubles], shape: Shape, middle: Doubles, neighbours: Doubles
) -> Group:
    """Fit two stars on the axis of a galaxy, its near neighbours, then a third star where most light is left.

    Parameters
    ----------
    pixels : Pixels
        Of the galaxy; the last linear columns are those of its neighbours, in their order.
    profile : (shares, variances), float64 arrays (k,)
        Gaussians of the coadd's point-spread function, arcsec^2.
    shape : Shape
        Of the galaxy.
    middle : float64 array (2,)
        Its place from the pixels' middle, arcsec.
    neighbours : float64 array (n, 2)
        Places of stars that are fitted beside it, from the pixels' middle, arcsec.
    """
    fixed = np.ones(pixels.linear.shape[0], np.bool_)
    near = np.hypot(*neighbours.T) < FREE_ARCSEC
    fixed[fixed.size - near.size :] = ~near
    beside = pixels._replace(linear=pixels.linear[fixed])
    turn = np.radians(shape.angle_deg)
    axis = AXIS_SHARE * shape.semi_major_arcsec * np.array([np.cos(turn), np.sin(turn)])
    places = np.concatenate([[middle + axis, middle - axis], neighbours[near]])
    instead = np.r_[True, True, np.zeros(int(near.sum()), np.bool_)]
    light, places, chi2 = fit_points(beside, profile, places, TURNS)
    third = _brightest_rest(beside, profile, places, middle)
    lights, more, less = fit_points(beside, profile, np.concatenate([places, third[None, :]]), TURNS)
    return (
        Group(more, less, lights, np.r_[instead, True])
        if less < chi2
        else Group(places, chi2, light, instead)
    )


def _brightest_rest(
    pixels: Pixels, profile: tuple[Doubles, Doubles], places: Doubles, middle: Doubles
) -> Doubles:
    """Place within 7" of a galaxy where one star more would take most from chi-squared; (2,)."""
    rest = linear_rest(pixels, stars_at(pixels, profile, places))
    steps = np.arange(-FREE_ARCSEC, FREE_ARCSEC + GRID_ARCSEC, GRID_ARCSEC)
    x, y = (a.ravel() for a in np.meshgrid(steps, steps))
    tried = np.column_stack([x, y])[np.hypot(x, y) < FREE_ARCSEC] + middle
    gain = gains(stars_at(pixels, profile, tried), pixels.weight, rest)
    return np.asarray(tried[int(np.argmax(gain))])


def gains(lights: Doubles, weight: Doubles, rest: Doubles) -> Doubles:
    """Tell what each of some lights would take from chi-squared, all others being as they are; (lights,).

    Parameters
    ----------
    lights : float64 array (lights, n)
        Light of one DN at pixels; what would be dark takes nothing.
    weight, rest : float64 arrays (n,)
        Weights of the pixels, and what is left of them.
    """
    gain = np.empty(len(lights))
    _gains(lights, weight, rest, gain)
    return gain


@njit(**KERNEL)
def _gains(stars: Doubles, weight: Doubles, rest: Doubles, gain: Doubles) -> None:
    """Fill in what each of some stars of one DN (n, pixels) would take from chi-squared; of dark ones nothing."""
    for s in range(gain.size):
        light = 0.0
        known = 0.0
        for p in range(rest.size):
            weighted = stars[s, p] * weight[p]
            light += weighted * rest[p]
            known += weighted * stars[s, p]
        gain[s] = max(light, 0.0) * max(light, 0.0) / max(known, 1e-30)
