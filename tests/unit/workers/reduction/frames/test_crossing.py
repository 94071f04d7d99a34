"""Times of sources from the times of frames, against the telescope's true motion."""

from __future__ import annotations

import numpy as np
import pytest

from app.instruments.bands import Band
from tests.worlds.small_scan import STEP_ARCSEC, make_scan
from workers.reduction.frames.crossing import crossing_mjd

SECONDS = 86400.0


@pytest.mark.parametrize("direction", ["n", "s"])
def test_times_are_those_at_which_the_array_was_there(direction: str) -> None:
    scan = make_scan(frames=12, count=0, northward=direction == "n", noise=False)
    geometry = scan.geometry[Band.J]
    # A telescope that pauses: frames come at their own times, whatever their number says.
    pauses = np.array([1.4, 1.4, 1.4, 9.0, 1.4, 1.4, 1.4, 1.4, 3.0, 1.4, 1.4])
    mjd = 51234.5 + np.concatenate([[0.0], np.cumsum(pauses)]) / SECONDS
    at_frames = crossing_mjd(geometry.y_arcsec, geometry, mjd)
    assert (at_frames - mjd) * SECONDS == pytest.approx(np.zeros(12), abs=1e-4)
    between = 0.5 * (geometry.y_arcsec[1:] + geometry.y_arcsec[:-1])
    expected = 0.5 * (mjd[1:] + mjd[:-1])
    assert (crossing_mjd(between, geometry, mjd) - expected) * SECONDS == pytest.approx(
        np.zeros(11), abs=1e-4
    )


def test_places_beyond_the_frames_have_the_time_of_the_outermost() -> None:
    scan = make_scan(frames=12, count=0, noise=False)
    geometry, mjd = scan.geometry[Band.J], 51234.5 + np.arange(12) * 1.4 / SECONDS
    beyond = geometry.y_arcsec.min() - STEP_ARCSEC, geometry.y_arcsec.max() + STEP_ARCSEC
    found = crossing_mjd(np.array(beyond), geometry, mjd)
    assert {*found} == {mjd[geometry.y_arcsec.argmin()], mjd[geometry.y_arcsec.argmax()]}


def test_no_places() -> None:
    scan = make_scan(frames=12, count=0, noise=False)
    assert crossing_mjd(np.zeros(0), scan.geometry[Band.J], np.arange(12.0)).size == 0
