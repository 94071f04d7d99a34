"""Words and groups of the coverage picture; the picture itself is drawn in tests/contract/test_run_pictures.py."""

from __future__ import annotations

from datetime import date

import numpy as np

from app.ingest.summary import ScanIdentity
from app.ingest.tiles import unassigned_tile
from app.reports.coverage_picture import describe_tile, neighbours, tile_words


def visit(scan, tile=25, rows=1200):
    return {
        "date": date(1998, 4, 27),
        "hemis": "s",
        "scan": scan,
        "tile": tile,
        "kind": "sci",
        "point_rows": rows,
    }


def strip(ra, decl=0.0):
    return np.array([(ra, decl), (ra + 0.15, decl), (ra + 0.15, decl + 6.0), (ra, decl + 6.0)])


def test_visits_of_a_field_are_no_further_sources():
    assert describe_tile([visit(12)], several_nights=False) == "tile 25: scan 012, 1,200 sources"
    six = [visit(number, rows=1200 + number) for number in range(12, 18)]
    assert (
        describe_tile(six, several_nights=False)
        == "tile 25: scans 012 to 017, 6 visits of 1,214 sources each"
    )
    assert describe_tile([visit(12)], several_nights=True) == "tile 25: scan 04-27/012, 1,200 sources"


def test_scans_without_a_tile_are_named_by_number():
    assert tile_words([visit(7, tile=None)]) == "scan 007"
    # A scan whose files name no tile has a negative number of ours, which nobody would recognize.
    unassigned = unassigned_tile(ScanIdentity(date(1998, 4, 27), "s", 49))
    assert unassigned < 0
    assert tile_words([visit(49, tile=unassigned)]) == "scan 049"
    assert describe_tile([visit(49, tile=unassigned)], several_nights=False) == "scan 049, 1,200 sources"


def test_scans_that_touch_are_one_patch():
    places = [strip(10.0), strip(200.0), strip(10.14), strip(10.28), strip(10.0, 40.0)]
    assert neighbours(places) == [[0, 2, 3], [1], [4]]
