"""How often a client may ask for data: a bucket of requests a client that fills with time, and few answers at once."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.access.formats.votable import MEDIA_TYPE, error_document
from app.access.limits import Limits
from app.access.services import Services

DATA = ("/tap", "/scs", "/sia2", "/datalink", "/soda", "/images", "/pictures", "/jobs")
"""Beginnings of addresses that are counted: what asks the database or reads images. Tiles, pages and health are not."""
OWN = ("127.0.0.1", "::1", "localhost", "testclient")
FORGET_SECONDS = 120.0
"""After which a client that asked for nothing is forgotten: its bucket is full by then."""


@dataclass
class _Client:
    left: float
    seen: float
    places: asyncio.Semaphore
    waiting: int = field(default=0)


class Rates:
    """What clients have asked for of late.

    Parameters
    ----------
    limits : Limits
        How much they may.
    now : callable
        Seconds of a clock that never goes back.
    """

    def __init__(self, limits: Limits, now: Callable[[], float] = time.monotonic) -> None:
        self._limits, self._now = limits, now
        self._clients: dict[str, _Client] = {}
        self._swept = now()

    def take(self, name: str) -> float:
        """Count a request of a client; the seconds until it may ask again, 0 where it may now.

        Parameters
        ----------
        name : str
            Address of the client.
        """
        self._sweep()
        most, now = float(self._limits.client_requests_minute), self._now()
        known = self._clients.get(name)
        if known is None:
            known = self._clients[name] = _Client(most, now, asyncio.Semaphore(self._limits.client_at_once))
        known.left = min(most, known.left + (now - known.seen) * most / 60.0)
        known.seen = now
        if known.left < 1.0:
            return (1.0 - known.left) * 60.0 / most
        known.left -= 1.0
        return 0.0

    def client(self, name: str) -> _Client:
        """Give what is known of a client that was counted."""
        return self._clients[name]

    def __len__(self) -> int:
        return len(self._clients)

    def _sweep(self) -> None:
        now = self._now()
        if now - self._swept < FORGET_SECONDS:
            return
        self._swept = now
        old = [name for name, c in self._clients.items() if now - c.seen > FORGET_SECONDS and not c.waiting]
        for name in old:
            del self._clients[name]


class RateLimit:
    """Refuses clients that ask too often, and lets those that ask for much at once wait for themselves.

    Parameters
    ----------
    app : ASGIApp
        What answers.
    services : Services
        Whose limits hold.
    """

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app, self._services = app, services
        self._rates = Rates(services.limits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        client = (scope.get("client") or ("unknown", 0))[0]
        counted = scope["type"] == "http" and scope["path"].startswith(DATA) and client not in OWN
        if not counted:
            await self._app(scope, receive, send)
            return
        seconds = self._rates.take(client)
        if seconds > 0.0:
            self._services.requests["rate", 429] += 1
            await _refusal(self._services.limits, seconds)(scope, receive, send)
            return
        known = self._rates.client(client)
        known.waiting += 1
        try:
            async with known.places:
                await self._app(scope, receive, send)
        finally:
            known.waiting -= 1


def _refusal(limits: Limits, seconds: float) -> Response:
    wait = math.ceil(seconds)
    text = (
        f"more than {limits.client_requests_minute} requests a minute from your address; ask again in {wait} s;"
        " many positions go in one request: upload a table, or POST them to /soda/async"
    )
    headers = {"retry-after": str(wait)}
    return Response(error_document(text), status_code=429, media_type=MEDIA_TYPE, headers=headers)
