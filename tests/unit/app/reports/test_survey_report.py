"""The page of a run as a survey: which tiles are not done and why, tables, and pictures that show what there is."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import Any

import pytest

from app.reports.page import render
from app.reports.solution_figures import SolutionFigures
from app.reports.survey_facts import SurveyFacts
from app.reports.survey_figures import survey_pictures
from app.reports.survey_report import MOST_TILES, page_values
from tests.worlds.night_facts import CLOUD, DEPTH, RULES

RUN = {"name": "first", "kind": "preliminary", "code_version": "0.1.0", "code_commit": "c0ffee" * 7}
FIGURES = SolutionFigures(
    steps=[
        {"band": band, "overlaps": 1200, "stars": 9, "measured_mag": 0.02, "residual_mag": 0.004, "largest_mag": 0.01,
         "held_out_mag": 0.0051, "repeatability_mag": None, "of_less_weight": 0}
        for band in "hjk"
    ],
    sky=[{"band": band, "ra": 10.0, "decl": 5.0, "overlaps": 3, "median_mag": 0.002} for band in "hjk"],
    nights=[],
)  # fmt: skip


def scan(number: int, score: int | None = 9, **values: Any) -> dict[str, Any]:
    """A reduced survey scan of a tile of its own, as `reports/survey_scans` gives it."""
    bands = {f"{name}_{band}": value for band in "jhk" for name, value in (("depth", 16.2), ("step", 0.004))}
    return bands | {
        "scan_key": number, "date": date(1998, 4, 28), "hemis": "n", "night_id": 859, "scan": number,
        "tile": 2000 + number, "ra": 255.0 + number, "decl": -0.05, "task_state": "done", "attempt_id": number,
        "score": score, "graded_score": score, "limiting_factor": None if score is None else "seeing", "reason": None,
    } | values  # fmt: skip


def facts(*scans: dict[str, Any], **values: Any) -> SurveyFacts:
    usual: dict[str, Any] = {
        "run": RUN, "rules": RULES, "scans": list(scans), "reasons": {}, "nights": [], "totals": [], "solution": None,
        "figures": None,
    }  # fmt: skip
    return SurveyFacts(**usual | values)


def of_night(name: str, value: float, band: str = "-") -> dict[str, Any]:
    return {
        "night_id": 859,
        "date": date(1998, 4, 28),
        "hemis": "n",
        "name": name,
        "band": band,
        "value": value,
    }


class TestTiles:
    def test_those_without_a_usable_scan_are_listed_the_worst_first(self):
        values = page_values(
            facts(scan(1), scan(2, 4), scan(3, None), scan(4, 0), reasons={2: DEPTH, 4: CLOUD})
        )
        assert [(row["tile"], row["best"], row["do"]) for row in values["tiles"]] == [
            ("2004", "0", "observe again"),
            ("2002", "4", "observe again if time is left"),
            ("2003", "-", "grade or reduce it first"),
        ]
        assert values["tiles"][1]["why"].startswith("Not deep enough in J")

    def test_a_scan_that_is_not_photometric_says_why(self):
        clouded = scan(1, 0, reason="frames lost light within the scan")
        [row] = page_values(facts(clouded, reasons={1: CLOUD}))["tiles"]
        assert row["why"] == "The sky was not photometric: frames lost light within the scan"

    def test_other_reasons(self):
        waits = scan(1, None, attempt_id=None, task_state="failed")
        rows = page_values(facts(waits, scan(2, None), scan(3, 0, graded_score=8)))["tiles"]
        assert {row["tile"]: row["why"] for row in rows} == {
            "2001": "not reduced (failed)", "2002": "no grade", "2003": "a person says so",
        }  # fmt: skip

    def test_the_best_scan_of_a_tile_counts(self):
        assert page_values(facts(scan(1, 0, tile=7), scan(2, 6, tile=7)))["tiles"] == []
        [row] = page_values(facts(scan(1, 0, tile=7), scan(2, 3, tile=7)))["tiles"]
        assert (row["best"], row["scans"]) == ("3", "1998-04-28n/1, 1998-04-28n/2")

    def test_of_very_many_the_number_is_said(self):
        values = page_values(facts(*(scan(number, 0) for number in range(MOST_TILES + 3))))
        assert (len(values["tiles"]), values["more_tiles"]) == (MOST_TILES, 3)


class TestVerdict:
    @pytest.mark.parametrize(("scans", "level", "words"), [
        ((), "none", "The run has no survey scans."),
        ((scan(1, None),), "none", "No verdict yet: none of 1 survey scan is graded."),
        ((scan(1), scan(2)), "good", "2 of 2 tiles have a scan that can be used: nothing to observe again."),
        ((scan(1), scan(2, 0)), "fair", "1 of 2 tiles have a scan that can be used: 1 tile to observe again."),
        ((scan(1, 0),), "bad", "0 of 1 tile have a scan that can be used: 1 tile to observe again."),
        ((scan(1), scan(2, None)), "fair", "nothing to observe again, 1 tile without a grade."),
    ])  # fmt: skip
    def test_it_counts_tiles(self, scans, level, words):
        values = page_values(facts(*scans))
        assert values["level"] == level
        assert words in values["sentence"]

    def test_steps_are_root_mean_squares_by_band(self):
        two = (scan(1, step_j=0.03, step_h=None), scan(2, step_j=-0.04, step_h=None))
        assert "neighbours by J 35, Ks 4 mmag rms." in page_values(facts(*two))["sentence"]
        alone = scan(1, step_j=None, step_h=None, step_k=None)
        assert "no overlaps to compare" in page_values(facts(alone))["sentence"]


class TestTables:
    def test_grades_and_what_limits_them(self):
        rows = page_values(
            facts(scan(1), scan(2, 6), scan(3, 6, limiting_factor="sensitivity"), scan(4, None))
        )["grades"]
        assert [(row["level"], row["scans"], row["share"]) for row in rows] == [
            ("good", 1, "25 %"), ("acceptable", 2, "50 %"), ("below the limit", 0, "0 %"), ("fails", 0, "0 %"),
            ("no grade", 1, "25 %"),
        ]  # fmt: skip
        assert rows[1]["limits"] == "seeing and focus (1), depth (1)"

    def test_nights(self):
        nights = [of_night("photometric_fraction", 0.75), of_night("photometric_hours", 1.4)]
        nights += [
            of_night("sixfold_repeatability_mag", value, band) for value, band in ((0.012, "h"), (0.011, "j"))
        ]
        [row] = page_values(facts(scan(1), scan(2, 0), scan(3, None), nights=nights))["nights"]
        assert row == {
            "night": "1998-04-28n", "scans": 3, "good": 1, "grades": "0 (1), 9 (1), none (1)",
            "photometric": "75 % of its scans, 1.4 h", "error": "-", "repeat": "J 11.0, H 12.0 mmag",
        }  # fmt: skip

    def test_metrics_of_the_run_beside_what_is_aimed_at(self):
        totals = [
            {"name": "overlap_rms_mag", "band": band, "value": value, "rows": 9, "unit": "mag", "better": "lower",
             "description": "Steps between neighbouring scans", "design": 0.011, "stretch": None}
            for band, value in (("h", 0.008), ("j", 0.00912), ("k", 0.01))
        ]  # fmt: skip
        assert page_values(facts(totals=totals))["totals"] == [
            {"what": "Steps between neighbouring scans", "values": "J 0.00912, H 0.008, Ks 0.01 mag",
             "design": "0.011 mag", "stretch": "-"}
        ]  # fmt: skip

    def test_a_global_solution(self):
        solved = facts(scan(1), solution={"solution_id": 40, "state": "draft"}, figures=FIGURES)
        values = page_values(solved)
        assert values["solution"].startswith("Global solution 40 (draft), scatter in overlaps")
        assert [row["band"] for row in values["steps"]] == ["J", "H", "Ks"]
        assert values["steps"][0] == {
            "band": "J", "overlaps": "1,200", "measured": "20.0", "residual": "4.0", "held_out": "5.1", "repeat": "-",
        }  # fmt: skip
        assert "No global solution" in page_values(facts(scan(1)))["solution"]


@cache
def drawn() -> dict[str, Any]:
    solved = facts(scan(1), scan(2, 0, step_j=0.08), scan(3, 4), scan(4, None), solution={}, figures=FIGURES)
    return {picture.title: picture for picture in survey_pictures(solved)}


class TestPictures:
    def test_all_of_a_solved_run(self):
        assert list(drawn()) == [
            "Grades on the sky", "Steps between scans on the sky", "Steps between scans", "Depth",
            "Residuals of the global solution on the sky",
        ]  # fmt: skip

    def test_grades_are_counted_in_words(self):
        svg = drawn()["Grades on the sky"].wide
        for words in ("good (1)", "fails (1)", "below the limit (1)", "no grade (1)"):
            assert f">{words}<" in svg

    def test_east_is_left(self):
        svg = drawn()["Steps between scans on the sky"].narrow
        places = {int(ra): float(x) for x, ra in re.findall(r'x="([\d.]+)"[^>]*>(2\d\d)</text>', svg)}
        assert len(places) > 1
        assert sorted(places, key=lambda ra: places[ra]) == sorted(places, reverse=True)

    def test_medians_and_root_mean_squares_are_written(self):
        assert "J: median +0.40 mag" in drawn()["Depth"].wide
        assert re.search(r"J: rms 40\.\d mmag", drawn()["Steps between scans"].narrow)

    def test_nothing_is_drawn_of_what_there_is_not(self):
        nothing = dict.fromkeys(f"{name}_{band}" for band in "jhk" for name in ("depth", "step"))
        assert [p.title for p in survey_pictures(facts(scan(1, **nothing)))] == ["Grades on the sky"]
        assert survey_pictures(facts(scan(1, ra=None, **nothing))) == []


def test_the_page_has_all_of_it_and_says_where_it_is_from():
    page = render("survey.html", page_values(facts(scan(1), scan(2, 0), reasons={2: CLOUD})))
    assert (
        page.index("1 tile to observe again")
        < page.index("Tiles without a usable scan")
        < page.index("Grades</h2>")
    )
    assert "Made by code 0.1.0 (c0ffeec0ffee). Grades by rules t (a draft" in page
    assert "<script" not in page
    empty = render("survey.html", page_values(facts(rules=None)))
    assert "Nothing is graded." in empty
