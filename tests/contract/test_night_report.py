"""`mapps night report` as an operator types it: a graded night, and empty, ungraded, unsolved and unreduced ones."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection

from app.cli.main import run as mapps
from app.cli.output import forget_mode
from app.db.engine import connect_url
from app.keys import scan_key
from app.quality.grading import regrade
from app.quality.overrides import Override, make_override, undo_override
from app.quality.rule_sets import load_rules
from app.quality.rules_file import Rule, RuleSet
from tests.conftest import Database
from tests.worlds.release import NIGHT, Box, World, key_of
from tests.worlds.solutions import ZeroPoint, adopt, make_solution

NAME = f"{NIGHT:%Y-%m-%d}n"
SEEING = Rule("seeing", "seeing_shape", "j", "table", (1.2, 1.25, 1.3), (10.0, 5.0, 1.0), "refuse", "a test")
DEPTH = Rule("sensitivity", "snr10_predicted_mag", "k", "hard", (14.3,), (10.0, 0.0), "ignore", "a test")


@pytest.fixture
def world(live_database: Database) -> Iterator[World]:
    with connect_url(live_database.url, autocommit=True) as connection:
        made = World(connection)
        made.run("first")
        yield made


@pytest.fixture
def report(live_database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Write a page; its text, or the one line of the error."""

    def do(*words: str, status: int = 0) -> str:
        forget_mode()
        target = tmp_path / "pages" / "night.html"
        found = mapps(["night", "report", *(words or (NAME,)), "--output", str(target)])
        told = capsys.readouterr()
        forget_mode()
        assert found == status, told.err
        if status:
            assert told.err.count("\n") == 1
            return told.err
        if "--json" in words:
            return told.out
        assert f"page: {target}" in told.out
        text = re.sub(r"<style>.*?</style>|<svg.*?</svg>|<[^>]*>", " ", target.read_text(), flags=re.DOTALL)
        return re.sub(r"\s+", " ", html.unescape(text))

    return do


def scan(world: World, number: int, shape: float | None, **more: Any) -> int:
    """A reduced scan with a seeing shape."""
    attempt = world.scan(world.runs["first"], number, Box(10.0 + number, 10.2 + number, 0.0, 1.0), **more)
    if shape is not None:
        measure(world, attempt, "seeing_shape", "j", shape)
    return attempt


def measure(world: World, attempt: int, name: str, band: str, value: float) -> None:
    world.connection.execute(
        "INSERT INTO quality.metric VALUES (%s, %s, %s, %s)", (attempt, name, band, value)
    )


def grade(world: World, *rules: Rule) -> None:
    load_rules(world.connection, RuleSet("t", "of a test", rules or (SEEING,)))
    regrade(world.connection, world.runs["first"], "t", "tester", derive=False)


def say(connection: Connection[Any], world: World, **values: Any) -> int:
    night_id = world.one("SELECT night_id FROM survey.night WHERE date = %s", NIGHT)
    return make_override(
        connection, Override(world.runs["first"], night_id, reason="moths on the window", **values), "vera"
    )


