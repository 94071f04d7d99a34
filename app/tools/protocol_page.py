"""`docs/protocol.md`: written from the plan, the state table and the statements, so that it cannot disagree with them.

`python -m app.tools.protocol_page` writes it anew; a test compares.
"""

from __future__ import annotations

from pathlib import Path

from app.db.statements import SQL_ROOT, statement
from app.models.production import RunKind
from app.models.survey import Entry, ScanKind
from app.production.plan import PLAN
from app.production.states import TRANSITIONS, Transition
from app.production.task_plan import REDUCED, TaskPlan

PAGE = Path(__file__).resolve().parents[2] / "docs" / "protocol.md"

_INTRODUCTION = """\
# The production protocol

<!-- Written by `python -m app.tools.protocol_page`; edit that module, plan.py or states.py. -->

Workers on any number of hosts share one queue in PostgreSQL. Every task is done exactly once as far as
anybody can see: a worker may be killed, stopped, cut off or woken from the dead at any point, the server
may be killed, the answer to a COMMIT may get lost, and still the source tables hold the rows of one
attempt, whole.

How, in five sentences:

1. **An attempt is a row with a token.** Tokens come from a sequence that only grows; nothing, not even an
   operator's retry, makes an old one good again.
2. **Work happens outside any transaction.** A claim is one short statement (`FOR UPDATE SKIP LOCKED`), and
   the lease is renewed by a thread with its own connection. Only the server's clock counts.
3. **Publication is one transaction**: lock the attempt, compare the token, COPY the rows, write products
   and references, close attempt and task, free what waited. A worker whose token is lost writes nothing.
4. **Publishing twice with one token is harmless**: the second call finds its own attempt done and gives the
   same answer. So a worker that did not hear the answer to its COMMIT simply asks again.
5. **Every worker reaps**: attempts whose lease ran out are closed as lost, their tasks are ready again
   after a wait that doubles, and dead when the attempts are used up.

Files go to a content-named path of the store before the publication and exist for readers only through its
rows.

"""

_KINDS = """\
## Kinds of task

One row a kind in `app/production/plan.py`. A kind waits for earlier rows only; its step is the function
`perform` of the module of `workers/steps/` named. A new kind is a row there and a module in `workers/steps/`: queueing,
dependencies, this table and the workers follow.

| kind | what is done | a task is of | queued for | waits for | done again when | priority | step |
| --- | --- | --- | --- | --- | --- | --- | --- |
"""

_STATES = """
Queueing adds what a run does not have yet. Tasks that stand already and have not begun wait for new ones, if
the plan says so; a task that runs or is done does not notice them. A task of a block needs nights that belong
to one (`survey.night.block`).

## States of a task

| from | event | to | if | by | attempt becomes | statements (sql/production/) |
| --- | --- | --- | --- | --- | --- | --- |
"""

_AFTER_STATES = """
Inputs are recorded with every publication (`production.attempt_input`). A done task whose input changed or came late is
*stale*: `mapps run stale` lists it, and `--apply` takes it the way of a recall where the policy of its kind says so.

`hold` of a run as a whole changes no task: workers claim nothing from a held run. A claimed task always
runs to its end. Recalled tasks keep their published rows until they publish again; tasks that a published
release rests on, scans that it chose and the calibrations they used, are not recalled in place.

## Failures

| family | examples | what happens |
| --- | --- | --- |
| transient | server away, lease ran out, calibration recalled | tried again, dead after N attempts |
| input | damaged file, no darks | failed at once; `mapps run retry` after the cause is gone |
| bug | any other exception | failed at once, with the traceback in the attempt |

A task that was given back (SIGTERM and the grace period is over; or the store is full, read-only or away, or
the folder of its ingested files is) is ready at once and the attempt does not count. In the latter cases the
worker waits, as it does for a lost database, until a probe succeeds or the task is no longer ready.

## Locks

Always in this order: attempt, its task, tasks that wait for it, earlier kinds of the plan first and then by
key; operators lock the run, then tasks in the same order. The reaper skips attempts and tasks that are locked,
so it never waits. Before a publication asks whether all that a waiting task waits for is done, it locks that
task: two last upstream tasks that publish at the same moment would otherwise each see the other as running.
Queueing holds the tasks at both ends of the dependencies that it adds, for the same reason.

## How it is checked

* `app/tools/protocol_explorer.py` tries every order of claims, publications, crashes, lease ends, lost answers,
  retries and recalls with two workers, made from the table above; comparing an attempt number instead of
  the token, or nothing, is kept as a counterexample that must be found.
* `tests/contract/` runs the statements against each other in two sessions, and compares what they do with
  the table.
* `tests/faults/` kills real workers at every step of claim and publication, stops them past their lease,
  kills the server, loses the answer to COMMIT, fills the disk.

## Statements

Of `sql/production/`, folder by folder.
"""

