"""Rule sets as files: what is read, what is refused, and what the content hash is of."""

from __future__ import annotations

import pytest

from app.quality.rules_file import RuleError, read_rules, shipped

GOOD = {
    "factor": "'seeing'", "metric": "'seeing_shape'", "bands": "['j', 'h']", "shape": "'table'", "x": "[1.2, 1.3]",
    "score": "[10, 1]", "missing": "'refuse'", "reference": "'r'",
}  # fmt: skip


@pytest.fixture
def write(tmp_path):
    """Write a rule set of one table, with changes; None takes a key out."""

    def do(head="version = 'v'\nnote = 'n'\n", **changes):
        lines = [f"{key} = {value}" for key, value in (GOOD | changes).items() if value is not None]
        path = tmp_path / "rules.toml"
        path.write_text(head + "[[rule]]\n" + "\n".join(lines), encoding="utf-8")
        return path

    return do


def test_a_table_with_bands_is_a_rule_of_each(write):
    rules = read_rules(write())
    assert (rules.version, rules.note) == ("v", "n")
    assert [(rule.band, rule.x, rule.score) for rule in rules.rules] == [
        ("h", (1.2, 1.3), (10.0, 1.0)), ("j", (1.2, 1.3), (10.0, 1.0))
    ]  # fmt: skip
    assert rules.metrics() == {"seeing_shape"}


def test_the_hash_is_of_the_rules_alone(write):
    first = read_rules(write()).content_hash
    assert read_rules(write("version = 'w'\nnote = 'other'\n", bands="['h', 'j']")).content_hash == first
    for change in ({"x": "[1.2, 1.31]"}, {"score": "[9, 1]"}, {"missing": "'ignore'"}, {"factor": "'focus'"}):
        assert read_rules(write(**change)).content_hash != first


@pytest.mark.parametrize(("changes", "message"), [
    ({"metric": "'seeing_size'"}, "seeing_size is not defined"),
    ({"bands": "['j', '-']"}, "no such band"),
    ({"shape": "'curve'"}, "curve"),
    ({"missing": "'perhaps'"}, "perhaps"),
    ({"weight": "1"}, "unknown key weight"),
    ({"reference": None}, "reference"),
    ({"x": "[1.2]"}, "different lengths"),
    ({"x": "[1.3, 1.2]"}, "does not ascend"),
    ({"x": "[nan, 1.2]"}, "not finite"),
    ({"score": "[11, 1]"}, "between 0 and 10"),
    ({"missing": "'score'"}, "missing_score belongs"),
    ({"missing_score": "3"}, "missing_score belongs"),
    ({"missing": "'score'", "missing_score": "11"}, "missing_score is not between"),
    ({"shape": "'probability'", "x": "[1.2]"}, "error above 0"),
    ({"shape": "'probability'", "x": "[1.2]", "error": "0.1", "population_mean": "1"}, "mean and a sigma"),
    ({"shape": "'probability'", "x": "[1.2]", "error": "0.1", "error_metric": "'never'"}, "never is not defined"),
    ({"shape": "'hard'"}, "another number of values"),
    ({"shape": "'flag'", "x": "[1.2]", "bands_needed": "1"}, "flag seeing is not one of"),
    ({"shape": "'flag'", "factor": "'cld'", "x": "[1.2]", "bands_needed": "4"}, "bands_needed"),
    ({"shape": "'flag'", "factor": "'cld'", "x": "[1.2]"}, "bands_needed"),
    ({"bands": "['j', 'j']"}, "there twice"),
])  # fmt: skip
def test_what_is_refused(write, changes, message):
    with pytest.raises(RuleError, match=message):
        read_rules(write(**changes))


def test_no_rules(write, tmp_path):
    for head in ("version = 'v'\n", "note = 'n'\n", "version = 1\nnote = 'n'\n", "version = "):
        with pytest.raises(RuleError):
            read_rules(write(head))
    with pytest.raises(RuleError, match="TOML file"):
        read_rules(tmp_path / "none.toml")


def test_shipped_rules_are_named_by_their_version():
    assert shipped()
    for version, path in shipped().items():
        rules = read_rules(path)
        assert rules.version == version
        assert {rule.factor for rule in rules.rules} >= {
            "photometricity", "sensitivity", "seeing", "untracked_seeing", "background", "astrometry",
            "cld", "xph", "hgl",
        }  # fmt: skip
