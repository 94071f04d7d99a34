"""The point-spread function of a band's frames: a learnt table that depends on seeing and focal-plane place.

It is *effective*: the light in a pixel whose centre lies (dx, dy) from the star, pixel response included (Anderson &
King 2000), tabulated at quarter pixels. Each node is a polynomial in the logarithm s of the frame's width and in the
focal-plane place (u, v), each from -1 to 1. Field terms are at least quadratic: astigmatism is even in the field,
linear terms do nothing (background/reduction 7). Outside of the 7 x 7 pixels of the core a radial wing takes over.

Fits read phase tables: stamps at 16 x 16 sub-pixel phases with their derivatives, so that one first-order step from
the nearest phase needs three contiguous loads and is exact to 0.1 % of the peak.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from app.arrays import Doubles, Singles
from workers.reduction.kernels.compiled import KERNEL

STAMP = 7  # pixels a side of the core
HALF = 3
PADDED = 56  # 49 pixels, padded to whole vectors
PHASES = 16
NODES_A_PIX = 4
REACH_PIX = 4  # nodes go to 4 pixels: half a pixel more than the stamp, for the phases
SIDE = 2 * REACH_PIX * NODES_A_PIX + 1
MIDDLE_PIX = 127.5
FIELD_PIX = 128.0
TERMS_OF_ORDER = {2: 8, 4: 17}
WING_STEP_PIX = 0.5
WING_REACH_PIX = 24.0
# Light in the wings of a turbulent atmosphere goes as width^(5/3) at a given radius (Kolmogorov).
SMALL_SLOPE = 0.05  # of the base term
WING_POWER = 5.0 / 3.0


@dataclass(frozen=True)
class FramePsf:
    """Point-spread function of one band of one scan.

    Attributes
    ----------
    nodes : float32 array (terms, 33, 33)
        Share of a star's light in a pixel at offset ((i - 16) / 4, (j - 16) / 4), axes (term, j, i); terms in the
        order of `field_terms`.
    error : float32 array (33, 33)
        Scatter of stars about the model beyond noise, same unit: what the model does not know.
    wing : float32 array (49,)
        Share a pixel at radius 0.5 k pixel, for frames of s = 0; used outside of the core.
    log_width : float32 array (frames,)
        s: logarithm of each frame's width over the scan's.
    stars : int
        Stars that it was learnt from; 0 for a guess.
    """

    nodes: Singles
    error: Singles
    wing: Singles
    log_width: Singles
    stars: int = 0

    def tables(self) -> Singles:
        """Phase tables (16, 16, terms + 1, 3, 56): value, d/dx, d/dy with the star's place; the last is the error."""
        tables: Singles = phase_tables(np.concatenate([self.nodes, self.error[None]]))
        return tables

    def slope_terms(self) -> int:
        """Leading terms that tables of the derivatives need: two, or all where the image changes much over the field.

        A derivative serves for a step of a twelfth of a pixel at most: an error of 5 % there is 0.3 % of the peak.
        """
        largest = np.abs(self.nodes).max(axis=(1, 2))
        seeing = float(np.abs(self.log_width).max()) if self.log_width.size else 0.0
        largest[2:3] *= seeing**2
        return 2 if float(largest[2:].max()) < SMALL_SLOPE * float(largest[0]) else int(largest.size)

    def width_pix(self, log_width: float, u: float = 0.0, v: float = 0.0) -> float:
        """Full width at half maximum, 2 sqrt(area / pi), at a place of the focal plane for a frame's s."""
        terms = np.empty((1, self.nodes.shape[0]), np.float32)
        field_terms(MIDDLE_PIX + FIELD_PIX * u, MIDDLE_PIX + FIELD_PIX * v, log_width, 0, terms)
        core = phase_tables(np.tensordot(terms[0], self.nodes, 1)[None].astype(np.float32))[:, :, 0, 0, :49]
        fine = core.reshape(PHASES, PHASES, STAMP, STAMP)
        return float(2.0 * math.sqrt(np.count_nonzero(fine > 0.5 * fine.max()) / (math.pi * PHASES**2)))

    def aperture_share(self, radius_pix: float, log_width: float = 0.0) -> float:
        """Share of a star's light within a soft-edged circle of up to 3 pixels, averaged over phases."""
        offsets = node_offsets_pix()
        radius = np.hypot(offsets[:, None], offsets[None, :])
        weight = np.clip(radius_pix + 0.5 - radius, 0.0, 1.0)
        terms = np.empty((1, self.nodes.shape[0]), np.float32)
        field_terms(MIDDLE_PIX, MIDDLE_PIX, log_width, 0, terms)
        return float((weight * np.tensordot(terms[0], self.nodes, 1)).sum() / NODES_A_PIX**2)


