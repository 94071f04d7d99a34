"""One hash over what an attempt publishes: of its content, not of its attempt."""

import hashlib

import numpy as np
import pytest

from app.columns import EXTENDED_SOURCE, POINT_SOURCE
from app.columns.records import empty_records
from app.instruments.bands import Band
from app.production.output_hash import KeysInRowsError, output_hash
from app.production.publication import Metric, Publication, ScanCoverageRow
from tests.worlds.production import AREA, point_sources


def made(**changes):
    return output_hash(Publication(**({"input_hash": "0" * 64, "point_sources": point_sources(3)} | changes)))


def test_rows_are_hashed_as_they_are():
    rows = point_sources(3)
    wanted = hashlib.sha256(b"4\n" + rows.tobytes() + b"0\n" + 4 * b"[]\n").hexdigest()
    assert made() == wanted
    assert made(point_sources=np.ascontiguousarray(rows[::-1])[::-1]) == wanted


def test_no_rows_are_as_none():
    assert made(point_sources=None) == made(point_sources=empty_records(POINT_SOURCE, 0))


def test_any_value_counts():
    rows = point_sources(3)
    rows["j_m"][2] = 15.0
    extended = empty_records(EXTENDED_SOURCE, 1)
    extended["run_id"] = extended["attempt_id"] = 0
    hashes = [
        made(),
        made(point_sources=rows),
        made(extended_sources=extended),
        made(metrics=(Metric("x", None, 1.0),)),
        made(scan_coverage=(ScanCoverageRow(None, AREA, ((1, 5),), 14),)),
        made(scan_coverage=(ScanCoverageRow(None, AREA, ((1, 6),), 14),)),
        made(scan_coverage=(ScanCoverageRow(Band.J, AREA, ((1, 6),), 14),)),
        made(scan_coverage=(ScanCoverageRow(Band.J, AREA, ((1, 6),), 15),)),
    ]
    assert len(set(hashes)) == 8


@pytest.mark.parametrize("name", ["run_id", "attempt_id"])
def test_keys_of_a_claim_do_not_belong_into_rows(name):
    rows = point_sources(3)
    rows[name][1] = 8
    with pytest.raises(KeysInRowsError, match=f"{name} in 4 rows") as raised:
        made(point_sources=rows)
    assert raised.value.exit_status == 70
