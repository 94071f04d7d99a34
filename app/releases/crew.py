"""Zones worked through by any number of processes: each takes a zone that nobody has, in a transaction of its own.

The claim is the lock of a row: who dies lets it go, with all that was not finished, and the next one takes it.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from typing import Any

from psycopg import Connection

from app.db.statements import statement
from app.errors import OperatorError
from app.releases.steps import Report, Segment, StatementRun, execute_file, settle, take_memory

POLL_SECONDS = 0.2
CLAIM, AWAIT = "release/build/claim_zone", "release/build/await_zone"
"""Statements that take a task which nobody has, and one that somebody else has and may let go."""


class ZoneError(OperatorError):
    """A process of a build has failed in a zone."""

    code = "RELEASE_ZONE"


class StoppedProcessError(OperatorError):
    """A process of a build was killed; what it had not finished is undone."""

    code = "RELEASE_PROCESS"


@dataclass(frozen=True)
class Crew:
    """Who works through the zones.

    Attributes
    ----------
    connect : callable
        Opens a connection of role operator; processes get it, so it is a function of a module with plain arguments.
    processes : int
        Their number.
    """

    connect: Callable[[], Connection[Any]]
    processes: int


def work_zones(
    connection: Connection[Any], release_id: int, segment: Segment, crew: Crew | None, report: Report
) -> None:
    """Work through all zones of a segment, whoever else does.

    Parameters
    ----------
    connection : Connection
        Of the build.
    release_id : int
        Release that is being drawn.
    segment : Segment
        Files that are executed in each zone.
    crew : Crew, optional
        Processes that work at a time; this one alone when absent.
    report : callable
        Told of every file in every zone.

    Raises
    ------
    ZoneError
        Raised if a statement fails in a process.
    StoppedProcessError
        Raised if a process was killed.
    """
    # What was done before the build was stopped is not told again.
    told = {(file, zone) for file, zone, *_ in _counts(connection, segment)}
    if crew is not None and crew.processes > 1:
        _together(connection, release_id, segment, crew, (told, report))
    # What others have, and may let go, is waited for.
    for claim in (CLAIM, AWAIT):
        while (zone := work_zone(connection, release_id, segment, report, claim)) is not None:
            told |= {(path.name, zone) for path in segment.paths}
    # What those did who joined.
    _tell_new(connection, segment, told, report)


def work_zone(
    connection: Connection[Any],
    release_id: int,
    segment: Segment,
    report: Report,
    claim: str = CLAIM,
) -> int | None:
    """Take one zone and execute the files in it, all or none.

    Parameters
    ----------
    connection : Connection
        Of the process that works.
    release_id : int
        Release that is being drawn.
    segment : Segment
        Files that are executed.
    report : callable
        Told of every file.
    claim : str
        Name of the statement that takes a zone.

    Returns
    -------
    int or None
        The zone, below 0 for an index; None where there was none to take.
    """
    with connection.transaction():
        row = connection.execute(
            statement(claim), {"pass": segment.name, "release_id": release_id}
        ).fetchone()
        if row is None:
            return None
        zone = int(row[0])
        if zone < 0:
            values = {"release_id": release_id, "number": -1 - zone}
            connection.execute(statement("release/build/create_index"), values)
        else:
            _work_files(connection, release_id, zone, segment, report)
        task = {"pass": segment.name, "zone": zone}
        connection.execute(statement("release/build/close_zone"), task)
    return zone


def _work_files(
    connection: Connection[Any], release_id: int, zone: int, segment: Segment, report: Report
) -> None:
    settle(connection, release_id, zone)
    for path in segment.paths:
        run = execute_file(connection, path)
        values = {"file": run.file, "zone": zone, "rows": run.rows, "seconds": run.seconds}
        connection.execute(statement("release/build/add_count"), values)
        report(run)


def _together(
    connection: Connection[Any],
    release_id: int,
    segment: Segment,
    crew: Crew,
    telling: tuple[set[tuple[str, int]], Report],
) -> None:
    told, report = telling
    context = multiprocessing.get_context("spawn")
    members, pipes = [], []
    for _ in range(crew.processes):
        receiver, sender = context.Pipe(duplex=False)
        member = context.Process(
            target=_member, args=(crew.connect, release_id, segment, sender), daemon=True
        )
        member.start()
        sender.close()
        members.append(member)
        pipes.append(receiver)
    try:
        while any(member.is_alive() for member in members):
            for member in members:
                member.join(POLL_SECONDS / crew.processes)
            _tell_new(connection, segment, told, report)
        for member, pipe in zip(members, pipes, strict=True):
            if member.exitcode != 0:
                raise _failure(member.exitcode, pipe)
    finally:
        for member, pipe in zip(members, pipes, strict=True):
            if member.is_alive():
                member.terminate()
                member.join()
            pipe.close()


def _failure(exitcode: int | None, pipe: Pipe) -> OperatorError:
    try:
        return ZoneError(str(pipe.recv()) if pipe.poll() else f"a process of the build ended with {exitcode}")
    except EOFError:
        return StoppedProcessError(
            f"a process of the build was ended from outside ({exitcode})",
            remedy="give the same command again: it goes on with the zones that are left",
        )


def _tell_new(
    connection: Connection[Any], segment: Segment, told: set[tuple[str, int]], report: Report
) -> None:
    for file, zone, rows, seconds in _counts(connection, segment):
        if (file, zone) not in told:
            told.add((file, zone))
            report(StatementRun(file, "", rows, seconds))


def _counts(connection: Connection[Any], segment: Segment) -> list[tuple[str, int, int, float]]:
    """Read what files of a segment made so far: file, zone, rows and seconds."""
    files = {"files": [path.name for path in segment.paths]}
    with connection.transaction():
        return connection.execute(statement("release/build/counts"), files).fetchall()


def _member(connect: Callable[[], Connection[Any]], release_id: int, segment: Segment, pipe: Pipe) -> None:
    """One process: zones until none is left, or until the build that began it is gone."""
    parent = os.getppid()
    try:
        with connect() as connection:
            take_memory(connection)
            while os.getppid() == parent and (
                work_zone(connection, release_id, segment, lambda _: None) is not None
            ):
                pass
    # The build tells what went wrong, whatever it was.
    except Exception as error:  # noqa: BLE001
        pipe.send(f"{type(error).__name__}: {error}")
        raise SystemExit(1) from None
