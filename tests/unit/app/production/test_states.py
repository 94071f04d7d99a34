"""The state table, the page written from it, and the explorer made from it."""

from __future__ import annotations

import pytest

from app.db.statements import SQL_ROOT
from app.models.production import Outcome, TaskState
from app.production.states import TRANSITIONS, Event, Guard, targets
from app.tools import protocol_explorer as explorer
from app.tools import protocol_page
from app.tools.protocol_explorer import Budget, Check, explore, first_world


def test_page_is_what_the_table_says():
    assert protocol_page.PAGE.read_text(encoding="utf-8") == protocol_page.render(), (
        "write it anew: python -m app.tools.protocol_page"
    )


def test_every_statement_of_the_table_exists():
    named = {name for line in TRANSITIONS for name in line.statements}
    files = {
        path.relative_to(SQL_ROOT / "production").as_posix() for path in SQL_ROOT.rglob("production/*/*.sql")
    }
    assert {f"{name}.sql" for name in named} <= files


def test_table_is_deterministic_and_complete():
    keys = [(line.source, line.event, line.guard) for line in TRANSITIONS]
    assert len(keys) == len(set(keys))
    assert {line.target for line in TRANSITIONS} == set(TaskState)
    assert {line.event for line in TRANSITIONS} == set(Event)
    assert {line.outcome for line in TRANSITIONS} == {None, *Outcome}
    assert targets(TaskState.RUNNING, Event.LEASE_END) == {
        Guard.ATTEMPTS_LEFT: TaskState.READY, Guard.ATTEMPTS_SPENT: TaskState.DEAD,
    }  # fmt: skip


def test_an_attempt_is_open_exactly_while_the_task_runs():
    for line in TRANSITIONS:
        assert (line.outcome is not None) == (line.source is TaskState.RUNNING)


@pytest.mark.parametrize(
    "world", [first_world(), first_world(max_attempts=2), first_world(2, max_attempts=2)],
    ids=["one task", "tried twice", "two tasks"],
)  # fmt: skip
def test_every_order_of_events_keeps_the_invariants(world):
    found = explore(Check.OURS, world)
    assert found.counterexample is None, explorer.summary(found)
    assert found.states > 500
    assert found.final > 50


@pytest.mark.parametrize("check", [check for check in Check if check is not Check.OURS])
def test_broken_checks_are_found(check):
    found = explore(check, first_world())
    assert found.counterexample is not None
    assert 3 <= len(found.counterexample.steps) <= 8
    assert "broken:" in explorer.summary(found)


def test_an_attempt_number_that_nobody_resets_would_do():
    """The number check breaks through an operator's retry or recall only: without them it holds."""
    budget = Budget(retries=0, recalls=0)
    assert explore(Check.NUMBER, first_world(budget=budget, max_attempts=2)).counterexample is None
    retried = Budget(recalls=0)
    found = explore(Check.NUMBER, first_world(budget=retried)).counterexample
    assert found is not None
    assert any("retry" in step for step in found.steps)
