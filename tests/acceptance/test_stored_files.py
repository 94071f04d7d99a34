"""A damaged store as an operator meets it: found by `mapps store verify`, mended by the commands that it prints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.acceptance.conftest import Site

pytestmark = pytest.mark.slow


def spoil(path: Path) -> None:
    """Flip a bit in the middle of a file, which leaves its size."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)


def stored(site: Site, kind: str) -> list[Path]:
    return sorted(path for path in (site.home / "store" / kind).rglob("*") if path.is_file())


def test_every_kind_of_file_is_mended_by_the_printed_command(night_copy: Site) -> None:
    """Calibrations, images, stamps, diagnostics: flipped bits, and an image that is gone; the release stays."""
    assert ", 0 wrong" in night_copy.mapps("store", "verify")
    kinds = ("calibration", "atlas", "stamps", "diagnostics")
    before = {path: path.read_bytes() for kind in kinds for path in stored(night_copy, kind)}
    damaged = [stored(night_copy, kind)[0] for kind in kinds]
    for path in damaged:
        spoil(path)
    gone = stored(night_copy, "atlas")[-1]
    gone.unlink()
    found = json.loads(night_copy.mapps("store", "verify", "--json", status=3))
    names = {str(path.relative_to(night_copy.home / "store")) for path in (*damaged, gone)}
    assert {row["file"] for row in found} == names
    assert all("run first, night " in row["used_by"] for row in found)
    # Scans that no release chose are reduced all the same; what calibrated the chosen ones is released with them.
    assert all(
        "released in first-1" in row["used_by"] for row in found if row["file"].startswith("calibration")
    )
    assert "FAILED" in night_copy.mapps("doctor", status=3)
    # A scan's files need its calibration: that row comes first, as `mapps store repair` without names does it.
    for row in sorted(found, key=lambda row: not row["file"].startswith("calibration")):
        words = row["remedy"].split()
        assert words[0] == "mapps"
        assert "1 of 1 files made again" in night_copy.mapps(*words[1:])
    assert {path: path.read_bytes() for path in before} == before
    assert ", 0 wrong" in night_copy.mapps("store", "verify")
    assert json.loads(night_copy.mapps("store", "sweep", "--json")) == []


def test_worker_names_the_way_that_works(night_copy: Site) -> None:
    """The advised recall of a calibration did not mend a damaged file, so that the scan failed for ever."""
    for path in stored(night_copy, "calibration"):
        spoil(path)
    night_copy.mapps("run", "create", "again", "--kind", "preliminary")
    night_copy.mapps("run", "queue", "again", "--scan", "9", "--scan", "10")
    # The calibration task of the new run makes the same files again, and puts them right.
    night_copy.mapps("worker", "--until-idle", "--max-tasks", "1")
    assert ", 0 wrong" in night_copy.mapps("store", "verify")
    spoil(stored(night_copy, "calibration")[0])
    night_copy.mapps("worker", "--until-idle", "--max-tasks", "1", status=3)
    [problem] = json.loads(night_copy.mapps("run", "status", "again", "--json"))["problems"]
    assert problem["reason"].startswith("CALIBRATION_FILE: ")
    remedy = problem["reason"].partition("make it again: ")[2].partition(", then: ")
    night_copy.mapps(*remedy[0].split()[1:])
    night_copy.mapps(*remedy[2].split()[1:], "again")
    night_copy.mapps("worker", "--until-idle")
    assert json.loads(night_copy.mapps("run", "status", "again", "--json"))["problems"] == []


def test_moved_store_needs_the_setting_alone(night_copy: Site, tmp_path: Path) -> None:
    place = night_copy.home / "store"
    moved = night_copy.home / "elsewhere"
    place.rename(moved)
    try:
        night_copy.mapps("store", "verify", status=3)
        setting = {"MAPPS_STORE_URL": str(moved)}
        assert ", 0 wrong" in night_copy.mapps("store", "verify", **setting)
        night_copy.mapps("run", "report", "first", "--output", str(tmp_path), **setting)
        night_copy.mapps("run", "create", "moved", "--kind", "preliminary", **setting)
        night_copy.mapps("run", "queue", "moved", **setting)
        # The night's calibration and two scans that read it; the others are left.
        night_copy.mapps("worker", "--until-idle", "--max-tasks", "3", **setting)
        with night_copy.database.connect("reader") as connection:
            [(done, same)] = connection.execute(
                "SELECT count(*), count(*) FILTER (WHERE m.output_hash = f.output_hash) FROM production.attempt AS m"
                " JOIN production.run AS r USING (run_id) JOIN production.task AS t USING (task_id)"
                " JOIN production.task AS u ON u.kind = t.kind AND u.scan_key IS NOT DISTINCT FROM t.scan_key"
                " AND u.run_id <> t.run_id JOIN production.attempt AS f ON f.task_id = u.task_id AND f.accepted"
                " WHERE r.name = 'moved' AND m.accepted"
            ).fetchall()
            assert connection.execute(
                "SELECT count(*) FROM wsdb.atlas_measurement WHERE url ~ '^/|:'"
            ).fetchone() == (0,)
        # The same work at another place of the store has the same hash.
        assert (done, same) == (3, 3)
    finally:
        moved.rename(place)
