"""One hash over what an attempt publishes: of its content, not of its attempt."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from app.columns import EXTENDED_SOURCE, POINT_SOURCE
from app.columns.hash_versions import NEWEST, VERSIONS, HashedColumns, HashVersionError
from app.columns.records import empty_records
from app.instruments.bands import Band
from app.production.output_hash import KeysInRowsError, output_hash
from app.production.publication import (
    AtlasImageRow,
    DiagnosticsRow,
    Metric,
    Publication,
    ScanCoverageRow,
)
from tests.worlds.production import AREA, SQUARE, point_sources

IMAGE = AtlasImageRow(
    1024, Band.J, 1, 10.0, 10.0, SQUARE, 4, 4, "atlas/1.fits", "1" * 64, 20.0, raw_file_id=7
)


def made(version=NEWEST, **changes):
    publication = {"input_hash": "0" * 64, "point_sources": point_sources(3)} | changes
    return output_hash(Publication(**publication), version)


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


def test_places_and_keys_of_files_do_not_count():
    first = made(atlas_images=(IMAGE,))
    assert made(atlas_images=(replace(IMAGE, url="elsewhere", raw_file_id=8),)) == first
    assert made(atlas_images=(replace(IMAGE, sha256="2" * 64),)) != first
    assert made(diagnostics=DiagnosticsRow("here", "3")) == made(diagnostics=DiagnosticsRow("there", "3"))
    assert made(diagnostics=DiagnosticsRow("here", "3")) != made(diagnostics=DiagnosticsRow("here", "4"))


@pytest.fixture
def before_phi_opt(monkeypatch):
    """A version of the time before the last column and the background noise of images came."""
    newest = VERSIONS[NEWEST].output
    former = {
        part: tuple(n for n in names if n not in {"phi_opt", "sky_sigma_dn"})
        for part, names in newest.items()
    }
    assert former != newest
    monkeypatch.setitem(VERSIONS, 0, HashedColumns({}, former))


@pytest.mark.usefixtures("before_phi_opt")
def test_a_hash_of_an_old_version_knows_nothing_of_later_columns():
    rows = point_sources(3)
    later = rows.copy()
    later["phi_opt"][1] = 12
    images = (IMAGE,), (replace(IMAGE, sky_sigma_dn=3.0),)
    assert made(point_sources=rows) != made(point_sources=later)
    assert made(0, point_sources=rows, atlas_images=images[0]) == made(
        0, point_sources=later, atlas_images=images[1]
    )
    # What the version has still counts.
    later["j_m"][1] = 12.0
    assert made(0, point_sources=rows) != made(0, point_sources=later)


def test_a_version_that_cannot_be_computed_is_refused(monkeypatch):
    with pytest.raises(HashVersionError, match="version 99"):
        made(99)
    newest = VERSIONS[NEWEST].output
    for part, rows in (("point_sources", {}), ("atlas_images", {"atlas_images": (IMAGE,)})):
        monkeypatch.setitem(VERSIONS, 0, HashedColumns({}, newest | {part: (*newest[part], "gone")}))
        with pytest.raises(HashVersionError, match="version 0, with gone"):
            made(0, **rows)
