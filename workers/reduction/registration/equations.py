"""Normal equations of the registration, star by star.

Sparse products of the design matrix cost 25 ms a solution more: they search for the entries that are not zero, which
are known here.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from app.arrays import Bools, Doubles, Integers
from workers.reduction.kernels.compiled import KERNEL

TERMS = 6  # unknowns that an observation depends on, an axis


class Sightings(NamedTuple):
    """Observations of the stars of a solution; each (n,).

    Attributes
    ----------
    order : int64
        Indices of the other arrays, star by star.
    label : int64
        Star of each observation.
    frame, band : int64
        First unknown of the observation's frame and of its band.
    weight : float64
        Inverse variance of a coordinate, arcsec^-2.
    x_pix, y_pix : float64
        Array pixels at which the derivatives are taken, counted from the array's middle.
    inverse_corner3 : float
        1 over the cube of a corner's distance from the array's middle, pixel^-3: distortion is that at a corner.
    """

    order: Integers
    label: Integers
    frame: Integers
    band: Integers
    weight: Doubles
    x_pix: Doubles
    y_pix: Doubles
    inverse_corner3: float


class Targets(NamedTuple):
    """Catalogue places of the stars along an axis; each (stars,).

    Attributes
    ----------
    place : float64
        U-scan arcsec; anything where the weight is 0.
    weight : float64
        Inverse variance, arcsec^-2; 0 for stars without a catalogue place.
    """

    place: Doubles
    weight: Doubles


class Equations(NamedTuple):
    """Normal equations of all unknowns.

    Attributes
    ----------
    normal : float64 array (unknowns, unknowns)
        Symmetric matrix.
    right : float64 array (unknowns,)
        Right side.
    """

    normal: Doubles
    right: Doubles


class _Star(NamedTuple):
    """The unknowns that observations of one star depend on."""

    slopes: Doubles  # weighted sum of derivatives by each unknown of all; 0 but for those that were met
    met: Bools
    unknowns: Integers  # those that were met, in the order of meeting
    terms: Integers  # unknowns of one observation
    values: Doubles  # derivatives by these


@njit(**KERNEL)
def _derivatives(axis: int, sightings: Sightings, o: int, star: _Star) -> None:
    """Fill in derivatives of U-scan x (axis 0) or y (axis 1) of an observation, and which unknowns they belong to."""
    terms = star.terms
    values = star.values
    px = sightings.x_pix[o]
    py = sightings.y_pix[o]
    along = px if axis == 0 else py
    across = -py if axis == 0 else px
    frame = sightings.frame[o]
    band = sightings.band[o]
    terms[0] = frame + axis
    terms[1] = frame + 2
    terms[2] = band + axis
    terms[3] = band + 2 + axis
    terms[4] = band + 4
    terms[5] = band + 5
    values[0] = 1.0
    values[1] = 2.0 * across
    values[2] = 1.0
    values[3] = 2.0 * along
    values[4] = 2.0 * across
    values[5] = along * (px * px + py * py) * sightings.inverse_corner3


@njit(**KERNEL, inline="always")
def _add_observation(weight: float, place: float, count: int, star: _Star, equations: Equations) -> int:
    """Add an observation as if the place of its star were 0; returns how many unknowns the star has met."""
    normal, right = equations
    slopes, met, unknowns, terms, values = star
    for a in range(TERMS):
        u = terms[a]
        if not met[u]:
            met[u] = True
            unknowns[count] = u
            count += 1
        slope = weight * values[a]
        slopes[u] += slope
        right[u] -= slope * place
        for b in range(TERMS):
            normal[u, terms[b]] += slope * values[b]
    return count


@njit(**KERNEL, inline="always")
def _eliminate(total: float, moment: float, count: int, star: _Star, equations: Equations) -> None:
    """Take the star's place out of the equations, and make ready for the next star."""
    normal, right = equations
    slopes, met, unknowns, _, _ = star
    for a in range(count):
        u = unknowns[a]
        part = slopes[u] / max(total, 1e-30)
        right[u] += part * moment
        for b in range(count):
            normal[u, unknowns[b]] -= part * slopes[unknowns[b]]
    for a in range(count):
        slopes[unknowns[a]] = 0.0
        met[unknowns[a]] = False


@njit(**KERNEL)
def add_equations(
    sightings: Sightings, place: Doubles, axis: int, targets: Targets, equations: Equations
) -> None:
    """Add the equations of one axis in place, places of stars eliminated.

    The place of a star is t = (sum w (a.p + place) + w_r target) / (sum w + w_r), a.p the change by the unknowns.

    Parameters
    ----------
    sightings : Sightings
        Observations of stars that are seen more than once or have a catalogue place.
    place : float64 array (n,)
        U-scan place of each observation along the axis by the present geometry, arcsec.
    axis : int
        0 for x, 1 for y.
    targets : Targets
        Catalogue places along the axis.
    equations : Equations
        Sums of all that was added before; changed.
    """
    order = sightings.order
    label = sightings.label
    weight = sightings.weight
    size = equations.right.size
    star = _Star(
        np.zeros(size),
        np.zeros(size, np.bool_),
        np.empty(size, np.int64),
        np.empty(TERMS, np.int64),
        np.empty(TERMS),
    )
    first = 0
    while first < order.size:
        number = label[order[first]]
        total = targets.weight[number]
        moment = targets.weight[number] * targets.place[number]
        count = 0
        last = first
        while last < order.size and label[order[last]] == number:
            o = order[last]
            last += 1
            _derivatives(axis, sightings, o, star)
            total += weight[o]
            moment += weight[o] * place[o]
            count = _add_observation(weight[o], place[o], count, star, equations)
        _eliminate(total, moment, count, star, equations)
        first = last
