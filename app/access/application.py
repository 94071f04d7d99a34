"""The web application: routes, errors as VOTables, counted requests, limits of sizes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import psycopg
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.access import health, scs
from app.access.console.live import Live
from app.access.console.pages import PAGES
from app.access.console.view import failure, html
from app.access.formats.votable import MEDIA_TYPE, error_document
from app.access.hips import pages as hips
from app.access.images import links, sia2, stamps
from app.access.rates import RateLimit
from app.access.services import Services, services_of
from app.access.streaming import ClientGoneError
from app.access.tap import capabilities, examples, sync, uws
from app.access.tap.job import UnknownJobError
from app.access.tap.runner import Runner
from app.errors import ConflictError, MappsError, UnknownNameError, UserError

_log = logging.getLogger("mapps.serve")
READ = ["GET", "HEAD"]
ASK = ["GET", "HEAD", "POST"]
CLIENT_GONE = 499
"""What nginx calls a request whose client has gone; nobody receives it."""


class TooLargeError(UserError):
    """A request is larger than the service takes."""

    code = "TOO_LARGE"


def status_of(error: MappsError) -> int:
    """Give the HTTP status of an error."""
    if isinstance(error, UnknownJobError | UnknownNameError):
        return 404
    if isinstance(error, TooLargeError):
        return 413
    if isinstance(error, ConflictError):
        return 409
    return 400 if isinstance(error, UserError) else 503


async def told(_request: Request, error: Exception) -> Response:
    """Tell an error of ours: what was found, what was expected, what to do."""
    status = status_of(error) if isinstance(error, MappsError) else 500
    return Response(error_document(str(error)), status_code=status, media_type=MEDIA_TYPE)


async def told_database(_request: Request, error: Exception) -> Response:
    """Tell that the database failed in the middle of a request."""
    first = (str(error).splitlines() or [type(error).__name__])[0]
    return Response(error_document(f"the database failed: {first}"), status_code=503, media_type=MEDIA_TYPE)


async def told_http(request: Request, error: Exception) -> Response:
    """Tell that there is nothing at an address; browsers are given a page, since they cannot show a VOTable."""
    code = error.status_code if isinstance(error, HTTPException) else 500
    detail = error.detail if isinstance(error, HTTPException) else ""
    if code == 404 and request.method == "GET" and "text/html" in request.headers.get("accept", ""):
        lost = UnknownNameError(
            f"there is no page {request.url.path[:80]!r}", remedy="the way back: Overview"
        )
        return html(failure(lost, writable=bool(services_of(request).token)), code)
    text = f"{detail}; see /tap/capabilities for what is there" if code == 404 else detail
    return Response(error_document(text), status_code=code, media_type=MEDIA_TYPE)


async def told_bug(request: Request, error: Exception) -> Response:
    """Tell that something of ours is broken; the log has the rest."""
    _log.error("%s %s", request.method, request.url.path, exc_info=error)
    text = f"a bug of the service: {type(error).__name__}; please report it with the time and your query"
    return Response(error_document(text), status_code=500, media_type=MEDIA_TYPE)


async def tap(request: Request) -> Response:
    """Send whoever opens the address of the service itself to what it can do."""
    return RedirectResponse(f"{services_of(request).address(request)}/tap/capabilities", status_code=303)


async def nobody(_request: Request, _error: Exception) -> Response:
    """End a request whose client has gone."""
    return Response(status_code=CLIENT_GONE)


class SizeLimit:
    """Refuses requests that are larger than the limit, while they come.

    Parameters
    ----------
    app : ASGIApp
        What answers.
    services : Services
        Whose limits hold.
    """

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app, self._services = app, services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most, taken, status = self._services.limits.request_bytes, 0, 500

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                raise TooLargeError(f"a request of more than {most} bytes", expected="a smaller one")
            return message

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
            await send(message)

        try:
            await self._app(scope, counted, noted)
        finally:
            route = getattr(scope.get("route"), "path", None) or "/" + scope["path"].strip("/").split("/")[0]
            self._services.requests[route, status] += 1


Endpoint = Callable[[Request], Awaitable[Response]]


def _routes() -> list[Route]:
    jobs: tuple[tuple[str, Endpoint, list[str]], ...] = (
        ("", uws.job_list, ASK),
        ("/{job}", uws.job, [*ASK, "DELETE"]),
        ("/{job}/results/result", uws.job_result, READ),
        ("/{job}/{part}", uws.job_part, ASK),
    )
    table: tuple[tuple[str, Endpoint, list[str]], ...] = (
        ("/tap", tap, READ),
        ("/tap/sync", sync.sync, ASK),
        *((f"/tap/async{part}", endpoint, methods) for part, endpoint, methods in jobs),
        ("/tap/capabilities", capabilities.capabilities, READ),
        ("/tap/availability", capabilities.availability, READ),
        ("/tap/tables", capabilities.tables, READ),
        ("/tap/tables/{name}", capabilities.tables, READ),
        ("/tap/examples", examples.examples, READ),
        ("/scs", scs.cone, ASK),
        ("/scs/{table}", scs.cone, ASK),
        ("/health", health.health, READ),
        ("/metrics", health.metrics, READ),
        ("/sia2/query", sia2.query, ASK),
        ("/sia2/capabilities", capabilities.capabilities, READ),
        ("/datalink", links.links, ASK),
        ("/soda/sync", links.cutout, ASK),
        *((f"/soda/async{part}", endpoint, methods) for part, endpoint, methods in jobs),
        ("/images/{release}/{key}/{band}", links.image, READ),
        ("/images/{release}/{key}/{band}/preview", links.preview, READ),
        ("/stamps/{release}/{key}", stamps.stamp, READ),
        ("/stamps/{release}/{key}/preview", stamps.preview, READ),
        ("/hips/list", hips.survey_list, READ),
        ("/hips/{release}/{survey}/{file:path}", hips.file, READ),
        *PAGES,
    )
    return [Route(path, endpoint, methods=methods) for path, endpoint, methods in table]


def application(services: Services) -> Starlette:
    """Make the application.

    Parameters
    ----------
    services : Services
        Pools and limits; closed when the application ends.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.runner = Runner(services)
        task = asyncio.create_task(app.state.runner.run())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await services.readers.close()

    handlers: dict[Any, Any] = {
        MappsError: told, psycopg.Error: told_database, HTTPException: told_http, ClientGoneError: nobody,
        ClientDisconnect: nobody, Exception: told_bug,
    }  # fmt: skip
    app = Starlette(
        routes=_routes(), lifespan=lifespan, exception_handlers=handlers,
        middleware=[Middleware(SizeLimit, services=services), Middleware(RateLimit, services=services)],
    )  # fmt: skip
    app.state.services = services
    app.state.live = Live()
    return app
