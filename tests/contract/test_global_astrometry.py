"""Global astrometry of a run in a real database: the step, its publication, and what releases make of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from app.arrays import Doubles
from app.cli.main import run as mapps
from app.db.statements import statement
from app.ingest.reference import load_reference
from app.ingest.reference_stars import REFERENCE_DTYPE
from app.production.astrometry_rows import offsets_hash
from app.production.claim import Claim
from app.production.publication import Publication
from app.production.publishing import coverage_values
from app.releases.catalogue import release_facts
from app.releases.diff import diff_releases
from app.releases.explain import explain
from app.releases.fitness import UnplacedError
from app.releases.question import Course
from app.sky.healpix import pixel_number
from tests.conftest import TEMPLATE, Database, create_database, drop_database
from tests.worlds.astrometries import Offsets, make_astrometry
from tests.worlds.release import NIGHT, Box, World, key_of
from tests.worlds.survey_nights import SurveyWorld, step_context
from workers.steps import global_astrometry
from workers.steps.global_astrometry import NoReferenceError

ARCSEC = 1 / 3600
SCANS, STARS_A_SCAN, LENGTH_DEG, WIDTH_DEG, OVERLAP_DEG = 4, 1500, 0.6, 512 / 3600, 120 / 3600
NOISE_ARCSEC, REFERENCE_ARCSEC = 0.05, 0.05
DECL = 20.0
SHIFT_ARCSEC = np.array([(0.10, -0.20), (-0.25, 0.15), (0.30, 0.10), (-0.05, -0.15)])
"""By which each scan's places are wrong at its southern end, east and north; it is less by half at the northern end."""
EPOCH = 2000 + (NIGHT.toordinal() - 730120) / 365.25


class Fields:
    """Scans side by side of one sky, wrong by known shifts; reference stars in the first and the last alone."""

    def __init__(self, world: SurveyWorld) -> None:
        self.world = world
        world.run_id = world.run()
        night = world.night(0)
        self.boxes = []
        stretch = 1 / np.cos(np.radians(DECL))
        for number in range(SCANS):
            west = 50.0 + number * (WIDTH_DEG - OVERLAP_DEG) * stretch
            self.boxes.append(Box(west, west + WIDTH_DEG * stretch, DECL, DECL + LENGTH_DEG))
        random = np.random.default_rng(7)
        first, last = self.boxes[0], self.boxes[-1]
        count = int(STARS_A_SCAN * (last.east - first.west) / (first.east - first.west))
        self.ra = random.uniform(first.west, last.east, count)
        self.decl = random.uniform(DECL, DECL + LENGTH_DEG, count)
        self.keys: list[int] = []
        self.stars: dict[int, int] = {}
        """src_id -> number of the star."""
        for number, box in enumerate(self.boxes):
            key = world.observe(night, number + 1, "sci", 10.0 + number, 1.2, box)
            self._cover(key, box)
            inside = np.flatnonzero((self.ra > box.west) & (self.ra < box.east))
            shift = self.shift(number, self.decl[inside])
            noise = NOISE_ARCSEC * random.standard_normal(shift.shape)
            ra = self.ra[inside] + (shift + noise)[:, 0] * ARCSEC * stretch
            decl = self.decl[inside] + (shift + noise)[:, 1] * ARCSEC
            rows = world.sources(key, ra, decl)
            # The world numbers rows along the sky: star by place.
            order = {int(row): n for row, n in zip(rows, self._by_place(rows, key, inside), strict=True)}
            self.stars |= order
            self.keys.append(key)
        world.connection.commit()
        sparse = np.flatnonzero((self.ra < first.east) | (self.ra > last.west))[::15]
        catalogue = np.zeros(sparse.size, REFERENCE_DTYPE)
        catalogue["ra"] = self.ra[sparse] + REFERENCE_ARCSEC * ARCSEC * stretch * random.standard_normal(
            sparse.size
        )
        catalogue["decl"] = self.decl[sparse] + REFERENCE_ARCSEC * ARCSEC * random.standard_normal(
            sparse.size
        )
        catalogue["star_id"] = (pixel_number(catalogue["ra"], catalogue["decl"], 12) << 20) + np.arange(
            sparse.size
        )
        catalogue["epoch_year"], catalogue["vt_mag"], catalogue["bt_mag"] = EPOCH, 9.0, 10.0
        self.catalogue = np.sort(catalogue, order="star_id")

    def _cover(self, key: int, box: Box) -> None:
        run_id, attempt, _ = self.world.scans[key]
        keys = {"run_id": run_id, "attempt_id": attempt, "scan_key": key}
        for row in box.coverage():
            add = statement("production/publish/add_scan_coverage")
            self.world.connection.execute(add, coverage_values(row) | keys)

    def _by_place(self, rows: np.ndarray, key: int, inside: np.ndarray) -> np.ndarray:
        """Numbers of the stars of rows, by their measured places."""
        found = self.world.connection.execute(
            "SELECT src_id, ra, decl FROM wsdb.point_measurement WHERE scan_key = %s", (key,)
        ).fetchall()
        places = {src: (ra, decl) for src, ra, decl in found}
        ra, decl = np.array([places[int(row)] for row in rows]).T
        away = np.hypot(ra[:, None] - self.ra[inside], decl[:, None] - self.decl[inside])
        return np.asarray(inside[np.argmin(away, axis=1)])

    @staticmethod
    def shift(number: int, decl: Doubles) -> Doubles:
        """East and north by which places of a scan are wrong, (n, 2), arcsec."""
        return np.asarray((1 - 0.5 * (decl - DECL) / LENGTH_DEG)[:, None] * SHIFT_ARCSEC[number])

    def solve(self, database: Database, claim: Claim | None = None) -> Publication:
        claim = claim or self.world.claim("global_astrometry")
        made = global_astrometry.perform(claim, step_context(lambda: database.connect("worker")))
        self.world.publish(claim, made)
        return made

    def left_arcsec(self, query: str, *values: Any) -> Doubles:
        """Errors of places that a query gives with their src_id, (n, 2)."""
        rows = self.world.rows(query, *values)
        star = np.array([self.stars[int(row[0])] for row in rows])
        ra, decl = np.array([row[1:3] for row in rows]).T
        east = (ra - self.ra[star]) * np.cos(np.radians(DECL)) / ARCSEC
        return np.stack([east, (decl - self.decl[star]) / ARCSEC], axis=1)


