"""Releases drawn zone by zone: no zone, process or kill changes a row or a hash."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from functools import partial
from multiprocessing import active_children
from typing import Any

import numpy as np
import psycopg
import pytest

from app.db.engine import connect_url
from app.errors import ConflictError
from app.parameters.sections import ParameterSet
from app.releases.build import build_release
from app.releases.crew import Crew, StoppedProcessError, ZoneError
from app.releases.fitness import Allowances
from app.releases.patches import Patch, PatchAction
from app.releases.question import Course
from app.releases.steps import StatementRun, segments
from app.releases.stopped import MovedMomentError
from app.releases.verify import require_equal, verify_release
from tests.conftest import Database
from tests.worlds.release import Box, World, fresh_world
from tests.worlds.solutions import adopt, make_solution

ARCSEC = 1 / 3600
WEAK = {f"{band}_{name}": value for band in "jhk" for name, value in (("snr", 2.0), ("msig", 0.5))}
BRIGHT: dict[str, Any] = {
    "rd_flg": b"333", "ph_qual": b"AAA", "j_m": 5.0, "h_m": 4.6, "k_m": 4.4,
    **{f"{band}_psfchi": np.nan for band in "jhk"},
}  # fmt: skip
FAINT = {"j_m": 16.5, "h_m": 16.1, "k_m": 15.9}
TABLES = {
    "psc": "release.psc", "verdict": "release.verdict", "xsc": "release.xsc", "statement": "release.statement",
    "manifest": "release.manifest", "artefact": "release.artefact",
}  # fmt: skip


class Sky(World):
    """Scans around right ascension 0 that overlap: stars that two of them saw, near ones, namesakes, galaxies."""

    patches: tuple[Patch, ...] = ()

    def fill(self) -> None:
        random = np.random.default_rng(7)
        run = self.run(parameters=ParameterSet().as_dict())
        boxes = [Box(359.6 + 0.25 * i, 359.9 + 0.25 * i, -0.4, 0.4) for i in range(3)]
        for number, box in enumerate(boxes, start=1):
            self.scan(run, number, box)
        ra, decl = random.uniform(359.62, 360.38, 600), random.uniform(-0.38, 0.38, 600)
        # Partners at all distances up to 4 arcsec, anywhere on the sky, so across zones as well.
        near = random.uniform(-4, 4, (2, 200)) * ARCSEC
        ra, decl = np.r_[ra, ra[:200] + near[0]], np.r_[decl, decl[:200] + near[1]]
        for number, box in enumerate(boxes, start=1):
            seen = (ra > box.west) & (ra < box.east) & (random.random(ra.size) < 0.9)
            jitter = random.normal(0, 0.1 * ARCSEC, (2, int(seen.sum())))
            self.sources(number, (ra[seen] + jitter[0]) % 360, decl[seen] + jitter[1])
        self.sources(2, [0.02, 0.02], [0.1, 0.1 + 1e-6])
        # Bright stars that only the first scan extracted, and what they leave in the second, partly in other zones.
        for decl in np.linspace(-0.37, 0.37, 30):
            self.sources(1, 359.87, decl, **BRIGHT)
            self.sources(2, 359.87, decl + 30 * ARCSEC, **FAINT)
            self.sources(2, 359.87 + 12 * ARCSEC, decl + 12 * ARCSEC)
        weak = self.sources(1, 359.7, 0.3, **WEAK)
        self.extended(2, [0.05, 359.95], [0.2, -0.2], r_3sig=[20.0, 5.0])
        self.patches = (Patch(PatchAction.RESTORE, "run", None, int(weak[0]), "ann", "a star"),)
        adopt(self.connection, run, make_solution(self.connection, run, self.scans[1][1], {}))
        self.connection.commit()

    def draw(self, name: str, connection: psycopg.Connection[Any] | None = None, **options: Any) -> None:
        allow = Allowances(nominal=True, patches=self.patches)
        course = Course(
            **{key: options.pop(key) for key in ("zones", "crew", "report", "planned") if key in options}
        )
        used = connection or self.connection
        build_release(used, name, "sampler", ["run"], allow=allow, course=course, **options)

    def differing(self, first: str, second: str) -> dict[str, int]:
        """Rows of one release that the other does not have, by table."""
        return {
            table: self.rows(
                "SELECT count(*) FROM (SELECT to_jsonb(t) - 'release_id' FROM release.release AS r JOIN " + name
                + " AS t USING (release_id) WHERE r.name = %s EXCEPT ALL SELECT to_jsonb(t) - 'release_id'"
                " FROM release.release AS r JOIN " + name + " AS t USING (release_id) WHERE r.name = %s) AS gone",
                first, second,
            )[0][0]
            for table, name in TABLES.items()
        }  # fmt: skip


FORGET = """UPDATE production.attempt SET accepted = false
WHERE attempt_id = (SELECT min(attempt_id) FROM production.attempt)"""
EQUAL = dict.fromkeys(TABLES, 0)


@pytest.fixture(scope="module")
def sky(template_database: Database) -> Iterator[Sky]:
    """A world with the release `whole`, drawn in one zone."""
    with fresh_world(template_database.cluster) as world:
        filled = Sky(world.connection)
        filled.fill()
        filled.draw("whole", zones=1)
        yield filled


def _crew(sky: Sky, processes: int) -> Crew:
    info = sky.connection.info
    url = f"postgresql://mapps_operator@/{info.dbname}?host={info.host}&port={info.port}"
    return Crew(partial(connect_url, url, role="operator"), processes)


def _none_left(sky: Sky) -> None:
    assert sky.rows("SELECT count(*) FROM release.release WHERE state <> 'published'") == [(0,)]
    assert sky.rows("SELECT count(*) FROM pg_class WHERE relname LIKE 'work\\_%%'") == [(0,)]


def test_the_world_has_what_zones_could_get_wrong(sky: Sky) -> None:
    reasons = dict(sky.rows("SELECT reason, count(*) FROM release.verdict GROUP BY 1"))
    assert reasons["duplicate"] > 50
    assert reasons["released"] > 600
    assert sky.rows("SELECT count(*) FROM release.psc WHERE dup_src = 2") > [(0,)]
    assert sky.rows("SELECT count(*) FROM release.psc WHERE designation LIKE '%%A'") >= [(1,)]
    assert reasons["artefact"] >= 20
    assert sky.rows("SELECT count(*) FROM release.artefact WHERE NOT removed") >= [(20,)]
    assert sky.rows("SELECT count(*) FROM release.psc WHERE cc_flg LIKE '%%c%%'") >= [(20,)]
    # Lonely rows, whose neighbour no margin holds.
    assert sky.rows("SELECT count(*) FROM release.psc WHERE prox > 100") >= [(1,)]
    assert sky.rows("SELECT count(*) FROM release.psc WHERE prox IS NULL") == [(0,)]


@pytest.mark.parametrize("zones", [7, 40])
def test_zones_change_nothing(sky: Sky, zones: int) -> None:
    told: list[StatementRun] = []
    planned: list[int] = []
    sky.draw(f"zones-{zones}", zones=zones, report=told.append, planned=planned.append)
    assert sky.differing("whole", f"zones-{zones}") == EQUAL
    assert sky.differing(f"zones-{zones}", "whole") == EQUAL
    require_equal(f"zones-{zones}", verify_release(sky.connection, f"zones-{zones}"))
    sky.connection.commit()
    assert planned == [len(told)]
    assert len(told) > len([path for segment in segments() for path in segment.paths])
    _none_left(sky)


def test_the_first_radius_of_neighbours_changes_nothing(sky: Sky) -> None:
    """It follows the density; a parameter makes it wider, so that a single round looks as far as the margin holds."""
    sky.draw("wide", zones=5, parameters={"neighbour_arcsec": 130.0})
    assert sky.differing("whole", "wide") == EQUAL
    _none_left(sky)


def _killer(sky: Sky, victim: psycopg.Connection[Any], killed: set[tuple[str, int]]) -> Any:
    """A report that ends the session after each statement that it has not been ended after before."""
    seen: dict[str, int] = {}

    def report(run: StatementRun) -> None:
        seen[run.file] = seen.get(run.file, 0) + 1
        step = (run.file, seen[run.file])
        if step not in killed:
            killed.add(step)
            sky.rows("SELECT pg_terminate_backend(%s, 5000)", victim.info.backend_pid)

    return report


def test_a_build_that_is_killed_after_every_statement_goes_on(sky: Sky) -> None:
    killed: set[tuple[str, int]] = set()
    told: list[str] = []
    kills = 0
    while True:
        with _crew(sky, 1).connect() as victim:
            try:
                sky.draw("killed", victim, zones=2, report=_killer(sky, victim, killed), tell=told.append)
                break
            except psycopg.OperationalError:
                kills += 1
    assert {file for file, _ in killed} == {path.name for segment in segments() for path in segment.paths}
    assert kills == len(killed)
    assert "release killed was begun before: its build goes on" in told
    assert sky.differing("whole", "killed") == EQUAL
    _none_left(sky)


def test_a_build_in_one_zone_that_is_killed_leaves_nothing(sky: Sky) -> None:
    for segment in segments()[1::2]:
        killed = {(path.name, 1) for other in segments() for path in other.paths} - {
            (segment.paths[-1].name, 1)
        }
        with _crew(sky, 1).connect() as victim, pytest.raises(psycopg.OperationalError):
            sky.draw("lost", victim, zones=1, report=_killer(sky, victim, killed))
        _none_left(sky)


def test_processes_work_together_and_one_that_is_killed_is_made_good(sky: Sky) -> None:
    shot: list[int] = []

    def shoot(run: StatementRun) -> None:
        for child in active_children()[:1] if not shot else ():
            shot.append(int(child.pid or 0))
            os.kill(shot[0], signal.SIGKILL)

    with pytest.raises(StoppedProcessError, match="ended from outside"):
        # Every zone has its statements told by the process that waits.
        sky.draw("shot", zones=9, crew=_crew(sky, 2), report=shoot)
    assert sky.rows("SELECT count(*) FROM release.release WHERE state = 'building'") == [(1,)]
    sky.draw("shot", zones=9, crew=_crew(sky, 2))
    assert sky.differing("whole", "shot") == EQUAL
    _none_left(sky)


def test_a_build_that_nobody_asks_for_again_is_given_up(sky: Sky) -> None:
    told: list[str] = []
    for changes in ({"parameters": {"match_arcsec": 1.9}}, {"name": "other"}):
        killed = {(path.name, 1) for segment in segments() for path in segment.paths} - {
            ("52_verdicts.sql", 1)
        }
        with _crew(sky, 1).connect() as victim, pytest.raises(psycopg.OperationalError):
            sky.draw("stopped", victim, zones=2, report=_killer(sky, victim, killed))
        asked = {"name": "stopped"} | changes
        with pytest.raises(ConflictError, match="only to see"):
            _refused(sky, asked, told)
        _none_left(sky)
    assert told == ["the build of release stopped, which was stopped, is given up"] * 2


def _refused(sky: Sky, asked: dict[str, Any], told: list[str]) -> None:
    def refuse(_: StatementRun) -> None:
        raise ConflictError("only to see what is given up")

    sky.draw(asked.pop("name"), zones=2, report=refuse, tell=told.append, **asked)


def test_a_statement_that_fails_in_a_zone_leaves_nothing(sky: Sky, monkeypatch: pytest.MonkeyPatch) -> None:
    # 20 apparitions of one star would be a chain longer than the margin if the match radius were a minute.
    with pytest.raises(psycopg.Error, match="apparitions in a chain"):
        sky.draw("chain", zones=2, parameters={"match_arcsec": 90.0, "cell_arcsec": 200.0})
    _none_left(sky)
    with pytest.raises(ZoneError, match="apparitions in a chain"):
        sky.draw(
            "chain", zones=2, crew=_crew(sky, 2), parameters={"match_arcsec": 90.0, "cell_arcsec": 200.0}
        )
    _none_left(sky)


def test_a_release_of_two_moments_is_refused(sky: Sky) -> None:
    def change(run: StatementRun) -> None:
        if run.file == "72_lonely.sql":
            with _crew(sky, 1).connect() as other:
                other.execute(FORGET)

    try:
        with pytest.raises(MovedMomentError, match="were changed while"):
            sky.draw("moved", zones=2, report=change)
    finally:
        sky.rows("UPDATE production.attempt SET accepted = true RETURNING 1")
    _none_left(sky)
