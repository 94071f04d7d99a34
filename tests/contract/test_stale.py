"""Done tasks whose inputs changed: found, listed with reasons, made ready again as the plan allows; and mixed runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.db.doctor import check_mixtures
from app.errors import ConflictError
from app.ingest.reference import load_reference
from app.models.production import InputKind, RunKind
from app.production.pipelines import Pipeline, register
from app.production.plan import NIGHT_CALIBRATION, PLAN, Plan
from app.production.publishing import publish
from app.production.queueing import queue_run
from app.production.recall import Recalled, queue_again, requeue
from app.production.runs import create_run, freeze_run
from app.production.selection import Selection
from app.production.stale import mixtures, queue_and_renew, renew, stale_tasks, told_mixtures
from app.production.task_plan import Renewal
from tests.contract.test_inputs import STARS, claim, do_all, load, publication_with_inputs
from tests.worlds import plans
from tests.worlds.production import check_invariants, make_world, publication_of, states, value


@pytest.fixture
def connection(live_database):
    with live_database.connect(autocommit=True) as opened:
        yield opened
        check_invariants(opened)


def found(connection, world, plan=PLAN):
    return [(task.task["scan"], task.reasons) for task in stale_tasks(connection, world.run, plan=plan)]


def test_a_replaced_catalogue_is_listed_and_its_scans_made_ready_on_request(connection):
    former = load(connection, STARS)
    world = make_world(connection, 2, entry="raw")
    do_all(connection, world)
    assert found(connection, world) == []
    now = load(connection, STARS[:5], replace=True)
    told = f"reference catalogue synthetic {former.content_hash[:12]}, now synthetic {now.content_hash[:12]}"
    assert found(connection, world) == [(1, (told,)), (2, (told,))]
    assert len(renew(connection, world.run, dry_run=True)) == 2
    assert states(connection, world) == {"done": 3}
    [one] = renew(connection, world.run, Selection(scans=(2,)))
    assert (one["scan"], one["state"]) == (2, "ready")
    do_all(connection, world)
    assert found(connection, world) == [(1, (told,))]
    assert len(renew(connection, world.run)) == 1
    do_all(connection, world)
    assert found(connection, world) == []
    assert states(connection, world) == {"done": 3}


def test_a_run_that_mixes_two_catalogues_shows(connection):
    former = load(connection, STARS)
    world = make_world(connection, 2, entry="raw")
    night, first = claim(connection, world), None
    publish(connection, night, publication_with_inputs(connection, night))
    first = claim(connection, world)
    publish(connection, first, publication_with_inputs(connection, first))
    assert mixtures(connection, world.run) == []
    now = load(connection, STARS[:5], replace=True)
    do_all(connection, world)
    [line] = told_mixtures(mixtures(connection, world.run))
    assert line.startswith(f"run {world.run} mixes 2 values of reference catalogue: ")
    for catalogue in (former, now):
        assert f"synthetic {catalogue.content_hash[:12]} in 1 attempts" in line
    finding = check_mixtures()
    assert finding.ok
    assert f"run {world.run}: reference catalogue synthetic" in finding.found
    connection.execute("UPDATE production.run SET kind = 'final'")
    finding = check_mixtures()
    assert (finding.ok, finding.remedy) == (False, f"mapps run stale {world.run}")


def test_a_run_that_mixes_parameter_sets_or_code_shows(connection):
    world = make_world(connection, 2)
    first = claim(connection, world)
    publish(connection, first, publication_of(first))
    with connection.transaction():
        other = register(connection, Pipeline("0", "c0ffee", {"synthetic": {"file_bytes": 3}}))
        connection.execute("UPDATE production.run SET pipeline_id = %s", (other,))
    second = claim(connection, world)
    publish(connection, second, publication_of(second))
    assert {mixture.kind for mixture in mixtures(connection)} == {"parameter set"}
    assert "parameter set" in check_mixtures().found
    connection.execute(
        "UPDATE production.attempt SET code_commit = 'other' WHERE attempt_id = %s", (second.attempt_id,)
    )
    assert {mixture.kind for mixture in mixtures(connection)} == {"parameter set", "code"}
    assert "code" not in check_mixtures().found


def test_the_first_catalogue_comes_late(connection):
    world = make_world(connection, entry="raw")
    do_all(connection, world)
    assert found(connection, world) == []
    load(connection, STARS)
    [(_, (told,))] = found(connection, world)
    assert told.startswith("reference catalogue none, now synthetic")


def test_files_that_were_replaced_or_came_later(connection):
    world = make_world(connection, 2, entry="raw")
    do_all(connection, world)
    connection.execute(
        "UPDATE survey.raw_file SET sha256 = repeat('f', 64) WHERE raw_file_id = %s", (world.raw_file_ids[0],)
    )
    connection.execute(
        "INSERT INTO survey.raw_file (night_id, scan_key, kind, band, url, sha256, size_bytes, header)"
        " VALUES (%s, %s, 'scan', 'h', 'file:///late', repeat('e', 64), 1, '{}')",
        (world.night_id, world.scan_keys[1]),
    )
    assert found(connection, world) == [
        (1, (f"file file:///{world.scan_keys[0]} was replaced",)),
        (2, ("file file:///late came later",)),
    ]


def test_a_dark_that_comes_late_concerns_the_night(connection):
    world = make_world(connection, entry="raw")
    do_all(connection, world)
    dark = value(
        connection,
        "INSERT INTO survey.scan (night_id, scan, kind, entry, header) VALUES (%s, 9, 'dar', 'raw', '{}')"
        " RETURNING scan_key",
        world.night_id,
    )
    connection.execute(
        "INSERT INTO survey.raw_file (night_id, scan_key, kind, band, url, sha256, size_bytes, header)"
        " VALUES (%s, %s, 'dark', 'j', 'file:///dark', repeat('d', 64), 1, '{}')",
        (world.night_id, dark),
    )
    [task] = stale_tasks(connection, world.run)
    assert (task.task["kind"], task.reasons) == ("night_calibration", ("file file:///dark came later",))


def again(connection, world, kind, sha256):
    """Do a night's calibration again with a content."""
    task = value(
        connection,
        "SELECT task_id FROM production.task WHERE run_id = %s AND kind = %s",
        world.run_id,
        kind,
    )
    with connection.transaction():
        queue_again(connection, world.run, [task])
    held = claim(connection, world)
    made = publication_of(held)
    publish(connection, held, replace(made, calibrations=(replace(made.calibrations[0], sha256=sha256),)))


