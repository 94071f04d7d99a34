"""Cubes decoded by our own kernel: the library's pixels, or none where it has to look."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from app.formats.raw_tiles import decoded_cube


def cube():
    pixels = np.random.default_rng(4).normal(1800.0, 9.0, (5, 40, 33)).astype(np.uint16)
    pixels[2] = 0
    pixels[3, 4, 5] = 65535
    return pixels


def stored(tmp_path, pixels, compression="RICE_1", tile=(1, 40, 33), name="READ1"):
    path = tmp_path / "cube.fits"
    hdu = fits.CompImageHDU(pixels, name=name, compression_type=compression, tile_shape=tile)
    fits.HDUList([fits.PrimaryHDU(), hdu, fits.ImageHDU(np.zeros((2, 40, 33), np.uint16))]).writeto(path)
    return path


def read(path, number=1):
    with fits.open(path, memmap=False) as hdus:
        return decoded_cube(hdus[number], path)


def test_pixels_are_those_of_the_library(tmp_path):
    found = read(stored(tmp_path, cube()))
    assert found is not None
    assert found.dtype == np.uint16
    assert np.array_equal(found, cube())


@pytest.mark.parametrize(
    ("pixels", "compression", "tile"),
    [
        (cube(), "GZIP_2", (1, 40, 33)),
        (cube(), "RICE_1", (1, 1, 33)),
        (cube(), "RICE_1", (2, 40, 33)),
        (cube().astype(np.int16), "RICE_1", (1, 40, 33)),
        (cube().astype(np.int32), "RICE_1", (1, 40, 33)),
        (cube().astype(np.float32), "RICE_1", (1, 40, 33)),
    ],
)
def test_what_our_writer_does_not_write_is_left_to_the_library(tmp_path, pixels, compression, tile):
    assert read(stored(tmp_path, pixels, compression, tile)) is None


def test_plain_images_are_left_to_the_library(tmp_path):
    assert read(stored(tmp_path, cube()), 2) is None


@pytest.mark.filterwarnings("ignore:File may have been truncated")
def test_damage_is_left_to_the_library(tmp_path):
    path = stored(tmp_path, cube())
    with fits.open(path) as hdus:
        start, span = (hdus[1].fileinfo()[name] for name in ("datLoc", "datSpan"))
    whole = path.read_bytes()
    # A descriptor that points outside, one below nothing, pixels of zeros, an end too early.
    for place, content in ((3, b"\x7f"), (0, b"\xff" * 4), (60, bytes(2000))):
        path.write_bytes(whole[: start + place] + content + whole[start + place + len(content) :])
        assert read(path) is None
    path.write_bytes(whole[: start + span // 2])
    with fits.open(path, memmap=False, ignore_missing_end=True) as hdus:
        assert decoded_cube(hdus[1], path) is None
