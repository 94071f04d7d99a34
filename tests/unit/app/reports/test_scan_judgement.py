"""A scan in a line: grade, limit, flags and what people said, for people and for scripts."""

from __future__ import annotations

from typing import Any

from app.models.quality import Flag
from app.reports.scan_judgement import judgement
from tests.worlds.night_facts import NIGHT, override


def grade(**values: Any) -> dict[str, Any]:
    return {
        "run": "first", "date": NIGHT["date"], "hemis": "n", "scan": 12, "rule_version": "t", "score": 0,
        "graded_score": 0, "limiting_factor": "photometricity", "flags": ["cld"], "override_id": None,
    } | values  # fmt: skip


def test_grade_limit_and_flags_in_words():
    said = judgement(grade(), [])
    assert said["words"] == (
        "grade 0 (fails) by rules t, limited by photometric conditions; flags: cld (cloud)"
    )


def test_the_four_flags_of_a_scan_are_true_or_false():
    said = judgement(grade(flags=["hgl", "xph"]), [])
    assert {flag: said[flag] for flag in Flag} == {"hgl": True, "cld": False, "xph": True, "anom": False}
    assert said["score"] == 0


def test_without_flags_and_without_a_grade():
    said = judgement(grade(score=None, graded_score=None, limiting_factor=None, flags=[]), [])
    assert said["words"] == "no grade by rules t; flags: none"


def test_overrides_of_the_scan_are_told_and_no_others():
    others = [override(1, 11, score=1), override(12, 12, score=1) | {"hemis": "s"}]
    said = judgement(grade(score=3, graded_score=8), [override(12, 14, score=3), *others])
    assert said["words"].endswith("; vera says grade 3, 8 by the rules: moths on the window")
    assert said["words"].count("vera") == 1


def test_an_undone_one_is_told_as_undone():
    gone = override(
        12, 12, flag="anom", raised=True, undone_at=1, undone_by="otto", undone_because="a shadow"
    )
    assert "; undone: vera says unusual image" in judgement(grade(), [gone])["words"]
