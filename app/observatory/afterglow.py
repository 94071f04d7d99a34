"""What bright stars do to the array's electronics: latent images in later frames, and stripes along rows.

Latent images: traps fill where the charge of a frame passes a threshold and empty over the next frames, with two
time constants. The charge stays at its array pixel while the telescope steps on, so a star repeats on the sky one
step after the other in the direction of the scan. Stripes: a saturated source shifts the level of its row while it
is read; as the four quadrants are read together, the shift shows, weaker, in the same readout row of all of them.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from app.arrays import Doubles, Singles
from app.observatory.camera import SIZE

LATENT_THRESHOLD_DN = 4000.0  # a fifth of the full well: stars of J 10.3 reach it
# Share of the charge above the threshold that shows in the next frame, and frames in which it falls by e. In sum
# 0.6 % in the first frame and 0.1 % in the sixth.
_FAST, _FAST_FRAMES = 0.0040, 1.3
_SLOW, _SLOW_FRAMES = 0.0020, 7.0
_FORGOTTEN_DN = 0.01  # smaller charges are dropped: they would decay into denormal numbers

STRIPE_DN = 14.0  # of a row that is saturated beyond all bounds, in its own quadrant
STRIPE_SCALE_DN = 60_000.0  # overflow of a row at which the stripe reaches 1 - 1/e of that: J 7.2
OTHER_QUADRANTS = 0.45  # the stripe in the other quadrants, relative
_HALF = SIZE // 2


def latent_share(frames_later: Doubles) -> Doubles:
    """Part of the charge above the threshold that shows so many frames later; 1 is the next frame."""
    age = np.asarray(frames_later, np.float64) - 1.0
    return np.asarray(_FAST * np.exp(-age / _FAST_FRAMES) + _SLOW * np.exp(-age / _SLOW_FRAMES))


def no_traps() -> Singles:
    """Return the traps of an array that has seen nothing: float32 (2, 256, 256), DN that the next frame will show."""
    return np.zeros((2, SIZE, SIZE), np.float32)


@njit(cache=True, error_model="numpy", parallel=True)
def _trap(
    images: Singles,
    well: Singles,
    traps: Singles,
    extra: Singles,
    overflow: Singles,
    shares: Singles,
    decays: Singles,
    threshold: np.float32,
    forgotten: np.float32,
) -> None:
    """Follow every pixel through the frames: show what the traps give back, fill them, note what overflows.

    Parameters
    ----------
    images : float32 (frames, 256, 256)
    well : float32 (256, 256)
    traps : float32 (2, 256, 256), changed
        Fast and slow.
    extra : float32 (frames, 256, 256), added to
    overflow : float32 (frames, 256, 2), written
        Charge above full well in the left and right half of each row.
    shares, decays : float32 (2,)
    threshold, forgotten : float
    """
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
                    traps[0, y, x] = fast if fast > forgotten else np.float32(0.0)
                    traps[1, y, x] = slow if slow > forgotten else np.float32(0.0)
                if light > threshold:
                    full = well[y, x]
                    charge = min(light, full) - threshold
                    traps[0, y, x] += shares[0] * charge
                    traps[1, y, x] += shares[1] * charge
                    if light > full:
                        overflow[f, y, x // half] += light - full


def leave_traces(images: Singles, well: Singles, traps: Singles, extra: Singles) -> None:
    """Add latent images of earlier frames and stripes of these to the charge between the reads.

    Parameters
    ----------
    images : float32 array (frames, 256, 256)
        Starlight of consecutive frames, DN.
    well : float32 array (256, 256)
        Full well of each pixel.
    traps : float32 array (2, 256, 256), changed
        From `no_traps`, handed on from frames to the frames after them.
    extra : float32 array (frames, 256, 256), added to
    """
    overflow = np.empty((images.shape[0], SIZE, 2), np.float32)
    shares = np.array([_FAST, _SLOW], np.float32)
    decays = np.exp(-1.0 / np.array([_FAST_FRAMES, _SLOW_FRAMES])).astype(np.float32)
    _trap(
        images, well, traps, extra, overflow, shares, decays,
        np.float32(LATENT_THRESHOLD_DN), np.float32(_FORGOTTEN_DN),
    )  # fmt: skip
    for frame, row, half in np.argwhere(overflow > 0.0):
        level = float(stripe_dn(overflow[frame, row, half]))
        rows = (row % _HALF, row % _HALF + _HALF)
        for stripe_row in rows:
            for stripe_half in (0, 1):
                own = stripe_row == row and stripe_half == half
                part = slice(stripe_half * _HALF, (stripe_half + 1) * _HALF)
                extra[frame, stripe_row, part] += level if own else OTHER_QUADRANTS * level


def stripe_dn(overflow_dn: float | Doubles) -> Doubles:
    """Level of a stripe in its own quadrant for a row's charge above full well."""
    return np.asarray(STRIPE_DN * (1.0 - np.exp(-np.asarray(overflow_dn) / STRIPE_SCALE_DN)))
