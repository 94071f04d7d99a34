"""Photometric spans and the verdict of scans."""

from __future__ import annotations

import numpy as np
import pytest

from app.arrays import Bools
from workers.reduction.solution.intervals import Interval, Reason, photometric_intervals, verdict

HOURS = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
ALL = np.ones(5, dtype=bool)
CLEAR = (0.0, 0.01)


def test_a_good_night_is_one_interval() -> None:
    assert photometric_intervals(HOURS, ALL) == (Interval(0.0, 4.0),)


def test_a_rejected_set_parts_the_night() -> None:
    assert photometric_intervals(HOURS, np.array([True, True, False, True, True])) == (
        Interval(0.0, 1.0),
        Interval(3.0, 4.0),
    )


def test_a_lone_set_makes_no_interval() -> None:
    assert photometric_intervals(np.array([1.0]), np.array([True])) == ()
    assert photometric_intervals(HOURS, np.array([True, False, True, False, True])) == ()
    assert photometric_intervals(np.zeros(0), np.zeros(0, dtype=bool)) == ()


@pytest.mark.parametrize(
    ("hours", "accepted", "loss", "opaque", "reason"),
    [
        (1.5, ALL, CLEAR, False, Reason.PHOTOMETRIC),
        (1.5, ~ALL, CLEAR, False, Reason.NO_SETS),
        (4.5, ALL, CLEAR, False, Reason.NOT_BRACKETED),
        (-0.5, ALL, CLEAR, False, Reason.NOT_BRACKETED),
        (1.5, np.array([True, True, False, True, True]), CLEAR, False, Reason.BAD_SET),
        (1.5, ALL, (0.02, 0.01), False, Reason.CLOUD),
        (1.5, ALL, CLEAR, True, Reason.TRANSPARENCY),
        (1.5, ALL, (np.nan, 0.01), False, Reason.PHOTOMETRIC),
    ],
)
def test_reason(
    hours: float, accepted: Bools, loss: tuple[float, float], opaque: object, reason: Reason
) -> None:
    assert verdict(hours, (HOURS, accepted), loss, opaque=bool(opaque)) is reason


def test_sets_too_far_apart() -> None:
    sparse = (np.array([0.0, 3.0]), np.ones(2, dtype=bool))
    assert verdict(1.0, sparse, CLEAR, opaque=False) is Reason.GAP


def test_scans_of_a_lone_set_are_not_bracketed() -> None:
    hours, good = np.array([3.0]), np.array([True])
    assert verdict(3.0, (hours, good), CLEAR, opaque=False) is Reason.NOT_BRACKETED
    # With another set within 2.2 hours the scans of both belong to the span.
    hours, good = np.array([3.0, 4.0]), np.array([True, True])
    assert verdict(3.0, (hours, good), CLEAR, opaque=False) is Reason.PHOTOMETRIC
    assert verdict(4.0, (hours, good), CLEAR, opaque=False) is Reason.PHOTOMETRIC
    # A set that stands alone beyond a gap makes no span of its own.
    hours, good = np.array([3.0, 4.0, 7.0]), np.array([True, True, True])
    assert verdict(7.0, (hours, good), CLEAR, opaque=False) is Reason.NOT_BRACKETED
