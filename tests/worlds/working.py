"""Tasks of the synthetic step done in this process, with the store of the settings: claimed, performed, published."""

from __future__ import annotations

import logging
from typing import Any

from psycopg import Connection

from app.production import protocol
from app.production.claim import Claim
from app.production.publishing import publish
from app.settings import get_settings
from app.store import Store
from tests.conftest import Database
from tests.worlds.production import IDENTITY, World, perform
from workers.steps.context import StepContext


def next_claim(connection: Connection[Any], world: World) -> Claim | None:
    """Claim the next task of a run."""
    return protocol.claim(connection, IDENTITY, 60, world.run)


def step_context(database: Database, claim: Claim) -> StepContext:
    """What a worker would hand to the step."""
    return StepContext(
        connect=lambda: database.connect("worker"),
        store=Store(),
        settings=get_settings(),
        parameters=claim.parameters,
        checkpoint=lambda _: None,
        log=logging.getLogger("test"),
    )


def work(connection: Connection[Any], database: Database, world: World) -> None:
    """Do all tasks of the run."""
    while (held := next_claim(connection, world)) is not None:
        publish(connection, held, perform(held, step_context(database, held)))
