"""A night grades itself: the task, what it rests on, when it is done again, and that order makes no difference."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from app.db.engine import connect_url
from app.production.output_hash import output_hash
from app.production.publication import Publication
from app.production.publishing import publish
from app.production.stale import stale_tasks
from app.quality.grading import lock_grades, regrade
from app.quality.night_grading import NoRulesError, newest_shipped, rules_in_force
from app.quality.rule_sets import ensure_rules, freeze_rules, load_rules
from app.quality.rules_file import Rule, RuleSet
from tests.conftest import Database
from tests.worlds.release import Box
from tests.worlds.survey_nights import HEIGHT_DEG, OVERLAP_DEG, WIDTH_DEG, SurveyWorld, step_context
from workers.steps.night_grades import perform

STARS = [0.01 + 0.004 * number for number in range(20)]
SEEING = Rule("seeing", "seeing_shape", "j", "table", (1.2, 1.25, 1.3), (10.0, 5.0, 1.0), "refuse", "a test")
AGREE = Rule(
    "overlaps", "overlap_offset_mag", "j", "table", (0.0, 0.1, 0.2), (10.0, 5.0, 0.0), "ignore", "a test"
)
CLOUD = tuple(
    Rule("cld", "overlap_offset_mag", band, "flag", (0.05,), (0.0, 3.0), "ignore", "a test") for band in "jhk"
)


class Nights(SurveyWorld):
    """Nights of two scans side by side, of which the first may be fainter; rules are loaded and frozen."""

    database: Database

    def fill(self, number: int, loss: float = 0.1, shapes: tuple[float | None, ...] = (1.0, 1.0)) -> int:
        night_id = self.night(number)
        step, south = WIDTH_DEG - OVERLAP_DEG, number * (HEIGHT_DEG - OVERLAP_DEG)
        middle = 10 + step + OVERLAP_DEG / 2
        for scan, shape in enumerate(shapes):
            box = Box(10 + scan * step, 10 + scan * step + WIDTH_DEG, south, south + HEIGHT_DEG)
            key = self.observe(night_id, scan + 1, "sci", 9.0 + scan, 1.1, box)
            fainter = loss if scan == 0 else 0.0
            bands = {f"{band}_m": 13.0 + fainter for band in "jhk"} | {f"{band}_snr": 80.0 for band in "jhk"}
            self.sources(key, [middle] * len(STARS), [south + place for place in STARS], **bands)
            if shape is not None:
                self.measure(key, shape)
        self.connection.commit()
        return night_id

    def measure(self, key: int, shape: float) -> None:
        self.connection.execute(
            "INSERT INTO quality.metric VALUES (%s, 'seeing_shape', 'j', %s)"
            " ON CONFLICT (attempt_id, name, band) DO UPDATE SET value = excluded.value",
            (self.scans[key][1], shape),
        )
        self.connection.commit()

    def grade(self, night_id: int) -> Publication:
        """Claim, perform and publish as a worker does, in the worker's role."""
        claim = self.claim("night_grades", night_id)
        made = perform(claim, step_context(lambda: self.database.connect("worker", autocommit=True)))
        with self.database.connect("worker", autocommit=True) as worker:
            publish(worker, claim, made)
        return made

    def grades(self) -> list[tuple[Any, ...]]:
        return self.rows(
            "SELECT scan_key & 1023, score, limiting_factor, flags FROM quality.scan_grade"
            " WHERE score IS NOT NULL ORDER BY scan_key"
        )

    def given(self) -> int:
        return int(self.rows("SELECT count(*) FROM quality.grade")[0][0])

    def reasons(self) -> list[str]:
        told = [
            task.reasons
            for task in stale_tasks(self.connection, "run")
            if task.task["kind"] == "night_grades"
        ]
        self.connection.commit()
        return [reason for reasons in told for reason in reasons]


def use(world: Nights, *rules: Rule, version: str = "t") -> None:
    load_rules(world.connection, RuleSet(version, "of a test", rules))
    freeze_rules(world.connection, version, "tester")
    world.connection.commit()


