"""Pages that change by themselves: a look at the database for each page that is watched, sent where it differs."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress

import psycopg

from app.errors import MappsError

Render = Callable[[], Awaitable[str]]
LOOK_SECONDS = 0.5
"""How often a page that is watched is read; a change is seen within a second."""
QUIET_SECONDS = 15.0
"""After which a comment is sent: proxies close connections on which nothing comes."""


class Live:
    """Renders each page that is watched once, however many watch it."""

    def __init__(self) -> None:
        self._pages: dict[str, _Watched] = {}

    async def changes(self, address: str, render: Render) -> AsyncGenerator[bytes, None]:
        """Give the page now and whenever it changes, as server-sent events.

        Parameters
        ----------
        address : str
            Address of the page.
        render : callable
            Renders the part of it that changes.
        """
        watched = self._pages.setdefault(address, _Watched(render))
        first = watched.join()
        seen = ""
        try:
            while True:
                text, digest = await watched.other_than(seen, first)
                if digest == seen:
                    yield b": still there\n\n"
                    continue
                seen = digest
                lines = "\n".join(f"data: {line}" for line in text.splitlines())
                yield f"event: page\n{lines}\n\n".encode()
        finally:
            if watched.leave():
                self._pages.pop(address, None)


class _Watched:
    def __init__(self, render: Render) -> None:
        self._render = render
        self._watchers = 0
        self._text, self._digest = "", ""
        self._begun, self._shown = 0, 0
        self._changed = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None

    def join(self) -> int:
        """Give the number of the first look that begins from now on.

        A look of before may be older than the page that this watcher has just loaded: an action that the page shows
        would disappear from it for half a second.
        """
        self._watchers += 1
        if self._task is None:
            self._task = asyncio.create_task(self._look())
        return self._begun + 1

    def leave(self) -> bool:
        """Whether nobody is left."""
        self._watchers -= 1
        if self._watchers == 0 and self._task is not None:
            self._task.cancel()
        return self._watchers == 0

    async def other_than(self, seen: str, first: int) -> tuple[str, str]:
        """Wait for a page of look `first` or later that differs; after a time without one, give the same again."""
        async with self._changed:
            with suppress(TimeoutError):
                await asyncio.wait_for(
                    self._changed.wait_for(lambda: self._shown >= first and self._digest != seen),
                    QUIET_SECONDS,
                )
                return self._text, self._digest
            return "", seen

    async def _look(self) -> None:
        while True:
            # The page stays as it is while the database is away; /health tells.
            self._begun += 1
            with suppress(MappsError, psycopg.Error):
                text = await self._render()
                async with self._changed:
                    self._text, self._digest = text, hashlib.sha256(text.encode()).hexdigest()
                    self._shown = self._begun
                    self._changed.notify_all()
            await asyncio.sleep(LOOK_SECONDS)
