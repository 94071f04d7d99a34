"""How much light came through in each frame, from the stars that several frames saw.

A look's flux is the star's times the frame's transparency. Means of stars will not do for the former: a star is seen on
six frames in a row, and where a cloud dims all of them it is not seen to be dimmed. So both are solved for together,
in logarithms and weighted; clouds of any length show then, up to a factor that all frames share.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg

from app.arrays import Doubles, Integers

FEWEST_STARS = 3  # on a frame
PLAIN_ERROR = 0.01  # of a look: pixel response, profile
KNOWN_TO = 0.02  # a frame whose transparency is less certain has none
# Of a frame: slow changes are ill known where stars are few, as a slope of the flat field looks the same.
PRIOR = 0.04
OUTLIER_SIGMA = 4.0
TURNS = 3


def frame_transparency(
    star: Integers, frame: Integers, ratio: Doubles, error: Doubles, frames: int
) -> tuple[Doubles, Integers]:
    """Transparency of each frame, median 1, and the number of stars it rests on; NaN where not known to 2 %.

    The scatter of the looks says how well it is known: pieces of spikes and halos scatter too much to tell anything.

    Parameters
    ----------
    star, frame : int64 arrays (looks,)
        Star and frame of each look, ordered by star.
    ratio, error : float64 arrays (looks,)
        Flux of a look over its star's mean flux, and its error.
    frames : int
        Number of the frames.

    Examples
    --------
    Twenty stars, each seen on all of three frames, of which a cloud dims the last by a tenth.

    >>> star, frame = np.repeat(np.arange(20), 3), np.tile(np.arange(3), 20)
    >>> ratio = np.tile([1.03, 1.03, 0.93], 20)
    >>> known, stars = frame_transparency(star, frame, ratio, np.full(60, 0.001), 3)
    >>> known.round(2).tolist(), stars.tolist()
    ([1.0, 1.0, 0.9], [20, 20, 20])
    """
    good = (ratio > 0.0) & np.isfinite(error)
    star, frame = star[good], frame[good]
    light = np.log(ratio[good])
    sigma = np.hypot(error[good] / ratio[good], PLAIN_ERROR)
    kept = np.ones(light.size, np.bool_)
    clear, scale = np.zeros(frames), 1.0
    for _ in range(TURNS):
        weight = np.where(kept, sigma**-2, 0.0)
        clear = _solve(star, frame, light, weight, frames)
        rest = light - clear[frame]
        total = np.maximum(np.bincount(star, weight), 1e-30)
        rest -= (np.bincount(star, weight * rest) / total)[star]
        scale = max(1.0, 1.4826 * float(np.median(np.abs(rest / sigma)))) if rest.size else 1.0
        kept = np.abs(rest) < OUTLIER_SIGMA * scale * sigma
    count = np.bincount(frame[kept], minlength=frames).astype(np.int64)
    lit = np.bincount(frame[kept], sigma[kept] ** -2, frames)
    known = (count >= FEWEST_STARS) & (lit > (scale / KNOWN_TO) ** 2)
    if not known.any():
        return np.full(frames, np.nan), count
    return np.where(known, np.exp(clear - np.median(clear[known])), np.nan), count


def _solve(star: Integers, frame: Integers, light: Doubles, weight: Doubles, frames: int) -> Doubles:
    """Logarithms of the frames' transparencies, those of the stars eliminated.

    Banded, as a star is seen on near frames only: quick, and the same bytes with any number of threads.
    """
    total = np.maximum(np.bincount(star, weight), 1e-30)[star] if star.size else np.zeros(0)
    mean = (np.bincount(star, weight * light) if star.size else np.zeros(0))[star] / total
    width = int(np.ptp(frame)) if frame.size else 0
    normal = np.zeros((width + 1, frames))
    normal[0] = PRIOR**-2 + np.bincount(frame, weight - weight**2 / total, frames)
    right = np.bincount(frame, weight * (light - mean), frames)
    used = 0
    for lag in range(1, frames):
        same = star[lag:] == star[:-lag]
        if not same.any():
            break
        first, second = frame[:-lag][same], frame[lag:][same]
        shared = (weight[:-lag] * weight[lag:] / total[lag:])[same]
        apart = np.abs(second - first)
        # A frame seen twice by one star would stand on the diagonal, twice.
        np.subtract.at(normal, (apart, np.minimum(first, second)), np.where(apart == 0, 2.0, 1.0) * shared)
        used = max(used, int(apart.max()))
    return np.asarray(linalg.solveh_banded(normal[: used + 1], right, lower=True))
