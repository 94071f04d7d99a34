"""Every path, module, section, decision, command and name that pages, docstrings and comments give is in the tree.

Words between back quotes are looked for if they have an underscore: a plain word may be anything.
"""

from __future__ import annotations

import re

import pytest

from tests.worlds.documents import (
    ABOUT_WRONG_NAMES,
    ROOT,
    anchor_of,
    code_of,
    read_python,
    read_sql,
    sources,
    spans_of,
    wrong_links,
    wrong_names,
    wrong_sections,
)

MADE_AT_RUN_TIME = {
    "psc_r3": "a partition is named by its release",
    "scatter_over_bound_snr_10_to_20": "a metric is named by its limits",
}
"""Names that no source spells out, each with what makes it."""
PLACES = ("docs", "app", "workers", "sql", "tests", "benchmarks", "migrations")


def wrong_in(name):
    page = name.endswith(".md")
    found = {wrong for text in sources()[name].texts for wrong in wrong_names(text, page=page)}
    return found | set(wrong_links(sources()[name].texts[0], (ROOT / name).parent) if page else ())


@pytest.fixture(scope="module")
def wrong():
    """What each file names and the tree lacks."""
    found = {name: wrong_in(name) for name in sources() if name not in ABOUT_WRONG_NAMES}
    return {name: names - set(MADE_AT_RUN_TIME) for name, names in found.items() if names}


@pytest.mark.parametrize("place", PLACES)
def test_names_are_there(wrong, place):
    inside = {name: names for name, names in wrong.items() if name.startswith(f"{place}/")}
    assert {name: sorted(names) for name, names in inside.items() if names} == {}


def test_names_of_the_first_pages_are_there(wrong):
    assert {name: sorted(names) for name, names in wrong.items() if "/" not in name and names} == {}


def test_decisions_are_numbered_without_gaps():
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    titles = [page.read_text(encoding="utf-8").splitlines()[0] for page in pages]
    assert [page.name[:5] for page in pages] == [f"{number:04d}-" for number in range(1, len(pages) + 1)]
    assert [title[:8] for title in titles] == [f"# {page.name[:4]}: " for page in pages]


def test_nothing_refers_to_notes_that_no_user_has():
    """Facts that are cited stand in docs/background."""
    private = ("survey-" + "facts", "notes" + "/")
    texts = ((name, text) for name, source in sources().items() for text in source.texts)
    assert {name for name, text in texts if any(word in text for word in private)} == set()


def test_sections_of_the_release_rules_are_there():
    """docs/releases.md cites sections of docs/background/survey.md by their bare numbers."""
    page = (ROOT / "docs" / "releases.md").read_text(encoding="utf-8")
    rules = page.partition("## The rules")[2].partition("Rules for rows")[0]
    numbers = [
        number for group in re.findall(r"\((\d\.\d+(?:, \d\.\d+)*)\)", rules) for number in group.split(", ")
    ]
    assert len(numbers) >= 9
    assert [n for n in numbers if list(wrong_sections(f"background/survey {n}"))] == []


def test_each_recipe_has_five_lines_and_names_the_test_that_fails():
    recipes = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Ten recipes")[2]
    parts = re.split(r"^\*\*(.+)\*\*$", recipes, flags=re.MULTILINE)
    steps = {
        title: re.split(r"^\d\. ", text, flags=re.MULTILINE)[1:]
        for title, text in zip(parts[1::2], parts[2::2], strict=True)
    }
    assert len(steps) == 10
    for title, lines in steps.items():
        assert len(lines) == 5, title
        assert lines[-1].startswith(("Otherwise these fail: `tests/", "Otherwise this fails: `tests/")), title