Solved = tuple[Fields, Database, Publication]


@pytest.fixture(scope="module")
def solved(template_database: Database) -> Iterator[Solved]:
    name = f"astrometry_{os.getpid()}"
    create_database(template_database.cluster, name, TEMPLATE)
    database = Database(name, template_database.cluster)
    try:
        with database.connect() as connection:
            fields = Fields(SurveyWorld(connection))
            fields.world.build("as-registered")
            claim = fields.world.claim("global_astrometry")
            with pytest.raises(NoReferenceError, match="4 survey scans"):
                global_astrometry.perform(claim, step_context(lambda: database.connect("worker")))
            load_reference(connection, fields.catalogue, "synthetic", "test")
            connection.commit()
            yield fields, database, fields.solve(database, claim)
    finally:
        drop_database(template_database.cluster, name)


def rms(left: Doubles) -> float:
    return float(np.sqrt(np.mean(left**2)))


def test_offsets_are_those_of_the_truth_where_no_reference_star_is(solved: Solved) -> None:
    fields, _, made = solved
    assert made.astrometry is not None
    assert [row.scan_key for row in made.astrometry.scans] == fields.keys
    for number, row in enumerate(made.astrometry.scans):
        assert row.segment_deg is not None
        # Half a degree a segment, two at least.
        middle = DECL + (np.arange(2) + 0.5) * row.segment_deg
        true = -fields.shift(number, middle)
        found = np.array([row.east_arcsec, row.north_arcsec]).T
        # Doing nothing misses by the shifts.
        assert rms(true) > 0.08
        assert rms(found - true) < 0.03
        assert np.abs(found - true).max() < 0.08
        assert 0.005 < min(row.error_arcsec) <= max(row.error_arcsec) < 0.05
        assert row.segment_overlaps >= 2
        assert (row.reference_stars > 10) == (number in (0, SCANS - 1)) or row.reference_stars < 60
    assert (
        made.astrometry.facts["reference_scatter_arcsec"]
        < made.astrometry.facts["reference_scatter_before_arcsec"]
    )


