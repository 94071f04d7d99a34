"""Every kind of the plan has a step, found by the plan alone."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys

import pytest

from app.production.claim import Claim
from app.production.plan import PLAN
from tests.worlds import plans
from tests.worlds.places import ROOT
from workers.steps.registry import STEPS, steps_of


def test_steps_are_those_of_the_plan():
    assert tuple(STEPS) == tuple(row.kind for row in PLAN.rows)


def test_every_step_is_named_by_the_plan():
    modules = (ROOT / "workers" / "steps").glob("*.py")
    steps = {path.stem for path in modules if "\ndef perform(" in path.read_text(encoding="utf-8")}
    assert steps <= {row.step for row in PLAN.rows}, "name the step in a row of app/production/plan.py"


@pytest.mark.parametrize("row", PLAN.rows, ids=lambda row: row.kind)
def test_a_step_takes_claim_and_surroundings(row):
    perform = importlib.import_module(f"workers.steps.{row.step}").perform
    assert tuple(inspect.signature(perform).parameters) == ("claim", "context")


def test_a_step_is_a_module_that_the_plan_names(tmp_path):
    steps = steps_of(plans.EXTENDED)
    assert len(steps) == len(plans.EXTENDED.rows)
    claim = Claim(1, 2, 3, 4, "run", "scan_grade", 5, 6, "", {})
    with pytest.raises(ModuleNotFoundError, match="extra_steps"):
        steps["scan_grade"](claim, [])
    done = []
    with plans.step_modules(tmp_path, *plans.EXTRA):
        made = steps["scan_grade"](claim, done)
    assert made.metrics[0].name == "place_error_arcsec"
    assert done == ["scan_grade"]


def test_a_worker_that_waits_has_imported_no_step():
    """Each would bring numba and a hundred megabytes along."""
    program = "import sys, workers.steps.registry; print([m for m in sys.modules if m in {names!r} or m == 'numba'])"
    names = [f"workers.steps.{row.step}" for row in PLAN.rows]
    done = subprocess.run(
        [sys.executable, "-c", program.replace("{names!r}", repr(names))],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
