"""What a build is asked for, how it is drawn, and what it made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from app.db.statements import statement
from app.models.release import ReleaseKind
from app.releases.crew import Crew
from app.releases.fitness import Allowances
from app.releases.steps import Report, StatementRun
from app.releases.waiting import Tell
from app.releases.zones import Zone


def _nobody(_: StatementRun) -> None:
    """Tell nobody of a file."""


def _unplanned(_: int) -> None:
    """Tell nobody how many files there are."""


@dataclass(frozen=True)
class Course:
    """How a release is drawn, which changes no row of it.

    Attributes
    ----------
    zones : int or None
        Number of zones; None: by the number of rows.
    crew : Crew or None
        Processes that work through the zones; None: the caller's alone.
    report : callable
        Called after every file, and after every file of every zone.
    planned : callable
        Told how many times `report` will be called.
    """

    zones: int | None = None
    crew: Crew | None = None
    report: Report = _nobody
    planned: Callable[[int], None] = _unplanned


ALONE = Course()
"""One process, and nobody is told."""


@dataclass(frozen=True)
class Question:
    """What a build is asked for: name, kind, runs (keys by name), limits and allowances, and its course."""

    name: str
    kind: ReleaseKind
    runs: Mapping[str, int]
    limits: Mapping[str, float]
    allow: Allowances
    zones: tuple[Zone, ...]
    course: Course
    tell: Tell


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


def summarize(connection: Connection[Any], release_id: int, question: Question) -> BuildSummary:
    """Sum up what a build has made, while its working tables are there.

    Parameters
    ----------
    connection : Connection
        In the transaction that publishes.
    release_id : int
        The release.
    question : Question
        What was asked for.
    """
    key = {"release_id": release_id}
    products = connection.execute(statement("release/build/count_products"), key).fetchall()
    scans = connection.execute(statement("release/build/count_scans"), key).fetchone() or (0, 0)
    refusals = connection.execute(statement("release/build/refused_scans"), key).fetchall()
    reasons = connection.execute(statement("reports/release_verdicts"), key).fetchall()
    done = connection.execute(statement("release/build/done_statements"), key).fetchall()
    return BuildSummary(
        release_id=release_id,
        name=question.name,
        kind=question.kind,
        runs=tuple(question.runs),
        products=dict(products),
        scans=int(scans[0]),
        scans_selected=int(scans[1]),
        refusals=dict(refusals),
        reasons=dict(reasons),
        statements=tuple(StatementRun(*row) for row in done),
    )
