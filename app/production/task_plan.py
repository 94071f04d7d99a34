"""One row of the plan: a kind of task, what it is of, what it waits for and who does it again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.models.production import RunKind, Scope
from app.models.survey import Entry, ScanKind

REDUCED = (ScanKind.SCIENCE, ScanKind.CALIBRATION)
"""Scans that are reduced; darks and flats are inputs."""


class Again(StrEnum):
    """Why a done task of a kind is made ready again."""

    RECALLED = "an input was recalled"
    """`mapps run recall --requeue` (`app.production.recall`); a product that was recalled and not made again."""
    CHANGED = "an input was made again with other content"
    """Found by `app.production.stale`: a file, a calibration, rows or the reference catalogue were replaced."""
    LATE = "an input came after it was done"
    """Found by `app.production.stale`: a file was added, or the first reference catalogue."""


class Renewal(StrEnum):
    """Who makes a done task ready again when an input changed."""

    BY_ITSELF = "by itself"
    """The next `mapps run queue` of the run."""
    ON_REQUEST = "on request"
    """An operator: `mapps run stale RUN --apply`."""
    NEVER = "never"
    """Nobody in this run: the task is listed, and done again in another run."""


@dataclass(frozen=True)
class WaitsFor:
    """An edge of the plan: tasks of a kind wait for those of another kind that belong to the same thing.

    Attributes
    ----------
    kind : str
        Kind that must be done first.
    same : Scope
        What both tasks have in common: the same scan, night, block or run.
    entries : tuple of Entry
        Only tasks of scans that begin so wait; those of other scans, and of larger scope, are not told apart.
    of_scans : tuple of ScanKind
        Only tasks of such scans are waited for; those of larger scope are not told apart.
    runs : tuple of RunKind
        Only in runs of these kinds.
    """

    kind: str
    same: Scope
    entries: tuple[Entry, ...] = tuple(Entry)
    of_scans: tuple[ScanKind, ...] = REDUCED
    runs: tuple[RunKind, ...] = tuple(RunKind)


@dataclass(frozen=True)
class TaskPlan:
    """One kind of task.

    Attributes
    ----------
    kind : str
        Name, in lower case with underscores.
    does : str
        What is done, in a few words for operators.
    scope : Scope
        What one task is of.
    entries : tuple of Entry
        Which scans make the task necessary: those of raw frames, of Atlas images, or both.
    step : str
        Module of `workers/steps/` whose `perform` does the task; of another package by its dotted name.
    waits_for : tuple of WaitsFor
        Kinds of earlier rows.
    again : tuple of Again
        When a done task is made ready again.
    renewal : Renewal
        Who does so when an input changed or came late.
    renewal_final : Renewal
        The same in a final run, whose results are those of a frozen pipeline and of its inputs.
    priority : int
        Tasks of higher priority are claimed first.
    calibration_priority : int or None
        Priority of tasks of calibration scans, where it is another.
    queued_in : tuple of RunKind
        Kinds of run with which it is queued; in others an operator asks for it (`app.production.requests`).
    of_scans : tuple of ScanKind
        Which scans make the task necessary, besides their entry.
    """

    kind: str
    does: str
    scope: Scope
    entries: tuple[Entry, ...]
    step: str
    waits_for: tuple[WaitsFor, ...] = ()
    again: tuple[Again, ...] = tuple(Again)
    renewal: Renewal = Renewal.ON_REQUEST
    renewal_final: Renewal = Renewal.NEVER
    priority: int = 0
    calibration_priority: int | None = None
    queued_in: tuple[RunKind, ...] = tuple(RunKind)
    of_scans: tuple[ScanKind, ...] = REDUCED
