"""Plans of tests: the two kinds that others build on, and a further kind of every scope.

Tests of the protocol count tasks, so their worlds queue `FIRST` and not the plan of this version: a new kind there
breaks none of them.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from app.models.production import RunKind, Scope
from app.models.survey import Entry
from app.production.plan import NIGHT_CALIBRATION, SCAN, Plan
from app.production.task_plan import TaskPlan, WaitsFor

SCAN_OF_NIGHT = replace(SCAN, waits_for=(replace(SCAN.waits_for[0], runs=tuple(RunKind)),))
"""Scans that wait for their night's calibration in every kind of run."""
FIRST = Plan((NIGHT_CALIBRATION, SCAN_OF_NIGHT))
"""A night's calibration and its scans."""
BOTH = (Entry.RAW, Entry.ATLAS)
SCAN_GRADE = TaskPlan(
    "scan_grade", "a grade", Scope.SCAN, BOTH, "extra_steps.scan_grade",
    (WaitsFor("scan", Scope.SCAN),), priority=5,
)  # fmt: skip
NIGHT_SUMMARY = TaskPlan(
    "night_summary", "zero points of a night", Scope.NIGHT, BOTH, "extra_steps.night_summary",
    (WaitsFor("scan", Scope.NIGHT),), priority=15,
)  # fmt: skip
BLOCK_FLAT = TaskPlan(
    "block_flat", "a flat of a camera's stable period", Scope.BLOCK, (Entry.RAW,), "extra_steps.block_flat",
    (WaitsFor("night_calibration", Scope.BLOCK),),
)  # fmt: skip
RUN_SOLUTION = TaskPlan(
    "run_solution", "zero points of all nights together", Scope.RUN, BOTH, "extra_steps.run_solution",
    (WaitsFor("night_summary", Scope.RUN), WaitsFor("block_flat", Scope.RUN), WaitsFor("scan", Scope.RUN)),
)  # fmt: skip
EXTRA = (SCAN_GRADE, NIGHT_SUMMARY, BLOCK_FLAT, RUN_SOLUTION)
EXTENDED = Plan((*FIRST.rows, *EXTRA))
"""The first kinds and one more of every scope."""

_STEP = '''"""A step that measures one number."""

from app.production.publication import Metric, Publication


def perform(claim, context):
    context.append(claim.kind)
    return Publication("0" * 64, metrics=(Metric("place_error_arcsec", None, 1.0),))
'''


@contextmanager
def step_modules(folder: Path, *rows: TaskPlan) -> Iterator[None]:
    """Write the step modules of rows as a package, which can be imported inside the block only."""
    for row in rows:
        package, _, module = row.step.rpartition(".")
        (folder / package).mkdir(exist_ok=True)
        (folder / package / "__init__.py").touch()
        (folder / package / f"{module}.py").write_text(_STEP.replace("{kind}", row.kind), encoding="utf-8")
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        packages = {row.step.partition(".")[0] for row in rows}
        for name in [name for name in sys.modules if name.partition(".")[0] in packages]:
            del sys.modules[name]
