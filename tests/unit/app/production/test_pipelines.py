"""Pipelines: the parameter set of a file and of the defaults, and its hash."""

from __future__ import annotations

import json

import pytest

from app.parameters.section import ParametersError
from app.parameters.sections import ParameterSet
from app.production.pipelines import Pipeline, canonical, this_pipeline

DEFAULTS = ParameterSet().as_dict()


def test_a_pipeline_without_a_file_has_the_defaults():
    assert this_pipeline().parameters == DEFAULTS


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("some.toml", "[extraction]\npsf_maximum_stars = 12\n[artefacts.spike]\nfirst_arcsec = 2\n"),
        (
            "some.json",
            json.dumps(
                {"extraction": {"psf_maximum_stars": 12}, "artefacts": {"spike": {"first_arcsec": 2}}}
            ),
        ),
    ],
)
def test_a_file_changes_what_it_names(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    changed = this_pipeline(path)
    assert changed.parameters["extraction"]["psf_maximum_stars"] == 12
    assert changed.parameters["artefacts"]["spike"]["first_arcsec"] == 2.0
    assert changed.parameters_hash != this_pipeline().parameters_hash
    changed.parameters["extraction"]["psf_maximum_stars"] = DEFAULTS["extraction"]["psf_maximum_stars"]
    changed.parameters["artefacts"]["spike"]["first_arcsec"] = DEFAULTS["artefacts"]["spike"]["first_arcsec"]
    assert changed.parameters == DEFAULTS


def test_a_default_written_down_changes_no_hash(tmp_path):
    """merge_limit_arcsec is 2.0; 2 is the same number."""
    path = tmp_path / "same.toml"
    path.write_text("[photometry]\nmerge_limit_arcsec = 2\n", encoding="utf-8")
    assert this_pipeline(path).pipeline_hash == this_pipeline().pipeline_hash


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("some.toml", "[extraction]\npsf_maximum_star = 1\n", "nearest is psf_maximum_stars"),
        ("some.toml", "[extractio]\n", r"unknown parameter \[extractio\]"),
        ("some.toml", "[extraction]\npsf_maximum_stars = 'many'\n", "expected a whole number, 3 to 100000"),
        (
            "some.toml",
            "[photometry]\nfield_order = 400\n",
            r"\[photometry\] field_order = 400; expected 2 or 4",
        ),
        ("some.toml", "[photometry]\nmerge_chi2 = nan\n", "merge_chi2 = nan; expected 1 to 1000"),
        ("some.json", '{"photometry": {"merge_chi2": NaN}}', "merge_chi2 = nan; expected 1 to 1000"),
        ("some.toml", "extraction = 3\n", "expected a section of names and values"),
        ("some.toml", "[extraction\n", "expected a TOML file"),
        ("some.json", "[1, 2]", "holds no sections"),
        ("some.json", "{", "some.json: "),
    ],
)
def test_wrong_files_are_refused(tmp_path, name, text, words):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ParametersError, match=words):
        this_pipeline(path)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ParametersError, match=r"none.toml: .*No such file"):
        this_pipeline(tmp_path / "none.toml")


def test_canonical_parameters_do_not_depend_on_order():
    one, other = {"b": {"y": 1.0, "x": 2}, "a": {}}, {"a": {}, "b": {"x": 2, "y": 1.0}}
    assert canonical(one) == canonical(other) == b'{"a":{},"b":{"x":2,"y":1.0}}'
    assert Pipeline("1", "c", one).pipeline_hash == Pipeline("1", "c", other).pipeline_hash
    assert Pipeline("1", "c", one).pipeline_hash != Pipeline("2", "c", one).pipeline_hash
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"a": {"x": float("nan")}})
