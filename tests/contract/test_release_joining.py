"""Builds that others join: they work zones, change nothing, and end with the build."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from app.db.statements import statement
from app.errors import UnknownNameError
from app.releases.crew import StoppedProcessError
from app.releases.joining import NoBuildError, OtherTextsError, join_build, join_together
from app.releases.steps import StatementRun, segments
from tests.conftest import Database
from tests.contract.test_release_zones import EQUAL, Sky, _crew, _killer, _none_left
from tests.worlds.release import fresh_world


@pytest.fixture(scope="module")
def sky(template_database: Database) -> Iterator[Sky]:
    with fresh_world(template_database.cluster) as world:
        filled = Sky(world.connection)
        filled.fill()
        filled.draw("whole", zones=1)
        yield filled


class Helper(threading.Thread):
    """Joins a build with a session of its own as soon as the build has begun its zones."""

    def __init__(self, sky: Sky, name: str) -> None:
        super().__init__()
        self.sky, self.name_of_release = sky, name
        self.begun = threading.Event()
        self.files: list[StatementRun] = []
        self.outcome: Any = None
        self.fails = False

    def run(self) -> None:
        self.begun.wait(60)
        try:
            with _crew(self.sky, 1).connect() as connection:
                self.outcome = join_build(connection, self.name_of_release, self.note)
        except Exception as error:  # noqa: BLE001
            self.outcome = error

    def note(self, run: StatementRun) -> None:
        self.files.append(run)
        if self.fails and len(self.files) == 3:
            raise ConnectionError("as if it were killed")


def test_who_joins_works_zones_and_changes_nothing(sky: Sky) -> None:
    helper = Helper(sky, "joined")
    helper.start()
    told: list[StatementRun] = []
    planned: list[int] = []

    def report(run: StatementRun) -> None:
        told.append(run)
        if run.file == "30_candidates.sql":
            # The build stands in its first zone until the other has worked one.
            helper.begun.set()
            for _ in range(600):
                if helper.files or not helper.is_alive():
                    break
                helper.join(0.1)

    sky.draw("joined", zones=9, report=report, planned=planned.append)
    helper.join(60)
    assert isinstance(helper.outcome, int), helper.outcome
    assert helper.outcome >= 1
    assert {run.file for run in helper.files} >= {"30_candidates.sql", "52_verdicts.sql"}
    # The build tells of their files too, each once.
    assert planned == [len(told)]
    assert sky.differing("whole", "joined") == EQUAL
    assert sky.differing("joined", "whole") == EQUAL
    _none_left(sky)


def test_who_dies_in_a_zone_lets_go_of_it(sky: Sky) -> None:
    helper = Helper(sky, "left")
    helper.fails = True
    helper.start()

    def report(run: StatementRun) -> None:
        if run.file == "30_candidates.sql":
            helper.begun.set()
            helper.join(60)

    sky.draw("left", zones=9, report=report)
    assert str(helper.outcome) == "as if it were killed"
    assert sky.differing("whole", "left") == EQUAL
    _none_left(sky)


def test_what_is_not_under_way_is_told(sky: Sky) -> None:
    with pytest.raises(UnknownNameError, match="no build of it"):
        join_build(sky.connection, "nowhere", lambda _: None)
    with pytest.raises(NoBuildError, match="is published"):
        join_build(sky.connection, "whole", lambda _: None)
    with pytest.raises(NoBuildError, match="is published"):
        join_together(_crew(sky, 1).connect, "whole", 2, lambda _: None)


def test_a_build_that_was_stopped_is_not_waited_for(sky: Sky, monkeypatch: pytest.MonkeyPatch) -> None:
    killed = {(path.name, 1) for segment in segments() for path in segment.paths} - {("52_verdicts.sql", 1)}
    with _crew(sky, 1).connect() as victim, pytest.raises(psycopg.OperationalError):
        sky.draw("stopped", victim, zones=2, report=_killer(sky, victim, killed))
    with _crew(sky, 1).connect() as other:
        with pytest.raises(StoppedProcessError, match="was stopped"):
            join_build(other, "stopped", lambda _: None)
        monkeypatch.setattr("app.releases.joining.texts_signature", lambda: "of another commit")
        with pytest.raises(OtherTextsError, match="other code or statements"):
            join_build(other, "stopped", lambda _: None)
    sky.draw("stopped", zones=2)
    assert sky.differing("whole", "stopped") == EQUAL
    _none_left(sky)


def test_a_zone_of_a_build_that_was_given_up_is_not_worked(sky: Sky) -> None:
    """The claim asks for the release: its working tables may be those of the next build already."""
    killed = {(path.name, 1) for segment in segments() for path in segment.paths} - {("52_verdicts.sql", 1)}
    with _crew(sky, 1).connect() as victim, pytest.raises(psycopg.OperationalError):
        sky.draw("given-up", victim, zones=2, report=_killer(sky, victim, killed))
    [(release_id,)] = sky.rows("SELECT release_id FROM release.release WHERE state = 'building'")
    claim = {"pass": "30_candidates", "release_id": release_id}
    with _crew(sky, 1).connect() as other:
        assert other.execute(statement("release/build/claim_zone"), claim).fetchone() is not None
        claim["release_id"] += 1
        assert other.execute(statement("release/build/claim_zone"), claim).fetchone() is None
    sky.draw("given-up", zones=2)
    _none_left(sky)
