"""Source identifiers: their parts, their order, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest

from app.keys import scan_of
from app.sky import healpix
from app.sky.healpix import ORDER, SequenceOverflowError, pixel_number, source_identifiers
from app.sky.pixels import array_to_fits, fits_to_array, nearest_pixel, refine


def scattered(count):
    random = np.random.default_rng(7)
    return random.uniform(0.0, 360.0, count), np.degrees(np.arcsin(random.uniform(-1.0, 1.0, count)))


def test_orders_nest():
    ra, decl = scattered(300)
    fine, coarse = pixel_number(ra, decl), pixel_number(ra, decl, order=3)
    assert np.array_equal(fine >> 2 * (ORDER - 3), coarse)
    assert 0 <= fine.min() <= fine.max() < 12 * 4**ORDER


def test_identifiers_hold_pixel_scan_and_sequence():
    ra, decl = np.repeat(scattered(50), 3, axis=1)
    found = source_identifiers(ra, decl, scan_key=(1 << 25) - 1)
    assert np.unique(found).size == found.size
    assert np.array_equal(found >> 35, pixel_number(ra, decl))
    assert (scan_of(found) == (1 << 25) - 1).all()
    assert (found & (1 << 10) - 1).reshape(50, 3).tolist() == [[0, 1, 2]] * 50
    assert found.min() > 0


def test_sequence_follows_the_order_of_the_input():
    ra, decl = np.array([10.0, 200.0, 10.0, 200.0]), np.array([5.0, -5.0, 5.0, -5.0])
    assert (source_identifiers(ra, decl, 3) & 1023).tolist() == [0, 0, 1, 1]
    assert source_identifiers(np.zeros(0), np.zeros(0), 3).size == 0


def test_a_pixel_takes_no_more_than_its_bits(monkeypatch):
    monkeypatch.setattr(healpix, "SEQUENCE_BITS", 2)
    assert source_identifiers(np.zeros(4), np.zeros(4), 1).size == 4
    with pytest.raises(SequenceOverflowError, match="5 sources of scan 1") as caught:
        source_identifiers(np.zeros(5), np.zeros(5), 1)
    assert caught.value.expected == "at most 4"


def test_pixel_conventions():
    edge = np.array([-0.5, 511.5])
    assert np.array_equal(fits_to_array(array_to_fits(edge)), edge)
    # The outer edges of a grid stay where they are, at (n - 1) / 2 beyond the centre of the first fine pixel.
    assert refine(edge, 4).tolist() == [-0.5, 2047.5]
    assert nearest_pixel(refine(np.arange(3.0), 3)).tolist() == [1, 4, 7]
