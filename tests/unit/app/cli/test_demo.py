"""What the demonstration says at its end is there to be seen."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from app.access.console.pages import page_of
from app.cli.demo import RELEASE, addresses


def test_every_address_is_a_page():
    text = addresses(["980427s", "980428n"])
    found = [urlsplit(address).path for address in re.findall(r"http://\S+", text)]
    assert [page_of(path).name for path in found] == [
        "overview", "night", "night", "fields", "release", "sky",
    ]  # fmt: skip
    assert page_of(found[2]).words == ("980428n",)
    assert RELEASE in text
