"""Who may change something: an operator with the token, from a page of this service."""

from __future__ import annotations

import hashlib
import hmac
import re
from urllib.parse import quote, unquote, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from app.access.console.view import failure, html
from app.access.services import Services
from app.errors import MappsError, UserError

COOKIE = "mapps_operator"
HOURS = 12
_PERSON = re.compile(r"[\w .@-]{1,60}")


class NotAllowedError(UserError):
    """A change was asked for by somebody who may not, or from another place."""

    code = "NOT_ALLOWED"


def seal(token: str, person: str) -> str:
    """Give the cookie of a person who has shown the token."""
    digest = hmac.new(token.encode(), person.encode(), hashlib.sha256).hexdigest()
    return f"{quote(person)}:{digest}"


def person_of(services: Services, request: Request) -> str:
    """Name of the operator who sent a request; empty for everybody else."""
    person, _, _ = request.cookies.get(COOKIE, "").rpartition(":")
    known = unquote(person)
    if not services.token or not person:
        return ""
    return known if hmac.compare_digest(seal(services.token, known), request.cookies[COOKIE]) else ""


def refused(services: Services, request: Request, error: MappsError, status: int) -> Response:
    """Answer with a page that says what went wrong, in the frame of whoever asked.

    Parameters
    ----------
    services : Services
        Of this process.
    request : Request
        What was asked.
    error : MappsError
        What went wrong.
    status : int
        HTTP status.
    """
    text = failure(error, person=person_of(services, request), writable=bool(services.token))
    return html(text, status)


def require_same_origin(services: Services, request: Request) -> None:
    """Refuse a request that no page of this service sent.

    Raises
    ------
    NotAllowedError
        Raised if it says another origin, or none.
    """
    origin = request.headers.get("origin", "")
    own = {f"{request.url.scheme}://{request.headers.get('host', '')}"}
    if services.base_url:
        parts = urlsplit(services.base_url)
        own.add(f"{parts.scheme}://{parts.netloc}")
    if origin not in own:
        raise NotAllowedError(
            f"a change asked for from {origin or 'no origin'}", expected="a page of this service"
        )


def require_operator(services: Services, request: Request) -> str:
    """Give the name of the operator who asks for a change.

    Raises
    ------
    NotAllowedError
        Raised if the request comes from elsewhere, or its sender has not shown the token.
    """
    require_same_origin(services, request)
    if not services.token:
        raise NotAllowedError(
            "this service only shows", expected="an operators' token", remedy="mapps serve --token-file FILE"
        )
    person = person_of(services, request)
    if not person:
        raise NotAllowedError("nobody is logged in", expected="an operator", remedy="log in at /login")
    return person


def log_in(services: Services, request: Request, person: str, token: str) -> Response:
    """Take a token, and answer with the cookie of who has shown it.

    Parameters
    ----------
    services : Services
        Whose token it must be.
    request : Request
        From a page of this service.
    person : str
        Name that changes are recorded by.
    token : str
        What was shown.

    Raises
    ------
    NotAllowedError
        Raised if the token is another, or the name is none.
    """
    require_same_origin(services, request)
    if not services.token or not hmac.compare_digest(token.strip().encode(), services.token.encode()):
        raise NotAllowedError("a token that is not that of the operators")
    if not _PERSON.fullmatch(person.strip()):
        raise NotAllowedError("no name", expected="your name, by which changes are recorded")
    answer = Response(status_code=303, headers={"location": "/"})
    answer.set_cookie(
        COOKIE, seal(services.token, person.strip()), max_age=HOURS * 3600, httponly=True, samesite="strict",
        secure=services.base_url.startswith("https"),
    )  # fmt: skip
    return answer
