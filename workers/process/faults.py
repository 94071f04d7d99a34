"""Named points where a test may kill, stop or starve this process.

`MAPPS_FAULT=point:n:action` fires at the n-th time the point is reached (from 1); the point `*` counts all points
together. Without the variable `reach` is an empty function.
"""

from __future__ import annotations

import errno
import os
import signal
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from psycopg import Connection

from app.errors import SettingsError

VARIABLE = "MAPPS_FAULT"
ANY = "*"


class Action(StrEnum):
    """What happens at the point."""

    KILL = "kill9"
    STOP = "stop"
    RAISE = "raise"
    DISK_FULL = "disk_full"
    DROP_CONNECTION = "drop_connection"


class InjectedError(Exception):
    """The error of the action `raise`: a bug as far as the worker can tell."""


@dataclass
class FaultPlan:
    """One fault, or none.

    Attributes
    ----------
    point : str
        Name of the point, `*` for any; empty for no fault.
    number : int
        How many times the point must have been reached.
    action : Action
        What happens then.
    """

    point: str = ""
    number: int = 0
    action: Action = Action.RAISE
    _seen: int = field(default=0, init=False)

    @classmethod
    def from_environment(cls) -> FaultPlan:
        """Read the plan of this process.

        Raises
        ------
        SettingsError
            Raised if the variable is malformed.
        """
        text = os.environ.get(VARIABLE, "")
        return cls.parse(text) if text else cls()

    @classmethod
    def parse(cls, text: str) -> FaultPlan:
        """Read `point:n:action`."""
        try:
            point, number, action = text.split(":")
            return cls(point, int(number), Action(action))
        except ValueError:
            raise SettingsError(
                f"{VARIABLE} = {text!r}", expected=f"point:n:action, action one of {', '.join(Action)}"
            ) from None

    def reach(self, point: str, connection: Connection[Any] | None = None) -> None:
        """Say that a point is reached; the fault happens here if it is its turn."""
        if self.point not in {point, ANY}:
            return
        self._seen += 1
        if self._seen == self.number:
            _happen(self.action, point, connection)


def _happen(action: Action, point: str, connection: Connection[Any] | None) -> None:
    match action:
        case Action.KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        case Action.STOP:
            os.kill(os.getpid(), signal.SIGSTOP)
        case Action.DISK_FULL:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), point)
        case Action.DROP_CONNECTION if connection is not None:
            connection.close()
        case _:
            raise InjectedError(f"injected at {point}")
