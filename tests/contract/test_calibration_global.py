"""Commands of global solutions as an operator types them, and what a release keeps of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from app.cli import output
from app.cli.main import run as mapps
from app.production import protocol
from app.production.publishing import publish
from app.production.solution_users import Ingredients, solutions_using
from tests.conftest import Database
from tests.worlds.production import IDENTITY
from tests.worlds.survey_nights import NIGHTS, SurveyWorld, fill, step_context
from workers.steps import global_solution

LEASE = 60.0


@pytest.fixture(autouse=True)
def _text_mode() -> Iterator[None]:
    yield
    output.forget_mode()


@pytest.fixture
def world(live_database: Database) -> Iterator[SurveyWorld]:
    with live_database.connect() as connection:
        world = SurveyWorld(connection)
        fill(world)
        yield world


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    """Run a command with --json and read what it says."""
    assert mapps([*words, "--json"]) == 0
    said = capsys.readouterr().out
    output.forget_mode()
    return json.loads(said)


def work(database: Database) -> int:
    """Do the solution that is queued; gives its key."""
    with database.connect("worker") as connection:
        connection.autocommit = True
        held = protocol.claim(connection, IDENTITY, LEASE, "run")
        assert held is not None
        assert held.kind == "global_solution"
        # Runs made by hand have no parameters.
        made = global_solution.perform(held, step_context(lambda: database.connect("worker")))
        publish(connection, held, made)
        row = connection.execute("SELECT max(solution_id) FROM calibration.solution").fetchone()
    assert row is not None
    return int(row[0])


def test_from_request_to_release(
    world: SurveyWorld, live_database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    [task] = answer(capsys, "calibration", "solve", "run", "--global")
    assert (task["kind"], task["state"]) == ("global_solution", "ready")
    number = work(live_database)
    assert mapps(["calibration", "show", str(number)]) == 0
    said = capsys.readouterr().out
    assert "held_out_mmag" in said
    assert "flat of n n-1" in said
    assert "extinction by site and month: n 04" in said
    before = solutions_using(world.connection, Ingredients(solution_ids=(number,)))
    assert [(row["nights_adopted"], row["releases"]) for row in before] == [(0, [])]
    world.connection.commit()
    assert mapps(["calibration", "adopt", str(number)]) == 0
    capsys.readouterr()
    world.build()
    rows = world.rows("SELECT run_id, night_id, solution_id FROM release.solution ORDER BY night_id")
    assert rows == [(world.run_id, night, number) for night in sorted({key >> 10 for key in world.scans})]
    users = answer(capsys, "calibration", "users", "--standard", "a")
    assert len(users) == NIGHTS + 1
    [user] = [row for row in users if row["solution_id"] == number]
    assert (user["kind"], user["nights_adopted"], user["releases"]) == ("global", NIGHTS, "first")
    assert user["through"].startswith("used solution")
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="never changes"):
        world.connection.execute("DELETE FROM release.solution")
    world.connection.rollback()


def test_a_release_keeps_its_solution_when_the_nights_adopt_another(
    world: SurveyWorld, live_database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(capsys, "calibration", "solve", "run", "--global")
    number = work(live_database)
    assert mapps(["calibration", "adopt", str(number)]) == 0
    world.build()
    assert mapps(["calibration", "adopt", "1"]) == 0
    _, attempt, _ = next(iter(world.scans.values()))
    users = solutions_using(world.connection, Ingredients(attempt_ids=(attempt,)))
    assert [(row["solution_id"], row["releases"]) for row in users] == [(1, []), (number, ["first"])]
    assert users[1]["nights_adopted"] == NIGHTS - 1


@pytest.mark.parametrize(
    "words",
    [
        ("solve", "run"),
        ("solve", "run", "1999-04-10n", "--global"),
        ("solve", "run", "1999-04-10n", "--leave-out-failed"),
        ("users",),
        ("users", "--set", "12"),
    ],
)
def test_words_that_say_nothing_are_refused(
    live_database: Database, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    assert mapps(["calibration", *words]) == 2
    assert "expected" in capsys.readouterr().err
