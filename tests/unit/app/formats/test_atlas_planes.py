"""Pixels without data in every kind of image, further images of a file, warnings of the library."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from app.formats.atlas_facts import AtlasFileError
from app.formats.atlas_reader import read_atlas
from tests.worlds.atlas_files import CARDS

RNG = np.random.default_rng(4)
VALUES = RNG.normal(73.0, 1.0, (60, 48))
BLANK = np.zeros(VALUES.shape, np.bool_)
BLANK[:, :3] = True
BLANK[20, 30] = True
KINDS = {8: np.uint8, 16: np.int16, 32: np.int32, 64: np.int64}


def card(keyword, value):
    return f"{keyword:8}= {value:>20}".ljust(80).encode()


def stored_file(path, stored, cards=CARDS, **texts):
    """A primary image of integers as they are, with cards of these texts."""
    fits.PrimaryHDU(stored, fits.Header(cards)).writeto(path, overwrite=True)
    content = path.read_bytes()
    end = content.index(b"END".ljust(80))
    start = -(-(end + 80) // 2880) * 2880
    head = content[:end] + b"".join(card(*item) for item in texts.items()) + b"END".ljust(80)
    path.write_bytes(head + b" " * (-len(head) % 2880) + content[start:])
    return path


def refusal(path):
    with pytest.raises(AtlasFileError) as caught:
        read_atlas(path)
    assert caught.value.expected
    return caught.value


class TestBlank:
    @pytest.mark.parametrize(
        ("bits", "scale", "zero", "blank"),
        [
            (8, 0.125, 60.0, 0),
            (8, 0.125, 60.0, 255),
            (16, 1.0 / 64, 312.5, -32768),
            (16, 1.0 / 64, 32768.0 / 64, -32768),
            (16, 1.0, 32768.0, -32768),
            (16, 1.0, 32768.0, 32767),
            (32, 1.0, 0.0, -(2**31)),
            (32, 1.0, 2147483648.0, -(2**31)),
            (32, 1.0 / 64, 0.0, 0),
            (64, 1.0, 0.0, -9999),
        ],
    )
    def test_of_integers_of_all_kinds(self, tmp_path, bits, scale, zero, blank):
        counts = np.round((VALUES - zero) / scale)
        stored = np.where(BLANK, np.float64(blank), counts).astype(KINDS[bits])
        stored[BLANK] = blank
        path = stored_file(tmp_path / "a.fits", stored, BSCALE=scale, BZERO=zero, BLANK=blank)
        pixels = read_atlas(path).pixels_dn
        np.testing.assert_array_equal(np.isnan(pixels), BLANK)
        if zero < 1e9:  # float32 holds no finer values
            assert np.nanmax(np.abs(pixels - VALUES)) <= 0.5 * scale + 1e-3

    @pytest.mark.parametrize("unsigned", [False, True])
    @pytest.mark.parametrize("keyword", ["BLANK", "ZBLANK"])
    def test_of_packed_integers(self, tmp_path, unsigned, keyword):
        stored = np.where(BLANK, -32768, np.round(VALUES * 64) - (32768 if unsigned else 0)).astype(np.int16)
        values = (stored.astype(np.int32) + 32768).astype(np.uint16) if unsigned else stored
        hdu = fits.CompImageHDU(values, fits.Header(CARDS), compression_type="RICE_1")
        hdu.header["BLANK"] = -32768
        path = tmp_path / "a.fits"
        fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path)
        path.write_bytes(path.read_bytes().replace(b"BLANK   =", f"{keyword:8}=".encode()))
        pixels = read_atlas(path).pixels_dn
        np.testing.assert_array_equal(np.isnan(pixels), BLANK)
        assert np.nanmax(np.abs(pixels / 64 - VALUES)) < 0.01

    def test_of_a_packed_image_of_real_numbers(self, tmp_path):
        pixels = np.where(BLANK, np.nan, VALUES).astype(np.float32)
        hdu = fits.CompImageHDU(pixels, fits.Header(CARDS), compression_type="RICE_1")
        fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(tmp_path / "a.fits")
        np.testing.assert_array_equal(np.isnan(read_atlas(tmp_path / "a.fits").pixels_dn), BLANK)

    def test_left_on_an_image_of_real_numbers(self, tmp_path):
        pixels = np.where(BLANK, -32768.0, VALUES).astype(np.float32)
        pixels[5, 5] = np.inf
        path = stored_file(tmp_path / "a.fits", pixels, BLANK=-32768)
        found = np.isnan(read_atlas(path).pixels_dn)
        assert found[5, 5]
        found[5, 5] = False
        np.testing.assert_array_equal(found, BLANK)

    @pytest.mark.parametrize(
        "blank", ["-32768.0", "-3.2768E4", "'-32768'", "T", "", "65535", "-40000", "1.5"]
    )
    def test_that_is_no_stored_integer_is_refused(self, tmp_path, blank):
        stored = np.round(VALUES * 64).astype(np.int16)
        path = stored_file(tmp_path / "a.fits", stored, BLANK=blank)
        assert refusal(path).keyword == "BLANK"

    def test_twice_with_different_values(self, tmp_path):
        stored = np.round(VALUES * 64).astype(np.int16)
        path = stored_file(tmp_path / "a.fits", stored, BLANK=-32768)
        end = path.read_bytes().index(b"END".ljust(80))
        content = bytearray(path.read_bytes())
        content[end : end + 160] = card("BLANK", -1) + b"END".ljust(80)
        path.write_bytes(content)
        assert refusal(path).keyword == "BLANK"

    @pytest.mark.parametrize(
        ("keyword", "value"), [("BSCALE", "0.0"), ("BSCALE", "'x'"), ("BZERO", "T"), ("BZERO", "1.0E999")]
    )
    def test_scales_that_cannot_be(self, tmp_path, keyword, value):
        path = stored_file(tmp_path / "a.fits", np.round(VALUES * 64).astype(np.int16), **{keyword: value})
        assert refusal(path).keyword in {keyword, "data"}


class TestHugeNumbers:
    @pytest.mark.parametrize("value", [1e20, -1e30, 1.6e38, 1e300])
    def test_of_programs_that_mean_no_data(self, tmp_path, value):
        pixels = np.where(BLANK, value, VALUES)
        pixels = pixels if value > 1e38 * 2 else pixels.astype(np.float32)
        fits.writeto(tmp_path / "a.fits", pixels, fits.Header(CARDS))
        np.testing.assert_array_equal(np.isnan(read_atlas(tmp_path / "a.fits").pixels_dn), BLANK)

    @pytest.mark.parametrize("value", [1.1e8, -2e9, 1e15, 9.9e19])
    def test_that_no_array_gives_are_refused_with_their_place(self, tmp_path, value):
        pixels = VALUES.astype(np.float32)
        pixels[2, 3] = value
        fits.writeto(tmp_path / "a.fits", pixels, fits.Header(CARDS))
        with pytest.raises(AtlasFileError, match=r"in row 3, column 4.*1e\+08 DN at most") as refused:
            read_atlas(tmp_path / "a.fits")
        assert "more of the kind" not in str(refused.value)
        pixels[3] = value
        fits.writeto(tmp_path / "b.fits", pixels, fits.Header(CARDS))
        with pytest.raises(AtlasFileError, match=f"and {pixels.shape[1]} more of the kind"):
            read_atlas(tmp_path / "b.fits")

    def test_that_saturated_arrays_give_are_kept(self, tmp_path):
        pixels = VALUES.astype(np.float32)
        pixels[2, 3] = 1e8
        fits.writeto(tmp_path / "a.fits", pixels, fits.Header(CARDS))
        assert read_atlas(tmp_path / "a.fits").pixels_dn[2, 3] == np.float32(1e8)

    def test_unsigned_integers_of_64_bits_keep_their_steps(self, tmp_path):
        stored = np.round(VALUES * 1000).astype(np.uint64)
        fits.writeto(tmp_path / "a.fits", stored, fits.Header(CARDS))
        np.testing.assert_array_equal(read_atlas(tmp_path / "a.fits").pixels_dn, stored.astype(np.float32))


def image(name="", kind=np.float32, *, packed=False, **cards):
    pixels = VALUES.astype(kind)
    header = fits.Header(CARDS | cards)
    return (
        fits.CompImageHDU(pixels, header, name=name) if packed else fits.ImageHDU(pixels, header, name=name)
    )


def primary(**cards):
    return fits.PrimaryHDU(VALUES.astype(np.float32), fits.Header(CARDS | cards))


class TestFurtherImages:
    @pytest.mark.parametrize(
        "hdus",
        [
            lambda: [fits.PrimaryHDU(), image("J"), image("H", FILTER="h"), image("K", FILTER="k")],
            lambda: [primary(), image(FILTER="h")],
            lambda: [primary(), image()],
            lambda: [primary(), image("SCI")],
            lambda: [fits.PrimaryHDU(), image("SCI"), image("SCI", FILTER="k")],
            lambda: [fits.PrimaryHDU(), image(packed=True), image(packed=True, FILTER="h")],
            lambda: [primary(), image("UNCERT", FILTER="h")],
            lambda: [primary(), image("MASK"), image("H")],
            lambda: [
                primary(),
                fits.BinTableHDU.from_columns([fits.Column("A", "E", array=[1.0])]),
                image("X"),
            ],
        ],
    )
    def test_a_second_image_is_refused(self, tmp_path, hdus):
        fits.HDUList(hdus()).writeto(tmp_path / "a.fits")
        found = refusal(tmp_path / "a.fits")
        assert found.keyword == "NAXIS"
        assert "images in one file" in str(found)

    @pytest.mark.parametrize(
        "hdus",
        [
            lambda: [primary(), image("COVERAGE"), image("UNCERT")],
            lambda: [primary(), image("MASK", np.int16)],
            lambda: [primary(), image("", np.uint8)],
            lambda: [primary(), image("WEIGHT", packed=True), image("BPM", np.uint8)],
            lambda: [primary(), fits.BinTableHDU.from_columns([fits.Column("A", "E", array=[1.0])])],
            lambda: [fits.PrimaryHDU(), image("MASK", np.uint8), image("IMAGE")],
            lambda: [primary(), fits.ImageHDU()],
        ],
    )
    def test_masks_and_tables_may_stand_beside_it(self, tmp_path, hdus):
        fits.HDUList(hdus()).writeto(tmp_path / "a.fits")
        np.testing.assert_allclose(read_atlas(tmp_path / "a.fits").pixels_dn, VALUES, atol=0.3)

    def test_own_planes_once_each(self, tmp_path):
        fits.HDUList([primary(), image("COVERAGE"), image("COVERAGE")]).writeto(tmp_path / "a.fits")
        assert refusal(tmp_path / "a.fits").keyword == "EXTNAME"


def test_text_that_is_no_ascii_is_harmless(tmp_path):
    path = tmp_path / "a.fits"
    fits.HDUList([primary(OBJECT="grad xx")]).writeto(path)
    path.write_bytes(path.read_bytes().replace(b"grad xx", b"grad \xb0C"))
    assert read_atlas(path).pixels_dn.shape == VALUES.shape


def test_a_number_that_is_no_ascii_is_not(tmp_path):
    path = tmp_path / "a.fits"
    fits.HDUList([primary(MAGZP=20.123)]).writeto(path)
    path.write_bytes(path.read_bytes().replace(b"20.123", b"20.\xb223"))
    assert refusal(path).keyword == "MAGZP"
