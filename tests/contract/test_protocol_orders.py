"""Claim, renew, publish, reap, recall of two sessions in every order of their steps, on the real statements."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.db.statements import statement
from app.models.production import Family, InputKind, Scope
from app.production import protocol
from app.production.plan import Plan
from app.production.protocol import Failure
from app.production.publishing import InputsReplacedError, publish
from app.production.queueing import queue_run
from app.production.recall import Recalled, requeue
from app.production.task_plan import WaitsFor
from app.production.tasks import TaskFilter, hold_tasks, resume_tasks
from tests.worlds import plans
from tests.worlds.production import (
    ROWS,
    end_leases,
    make_world,
    no_waits,
    outcomes,
    publication_of,
    states,
    valid_calibrations,
    value,
)
from tests.worlds.protocol_orders import LEASE, claim, publishing, run_orders


@pytest.fixture(scope="module")
def observer(protocol_database):
    with protocol_database.connect(autocommit=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def pair(protocol_database):
    with (
        protocol_database.connect(autocommit=True) as one,
        protocol_database.connect(autocommit=True) as two,
    ):
        yield one, two


def rows(observer, world):
    return value(observer, "SELECT count(*) FROM wsdb.point_measurement WHERE run_id = %s", world.run_id)


def test_zombie_publishes_while_another_takes_over(observer, pair):
    def make():
        world = make_world(observer, max_attempts=9)
        zombie = claim(observer, world)

        def takeover(connection, pause):
            end_leases(connection, world)
            pause()
            protocol.reap(connection, 0.0)
            pause()
            held = claim(connection, world)
            pause()
            if held is not None:
                publish(connection, held, publication_of(held), None, lambda _point: pause())
            return held

        return world, (publishing(zombie), takeover)

    def check(world, sessions, order):
        assert states(observer, world) == {"done": 1}
        assert rows(observer, world) == ROWS
        ended = outcomes(observer, world)
        assert ended in ({"done": 1}, {"done": 1, "lost": 1}), order

    assert run_orders(observer, pair, make, (4, 4), check) == 70


def test_two_publishers_with_one_token(observer, pair):
    def make():
        world = make_world(observer)
        held = claim(observer, world)
        return world, (publishing(held), publishing(held))

    def check(world, sessions, order):
        assert states(observer, world) == {"done": 1}
        assert rows(observer, world) == ROWS
        assert sorted(session.result.repeated for session in sessions) == [False, True]
        assert sessions[0].result.output_hash == sessions[1].result.output_hash

    run_orders(observer, pair, make, (4, 4), check)


def test_renewal_and_failure_against_the_reaper(observer, pair):
    failure = Failure(Family.TRANSIENT, "STORE", "full")

    def make():
        world = make_world(observer, max_attempts=9)
        held = claim(observer, world)

        def worker(connection, pause):
            renewed = protocol.renew(connection, held, LEASE)
            pause()
            protocol.fail(connection, held, failure, 0.0)
            return renewed

        def reaper(connection, pause):
            end_leases(connection, world)
            pause()
            protocol.reap(connection, 0.0)
            pause()
            no_waits(connection, world)
            return claim(connection, world)

        return world, (worker, reaper)

    def check(world, sessions, order):
        ended = outcomes(observer, world)
        assert ended.get("lost", 0) + ended.get("failed", 0) == 1, (order, ended)
        assert set(states(observer, world)) <= {"ready", "running"}

    run_orders(observer, pair, make, (2, 3), check)


def test_two_claims_of_two_tasks(observer, pair):
    def make():
        world = make_world(observer, 2)

        def claims(connection, pause):
            with connection.transaction():
                held = claim(connection, world)
                pause()
            return held

        return world, (claims, claims)

    def check(world, sessions, order):
        assert len({session.result.task_id for session in sessions}) == 2

    run_orders(observer, pair, make, (2, 2), check)


def test_recall_of_a_calibration_against_the_publication_that_uses_it(observer, pair):
    def make():
        world = make_world(observer, entry="raw", max_attempts=9)
        night = claim(observer, world)
        publish(observer, night, publication_of(night))
        held = claim(observer, world)
        product = valid_calibrations(observer, held)

        def recalls(connection, pause):
            pause()
            return requeue(connection, Recalled(InputKind.CALIBRATION, (product[0],)), 3)

        return world, (publishing(held, product), recalls)

    def check(world, sessions, order):
        if sessions[0].error is None:
            # Published before: then the recall must have found the scan and asked for it again.
            assert states(observer, world) == {"ready": 1, "waiting": 1}, order
        else:
            assert isinstance(sessions[0].error, InputsReplacedError)
            assert states(observer, world) == {"ready": 1, "running": 1}, order

    run_orders(observer, pair, make, (4, 2), check)


def test_last_two_upstream_tasks_free_what_waits(observer, pair):
    def make():
        world = make_world(observer, 3)
        first, second = claim(observer, world), claim(observer, world)
        third = value(
            observer,
            "UPDATE production.task SET state = 'waiting' WHERE run_id = %s AND state = 'ready' RETURNING task_id",
            world.run_id,
        )
        for upstream in (first.task_id, second.task_id):
            observer.execute("INSERT INTO production.task_dependency VALUES (%s, %s)", (third, upstream))
        return world, (publishing(first), publishing(second))

    def check(world, sessions, order):
        assert states(observer, world) == {"done": 2, "ready": 1}, order

    run_orders(observer, pair, make, (4, 4), check)


def test_queueing_while_the_night_is_published(observer, pair):
    def make():
        world = make_world(observer, entry="raw")
        observer.execute("DELETE FROM production.task WHERE run_id = %s AND kind = 'scan'", (world.run_id,))
        night = claim(observer, world)

        def queues(connection, pause):
            with connection.transaction():
                added = queue_run(connection, world.run, world.selection, 3, plan=plans.FIRST)
                pause()
            return added

        return world, (publishing(night), queues)

    def check(world, sessions, order):
        assert states(observer, world) == {"done": 1, "ready": 1}, order

    run_orders(observer, pair, make, (4, 2), check)


class Stepping:
    """A connection that pauses before every statement of the given names."""

    def __init__(self, connection, pause, *names):
        self._connection, self._pause = connection, pause
        self._texts = {statement(f"production/queue/{name}") for name in names}

    def __getattr__(self, name):
        return getattr(self._connection, name)

    def execute(self, query, *values):
        if query in self._texts:
            self._pause()
        return self._connection.execute(query, *values)


CONNECTING = ("lock_tasks_in_order", "add_dependencies", "settle_waiting", "block_dependents")


def test_queueing_a_late_scan_while_the_last_scan_is_published(observer, pair):
    """Whichever comes first, the night's solution waits for the late scan; and nobody waits in a circle."""
    plan = Plan((*plans.FIRST.rows, plans.NIGHT_SUMMARY, replace(plans.RUN_SOLUTION, waits_for=WHOLE_RUN)))

    def make():
        world = make_world(observer, queued=False)
        queue_run(observer, world.run, world.selection, 3, plan=plan)
        held = claim(observer, world)
        scan = "INSERT INTO survey.scan (night_id, scan, kind, entry, header) VALUES (%s, 900, 'sci', 'atlas', '{}')"
        observer.execute(scan, (world.night_id,))

        def queues(connection, pause):
            return queue_run(
                Stepping(connection, pause, *CONNECTING), world.run, world.selection, 3, plan=plan
            )

        return world, (publishing(held), queues)

    def check(world, sessions, order):
        assert [session.error for session in sessions] == [None, None], order
        assert states(observer, world) == {"done": 1, "ready": 1, "waiting": 2}, order
        late = claim(observer, world)
        publish(observer, late, publication_of(late))
        assert states(observer, world) == {"done": 2, "ready": 1, "waiting": 1}, order

    assert run_orders(observer, pair, make, (4, 5), check) == 126


