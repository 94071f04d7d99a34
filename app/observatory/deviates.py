"""Random numbers inside compiled kernels: counter-based, so neither threads nor order change them.

A value depends only on a key (seed, scan, band, frame mixed into 64 bits) and a counter (pixel): SplitMix64
(Steele, Lea & Flood 2014), the finaliser of which passes BigCrush on consecutive counters. Normals are sums of two
looked-up quantiles, 16 bits each: moments to the fourth are exact to 1e-4, tails reach 5.9 sigma.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numba import njit
from numpy.typing import NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


@njit(cache=True, inline="always", error_model="numpy")
def mixed(key: np.uint64, counter: np.uint64) -> np.uint64:
    """64 random bits of (key, counter)."""
    z = key + counter * _GOLDEN
    z = (z ^ (z >> np.uint64(30))) * _MIX_1
    z = (z ^ (z >> np.uint64(27))) * _MIX_2
    return z ^ (z >> np.uint64(31))


@lru_cache(maxsize=1)
def normal_table() -> NDArray[np.float32]:
    """65,536 quantiles of the normal distribution with variance 1/2, so that the sum of two has variance 1."""
    from scipy.special import ndtri

    quantiles = ndtri((np.arange(65536) + 0.5) / 65536.0)
    return np.asarray(quantiles / np.sqrt(2.0 * np.mean(quantiles**2)), np.float32)


def stream_keys(seed: int, scan: int, band: int, count: int) -> NDArray[np.uint64]:
    """One key a frame, from numpy's seed sequence over (seed, scan, band)."""
    return (
        np.random.SeedSequence([0x5EED, seed, scan, band]).generate_state(count, np.uint64).astype(np.uint64)
    )
