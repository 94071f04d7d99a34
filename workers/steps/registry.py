"""Which step does a task kind. Steps are imported when first used: a worker that only waits stays small."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from types import MappingProxyType

from app.production.plan import PLAN, Plan
from app.production.publication import Publication
from workers.steps.context import Claim, StepContext

Step = Callable[[Claim, StepContext], Publication]
"""Does a task and hands over what is to be published; writes files to the store and nothing to the database."""


def steps_of(plan: Plan) -> Mapping[str, Step]:
    """Find the steps of the kinds of a plan.

    Parameters
    ----------
    plan : Plan
        Kinds, each with the module of its step.

    Returns
    -------
    mapping of str to callable
        By kind; a module is imported when its first task comes.
    """
    return MappingProxyType({row.kind: _step_in(row.step) for row in plan.rows})


def _step_in(module: str) -> Step:
    name = module if "." in module else f"{__package__}.{module}"

    def perform(claim: Claim, context: StepContext) -> Publication:
        step: Step = importlib.import_module(name).perform
        return step(claim, context)

    return perform


STEPS = steps_of(PLAN)
"""The steps of this version."""
