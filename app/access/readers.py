"""Connections of the reader's role for queries of people: kept open, handed out one a query, cancelled when left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import psycopg
from psycopg.rows import class_row

from app.db.engine import database_url
from app.db.session import Session, judge, session_values
from app.db.statements import statement
from app.errors import DatabaseUnavailableError

Connection = psycopg.AsyncConnection[Any]
ROLE = "mapps_reader"


class Readers:
    """A pool of connections of the reader's role.

    Parameters
    ----------
    most : int
        Connections that are open at once; who comes later waits.
    url : str, optional
        libpq URL; that of the settings when absent.
    """

    def __init__(self, most: int, url: str | None = None) -> None:
        self._url = url
        self._free: list[Connection] = []
        self._places = asyncio.Semaphore(most)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection.

        One that is left in the middle of a query, by an error or because the client has gone, has its query cancelled
        on the server, and is closed: a query that sends nothing would otherwise go on.

        Raises
        ------
        DatabaseUnavailableError
            Raised if the server does not answer.
        """
        async with self._places:
            lent = self._free.pop() if self._free else await self._open()
            try:
                yield lent
            except BaseException:
                await _leave(lent)
                raise
            if lent.closed:
                return
            self._free.append(lent)

    async def _open(self) -> Connection:
        try:
            made = await psycopg.AsyncConnection.connect(
                self._url or database_url("reader"),
                autocommit=True,
                client_encoding="utf8",
                connect_timeout=10,
                application_name="mapps serve",
            )
        except psycopg.OperationalError as error:
            raise DatabaseUnavailableError(
                f"the database does not answer: {str(error).splitlines()[0]}", remedy="see: mapps db status"
            ) from error
        cursor = psycopg.AsyncClientCursor(made, row_factory=class_row(Session))
        await cursor.execute(statement("db/session"), session_values(ROLE, made.info.backend_pid))
        cursor.nextset()
        session = await cursor.fetchone()
        if session is None:
            await made.close()
            raise DatabaseUnavailableError("the server reports nothing about the session")
        judge(session, ROLE)
        return made

    async def close(self) -> None:
        """Close what is free."""
        while self._free:
            await self._free.pop().close()


async def _leave(connection: Connection) -> None:
    """Cancel what runs on a connection, and close it."""
    if not connection.closed:
        with suppress(psycopg.Error, asyncio.CancelledError):
            await asyncio.shield(asyncio.to_thread(connection.cancel))
        await connection.close()