_FOLDERS = {
    "queue": "what is to be done, and what waits for what",
    "claim": "a task is taken, kept, given back, failed or lost",
    "publish": "what an attempt made is written, and what waited is ready",
    "operate": "runs, and what operators do to tasks",
    "recall": "who used what, and doing it again",
}


def render() -> str:
    """Write the page."""
    kinds = [_kind(row) for row in PLAN.rows]
    lines = [_row(line) for line in TRANSITIONS]
    folders = [_folder(name, purpose) for name, purpose in _FOLDERS.items()]
    parts = (_INTRODUCTION + _KINDS, *kinds, _STATES, *lines, _AFTER_STATES, *folders)
    return "".join(parts)


def _kind(row: TaskPlan) -> str:
    waits = "; ".join(
        f"{edge.kind} of the same {edge.same}{_only(edge.entries)}{_of(edge.of_scans)}{_in(edge.runs)}"
        for edge in row.waits_for
    )
    priority = f"{row.priority}"
    if row.calibration_priority is not None:
        priority += f", calibration scans {row.calibration_priority}"
    queued = " and ".join(f"{entry} scans" for entry in row.entries) + _of(row.of_scans)
    if set(row.queued_in) != set(RunKind):
        queued += (
            f"{_in(row.queued_in)}, on request"
            if not row.queued_in
            else f"{_in(row.queued_in)}, else on request"
        )
    cells = (
        f"`{row.kind}`", row.does, row.scope, queued, waits or "-", _again(row), priority,
        f"`{row.step}`",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |\n"


def _again(row: TaskPlan) -> str:
    reasons = ", ".join(row.again) or "-"
    return f"{reasons} ({row.renewal}, in final runs {row.renewal_final}; recalled: on request)"


def _only(entries: tuple[Entry, ...]) -> str:
    return "" if set(entries) == set(Entry) else f" (scans of {' and '.join(entries)} files)"


def _of(scans: tuple[ScanKind, ...]) -> str:
    return "" if set(scans) == set(REDUCED) else f" (of type {' and '.join(scans)})"


def _in(runs: tuple[RunKind, ...]) -> str:
    return "" if not runs or set(runs) == set(RunKind) else f" in {' and '.join(runs)} runs"


def _folder(name: str, purpose: str) -> str:
    statements = sorted(path.stem for path in (SQL_ROOT / "production" / name).glob("*.sql"))
    lines = [f"| `{stem}` | {_comment(f'{name}/{stem}')} |\n" for stem in statements]
    head = f"\n### `{name}/`: {purpose}\n\n| statement | what it is for |\n| --- | --- |\n"
    return head + "".join(lines)


def _row(line: Transition) -> str:
    source = line.source.value if line.source else "-"
    outcome = line.outcome.value if line.outcome else "-"
    statements = ", ".join(f"`{name}`" for name in line.statements)
    cells = (source, line.event, line.target, line.guard or "-", line.actor, outcome, statements)
    return f"| {' | '.join(cells)} |\n"


def _comment(name: str) -> str:
    """First sentence of the comment at the head of a statement."""
    words: list[str] = []
    for line in statement(f"production/{name}").splitlines():
        if not line.startswith("--"):
            break
        words.append(line.removeprefix("--").strip())
    return " ".join(words).split(". ")[0].rstrip(".").replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