def test_a_calibration_that_was_made_again_changes_its_scans_only_by_its_content(connection):
    world = make_world(connection, entry="raw")
    do_all(connection, world)
    same = value(connection, "SELECT sha256 FROM calibration.product")
    again(connection, world, "night_calibration", same)
    assert found(connection, world) == []
    again(connection, world, "night_calibration", "c" * 64)
    [(_, (told,))] = found(connection, world)
    assert told.startswith("calibration ")
    assert told.endswith("of band j was made again")
    renew(connection, world.run)
    do_all(connection, world)
    assert found(connection, world) == []


def test_a_product_that_was_recalled_and_not_made_again_is_told(connection):
    world = make_world(connection, entry="raw")
    do_all(connection, world)
    product = value(connection, "SELECT calibration_id FROM calibration.product")
    connection.execute("UPDATE calibration.product SET retired_at = now()")
    [(_, (told,))] = found(connection, world)
    assert told == f"calibration {product} of band j was recalled"
    only_late = Plan((NIGHT_CALIBRATION, replace(plans.SCAN_OF_NIGHT, again=())))
    assert found(connection, world, only_late) == []


def test_rows_that_an_attempt_read_and_that_gave_way(connection):
    world = make_world(connection, 2)
    first, second = claim(connection, world), claim(connection, world)
    publish(connection, first, publication_of(first))
    publish(connection, second, replace(publication_of(second), upstream_ids=(first.attempt_id,)))
    for other, expected in ((False, 0), (True, 1)):
        with connection.transaction():
            queue_again(connection, world.run, [first.task_id])
        held = claim(connection, world)
        made = publication_of(held)
        publish(connection, held, replace(made, metrics=()) if other else made)
        assert len(found(connection, world)) == expected
    [(_, (told,))] = found(connection, world)
    assert told == f"attempt {first.attempt_id} gave way to {held.attempt_id}"


