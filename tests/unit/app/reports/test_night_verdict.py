"""What follows from a night: verdict, each scan in words, what to observe again and why."""

from __future__ import annotations

import pytest

from app.reports.night_verdict import (
    CALIBRATE,
    HIGH,
    LOW,
    RETRY,
    WAIT,
    clock,
    judge_scans,
    night_sentence,
    override_words,
    reobservations,
)
from tests.worlds.night_facts import ADOPTED, CLOUD, DEPTH, facts, override, scan, unreduced


def told(night):
    """Level, sentence, and what to do."""
    scans = judge_scans(night)
    again = reobservations(night, scans)
    return (*night_sentence(night, scans, again), again)


class TestScans:
    def test_a_scan_that_meets_everything(self):
        [verdict] = judge_scans(facts(scan(1, 10)))
        assert (verdict.grade, verdict.words, verdict.level) == ("10", "good", "good")
        assert (verdict.limit, verdict.reason) == ("", "Meets all requirements")

    def test_an_acceptable_scan_names_its_least_margin(self):
        [verdict] = judge_scans(facts(scan(1, 6)))
        assert (verdict.words, verdict.level) == ("acceptable", "fair")
        assert verdict.reason == "Least margin: seeing and focus (score 6.0 of 10)"

    def test_a_shallow_scan_says_how_deep_it_is_and_should_be(self):
        [verdict] = judge_scans(facts(scan(1, 0, limiting_factor="sensitivity"), factors={1001: [DEPTH]}))
        assert (verdict.limit, verdict.level) == ("depth", "bad")
        assert verdict.reason.endswith("reached at 15.62 mag, 15.80 is required")

    def test_a_clouded_scan_says_why_and_how_much_light_was_left(self):
        night = facts(
            scan(1, 0, limiting_factor="photometricity", flags=["cld"], graded_flags=["cld"],
                 photometric_reason="frames lost light within the scan"),
            factors={1001: [CLOUD]},
            values={(1001, "transparency_minimum", "j"): 0.81, (1001, "transparency_minimum", "k"): 0.74},
        )  # fmt: skip
        [verdict] = judge_scans(night)
        expected = "The sky was not photometric: frames lost light within the scan (down to 74 % of it)"
        assert (verdict.reason, verdict.notes) == (expected, ("cloud",))

    @pytest.mark.parametrize(("state", "reason", "words"), [
        (None, None, "Not queued for reduction"), ("waiting", None, "Waits for its reduction"),
        ("running", None, "Is being reduced"), ("failed", "NO_DARKS: none", "Its reduction failed: NO_DARKS: none"),
        ("dead", None, "Its reduction was given up"), ("held", "a cloud", "Its reduction is held: a cloud"),
    ])  # fmt: skip
    def test_a_scan_that_is_not_reduced_says_so(self, state, reason, words):
        [verdict] = judge_scans(facts(unreduced(1, state, reason)))
        assert (verdict.grade, verdict.words, verdict.reason) == ("-", "no grade", words)

    def test_a_scan_that_lacks_a_value_names_it(self):
        [verdict] = judge_scans(facts(scan(1, None), lacking={1001: ["photometric", "snr10_mag"]}))
        expected = "Cannot be graded: no calibrated depth; no photometric solution of the night is adopted"
        assert verdict.reason == expected

    def test_a_scan_that_nobody_graded_says_so(self):
        assert judge_scans(facts(scan(1, None), rules=None))[0].reason == "Not graded yet"
        assert judge_scans(facts(scan(1, None)))[0].reason == "Not graded since it was reduced"

    def test_scans_without_a_time_have_a_dash(self):
        assert judge_scans(facts(scan(1, started_at=None)))[0].time == "-"


class TestOverrides:
    def test_a_grade_of_a_person_is_shown_beside_that_of_the_rules(self):
        night = facts(scan(1, 0, graded_score=8, override_id=3), overrides=[override(1, 1, score=0)])
        [verdict] = judge_scans(night)
        assert (verdict.grade, verdict.level) == ("0", "bad")
        assert verdict.notes == ("vera says grade 0, 8 by the rules: moths on the window",)

    def test_an_undone_one_is_shown_as_undone_and_changes_nothing(self):
        gone = override(1, 1, score=0, undone_at=1, undone_by="otto", undone_because="a shadow")
        [verdict] = judge_scans(facts(scan(1, 8), overrides=[gone]))
        assert verdict.grade == "8"
        assert verdict.notes[0].startswith("undone: vera says grade 0")
        assert verdict.notes[0].endswith("(undone by otto: a shadow)")

    def test_flags_that_a_person_raised_or_cleared(self):
        night = facts(
            scan(1, flags=["anom"]), scan(2, flags=[], graded_flags=["cld"]),
            overrides=[override(1, 1, flag="anom", raised=True), override(2, 2, flag="cld", raised=False)],
        )  # fmt: skip
        first, second = judge_scans(night)
        assert first.notes[0] == "unusual image, marked by a person (by a person)"
        assert second.notes[0] == "not cloud, says a person"
        assert override_words(night.overrides[1]) == "vera says not cloud: moths on the window"

    def test_only_scans_of_the_span_have_it(self):
        night = facts(scan(1), scan(2), scan(3), overrides=[override(2, 3, score=1)])
        assert [bool(verdict.notes) for verdict in judge_scans(night)] == [False, True, True]

    def test_the_reason_of_a_person_stands_where_the_tile_is_to_be_observed_again(self):
        night = facts(scan(1, 0, graded_score=8, override_id=3), overrides=[override(1, 1, score=0)])
        [row] = told(night)[2]
        assert "moths on the window" in row.why[0]


