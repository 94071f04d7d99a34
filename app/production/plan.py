"""The plan: one row a kind of task, from which everything else about the kind follows.

Queueing and dependencies read the rows (`sql/production/queue/` gets them as parameters), the workers find a task's
step by them (`workers/steps/registry.py`), and the table of kinds in `docs/protocol.md` is written from them. A new
kind is a row here and a module with a function `perform` in `workers/steps/`; no statement and no table changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.errors import MappsError
from app.models.production import RunKind, Scope
from app.models.survey import Entry, ScanKind
from app.production.task_plan import REDUCED, Renewal, TaskPlan, WaitsFor

_NAME = re.compile(r"[a-z]+(_[a-z]+)*")
_BY_SIZE = tuple(Scope)
"""Scopes from the smallest to the largest, as the enumeration lists them."""


class PlanError(MappsError):
    """The plan contradicts itself, or the database: a bug, or code older than the database."""

    code = "PLAN"


@dataclass(frozen=True)
class Plan:
    """Rows in an order in which every kind waits for earlier ones only.

    Raises
    ------
    PlanError
        Raised if a kind is named twice, or waits for a later or unknown one or for something it need not have in
        common with it.
    """

    rows: tuple[TaskPlan, ...]

    def __post_init__(self) -> None:
        for fault in _faults(self.rows):
            raise PlanError(fault)

    def queue_rows(self) -> list[dict[str, Any]]:
        """Rows as `production/queue/queue_tasks` and `declare_kinds` read them."""
        return [
            {
                "position": position,
                "kind": row.kind,
                "scope": row.scope.value,
                "entries": [entry.value for entry in row.entries],
                "of_scans": [scan.value for scan in row.of_scans],
                "priority": row.priority,
                "calibration_priority": _other(row.calibration_priority, row.priority),
            }
            for position, row in enumerate(self.rows)
        ]

    def rows_to_queue(self, run: RunKind, requested: str | None = None) -> list[dict[str, Any]]:
        """Rows that are queued with a run, or the one that is asked for.

        Parameters
        ----------
        run : RunKind
            Kind of the run.
        requested : str, optional
            Kind that is asked for.
        """
        wanted = {row.kind for row in self.rows if run in row.queued_in} if requested is None else {requested}
        return [row for row in self.queue_rows() if row["kind"] in wanted]

    def of_whole_blocks(self, rows: list[dict[str, Any]]) -> list[str]:
        """Kinds of night scope that tasks of a block wait for: queued for every night of a block that is queued.

        Parameters
        ----------
        rows : list of dict
            Rows that are queued.
        """
        kinds = {row["kind"] for row in rows}
        nightly = {row.kind for row in self.rows if row.scope is Scope.NIGHT and row.kind in kinds}
        blocks = [row for row in self.rows if row.scope is Scope.BLOCK and row.kind in kinds]
        return sorted({edge.kind for row in blocks for edge in row.waits_for} & nightly)

    def needed_by(self, kind: str, run: RunKind) -> set[str]:
        """Kinds that tasks of a kind wait for in a run, and those that these wait for.

        Parameters
        ----------
        kind : str
            Kind of the tasks.
        run : RunKind
            Kind of the run.
        """
        needed: set[str] = set()
        for row in reversed(self.rows):
            if row.kind == kind or row.kind in needed:
                needed |= {edge.kind for edge in row.waits_for if run in edge.runs}
        return needed

    def edge_rows(self, run: RunKind) -> list[dict[str, Any]]:
        """Edges as `production/queue/find_edges` reads them.

        Parameters
        ----------
        run : RunKind
            Kind of the run.
        """
        return [
            {
                "kind": row.kind,
                "upstream_kind": edge.kind,
                "same": edge.same.value,
                "entries": [entry.value for entry in edge.entries],
                "of_scans": [scan.value for scan in edge.of_scans],
            }
            for row in self.rows
            for edge in row.waits_for
            if run in edge.runs
        ]

    def renewal_of(self, kind: str, *, final: bool) -> Renewal:
        """Who makes a done task ready again; nobody where this code does not know the kind.

        Parameters
        ----------
        kind : str
            Kind of the task.
        final : bool
            Whether the run is final.
        """
        for row in self.rows:
            if row.kind == kind:
                return row.renewal_final if final else row.renewal
        return Renewal.NEVER


def _other(value: int | None, usual: int) -> int:
    return usual if value is None else value


def _faults(rows: tuple[TaskPlan, ...]) -> Iterator[str]:
    """Say what is wrong with rows, in their order."""
    earlier: dict[str, TaskPlan] = {}
    for row in rows:
        if _NAME.fullmatch(row.kind) is None or row.kind in earlier:
            yield f"kind {row.kind!r} is no name, or is there twice"
        if not row.entries:
            yield f"{row.kind}: no scan makes it necessary"
        for edge in row.waits_for:
            upstream = earlier.get(edge.kind)
            if upstream is None:
                yield f"{row.kind} waits for {edge.kind}, which is no earlier row"
            else:
                yield from _edge_faults(row, edge, upstream)
        earlier[row.kind] = row


def _edge_faults(row: TaskPlan, edge: WaitsFor, upstream: TaskPlan) -> Iterator[str]:
    words = f"{row.kind} waits for {edge.kind} of the same {edge.same}"
    if _BY_SIZE.index(edge.same) < max(_BY_SIZE.index(row.scope), _BY_SIZE.index(upstream.scope)):
        yield f"{words}, but they are of a {row.scope} and a {upstream.scope}"
    if row.scope is not Scope.SCAN and set(edge.entries) != set(Entry):
        yield f"{words}: only tasks of scans can be told apart by entry"
    if upstream.scope is not Scope.SCAN and set(edge.of_scans) != set(REDUCED):
        yield f"{words}: only tasks of scans can be told apart by the kind of scan"
    if row.scope is Scope.SCAN and not set(edge.entries) <= set(upstream.entries):
        yield f"{words}, which is not queued for all scans that wait"


NIGHT_CALIBRATION = TaskPlan(
    kind="night_calibration",
    does="darks, flat, mask and linearity of a night, band by band",
    scope=Scope.NIGHT,
    entries=(Entry.RAW,),
    step="night_calibration",
    priority=20,
)
BLOCK_CALIBRATION = TaskPlan(
    kind="block_calibration",
    does="darks, flats, masks and linearity of a hardware block from all of its nights",
    scope=Scope.BLOCK,
    entries=(Entry.RAW,),
    step="block_calibration",
    waits_for=(WaitsFor(NIGHT_CALIBRATION.kind, same=Scope.BLOCK),),
    priority=18,
    # A preliminary run reduces nights as they come, when nobody knows the rest of their block.
    queued_in=(RunKind.FINAL,),
)
SCAN = TaskPlan(
    kind="scan",
    does="a scan of raw frames or Atlas images to images and source rows",
    scope=Scope.SCAN,
    entries=(Entry.RAW, Entry.ATLAS),
    step="scan",
    waits_for=(
        WaitsFor(NIGHT_CALIBRATION.kind, Scope.NIGHT, (Entry.RAW,), runs=(RunKind.PRELIMINARY,)),
        # A night without darks of its own is calibrated by its block.
        WaitsFor(BLOCK_CALIBRATION.kind, Scope.BLOCK, (Entry.RAW,), runs=(RunKind.FINAL,)),
    ),
    # Calibration scans first: what is found wrong with a night is found before its survey scans are reduced.
    calibration_priority=10,
)
BLOCK_LIBRARY = TaskPlan(
    kind="block_library",
    does="point-spread functions and wells of pixels of a hardware block from its reduced scans",
    scope=Scope.BLOCK,
    entries=(Entry.RAW,),
    step="block_library",
    waits_for=(WaitsFor(SCAN.kind, same=Scope.BLOCK),),
    # A final run takes those of the runs that it was selected from: its own scans would wait for themselves.
    queued_in=(),
)
NIGHT_SOLUTION = TaskPlan(
    kind="night_solution",
    does="zero points of a night from its calibration scans, and which scans were photometric",
    scope=Scope.NIGHT,
    entries=(Entry.RAW,),
    step="night_solution",
    # Not for the survey scans: whether a night is worth reducing is known before they are begun.
    waits_for=(WaitsFor(SCAN.kind, same=Scope.NIGHT, of_scans=(ScanKind.CALIBRATION,)),),
    renewal=Renewal.BY_ITSELF,
    priority=15,
    of_scans=(ScanKind.CALIBRATION,),
)
NIGHT_GRADES = TaskPlan(
    kind="night_grades",
    does="grades of the scans of a night, from its own rows",
    scope=Scope.NIGHT,
    entries=(Entry.RAW,),
    step="night_grades",
    waits_for=(WaitsFor(SCAN.kind, same=Scope.NIGHT), WaitsFor(NIGHT_SOLUTION.kind, same=Scope.NIGHT)),
    renewal=Renewal.BY_ITSELF,
    # Grades are only added to, and those of a final run rest on a solution that a person adopts when it is reduced.
    renewal_final=Renewal.BY_ITSELF,
    priority=5,
    # With calibration scans alone there is nothing to choose for a release.
    of_scans=(ScanKind.SCIENCE,),
)
GLOBAL_SOLUTION = TaskPlan(
    kind="global_solution",
    does="zero points of all scans of a run from the sets of its nights and the overlaps of its scans",
    scope=Scope.RUN,
    entries=(Entry.RAW, Entry.ATLAS),
    step="global_solution",
    waits_for=(WaitsFor(SCAN.kind, same=Scope.RUN), WaitsFor(NIGHT_SOLUTION.kind, same=Scope.RUN)),
    # A run is complete when its operator says so; queued with the first night it would be done after the first night.
    queued_in=(),
)
FORCED_LIGHT = TaskPlan(
    kind="forced_light",
    does="light of objects on the scans of a night that cover them and have no row of them",
    scope=Scope.NIGHT,
    entries=(Entry.RAW, Entry.ATLAS),
    step="forced_light",
    waits_for=(WaitsFor(SCAN.kind, same=Scope.NIGHT),),
    # Objects are grouped by an operator, from as many runs and nights as wanted.
    queued_in=(),
)
GLOBAL_ASTROMETRY = TaskPlan(
    kind="global_astrometry",
    does="offsets of the segments of all survey scans of a run from their overlaps and reference stars",
    scope=Scope.RUN,
    entries=(Entry.RAW, Entry.ATLAS),
    step="global_astrometry",
    waits_for=(WaitsFor(SCAN.kind, same=Scope.RUN),),
    queued_in=(),
)
SKY_TILES = TaskPlan(
    kind="sky_tiles",
    does="tiles (HiPS) of a part of the sky of a release, of each band and in colour",
    scope=Scope.CELL,
    entries=(Entry.RAW, Entry.ATLAS),
    step="sky_tiles",
    # A release is drawn when an operator says so, in a run of its own (`app.production.sky_runs`).
    queued_in=(),
)
SKY_OVERVIEW = TaskPlan(
    kind="sky_overview",
    does="coarse tiles, coverage and description of the sky of a release",
    scope=Scope.RUN,
    entries=(Entry.RAW, Entry.ATLAS),
    step="sky_overview",
    waits_for=(WaitsFor(SKY_TILES.kind, same=Scope.RUN),),
    queued_in=(),
)
PLAN = Plan(
    (
        NIGHT_CALIBRATION,
        BLOCK_CALIBRATION,
        SCAN,
        BLOCK_LIBRARY,
        NIGHT_SOLUTION,
        NIGHT_GRADES,
        GLOBAL_SOLUTION,
        FORCED_LIGHT,
        GLOBAL_ASTROMETRY,
        SKY_TILES,
        SKY_OVERVIEW,
    )
)
"""The kinds of this version."""