@pytest.fixture
def world(database: Database) -> Iterator[Nights]:
    with connect_url(database.url) as connection:
        made = Nights(connection)
        made.database = database
        made.run_id = made.run("run")
        use(made, SEEING, AGREE, *CLOUD)
        yield made


class TestGrades:
    def test_a_night_has_grades_flags_and_derived_metrics(self, world):
        night_id = world.fill(0)
        made = world.grade(night_id)
        assert world.grades() == [(1, 5, "overlaps", ["cld"]), (2, 10, "overlaps", [])]
        found = world.rows("SELECT scan_key & 1023, value FROM quality.derived_metric"
                           " WHERE name = 'overlap_offset_mag' AND band = 'j' ORDER BY 1")  # fmt: skip
        assert found == [(1, pytest.approx(0.1, abs=1e-5)), (2, pytest.approx(-0.1, abs=1e-5))]
        assert {row.name for row in made.night_grades.metrics} >= {
            "overlap_offset_mag",
            "overlap_discord_mag",
        }
        [(by,)] = world.rows("SELECT DISTINCT graded_by FROM quality.grade")
        assert by.startswith("task of attempt ")

    def test_what_it_rests_on_is_recorded(self, world):
        night_id = world.fill(0)
        world.solve_night(night_id, [])
        made = world.grade(night_id)
        attempts = {attempt for _, attempt, _ in world.scans.values()}
        assert len(set(made.upstream_ids) - attempts) == 1
        assert attempts < set(made.upstream_ids)
        assert world.rows("SELECT count(*) FROM quality.derived_metric WHERE name = 'photometric'") == [(2,)]

    def test_computing_writes_nothing(self, world):
        night_id = world.fill(0)
        claim = world.claim("night_grades", night_id)
        perform(claim, step_context(lambda: world.database.connect("worker", autocommit=True)))
        assert world.given() == 0
        assert world.rows("SELECT count(*) FROM quality.derived_metric") == [(0,)]

    def test_the_same_again_adds_nothing_and_has_the_same_hash(self, world):
        night_id = world.fill(0)
        first, before = world.grade(night_id), world.given()
        again = world.grade(night_id)
        assert (output_hash(again), again.input_hash) == (output_hash(first), first.input_hash)
        assert world.given() == before == 2

    def test_a_value_that_changes_appends_a_grade_and_changes_the_hash(self, world):
        night_id = world.fill(0)
        first = world.grade(night_id)
        world.measure(night_id << 10 | 2, 1.25)
        again = world.grade(night_id)
        assert world.grades()[1][:3] == (2, 5, "seeing")
        assert world.given() == 3
        assert output_hash(again) != output_hash(first)

    def test_a_grade_that_lost_its_value_is_voided(self, world):
        night_id = world.fill(0)
        world.grade(night_id)
        world.connection.execute(
            "DELETE FROM quality.metric WHERE attempt_id = %s", (world.scans[night_id << 10 | 1][1],)
        )
        world.connection.commit()
        world.grade(night_id)
        assert [scan for scan, *_ in world.grades()] == [2]
        assert world.given() == 3
        world.grade(night_id)
        assert world.given() == 3

    def test_a_scan_without_a_value_gets_none_and_the_others_do(self, world):
        world.grade(world.fill(0, shapes=(None, 1.0)))
        assert [scan for scan, *_ in world.grades()] == [2]

    def test_a_night_without_reduced_scans_is_done_with_nothing(self, world):
        made = world.grade(world.night(0))
        assert made.night_grades.grades == made.night_grades.metrics == ()


