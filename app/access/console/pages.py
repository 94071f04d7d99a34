"""Pages of the console over HTTP."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response, StreamingResponse

from app.access.console import facts, job_pages, operators, pictures
from app.access.console.actions import ACTIONS
from app.access.console.facts import Page
from app.access.console.live import Live
from app.access.console.view import FOLDER, POLICY, SKY_POLICY, framed, html, render
from app.access.services import operate, services_of
from app.errors import MappsError, UnknownNameError

STATIC = {
    "console.css": "text/css",
    "console.js": "text/javascript",
    "charts.js": "text/javascript",
    "sky.js": "text/javascript",
    "icon.svg": "image/svg+xml",
    "vendor/uplot/uPlot.iife.min.js": "text/javascript",
    "vendor/uplot/uPlot.min.css": "text/css",
    "vendor/aladin/aladin.js": "text/javascript",
}
SCRIPTS = {"sky": ("sky.js",)}
"""Scripts that a page has besides those of all."""
PATTERNS: tuple[tuple[str, str], ...] = (
    ("/", "overview"),
    ("/runs/*", "run"),
    ("/nights", "nights"),
    ("/nights/*", "night"),
    ("/nights/*/*", "scan"),
    ("/nights/*/*/*/*", "image"),
    ("/fields", "fields"),
    ("/fields/*/*", "field"),
    ("/releases", "releases"),
    ("/releases/*", "release"),
    ("/releases/*/explain", "explanation"),
    ("/releases/*/sky", "sky"),
)
"""Addresses of pages, `*` for a word, with their names."""


def page_of(address: str) -> Page:
    """Give the page of an address.

    Raises
    ------
    UnknownNameError
        Raised if there is none.
    """
    words = [part for part in address.strip("/").split("/") if part]
    for pattern, name in PATTERNS:
        parts = [part for part in pattern.split("/") if part]
        if len(parts) == len(words) and all(p in {"*", w} for p, w in zip(parts, words, strict=True)):
            return Page(name, tuple(w for p, w in zip(parts, words, strict=True) if p == "*"))
    raise UnknownNameError(
        f"no page {address[:80]!r}", expected="/, /runs/NAME, /nights, /fields, /releases, /jobs"
    )


def route_of(pattern: str) -> str:
    """Write the pattern of an address as the router takes it.

    Parameters
    ----------
    pattern : str
        Words, `*` for any.

    Examples
    --------
    >>> route_of("/fields/*/*")
    '/fields/{word1}/{word2}'
    """
    pieces = pattern.split("*")
    return "".join(piece if not at else f"{{word{at}}}{piece}" for at, piece in enumerate(pieces))


async def _part(page: Page, *, operator: bool) -> str:
    found = await operate(lambda connection: facts.read(connection, page), "reader")
    return render(page.name, operator=operator, **found)


async def page(request: Request) -> Response:
    """Answer an address of the console."""
    services = services_of(request)
    try:
        wanted = page_of(request.url.path)
        wanted = Page(wanted.name, wanted.words, tuple(request.query_params.items()))
        person = operators.person_of(services, request)
        part = await _part(wanted, operator=bool(person))
    except MappsError as error:
        return operators.refused(
            services, request, error, 404 if isinstance(error, UnknownNameError) else 400
        )
    text = framed(
        part, " ".join((wanted.name, *wanted.words)), person=person, told=request.query_params.get("done", ""),
        live=request.url.path if wanted.name in facts.LIVE else "", writable=bool(services.token),
        scripts=SCRIPTS.get(wanted.name, ()),
    )  # fmt: skip
    return html(text, policy=SKY_POLICY if wanted.name == "sky" else POLICY)


async def events(request: Request) -> Response:
    """Answer /events: the page of ?page= now and whenever it changes."""
    services = services_of(request)
    address = request.query_params.get("page", "/")
    wanted = page_of(address)
    if wanted.name not in facts.LIVE:
        raise UnknownNameError(f"{address[:80]} does not change by itself", expected="/ or /runs/NAME")
    operator = bool(operators.person_of(services, request))
    live: Live = request.app.state.live
    changes = live.changes(f"{address} {operator}", functools.partial(_part, wanted, operator=operator))
    # nginx would keep the events back until its buffer is full.
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(changes, media_type="text/event-stream", headers=headers)


async def login(request: Request) -> Response:
    """Answer /login."""
    services = services_of(request)
    if request.method != "POST":
        writable = bool(services.token)
        return html(framed(render("login", writable=writable), "log in", writable=writable))
    async with request.form() as form:
        person, token = str(form.get("person", "")), str(form.get("token", ""))
    try:
        return operators.log_in(services, request, person, token)
    except MappsError as error:
        return operators.refused(services, request, error, 403)


async def act(request: Request) -> Response:
    """Answer /act/NAME: show what an action would do, or do it once that was confirmed."""
    services = services_of(request)
    name = request.path_params["action"]
    try:
        person = operators.require_operator(services, request)
        if name not in ACTIONS:
            raise UnknownNameError(f"no action {name[:30]!r}", expected=", ".join(ACTIONS))
        action = ACTIONS[name]
        async with request.form() as form:
            values = {field: str(form.get(field, "")) for field in (*action.fields, "confirm", "back")}
        if values["confirm"] != "yes":
            shown = await operate(lambda connection: action.preview(connection, values))
            hidden = {field: values[field] for field in (*action.fields, "back")}
            part = render("preview", action=action, name=name, shown=shown, values=hidden)
            return html(framed(part, action.title, person=person, writable=True))
        done = await operate(lambda connection: action.perform(connection, values, person))
    except operators.NotAllowedError as error:
        return operators.refused(services, request, error, 403)
    except MappsError as error:
        return operators.refused(services, request, error, 400)
    # Browsers read a backslash as a slash: two of them in front would be another host.
    back = values["back"] if re.match(r"/(?![/\\])", values["back"]) else "/"
    return RedirectResponse(f"{back}?done={quote(done)}", status_code=303)


async def static(request: Request) -> Response:
    """Answer /static/NAME."""
    name = request.path_params["name"]
    if name not in STATIC:
        raise UnknownNameError(f"no file {name[:40]!r}", expected=", ".join(STATIC))
    return FileResponse(
        FOLDER / "static" / name, media_type=STATIC[name], headers={"cache-control": "max-age=300"}
    )


PAGES: tuple[tuple[str, Callable[[Request], Any], list[str]], ...] = (
    ("/events", events, ["GET"]),
    ("/login", login, ["GET", "POST"]),
    ("/act/{action}", act, ["POST"]),
    ("/static/{name:path}", static, ["GET"]),
    ("/jobs", job_pages.job_list, ["GET", "POST"]),
    ("/jobs/{job}", job_pages.job, ["GET", "POST"]),
    ("/pictures/{run}/{key}/{band}", pictures.picture, ["GET"]),
    ("/nights/{night}/report", pictures.night_page, ["GET"]),
    *((route_of(pattern), page, ["GET"]) for pattern, _ in PATTERNS),
)
"""Addresses of the console with what answers them."""
