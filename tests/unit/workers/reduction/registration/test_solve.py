"""The U-scan system, frame geometry, and the solution for all frames."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.instruments.bands import Band
from app.instruments.cameras import detector_of
from app.parameters.reduction import ReductionParameters
from tests.worlds.small_scan import make_scan
from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.frames.uscan import UScan
from workers.reduction.reduce_scan import ReferenceStars, reduce_scan


@given(st.floats(0, 359.9), st.floats(-80, 80), st.sampled_from([-1.0, 1.0]))
def test_uscan_round_trip(ra, decl, direction):
    decls = decl + direction * np.linspace(0, 6, 273)
    system = UScan.through(np.full(273, ra), decls)
    x, y = system.from_sky(np.full(273, ra), decls)
    assert np.abs(x).max() < 1e-6
    assert y[0] == pytest.approx(0.0, abs=1e-6)
    assert abs(y[-1]) == pytest.approx(21600.0, abs=1e-5)
    assert (y[-1] > 0) == (direction > 0)
    back = system.to_sky(np.array([-256.0, 256.0]), np.array([0.0, y[-1]]))
    again = system.from_sky(*back)
    np.testing.assert_allclose(again, [[-256.0, 256.0], [0.0, y[-1]]], atol=1e-6)


def test_atlas_pixels_are_uscan_arcseconds():
    system = UScan.through(np.full(10, 80.0), 30.0 + np.arange(10) * 0.02)
    projection = system.projection(3.0, 400.0, 255.5, 511.5)
    x, y = np.meshgrid([0.0, 255.5, 511.0], [0.0, 511.5, 1023.0])
    found_x, found_y = system.from_sky(*projection.to_sky(x, y))
    assert np.abs(found_x - (x - 255.5 + 3.0)).max() < 0.001
    assert np.abs(found_y - (y - 511.5 + 400.0)).max() < 0.001


def test_uscan_x_grows_to_the_west_and_y_to_the_north():
    system = UScan.through(np.array([80.0]), np.array([30.0]))
    assert system.from_sky(79.99, 30.0)[0] > 0
    assert system.from_sky(80.0, 30.01)[1] > 0


def test_geometry_round_trip():
    matrix = 2.0 * np.array([[1.0, -0.004], [0.004, 1.0003]])
    one = FrameGeometry(
        np.array([1.0, 2.0]), np.array([0.0, 83.0]), matrix, np.array([0.0, 1e-4]), -0.12, size_pix=256
    )
    x, y = np.meshgrid(np.linspace(-10, 265, 12), np.linspace(-10, 265, 12))
    frame = np.ones(x.shape, int)
    back = one.to_pixels(frame, *one.to_uscan(frame, x, y))
    assert np.abs(back[0] - x).max() < 1e-6
    assert np.abs(back[1] - y).max() < 1e-6
    np.testing.assert_allclose(one.matrices()[0], matrix)


def errors(scan, reduced, band=Band.J):
    """Errors of the solved frame centres against truth (arcsec); (n, 2)."""
    n = scan.geometry[band].x_arcsec.size
    frames = np.arange(n)
    true = scan.geometry[band].to_uscan(frames, 127.5, 127.5)
    found = reduced.geometry[band].to_uscan(frames, 127.5, 127.5)
    ra, decl = scan.uscan.to_sky(*true)
    tx, ty = reduced.uscan.from_sky(ra, decl)
    return np.column_stack([found[0] - tx, found[1] - ty])


def references(scan, count=25, error=0.05, seed=8, shift_deg=0.0):
    rng = np.random.default_rng(seed)
    order = np.argsort(-scan.flux_dn)[:count]
    ra, decl = scan.uscan.to_sky(
        scan.x_arcsec[order] + error * rng.standard_normal(count),
        scan.y_arcsec[order] + error * rng.standard_normal(count),
    )
    magnitude = 20.9 - 2.5 * np.log10(scan.flux_dn[order]) + 1.5
    return ReferenceStars(ra, decl + shift_deg, magnitude, np.full(count, max(error, 0.02)))


PARAMETERS = ReductionParameters(sky_offset=False)


@pytest.fixture(scope="module")
def three_bands():
    scan = make_scan(frames=14, count=350, seed=11, bands=tuple(Band))
    return scan, reduce_scan(scan.raw, scan.calibration, references(scan), PARAMETERS)


@pytest.mark.parametrize("band", list(Band))
def test_frames_lie_where_they_were(three_bands, band):
    scan, reduced = three_bands
    error = errors(scan, reduced, band)
    assert np.diff(error, axis=0).std() / np.sqrt(2) < 0.02 * 2.0  # 0.02 pixel a frame
    assert np.abs(error.mean(axis=0)).max() < 0.05
    assert np.abs(error).max() < 0.1
    assert reduced.registration.reference_count >= 15


def test_scale_and_distortion_are_found(three_bands):
    scan, reduced = three_bands
    for band in Band:
        found, true = reduced.geometry[band], scan.geometry[band]
        # 2e-4 is 0.05" at the edge of the field; 25 stars of 0.05" fix it to some 7e-5.
        assert np.abs(found.matrix_arcsec - true.matrix_arcsec).max() < 2.0 * 3e-4
        assert found.distortion_arcsec == pytest.approx(-0.1, abs=0.05)


def test_without_reference_stars_the_commanded_places_hold(three_bands):
    scan, _ = three_bands
    raw = {Band.J: scan.raw[Band.J]}
    reduced = reduce_scan(raw, scan.calibration, ReferenceStars.none(), PARAMETERS)
    error = errors(scan, reduced)
    assert reduced.registration.reference_count == 0
    assert (
        np.abs(error.mean(axis=0)).max() < 1.0
    )  # pointing errors of 0.6" a frame, averaged, and the band's offset
    assert np.diff(error, axis=0).std() / np.sqrt(2) < 0.06
    assert reduced.geometry[Band.J].matrix_arcsec[0, 0] == pytest.approx(2.0, abs=0.002)


def test_pointing_wrong_by_half_a_minute_is_found(three_bands):
    scan, _ = three_bands
    # all commanded positions 30" off, many references: the search of 60" takes it
    raw = {Band.J: replace(scan.raw[Band.J], decl_deg=scan.raw[Band.J].decl_deg + 30.0 / 3600)}
    reduced = reduce_scan(raw, scan.calibration, references(scan), PARAMETERS)
    error = errors(scan, reduced)
    assert np.abs(error).max() < 0.1


def test_a_wrong_catalogue_is_not_followed(three_bands):
    scan, _ = three_bands
    rng = np.random.default_rng(3)
    stars = references(scan)
    random = ReferenceStars(
        stars.ra_deg + rng.normal(0, 0.03, 25),
        stars.decl_deg + rng.normal(0, 0.03, 25),
        stars.magnitude,
        stars.error_arcsec,
    )
    reduced = reduce_scan({Band.J: scan.raw[Band.J]}, scan.calibration, random, PARAMETERS)
    assert reduced.registration.reference_count < 6


def test_starless_frames_keep_their_commanded_places():
    scan = make_scan(frames=6, count=0, pointing_arcsec=0.0, seed=2)
    reduced = reduce_scan(scan.raw, scan.calibration, ReferenceStars.none(), PARAMETERS)
    assert reduced.registration.frames_on_pegs == 6
    nominal = detector_of("sim-s-1", Band.J).offset_arcsec
    x, y = scan.uscan.from_sky(scan.raw[Band.J].ra_deg, scan.raw[Band.J].decl_deg)
    geometry = reduced.geometry[Band.J]
    np.testing.assert_allclose(geometry.x_arcsec, x + nominal[0], atol=1e-3)
    np.testing.assert_allclose(geometry.y_arcsec, y + nominal[1], atol=1e-3)


def test_a_frame_without_stars_between_others_is_carried(three_bands):
    scan, _ = three_bands
    raw = scan.raw[Band.J]
    read1, read2, missing = raw.read1_dn.copy(), raw.read2_dn.copy(), raw.missing.copy()
    read1[6] = read2[6] = 0
    missing[6] = True
    gap = replace(raw, read1_dn=read1, read2_dn=read2, missing=missing)
    reduced = reduce_scan({Band.J: gap}, scan.calibration, references(scan), PARAMETERS)
    error = errors(scan, reduced)
    assert np.abs(np.delete(error, 6, axis=0)).max() < 0.12
    assert np.abs(error[6]).max() < 2.0  # its own pointing error cannot be known
    assert reduced.registration.frames_on_pegs == 1
