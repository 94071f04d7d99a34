"""Sending an answer while it is made: errors before the first row are told, and a client that goes ends its query."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing

from starlette.requests import Request as HttpRequest
from starlette.responses import Response, StreamingResponse

from app.access.answer import Request, running
from app.access.formats import votable
from app.access.formats.registry import Format
from app.access.formats.rows import Cut
from app.access.services import Services
from app.errors import MappsError

HEAD_CHUNKS = 2
"""Pieces that are waited for before anything is sent: the head of the table, and its first rows."""


class ClientGoneError(Exception):
    """The client has closed its connection before the answer began."""


async def chunks(services: Services, wanted: Request, form: Format, cut: Cut) -> AsyncGenerator[bytes, None]:
    """Run a query and write its answer.

    Parameters
    ----------
    services : Services
        Pools and tables.
    wanted : Request
        The query.
    form : Format
        Format of the answer.
    cut : Cut
        Counts rows and says whether there were more.
    """
    async with services.readers.connection() as connection:
        published = await services.published.read(connection)
        async with (
            running(connection, published, wanted) as answer,
            aclosing(form.write(answer, cut)) as written,
        ):
            async for chunk in written:
                yield chunk


async def _gone(request: HttpRequest) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def unless_gone(request: HttpRequest, work: asyncio.Task[list[bytes]]) -> list[bytes]:
    """Wait for a piece of work as long as the client waits too.

    Parameters
    ----------
    request : Request
        Whose body was read.
    work : Task
        The work; cancelled when the client goes.

    Raises
    ------
    ClientGoneError
        Raised if the client has gone.
    """
    watch = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({work, watch}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            raise ClientGoneError
        return work.result()
    finally:
        for task in (work, watch):
            if not task.done():
                task.cancel()
        await asyncio.gather(work, watch, return_exceptions=True)


async def _first(source: AsyncIterator[bytes]) -> list[bytes]:
    found = []
    async for chunk in source:
        found.append(chunk)
        if len(found) == HEAD_CHUNKS:
            break
    return found


async def _rest(
    source: AsyncGenerator[bytes, None], begun: list[bytes], form: Format
) -> AsyncGenerator[bytes, None]:
    async with aclosing(source):
        for chunk in begun:
            yield chunk
        try:
            async for chunk in source:
                yield chunk
        except MappsError as error:
            if form.media_type != votable.MEDIA_TYPE:
                # A reader sees that the transfer broke off; these formats have no place to say why.
                raise
            yield votable.failure(str(error))


async def respond(
    request: HttpRequest,
    services: Services,
    wanted: Request,
    form: Format,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Answer a request by a query.

    Parameters
    ----------
    request : Request
        Whose body was read.
    services : Services
        Pools and tables.
    wanted : Request
        The query.
    form : Format
        Format of the answer.
    headers : mapping of str to str, optional
        Further headers of the answer.

    Raises
    ------
    ClientGoneError
        Raised if the client has gone before the first row.
    """
    source = chunks(services, wanted, form, Cut(wanted.most_rows))
    try:
        begun = await unless_gone(request, asyncio.ensure_future(_first(source)))
    except BaseException:
        await source.aclose()
        raise
    return StreamingResponse(
        _rest(source, begun, form), media_type=form.media_type, headers=dict(headers or {})
    )
