"""The global solution of a run: queued when it is asked for, done again, and not waiting in vain."""

from __future__ import annotations

import pytest

from app.errors import ConflictError
from app.models.production import Family, InputKind, RunKind
from app.production import protocol
from app.production.pipelines import Pipeline
from app.production.plan import NIGHT_CALIBRATION, SCAN
from app.production.protocol import Failure
from app.production.publication import Publication
from app.production.publishing import publish
from app.production.recall import Recalled, requeue
from app.production.requests import HinderedError, request_global_solution
from app.production.runs import create_run
from tests.worlds.production import IDENTITY, make_world, publication_of, value

LEASE = 60.0


@pytest.fixture
def connection(protocol_database):
    with protocol_database.connect("operator") as connection:
        connection.autocommit = True
        yield connection


@pytest.fixture
def worker(protocol_database):
    with protocol_database.connect("worker") as connection:
        connection.autocommit = True
        yield connection


def ask(connection, world, **options):
    [task] = request_global_solution(connection, world.run, 3, **options)
    assert (task["kind"], task["date"], task["scan"]) == ("global_solution", None, None)
    return task["state"]


def work(worker, world, *, fails=()):
    """Do all tasks that are ready; kinds in their order."""
    done = []
    while (held := protocol.claim(worker, IDENTITY, LEASE, world.run)) is not None:
        done.append(held.kind)
        if held.scan_key in fails:
            protocol.fail(worker, held, Failure(Family.INPUT, "TEST", "no"), 0.0)
        elif held.kind in {SCAN.kind, NIGHT_CALIBRATION.kind}:
            publish(worker, held, publication_of(held))
        else:
            publish(worker, held, Publication("0" * 64))
    return done


def test_it_is_queued_by_nobody_else_and_waits_for_all_scans(connection, worker):
    world = make_world(connection, 3)
    kinds = "SELECT count(*) FROM production.task WHERE kind = 'global_solution' AND run_id = %s"
    assert value(connection, kinds, world.run_id) == 0
    assert ask(connection, world, dry_run=True) == "waiting"
    assert value(connection, kinds, world.run_id) == 0
    assert ask(connection, world) == ask(connection, world) == "waiting"
    assert value(connection, kinds, world.run_id) == 1
    assert work(worker, world) == ["scan", "scan", "scan", "global_solution"]


def test_it_is_done_again_when_it_is_asked_for_again(connection, worker):
    world = make_world(connection, 1)
    work(worker, world)
    for _ in range(2):
        assert ask(connection, world) == "ready"
        assert work(worker, world) == ["global_solution"]
    ask(connection, world)
    failed = protocol.claim(worker, IDENTITY, LEASE, world.run)
    protocol.fail(worker, failed, Failure(Family.INPUT, "TEST", "no"), 0.0)
    assert ask(connection, world) == "ready"


def test_it_does_not_wait_in_vain(connection, worker):
    world = make_world(connection, 2)
    assert ask(connection, world) == "waiting"
    assert work(worker, world, fails=world.scan_keys[:1]) == ["scan", "scan"]
    with pytest.raises(HinderedError, match=r"scan \d+ \(failed\)") as raised:
        ask(connection, world)
    assert "--leave-out-failed" in str(raised.value)
    assert ask(connection, world, leave_out=True) == "ready"
    assert work(worker, world) == ["global_solution"]


def test_a_run_without_scans_has_none(connection):
    create_run(connection, "scanless", RunKind.FINAL, Pipeline("0", "c0ffee", {}))
    with pytest.raises(ConflictError, match="frozen"):
        request_global_solution(connection, "scanless", 3)


def test_a_scan_that_is_recalled_into_another_run_does_not_take_the_run_along(connection, worker):
    """The solution read the scan's rows, and waits for every scan of its run."""
    world = make_world(connection, 3)
    work(worker, world)
    ask(connection, world)
    held = protocol.claim(worker, IDENTITY, LEASE, world.run)
    attempts = connection.execute(
        "SELECT attempt_id FROM production.attempt WHERE run_id = %s AND accepted", (world.run_id,)
    ).fetchall()
    publish(worker, held, Publication("0" * 64, upstream_ids=tuple(key for (key,) in attempts)))
    create_run(connection, "elsewhere", RunKind.PRELIMINARY, Pipeline("0", "c0ffee", {}))
    recalled = Recalled(InputKind.ATTEMPT, (attempts[0][0],))
    [requeued] = requeue(connection, recalled, 3, into="elsewhere")
    assert [task["kind"] for task in requeued.tasks] == ["scan"]
    [in_place] = requeue(connection, recalled, 3)
    assert sorted(task["kind"] for task in in_place.tasks) == ["global_solution", "scan"]
    assert work(worker, world) == ["scan", "global_solution"]