@njit(**KERNEL, inline="always")
def field_terms(x_pix: float, y_pix: float, log_width: float, slot: int, out: Singles) -> None:
    """Polynomial terms at array pixel (x, y) of a frame, into row `slot`: 8 (second order) or 17 (fourth)."""
    u = np.float32((x_pix - MIDDLE_PIX) / FIELD_PIX)
    v = np.float32((y_pix - MIDDLE_PIX) / FIELD_PIX)
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


@njit(**KERNEL)
def _cubic(t: float, weight: Singles, slope: Singles) -> None:
    """Weights and their derivatives of Keys' cubic convolution (1981, a = -1/2) for four nodes at -1, 0, 1, 2."""
    for k in range(4):
        d = t - (k - 1)
        a = abs(d)
        sign = 1.0 if d > 0 else -1.0
        if a < 1.0:
            weight[k] = np.float32(1.5 * a**3 - 2.5 * a**2 + 1.0)
            slope[k] = np.float32(sign * (4.5 * a**2 - 5.0 * a))
        elif a < 2.0:
            weight[k] = np.float32(-0.5 * a**3 + 2.5 * a**2 - 4.0 * a + 2.0)
            slope[k] = np.float32(sign * (-1.5 * a**2 + 5.0 * a - 4.0))
        else:
            weight[k] = np.float32(0.0)
            slope[k] = np.float32(0.0)


