"""What those who watch a page are sent."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from app.access.console import live

ADDRESS = "/runs/one"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(live, "QUIET_SECONDS", 0.1)


def test_who_joins_is_never_sent_a_look_of_before() -> None:
    """What an action did stays on the page that shows it."""

    async def watched() -> list[bytes]:
        shown = "before"

        async def render() -> str:
            return shown

        pages = live.Live()
        async with (
            aclosing(pages.changes(ADDRESS, render)) as first,
            aclosing(pages.changes(ADDRESS, render)) as second,
        ):
            sent = [await anext(first)]
            shown = "after"
            sent += [await anext(second), await anext(first)]
        return sent

    assert asyncio.run(watched()) == [
        b"event: page\ndata: %s\n\n" % word for word in (b"before", b"after", b"after")
    ]


def test_a_look_that_began_before_somebody_joined_is_not_sent_to_them() -> None:
    async def watched() -> bytes:
        shown, held, begun = "before", asyncio.Event(), asyncio.Event()

        async def render() -> str:
            told = shown
            begun.set()
            await held.wait()
            return told

        pages = live.Live()
        async with (
            aclosing(pages.changes(ADDRESS, render)) as first,
            aclosing(pages.changes(ADDRESS, render)) as second,
        ):
            waiting = asyncio.create_task(anext(first))
            await begun.wait()
            shown = "after"
            late = asyncio.create_task(anext(second))
            await asyncio.sleep(0)
            held.set()
            assert b"before" in await waiting
            return await late

    assert b"after" in asyncio.run(watched())


def test_a_page_that_stays_is_not_sent_again() -> None:
    async def watched() -> list[bytes]:
        async def render() -> str:
            return "same"

        async with aclosing(live.Live().changes(ADDRESS, render)) as only:
            return [await anext(only), await anext(only)]

    assert asyncio.run(watched()) == [b"event: page\ndata: same\n\n", b": still there\n\n"]
