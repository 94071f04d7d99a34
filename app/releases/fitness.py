"""What a release may be drawn from: finished runs, calibrated scans, and at least one source; else who must say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from app.db.statements import statement
from app.errors import ConflictError
from app.models.production import RunKind
from app.models.release import ReleaseKind
from app.production.final_runs import wanting_of
from app.production.runs import run_id_of
from app.production.sky_runs import find_sky
from app.releases.patches import Patch
from app.releases.waiting import Tell


@dataclass(frozen=True)
class Allowances:
    """What a build refuses unless it was allowed.

    Attributes
    ----------
    unfinished : bool
        Runs with tasks that are not done; their rows are not in the release.
    empty : bool
        A release without any point source.
    nominal : bool
        Raw scans without an adopted solution: their magnitudes are on the nominal scale of the camera.
    patches : tuple of Patch
        Rows that people delete, restore or replace against the rules.
    """

    unfinished: bool = False
    empty: bool = False
    nominal: bool = False
    patches: tuple[Patch, ...] = ()


STRICT = Allowances()
"""Nothing is allowed that needs allowing."""


class EmptyReleaseError(ConflictError):
    """A release would hold no source, and keep its name for good."""

    code = "EMPTY_RELEASE"


class UnplacedError(ConflictError):
    """Selected scans are not in the astrometric solution of their run."""

    code = "UNPLACED_RELEASE"


class UncalibratedError(ConflictError):
    """A scan of a release has no adopted photometric solution."""

    code = "UNCALIBRATED_RELEASE"


class ReleaseKindError(ConflictError):
    """A release of this kind cannot be drawn from these runs."""

    code = "RELEASE_KIND"


class RetiredSolutionError(ConflictError):
    """A night of a release has adopted a solution that was retired since."""

    code = "RETIRED_SOLUTION"


def fit_runs(connection: Connection[Any], runs: Sequence[str], *, unfinished: bool) -> tuple[int, ...]:
    """Keys of the parent runs, each once.

    Parameters
    ----------
    connection : Connection
        Connection without an open transaction.
    runs : sequence of str
        Names of the runs.
    unfinished : bool
        Whether tasks may be not done.

    Raises
    ------
    ConflictError
        Raised if there is no run, or a run has unfinished tasks or draws the sky of a release.
    UnknownNameError
        Raised if a run does not exist.
    """
    if not runs:
        raise ConflictError("a release without parent runs", expected="one run at least")
    found = []
    for name in dict.fromkeys(runs):
        with connection.transaction():
            run_id = run_id_of(connection, name)
            if find_sky(connection, run_id) is not None:
                raise ConflictError(
                    f"run {name!r} draws the sky of a release", expected="runs that reduced scans"
                )
            open_tasks = connection.execute(
                statement("release/build/open_tasks"), {"run_id": run_id}
            ).fetchall()
        if open_tasks and not unfinished:
            counts = ", ".join(f"{count} {state}" for state, count in open_tasks)
            raise ConflictError(
                f"run {name!r} has tasks that are not done: {counts}",
                expected="a finished run",
                remedy="finish it (mapps worker --until-idle, mapps run retry) or add --allow-unfinished",
            )
        found.append(run_id)
    return tuple(found)


def refuse_kind(connection: Connection[Any], kind: ReleaseKind, runs: Mapping[str, int]) -> None:
    """Refuse a release of a kind that its runs cannot give.

    Samplers and incremental releases show preliminary processing as it is; an all-sky release is drawn from one
    final run that is complete.

    Parameters
    ----------
    connection : Connection
        Connection without an open transaction.
    kind : ReleaseKind
        Kind of the release.
    runs : mapping of str to int
        Keys of the parent runs by name.

    Raises
    ------
    ReleaseKindError
        Raised if a run is of the wrong kind, or final and not complete; the message says what it lacks.
    """
    final = kind is ReleaseKind.ALL_SKY
    wanted = RunKind.FINAL if final else RunKind.PRELIMINARY
    for name, run_id in runs.items():
        with connection.transaction():
            row = connection.execute(statement("release/build/run_kind"), {"run_id": run_id}).fetchone()
            wanting = wanting_of(connection, run_id) if final else ()
        found = row[0] if row is not None else "unknown"
        if found != wanted:
            raise ReleaseKindError(
                f"run {name!r} is {found}, the release {kind.value}",
                expected=f"a {wanted.value} run",
                remedy="make one: mapps run create NAME --kind final --from RUN --where CONDITION"
                if final
                else "draw it from preliminary runs, or build it with --kind all-sky",
            )
        if wanting:
            raise ReleaseKindError(
                f"final run {name!r} is not complete: {'; '.join(wanting)}",
                expected="every selected scan reduced, every night with a global solution and global astrometry",
            )
    if final and len(runs) > 1:
        raise ReleaseKindError(
            f"an all-sky release of {len(runs)} runs", expected="one final run: frozen code, one set of rules"
        )


def tell_unknown_commits(connection: Connection[Any], release_id: int, tell: Tell) -> None:
    """Say how many selected scans cannot be traced back to their code; final runs have none.

    Parameters
    ----------
    connection : Connection
        In the build's transaction, after the scans were chosen.
    release_id : int
        The release that is being drawn.
    tell : callable
        Takes the sentence.
    """
    counted = connection.execute(
        statement("release/build/unknown_commits"), {"release_id": release_id}
    ).fetchone()
    if counted is not None and counted[0]:
        tell(
            f"warning: {counted[0]} of the selected scans were reduced by code of an unknown commit and cannot be"
            " traced back to it; set MAPPS_COMMIT where workers run, then recall them (mapps run recall)"
        )


def refuse_uncalibrated(connection: Connection[Any], release_id: int, *, nominal: bool) -> None:
    """Refuse a release whose selected raw scans have no accepted solution.

    Parameters
    ----------
    connection : Connection
        In the build's transaction, after the scans were chosen.
    release_id : int
        The release that is being drawn.
    nominal : bool
        Whether scans without a solution are allowed. A retired or draft one is refused all the same: it would be used.

    Raises
    ------
    RetiredSolutionError
        Raised if a solution was retired; the message names it.
    UncalibratedError
        Raised if a scan has no solution, one that lacks a band of its images, or a draft.
    """
    cursor = connection.cursor(row_factory=dict_row)
    rows = cursor.execute(
        statement("release/build/uncalibrated_scans"), {"release_id": release_id}
    ).fetchall()
    for row in rows:
        if row["state"] == "retired":
            raise RetiredSolutionError(
                f"solution {row['solution_id']}, which run {row['run']!r} has adopted for {_night(row)}, was retired:"
                f" {row['retired_because']}",
                expected="an accepted solution",
                remedy="make and adopt another one for the night",
            )
    drafts = [row for row in rows if row["state"] == "draft"]
    wanting = drafts if nominal else rows
    if not wanting:
        return
    shown = "; ".join(_described(row) for row in wanting[:5])
    more = f"; and {len(wanting) - 5} more nights" if len(wanting) > 5 else ""
    raise UncalibratedError(
        f"selected scans without an adopted, accepted solution: {shown}{more}",
        expected="zero points of an accepted solution in every band of each scan",
        remedy="calibrate the nights, or, if nominal magnitudes (good to 0.1 mag) are meant, add --nominal"
        if not drafts
        else "accept the solution, or let the night adopt another one",
    )


def refuse_unplaced(connection: Connection[Any], release_id: int) -> None:
    """Refuse a release of a run whose adopted astrometry lacks selected scans: they would lie apart from the others.

    Parameters
    ----------
    connection : Connection
        In the build's transaction, after the astrometric solutions were noted.
    release_id : int
        The release that is being drawn.

    Raises
    ------
    UnplacedError
        Raised if a selected scan was added or done again after the solution of its run.
    """
    row = connection.execute(statement("release/build/unplaced_scans"), {"release_id": release_id}).fetchone()
    if row is not None:
        raise UnplacedError(
            f"the global astrometry of run {row[0]!r} was made without {row[1]} of its selected scans as they are now",
            expected="a solution of all scans",
            remedy=f"mapps calibration astrometry {row[0]}",
        )


def _night(row: Mapping[str, Any]) -> str:
    return f"{row['date']} {row['hemis']}"


def _described(row: Mapping[str, Any]) -> str:
    why = ""
    if row["state"] == "draft":
        why = f" (solution {row['solution_id']} is a draft)"
    elif row["state"] is not None:
        why = f" (solution {row['solution_id']} lacks a band)"
    return f"{row['scans']} of {_night(row)} in run {row['run']!r}{why}"


def nothing_released(scans: int, selected: int, refusals: Mapping[str, int]) -> EmptyReleaseError:
    """Say why a release would hold nothing, and what to do.

    Parameters
    ----------
    scans, selected : int
        Scans that were considered, and chosen.
    refusals : mapping of str to int
        Number of scans that were not chosen, by the reason.
    """
    refused = "; ".join(f"{count} scans: {reason}" for reason, count in refusals.items())
    remedy = "change what is asked for (mapps release build --help), or add --allow-empty"
    if any("reference stars" in reason for reason in refusals):
        remedy = (
            "load reference stars (mapps reference load) and reduce the scans again (mapps run recall), or, if"
            " positions that are arcseconds off are meant, add --without-reference-stars"
        )
    return EmptyReleaseError(
        f"nothing would be released, {selected} of {scans} scans are selected"
        + (f" ({refused})" if refused else ""),
        expected="one point source at least",
        remedy=remedy,
    )
