"""Libraries of hardware blocks: combined from scans on request, named by final runs, used, recalled, replayed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from app.cli.main import run as mapps
from app.cli.output import forget_mode
from app.columns.diagnostics import WELL_DTYPE, BandDiagnostics, LearntTable, ScanDiagnostics
from app.db.statements import statement
from app.errors import ConflictError
from app.formats.scan_diagnostics import DiagnosticsFileError, write_diagnostics
from app.formats.scan_library import LibraryFileError, read_library
from app.instruments.bands import Band
from app.models.production import RunKind
from app.production import protocol
from app.production.listing import list_block_nights, list_calibrations
from app.production.output_hash import output_hash
from app.production.plan import BLOCK_LIBRARY
from app.production.publication import DiagnosticsRow
from app.production.publishing import publish
from app.production.queueing import queue_run
from app.production.recall import queue_again
from app.production.requests import request_block_calibration
from app.production.selection import Selection
from app.production.stale import stale_tasks
from tests.worlds import block_nights
from tests.worlds.block_nights import CAMERA_NAME, FIRST_NIGHT, LEASE, BlockWorld
from tests.worlds.frame_stack import SIGMA_PIX, gaussian_psf
from tests.worlds.production import IDENTITY, check_invariants
from workers.steps import block_library
from workers.steps.block_library import NoScansError, chosen_scans
from workers.steps.calibrations import product_of, valid_products
from workers.steps.context import RecordedInputs
from workers.steps.libraries import LibraryUseError, loaded_with_libraries, named_libraries
from workers.steps.scan_facts import read_scan_facts

NIGHTS = 4
LOW = (30, 40)  # row and column of a pixel of half a well


class LibraryWorld(BlockWorld):
    """Nights whose scans have learnt a profile and seen wells; `blurred` nights were out of focus."""

    blurred: frozenset[int] = frozenset()
    order = 2

    def perform(self, claim):
        if claim.kind == BLOCK_LIBRARY.kind:
            return publish(self.worker, claim, block_library.perform(claim, self.context(claim)))
        return super().perform(claim)

    def replayed(self, claim, attempts):
        recorded = RecordedInputs(frozenset(), frozenset(), upstream_ids=frozenset(attempts))
        return block_library.perform(claim, replace(self.context(claim), recorded=recorded))

    def scanned(self, claim):
        made = super().scanned(claim)
        used = self.calibrated_by(claim)
        stored = self.store.put(write_diagnostics(self.diagnostics(claim.scan_key)), "diagnostics", ".fits")
        ids = made.calibration_ids + tuple(product.calibration_id for product in used)
        return replace(made, calibration_ids=ids, diagnostics=DiagnosticsRow(stored.name, stored.sha256))

    def calibrated_by(self, claim):
        """Libraries that the scan takes; of a final run read with the calibration."""
        with self.database.connect("worker") as connection:
            scan = read_scan_facts(connection, claim.scan_key)
            used = {Band.J: product_of(valid_products(connection, claim, scan), Band.J, CAMERA_NAME)}
            libraries = named_libraries(connection, claim, self.context(claim), used)
        if libraries:
            self.loaded = loaded_with_libraries(self.context(claim), used, libraries, self.order)[Band.J]
        return tuple(libraries.values())

    def diagnostics(self, scan_key):
        rng = np.random.default_rng(scan_key)
        psf = gaussian_psf(1, sigma=SIGMA_PIX * (1.0 + 0.002 * rng.standard_normal()))
        nodes = psf.nodes + (1e-3 * rng.standard_normal(psf.nodes.shape)).astype(np.float32)
        if (night := self.number_of(scan_key)) in self.blurred:
            nodes[0] = 0.6 * nodes[0] + 0.4 * np.roll(nodes[0], 4, axis=1)
        wells = np.zeros(400, WELL_DTYPE)
        wells["y"], wells["x"] = np.divmod(np.arange(400), 20)
        wells["level_dn"], wells["looks"] = 19000.0 * (1.05 if night in self.blurred else 1.0), 1
        wells["y"][-1], wells["x"][-1], wells["level_dn"][-1] = *LOW, 9500.0
        table = LearntTable(nodes, psf.wing, psf.width_pix(0.0), 60)
        return ScanDiagnostics((BandDiagnostics(Band.J, profile=table, wells=wells),))

    def number_of(self, scan_key):
        sql = "SELECT n.date FROM survey.scan AS s JOIN survey.night AS n USING (night_id) WHERE s.scan_key = %s"
        return (self.connection.execute(sql, (scan_key,)).fetchone()[0] - FIRST_NIGHT).days

    def library(self, run):
        sql = (
            "SELECT c.calibration_id, c.sha256, c.url, c.facts, c.attempt_id FROM calibration.product AS c"
            " JOIN production.run AS r USING (run_id) WHERE r.name = %s AND c.kind = 'library' AND c.retired_at IS NULL"
        )
        return self.connection.execute(sql, (run,)).fetchone()

    def final(self, name, library):
        """A final run that names a library among its inputs, as `create_final_run` writes them."""
        self.run(name)
        [run_id] = self.connection.execute(
            "SELECT run_id FROM production.run WHERE name = %s", (name,)
        ).fetchone()
        with self.connection.transaction():
            words = {"run_id": run_id, "condition": "photometric", "person": "test"}
            self.connection.execute(statement("production/final/add_run"), words)
            given = {"run_id": run_id, "kind": "calibration", "name": "library", "input_key": library[0]}
            self.connection.execute(
                statement("production/final/add_input"), given | {"content_hash": library[1]}
            )
            self.connection.execute(
                "INSERT INTO production.final_scan (run_id, scan_key, parent_run_id, attempt_id)"
                " SELECT %s, a.scan_key, a.run_id, a.attempt_id FROM production.attempt AS a"
                " WHERE a.scan_key IS NOT NULL AND a.accepted",
                (run_id,),
            )
        return name


@pytest.fixture
def world(live_database, settings, tmp_path, monkeypatch):
    # Planes of this world have 64 pixels a side.
    monkeypatch.setattr(block_library, "detector_of", lambda *_: SimpleNamespace(shape=block_nights.SHAPE))
    monkeypatch.setattr(block_nights, "BlockWorld", LibraryWorld)
    for opened in block_nights.open_world(live_database, str(tmp_path / "store"), settings):
        for number in range(NIGHTS):
            opened.night(number)
        opened.connection.execute(
            "INSERT INTO survey.raw_file (night_id, scan_key, kind, band, url, sha256, size_bytes, header)"
            " SELECT night_id, scan_key, 'scan', 'j', 'none', lpad(scan_key::text, 64, '0'), 0,"
            " jsonb_build_object('CAMERA', %s::text) FROM survey.scan WHERE kind = 'sci'",
            (CAMERA_NAME,),
        )
        yield opened
        check_invariants(opened.connection)
    forget_mode()


def reduced(world, name="early"):
    run = world.run(name, RunKind.PRELIMINARY)
    queue_run(world.connection, run, Selection(), 3)
    world.work(run)
    return run


def combined(world, run="early"):
    request_block_calibration(world.connection, run, 3, kind=BLOCK_LIBRARY)
    assert world.work(run) == ["block_library"]
    return world.library(run)


def test_scans_of_a_block_are_combined_on_request_and_a_final_run_uses_that(world):
    run = reduced(world)
    with pytest.raises(ConflictError, match="no night of block 'other'"):
        request_block_calibration(world.connection, run, 3, block="other", kind=BLOCK_LIBRARY)
    made = combined(world)
    facts = made[3]
    assert (facts["nights_combined"], facts["nights_departing"], facts["scans"]) == (NIGHTS, 0, NIGHTS)
    assert facts["library_stars"] == 60 * NIGHTS
    content = read_library(world.store.path_of(made[2]), CAMERA_NAME)
    assert content.entries["scans"].sum() == content.entries["nights"].sum() == NIGHTS
    peak = gaussian_psf(1, sigma=SIGMA_PIX).nodes[0, 16, 16]
    np.testing.assert_allclose(content.nodes[:, 0, 16, 16], peak, rtol=0.01)
    assert (content.well_dn[3, 4], content.well_dn[LOW], content.well_scans[3, 4]) == (
        19000.0,
        9500.0,
        NIGHTS,
    )
    upstream = world.connection.execute(
        "SELECT count(*) FROM production.attempt_upstream WHERE attempt_id = %s", (made[4],)
    ).fetchone()
    assert upstream == (NIGHTS,)
    listed = [
        row for row in list_calibrations(world.connection, Selection(), 100, run) if row["kind"] == "library"
    ]
    assert [(row["nights"], row["departing"]) for row in listed] == [(NIGHTS, 0)]
    # Asked for again, of the same scans, it is the same to the byte.
    assert combined(world)[1] == made[1]
    again = world.library(run)
    final = world.final("final", again)
    queue_run(world.connection, final, Selection(), 3)
    assert world.work(final).count("scan") == NIGHTS
    assert world.used(final) == {("block", CAMERA_NAME), ("library", CAMERA_NAME)}
    assert world.used(run) == {("night", f"{FIRST_NIGHT + timedelta(days=n)}") for n in range(NIGHTS)}
    level = world.loaded.saturation_dn
    assert level[LOW] < 0.65 * 17000.0
    assert level[60, 60] == 17000.0
    assert world.loaded.library.nodes.shape[0] == content.entries.size
    assert not stale_tasks(world.connection, final)


def test_a_night_out_of_focus_and_of_other_wells_is_told_and_left_out(world, caplog, capsys):
    world.blurred = frozenset({2})
    run = reduced(world)
    facts = combined(world)[3]
    assert (facts["nights_combined"], facts["nights_departing"]) == (NIGHTS - 1, 1)
    assert (
        "departs from the library of block sim-s-1 in band j (profile_structure, well_level)" in caplog.text
    )
    [night] = [row for row in list_block_nights(world.connection, run) if not row["combined"]]
    assert (night["kind"], night["departs"]) == ("library", ["profile_structure", "well_level"])
    assert night["profile_structure"] > 0.05
    assert night["well_level"] == pytest.approx(0.05, abs=1e-3)
    content = read_library(world.store.path_of(world.library(run)[2]), CAMERA_NAME)
    assert content.well_dn[3, 4] == 19000.0
    assert content.entries["nights"].max() <= NIGHTS - 1
    assert mapps(["calibration", "nights", run, "--json"]) == 1
    rows = json.loads(capsys.readouterr().out)
    assert [row["night"] for row in rows if not row["combined"]] == [night["night"]]
    assert mapps(["calibration", "nights", run]) == 1
    assert "departs from the library of block sim-s-1 of run early in band j" in capsys.readouterr().out


def test_a_recalled_library_and_one_of_another_order_are_refused(world):
    reduced(world)
    final = world.final("final", combined(world))
    world.order = 4
    queue_run(world.connection, final, Selection(), 3)
    with pytest.raises(LibraryUseError, match="tables of 8 terms"):
        world.work(final)
    world.order = 2
    world.connection.execute("UPDATE calibration.product SET retired_at = now() WHERE kind = 'library'")
    world.connection.execute("UPDATE production.task SET state = 'ready' WHERE state = 'running'")
    world.connection.execute(
        "UPDATE production.attempt SET ended_at = now(), outcome = 'lost' WHERE ended_at IS NULL"
    )
    with pytest.raises(LibraryUseError, match="was recalled"):
        world.work(final)
    world.connection.execute("UPDATE production.task SET state = 'ready' WHERE state = 'running'")
    world.connection.execute(
        "UPDATE production.attempt SET ended_at = now(), outcome = 'lost' WHERE ended_at IS NULL"
    )


def test_a_replay_reads_the_scans_that_were_recorded_and_a_later_scan_makes_it_stale(world):
    run = reduced(world)
    made = combined(world)
    attempts = [
        key
        for (key,) in world.connection.execute(
            "SELECT upstream_attempt_id FROM production.attempt_upstream WHERE attempt_id = %s", (made[4],)
        )
    ]
    assert not [task for task in stale_tasks(world.connection, run) if task.task["kind"] == "block_library"]
    assert [
        task["state"] for task in request_block_calibration(world.connection, run, 3, kind=BLOCK_LIBRARY)
    ] == ["ready"]
    claim = protocol.claim(world.worker, IDENTITY, LEASE, run)
    same, fewer = world.replayed(claim, attempts), world.replayed(claim, attempts[1:])
    assert same.calibrations[0].sha256 == made[1]
    assert output_hash(same) == output_hash(world.replayed(claim, attempts))
    assert (same.upstream_ids, fewer.upstream_ids) == (tuple(sorted(attempts)), tuple(sorted(attempts)[1:]))
    assert same.input_hash != fewer.input_hash
    with pytest.raises(NoScansError):
        world.replayed(claim, [])
    publish(world.worker, claim, same)
    # A scan that is reduced later comes out otherwise: the library is stale.
    world.blurred = frozenset({1})
    [task] = world.connection.execute(
        "SELECT task_id FROM production.task JOIN survey.night USING (night_id) WHERE kind = 'scan' AND date = %s",
        (FIRST_NIGHT + timedelta(days=1),),
    ).fetchone()
    queue_again(world.connection, run, [task])
    world.work(run)
    [stale] = [task for task in stale_tasks(world.connection, run) if task.task["kind"] == "block_library"]
    assert any("was reduced later" in reason for reason in stale.reasons)


def test_a_damaged_file_is_an_input_failure(world):
    run = reduced(world)
    made = combined(world)
    path = world.store.path_of(made[2])
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    final = world.final("final", made)
    queue_run(world.connection, final, Selection(), 3)
    with pytest.raises(LibraryFileError, match="SHA-256"):
        world.work(final)
    [(url,)] = world.connection.execute("SELECT url FROM quality.scan_diagnostics LIMIT 1").fetchall()
    path = world.store.path_of(url)
    path.chmod(0o644)
    path.write_bytes(b"")
    request_block_calibration(world.connection, run, 3, kind=BLOCK_LIBRARY)
    with pytest.raises(DiagnosticsFileError, match="SHA-256"):
        world.work(run)
    world.connection.execute("UPDATE production.task SET state = 'ready' WHERE state = 'running'")
    world.connection.execute(
        "UPDATE production.attempt SET ended_at = now(), outcome = 'lost' WHERE ended_at IS NULL"
    )


def test_scans_are_chosen_evenly_over_nights():
    class Row:
        def __init__(self, night, scan):
            self.night, self.scan = night, scan

    rows = [Row("a", n) for n in range(100)] + [Row("b", n) for n in range(3)]
    assert chosen_scans(rows, 103) == rows
    few = chosen_scans(rows, 8)
    assert [(row.night, row.scan) for row in few] == [
        ("a", 0), ("a", 25), ("a", 50), ("a", 75), ("b", 0), ("b", 1), ("b", 2),
    ]  # fmt: skip
    assert len(chosen_scans(rows, 1)) == 2
    assert chosen_scans([]) == []
