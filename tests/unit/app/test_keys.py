"""Natural keys: their parts, their order, and what has none."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import keys
from app.formats.raw_names import survey_day_number
from app.keys import (
    FIRST_SURVEY_DAY,
    NightKeyError,
    coadd_key,
    night_key,
    night_of_key,
    scan_key,
    scan_of,
    scan_of_key,
)

LAST = keys.FIRST_SURVEY_DAY + timedelta(days=keys.LAST_DAY - 1)
SCANS = st.tuples(st.dates(keys.FIRST_SURVEY_DAY, LAST), st.sampled_from("ns"), st.integers(1, 999))


@given(SCANS, SCANS)
def test_keys_are_in_the_order_of_date_hemisphere_and_scan(first, second):
    assert (scan_key(*first) < scan_key(*second)) == (first < second)
    assert (scan_key(*first) == scan_key(*second)) == (first == second)


@given(SCANS, st.integers(0, 1023))
def test_a_key_holds_those_above_it(scan, number):
    key = scan_key(*scan)
    assert key >> keys.SCAN_BITS == night_key(*scan[:2])
    assert key & 1023 == scan[2]
    assert coadd_key(key, number) >> keys.IMAGE_BITS == key
    assert 0 < key < 1 << keys.SCAN_KEY_BITS


def test_bits_fill_a_positive_bigint():
    pixel = 28
    assert pixel + keys.SCAN_KEY_BITS + keys.SEQUENCE_BITS == 63
    assert 1 << pixel >= 12 * 4**keys.HEALPIX_ORDER
    largest = (1 << 63) - 1
    assert scan_of(largest) == (1 << 25) - 1
    assert scan_of(np.array([largest])).tolist() == [(1 << 25) - 1]
    # A scan's key fits PostgreSQL's integer, an image's does not.
    assert scan_key(LAST, "s", 999) < 1 << 31 <= coadd_key(scan_key(LAST, "s", 999), 1)


def test_days_are_those_of_the_files_names():
    for day in (date(1997, 3, 1), date(1998, 4, 27), date(2024, 7, 15)):
        assert night_key(day, "n") == 2 * survey_day_number(day)
        assert night_key(day, "s") == night_key(day, "n") + 1


@pytest.mark.parametrize(
    ("scan", "found"),
    [
        ((date(1997, 2, 28), "n", 1), "1997-02-28"),
        ((LAST + timedelta(days=1), "n", 1), "2042-01-07"),
        ((date(1998, 4, 27), "x", 1), "hemisphere 'x'"),
        ((date(1998, 4, 27), "", 1), "hemisphere ''"),
        ((date(1998, 4, 27), "n", 0), "scan number 0"),
        ((date(1998, 4, 27), "n", 1000), "scan number 1000"),
    ],
)
def test_what_has_no_key(scan, found):
    with pytest.raises(NightKeyError, match=found) as caught:
        scan_key(*scan)
    assert caught.value.code == "NIGHT_KEY"
    assert caught.value.expected


@pytest.mark.parametrize("letter", ["n", "s"])
@pytest.mark.parametrize("day", [FIRST_SURVEY_DAY, date(1998, 4, 27), LAST])
def test_keys_have_the_names_of_what_they_are_of(day, letter):
    assert night_of_key(night_key(day, letter)) == f"{day.isoformat()}{letter}"
    assert scan_of_key(scan_key(day, letter, 999)) == f"{day.isoformat()}{letter} scan 999"
