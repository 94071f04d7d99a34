"""Pieces of the coadd of residual frames: levels, light and gaps."""

from __future__ import annotations

import numpy as np
import pytest

from tests.worlds.frame_stack import blank, gaussian_psf, lent, paint, strip
from workers.reduction.photometry.mosaic import mosaic

FRAMES = 8


def residual_of(x, y, flux, *, rng=None):
    geometry, frames = strip(FRAMES), blank(FRAMES, rng=rng)
    paint(frames, geometry, x, y, flux)
    return lent(frames, geometry, gaussian_psf(FRAMES))


def piece(residual, x, y, rows, columns):
    return mosaic(residual.arrays(), residual.stack.geometry, x, y, (rows, columns))


def test_a_level_is_a_quarter_of_it_a_pixel_of_one_arcsecond():
    none = np.zeros(0)
    residual = residual_of(none, none, none)
    residual.pixels_dn[:] = 8.0
    image = piece(residual, -100.0, 200.0, 150, 120)
    assert image.shape == (150, 120)
    np.testing.assert_allclose(image, 2.0, rtol=1e-6)


def test_stars_keep_their_light_and_place():
    x, y = np.array([-60.3, 14.8, 70.1]), np.array([260.2, 333.7, 300.4])
    residual = residual_of(x, y, np.array([4e4, 9e3, 2e4]))
    image = piece(residual, -150.0, 200.0, 220, 300).astype(float)
    yy, xx = np.mgrid[:220, :300]
    for sx, sy, flux in zip(x + 150.0, y - 200.0, (4e4, 9e3, 2e4), strict=True):
        near = np.hypot(xx - sx, yy - sy) < 12
        light = image[near].sum()
        assert light == pytest.approx(flux, rel=0.02)
        assert (image * xx)[near].sum() / light == pytest.approx(
            sx, abs=0.3
        )  # each look to whole pixels: 0.12
        assert (image * yy)[near].sum() / light == pytest.approx(sy, abs=0.3)


def test_where_no_frame_looks_there_is_nothing():
    none = np.zeros(0)
    residual = residual_of(none, none, none, rng=np.random.default_rng(71))
    residual.stack.frames.flags[:, 100:110, 100:110] = 1
    residual.stack.frames.noise_dn[3] = 0.0
    residual.pixels_dn[3] = np.nan
    image = piece(residual, -300.0, -300.0, 300, 700)
    assert np.isnan(image[:20]).all()
    assert np.isnan(image[:, :30]).all()
    inner = piece(residual, -200.0, 250.0, 100, 400)
    assert np.isfinite(inner).all()
    # Six looks of noise 10, of which each pixel of 1" has a quarter, shared with its neighbours.
    assert inner.std() == pytest.approx(0.25 * 10.0 / np.sqrt(6.0), rel=0.25)


@pytest.mark.parametrize("corner", [(-230.0, 180.0), (90.0, 300.0)])
def test_every_pixel_gives_a_quarter_to_its_two_by_two(corner):
    """Frame by frame in plain sums; windows reach over both edges of the strip."""
    none = np.zeros(0)
    residual = residual_of(none, none, none, rng=np.random.default_rng(72))
    residual.stack.frames.flags[:, ::7, 5::11] = 1
    rows, columns = 60, 150
    light, count = np.zeros((2, rows + 2, columns + 2))
    geometry = residual.stack.geometry
    y, x = np.mgrid[:256, :256].astype(float)
    for frame in range(FRAMES):
        place_x, place_y = geometry.to_uscan(np.array(frame), x, y)
        k, j = np.floor(place_x - corner[0]).astype(int) + 1, np.floor(place_y - corner[1]).astype(int) + 1
        good = (residual.stack.frames.flags[frame] == 0) & (k >= 0) & (k <= columns) & (j >= 0) & (j <= rows)
        for b, a in ((0, 0), (0, 1), (1, 0), (1, 1)):
            np.add.at(light, (j[good] + b, k[good] + a), 0.25 * residual.pixels_dn[frame][good])
            np.add.at(count, (j[good] + b, k[good] + a), 1.0)
    light, count = light[1:-1, 1:-1], count[1:-1, 1:-1]
    image = piece(residual, *corner, rows, columns)
    known = count > 0
    np.testing.assert_array_equal(np.isfinite(image), known)
    assert known.any()
    np.testing.assert_allclose(image[known], light[known] / count[known], rtol=1e-3, atol=1e-3)
