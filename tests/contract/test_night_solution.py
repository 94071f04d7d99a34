"""The solution of a night: from standards and real rows of calibration scans to zero points, verdicts and adoption."""

from __future__ import annotations

import os

import pytest

from app.production.selection import Night
from app.production.solutions import describe_night
from tests.conftest import TEMPLATE, Database, create_database, drop_database
from tests.worlds import solved_night

REDUCED = f"reduced_{os.getpid()}"


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    return solved_night.simulate(tmp_path_factory.mktemp("night"))


@pytest.fixture(scope="module")
def reduced(template_database, night, tmp_path_factory):
    """A database in which the night is reduced, its solution without standards: it is copied for each test."""
    create_database(template_database.cluster, REDUCED, TEMPLATE)
    made = Database(REDUCED, template_database.cluster)
    solved_night.take_in(made, night)
    solved_night.make_run(made)
    done = solved_night.work(made, tmp_path_factory.mktemp("store"), None)
    yield made, done
    drop_database(template_database.cluster, REDUCED)


@pytest.fixture
def solved(reduced, tmp_path):
    """Copy the reduced night, load standards, solve; gives the database."""
    made, _ = reduced
    name = f"solved_{os.getpid()}"
    create_database(made.cluster, name, made.name)
    copy = Database(name, made.cluster)

    def solve(stars, *, again: bool = False):
        solved_night.load(copy, stars, again=again)
        kinds = solved_night.queue(copy)
        done = solved_night.work(copy, tmp_path / "store", None)
        return copy, kinds, done

    yield solve
    drop_database(made.cluster, name)


def test_without_standards_the_task_ends_without_a_solution(reduced):
    database, done = reduced
    assert done.count("night_solution") == 1
    assert done.index("night_solution") > max(
        n for n, kind in enumerate(done) if kind == "scan" and n < done.index("night_solution")
    )
    with database.connect("reader") as connection:
        assert connection.execute("SELECT count(*) FROM calibration.solution").fetchone() == (0,)
        [outcome] = describe_night(connection, Night.parse(solved_night.NIGHT))
    assert outcome["task_state"] == "done"
    assert outcome["outcome"].startswith("no standards are known near its calibration scans")