RIGHT = """See [the guide](docs/guide.md#configuration), `app/sky/pixels.py`, `sql/release/*.sql`,
`app/parameters/SECTION.py`, `app.errors.UserError`, `app.columns.flags.ReadFlag`, background/survey 2.9, 6.2 and
background/reduction 5, decision 0002, `mapps run queue first --dry-run`, `mapps doctor --deep`, `make test`,
`python -m app.columns.documentation`, `reduce_scan`, `registry.py`, `wsdb.point_source`, `release/20_scans`, `and/or`.

    make demo     # make nothing up
    psql "$(mapps db url --role reader)"
"""


class TestTheChecks:
    """Each check lets what is right pass and finds its own kind of wrong name."""

    def test_right_names_pass(self):
        assert wrong_names(RIGHT, page=True) == set()
        assert list(wrong_links(RIGHT, ROOT)) == []

    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("kept in `app/sky/pixel.py`.", "app/sky/pixel.py"),
            ("see workers/reduction/stack/ for it", "workers/reduction/stack/"),
            ("all of `sql/releases/*.sql`", "sql/releases/*.sql"),
            ("a module app/numbers/SECTION.py", "app/numbers/SECTION.py"),
            ("raises app.errors.UsualError", "app.errors.UsualError"),
            ("by `workers.reduction.frame.grid.strip_grid`", "workers.reduction.frame.grid.strip_grid"),
            ("apertures of 4 arcsec (PROPHOT, background/survey\n2.9, 2.99)", "background/survey 2.99"),
            ("background/surveys 2.9", "background/surveys 2.9"),
            ("decisions 0002 and 0099", "decision 0099"),
            ("`docs/decisions/0099-no.md`", "docs/decisions/0099-no.md"),
            ("the function `reduce_scam`", "reduce_scam"),
            ("the module `reduce_scam.py`", "reduce_scam.py"),
            ("the statement `production/reep`", "production/reep"),
            ("`mapps runs list`", "mapps runs"),
            ("`mapps run requeue first`", "mapps run requeue"),
            ("`mapps run queue first --dry`", "mapps run queue --dry"),
            ("`make tests`", "make tests"),
            ("`python -m app.columns.documents`", "python -m app.columns.documents"),
            ("`python -m app.errors`", "python -m app.errors"),
        ],
    )
    def test_a_wrong_name_is_found(self, text, name):
        assert name in wrong_names(text, page=True)
        assert name in wrong_names(text, page=False)

    @pytest.mark.parametrize("target", ["docs/guides.md", "docs/guide.md#no-such-heading"])
    def test_a_wrong_link_is_found(self, target):
        assert list(wrong_links(f"[text]({target})", ROOT)) == [target]

    def test_prose_is_no_command(self):
        assert wrong_names("mapps turns a night into images, and workers make stars.", page=True) == set()

    def test_anchors(self):
        assert anchor_of("Files, and `how`: 2 ways") == "files-and-how-2-ways"


class TestTheReading:
    """Documentation and code are told apart, wherever either stands."""

    def test_python(self):
        source = read_python(
            '"""Page of `a`."""\n\nLIMIT = 3\n"""What it limits."""\n\n'
            "def f():\n    # First line of a reason\n    # and its second.\n    return 'word'  # behind\n"
        )
        reason = "First line of a reason\nand its second."
        assert sorted(source.texts) == sorted(["Page of `a`.", "What it limits.", reason, "behind"])
        assert {"LIMIT", "f", "word"} <= source.words
        assert "Page" not in source.words

    def test_sql(self):
        source = read_sql(
            "-- Why it is done,\n-- in two lines.\nSELECT scan_key FROM survey.scan; -- behind\n"
        )
        assert source.texts == ["Why it is done,\nin two lines.\n"]
        assert source.words == {"SELECT", "scan_key", "FROM", "survey", "scan"}

    def test_code_of_a_page(self):
        page = "Say `make\ntest`:\n\n    mapps db start\n\n```sql\nSELECT 1;\n```\n"
        assert code_of(page) == ["mapps db start", "SELECT 1;", "make test"]
        assert spans_of("one `a` and ``b``") == ["a", "b"]
