"""Attempts of a small night done again by command: equal, a planted change found, another reference catalogue told."""

from __future__ import annotations

import json

import pytest

from tests.acceptance.conftest import Site


def replay(site: Site, *words: str, status: int = 0) -> str:
    return site.mapps("run", "replay", "first", *words, status=status)


def scan_attempt(site: Site) -> int:
    """The scan with the fewest frames to reduce again: any one with rows."""
    with site.database.connect("reader") as connection:
        [(attempt_id,)] = connection.execute(
            "SELECT attempt_id FROM production.attempt WHERE accepted AND point_rows > 0 ORDER BY point_rows LIMIT 1"
        ).fetchall()
    return int(attempt_id)


@pytest.mark.slow
def test_all_attempts_of_a_night_are_equal(night: Site, tmp_path) -> None:
    report = tmp_path / "replay.json"
    told = replay(night, "--sample", "20", "--report", str(report))
    counts = json.loads(report.read_text())["counts"]
    with night.database.connect("reader") as connection:
        kinds = connection.execute(
            "SELECT t.kind FROM production.attempt AS a JOIN production.task AS t USING (task_id) WHERE a.accepted"
        ).fetchall()
    assert {kind for (kind,) in kinds} == {"night_calibration", "scan", "night_solution", "night_grades"}
    assert counts["equal"] == len(told.splitlines()) - 1 == len(kinds)
    assert (counts["differs"], counts["cannot"]) == (0, 0)


def test_attempts_at_finished_images_are_equal(night_images: Site) -> None:
    told = replay(night_images, "--any-code", "--attempt", str(scan_attempt(night_images)))
    assert "1 attempts: 1 equal, 0 differs, 0 cannot" in told


def test_a_planted_value_is_found_in_a_raw_scan(night_copy: Site) -> None:
    attempt = scan_attempt(night_copy)
    change = "UPDATE wsdb.point_measurement SET j_m = j_m + %s WHERE attempt_id = %s AND src_id = %s"
    with night_copy.database.connect() as connection:
        [(source, before)] = connection.execute(
            "SELECT src_id, j_m FROM wsdb.point_measurement WHERE attempt_id = %s AND j_m > 10 ORDER BY src_id LIMIT 1",
            (attempt,),
        ).fetchall()
        connection.execute(change, (0.001, attempt, source))
    try:
        told = replay(night_copy, "--any-code", "--attempt", str(attempt), status=1)
    finally:
        with night_copy.database.connect() as connection:
            connection.execute(
                "UPDATE wsdb.point_measurement SET j_m = %s WHERE attempt_id = %s AND src_id = %s",
                (before, attempt, source),
            )
    assert f"differs: point_measurement.j_m 1 rows (src_id {source}: " in told
    assert "0 equal, 1 differs" in told


def test_another_reference_catalogue_shows(night_copy: Site) -> None:
    """Its attempts are listed, cannot be proved any more, and are good again when the catalogue comes back."""
    folder = str(next(iter(sorted((night_copy.home / "raw").rglob("checksums.sha256")))).parent)
    load = ("reference", "load", "--synthetic", "--night", folder, "--replace")
    attempt = scan_attempt(night_copy)
    assert "0 tasks would be made ready again" in night_copy.mapps("run", "stale", "first")
    night_copy.mapps(*load, "--seed", "1")
    try:
        stale = json.loads(night_copy.mapps("run", "stale", "first", "--json"))
        told = replay(night_copy, "--any-code", "--attempt", str(attempt), status=4)
        # A release was drawn from the run, so its rows must stay: done again only in another run.
        night_copy.mapps("run", "stale", "first", "--apply", status=2)
        former, _ = json.loads(night_copy.mapps("reference", "list", "--json"))[::-1]
        users = json.loads(night_copy.mapps("run", "recall", "--reference", former["content_hash"], "--json"))
    finally:
        night_copy.mapps(*load, "--seed", "0")
    assert f"attempt {attempt} (scan" in told
    assert "cannot: STARS_REPLACED" in told
    assert stale
    assert {task["kind"] for task in stale} == {"scan"}
    # The night's solution and grades read rows of such scans; they are done again once these are.
    assert {user["kind"] for user in users} == {"scan", "night_solution", "night_grades"}
    assert {user["attempt"] for user in users if user["kind"] == "scan"} == {
        task["attempt"] for task in stale
    }
    assert all("reference catalogue synthetic" in reason for task in stale for reason in task["because"])
    assert json.loads(night_copy.mapps("run", "stale", "first", "--json")) == []
