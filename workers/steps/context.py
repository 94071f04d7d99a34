"""What a step gets besides its claim."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from app.production.claim import Claim
from app.settings import Settings
from app.store import Store

__all__ = ["Claim", "StepContext"]


@dataclass(frozen=True)
class RecordedInputs:
    """What an attempt that is replayed has read.

    Attributes
    ----------
    raw_file_ids, calibration_ids : frozenset of int
        Keys of files and calibration products.
    stars_hash : str or None
        Hash of the reference stars it was given; None where it asked for none.
    upstream_ids : frozenset of int
        Keys of attempts whose rows or files it read.
    """

    raw_file_ids: frozenset[int]
    calibration_ids: frozenset[int]
    stars_hash: str | None = None
    upstream_ids: frozenset[int] = frozenset()


@dataclass(frozen=True)
class StepContext:
    """Surroundings of a step.

    Attributes
    ----------
    connect : callable
        Opens a connection for reading; the step closes it before it begins to compute.
    store : Store
        Where product files go, named by content, before the publication makes them visible.
    settings : Settings
        Settings of the worker's process.
    parameters : mapping
        The run's parameter set as it is stored, by section; `ParameterSet.stored` checks it and makes objects of it.
    checkpoint : callable
        Called with the name of each stage: `TokenLostError` ends a step whose task another worker has taken over.
    log : Logger
        Log of the task.
    recorded : RecordedInputs, optional
        Inputs to choose from in a replay, whatever was recalled or came later; None chooses what is valid today.
    """

    connect: Callable[[], Connection[Any]]
    store: Store
    settings: Settings
    parameters: Mapping[str, Any]
    checkpoint: Callable[[str], None]
    log: logging.Logger
    recorded: RecordedInputs | None = None
