"""How pages of the console are written: templates, values for people, headers."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from app.errors import MappsError
from app.version import code_version

FOLDER = Path(__file__).resolve().parent
POLICY = "default-src 'self'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'; object-src 'none'"
SKY_POLICY = (
    f"{POLICY}; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:;"
    " connect-src 'self' data: blob:; worker-src 'self' blob:; font-src 'self' data:"
)
"""What Aladin Lite needs besides: WebAssembly, styles and pictures that it makes itself; nothing from elsewhere."""
SECURITY = {
    "content-security-policy": POLICY,
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


def _moment_text(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}"


@functools.cache
def templates() -> Environment:
    """Give the templates; what they are given is escaped, and a name that is missing is an error."""
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    filters: dict[str, Callable[..., str]] = {
        "text": plain,
        "bytes": _bytes_text,
        "night": _night_text,
        "moment": _moment_text,
    }
    made.filters |= filters
    made.globals |= {"version": code_version()}
    return made


def render(template: str, **values: Any) -> str:
    """Fill a template."""
    return templates().get_template(f"{template}.html").render(**values)


def html(text: str, status: int = 200, policy: str = POLICY) -> Response:
    """Give a page with the headers of all pages.

    Parameters
    ----------
    text : str
        The page.
    status : int
        Its HTTP status.
    policy : str
        What a browser may load for it.
    """
    return HTMLResponse(text, status_code=status, headers=SECURITY | {"content-security-policy": policy})


def framed(part: str, title: str, **given: Any) -> str:
    """Put a part into the frame of all pages.

    Parameters
    ----------
    part : str
        HTML of the page.
    title : str
        Its title.
    **given : object
        person, told, live, writable, scripts and refresh, where they are not empty.
    """
    values = {"person": "", "told": "", "live": "", "writable": False, "scripts": (), "refresh": 0}
    return render("frame", part=part, title=title, **(values | given))


def failure(error: MappsError, **given: Any) -> str:
    """Write a page that says what went wrong.

    Parameters
    ----------
    error : MappsError
        What did.
    **given : object
        As for `framed`.
    """
    return framed(render("failure", error=error), "not done", **given)
