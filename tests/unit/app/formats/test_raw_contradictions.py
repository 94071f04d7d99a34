"""A raw file that says otherwise than itself, or than its format, is refused by keyword."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest
from astropy.io import fits

from app.formats.raw_night import FRAME_DTYPE, RawScan, RawScanHeader, ScanType, validate, write_raw_scan
from app.instruments.bands import Band

START = datetime(1998, 4, 27, 3, 0, tzinfo=UTC)


@pytest.fixture
def path(tmp_path):
    header = RawScanHeader(
        night_date=date(1998, 4, 27), hemisphere="s", band=Band.J, scan=49, scan_type=ScanType.SURVEY, start=START,
        frame_count=3, camera="sim-s-1", direction="n", tile=308049, airmass=1.25, ra_deg=260.74, decl_deg=-14.36,
    )  # fmt: skip
    frames = np.zeros(3, FRAME_DTYPE)
    frames["number"] = (1, 2, 3)
    frames["mjd"] = START.timestamp() / 86400.0 + 40587.0 + np.arange(1, 4) * 1.4 / 86400.0
    frames["ra_deg"], frames["decl_deg"], frames["airmass"] = 260.74, [-14.38, -14.36, -14.34], 1.25
    reads = np.random.default_rng(1).integers(1000, 3000, (2, 3, 256, 256)).astype(np.uint16)
    path = tmp_path / header.file_name
    write_raw_scan(path, RawScan(header, frames, *reads))
    return path


def problems(path):
    return {problem.keyword: (problem.found, problem.expected) for problem in validate(path)}


def edit(path, unit, *cards):
    with fits.open(path, mode="update", disable_image_compression=True) as hdus:
        for card in cards:
            hdus[unit].header.append(card, end=True)


def test_a_file_as_it_was_written_says_nothing_against_itself(path):
    assert problems(path) == {}


@pytest.mark.parametrize(
    ("unit", "card", "keyword"),
    [
        (0, ("SCANNO", 50), "SCANNO"),
        (0, ("READ1_T", 9.0), "READ1_T"),
        (0, ("CAMERA", "sim-n-1"), "CAMERA"),
        (0, ("EQUINOX", 1950.0), "EQUINOX"),
        (0, ("RADECSYS", "FK4"), "RADECSYS"),
        (1, ("EPOCH", 1950.0), "EPOCH"),
        (1, ("RADESYS", "GALACTIC"), "RADESYS"),
        (0, ("TIMESYS", "TAI"), "TIMESYS"),
        (1, ("TIMESYS", "TT"), "TIMESYS"),
        (2, ("BLANK", 0), "READ1"),
        (3, ("BLANK", -32768), "READ2"),
    ],
)
def test_a_card_that_says_otherwise(path, unit, card, keyword):
    edit(path, unit, card)
    found, expected = problems(path)[keyword]
    assert found
    assert expected


@pytest.mark.parametrize(
    "card",
    [
        ("SCANNO", 49),
        ("EQUINOX", 2000.0),
        ("RADESYS", "ICRS"),
        ("TIMESYS", "utc"),
        ("OBSERVER", "a"),
        ("HISTORY", "b"),
    ],
)
def test_what_says_the_same_is_taken(path, card):
    edit(path, 0, card)
    assert problems(path) == {}


@pytest.mark.parametrize(("keyword", "value"), [("TELNAME", "2MASS-N"), ("OBSERVAT", "Whipple, Mt. Hopkins")])
def test_another_site(path, keyword, value):
    fits.setval(path, keyword, value=value)
    assert problems(path)[keyword] == (repr(value), "a site of HEMIS 's'")


@pytest.mark.parametrize(("column", "unit"), [("mjd", "s"), ("ra_deg", "rad"), ("decl_deg", "hourangle")])
def test_another_unit(path, column, unit):
    number = FRAME_DTYPE.names.index(column) + 1
    fits.setval(path, f"TUNIT{number}", value=unit, ext=1)
    assert f"FRAMES.{column}" in problems(path)


@pytest.mark.parametrize(("name", "keyword"), [("READ3", "READ3"), ("", "HDU 4"), ("READ1", "READ1")])
def test_a_further_image(path, name, keyword):
    fits.append(path, np.zeros((4, 4), np.float32), fits.Header({"EXTNAME": name} if name else {}))
    assert keyword in problems(path)


def test_a_further_table_is_let_be(path):
    table = fits.BinTableHDU.from_columns([fits.Column("A", "E", array=[1.0])], name="LOG")
    with fits.open(path, mode="append") as hdus:
        hdus.append(table)
    assert problems(path) == {}
