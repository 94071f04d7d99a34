"""Examples in docstrings of app, workers and the tests' own worlds are run, with numpy printing as it does by default.

Only modules that have examples are imported. Warnings are errors here too. An example that doctest cannot find (in a
nested function, behind an untypical decorator) is a failure and not a silence.
"""

from __future__ import annotations

import ast
import doctest
import importlib

import numpy as np
import pytest

from tests.worlds.imports import dotted
from tests.worlds.places import ROOT

PROMPT = ">>> "
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def examples_in(source):
    """Prompts in the docstrings of a source: what must be run."""
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    texts = (ast.get_docstring(n) or "" for n in ast.walk(ast.parse(source)) if isinstance(n, documented))
    return sum(line.lstrip().startswith(PROMPT) for text in texts for line in text.splitlines())


def sources():
    paths = (path for folder in ("app", "workers", "tests/worlds") for path in (ROOT / folder).rglob("*.py"))
    counted = ((path, examples_in(path.read_text(encoding="utf-8"))) for path in sorted(paths))
    return {dotted(path): count for path, count in counted if count}


def run(module):
    """Run the examples of a module; give how many there were and the report of those that failed."""
    reports, count = [], 0
    with np.printoptions(
        precision=8, threshold=1000, edgeitems=3, linewidth=75, suppress=False, legacy=False
    ):
        for test in doctest.DocTestFinder(exclude_empty=True).find(module):
            count += len(test.examples)
            doctest.DocTestRunner(optionflags=OPTIONS).run(test, out=reports.append)
    return count, "".join(reports)


SOURCES = sources()


@pytest.mark.parametrize("name", SOURCES)
def test_examples_are_true(name):
    count, report = run(importlib.import_module(name))
    assert report == ""
    assert count == SOURCES[name]


class TestTheRunner:
    """On a made-up module: a true example passes; a false one, a warning, and a hidden one fail."""

    @pytest.fixture
    def load(self, tmp_path, monkeypatch):
        monkeypatch.syspath_prepend(tmp_path)

        def loaded(name, docstring, body="return x"):
            text = f'import warnings\ndef double(x):\n    """{docstring}"""\n    {body}\n'
            (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
            return run(importlib.import_module(name)), examples_in(text)

        return loaded

    def test_a_true_example(self, load):
        assert load("made_up_true", ">>> double(2)\n    4", "return 2 * x") == ((1, ""), 1)

    def test_a_false_example(self, load):
        (count, report), expected = load("made_up_false", ">>> double(2)\n    5", "return 2 * x")
        assert count == expected == 1
        assert "Expected:" in report

    def test_a_warning(self, load):
        (_, report), _ = load("made_up_warning", ">>> double(2)", "warnings.warn('too bright', stacklevel=1)")
        assert "UserWarning: too bright" in report

    def test_a_hidden_example_is_missed_in_the_count(self, load):
        hidden = 'def inner():\n        """>>> inner()\n        1\n        """\n    return x'
        (count, _), expected = load("made_up_hidden", "Nothing here.", hidden)
        assert (count, expected) == (0, 1)
