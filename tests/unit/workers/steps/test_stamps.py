"""Stamps are the pixels of the Atlas images around a source, across the edges of images too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.columns import EXTENDED_SOURCE
from app.columns.records import empty_records
from app.formats.postage_stamp import read_stamp
from app.formats.scaled_plane import plane_noise, step_below
from app.instruments.bands import BANDS, Band
from app.store import Store
from tests.unit.workers.steps.test_records import SCAN
from workers.reduction.frames.products import AtlasImage
from workers.reduction.frames.uscan import UScan
from workers.steps.stamps import SAME_GRID_PIX, StampCutter, stored_stamps

USCAN = UScan.through(np.full(9, 120.0), np.linspace(10.0, 10.5, 9))
SKY_DN = 16.0
STRIP = np.random.default_rng(3).integers(0, 64, (1800, 512)).astype(np.float32)
WINDOWS = {5: (0, 1024), 16: (970, 1800)}


def image(number: int, band: Band = Band.K) -> AtlasImage:
    """Cut as the reduction cuts: tangent points where full images have their middle."""
    first, last = WINDOWS[number]
    projection = USCAN.projection(0.0, first + 511.5, 255.5, 511.5)
    pixels = STRIP[first:last] + np.float32(0.5 * SKY_DN * band.position)
    return AtlasImage(band, number, pixels, projection, 20.0, zero_point_error_mag=0.02)


def source(x: float, row: float, number: int, side: int = 61):
    """A source at a place of the strip."""
    out = empty_records(EXTENDED_SOURCE, 1)
    out["ra"], out["decl"] = image(5).projection.to_sky(x, row)
    out["coadd"], out["im_nx"], out["ext_id"], out["coadd_key"] = (
        number,
        side,
        7,
        SCAN.scan_key << 10 | number,
    )
    return out[0]


def strip_part(x: float, row: float, half: int = 30):
    padded = np.pad(STRIP, 200, constant_values=np.nan)
    j, i = round(row) + 200, round(x) + 200
    return padded[j - half : j + half + 1, i - half : i + half + 1]


@pytest.mark.parametrize(
    ("x", "row", "number"),
    [(200.2, 300.4, 5), (4.0, 300.0, 5), (300.0, 990.0, 5), (300.0, 1005.0, 16), (508.0, 3.0, 5)],
    ids=["inside", "western edge", "upper edge", "lower edge", "corner"],
)
def test_a_stamp_has_the_pixels_of_the_strip(x, row, number):
    [found] = StampCutter([image(5), image(16)]).planes(source(x, row, number))
    np.testing.assert_array_equal(found.pixels_dn - np.float32(SKY_DN), strip_part(x, row))
    ra, decl = image(5).projection.to_sky(x, row)
    assert np.array(found.projection.to_pixels(ra, decl)) == pytest.approx(
        [30 + x - round(x), 30 + row - round(row)], abs=0.01
    )


def test_without_the_neighbour_a_stamp_ends_at_the_edge():
    [found] = StampCutter([image(5)]).planes(source(300.0, 1010.0, 5))
    assert np.isnan(found.pixels_dn[44:]).all()
    assert np.isfinite(found.pixels_dn[:44]).all()


def test_another_grid_is_not_mixed_in():
    shifted = image(16)
    shifted = replace(shifted, projection=replace(shifted.projection, x_pix=255.5 + 3 * SAME_GRID_PIX))
    [found] = StampCutter([image(5), shifted]).planes(source(300.0, 1010.0, 5))
    assert np.isnan(found.pixels_dn[44:]).all()


def test_stored_stamps_hold_all_bands_and_are_found_by_their_rows(tmp_path):
    store = Store(str(tmp_path))
    images = [image(number, band) for number in WINDOWS for band in BANDS]
    sources = np.array([source(200.0, 300.0, 5), source(100.0, 1500.0, 16, side=121), source(9.0, 9.0, 99)])
    rows = stored_stamps(store, sources, images, SCAN)
    assert [(row.side_pix, row.bands) for row in rows] == [(61, "jhk"), (121, "jhk")]
    assert rows == stored_stamps(store, sources, reversed(images), SCAN)
    planes = read_stamp(store.path_of(rows[0].url))
    assert [plane.band for plane in planes] == list(BANDS)
    step = planes[2].step_dn
    assert step == step_below(plane_noise(image(5).pixels_dn))
    assert np.abs(planes[2].pixels_dn - strip_part(200.0, 300.0) - SKY_DN).max() <= 0.5 * step
    assert (rows[0].ra, rows[0].decl) == pytest.approx((sources["ra"][0], sources["decl"][0]), abs=0.6 / 3600)
