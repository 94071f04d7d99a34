"""Pages of the console over HTTP."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response, StreamingResponse

from app.access.console import facts, operators
from app.access.console.actions import ACTIONS
from app.access.console.facts import Page
from app.access.console.live import Live
from app.access.services import operate, services_of
from app.errors import MappsError, UnknownNameError
from app.version import code_version

FOLDER = Path(__file__).resolve().parent
STATIC = {"console.css": "text/css", "console.js": "text/javascript"}
SECURITY = {
    "content-security-policy": "default-src 'self'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}
"""Headers of every page: nothing is loaded from elsewhere, nothing framed, nothing kept."""


def plain(value: Any) -> str:
    """Write a value for people: `-` for none, seconds of UTC, five digits.

    Examples
    --------
    >>> plain(None), plain(1 / 3), plain(["a", "b"])
    ('-', '0.33333', 'a, b')
    """
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float | Decimal):
        return f"{value:.5g}"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _bytes_text(value: int | None) -> str:
    return "-" if value is None else f"{value / 1e9:.1f} GB"


def _night_text(row: dict[str, Any]) -> str:
    return "" if row.get("date") is None else f"{row['date']:%Y-%m-%d}{row['hemis']}"


@functools.cache
def templates() -> Environment:
    """Give the templates; what they are given is escaped, and a name that is missing is an error."""
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    filters: dict[str, Callable[..., str]] = {"text": plain, "bytes": _bytes_text, "night": _night_text}
    made.filters |= filters
    made.globals |= {"version": code_version()}
    return made


def page_of(address: str) -> Page:
    """Give the page of an address.

    Raises
    ------
    UnknownNameError
        Raised if there is none.
    """
    words = tuple(part for part in address.strip("/").split("/") if part)
    names = {
        ("",): "overview", ("nights",): "nights", ("releases",): "releases", ("runs", "*"): "run",
        ("nights", "*"): "night",
        ("nights", "*", "*"): "scan", ("releases", "*"): "release",
    }  # fmt: skip
    pattern = (words[0], *("*" for _ in words[1:])) if words else ("",)
    if pattern not in names:
        raise UnknownNameError(f"no page {address[:80]!r}", expected="/, /runs/NAME, /nights, /releases")
    return Page(names[pattern], words[1:])


def render(template: str, **values: Any) -> str:
    """Fill a template."""
    return templates().get_template(f"{template}.html").render(**values)


async def _part(page: Page, *, operator: bool) -> str:
    found = await operate(lambda connection: facts.read(connection, page), "reader")
    return render(page.name, operator=operator, **found)


def _html(text: str, status: int = 200) -> Response:
    return HTMLResponse(text, status_code=status, headers=SECURITY)


async def page(request: Request) -> Response:
    """Answer an address of the console."""
    services = services_of(request)
    try:
        wanted = page_of(request.url.path)
        person = operators.person_of(services, request)
        part = await _part(wanted, operator=bool(person))
    except MappsError as error:
        return _html(failure(error), 404 if isinstance(error, UnknownNameError) else 400)
    return _html(
        render(
            "frame", part=part, title=" ".join((wanted.name, *wanted.words)), person=person,
            told=request.query_params.get("done", ""),
            live=request.url.path if wanted.name in facts.LIVE else "", writable=bool(services.token),
        )
    )  # fmt: skip


def failure(error: MappsError) -> str:
    """Write a page that says what went wrong."""
    part = render("failure", error=error)
    return render("frame", part=part, title="not done", person="", told="", live="", writable=False)


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
        part = render("login", writable=bool(services.token))
        return _html(
            render(
                "frame", part=part, title="log in", person="", told="", live="", writable=bool(services.token)
            )
        )
    async with request.form() as form:
        person, token = str(form.get("person", "")), str(form.get("token", ""))
    try:
        return operators.log_in(services, request, person, token)
    except MappsError as error:
        return _html(failure(error), 403)


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
            return _html(
                render("frame", part=part, title=action.title, person=person, told="", live="", writable=True)
            )
        done = await operate(lambda connection: action.perform(connection, values, person))
    except operators.NotAllowedError as error:
        return _html(failure(error), 403)
    except MappsError as error:
        return _html(failure(error), 400)
    back = values["back"] if values["back"].startswith("/") and not values["back"].startswith("//") else "/"
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
    ("/", page, ["GET"]),
    ("/runs/{run}", page, ["GET"]),
    ("/nights", page, ["GET"]),
    ("/nights/{night}", page, ["GET"]),
    ("/nights/{night}/{scan}", page, ["GET"]),
    ("/releases", page, ["GET"]),
    ("/releases/{release}", page, ["GET"]),
    ("/events", events, ["GET"]),
    ("/login", login, ["GET", "POST"]),
    ("/act/{action}", act, ["POST"]),
    ("/static/{name}", static, ["GET"]),
)
"""Addresses of the console with what answers them."""