def test_it_is_written_with_what_it_was_made_of(solved: Solved) -> None:
    fields, _, made = solved
    assert made.astrometry is not None
    [(person, content, scans, stored)] = fields.world.rows(
        "SELECT a.adopted_by, s.content_hash, (SELECT count(*) FROM calibration.scan_astrometry AS g"
        " WHERE g.astrometry_id = s.astrometry_id), s.parameters FROM calibration.astrometry AS s"
        " JOIN calibration.astrometry_adoption AS a USING (astrometry_id)"
    )
    assert person.startswith("task of attempt ")
    assert (content, scans) == (offsets_hash(made.astrometry), SCANS)
    assert stored["segments"] == 12
    attempts = [(fields.world.scans[key][1],) for key in fields.keys]
    query = (
        "SELECT DISTINCT u.upstream_attempt_id FROM production.attempt_upstream AS u JOIN calibration.astrometry AS s"
        " ON s.attempt_id = u.attempt_id ORDER BY 1"
    )
    assert fields.world.rows(query) == sorted(attempts)


def test_measured_rows_stay_and_the_view_corrects_them(solved: Solved) -> None:
    fields, _, _ = solved
    before = fields.left_arcsec("SELECT src_id, measured_ra, measured_decl FROM wsdb.point_source")
    assert rms(fields.left_arcsec("SELECT src_id, ra, decl FROM wsdb.point_measurement")) == rms(before)
    after = fields.left_arcsec("SELECT src_id, ra, decl FROM wsdb.point_source")
    assert rms(before) > 0.12
    # What is left is the noise of the rows.
    assert rms(after) < NOISE_ARCSEC + 0.01


def test_a_release_has_the_corrected_places(solved: Solved) -> None:
    fields, _, _ = solved
    fields.world.build("corrected")
    query = "SELECT src_id, ra, decl FROM release.psc JOIN release.release USING (release_id) WHERE name = %s"
    assert rms(fields.left_arcsec(query, "as-registered")) > 0.12
    assert rms(fields.left_arcsec(query, "corrected")) < NOISE_ARCSEC + 0.01
    kept = fields.world.rows(
        "SELECT r.name, a.content_hash = s.content_hash FROM release.astrometry AS a"
        " JOIN release.release AS r USING (release_id) JOIN calibration.astrometry AS s USING (astrometry_id)"
        " WHERE r.name = 'corrected'"
    )
    assert kept == [("corrected", True)]
    found = diff_releases(fields.world.connection, "as-registered", "corrected", examples=0)
    fields.world.connection.commit()
    causes = {cause for kind, cause, _ in found.points.causes if kind == "changed"}
    assert "astrometry" in causes
    assert causes <= {"astrometry", "neighbours"}
    names = fields.world.rows(
        "SELECT count(*) FROM release.psc JOIN release.release USING (release_id)"
        " WHERE name = 'corrected' AND trim(designation) NOT LIKE release.designation(ra, decl) || '%%'"
    )
    assert names == [(0,)]


def test_places_are_the_same_in_any_number_of_zones(solved: Solved) -> None:
    fields, _, _ = solved
    fields.world.build("in-one-zone", course=Course(zones=1))
    fields.world.build("in-zones", course=Course(zones=9))
    hashes = (
        "SELECT m.product, m.partition, m.rows, m.sha256 FROM release.manifest AS m"
        " JOIN release.release AS r USING (release_id) WHERE r.name = %s ORDER BY 1, 2"
    )
    assert fields.world.rows(hashes, "in-zones") == fields.world.rows(hashes, "in-one-zone")
    # Apparitions of several scans, whose places were moved by different amounts, met in both.
    assert fields.world.rows("SELECT count(*) FROM release.psc WHERE dup_src > 0") > [(100,)]


def test_the_same_inputs_give_the_same_offsets(solved: Solved) -> None:
    fields, database, made = solved
    again = fields.solve(database)
    assert made.astrometry is not None
    assert again.astrometry is not None
    assert (offsets_hash(again.astrometry), again.input_hash) == (
        offsets_hash(made.astrometry),
        made.input_hash,
    )
    rows = fields.world.rows(
        "SELECT count(*), max(astrometry_id) = (SELECT astrometry_id FROM calibration.astrometry_adoption)"
        " FROM calibration.astrometry"
    )
    assert rows == [(2, True)], "the newest is adopted"


