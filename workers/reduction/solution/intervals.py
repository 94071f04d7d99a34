"""When a night was photometric: spans between accepted calibration sets, and a verdict with reason for each scan."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import numpy as np

from app.arrays import Bools, Doubles

LARGEST_GAP_HOURS = 2.2


class Reason(StrEnum):
    """Why a scan is photometric, or is not; the first that holds, in this order."""

    NO_SETS = "no usable calibration set in the night"
    NO_TIME = "no time of observation"
    NOT_BRACKETED = "no accepted calibration set on both sides"
    GAP = "calibration sets on both sides are too far apart"
    BAD_SET = "a calibration set beside it was rejected"
    CLOUD = "light lost against the model of the night"
    TRANSPARENCY = "frames lost light within the scan"
    PHOTOMETRIC = "photometric"


class Interval(NamedTuple):
    """A photometric span of a night, half open: `first_hours` <= t < `last_hours`."""

    first_hours: float
    last_hours: float


def photometric_intervals(set_hours: Doubles, accepted: Bools) -> tuple[Interval, ...]:
    """Spans between accepted sets with none rejected between and no gap beyond 2.2 hours.

    Parameters
    ----------
    set_hours : (n,) float64
        Times of the sets, ascending, hours since the beginning of the night.
    accepted : (n,) bool
        Whether each is accepted in all bands.

    Returns
    -------
    tuple of Interval
        In the order of time; a lone set makes none.

    Notes
    -----
    The gap of 2.2 hours is twice the hourly rhythm of sets, and a tenth (docs/background/survey.md).

    Examples
    --------
    >>> photometric_intervals(np.array([0.0, 1.0, 2.0, 5.0, 6.0]), np.array([True, True, True, True, True]))
    (Interval(first_hours=0.0, last_hours=2.0), Interval(first_hours=5.0, last_hours=6.0))
    """
    spans: list[Interval] = []
    start: float | None = None
    before = -np.inf
    for hours, good in zip(set_hours.tolist(), accepted.tolist(), strict=True):
        if start is not None and (not good or hours - before > LARGEST_GAP_HOURS):
            if before > start:
                spans.append(Interval(start, before))
            start = None
        if good:
            start = hours if start is None else start
            before = hours
    if start is not None and before > start:
        spans.append(Interval(start, before))
    return tuple(spans)


def verdict(hours: float, sets: tuple[Doubles, Bools], loss: tuple[float, float], *, opaque: bool) -> Reason:
    """Judge one scan.

    Parameters
    ----------
    hours : float
        Middle of the scan, hours since the beginning of the night.
    sets : ((n,) float64, (n,) bool)
        Times of the night's sets, ascending, and whether each is accepted in all bands.
    loss : (float, float)
        Light lost by the scan and the limit, magnitudes; NaN where no solution says it.
    opaque : bool
        Whether more than a few frames of the scan lost light by their own stars.

    Returns
    -------
    Reason
        `PHOTOMETRIC`, or what spoils it.
    """
    reason = _between_sets(hours, *sets)
    if reason is not None:
        return reason
    if loss[0] > loss[1]:
        return Reason.CLOUD
    return Reason.TRANSPARENCY if opaque else Reason.PHOTOMETRIC


def _between_sets(hours: float, set_hours: Doubles, accepted: Bools) -> Reason | None:
    """Say why the sets about a moment do not vouch for it; None where they do."""
    if not accepted.any():
        return Reason.NO_SETS
    before, after = np.flatnonzero(set_hours <= hours), np.flatnonzero(set_hours >= hours)
    if not accepted[before].any() or not accepted[after].any():
        return Reason.NOT_BRACKETED
    if not accepted[before[-1]] or not accepted[after[0]]:
        return Reason.BAD_SET
    if set_hours[after[0]] - set_hours[before[-1]] > LARGEST_GAP_HOURS:
        return Reason.GAP
    # A scan of a set stands between its set and the next: a lone set makes no span.
    spans = photometric_intervals(set_hours, accepted)
    if before[-1] == after[0] and not any(span.first_hours <= hours <= span.last_hours for span in spans):
        return Reason.NOT_BRACKETED
    return None
