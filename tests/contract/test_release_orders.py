"""A release against recall and new publication of the scan that it draws from, in every order of their steps."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from app.errors import ConflictError
from app.models.production import InputKind
from app.production.publishing import RunReleasedError, publish
from app.production.recall import Recalled, requeue
from app.releases.build import build_release
from app.releases.fitness import Allowances
from app.releases.question import Course
from tests.conftest import TEMPLATE, Database, create_database, drop_database
from tests.worlds.production import make_world, publication_of, value
from tests.worlds.protocol_orders import claim, run_orders


@pytest.fixture(scope="module")
def database(template_database: Database) -> Iterator[Database]:
    """A database of few runs: with the hundreds of the protocol's tests a release takes ten times as long to plan."""
    name = f"release_orders_{os.getpid()}"
    create_database(template_database.cluster, name, TEMPLATE)
    yield Database(name, template_database.cluster)
    drop_database(template_database.cluster, name)


@pytest.fixture(scope="module")
def sessions(database):
    with ExitStack() as opened:
        yield [opened.enter_context(database.connect(autocommit=True)) for _ in range(3)]


def on_a_tile(connection, world):
    """Give the scans of a world a tile, so that a release may choose one of them."""
    tile = world.scan_keys[0]
    connection.execute(
        "INSERT INTO survey.tile (tile, hemis, kind, ra, decl) VALUES (%s, 'n', 'survey', 10, 10)", (tile,)
    )
    connection.execute(
        "UPDATE survey.scan SET tile = %s WHERE scan_key = ANY (%s)", (tile, list(world.scan_keys))
    )


def test_a_release_is_not_drawn_from_rows_that_are_taken_back(sessions):
    """Whichever comes first: the scan that is done again, or the release of what it published before."""
    observer, *pair = sessions

    def make():
        world = make_world(observer)
        on_a_tile(observer, world)
        first = claim(observer, world)
        publish(observer, first, replace(publication_of(first), raw_file_ids=world.raw_file_ids))

        def again(connection, pause):
            requeue(connection, Recalled(InputKind.RAW_FILE, (world.raw_file_ids[0],)), 3)
            pause()
            held = claim(connection, world)
            return publish(connection, held, publication_of(held), None, lambda _point: pause())

        def build(connection, pause):
            def report(run):
                # The lock that decides is taken before the first statement, and held to the end.
                if run.file.startswith("10"):
                    pause()

            # Recalled before, it has nothing to release.
            return build_release(
                connection, world.run, "sampler", [world.run], course=Course(report=report),
                allow=Allowances(unfinished=True, empty=True, nominal=True),
            )  # fmt: skip

        return world, (again, build)

    def check(world, sessions, order):
        gone = """SELECT count(*) FROM release.scan JOIN production.attempt USING (attempt_id, run_id)
                  WHERE run_id = %s AND selected AND NOT accepted"""
        assert value(observer, gone, world.run_id) == 0, order
        chosen = "SELECT count(*) FROM release.scan WHERE run_id = %s AND selected"
        # What was refused was refused for the sake of a scan that the release has.
        assert value(observer, chosen, world.run_id) == 1 or sessions[0].error is None, order
        assert sessions[1].error is None
        # Recalled too late, or published too late.
        assert isinstance(sessions[0].error, ConflictError | RunReleasedError | None)

    run_orders(observer, pair, make, (5, 2), check)
