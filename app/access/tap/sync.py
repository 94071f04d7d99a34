"""Synchronous queries: the answer is the response."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from app.access.parameters import read_parameters
from app.access.services import services_of
from app.access.streaming import respond
from app.access.tap.capabilities import capabilities
from app.access.tap.wanted import wanted_format, wanted_request


async def sync(request: Request) -> Response:
    """Answer /tap/sync."""
    services = services_of(request)
    parameters = await read_parameters(request)
    if parameters.text("REQUEST").lower() == "getcapabilities":
        return await capabilities(request)
    form = wanted_format(parameters)
    limits = services.limits
    wanted = await asyncio.to_thread(
        wanted_request, parameters, limits, limits.query_seconds, services.address(request), services.folder
    )
    return await respond(request, services, wanted, form)
