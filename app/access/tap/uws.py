"""Jobs over HTTP: UWS 1.1 under /tap/async."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response

from app.access.images import bundle
from app.access.images.region import regions_of
from app.access.parameters import ParameterError, Parameters, read_parameters
from app.access.services import Services, operate, services_of
from app.access.tap import job as jobs
from app.access.tap.capabilities import moment
from app.access.tap.job import Job
from app.access.tap.runner import Runner, keep_parts, remove_files, result_path, suffix_of
from app.access.tap.wanted import wanted_format
from app.errors import ConflictError
from app.models.access import Phase

_XML = "text/xml;charset=utf-8"
_SPACE = (
    'xmlns:uws="http://www.ivoa.net/xml/UWS/v1.0" xmlns:xlink="http://www.w3.org/1999/xlink"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" version="1.1"'
)
ACTIVE = (Phase.PENDING, Phase.QUEUED, Phase.EXECUTING)
_NIL = ' xsi:nil="true"'
LONGEST_WAIT = 60.0
"""Seconds that a client may wait for a change of phase in one request. [s]"""


def job_document(job: Job, address: str) -> str:
    """Write a job.

    Parameters
    ----------
    job : Job
        The job.
    address : str
        Its address.
    """
    given = "".join(
        f"<uws:parameter id={quoteattr(name)}>{escape(value)}</uws:parameter>"
        for name, values in job.parameters.items()
        for value in values
    )
    times = "".join(
        f"<uws:{name}{'' if value else _NIL}>{moment(value)}</uws:{name}>"
        for name, value in (("startTime", job.started_at), ("endTime", job.ended_at))
    )
    result = (
        f'<uws:result id="result" xlink:type="simple" xlink:href={quoteattr(address + "/results/result")}/>'
    )
    error = (
        f'<uws:errorSummary type="fatal" hasDetail="true"><uws:message>{escape(job.error_text)}</uws:message>'
        "</uws:errorSummary>"
        if job.error_text
        else ""
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<uws:job {_SPACE}><uws:jobId>{job.job_id}</uws:jobId>'
        f"<uws:runId>{escape(job.label or '')}</uws:runId><uws:ownerId{_NIL}/><uws:phase>{job.phase}</uws:phase>"
        f"<uws:quote{_NIL}/><uws:creationTime>{moment(job.created_at)}</uws:creationTime>{times}"
        f"<uws:executionDuration>{job.limit_seconds:.0f}</uws:executionDuration>"
        f"<uws:destruction>{moment(job.destroyed_at)}</uws:destruction>"
        f"<uws:parameters>{given}</uws:parameters>"
        f"<uws:results>{result if job.phase == Phase.COMPLETED else ''}</uws:results>{error}</uws:job>\n"
    )


def list_document(listed: Sequence[Job], address: str) -> str:
    """Write a list of jobs.

    Parameters
    ----------
    listed : sequence of Job
        The jobs.
    address : str
        Of the list.
    """
    rows = "".join(
        f'<uws:jobref id="{job.job_id}" xlink:type="simple" xlink:href={quoteattr(f"{address}/{job.job_id}")}>'
        f"<uws:phase>{job.phase}</uws:phase><uws:runId>{escape(job.label or '')}</uws:runId>"
        f"<uws:creationTime>{moment(job.created_at)}</uws:creationTime></uws:jobref>"
        for job in listed
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<uws:jobs {_SPACE}>{rows}</uws:jobs>\n'


def client_of(request: Request) -> str:
    """Address of the client, as the server or the proxy in front of it says."""
    return request.client.host if request.client else "unknown"


def runner_of(request: Request) -> Runner:
    """Give what runs the jobs."""
    found: Runner = request.app.state.runner
    return found


def read_moment(text: str) -> datetime:
    """Read a time as ISO 8601; UTC where it says no zone.

    Raises
    ------
    ParameterError
        Raised if it is none.
    """
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ParameterError(f"the time {text[:40]!r}", expected="2026-11-28T12:00:00Z") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _list_address(services: Services, request: Request) -> str:
    """Give the address of the list that a request came to: that of queries, or that of cut-outs."""
    return f"{services.address(request)}/{'soda' if _cuts(request) else 'tap'}/async"


def _cuts(request: Request) -> bool:
    return request.url.path.startswith("/soda/")


def _seen(services: Services, request: Request, job_id: str) -> Response:
    return RedirectResponse(f"{_list_address(services, request)}/{job_id}", status_code=303)


async def job_list(request: Request) -> Response:
    """Answer /tap/async: the jobs of this client, or a new one."""
    services = services_of(request)
    parameters = await read_parameters(request)
    client = client_of(request)
    if request.method == "GET":
        after = parameters.text("AFTER")
        listed = await operate(
            lambda c: jobs.list_jobs(
                c, client, [p.upper() for p in parameters.all("PHASE")], read_moment(after) if after else None,
                parameters.count("LAST"),
            )
        )  # fmt: skip
        listed = [found for found in listed if bundle.is_bundle(found.given) is _cuts(request)]
        return Response(list_document(listed, _list_address(services, request)), media_type=_XML)
    if _cuts(request):
        regions_of(parameters)
        if parameters.all("QUERY"):
            raise ParameterError("QUERY", expected="CIRCLE, POLYGON or POS, and ID")
    else:
        wanted_format(parameters)
    # The row waits until its parts are there.
    made = Parameters({n: v for n, v in parameters.values.items() if n != "PHASE"}, parameters.files)
    job_id = await operate(lambda c: jobs.add_job(c, made, client, services.limits))
    await asyncio.to_thread(keep_parts, services.folder, job_id, parameters)
    if parameters.text("PHASE").upper() == "RUN":
        await _set_phase(request, job_id, "RUN")
    return _seen(services, request, job_id)


async def _set_phase(request: Request, job_id: str, wanted: str) -> None:
    if wanted == "RUN":
        done = await operate(lambda c: jobs.change_phase(c, job_id, Phase.QUEUED, (Phase.PENDING,)))
    elif wanted == "ABORT":
        await operate(lambda c: jobs.change_phase(c, job_id, Phase.ABORTED, ACTIVE))
        done = True
    else:
        raise ParameterError(f"PHASE={wanted[:20]}", expected="RUN or ABORT")
    if not done:
        raise ConflictError(f"job {job_id} is not pending", expected="RUN once")
    runner_of(request).wake()


async def _waited(request: Request, job_id: str) -> Job:
    """Find a job; with WAIT, when its phase has changed or the time is over."""
    services = services_of(request)
    del services
    parameters = await read_parameters(request)
    found = await operate(lambda c: jobs.find_job(c, job_id))
    text = parameters.text("WAIT")
    if not text:
        return found
    seconds = (
        LONGEST_WAIT if text.strip() == "-1" else min(float(parameters.count("WAIT") or 0), LONGEST_WAIT)
    )
    phase, end = parameters.text("PHASE", found.phase), asyncio.get_running_loop().time() + seconds
    while found.phase == phase and found.phase in ACTIVE and asyncio.get_running_loop().time() < end:
        await asyncio.sleep(0.05)
        found = await operate(lambda c: jobs.find_job(c, job_id))
    return found


async def _delete(request: Request, job_id: str) -> Response:
    services = services_of(request)
    await operate(lambda c: jobs.find_job(c, job_id))
    await operate(lambda c: jobs.delete_job(c, job_id))
    runner_of(request).wake()
    await asyncio.to_thread(remove_files, services.folder, job_id)
    return RedirectResponse(_list_address(services, request), status_code=303)


async def job(request: Request) -> Response:
    """Answer /tap/async/JOB."""
    services = services_of(request)
    job_id = request.path_params["job"]
    if request.method == "DELETE":
        return await _delete(request, job_id)
    if request.method == "POST":
        parameters = await read_parameters(request)
        if parameters.text("ACTION").upper() == "DELETE":
            return await _delete(request, job_id)
        await _add_parameters(request, job_id, parameters)
        return _seen(services, request, job_id)
    found = await _waited(request, job_id)
    return Response(job_document(found, f"{_list_address(services, request)}/{job_id}"), media_type=_XML)


async def _add_parameters(request: Request, job_id: str, parameters: Parameters) -> None:
    services = services_of(request)
    found = await operate(lambda c: jobs.find_job(c, job_id))
    values = {
        **found.parameters,
        **{n: v for n, v in parameters.values.items() if n not in {"PHASE", "ACTION"}},
    }
    if not await operate(lambda c: jobs.set_job(c, job_id, services.limits, Parameters(values))):
        raise ConflictError(f"job {job_id} is not pending", expected="parameters before it runs")
    await asyncio.to_thread(keep_parts, services.folder, job_id, parameters)


async def _change(request: Request, job_id: str, part: str) -> None:
    services = services_of(request)
    parameters = await read_parameters(request)
    if part == "phase":
        await _set_phase(request, job_id, parameters.text("PHASE").upper())
    elif part == "executionduration":
        seconds = float(parameters.count("EXECUTIONDURATION") or 0)
        await operate(lambda c: jobs.set_job(c, job_id, services.limits, limit_seconds=seconds))
    elif part == "destruction":
        wanted = read_moment(parameters.text("DESTRUCTION"))
        await operate(lambda c: jobs.set_job(c, job_id, services.limits, destroyed_at=wanted))
    elif part == "parameters":
        await _add_parameters(request, job_id, parameters)
    else:
        raise ParameterError(
            f"{part} cannot be set", expected="phase, executionduration, destruction or parameters"
        )


def _told(found: Job, part: str, address: str) -> Response:
    from app.access.formats.votable import MEDIA_TYPE, error_document

    document = job_document(found, address)
    texts = {
        "phase": found.phase, "quote": "", "owner": "", "executionduration": f"{found.limit_seconds:.0f}",
        "destruction": moment(found.destroyed_at),
    }  # fmt: skip
    if part in texts:
        return PlainTextResponse(texts[part])
    if part == "error":
        return Response(error_document(found.error_text or "no error"), media_type=MEDIA_TYPE)
    if part in {"parameters", "results"}:
        inner = document.partition(f"<uws:{part}>")[2].partition(f"</uws:{part}>")[0]
        text = f'<?xml version="1.0" encoding="UTF-8"?>\n<uws:{part} {_SPACE}>{inner}</uws:{part}>\n'
        return Response(text.replace(' version="1.1"', ""), media_type=_XML)
    raise ParameterError(
        f"a job has no {part[:20]!r}", expected="phase, results, parameters, error, destruction"
    )


async def job_part(request: Request) -> Response:
    """Answer /tap/async/JOB/PART."""
    services = services_of(request)
    job_id, part = request.path_params["job"], request.path_params["part"].lower()
    if request.method == "POST":
        await operate(lambda c: jobs.find_job(c, job_id))
        await _change(request, job_id, part)
        return _seen(services, request, job_id)
    found = await operate(lambda c: jobs.find_job(c, job_id))
    return _told(found, part, f"{_list_address(services, request)}/{job_id}")


async def job_result(request: Request) -> Response:
    """Answer /tap/async/JOB/results/result."""
    services = services_of(request)
    job_id = request.path_params["job"]
    found = await operate(lambda c: jobs.find_job(c, job_id))
    path = result_path(services.folder, job_id)
    if found.phase != Phase.COMPLETED or not path.is_file():
        raise ConflictError(f"job {job_id} has no result", expected=f"phase COMPLETED, it is {found.phase}")
    return FileResponse(
        path, media_type=found.result_format, filename=f"{job_id}.{suffix_of(found.result_format)}"
    )
