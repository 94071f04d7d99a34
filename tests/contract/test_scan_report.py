"""`mapps scan report` as an operator types it, and how diagnostics come and go with attempts."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from app.cli.main import run as mapps
from app.cli.output import forget_mode
from app.formats.scan_diagnostics import write_diagnostics
from app.models.production import InputKind
from app.production import protocol
from app.production.output_hash import output_hash
from app.production.publication import DiagnosticsRow
from app.production.publishing import publish
from app.production.recall import Recalled, requeue
from app.store import Store
from tests.worlds.production import (
    IDENTITY,
    another_run,
    make_world,
    publication_of,
    valid_calibrations,
    value,
)
from tests.worlds.synthetic_diagnostics import NOTHING, ONE_BAND


@pytest.fixture
def command(live_database, capsys):
    """Run `mapps scan report`; what it told, or its JSON when asked for."""

    def do(*words, status=0):
        capsys.readouterr()
        forget_mode()
        found = mapps(["scan", "report", *words])
        told = capsys.readouterr()
        forget_mode()
        assert found == status, told.err
        if status:
            assert told.err.count("\n") == 1
            return told.err
        return json.loads(told.out) if "--json" in words else told.out

    return do


@pytest.fixture
def connection(live_database):
    with live_database.connect(autocommit=True) as opened:
        yield opened


def work(connection, world, diagnostics=ONE_BAND):
    """Do all tasks of the run; scans publish the diagnostics given, or none."""
    stored = Store().put(write_diagnostics(diagnostics), "diagnostics", ".fits") if diagnostics else None
    row = DiagnosticsRow(stored.name, stored.sha256) if stored else None
    while (held := protocol.claim(connection, IDENTITY, 60, world.run)) is not None:
        made = publication_of(held, None, valid_calibrations(connection, held))
        publish(connection, held, replace(made, diagnostics=row) if made.diagnostics else made)
    return stored


def recall_in_place(connection, world):
    """Recall the calibration of the night: it and its scans are done again in the same run."""
    product = value(
        connection,
        "SELECT calibration_id FROM calibration.product WHERE run_id = %s AND retired_at IS NULL",
        world.run_id,
    )
    requeue(connection, Recalled(InputKind.CALIBRATION, (product,)), 3)


def rows(connection):
    return connection.execute(
        "SELECT d.run_id, d.scan_key, a.accepted, d.sha256 FROM quality.scan_diagnostics AS d"
        " JOIN production.attempt AS a USING (attempt_id) ORDER BY 1, 2"
    ).fetchall()


def test_the_only_raw_scan_of_a_run_needs_no_name(command, connection, tmp_path):
    world = make_world(connection, 1, entry="raw")
    work(connection, world)
    text = command(world.run, "--output", str(tmp_path / "pictures"))
    assert "seeing_fwhm_arcsec" in text
    assert f"picture: {tmp_path / 'pictures' / 'chi2.png'}" in text
    found = command(world.run, "--output", str(tmp_path / "pictures"), "--json")
    assert (found["run"], found["scan"], len(found["pictures"])) == (world.run, 1, 8)
    metrics = {row["metric"]: row for row in found["metrics"]}
    assert metrics["seeing_fwhm_arcsec"]["k"] == pytest.approx(2.6, abs=0.1)
    assert metrics["seeing_fwhm_arcsec"]["j"] is None
    assert all((tmp_path / "pictures" / name).exists() for name in ("residual.png", "scatter.png"))


def test_one_of_several_is_chosen_by_night_and_number(command, connection, tmp_path):
    world = make_world(connection, 7, entry="raw")
    work(connection, world)
    told = command(world.run, status=2)
    assert "AMBIGUOUS_SCAN" in told
    assert "and 2 more" in told
    night = f"{world.selection.night.date}n"
    found = command(world.run, "--night", night, "--scan", "3", "-o", str(tmp_path), "--json")
    assert (found["night"], found["scan"]) == (night, 3)
    assert "UNKNOWN_NAME" in command(world.run, "--night", night, "--scan", "8", status=2)
    assert "UNKNOWN_NAME" in command(world.run, "--night", "1990-01-01", status=2)
    assert "SELECTION" in command(world.run, "--night", "yesterday", status=2)
    assert "USAGE" in command(world.run, "--scan", "0", status=2)
    assert "UNKNOWN_NAME" in command("nowhere", status=2)


def test_a_scan_without_anything_has_no_pictures(command, connection, tmp_path):
    world = make_world(connection, 1, entry="raw")
    work(connection, world, NOTHING)
    told = command(world.run, "-o", str(tmp_path), "--json")
    # The stars of the rows are all that there is.
    assert told["pictures"] == [str(tmp_path / "splits.png")]
    connection.execute("DELETE FROM wsdb.point_measurement")
    assert "no pictures" in command(world.run, "-o", str(tmp_path))


def test_scans_without_diagnostics_say_why(command, connection):
    world = make_world(connection, 1, entry="raw")
    assert "is not reduced in run" in command(world.run, status=2)
    work(connection, world, None)
    assert "by code that kept no diagnostics" in command(world.run, status=2)
    images = make_world(connection, 2, entry="atlas")
    assert "NO_DIAGNOSTICS" in command(images.run, "--scan", "2", status=2)
    assert "ingested as Atlas images" in command(images.run, "--scan", "1", status=2)


def test_a_file_that_is_gone_or_another_is_told(command, connection, tmp_path):
    world = make_world(connection, 1, entry="raw")
    stored = work(connection, world)
    path = Store().local_path(stored.name)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-2880])
    assert "DIAGNOSTICS_FILE" in command(world.run, status=2)
    path.unlink()
    told = command(world.run, status=3)
    assert "error STORE: the diagnostics of scan 1" in told
    assert f"mapps store repair {stored.name}" in told


def test_diagnostics_of_a_superseded_attempt_give_way(connection, live_database):
    world = make_world(connection, 2, entry="raw")
    work(connection, world)
    first = rows(connection)
    assert [row[1] for row in first] == list(world.scan_keys)
    # Recalled scans keep what they published until they publish again.
    recall_in_place(connection, world)
    assert rows(connection) == first
    with live_database.connect("worker", autocommit=True) as worker:
        work(worker, world, NOTHING)
    second = rows(connection)
    assert [row[:3] for row in second] == [(world.run_id, key, True) for key in world.scan_keys]
    assert {row[3] for row in second}.isdisjoint({row[3] for row in first})
    recall_in_place(connection, world)
    work(connection, world, None)
    assert rows(connection) == []


def test_runs_have_their_own(connection):
    world = make_world(connection, 1, entry="raw")
    other = another_run(connection, world)
    work(connection, world)
    work(connection, other, NOTHING)
    assert [(row[0], row[1]) for row in rows(connection)] == [
        (world.run_id, world.scan_keys[0]),
        (other.run_id, world.scan_keys[0]),
    ]


def test_the_output_hash_tells_diagnostics_apart(connection):
    world = make_world(connection, 1)
    made = publication_of(protocol.claim(connection, IDENTITY, 60, world.run))
    other = replace(made, diagnostics=DiagnosticsRow("diagnostics/00/1.fits", "1" * 64))
    assert len({output_hash(made), output_hash(other), output_hash(replace(made, diagnostics=None))}) == 3
    assert value(connection, "SELECT count(*) FROM quality.scan_diagnostics") == 0
