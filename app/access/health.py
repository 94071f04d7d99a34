"""Whether the service works, and figures for Prometheus."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg import Connection
from starlette.requests import Request
from starlette.responses import Response

from app.access.services import Services, operate, services_of
from app.db.statements import statement
from app.errors import MappsError
from app.settings import get_settings
from app.store import free_bytes
from app.version import code_version

METRICS_MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_MEANINGS = {
    "mapps_tasks": "Tasks by run, kind and state",
    "mapps_workers": "Workers that hold a task",
    "mapps_attempts_last_hour": "Attempts that ended within an hour, by outcome and error",
    "mapps_attempt_cpu_seconds_last_hour": "CPU time of these attempts",
    "mapps_refused_files": "Files that ingest refused",
    "mapps_releases": "Published releases",
    "mapps_jobs": "Asynchronous queries by phase",
    "mapps_database_bytes": "Size of the database",
    "mapps_store_free_bytes": "Free space of the file store",
    "mapps_requests_total": "Requests by route and status since the start",
}


async def health(request: Request) -> Response:
    """Answer /health: 200 where queries can be answered, 503 where not, with the reason."""
    told: dict[str, Any] = {"status": "ok", "version": code_version()}
    status = 200
    try:
        async with services_of(request).readers.connection() as connection:
            await connection.execute(statement("access/newest"))
    except (MappsError, psycopg.Error) as error:
        told |= {"status": "unavailable", "reason": str(error).splitlines()[0]}
        status = 503
    return Response(json.dumps(told) + "\n", status_code=status, media_type="application/json")


def _database_rows(connection: Connection[Any]) -> list[tuple[str, str, float]]:
    return connection.execute(statement("access/metrics")).fetchall()


def render(rows: Iterable[tuple[str, str, float]]) -> str:
    """Write values in the text format of Prometheus.

    Parameters
    ----------
    rows : iterable of tuple
        Name, labels and value, those of a name one after the other.
    """
    lines: list[str] = []
    seen: set[str] = set()
    for name, labels, value in rows:
        if name not in seen:
            seen.add(name)
            kind = "counter" if name.endswith("_total") else "gauge"
            lines += [f"# HELP {name} {_MEANINGS[name]}", f"# TYPE {name} {kind}"]
        lines.append(f"{name}{{{labels}}} {value:g}" if labels else f"{name} {value:.17g}")
    return "\n".join(lines) + "\n"


def own_rows(services: Services) -> Iterable[tuple[str, str, float]]:
    """Figures of this process: requests, and free space of the store."""
    free = free_bytes(get_settings().store)
    if free is not None:
        yield "mapps_store_free_bytes", "", free
    for (route, status), count in sorted(services.requests.items()):
        yield "mapps_requests_total", f'route="{route}",status="{status}"', count


async def metrics(request: Request) -> Response:
    """Answer /metrics."""
    rows = await operate(_database_rows)
    return Response(render((*rows, *own_rows(services_of(request)))), media_type=METRICS_MEDIA_TYPE)
