"""Conditions on scans: what is read, how unknown facts count, and what is refused."""

from __future__ import annotations

from datetime import date

import pytest

from app.production.condition import FACTS, ConditionError, read_condition

SCAN = {
    "photometric": True, "grade": 5, "hemis": "n", "night": date(1999, 4, 10), "scan": 7, "tile": 12, "kind": "sci",
    "entry": "raw", "images": 69, "sources": 1200, "hgl": False, "cld": False, "xph": False, "anom": True,
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "true"),
    [
        ("photometric and grade >= 3", True),
        ("photometric and grade >= 6", False),
        ("grade>=3", True),
        ("not photometric", False),
        ("not not photometric", True),
        ("cld or anom", True),
        ("cld and anom or photometric", True),
        ("cld and (anom or photometric)", False),
        ("not (cld or hgl)", True),
        ("tile in (1, 12)", True),
        ("tile in (1)", False),
        ("hemis = n", True),
        ("hemis = 's'", False),
        ("night < 1999-04-10", False),
        ("night <= 1999-04-10 and night != 1999-04-11", True),
        ("photometric = false", False),
        ("grade > 4.5", True),
        ("scan > -1", True),
        ("PHOTOMETRIC AND entry = raw", True),
    ],
)
def test_what_is_selected(text, true):
    assert read_condition(text).selects(SCAN) is true


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("grade >= 3", None),
        ("not grade >= 3", None),
        ("grade >= 3 and cld", False),
        ("grade >= 3 and photometric", None),
        ("grade >= 3 or photometric", True),
        ("grade >= 3 or cld", None),
        ("grade in (1, 2)", None),
    ],
)
def test_unknown_is_neither_true_nor_false(text, value):
    condition = read_condition(text)
    facts = SCAN | {"grade": None}
    assert condition.judge(facts) is value
    assert condition.selects(facts) is (value is True)


def test_a_condition_has_one_spelling_that_reads_the_same():
    condition = read_condition("  Photometric  AND(grade>=3 or hemis='s')  and tile in(1,2)")
    assert condition.text == "photometric and (grade >= 3 or hemis = 's') and tile in (1, 2)"
    assert read_condition(condition.text).text == condition.text
    assert condition.names == {"photometric", "grade", "hemis", "tile"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the end"),
        ("grade", "a comparison of grade"),
        ("grade >=", "a number"),
        ("grade >= three", "a number"),
        ("photometric grade", "and, or, or the end"),
        ("colour = 3", "one of photometric"),
        ("tile in 3", r"\( after in"),
        ("tile in (3", r", or \)"),
        ("(cld", r"expected \)"),
        ("night = 1999-13-10", "a date"),
        ("cld = 1", "true or false"),
        ("cld; DROP TABLE survey.scan", "no word"),
        ("grade >= 3 --", "no word"),
        ("hemis = n or 1 = 1", "one of photometric"),
        ("(" * 60 + "cld" + ")" * 60, "nested deeper"),
    ],
)
def test_what_cannot_be_read_is_refused(text, said):
    with pytest.raises(ConditionError, match=said):
        read_condition(text)


def test_every_fact_can_be_asked_for():
    values = {bool: "true", int: "1", str: "x", date: "1999-01-01"}
    for name, kind in FACTS.items():
        assert read_condition(f"{name} != {values[kind]}").names == {name}
