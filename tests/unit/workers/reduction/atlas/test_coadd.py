"""Coadds: equal to drizzle, light conserved, seamless, cut as the survey did."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.instruments.bands import Band
from tests.unit.workers.reduction.calibration.test_cosmic import calibrated
from tests.worlds.small_scan import SKY_DN, make_scan, stars
from workers.reduction.atlas.coadd import coadd
from workers.reduction.atlas.levels import solve_levels
from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.frames.grid import MOST_ROWS, StripGrid, strip_grid
from workers.reduction.frames.values import CalibratedFrames, PixelFlag


def plain_frames(pixels, noise=10.0):
    n = pixels.shape[0]
    scan = make_scan(frames=2, count=0)
    return CalibratedFrames(
        scan.raw[Band.J].detector,
        pixels.astype(np.float32),
        np.zeros(pixels.shape, np.uint8),
        np.zeros((n, 4, 4), np.float32),
        np.full(n, noise, np.float32),
    )


def star_frames(geometry, x_arcsec, y_arcsec, flux):
    """Noiseless stars on no sky."""
    images = np.zeros((geometry.x_arcsec.size, 256, 256))
    for i in range(images.shape[0]):
        x, y = geometry.to_pixels(np.full(x_arcsec.size, i), x_arcsec, y_arcsec)
        stars(images[i], x, y, flux)
    return images


def geometry_of(frames=8, rotation_deg=0.23, pointing=0.5, seed=3):
    rng = np.random.default_rng(seed)
    turn = np.radians(rotation_deg)
    matrix = 2.0 * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return FrameGeometry(
        pointing * rng.standard_normal(frames),
        83.25 * np.arange(frames) + pointing * rng.standard_normal(frames),
        matrix,
        np.zeros(frames),
        size_pix=256,
    )


@pytest.mark.parametrize(("rotation", "tolerance"), [(0.0, 1e-6), (0.07, 3e-5), (0.23, 1.5e-4)])
def test_equals_drizzle(rotation, tolerance):
    """Rotation enters to first order: the difference grows with its square."""
    drizzle = pytest.importorskip("drizzle.resample")
    rng = np.random.default_rng(6)
    geometry = geometry_of(rotation_deg=rotation)
    images = star_frames(geometry, rng.uniform(-200, 200, 60), rng.uniform(0, 500, 60), np.full(60, 1e4))
    grid = StripGrid(-255.5, 100.0, 400, northward=True)
    found, coverage, _ = coadd(plain_frames(images), geometry, np.zeros((8, 6)), grid)
    reference = drizzle.Drizzle(kernel="square", out_shape=found.shape, fillval="NaN")
    yy, xx = np.mgrid[:256, :256].astype(float)
    for i in range(8):
        u, v = geometry.to_uscan(np.full(xx.shape, i), xx, yy)
        pixmap = np.dstack([u - grid.first_x_arcsec, v - grid.first_y_arcsec])
        reference.add_image(
            images[i].astype(np.float32),
            exptime=1.0,
            pixmap=pixmap,
            pixel_scale_ratio=0.5,
            weight_map=np.ones((256, 256), np.float32),
        )
    expected = reference.out_img / 4.0  # drizzle keeps surface brightness
    # Drizzle leaves out input pixels that reach over the edge of the output; frame corners differ in coverage.
    inner = np.abs(coverage - 4.0 * reference.out_wht) < 1e-3
    inner[:4] = inner[-4:] = False
    assert inner.mean() > 0.95
    difference = np.abs(found - expected)[inner]
    assert np.nanmax(difference) < tolerance * np.nanmax(expected)
    assert np.nanmean(difference) < 0.02 * tolerance * np.nanmax(expected) + 1e-7


def test_light_is_conserved():
    geometry = geometry_of(frames=13)
    x, y = np.array([-120.3, 40.7, 100.2]), np.array([368.4, 456.1, 544.9])  # 35" from edges
    flux = np.array([2e4, 5e4, 1e5])
    images = star_frames(geometry, x, y, flux)
    grid = StripGrid(-255.5, 250.0, 512, northward=True)
    found, _, _ = coadd(plain_frames(images), geometry, np.zeros((13, 6)), grid)
    assert np.nansum(found, dtype=float) == pytest.approx(flux.sum(), rel=1e-5)
    one = replace(
        geometry, x_arcsec=geometry.x_arcsec[6:7], y_arcsec=geometry.y_arcsec[6:7], turn_rad=np.zeros(1)
    )
    single, coverage, _ = coadd(plain_frames(images[6:7]), one, np.zeros((1, 6)), grid)
    total = np.nansum(single.astype(float) * coverage)
    assert total == pytest.approx(images[6].sum(), rel=1e-5)


def test_places_are_those_of_the_grid():
    geometry = geometry_of(frames=13)
    x, y = np.array([-120.3, 40.7]), np.array([400.4, 505.1])
    images = star_frames(geometry, x, y, np.array([1e5, 1e5]))
    grid = StripGrid(-255.5, 250.0, 512, northward=True)
    found, _, _ = coadd(plain_frames(images), geometry, np.zeros((13, 6)), grid)
    for sx, sy in zip(x - grid.first_x_arcsec, y - grid.first_y_arcsec, strict=True):
        j, i = np.mgrid[int(sy) - 10 : int(sy) + 11, int(sx) - 10 : int(sx) + 11]
        stamp = found[j, i]
        assert (stamp * i).sum() / stamp.sum() == pytest.approx(sx, abs=0.01)
        assert (stamp * j).sum() / stamp.sum() == pytest.approx(sy, abs=0.01)


def test_uncertainty_is_the_scatter_of_an_uncorrelated_mean():
    """One frame, pixels on the grid: each 1" pixel is a quarter of a 2" pixel with all of its relative noise."""
    rng = np.random.default_rng(2)
    geometry = FrameGeometry(np.array([0.5]), np.array([0.5]), 2.0 * np.eye(2), np.zeros(1), size_pix=256)
    frames = plain_frames(100 + 10 * rng.standard_normal((1, 256, 256)))
    frames.mesh_dn[:] = 100.0
    found, coverage, uncertainty = coadd(
        frames, geometry, np.zeros((1, 6)), StripGrid(-300.0, -300.0, 600, northward=True)
    )
    inner = (coverage > 0.99) & (coverage < 1.01)
    assert found[inner].std() == pytest.approx(10 / 4, rel=0.05)
    assert np.median(uncertainty[inner]) == pytest.approx(10 / 4, rel=0.08)


def test_flagged_pixels_do_not_count_and_empty_ones_are_nan():
    geometry = FrameGeometry(np.zeros(1), np.zeros(1), 2.0 * np.eye(2), np.zeros(1), size_pix=256)
    frames = plain_frames(np.full((1, 256, 256), 8.0))
    frames.pixels_dn[0, 100:110, 100:110] = 1e6
    frames.flags[0, 100:110, 100:110] = PixelFlag.COSMIC
    found, coverage, uncertainty = coadd(
        frames, geometry, np.zeros((1, 6)), StripGrid(-300.0, -300.0, 600, northward=True)
    )
    assert np.nanmax(found) == pytest.approx(2.0, rel=1e-5)
    assert np.nanmin(found) == pytest.approx(2.0, rel=1e-5)
    np.testing.assert_array_equal(np.isnan(found), coverage <= 1e-4)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(uncertainty))
    assert np.isnan(found).any()


def test_backgrounds_that_change_leave_no_seams():
    scan = make_scan(frames=14, count=200, seed=31, sky_change=0.08)
    frames, geometry = calibrated(scan), scan.geometry[Band.J]
    grid = strip_grid(geometry)
    plain, _, _ = coadd(frames, geometry, np.zeros((14, 6)), grid)
    levels = solve_levels(frames.mesh_dn, frames.usable, geometry)
    levelled, _, _ = coadd(frames, geometry, levels, grid)
    rows_plain, rows = (np.nanmedian(image, axis=1) for image in (plain, levelled))

    def steps(rows):
        """Change of level over 10 rows, without the trend over 100."""
        return np.abs(rows[10:] - rows[:-10]).max()

    assert steps(rows) < 0.25 * steps(rows_plain)
    assert steps(rows) < 1.0  # DN; the noise of a pixel is 0.9
    assert np.nanmedian(levelled) == pytest.approx(SKY_DN / 4, rel=0.06)


@pytest.mark.parametrize("northward", [True, False])
def test_windows_of_a_survey_scan(northward):
    sign = 1 if northward else -1
    geometry = FrameGeometry(
        np.zeros(273), sign * 82.3 * np.arange(273), 2 * np.eye(2), np.zeros(273), size_pix=256
    )
    grid = strip_grid(geometry)
    windows = grid.windows()
    assert grid.rows == MOST_ROWS
    assert len(windows) == 23
    assert [b - a for a, b in windows] == [1024] * 22 + [698]
    starts = np.array([a for a, _ in windows])
    if northward:
        assert (
            grid.first_y_arcsec == 156.0
        )  # USYREF 156 of real images, + 1 for the first pixel, - 1 by the frame's edge
        assert (np.diff(starts) == 970).all()
    else:
        assert windows[0][1] == grid.rows
        assert windows[-1][0] == 0


@pytest.mark.parametrize(("frames", "images"), [(1, 1), (6, 1), (12, 1), (24, 2), (30, 3), (48, 4)])
def test_windows_of_short_scans(frames, images):
    geometry = FrameGeometry(
        np.zeros(frames), 83.25 * np.arange(frames), 2 * np.eye(2), np.zeros(frames), size_pix=256
    )
    windows = strip_grid(geometry).windows()
    assert len(windows) == images
    assert all(100 <= b - a <= 1024 for a, b in windows)
    assert all(windows[k][1] - windows[k + 1][0] == 54 for k in range(images - 1))
