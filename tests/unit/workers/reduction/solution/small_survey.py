"""A small survey of known zero points: nights of sets and scans in a row, each scan overlapping the next ones."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from app.arrays import Doubles
from workers.reduction.solution.ties import Groups, Overlaps, Scans, Sets, Ties


class SmallSurvey(NamedTuple):
    """Ties and the truth behind them."""

    ties: Ties
    zero_point: Doubles
    flat: tuple[float, float]


def small_survey(
    seed: int, nights: int = 12, loss: dict[int, float] | None = None, noise: float = 1.0
) -> SmallSurvey:
    """Draw `nights` nights of 8 sets and 42 scans; `loss` dims scans by their index; `noise` scales all errors."""
    rng = np.random.default_rng(seed)
    scan_hours = np.concatenate([block + 0.25 + 0.12 * np.arange(6) for block in range(7)])
    set_hours = np.arange(8.0) + 0.08
    night = np.repeat(np.arange(nights), scan_hours.size)
    set_night = np.repeat(np.arange(nights), set_hours.size)
    offset, extinction = rng.normal(0, 0.05, nights), rng.normal(0.01, 0.01, nights)
    swing = rng.normal(0, 0.006, nights)

    def level(which: np.ndarray, hours: Doubles, airmass: Doubles) -> Doubles:
        return np.asarray(
            offset[which] + swing[which] * np.sin(hours / 3) - extinction[which] * (airmass - 1)
        )

    scans = Scans(night, np.tile(scan_hours, nights), 1 + rng.gamma(1.5, 0.15, night.size))
    truth = level(*scans) + rng.normal(0, 0.002 * noise, night.size)
    for index, lost in (loss or {}).items():
        truth[index] -= lost
    set_airmass = 1 + rng.gamma(1.5, 0.1, set_night.size)
    fields = rng.normal(0, 0.004 * noise, 9)
    fields -= fields.mean()
    field = rng.integers(0, 9, set_night.size)
    measured = level(set_night, np.tile(set_hours, nights), set_airmass) - fields[field]
    sets = Sets(
        set_night,
        np.tile(set_hours, nights),
        set_airmass,
        field,
        measured + rng.normal(0, 0.002 * noise, field.size),
        np.full(field.size, 0.002),
    )
    flat = (0.008, -0.005)
    first = np.concatenate([np.arange(night.size - step) for step in (1, 42, 43)])
    second = np.concatenate([np.arange(step, night.size) for step in (1, 42, 43)])
    x = np.full(first.size, 0.95)
    true = truth[second] - truth[first] - 2 * flat[0] * x
    overlaps = Overlaps(
        first,
        second,
        x,
        x**2,
        -x,
        x**2,
        true + rng.normal(0, 0.003 * noise, first.size),
        np.full(first.size, 0.03),
        np.full(first.size, 150),
    )
    groups = Groups(
        np.zeros(nights, dtype=np.int64), np.zeros(nights, dtype=np.int64), np.ones(9, dtype=bool)
    )
    return SmallSurvey(Ties(scans, sets, overlaps, groups), truth, flat)