def test_a_scan_that_was_done_again_is_refused(solved: Solved) -> None:
    fields, _, _ = solved
    connection = fields.world.connection
    # As after another attempt at the scan: its rows are not those that were solved for.
    point = "UPDATE calibration.adopted_place SET attempt_id = %s WHERE scan_key = %s"
    [(another,)] = fields.world.rows("SELECT max(attempt_id) FROM production.attempt")
    connection.execute(point, (another, fields.keys[1]))
    with pytest.raises(UnplacedError, match="without 1 of its selected scans"):
        fields.world.build("stale")
    assert fields.world.rows("SELECT count(*) FROM release.release WHERE name = 'stale'") == [(0,)]
    connection.execute(point, (fields.world.scans[fields.keys[1]][1], fields.keys[1]))
    connection.commit()


def test_the_command_queues_one_task(live_database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    with live_database.connect() as connection:
        world = SurveyWorld(connection)
        world.run_id = world.run()
        assert mapps(["calibration", "astrometry", "run"]) == 2
        world.observe(world.night(0), 1, "sci", 10.0, 1.2, Box(10.0, 10.1, 0.0, 0.5))
        connection.commit()
        capsys.readouterr()
        assert mapps(["calibration", "astrometry", "run"]) == 0
        assert "global_astrometry" in capsys.readouterr().out
        assert mapps(["calibration", "astrometry", "run", "--show"]) == 0
        kinds = world.rows("SELECT kind, count(*) FROM production.task WHERE scope = 'run' GROUP BY kind")
        assert kinds == [("global_astrometry", 1)]


def test_a_release_shows_its_solutions_and_explains_places(solved: Solved) -> None:
    fields, _, _ = solved
    connection = fields.world.connection
    fields.world.build("explained")
    [used] = release_facts(connection, "explained").astrometries
    assert used["astrometry_id"] > 0
    assert release_facts(connection, "as-registered").astrometries == []
    [(src_id, ra, measured)] = fields.world.rows(
        "SELECT c.src_id, c.ra, p.ra FROM release.psc AS c JOIN release.release AS r USING (release_id)"
        " JOIN wsdb.point_measurement AS p USING (run_id, src_id) WHERE r.name = 'explained' LIMIT 1"
    )
    [found] = explain(connection, "explained", src_id=int(src_id))
    assert (found.facts["ra"], found.facts["measured_ra"]) == (ra, measured)
    assert found.facts["astrometry_id"] == used["astrometry_id"]
    [before] = explain(connection, "as-registered", src_id=int(src_id))
    assert before.facts["astrometry_id"] is None
    connection.commit()


def test_the_command_shows_adopts_and_compares(
    live_database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    with live_database.connect() as connection:
        world = World(connection)
        run_id = world.run("plane")
        attempt = world.scan(run_id, 1, Box(10.0, 10.2, 0.0, 1.0))
        given = [
            Offsets((10.2, 10.0, 10.2, 10.0), (0.0, 0.0, 1.0, 1.0), np.array([x, x])) for x in (0.1, 0.4j)
        ]
        first, second = (
            make_astrometry(connection, run_id, {key_of(1): attempt}, {key_of(1): offsets})
            for offsets in given
        )
        connection.commit()
        words = ["calibration", "astrometry", "plane"]
        assert mapps([*words, "--adopt", str(second)]) == 0
        assert f"solution {second} adopted for 1 nights of plane" in capsys.readouterr().out
        assert world.rows("SELECT astrometry_id FROM calibration.astrometry_adoption") == [(second,)]
        assert mapps([*words, "--show"]) == 0
        shown = capsys.readouterr().out
        numbers = [line.split()[0] for line in shown.splitlines() if line.strip()]
        assert {str(first), str(second)} <= set(numbers)
        assert mapps([*words, "--diff", str(first), str(second)]) == 0
        said = capsys.readouterr().out
        assert "1 scans in both, largest 0.412 arcsec" in said
        assert "0 scans in one of them only" in said
        world.run("other")
        connection.commit()
        assert mapps(["calibration", "astrometry", "other", "--adopt", str(second)]) == 2
        assert f"solution {second} is of run 'plane'" in capsys.readouterr().err
        assert mapps([*words, "--adopt", "99"]) == 2
        assert "no astrometric solution 99" in capsys.readouterr().err
        assert mapps([*words, "--adopt", "1", "--show"]) == 2
        assert "several of --show, --adopt and --diff" in capsys.readouterr().err
