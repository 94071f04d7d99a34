"""What runs jobs: one process at a time has the lock, takes queued jobs, and begins those anew that another left."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing, suppress
from functools import partial
from pathlib import Path

import psycopg

from app.access.formats.registry import format_named
from app.access.formats.rows import Cut
from app.access.images import bundle
from app.access.parameters import Parameters
from app.access.services import Services, operate
from app.access.streaming import chunks
from app.access.tap import job as jobs
from app.access.tap.job import Job, Outcome
from app.access.tap.wanted import wanted_format, wanted_request
from app.db.engine import connect
from app.db.statements import statement
from app.errors import MappsError

LOCK_KEY = 0x6D61707073_01
POLL_SECONDS = 1.0
"""How often the rows are looked at: a job aborted through another process ends within this."""
_log = logging.getLogger("mapps.serve")


class Runner:
    """Runs jobs of the rows.

    Parameters
    ----------
    services : Services
        Pools, limits and the folder of results.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._running: dict[str, asyncio.Task[None]] = {}
        self._awake = asyncio.Event()
        self._lock: psycopg.Connection[object] | None = None

    def wake(self) -> None:
        """Look at the rows now: one was queued or aborted."""
        self._awake.set()

    async def run(self) -> None:
        """Run jobs until cancelled."""
        try:
            while True:
                try:
                    await self._turn()
                except (MappsError, psycopg.Error) as error:
                    # The database is away for a while: jobs go on when it is back.
                    _log.warning("jobs wait: %s", str(error).splitlines()[0])
                self._awake.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._awake.wait(), POLL_SECONDS)
        finally:
            await self._end()

    async def _end(self) -> None:
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        if self._lock is not None:
            self._lock.close()

    async def _turn(self) -> None:
        if not await asyncio.to_thread(self._is_alone):
            return
        if self._running:
            for job_id in await operate(
                lambda c: jobs.keys(c, "access/stopped_jobs", job_ids=list(self._running))
            ):
                # It may have ended while the rows were read.
                if (task := self._running.get(job_id)) is not None:
                    task.cancel()
        for job_id in await operate(lambda c: jobs.keys(c, "access/expired_jobs")):
            remove_files(self._services.folder, job_id)
        while len(self._running) < self._services.limits.jobs_at_once:
            begun = await operate(jobs.begin_job)
            if begun is None:
                return
            task = asyncio.create_task(self._perform(begun))
            self._running[begun.job_id] = task
            task.add_done_callback(partial(self._forget, begun.job_id))

    def _forget(self, job_id: str, _task: asyncio.Task[None]) -> None:
        self._running.pop(job_id, None)
        self.wake()

    def _is_alone(self) -> bool:
        """Have the lock, or try to get it; who gets it begins the jobs anew that its predecessor left."""
        if self._lock is not None and not self._lock.closed:
            with suppress(psycopg.OperationalError):
                self._lock.execute(statement("access/newest"))
                return True
            self._lock.close()
        self._lock = connect("operator", autocommit=True)
        row = self._lock.execute(statement("access/lock_jobs"), {"key": LOCK_KEY}).fetchone()
        if row != (True,):
            self._lock.close()
            self._lock = None
            return False
        jobs.keys(self._lock, "access/requeue_jobs")
        return True

    async def _perform(self, job: Job) -> None:
        try:
            outcome = await self._answer(job)
        except MappsError as error:
            outcome = Outcome(error_text=str(error))
        except asyncio.CancelledError:
            remove_files(self._services.folder, job.job_id, result_only=True)
            raise
        except Exception as error:  # noqa: BLE001 - whatever a job meets is told to its client
            _log.exception("job %s", job.job_id)
            outcome = Outcome(error_text=f"a bug of the service: {type(error).__name__}")
        if not await operate(lambda c: jobs.end_job(c, job.job_id, outcome)) or outcome.error_text:
            remove_files(self._services.folder, job.job_id, result_only=True)

    async def _answer(self, job: Job) -> Outcome:
        services = self._services
        given = Parameters(job.parameters, kept_parts(services.folder, job.job_id))
        if bundle.is_bundle(given):
            return await self._cut(job, given)
        form = wanted_format(given)
        seconds = job.limit_seconds or services.limits.job_seconds
        wanted = await asyncio.to_thread(
            wanted_request, given, services.limits, seconds, services.base_url, services.folder
        )
        cut = Cut(wanted.most_rows)
        part = result_path(services.folder, job.job_id).with_suffix(".part")
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as stream:
            async with aclosing(chunks(services, wanted, form, cut)) as source:
                async for chunk in source:
                    await asyncio.to_thread(stream.write, chunk)
        size = part.stat().st_size
        part.rename(result_path(services.folder, job.job_id))
        return Outcome(None, form.media_type, size, cut.rows, cut.overflow)

    async def _cut(self, job: Job, given: Parameters) -> Outcome:
        part = result_path(self._services.folder, job.job_id).with_suffix(".part")
        part.parent.mkdir(parents=True, exist_ok=True)
        seconds = job.limit_seconds or self._services.limits.job_seconds
        try:
            async with asyncio.timeout(seconds):
                count = await bundle.write_bundle(given, self._services.limits, part)
        except TimeoutError:
            return Outcome(error_text=f"the cut-outs took longer than {seconds:.0f} s; ask for fewer at once")
        size = part.stat().st_size
        part.rename(result_path(self._services.folder, job.job_id))
        return Outcome(None, bundle.MEDIA_TYPE, size, count)


def result_path(folder: Path, job_id: str) -> Path:
    """Where the result of a job lies."""
    return folder / f"{job_id}.result"


def _part_path(folder: Path, job_id: str, name: str) -> Path:
    return folder / f"{job_id}.{name.encode().hex()}.upload"


def keep_parts(folder: Path, job_id: str, parameters: Parameters) -> None:
    """Keep the uploaded parts of a job until it runs.

    Parameters
    ----------
    folder : Path
        Of results.
    job_id : str
        The job.
    parameters : Parameters
        What came with the request.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in parameters.files.items():
        _part_path(folder, job_id, name).write_bytes(content)


def kept_parts(folder: Path, job_id: str) -> dict[str, bytes]:
    """Give the uploaded parts of a job by their names."""
    return {
        bytes.fromhex(path.name.split(".")[1]).decode(): path.read_bytes()
        for path in folder.glob(f"{job_id}.*.upload")
    }


def remove_files(folder: Path, job_id: str, *, result_only: bool = False) -> None:
    """Remove the files of a job.

    Parameters
    ----------
    folder : Path
        Of results.
    job_id : str
        The job.
    result_only : bool
        Leave what was uploaded: the job may begin anew.
    """
    for path in folder.glob(f"{job_id}.*"):
        if not (result_only and path.suffix == ".upload"):
            path.unlink(missing_ok=True)


def suffix_of(media_type: str | None) -> str:
    """End of the name under which a result is saved."""
    return "tar" if media_type == bundle.MEDIA_TYPE else format_named(media_type or "").suffix
