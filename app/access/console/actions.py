"""What an operator does from the console: each is shown first, and done by the same code as the commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from app.errors import UserError
from app.models.production import InputKind, RunState, TaskState
from app.production.addresses import files_of_scans
from app.production.progress import read_progress
from app.production.recall import Recalled, requeue
from app.production.runs import list_runs, run_id_of, set_run_state
from app.production.selection import Night, Selection
from app.production.solutions import adopt, find_solutions, scans_of
from app.production.tasks import TaskFilter, retry_tasks
from app.quality.overrides import Override, make_override
from app.quality.reading import ScanName, find_scan, night_quality
from app.settings import get_settings

Values = Mapping[str, str]


class FormError(UserError):
    """A field of a form is absent or impossible."""

    code = "FORM"


@dataclass(frozen=True)
class Preview:
    """What an action would do.

    Attributes
    ----------
    sentence : str
        In words.
    rows : list of dict
        The tasks, scans or nights that it is about.
    """

    sentence: str
    rows: list[dict[str, Any]]


@dataclass(frozen=True)
class Action:
    """Something that an operator does.

    Attributes
    ----------
    title : str
        What it is called.
    fields : tuple of str
        Fields of its form.
    preview : callable
        Says what it would do.
    perform : callable
        Does it for a person, and says what was done.
    """

    title: str
    fields: tuple[str, ...]
    preview: Callable[[Connection[Any], Values], Preview]
    perform: Callable[[Connection[Any], Values, str], str]


def _given(values: Values, name: str) -> str:
    found = values.get(name, "").strip()
    if not found:
        raise FormError(f"no {name}", expected=f"a value for {name}")
    return found


def _number(values: Values, name: str) -> int:
    found = _given(values, name)
    if not found.isdigit():
        raise FormError(f"{name} {found[:30]!r}", expected="a whole number")
    return int(found)


def _states(connection: Connection[Any], name: str) -> list[dict[str, Any]]:
    list_runs(connection, name)
    return read_progress(connection, name).table


def _preview_hold(connection: Connection[Any], values: Values) -> Preview:
    rows = _states(connection, _given(values, "run"))
    waiting = sum(row["ready"] + row["waiting"] for row in rows)
    running = sum(row["running"] for row in rows)
    words = f"Run {values['run']} is held: {waiting} tasks are not claimed, {running} running ones finish."
    return Preview(words, rows)


def _hold(connection: Connection[Any], values: Values, person: str) -> str:
    reason = values.get("reason", "").strip() or "held by the operator"
    set_run_state(connection, _given(values, "run"), RunState.HELD, f"{reason} ({person})")
    return f"run {values['run']} is held"


def _preview_resume(connection: Connection[Any], values: Values) -> Preview:
    rows = _states(connection, _given(values, "run"))
    ready = sum(row["ready"] for row in rows)
    return Preview(f"Run {values['run']} goes on: {ready} tasks can be claimed at once.", rows)


def _resume(connection: Connection[Any], values: Values, _person: str) -> str:
    set_run_state(connection, _given(values, "run"), RunState.OPEN)
    return f"run {values['run']} goes on"


def _retried(connection: Connection[Any], values: Values, *, dry_run: bool) -> list[dict[str, Any]]:
    wanted = TaskFilter(reason=values.get("reason") or None)
    return retry_tasks(
        connection, _given(values, "run"), wanted, (TaskState.FAILED, TaskState.DEAD), dry_run=dry_run
    )


def _preview_retry(connection: Connection[Any], values: Values) -> Preview:
    rows = _retried(connection, values, dry_run=True)
    return Preview(f"{len(rows)} failed or dead tasks of run {values['run']} are tried again.", rows)


def _retry(connection: Connection[Any], values: Values, _person: str) -> str:
    return f"{len(_retried(connection, values, dry_run=False))} tasks are tried again"


def _recalled(connection: Connection[Any], values: Values, *, dry_run: bool) -> list[dict[str, Any]]:
    scans = [_number({"scan": part}, "scan") for part in values.get("scans", "").replace(",", " ").split()]
    files = files_of_scans(connection, Selection.of(_given(values, "night"), scans))
    parts = requeue(
        connection, Recalled(InputKind.RAW_FILE, files), get_settings().max_attempts, run=_given(values, "run"),
        into=values.get("into") or None, dry_run=dry_run,
    )  # fmt: skip
    return [task | {"run": part.run} for part in parts for task in part.tasks]


def _preview_recall(connection: Connection[Any], values: Values) -> Preview:
    rows = _recalled(connection, values, dry_run=True)
    return Preview(f"{len(rows)} tasks of run {values['run']} that used these scans are done again.", rows)


def _recall(connection: Connection[Any], values: Values, _person: str) -> str:
    return f"{len(_recalled(connection, values, dry_run=False))} tasks are queued again"


def _preview_adopt(connection: Connection[Any], values: Values) -> Preview:
    key = _number(values, "solution")
    found = find_solutions(connection, solution_id=key)
    if not found:
        raise FormError(f"solution {key}", expected="one that is there")
    row = found[0]
    words = (
        f"Rows of run {row['run']} are seen through solution {key} ({row['kind']}, {row['state']}); adopted now in: "
        f"{', '.join(row['adopted_in']) or 'no run'}."
    )
    return Preview(words, scans_of(connection, key))


def _adopt(connection: Connection[Any], values: Values, person: str) -> str:
    nights = adopt(connection, _number(values, "solution"), person)
    return f"solution {values['solution']} is adopted for {nights} nights"


def _said(connection: Connection[Any], values: Values) -> Override:
    night = Night.parse(_given(values, "night"))
    first = _number(values, "first")
    last = _number(values, "last") if values.get("last", "").strip() else first
    found = find_scan(connection, ScanName(date=night.date, hemis=night.hemis, scan=first))
    score = _number(values, "score") if values.get("score", "").strip() else None
    if score is not None and score > 10:
        raise FormError(f"score {score}", expected="0 to 10")
    return Override(
        run_id_of(connection, _given(values, "run")), found["night_id"], first, last, _given(values, "reason"), score,
        values.get("flag") or None,
    )  # fmt: skip


def _preview_override(connection: Connection[Any], values: Values) -> Preview:
    said = _said(connection, values)
    night = Night.parse(values["night"])
    _, scans = night_quality(connection, (night.date, night.hemis), values["run"], None)
    rows = [row for row in scans if said.first <= row["scan"] <= said.last]
    parts = [
        f"score {said.score}" if said.score is not None else "",
        f"flag {said.flag}" if said.flag else "",
    ]
    words = " and ".join(part for part in parts if part) or "nothing"
    return Preview(f"Scans {said.first} to {said.last} of {values['night']} get {words}: {said.reason}", rows)


def _override(connection: Connection[Any], values: Values, person: str) -> str:
    key = make_override(connection, _said(connection, values), person)
    return f"override {key} holds"


ACTIONS: dict[str, Action] = {
    "hold": Action("Hold", ("run", "reason"), _preview_hold, _hold),
    "resume": Action("Resume", ("run",), _preview_resume, _resume),
    "retry": Action("Retry", ("run", "reason"), _preview_retry, _retry),
    "recall": Action("Recall", ("run", "night", "scans", "into"), _preview_recall, _recall),
    "adopt": Action("Adopt", ("solution",), _preview_adopt, _adopt),
    "override": Action(
        "Override", ("run", "night", "first", "last", "score", "flag", "reason"), _preview_override, _override
    ),
}
"""Actions by the last word of their address."""
