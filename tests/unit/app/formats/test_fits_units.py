"""Units of FITS files: sizes are judged before pixels are read, checksums and what follows are looked at."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tracemalloc
import zipfile

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

from app.formats.atlas_reader import read_atlas
from app.formats.fits_sums import encoded_sum, ones_sum
from app.formats.fits_units import MOST_BYTES, UnitError, read_units

NOISE = np.random.default_rng(1).normal(73.0, 1.0, (40, 50)).astype(np.float32)


def written(path, *further, checksum=False, **cards):
    primary = fits.PrimaryHDU(NOISE)
    primary.header.update(cards)
    fits.HDUList([primary, *further]).writeto(path, checksum=checksum, overwrite=True)
    return path


def header_only(path, **cards):
    """A header without data, as the start of a sparse file has it."""
    header = fits.Header({"SIMPLE": True, "BITPIX": -32, "NAXIS": 2} | cards)
    path.write_bytes(header.tostring().encode())
    return path


def fault(path, until=None):
    with pytest.raises(UnitError) as caught:
        read_units(path, until)
    assert caught.value.expected
    return caught.value


def test_units_of_a_sound_file(tmp_path):
    table = fits.BinTableHDU.from_columns([fits.Column("A", "1PE()", array=[np.ones(3), np.ones(5)])])
    path = written(tmp_path / "a.fits", fits.CompImageHDU(NOISE, name="X"), table, fits.ImageHDU())
    content, units = read_units(path)
    assert content == path.read_bytes()
    assert [unit.sides for unit in units] == [(50, 40), (50, 40), (), ()]
    with fits.open(path, disable_image_compression=True) as hdus:
        places = [
            (info["hdrLoc"], info["datLoc"], info["datSpan"]) for info in map(fits.PrimaryHDU.fileinfo, hdus)
        ]
    assert [(unit.start, unit.data_start, unit.end - unit.data_start) for unit in units] == places
    assert units[1].text("EXTNAME") == "X"


def test_reading_ends_where_it_is_asked_to(tmp_path):
    path = written(tmp_path / "a.fits", fits.ImageHDU(NOISE))
    content, units = read_units(path, until=lambda unit: bool(unit.sides))
    assert len(units) == 1
    assert len(content) == units[0].data_start


@given(st.binary(max_size=400))
def test_sum_is_that_of_the_library(content):
    content += b"\0" * (-len(content) % 2880)
    expected = fits.PrimaryHDU()._compute_checksum(np.frombuffer(content, np.uint8)) if content else 0
    assert ones_sum(content) % 0xFFFFFFFF == int(expected) % 0xFFFFFFFF


@given(st.integers(0, 2**32 - 1))
def test_code_is_that_of_the_library(total):
    assert encoded_sum(total) == fits.PrimaryHDU()._char_encode(~np.uint32(total))
    assert encoded_sum(total).isalnum()


class TestChecksums:
    @pytest.mark.parametrize("packed", [False, True])
    def test_bytes_that_agree(self, tmp_path, packed):
        path = written(tmp_path / "a.fits", fits.CompImageHDU(NOISE), fits.ImageHDU(), checksum=True)
        if packed:
            path.write_bytes(gzip.compress(path.read_bytes()))
        assert len(read_units(path)[1]) == 3

    @pytest.mark.parametrize("number", [0, 1, 2])
    def test_a_flipped_bit_in_the_data_of_any_unit(self, tmp_path, number):
        path = written(tmp_path / "a.fits", fits.CompImageHDU(NOISE), fits.ImageHDU(NOISE), checksum=True)
        place = read_units(path)[1][number].data_start + 9
        content = bytearray(path.read_bytes())
        content[place] ^= 1
        path.write_bytes(content)
        found = fault(path)
        assert found.keyword == "DATASUM"
        assert f"HDU {number}" in found.found

    def test_a_changed_card(self, tmp_path):
        path = written(tmp_path / "a.fits", checksum=True, MAGZP=20.5)
        path.write_bytes(path.read_bytes().replace(b"20.5", b"21.5"))
        assert fault(path).keyword == "CHECKSUM"

    def test_checksum_without_datasum(self, tmp_path):
        path = written(tmp_path / "a.fits", checksum=True)
        path.write_bytes(path.read_bytes().replace(b"DATASUM =", b"DATASUN ="))
        assert fault(path).keyword == "CHECKSUM"

    @pytest.mark.parametrize("value", ["", "0000000000000000"])
    def test_sums_that_nobody_made(self, tmp_path, value):
        path = written(tmp_path / "a.fits", CHECKSUM=value, DATASUM="")
        assert len(read_units(path)[1]) == 1

    def test_a_sum_that_is_no_number(self, tmp_path):
        assert fault(written(tmp_path / "a.fits", DATASUM="many")).keyword == "DATASUM"


class TestSizes:
    @pytest.mark.parametrize(
        ("cards", "keyword"),
        [
            ({"NAXIS1": 100_000, "NAXIS2": 100_000}, "NAXIS1"),
            ({"NAXIS1": 512, "NAXIS2": 2**40}, "NAXIS2"),
            ({"NAXIS": 3, "NAXIS1": 8192, "NAXIS2": 8192, "NAXIS3": 8000}, "NAXIS"),
            ({"BITPIX": -64, "NAXIS": 3, "NAXIS1": 8192, "NAXIS2": 8192, "NAXIS3": 2}, "NAXIS"),
            ({"NAXIS1": -5, "NAXIS2": 5}, "header"),
            ({"NAXIS1": 5}, "NAXIS2"),
            ({"NAXIS1": "x", "NAXIS2": 5}, "NAXIS1"),
            ({"BITPIX": 12, "NAXIS1": 5, "NAXIS2": 5}, "BITPIX"),
            ({"NAXIS1": 0, "NAXIS2": 5, "GROUPS": True}, "GROUPS"),
            ({"NAXIS1": 5, "NAXIS2": 5, "PCOUNT": 2**40}, "file"),
        ],
    )
    def test_a_size_that_cannot_be_is_told_from_the_header(self, tmp_path, cards, keyword):
        assert fault(header_only(tmp_path / "a.fits", **cards)).keyword == keyword

    @pytest.mark.parametrize("reader", [read_units, read_atlas])
    def test_a_sparse_file_costs_nothing(self, tmp_path, reader):
        path = header_only(tmp_path / "a.fits", NAXIS1=100_000, NAXIS2=100_000)
        with path.open("r+b") as stream:
            stream.truncate(40_000_000_000)
        tracemalloc.start()
        with pytest.raises(Exception, match="NAXIS1: found 100000 pixels"):
            reader(path)
        assert tracemalloc.get_traced_memory()[1] < 50e6
        tracemalloc.stop()

    @pytest.mark.parametrize("cards", [{"NAXIS1": 60_000, "NAXIS2": 60_000}, {"NAXIS1": 50, "NAXIS2": 40}])
    def test_a_gzip_bomb_is_unpacked_as_far_as_its_header_says(self, tmp_path, cards):
        """Of an image that is small by its header, what follows is read up to the limit only."""
        start = header_only(tmp_path / "a.fits", **cards).read_bytes()
        with gzip.open(tmp_path / "a.fits.gz", "wb", compresslevel=1) as stream:
            stream.write(start)
            for _ in range(MOST_BYTES // 2**24 + 2):
                stream.write(bytes(2**24))
        assert (tmp_path / "a.fits.gz").stat().st_size < 4e6
        assert fault(tmp_path / "a.fits.gz").keyword in {"NAXIS1", "file"}

    def test_a_packed_image_that_unpacks_to_too_much(self, tmp_path):
        path = written(tmp_path / "a.fits", fits.CompImageHDU(NOISE))
        whole = path.read_bytes()
        path.write_bytes(whole.replace(b"ZNAXIS1 =                   50", b"ZNAXIS1 =                99999"))
        assert fault(path).keyword == "ZNAXIS1"
        path.write_bytes(whole.replace(b"ZTILE1  =                   50", b"ZTILE1  =            999999999"))
        assert fault(path).keyword == "ZTILE1"

    def test_a_header_without_end(self, tmp_path):
        path = tmp_path / "a.fits"
        path.write_bytes(
            header_only(path, NAXIS=0).read_bytes().replace(b"END ", b"FIN ") + b" " * 2880 * 1100
        )
        assert "no END card in the header of HDU 0" in fault(path).found


class TestWhatFollows:
    @pytest.mark.parametrize("junk", [b"\0" * 2880, b" " * 5760, b"\0" * 100])
    def test_filling(self, tmp_path, junk):
        path = written(tmp_path / "a.fits")
        whole = path.read_bytes()
        path.write_bytes(whole + junk)
        assert read_units(path)[0] == whole

    @pytest.mark.parametrize(
        "junk", [b"<html>", b"\0" * 3000 + b"x", b"x" * 2880, b"SIMPLE  =" + b" " * 2871]
    )
    @pytest.mark.parametrize("packed", [False, True])
    def test_junk_is_called_junk(self, tmp_path, junk, packed):
        path = written(tmp_path / "a.fits", fits.ImageHDU())
        whole = path.read_bytes() + junk
        path.write_bytes(gzip.compress(whole) if packed else whole)
        found = fault(path)
        assert found.found == f"{len(junk)} bytes behind the last of 2 whole HDUs that are no HDU"

    def test_an_extension_cut_in_its_header(self, tmp_path):
        path = written(tmp_path / "a.fits", fits.ImageHDU(NOISE))
        path.write_bytes(path.read_bytes()[: read_units(path)[1][1].start + 200])
        assert fault(path).found == "no END card in the header of HDU 1; the 1 before it are whole"

    @pytest.mark.parametrize("missing", [1, 2000, 8000])
    def test_cut_data(self, tmp_path, missing):
        path = written(tmp_path / "a.fits")
        path.write_bytes(path.read_bytes()[:-missing])
        assert "cut short in the data of HDU 0" in fault(path).found


class TestPacking:
    @pytest.mark.parametrize(
        ("pack", "name"),
        [(bz2.compress, "bzip2"), (lzma.compress, "xz"), (lambda c: b"\x28\xb5\x2f\xfd" + c, "zstandard"),
         (lambda c: b"\x1f\x9d\x90" + c, "compress"), (lambda c: b"\x04\x22\x4d\x18" + c, "lz4")],
    )  # fmt: skip
    def test_other_compressions_are_named_whatever_the_file_is_called(self, tmp_path, pack, name):
        path = written(tmp_path / "a.fits")
        path.write_bytes(pack(path.read_bytes()))
        assert fault(path).found.startswith(name)

    def test_a_zip_archive(self, tmp_path):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("a.fits", b"x")
        (tmp_path / "a.fits").write_bytes(buffer.getvalue())
        assert fault(tmp_path / "a.fits").found == "zip compression"

    def test_gzip_of_another_name(self, tmp_path):
        path = written(tmp_path / "a.fits")
        path.write_bytes(gzip.compress(path.read_bytes()))
        assert len(read_units(path)[1]) == 1

    @pytest.mark.parametrize("content", [b"", b"hello", b"SIMPLE  =", bytes(9000)])
    def test_no_fits_file_at_all(self, tmp_path, content):
        (tmp_path / "a.fits").write_bytes(content)
        assert fault(tmp_path / "a.fits").keyword == "file"

    def test_a_damaged_gzip_file(self, tmp_path):
        content = bytearray(gzip.compress(written(tmp_path / "a.fits").read_bytes()))
        content[-6] ^= 1
        (tmp_path / "a.fits").write_bytes(content)
        assert "damaged gzip" in fault(tmp_path / "a.fits").found
