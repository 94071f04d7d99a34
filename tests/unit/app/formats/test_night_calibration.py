"""Calibration files: what is written comes back, for the camera it was made with."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from app.formats.night_calibration import PLANES, CalibrationFileError, read_calibration, write_calibration


@pytest.fixture
def planes():
    random = np.random.default_rng(4)
    return {name: random.integers(0, 2, (256, 256)).astype(np.float32) for name in PLANES}


@pytest.fixture
def path(planes, tmp_path):
    file = tmp_path / "one.fits"
    file.write_bytes(write_calibration(planes, {"FILTER": "j", "CAMERA": "sim-s-1", "BENDDN2": 4.5e-11}))
    return file


def test_round_trip(path, planes):
    back, bend = read_calibration(path, "sim-s-1")
    assert bend == 4.5e-11
    assert all(np.array_equal(back[name], planes[name]) for name in PLANES)
    assert back["MASK"].dtype == np.uint8


def test_a_file_of_another_camera_is_not_read(path):
    with pytest.raises(CalibrationFileError, match=r"CAMERA 'sim-s-1'; expected 'sim-s-2'"):
        read_calibration(path, "sim-s-2")


def test_a_file_of_the_first_version_names_no_camera_and_its_row_is_believed(path):
    with fits.open(path, mode="update") as hdus:
        del hdus[0].header["CAMERA"]
    assert set(read_calibration(path, "anything")[0]) == set(PLANES)


def test_a_file_without_the_curvature_of_its_array_is_not_read(path):
    with fits.open(path, mode="update") as hdus:
        del hdus[0].header["BENDDN2"]
    with pytest.raises(CalibrationFileError, match="BENDDN2"):
        read_calibration(path, "sim-s-1")


@pytest.mark.parametrize(
    "damage", [lambda _: b"", lambda content: content[:3000], lambda content: content[:200_000]]
)
def test_a_damaged_file_is_told(path, damage):
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(CalibrationFileError, match="recall"):
        read_calibration(path, "sim-s-1")
