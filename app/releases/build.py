"""Draws a release: the numbered statements of `sql/release/`, and publishes it; then never again.

The statements hold the rules; this module checks that the runs are fit for it, records what was executed and
publishes. A small release is drawn in one transaction. A large one is drawn zone by zone (`app.releases.zones`): each
zone is a transaction, any number of processes work through them, and a build that was killed goes on with the zones
that are left. Whatever workers publish meanwhile, the rows are those of the moment when the build began.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.types.json import Jsonb

from app.columns.hash_versions import NEWEST
from app.db.locks import RELEASES
from app.db.statements import statement
from app.errors import ConflictError, UserError
from app.models.release import ReleaseKind, ReleaseState
from app.releases.crew import StoppedProcessError, work_zones
from app.releases.fitness import (
    STRICT,
    Allowances,
    fit_runs,
    nothing_released,
    refuse_kind,
    refuse_uncalibrated,
    refuse_unplaced,
    tell_unknown_commits,
)
from app.releases.parameters import release_parameters
from app.releases.patches import add_patches, refuse_idle
from app.releases.question import ALONE, BuildSummary, Course, Question, summarize
from app.releases.steps import Segment, StatementRun, execute_file, segments, settle, take_memory
from app.releases.stopped import find_stopped, refuse_moved, signature_of, texts_signature
from app.releases.waiting import Tell, lock_builds, silent, tell_if_held
from app.releases.zones import Zone, cut_zones
from app.version import code_version, git_commit

# After this file the partitions and working tables are there, after the next the scans and their solutions are known.
PREPARED = "10_prepare"
SOLUTIONS = "25_solutions"
ASTROMETRY = "26_astrometry"
# After this file every row has its verdict, where everybody looks for it.
VERDICTS = "80_verdicts"
# Names of exported files hold it, and a column of `mapps release list`.
LONGEST_NAME = 64


class ReleaseNameError(UserError):
    """A release cannot have this name."""

    code = "RELEASE_NAME"


def build_release(
    connection: Connection[Any],
    name: str,
    kind: ReleaseKind | str,
    runs: Sequence[str],
    parameters: Mapping[str, float] | None = None,
    *,
    allow: Allowances = STRICT,
    course: Course = ALONE,
    tell: Tell = silent,
) -> BuildSummary:
    """Draw and publish a release, all of it or nothing.

    A build in one zone is one transaction. One in several zones that is killed, or loses its server, leaves what it
    has done for the same call to go on with; any other build, and any other failure, takes it away.

    Parameters
    ----------
    connection : Connection
        Connection without an open transaction; the role must be owner or operator.
    name : str
        Name of the release, which must be new.
    kind : ReleaseKind or str
        Scope: sampler, incremental or all-sky.
    runs : sequence of str
        Names of the parent runs.
    parameters : mapping, optional
        Limits that differ from the published ones (`app.releases.parameters`).
    allow : Allowances
        What is refused otherwise, and what people change against the rules.
    course : Course
        How it is drawn: zones, processes, who is told. No row and no hash depends on it.
    tell : callable, optional
        Told what the build waits for, before it waits, and what becomes of a build that was stopped.

    Returns
    -------
    BuildSummary
        What the build made.

    Raises
    ------
    ConflictError
        Raised if the name is taken or a run has unfinished tasks.
    EmptyReleaseError
        Raised if nothing is released and that was not allowed.
    IdlePatchError
        Raised if a patch does not do what it says.
    UncalibratedError, RetiredSolutionError
        Raised if a selected scan has no adopted solution and nominal magnitudes were not allowed, or a retired one.
    ReleaseKindError
        Raised if the runs are not of the kind that the release asks for, or a final one is not complete.
    ReleaseNameError
        Raised if the name is too long or has characters that a file name should not have.
    UnknownNameError
        Raised if a run does not exist.
    ReleaseParameterError
        Raised if a limit is unknown or impossible.
    MovedMomentError
        Raised if what the release hangs on was changed while its zones were worked through.
    ZoneError, StoppedProcessError
        Raised if a process of the crew has failed or was killed.
    ZonesError
        Raised if there cannot be so many zones.
    """
    wanted, limits = ReleaseKind(kind), release_parameters(parameters)
    _refuse_taken(connection, name)
    with _one_at_a_time(connection, tell):
        run_ids = fit_runs(connection, runs, unfinished=allow.unfinished)
        by_name = dict(zip(dict.fromkeys(runs), run_ids, strict=True))
        refuse_kind(connection, wanted, by_name)
        _seal(connection, by_name, tell)
        question = Question(
            name, wanted, by_name, limits, allow, _zones(connection, run_ids, course), course, tell
        )
        course.planned(sum(len(s.paths) * (len(question.zones) if s.by_zone else 1) for s in segments()))
        take_memory(connection)
        signature = signature_of(wanted.value, run_ids, limits, allow)
        release_id = find_stopped(connection, name, signature, tell)
        _refuse_taken(connection, name)
        if len(question.zones) > 1 or release_id is not None:
            return _draw_zones(connection, question, release_id, signature)
        with _one_moment(connection):
            release_id = _register(connection, question)
            for segment in segments():
                _work(connection, question, release_id, segment)
            return _publish(connection, question, release_id)


def _zones(connection: Connection[Any], run_ids: Sequence[int], course: Course) -> tuple[Zone, ...]:
    with connection.transaction():
        counts = connection.execute(
            statement("release/build/count_cells"), {"run_ids": list(run_ids)}
        ).fetchall()
    return cut_zones(counts, course.zones)


def _draw_zones(
    connection: Connection[Any], question: Question, release_id: int | None, signature: str
) -> BuildSummary:
    """Draw a release step by step, each of which is there when the next begins."""
    first, *others = segments()
    try:
        if release_id is None:
            with _one_moment(connection):
                begun = _register(connection, question)
                _work(connection, question, begun, first)
                connection.execute(
                    statement("release/build/sign_moment"),
                    {"signature": signature, "texts": texts_signature()},
                )
            release_id = begun
        for segment in others[:-1]:
            _work_once(connection, question, release_id, segment)
        with _one_moment(connection):
            refuse_moved(connection, release_id)
            _work(connection, question, release_id, others[-1])
            return _publish(connection, question, release_id)
    except (psycopg.OperationalError, psycopg.InterfaceError, StoppedProcessError):
        raise
    except Exception:
        if release_id is not None:
            with connection.transaction():
                connection.execute(statement("release/build/discard"), {"release_id": release_id})
        raise


@contextmanager
def _one_moment(connection: Connection[Any]) -> Iterator[None]:
    with connection.transaction():
        connection.execute(statement("release/build/one_moment"))
        yield


def _work_once(connection: Connection[Any], question: Question, release_id: int, segment: Segment) -> None:
    """Execute a segment unless it was executed before the build was stopped."""
    with connection.transaction():
        done = connection.execute(
            statement("release/build/done_statements"), {"release_id": release_id}
        ).fetchall()
    if segment.paths[-1].name in {file for file, *_ in done}:
        return
    if segment.by_zone:
        _work(connection, question, release_id, segment)
    else:
        with _one_moment(connection):
            _work(connection, question, release_id, segment)


def _work(connection: Connection[Any], question: Question, release_id: int, segment: Segment) -> None:
    if segment.by_zone:
        several = len(question.zones) > 1
        with connection.transaction():
            tasks = {"pass": segment.name, "indexes": segment.makes_indexes and several}
            connection.execute(statement("release/build/add_tasks"), tasks)
        # Other processes see nothing of what is drawn in one transaction.
        crew = question.course.crew if several else None
        work_zones(connection, release_id, segment, crew, question.course.report)
        with connection.transaction():
            _record_zones(connection, release_id, segment)
        return
    for path in segment.paths:
        settle(connection, release_id)
        run = execute_file(connection, path)
        values = {"file": run.file, "zone": 0, "rows": run.rows, "seconds": run.seconds}
        connection.execute(statement("release/build/add_count"), values)
        _record(connection, release_id, run)
        if path.stem == PREPARED:
            _add_zones(connection, question.zones)
        if path.stem == SOLUTIONS:
            # Here and not at the end, hours later.
            refuse_uncalibrated(connection, release_id, nominal=question.allow.nominal)
        if path.stem == ASTROMETRY:
            refuse_unplaced(connection, release_id)
        if path.stem == VERDICTS:
            refuse_idle(connection, release_id)
        question.course.report(run)


def _add_zones(connection: Connection[Any], zones: Sequence[Zone]) -> None:
    """Write the zones; a single one is what the statements make themselves."""
    if len(zones) == 1:
        return
    for zone in zones:
        (east_x, east_y, east_z), (north_x, north_y, north_z) = zone.axes
        values = {
            "zone": zone.number, "low": zone.keys[0], "high": zone.keys[1], "rows": zone.rows, "east_x": east_x,
            "east_y": east_y, "east_z": east_z, "north_x": north_x, "north_y": north_y, "north_z": north_z,
        }  # fmt: skip
        connection.execute(statement("release/build/add_zone"), values)
        margin = [{"zone": zone.number, "low": low, "high": high} for low, high in zone.margin]
        with connection.cursor() as cursor:
            cursor.executemany(statement("release/build/add_margin"), margin)


def _record_zones(connection: Connection[Any], release_id: int, segment: Segment) -> None:
    """Write what the files of a segment made in all zones together."""
    for path in segment.paths:
        counts = connection.execute(statement("release/build/counts"), {"files": [path.name]}).fetchall()
        text = hashlib.sha256(path.read_bytes()).hexdigest()
        rows, seconds = sum(int(c[2]) for c in counts), sum(float(c[3]) for c in counts)
        _record(connection, release_id, StatementRun(path.name, text, rows, seconds))


def _record(connection: Connection[Any], release_id: int, run: StatementRun) -> None:
    order = [path.name for segment in segments() for path in segment.paths]
    values = {"release_id": release_id, "position": order.index(run.file) + 1} | asdict(run)
    connection.execute(statement("release/build/add_statement"), values)


def _publish(connection: Connection[Any], question: Question, release_id: int) -> BuildSummary:
    summary = summarize(connection, release_id, question)
    if not question.allow.empty and not summary.products.get("psc"):
        raise nothing_released(summary.scans, summary.scans_selected, summary.refusals)
    tell_unknown_commits(connection, release_id, question.tell)
    connection.execute(statement("release/build/publish"), {"release_id": release_id})
    return summary


def _refuse_taken(connection: Connection[Any], name: str) -> None:
    # Names become file names of exports.
    if len(name) > LONGEST_NAME or re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name) is None:
        shown = name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}..."
        raise ReleaseNameError(
            f"release name {shown!r}",
            expected=f"up to {LONGEST_NAME} letters, digits, dots, hyphens and underscores",
        )
    with connection.transaction():
        known = connection.execute(statement("release/build/find_release"), {"name": name}).fetchone()
    if known is not None and known[1] == ReleaseState.PUBLISHED:
        raise _taken(name)


def _taken(name: str) -> ConflictError:
    return ConflictError(f"there is a release {name!r} already", expected="a new name: releases never change")


def _seal(connection: Connection[Any], runs: Mapping[str, int], tell: Tell) -> None:
    """Build the positional indexes of runs that have none, in transactions of their own: they stay if a build fails."""
    for name, run_id in runs.items():
        tell_if_held(connection, run_id, name, tell)
        with connection.transaction():
            connection.execute(statement("release/build/seal_run"), {"run_id": run_id})


@contextmanager
def _one_at_a_time(connection: Connection[Any], tell: Tell) -> Iterator[None]:
    """Hold the lock of all builds around the transaction: its snapshot must be taken after the wait.

    Builds share the names of their working tables, and rows that are being released must not be recalled meanwhile.
    """
    with connection.transaction():
        lock_builds(connection, tell)
    try:
        yield
    finally:
        if not connection.closed:
            with connection.transaction():
                connection.execute(statement("release/build/unlock_builds"), {"key": RELEASES})


def _register(connection: Connection[Any], question: Question) -> int:
    values = {
        "name": question.name,
        "kind": question.kind.value,
        "state": ReleaseState.BUILDING.value,
        "parameters": Jsonb(dict(question.limits)),
        "code_version": code_version(),
        "code_commit": git_commit(),
        "hash_version": NEWEST,
    }
    row = connection.execute(statement("release/build/register"), values).fetchone()
    if row is None:
        raise _taken(question.name)
    release_id = int(row[0])
    parents = {"release_id": release_id, "run_ids": list(question.runs.values())}
    connection.execute(statement("release/build/add_parent_runs"), parents)
    add_patches(connection, release_id, question.allow.patches)
    return release_id
