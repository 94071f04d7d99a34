"""Addresses of pages, seals of operators, and how values are shown."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest

from app.access.console.actions import ACTIONS, FormError
from app.access.console.facts import ASKED, LIVE, READERS, Page
from app.access.console.operators import seal
from app.access.console.pages import PAGES, PATTERNS, SCRIPTS, STATIC, page_of
from app.access.console.view import FOLDER, plain, render
from app.errors import UnknownNameError, UserError


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("/", Page("overview")), ("/nights", Page("nights")), ("/nights/1999-04-10n", Page("night", ("1999-04-10n",))),
        ("/nights/1999-04-10n/3", Page("scan", ("1999-04-10n", "3"))), ("/runs/plane", Page("run", ("plane",))),
        ("/releases/first/", Page("release", ("first",))), ("/fields", Page("fields")),
        ("/fields/plane/12", Page("field", ("plane", "12"))),
        ("/releases/first/explain", Page("explanation", ("first",))), ("/releases/first/sky", Page("sky", ("first",))),
        ("/nights/1999-04-10n/3/plane/2", Page("image", ("1999-04-10n", "3", "plane", "2"))),
    ],
)  # fmt: skip
def test_addresses(address, page):
    assert page_of(address) == page


@pytest.mark.parametrize("address", ["/runs", "/nights/a/b/c", "/elsewhere", "/events"])
def test_other_addresses_are_none(address):
    with pytest.raises(UnknownNameError):
        page_of(address)


def test_every_page_has_a_template_and_live_ones_are_pages():
    assert {path.stem for path in (FOLDER / "templates").glob("*.html")} == {
        *READERS, "frame", "macros", "login", "preview", "failure", "jobs", "job",
    }  # fmt: skip
    assert set(READERS) >= LIVE | ASKED | set(SCRIPTS)
    assert {name for _, name in PATTERNS} == set(READERS)
    assert len({address for address, _, _ in PAGES}) == len(PAGES)


def test_files_of_pages_are_there_and_those_of_others_as_they_came():
    """Each file of the folder is served or says where one comes from; those of others are unmodified."""
    static = FOLDER / "static"
    files = {str(path.relative_to(static)) for path in static.rglob("*") if path.is_file()}
    licences = {name for name in files if name.rpartition("/")[2] in {"LICENSE", "COPYING", "COPYING.LESSER"}}
    assert files - licences == {*STATIC, "vendor/README", "vendor/SHA256SUMS"}
    lines = (static / "vendor" / "SHA256SUMS").read_text(encoding="ascii").splitlines()
    sums = {name: digest for digest, name in (line.split("  ") for line in lines)}
    assert {f"vendor/{name}" for name in sums} == {n for n in files if n.count("/") == 2}
    for name, digest in sums.items():
        assert hashlib.sha256((static / "vendor" / name).read_bytes()).hexdigest() == digest, name


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "-"), ("", "-"), (True, "yes"), (0.123456789, "0.12346"), (3, "3"), ([1, 2], "1, 2"),
        (datetime(1999, 4, 10, 1, 2, 3, tzinfo=UTC), "1999-04-10 01:02:03"),
    ],
)  # fmt: skip
def test_values(value, shown):
    assert plain(value) == shown


def test_a_seal_is_of_a_person_and_a_token():
    assert seal("token", "Ada") == seal("token", "Ada")
    assert len({seal("token", "Ada"), seal("token", "Bea"), seal("other", "Ada")}) == 3
    assert seal("token", "A b").startswith("A%20b:")


def test_what_is_shown_is_escaped():
    text = render("failure", error=UserError("<script>", expected="a & b", remedy="do it"))
    assert "&lt;script&gt;" in text
    assert "a &amp; b" in text


@pytest.mark.parametrize("name", ACTIONS)
def test_actions_ask_for_their_fields(name):
    with pytest.raises(FormError, match=r"^no (run|solution|night)"):
        ACTIONS[name].preview(None, {})


def test_styles_are_for_both_schemes_and_narrow_pages():
    text = (FOLDER / "static" / "console.css").read_text(encoding="utf-8")
    assert "prefers-color-scheme: dark" in text
    assert "overflow-x: auto" in text
    scripts = [
        (FOLDER / "static" / f"{name}.js").read_text(encoding="utf-8")
        for name in ("console", "charts", "sky")
    ]
    assert "http" not in text + "".join(scripts)
