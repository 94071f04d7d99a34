"""The raw format: round trip, same bytes, and every kind of damage found and named."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest
from astropy.io import fits

from app.errors import InputError
from app.formats import raw_names
from app.formats.checksums import CHECKSUM_LIST_NAME, file_checksum, read_checksums
from app.formats.raw_folder import check_membership, raw_files, seal_night
from app.formats.raw_night import (
    FRAME_DTYPE,
    RawScan,
    RawScanHeader,
    ScanType,
    read_raw_header,
    read_raw_scan,
    validate,
    write_raw_scan,
)
from app.instruments import cameras
from app.instruments.bands import Band
from app.instruments.camera import make_camera
from app.instruments.detector import Detector

COUNT = 3
START = datetime(1998, 4, 26, 23, 59, 58, 500_000, tzinfo=UTC)


def make_scan(**changes):
    values = {
        "night_date": date(1998, 4, 27),
        "hemisphere": "s",
        "band": Band.J,
        "scan": 49,
        "scan_type": ScanType.SURVEY,
        "start": START,
        "frame_count": COUNT,
        "camera": "sim-s-1",
        "direction": "n",
        "tile": 308049,
        "position_id": "s121722",
        "airmass": 1.25,
        "ra_deg": 260.74,
        "decl_deg": -14.36,
        "corners_deg": ((260.8, -15.0), (260.8, -14.0), (260.7, -14.0), (260.7, -15.0)),
    }
    header = RawScanHeader(**(values | changes))
    frames = np.zeros(COUNT, FRAME_DTYPE)
    frames["number"] = np.arange(1, COUNT + 1)
    frames["mjd"] = START.timestamp() / 86400.0 + 40587.0 + np.arange(1, COUNT + 1) * 1.4 / 86400.0
    frames["ra_deg"], frames["decl_deg"], frames["airmass"] = 260.74, [-14.38, -14.36, -14.34], 1.25
    frames["missing"][1] = True
    random = np.random.default_rng(1)
    reads = random.normal(1800, 30, (2, COUNT, 256, 256)).astype(np.uint16)
    reads[0, 0, 0, :3] = 0, 65535, 32768
    reads[:, 1] = 0
    return RawScan(header, frames, reads[0], reads[1])


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    path = tmp_path_factory.mktemp("good") / "980427s" / "j0423049.fits"
    path.parent.mkdir()
    write_raw_scan(path, make_scan())
    return path


def test_round_trip(good):
    scan, back = make_scan(), read_raw_scan(good)
    assert back.header == scan.header
    assert np.array_equal(back.frames, scan.frames)
    assert np.array_equal(back.read1_dn, scan.read1_dn)
    assert np.array_equal(back.read2_dn, scan.read2_dn)
    assert validate(good) == []


def test_header_alone_needs_no_pixels(good, tmp_path):
    cut = tmp_path / good.name
    cut.write_bytes(good.read_bytes()[:60_000])
    header, frames = read_raw_header(cut)
    assert header == make_scan().header
    assert frames["missing"].tolist() == [False, True, False]


def test_dark_has_no_position(tmp_path):
    path = tmp_path / "j0423001.fits"
    scan = make_scan(
        scan=1, scan_type=ScanType.DARK, direction="-", tile=0, position_id="",
        airmass=None, ra_deg=None, decl_deg=None, corners_deg=None,
    )  # fmt: skip
    for name in ("ra_deg", "decl_deg", "airmass"):
        scan.frames[name] = np.nan
    write_raw_scan(path, scan)
    back = read_raw_scan(path)
    assert back.header == scan.header
    assert np.isnan(back.frames["ra_deg"]).all()


def test_same_content_same_bytes(good, tmp_path):
    path = tmp_path / good.name
    write_raw_scan(path, make_scan())
    assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(good.read_bytes()).digest()


def test_lossless_and_small(good):
    with fits.open(good, disable_image_compression=True) as hdus:
        assert hdus["READ1"].header["ZCMPTYPE"] == "RICE_1"
        assert (hdus["READ1"].header["ZTILE1"], hdus["READ1"].header["ZTILE3"]) == (256, 1)


def test_writer_refuses_what_does_not_fit(tmp_path):
    scan = make_scan()
    with pytest.raises(InputError, match=r"expected j0423049\.fits"):
        write_raw_scan(tmp_path / "h0423049.fits", scan)
    with pytest.raises(InputError, match="READ1"):
        write_raw_scan(tmp_path / "j0423049.fits", replace(scan, read1_dn=scan.read1_dn.astype(np.int32)))
    with pytest.raises(InputError, match="frames"):
        write_raw_scan(tmp_path / "j0423049.fits", replace(scan, frames=scan.frames[:2]))
    assert not list(tmp_path.iterdir())


def damaged(good, tmp_path, change):
    """A copy of the good file after `change(hdus)`, written through astropy."""
    path = tmp_path / good.name
    with fits.open(good) as hdus:
        copies = fits.HDUList([hdu.copy() for hdu in hdus])
    change(copies)
    copies.writeto(path, output_verify="ignore")
    return path


def problem(path, keyword):
    found = {item.keyword: item for item in validate(path)}
    assert keyword in found, found
    with pytest.raises(InputError):
        read_raw_scan(path)
    return found[keyword]


def set_card(keyword, value):
    def change(hdus):
        hdus[0].header[keyword] = value

    return change


@pytest.mark.parametrize(
    ("keyword", "value", "found", "expected"),
    [
        ("ORDATE", "980431", "'980431'", "yymmdd"),
        ("ORDATE", 980427, "980427", "yymmdd"),
        ("DAYNUM", "0424", "0424", "0423"),
        ("FN_PRFX", "j0423050", "j0423050", "j0423049"),
        ("TYPE", "tst", "'tst'", "sci, cal, dar or flt"),
        ("SCANNO", 1000, "1000", "1 to 999"),
        ("SCANNO", 49.5, "49.5", "1 to 999"),
        ("SCANDIR", "w", "'w'", "n, s or -"),
        ("FILTER", "i", "'i'", "j, h or k"),
        ("HEMIS", "e", "'e'", "n or s"),
        ("UT_DATE", "1998-13-01", "1998-13-01", "yyyy-mm-dd"),
        ("UT_DATE", "1999-04-26", "1999-04-26", "within a day of ORDATE"),
        ("UT", "25:00:00", "25:00:00", "hh:mm:ss"),
        ("AIRMASS", 0.5, "0.5", "1 to 40"),
        ("DEC", -120.0, "-120.0", "at most 90"),
        ("INT_PER", -1.3, "-1.3", "above 0"),
        ("NUMFRMS", 4, "3 rows", "4 by NUMFRMS"),
        ("FORMAT", "other", "'other'", "mapps-raw"),
        ("FMTVERS", 99, "99", "1"),
    ],
)
def test_bad_keyword(good, tmp_path, keyword, value, found, expected):
    path = damaged(good, tmp_path, set_card(keyword, value))
    where = {"NUMFRMS": "FRAMES"}.get(keyword, keyword)
    where = "UT_DATE" if keyword == "UT" else where
    item = problem(path, where)
    assert item.file == good.name
    assert found in item.found
    assert expected in item.expected


@pytest.mark.parametrize(
    "keyword", ["ORDATE", "TYPE", "SCANNO", "FILTER", "UT", "CAMERA", "RA", "AIRMASS", "FORMAT", "CORN3RA"]
)
def test_missing_keyword(good, tmp_path, keyword):
    def change(hdus):
        del hdus[0].header[keyword]

    assert problem(damaged(good, tmp_path, change), keyword).found == "nothing"


def test_all_problems_are_told(good, tmp_path):
    def change(hdus):
        del hdus[0].header["CAMERA"]
        hdus[0].header["TYPE"] = "xyz"

    assert {"CAMERA", "TYPE"} <= {item.keyword for item in validate(damaged(good, tmp_path, change))}


def test_other_name_than_inside(good, tmp_path):
    path = tmp_path / "j0423050.fits"
    path.write_bytes(good.read_bytes())
    assert problem(path, "FN_PRFX").expected == "j0423050"


@pytest.mark.parametrize("length", [0, 10, 2880, 5000, 20_000, 200_000, -3000])
def test_truncated(good, tmp_path, length):
    path = tmp_path / good.name
    path.write_bytes(good.read_bytes()[:length])
    assert validate(path)
    with pytest.raises(InputError):
        read_raw_scan(path)


def test_not_a_fits_file_or_none(tmp_path):
    path = tmp_path / "j0423049.fits"
    assert problem(path, "file").expected == "a readable FITS file"
    path.write_bytes(b"plain text" * 1000)
    assert problem(path, "file")


def test_damaged_pixels(good, tmp_path):
    content = bytearray(good.read_bytes())
    middle = len(content) // 3
    content[middle : middle + 2000] = b"\xff" * 2000
    path = tmp_path / good.name
    path.write_bytes(content)
    # RICE has no checksum of its own: either the stream breaks, or other pixels come out. A checksum tells for sure.
    validate(path)
    assert file_checksum(good) == hashlib.sha256(good.read_bytes()).hexdigest()
    assert file_checksum(path) != file_checksum(good)


def replace_image(name, cube):
    def change(hdus):
        hdus[name] = fits.CompImageHDU(cube, name=name, compression_type="RICE_1")

    return change


def test_wrong_shape_type_or_extension(good, tmp_path):
    blank = np.zeros((COUNT, 256, 256), np.uint16)
    for number, (change, found) in enumerate(
        [
            (replace_image("READ2", blank[:2]), "shape (2, 256, 256)"),
            (replace_image("READ2", blank[:, :128]), "shape (3, 128, 256)"),
            (replace_image("READ2", blank.astype(np.int32)), "type"),
            (replace_image("READ2", blank.astype(np.float32)), "type"),
            (lambda hdus: hdus.pop("READ2"), "no such extension"),
        ]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        item = problem(damaged(good, folder, change), "READ2")
        assert found in item.found
        assert item.expected == "uint16 (3, 256, 256)"


@pytest.mark.parametrize("known", [True, False], ids=["of the registry", "unknown"])
def test_frames_have_the_size_of_their_camera(tmp_path, monkeypatch, known):
    if known:
        array = Detector(Band.J, 5, 20, 30000, 1, (0, 0), 0, 0.1, 2, 21, 0.1, (192, 160))
        monkeypatch.setattr(
            cameras, "CAMERAS", {**cameras.CAMERAS, "small": make_camera("small", 2.5, array)}
        )
    whole = make_scan(camera="small")
    cut = [getattr(whole, name)[:, :192, :160].copy() for name in ("read1_dn", "read2_dn")]
    scan = replace(whole, read1_dn=cut[0], read2_dn=cut[1])
    path = tmp_path / scan.header.file_name
    write_raw_scan(path, scan)
    assert validate(path) == []
    assert np.array_equal(read_raw_scan(path).read2_dn, scan.read2_dn)
    if known:
        with pytest.raises(InputError, match=r"256, 256\).*expected uint16 \(3, 192, 160\)"):
            write_raw_scan(path, whole)


@pytest.mark.parametrize("reads", [("read1_dn",), ("read2_dn",), ("read1_dn", "read2_dn")])
def test_a_frame_of_zeros_is_read_as_missing(tmp_path, reads):
    scan = make_scan()
    for name in reads:
        getattr(scan, name)[2] = 0
    path = tmp_path / scan.header.file_name
    write_raw_scan(path, scan)
    assert validate(path) == []
    assert read_raw_scan(path).frames["missing"].tolist() == [False, True, True]


def test_floats_are_refused_with_or_without_nan(good, tmp_path):
    """What a NaN stands for, nobody can tell a reader of counts: the format has its own mark for missing frames."""

    def change(hdus):
        cube = np.full((COUNT, 256, 256), 1800.0, np.float32)
        cube[1] = np.nan
        hdus["READ2"] = fits.CompImageHDU(cube, name="READ2")

    found = problem(damaged(good, tmp_path, change), "READ2")
    assert (found.found, found.expected) == ("type float32", "uint16 (3, 256, 256)")


def set_frames(column, values):
    def change(hdus):
        hdus["FRAMES"].data[column] = values

    return change


@pytest.mark.parametrize(
    ("column", "values", "keyword"),
    [
        ("number", [1, 3, 2], "FRAMES.number"),
        ("mjd", [50000.0, 50000.1, 50000.2], "FRAMES.mjd"),
        ("mjd", [np.nan] * 3, "FRAMES.mjd"),
        ("mjd", [50930.00002, 50930.00001, 50930.00003], "FRAMES.mjd"),
        ("decl_deg", [np.nan] * 3, "FRAMES.decl_deg"),
        ("airmass", [1.2, np.nan, 1.2], "FRAMES.airmass"),
        ("airmass", [1.2, 1.2, 0.0], "FRAMES.airmass"),
        ("missing", [True, True, False], "FRAMES.missing"),
    ],
)
def test_bad_frame_table(good, tmp_path, column, values, keyword):
    assert problem(damaged(good, tmp_path, set_frames(column, values)), keyword)


def test_frame_table_absent_or_without_column(good, tmp_path):
    assert (
        problem(damaged(good, tmp_path, lambda hdus: hdus.pop("FRAMES")), "FRAMES").found
        == "no such extension"
    )

    def change(hdus):
        columns = [column for column in hdus["FRAMES"].columns if column.name != "mjd"]
        hdus["FRAMES"] = fits.BinTableHDU.from_columns(columns, name="FRAMES")

    other = tmp_path / "other"
    other.mkdir()
    assert "no column mjd" in problem(damaged(good, other, change), "FRAMES").found


def test_night_folder(good, tmp_path):
    night = tmp_path / "980427s"
    night.mkdir()
    (night / good.name).write_bytes(good.read_bytes())
    with pytest.raises(InputError):
        read_checksums(night)
    seal_night(night)
    assert read_checksums(night) == {good.name: file_checksum(good)}
    (night / "notes.fits").write_text("not a raw file")
    (night / "h0423049.fits").write_bytes(good.read_bytes())
    assert [path.name for path in raw_files(night)] == ["j0423049.fits", "h0423049.fits"]
    header, _ = read_raw_header(good)
    assert check_membership(night, header) == []
    assert [item.keyword for item in check_membership(tmp_path / "980428n", header)] == ["ORDATE", "HEMIS"]
    assert [item.keyword for item in check_membership(tmp_path / "april", header)] == ["folder"]


@pytest.mark.parametrize("text", ["", "x", "0" * 64 + " name", "0" * 64 + "  a/b", ("0" * 64 + "  a\n") * 2])
def test_bad_checksum_list(tmp_path, text):
    (tmp_path / CHECKSUM_LIST_NAME).write_text(text)
    if text:
        with pytest.raises(InputError):
            read_checksums(tmp_path)
    else:
        assert read_checksums(tmp_path) == {}


def test_names():
    assert raw_names.survey_day_number(date(1997, 3, 1)) == 1
    assert raw_names.survey_day_number(date(1998, 4, 27)) == 423
    assert raw_names.date_of_day_number(423) == date(1998, 4, 27)
    assert raw_names.file_name(Band.J, 423, 49) == "j0423049.fits"
    parsed = raw_names.parse_file_name("j0423049.fits")
    assert (parsed.band, parsed.day_number, parsed.scan) == (Band.J, 423, 49)
    assert raw_names.parse_night_name("980427s") == (date(1998, 4, 27), "s")
    assert raw_names.parse_night_name("000102n") == (date(2000, 1, 2), "n")
    assert raw_names.night_name(date(2000, 1, 2), "n") == "000102n"
    for bad in ("i0423049.fits", "j423049.fits", "j0423049.fit", ""):
        with pytest.raises(InputError):
            raw_names.parse_file_name(bad)
    for bad in ("980427", "980427e", "980231s", "950101n"):
        with pytest.raises(InputError):
            raw_names.parse_night_name(bad)
    with pytest.raises(InputError):
        raw_names.file_name(Band.J, 423, 1000)


class TestUnits:
    """Sizes and checksums of raw files are looked at before pixels are read."""

    def rewritten(self, good, tmp_path):
        path = tmp_path / good.name
        with fits.open(good, disable_image_compression=True) as hdus:
            hdus.writeto(path, checksum=True)
        return path

    def test_checksums_that_agree(self, good, tmp_path):
        assert validate(self.rewritten(good, tmp_path)) == []

    @pytest.mark.parametrize("share", [0.1, 0.3, 0.7, 0.99])
    def test_a_flipped_bit_under_a_checksum(self, good, tmp_path, share):
        path = self.rewritten(good, tmp_path)
        content = bytearray(path.read_bytes())
        content[int(share * len(content))] ^= 1
        path.write_bytes(content)
        assert validate(path)

    def test_a_cube_beyond_all_measure(self, good, tmp_path):
        path = tmp_path / good.name
        path.write_bytes(
            good.read_bytes().replace(b"ZNAXIS3 =                    3", b"ZNAXIS3 =               300000")
        )
        (found,) = validate(path)
        assert found.keyword == "ZNAXIS3"

    def test_bytes_behind_the_last_extension(self, good, tmp_path):
        path = tmp_path / good.name
        path.write_bytes(good.read_bytes() + b"<html>")
        (found,) = validate(path)
        assert found.found == "6 bytes behind the last of 4 whole HDUs that are no HDU"
