"""What bright stars do to the array's electronics: latent images in later frames, and stripes along rows.

Persistence: traps fill in pixels whose charge passes a threshold and empty over the next frames, with two time
constants. The charge stays at its array pixel while the telescope steps on, so the latent images of a star follow
each other on the sky, one step apart, in the direction of the scan. Stripes: a saturated source shifts the level of
its row while the row is read; as the four quadrants are read together, the shift shows, weaker, in the same readout
row of all of them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit, prange

from app.arrays import Doubles, Singles
from app.observatory.camera import SIZE

LATENT_THRESHOLD_DN = 4000.0  # a fifth of the full well: stars of J 10.3 reach it
# Share of the charge above the threshold that shows in the next frame, and frames in which it falls by e. In sum
# 0.6 % in the first frame and 0.1 % in the sixth.
_FAST, _FAST_FRAMES = 0.0040, 1.3
_SLOW, _SLOW_FRAMES = 0.0020, 7.0
_SMALLEST_DN = 0.01  # smaller charges are dropped: they would decay into denormal numbers

STRIPE_DN = 14.0  # level in its own quadrant of the stripe of a row that is saturated beyond all bounds
STRIPE_SCALE_DN = 60_000.0  # overflow of a row at which the stripe reaches 1 - 1/e of that level: J 7.2
OTHER_QUADRANTS = 0.45  # the stripe in the other quadrants, relative
_HALF = SIZE // 2


class _TrapModel(NamedTuple):
    """How traps fill and empty.

    Attributes
    ----------
    shares : float32 array (2,)
        Share of the charge above the threshold that fast and slow traps take.
    decays : float32 array (2,)
        Share of their charge that fast and slow traps keep from one frame to the next.
    threshold_dn : float32
        Charge from which on traps fill.
    smallest_dn : float32
        Charge of a trap up to which it counts as empty.
    """

    shares: Singles
    decays: Singles
    threshold_dn: np.float32
    smallest_dn: np.float32


def latent_share(frames_later: Doubles) -> Doubles:
    """Part of the charge above the threshold that shows so many frames later; 1 is the next frame.

    Parameters
    ----------
    frames_later : float64 array
        Frames after the one that filled the traps, 1 or more.

    Examples
    --------
    >>> latent_share(np.array([1.0, 6.0])).round(4).tolist()
    [0.006, 0.0011]
    """
    age = np.asarray(frames_later, np.float64) - 1.0
    return np.asarray(_FAST * np.exp(-age / _FAST_FRAMES) + _SLOW * np.exp(-age / _SLOW_FRAMES))


def empty_traps() -> Singles:
    """Return the traps of an array that has seen nothing: float32 (2, 256, 256), DN that the next frame will show."""
    return np.zeros((2, SIZE, SIZE), np.float32)


@njit(cache=True, error_model="numpy", parallel=True)
def _follow_traps(
    images: Singles, well: Singles, traps: Singles, extra: Singles, overflow: Singles, model: _TrapModel
) -> None:
    """Follow every pixel through the frames: show what the traps give back, fill them, note what overflows.

    Parameters
    ----------
    images : float32 (frames, 256, 256)
        Starlight, DN.
    well : float32 (256, 256)
        Full well of each pixel, DN.
    traps : float32 (2, 256, 256), changed
        Charge in fast and slow traps that the next frame will show, DN.
    extra : float32 (frames, 256, 256), added to
        Charge between the reads, DN.
    overflow : float32 (frames, 256, 2), written
        Charge above full well in the left and right half of each row, DN.
    model : _TrapModel
        How traps fill and empty.
    """
    shares, decays = model.shares, model.decays
    threshold, smallest = model.threshold_dn, model.smallest_dn
    half = images.shape[2] // 2
    for y in prange(images.shape[1]):
        for f in range(images.shape[0]):
            overflow[f, y, 0] = 0.0
            overflow[f, y, 1] = 0.0
            for x in range(images.shape[2]):
                light = images[f, y, x]
                fast, slow = traps[0, y, x], traps[1, y, x]
                if slow > 0.0 or fast > 0.0:
                    extra[f, y, x] += fast + slow
                    fast, slow = fast * decays[0], slow * decays[1]
                    traps[0, y, x] = fast if fast > smallest else np.float32(0.0)
                    traps[1, y, x] = slow if slow > smallest else np.float32(0.0)
                if light > threshold:
                    full = well[y, x]
                    charge = min(light, full) - threshold
                    traps[0, y, x] += shares[0] * charge
                    traps[1, y, x] += shares[1] * charge
                    if light > full:
                        overflow[f, y, x // half] += light - full


def add_persistence_and_stripes(images: Singles, well: Singles, traps: Singles, extra: Singles) -> None:
    """Add latent images of earlier frames and stripes of these frames to the charge between the reads.

    Parameters
    ----------
    images : float32 array (frames, 256, 256)
        Starlight of consecutive frames, DN.
    well : float32 array (256, 256)
        Full well of each pixel, DN.
    traps : float32 array (2, 256, 256), changed
        Traps as `empty_traps` or the frames before left them, DN.
    extra : float32 array (frames, 256, 256), added to
        Charge that arrives between the reads, DN.
    """
    overflow = np.empty((images.shape[0], SIZE, 2), np.float32)
    shares = np.array([_FAST, _SLOW], np.float32)
    decays = np.exp(-1.0 / np.array([_FAST_FRAMES, _SLOW_FRAMES])).astype(np.float32)
    model = _TrapModel(shares, decays, np.float32(LATENT_THRESHOLD_DN), np.float32(_SMALLEST_DN))
    _follow_traps(images, well, traps, extra, overflow, model)
    for frame, row, half in np.argwhere(overflow > 0.0):
        level = float(stripe_dn(overflow[frame, row, half]))
        for stripe_row in (row % _HALF, row % _HALF + _HALF):
            for stripe_half in (0, 1):
                own = stripe_row == row and stripe_half == half
                part = slice(stripe_half * _HALF, (stripe_half + 1) * _HALF)
                extra[frame, stripe_row, part] += level if own else OTHER_QUADRANTS * level


def stripe_dn(overflow_dn: float | Doubles) -> Doubles:
    """Level of a stripe in its own quadrant.

    Parameters
    ----------
    overflow_dn : float or array
        Charge of the row above full well, DN.

    Examples
    --------
    >>> stripe_dn(np.array([0.0, 60_000.0, 1e9])).round(2).tolist()
    [0.0, 8.85, 14.0]
    """
    return np.asarray(STRIPE_DN * (1.0 - np.exp(-np.asarray(overflow_dn) / STRIPE_SCALE_DN)))
