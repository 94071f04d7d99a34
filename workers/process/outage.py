"""What workers wait for, as they wait for a lost database: a file store without room, a folder that is not mounted.

Such a failure says nothing of the task. The task is given back without costing an attempt, and the worker looks ever
more seldom whether a file of the size that was refused can be stored, or the folder is there.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.errors import MappsError, RawFolderError, StoreError
from app.production.protocol import Failure
from app.store import Store
from workers.process.failure import failure_of
from workers.process.stopping import Stopping
from workers.steps.inputs import folder_is_away

LOG = logging.getLogger("mapps.worker")

FIRST_WAIT_SECONDS = 0.1
# A full disk is mended by a person: half a minute more or less does not matter, a log line each second would.
LIMIT_WAIT_SECONDS = 30.0
_SLICE_SECONDS = 0.5

# The disk has no room, takes no writes or is broken, whoever of the step's libraries said so.
_OF_THE_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})


@dataclass(frozen=True)
class Outage:
    """What is away, and how to find out that it is back.

    Attributes
    ----------
    failure : Failure
        What the attempt met; kept with it, for operators.
    probe : callable
        Gives the reason why it is still away; empty when it is back.
    """

    failure: Failure
    probe: Callable[[], str]


def outage_of(error: Exception, store_url: str) -> Outage | None:
    """Tell a failure of the store or of the raw folder from one of the task.

    Parameters
    ----------
    error : Exception
        What ended the attempt.
    store_url : str
        Store of the worker.

    Returns
    -------
    Outage or None
        None if the task itself failed.
    """
    if isinstance(error, RawFolderError):
        return Outage(failure_of(error), lambda: _probe_folder(Path(error.folder)))
    if isinstance(error, StoreError):
        return Outage(failure_of(error), lambda: _probe_store(store_url, error))
    if isinstance(error, OSError) and error.errno in _OF_THE_DISK:
        return Outage(failure_of(error), lambda: _probe_store(store_url, StoreError(str(error))))
    return None


def wait_for(outage: Outage, stopping: Stopping, wanted: Callable[[], bool], met_before: int = 0) -> None:
    """Wait until the outage is over, somebody else has done the task, or the worker is told to stop.

    Parameters
    ----------
    outage : Outage
        What is waited for.
    stopping : Stopping
        Whether the process was told to stop.
    wanted : callable
        Whether the task that met the outage still waits to be done: an operator may have held it, and a worker of
        another host, which sees the folder, may have done it.
    met_before : int
        Outages since the last success: the first wait doubles with each, so that a probe that succeeds where the work
        does not costs ever fewer reductions.
    """
    wait = min(FIRST_WAIT_SECONDS * 2.0 ** min(met_before, 20), LIMIT_WAIT_SECONDS)
    reason = outage.failure.text
    while True:
        LOG.warning(
            "%s (%s); no attempt is counted, looking again in %.1f s", reason, outage.failure.code, wait
        )
        _pause(wait, stopping)
        if stopping.requested:
            return
        reason = outage.probe()
        if not reason:
            LOG.warning("%s: over, going on", outage.failure.code)
            return
        if not wanted():
            LOG.warning("%s: the task is no longer ready, going on with others", outage.failure.code)
            return
        wait = min(2.0 * wait, LIMIT_WAIT_SECONDS)


def _pause(seconds: float, stopping: Stopping) -> None:
    while seconds > 0.0 and not stopping.requested:
        stopping.pause(min(seconds, _SLICE_SECONDS))
        seconds -= _SLICE_SECONDS


def _probe_store(url: str, refused: StoreError) -> str:
    try:
        store = Store(url)
        if refused.absent_kind:
            # To write would succeed: below the place where the store is not mounted.
            return "" if store.has_kind(refused.absent_kind) else str(refused)
        store.check(max(refused.needed_bytes, 16))
    except MappsError as error:
        return str(error)
    return ""


def _probe_folder(folder: Path) -> str:
    return f"{folder} is not there" if folder_is_away(folder) else ""
