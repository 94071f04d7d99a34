"""Stamps: the light of a star in the 7 x 7 pixels about it, blended from phase tables.

Phase tables are stamps at 16 x 16 sub-pixel phases with their derivatives, so that one first-order step from the
nearest phase needs three contiguous loads and is exact to 0.1 % of the peak. All kernels here are inlined where they
are used: a call with arrays costs an atomic count for each of them.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from app.arrays import Singles
from workers.reduction.kernels.compiled import KERNEL
from workers.reduction.profile.values import ProfileArrays

STAMP = 7  # pixels a side of the core
HALF = 3
PADDED = 56  # 49 pixels, padded to whole vectors
PHASES = 16


@njit(**KERNEL, inline="always")
def field_place(pix: float, size: int) -> float:
    """Place in the focal plane, -1 to 1 between the outer edges of `size` pixels, of an array pixel coordinate.

    Examples
    --------
    >>> field_place(127.5, 256), field_place(-0.5, 256), field_place(255.5, 256)
    (0.0, -1.0, 1.0)
    """
    return (pix - 0.5 * (size - 1)) / (0.5 * size)


@njit(**KERNEL, inline="always")
def field_terms(field_u: float, field_v: float, log_width: float, slot: int, out: Singles) -> None:
    """Polynomial terms of a look: 8 (second order) or 17 (fourth).

    Parameters
    ----------
    field_u, field_v : float
        Place in the focal plane, by `field_place`.
    log_width : float
        s of the frame: logarithm of its width over the scan's.
    slot : int
        Row of `out` to fill.
    out : float32 array (slots, terms)
        Becomes 1, s, s^2, u, v, u^2, uv, v^2 and, for fourth order, all cubic and quartic products.
    """
    u = np.float32(field_u)
    v = np.float32(field_v)
    s = np.float32(log_width)
    out[slot, 0] = np.float32(1.0)
    out[slot, 1] = s
    out[slot, 2] = s * s
    out[slot, 3] = u
    out[slot, 4] = v
    out[slot, 5] = u * u
    out[slot, 6] = u * v
    out[slot, 7] = v * v
    if out.shape[1] > 8:
        out[slot, 8] = u * u * u
        out[slot, 9] = u * u * v
        out[slot, 10] = u * v * v
        out[slot, 11] = v * v * v
        out[slot, 12] = u * u * u * u
        out[slot, 13] = u * u * u * v
        out[slot, 14] = u * u * v * v
        out[slot, 15] = u * v * v * v
        out[slot, 16] = v * v * v * v


@njit(**KERNEL, inline="always")
def phase_of(offset_pix: float) -> int:
    """Phase of a star at an offset from its pixel's centre, -0.5 to 0.5."""
    return min(max(math.floor((offset_pix + 0.5) * PHASES), 0), PHASES - 1)


@njit(**KERNEL, inline="always")
def phase_rest(offset_pix: float, phase: int) -> float:
    """Offset of a star from the middle of a phase (index along one axis), pixels."""
    return offset_pix - ((phase + 0.5) / PHASES - 0.5)


@njit(**KERNEL, inline="always")
def blend_stamp(tables: Singles, terms: Singles, slot: int, qx: int, qy: int, out: Singles) -> None:
    """Stamp (3, 56) of one phase: value and derivatives with the star's x and y.

    Parameters
    ----------
    tables : float32 array (16, 16, terms + 1, 3, 56)
        Phase tables.
    terms : float32 array (slots, terms)
        What `field_terms` filled in.
    slot : int
        Row of `terms`, and of `out`.
    qx, qy : int
        Phases along x and y, by `phase_of`.
    out : float32 array (slots, 3, 56)
        Its row `slot` becomes the stamp.

    Notes
    -----
    Arrays are indexed, never sliced: a view costs two atomic counts, as much as the vector operation that it is for.
    Four terms at a time: one by one, each is a load and a store more a vector, and twice the time.
    """
    a = terms[slot, 0]
    b = terms[slot, 1]
    c = terms[slot, 2]
    d = terms[slot, 3]
    for plane in range(3):
        for p in range(PADDED):
            value = a * tables[qy, qx, 0, plane, p] + b * tables[qy, qx, 1, plane, p]
            value += c * tables[qy, qx, 2, plane, p] + d * tables[qy, qx, 3, plane, p]
            out[slot, plane, p] = value
    a = terms[slot, 4]
    b = terms[slot, 5]
    c = terms[slot, 6]
    d = terms[slot, 7]
    for plane in range(3):
        for p in range(PADDED):
            value = a * tables[qy, qx, 4, plane, p] + b * tables[qy, qx, 5, plane, p]
            value += c * tables[qy, qx, 6, plane, p] + d * tables[qy, qx, 7, plane, p]
            out[slot, plane, p] += value
    for k in range(8, terms.shape[1]):
        t = terms[slot, k]
        for plane in range(3):
            for p in range(PADDED):
                out[slot, plane, p] += t * tables[qy, qx, k, plane, p]


