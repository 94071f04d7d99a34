"""How fast this machine is now, beside the quiet machine for which absolute limits were set."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

REFERENCE_KERNEL_S = 0.30
"""Seconds of `kernel_seconds` on the quiet machine of decision 0009; absolute limits of time scale with it."""


def kernel_seconds(clock: Callable[[], float] = time.process_time) -> float:
    """Time a fixed piece of sorting and gathering, which is bound by memory as most of the work here is.

    Parameters
    ----------
    clock : callable
        `time.process_time` for limits of CPU time, `time.perf_counter` for those of the clock on the wall.
    """
    values = np.random.default_rng(0).random(1_000_000)
    began = clock()
    for _ in range(4):
        values = values[np.argsort(values, kind="stable")[::-1]]
    return clock() - began


def slowness(clock: Callable[[], float] = time.process_time) -> float:
    """Give the factor by which this machine is slower than the quiet one; never below 1."""
    return max(kernel_seconds(clock) / REFERENCE_KERNEL_S, 1.0)
