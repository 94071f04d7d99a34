"""Exhaustive explorer of the protocol in the small: every order of events with two workers and two tasks.

Task states move as `app.production.states` says; what the statements of `sql/production/` compare is modelled by
`Check`. A worker that sleeps past its lease needs no event of its own: every order of the others' events is tried
while it does nothing. Broken checks are kept, because an explorer that finds nothing wrong with them finds nothing.

`python -m app.tools.protocol_explorer` prints what was explored and the counterexamples.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple, TypeVar

from app.models.production import Outcome, TaskState
from app.production.states import TRANSITIONS, Event, Guard, Transition

Item = TypeVar("Item")
Key = tuple[object, ...]


class Check(StrEnum):
    """What a publication compares before it writes."""

    OURS = "the attempt of this token is open"
    NUMBER = "the task is running and its attempt number is the worker's"
    NOTHING = "nothing"


class Attempt(NamedTuple):
    """Row of production.attempt; a token is its key."""

    token: int
    outcome: Outcome | None = None
    accepted: bool = False


class Task(NamedTuple):
    """Row of production.task with its attempts and source rows.

    `number` is what a counter column would hold: it grows with every claim, and an operator's retry resets it.
    `rows` has one entry for every time that the rows of an attempt (by token) stand in the source table.
    """

    state: TaskState
    attempts: tuple[Attempt, ...] = ()
    number: int = 0
    forgiven: int = 0
    rows: tuple[int, ...] = ()


class Memory(NamedTuple):
    """What a worker process remembers of its claim."""

    task: int
    token: int
    number: int


class Budget(NamedTuple):
    """How often the rare events may still happen: it keeps the number of states finite."""

    crashes: int = 1
    lease_ends: int = 3
    lost_answers: int = 1
    failures: int = 1
    retries: int = 1
    recalls: int = 1


class World(NamedTuple):
    """Everything at one moment. Task 1 waits for task 0 where `chained`."""

    tasks: tuple[Task, ...]
    workers: tuple[Memory | None, ...]
    budget: Budget
    tokens: int = 0
    chained: bool = False
    max_attempts: int = 1


class Step(NamedTuple):
    """One event, in words, and the world after it."""

    text: str
    world: World


class Counterexample(NamedTuple):
    """The shortest way to a broken invariant."""

    broken: str
    steps: tuple[str, ...]


class Exploration(NamedTuple):
    """Result: states seen, final states among them, and a counterexample if there is one."""

    check: Check
    states: int
    final: int
    counterexample: Counterexample | None


SMALL = Budget(crashes=1, lease_ends=1, lost_answers=1, failures=1, retries=0, recalls=1)
"""For two tasks, whose orders of events multiply."""


def first_world(tasks: int = 1, *, budget: Budget | None = None, max_attempts: int = 1) -> World:
    """Give the world before the first claim: two workers; a second task waits for the first.

    Parameters
    ----------
    tasks : int
        One or two.
    budget : Budget, optional
        How often rare events may happen; `SMALL` for two tasks, whose orders of events multiply.
    max_attempts : int
        Lost or transient attempts after which a task is dead.
    """
    made = (Task(TaskState.READY), Task(TaskState.WAITING))[:tasks]
    chained = tasks > 1
    default = SMALL if chained else Budget()
    return World(made, (None, None), budget or default, chained=chained, max_attempts=max_attempts)


def explore(check: Check, world: World) -> Exploration:
    """Visit every reachable world, the nearest first, until an invariant breaks."""
    came_from: dict[Key, tuple[Key, str] | None] = {_key(world): None}
    queue, final = deque([world]), 0
    while queue:
        now = queue.popleft()
        steps = list(_steps(now, check))
        if not any(now.workers) and _drained(now):
            final += 1
        elif not steps:
            return Exploration(check, len(came_from), final, _trace(came_from, now, "the queue never drains"))
        for text, after in steps:
            key = _key(after)
            if key in came_from:
                continue
            came_from[key] = (_key(now), text)
            broken = _broken(now, after)
            if broken:
                return Exploration(check, len(came_from), final, _trace(came_from, after, broken))
            queue.append(after)
    return Exploration(check, len(came_from), final, None)


def _key(world: World) -> Key:
    """Give what tells worlds apart: it does not matter which worker is which, nor how large tokens are."""
    order = {a.token: i for task in world.tasks for i, a in enumerate(task.attempts)}
    tasks = tuple(
        (
            task.state,
            tuple((a.outcome, a.accepted) for a in task.attempts),
            task.number,
            task.forgiven,
            tuple(order[token] for token in task.rows),
        )
        for task in world.tasks
    )
    memories = sorted((m.task, order[m.token], m.number) for m in world.workers if m is not None)
    return (tasks, tuple(memories), world.budget)


def _trace(came_from: dict[Key, tuple[Key, str] | None], world: World, broken: str) -> Counterexample:
    words: list[str] = []
    step = came_from[_key(world)]
    while step is not None:
        words.append(step[1])
        step = came_from[step[0]]
    return Counterexample(broken, tuple(reversed(words)))


def _drained(world: World) -> bool:
    ended = {TaskState.DONE, TaskState.FAILED, TaskState.DEAD}
    return all(task.state in ended or (n and _blocked(world)) for n, task in enumerate(world.tasks))


def _blocked(world: World) -> bool:
    return world.chained and world.tasks[0].state in {TaskState.FAILED, TaskState.DEAD}


# -- invariants -----------------------------------------------------------------------------------------------------


def _broken(before: World, world: World) -> str:  # noqa: PLR0911 - one return an invariant
    """Name the first broken invariant; empty if all hold."""
    for n, (old, task) in enumerate(zip(before.tasks, world.tasks, strict=True)):
        accepted = [a.token for a in task.attempts if a.accepted]
        opened = [a for a in task.attempts if a.outcome is None]
        if len(accepted) > 1:
            return f"task {n} has {len(accepted)} accepted attempts"
        if sorted(task.rows) != accepted:
            return f"task {n} holds rows of attempts {list(task.rows)}, accepted are {accepted}"
        if task.state is TaskState.DONE and not accepted:
            return f"task {n} is done without an accepted attempt"
        if (task.state is TaskState.RUNNING) != (len(opened) == 1) or len(opened) > 1:
            return f"task {n} is {task.state} with {len(opened)} open attempts"
        ended = {a.token: a.outcome for a in old.attempts if a.outcome is not None}
        if any(a.token in ended and ended[a.token] is not a.outcome for a in task.attempts):
            return f"task {n}: an attempt that had ended ended again, otherwise"
        claimed = old.state is TaskState.READY and task.state is TaskState.RUNNING
        if n and world.chained and claimed and before.tasks[0].state is not TaskState.DONE:
            return f"task {n} was claimed before its upstream task was done"
    return ""


# -- events ---------------------------------------------------------------------------------------------------------


def _steps(world: World, check: Check) -> Iterator[Step]:
    """Give everything that can happen next."""
    for w, memory in enumerate(world.workers):
        if memory is None:
            for n in range(len(world.tasks)):
                yield from _claim(world, w, n)
            continue
        published = _publish(world, memory, check)
        yield Step(f"worker {w} publishes task {memory.task}", _forget(published, w))
        if world.budget.lost_answers:
            spent = world.budget._replace(lost_answers=world.budget.lost_answers - 1)
            text = f"worker {w} publishes task {memory.task}, does not hear the answer and will ask again"
            yield Step(text, published._replace(budget=spent))
        yield from _endings(world, w, memory)
    for n in range(len(world.tasks)):
        yield from _others(world, n)


def _claim(world: World, w: int, n: int) -> Iterator[Step]:
    for task in _after(world, n, Event.CLAIM):
        token = world.tokens + 1
        number = task.number + 1
        claimed = task._replace(attempts=(*task.attempts, Attempt(token)), number=number)
        workers = _put(world.workers, w, Memory(n, token, number))
        yield Step(
            f"worker {w} claims task {n} with token {token}",
            _with_task(world, n, claimed)._replace(workers=workers, tokens=token),
        )


def _publish(world: World, memory: Memory, check: Check) -> World:
    """Give the world after the publication, which is this world if the check refuses it or it is a repetition."""
    task = world.tasks[memory.task]
    own = next(a for a in task.attempts if a.token == memory.token)
    if check is Check.OURS and own.outcome is not None:
        return world
    if check is Check.NUMBER and (task.state is not TaskState.RUNNING or task.number != memory.number):
        return world
    # Without tokens in the comparison it is the task's open attempt that is closed, whosever it is.
    closed = next((a for a in task.attempts if a.outcome is None), own)
    closed = closed if check is not Check.NOTHING else own
    former = {a.token for a in task.attempts if a.accepted}
    attempts = tuple(
        Attempt(a.token, Outcome.DONE, accepted=True)
        if a.token == closed.token
        else a._replace(accepted=False)
        for a in task.attempts
    )
    rows = (*(token for token in task.rows if token not in former), memory.token)
    done = task._replace(state=TaskState.DONE, attempts=attempts, rows=rows)
    return _free_dependents(_with_task(world, memory.task, done))


def _free_dependents(world: World) -> World:
    for task in _after(world, 1, Event.UPSTREAM_DONE) if world.chained else ():
        return _with_task(world, 1, task)
    return world


def _endings(world: World, w: int, memory: Memory) -> Iterator[Step]:
    """Crash, give back and fail of a worker that holds a claim."""
    budget = world.budget
    if budget.crashes:
        spent = world._replace(budget=budget._replace(crashes=budget.crashes - 1))
        yield Step(f"worker {w} is killed", _forget(spent, w))
    own = next(a for a in world.tasks[memory.task].attempts if a.token == memory.token)
    if own.outcome is not None or not budget.failures:
        return
    spent = world._replace(budget=budget._replace(failures=budget.failures - 1))
    for event in (Event.GIVE_BACK, Event.FAIL_TRANSIENT, Event.FAIL_INPUT):
        for task in _after(spent, memory.task, event):
            yield Step(
                f"worker {w}: {event} (task {memory.task})", _forget(_with_task(spent, memory.task, task), w)
            )


def _others(world: World, n: int) -> Iterator[Step]:
    """Lease ends and what operators do."""
    budget = world.budget
    for event, left, spent in (
        (Event.LEASE_END, budget.lease_ends, budget._replace(lease_ends=budget.lease_ends - 1)),
        (Event.RETRY, budget.retries, budget._replace(retries=budget.retries - 1)),
        (Event.RECALL, budget.recalls, budget._replace(recalls=budget.recalls - 1)),
    ):
        # A task whose worker is gone must come back however small the budget is.
        orphan = event is Event.LEASE_END and not any(m and m.task == n for m in world.workers)
        if not left and not orphan:
            continue
        for task in _after(world, n, event):
            after = _with_task(world, n, task)._replace(budget=budget if orphan else spent)
            for other in _after(after, 1, Event.UPSTREAM_OPENED) if world.chained and not n else ():
                after = _with_task(after, 1, other)
            yield Step(f"{event} (task {n})", after)


# -- the table ------------------------------------------------------------------------------------------------------


def _after(world: World, n: int, event: Event) -> Iterator[Task]:
    """Give the task after an event, as the table of states says; nothing if it cannot happen now."""
    task = world.tasks[n]
    for line in TRANSITIONS:
        if line.source is task.state and line.event is event and _holds(world, n, line):
            yield _moved(task, line)


def _moved(task: Task, line: Transition) -> Task:
    attempts = task.attempts
    if line.outcome is not None:
        attempts = tuple(a._replace(outcome=line.outcome) if a.outcome is None else a for a in attempts)
    forgiven, number = task.forgiven, task.number
    if line.event in {Event.RETRY, Event.RECALL}:
        forgiven, number = _counted(task), 0
    return task._replace(state=line.target, attempts=attempts, forgiven=forgiven, number=number)


def _counted(task: Task) -> int:
    return sum(a.outcome in {Outcome.LOST, Outcome.FAILED} for a in task.attempts)


def _holds(world: World, n: int, line: Transition) -> bool:
    upstream_done = not (n and world.chained) or world.tasks[0].state is TaskState.DONE
    spent = _counted(world.tasks[n]) + 1 - world.tasks[n].forgiven >= world.max_attempts
    match line.guard:
        case Guard.UPSTREAM_DONE:
            return upstream_done
        case Guard.UPSTREAM_OPEN:
            return not upstream_done
        case Guard.ATTEMPTS_SPENT:
            return spent
        case Guard.ATTEMPTS_LEFT:
            return not spent
        case _:
            return True


def _with_task(world: World, n: int, task: Task) -> World:
    return world._replace(tasks=_put(world.tasks, n, task))


def _forget(world: World, w: int) -> World:
    return world._replace(workers=_put(world.workers, w, None))


def _put(items: tuple[Item, ...], n: int, item: Item) -> tuple[Item, ...]:
    return (*items[:n], item, *items[n + 1 :])


def summary(exploration: Exploration) -> str:
    """Write a result for people."""
    found = exploration.counterexample
    if found is None:
        return (
            f"check: {exploration.check}\n  {exploration.states} states, {exploration.final} of them final:"
            " every invariant holds"
        )
    steps = "\n".join(f"  {number}. {text}" for number, text in enumerate(found.steps, 1))
    return f"check: {exploration.check}\n{steps}\n  broken: {found.broken}"


def main() -> None:
    """Explore our check and the broken ones."""
    for check in Check:
        print(summary(explore(check, first_world())))
    print("one task that may be tried twice")
    print(summary(explore(Check.OURS, first_world(max_attempts=2))))
    print("two tasks, one of which waits for the other")
    print(summary(explore(Check.OURS, first_world(2, max_attempts=2))))


if __name__ == "__main__":
    main()