class TestTiles:
    def test_actions_by_grade_and_state(self):
        night = facts(
            scan(1, 2),
            scan(2, 4),
            scan(3, 5),
            unreduced(4),
            unreduced(5, "failed", "NO_DARKS"),
            scan(6, None),
        )
        rows = {row.tile: row.action for row in told(night)[2]}
        assert rows == {"2001": HIGH, "2002": LOW, "2004": WAIT, "2005": RETRY, "2006": CALIBRATE}

    def test_flags_are_named_with_the_reason(self):
        [row] = told(facts(scan(1, 0, flags=["cld", "xph"]), factors={1001: [DEPTH]}))[2]
        assert row.why[0].endswith("15.80 is required (cloud, photometric problem in a single band)")

    def test_what_is_worst_comes_first(self):
        night = facts(unreduced(1), scan(2, 4), scan(3, 0))
        assert [row.tile for row in told(night)[2]] == ["2003", "2002", "2001"]

    def test_a_tile_with_a_good_scan_of_the_night_is_done(self):
        assert told(facts(scan(1, 0, tile=5), scan(2, 7, tile=5)))[2] == []

    def test_a_tile_with_a_good_scan_of_another_night_is_done(self):
        night = facts(scan(1, 0), elsewhere={2001: {"night_id": 1}})
        level, sentence, again = told(night)
        assert again == []
        assert level == "bad"
        assert "other scans cover the tiles that failed" in sentence

    def test_all_scans_of_a_tile_are_named_with_their_grades(self):
        [row] = told(facts(scan(1, 0, tile=5), scan(2, 3, tile=5)))[2]
        assert (row.scans, row.action, row.place) == ("1 (grade 0), 2 (grade 3)", LOW, "255.000 -0.050")

    def test_calibration_scans_are_not_observed_again(self):
        assert told(facts(scan(1, 0, kind="cal")))[2] == []


class TestNight:
    def test_a_good_night(self):
        level, sentence, _ = told(facts(scan(1), scan(2), scan(3, 0, kind="cal")))
        assert level == "good"
        assert sentence == (
            "All 2 survey scans can be used for catalogues. Nothing needs to be observed again."
            " The sky was photometric from 09:00 to 10:30 UTC."
        )

    def test_a_night_of_one_scan(self):
        assert told(facts(scan(1)))[1].startswith("The only survey scan can be used for catalogues. Nothing")
        assert told(facts(scan(1, 0)))[1].startswith(
            "None of 1 survey scan can be used for catalogues. Observe"
        )

    def test_a_night_with_a_failing_tile_names_it(self):
        level, sentence, _ = told(facts(scan(1), scan(2, 0)))
        assert level == "fair"
        assert sentence.startswith(
            "1 of 2 survey scans can be used for catalogues. Observe 1 tile again (2002)."
        )

    def test_many_failing_tiles_are_counted(self):
        _, sentence, _ = told(facts(*(scan(number, 0) for number in range(1, 8))))
        assert "None of 7 survey scans can be used for catalogues. Observe 7 tiles again. " in sentence

    def test_an_empty_night(self):
        assert told(facts())[:2] == (
            "none", "Nothing was observed: the night has neither survey nor calibration scans.",
        )  # fmt: skip

    def test_a_night_of_calibration_scans_alone(self):
        assert told(facts(scan(1, 9, kind="cal")))[1].startswith(
            "No survey scans; 1 calibration scan. The sky was"
        )

    def test_a_night_that_is_not_reduced_or_not_graded_has_no_verdict(self):
        assert told(facts(unreduced(1), unreduced(2)))[1].startswith(
            "No verdict yet: 2 survey scans, none of them is reduced."
        )
        assert "1 of them reduced, none graded" in told(facts(scan(1, None), unreduced(2)))[1]

    def test_scans_without_a_grade_are_counted(self):
        assert (
            "1 of 2 survey scans can be used for catalogues (1 without a grade)"
            in told(facts(scan(1), unreduced(2)))[1]
        )

    def test_a_night_that_was_never_photometric(self):
        clouded = ADOPTED | {"state": "draft", "adopted": False, "facts": {"intervals_hours": []}}
        assert told(facts(scan(1, None), solution=clouded))[1].endswith(
            "The sky was at no time shown to be photometric."
        )

    def test_a_night_without_a_solution(self):
        assert "has no photometric solution" in told(facts(scan(1, None), solution=None))[1]

    def test_a_night_of_a_global_solution_and_of_a_retired_one(self):
        whole = ADOPTED | {"kind": "global", "facts": {}}
        assert "global solution of the run" in told(facts(scan(1), solution=whole))[1]
        assert told(facts(scan(1), solution=ADOPTED | {"state": "retired"}))[1].endswith(
            "UTC (solution retired)."
        )


@pytest.mark.parametrize(
    ("hours", "expected"), [(0.0, "00:00"), (23.999, "00:00"), (-3.5, "20:30"), (9.02, "09:01")]
)
def test_hours_are_times_of_day(hours, expected):
    assert clock(hours) == expected
