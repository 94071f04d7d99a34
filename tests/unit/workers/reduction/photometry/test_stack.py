"""A band's stack: frames and geometry have one holder, and each step makes a new value."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from tests.worlds.frame_stack import band_of, blank, gaussian_psf, strip
from workers.reduction.photometry.stack import BandStack
from workers.reduction.profile.stars import Stars

FRAMES = 5


@pytest.fixture
def stack():
    return BandStack(band_of(blank(FRAMES), strip(FRAMES)), gaussian_psf(FRAMES))


def test_frames_and_geometry_are_those_of_the_band(stack):
    assert stack.frames is stack.band.frames
    assert stack.geometry is stack.band.geometry
    with pytest.raises(FrozenInstanceError):
        stack.band = None
    with pytest.raises(AttributeError):
        stack.geometry = strip(FRAMES)


def test_another_registration_makes_a_new_stack(stack):
    moved = replace(stack.geometry, x_arcsec=stack.geometry.x_arcsec + 0.5)
    new = stack.at(moved)
    assert new.geometry is new.band.geometry is moved
    assert stack.geometry is not moved
    assert new.frames is stack.frames
    stars = Stars.at(np.zeros(1), np.full(1, 30.0), np.ones(1))
    shift = new.looks(stars).x_pix - stack.looks(stars).x_pix
    np.testing.assert_allclose(shift, -0.25, atol=1e-9)


def test_frames_without_pixels_are_not_looked_at(stack):
    stack.frames.noise_dn[1] = 0.0
    assert stack.usable.tolist() == [True, False, True, True, True]
    stars = Stars.at(np.zeros(1), np.full(1, 83.0), np.ones(1))
    assert 1 not in stack.looks(stars).frame
    assert stack.noise_dn() == 10.0


def test_sky_noise_and_crowding_of_a_blank_field(stack):
    detector = stack.frames.detector
    expected = np.sqrt(400.0 / detector.gain + 2.0 * (detector.read_noise_electrons / detector.gain) ** 2)
    assert stack.sky_dn() == 400.0
    assert stack.crowding() == pytest.approx(10.0 / expected)


def test_a_band_without_pixels_has_no_sky(stack):
    stack.frames.noise_dn[:] = 0.0
    assert np.isnan(stack.sky_dn())
    assert np.isnan(stack.noise_dn())
    assert stack.crowding() == 1.0