def final_run(connection, world):
    name = f"{world.run}-final"
    create_run(connection, name, RunKind.FINAL, Pipeline("0", "c0ffee", {"synthetic": {}, "n": name}))
    freeze_run(connection, name)
    queue_run(connection, name, world.selection, 3, plan=plans.FIRST)
    return replace(world, run=name)


def test_a_final_run_is_listed_and_left_as_it_is(connection):
    load(connection, STARS)
    world = make_world(connection, entry="raw", queued=False)
    final = final_run(connection, world)
    do_all(connection, final)
    load(connection, STARS[:5], replace=True)
    [task] = stale_tasks(connection, final.run)
    assert task.renewal is Renewal.NEVER
    assert renew(connection, final.run) == []
    allowed = Plan((NIGHT_CALIBRATION, replace(plans.SCAN_OF_NIGHT, renewal_final=Renewal.ON_REQUEST)))
    assert len(renew(connection, final.run, plan=allowed, dry_run=True)) == 1


def test_what_the_plan_renews_by_itself_is_renewed_when_a_run_is_queued(connection):
    load(connection, STARS)
    world = make_world(connection, entry="raw")
    do_all(connection, world)
    load(connection, STARS[:5], replace=True)
    assert queue_and_renew(connection, world.run, world.selection, 3, plan=plans.FIRST) == ([], [])
    plan = Plan((NIGHT_CALIBRATION, replace(plans.SCAN_OF_NIGHT, renewal=Renewal.BY_ITSELF)))
    added, renewed = queue_and_renew(connection, world.run, world.selection, 3, dry_run=True, plan=plan)
    assert (added, len(renewed)) == ([], 1)
    assert states(connection, world) == {"done": 2}
    queue_and_renew(connection, world.run, world.selection, 3, plan=plan)
    assert states(connection, world) == {"done": 1, "ready": 1}


def test_rows_of_a_released_run_are_not_made_again(connection):
    load(connection, STARS)
    world = make_world(connection, entry="raw")
    do_all(connection, world)
    load(connection, STARS[:5], replace=True)
    release = value(
        connection,
        "INSERT INTO release.release (name, kind, state, parameters, code_version, code_commit, hash_version)"
        " VALUES ('r', 'sampler', 'building', '{}', '0', 'c', 1) RETURNING release_id",
    )
    connection.execute(
        "INSERT INTO release.parent_run VALUES (%s, %s, %s)", (release, world.run_id, world.run)
    )
    connection.execute(
        "INSERT INTO release.scan (release_id, run_id, scan_key, attempt_id, selected, rank, reason)"
        " SELECT %s, run_id, scan_key, attempt_id, true, 1, '' FROM production.attempt"
        " WHERE accepted AND scan_key IS NOT NULL",
        (release,),
    )
    connection.execute("UPDATE release.release SET state = 'published', published_at = now()")
    with pytest.raises(ConflictError, match="was drawn from"):
        renew(connection, world.run)
    assert states(connection, world) == {"done": 2}


def test_a_recall_leaves_nothing_stale(connection):
    world = make_world(connection, 2, entry="raw")
    do_all(connection, world)
    product = value(connection, "SELECT calibration_id FROM calibration.product")
    requeue(connection, Recalled(InputKind.CALIBRATION, (product,)), 3)
    do_all(connection, world)
    assert found(connection, world) == []


def test_nothing_is_loaded_twice_as_another_catalogue(connection):
    first = load(connection, STARS)
    world = make_world(connection, entry="raw")
    do_all(connection, world)
    assert load_reference(connection, STARS[::-1], "synthetic", "other words", replace=True) == 0
    assert load(connection, STARS) == replace(first, attempts=1)
    assert found(connection, world) == []