class TestGradedNight:
    def test_it_names_what_to_observe_again_and_why(self, world, report):
        scan(world, 1, 1.0)
        scan(world, 2, 1.29)
        grade(world)
        text = report()
        assert "1 of 2 survey scans can be used for catalogues. Observe 1 tile again (2)." in text
        assert (
            "2 (grade 1) observe again Star images are too wide in J: mean seeing shape 1.29, 1.25 is allowed"
            in text
        )
        assert "Meets all requirements" in text
        assert "as preliminary run first has them" in text

    def test_the_least_factor_is_told_and_not_another(self, world, report):
        attempt = scan(world, 1, 1.255)
        measure(world, attempt, "snr10_predicted_mag", "k", 14.2)
        grade(world, SEEING, DEPTH)
        row = report().split("In words")[1]
        assert "fails depth depth: snr10 predicted mag in Ks is 14.2, the limit is 14.3" in row

    def test_the_newest_grade_and_the_newest_rules_count(self, world, report):
        attempt = scan(world, 1, 1.29)
        grade(world)
        world.connection.execute("UPDATE quality.metric SET value = 1.0 WHERE attempt_id = %s", (attempt,))
        regrade(world.connection, world.runs["first"], "t", "tester", derive=False)
        assert "Nothing needs to be observed again." in report()
        load_rules(world.connection, RuleSet("strict", "", (Rule(
            "seeing", "seeing_shape", "j", "hard", (0.9,), (10.0, 0.0), "refuse", "a test"),)))  # fmt: skip
        regrade(world.connection, world.runs["first"], "strict", "tester", derive=False)
        assert "Grades by rules strict" in report()
        assert "Grades by rules t " in report(NAME, "--rules", "t")

    def test_an_override_is_shown_and_undone(self, world, report):
        scan(world, 1, 1.0)
        scan(world, 2, 1.0)
        grade(world)
        key = say(world.connection, world, first=1, last=1, score=0)
        text = report()
        assert "Observe 1 tile again (1)." in text
        assert "vera says grade 0, 10 by the rules: moths on the window" in text
        undo_override(world.connection, key, "it was a shadow", "otto")
        text = report()
        assert "Nothing needs to be observed again." in text
        assert f"Override {key}, scan 1: undone: vera says grade 0" in text
        assert "(undone by otto: it was a shadow)" in text

    @pytest.mark.parametrize(("flag", "words"), [
        ("anom", "unusual image, marked by a person (by a person)"), ("cld", "cloud (by a person)"),
    ])  # fmt: skip
    def test_a_flag_is_shown_in_words(self, world, report, flag, words):
        scan(world, 1, 1.0)
        grade(world)
        say(world.connection, world, first=1, last=1, flag=flag)
        assert words in report()

    def test_a_tile_that_another_night_has_is_not_observed_again(self, world, report):
        scan(world, 1, 1.29, tile=7)
        other = scan_key(date(1999, 4, 20), "n", 5)
        world.connection.execute(
            "INSERT INTO survey.night (hemis, date, day_number) VALUES ('n', '1999-04-20', 1)"
        )
        world.insert("survey", "scan", "scan_key", night_id=other >> 10, scan=5, kind="sci", entry="raw", tile=7,
                     header="{}")  # fmt: skip
        task = world.insert("production", "task", "task_id", run_id=world.runs["first"], kind="scan", scope="scan",
                            night_id=other >> 10, scan_key=other, state="done", max_attempts=3)  # fmt: skip
        attempt = world.insert(
            "production", "attempt", "attempt_id", task_id=task, run_id=world.runs["first"], scan_key=other, worker="w",
            host="h", process_id=1, code_version="1", code_commit="c", expires_at="2030-01-01", accepted=True,
            outcome="done", ended_at="2029-01-01",
        )  # fmt: skip
        measure(world, attempt, "seeing_shape", "j", 1.0)
        grade(world)
        text = report()
        assert "other scans cover the tiles that failed" in text
        assert (
            "Scan 1 need not be repeated: tile 7 was observed well on 1999-04-20n, scan 5, grade 10." in text
        )


class TestSolvedNight:
    def test_the_verdict_of_the_adopted_solution_is_told(self, world, report):
        attempt = scan(world, 1, 1.0)
        solution = make_solution(world.connection, world.runs["first"], attempt, {key_of(1): ZeroPoint(0.02)})
        adopt(world.connection, world.runs["first"], solution)
        text = report()
        assert f"Solution {solution} (global, accepted) is adopted" in text

    def test_a_clouded_night_is_a_draft_that_nobody_adopted(self, world, report):
        attempt = scan(world, 1, 1.0)
        night_id = key_of(1) >> 10
        solution = make_solution(
            world.connection, world.runs["first"], attempt, {key_of(1): ZeroPoint(0.0)}, state="draft"
        )
        world.connection.execute(
            "UPDATE calibration.solution SET kind = 'night', night_id = %s WHERE solution_id = %s",
            (night_id, solution),
        )
        text = report()
        assert "The sky was at no time shown to be photometric." in text
        assert (
            f"Solution {solution} (night, draft) is not adopted: magnitudes stand on the nominal scale"
            in text
        )


