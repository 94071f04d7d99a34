"""Shades: noise is dark, a star of common colour white, colours those of the bands, no data transparent."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from app.access.hips.shades import colour, grey, png
from app.access.hips.tiles import SIDE
from app.instruments.bands import BANDS, Band
from app.reports.image_picture import COMMON_COLOUR_MAG

NOISE = {band: 0.01 * 10.0 ** (0.4 * COMMON_COLOUR_MAG[band]) for band in BANDS}


def flux(star, **magnitudes_brighter):
    """A pixel of a star that has the common colour but for the bands named, in magnitudes."""
    return {
        band: np.full(
            (1, 1),
            star * 10.0 ** (0.4 * (COMMON_COLOUR_MAG[band] + magnitudes_brighter.get(band.value, 0.0))),
        )
        for band in BANDS
    }


def test_light_is_brighter_and_nothing_is_transparent():
    tile = np.array([[0.0, 1.0, 10.0, 1000.0, np.nan]], np.float32)
    shades = grey(tile, 1.0)[0]
    assert (np.diff(shades[:4, 0].astype(int)) > 0).all()
    assert shades[3, 0] == 255
    assert shades[0, 0] < 80
    assert shades[:, 1].tolist() == [255, 255, 255, 255, 0]


@pytest.mark.parametrize("star", [0.1, 1.0, 100.0])
def test_a_star_of_common_colour_has_none(star):
    red, green, blue, opaque = colour(flux(star), NOISE)[0, 0].tolist()
    assert max(red, green, blue) - min(red, green, blue) <= 1
    assert opaque == 255


def test_red_stars_are_red_and_bright_ones_keep_their_colour():
    for star in (0.3, 50.0):
        red, green, blue, _ = colour(flux(star, k=1.0, j=-1.0), NOISE)[0, 0].tolist()
        assert red > green > blue
        assert red - blue > 60


def test_a_pixel_that_lacks_a_band_is_transparent():
    tiles = flux(1.0)
    tiles[Band.H] = np.full((1, 1), np.nan)
    assert colour(tiles, NOISE)[0, 0, 3] == 0


@pytest.mark.parametrize(("count", "mode"), [(2, "LA"), (4, "RGBA")])
def test_pictures_are_png(count, mode):
    shades = np.arange(6 * count, dtype=np.uint8).reshape(2, 3, count)
    image = Image.open(io.BytesIO(png(shades)))
    assert (image.format, image.mode, image.size) == ("PNG", mode, (3, 2))
    np.testing.assert_array_equal(np.asarray(image), shades)


@pytest.mark.parametrize("channels", [2, 4])
def test_pictures_are_read_back_and_no_larger_than_those_of_a_library(channels):
    random = np.random.default_rng(channels)
    shades = np.zeros((SIDE, SIDE, channels), np.uint8)
    shades[:, 100:400] = np.clip(random.normal(60.0, 12.0, (SIDE, 300, channels)), 0, 255)
    content = png(shades)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(content))), shades)
    peer = io.BytesIO()
    Image.fromarray(shades).save(peer, "PNG", compress_level=1)
    assert len(content) < len(peer.getvalue())


def test_a_tile_without_data_is_transparent():
    empty = np.full((SIDE, SIDE), np.nan, np.float32)
    assert not grey(empty, 1.0).any()
    assert not colour(dict.fromkeys(BANDS, empty), dict.fromkeys(BANDS, 1.0)).any()
