"""What the reduction is given of a raw file: its content, and the array of the camera that it names."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest

from app.formats.raw_night import FRAME_DTYPE, RawScan, RawScanHeader, ScanType
from app.instruments import cameras
from app.instruments.bands import Band
from app.instruments.camera import make_camera
from app.instruments.cameras import CAMERAS, UnknownCameraError, detector_of
from workers.steps.raw_band import CameraMismatchError, array_of, raw_band
from workers.steps.scan_facts import ScanFile

HEADER = RawScanHeader(
    date(1998, 4, 27), "n", Band.H, 7, ScanType.SURVEY, datetime(1998, 4, 27, tzinfo=UTC), 2, "sim-n-1"
)


def raw_scan(shape=(256, 256), **changes):
    frames = np.zeros(2, FRAME_DTYPE)
    frames["missing"] = [False, True]
    frames["airmass"] = [1.25, 1.5]
    cube = np.zeros((2, *shape), np.uint16)
    return RawScan(replace(HEADER, **changes), frames, cube, cube)


def test_content_comes_with_its_array():
    found = raw_band(raw_scan())
    assert found.detector == detector_of("sim-n-1", Band.H)
    assert found.missing.tolist() == [False, True]
    assert found.airmass.dtype == np.float64
    assert found.airmass.tolist() == [1.25, 1.5]


def test_the_camera_decides_not_the_site(monkeypatch):
    """A second camera at a site: the hemisphere gave it the first one's constants without a word."""
    second = replace(detector_of("sim-s-1", Band.H), gain=4.2, read1_seconds=0.1, zero_point_mag=21.0)
    monkeypatch.setattr(cameras, "CAMERAS", {**CAMERAS, "sim-s-2": make_camera("sim-s-2", 2.0, second)})
    found = raw_band(raw_scan(camera="sim-s-2", hemisphere="s", read1_seconds=0.1))
    assert found.detector == second
    assert raw_band(raw_scan(camera="sim-s-1", hemisphere="s")).detector.gain == 8.0


def test_an_array_may_have_another_shape(monkeypatch):
    wide = replace(detector_of("sim-s-1", Band.H), shape=(128, 512))
    monkeypatch.setattr(cameras, "CAMERAS", {"wide": make_camera("wide", 1.4, wide)})
    assert raw_band(raw_scan((128, 512), camera="wide")).detector.shape == (128, 512)


def test_an_unknown_camera_is_refused():
    with pytest.raises(
        UnknownCameraError, match="CAMERA 'another'; expected a known camera: sim-n-1, sim-s-1"
    ):
        raw_band(raw_scan(camera="another"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"read1_seconds": 0.1}, "h0423007.fits: READ1_T 0.1 s; expected 0.051 s of camera sim-n-1"),
        ({"integration_seconds": 7.8}, "INT_PER 7.8 s; expected 1.3 s of camera sim-n-1"),
        ({"shape": (256, 128)}, r"READ1 frames \(256, 128\); expected \(256, 256\) of camera sim-n-1"),
    ],
)
def test_a_file_that_contradicts_its_camera_is_refused(changes, words):
    with pytest.raises(CameraMismatchError, match=words) as caught:
        array_of(raw_scan(**changes))
    assert caught.value.code == "CAMERA_MISMATCH"
    assert "identifier of its own" in caught.value.remedy


@pytest.mark.parametrize(
    ("camera", "known"), [("sim-s-1", True), ("another", False), ("", False), (None, False)]
)
def test_a_file_of_the_database_names_its_camera(camera, known):
    file = ScanFile(1, "dark", Band.J, None, "file:///j.fits", "0" * 64, camera)
    if known:
        assert file.known_camera().identifier == camera
    else:
        with pytest.raises(UnknownCameraError, match="known camera: sim-n-1, sim-s-1"):
            file.known_camera()
