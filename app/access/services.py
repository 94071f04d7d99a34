"""What the services of a process share."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from starlette.requests import Request

from app.access.limits import Limits
from app.access.readers import Readers
from app.access.tables import PublishedTables
from app.db.engine import connect

Result = TypeVar("Result")


@dataclass
class Services:
    """Pools, tables and limits of one process of `mapps serve`.

    Attributes
    ----------
    limits : Limits
        How much a client may ask for.
    folder : Path
        Where results of jobs lie.
    base_url : str
        Where the service is reached by; empty: as each request says.
    token : str
        What an operator shows to change anything; empty: nothing can be changed.
    readers : Readers
        Connections for queries.
    published : PublishedTables
        Tables that can be queried.
    requests : Counter
        Requests by route and status, for /metrics.
    """

    limits: Limits
    folder: Path
    readers: Readers
    base_url: str = ""
    token: str = ""
    published: PublishedTables = field(default_factory=PublishedTables)
    requests: Counter[tuple[str, int]] = field(default_factory=Counter)

    def address(self, request: Request) -> str:
        """Address of the service without a slash at its end."""
        return self.base_url or str(request.base_url).rstrip("/")


def services_of(request: Request) -> Services:
    """Give the services that a request came to."""
    found: Services = request.app.state.services
    return found


async def operate(act: Callable[[psycopg.Connection[Any]], Result], role: str = "operator") -> Result:
    """Do something with a connection of a role, in a thread: commands of the rest of mapps wait for the server."""

    def done() -> Result:
        with connect(role, autocommit=True) as connection:
            return act(connection)

    return await asyncio.to_thread(done)