WHOLE_RUN = (WaitsFor("night_summary", Scope.RUN), WaitsFor("scan", Scope.RUN))


def test_a_new_kind_is_queued_while_what_it_waits_for_is_published(observer, pair):
    """The tasks of the new kind see what is published meanwhile, and what they wait for frees them."""
    plan = Plan((*plans.FIRST.rows, plans.NIGHT_SUMMARY, replace(plans.RUN_SOLUTION, waits_for=WHOLE_RUN)))

    def make():
        world = make_world(observer)
        held = claim(observer, world)

        def queues(connection, pause):
            return queue_run(
                Stepping(connection, pause, *CONNECTING), world.run, world.selection, 3, plan=plan
            )

        return world, (publishing(held), queues)

    def check(world, sessions, order):
        assert [session.error for session in sessions] == [None, None], order
        assert states(observer, world) == {"done": 1, "ready": 1, "waiting": 1}, order

    assert run_orders(observer, pair, make, (4, 5), check) == 126


def test_the_reaper_waits_for_no_operator(observer, pair):
    """It leaves an attempt whose task an operator holds to the next pass."""
    world = make_world(observer, 2)
    held = [claim(observer, world), claim(observer, world)]
    end_leases(observer, world)
    # Leases of other tests in this database run out where the machine is busy: tasks of this one alone are asked for.
    own = {attempt.task_id for attempt in held}
    operator, reaper = pair
    with operator.transaction():
        operator.execute(statement("production/queue/lock_tasks_in_order"), {"task_ids": [held[0].task_id]})
        reaper.execute("SET lock_timeout = '5s'")
        assert own.intersection(protocol.reap(reaper, 0.0)) == {held[1].task_id}
    assert own.intersection(protocol.reap(reaper, 0.0)) == {held[0].task_id}
    reaper.execute("RESET lock_timeout")


def test_resumption_of_a_held_scan_while_its_night_is_published(observer, pair):
    def make():
        world = make_world(observer, entry="raw")
        night = claim(observer, world)
        hold_tasks(observer, world.run, TaskFilter(), "test")

        def resumes(connection, pause):
            with connection.transaction():
                resume_tasks(connection, world.run, TaskFilter())
                pause()

        return world, (publishing(night), resumes)

    def check(world, sessions, order):
        assert states(observer, world) == {"done": 1, "ready": 1}, order

    run_orders(observer, pair, make, (4, 2), check)


def test_a_hold_against_a_claim(observer, pair):
    def make():
        world = make_world(observer)

        def claims(connection, pause):
            with connection.transaction():
                held = claim(connection, world)
                pause()
            return held

        def holds(connection, pause):
            with connection.transaction():
                hold_tasks(connection, world.run, TaskFilter(), "test")
                pause()

        return world, (claims, holds)

    def check(world, sessions, order):
        state = "running" if sessions[0].result is not None else "held"
        assert states(observer, world) == {state: 1}, order

    run_orders(observer, pair, make, (2, 2), check)
