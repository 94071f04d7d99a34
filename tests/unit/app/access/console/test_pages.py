"""Addresses of pages, seals of operators, and how values are shown."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.access.console.actions import ACTIONS, FormError
from app.access.console.facts import LIVE, READERS, Page
from app.access.console.operators import seal
from app.access.console.pages import FOLDER, page_of, plain, render
from app.errors import UnknownNameError, UserError


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("/", Page("overview")), ("/nights", Page("nights")), ("/nights/1999-04-10n", Page("night", ("1999-04-10n",))),
        ("/nights/1999-04-10n/3", Page("scan", ("1999-04-10n", "3"))), ("/runs/plane", Page("run", ("plane",))),
        ("/releases/first/", Page("release", ("first",))),
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
        *READERS, "frame", "macros", "login", "preview", "failure",
    }  # fmt: skip
    assert set(READERS) >= LIVE


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
    assert "http" not in text + (FOLDER / "static" / "console.js").read_text(encoding="utf-8")