@njit(**KERNEL, inline="always")
def _blend_few_slopes(tables: Singles, terms: Singles, slot: int, qx: int, qy: int, out: Singles) -> None:
    """Like `blend_stamp` of eight terms, with derivatives of the first two: half of all loads."""
    a = terms[slot, 0]
    b = terms[slot, 1]
    c = terms[slot, 2]
    d = terms[slot, 3]
    e = terms[slot, 4]
    f = terms[slot, 5]
    g = terms[slot, 6]
    h = terms[slot, 7]
    for p in range(PADDED):
        value = a * tables[qy, qx, 0, 0, p] + b * tables[qy, qx, 1, 0, p]
        value += c * tables[qy, qx, 2, 0, p] + d * tables[qy, qx, 3, 0, p]
        value += e * tables[qy, qx, 4, 0, p] + f * tables[qy, qx, 5, 0, p]
        value += g * tables[qy, qx, 6, 0, p] + h * tables[qy, qx, 7, 0, p]
        out[slot, 0, p] = value
    for plane in range(1, 3):
        for p in range(PADDED):
            out[slot, plane, p] = a * tables[qy, qx, 0, plane, p] + b * tables[qy, qx, 1, plane, p]


@njit(**KERNEL, inline="always")
def blend(profile: ProfileArrays, terms: Singles, slot: int, qx: int, qy: int, out: Singles) -> None:
    """Like `blend_stamp`, with derivatives of as few terms as `profile.slopes` says.

    Parameters
    ----------
    profile : ProfileArrays
        Phase tables and the number of terms whose derivatives are taken.
    terms, slot, qx, qy, out
        As for `blend_stamp`.
    """
    if profile.slopes == 2 and terms.shape[1] == 8:
        _blend_few_slopes(profile.tables, terms, slot, qx, qy, out)
    else:
        blend_stamp(profile.tables, terms, slot, qx, qy, out)


@njit(**KERNEL, inline="always")
def look_stamp(
    profile: ProfileArrays,
    frame: int,
    place: tuple[float, float],
    shape: tuple[int, int],
    terms: Singles,
    stamps: Singles,
) -> tuple[float, float]:
    """Blend the stamp of one look; what is left of its offset, x and y, from the phase that the stamp is for.

    Parameters
    ----------
    profile : ProfileArrays
        The point-spread function of the band.
    frame : int
        Index of the frame, for its width.
    place : (float, float)
        Array pixels x, y of the star.
    shape : (int, int)
        Rows and columns of a frame.
    terms : float32 array (1, terms)
        Work space for the polynomial terms.
    stamps : float32 array (1, 3, 56)
        Becomes the stamp: value and derivatives with the star's x and y.
    """
    fx = place[0] - math.floor(place[0] + 0.5)
    fy = place[1] - math.floor(place[1] + 0.5)
    qx = phase_of(fx)
    qy = phase_of(fy)
    field_u = field_place(place[0], shape[1])
    field_v = field_place(place[1], shape[0])
    field_terms(field_u, field_v, profile.log_width[frame], 0, terms)
    blend(profile, terms, 0, qx, qy, stamps)
    return phase_rest(fx, qx), phase_rest(fy, qy)