class TestOrder:
    def test_other_nights_make_no_difference(self, world):
        first = world.fill(0)
        alone = world.grade(first)
        second = world.fill(1, loss=0.3)
        world.grade(second)
        assert output_hash(world.grade(first)) == output_hash(alone)
        assert world.rows(
            "SELECT count(DISTINCT night_id) FROM quality.derived_metric WHERE night_id IS NOT NULL"
        ) == [(2,)]

    def test_a_regrade_of_the_run_finds_the_grades_that_stand(self, world):
        night_id = world.fill(0)
        world.grade(night_id)
        world.connection.autocommit = True
        done = regrade(world.connection, world.run_id, "t", "tester")
        world.connection.autocommit = False
        assert (done.scans, done.graded, done.made, done.voided) == (2, 2, 0, 0)
        # The steps between neighbours are of the run as a whole.
        assert world.rows("SELECT count(*) FROM quality.derived_metric WHERE name = 'overlap_rms_mag'") == [
            (3,)
        ]
        world.grade(night_id)
        assert world.rows("SELECT count(*) FROM quality.derived_metric WHERE name = 'overlap_rms_mag'") == [
            (3,)
        ]

    def test_gradings_of_a_run_follow_each_other_and_not_those_of_another(self, world):
        with world.database.connect("operator") as first, world.database.connect("worker") as second:
            lock_grades(first, world.run_id)
            second.execute("SET lock_timeout = '50ms'")
            second.commit()
            with pytest.raises(psycopg.errors.LockNotAvailable):
                lock_grades(second, world.run_id)
            second.rollback()
            lock_grades(second, world.run_id + 1)
            first.commit()
            lock_grades(second, world.run_id)

    def test_sums_are_rounded_to_ten_digits(self, world):
        values = [0.1 + 0.2, 1 / 3, 123456.789012345, -2e-7 / 3, 0.0, 1e-40]
        rounded = [world.rows("SELECT quality.rounded(%s)", value)[0][0] for value in values]
        assert rounded == [0.3, 0.3333333333, 123456.789, -6.666666667e-08, 0.0, 1e-40]


class TestRules:
    def test_the_version_that_was_frozen_last_is_in_force(self, world):
        assert rules_in_force(world.connection)[0] == "t"
        use(world, SEEING, version="a")
        assert rules_in_force(world.connection)[0] == "a"
        world.grade(world.fill(0))
        assert {row[2] for row in world.grades()} == {"seeing"}

    def test_else_those_of_the_code(self, database):
        with connect_url(database.url, autocommit=True) as connection:
            with pytest.raises(NoRulesError, match="no rules"):
                rules_in_force(connection)
            ensure_rules(connection, newest_shipped())
            assert rules_in_force(connection)[0] == newest_shipped()

    def test_other_rules_are_other_inputs(self, world):
        night_id = world.fill(0)
        first = world.grade(night_id)
        use(world, SEEING, version="a")
        assert world.grade(night_id).input_hash != first.input_hash


class TestAgain:
    def test_a_graded_night_is_not_stale(self, world):
        world.grade(world.fill(0))
        assert world.reasons() == []

    def test_a_scan_that_is_reduced_later(self, world):
        night_id = world.fill(0)
        world.grade(night_id)
        world.observe(night_id, 9, "sci", 12.0, 1.1, Box(20.0, 20.1, 0.0, 0.1))
        assert world.reasons() == ["scan 9 was reduced later"]

    def test_a_solution_that_is_adopted_later(self, world):
        night_id = world.fill(0)
        world.grade(night_id)
        world.solve_night(night_id, [])
        [(number,)] = world.rows("SELECT solution_id FROM calibration.adoption")
        assert world.reasons() == [f"solution {number} was adopted"]
        world.grade(night_id)
        assert world.reasons() == []

    def test_a_scan_that_is_done_again_with_another_result(self, world):
        night_id = world.fill(0)
        world.grade(night_id)
        key = night_id << 10 | 1
        attempt = world.scans[key][1]
        world.connection.execute(
            "UPDATE production.attempt SET accepted = false WHERE attempt_id = %s", (attempt,)
        )
        later = world.one("SELECT task_id FROM production.attempt WHERE attempt_id = %s", attempt)
        world.insert(
            "production", "attempt", "attempt_id", task_id=later, run_id=world.run_id, scan_key=key, worker="w",
            host="h", process_id=1, code_version="1", code_commit="c", expires_at="2030-01-01", accepted=True,
            outcome="done", ended_at="2029-01-01", output_hash="9" * 64,
        )  # fmt: skip
        world.connection.commit()
        assert [reason.split(" gave way")[0] for reason in world.reasons()] == [f"attempt {attempt}"]
