"""Halos of bright stars: which rows are made of their light, and which are only touched by it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.parameters.artefacts import RELATION
from tests.unit.workers.reduction.merging.test_read1 import rows_for
from tests.worlds.small_scan import make_scan
from workers.reduction.artefacts.halo import faintest_real, mark_halos
from workers.reduction.frames.products import SOURCE_DTYPE
from workers.reduction.frames.uscan import UScan


def field(scan, radius, fainter, chi):
    """A star of J 7 and rows at some distances, fainter by some magnitudes, with some psfchi; U-scan of `scan`."""
    rows = rows_for(replace(scan, x_arcsec=np.r_[0.0, radius], y_arcsec=np.full(len(radius) + 1, 300.0)))
    rows["rd_flg"], rows["ph_qual"], rows["ndet"] = b"200", b"AUU", b"660000"
    rows["rd_flg"][0] = b"100"
    rows["j_m"], rows["j_psfchi"][1:] = 7.0 + np.r_[0.0, fainter], chi
    return rows


def test_halo_rows_are_artefacts_and_stars_beside_are_not():
    scan = make_scan(frames=2, count=2, seed=1)
    radius = np.array([7.0, 7.0, 7.0, 30.0, 14.0, 9.0])
    rows = field(scan, radius, [9.0, 9.0, 4.0, 9.0, 9.0, -3.0], [50.0, 1.0, 50.0, 50.0, 1.5, 9.0])
    marked = mark_halos(rows, np.r_[True, np.zeros(6, bool)], scan.uscan)
    flags = [text.decode() for text in marked["cc_flg"]]
    # The star; chaff; a good fit beside it, biased; bright against the halo; far away; nearly buried; absurd.
    assert flags == ["000", "C00", "c00", "000", "000", "c00", "C00"]
    assert (rows["cc_flg"] == b"000").all()  # the input is left alone


def test_a_row_that_stands_out_in_one_band_is_real():
    scan = make_scan(frames=2, count=2, seed=1)
    rows = field(scan, np.array([7.0, 7.0]), [9.0, 9.0], [50.0, 50.0])
    rows["rd_flg"], rows["h_m"], rows["h_psfchi"] = b"220", [7.0, 10.0, 16.0], [np.nan, 1.0, 60.0]
    rows["rd_flg"][0], rows["ndet"] = b"110", b"666600"
    marked = mark_halos(rows, np.array([True, False, False]), scan.uscan)
    assert [text.decode() for text in marked["cc_flg"]] == ["000", "c00", "CC0"]


def test_no_frame_to_measure_on_beside_a_star_is_an_artefact():
    scan = make_scan(frames=2, count=2, seed=1)
    rows = field(scan, np.array([8.0]), [1.0], [1.0])
    rows["ndet"][1] = b"000000"
    assert mark_halos(rows, np.array([True, False]), scan.uscan)["cc_flg"][1] == b"C00"


def test_the_relation_rises_outwards():
    radius, depth = np.array(RELATION).T
    assert (np.diff(radius) > 0).all()
    assert (np.diff(depth) > 0).all()
    assert faintest_real(np.array([0.0, 2.0, 200.0])).tolist() == [3.5, 3.5, 15.5]


def test_empty_tables():
    uscan = UScan.through(np.array([10.0]), np.array([0.0]))
    empty = np.zeros(0, SOURCE_DTYPE)
    assert mark_halos(empty, np.zeros(0, bool), uscan).size == 0
