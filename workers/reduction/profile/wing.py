"""The wing of a point-spread function: what its core lets expect, and what bright stars measure beyond it."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from app.arrays import Doubles, Singles
from workers.reduction.frames.values import FrameArrays
from workers.reduction.kernels.compiled import BORROWING, KERNEL
from workers.reduction.profile.drawing import last_wing_bin
from workers.reduction.profile.sample import Sample
from workers.reduction.profile.stamps import HALF, STAMP
from workers.reduction.profile.table import WING_POWER, WING_STEP_PIX, FramePsf, node_offsets_pix
from workers.reduction.profile.values import ProfileArrays

WING_INNER_PIX = 3.0
WING_OUTER_PIX = 12.0
SPIKE_HALF_PIX = 2  # three sigma of a spike, and 1.6 degrees of its direction at 12 pixels
WING_PRIOR = 0.33
WING_POWER_LAW_PIX = 4.75  # 9.5": farther out each bin is within 10 % of the power law, and noisier than that
CONTINUED_INDEX = -3.9
WING_INDEX = -11.0 / 3.0  # turbulent atmosphere, far out


@njit(**KERNEL, inline="always")
def _gather_row(
    frames: FrameArrays,
    wing: Singles,
    look: tuple[int, float, float],
    row: tuple[int, int],
    star: tuple[float, float, float, float, int],
    sums: tuple[Doubles, Doubles],
) -> None:
    """Add one row of pixels about a look to the sums of the wing's bins.

    `look` is frame, x, y; `row` the array row and the columns beside the star that are left out; `star` light, light
    that the frames lack, gain of the wing, weight of a pixel, and the last bin that is drawn.
    """
    i, x_pix, y_pix = look
    y, inner = row
    f, lack, gain, w, last = star
    total, weight = sums
    nx = frames.pixels_dn.shape[2]
    half = int(WING_OUTER_PIX)
    jx = math.floor(x_pix + 0.5)
    reach2 = total.size * WING_STEP_PIX * total.size * WING_STEP_PIX
    dy2 = (y - y_pix) * (y - y_pix)
    for x in range(max(0, jx - half), min(nx, jx + half + 1)):
        if abs(x - jx) <= inner:
            continue
        r2 = (x - x_pix) * (x - x_pix) + dy2
        if r2 >= reach2 or frames.flags[i, y, x] != 0:
            continue
        r = math.sqrt(r2) / WING_STEP_PIX
        j = min(int(r), total.size - 1)
        share = gain * (wing[j] + (r - j) * (wing[j + 1] - wing[j]))
        # Where the wing was too faint to be drawn, the frames still hold all of it.
        rest = frames.pixels_dn[i, y, x] - (lack if j <= last else f) * share
        # Neighbours stand out; the wing itself may be wrong by a third.
        if abs(rest) > 3.0 * frames.noise_dn[i] + 0.33 * f * share:
            continue
        total[j] += w * rest / f
        weight[j] += w * gain


@njit(**BORROWING)
def _gather_wings(
    frames: FrameArrays, profile: ProfileArrays, sample: Sample, total: Doubles, weight: Doubles
) -> None:
    """Weighted sums of what the wing lacks, a bin of half a pixel, outside of the core."""
    ny = frames.pixels_dn.shape[1]
    looks = sample.looks
    half = int(WING_OUTER_PIX)
    for s in sample.chosen:
        f = sample.flux_dn[s]
        drawn = sample.drawn_flux_dn[s]
        for k in range(looks.start[s], looks.start[s + 1]):
            i = looks.frame[k]
            jy = math.floor(looks.y_pix[k] + 0.5)
            gain = 1.0 + WING_POWER * profile.log_width[i]
            last = last_wing_bin(profile.wing, drawn * gain, frames.noise_dn[i])
            w = f * f / (frames.noise_dn[i] * frames.noise_dn[i]) * gain
            for y in range(max(0, jy - half), min(ny, jy + half + 1)):
                # Spikes run along rows and columns.
                if abs(y - jy) <= SPIKE_HALF_PIX:
                    continue
                inner = HALF if abs(y - jy) <= HALF else SPIKE_HALF_PIX
                look = (i, looks.x_pix[k], looks.y_pix[k])
                star = (f, f - drawn, gain, w, last)
                _gather_row(frames, profile.wing, look, (y, inner), star, (total, weight))


def outside_from_wing(nodes: Doubles, weight: Doubles, wing: Singles) -> Doubles:
    """Nodes that no stamp reaches (beyond 3.5 pixels) continue as the wing does.

    Parameters
    ----------
    nodes : float64 array (terms, 33, 33)
        Changed in place, and returned.
    weight : float64 array (33, 33)
        Weight of the pixels that gave each node; 0 where none did.
    wing : float32 array (49,)
        Share of a star's light a pixel, in steps of half a pixel.
    """
    offsets = node_offsets_pix()
    radius = np.hypot(offsets[:, None], offsets[None, :])
    far = (np.maximum(np.abs(offsets[:, None]), np.abs(offsets[None, :])) > STAMP / 2) | (weight <= 0.0)
    share = np.interp(radius, WING_STEP_PIX * np.arange(wing.size), wing)
    nodes[0][far] = share[far]
    nodes[1][far] = WING_POWER * share[far]
    for k in range(2, nodes.shape[0]):
        nodes[k][far] = 0.0
    return nodes


def continued_wing(base: Doubles, wing: Singles) -> Singles:
    """Wing that continues the core: a turbulent image falls as r^-3.9 from 3 pixels on."""
    offsets = node_offsets_pix()
    radius = np.hypot(offsets[:, None], offsets[None, :])
    edge = float(np.mean(base[np.abs(radius - WING_INNER_PIX) < 0.25]))
    table = WING_STEP_PIX * np.arange(wing.size)
    out = wing.astype(np.float64).copy()
    outer = table >= WING_INNER_PIX
    out[outer] = max(edge, 1e-6) * (table[outer] / WING_INNER_PIX) ** CONTINUED_INDEX
    return out.astype(np.float32)


def learn_wing(residual: FrameArrays, psf: FramePsf, sample: Sample, expected: Singles) -> Singles:
    """Wing from the brightest stars and from what the core lets expect; as a turbulent atmosphere's far out.

    Parameters
    ----------
    residual : FrameArrays
        Frames of the band less background and drawn stars.
    psf : FramePsf
        The present one, with which stars were drawn.
    sample : Sample
        Stars to learn from; the 600 brightest serve.
    expected : float32 array (49,)
        The wing that continues the core.
    """
    bins = round(WING_OUTER_PIX / WING_STEP_PIX)
    total, weight = np.zeros(bins), np.zeros(bins)
    order = np.argsort(-sample.flux_dn[sample.chosen], kind="stable")[:600]
    brightest = sample._replace(chosen=np.sort(sample.chosen[order]))
    _gather_wings(residual, psf.arrays(), brightest, total, weight)
    measured = np.flatnonzero(weight > 0.0)
    measured = measured[measured >= round(WING_INNER_PIX / WING_STEP_PIX)]
    if not measured.size:
        return expected
    radius = WING_STEP_PIX * (np.arange(bins) + 0.5)
    present = np.interp(radius, WING_STEP_PIX * np.arange(psf.wing.size), psf.wing)
    value = present[measured] + total[measured] / weight[measured]
    r, w = radius[measured], weight[measured]
    # The continued core is known to a third. It is combined with the light that stars show: bin by bin near the core,
    # by a common amplitude farther out.
    guess = np.interp(r, WING_STEP_PIX * np.arange(expected.size), expected)
    tie = (WING_PRIOR * guess) ** -2
    near = np.maximum((w * value + tie * guess) / (w + tie), 0.1 * guess)
    far = r > WING_POWER_LAW_PIX
    shape = r**WING_INDEX
    squares = float((w * shape**2)[far].sum())
    held = float(np.mean((guess / shape)[far])) if far.any() else 0.0
    hold = (WING_PRIOR * held) ** -2
    amplitude = max(((w * value * shape)[far].sum() + hold * held) / (squares + hold), 0.1 * held)
    smooth = np.where(far, amplitude * shape, near)
    table = WING_STEP_PIX * np.arange(psf.wing.size)
    wing = psf.wing.astype(np.float64).copy()
    outer = table >= r[0]
    wing[outer] = np.exp(np.interp(np.log(table[outer]), np.log(r), np.log(smooth)))
    wing[table > r[-1]] = amplitude * table[table > r[-1]] ** WING_INDEX
    return wing.astype(np.float32)
