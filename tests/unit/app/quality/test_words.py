"""Everything that the shipped rules can say has words."""

from __future__ import annotations

import pytest

from app.models.quality import Flag, Missing, Shape
from app.quality import words
from app.quality.rules_file import Rule, read_rules, shipped

SHIPPED = [rule for path in shipped().values() for rule in read_rules(path).rules]
SCORED = [rule for rule in SHIPPED if rule.shape != Shape.FLAG]


def said(rule: Rule, value: float | None) -> str:
    return words.reason_words(
        {"factor": rule.factor, "metric": rule.metric, "band": rule.band, "value": value, "shape": rule.shape,
         "x": list(rule.x), "scores": list(rule.score)}
    )  # fmt: skip


@pytest.mark.parametrize("rule", SCORED, ids=lambda rule: f"{rule.metric} {rule.band}")
class TestShippedRules:
    def test_each_metric_has_a_sentence_of_its_own(self, rule):
        sentence = said(rule, 123.456)
        assert not sentence.startswith(f"{words.factor_words(rule.factor)}:")
        assert "_" not in sentence
        assert rule.metric == "photometric" or "123" in sentence

    def test_a_band_is_named_where_the_metric_has_bands(self, rule):
        label = words.band_label(rule.band)
        assert not label or f" in {label}" in said(rule, 1.0)

    def test_its_factor_has_words(self, rule):
        assert rule.factor in words.FACTOR_WORDS

    def test_a_value_without_which_there_is_no_grade_has_words(self, rule):
        if rule.missing == Missing.REFUSE:
            assert "_" not in " ".join(words.lacking_words([rule.metric]))

    def test_what_is_allowed_is_where_the_grade_is_five(self, rule):
        allowed = words.allowed_value(rule.shape, rule.x, rule.score)
        assert min(rule.x) <= allowed <= max(rule.x)
        if rule.shape == Shape.TABLE and 5.0 in rule.score:
            assert allowed == pytest.approx(rule.x[list(rule.score).index(5.0)])


def test_a_limit_between_two_pairs_is_interpolated():
    assert words.allowed_value("table", [0.0, 1.0], [10.0, 0.0]) == pytest.approx(0.5)
    assert words.allowed_value("table", [0.0, 1.0], [10.0, 8.0]) == 1.0


def test_metrics_and_factors_of_other_rules_are_called_by_their_names():
    row = {"factor": "dome_seeing", "metric": "dome_heat", "band": "k", "value": 3.25, "shape": "table",
           "x": [1.0, 2.0, 3.0], "scores": [10.0, 5.0, 0.0]}  # fmt: skip
    assert words.reason_words(row) == "dome seeing: dome heat in Ks is 3.25, the limit is 2"


def test_a_value_that_is_missing_is_said_to_be():
    row = {"factor": "background", "metric": "banding_dn", "band": "k", "value": None, "shape": "table",
           "x": [1.0, 2.0], "scores": [10.0, 0.0]}  # fmt: skip
    assert words.reason_words(row) == "Nothing is known of its background"


def test_every_flag_and_every_score_has_words():
    assert all(words.flag_words([flag])[0] for flag in Flag)
    assert words.flag_words([]) == []
    told = [words.grade_words(score) for score in range(11)]
    assert told == 3 * ["fails"] + 2 * ["below the limit"] + 3 * ["acceptable"] + 3 * ["good"]


def test_values_that_are_lacking_are_told_once():
    assert words.lacking_words(["seeing_shape", "seeing_shape_maximum", "dome_heat"]) == [
        "no dome heat", "no measured seeing",
    ]  # fmt: skip
