"""The state machine of tasks and attempts as one table.

The statements of `sql/production/` carry it out; `docs/protocol.md` and the explorer are made from it, and a contract
test compares it with what the statements do.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.models.production import Outcome, TaskState


class Actor(StrEnum):
    """Actor makes a transition happen."""

    OPERATOR = "operator"
    WORKER = "worker"
    REAPER = "reaper"


class Event(StrEnum):
    """What happens to a task."""

    QUEUE = "queue"
    UPSTREAM_DONE = "upstream done"
    CLAIM = "claim"
    PUBLISH = "publish"
    GIVE_BACK = "give back"
    FAIL_TRANSIENT = "fail: transient"
    FAIL_INPUT = "fail: input"
    FAIL_BUG = "fail: bug"
    LEASE_END = "lease runs out"
    HOLD = "hold"
    RESUME = "resume"
    RETRY = "retry"
    RECALL = "recall"
    UPSTREAM_OPENED = "upstream recalled or added"


class Guard(StrEnum):
    """Condition that chooses between transitions of the same event."""

    NONE = ""
    UPSTREAM_DONE = "everything upstream is done"
    UPSTREAM_OPEN = "something upstream is not done"
    ATTEMPTS_LEFT = "attempts are left"
    ATTEMPTS_SPENT = "attempts are used up"


@dataclass(frozen=True)
class Transition:
    """One line of the table; `source` None is a task that does not exist yet.

    Attributes
    ----------
    outcome : Outcome or None
        How the open attempt ends with it; None where no attempt is open.
    statements : tuple of str
        Files of `sql/production/` that carry it out, in this order.
    """

    source: TaskState | None
    event: Event
    target: TaskState
    actor: Actor
    guard: Guard = Guard.NONE
    outcome: Outcome | None = None
    statements: tuple[str, ...] = ()


_S, _E, _G, _A = TaskState, Event, Guard, Actor
_QUEUE = ("queue/queue_tasks", "queue/find_edges", "queue/add_dependencies", "queue/settle_waiting")
_LOSS = ("claim/reap", "claim/tasks_after_loss")
_FAIL = ("claim/lock_attempt", "claim/end_attempt")
_AGAIN = ("operate/lock_run", "operate/lock_tasks", "operate/try_again", "queue/settle_waiting")
_PUBLISH = (
    "claim/lock_attempt",
    "publish/close_attempt",
    "publish/close_task",
    "publish/lock_dependents",
    "publish/ready_dependents",
)

TRANSITIONS: tuple[Transition, ...] = (
    Transition(None, _E.QUEUE, _S.WAITING, _A.OPERATOR, _G.UPSTREAM_OPEN, None, _QUEUE[:-1]),
    Transition(
        None,
        _E.QUEUE,
        _S.READY,
        _A.OPERATOR,
        _G.UPSTREAM_DONE,
        None,
        _QUEUE,
    ),
    Transition(_S.WAITING, _E.UPSTREAM_DONE, _S.READY, _A.WORKER, _G.UPSTREAM_DONE, None, _PUBLISH[3:]),
    Transition(_S.READY, _E.CLAIM, _S.RUNNING, _A.WORKER, _G.UPSTREAM_DONE, None, ("claim/claim",)),
    Transition(_S.RUNNING, _E.PUBLISH, _S.DONE, _A.WORKER, _G.NONE, Outcome.DONE, _PUBLISH),
    Transition(
        _S.RUNNING,
        _E.GIVE_BACK,
        _S.READY,
        _A.WORKER,
        _G.NONE,
        Outcome.GIVEN_BACK,
        (*_FAIL, "claim/task_again"),
    ),
    Transition(
        _S.RUNNING,
        _E.FAIL_TRANSIENT,
        _S.READY,
        _A.WORKER,
        _G.ATTEMPTS_LEFT,
        Outcome.FAILED,
        (*_FAIL, "claim/tasks_after_loss"),
    ),
    Transition(
        _S.RUNNING,
        _E.FAIL_TRANSIENT,
        _S.DEAD,
        _A.WORKER,
        _G.ATTEMPTS_SPENT,
        Outcome.FAILED,
        (*_FAIL, "claim/tasks_after_loss"),
    ),
    Transition(
        _S.RUNNING,
        _E.FAIL_INPUT,
        _S.FAILED,
        _A.WORKER,
        _G.NONE,
        Outcome.FAILED,
        (*_FAIL, "claim/task_failed"),
    ),
    Transition(
        _S.RUNNING, _E.FAIL_BUG, _S.FAILED, _A.WORKER, _G.NONE, Outcome.FAILED, (*_FAIL, "claim/task_failed")
    ),
    Transition(_S.RUNNING, _E.LEASE_END, _S.READY, _A.REAPER, _G.ATTEMPTS_LEFT, Outcome.LOST, _LOSS),
    Transition(_S.RUNNING, _E.LEASE_END, _S.DEAD, _A.REAPER, _G.ATTEMPTS_SPENT, Outcome.LOST, _LOSS),
    Transition(
        _S.WAITING, _E.HOLD, _S.HELD, _A.OPERATOR, _G.NONE, None, ("operate/lock_tasks", "operate/hold_tasks")
    ),
    Transition(
        _S.READY, _E.HOLD, _S.HELD, _A.OPERATOR, _G.NONE, None, ("operate/lock_tasks", "operate/hold_tasks")
    ),
    Transition(
        _S.HELD,
        _E.RESUME,
        _S.WAITING,
        _A.OPERATOR,
        _G.UPSTREAM_OPEN,
        None,
        ("operate/lock_tasks", "operate/wait_again"),
    ),
    Transition(
        _S.HELD,
        _E.RESUME,
        _S.READY,
        _A.OPERATOR,
        _G.UPSTREAM_DONE,
        None,
        ("operate/lock_tasks", "operate/wait_again", "queue/settle_waiting"),
    ),
    *(
        Transition(
            source,
            event,
            target,
            _A.OPERATOR,
            guard,
            None,
            _AGAIN if target is _S.READY else _AGAIN[:-1],
        )
        for event, sources in ((_E.RETRY, (_S.FAILED, _S.DEAD)), (_E.RECALL, (_S.DONE,)))
        for source in sources
        for target, guard in ((_S.READY, _G.UPSTREAM_DONE), (_S.WAITING, _G.UPSTREAM_OPEN))
    ),
    Transition(
        _S.READY,
        _E.UPSTREAM_OPENED,
        _S.WAITING,
        _A.OPERATOR,
        _G.UPSTREAM_OPEN,
        None,
        ("queue/block_dependents",),
    ),
)


def targets(source: TaskState | None, event: Event) -> dict[Guard, TaskState]:
    """Where an event leads from a state, by guard; empty where it cannot happen."""
    return {t.guard: t.target for t in TRANSITIONS if t.source is source and t.event is event}
