"""The house rules of CONTRIBUTING.md, measured: sizes, arguments, names, documentation, the mirror of the source."""

from __future__ import annotations

import ast
import re

import pytest

from tests.worlds import house
from tests.worlds.house_today import TODAY
from tests.worlds.places import ROOT

BREACHES = {rule: house.places_of(rows) for rule, rows in house.breaches().items()}
UNTESTED = {
    "app/models": "definitions of tables: tests/contract/test_migrations.py compares them with a real database",
}
"""Packages without a folder of unit tests, each with what tests them instead."""


@pytest.mark.parametrize("rule", BREACHES)
def test_rule_holds(rule):
    assert sorted(BREACHES[rule] - TODAY[rule]) == []


@pytest.mark.parametrize("rule", BREACHES)
def test_nothing_is_excused_that_keeps_the_rule(rule):
    """`python -m tests.worlds.house today` takes out what was mended."""
    assert sorted(TODAY[rule] - BREACHES[rule]) == []
    assert set(TODAY) == set(BREACHES)


def test_flat_sequences_are_long_and_have_reasons():
    assert set(house.FLAT) <= set(house.long_functions())
    assert all(len(reason) > 20 for reason in house.FLAT.values())


def packages():
    """Folders of `app` and `workers` that hold code."""
    return {
        str(path.parent.relative_to(ROOT))
        for path in house.modules()
        if path.name != "__init__.py" and path.parent.name not in house.FOLDERS
    }


def test_unit_tests_mirror_the_source():
    tests = [
        path.relative_to(ROOT / "tests" / "unit") for path in (ROOT / "tests" / "unit").rglob("test_*.py")
    ]
    astray = [str(path) for path in tests if len(path.parts) > 1 and not (ROOT / path.parent).is_dir()]
    assert astray == []
    assert {path.name for path in tests if len(path.parts) == 1} == {
        "test_documents.py", "test_examples.py", "test_grouping.py", "test_house.py", "test_layers.py",
    }  # fmt: skip


def test_every_package_has_unit_tests_or_a_reason():
    tested = {p for p in packages() if list((ROOT / "tests" / "unit" / p).glob("test_*.py"))}
    assert packages() - tested == set(UNTESTED)
    for reason in UNTESTED.values():
        assert all((ROOT / path).is_file() for path in re.findall(r"tests/\S+\.py", reason))


def test_what_needs_postgresql_is_marked(request):
    """`-m "not database"` runs without a server: CONTRIBUTING.md says so."""
    needs = {"connection", "database", "empty_database", "live_database", "plant", "real_cluster", "site"}
    for item in request.session.items:
        if needs & set(item.fixturenames):
            assert item.get_closest_marker("database"), item.nodeid
    assert not request.node.get_closest_marker("database")


class TestTheMeasures:
    """Each rule is found broken on a made-up source that breaks it."""

    SOURCE = (
        '''
def reduce(a, b, c, d, e, f, g, h, i):
    """Do it.

    Parameters
    ----------
    a : float
        The first of them, in pixels.
    b, c : float
        Two more.
    d : float
    """
    where = 1
'''
        + "    where += 1\n" * 40
    )

    @pytest.fixture
    def function(self):
        (node,) = ast.parse(self.SOURCE).body
        return house.Function(ROOT / "app" / "made_up.py", "reduce", node)

    def test_size_without_the_docstring(self, function):
        assert function.lines == 1 + 41
        assert function.lines > house.FUNCTION_LINES

    def test_arguments(self, function):
        assert len(function.arguments) == 9 > house.ARGUMENTS

    def test_an_entry_without_a_sentence_describes_nothing(self, function):
        assert house.described(ast.get_docstring(function.node)) == {"a", "b", "c"}

    def test_measures_read_files(self, tmp_path, monkeypatch):
        monkeypatch.setattr(house, "ROOT", tmp_path)
        (tmp_path / "app").mkdir()
        (tmp_path / "app" / "made_up.py").write_text(self.SOURCE + "#\n" * 400, encoding="utf-8")
        broken = {rule: house.places_of(rows) for rule, rows in house.breaches("app").items()}
        assert broken == {
            "modules of 400 lines or more": {"app/made_up.py"},
            "functions over 40 lines": {"app/made_up.py:reduce"},
            "more than 8 arguments": {"app/made_up.py:reduce"},
            "pronouns as names": {"app/made_up.py: where"},
            "parameters without a sentence": {"app/made_up.py:reduce"},
        }

    def test_a_command_documents_itself(self):
        (node,) = ast.parse("def run(a: Annotated[str, typer.Option(help='A.')], b, c): pass").body
        assert house.Function(ROOT / "app" / "made_up.py", "run", node).is_command
