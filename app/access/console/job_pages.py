"""Pages of asynchronous queries: ask, wait, take the result, end it; for people without a tool of their own."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.access.console import operators
from app.access.console.view import framed, html, render
from app.access.parameters import ParameterError, Parameters
from app.access.services import operate, services_of
from app.access.tap import job as jobs
from app.access.tap.runner import remove_files
from app.access.tap.uws import ACTIVE, client_of, runner_of
from app.access.tap.wanted import wanted_format
from app.errors import MappsError, UnknownNameError
from app.models.access import Phase

FORMATS = ("votable", "csv", "fits", "parquet", "ipac_table")
LISTED = 200
REFRESH_SECONDS = 2
EXAMPLE = "SELECT TOP 100 designation, ra, dec, j_m, h_m, k_m\nFROM fp_psc\nORDER BY k_m"


def _status(error: MappsError) -> int:
    if isinstance(error, operators.NotAllowedError):
        return 403
    return 404 if isinstance(error, UnknownNameError) else 400


def _page(request: Request, part: str, title: str, refresh: int = 0) -> Response:
    services = services_of(request)
    text = framed(
        part, title, person=operators.person_of(services, request), writable=bool(services.token), refresh=refresh,
        told=request.query_params.get("done", ""),
    )  # fmt: skip
    return html(text)


async def job_list(request: Request) -> Response:
    """Answer /jobs: queries of this client, those of all for an operator, and a form for a new one."""
    services = services_of(request)
    try:
        if request.method == "POST":
            return await _ask(request)
        own = await operate(lambda c: jobs.list_jobs(c, client_of(request), last=LISTED))
        person = operators.person_of(services, request)
        of_all = await operate(lambda c: jobs.list_jobs(c, None, last=LISTED)) if person else []
    except MappsError as error:
        return operators.refused(services_of(request), request, error, _status(error))
    text = request.query_params.get("query", "") or EXAMPLE
    # Whoever knows the key of a job may read and end it: lists of all have none.
    others: list[dict[str, Any]] = [
        {"client": row.client, "phase": row.phase, "created": row.created_at, "ended": row.ended_at,
         "rows": row.result_rows, "query": query_of(row)}
        for row in of_all
    ]  # fmt: skip
    part = render(
        "jobs", jobs=own, others=others, operator=bool(person), text=text, formats=FORMATS, query_of=query_of
    )
    return _page(request, part, "queries")


def query_of(row: jobs.Job) -> str:
    """Give the text of a job's query."""
    return row.given.text("QUERY")


async def _ask(request: Request) -> Response:
    services = services_of(request)
    operators.require_same_origin(services, request)
    async with request.form() as form:
        given = {name: str(form.get(name, "")).strip() for name in ("query", "format", "label")}
    if not given["query"]:
        raise ParameterError("no query", expected="SELECT ... FROM ...")
    pairs = [
        ("LANG", "ADQL"), ("QUERY", given["query"]), ("RESPONSEFORMAT", given["format"] or "votable"),
        ("RUNID", given["label"]), ("PHASE", "RUN"),
    ]  # fmt: skip
    parameters = Parameters.of(pair for pair in pairs if pair[1])
    wanted_format(parameters)
    key = await operate(lambda c: jobs.add_job(c, parameters, client_of(request), services.limits))
    runner_of(request).wake()
    return RedirectResponse(f"/jobs/{key}", status_code=303)


async def job(request: Request) -> Response:
    """Answer /jobs/JOB: what became of a query; by POST, end or remove it."""
    key = request.path_params["job"]
    try:
        if request.method == "POST":
            return await _end(request, key)
        found = await operate(lambda c: jobs.find_job(c, key))
    except MappsError as error:
        return operators.refused(services_of(request), request, error, _status(error))
    active = found.phase in ACTIVE
    part = render("job", job=found, query=query_of(found), active=active)
    return _page(request, part, f"query {found.phase}", REFRESH_SECONDS if active else 0)


async def _end(request: Request, key: str) -> Response:
    services = services_of(request)
    operators.require_same_origin(services, request)
    async with request.form() as form:
        action = str(form.get("action", ""))
    await operate(lambda c: jobs.find_job(c, key))
    if action == "abort":
        await operate(lambda c: jobs.change_phase(c, key, Phase.ABORTED, ACTIVE))
        runner_of(request).wake()
        return RedirectResponse(f"/jobs/{key}", status_code=303)
    if action != "delete":
        raise ParameterError(f"action {action[:20]!r}", expected="abort or delete")
    await operate(lambda c: jobs.delete_job(c, key))
    runner_of(request).wake()
    await asyncio.to_thread(remove_files, services.folder, key)
    return RedirectResponse(f"/jobs?done={quote('the query and its result are removed')}", status_code=303)
