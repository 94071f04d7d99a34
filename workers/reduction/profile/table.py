"""The point-spread function of a band's frames: a learnt table that depends on seeing and focal-plane place.

It is *effective*: the light in a pixel whose centre lies (dx, dy) from the star, pixel response included (Anderson &
King 2000), tabulated at quarter pixels. Each node is a polynomial in the logarithm s of the frame's width and in the
focal-plane place (u, v), each from -1 to 1. Field terms are at least quadratic: astigmatism is even in the field,
linear terms do nothing (background/reduction 7). Outside of the 7 x 7 pixels of the core a radial wing takes over.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numba import njit

from app.arrays import Doubles, Singles
from workers.reduction.kernels.compiled import KERNEL
from workers.reduction.profile.stamps import HALF, PADDED, PHASES, STAMP, field_terms
from workers.reduction.profile.values import ProfileArrays

NODES_A_PIX = 4
REACH_PIX = 4  # nodes go to 4 pixels: half a pixel more than the stamp, for the phases
SIDE = 2 * REACH_PIX * NODES_A_PIX + 1
TERMS_OF_ORDER = {2: 8, 4: 17}
WING_STEP_PIX = 0.5
WING_REACH_PIX = 24.0
SMALL_SLOPE = 0.05  # of the base term
# Light in the wings of a turbulent atmosphere goes as width^(5/3) at a given radius (Kolmogorov).
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

    @cached_property
    def tables(self) -> Singles:
        """Phase tables (16, 16, terms + 1, 3, 56): value, d/dx, d/dy with the star's place; the last is the error."""
        tables: Singles = phase_tables(np.concatenate([self.nodes, self.error[None]]))
        return tables

    def arrays(self, *, all_slopes: bool = False) -> ProfileArrays:
        """Return what kernels take, with derivatives of all terms or of as many as `slope_terms` says are enough."""
        slopes = self.nodes.shape[0] if all_slopes else self.slope_terms()
        return ProfileArrays(self.log_width, self.tables, self.wing, slopes)

    def slope_terms(self) -> int:
        """Leading terms that tables of the derivatives need: two, or all where the image changes much over the field.

        A derivative serves for a step of a twelfth of a pixel at most: an error of 5 % there is 0.3 % of the peak.
        """
        largest = np.abs(self.nodes).max(axis=(1, 2))
        seeing = float(np.abs(self.log_width).max()) if self.log_width.size else 0.0
        largest[2:3] *= seeing**2
        return 2 if float(largest[2:].max()) < SMALL_SLOPE * float(largest[0]) else int(largest.size)

    def width_pix(self, log_width: float, u: float = 0.0, v: float = 0.0) -> float:
        """Full width at half maximum, 2 sqrt(area / pi), pixels.

        Parameters
        ----------
        log_width : float
            s of the frame: logarithm of its width over the scan's.
        u, v : float
            Place in the focal plane, -1 to 1 along the rows and columns of the array.

        Examples
        --------
        >>> round(turbulent_guess(1.5, frames=3).width_pix(0.0), 1)
        1.5
        """
        terms = np.empty((1, self.nodes.shape[0]), np.float32)
        field_terms(u, v, log_width, 0, terms)
        core = phase_tables(np.tensordot(terms[0], self.nodes, 1)[None].astype(np.float32))[:, :, 0, 0, :49]
        fine = core.reshape(PHASES, PHASES, STAMP, STAMP)
        return float(2.0 * math.sqrt(np.count_nonzero(fine > 0.5 * fine.max()) / (math.pi * PHASES**2)))

    def aperture_share(self, radius_pix: float, log_width: float = 0.0) -> float:
        """Share of a star's light within a soft-edged circle of up to 3 pixels, averaged over phases."""
        offsets = node_offsets_pix()
        radius = np.hypot(offsets[:, None], offsets[None, :])
        weight = np.clip(radius_pix + 0.5 - radius, 0.0, 1.0)
        terms = np.empty((1, self.nodes.shape[0]), np.float32)
        field_terms(0.0, 0.0, log_width, 0, terms)
        return float((weight * np.tensordot(terms[0], self.nodes, 1)).sum() / NODES_A_PIX**2)


@njit(**KERNEL)
def _cubic(t: float, weight: Singles, slope: Singles) -> None:
    """Weights and their derivatives of Keys' cubic convolution (1981, a = -1/2) for four nodes at -1, 0, 1, 2."""
    for k in range(4):
        d = t - (k - 1)
        a = abs(d)
        sign = 1.0 if d > 0 else -1.0
        if a < 1.0:
            weight[k] = np.float32((1.5 * a - 2.5) * a * a + 1.0)
            slope[k] = np.float32(sign * (4.5 * a - 5.0) * a)
        elif a < 2.0:
            weight[k] = np.float32(((-0.5 * a + 2.5) * a - 4.0) * a + 2.0)
            slope[k] = np.float32(sign * ((-1.5 * a + 5.0) * a - 4.0))
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


def normalised(nodes: Singles, wing: Singles) -> Singles:
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
    scaled: Singles = out.astype(np.float32)
    return scaled


def stretched(base: Doubles) -> Doubles:
    """Seeing term of an image that is stretched: d/ds of exp(-2 s) f(r exp(-s)) at s = 0, by finite differences."""
    offsets = node_offsets_pix()
    along_y, along_x = np.gradient(base, 1.0 / NODES_A_PIX)
    return np.asarray(-2.0 * base - offsets[None, :] * along_x - offsets[:, None] * along_y)


def turbulent_guess(width_pix: float, frames: int, order: int = 2) -> FramePsf:
    """Moffat profile (beta 3, close to a turbulent atmosphere's) of a given width, the same everywhere.

    Parameters
    ----------
    width_pix : float
        Full width at half maximum of the light in pixels.
    frames : int
        Number of the frames; all get the same width.
    order : int
        Of the polynomial in focal-plane place: 2 or 4.
    """
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
