"""A raw file against the camera that it names."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from app.formats.raw_camera import camera_problems
from app.formats.raw_header import RawScanHeader, ScanType
from app.instruments.bands import Band
from app.instruments.cameras import CAMERAS

HEADER = RawScanHeader(
    date(1998, 4, 27), "s", Band.J, 7, ScanType.SURVEY, datetime(1998, 4, 27, tzinfo=UTC), 2, "sim-s-1"
)
SHAPE = (256, 256)


@pytest.mark.parametrize("camera", ["sim-s-1", "sim-n-1"])
@pytest.mark.parametrize("hemisphere", ["n", "s"])
def test_a_camera_may_be_at_any_site(camera, hemisphere):
    assert camera_problems(replace(HEADER, camera=camera, hemisphere=hemisphere), SHAPE) == []


@pytest.mark.parametrize(
    ("changes", "shape", "told"),
    [
        (
            {"camera": "another"},
            SHAPE,
            f"CAMERA: found CAMERA 'another', expected a known camera: {', '.join(CAMERAS)}",
        ),
        ({"read1_seconds": 0.052}, SHAPE, "READ1_T: found 0.052 s, expected 0.051 s of camera sim-s-1"),
        ({"integration_seconds": 1.2}, SHAPE, "INT_PER: found 1.2 s, expected 1.3 s of camera sim-s-1"),
        ({}, (128, 256), "READ1: found frames (128, 256), expected (256, 256) of camera sim-s-1"),
    ],
)
def test_contradictions_are_told(changes, shape, told):
    [problem] = camera_problems(replace(HEADER, **changes), shape)
    assert str(problem) == f"j0423007.fits: {told}"


def test_times_may_differ_by_less_than_the_error_of_read_1():
    near = replace(HEADER, read1_seconds=0.0514, integration_seconds=1.29)
    assert camera_problems(near, SHAPE) == []


def test_all_contradictions_are_told_at_once():
    wrong = replace(HEADER, read1_seconds=0.1, integration_seconds=1.0)
    assert [problem.keyword for problem in camera_problems(wrong, (2, 2))] == ["READ1_T", "INT_PER", "READ1"]
