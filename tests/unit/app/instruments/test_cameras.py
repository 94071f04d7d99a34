"""Cameras by identifier: what is believed of each, and what is said of those that nobody knows."""

from __future__ import annotations

import doctest

import pytest

from app.errors import InputError
from app.instruments import cameras
from app.instruments.bands import BANDS, Band
from app.instruments.camera import CameraBandError, make_camera
from app.instruments.cameras import CAMERAS, UnknownCameraError, camera_of, detector_of
from app.observatory import camera as observatory


@pytest.mark.parametrize("identifier", CAMERAS)
def test_a_camera_is_found_by_its_identifier(identifier):
    camera = camera_of(identifier)
    assert camera.identifier == identifier
    assert camera.bands == BANDS
    assert all(camera.detector(band).band is band for band in BANDS)
    assert detector_of(identifier, Band.H) is camera.detector(Band.H)
    shapes = {camera.detector(band).shape for band in BANDS}
    assert len(shapes) == 1, "the reduction takes arrays of one size: give all bands of the camera the same"
    [(rows, columns)] = shapes
    assert rows == columns, "the reduction takes square arrays of one size"


@pytest.mark.parametrize("identifier", CAMERAS)
@pytest.mark.parametrize("band", BANDS)
def test_nominal_constants_are_possible(identifier, band):
    array = detector_of(identifier, band)
    assert min(array.shape) > 0
    assert 0.0 < array.read1_seconds < array.integration_seconds
    assert array.read1_seconds + array.integration_seconds < camera_of(identifier).frame_seconds
    assert 0.0 < array.gain < 100.0
    assert array.pixel_arcsec > 0.0
    assert 15.0 < array.zero_point_mag < 25.0
    assert 0.0 < array.extinction_mag < 1.0


@pytest.mark.parametrize("identifier", ["", "n", "s", "SIM-S-1", "nobody-1"])
def test_an_unknown_camera_is_an_input_error_that_names_the_known_ones(identifier):
    """A hemisphere is no camera: a second one at a site would have got the constants of the first."""
    with pytest.raises(
        UnknownCameraError, match=f"CAMERA '{identifier}'.*{', '.join(CAMERAS)}.*cameras.py"
    ) as caught:
        camera_of(identifier)
    assert isinstance(caught.value, InputError)
    assert caught.value.code == "UNKNOWN_CAMERA"


def test_a_second_camera_is_one_entry(monkeypatch):
    small = cameras.Detector(
        Band.J, 5.0, 20.0, 30000.0, 1.0, (0.0, 0.0), 0.0, 0.1, 2.0, 21.5, 0.1, (512, 384)
    )
    monkeypatch.setattr(cameras, "CAMERAS", {**CAMERAS, "sim-s-2": make_camera("sim-s-2", 2.5, small)})
    assert detector_of("sim-s-2", Band.J) is small
    assert detector_of("sim-s-1", Band.J).shape == (256, 256)
    with pytest.raises(CameraBandError, match="camera 'sim-s-2' in band Ks; expected a band it has: J"):
        detector_of("sim-s-2", Band.K)


def test_a_camera_has_one_array_a_band():
    array = detector_of("sim-s-1", Band.J)
    with pytest.raises(ValueError, match="two arrays of one band"):
        make_camera("twice", 1.4, array, array)


def test_the_registry_cannot_be_changed_by_accident():
    with pytest.raises(TypeError):
        CAMERAS["sim-s-2"] = CAMERAS["sim-s-1"]  # type: ignore[index]
    with pytest.raises(TypeError):
        CAMERAS["sim-s-1"].arrays[Band.J] = None  # type: ignore[index]


@pytest.mark.parametrize("hemisphere", ["n", "s"])
def test_the_simulated_sites_use_known_cameras_and_their_frames(hemisphere):
    camera = camera_of(observatory.identifier(hemisphere))
    assert camera.frame_seconds == observatory.FRAME_SECONDS
    for band in BANDS:
        array = camera.detector(band)
        assert array.shape == (observatory.SIZE, observatory.SIZE)
        assert array.read1_seconds == observatory.READ1_SECONDS
        assert array.integration_seconds == observatory.INTEGRATION_SECONDS


def test_the_simulated_physics_is_not_what_the_pipeline_believes():
    """Were both one table, no test of the reduction could find a wrong constant."""
    for band in BANDS:
        believed, true = detector_of("sim-s-1", band), observatory.CAMERAS[band]
        if band is not Band.J:
            assert believed.offset_arcsec != (
                true.offset_x_pix * true.scale_arcsec,
                true.offset_y_pix * true.scale_arcsec,
            )
            assert believed.rotation_deg != true.rotation_deg
        assert believed.saturation_dn != true.well_dn


def test_examples():
    assert doctest.testmod(cameras).failed == 0