class TestOtherNights:
    def test_an_empty_night(self, world, report):
        world.connection.execute(
            "INSERT INTO survey.night (hemis, date, day_number) VALUES ('n', %s, 1)", (NIGHT,)
        )
        assert "Nothing was observed: the night has neither survey nor calibration scans." in report()

    def test_a_night_that_is_not_reduced(self, world, report):
        scan(world, 1, None, state="waiting")
        text = report()
        assert "No verdict yet: 1 survey scan, none of them is reduced." in text
        assert "wait: not reduced yet Waits for its reduction" in text

    def test_a_scan_that_failed_says_why(self, world, report):
        scan(world, 1, None, state="failed")
        world.connection.execute("UPDATE production.task SET reason = 'NO_DARKS: night has none'")
        assert "find out why the reduction failed Its reduction failed: NO_DARKS: night has none" in report()

    def test_a_reduced_night_that_nobody_graded(self, world, report):
        scan(world, 1, 1.0)
        text = report()
        assert "1 of them reduced, none graded. Whether the sky was photometric is not known" in text
        assert "decide by hand: no grade Not graded yet" in text

    def test_a_scan_that_lacks_a_value_names_it(self, world, report):
        scan(world, 1, 1.0)
        scan(world, 2, None)
        grade(world)
        assert "Cannot be graded: no measured seeing" in report()


class TestCommand:
    def test_json(self, world, report):
        scan(world, 1, 1.0)
        grade(world)
        told = json.loads(report(NAME, "--json"))
        assert told["verdict"].startswith(f"{NAME}: The only survey scan can be used")
        assert Path(told["page"]).read_text().startswith("<!DOCTYPE html>")

    def test_the_newest_run_that_reduced_the_night_is_meant(self, world, report):
        scan(world, 1, 1.0)
        world.run("later")
        assert "run first" in report()
        night_id = key_of(1) >> 10
        world.insert("production", "task", "task_id", run_id=world.runs["later"], kind="scan", scope="scan",
                     night_id=night_id, scan_key=key_of(1), state="waiting", max_attempts=3)  # fmt: skip
        assert "run first" in report()
        assert "run later" in report(NAME, "--run", "later")

    @pytest.mark.parametrize(("words", "told"), [
        (("1999-04-11n",), "nothing was taken in"), ((NAME, "--run", "none"), "none"), (("yesterday",), "yesterday"),
    ])  # fmt: skip
    def test_what_is_not_there_is_an_error_in_a_line(self, world, report, words, told):
        scan(world, 1, 1.0)
        assert told in report(*words, status=2)

    def test_a_date_with_nights_of_two_sites_asks_for_the_site(self, world, report):
        scan(world, 1, 1.0)
        world.connection.execute(
            "INSERT INTO survey.night (hemis, date, day_number) VALUES ('s', %s, 1)", (NIGHT,)
        )
        assert "nights of two sites" in report(f"{NIGHT:%Y-%m-%d}", status=2)


class TestSurvey:
    """`mapps quality report RUN`: the same as a survey."""

    @pytest.fixture
    def survey(self, world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
        assert world.runs

        def do(*words: str, status: int = 0) -> str:
            forget_mode()
            target = tmp_path / "survey.html"
            found = mapps(["quality", "report", *words, "--output", str(target)])
            told = capsys.readouterr()
            forget_mode()
            assert found == status, told.err
            return told.err if status else target.read_text()

        return do

    def test_tiles_that_are_not_done_and_why(self, world, survey):
        scan(world, 1, 1.0)
        scan(world, 2, 1.29)
        grade(world)
        page = survey("first")
        assert "1 of 2 tiles have a scan that can be used: 1 tile to observe again." in page
        assert "Star images are too wide in J: mean seeing shape 1.29, 1.25 is allowed" in page
        assert f"{NAME}/2" in page

    def test_a_scan_that_is_not_photometric_says_why(self, world, survey):
        attempt = scan(world, 1, 1.0)
        solution = make_solution(world.connection, world.runs["first"], attempt, {key_of(1): ZeroPoint(0.0)})
        world.connection.execute(
            "UPDATE calibration.scan_zero_point SET photometric = false, reason = 'moths'"
        )
        adopt(world.connection, world.runs["first"], solution)
        photometric = Rule(
            "photometricity", "photometric", "-", "hard", (0.5,), (10.0, 0.0), "refuse", "a test"
        )
        load_rules(world.connection, RuleSet("p", "of a test", (photometric,)))
        regrade(world.connection, world.runs["first"], "p", "tester")
        page = survey("first")
        assert "The sky was not photometric: moths" in page
        assert f"Global solution {solution} (accepted)" in page

    def test_a_run_without_grades_and_one_without_scans(self, world, survey):
        assert "The run has no survey scans." in survey("first")
        scan(world, 1, 1.0)
        assert "No verdict yet: none of 1 survey scan is graded." in survey("first")

    def test_a_run_that_is_not_there(self, survey):
        assert "none" in survey("none", status=2)
