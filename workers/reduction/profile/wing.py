"""The wing of a point-spread function: what its core lets expect, and what bright stars measure beyond it."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from app.arrays import Doubles, Flags, Integers, Singles
from workers.reduction.frames.values import CalibratedFrames
from workers.reduction.kernels.compiled import KERNEL
from workers.reduction.profile.drawing import last_wing_bin
from workers.reduction.profile.sample import Sample
from workers.reduction.profile.table import HALF, STAMP, WING_POWER, WING_STEP_PIX, FramePsf, node_offsets_pix

WING_INNER_PIX = 3.0
WING_OUTER_PIX = 12.0
SPIKE_HALF_PIX = 2  # three sigma of a spike, and 1.6 degrees of its direction at 12 pixels
WING_PRIOR = 0.33
WING_POWER_LAW_PIX = 4.75  # 9.5": farther out each bin is within 10 % of the power law, and noisier than that
CONTINUED_INDEX = -3.9
WING_INDEX = -11.0 / 3.0  # turbulent atmosphere, far out


@njit(**KERNEL)
def _gather_wings(
    residual: Singles,
    flags: Flags,
    noise: Singles,
    log_width: Singles,
    wing: Singles,
    start: Integers,
    frame: Integers,
    x_pix: Doubles,
    y_pix: Doubles,
    which: Integers,
    flux: Doubles,
    drawn: Doubles,
    total: Doubles,
    weight: Doubles,
) -> None:
    """Weighted sums of what the wing lacks, a bin of half a pixel, outside of the core."""
    _, ny, nx = residual.shape
    half = int(WING_OUTER_PIX)
    reach2 = (total.size * WING_STEP_PIX) ** 2
    for s in which:
        f = flux[s]
        lack = f - drawn[s]
        for k in range(start[s], start[s + 1]):
            i = frame[k]
            jx = math.floor(x_pix[k] + 0.5)
            jy = math.floor(y_pix[k] + 0.5)
            gain = 1.0 + WING_POWER * log_width[i]
            last = last_wing_bin(wing, drawn[s] * gain, noise[i])
            w = f * f / (noise[i] * noise[i]) * gain
            for y in range(max(0, jy - half), min(ny, jy + half + 1)):
                # Spikes run along rows and columns.
                if abs(y - jy) <= SPIKE_HALF_PIX:
                    continue
                inner = HALF if abs(y - jy) <= HALF else SPIKE_HALF_PIX
                dy2 = (y - y_pix[k]) * (y - y_pix[k])
                for x in range(max(0, jx - half), min(nx, jx + half + 1)):
                    if abs(x - jx) <= inner:
                        continue
                    r2 = (x - x_pix[k]) * (x - x_pix[k]) + dy2
                    if r2 >= reach2 or flags[i, y, x] != 0:
                        continue
                    r = math.sqrt(r2) / WING_STEP_PIX
                    j = min(int(r), total.size - 1)
                    share = gain * (wing[j] + (r - j) * (wing[j + 1] - wing[j]))
                    # Where the wing was too faint to be drawn, all of it is still there.
                    rest = residual[i, y, x] - (lack if j <= last else f) * share
                    # Neighbours stand out; the wing itself may be wrong by a third.
                    if abs(rest) > 3.0 * noise[i] + 0.33 * f * share:
                        continue
                    total[j] += w * rest / f
                    weight[j] += w * gain


def outside_from_wing(nodes: Doubles, weight: Doubles, wing: Singles) -> Doubles:
    """Nodes that no stamp reaches (beyond 3.5 pixels) continue as the wing does."""
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


def learn_wing(
    residual: Singles, frames: CalibratedFrames, psf: FramePsf, sample: Sample, expected: Singles
) -> Singles:
    """Wing from the brightest stars and from what the core lets expect; as a turbulent atmosphere's far out."""
    bins = round(WING_OUTER_PIX / WING_STEP_PIX)
    total, weight = np.zeros(bins), np.zeros(bins)
    order = np.argsort(-sample.flux_dn[sample.which], kind="stable")[:600]
    brightest = np.sort(sample.which[order])
    looks = sample.looks
    _gather_wings(
        residual, frames.flags, frames.noise_dn, psf.log_width, psf.wing, looks.start, looks.frame,
        looks.x_pix, looks.y_pix, brightest, sample.flux_dn, sample.drawn_flux_dn, total, weight,
    )  # fmt: skip
    measured = np.flatnonzero(weight > 0.0)
    measured = measured[measured >= round(WING_INNER_PIX / WING_STEP_PIX)]
    if not measured.size:
        return expected
    radius = WING_STEP_PIX * (np.arange(bins) + 0.5)
    present = np.interp(radius, WING_STEP_PIX * np.arange(psf.wing.size), psf.wing)
    value = present[measured] + total[measured] / weight[measured]
    r, w = radius[measured], weight[measured]
    # The continued core is known to a third; what stars measure is combined with it, bin by bin near the core, with one
    # amplitude farther out.
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
