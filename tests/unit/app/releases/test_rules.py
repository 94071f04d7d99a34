"""Rules in words, and which differ between two releases."""

from __future__ import annotations

import pytest

from app.db.statements import scripts
from app.releases.parameters import DEFAULTS
from app.releases.rules import (
    EXTENDED_RULES,
    FILES_OF,
    PARAMETERS_OF,
    POINT_RULES,
    changed_rules,
    rule_verdicts,
)


def test_every_rule_says_whether_it_was_met_with_its_numbers():
    words = DEFAULTS | {"cc_flg": "0P0", "dist_edge_ns": 4, "dist_edge_ew": 90}
    found = rule_verdicts(POINT_RULES, frozenset({"scan"}), frozenset({"edge", "artefact"}), words)
    by_name = {rule.rule: rule for rule in found}
    assert list(by_name) == list(POINT_RULES)
    assert by_name["edge"].outcome == "failed"
    assert by_name["edge"].words.startswith('more than 10" from every edge: 4" from north or south, 90"')
    assert by_name["artefact"].words.endswith("0P0")
    assert by_name["scan"].outcome == "met"
    assert by_name["duplicate"].outcome == "not applied"


def test_unknown_numbers_are_dashes_whatever_their_format():
    [rule] = rule_verdicts({"x": "{a:.2f} {b:g} {c}"}, frozenset(), frozenset(), {"a": None, "c": 3})
    assert rule.words == "- - 3"


def test_parameters_and_files_exist_and_rules_are_known():
    known = {*POINT_RULES, *EXTENDED_RULES}
    assert {name for names in PARAMETERS_OF.values() for name in names} <= DEFAULTS.keys()
    assert set(FILES_OF) <= {path.name for path in scripts("release")}
    assert known >= PARAMETERS_OF.keys()
    assert {rule for rules in FILES_OF.values() for rule in rules} <= known


@pytest.mark.parametrize(
    ("limits", "files", "wanted"),
    [
        ({}, {}, set()),
        ({"edge_arcsec": 12.0}, {}, {"edge", "unseen_by_winner"}),
        ({"snr_one_band": 9.0}, {}, {"snr"}),
        ({"neighbour_arcsec": 5.0}, {}, set()),
        ({}, {"40_apparitions.sql": "b"}, {"duplicate"}),
        ({}, {"68_neighbours.sql": "b"}, set()),
    ],
)
def test_changed_rules(limits, files, wanted):
    texts = {"40_apparitions.sql": "a", "68_neighbours.sql": "a"}
    assert changed_rules((DEFAULTS, DEFAULTS | limits), (texts, texts | files)) == wanted
