"""Draws a release: the numbered statements of `sql/release/`, in one transaction, then never again.

The statements hold the rules; this module checks that the runs are fit for it, records what was executed and
publishes. Everything is seen as of one moment (REPEATABLE READ), whatever workers publish meanwhile.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from app.columns.hash_versions import NEWEST
from app.db.locks import RELEASES
from app.db.statements import SQL_ROOT, scripts, statement
from app.errors import ConflictError, MappsError, UserError
from app.models.release import ReleaseKind, ReleaseState
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
from app.releases.waiting import Tell, lock_builds, silent, tell_if_held
from app.version import code_version, git_commit

FOLDER = "release"
# After this file the scans of the release and their solutions are known.
SOLUTIONS = "25_solutions"
ASTROMETRY = "26_astrometry"
# After this file every row has its verdict.
VERDICTS = "80_verdicts"
# Sorts of a few hundred thousand rows stay in memory; a single build runs at a time.
WORK_MEM = "128MB"
# Names of exported files hold it, and a column of `mapps release list`.
LONGEST_NAME = 64


@dataclass(frozen=True)
class StatementRun:
    """An executed file of `sql/release/`.

    Attributes
    ----------
    file : str
        Name of the file.
    sha256 : str
        SHA-256 of its text, in hex.
    rows : int
        Rows that it made.
    seconds : float
        Time that it took.
    """

    file: str
    sha256: str
    rows: int
    seconds: float


@dataclass(frozen=True)
class BuildSummary:
    """Outcome of a build.

    Attributes
    ----------
    release_id : int
        Key of the release.
    name : str
        Name of the release.
    kind : ReleaseKind
        Scope of the release.
    runs : tuple of str
        Names of the parent runs.
    products : dict of str to int
        Rows of psc, xsc and atlas.
    scans, scans_selected : int
        Numbers of scans that were considered and chosen.
    refusals : dict of str to int
        Number of scans that were not chosen, by the reason.
    reasons : dict of str to int
        Number of extractions of the parent runs by verdict, `released` included.
    statements : tuple of StatementRun
        Files of `sql/release/` that were executed, in their order.
    """

    release_id: int
    name: str
    kind: ReleaseKind
    runs: tuple[str, ...]
    products: dict[str, int]
    scans: int
    scans_selected: int
    refusals: dict[str, int]
    reasons: dict[str, int]
    statements: tuple[StatementRun, ...]


class ReleaseNameError(UserError):
    """A release cannot have this name."""

    code = "RELEASE_NAME"


class BrokenStatementError(MappsError):
    """A file of `sql/release/` does not end with the number of rows it made: a bug."""

    code = "BROKEN_STATEMENT"


def build_release(
    connection: Connection[Any],
    name: str,
    kind: ReleaseKind | str,
    runs: Sequence[str],
    parameters: Mapping[str, float] | None = None,
    *,
    allow: Allowances = STRICT,
    report: Callable[[StatementRun], None] | None = None,
    tell: Tell = silent,
) -> BuildSummary:
    """Draw and publish a release, all of it or nothing.

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
    report : callable, optional
        Called after every statement.
    tell : callable, optional
        Told what the build waits for, before it waits.

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
    """
    wanted, limits = ReleaseKind(kind), release_parameters(parameters)
    _refuse_taken(connection, name)
    with _one_at_a_time(connection, tell):
        run_ids = fit_runs(connection, runs, unfinished=allow.unfinished)
        by_name = dict(zip(dict.fromkeys(runs), run_ids, strict=True))
        refuse_kind(connection, wanted, by_name)
        _seal(connection, by_name, tell)
        with connection.transaction():
            connection.execute(statement("release/build/one_moment"))
            release_id = _register(connection, name, wanted, run_ids, limits)
            add_patches(connection, release_id, allow.patches)
            done = tuple(_execute_all(connection, release_id, allow, report))
            summary = _summary(connection, release_id, name, wanted, runs, done)
            if not allow.empty and not summary.products.get("psc"):
                raise nothing_released(summary.scans, summary.scans_selected, summary.refusals)
            tell_unknown_commits(connection, release_id, tell)
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
    if known is not None:
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


def _register(
    connection: Connection[Any],
    name: str,
    kind: ReleaseKind,
    run_ids: Sequence[int],
    limits: Mapping[str, float],
) -> int:
    values = {
        "name": name,
        "kind": kind.value,
        "state": ReleaseState.BUILDING.value,
        "parameters": Jsonb(dict(limits)),
        "code_version": code_version(),
        "code_commit": git_commit(),
        "hash_version": NEWEST,
    }
    row = connection.execute(statement("release/build/register"), values).fetchone()
    if row is None:
        raise _taken(name)
    release_id = int(row[0])
    parents = {"release_id": release_id, "run_ids": list(run_ids)}
    connection.execute(statement("release/build/add_parent_runs"), parents)
    settings = {"release_id": release_id, "work_mem": WORK_MEM}
    connection.execute(statement("release/build/settings"), settings)
    return release_id


def _execute_all(
    connection: Connection[Any],
    release_id: int,
    allow: Allowances,
    report: Callable[[StatementRun], None] | None,
) -> list[StatementRun]:
    done = []
    for position, path in enumerate(scripts(FOLDER), start=1):
        run = _execute(connection, path)
        values = {"release_id": release_id, "position": position} | asdict(run)
        connection.execute(statement("release/build/add_statement"), values)
        done.append(run)
        if path.stem == SOLUTIONS:
            # Here and not at the end, hours later.
            refuse_uncalibrated(connection, release_id, nominal=allow.nominal)
        if path.stem == ASTROMETRY:
            refuse_unplaced(connection, release_id)
        if path.stem == VERDICTS:
            refuse_idle(connection, release_id)
        if report is not None:
            report(run)
    return done


def _execute(connection: Connection[Any], path: Path) -> StatementRun:
    text = path.read_bytes()
    started = perf_counter()
    cursor = connection.execute(text)
    rows = None
    # The last result of a file is the number of rows it made.
    while True:
        rows = cursor.fetchone() if cursor.description is not None else None
        if not cursor.nextset():
            break
    if rows is None or len(rows) != 1:
        raise BrokenStatementError(f"{path.name} ends without a row count")
    return StatementRun(
        file=str(path.relative_to(SQL_ROOT / FOLDER)),
        sha256=hashlib.sha256(text).hexdigest(),
        rows=int(rows[0]),
        seconds=perf_counter() - started,
    )


def _summary(
    connection: Connection[Any],
    release_id: int,
    name: str,
    kind: ReleaseKind,
    runs: Sequence[str],
    statements: tuple[StatementRun, ...],
) -> BuildSummary:
    key = {"release_id": release_id}
    products = connection.execute(statement("release/build/count_products"), key).fetchall()
    scans = connection.execute(statement("release/build/count_scans"), key).fetchone() or (0, 0)
    refusals = connection.execute(statement("release/build/refused_scans"), key).fetchall()
    reasons = connection.execute(statement("reports/release_verdicts"), key).fetchall()
    return BuildSummary(
        release_id=release_id,
        name=name,
        kind=kind,
        runs=tuple(dict.fromkeys(runs)),
        products=dict(products),
        scans=int(scans[0]),
        scans_selected=int(scans[1]),
        refusals=dict(refusals),
        reasons=dict(reasons),
        statements=statements,
    )
