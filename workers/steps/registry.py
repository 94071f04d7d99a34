"""Which step does a task kind. Steps are imported when first used: a worker that only waits stays small."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from types import MappingProxyType

from app.models.production import TaskKind
from app.production.publication import Publication
from workers.steps.context import Claim, StepContext

Step = Callable[[Claim, StepContext], Publication]
"""Does a task and hands over what is to be published; writes files to the store and nothing to the database."""


def _step_in(module: str) -> Step:
    def perform(claim: Claim, context: StepContext) -> Publication:
        step: Step = importlib.import_module(module).perform
        return step(claim, context)

    return perform


STEPS: Mapping[TaskKind, Step] = MappingProxyType(
    {
        TaskKind.NIGHT_CALIBRATION: _step_in("workers.steps.night_calibration"),
        TaskKind.SCAN: _step_in("workers.steps.scan"),
    }
)
"""The steps of this version."""
