"""Pictures of the console: an image of a run as JPEG, and the report of a night as a page."""

from __future__ import annotations

import asyncio
import threading
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from psycopg import Connection
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.access.console.nights import number_of, rows_of
from app.access.console.view import SECURITY, failure, html
from app.access.images.cutout import picture as drawn
from app.access.services import operate
from app.errors import MappsError, UnknownNameError
from app.formats.atlas_reader import read_atlas
from app.production.selection import Night
from app.reports.night_report import write_night_report
from app.store import Store

_DRAWING = threading.Lock()
"""matplotlib's settings are those of the process: reports are drawn one after the other."""
REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"


def _file(connection: Connection[Any], run: str, key: str, band: str) -> Path:
    values = {"run": run, "coadd_key": number_of_key(key), "band": band}
    rows = rows_of(connection, "access/picture", values)
    if not rows:
        raise UnknownNameError(
            f"run {run[:60]!r} has no image {key[:20]} in {band[:5]!r}", expected="one of a scan"
        )
    return Store().whole_path(rows[0]["url"], rows[0]["sha256"])


def number_of_key(text: str) -> int:
    """Read the key of a triple of images, which is longer than other numbers of addresses.

    Parameters
    ----------
    text : str
        Up to 18 digits.

    Raises
    ------
    ParameterError
        Raised if it is none.
    """
    return int(text) if text.isdigit() and len(text) <= 18 else number_of(text)


async def picture(request: Request) -> Response:
    """Answer /pictures/RUN/KEY/BAND: an image of a run, pixel by pixel."""
    words = request.path_params
    try:
        find = partial(_file, run=words["run"], key=words["key"], band=words["band"])
        path = await operate(find, "reader")
        content = await asyncio.to_thread(lambda: drawn(read_atlas(path), None))
    except MappsError as error:
        status = 404 if isinstance(error, UnknownNameError) else 400
        return Response(str(error), status_code=status, media_type="text/plain")
    return Response(content, media_type="image/jpeg", headers={"cache-control": "private, max-age=600"})


def _report(connection: Connection[Any], night: str, run: str | None) -> str:
    with TemporaryDirectory(prefix="mapps-night-") as folder, _DRAWING:
        path, _ = write_night_report(connection, Night.parse(night), Path(folder) / "night.html", run=run)
        return path.read_text(encoding="utf-8")


async def night_page(request: Request) -> Response:
    """Answer /nights/NIGHT/report: the page that `mapps night report` writes."""
    night, run = request.path_params["night"], request.query_params.get("run") or None
    try:
        text = await operate(partial(_report, night=night, run=run), "reader")
    except MappsError as error:
        return html(failure(error), 404 if isinstance(error, UnknownNameError) else 400)
    return HTMLResponse(text, headers=SECURITY | {"content-security-policy": REPORT_POLICY})
