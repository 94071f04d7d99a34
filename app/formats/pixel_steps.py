"""Steps of pixels that were rounded: how coarse they are beside the noise, and how to measure on in spite of them.

Rounding to steps q adds q^2 / 12 to the variance of a pixel. Medians of rounded values, however, are multiples of the
step, so that a noise from medians is nothing or a whole step, and detection finds everything or nothing. Values spread
evenly over their step have medians again, at the price of another q^2 / 12 (dithering: Pence et al. 2010, PASP 122,
1065). Above a step of three deviations of the noise nearly all pixels hold one value and the noise cannot be told.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from app.arrays import Integers, Singles

MOST_STEP_SIGMAS = 3.0
"""Coarsest step that noise can be measured through, in deviations of that noise."""
_SPREAD_SIGMAS = 0.5  # finer steps move a noise from medians by less than 4 %
_LEAST_EQUAL = 0.05  # share of equal neighbours at a step of a third of their noise; real images have 0.00004
# Rounded values that went through arithmetic (a flat, a sky taken away) are no longer equal, but clump: within a block
# of 1024 values of normal noise no gap among the middle nine tenths is wider than 0.1 deviations.
_GAP_SIGMAS = 0.4
_NINE_TENTHS_SIGMAS = 3.29
_EVERY_BLOCK = 5  # of a whole image 100 blocks tell whether values clump
_BLOCK_PIX = 32
_LEAST_BLOCK = 256
_UNIT = NormalDist()


@dataclass(frozen=True)
class PixelStep:
    """Steps of an image.

    Attributes
    ----------
    size_dn : float
        Distance of neighbouring values, in the unit of the pixels.
    sigmas : float
        The same in deviations of the noise before rounding; a least value where nearly all pixels are equal.
    """

    size_dn: float
    sigmas: float

    @property
    def measurable(self) -> bool:
        """Whether noise can be measured through the steps."""
        return self.sigmas <= MOST_STEP_SIGMAS


def step_of(pixels: Singles) -> PixelStep | None:
    """Measure the steps of an image.

    In blocks of 32 x 32 pixels the shares of pixels below and above the commonest value tell the step in deviations of
    a normal distribution. Stars make the step seem finer: the upper quartile of the blocks has few of them.

    Parameters
    ----------
    pixels : float32 array (ny, nx)
        NaN for pixels without data.

    Returns
    -------
    PixelStep or None
        None if pixels are finer than half a deviation of their noise; blocks of one value alone do not count unless
        there are no others.

    Examples
    --------
    >>> noise = np.random.default_rng(1).normal(100.0, 1.0, (256, 256)).astype(np.float32)
    >>> step_of(noise) is None, round(step_of(np.round(noise)).sigmas, 1), step_of(np.round(noise / 9) * 9).measurable
    (True, 1.0, False)
    """
    same = pixels[:, 1:] == pixels[:, :-1]
    data = int(np.count_nonzero(np.isfinite(pixels)))
    if data == 0:
        return None
    blocks = _blocks(pixels)
    equal = int(np.count_nonzero(same)) >= _LEAST_EQUAL * data
    if not equal:
        clumped = [_clumps(block) is not None for block in blocks[::_EVERY_BLOCK]]
        if 2 * sum(clumped) <= len(clumped):
            return None
    found, flat = [], False
    for block in blocks:
        values, counts = np.unique(block, return_counts=True) if equal else _clumps(block) or (block, None)
        if counts is None:
            continue
        if values.size == 1:
            flat = True
            continue
        found.append(_block_step(values, counts))
    if not found:
        return PixelStep(float("inf"), float("inf")) if flat else None
    step = PixelStep(
        float(np.median([s.size_dn for s in found])), float(np.percentile([s.sigmas for s in found], 75.0))
    )
    return step if step.sigmas > _SPREAD_SIGMAS else None


def can_be_judged(pixels: Singles) -> bool:
    """Whether any block of an image has pixels enough for `step_of`.

    Parameters
    ----------
    pixels : float32 array (ny, nx)
        NaN for pixels without data.
    """
    starts = [np.arange(0, size, _BLOCK_PIX) for size in pixels.shape]
    counts = np.add.reduceat(
        np.add.reduceat(np.isfinite(pixels), starts[0], axis=0, dtype=np.int64), starts[1], axis=1
    )
    return bool(counts.max() >= _LEAST_BLOCK)


def _blocks(pixels: Singles) -> list[Singles]:
    """Values of the blocks of an image that have enough of them."""
    sides = [range(0, size, _BLOCK_PIX) for size in pixels.shape]
    blocks = [pixels[y : y + _BLOCK_PIX, x : x + _BLOCK_PIX] for y in sides[0] for x in sides[1]]
    values = [block[np.isfinite(block)] for block in blocks]
    return [block for block in values if block.size >= _LEAST_BLOCK]


def _clumps(block: Singles) -> tuple[Singles, Integers] | None:
    """Middles and sizes of the clumps that the values of a block stand in; None if they stand evenly."""
    values = np.sort(block)
    low, high = values.size // 20, values.size - values.size // 20 - 1
    gaps = np.diff(values)
    widest = float(gaps[low:high].max())
    if widest <= _GAP_SIGMAS * float(values[high] - values[low]) / _NINE_TENTHS_SIGMAS:
        return None
    starts = np.concatenate([[0], np.flatnonzero(gaps > 0.5 * widest) + 1])
    counts = np.diff(np.append(starts, values.size))
    return (np.add.reduceat(values, starts, dtype=np.float64) / counts).astype(np.float32), counts


def _block_step(values: Singles, counts: Integers) -> PixelStep:
    total, mode = int(counts.sum()), int(np.argmax(counts))
    # A share of nothing is taken for half a pixel.
    below = max(int(counts[:mode].sum()), 0.5) / total
    above = max(int(counts[mode + 1 :].sum()), 0.5) / total
    near = np.diff(values[max(mode - 1, 0) : mode + 2])
    return PixelStep(float(near.min()), _UNIT.inv_cdf(1.0 - above) - _UNIT.inv_cdf(below))


def spread_over_steps(pixels: Singles, step: PixelStep, seed: int) -> Singles:
    """Spread pixels evenly over the step they were rounded to; the same pixels and seed give the same values.

    Parameters
    ----------
    pixels : float32 array (ny, nx)
        NaN for pixels without data.
    step : PixelStep
        Steps of the image, from `step_of`.
    seed : int
        Another one for each band and image of a scan, so that their noise has nothing in common.
    """
    # Mixing of the 64-bit number of a pixel as in SplitMix64 (Steele et al. 2014): no state, the same everywhere.
    mixed = np.arange(pixels.size, dtype=np.uint64) + np.uint64((seed + 1) * 0x9E3779B97F4A7C15 & (2**64 - 1))
    with np.errstate(over="ignore"):
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
        mixed ^= mixed >> np.uint64(31)
    share = (mixed >> np.uint64(40)).astype(np.float64) / 2**24 - 0.5 + 2.0**-25
    return (pixels + (step.size_dn * share).reshape(pixels.shape)).astype(np.float32)
