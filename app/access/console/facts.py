"""What the pages of the console show, read as the reader."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from app.access.console import fields, nights, releases
from app.access.console.nights import rows_of
from app.access.console.throughput import throughput
from app.production.progress import read_attempts, read_outages, read_problems, read_progress
from app.production.runs import list_runs
from app.quality.overrides import list_overrides
from app.releases.catalogue import list_releases
from app.settings import get_settings
from app.store import free_bytes

Facts = dict[str, Any]


@dataclass(frozen=True)
class Page:
    """A page: which facts, by which template, and whether it changes by itself.

    Attributes
    ----------
    name : str
        Template without its suffix.
    words : tuple of str
        What the address names.
    asked : tuple of (str, str)
        What stands behind the question mark.
    """

    name: str
    words: tuple[str, ...] = ()
    asked: tuple[tuple[str, str], ...] = ()


def overview(connection: Connection[Any]) -> Facts:
    """Read runs with their tasks, workers, what needs a person, releases, free space."""
    runs = list_runs(connection)
    problems = [
        problem | {"run": run["name"]}
        for run in runs
        if run["failed"]
        for problem in read_problems(connection, run["name"], 5)
    ]
    free = free_bytes(get_settings().store)
    total = shutil.disk_usage(get_settings().home).total if get_settings().home.exists() else None
    return {
        "runs": runs, "workers": rows_of(connection, "access/workers", {}), "problems": problems,
        "releases": list_releases(connection)[:5], "free_bytes": free, "total_bytes": total,
        "chart": throughput(connection),
    }  # fmt: skip


def run(connection: Connection[Any], name: str) -> Facts:
    """Give a run with its progress, problems, waits and last attempts."""
    [found] = list_runs(connection, name)
    problems = [problem | {"run": name} for problem in read_problems(connection, name)]
    return {
        "run": found, "progress": read_progress(connection, name).table, "problems": problems,
        "outages": read_outages(connection, name), "attempts": read_attempts(connection, name, limit=30),
        "overrides": list_overrides_of(connection, name), "chart": throughput(connection, name),
    }  # fmt: skip


def list_overrides_of(connection: Connection[Any], name: str) -> list[dict[str, Any]]:
    """Read the overrides of a run by its name."""
    from app.production.runs import run_id_of

    return list_overrides(connection, run_id_of(connection, name))


READERS = {
    "overview": overview, "run": run, "nights": nights.nights, "night": nights.night, "scan": nights.scan,
    "image": nights.image, "fields": fields.fields, "field": fields.field, "releases": releases.releases,
    "release": releases.release, "explanation": releases.explanation, "sky": releases.sky,
}  # fmt: skip
"""What reads the facts of each page, as the reader."""
ASKED = frozenset({"image", "release", "explanation", "sky"})
"""Pages that depend on what stands behind the question mark."""
LIVE = frozenset({"overview", "run"})
"""Pages that change by themselves."""


def read(connection: Connection[Any], page: Page) -> Facts:
    """Read the facts of a page."""
    more = {"asked": dict(page.asked)} if page.name in ASKED else {}
    return READERS[page.name](connection, *page.words, **more)  # type: ignore[operator,no-any-return]
