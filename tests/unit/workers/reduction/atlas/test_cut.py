"""The strip cut into images: which frame names them, what they hold, what their headers say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.instruments.bands import Band
from tests.unit.workers.reduction.saturated.test_read1_stars import learnt_psf
from tests.worlds.frame_stack import gaussian_psf
from tests.worlds.small_scan import SIGMA_PIX, make_scan
from workers.reduction.atlas.cut import cut_images, middle_frames, seeing_metrics, seeing_shape
from workers.reduction.atlas.values import Planes
from workers.reduction.frames.grid import HEIGHT, OVERLAP, WIDTH, StripGrid
from workers.reduction.frames.values import ExposureFacts
from workers.reduction.frames.zero_points import NOMINAL, magnitude_of_one_dn
from workers.reduction.profile.table import turbulent_guess

FRAMES, ROWS = 30, 1500


@pytest.fixture(scope="module")
def strip():
    scan = make_scan(frames=FRAMES, count=0, noise=False)
    rng = np.random.default_rng(4)
    planes = Planes(*(rng.normal(100.0, 3.0, (ROWS, WIDTH)).astype(np.float32) for _ in range(3)))
    planes.pixels[:30] = np.nan
    return scan, StripGrid(-255.5, 200.0, ROWS, northward=True), planes


def exposures_of(scan, count=FRAMES):
    raw = scan.raw[Band.J]
    return ExposureFacts(raw.detector, raw.mjd[:count], raw.airmass[:count])


def cut(strip, psf=None):
    scan, grid, planes = strip
    geometry = scan.geometry[Band.J]
    middles = middle_frames(geometry, grid)
    psf = psf or gaussian_psf(FRAMES)
    return cut_images(exposures_of(scan), geometry, grid, middles, planes, scan.uscan, NOMINAL, psf)


def test_the_frame_nearest_to_the_middle_names_an_image(strip):
    scan, grid, _ = strip
    geometry = replace(scan.geometry[Band.J], y_arcsec=83.25 * np.arange(FRAMES))
    # Middles of rows 0 to 1024 and 970 to 1500: 200 + 511.5 and 200 + 1234.5.
    assert middle_frames(geometry, grid) == [round(711.5 / 83.25), round(1434.5 / 83.25)]


def test_images_share_rows_and_memory(strip):
    _, _, planes = strip
    (first, _), (second, _) = cut(strip)
    assert first.pixels_dn.shape == (HEIGHT, WIDTH)
    assert second.pixels_dn.shape == (ROWS - HEIGHT + OVERLAP, WIDTH)
    np.testing.assert_array_equal(first.pixels_dn[-OVERLAP:], second.pixels_dn[:OVERLAP])
    for image, rows in ((first, slice(0, HEIGHT)), (second, slice(HEIGHT - OVERLAP, ROWS))):
        assert np.shares_memory(image.pixels_dn, planes.pixels)
        np.testing.assert_array_equal(image.coverage, planes.coverage[rows])
        np.testing.assert_array_equal(image.uncertainty_dn, planes.uncertainty[rows])


def test_projections_put_pixels_where_the_grid_has_them(strip):
    scan, grid, _ = strip
    for (image, facts), first in zip(cut(strip), (0, HEIGHT - OVERLAP), strict=True):
        for column, row in ((0.0, 0.0), (511.0, 300.0)):
            x, y = scan.uscan.from_sky(*image.projection.to_sky(column, row))
            assert float(x) == pytest.approx(grid.first_x_arcsec + column, abs=0.002)
            assert float(y) == pytest.approx(grid.first_y_arcsec + first + row, abs=0.002)
        # The reference pixel of the survey's headers counts from 1.
        assert facts.uscan_x_arcsec == grid.first_x_arcsec - 1.0
        assert facts.uscan_y_arcsec == grid.first_y_arcsec + first - 1.0


def test_headers_tell_of_the_frame_in_the_middle(strip):
    scan, grid, _ = strip
    raw = scan.raw[Band.J]
    middles = middle_frames(scan.geometry[Band.J], grid)
    for (image, facts), nearest in zip(cut(strip), middles, strict=True):
        assert (image.band, image.number) == (facts.band, facts.number) == (Band.J, nearest + 1)
        assert facts.mjd == raw.mjd[nearest]
        assert facts.airmass == raw.airmass[nearest]
        assert image.zero_point_mag == magnitude_of_one_dn(raw.detector, facts.airmass, NOMINAL)
        assert image.zero_point_error_mag == NOMINAL.error_mag
        assert facts.frame_count == FRAMES
        assert facts.frame_step_y_arcsec == pytest.approx(83.25, abs=1.0)
        assert abs(facts.frame_step_x_arcsec) < 1.0


def test_sky_is_that_of_the_pixels_with_data(strip):
    (_, facts), _ = cut(strip)
    assert facts.sky_dn == pytest.approx(100.0, abs=0.1)
    assert facts.sky_sigma_dn == pytest.approx(3.0, abs=0.1)
    scan, grid, planes = strip
    empty = planes._replace(pixels=np.full_like(planes.pixels, np.nan))
    (_, facts), _ = cut((scan, grid, empty))
    assert np.isnan(facts.sky_dn)
    assert np.isnan(facts.sky_sigma_dn)


def test_seeing_is_that_of_the_frames_of_the_image(strip):
    """Ten frames are sharp, the others are not: the first image has both kinds."""
    psf = gaussian_psf(FRAMES)
    psf.log_width[10:] = 0.2
    (first, _), (second, _) = cut(strip, psf)
    sharp, soft = np.arange(FRAMES) < 5, np.arange(FRAMES) > FRAMES - 5
    pixel = strip[0].raw[Band.J].detector.pixel_arcsec
    assert seeing_shape(psf, sharp, pixel) < first.seeing_shape < second.seeing_shape
    assert second.seeing_shape == pytest.approx(seeing_shape(psf, soft, pixel))


def test_a_single_frame_has_no_step(strip):
    scan, _, planes = strip
    alone = exposures_of(scan, 1)
    at = replace(scan.geometry[Band.J], x_arcsec=np.zeros(1), y_arcsec=np.zeros(1), turn_rad=np.zeros(1))
    grid = StripGrid(-255.5, -250.0, 500, northward=True)
    ((image, facts),) = cut_images(
        alone, at, grid, [0], Planes(*(p[:500] for p in planes)), scan.uscan, NOMINAL, gaussian_psf(1)
    )
    assert (facts.frame_step_x_arcsec, facts.frame_step_y_arcsec, facts.frame_count) == (0.0, 0.0, 1)
    assert image.number == 1


def test_the_width_of_stars_and_the_seeing_shape():
    psf = learnt_psf()
    width = 2.0 * psf.width_pix(0.0)
    # The pixel's own box adds its variance, 1/12.
    assert width == pytest.approx(2.0 * 2.355 * np.hypot(SIGMA_PIX, np.sqrt(1 / 12)), rel=0.05)
    every = np.ones(8, bool)
    assert seeing_shape(psf, every, 2.0) == pytest.approx((width + 0.46) / 3.13, rel=0.01)
    assert seeing_shape(psf, ~every, 2.0) is None
    assert seeing_shape(turbulent_guess(1.5, 8), every, 2.0) is None  # a guess tells nothing of the seeing
    assert seeing_metrics([None, 0.9, 1.1]) == {"seeing_shape": 1.0, "seeing_shape_maximum": 1.1}
    assert seeing_metrics([None]) == {}
