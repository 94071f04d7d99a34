"""The one-dimensional fit to wings: light, sky, neighbours, and where it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.instruments.bands import Band
from app.instruments.cameras import detector_of
from tests.unit.workers.reduction.merging.test_read1 import band_frames
from tests.worlds.small_scan import make_scan
from workers.reduction.profile.radial import profile_of
from workers.reduction.profile.table import turbulent_guess
from workers.reduction.saturated.read1_stars import Read1Stars
from workers.reduction.saturated.wings import FEWEST_PIXELS, _fit, _wing_pixels, wing_fluxes, wings_of_rows

DETECTOR = detector_of("sim-n-1", Band.J)


def wing(flux, sky, *, pixels=200, seed=2):
    """Pixels of a wing: values with their noise, and the share of the star's light in each."""
    rng = np.random.default_rng(seed)
    share = 10.0 ** rng.uniform(-5.0, -2.5, pixels)
    noise = DETECTOR.read_noise_electrons / DETECTOR.gain
    return flux * share + sky + noise * rng.standard_normal(pixels), share


@pytest.mark.parametrize("flux", [1e6, 1e7])
def test_light_and_sky_are_told_apart(flux):
    for sky in (0.0, 40.0):
        value, share = wing(flux, sky)
        assert _fit(value, share, DETECTOR) == pytest.approx(flux, rel=0.02)


def test_neighbours_do_not_count():
    value, share = wing(1e7, 20.0)
    value[:6] += 3e4
    assert _fit(value, share, DETECTOR) == pytest.approx(1e7, rel=0.05)


def test_too_few_pixels_or_no_profile_give_no_light():
    value, share = wing(1e7, 20.0)
    fewest = slice(0, FEWEST_PIXELS - 1)
    assert np.isnan(_fit(value[fewest], share[fewest], DETECTOR))
    assert np.isnan(_fit(value, np.zeros_like(share), DETECTOR))


@pytest.fixture(scope="module")
def band():
    scan = make_scan(frames=4, count=6, seed=73, bright=(6.4, 6.6))
    return scan, band_frames(scan), profile_of(turbulent_guess(1.5, 4))


def test_pixels_lie_outside_of_what_is_clipped(band):
    scan, frames, profile = band
    y, x = np.mgrid[:256, :256]
    pixel_x, pixel_y = frames.geometry.to_pixels(np.zeros(6, int), scan.x_arcsec, scan.y_arcsec)
    inner = np.flatnonzero((np.abs(pixel_x - 128) < 110) & (np.abs(pixel_y - 128) < 110))
    assert inner.size
    for k in inner:
        value, share = _wing_pixels(frames, profile, 0, pixel_x[k], pixel_y[k])
        r = np.hypot(x - pixel_x[k], y - pixel_y[k])
        clipped = (frames.raw.read1_dn[0] > frames.calibration.saturation_dn) & (r < 4.5)
        start = r[clipped].max() + 0.5
        good = (r >= start) & (r < 9.0) & ~frames.calibration.mask
        assert value.size <= good.sum()
        assert value.size > 0.9 * good.sum()
        assert share.max() <= float(profile.at(np.array([start]))[0])
        assert (share > 0.0).all()


def test_stars_off_the_frames_have_no_light(band):
    _, frames, profile = band
    flux, error, looks = wing_fluxes(frames, profile, np.array([5e3]), np.array([0.0]))
    assert looks.tolist() == [0]
    assert np.isnan(flux).all()
    assert np.isnan(error).all()


def test_errors_hold_the_floor_and_the_scatter(band):
    scan, frames, profile = band
    flux, error, looks = wing_fluxes(frames, profile, scan.x_arcsec, scan.y_arcsec)
    known = np.isfinite(flux)
    assert known.sum() >= 3
    assert (error[known] >= 0.1 * flux[known]).all()
    # Of one or two looks the error is a guess.
    few = known & (looks < 3)
    assert few.any()
    assert error[few] == pytest.approx(np.hypot(0.2, 0.1) * flux[few], rel=0.1)
    assert looks[~known].tolist() == [0] * (~known).sum()


def test_rows_without_clipped_stars_stay_empty(band):
    _, frames, profile = band
    place = np.zeros(1)
    stars = Read1Stars(place, place, place, place, {Band.J: np.zeros(1, bool)})
    for chosen, star in ((stars, np.array([0, -1])), (Read1Stars.none([Band.J]), np.array([-1, -1]))):
        ((flux, error, looks),) = wings_of_rows({Band.J: frames}, {Band.J: profile}, chosen, star).values()
        assert np.isnan(flux).all()
        assert np.isnan(error).all()
        assert not looks.any()
    moved = replace(stars, x_arcsec=np.array([1.0])).moved(frames.geometry, frames.geometry)
    assert moved.x_arcsec.tolist() == [1.0]
