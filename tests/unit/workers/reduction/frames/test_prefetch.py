"""Asking for pixels ahead changes nothing, wherever the place is."""

from __future__ import annotations

import numpy as np
from numba import njit

from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.frames.looks import find_looks
from workers.reduction.frames.prefetch import ask_for_look, ask_for_star
from workers.reduction.kernels.compiled import KERNEL


@njit(**{**KERNEL, "cache": False})
def _ask(pixels, flags, shape, looks, star):
    ask_for_star(pixels, flags, shape, looks, star, 3)
    ask_for_look(pixels, flags, shape, 0, (-400.0, 900.0), 10)


def test_nothing_changes_at_edges_and_beyond_the_last_star():
    geometry = FrameGeometry(np.zeros(2), np.array([0.0, 83.0]), 2.0 * np.eye(2), np.zeros(2), size_pix=64)
    x, y = np.array([-63.0, 0.0, 62.9]), np.array([-63.0, 20.0, 145.9])
    looks = find_looks(geometry, np.ones(2, np.bool_), x, y)
    rng = np.random.default_rng(3)
    pixels, flags = rng.normal(size=(2, 64, 64)).astype(np.float32), rng.integers(0, 3, (2, 64, 64), np.uint8)
    before = pixels.copy(), flags.copy()
    for star in range(5):
        _ask(pixels, flags, (64, 64), looks, star)
        _ask(pixels.ravel(), flags.ravel(), (64, 64), looks, star)
    assert (pixels == before[0]).all()
    assert (flags == before[1]).all()
