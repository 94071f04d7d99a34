"""Random numbers inside compiled kernels: counter-based, so neither threads nor order change them.

A value depends only on a key (seed, scan, band, frame mixed into 64 bits) and a counter (pixel): SplitMix64
(Steele, Lea & Flood 2014), the finaliser of which passes BigCrush on consecutive counters. Normals are sums of two
quantiles from a table, 16 random bits each: moments to the fourth are exact to 1e-4, tails reach 5.9 sigma.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numba import njit
from numpy.typing import NDArray

from app.arrays import Singles

Keys = NDArray[np.uint64]
"""Keys of random streams, one a frame."""

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


@njit(cache=True, inline="always", error_model="numpy")
def mixed(key: np.uint64, counter: np.uint64) -> np.uint64:
    """64 random bits of a stream's key and the number of the value in the stream."""
    z = key + counter * _GOLDEN
    z = (z ^ (z >> np.uint64(30))) * _MIX_1
    z = (z ^ (z >> np.uint64(27))) * _MIX_2
    return z ^ (z >> np.uint64(31))


@lru_cache(maxsize=1)
def normal_table() -> Singles:
    """65,536 quantiles of the normal distribution with variance 1/2, so that the sum of two has variance 1."""
    from scipy.special import ndtri

    quantiles = ndtri((np.arange(65536) + 0.5) / 65536.0)
    return np.asarray(quantiles / np.sqrt(2.0 * np.mean(quantiles**2)), np.float32)


def stream_keys(seed: int, scan: int, band: int, count: int) -> Keys:
    """Keys of the random streams of a scan's frames, from numpy's seed sequence.

    Parameters
    ----------
    seed : int
        Seed of the night.
    scan : int
        Number of the scan in the night.
    band : int
        Position of the band: 0 J, 1 H, 2 Ks.
    count : int
        Number of frames.

    Returns
    -------
    uint64 array (count,)
        The first keys stay the same if more are asked for.
    """
    return (
        np.random.SeedSequence([0x5EED, seed, scan, band]).generate_state(count, np.uint64).astype(np.uint64)
    )
