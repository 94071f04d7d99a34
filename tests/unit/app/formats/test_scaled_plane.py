"""Planes as integers of a step: the library's bytes, and what is too bright is cut off, never wrapped."""

from __future__ import annotations

import io

import numpy as np
import pytest
from astropy.io import fits

from app.formats.scaled_plane import card_text, empty_primary, plane_hdu, step_below

CARDS = [
    ("SCANNO", 3, "scan number"),
    ("SKYVAL", 73.123456789012345, "[DN] sky"),
    ("UT", "01:02:03.40", "it's"),
]


def of_the_library(pixels, name, step, cards=()):
    """What astropy writes of the same plane."""
    finite = np.isfinite(pixels)
    thin = pixels[::8][finite[::8]]
    middle = np.median(thin) if thin.size else pixels[finite].mean() if finite.any() else 0.0
    zero = float(np.round(float(middle) / step) * step)
    counts = np.rint((np.where(finite, pixels, np.float32(zero)) - np.float32(zero)) / np.float32(step))
    kind = np.int16 if np.abs(counts).max() <= 32767 else np.int32
    blank = int(np.iinfo(kind).min)
    counts = np.clip(counts.astype(np.float64), blank + 1, -(blank + 1))
    hdu = fits.CompImageHDU(
        np.where(finite, counts, blank).astype(kind),
        fits.Header(list(cards)),
        name=name,
        compression_type="RICE_1",
        tile_shape=(min(64, len(pixels)), pixels.shape[1]),
    )
    hdu.header["BSCALE"], hdu.header["BZERO"] = step, zero
    hdu.header["BLANK"] = (blank, "stored integer of pixels without data")
    buffer = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(buffer)
    return buffer.getvalue()


def planes():
    rng = np.random.default_rng(3)
    for shape in ((1024, 512), (140, 96), (64, 32), (8, 8), (1, 1), (65, 33), (3, 700)):
        yield rng.normal(100.0, 0.9, shape)
        yield rng.normal(0.0, 40.0, shape)
        yield np.where(rng.random(shape) < 0.2, np.nan, rng.normal(-5.0, 1.0, shape))
        yield np.where(rng.random(shape) < 0.01, 1e5, rng.normal(-5.0, 1.0, shape))
        yield np.where(rng.random(shape) < 0.01, [[np.inf]], rng.normal(1.0, 1e6, shape))
        yield np.full(shape, 6.03)
        yield np.full(shape, np.nan)
        yield np.zeros(shape)
        yield rng.uniform(-3e8, 3e8, shape)


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("step", [0.125, 1.0, 1 / 64])
def test_bytes_are_those_of_the_library(step):
    cards = b"".join(card_text(*card) for card in CARDS)
    for plane in planes():
        pixels = plane.astype(np.float32)
        ours = empty_primary() + plane_hdu(pixels, "COVERAGE", step, cards)
        assert ours == of_the_library(pixels, "COVERAGE", step, CARDS), pixels.shape


def test_part_of_a_larger_plane_is_coded_alike():
    plane = np.random.default_rng(2).normal(0.0, 3.0, (100, 90)).astype(np.float32)
    piece = plane[3:93, 5:85]
    assert plane_hdu(piece, "ONE", 0.25) == plane_hdu(piece.copy(), "ONE", 0.25)


def test_sign_of_a_zero_does_not_depend_on_what_was_written_before():
    assert card_text("DXFS", 0.0) != card_text("DXFS", -0.0)
    assert b"= " + b"T".rjust(20) in card_text("ZIMAGE", value=True)
    assert b"= " + b"1".rjust(20) in card_text("ZIMAGE", 1)


@pytest.mark.filterwarnings("error")
def test_verified_without_complaint():
    plane = np.random.default_rng(1).normal(0.0, 1.0, (128, 64)).astype(np.float32)
    content = empty_primary() + plane_hdu(plane, "ONE", 0.25)
    assert len(content) % 2880 == 0
    for plain in (False, True):
        with fits.open(io.BytesIO(content), disable_image_compression=plain) as hdus:
            hdus.verify("exception")
            assert hdus[1].data is not None


@pytest.mark.parametrize("peak", [3e4, 1e7, 1e12, 1e30])
def test_pixels_beyond_the_integers_are_cut_off(peak):
    plane = np.random.default_rng(1).normal(0.0, 1.0, (128, 64)).astype(np.float32)
    plane[5, 6], plane[7, 8], plane[9, 10] = peak, -peak, np.nan
    step = step_below(1.0)
    with fits.open(io.BytesIO(empty_primary() + plane_hdu(plane, "ONE", step))) as hdus:
        back = hdus["ONE"].data.astype(np.float64)
    most = min(peak, step * (2**31 - 1))
    assert back[5, 6] == pytest.approx(most, rel=1e-6)
    assert back[7, 8] == pytest.approx(-most, rel=1e-6)
    assert np.isnan(back[9, 10])
    rest = np.isfinite(plane) & (np.abs(plane) < 100)
    assert np.abs(back - plane)[rest].max() <= 0.5001 * step
