"""Normal equations of the registration, star by star.

Sparse products of the design matrix cost 25 ms a solution more: they look for what is not zero, which is known here.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from app.arrays import Doubles, Integers
from workers.reduction.kernels.compiled import KERNEL

CORNER_PIX = 128.0 * np.sqrt(2.0)  # distance of the corner of an array of 256 from its middle
TERMS = 6  # that an observation depends on, an axis


@njit(**KERNEL)
def _derivatives(
    axis: int, frame: int, band: int, x_pix: float, y_pix: float, index: Integers, values: Doubles
) -> None:
    """Fill in derivatives of U-scan x (axis 0) or y (axis 1) of an observation, and which unknowns they belong to."""
    px = x_pix - 127.5
    py = y_pix - 127.5
    along = px if axis == 0 else py
    across = -py if axis == 0 else px
    index[0] = frame + axis
    index[1] = frame + 2
    index[2] = band + axis
    index[3] = band + 2 + axis
    index[4] = band + 4
    index[5] = band + 5
    values[0] = 1.0
    values[1] = 2.0 * across
    values[2] = 1.0
    values[3] = 2.0 * along
    values[4] = 2.0 * across
    values[5] = along * (px * px + py * py) / CORNER_PIX**3


@njit(**KERNEL)
def add_equations(
    order: Integers,
    label: Integers,
    frame: Integers,
    band: Integers,
    weight: Doubles,
    place: Doubles,
    x_pix: Doubles,
    y_pix: Doubles,
    axis: int,
    target: Doubles,
    target_weight: Doubles,
    normal: Doubles,
    right: Doubles,
) -> None:
    """Add the equations of one axis in place, places of stars eliminated.

    The place of a star is t = (sum w (a.p + place) + w_r target) / (sum w + w_r), a.p the change by the unknowns.

    Parameters
    ----------
    order : int64 array
        Observations star by star.
    label : int64 array
        Star of each observation.
    frame, band : int64 arrays
        First unknown of an observation's frame and of its band.
    weight, place, x_pix, y_pix : float64 arrays
        Of observations: `place` U-scan arcseconds along the axis.
    axis : int
        0 for x, 1 for y.
    target, target_weight : float64 arrays
        Of stars: catalogue places and their weights, 0 where there is none.
    normal, right : float64 arrays (unknowns, unknowns), (unknowns,)
    """
    sums = np.zeros(right.size)
    met = np.zeros(right.size, np.bool_)
    unknowns = np.empty(right.size, np.int64)
    index = np.empty(TERMS, np.int64)
    values = np.empty(TERMS)
    first = 0
    while first < order.size:
        star = label[order[first]]
        total = target_weight[star]
        moment = target_weight[star] * target[star]
        count = 0
        last = first
        while last < order.size and label[order[last]] == star:
            o = order[last]
            last += 1
            _derivatives(axis, frame[o], band[o], x_pix[o], y_pix[o], index, values)
            w = weight[o]
            total += w
            moment += w * place[o]
            for a in range(TERMS):
                u = index[a]
                if not met[u]:
                    met[u] = True
                    unknowns[count] = u
                    count += 1
                slope = w * values[a]
                sums[u] += slope
                right[u] -= slope * place[o]
                for b in range(TERMS):
                    normal[u, index[b]] += slope * values[b]
        for a in range(count):
            u = unknowns[a]
            part = sums[u] / max(total, 1e-30)
            right[u] += part * moment
            for b in range(count):
                normal[u, unknowns[b]] -= part * sums[unknowns[b]]
        for a in range(count):
            sums[unknowns[a]] = 0.0
            met[unknowns[a]] = False
        first = last
