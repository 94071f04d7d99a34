"""Canonical calibrations: queued with final runs, combined from all nights of a block, used, recalled, replayed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import psycopg
import pytest

from app.cli.main import run as mapps
from app.cli.output import forget_mode
from app.errors import ConflictError, UnknownNameError
from app.formats.night_calibration import (
    BEND,
    CAMERA,
    CalibrationFileError,
    read_calibration,
    write_calibration,
)
from app.models.production import InputKind, RunKind
from app.parameters.sections import ParameterSet
from app.production import protocol
from app.production.blocks import BlockNameError, name_block
from app.production.listing import list_block_nights, list_calibrations
from app.production.output_hash import output_hash
from app.production.plan import BLOCK_CALIBRATION, NIGHT_CALIBRATION
from app.production.publication import Publication
from app.production.publishing import InputsReplacedError, publish
from app.production.queueing import UnknownBlockError, queue_run
from app.production.recall import Recalled, queue_again, requeue, users_of
from app.production.requests import HinderedError, request_block_calibration
from app.production.selection import Night, Selection
from app.production.stale import renew, stale_tasks
from tests.worlds.block_nights import CAMERA_NAME, FIRST_NIGHT, LEASE, BlockWorld, open_world, truth_planes
from tests.worlds.production import IDENTITY, check_invariants, value
from workers.steps import block_calibration
from workers.steps.block_calibration import NoNightsError

FINAL, PRELIMINARY = RunKind.FINAL, RunKind.PRELIMINARY


@pytest.fixture
def world(database, settings, tmp_path):
    for opened in open_world(database, str(tmp_path / "store"), settings):
        yield opened
        check_invariants(opened.connection)


def night_name(number: int) -> str:
    return f"{FIRST_NIGHT + timedelta(days=number):%y%m%d}s"


def selection(number: int) -> Selection:
    return Selection(Night(FIRST_NIGHT + timedelta(days=number), "s"))


def do_all(world: BlockWorld, run: str, number: int = 0) -> list[str]:
    queue_run(world.connection, run, selection(number), 3)
    return world.work(run)


def plane(world: BlockWorld, url: str, name: str = "FLAT") -> np.ndarray:
    return read_calibration(world.store.path_of(url), CAMERA_NAME)[0][name]


def test_a_final_run_combines_all_nights_of_the_block_and_its_scans_use_that(world):
    """One night is queued: the darks of all nights of its block are calibrated, scans of no other."""
    for number in range(4):
        world.night(number)
    world.night(4, block="another")
    world.night(5, kinds="flt sci")
    run = world.run("final")
    assert do_all(world, run) == ["night_calibration"] * 4 + ["block_calibration", "scan"]
    [block] = world.blocks(run)
    assert (block["block"], block["facts"]["nights_combined"]) == (CAMERA_NAME, 4)
    assert [row["night"] for row in block["facts"]["nights"]] == [night_name(n) for n in range(4)]
    assert world.used(run) == {("block", CAMERA_NAME)}
    rows = world.connection.execute(
        "SELECT name, value FROM quality.metric WHERE attempt_id = %s AND band = 'j' ORDER BY name",
        (block["attempt_id"],),
    ).fetchall()
    assert dict(rows)["nights_departing"] == 0
    nights = list_calibrations(world.connection, Selection(), 100, run)
    truth = truth_planes()["FLAT"]
    nightly = [np.std(plane(world, row["url"]) - truth) for row in nights_with_urls(world, run)]
    assert len(nightly) == 4
    assert np.std(plane(world, block["url"]) - truth) < 0.6 * min(nightly)
    assert [(row["kind"], row["nights"], row["departing"]) for row in nights if row["kind"] == "block"] == [
        ("block", 4, 0)
    ]
    # The second night finds everything there but its scan.
    assert do_all(world, run, 1) == ["scan"]


def nights_with_urls(world, run):
    rows = world.connection.execute(
        "SELECT c.url FROM calibration.product AS c JOIN production.run AS r USING (run_id)"
        " WHERE r.name = %s AND c.kind = 'night'",
        (run,),
    ).fetchall()
    return [{"url": url} for (url,) in rows]


def test_a_preliminary_run_uses_its_nights_and_has_blocks_on_request_only(world):
    for number in range(3):
        world.night(number)
    run = world.run("early", PRELIMINARY)
    assert do_all(world, run) == ["night_calibration", "scan"]
    assert world.used(run) == {("night", FIRST_NIGHT.isoformat())}
    for number in (1, 2):
        do_all(world, run, number)
    [task] = request_block_calibration(world.connection, run, 3)
    assert (task["kind"], task["block"], task["state"]) == ("block_calibration", CAMERA_NAME, "ready")
    assert world.work(run) == ["block_calibration"]
    assert world.blocks(run)[0]["facts"]["nights_combined"] == 3
    assert {kind for kind, _ in world.used(run)} == {"night"}
    # Asked for again, it is done again, of the same inputs with the same result.
    before = world.blocks(run)[0]
    [task] = request_block_calibration(world.connection, run, 3, block=CAMERA_NAME)
    assert world.work(run) == ["block_calibration"]
    assert world.blocks(run)[0]["sha256"] == before["sha256"]
    assert world.blocks(run)[0]["attempt_id"] != before["attempt_id"]


def test_requests_that_cannot_be_met(world):
    world.night(0)
    world.run("empty", PRELIMINARY)
    with pytest.raises(ConflictError, match="calibrates no night of any block"):
        request_block_calibration(world.connection, "empty", 3)
    queue_run(world.connection, "empty", Selection(), 3)
    with pytest.raises(ConflictError, match="no night of block 'other'"):
        request_block_calibration(world.connection, "empty", 3, block="other")
    assert request_block_calibration(world.connection, "empty", 3, dry_run=True)[0]["state"] == "waiting"
    assert ("block_calibration", "waiting", 1) not in world.states("empty")


def test_a_spoilt_night_is_told_and_left_out(world, caplog):
    for number in range(4):
        world.night(number)
    clean = world.run("clean")
    queue_run(world.connection, clean, Selection(), 3)
    world.work(clean)
    world.spoilt.add(FIRST_NIGHT + timedelta(days=4))
    world.night(4)
    run = world.run("spoilt")
    queue_run(world.connection, run, Selection(), 3)
    world.work(run)
    [block], [without] = world.blocks(run), world.blocks(clean)
    assert (block["facts"]["nights_combined"], block["facts"]["nights_departing"]) == (4, 1)
    assert np.array_equal(plane(world, block["url"]), plane(world, without["url"]))
    assert f"night {night_name(4)} departs from block {CAMERA_NAME} in band j (flat_structure" in caplog.text
    departed = [row for row in list_block_nights(world.connection, run) if not row["combined"]]
    assert [(row["night"], row["departs"]) for row in departed] == [
        (night_name(4), ["flat_structure", "flat_noise_ratio"])
    ]
    assert departed[0]["flat_structure"] > 0.005
    assert list_block_nights(world.connection, run, night=night_name(4)) == departed
    assert list_block_nights(world.connection, run, block="other") == []
    # Its scans are calibrated by the block as well, and its own product is an input of the block.
    assert world.used(run) == {("block", CAMERA_NAME)}
    used = value(
        world.connection,
        "SELECT count(*) FROM production.attempt_calibration WHERE attempt_id = %s",
        block["attempt_id"],
    )
    assert used == 5


def test_a_night_that_cannot_be_calibrated_is_waited_for_until_it_is_left_out(world):
    for number in range(3):
        world.night(number)
    world.failing.add(FIRST_NIGHT)
    run = world.run("final")
    assert do_all(world, run) == ["night_calibration"] * 3
    with pytest.raises(HinderedError, match=r"would wait for night_calibration \d+ \(failed\)"):
        request_block_calibration(world.connection, run, 3)
    [task] = request_block_calibration(world.connection, run, 3, leave_out=True)
    assert task["state"] == "ready"
    # The night has no darks of its own: its scan is calibrated by the block.
    assert world.work(run) == ["block_calibration", "scan"]
    assert world.blocks(run)[0]["facts"]["nights_combined"] == 2


def test_nights_of_a_block_that_do_not_agree_fail_it(world):
    for number in range(2):
        world.night(number)
    world.spoilt.add(FIRST_NIGHT)
    run = world.run("final")
    queue_run(world.connection, run, Selection(), 3)
    with pytest.raises(Exception, match="2 of 2 nights depart from the others in flat_structure"):
        world.work(run)
    world.connection.execute("UPDATE production.task SET state = 'ready' WHERE state = 'running'")
    world.connection.execute(
        "UPDATE production.attempt SET ended_at = now(), outcome = 'lost' WHERE ended_at IS NULL"
    )


def test_a_block_without_calibrated_nights_is_an_input_failure(world):
    world.night(0)
    run = world.run("final")
    queue_run(world.connection, run, Selection(), 3)
    world.work(run, (NIGHT_CALIBRATION.kind,))
    claim = protocol.claim(world.worker, IDENTITY, LEASE, run)
    assert claim is not None
    assert claim.kind == BLOCK_CALIBRATION.kind
    world.connection.execute("UPDATE calibration.product SET retired_at = now()")
    with pytest.raises(NoNightsError, match=f"no night of block {CAMERA_NAME} is calibrated"):
        block_calibration.perform(claim, world.context(claim))
    protocol.give_back(world.worker, claim)


def test_the_order_of_ingest_changes_no_byte(database, settings, tmp_path, world):
    for number in range(5):
        world.night(number)
    run = world.run("forward")
    queue_run(world.connection, run, Selection(), 3)
    world.work(run)
    [forward] = world.blocks(run)
    world.connection.execute("TRUNCATE survey.night CASCADE")
    for number in (3, 1, 4, 0, 2):
        world.night(number)
    other = world.run("backward")
    for number in (2, 4, 0, 1, 3):
        queue_run(world.connection, other, selection(number), 3)
    world.work(other)
    [backward] = world.blocks(other)
    assert (forward["sha256"], forward["facts"]) == (backward["sha256"], backward["facts"])


def test_a_recalled_night_takes_block_and_scans_along(world):
    for number in range(4):
        world.night(number)
    run = world.run("final")
    queue_run(world.connection, run, Selection(), 3)
    world.work(run)
    [before] = world.blocks(run)
    product = value(
        world.connection,
        "SELECT calibration_id FROM calibration.product WHERE kind = 'night' ORDER BY calibration_id LIMIT 1",
    )
    recalled = Recalled(InputKind.CALIBRATION, (product,))
    users = [row["kind"] for row in users_of(world.connection, recalled)]
    assert sorted(users) == ["block_calibration", "night_calibration", *["night_grades"] * 4, *["scan"] * 4]
    requeue(world.connection, recalled, 3)
    # The product of the recalled night is spoilt this time; the others' stand.
    world.spoilt.add(FIRST_NIGHT)
    assert world.work(run) == ["night_calibration", "block_calibration", *["scan"] * 4]
    [after] = world.blocks(run)
    assert after["sha256"] != before["sha256"]
    assert after["facts"]["nights_departing"] == 1
    assert value(
        world.connection, "SELECT retired_at IS NOT NULL FROM calibration.product WHERE calibration_id = %s",
        before["calibration_id"],
    )  # fmt: skip
    assert stale_tasks(world.connection, run) == []


def test_what_a_block_was_made_of_is_recorded_and_gives_the_same_again(world):
    for number in range(3):
        world.night(number)
    run = world.run("final")
    queue_run(world.connection, run, Selection(), 3)
    world.work(run, (NIGHT_CALIBRATION.kind,))
    claim = protocol.claim(world.worker, IDENTITY, LEASE, run)
    assert claim is not None
    made = block_calibration.perform(claim, world.context(claim))
    world.perform(claim)
    inputs = world.connection.execute(
        "SELECT kind, count(*) FROM production.attempt_input WHERE attempt_id = %s GROUP BY 1 ORDER BY 1",
        (claim.attempt_id,),
    ).fetchall()
    # Three products, the three attempts that made them, and the pipeline.
    assert inputs == [("attempt", 3), ("calibration", 3), ("pipeline", 1)]
    world.work(run)
    # A night that comes later, or whose product is recalled, is no matter to a replay.
    world.night(7)
    do_all(world, run, 7)
    world.connection.execute("UPDATE calibration.product SET retired_at = now() WHERE kind = 'night'")
    again = block_calibration.perform(claim, world.context(claim, frozenset(made.calibration_ids)))
    assert (again.input_hash, output_hash(again)) == (made.input_hash, output_hash(made))


def test_nights_that_come_late_and_nights_of_another_block_are_told(world):
    for number in range(3):
        world.night(number)
    run = world.run("final")
    queue_run(world.connection, run, Selection(), 3)
    world.work(run)
    assert stale_tasks(world.connection, run) == []
    world.night(9)
    do_all(world, run, 9)
    [task] = stale_tasks(world.connection, run)
    assert task.task["kind"] == "block_calibration"
    assert task.reasons == ("night 1998-05-06s of the block was calibrated later: band j",)
    assert world.used(run) == {("block", CAMERA_NAME)}
    first = Night(FIRST_NIGHT, "s")
    [named] = name_block(world.connection, "spring", first, first)
    assert (named["former"], named["block"]) == (CAMERA_NAME, "spring")
    told = {(t.task["kind"], t.task["date"]): t.reasons for t in stale_tasks(world.connection, run)}
    assert told["block_calibration", None][0] == "night 1998-04-27s belongs to block spring now"
    [reason] = told["scan", FIRST_NIGHT]
    assert reason.endswith(f"is of block {CAMERA_NAME}, the night is of spring now")


def test_a_night_keeps_the_name_that_an_operator_gave(world):
    for number in range(3):
        world.night(number)
    last = Night(FIRST_NIGHT + timedelta(days=1), "s")
    rows = name_block(world.connection, "spring", Night(FIRST_NIGHT, "s"), last, dry_run=True)
    assert len(rows) == 2
    blocks = "SELECT array_agg(block ORDER BY date) FROM survey.night"
    assert value(world.connection, blocks) == [CAMERA_NAME] * 3
    name_block(world.connection, "spring", Night(FIRST_NIGHT, "s"), last)
    assert value(world.connection, blocks) == ["spring", "spring", CAMERA_NAME]


@pytest.mark.parametrize(
    ("block", "first", "last", "told"),
    [
        ("two words", "980427s", "980428s", "no name for a block"),
        ("", "980427s", "980428s", "no name for a block"),
        ("spring", "980428s", "980427s", "nights from 1998-04-28s to 1998-04-27s"),
        ("spring", "980427n", "980428s", "two nights of one site"),
        ("spring", "980427", "980428", "two nights of one site"),
    ],
)
def test_blocks_that_cannot_be_named(world, block, first, last, told):
    with pytest.raises(BlockNameError, match=told):
        name_block(world.connection, block, Night.parse(first), Night.parse(last))


def test_nights_that_are_not_there_have_no_block(world):
    with pytest.raises(UnknownNameError, match="no night from 1998-04-27s"):
        name_block(world.connection, "spring", Night.parse("980427s"), Night.parse("980427s"))


def test_scans_recalled_into_a_final_run_bring_their_block_along(world):
    for number in range(3):
        world.night(number)
    early = world.run("early", PRELIMINARY)
    for number in range(3):
        do_all(world, early, number)
    final = world.run("final")
    attempt = value(
        world.connection,
        "SELECT attempt_id FROM production.attempt JOIN production.task USING (task_id) WHERE kind = 'scan'"
        " ORDER BY attempt_id LIMIT 1",
    )
    [requeued] = requeue(world.connection, Recalled(InputKind.ATTEMPT, (attempt,)), 3, into=final)
    kinds = sorted(task["kind"] for task in requeued.tasks)
    assert kinds == ["block_calibration", *["night_calibration"] * 3, "night_grades", "scan"]
    assert world.work(final)[-2:] == ["block_calibration", "scan"]
    # And back: the preliminary run does not want the block.
    world.run("late", PRELIMINARY)
    own = value(
        world.connection,
        "SELECT attempt_id FROM production.attempt AS a JOIN production.task AS t USING (task_id)"
        " JOIN production.run AS r ON r.run_id = a.run_id WHERE t.kind = 'scan' AND r.name = 'final'",
    )
    [back] = requeue(world.connection, Recalled(InputKind.ATTEMPT, (own,)), 3, into="late")
    assert sorted(task["kind"] for task in back.tasks) == ["night_calibration", "night_grades", "scan"]
    assert world.work("late") == ["night_calibration", "scan"]


def test_the_table_has_a_night_or_a_block_and_one_product_a_block(world):
    for number in range(2):
        world.night(number)
    run = world.run("final")
    queue_run(world.connection, run, Selection(), 3)
    world.work(run)
    copy = (
        "INSERT INTO calibration.product (run_id, attempt_id, night_id, block, kind, hemis, band, camera, valid, url,"
        " sha256, facts) SELECT run_id, attempt_id, {night}, {block}, kind, hemis, band, camera, valid, url, sha256,"
        " facts FROM calibration.product WHERE kind = 'block'"
    )
    with pytest.raises(psycopg.errors.UniqueViolation, match="uq_product_block"):
        world.connection.execute(copy.format(night="night_id", block="block"))
    with pytest.raises(psycopg.errors.CheckViolation, match="block_by_kind"):
        world.connection.execute(copy.format(night="night_id", block="NULL"))
    with pytest.raises(psycopg.errors.CheckViolation, match="night_by_kind"):
        world.connection.execute(
            copy.format(night="(SELECT min(night_id) FROM survey.night)", block="'else'")
        )


def combine(world: BlockWorld, run: str, **changes: Any) -> Publication:
    """Do all nights of a run and combine them, without publishing; parameters of section block may be others."""
    queue_run(world.connection, run, Selection(), 3)
    world.work(run, (NIGHT_CALIBRATION.kind,))
    claim = protocol.claim(world.worker, IDENTITY, LEASE, run)
    assert claim is not None
    parameters = ParameterSet().changed({"block": changes}).as_dict()
    try:
        changed = replace(claim, parameters=parameters)
        return block_calibration.perform(changed, world.context(changed))
    finally:
        protocol.give_back(world.worker, claim)


def test_limits_are_parameters_of_the_run(world):
    for number in range(4):
        world.night(number)
    world.spoilt.add(FIRST_NIGHT)
    run = world.run("final")
    [strict] = combine(world, run).calibrations
    [lenient] = combine(world, run, flat_structure=0.1, flat_noise_ratio=20.0).calibrations
    assert (strict.facts["nights_departing"], lenient.facts["nights_departing"]) == (1, 0)
    assert strict.sha256 != lenient.sha256


def test_cameras_and_sites_of_a_block_have_a_product_each(world):
    """A night in which the camera was exchanged, and an operator who gave two sites one name."""
    for number in range(3):
        world.night(number)
    run = world.run("final")
    queue_run(world.connection, run, Selection(), 3)
    world.work(run, (NIGHT_CALIBRATION.kind,))
    world.connection.execute(
        "UPDATE calibration.product SET camera = 'another' WHERE calibration_id = (SELECT min(calibration_id)"
        " FROM calibration.product)"
    )
    world.connection.execute(
        "UPDATE calibration.product SET hemis = 'n' WHERE calibration_id = (SELECT max(calibration_id)"
        " FROM calibration.product)"
    )
    claim = protocol.claim(world.worker, IDENTITY, LEASE, run)
    assert claim is not None
    with pytest.raises(CalibrationFileError, match="as the product's row says"):
        block_calibration.perform(claim, world.context(claim))
    rewrite_camera(world, "another")
    made = block_calibration.perform(claim, world.context(claim))
    protocol.give_back(world.worker, claim)
    arrays = [(row.hemis, row.camera, row.facts["nights_combined"]) for row in made.calibrations]
    assert arrays == [("n", CAMERA_NAME, 1), ("s", "another", 1), ("s", CAMERA_NAME, 1)]
    assert len(made.calibration_ids) == 3
    # One value a band: that of the first.
    assert [metric.value for metric in made.metrics if metric.name == "nights_combined"] == [1.0]


def rewrite_camera(world: BlockWorld, camera: str) -> None:
    """Give the product of a camera a file that says so."""
    [(key, url)] = world.connection.execute(
        "SELECT calibration_id, url FROM calibration.product WHERE camera = %s", (camera,)
    ).fetchall()
    planes, bend = read_calibration(world.store.path_of(url), CAMERA_NAME)
    stored = world.store.put(write_calibration(planes, {CAMERA: camera, BEND: bend}), "calibration", ".fits")
    world.connection.execute(
        "UPDATE calibration.product SET url = %s, sha256 = %s WHERE calibration_id = %s",
        (stored.name, stored.sha256, key),
    )


def test_a_damaged_product_of_a_night_is_no_part_of_a_block(world):
    for number in range(3):
        world.night(number)
    run = world.run("final")
    queue_run(world.connection, run, Selection(), 3)
    world.work(run, (NIGHT_CALIBRATION.kind,))
    url = value(world.connection, "SELECT url FROM calibration.product ORDER BY calibration_id LIMIT 1")
    path = world.store.path_of(url)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-2880])
    claim = protocol.claim(world.worker, IDENTITY, LEASE, run)
    assert claim is not None
    with pytest.raises(CalibrationFileError, match="as it was published"):
        block_calibration.perform(claim, world.context(claim))
    protocol.give_back(world.worker, claim)


def test_a_night_that_is_recalled_while_its_block_is_combined_is_not_published(world):
    for number in range(3):
        world.night(number)
    run = world.run("final")
    queue_run(world.connection, run, Selection(), 3)
    world.work(run, (NIGHT_CALIBRATION.kind,))
    claim = protocol.claim(world.worker, IDENTITY, LEASE, run)
    assert claim is not None
    made = block_calibration.perform(claim, world.context(claim))
    world.connection.execute(
        "UPDATE calibration.product SET retired_at = now() WHERE calibration_id = (SELECT min(calibration_id)"
        " FROM calibration.product)"
    )
    with pytest.raises(InputsReplacedError, match="were recalled while attempt"):
        publish(world.worker, claim, made)
    assert world.blocks(run) == []
    protocol.give_back(world.worker, claim)


def test_a_failed_block_is_tried_again_when_it_is_asked_for(world):
    for number in range(2):
        world.night(number)
    run = world.run("final")
    queue_run(world.connection, run, Selection(), 3)
    world.work(run, (NIGHT_CALIBRATION.kind,))
    claim = protocol.claim(world.worker, IDENTITY, LEASE, run)
    assert claim is not None
    # One that runs is left alone.
    assert request_block_calibration(world.connection, run, 3)[0]["state"] == "running"
    protocol.fail(world.worker, claim, protocol.Failure(protocol.Family.INPUT, "BLOCK", "they differ"), 0.0)
    assert ("block_calibration", "failed", 1) in world.states(run)
    assert request_block_calibration(world.connection, run, 3)[0]["state"] == "ready"
    assert world.work(run) == ["block_calibration", "scan", "scan"]


def test_the_view_has_what_the_facts_have(world):
    for number in range(4):
        world.night(number)
    world.spoilt.add(FIRST_NIGHT)
    run = world.run("final")
    queue_run(world.connection, run, Selection(), 3)
    world.work(run)
    with world.database.connect("reader") as reader:
        rows = reader.execute(
            "SELECT night, place, combined, departs, flat_structure, nonlinearity, sha256"
            " FROM calibration.night_departure ORDER BY place"
        ).fetchall()
    facts = world.blocks(run)[0]["facts"]["nights"]
    assert [row[:4] for row in rows] == [
        (night_name(0), 1, False, ["flat_structure", "flat_noise_ratio"]),
        *((night_name(number), number + 1, True, []) for number in (1, 2, 3)),
    ]
    assert [row[4] for row in rows] == [fact["flat_structure"] for fact in facts]
    # No night measured its linearity.
    assert [row[5] for row in rows] == [None] * 4
    assert [row[6] for row in rows] == [fact["sha256"] for fact in facts]


def test_a_night_made_again_makes_its_block_stale(world):
    for number in range(4):
        world.night(number)
    run = world.run("early", PRELIMINARY)
    queue_run(world.connection, run, Selection(), 3)
    world.work(run)
    request_block_calibration(world.connection, run, 3)
    world.work(run)
    assert stale_tasks(world.connection, run) == []
    night = value(
        world.connection,
        "SELECT task_id FROM production.task WHERE kind = 'night_calibration' ORDER BY task_id LIMIT 1",
    )
    with world.connection.transaction():
        queue_again(world.connection, run, [night])
    world.spoilt.add(FIRST_NIGHT)
    assert world.work(run) == ["night_calibration"]
    stale = stale_tasks(world.connection, run)
    assert sorted(task.task["kind"] for task in stale) == ["block_calibration", "scan"]
    assert all(task.reasons[0].endswith("of band j was made again") for task in stale)
    # The night's grades are made again with them.
    assert len(renew(world.connection, run)) == 3
    assert sorted(world.work(run)) == ["block_calibration", "scan"]
    assert stale_tasks(world.connection, run) == []
    assert world.blocks(run)[0]["facts"]["nights_departing"] == 1


def test_scans_wait_for_their_own_block_only(world):
    for number in range(4):
        world.night(number, block="first" if number < 2 else "second")
    world.failing.add(FIRST_NIGHT)
    run = world.run("final")
    added = queue_run(world.connection, run, Selection(), 3, dry_run=True)
    kinds = sorted((task["kind"], task["state"]) for task in added)
    assert kinds == [
        *[("block_calibration", "waiting")] * 2, *[("night_calibration", "ready")] * 4,
        *[("night_grades", "waiting")] * 4, *[("scan", "waiting")] * 4,
    ]  # fmt: skip
    assert world.states(run) == []
    queue_run(world.connection, run, Selection(), 3)
    assert sorted(world.work(run)) == ["block_calibration", *["night_calibration"] * 4, "scan", "scan"]
    assert world.used(run) == {("block", "second")}
    assert world.states(run)[0] == ("block_calibration", "done", 1)
    assert ("block_calibration", "waiting", 1) in world.states(run)
    [task] = request_block_calibration(world.connection, run, 3, block="first", leave_out=True)
    assert (task["block"], task["state"]) == ("first", "ready")
    assert world.work(run) == ["block_calibration", "scan", "scan"]
    assert world.used(run) == {("block", "first"), ("block", "second")}


def test_nights_of_atlas_images_alone_need_no_block(world):
    """Their scans are not calibrated, so a final run takes them as it always did."""
    night = world.night(0, block=None, kinds="sci")
    world.connection.execute("UPDATE survey.scan SET entry = 'atlas' WHERE night_id = %s", (night,))
    run = world.run("final")
    assert [task["kind"] for task in queue_run(world.connection, run, Selection(), 3)] == ["scan"]
    world.night(1, block=None)
    with pytest.raises(
        UnknownBlockError, match=r"nights 1998-04-28s belong to no hardware block.*mapps night block"
    ):
        queue_run(world.connection, run, Selection(), 3)


@pytest.fixture
def command(live_database, capsys):
    """Run a command; what it printed."""

    def do(*words: str, status: int = 0) -> str:
        capsys.readouterr()
        forget_mode()
        found = mapps(list(words))
        told = capsys.readouterr()
        forget_mode()
        assert found == status, told.err
        return told.err if status > 1 else told.out

    return do


def test_commands_tell_of_blocks_and_departing_nights(live_database, settings, tmp_path, command):
    for world in open_world(live_database, str(tmp_path / "store"), settings):
        for number in range(4):
            world.night(number)
        run = world.run("final")
        assert "no canonical calibration: mapps calibration combine final" in command(
            "calibration", "nights", run
        )
        queue_run(world.connection, run, Selection(), 3)
        world.work(run)
        assert "notice" not in command("calibration", "nights", run)
        assert "notice" not in command("calibration", "show", "980501s")
        world.spoilt.add(FIRST_NIGHT + timedelta(days=4))
        world.night(4)
        queue_run(world.connection, run, Selection(), 3)
        world.work(run)
        asked = json.loads(command("calibration", "combine", run, "--block", CAMERA_NAME, "--json"))
        assert [(task["kind"], task["state"]) for task in asked] == [("block_calibration", "ready")]
        world.work(run)
        told = command("calibration", "nights", run, status=1)
        notice = f"notice: night 980501s departs from block {CAMERA_NAME} of run final in band j and is left out of it"
        assert notice in told
        assert f"{notice}: flat_structure 0.0" in command("calibration", "show", "980501s")
        assert "notice" not in command("calibration", "show", "980427s")
        rows = json.loads(command("calibration", "nights", run, "--json", status=1))
        assert [row["combined"] for row in rows] == [True] * 4 + [False]
        listed = json.loads(command("calibration", "list", "--run", run, "--json"))
        [block] = [row for row in listed if row["kind"] == "block" and row["retired_at"] is None]
        # The scans used the product of before, whose content is the same: they are not stale.
        assert (block["block"], block["nights"], block["departing"], block["attempts"]) == (
            CAMERA_NAME,
            4,
            1,
            0,
        )
        assert stale_tasks(world.connection, run) == []
        named = json.loads(command("night", "block", "spring", "980427s", "980428s", "--json"))
        assert [(row["night"], row["former"], row["block"]) for row in named] == [
            ("1998-04-27s", CAMERA_NAME, "spring"),
            ("1998-04-28s", CAMERA_NAME, "spring"),
        ]
        assert "BLOCK_NAME" in command("night", "block", "spring", "980427", status=2)
        assert command("night", "list").count("spring") == 2