@njit(**KERNEL)
def phase_tables(nodes: Singles) -> Singles:
    """Stamps of node tables (terms, 33, 33) at all phases: (16, 16, terms, 3, 56), all terms of a phase together.

    Phase q stands for a star at (q + 0.5) / 16 - 0.5 pixel from the centre of the stamp's middle pixel. The three
    planes are the value and its derivatives with the star's x and y, a pixel.
    """
    count = nodes.shape[0]
    side = nodes.shape[1]
    out = np.zeros((PHASES, PHASES, count, 3, PADDED), np.float32)
    wx = np.empty(4, np.float32)
    wy = np.empty(4, np.float32)
    sx = np.empty(4, np.float32)
    sy = np.empty(4, np.float32)
    for qy in range(PHASES):
        py = (-((qy + 0.5) / PHASES - 0.5) + REACH_PIX) * NODES_A_PIX
        jy = math.floor(py)
        _cubic(py - jy, wy, sy)
        for qx in range(PHASES):
            px = (-((qx + 0.5) / PHASES - 0.5) + REACH_PIX) * NODES_A_PIX
            jx = math.floor(px)
            _cubic(px - jx, wx, sx)
            for k in range(count):
                for row in range(STAMP):
                    for column in range(STAMP):
                        value = np.float32(0.0)
                        east = np.float32(0.0)
                        north = np.float32(0.0)
                        for b in range(4):
                            j = min(max(jy + (row - HALF) * NODES_A_PIX + b - 1, 0), side - 1)
                            for a in range(4):
                                i = min(max(jx + (column - HALF) * NODES_A_PIX + a - 1, 0), side - 1)
                                n = nodes[k, j, i]
                                value += wy[b] * wx[a] * n
                                east += wy[b] * sx[a] * n
                                north += sy[b] * wx[a] * n
                        p = row * STAMP + column
                        # Nodes run against the star's place: minus the derivative, in pixels.
                        out[qy, qx, k, 0, p] = value
                        out[qy, qx, k, 1, p] = -east * NODES_A_PIX
                        out[qy, qx, k, 2, p] = -north * NODES_A_PIX
    return out


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
    """Stamp (3, 56) of one phase for the terms in row `slot` of `terms`, into `out[slot]`.

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
def blend_few_slopes(tables: Singles, terms: Singles, slot: int, qx: int, qy: int, out: Singles) -> None:
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
def blend(tables: Singles, terms: Singles, slot: int, qx: int, qy: int, slopes: int, out: Singles) -> None:
    """Like `blend_stamp`, with derivatives of as few terms as `FramePsf.slope_terms` says are enough."""
    if slopes == 2 and terms.shape[1] == 8:
        blend_few_slopes(tables, terms, slot, qx, qy, out)
    else:
        blend_stamp(tables, terms, slot, qx, qy, out)


def node_offsets_pix() -> Doubles:
    """Offsets of the nodes along an axis, pixels; (33,)."""
    return (np.arange(SIDE) - REACH_PIX * NODES_A_PIX) / NODES_A_PIX


def wing_sum(wing: Singles) -> float:
    """Light of the wing outside of the 7 x 7 core, averaged over phases."""
    fine = (np.arange(-WING_REACH_PIX * 4, WING_REACH_PIX * 4 + 1)) / 4.0
    radius = np.hypot(fine[:, None], fine[None, :])
    share = np.interp(radius, WING_STEP_PIX * np.arange(wing.size), wing, right=0.0)
    inner = (np.abs(fine[:, None]) <= STAMP / 2) & (np.abs(fine[None, :]) <= STAMP / 2)
    return float(share[~inner].sum() / 16.0)


def wing_beyond(wing: Singles, radius_pix: float) -> float:
    """Light of the wing beyond a radius, by the trapezium rule; what lies beyond the table goes on as r^(-11/3)."""
    radius = WING_STEP_PIX * np.arange(wing.size)
    outer = radius >= radius_pix
    inner = np.trapezoid(2.0 * math.pi * radius[outer] * wing[outer], radius[outer])
    return float(inner + 2.0 * math.pi * wing[-1] * radius[-1] ** 2 / (5.0 / 3.0))


def normalised(nodes: NDArray[np.float32], wing: Singles) -> NDArray[np.float32]:
    """Nodes scaled so that core and wing together hold all light, for every seeing and place.

    The base term sums to 1 less the wing, the seeing term to minus what the wing gains, all others to 0.
    """
    outside = wing_sum(wing)
    offsets = node_offsets_pix()
    core = (np.abs(offsets) < STAMP / 2).astype(np.float64)
    core[np.isclose(np.abs(offsets), STAMP / 2)] = 0.5
    sums = np.einsum("kji,j,i->k", nodes.astype(np.float64), core, core) / NODES_A_PIX**2
    out = nodes.astype(np.float64) * ((1.0 - outside) / sums[0])
    target = np.zeros(sums.size)
    target[1] = -WING_POWER * outside
    for k in range(1, sums.size):
        lack = target[k] - sums[k] * (1.0 - outside) / sums[0]
        out[k] += out[0] * lack / (1.0 - outside)
    scaled: NDArray[np.float32] = out.astype(np.float32)
    return scaled


def stretched(base: Doubles) -> Doubles:
    """Seeing term of an image that is stretched: d/ds of exp(-2 s) f(r exp(-s)) at s = 0, by finite differences."""
    offsets = node_offsets_pix()
    along_y, along_x = np.gradient(base, 1.0 / NODES_A_PIX)
    return np.asarray(-2.0 * base - offsets[None, :] * along_x - offsets[:, None] * along_y)


def turbulent_guess(width_pix: float, frames: int, order: int = 2) -> FramePsf:
    """Moffat profile (beta 3, close to a turbulent atmosphere's) of a given width, the same everywhere."""
    offsets = node_offsets_pix()
    beta = 3.0
    alpha = 0.5 * width_pix / math.sqrt(2.0 ** (1.0 / beta) - 1.0)
    radius2 = offsets[:, None] ** 2 + offsets[None, :] ** 2
    profile = (beta - 1.0) / (math.pi * alpha**2) * (1.0 + radius2 / alpha**2) ** -beta
    nodes = np.zeros((TERMS_OF_ORDER[order], SIDE, SIDE), np.float32)
    nodes[0] = profile
    # A wider star is the same star stretched: d/ds of exp(-2 s) f(r exp(-s)).
    nodes[1] = -2.0 * profile * (1.0 - beta * radius2 / (alpha**2 + radius2))
    r = WING_STEP_PIX * np.arange(round(WING_REACH_PIX / WING_STEP_PIX) + 1)
    wing = ((beta - 1.0) / (math.pi * alpha**2) * (1.0 + r**2 / alpha**2) ** -beta).astype(np.float32)
    error = 0.05 * nodes[0]
    return FramePsf(normalised(nodes, wing), error, wing, np.zeros(frames, np.float32))
