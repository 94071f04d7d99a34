"""The compiled RICE code against the library's: the same bytes out, the same pixels back, damage noticed."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io.fits.hdu.compressed._codecs import Rice1  # the library's own coder, here the judge
from hypothesis import given, settings
from hypothesis import strategies as st

from app.formats.rice_decoding import decode_cube, decode_tile
from app.formats.rice_encoding import encode_tile, room


def coded(pixels):
    out = np.full(room(pixels.size, pixels.itemsize) + 8, 77, np.uint8)
    end = encode_tile(pixels, pixels.size, out, 0, pixels.itemsize)
    assert (out[-8:] == 77).all()
    return out[:end]


def decoded(code, size):
    out = np.empty(size, np.uint16)
    return out if decode_tile(code, 0, code.size, out) else None


def noise(kind, size, sigma, seed=1):
    rng, limits = np.random.default_rng(seed), np.iinfo(kind)
    return np.clip(rng.normal(0.0, sigma, size), limits.min, limits.max).astype(kind)


def peculiar(kind, size):
    limits = np.iinfo(kind)
    rng = np.random.default_rng(size)
    yield np.zeros(size, kind)
    yield np.where(np.arange(size) % 2, limits.min, limits.max).astype(kind)
    yield rng.integers(limits.min, limits.max, size, kind, endpoint=True)
    for peak in (limits.min, limits.max, 40, -300, 5000):
        lone = np.zeros(size, kind)
        lone[rng.integers(size)] = peak
        yield lone
    for sigma in (0.3, 1.0, 6.0, 300.0, 1e5, 2e7, 3e8):
        plain = noise(kind, size, sigma, size)
        yield plain
        yield np.where(rng.random(size) < 0.1, kind(limits.min), plain)


@pytest.mark.parametrize("kind", [np.int16, np.int32])
@pytest.mark.parametrize("size", [1, 2, 31, 32, 33, 65, 1000, 32768])
def test_code_is_that_of_the_library(kind, size):
    judge = Rice1(blocksize=32, bytepix=kind().itemsize, tilesize=size)
    for pixels in peculiar(kind, size):
        code = coded(pixels)
        assert code.tobytes() == judge.encode(pixels)
        if kind is np.int16:
            assert np.array_equal(decoded(code, size), (pixels.astype(np.int32) + 32768).astype(np.uint16))
            assert decoded(code[:-1], size) is None


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=100))
def test_any_pixels_come_back(values):
    pixels = np.array(values, np.int16)
    code = coded(pixels)
    assert code.tobytes() == Rice1(blocksize=32, bytepix=2, tilesize=pixels.size).encode(pixels)
    assert np.array_equal(decoded(code, pixels.size), (pixels.astype(np.int32) + 32768).astype(np.uint16))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.integers(1, 2000))
def test_any_bytes_are_survived(code, size):
    """Either refused, or pixels that the library finds as well."""
    found = decoded(np.frombuffer(code, np.uint8), size)
    if found is not None:
        judge = Rice1(blocksize=32, bytepix=2, tilesize=size)
        expected = np.frombuffer(judge.decode(np.frombuffer(code, np.uint8)), np.int16)
        assert np.array_equal(found, (expected.astype(np.int32) + 32768).astype(np.uint16))


def test_damage_is_noticed():
    code = coded(noise(np.int16, 65536, 6.0))
    assert decoded(code, 65536) is not None
    for cut in range(0, code.size, 997):
        assert decoded(code[:cut], 65536) is None
    assert decoded(np.append(code, np.uint8(0)), 65536) is None
    spoilt = code.copy()
    spoilt[1000:2000] = 0
    assert decoded(spoilt, 65536) is None


def test_cube_tells_the_first_damaged_tile():
    frames = [coded(noise(np.int16, 1024, sigma)) for sigma in (1.0, 2.0, 3.0)]
    ends = np.cumsum([frame.size for frame in frames])
    out = np.empty((3, 1024), np.uint16)
    whole = np.concatenate(frames)
    starts = ends - [frame.size for frame in frames]
    assert decode_cube(whole, starts, ends, out) == 3
    assert out[2].tolist() == (noise(np.int16, 1024, 3.0).astype(np.int32) + 32768).tolist()
    ends[1] -= 1
    assert decode_cube(whole, starts, ends, out) == 1
